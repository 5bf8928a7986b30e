-- Our server of TLS 1.3 against a client that breaks the rules of RFC 8446, one in each case, from ClientHello to
-- Finished. docs/rfc8446.md is made of these rows.
local bearssl = require "bearssl"
local hostile = require "spec.support.hostile"
local pki = require "spec.support.pki"

local messages, spoil, flows = hostile.messages, hostile.spoil, hostile.client_flows
local set, drop, add, field, tail, cut = spoil.set, spoil.drop, spoil.add, spoil.field, spoil.tail, spoil.cut
local skip, shares, before, record = spoil.skip, spoil.shares, spoil.before, spoil.record

local p384, both, mutual, optional, p256_server = hostile.server_config { groups = "secp256r1" },
  hostile.server_config { min_version = "1.2" }, hostile.server_config { client_auth = "require",
    client_trust = pki.roots }, hostile.server_config { client_auth = "request", client_trust = pki.roots },
  hostile.server_config { groups = { "secp256r1" } }
local only_13 = hostile.server_config { min_version = "1.3" }

-- A hello with a ticket of the same config.
local function resuming(offer)
  return function(options)
    local first = hostile.client { config = options.config }:run()
    local ticket = hostile.with(first.tickets[1], offer)
    return hostile.client(hostile.with({ offer = ticket }, options))
  end
end

local function numbers(...)
  return (">s2"):pack(messages.vector(">I2", { ... }))
end

