-- What stands in for a socket: it reads from a string, and then is closed.
return function(text)
  local sock, at_byte = {}, 1
  for _, name in ipairs { "connect", "settimeout", "setoption", "handshake", "close" } do
    sock[name] = function() return 1 end
  end
  function sock.send(_, data) return #data end
  function sock.info() return {} end
  function sock.receive(_, pattern, prefix)
    local from, last = at_byte, #text
    if type(pattern) == "number" then
      last = from + pattern - #(prefix or "") - 1
    else
      last = text:find("\n", from, true) or last + 1
    end
    at_byte = math.min(last, #text) + 1
    local data = (prefix or "") .. text:sub(from, last)
    if last > #text then return nil, "closed", data end
    return type(pattern) == "number" and data or (data:gsub("[\r\n]", ""))
  end
  return sock
end
