-- A module for Prosody, in place of a name server: what the file `test_names` says when it is asked, one "NAME PORT" in
-- each line. Every host is at 127.0.0.1; services without a line are not there.
-- luacheck: globals module
module:set_global()

local path = module:get_option_string "test_names"

local function answer(name, kind)
  if kind == "A" then return { { a = "127.0.0.1" } } end
  for line in io.lines(path) do
    local known, port = line:match "^(%S+) (%d+)$"
    if kind == "SRV" and known == name then
      return { { srv = { target = "localhost", port = tonumber(port), priority = 0, weight = 0 } } }
    end
  end
end

require "net.adns".resolver = function()
  return { lookup = function(_, callback, name, kind) callback(answer(name, kind)) end }
end