describe("a server of TLS 1.3", function()
  it("meets a client that keeps the rules", function()
    local p = hostile.client():run()
    assert.truthy(p:connected(), tostring(p.err))
    assert(p:data "hello")
    assert.equal("hello", p.conn:read())
    assert(p.conn:write "world")
    assert.equal("world", p:drain()[1].data)
    assert.truthy(hostile.client { config = p256_server, steps = flows.flow_retry }:run():connected())
    assert.truthy(hostile.client { config = mutual, steps = flows.flow_authenticated }:run():connected())
    local resumed = resuming() {}:run()
    assert.truthy(resumed:connected() and resumed.resumed and resumed.conn:info().resumed)
  end)

  describe("in ClientHello", function()
    hostile.rows(it, hostile.client, {
      { "D.5", "a legacy_version of SSL 3.0", "protocol_version", { client_hello = field("legacy_version", 0x0300) } },
      { "4.2.1", "a supported_versions without one that it speaks", "protocol_version",
        { client_hello = set(43, "\4\3\5\x7f\x1c") } },
      { "4.2.1", "a supported_versions of TLS 1.1 alone, whatever legacy_version says", "protocol_version",
        { client_hello = set(43, "\2\3\2") } },
      { "4.2.1", "a hello without supported_versions where it speaks TLS 1.3 alone", "protocol_version",
        { client_hello = drop(43) }, { config = only_13 } },
      { "4.2.1", "an empty supported_versions", "decode_error", { client_hello = set(43, "\0") } },
      { "4.2.1", "a supported_versions of odd length", "decode_error", { client_hello = set(43, "\3\3\4\3") } },
      { "4.1.2", "a compression method beside null", "illegal_parameter",
        { client_hello = field("compression_methods", "\1\0") } },
      { "4.1.2", "another compression method than null", "illegal_parameter",
        { client_hello = field("compression_methods", "\1") } },
      { "4.1.2", "no compression method", "decode_error", { client_hello = field("compression_methods", "") } },
      { "4.1.2", "a legacy_session_id of 33 bytes", "decode_error",
        { client_hello = field("session_id", ("x"):rep(33)) } },
      { "4.1.1", "no cipher suite that it has", "handshake_failure",
        { client_hello = field("cipher_suites", { 0x1304, 0x0a0a }) }, { code = "no_cipher_suite" } },
      { "4.1.1", "cipher suites of TLS 1.2 alone", "handshake_failure",
        { client_hello = field("cipher_suites", { 0xc02b }) }, { code = "no_cipher_suite" } },
      { "4.1.2", "no cipher suites", "decode_error", { client_hello = field("cipher_suites", {}) } },
      { "4.2", "an extension twice", "decode_error", { client_hello = add(43, "\2\3\4") } },
      { "4.2", "an unknown extension twice", "decode_error", { client_hello = function(m)
        add(0x1234, "")(m)
        add(0x1234, "")(m)
      end } },
      { "9.2", "no key_share", "missing_extension", { client_hello = drop(51) } },
      { "9.2", "no supported_groups", "missing_extension", { client_hello = drop(10) } },
      { "9.2", "no signature_algorithms where a certificate is to authenticate", "missing_extension",
        { client_hello = drop(13) } },
      { "4.2.3", "no signature scheme for its key", "handshake_failure",
        { client_hello = set(13, numbers(0x0804)) }, { code = "no_signature_scheme" } },
      { "4.2.3", "empty signature_algorithms_cert", "decode_error", { client_hello = set(50, "\0\0") } },
      { "4.2.3", "signature_algorithms of odd length", "decode_error", { client_hello = set(13, "\0\3\4\3\8") } },
      { "4.2.7", "no group that it has", "handshake_failure", { client_hello = function(m)
        set(10, numbers(26))(m)
        shares()(m)
      end }, { code = "no_group" } },
      { "4.2.7", "an empty supported_groups", "decode_error", { client_hello = set(10, "\0\0") } },
      { "4.2.8", "two shares of one group", "illegal_parameter",
        { client_hello = shares({ 29, ("x"):rep(32) }, { 29, ("y"):rep(32) }) } },
      { "4.2.8", "a share of a group that supported_groups has not", "illegal_parameter",
        { client_hello = shares({ 24, "x" }, { 29, ("x"):rep(32) }) } },
      { "4.2.8", "an empty key_exchange", "decode_error", { client_hello = shares { 29, "" } } },
      { "4.2.8", "a key_share with trailing bytes", "decode_error", { client_hello = set(51, "\0\0\0") } },
      { "4.2.8", "a key_share cut short", "decode_error", { client_hello = set(51, "\0\6\0\29\0\3xx") } },
      { "4.2.8.2", "an X25519 value of 33 bytes", "illegal_parameter",
        { client_hello = shares { 29, ("x"):rep(33) } } },
      { "7.4.2", "an X25519 value that makes a secret of zeros", "illegal_parameter",
        { client_hello = shares { 29, ("\0"):rep(32) } } },
      { "4.2.8.2", "a point off the curve", "illegal_parameter",
        { client_hello = shares { 23, "\4" .. ("\1"):rep(64) } }, { config = p384 } },
      { "4.2.8.2", "a compressed point", "illegal_parameter",
        { client_hello = shares { 23, "\3" .. ("\1"):rep(32) } }, { config = p384 } },
      { "4.2.8.2", "a point whose first byte is not 4", "illegal_parameter",
        { client_hello = shares { 23, "\6" .. ("\1"):rep(64) } }, { config = p384 } },
      { "RFC 6066 section 3", "a server_name of two names", "decode_error",
        { client_hello = set(0, "\0\8\0\0\1a\0\0\1b") } },
      { "RFC 6066 section 3", "an empty server_name", "decode_error", { client_hello = set(0, "") } },
      { "RFC 6066 section 3", "a server_name with a NUL", "illegal_parameter",
        { client_hello = set(0, "\0\6\0\0\3a\0b") } },
      { "RFC 7301 section 3.1", "an empty protocol name", "decode_error", { client_hello = add(16, "\0\1\0") } },
      { "RFC 7301 section 3.2", "protocols none of which it has", "no_application_protocol",
        { client_hello = add(16, "\0\3\2h3") }, { config = hostile.server_config { alpn = "h2" }, code = "no_alpn" } },
      { "RFC 8449 section 4", "a record_size_limit below 64", "illegal_parameter",
        { client_hello = add(28, "\0\63") } },
      { "4.2.9", "psk_key_exchange_modes of no mode", "decode_error", { client_hello = set(45, "\0") } },
      { "4.2.9", "psk_key_exchange_modes with trailing bytes", "decode_error", { client_hello = set(45, "\1\1\1") } },
      { "4.2.10", "early_data with a value", "decode_error", { client_hello = add(42, "\0") } },
      { "4.2.6", "post_handshake_auth with a value", "decode_error", { client_hello = add(49, "\0") } },
      { "4", "trailing bytes", "decode_error", { client_hello = tail } },
      { "4", "a message cut short", "decode_error", { client_hello = cut } },
      { "5.1", "more in the record, though keys change", "unexpected_message",
        { client_hello = field("append", messages.frame(20, ("x"):rep(32))) } },
      { "4", "more than 64 extensions", "decode_error", { client_hello = function(m)
        for i = 1, 60 do add(0x2000 + i, "")(m) end
      end } },
    })

    local others = { hello_request = 0, server_hello = 2, new_session_ticket = 4, end_of_early_data = 5,
      encrypted_extensions = 8, certificate = 11, certificate_request = 13, certificate_verify = 15, finished = 20,
      key_update = 24, message_hash = 254 }
    for name, type in pairs(others) do
      it("refuses " .. name .. " in its place", function()
        local p = hostile.client()
        p:inject(type, "")
        hostile.assert_refused(p, "unexpected_message")
      end)
    end
  end)

  describe("with a PSK", function()
    local function spoil_binder(m, p)
      m.unbound = true
      local offer = messages.get(m.extensions, 41)
      set(41, offer:sub(1, -2) .. "\1")(m, p)
    end
    local function offered(identities, binders)
      return function(m)
        m.unbound = true
        set(41, (">s2s2"):pack(identities, binders))(m)
      end
    end
    local one, binder = "\0\1x\0\0\0\0", "\32" .. ("b"):rep(32)
    hostile.rows(it, resuming(), {
      { "4.2.11", "pre_shared_key that is not the last extension", "illegal_parameter", { client_hello = function(m)
        m.unbound = true
        table.insert(m.extensions, { 0x1234, "" })
      end } },
      { "4.2.9", "pre_shared_key without psk_key_exchange_modes", "missing_extension", { client_hello = drop(45) } },
      { "4.2.11", "a binder that does not verify", "decrypt_error",
        { client_hello = spoil_binder }, { code = "bad_binder" } },
      { "4.2.11", "a binder of another length than the hash", "decrypt_error", { client_hello = function(m)
        m.unbound = true
        local identities = (">s2"):unpack(messages.get(m.extensions, 41))
        set(41, (">s2s2"):pack(identities, "\48" .. ("\0"):rep(48)))(m)
      end }, { code = "bad_binder" } },
      { "4.2.11", "a binder of another transcript", "decrypt_error", { client_hello = function(m)
        local bind = m.lazy
        function m.lazy()
          bind(m)
          m.raw = m.raw:sub(1, 10) .. "x" .. m.raw:sub(12)
        end
      end }, { code = "bad_binder" } },
      { "4.2.11", "more identities than binders", "decode_error", { client_hello = offered(one .. one, binder) } },
      { "4.2.11", "more binders than identities", "decode_error", { client_hello = offered(one, binder .. binder) } },
      { "4.2.11", "no identity", "decode_error", { client_hello = offered("", "") } },
      { "4.2.11", "an identity of no bytes", "decode_error", { client_hello = offered("\0\0\0\0\0\0", binder) } },
      { "4.2.11", "a binder of 31 bytes", "decode_error", { client_hello = offered(one, "\31" .. ("b"):rep(31)) } },
      { "4.2.11", "pre_shared_key with trailing bytes", "decode_error", { client_hello = function(m)
        m.unbound = true
        set(41, messages.get(m.extensions, 41) .. "\0")(m)
      end } },
      { "4.2.11", "a PSK without key_share", "missing_extension", { client_hello = drop(51) } },
      { "4.4.2", "a Certificate where a PSK authenticates", "unexpected_message",
        { finished = before(11, "\0\0\0\0") } },
    })

    it("takes no PSK of a client that wants psk_ke, and makes a full handshake (section 4.2.9)", function()
      local p = resuming() {}:run { client_hello = set(45, "\1\0") }
      assert.truthy(p:connected(), tostring(p.err))
      assert.is_false(p.resumed)
    end)
  end)

  describe("after HelloRetryRequest", function()
    local function make(options)
      return hostile.client(hostile.with({ config = p256_server, steps = flows.flow_retry }, options))
    end
    local function second(change)
      return function(m, p)
        if p.retry then change(m, p) end
      end
    end
    local function own(m, p) -- the share that was asked for, and another
      shares({ 23, p.own.public }, { 29, ("x"):rep(32) })(m)
    end
    hostile.rows(it, make, {
      { "4.1.4", "a second hello without the share that was asked for", "illegal_parameter",
        { client_hello = second(shares { 29, ("x"):rep(32) }) } },
      { "4.1.2", "a second hello with no share", "illegal_parameter", { client_hello = second(shares()) } },
      { "4.1.2", "a second hello with a share beside the one that was asked for", "illegal_parameter",
        { client_hello = second(own) } },
      { "4.1.2", "a second hello without the suite that was chosen", "illegal_parameter",
        { client_hello = second(field("cipher_suites", { 0x1302 })) } },
      { "4.1.2", "a second hello of TLS 1.2 alone", "illegal_parameter", { client_hello = second(function(m)
        set(43, "\2\3\3")(m)
        m.cipher_suites = { 0x1301, 0xc02b }
      end) } },
      { "4.1.2", "a second hello with another random", "illegal_parameter",
        { client_hello = second(field("random", ("D"):rep(32))) } },
      { "4.1.2", "a second hello with another session_id", "illegal_parameter",
        { client_hello = second(field("session_id", ("J"):rep(32))) } },
      { "4.2.10", "a second hello with early_data", "illegal_parameter", { client_hello = second(add(42, "")) } },
      { "4.1.2", "Finished in place of the second hello", "unexpected_message",
        { client_hello = second(before(20, ("x"):rep(32))) } },
      { "4.1.2", "a third hello", "unexpected_message", { finished = before(1, "") } },
    })
  end)

  describe("in the client's flight", function()
    hostile.rows(it, hostile.client, {
      { "4.4.4", "a verify_data that is wrong", "decrypt_error",
        { finished = field("verify_data", ("x"):rep(32)) }, { code = "bad_finished" } },
      { "4.4.4", "a verify_data that is too short", "decode_error", { finished = field("verify_data", "x") } },
      { "4", "Finished with trailing bytes", "decode_error", { finished = tail } },
      { "4.1.2", "a second ClientHello that nobody asked for", "unexpected_message", { finished = before(1, "") } },
      { "4.5", "EndOfEarlyData where there is none", "unexpected_message", { finished = before(5, "") } },
      { "4.6.1", "NewSessionTicket", "unexpected_message", { finished = before(4, "\0\0\14\16\0\0\0\0\1n\0\1t\0\0") } },
      { "4.3.2", "CertificateRequest", "unexpected_message", { finished = before(13, "\0\0\8\0\13\0\4\0\2\4\3") } },
      { "4.6.3", "KeyUpdate before Finished", "unexpected_message", { finished = before(24, "\0") } },
      { "4.4.2", "Certificate where none was asked for", "unexpected_message", { finished = before(11, "\0\0\0\0") } },
      { "2", "application data before Finished", "unexpected_message", { finished = record(23, "early") } },
      { "5", "Finished in clear", "unexpected_message", { finished = field("record", { clear = true }) } },
      { "5.1", "more in the record of Finished, though keys change", "unexpected_message",
        { finished = field("append", messages.frame(24, "\0")) } },
      { "5.1", "a message that goes on under other keys", "unexpected_message",
        { finished = field("append", "\24\0") } },
    })
  end)

  describe("of a client's certificate", function()
    local function make(options)
      return hostile.client(hostile.with({ config = mutual, steps = flows.flow_authenticated }, options))
    end
    local rsa = { identity = pki.client.rsa2048, scheme = 0x0804 }
    hostile.rows(it, make, {
      { "4.4.2.4", "an empty list where one is required", "certificate_required",
        { certificate = field("entries", {}) }, { code = "certificate_required" } },
      { "4.4.2", "its absence", "unexpected_message", { certificate = skip } },
      { "4.4.2", "a context", "illegal_parameter", { certificate = field("context", "x") } },
      { "4.4.2", "an extension that was not asked for", "unsupported_extension",
        { certificate = function(m) m.entries[1][2] = { { 5, "\1\0\0\1x" } } end } },
      { "4.4.2", "a certificate of no bytes", "decode_error", { certificate = field("entries", { { "" } }) } },
      { "4", "Certificate with trailing bytes", "decode_error", { certificate = tail } },
      { "4.4.3", "the absence of CertificateVerify", "unexpected_message", { certificate_verify = skip } },
      { "4.4.3", "RSA PKCS#1", "illegal_parameter", { certificate_verify = field("scheme", 0x0401) }, rsa },
      { "4.4.3", "a scheme that was not asked for", "illegal_parameter",
        { certificate_verify = function(m) m.scheme, m.signature = 0x0203, "x" end } },
      { "4.4.3", "a scheme that is not the key's", "illegal_parameter",
        { certificate_verify = function(m) m.scheme, m.signature = 0x0807, ("x"):rep(64) end } },
      { "4.4.3", "a signature that does not verify", "decrypt_error",
        { certificate_verify = field("signature", "0") }, { code = "bad_signature" } },
      { "4.4.3", "the server's context string", "decrypt_error", { certificate_verify = function(m, p)
        p.role = "server"
        m.signature = p:sign(m.scheme, p:signed_content())
        p.role = "client"
      end } },
      { "4", "CertificateVerify with trailing bytes", "decode_error", { certificate_verify = tail } },
    })
    hostile.rows(it, make, {
      { "4.4.3", "CertificateVerify behind an empty Certificate", "unexpected_message",
        { certificate = field("entries", {}), certificate_verify = field("signature", "x") }, { config = optional } },
    })

    it("takes an empty list where a certificate is only requested (section 4.4.2.4)", function()
      local p = make { config = optional }:run { certificate = field("entries", {}), certificate_verify = skip }
      assert.truthy(p:connected(), tostring(p.err))
      assert.is_nil(p.conn:peer_certificates())
    end)
  end)

  describe("of TLS 1.3 and 1.2", function()
    local function make(options)
      return hostile.client(hostile.with({ config = both, suite = 0xc02b }, options))
    end
    hostile.rows(it, make, {
      { "RFC 7507 section 3", "TLS_FALLBACK_SCSV in a hello of TLS 1.2", "inappropriate_fallback",
        { client_hello = function(m)
        drop(43)(m)
        m.cipher_suites = { 0xc02b, 0x5600 }
      end }, { code = "fallback" } },
    })

    it("writes the downgrade sentinel into a ServerHello of TLS 1.2 (section 4.1.3)", function()
      local p = hostile.client_12 { config = both }:run { client_hello = drop(43) }
      assert.truthy(p:connected(), tostring(p.err))
      assert.equal("DOWNGRD\1", p.server_random:sub(-8))
    end)

    it("takes TLS_FALLBACK_SCSV in a hello of TLS 1.3", function()
      local p = hostile.client():run { client_hello = field("cipher_suites", { 0x1301, 0x5600 }) }
      assert.truthy(p:connected(), tostring(p.err))
    end)
  end)

  it("asks for a share where none was sent (section 4.2.8)", function()
    local p = hostile.client { steps = flows.flow_retry }:run { client_hello = function(m, p)
      if not p.retry then shares()(m) end
    end }
    assert.truthy(p:connected(), tostring(p.err))
    assert.equal(29, p.retry.group)
  end)

  it("sends one change_cipher_spec to a client with a session_id, and none to one without (appendix D.4)", function()
    for id, count in pairs { [("I"):rep(32)] = 1, [""] = 0 } do
      local p = hostile.client():run { client_hello = field("session_id", id) }
      assert.truthy(p:connected(), tostring(p.err))
      assert.equal(count, p.changes or 0)
      p = hostile.client { config = p256_server, steps = flows.flow_retry }
        :run { client_hello = field("session_id", id) }
      assert.truthy(p:connected(), tostring(p.err))
      assert.equal(count, p.changes or 0)
    end
  end)

  it("takes the second PSK where the first is not its own (section 4.2.11)", function()
    local first = hostile.client():run()
    local p = hostile.client { offer = first.tickets[1] }
    p.steps = { "client_hello", "server_hello" }
    p:run { client_hello = function(m)
      local bind = m.lazy
      local identities, binders = (">s2s2"):unpack(messages.get(m.extensions, 41))
      local other = (">s2I4"):pack("another server's ticket", 0)
      set(41, (">s2s2"):pack(other .. identities, (">s1"):pack(("b"):rep(32)) .. binders))(m)
      function m.lazy()
        p.binders = 66
        bind(m)
      end
    end }
    assert.is_nil(p.err)
    assert.equal("\0\1", messages.get(p.server.extensions, 41))
  end)

  it("passes over what it does not know: extensions, suites, groups, schemes, versions (section 4.1.2)", function()
    local p = hostile.client():run { client_hello = function(m)
      add(0x1234, "what nobody knows")(m)
      add(0x0a0a, "")(m)
      m.cipher_suites = { 0x0a0a, 0x1301, 0xffff }
      set(10, numbers(0x0a0a, 29, 0xffff))(m)
      set(13, numbers(0x0a0a, 0x0403, 0xffff))(m)
      set(43, "\6\x0a\x0a\3\4\3\5")(m)
    end }
    assert.truthy(p:connected(), tostring(p.err))
    assert.equal("TLSv1.3", bearssl.x509 and p.conn:info().version)
  end)
end)
