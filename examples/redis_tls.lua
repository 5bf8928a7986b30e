-- lua-resty-redis (Debian: lua-nginx-redis), as it was written for OpenResty, over TLS with a client's certificate.
--   lua5.4 examples/redis_tls.lua HOST PORT CA.pem CLIENT.pem CLIENT.key
package.path = package.path .. ";/usr/share/lua/5.1/?.lua" -- where Debian has it
local host, port, ca, certificate, key = table.unpack(arg)
if not key then
  io.stderr:write "usage: redis_tls.lua HOST PORT CA.pem CLIENT.pem CLIENT.key\n"
  os.exit(2)
end

local ngx = require "bearssl.ngx".install { trust = ca }
local found, redis = pcall(require, "resty.redis")
if not found then redis = require "nginx.redis" end

local function connect()
  local client = redis:new()
  client:set_timeout(5000)
  assert(client:connect(host, port))
  assert(client._sock:setclientcert(certificate, key))
  assert(client._sock:sslhandshake(nil, host, true))
  return client
end

ngx.run(function()
  local threads = {}
  for i = 1, 3 do -- beside each other, each with a connection of its own
    threads[i] = ngx.thread.spawn(function()
      local client = connect()
      local count = assert(client:incr "visits")
      client:set_keepalive(10000, 10)
      return count
    end)
  end
  local total = 0
  for _, thread in ipairs(threads) do
    local ok, count = ngx.thread.wait(thread)
    assert(ok, count)
    total = math.max(total, count)
  end
  local client = connect()
  ngx.say("visits: ", client:get "visits", ", last seen: ", total, ", reused: ", client:get_reused_times())
  client:close()
end)
