-- What a second reader of the native engine found: each a rule of the RFCs that a peer, or a caller, could break.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local hostile = require "spec.support.hostile"
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"

-- Two of ours that have shaken hands in this version, by the native engine.
local function connected(version, server_options)
  local options = { engine = "native", max_version = version }
  return pair.connected(options, pair.with(options, server_options))
end

local CLEAR_CLOSE_NOTIFY = "\21\3\3\0\2\1\0"

describe("the end of a TLS 1.3 connection", function()
  it("is no alert in clear once its keys stand, whoever put it there", function()
    local client = hostile.server():run()
    assert.is_true(client:connected())
    client:feed(CLEAR_CLOSE_NOTIFY)
    hostile.assert_refused(client, "unexpected_message")
    local server = hostile.client():run()
    assert.is_true(server:connected())
    server:feed(CLEAR_CLOSE_NOTIFY)
    hostile.assert_refused(server, "unexpected_message")
  end)
end)

describe("an exporter", function()
  it("takes labels that an HkdfLabel has room for, and none of TLS's own", function()
    for _, version in ipairs { "1.2", "1.3" } do
      local p = connected(version)
      local longest = ("l"):rep(249) -- label<7..255> with "tls13 " (RFC 8446 section 7.1)
      assert.equal(32, #assert(p.client:exporter(longest, nil, 32)))
      for _, size in ipairs { 250, 400, 70000 } do
        local out, err = p.client:exporter(("l"):rep(size), nil, 32)
        assert.is_nil(out)
        assert.equal("option", err.code)
      end
      local context = ("c"):rep(65536)
      assert.equal(version == "1.3", p.client:exporter("EXPORTER", context, 32) ~= nil)
    end
    local p = connected "1.2"
    for _, label in ipairs { "client finished", "server finished", "master secret", "extended master secret",
      "key expansion" } do -- RFC 5705 section 4, RFC 7627 section 5.1
      local out, err = p.client:exporter(label, nil, 32)
      assert.is_nil(out, label)
      assert.equal("option", err.code)
    end
  end)
end)

local function text(path)
  return pki.read(path)
end

describe("the identity that answers a CertificateRequest", function()
  it("lives until it was used, whatever is asked in between", function()
    local own = pki.client.p256
    local client = hostile.client_config {
      record_size_limit = 64, on_peer = function() return true end, -- a flight of many records
      on_certificate_request = function() return text(own.certificate), text(own.key) end,
    }
    local p = pair.new(client,
      pair.server_config { max_version = "1.3", client_auth = "require", client_trust = pki.roots })
    p:run(function(bytes)
      local pieces = {}
      for piece in bytes:gmatch(("."):rep(64, "?") .. "?") do pieces[#pieces + 1] = piece end
      return setmetatable({}, { __len = function() return #pieces end, __index = function(_, i)
        collectgarbage()
        return pieces[i]
      end })
    end)
    assert.is_nil(p.client_err)
    assert.is_nil(p.server_err)
    assert.equal("connected", p.server:state())
    assert.equal(bearssl.x509.load(own.leaf)[1]:der(), p.server:peer_certificates()[1]:der())
  end)
end)

-- authorities: DER names, or nothing
local function certificate_request(context, authorities)
  return function(m)
    m.context, m.extensions = context, { { 13, "\0\4\4\3\8\4" } }
    if authorities then m.extensions[2] = { 47, (">s2"):pack((">s2"):pack(authorities)) } end
  end
end

describe("a CertificateRequest after the handshake", function()
  it("does not look at the authorities of the one before", function()
    local own = pki.client.p256
    local p = hostile.server { config = hostile.client_config {
      certificate = own.certificate, key = own.key, post_handshake_auth = true } }
    p:run({ certificate_request = certificate_request("", bearssl.x509.load(own.certificate)[2].issuer.der) },
      { "client_hello", "server_hello", "encrypted_extensions", "certificate_request", "certificate",
        "certificate_verify", "finished", "client_finished" })
    assert.equal(11, p.client_messages[1].type)
    collectgarbage()
    p:run({ certificate_request = certificate_request "later" }, { "certificate_request" })
    local m = p:receive()
    assert.equal(11, m.type)
    local context, list = (">s1s3"):unpack(m.body)
    assert.equal("later", context)
    assert.equal(bearssl.x509.load(own.leaf)[1]:der(), (">s3"):unpack(list))
  end)
end)

describe("client authentication after the handshake", function()
  local own = pki.client.p256
  local options = { post_handshake_auth = true, client_auth = "request", client_trust = pki.roots }

  local function offer_later(m)
    table.insert(m.extensions, 1, { 49, "" })
  end

  -- A CertificateRequest of our server, after the steps.
  local function asked(steps, changes)
    changes = changes or {}
    changes.client_hello = offer_later
    local p = hostile.client { config = hostile.server_config(options) }
    p:run(changes, steps)
    assert.is_true(p:connected())
    assert.is_true(p.conn:request_certificate())
    local request = p:receive()
    assert.equal(13, request.type)
    p.context = (">s1"):unpack(request.body)
    return p
  end

  local function finish(p)
    p:send("finished", { verify_data = p:finished_data(p.client_traffic) })
  end

  local unknown = { "client_hello", "server_hello", "server_flight", function(p)
    p:send("certificate", { context = "", entries = {} })
  end, "finished", "tickets" }

  it("makes nobody known before CertificateVerify and Finished", function()
    local p = asked(unknown)
    assert.is_nil(p.conn:peer_certificates())
    p:run({}, { "certificate" }) -- anybody may have this certificate
    assert.is_true(p:connected())
    assert.is_nil(p.conn:peer_certificates())
    assert.is_nil(p.conn:verified_chain())
    p:run({}, { "certificate_verify" })
    assert.is_nil(p.conn:peer_certificates())
    finish(p)
    assert.is_true(p:connected())
    assert.equal(bearssl.x509.load(own.leaf)[1]:der(), p.conn:peer_certificates()[1]:der())
    assert.truthy(p.conn:verified_chain())
  end)

  it("is declined by one who is known already", function()
    local p = asked(hostile.client_flows.flow_authenticated)
    local known = p.conn:peer_certificates()[1]:der()
    p:send("certificate", { context = p.context, entries = {} })
    assert.is_true(p:connected(), tostring(p.err))
    finish(p)
    assert.is_true(p:connected(), tostring(p.err))
    assert.equal(known, p.conn:peer_certificates()[1]:der())
    p:data "still here"
    assert.equal("still here", p.conn:read())
  end)

  it("leaves the connection what it is while it goes on", function()
    local p = asked(unknown)
    p:run({}, { "certificate" })
    assert.equal("connected", p.conn:state())
    assert.truthy(p.conn:exporter("EXPORTER-test", nil, 32))
    assert.is_true(p.conn:update_keys())
    assert.equal(24, p:receive().type)
    p:update "read"
    assert.truthy(p.conn:write "on")
    assert.equal("on", p:event().data)
    p:record(21, "\1\0") -- close_notify
    assert.equal("half_closed", p.conn:state())
    local after = asked(unknown)
    after:run({}, { "certificate" })
    after:feed "\20\3\3\0\1\1" -- change_cipher_spec, long after the handshake (section 5)
    hostile.assert_refused(after, "unexpected_message")
  end)
end)

describe("SCTs", function()
  it("of TLS 1.2 come with ServerHello and stay", function()
    local list = "\0\4\0\2ab" -- SignedCertificateTimestampList (RFC 6962 section 3.3)
    for _, version in ipairs { "1.2", "1.3" } do
      local p = connected(version, { scts = list })
      assert.equal(list, p.client:scts())
    end
  end)
end)

describe("a client that has sent early data", function()
  it("does not go on in TLS 1.2 (RFC 8446 appendix D.3)", function()
    local config = hostile.client_config { early_data = true }
    local first = pair.new(config, pair.server_config { max_version = "1.3", max_early_data = true }):run()
    local session = assert(first.client:session())
    local p = pair.new(config, pair.server_config { max_version = "1.2", engine = "native" },
      { name = "localhost", session = session })
    p:run()
    assert.equal("protocol_version", p.client_err.code)
    assert.equal("failed", p.client:state())
    assert.same({ 2, 70 }, { pair.last_alert(p.to_server) })
  end)
end)

describe("the second ClientHello", function()
  local changes = {
    ["another server_name"] = function(m)
      hostile.messages.set(m.extensions, 0, (">s2"):pack("\0" .. (">s2"):pack "internal.example"))
    end,
    ["no server_name"] = function(m) hostile.messages.drop(m.extensions, 0) end,
    ["another random"] = function(m) m.random = ("D"):rep(32) end,
    ["another session ID"] = function(m) m.session_id = ("J"):rep(32) end,
    ["more suites"] = function(m) m.cipher_suites[2] = 0x1302 end,
    ["another ALPN"] = function(m) hostile.messages.set(m.extensions, 16, "\0\3\2h2") end,
  }

  -- The group of the first share is one that the server does not take.
  local function retried(change)
    local p = hostile.client { group = 23, config = hostile.server_config { groups = { "x25519" } } }
    local count = 0
    return p:run({ client_hello = function(m)
      count = count + 1
      if count == 2 and change then change(m) end
    end }, hostile.client_flows.flow_retry)
  end

  it("differs in nothing that was decided by the first (RFC 8446 section 4.1.2)", function()
    assert.is_true(retried():connected())
    for name, change in pairs(changes) do
      local p = retried(change)
      assert.truthy(p.err, name)
      hostile.assert_refused(p, "illegal_parameter")
    end
  end)
end)

describe("after our close_notify", function()
  local core = require "bearssl.core"

  it("no handshake goes on", function()
    for _, version in ipairs { "1.2", "1.3" } do
      local p = pair.new(hostile.client_config { engine = "native", max_version = version },
        pair.server_config { engine = "native", max_version = version })
      p.server:feed(p.client:pull())
      p.client:close()
      assert.equal("\21\3\3\0\2\1\0", p.client:pull())
      p.client:feed(p.server:pull())
      assert.equal("", p.client:pull())
      assert.equal("closing", p.client:state())
    end
  end)

  it("no ticket comes, nor a certificate", function()
    local config = hostile.client_config { early_data = true }
    local server = pair.server_config { max_version = "1.3", max_early_data = true,
      early_data_guard = function() return true end }
    local p = pair.new(config, server):run()
    p = pair.new(config, server, { name = "localhost", session = assert(p.client:session()) })
    core.write_early(p.client, "question")
    p.server:feed(p.client:pull())
    assert.equal("question", p.server:read())
    assert.truthy(p.server:write "answer")
    p.server:close()
    p:run()
    assert.is_nil(p.server_err)
    assert.equal("answer", p.client:read())
    assert.equal("half_closed", p.client:state())
    assert.equal(1, #p.to_client)

    local own = pki.client.p256
    local later = hostile.server { config = hostile.client_config {
      certificate = own.certificate, key = own.key, post_handshake_auth = true } }
    later:run()
    later.conn:close()
    later:run({ certificate_request = certificate_request "later" }, { "certificate_request" })
    assert.is_nil(later.err)
    local said = later:drain()
    assert.equal(1, #said)
    assert.same({ "alert", 0 }, { said[1].kind, said[1].description })
  end)
end)

describe("an answer to what the peer asks again and again", function()
  it("is given once, until there is something to say", function()
    local p = hostile.server():run()
    for _ = 1, 100 do
      p:send("key_update", { request_update = 1 })
      p:update "write"
      p:data "."
      assert.equal(".", p.conn:read())
    end
    assert.equal(24, p:receive().type)
    p:update "read"
    assert.is_nil(p:event())
    assert.truthy(p.conn:write "and now") -- RFC 8446 section 4.6.3: a KeyUpdate before the next data
    assert.equal(24, p:receive().type)
    p:update "read"
    assert.equal("and now", p:event().data)
    p:send("key_update", { request_update = 1 })
    p:update "write"
    assert.equal(24, p:receive().type)

    local old = hostile.server_12 { config = hostile.client_config { engine = "native", max_version = "1.2" } }
    old:run()
    old:drain()
    for _ = 1, 100 do
      old:inject(0, "") -- HelloRequest
      old:data "."
      assert.equal(".", old.conn:read())
    end
    assert.equal(1, #old:drain())
  end)

  it("is not kept for a peer that reads nothing", function()
    local own = pki.client.p256
    local p = hostile.server { config = hostile.client_config {
      certificate = own.certificate, key = own.key, post_handshake_auth = true } }
    p:run()
    for i = 1, 2000 do
      if p.err then break end
      p:run({ certificate_request = certificate_request("context " .. i) }, { "certificate_request" })
      if not p.err then p:data "." end
      p.conn:read()
    end
    assert.equal("limit", p.err.code)
    assert.is_true(#p.conn:pull() < 200000)
    local idle = hostile.server { config = hostile.client_config {
      certificate = own.certificate, key = own.key, post_handshake_auth = true } }
    idle:run()
    for i = 1, 33 do
      assert.is_nil(idle.err)
      idle:run({ certificate_request = certificate_request("context " .. i) }, { "certificate_request" })
      idle:drain()
    end
    assert.equal("limit", idle.err.code)
  end)
end)

describe("the end of the transport while a callback thinks", function()
  it("takes nothing away of what came before", function()
    local own, p = pki.client.p256, nil
    local server = pair.server_config { max_version = "1.3", client_auth = "require", client_trust = pki.roots,
      on_peer = function()
        p.server:feed_eof()
        return true
      end }
    p = pair.new(hostile.client_config { certificate = own.certificate, key = own.key }, server)
    p.server:feed(p.client:pull())
    p.client:feed(p.server:pull())
    assert.truthy(p.client:write "last words")
    p.client:close()
    assert(p.server:feed(p.client:pull()))
    assert.equal("last words", p.server:read())
    assert.equal("half_closed", p.server:state())
  end)
end)

describe("early data that a retry rejects", function()
  it("is passed over until the second ClientHello", function()
    local function retried(late)
      local p = hostile.client { group = 23, config = hostile.server_config { groups = { "x25519" } } }
      local count, early = 0, "\23\3\3\0\64" .. ("e"):rep(64)
      p:run({ client_hello = function(m)
        count = count + 1
        if count == 1 then table.insert(m.extensions, 1, { 42, "" }) end
      end }, { "client_hello", function() p:feed(early) end, "hello_retry_request", "client_hello", "server_hello",
        "server_flight", function() if late then p:feed(early) end end, "finished" })
      return p
    end
    assert.is_true(retried(false):connected())
    local p = retried(true)
    assert.equal("bad_record", p.err.code)
    assert.equal("bad_record_mac", p.err.alert)
  end)
end)

describe("record_size_limit", function()
  it("is kept to by a peer that knows it (RFC 8449 section 4)", function()
    local knows = { encrypted_extensions = function(m) m.extensions = { { 28, "\64\1" } } end }
    local config = hostile.client_config { record_size_limit = 1000 }
    local p = hostile.server { config = config }
    p:run(knows)
    assert.is_true(p:connected(), tostring(p.err))
    p:data(("."):rep(1000)) -- the type makes 1001, which is what was told
    assert.equal(1000, #p.conn:read())
    p:data(("."):rep(990), { padding = 10 })
    assert.equal(990, #p.conn:read())
    p:data(("."):rep(990), { padding = 11 })
    hostile.assert_refused(p, "record_overflow")
    local ignorant = hostile.server { config = config }
    ignorant:run()
    ignorant:data(("."):rep(16384))
    assert.equal(16384, #ignorant.conn:read())
  end)

  it("binds a client of TLS 1.2 too", function()
    local p = hostile.client_12 { config = hostile.server_config { record_size_limit = 1000, max_version = "1.2",
      engine = "native" } }
    p:run { client_hello = function(m)
      hostile.messages.drop(m.extensions, 43) -- supported_versions
      table.insert(m.extensions, 1, { 28, "\64\0" })
    end }
    assert.is_true(p:connected(), tostring(p.err))
    p:data(("."):rep(1000))
    assert.equal(1000, #p.conn:read())
    p:data(("."):rep(1001))
    hostile.assert_refused(p, "record_overflow")
  end)
end)

describe("a connection that failed", function()
  it("gives no session after a fatal alert (RFC 8446 section 6.2)", function()
    for _, version in ipairs { "1.2", "1.3" } do
      local p = connected(version)
      assert.truthy(p.client:session())
      assert.truthy(p.client:session()) -- the other one of TLS 1.3, the same of TLS 1.2
      p = connected(version)
      p.client:feed(pair.record(23, ("x"):rep(32)))
      assert.equal("failed", p.client:state())
      assert.is_nil((p.client:session()))
      assert.is_nil((p.client:exporter("EXPORTER", nil, 32)))
      p = connected(version)
      p.client:feed_eof() -- many servers end like this
      assert.truthy(p.client:session())
    end
  end)

  it("asks for nothing and changes no keys", function()
    local options = { max_version = "1.3", post_handshake_auth = true, client_auth = "request",
      client_trust = pki.roots }
    local p = pair.connected({ max_version = "1.3", post_handshake_auth = true }, options)
    p.server:feed(pair.record(23, ("x"):rep(32)))
    p.server:pull()
    assert.is_nil((p.server:request_certificate()))
    assert.is_nil((p.server:update_keys()))
    assert.equal("", p.server:pull())
  end)
end)

describe("a key log", function()
  it("is that of the config which the connection was made with", function()
    local lines = {}
    local other = pair.server_config { max_version = "1.3" }
    local server = pair.server_config { max_version = "1.3", on_client_hello = function() return other end,
      key_log = function(line) lines[#lines + 1] = line:match "^%S+" end }
    local p = pair.new(hostile.client_config(), server):run()
    assert.equal("connected", p.server:state())
    table.sort(lines)
    assert.same({ "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "EXPORTER_SECRET",
      "SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0" }, lines)
  end)
end)

describe("a message that never ends", function()
  local function fed(conn, type)
    local bytes, total = string.char(type) .. "\0\240\0" .. ("x"):rep(1020), 0 -- 61440 bytes are announced
    for _ = 1, 60 do
      local ok, err = conn:feed(pair.record(22, bytes))
      if not ok then return err.code, total end
      bytes, total = ("x"):rep(1024), total + 1024
    end
    return nil, total
  end

  it("is not kept beyond the limit of its type", function()
    for _, type in ipairs { 1, 11, 99 } do -- the first message, certificates before any version was agreed on
      local code, total = fed(assert(hostile.server_config():connection()), type)
      assert.equal("limit", code)
      assert.is_true(total <= 17 * 1024)
    end
    local client = assert(hostile.client_config():connection { name = "localhost" })
    local code, total = fed(client, 2)
    assert.equal("limit", code)
    assert.is_true(total <= 17 * 1024)
  end)
end)

describe("server_name", function()
  it("is sent of a name whose last label begins with a digit, and not of an address", function()
    local client_hello = require "bearssl.client_hello"
    for name, sent in pairs { ["printer.3rd-floor"] = "printer.3rd-floor", ["a.1x"] = "a.1x", ["127.0.0.1"] = false,
      ["::1"] = false, ["example.com"] = "example.com" } do
      local conn = ends.client({ max_version = "1.3" }):connection { name = name }
      local hello = client_hello(conn:pull():sub(10)) -- behind the headers of record and message
      assert.equal(sent or nil, hello.server_name)
    end
  end)
end)
