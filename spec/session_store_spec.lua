-- session_store: what a server's tickets stand for is kept by the caller, and given once.
local pair = require "spec.support.pair"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

-- A store in a table, and what was done with it.
local function new_store()
  local kept, self = {}, { puts = 0, takes = 0, size = function(self) return self.puts - self.taken end, taken = 0 }
  function self.put(id, bytes, lifetime)
    assert(#id == 32 and not kept[id] and lifetime == 3600)
    kept[id], self.puts, self.last = bytes, self.puts + 1, bytes
  end
  function self.take(id)
    local bytes = kept[id]
    kept[id], self.takes, self.taken = nil, self.takes + 1, self.taken + (bytes and 1 or 0)
    return bytes
  end
  return self
end

local function server_config(store, options)
  local all = pair.with({ max_version = "1.3", session_store = store }, options)
  all.entropy = false -- identifiers differ
  return pair.server_config(all)
end

local function client_config(options)
  return pair.client_config(pair.with({ max_version = "1.3" }, options))
end

local function meet(client, server, session, early_data)
  local p = pair.new(client, server, { name = "localhost", session = session, early_data = early_data }):run()
  assert.equal("connected", p.client:state(), tostring(p.client_err))
  if not early_data then assert.equal("connected", p.server:state(), tostring(p.server_err)) end
  return p
end

describe("a session store", function()
  it("keeps what two tickets stand for", function()
    local store = new_store()
    local p = meet(client_config(), server_config(store))
    assert.same({ 2, 0 }, { store.puts, store.takes })
    p:exchange()
    assert(p.client:session())
    assert(p.client:session())
    assert.is_nil((p.client:session()))
  end)

  it("has a session resumed once", function()
    local store = new_store()
    local client, server = client_config(), server_config(store)
    local session = assert(meet(client, server).client:session())
    local second, third = meet(client, server, session), meet(client, server, session)
    assert.same({ true, false }, { second.client:info().resumed, third.client:info().resumed })
    assert.same({ 2, 1 }, { store.takes, store.taken })
    second:exchange()
  end)

  it("takes no ticket that is sealed, and none that is made up", function()
    local store = new_store()
    local client, key = client_config(), ("t"):rep(32)
    local sealed = meet(client, server_config(nil, { ticket_keys = key })).client:session()
    assert.is_false(meet(client, server_config(store, { ticket_keys = key }), sealed).client:info().resumed)
    assert.equal(0, store.takes)
  end)

  it("is shared by servers with the same ticket_keys alone", function()
    local store, client = new_store(), client_config()
    local function server(key) return server_config(store, { ticket_keys = key:rep(32) }) end
    local first = meet(client, server "a").client
    assert.is_true(meet(client, server "a", assert(first:session())).client:info().resumed)
    assert.is_false(meet(client, server "b", assert(first:session())).client:info().resumed)
  end)

  it("holds nothing that can be read", function()
    local store = new_store()
    local server = server_config(store, { alpn = "secret-protocol" })
    meet(client_config { alpn = "secret-protocol" }, server)
    assert.falsy(store.last:find("secret-protocol", 1, true) or store.last:find("localhost", 1, true))
  end)

  it("has early data accepted once, from the first minute of a process", function()
    local store = new_store()
    local client, server = client_config { early_data = true }, server_config(store, { max_early_data = true })
    local session = assert(meet(client, server).client:session())
    local p = meet(client, server, session, "GET /")
    assert.equal("accepted", p.client:info().early_data)
    assert.equal("GET /", pair.read(p.server))
    p:run()
    assert.equal("connected", p.server:state())
    local replay = server:connection() -- another process, the same store
    assert(replay:feed(p.to_server[1]))
    assert.equal("rejected", replay:info().early_data)
    assert.is_false(replay:info().resumed)
  end)

  it("may yield", function()
    local store, yields = new_store(), 0
    local function slow(f)
      return function(...)
        yields = yields + 1
        coroutine.yield()
        return f(...)
      end
    end
    local server = server_config { put = slow(store.put), take = slow(store.take) }
    local client, resumed = client_config(), nil
    local thread = coroutine.wrap(function()
      local session = assert(meet(client, server).client:session())
      resumed = meet(client, server, session).client:info().resumed
      return true
    end)
    repeat local done = thread() until done
    assert.same({ true, 4 }, { resumed, yields }) -- two put, one taken, one put for it
  end)

  it("that raises, or gives something else, fails the connection", function()
    local session = assert(meet(client_config(), server_config(new_store())).client:session())
    session:close()
    local ok, err = pcall(meet, client_config(), server_config { put = function() error("full", 0) end, take = print })
    assert.same({ false, "full" }, { ok, err })
    local store, client = new_store(), client_config()
    local server = server_config { put = store.put, take = function() return 5 end }
    session = meet(client, server).client:session()
    ok, err = pcall(meet, client, server, session)
    assert.same({ false, "session_store: take gave no string but a number" }, { ok, err })
  end)

  it("goes with other questions: the config, the client's certificate, a PSK, early data", function()
    local store, asked = new_store(), {}
    local function note(what, value)
      return function()
        asked[#asked + 1] = what
        return value
      end
    end
    local own = pki.client.p256
    local client = client_config { certificate = own.certificate, key = own.key, early_data = true }
    local server = server_config(store, {
      client_auth = "request", client_trust = pki.roots, on_client_hello = note "client_hello",
      on_peer = note("peer", true), on_psk = note "psk", max_early_data = true, early_data_guard = note("guard", true),
    })
    local session = assert(meet(client, server).client:session())
    assert.same({ "client_hello", "peer" }, asked)
    asked = {}
    local p = meet(client, server, session, "GET /")
    assert.same({ "accepted", true }, { p.client:info().early_data, p.client:info().resumed })
    assert.equal("GET /", pair.read(p.server))
    p:run()
    assert.equal("connected", p.server:state())
    assert.equal("CN=p256 client,O=Test PKI", tostring(p.server:peer_certificates()[1].subject))
    assert.same({ "client_hello", "guard", "peer" }, asked)
    asked = {}
    assert.is_false(meet(client, server, session).client:info().resumed)
    assert.same({ "client_hello", "psk", "peer" }, asked)
  end)

  it("is checked", function()
    for _, row in ipairs {
      { { session_store = { put = print } }, "a table with the functions 'put' and 'take' is wanted" },
      { { session_store = new_store(), session_cache = false }, "means nothing without a 'session_cache'" },
      { { session_store = new_store(), max_version = "1.2", engine = "native" }, "needs TLS 1.3" },
    } do
      local ok, err = pcall(server_config, row[1].session_store, row[1])
      assert.is_false(ok)
      assert.truthy(err:find(row[2], 1, true), err)
    end
  end)

  it("has openssl s_client resume", function()
    local store = new_store()
    local config = tls.server(pki.server.p256, { max_version = "1.3", session_store = store })
    local path = os.tmpname()
    for i, option in ipairs { "-sess_out ", "-sess_in " } do
      local _ <close>, process, sock, err = tls.meet(config, peer.openssl_client, "-tls1_3 " .. option .. path)
      assert(sock, err)
      assert(sock:send "good day\n")
      process:wait_for "good day"
      assert.equal(i == 2, sock:info().resumed)
    end
    assert.equal(1, store.taken)
    os.remove(path)
  end)
end)
