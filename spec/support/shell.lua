-- shell(line) -> what it prints, on either output; its input is empty.
return function(line)
  local pipe = assert(io.popen("{ " .. line .. "; } 2>&1 </dev/null"))
  local out = pipe:read "a"
  pipe:close()
  return out
end
