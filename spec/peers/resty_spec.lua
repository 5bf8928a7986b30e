-- Libraries that were written for OpenResty, from Debian's packages and unmodified, on Lua 5.4; and scripts that say
-- the same here as under lua-nginx-module. The libraries lie in /usr/share/lua/5.1, for no other reason than LuaJIT's.
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local resty = require "spec.support.resty"

local pair, mine = pki.server.p256, pki.client.p256
local anywhere = { "constants", "arguments", "receive", "udp", "text", "re", "shared", "lrucache" }
local schedulers = { "plain", "coroutine", "copas", "cqueues", "luv" }

-- What a script says under nginx, or under a scheduler of ours; each is run once.
local said = {}

local function says(name, where)
  local key = name .. " " .. where
  if not said[key] then
    local actor <close> = resty.actor()
    if where == "nginx" then
      local nginx <close> = resty.nginx()
      said[key] = nginx:run(name .. ".lua", actor.port)
    else
      said[key] = resty.run(name .. ".lua", actor.port, where)
    end
  end
  return said[key]
end

describe("a script says the same as under nginx:", function()
  for _, name in ipairs { "pool", "thread", table.unpack(anywhere) } do
    it(name, function() assert.equal(says(name, "nginx"), says(name, "coroutine")) end)
  end

  for _, name in ipairs(anywhere) do
    it(name .. ", without a scheduler", function() assert.equal(says(name, "nginx"), says(name, "plain")) end)
  end

  for _, row in ipairs { { "thread", "copas" }, { "thread", "luv" }, { "pool", "copas" }, { "pool", "cqueues" } } do
    it(("%s, by %s"):format(row[1], row[2]), function() assert.equal(says(row[1], "nginx"), says(row[1], row[2])) end)
  end
end)

for _, scheduler in ipairs(schedulers) do
  describe("under the scheduler " .. scheduler, function()
    it("lua-nginx-redis speaks to a Redis with TLS and client certificates", function()
      local redis <close> = resty.redis(pair)
      assert.equal("done\n", resty.use("redis.lua", scheduler, redis.port, mine.certificate, mine.key))
    end)

    it("lua-nginx-dns asks a dnsmasq, by UDP and by TCP", function()
      local dnsmasq <close> = resty.dnsmasq()
      assert.equal("done\n", resty.use("dns.lua", scheduler, dnsmasq.port))
    end)

    it("lua-nginx-memcached speaks to a memcached, by TCP and by TLS", function()
      local memcached <close> = resty.memcached(pair)
      assert.equal("done\n", resty.use("memcached.lua", scheduler, memcached.port, memcached.tls_port))
    end)

    it("lua-nginx-websocket speaks to a websocketd over wss", function()
      local websocketd <close> = resty.websocketd(pair)
      assert.equal("done\n", resty.use("websocket.lua", scheduler, websocketd.port))
    end)
  end)
end

local checkout = os.getenv "RESTY_HTTP_DIR"
if checkout then
  describe("lua-resty-http in " .. checkout, function()
    for _, scheduler in ipairs(schedulers) do
      it("speaks to nginx over https under the scheduler " .. scheduler, function()
        local nginx <close> = peer.nginx(pair, [[
          location = /hello { default_type text/plain; return 200 "hello\n"; }
          location = /chunked { ssi on; ssi_types *; root @/root; try_files /file =404; }
        ]], "TLSv1.3")
        assert.equal("done\n", resty.use("http.lua", scheduler, nginx.port, checkout))
      end)
    end
  end)
end
