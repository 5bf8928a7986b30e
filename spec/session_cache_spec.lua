-- bearssl.session_cache: what connections of a client leave to those that follow.
local bearssl = require "bearssl"
local https = require "bearssl.https"
local pair = require "spec.support.pair"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local socket = require "socket"
local tls = require "spec.support.tls"

local engines = {
  ["TLS 1.3"] = { max_version = "1.3" },
  ["our TLS 1.2"] = { max_version = "1.2", engine = "native" },
  ["BearSSL's engine"] = { max_version = "1.2", engine = "bear" },
}

local function both(options, cache)
  options = pair.with(options)
  options.entropy = false -- session IDs differ
  return pair.client_config(pair.with(options, { session_cache = cache })), pair.server_config(options)
end

-- A connection, closed at the end: was it resumed?
local function once(client, server, options)
  local p = pair.new(client, server, options):run()
  assert.equal("connected", p.client:state(), tostring(p.client_err))
  assert.equal(p.server:info().resumed, p.client:info().resumed)
  local _ <close> = p.client
  return p.client:info().resumed
end

describe("a session that was kept elsewhere", function()
  it("goes into a cache, which knows when it expires and that it is for one use", function()
    for name, single in pairs { ["TLS 1.3"] = true, ["our TLS 1.2"] = false } do
      local cache = bearssl.session_cache()
      local client, server = both(engines[name], cache)
      assert.is_false(once(client, server))
      local bytes = assert(cache:take(client, "LOCALHOST"):export())
      cache:clear()
      assert.is_nil(cache:take(client, "localhost"))
      assert.is_true(cache:put(client, "localhost", assert(client:import_session(bytes))), name)
      assert.equal(1, cache:count())
      assert.is_true(once(client, server), name)
      assert.is_true(cache:put(client, "Localhost", assert(client:import_session(bytes))))
      assert.equal("userdata", type(cache:take(client, "localhost")))
      local later = both({ max_version = engines[name].max_version, engine = engines[name].engine,
        time = 2200000000 }, cache)
      assert.is_false(cache:put(later, "localhost", assert(later:import_session(bytes))), name)
      assert.equal(single, require "bearssl.core".session_state(assert(client:import_session(bytes))))
    end
  end)
end)

for name, options in pairs(engines) do
  describe("a session cache with " .. name, function()
    it("has the second connection resume, and the third", function()
      local cache = bearssl.session_cache()
      local client, server = both(options, cache)
      assert.same({ false, true, true }, { once(client, server), once(client, server), once(client, server) })
      assert.is_true(cache:count() >= 1)
    end)

    it("serves each name and each config for itself", function()
      local cache = bearssl.session_cache()
      local client, server = both(options, cache)
      local other = both(options, cache)
      assert.is_false(once(client, server, { name = "localhost" }))
      assert.is_false(once(client, server, { name = "example.com" }))
      assert.is_false(once(other, server, { name = "localhost" }))
      for _, row in ipairs { { client, "LOCALHOST" }, { client, "example.com" }, { other, "localhost" } } do
        assert.is_true(once(row[1], server, { name = row[2] }))
      end
    end)

    it("has sessions of connections that are open still", function()
      local client, server = both(options, bearssl.session_cache())
      local first = pair.new(client, server):run()
      assert.is_true(once(client, server))
      assert.equal("connected", first.client:state())
    end)

    it("has sessions of connections that nobody closed", function()
      local cache = bearssl.session_cache()
      local client, server = both(options, cache)
      do pair.new(client, server):run() end
      collectgarbage()
      collectgarbage()
      assert.is_true(cache:count() >= 1)
      assert.is_true(once(client, server))
    end)

    it("forgets the oldest when it is full", function()
      local cache = bearssl.session_cache { size = 2 }
      local client, server = both(options, cache)
      for _, host in ipairs { "a.example", "b.example", "c.example" } do once(client, server, { name = host }) end
      assert.equal(2, cache:count())
      assert.is_true(once(client, server, { name = "c.example" }))
      assert.is_false(once(client, server, { name = "a.example" }))
    end)

    it("can be emptied", function()
      local cache = bearssl.session_cache()
      local client, server = both(options, cache)
      once(client, server)
      cache:clear()
      assert.equal(0, cache:count())
      assert.is_false(once(client, server))
    end)

    it("is not asked where a session is given", function()
      local client, server = both(options, bearssl.session_cache())
      local first = pair.new(client, server):run()
      local session = assert(first.client:session())
      local p = pair.new(client, server, { name = "localhost", session = session }):run()
      assert.is_true(p.client:info().resumed)
    end)
  end)
