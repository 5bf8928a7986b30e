-- A server process of the specs about what processes share:
--   lua5.4 spec/support/shared_server.lua CERTIFICATE KEY OPTION=VALUE...   options of bearssl.shared.redis
-- Prints "port N"; answers each line with "resumed early", tells what came as early data, errors, and ends at "quit".
local certificate, key = arg[1], arg[2]
package.path = package.path .. ";/usr/share/lua/5.3/?.lua"

local bearssl = require "bearssl"
local scheduler = require "bearssl.scheduler"
local redis = require "bearssl.shared.redis"

io.stdout:setvbuf "line"
local options = {}
for i = 3, #arg do
  local name, value = arg[i]:match "^([%w_]+)=(.*)$"
  options[name] = tonumber(value) or value
  if value == "true" or value == "false" then options[name] = value == "true" end
end
options.on_error = function(err) print("redis: " .. tostring(err)) end

local server = assert(bearssl.listen {
  host = "127.0.0.1", port = 0, certificate = certificate, key = key, max_early_data = 4096,
  shared = assert(redis.new(options)),
  on_error = function(err, what) print(("error: %s: %s"):format(what, err)) end,
})
print("port " .. select(2, server:getsockname()))

local loop = scheduler.loop()
loop:spawn(server.run, server, function(sock)
  while true do
    local early = sock:is_early()
    local line = sock:receive "*l"
    if not line then return end
    early = early or sock:is_early()
    if early then print("early: " .. line) end
    if line == "quit" then return server:close(0) end
    if not sock:send(("%s %s %s\n"):format(line, sock:info().resumed, early)) then return end
  end
end)
loop:run()
