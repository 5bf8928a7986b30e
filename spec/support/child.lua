-- What a lua5.4 started by a spec needs in its environment to find what the spec itself has found, from any folder.
local top = io.popen "pwd":read "l"

local function absolute(templates)
  return (templates:gsub("[^;]+", function(t) return t:find "^/" and t or top .. "/" .. t end))
end

return ("LUA_PATH='%s' LUA_CPATH='%s'"):format(absolute(package.path), absolute(package.cpath))
