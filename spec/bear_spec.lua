-- BearSSL's engine, client and server, in memory: what both sides agree on, sessions, certificates of clients.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

local client, server, connected, with, last_alert =
  pair.client_config, pair.server_config, pair.connected, pair.with, pair.last_alert

describe("a bear client and a bear server", function()
  local names = {}
  for name, suite in pairs(core.cipher_suites) do
    if not suite.tls_1_3 then names[#names + 1] = name end
  end
  table.sort(names)

  -- A P-256 key that agrees, under a CA with an RSA key: what static ECDH_RSA wants. (pki.bad.key_usage has one under
  -- a CA with an EC key; it is bad for signatures.)
  local static = { ECDH_ECDSA = pki.bad.key_usage }
  setup(function()
    local issued = revoke.issue("static", { issuer = "rsa2048-intermediate", key_usage = "key_agreement" })
    static.ECDH_RSA = { certificate = pki.read(issued.certificate), key = issued.key }
  end)

  local function identity_for(name)
    return static[name:match "TLS_(ECDH_%a+)_"] or pki.server[name:find "RSA_WITH" and "rsa2048" or "p256"]
  end

  for _, name in ipairs(names) do
    local from = core.cipher_suites[name].tls_1_2 and 2 or 0
    for minor = from, 2 do
      local version = "1." .. minor
      it(("agree on %s in TLS %s"):format(name, version), function()
        local options = { cipher_suites = { name }, min_version = version, max_version = version }
        local own = identity_for(name)
        local p = connected(options, with(options, { certificate = own.certificate, key = own.key }))
        assert.equal(name, p.client:info().cipher_suite)
        assert.equal(name, p.server:info().cipher_suite)
        assert.equal("TLSv" .. version, p.client:info().version)
        assert.equal(p.client:exporter("EXPORTER-x", "y", 40), p.server:exporter("EXPORTER-x", "y", 40))
        p:exchange()
      end)
    end
  end

  for _, group in ipairs { "x25519", "secp256r1", "secp384r1", "secp521r1" } do
    it("agree on the group " .. group, function()
      local p = connected({ groups = { group } }, nil, "rsa2048")
      assert.equal(group, p.client:info().group)
      assert.equal(group, p.server:info().group)
    end)
  end

  it("choose ECDHE with AEAD in TLS 1.2 by themselves", function()
    local info = connected():run().client:info()
    assert.equal("TLSv1.2", info.version)
    assert.equal("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", info.cipher_suite)
    assert.equal("ecdsa_secp256r1_sha256", info.signature_scheme)
    assert.equal(2, info.round_trips)
  end)

  it("send the same bytes for the same seeds, however they are cut", function()
    local want = connected()
    for _, split in ipairs { pair.bytewise, pair.pieces(1, 7), pair.pieces(2, 90), pair.pieces(3, 700) } do
      local p = pair.new(client(), server()):run(split)
      assert.equal("connected", p.client:state())
      assert.equal(table.concat(want.to_server), table.concat(p.to_server))
      assert.equal(table.concat(want.to_client), table.concat(p.to_client))
    end
    local other = pair.new(client { entropy = ("x"):rep(32) }, server()):run()
    assert.are_not.equal(table.concat(want.to_server), table.concat(other.to_server))
  end)

  it("do not share bytes when the entropy is the system's", function()
    local one = pair.new(client { entropy = false }, server()):run()
    local other = pair.new(client { entropy = false }, server()):run()
    assert.equal("connected", one.client:state())
    assert.are_not.equal(one.to_server[1], other.to_server[1])
  end)

  it("see the name that the client asks for", function()
    local p = pair.new(client(), server(), { name = "www.w.example." }):run()
    assert.equal("www.w.example", p.server:info().server_name)
    assert.equal("www.w.example", p.client:info().server_name)
  end)

  for _, address in ipairs { "192.0.2.1", "2001:db8::1" } do
    it("leave the address " .. address .. " out of server_name (RFC 6066 section 3)", function()
      local p = pair.new(client(), server(), { name = address }):run()
      assert.equal("connected", p.client:state())
      assert.is_nil(p.server:info().server_name)
    end)
  end

  it("log the same secret, as NSS writes it", function()
    local lines = { client = {}, server = {} }
    local function logger(list) return function(line) list[#list + 1] = line end end
    connected({ key_log = logger(lines.client) }, { key_log = logger(lines.server) })
    assert.equal(1, #lines.client)
    assert.same(lines.client, lines.server)
    assert.matches("^CLIENT_RANDOM " .. ("%x"):rep(64) .. " " .. ("%x"):rep(96) .. "\n?$", lines.client[1])
  end)

  it("export what RFC 5705 says: a context of no bytes is not no context", function()
    local p = connected()
    assert.are_not.equal(p.client:exporter("EXPORTER-a", nil, 32), p.client:exporter("EXPORTER-a", "", 32))
    assert.equal(p.client:exporter("EXPORTER-a", "", 32), p.server:exporter("EXPORTER-a", "", 32))
    local key, err = p.client:exporter("key expansion", nil, 32)
    assert.is_nil(key)
    assert.equal("option", err.code)
  end)
end)

describe("application protocols", function()
  it("are chosen by the server's order (RFC 7301 section 3.2)", function()
    local p = connected({ alpn = { "h2", "http/1.1" } }, { alpn = { "http/1.1", "h2" } })
    assert.equal("http/1.1", p.client:info().alpn)
    assert.equal("http/1.1", p.server:info().alpn)
  end)

  it("are optional on either side", function()
    assert.is_nil(connected({ alpn = { "h2" } }).client:info().alpn)
    assert.is_nil(connected(nil, { alpn = { "h2" } }).client:info().alpn)
  end)

  it("end the handshake where none is in common", function()
    local p = pair.new(client { alpn = { "h2" } }, server { alpn = { "http/1.1" } }):run()
    assert.equal("no_alpn", p.server_err.code)
    assert.same({ 2, 120 }, { last_alert(p.to_client) })
    assert.equal("no_application_protocol", p.client_err.alert)
    assert.equal("peer", p.client_err.side)
  end)

  it("end it also where a session would be resumed", function()
    local s, c = server { alpn = { "h2" } }, client()
    local session = assert(pair.new(c, s):run().client:session())
    assert.is_true(pair.new(c, s, { name = "localhost", session = session }):run().server:info().resumed)
    local other = client { alpn = { "h2" } }
    local p = pair.new(other, s):run()
    session = assert(p.client:session())
    p = pair.new(other, s, { name = "localhost", session = session }):run()
    assert.is_true(p.client:info().resumed)
    assert.equal("h2", p.client:info().alpn)
  end)
end)

describe("a session", function()
  local function resumed(c, s, session, name)
    local p = pair.new(c, s, { name = name or "localhost", session = session }):run()
    assert.equal("connected", p.client:state(), tostring(p.client_err))
    assert.equal("connected", p.server:state(), tostring(p.server_err))
    assert.equal(p.client:info().resumed, p.server:info().resumed)
    return p.client:info().resumed, p
  end

  it("is resumed in one round trip, with the certificates it was made with", function()
    local c, s = client(), server()
    local first = pair.new(c, s):run()
    local yes, p = resumed(c, s, assert(first.client:session()))
    assert.is_true(yes)
    assert.equal(1, p.client:info().round_trips)
    assert.equal(#first.client:peer_certificates(), #p.client:peer_certificates())
    assert.equal(first.client:info().cipher_suite, p.client:info().cipher_suite)
    p:exchange()
  end)

  it("can be resumed again, from the resumed connection", function()
    local c, s = client(), server()
    local _, p = resumed(c, s, assert(pair.new(c, s):run().client:session()))
    assert.is_true((resumed(c, s, assert(p.client:session()))))
  end)

  it("keeps the client's certificates on the server", function()
    local own = pki.client.p256
    local c = client { certificate = own.certificate, key = own.key }
    local s = server { client_auth = "require", client_trust = pki.roots }
    local first = pair.new(c, s):run()
    assert.equal("connected", first.server:state(), tostring(first.server_err))
    local yes, p = resumed(c, s, assert(first.client:session()))
    assert.is_true(yes)
    assert.equal(2, #p.server:peer_certificates())
    assert.equal(3, #p.server:verified_chain())
  end)

  it("is not resumed for another name", function()
    local c, s = client(), server()
    local session = assert(pair.new(c, s):run().client:session())
    assert.is_false((resumed(c, s, session, "other.w.example")))
  end)

  it("is not resumed without a cache", function()
    local c = client()
    local s = server { session_cache = false, entropy = false } -- else a new session had the same ID
    local session = pair.new(c, s):run().client:session()
    assert.is_false((resumed(c, s, session)))
  end)

  it("makes room for a newer one when the cache is full", function()
    local s = server { session_cache = 2, entropy = false }
    local list = {}
    for i = 1, 3 do
      local c = client()
      list[i] = { c, assert(pair.new(c, s):run().client:session()) }
    end
    assert.is_false((resumed(list[1][1], s, list[1][2]))) -- a full handshake: it takes the place of the second
    assert.is_true((resumed(list[3][1], s, list[3][2])))
    assert.is_false((resumed(list[2][1], s, list[2][2])))
  end)

  describe("is resumed for a while:", function()
    local unit = require "bearssl.unit"
    local DAY = 24 * 60 * 60

    -- Does a session made at pair.time resume when it is `later` for the client, for the server?
    local function after(client_later, server_later, client_options, server_options)
      local c, s = client(client_options), server(with({ entropy = false }, server_options))
      local first = pair.new(c, s):run()
      assert.equal("connected", first.client:state(), tostring(first.client_err))
      local session = assert(first.client:session())
      unit.config_time(c, pair.time + client_later)
      unit.config_time(s, pair.time + server_later)
      local p = pair.new(c, s, { name = "localhost", session = session }):run()
      return p.client:info().resumed, p
    end

    it("as long as the server's session_lifetime", function()
      assert.is_true((after(600, 600, nil, { session_lifetime = 600 })))
      assert.is_false((after(0, 601, nil, { session_lifetime = 600 })))
    end)

    it("for a client, a day at most", function()
      assert.is_true((after(DAY, 0, nil, { session_lifetime = DAY })))
      assert.is_false((after(DAY + 1, 0, nil, { session_lifetime = DAY })))
    end)

    local expires = 2524607999 -- the end of 2049, of all the test PKI
    it("until the server's certificate expires", function()
      local c = assert(bearssl.client {
        trust = pki.roots, engine = "bear", time = expires - 10, entropy = ("c"):rep(32),
      })
      local s = server { entropy = false }
      local session = assert(pair.new(c, s):run().client:session())
      unit.config_time(c, expires)
      assert.is_true(pair.new(c, s, { name = "localhost", session = session }):run().client:info().resumed)
      unit.config_time(c, expires + 1)
      local p = pair.new(c, s, { name = "localhost", session = session }):run()
      assert.equal("expired", p.client_err.code)
    end)

    it("until the client's certificate expires", function()
      local own = pki.client.p256
      local c = client { certificate = own.certificate, key = own.key }
      local s = server { entropy = false, time = expires - 10, client_auth = "require", client_trust = pki.roots }
      local session = assert(pair.new(c, s):run().client:session())
      unit.config_time(s, expires + 1)
      local p = pair.new(c, s, { name = "localhost", session = session }):run()
      assert.equal("expired", p.server_err.code)
    end)

    it("not before its time, where the clock has gone back", function()
      assert.is_false((after(-1, 0)))
      assert.is_false((after(0, -1)))
    end)
  end)

  it("is of no use to a server that lost it", function()
    local c = client()
    local session = assert(pair.new(c, server()):run().client:session())
    assert.is_false((resumed(c, server { entropy = ("t"):rep(32) }, session)))
  end)

  it("is not given by a server, nor before there is one", function()
    local c, s = client(), server()
    local p = pair.new(c, s)
    local none, err = p.client:session()
    assert.is_nil(none)
    assert.equal("state", err.code)
    p:run()
    none, err = p.server:session()
    assert.is_nil(none)
    assert.equal("state", err.code)
  end)
end)

describe("a client certificate", function()
  local function identity_options(...)
    local certificates, keys = {}, {}
    for i, kind in ipairs { ... } do
      certificates[i], keys[i] = pki.client[kind].certificate, pki.client[kind].key
    end
    return { certificate = certificates, key = keys }
  end
  local asking = { client_auth = "require", client_trust = pki.roots }

  for _, kind in ipairs(pki.kinds) do
    it("with a key of kind " .. kind .. " is verified by the server", function()
      local p = connected(identity_options(kind), asking)
      assert.equal(3, #p.server:verified_chain())
      assert.equal(2, #p.server:peer_certificates())
    end)
    it(("with a key of kind %s is verified in TLS 1.0"):format(kind), function()
      local old = { min_version = "1.0", max_version = "1.0" }
      local p = connected(with(identity_options(kind), old), with(asking, old))
      assert.equal("TLSv1.0", p.server:info().version)
      assert.equal(3, #p.server:verified_chain())
    end)
  end

  it("is the first whose CA the server names", function()
    local options = identity_options("p256", "rsa2048")
    local p = connected(options, { client_auth = "require", client_trust = pki.root.rsa2048 })
    assert.equal(pki.read(pki.client.rsa2048.leaf), p.server:peer_certificates()[1]:pem())
  end)

  it("is not sent where none fits, and the server says what it asked for", function()
    local p = pair.new(client(identity_options "p256"),
      server { client_auth = "require", client_trust = pki.root.rsa2048 }):run()
    assert.equal("certificate_required", p.server_err.code)
    assert.same({ 2, 40 }, { last_alert(p.to_client) })
    assert.equal("peer_alert", p.client_err.code)
    assert.matches("none of ours fits", p.client_err.cause)
  end)

  it("may be missing where the server only requests it", function()
    local p = connected(nil, { client_auth = "request", client_trust = pki.roots })
    assert.is_nil((p.server:peer_certificates()))
  end)

  it("that is refused ends the handshake also where the server only requests it", function()
    local bad = pki.bad_client.expired
    local p = pair.new(client { certificate = bad.certificate, key = bad.key },
      server { client_auth = "request", client_trust = pki.roots }):run()
    assert.equal("expired", p.server_err.code)
    assert.equal("certificate_expired", p.client_err.alert)
    assert.matches("does not take our certificate", p.client_err.cause)
  end)

  it("is a question to on_certificate_request, which sees what the server takes", function()
    local seen
    local own = pki.client.p384
    local p = connected({ on_certificate_request = function(request)
      seen = request
      return pki.read(own.certificate), pki.read(own.key)
    end }, asking)
    assert.same({ "rsa_sign", "ecdsa_sign" }, seen.certificate_types)
    assert.equal(#pki.native_kinds, #seen.authorities)
    assert.equal("rsa_pkcs1_sha256", seen.signature_schemes[1])
    assert.equal(3, #p.server:verified_chain())
  end)

  it("can be denied by on_certificate_request", function()
    local p = pair.new(client { on_certificate_request = function() end }, server(asking)):run()
    assert.equal("certificate_required", p.server_err.code)
  end)
end)