end

describe("a session cache", function()
  it("gives a ticket of TLS 1.3 once, and has several for a name", function()
    local client, server = both(engines["TLS 1.3"], bearssl.session_cache())
    once(client, server) -- two tickets
    local open = {}
    for i = 1, 3 do open[i] = client:connection { name = "localhost" }:pull() end
    local function ticket(hello) return hello:find("\0\41", 1, true) and hello:sub(-200, -100) end
    assert.not_equal(ticket(open[1]), ticket(open[2]))
    assert.is_true(#open[3] < #open[2]) -- none was left
  end)

  it("gives no session that has expired", function()
    local cache = bearssl.session_cache()
    local server = pair.server_config { max_version = "1.3", session_lifetime = 1, time = os.time() }
    local client = assert(bearssl.client { verify = "none", max_version = "1.3", session_cache = cache })
    assert.is_false(once(client, server))
    assert.is_true(cache:count() > 0)
    socket.sleep(1.1)
    assert.is_false(once(client, server))
  end)

  it("lets early data be written without a session being named", function()
    local cache = bearssl.session_cache()
    local client = pair.client_config { max_version = "1.3", session_cache = cache, early_data = true }
    local server = pair.server_config { max_version = "1.3", max_early_data = true }
    local first = pair.new(client, server, { name = "localhost", early_data = "GET" }):run()
    assert.is_nil(first.client:info().early_data)
    local second = client:connection { name = "localhost", early_data = "GET" }
    assert.equal("offered", second:info().early_data)
    assert.equal(3, second:info().early_sent)
    pair.new(client, server, { name = "localhost" }):run()
    local third = client:connection { name = "localhost", early_data = ("x"):rep(16385) } -- one more than is allowed
    assert.is_nil(third:info().early_sent)
  end)

  it("says what is wrong with its options, and with those of a config", function()
    for _, row in ipairs {
      { { size = 0 }, "option 'size': an integer from 1 to 1000000 is wanted" },
      { { bytes = 1 }, "unknown option 'bytes': size is known" }, { 5, "a table of options is wanted, not number" },
    } do
      local ok, err = pcall(bearssl.session_cache, row[1])
      assert.is_false(ok)
      assert.truthy(err:find("bearssl.session_cache: " .. row[2], 1, true), err)
    end
    local ok, err = pcall(bearssl.client, { verify = "none", session_cache = 100 })
    assert.is_false(ok)
    assert.truthy(err:find("option 'session_cache': a bearssl.session_cache is wanted, not number", 1, true), err)
    assert.equal("bearssl.session_cache: 0 of 256", tostring(bearssl.session_cache()))
  end)
end)

describe("a session cache with openssl s_server", function()
  for _, version in ipairs { "1.2", "1.3" } do
    it("resumes TLS " .. version .. " on sockets", function()
      local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls" .. version:gsub("%.", "_"))
      local config = tls.client { session_cache = bearssl.session_cache(), max_version = version, engine = "native" }
      for i = 1, 3 do
        local sock <close> = assert(tls.connect(config, server.port))
        assert(sock:send "hello\n")
        assert.equal("olleh", (assert(sock:receive "*l"))) -- the tickets came before it
        assert.equal(i > 1, sock:info().resumed)
      end
    end)
  end
end)

describe("bearssl.https", function()
  it("resumes at the second request of a config", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-www")
    local config = assert(bearssl.client { trust = pki.roots, session_cache = bearssl.session_cache() })
    local url = ("https://localhost:%d/"):format(server.port)
    local make = https.tcp { trust = pki.roots }
    for i = 1, 2 do
      local body = assert(https.request { url = url, config = config })
      assert.truthy(body:find(i == 1 and "New, " or "Reused, ", 1, true))
      local connection = assert(make())
      assert(connection:connect("localhost", server.port))
      assert.equal(i == 2, connection.sock:info().resumed)
      connection:send "GET / HTTP/1.0\r\n\r\n"
      while connection.sock:receive(1) do end
      connection:close()
    end
  end)
end)
