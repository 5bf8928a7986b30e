-- A redis-server of Debian's, and redis-lua, which Debian has for Lua 5.1 to 5.3: the same file runs under 5.4.
local peer = require "spec.support.peer"

package.path = package.path .. ";/usr/share/lua/5.3/?.lua"

local redis = { lua = require "redis" }

local line = "redis-server --bind 127.0.0.1 --port %d --save '' --appendonly no --dir @/ --loglevel notice %s"

-- On this port, or a free one. Holds nothing on disk.
function redis.start(port, options)
  for _ = 1, port and 1 or 20 do
    local chosen = port or peer.free_port()
    local server = peer.start(line:format(chosen, options or ""), nil, nil, 300)
    server.port = chosen
    local ready = pcall(server.wait_for, server, "Ready to accept connections")
    if ready then return server end
    if port or not server:output():find "in use" then error(server:output(), 2) end
    server:stop()
  end
  error "no port for redis-server"
end

-- A client of redis-lua's, for the spec to look with.
function redis.client(port)
  return redis.lua.connect("127.0.0.1", port, 20)
end

return redis
