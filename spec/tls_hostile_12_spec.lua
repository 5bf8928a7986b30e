-- Our engine's TLS 1.2 against a server and a client that break the rules of RFC 5246, RFC 8422, RFC 7627 and RFC 5746,
-- one in each case.
local hostile = require "spec.support.hostile"
local pki = require "spec.support.pki"

local messages, spoil = hostile.messages, hostile.spoil
local server_flows, client_flows = hostile.server_flows, hostile.client_flows
local set, drop, add, field, tail, cut = spoil.set, spoil.drop, spoil.add, spoil.field, spoil.tail, spoil.cut
local skip, before, record = spoil.skip, spoil.before, spoil.record

local function inserted(flow, after, ...)
  local list = {}
  for _, step in ipairs(flow) do
    list[#list + 1] = step
    if step == after then
      for _, more in ipairs { ... } do list[#list + 1] = more end
    end
  end
  return list
end

local asking = inserted(server_flows.flow_12, "server_key_exchange", "certificate_request_12")
local with_ticket = inserted(server_flows.flow_12, "client_flight_12", "new_session_ticket_12")
local rsa = { identity = pki.server.rsa2048, scheme = 0x0804, suite = 0xc02f }

describe("a client of TLS 1.2", function()
  it("meets a server that keeps the rules", function()
    for _, options in ipairs { {}, { group = 23 }, { without_ems = true }, { suite = 0xc02c }, { suite = 0xcca9 }, rsa,
      { steps = asking }, { steps = with_ticket, ticket_12 = true } } do
      local p = hostile.server_12(options):run()
      assert.truthy(p:connected(), tostring(p.err))
      assert(p:data "hello")
      assert.equal("hello", p.conn:read())
      assert(p.conn:write "world")
      assert.equal("world", p:event().data)
    end
  end)

  describe("in ServerHello", function()
    hostile.rows(it, hostile.server_12, {
      { "RFC 5246 section 7.4.1.3", "TLS 1.1", "protocol_version",
        { server_hello_12 = field("legacy_version", 0x0302) } },
      { "RFC 5246 section 7.4.1.3", "a version beyond TLS 1.2", "protocol_version",
        { server_hello_12 = field("legacy_version", 0x0304) } },
      { "RFC 5246 section 7.4.1.3", "a cipher suite that was not offered", "illegal_parameter",
        { server_hello_12 = field("cipher_suite", 0xc013) } },
      { "RFC 5246 section 7.4.1.3", "a cipher suite of TLS 1.3", "illegal_parameter",
        { server_hello_12 = field("cipher_suite", 0x1301) } },
      { "RFC 5246 section 7.4.1.3", "a compression method", "illegal_parameter",
        { server_hello_12 = field("compression_method", 1) } },
      { "RFC 5246 section 7.4.1.4", "an extension that was not offered", "unsupported_extension",
        { server_hello_12 = add(0x1234, "") } },
      { "RFC 5246 section 7.4.1.4", "an extension twice", "illegal_parameter",
        { server_hello_12 = add(0xff01, "\0") } },
      { "4.2", "key_share, which is one of TLS 1.3", "illegal_parameter", { server_hello_12 = add(51, "") } },
      { "RFC 5746 section 3.4", "renegotiation_info with a value", "handshake_failure",
        { server_hello_12 = set(0xff01, "\1x") }, { code = "insecure_renegotiation" } },
      { "RFC 7627 section 5.1", "extended_master_secret with a value", "decode_error",
        { server_hello_12 = set(23, "x") } },
      { "RFC 5077 section 3.2", "session_ticket with a value", "decode_error", { server_hello_12 = add(35, "x") } },
      { "RFC 5246 section 7.4", "ServerHello with trailing bytes", "decode_error", { server_hello_12 = tail } },
      { "RFC 5246 section 7.4", "ServerHello cut short", "decode_error", { server_hello_12 = cut } },
    })
  end)

  describe("in the server's flight", function()
    hostile.rows(it, hostile.server_12, {
      { "RFC 5246 section 7.4.2", "an empty Certificate", "handshake_failure",
        { certificate = field("entries", {}) }, { code = "no_peer_certificate" } },
      { "RFC 5246 section 7.4.2", "the absence of Certificate", "unexpected_message", { certificate = skip } },
      { "RFC 5246 section 7.4.2", "Certificate with trailing bytes", "decode_error", { certificate = tail } },
      { "RFC 5246 section 7.4.3", "the absence of ServerKeyExchange", "unexpected_message",
        { server_key_exchange = skip } },
      { "RFC 8422 section 5.4", "explicit curve parameters", "decode_error",
        { server_key_exchange = field("curve_type", 1) } },
      { "RFC 8422 section 5.4", "a curve that was not offered", "illegal_parameter",
        { server_key_exchange = function(m) m.named_curve, m.point = 26, ("\4"):rep(65) end } },
      { "RFC 8422 section 5.4", "a point of no bytes", "decode_error", { server_key_exchange = field("point", "") } },
      { "RFC 8422 section 5.4", "an X25519 value of 31 bytes", "illegal_parameter",
        { server_key_exchange = field("point", ("x"):rep(31)) } },
      { "RFC 8422 section 5.11", "an X25519 value that makes a secret of zeros", "illegal_parameter",
        { server_key_exchange = field("point", ("\0"):rep(32)) } },
      { "RFC 8422 section 5.11", "a point off the curve", "illegal_parameter",
        { server_key_exchange = field("point", "\4" .. ("\1"):rep(64)) }, { group = 23 } },
      { "RFC 8422 section 5.11", "a compressed point", "illegal_parameter",
        { server_key_exchange = field("point", "\2" .. ("\1"):rep(32)) }, { group = 23 } },
      { "RFC 5246 section 7.4.3", "a signature scheme that was not offered", "illegal_parameter",
        { server_key_exchange = function(m) m.scheme, m.signature = 0x0203, "x" end } },
      { "RFC 5246 section 7.4.3", "a signature scheme of another key than the suite's", "illegal_parameter",
        { server_key_exchange = function(m) m.scheme, m.signature = 0x0401, "x" end } },
      { "RFC 5246 section 7.4.3", "a signature that does not verify", "decrypt_error",
        { server_key_exchange = field("signature", "0") }, { code = "bad_signature" } },
      { "RFC 5246 section 7.4.3", "a signature over other randoms", "decrypt_error",
        { server_key_exchange = function(m, p) p.server_random = ("T"):rep(32) return m end },
        { code = "bad_signature" } },
      { "RFC 5246 section 7.4.3", "ServerKeyExchange with trailing bytes", "decode_error",
        { server_key_exchange = tail } },
      { "RFC 5246 section 7.4.3", "ServerKeyExchange twice", "unexpected_message",
        { server_hello_done = before(12, "\3\0\29\0") } },
      { "RFC 5246 section 7.4.5", "ServerHelloDone with a body", "decode_error", { server_hello_done = tail } },
      { "RFC 5246 section 7.3", "more in the record of ServerHelloDone", "unexpected_message",
        { server_hello_done = field("append", "\0\0\0\0") } },
      { "RFC 6066 section 8", "CertificateStatus that was not announced", "unexpected_message",
        { server_key_exchange = before(22, "\1\0\0\1x") } },
      { "RFC 5246 section 7.3", "Finished before ServerHelloDone", "unexpected_message",
        { server_hello_done = before(20, ("x"):rep(12)) } },
      { "RFC 5246 section 7.1", "ChangeCipherSpec before ServerHelloDone", "unexpected_message",
        { server_hello_done = record(20, "\1") } },
      { "RFC 5246 section 7.1", "ChangeCipherSpec right behind ServerHello", "unexpected_message",
        { certificate = record(20, "\1") } },
      { "RFC 5246 section 7.3", "application data in the handshake", "unexpected_message",
        { server_hello_done = record(23, "x") } },
    })
    hostile.rows(it, hostile.server_12, {
      { "RFC 5246 section 7.4.3", "an ECDSA signature in a suite of RSA", "illegal_parameter",
        { server_key_exchange = function(m) m.scheme, m.signature = 0x0403, "x" end }, rsa },
      { "RFC 5246 section 7.4.2", "an RSA certificate in a suite of ECDSA", "illegal_parameter",
        nil, { identity = pki.server.rsa2048 , scheme = 0x0804 } },
    })

    local function make(options)
      return hostile.server_12(hostile.with({ steps = asking }, options))
    end
    hostile.rows(it, make, {
      { "RFC 5246 section 7.4.4", "CertificateRequest of no types", "decode_error",
        { certificate_request_12 = field("certificate_types", "") } },
      { "RFC 5246 section 7.4.4", "CertificateRequest of no schemes", "decode_error",
        { certificate_request_12 = field("schemes", {}) } },
      { "RFC 5246 section 7.4.4", "CertificateRequest with an empty name", "decode_error",
        { certificate_request_12 = field("authorities", "\0\0") } },
      { "RFC 5246 section 7.4.4", "CertificateRequest with trailing bytes", "decode_error",
        { certificate_request_12 = tail } },
      { "RFC 5246 section 7.4.4", "CertificateRequest twice", "unexpected_message",
        { server_hello_done = before(13, "\1\64\0\2\4\3\0\0") } },
    })
  end)

  describe("at the end", function()
    hostile.rows(it, hostile.server_12, {
      { "RFC 5246 section 7.4.9", "a Finished that is wrong", "decrypt_error",
        { finished_12 = field("verify_data", ("x"):rep(12)) }, { code = "bad_finished" } },
      { "RFC 5246 section 7.4.9", "a Finished of 11 bytes", "decode_error",
        { finished_12 = field("verify_data", ("x"):rep(11)) } },
      { "RFC 5246 section 7.4.9", "Finished before ChangeCipherSpec", "unexpected_message",
        { change_cipher_spec_12 = before(20, ("x"):rep(12)) } },
      { "RFC 5246 section 7.1", "ChangeCipherSpec twice", "unexpected_message", { finished_12 = record(20, "\1") } },
      { "RFC 5246 section 7.1", "a ChangeCipherSpec of another value", "unexpected_message",
        { change_cipher_spec_12 = function(m, p) m.skip = true p:record(20, "\2") end } },
      { "RFC 5246 section 7.4.9", "application data before Finished", "unexpected_message",
        { finished_12 = record(23, "x") } },
      { "RFC 5077 section 3.3", "NewSessionTicket that was not announced", "unexpected_message",
        { change_cipher_spec_12 = before(4, "\0\0\14\16\0\1x") } },
      { "RFC 5246 section 6.2.3", "a record that does not decrypt", "bad_record_mac",
        { finished_12 = record(22, ("x"):rep(40), { clear = true }) } },
    })
    hostile.rows(it, function(options)
      return hostile.server_12(hostile.with({ ticket_12 = true, steps = with_ticket }, options))
    end, {
      { "RFC 5077 section 3.3", "NewSessionTicket with trailing bytes", "decode_error",
        { new_session_ticket_12 = tail } },
      { "RFC 5077 section 3.3", "more in the record of NewSessionTicket", "unexpected_message",
        { new_session_ticket_12 = field("append", "\0") } },
      { "RFC 5077 section 3.3", "the absence of NewSessionTicket that was announced", "unexpected_message",
        { new_session_ticket_12 = skip } },
    })
  end)

  describe("with a session", function()
    local function make(options)
      local first = hostile.server_12({ ticket_12 = true, steps = with_ticket,
        without_ems = options.first_without_ems }):run()
      return hostile.server_12(hostile.with({ steps = server_flows.flow_resumed_12, resume_master = first.master,
        connection_options = { name = "localhost", session = assert(first.conn:session()) } }, options))
    end
    local function echoed(m, p)
      m.session_id = p.hello.session_id
    end
    local function also(change)
      return function(m, p)
        echoed(m, p)
        change(m, p)
      end
    end

    it("resumes it", function()
      local p = make({}):run { server_hello_12 = echoed }
      assert.truthy(p:connected(), tostring(p.err))
      assert.is_true(p.conn:info().resumed)
      assert(p:data "hello")
      assert.equal("hello", p.conn:read())
    end)

    it("makes a full handshake where the server wants one", function()
      local p = make({ steps = server_flows.flow_12 }):run()
      assert.truthy(p:connected(), tostring(p.err))
      assert.is_false(p.conn:info().resumed)
    end)

    hostile.rows(it, make, {
      { "RFC 5246 section 7.4.1.3", "another cipher suite than the session's", "illegal_parameter",
        { server_hello_12 = also(field("cipher_suite", 0xc02c)) } },
      { "RFC 7627 section 5.3", "a session with extended_master_secret resumed without", "illegal_parameter",
        { server_hello_12 = also(drop(23)) } },
      { "RFC 7627 section 5.3", "a session without extended_master_secret resumed with", "illegal_parameter",
        { server_hello_12 = echoed }, { first_without_ems = true } },
      { "RFC 5246 section 7.4.9", "a Finished that is wrong, resumed", "decrypt_error",
        { server_hello_12 = echoed, finished_12 = field("verify_data", ("x"):rep(12)) } },
      { "RFC 5246 section 7.3", "Certificate in an abbreviated handshake", "unexpected_message",
        { server_hello_12 = echoed, change_cipher_spec_12 = before(11, "\0\0\0") } },
    })
  end)

  describe("connected,", function()
    local function make(options)
      local p = hostile.server_12():run()
      p.steps = options.steps
      return p
    end
    hostile.rows(it, make, {
      { "4.6.3", "KeyUpdate, which is one of TLS 1.3", "unexpected_message",
        nil, { steps = { function(p) p:inject(24, "\0") end } } },
      { "RFC 5246 section 7.1", "ChangeCipherSpec after the handshake", "unexpected_message",
        nil, { steps = { function(p) p:record(20, "\1") end } } },
      { "RFC 5246 section 7.3", "ServerHello after the handshake", "unexpected_message",
        nil, { steps = { function(p) p:inject(2, "") end } } },
      { "RFC 5246 section 6.2.1", "data of 2^14 + 1 bytes", "record_overflow",
        nil, { steps = { function(p) p:data(("x"):rep(16385)) end } } },
      { "RFC 5246 section 6.2.3", "a replayed record", "bad_record_mac", nil, { steps = { function(p)
        local sealed = p:seal(23, "once")
        p:feed(sealed)
        p.conn:read()
        p:feed(sealed)
      end } } },
    })

    it("answers HelloRequest by no_renegotiation, and goes on (RFC 5246 section 7.4.1.1)", function()
      local p = make {}
      assert(p:inject(0, ""))
      local e = p:event()
      assert.same({ "alert", 1, 100 }, { e.kind, e.level, e.description })
      assert(p:data "on")
      assert.equal("on", p.conn:read())
    end)

    it("does not bear with HelloRequests without end", function()
      local p = make {}
      for _ = 1, 40 do p:inject(0, "") end
      p:drain()
      assert.equal("limit", p.err.code)
      assert.equal("failed", p.conn:state())
    end)

    it("does not bear with warnings without end", function()
      local p = make {}
      for _ = 1, 40 do p:record(21, "\1\90") end
      hostile.assert_refused(p, "internal_error", "limit")
    end)
  end)
end)

describe("a server of TLS 1.2", function()
  local config = hostile.server_config { min_version = "1.2" }
  local mutual = hostile.server_config { client_auth = "require", client_trust = pki.roots }
  local optional = hostile.server_config { client_auth = "request", client_trust = pki.roots }
  -- A hello of TLS 1.2, as those of before TLS 1.3 are.
  local function old(m)
    drop(43)(m)
    drop(45)(m)
    drop(51)(m)
    add(23, "")(m)
  end
  local function make(options)
    local p = hostile.client_12(hostile.with({ config = config }, options))
    local run = p.run
    function p:run(changes, steps)
      changes = hostile.with({}, changes)
      local more = changes.client_hello
      function changes.client_hello(m, peer)
        old(m)
        if more then more(m, peer) end
      end
      return run(self, changes, steps)
    end
    return p
  end

  it("meets a client that keeps the rules", function()
    local p = make({}):run()
    assert.truthy(p:connected(), tostring(p.err))
    assert(p:data "hello")
    assert.equal("hello", p.conn:read())
    p = make({}):run { client_hello = drop(23) }
    assert.truthy(p:connected(), tostring(p.err))
    p = make({ config = mutual, steps = client_flows.flow_authenticated_12 }):run()
    assert.truthy(p:connected(), tostring(p.err))
    p = make({ config = optional, steps = client_flows.flow_authenticated_12 })
    p:run { certificate = field("entries", {}), certificate_verify = skip }
    assert.truthy(p:connected(), tostring(p.err))
  end)

  hostile.rows(it, make, {
    { "RFC 5246 section 7.4.1.2", "a hello of TLS 1.1", "protocol_version",
      { client_hello = field("legacy_version", 0x0302) } },
    { "RFC 5246 section 7.4.1.2", "no null compression", "illegal_parameter",
      { client_hello = field("compression_methods", "\1") } },
    { "RFC 5246 section 7.4.1.2", "no cipher suite in common", "handshake_failure",
      { client_hello = field("cipher_suites", { 0xc013, 0x00ff }) }, { code = "no_cipher_suite" } },
    { "RFC 5246 section 7.4.1.2", "cipher suites of TLS 1.3 alone", "handshake_failure",
      { client_hello = field("cipher_suites", { 0x1301 }) }, { code = "no_cipher_suite" } },
    { "RFC 8422 section 5.1.1", "no group in common", "handshake_failure", { client_hello = set(10, "\0\2\0\26") } },
    { "RFC 5746 section 3.6", "renegotiation_info with a value", "handshake_failure",
      { client_hello = add(0xff01, "\1x") }, { code = "insecure_renegotiation" } },
    { "RFC 7627 section 5.1", "extended_master_secret with a value", "decode_error", { client_hello = set(23, "x") } },
    { "RFC 5246 section 7.4.1.4", "no signature scheme for its key", "handshake_failure",
      { client_hello = set(13, "\0\2\8\4") }, { code = "no_signature_scheme" } },
    { "RFC 8422 section 5.1.2", "ec_point_formats without uncompressed", "illegal_parameter",
      { client_hello = add(11, "\1\1") } },
    { "RFC 5246 section 7.4", "ClientHello with trailing bytes", "decode_error", { client_hello = tail } },
    { "RFC 5246 section 7.3", "more in the record of ClientHello", "unexpected_message",
      { client_hello = field("append", messages.frame(16, "\1x")) } },
    { "RFC 5246 section 7.4.7", "the absence of ClientKeyExchange", "unexpected_message",
      { client_key_exchange = function(m, p)
      m.skip = true
      p:inject(20, ("x"):rep(12))
    end } },
    { "RFC 8422 section 5.11", "an X25519 value of 33 bytes", "illegal_parameter",
      { client_key_exchange = field("point", ("x"):rep(33)) } },
    { "RFC 8422 section 5.11", "an X25519 value that makes a secret of zeros", "illegal_parameter",
      { client_key_exchange = field("point", ("\0"):rep(32)) } },
    { "RFC 8422 section 5.7", "a point of no bytes", "decode_error", { client_key_exchange = field("point", "") } },
    { "RFC 5246 section 7.4.7", "ClientKeyExchange with trailing bytes", "decode_error",
      { client_key_exchange = tail } },
    { "RFC 5246 section 7.3", "more in the record of ClientKeyExchange", "unexpected_message",
      { client_key_exchange = field("append", "\20\0") } },
    { "RFC 5246 section 7.1", "ChangeCipherSpec before ClientKeyExchange", "unexpected_message",
      { client_key_exchange = record(20, "\1") } },
    { "RFC 5246 section 7.1", "ChangeCipherSpec twice", "unexpected_message", { finished_12 = record(20, "\1") } },
    { "RFC 5246 section 7.4.6", "Certificate where none was asked for", "unexpected_message",
      { client_key_exchange = before(11, "\0\0\0") } },
    { "RFC 5246 section 7.4.9", "Finished before ChangeCipherSpec", "unexpected_message",
      { change_cipher_spec_12 = before(20, ("x"):rep(12)) } },
    { "RFC 5246 section 7.4.9", "a Finished that is wrong", "decrypt_error",
      { finished_12 = field("verify_data", ("x"):rep(12)) }, { code = "bad_finished" } },
    { "RFC 5246 section 7.4.9", "a Finished of 13 bytes", "decode_error", { finished_12 = tail } },
    { "RFC 5246 section 7.4.9", "application data before Finished", "unexpected_message",
      { finished_12 = record(23, "x") } },
  })

  hostile.rows(it, function(options)
    return make(hostile.with({ config = mutual, steps = client_flows.flow_authenticated_12 }, options))
  end, {
    { "RFC 5246 section 7.4.6", "no certificate where one is required", "handshake_failure",
      { certificate = field("entries", {}) }, { code = "certificate_required" } },
    { "RFC 5246 section 7.4.6", "the absence of Certificate", "unexpected_message", { certificate = skip } },
    { "RFC 5246 section 7.4.8", "the absence of CertificateVerify", "unexpected_message",
      { certificate_verify = skip } },
    { "RFC 5246 section 7.4.8", "a scheme that was not asked for", "illegal_parameter",
      { certificate_verify = function(m) m.scheme, m.signature = 0x0203, "x" end } },
    { "RFC 5246 section 7.4.8", "a signature that does not verify", "decrypt_error",
      { certificate_verify = field("signature", "0") } },
    { "RFC 5246 section 7.4.8", "a scheme that is not the key's", "illegal_parameter",
      { certificate_verify = function(m) m.scheme, m.signature = 0x0804, "x" end } },
  })

  it("refuses CertificateVerify behind an empty Certificate", function()
    local p = make({ config = optional, steps = client_flows.flow_authenticated_12 })
    p:run { certificate = field("entries", {}), certificate_verify = field("signature", "x") }
    hostile.assert_refused(p, "unexpected_message")
  end)

  describe("with a session", function()
    local function resuming(options)
      local first = make({}):run { client_hello = function(m)
        add(35, "")(m)
        if options.first_without_ems then drop(23)(m) end
      end }
      assert(first.ticket_12, "no ticket")
      return make(hostile.with({ steps = client_flows.flow_resumed_12, session_12 = first,
        ticket = first.ticket_12 }, options))
    end
    local function offered(change)
      return function(m, p)
        add(35, p.ticket)(m)
        if change then change(m, p) end
      end
    end

    it("resumes it", function()
      local p = resuming({}):run { client_hello = offered() }
      assert.truthy(p:connected(), tostring(p.err))
      assert.is_true(p.conn:info().resumed)
      assert(p:data "hello")
      assert.equal("hello", p.conn:read())
    end)

    it("makes a full handshake for a session without extended_master_secret offered with (RFC 7627 5.3)", function()
      local p = resuming { first_without_ems = true, steps = client_flows.flow_12 }:run { client_hello = offered() }
      assert.truthy(p:connected(), tostring(p.err))
      assert.is_false(p.conn:info().resumed)
    end)

    hostile.rows(it, resuming, {
      { "RFC 7627 section 5.3", "a session with extended_master_secret offered without", "handshake_failure",
        { client_hello = offered(drop(23)) } },
      { "RFC 5246 section 7.4.9", "a Finished that is wrong, resumed", "decrypt_error",
        { client_hello = offered(), resumed_finished_12 = field("verify_data", ("x"):rep(12)) } },
      { "RFC 5246 section 7.3", "ClientKeyExchange in an abbreviated handshake", "unexpected_message",
        { client_hello = offered(), change_cipher_spec_12 = before(16, "\1x") } },
    })
  end)

  it("refuses renegotiation (RFC 9325 section 3.5)", function()
    local p = make({}):run()
    p:inject(1, "")
    p:drain()
    assert.equal("renegotiation", p.err.code)
    assert.equal(100, p.alert.description)
    assert.equal("failed", p.conn:state())
  end)
end)
