-- External pre-shared keys (RFC 8446 section 4.2.11): in memory, and with openssl.
local bearssl = require "bearssl"
local pair = require "spec.support.pair"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local key, other = ("k"):rep(32), ("o"):rep(32)

local function client_config(options)
  return pair.client_config(pair.with({ max_version = "1.3", verify = "none" }, options))
end

local function server_config(options)
  return pair.server_config(pair.with({ max_version = "1.3" }, options))
end

local function knows(keys, hash)
  return function(identity) return keys[identity], hash end
end

local function meet(psk, on_psk, server_options, client_options, name)
  local options = pair.with({ on_psk = on_psk }, server_options)
  return pair.new(client_config(client_options), server_config(options), { psk = psk, name = name }):run()
end

local function connected(...)
  local p = meet(...)
  assert.equal("connected", p.client:state(), tostring(p.client_err))
  assert.equal("connected", p.server:state(), tostring(p.server_err))
  assert.same(p.client:info(), p.server:info())
  return p
end

local function with_roots(options) -- a client that verifies
  return assert(bearssl.client(pair.with({ trust = pki.roots, time = pair.time }, options)))
end

describe("an external PSK", function()
  for hash, suite in pairs { sha256 = "TLS_AES_128_GCM_SHA256", sha384 = "TLS_AES_256_GCM_SHA384" } do
    it("with " .. hash .. " takes the place of certificates", function()
      local p = connected({ identity = "me", key = key, hash = hash }, knows({ me = key }, hash))
      local info = p.client:info()
      assert.same({ "me", false, suite, "x25519", 1 },
        { info.psk, info.resumed, info.cipher_suite, info.group, info.round_trips })
      assert.is_nil(info.signature_scheme)
      assert.is_nil(p.client:peer_certificates())
      p:exchange()
    end)
  end

  it("serves a server without a certificate, and a client without a name", function()
    local server = assert(bearssl.server { max_version = "1.3", on_psk = knows { me = key } })
    local client = assert(bearssl.client { max_version = "1.3", trust = pki.roots })
    local p = pair.new(client, server, { psk = { identity = "me", key = key } }):run()
    assert.same({ "connected", "me" }, { p.client:state(), p.server:info().psk })
    local q = pair.new(client, server, { name = "localhost" }):run()
    assert.equal("no_signature_scheme", q.server_err.code)
  end)

  it("goes on after a HelloRetryRequest", function()
    local p = connected({ identity = "me", key = key }, knows { me = key }, { groups = "secp384r1" })
    assert.same({ "me", 2 }, { p.client:info().psk, p.client:info().round_trips })
  end)

  it("leaves no session", function()
    local p = connected({ identity = "me", key = key }, knows { me = key })
    assert.equal("state", select(2, p.client:session()).code)
  end)

  it("that differs fails at the binder", function()
    local p = meet({ identity = "me", key = key }, knows { me = other })
    assert.same({ "bad_binder", "decrypt_error" }, { p.server_err.code, p.server_err.alert })
    assert.same({ "peer_alert", "decrypt_error" }, { p.client_err.code, p.client_err.alert })
  end)

  for what, on_psk in pairs { ["is unknown"] = knows {}, ["has another hash"] = knows({ me = key }, "sha384") } do
    local suites = { cipher_suites = { "TLS_AES_128_GCM_SHA256" } }

    it("that " .. what .. " leaves the certificate, where a name is verified", function()
      local server = server_config(pair.with({ on_psk = on_psk }, suites))
      local psk = { identity = "me", key = key }
      local p = pair.new(with_roots { max_version = "1.3" }, server, { psk = psk, name = "localhost" }):run()
      assert.equal("connected", p.client:state(), tostring(p.client_err))
      assert.is_nil(p.client:info().psk)
      assert.equal(3, #p.client:verified_chain())
    end)

    it("that " .. what .. " is an error, where nothing else would be", function()
      local psk = { identity = "me", key = key }
      for _, client in ipairs { client_config(), with_roots { max_version = "1.3" } } do
        local p = pair.new(client, server_config(pair.with({ on_psk = on_psk }, suites)), { psk = psk }):run()
        assert.same({ "psk_refused", "handshake_failure" }, { p.client_err.code, p.client_err.alert })
      end
    end)
  end

  it("is not lost to TLS 1.2", function()
    local server = pair.server_config { max_version = "1.2", engine = "native" }
    local p = pair.new(client_config(), server, { psk = { identity = "me", key = key } }):run()
    assert.equal("psk_refused", p.client_err.code)
  end)

  it("may have an identity of any bytes", function()
    local identity = "\0\1\255" .. ("x"):rep(1000)
    assert.equal(identity, connected({ identity = identity, key = key }, knows { [identity] = key }).server:info().psk)
  end)

  it("is asked for where a ticket is not ours", function()
    local asked = {}
    local server = server_config { on_psk = function(identity) asked[#asked + 1] = #identity end }
    local client = client_config()
    local first = pair.new(client, server):run()
    local second = pair.new(client, server, { name = "localhost", session = assert(first.client:session()) }):run()
    assert.is_true(second.client:info().resumed)
    assert.same({}, asked)
    server = server_config { on_psk = function(i) asked[#asked + 1] = #i end, ticket_keys = other }
    local third = pair.new(client, server,
      { name = "localhost", session = assert(first.client:session()) }):run()
    assert.is_false(third.client:info().resumed)
    assert.equal(1, #asked)
  end)

  local function flat(value) -- all that a table holds, as text
    if type(value) ~= "table" then return tostring(value) .. " " end
    local parts = {}
    for k, v in pairs(value) do parts[#parts + 1] = flat(k) .. flat(v) end
    return table.concat(parts)
  end

  it("is in no trace and in no key log", function()
    local lines = {}
    local function log(line) lines[#lines + 1] = line end
    local p = connected({ identity = "me", key = key }, knows { me = key }, { trace = true, key_log = log },
      { trace = true, key_log = log })
    local all, hex = table.concat(lines) .. flat(p.client:trace()) .. flat(p.server:trace()), ("6b"):rep(32)
    assert.truthy(all:find "CLIENT_TRAFFIC_SECRET_0")
    assert.truthy(all:find "pre_shared_key")
    assert.falsy(all:find(key, 1, true) or all:find(hex, 1, true))
  end)

  it("fails the connection where the callback raises, or gives something else", function()
    for text, callback in pairs {
      ["no such thing"] = function() error("no such thing", 0) end,
      ["on_psk: the key is no string but a number"] = function() return 5 end,
      ["on_psk: the key has 5 bytes; 16 to 64 are taken"] = function() return "short" end,
      ['on_psk: the hash is neither "sha256" nor "sha384"'] = function() return key, "md5" end,
    } do
      local ok, err = pcall(meet, { identity = "me", key = key }, callback)
      assert.same({ false, text }, { ok, err })
    end
  end)

  it("is checked", function()
    local config = client_config()
    for text, options in pairs {
      ["option 'psk': the identity is no string of 1 to 1024 bytes"] = { psk = { key = key } },
      ["option 'psk': the key is no string but a nil"] = { psk = { identity = "me" } },
      ["option 'psk': unknown field 'name'"] = { psk = { identity = "me", key = key, name = 1 } },
      ["option 'psk' goes without 'early_data'"] = { psk = { identity = "me", key = key }, early_data = "x" },
    } do
      local ok, err = pcall(config.connection, config, options)
      assert.is_false(ok)
      assert.truthy(err:find(text, 1, true), err)
    end
    local old = pair.client_config { max_version = "1.2", engine = "bear" }
    local ok, err = pcall(old.connection, old, { psk = { identity = "me", key = key } })
    assert.is_false(ok)
    assert.truthy(err:find("BearSSL's engine takes none", 1, true), err)
    for text, options in pairs {
      ["option 'on_psk' needs TLS 1.3"] = { max_version = "1.2", engine = "native" },
      ["option 'on_psk': whoever has a PSK shows no certificate"] =
        { max_version = "1.3", client_auth = "require", client_trust = pki.roots },
    } do
      ok, err = pcall(pair.server_config, pair.with({ on_psk = knows {} }, options))
      assert.is_false(ok)
      assert.truthy(err:find(text, 1, true), err)
    end
  end)
end)

describe("an external PSK with openssl", function()
  local hex = ("6b"):rep(32)
  local psk = { identity = "me", key = key }

  it("s_server", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_3 -psk_identity me -psk " .. hex)
    local sock <close>, err = tls.connect(tls.client { max_version = "1.3" }, server.port, { psk = psk })
    assert(sock, err)
    assert(sock:send "hello\n")
    assert.equal("olleh", (assert(sock:receive "*l")))
    assert.equal("me", sock:info().psk)
  end)

  it("s_server, by bearssl.connect", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_3 -psk_identity me -psk " .. hex)
    local sock <close>, err = bearssl.connect("localhost", server.port, { trust = pki.roots, psk = psk, timeout = 10 })
    assert(sock, err)
    assert.equal("me", sock:info().psk)
    assert.is_nil(sock:peer_certificates())
  end)

  it("s_client", function()
    local config = assert(bearssl.server { max_version = "1.3", on_psk = knows { me = key } })
    local _ <close>, process, sock, err = tls.meet(config, peer.openssl_client,
      "-tls1_3 -psk_identity me -psk " .. hex)
    assert(sock, err)
    assert(sock:send "good day\n")
    process:wait_for "good day"
    assert.equal("me", sock:info().psk)
  end)
end)
