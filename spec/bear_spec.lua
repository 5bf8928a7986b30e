-- BearSSL's engine, client and server, in memory: what both sides agree on, and how they refuse.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"

local TIME = 1893456000 -- 2030-01-01, within the dates of the test PKI
local CLIENT_SEED, SERVER_SEED = ("c"):rep(32), ("s"):rep(32)

local function with(defaults, options)
  local all = {}
  for name, value in pairs(defaults) do all[name] = value end
  for name, value in pairs(options or {}) do all[name] = value end
  return all
end

-- Both take the same time and the same entropy each run.
local function client(options)
  return assert(bearssl.client(with({ verify = "none", time = TIME, entropy = CLIENT_SEED }, options)))
end

local function server(options, kind)
  local own = pki.server[kind or "p256"]
  return assert(bearssl.server(with({
    certificate = own.certificate, key = own.key, time = TIME, entropy = SERVER_SEED,
  }, options)))
end

local function connected(client_options, server_options, kind)
  local p = pair.new(client(client_options), server(server_options, kind)):run()
  assert.equal("connected", p.client:state(), tostring(p.client_err))
  assert.equal("connected", p.server:state(), tostring(p.server_err))
  return p
end

local function last_alert(list) -- level, description of the last record, which must be an alert in clear
  local records = pair.records(list[#list])
  local last = records[#records]
  assert.equal(21, last.kind)
  return last.payload:byte(1, 2)
end

local function text(n)
  return ("0123456789abcdef"):rep(n // 16 + 1):sub(1, n)
end

local function exchange(p)
  local there, back = text(40000), text(20001):reverse()
  for _, way in ipairs { { p.client, p.server, there }, { p.server, p.client, back } } do
    local from, to, data, done, got = way[1], way[2], way[3], 0, {}
    while done < #data do
      local last, why, partial = from:write(data, done + 1)
      done = last or partial
      assert(last or why == "wantwrite", why)
      assert(to:feed(from:pull()))
      got[#got + 1] = pair.read(to)
    end
    assert.is_true(data == table.concat(got))
  end
end

describe("a bear client and a bear server", function()
  local names = {}
  for name, suite in pairs(core.cipher_suites) do
    if not suite.tls_1_3 then names[#names + 1] = name end
  end
  table.sort(names)

  -- The key that the server needs; nil: none of the test PKI (an EC key signed by RSA).
  local function key_for(name)
    if name:find "ECDH_RSA" then return nil end
    return name:find "RSA_WITH" and "rsa2048" or "p256"
  end

  for _, name in ipairs(names) do
    local kind = key_for(name)
    local from = core.cipher_suites[name].tls_1_2 and 2 or 0
    for minor = from, 2 do
      local version = "1." .. minor
      if kind and not name:find "ECDH_ECDSA" then
        it(("agree on %s in TLS %s"):format(name, version), function()
          local options = { cipher_suites = { name }, min_version = version, max_version = version }
          local p = connected(options, options, kind)
          assert.equal(name, p.client:info().cipher_suite)
          assert.equal(name, p.server:info().cipher_suite)
          assert.equal("TLSv" .. version, p.client:info().version)
          assert.equal(p.client:exporter("EXPORTER-x", "y", 40), p.server:exporter("EXPORTER-x", "y", 40))
          exchange(p)
        end)
      end
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
    local one = pair.new(client { entropy = nil }, server()):run()
    local options = { verify = "none", time = TIME }
    local a = pair.new(assert(bearssl.client(options)), server()):run()
    local b = pair.new(assert(bearssl.client(options)), server()):run()
    assert.equal("connected", one.client:state())
    assert.are_not.equal(a.to_server[1], b.to_server[1])
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
    exchange(p)
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
    local s = assert(bearssl.server { -- with the system's entropy: a new session has a new ID
      certificate = pki.server.p256.certificate, key = pki.server.p256.key, time = TIME, session_cache = false })
    local session = pair.new(c, s):run().client:session()
    assert.is_false((resumed(c, s, session)))
  end)

  it("makes room for a newer one when the cache is full", function()
    local s = assert(bearssl.server {
      certificate = pki.server.p256.certificate, key = pki.server.p256.key, time = TIME, session_cache = 2 })
    local list = {}
    for i = 1, 3 do
      local c = client()
      list[i] = { c, assert(pair.new(c, s):run().client:session()) }
    end
    assert.is_false((resumed(list[1][1], s, list[1][2]))) -- a full handshake: it takes the place of the second
    assert.is_true((resumed(list[3][1], s, list[3][2])))
    assert.is_false((resumed(list[2][1], s, list[2][2])))
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
    assert.equal(4, #seen.authorities)
    assert.equal("rsa_pkcs1_sha256", seen.signature_schemes[1])
    assert.equal(3, #p.server:verified_chain())
  end)

  it("can be denied by on_certificate_request", function()
    local p = pair.new(client { on_certificate_request = function() end }, server(asking)):run()
    assert.equal("certificate_required", p.server_err.code)
  end)
end)

describe("closing", function()
  it("is seen by the other side, after all data", function()
    local p = connected()
    assert(p.client:write "last words")
    p.client:close()
    assert.equal("closing", p.client:state())
    p:run()
    local data, why = pair.read(p.server)
    assert.equal("last words", data)
    assert.equal("closed", why)
    p:run()
    assert.equal("closed", p.client:state())
  end)

  it("leaves what the peer still sends to be read, then waits for its close_notify", function()
    local p = connected()
    p.server:write(text(40000))
    assert(p.client:feed(p.server:pull()))
    p.client:close()
    p.server:write "more"
    assert(p.client:feed(p.server:pull()))
    local data, why = pair.read(p.client)
    assert.equal(40004, #data)
    assert.equal("wantread", why)
    assert.equal("closing", p.client:state())
    p:run()
    assert.equal("closed", p.client:state())
    assert.equal("closed", p.server:state())
  end)

  it("ends what may be written", function()
    local p = connected()
    p.client:close()
    local last, why = p.client:write "x"
    assert.is_nil(last)
    assert.equal("closed", why)
    p.client:close() -- twice is fine
    assert.equal(1, #pair.records(p.client:pull()))
  end)

  it("by the peer in the handshake is no connection", function()
    local p = pair.new(client(), server())
    p.server:feed(p.client:pull())
    p.client:close()
    local ok, err = p.server:feed(p.client:pull())
    assert.is_nil(ok)
    assert.equal("closed", err.code)
    assert.matches("close_notify by the client after ClientHello", tostring(err))
  end)

  it("of the transport alone is truncation", function()
    for _, whole in ipairs { true, false } do
      local p = connected()
      p.server:write "some data"
      local record = p.server:pull()
      assert(p.client:feed(whole and record or record:sub(1, -2)))
      local ok, err = p.client:feed_eof()
      if whole then -- the data first
        assert.is_true(ok)
        assert.equal("some data", (p.client:read()))
        ok, err = p.client:read()
      end
      assert.is_nil(ok)
      assert.equal("truncated", err.code)
      assert.matches(whole and "between two records" or "in the middle of a record", tostring(err))
    end
  end)

  it("after close_notify is no error of the transport", function()
    local p = connected()
    p.server:close()
    assert(p.client:feed(p.server:pull()))
    assert.is_true((p.client:feed_eof()))
    assert.equal("closed", p.client:state())
  end)
end)

describe("records that change on the way", function()
  for _, suite in ipairs {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA",
  } do
    it("are refused with an alert, in " .. suite, function()
      local options = { cipher_suites = { suite } }
      local size = 60
      local i = 0
      while i < size do
        i = i + 1
        local p = connected(options, options)
        p.client:write "attack at dawn"
        local record = p.client:pull()
        size = #record
        local changed = record:sub(1, i - 1) .. string.char(record:byte(i) ~ 1) .. record:sub(i + 1)
        local ok, err = p.server:feed(changed)
        if i == 4 or (i == 5 and ok) then -- a longer record: its end is still to come
          ok, err = p.server:feed(("\0"):rep(400))
        end
        assert.is_nil(ok)
        local data = p.server:read()
        assert.is_nil(data)
        local alert = p.server:pull()
        local peer_ok, peer_err = p.client:feed(alert)
        assert.is_nil(peer_ok)
        assert.equal("peer_alert", peer_err.code)
        assert.equal(err.alert, peer_err.alert)
        if i > 5 then assert.equal("bad_record_mac", err.alert) end
      end
      assert.is_true(size > 30)
    end)
  end

  it("may not come twice, nor in another order", function()
    local p = connected()
    p.client:write "one"
    local one = p.client:pull()
    p.client:write "two"
    local two = p.client:pull()
    assert(p.server:feed(one))
    assert.equal("one", p.server:read())
    local ok, err = p.server:feed(one)
    assert.is_nil(ok)
    assert.equal("bad_record", err.code)
    p = connected()
    ok, err = p.server:feed(two)
    assert.is_nil(ok)
    assert.equal("bad_record", err.code)
  end)

  it("do not hurt the data that came before, nor what was written", function()
    local p = connected()
    p.client:write "good"
    assert(p.server:feed(p.client:pull()))
    p.server:write "answer" -- still inside when the bad record comes
    assert(p.server:feed(pair.record(23, ("x"):rep(40))))
    assert.equal("good", p.server:read())
    assert.equal("failed", p.server:state())
    assert(p.client:feed(p.server:pull()))
    assert.equal("answer", p.client:read())
    local none, err = p.client:read()
    assert.is_nil(none)
    assert.equal("bad_record_mac", err.alert)
  end)
end)

describe("buffers", function()
  local unit = require "bearssl.unit"

  it("go when there is nothing in them", function()
    local p = connected()
    for _ = 1, 2 do
      exchange(p)
      assert.equal("", p.client:pull())
      assert.is_nil((p.client:read()))
      assert.same({ 0, 0 }, { unit.bear_buffers(p.client) })
    end
  end)

  it("are small while a record has only begun", function()
    local p = connected()
    p.server:write(text(16384))
    local record = p.server:pull()
    assert(p.client:feed(record))
    assert.equal(16384, #p.client:read())
    p.server:write(text(16384))
    record = p.server:pull()
    assert(p.client:feed(record:sub(1, 100)))
    assert.is_nil((p.client:read()))
    assert.is_true(unit.bear_buffers(p.client) < 1024)
    assert(p.client:feed(record:sub(101)))
    assert.equal(text(16384), p.client:read())
  end)

  it("of a failed connection hold the alert alone", function()
    local p = connected()
    assert.is_nil((p.client:feed(pair.record(23, ("x"):rep(16000)))))
    assert.is_true(unit.bear_buffers(p.client) <= 1024)
    p.client:pull()
    assert.equal(0, (unit.bear_buffers(p.client)))
  end)
end)

describe("limits", function()
  local function refused(conn, bytes, code, pattern)
    local ok, err = conn:feed(bytes)
    assert.is_nil(ok)
    assert.equal(code, err.code)
    assert.matches(pattern, tostring(err))
    assert.equal(2, (last_alert { conn:pull() }))
  end

  it("stand for empty records", function()
    refused(server():connection(), pair.record(22, ""):rep(40), "limit", "32 in a row")
  end)

  it("stand for warnings", function()
    refused(server():connection(), pair.record(21, "\1\90"):rep(40), "limit", "32 in a row")
  end)

  it("stand for a record in clear", function()
    refused(server():connection(), "\22\3\1\64\1", "record_overflow", "16385 bytes")
  end)

  it("stand for a handshake message", function()
    refused(server():connection(), pair.record(22, "\1\2\0\1" .. ("x"):rep(100)), "limit", "131073 bytes")
  end)

  it("stand for all of the handshake", function()
    local conn = server():connection()
    local ok, err = true, nil
    local message = pair.record(22, "\1\2\0\0" .. ("\3"):rep(16000))
    for _ = 1, 9 do
      ok, err = conn:feed(message)
      if not ok then break end
    end
    assert.is_nil(ok)
    assert.is_true(err.code == "limit" or err.code == "decode")
  end)

  it("stand for an encrypted record", function()
    local p = connected()
    local ok, err = p.server:feed("\23\3\3\72\1")
    assert.is_nil(ok)
    assert.equal("record_overflow", err.code)
    local _, peer_err = p.client:feed(p.server:pull())
    assert.equal("record_overflow", peer_err.alert)
  end)
end)
