-- Our client of TLS 1.3 against a server that breaks the rules of RFC 8446, one in each case, from ServerHello to
-- Finished. docs/rfc8446.md is made of these rows.
local hostile = require "spec.support.hostile"
local pki = require "spec.support.pki"

local messages, spoil, flows = hostile.messages, hostile.spoil, hostile.server_flows
local set, drop, add, field, tail, cut = spoil.set, spoil.drop, spoil.add, spoil.field, spoil.tail, spoil.cut
local skip, before, record = spoil.skip, spoil.before, spoil.record

local retried = { "client_hello", "hello_retry_request", "client_hello", "server_hello", "encrypted_extensions",
  "certificate", "certificate_verify", "finished", "client_finished" }
local asked = { "client_hello", "server_hello", "encrypted_extensions", "certificate_request", "certificate",
  "certificate_verify", "finished", "client_finished" }

-- Fresh tables each time: a row's options are given to one peer alone.
local function configured(options)
  local kept
  return setmetatable({}, { __index = function(_, name)
    if name == "config" then
      kept = kept or hostile.client_config(options)
      return kept
    end
  end })
end

local p256, with_alpn, all_groups = configured { groups = "secp256r1" }, configured { alpn = { "h2", "http/1.1" } },
  configured { groups = { "x25519", "secp256r1" } }

-- A connection that offers a session of the server's, with which the steps of `list` go on.
local function resuming(list)
  return function(options)
    local first = hostile.server():run(nil, flows.flow_13)
    first:run(nil, { "new_session_ticket" })
    return hostile.server(hostile.with({ steps = list or flows.flow_psk, psk = first.next_psk,
      connection_options = { name = "localhost", session = assert(first.conn:session()) } }, options))
  end
end

local function share(group, bytes)
  return set(51, (">I2s2"):pack(group, bytes))
end

describe("a client of TLS 1.3", function()
  it("meets a server that keeps the rules", function()
    local p = hostile.server():run()
    assert.truthy(p:connected(), tostring(p.err))
    assert(p:data "hello")
    assert.equal("hello", p.conn:read())
    assert(p.conn:write "world")
    assert.equal("world", p:event().data)
    assert.truthy(hostile.server { steps = retried, group = 23 }:run():connected())
    assert.truthy(hostile.server { steps = asked }:run():connected())
    assert.truthy(resuming() {}:run():connected())
  end)

  describe("in ServerHello", function()
    hostile.rows(it, hostile.server, {
      { "4.1.3", "a legacy_version that is not 0x0303", "illegal_parameter",
        { server_hello = field("legacy_version", 0x0302) } },
      { "D.5", "a legacy_version of SSL 3.0", "protocol_version", { server_hello = field("legacy_version", 0x0300) } },
      { "4.1.3", "another legacy_session_id_echo", "illegal_parameter",
        { server_hello = field("session_id", ("x"):rep(32)) } },
      { "4.1.3", "an empty legacy_session_id_echo", "illegal_parameter", { server_hello = field("session_id", "") } },
      { "4.1.3", "a cipher suite that was not offered", "illegal_parameter",
        { server_hello = field("cipher_suite", 0x1304) } },
      { "4.1.3", "a cipher suite of TLS 1.2", "illegal_parameter", { server_hello = field("cipher_suite", 0xc02b) } },
      { "4.1.3", "a cipher suite that is GREASE", "illegal_parameter",
        { server_hello = field("cipher_suite", 0x0a0a) } },
      { "4.1.3", "a compression method", "illegal_parameter", { server_hello = field("compression_method", 1) } },
      { "4.2.1", "a selected_version of TLS 1.2", "illegal_parameter", { server_hello = set(43, "\3\3") } },
      { "4.2.1", "a selected_version that nobody knows", "illegal_parameter", { server_hello = set(43, "\3\5") } },
      { "4.2.1", "a selected_version that is GREASE", "illegal_parameter", { server_hello = set(43, "\x0a\x0a") } },
      { "4.2.1", "supported_versions of three bytes", "decode_error", { server_hello = set(43, "\3\4\0") } },
      { "4.2", "an extension twice", "illegal_parameter", { server_hello = add(43, "\3\4") } },
      { "4.2", "an extension that was not offered", "unsupported_extension", { server_hello = add(0x1234, "") } },
      { "4.2", "a cookie outside of HelloRetryRequest", "unsupported_extension", { server_hello = add(44, "\0\1x") } },
      { "4.2", "server_name, which belongs into EncryptedExtensions", "illegal_parameter",
        { server_hello = add(0, "") } },
      { "4.2", "supported_groups, which belongs into EncryptedExtensions", "illegal_parameter",
        { server_hello = add(10, "\0\2\0\29") } },
      { "4.2", "extended_master_secret, which is one of TLS 1.2", "illegal_parameter", { server_hello = add(23, "") } },
      { "4.2.11", "pre_shared_key where none was offered", "unsupported_extension",
        { server_hello = add(41, "\0\0") } },
      { "9.2", "no key_share", "missing_extension", { server_hello = drop(51) } },
      { "4.2.8", "a key_share of a group that was not offered", "illegal_parameter",
        { server_hello = share(24, ("\4"):rep(97)) } },
      { "4.2.8", "a key_share of a group without a share of ours", "illegal_parameter",
        { server_hello = share(23, ("\4"):rep(65)) } },
      { "4.2.8", "an empty key_exchange", "decode_error", { server_hello = share(29, "") } },
      { "4.2.8", "a key_share with trailing bytes", "decode_error",
        { server_hello = set(51, (">I2s2"):pack(29, ("x"):rep(32)) .. "\0") } },
      { "4.2.8.2", "an X25519 value of 31 bytes", "illegal_parameter", { server_hello = share(29, ("x"):rep(31)) } },
      { "7.4.2", "an X25519 value that makes a secret of zeros", "illegal_parameter",
        { server_hello = share(29, ("\0"):rep(32)) } },
      { "7.4.2", "an X25519 value of order eight", "illegal_parameter",
        { server_hello = share(29, "\1" .. ("\0"):rep(31)) } },
      { "4.2.8.2", "a point off the curve", "illegal_parameter",
        { server_hello = share(23, "\4" .. ("\1"):rep(64)) }, { config = p256.config, group = 23 } },
      { "4.2.8.2", "a compressed point", "illegal_parameter",
        { server_hello = share(23, "\2" .. ("\1"):rep(32)) }, { config = p256.config, group = 23 } },
      { "4.2.8.2", "the point at infinity", "illegal_parameter",
        { server_hello = share(23, "\0") }, { config = p256.config, group = 23 } },
      { "4", "trailing bytes", "decode_error", { server_hello = tail } },
      { "4", "a message cut short", "decode_error", { server_hello = cut } },
      { "4", "a session_id of 33 bytes", "decode_error", { server_hello = field("session_id", ("x"):rep(33)) } },
      { "5.1", "more in the record, though keys change", "unexpected_message",
        { server_hello = field("append", messages.frame(8, "\0\0")) } },
      { "5.1", "the beginning of a message behind it, though keys change", "unexpected_message",
        { server_hello = field("append", "\8\0\0") } },
      { "4.1.3", "the downgrade sentinel of TLS 1.2", "illegal_parameter",
        { server_hello_12 = field("random", ("S"):rep(24) .. "DOWNGRD\1") },
        { steps = { "client_hello", "server_hello_12" }, suite = 0xc02b } },
      { "4.1.3", "the downgrade sentinel of TLS 1.1", "illegal_parameter",
        { server_hello_12 = field("random", ("S"):rep(24) .. "DOWNGRD\0") },
        { steps = { "client_hello", "server_hello_12" }, suite = 0xc02b } },
    })
  end)

  describe("in HelloRetryRequest", function()
    local function make(options)
      return hostile.server(hostile.with({ steps = retried, group = 23 }, options))
    end
    hostile.rows(it, make, {
      { "4.1.4", "a second one", "unexpected_message", { server_hello = function(m)
        m.random = hostile.retry_random
        m.extensions = { { 43, "\3\4" }, { 51, "\0\23" } }
      end } },
      { "4.1.4", "one that changes nothing", "illegal_parameter", { hello_retry_request = drop(51) }, { group = 29 } },
      { "4.1.4", "one without supported_versions", "missing_extension", { hello_retry_request = drop(43) } },
      { "4.1.4", "a selected_version of TLS 1.2", "illegal_parameter", { hello_retry_request = set(43, "\3\3") } },
      { "4.2.8", "a group that was not offered", "illegal_parameter", { hello_retry_request = set(51, "\0\26") } },
      { "4.2.8", "a group that is GREASE", "illegal_parameter", { hello_retry_request = set(51, "\x0a\x0a") } },
      { "4.2.8", "the group of the share that it has", "illegal_parameter", nil, { group = 29 } },
      { "4.2.8", "a whole KeyShareEntry", "decode_error", { hello_retry_request = set(51, "\0\23\0\1x") } },
      { "4.1.4", "an extension that may not stand in it", "illegal_parameter",
        { hello_retry_request = add(10, "\0\2\0\23") } },
      { "4.1.4", "an extension that was not offered", "unsupported_extension",
        { hello_retry_request = add(0x1234, "") } },
      { "4.2", "an extension twice", "illegal_parameter", { hello_retry_request = add(43, "\3\4") } },
      { "4.2.2", "an empty cookie", "decode_error", { hello_retry_request = set(44, "\0\0") } },
      { "4.2.2", "a cookie with trailing bytes", "decode_error", { hello_retry_request = set(44, "\0\1xx") } },
      { "4.1.4", "another legacy_session_id_echo", "illegal_parameter",
        { hello_retry_request = field("session_id", "") } },
      { "4.1.4", "a cipher suite that was not offered", "illegal_parameter",
        { hello_retry_request = field("cipher_suite", 0x1304) } },
      { "4.1.4", "a compression method", "illegal_parameter",
        { hello_retry_request = field("compression_method", 1) } },
      { "4.1.4", "another cipher suite in the ServerHello after it", "illegal_parameter",
        { server_hello = field("cipher_suite", 0x1302) } },
      { "4.1.4", "another version in the ServerHello after it", "illegal_parameter", { server_hello = drop(43) } },
      { "4.2.8", "another group in the ServerHello after it", "illegal_parameter",
        { server_hello = share(29, ("x"):rep(32)) } },
      { "4.2.8", "the key_share of a HelloRetryRequest in the ServerHello after it", "decode_error",
        { server_hello = set(51, "\0\23") } },
      { "4", "trailing bytes", "decode_error", { hello_retry_request = tail } },
      { "5.1", "more in its record", "unexpected_message",
        { hello_retry_request = field("append", messages.frame(8, "\0\0")) } },
    })

    it("echoes a cookie, and keeps its hello but for the share that was asked for (section 4.1.2)", function()
      local p = make():run { hello_retry_request = add(44, (">s2"):pack "a cookie") }
      assert.truthy(p:connected(), tostring(p.err))
      local one, two = p.hellos[1], p.hellos[2]
      assert.equal((">s2"):pack "a cookie", messages.get(two.extensions, 44))
      assert.same({ [23] = two.shares[23] }, two.shares)
      for _, name in ipairs { "random", "session_id", "cipher_suites", "legacy_version" } do
        assert.same(one[name], two[name])
      end
      for _, x in ipairs(one.extensions) do
        if x[1] ~= 51 then assert.equal(x[2], messages.get(two.extensions, x[1])) end
      end
      assert.equal(#one.extensions + 1, #two.extensions)
    end)

    it("answers one that has but a cookie (section 4.1.4)", function()
      local p = hostile.server { steps = retried }:run { hello_retry_request = function(m)
        m.extensions = { { 43, "\3\4" }, { 44, (">s2"):pack "c" } }
      end }
      assert.truthy(p:connected(), tostring(p.err))
      assert.equal(p.hellos[1].shares[29], p.hellos[2].shares[29])
    end)
  end)

  describe("in EncryptedExtensions", function()
    hostile.rows(it, hostile.server, {
      { "4.3.1", "an extension that was not offered", "unsupported_extension",
        { encrypted_extensions = add(0x1234, "") } },
      { "4.3.1", "key_share", "illegal_parameter", { encrypted_extensions = add(51, "\0\29\0\1x") } },
      { "4.3.1", "supported_versions", "illegal_parameter", { encrypted_extensions = add(43, "\3\4") } },
      { "4.3.1", "signature_algorithms", "illegal_parameter", { encrypted_extensions = add(13, "\0\2\4\3") } },
      { "4.3.1", "status_request, which belongs into Certificate", "illegal_parameter",
        { encrypted_extensions = add(5, "") } },
      { "4.2", "an extension twice", "illegal_parameter",
        { encrypted_extensions = function(m) m.extensions = { { 0, "" }, { 0, "" } } end } },
      { "4.2.10", "early_data where none was offered", "unsupported_extension",
        { encrypted_extensions = add(42, "") } },
      { "RFC 6066 section 3", "a server_name with a value", "decode_error", { encrypted_extensions = add(0, "\0") } },
      { "RFC 7301 section 3.1", "ALPN where none was offered", "unsupported_extension",
        { encrypted_extensions = add(16, "\0\3\2h2") } },
      { "RFC 7301 section 3.1", "a protocol that was not offered", "illegal_parameter",
        { encrypted_extensions = add(16, "\0\3\2h3") }, { config = with_alpn.config } },
      { "RFC 7301 section 3.1", "two protocols", "decode_error",
        { encrypted_extensions = add(16, "\0\6\2h2\2h2") }, { config = with_alpn.config } },
      { "RFC 7301 section 3.1", "no protocol", "decode_error",
        { encrypted_extensions = add(16, "\0\0") }, { config = with_alpn.config } },
      { "RFC 8449 section 4", "a record_size_limit below 64", "illegal_parameter",
        { encrypted_extensions = add(28, "\0\63") } },
      { "RFC 8449 section 4", "a record_size_limit of three bytes", "decode_error",
        { encrypted_extensions = add(28, "\0\64\0") } },
      { "4", "trailing bytes", "decode_error", { encrypted_extensions = tail } },
      { "4", "a message cut short", "decode_error", { encrypted_extensions = cut } },
      { "4.3.1", "its absence", "unexpected_message", { encrypted_extensions = skip } },
      { "4.3.1", "a second one", "unexpected_message", { certificate = before(8, "\0\0") } },
      { "5", "one in clear", "unexpected_message", { encrypted_extensions = field("record", { clear = true }) } },
    })
  end)

  describe("in CertificateRequest", function()
    local function make(options)
      return hostile.server(hostile.with({ steps = asked }, options))
    end
    hostile.rows(it, make, {
      { "4.3.2", "one without signature_algorithms", "missing_extension", { certificate_request = drop(13) } },
      { "4.3.2", "a context within the handshake", "illegal_parameter",
        { certificate_request = field("context", "x") } },
      { "4.3.2", "empty signature_algorithms", "decode_error", { certificate_request = set(13, "\0\0") } },
      { "4.2.3", "empty signature_algorithms_cert", "decode_error", { certificate_request = set(50, "\0\0") } },
      { "4.2.3", "signature_algorithms of three bytes", "decode_error",
        { certificate_request = set(13, "\0\3\4\3\8") } },
      { "4.2", "an extension twice", "illegal_parameter", { certificate_request = add(13, "\0\2\4\3") } },
      { "4.2", "key_share", "illegal_parameter", { certificate_request = add(51, "") } },
      { "4.2.4", "certificate_authorities with trailing bytes", "decode_error",
        { certificate_request = add(47, "\0\3\0\1x\0") } },
      { "4.2.4", "an authority of no bytes", "decode_error", { certificate_request = add(47, "\0\2\0\0") } },
      { "4", "more than 64 extensions", "internal_error", { certificate_request = function(m)
        for i = 1, 64 do add(0x2000 + i, "")(m) end
      end }, { code = "limit" } },
      { "4", "trailing bytes", "decode_error", { certificate_request = tail } },
      { "4", "a message cut short", "decode_error", { certificate_request = cut } },
      { "4.3.2", "a second one", "unexpected_message", { certificate = before(13, "\0\0\8\0\13\0\4\0\2\4\3") } },
      { "4.3.2", "one behind the Certificate", "unexpected_message",
        { certificate_verify = before(13, "\0\0\8\0\13\0\4\0\2\4\3") } },
    })
    hostile.rows(it, resuming { "client_hello", "server_hello", "encrypted_extensions", "certificate_request" }, {
      { "4.3.2", "one where a PSK authenticates", "unexpected_message" },
    })
  end)

  describe("in Certificate", function()
    hostile.rows(it, hostile.server, {
      { "4.4.2.4", "an empty list", "decode_error",
        { certificate = field("entries", {}) }, { code = "no_peer_certificate" } },
      { "4.4.2", "a context", "illegal_parameter", { certificate = field("context", "x") } },
      { "4.4.2", "a certificate of no bytes", "decode_error", { certificate = field("entries", { { "" } }) } },
      { "4.4.2", "an extension that was not offered", "unsupported_extension",
        { certificate = function(m) m.entries[1][2] = { { 0x1234, "" } } end } },
      { "4.4.2", "an extension that may not stand in it", "illegal_parameter",
        { certificate = function(m) m.entries[1][2] = { { 0, "" } } end } },
      { "4.4.2", "an extension twice", "illegal_parameter",
        { certificate = function(m) m.entries[1][2] = { { 18, "\0\3\0\1x" }, { 18, "\0\3\0\1x" } } end } },
      { "4.4.2.1", "a status of another type", "decode_error",
        { certificate = function(m) m.entries[1][2] = { { 5, "\2\0\0\1x" } } end } },
      { "4.4.2.1", "a status with trailing bytes", "decode_error",
        { certificate = function(m) m.entries[1][2] = { { 5, "\1\0\0\1xx" } } end } },
      { "4.4.2", "more than 16 certificates", "internal_error", { certificate = function(m)
        for i = #m.entries + 1, 17 do m.entries[i] = m.entries[2] end
      end }, { code = "limit" } },
      { "4.4.2", "what is no certificate", "bad_certificate",
        { certificate = field("entries", { { "what is no certificate" } }) } },
      { "4", "trailing bytes", "decode_error", { certificate = tail } },
      { "4", "a message cut short", "decode_error", { certificate = cut } },
      { "4.4.2", "its absence", "unexpected_message", { certificate = skip } },
      { "4.4.2", "a second one", "unexpected_message", { certificate_verify = before(11, "\0\0\0\0") } },
    })
    hostile.rows(it, resuming { "client_hello", "server_hello", "encrypted_extensions", "certificate" }, {
      { "2.2", "one where a PSK authenticates", "unexpected_message" },
    })
  end)

  describe("in CertificateVerify", function()
    local rsa = { identity = pki.server.rsa2048, scheme = 0x0804 }
    local function changed(m, p)
      m.signature = p:sign(m.scheme, p:signed_content())
      m.signature = m.signature:sub(1, -2) .. string.char(m.signature:byte(-1) ~ 1)
    end
    hostile.rows(it, hostile.server, {
      { "4.4.3", "a signature that does not verify", "decrypt_error", { certificate_verify = changed } },
      { "4.4.3", "an RSA signature that does not verify", "decrypt_error", { certificate_verify = changed }, rsa },
      { "4.4.3", "RSA PKCS#1", "illegal_parameter", { certificate_verify = field("scheme", 0x0401) }, rsa },
      { "4.4.3", "a scheme that was not offered", "illegal_parameter",
        { certificate_verify = function(m) m.scheme, m.signature = 0x0203, "x" end } },
      { "4.4.3", "a scheme that is not the key's", "illegal_parameter",
        { certificate_verify = function(m) m.scheme, m.signature = 0x0804, "x" end } },
      { "4.2.3", "a scheme of another curve than the key's", "illegal_parameter",
        { certificate_verify = field("scheme", 0x0503) } },
      { "4.2.3", "rsa_pss_pss for a key that is rsaEncryption", "illegal_parameter",
        { certificate_verify = function(m) m.scheme, m.signature = 0x0809, "x" end }, rsa },
      { "4.4.3", "the client's context string", "decrypt_error", { certificate_verify = function(m, p)
        p.role = "client"
        m.signature = p:sign(m.scheme, p:signed_content())
        p.role = "server"
      end } },
      { "4.4.3", "a signature over another transcript", "decrypt_error", { certificate_verify = function(m, p)
        m.signature = p:sign(m.scheme, (" "):rep(64) .. "TLS 1.3, server CertificateVerify\0" .. ("h"):rep(32))
      end } },
      { "4.4.3", "an empty signature", "decrypt_error", { certificate_verify = field("signature", "") } },
      { "4", "trailing bytes", "decode_error", { certificate_verify = tail } },
      { "4", "a message cut short", "decode_error", { certificate_verify = function(m) m.raw = "\4" end } },
      { "4.4.3", "its absence", "unexpected_message", { certificate_verify = skip } },
      { "4.4.3", "a second one", "unexpected_message", { finished = before(15, "\4\3\0\1x") } },
    })
  end)

  describe("in Finished", function()
    hostile.rows(it, hostile.server, {
      { "4.4.4", "a verify_data that is wrong", "decrypt_error",
        { finished = field("verify_data", ("x"):rep(32)) }, { code = "bad_finished" } },
      { "4.4.4", "a verify_data that is too short", "decode_error",
        { finished = field("verify_data", ("x"):rep(31)) } },
      { "4.4.4", "a verify_data that is too long", "decode_error", { finished = tail } },
      { "4.4.4", "an empty verify_data", "decode_error", { finished = field("verify_data", "") } },
      { "4.4.4", "application data in its place", "unexpected_message", { finished = record(23, "early") } },
      { "4.6.3", "a KeyUpdate in its place", "unexpected_message", { finished = before(24, "\0") } },
      { "4.6.1", "a NewSessionTicket in its place", "unexpected_message",
        { finished = before(4, "\0\0\14\16\0\0\0\0\1n\0\1t\0\0") } },
      { "5.1", "more in its record, though keys change", "unexpected_message",
        { finished = field("append", messages.frame(4, "\0\0\14\16\0\0\0\0\1n\0\1t\0\0")) } },
      { "5.1", "a message that goes on under other keys", "unexpected_message",
        { finished = field("append", "\4\0") } },
      { "4.4", "one before the server has proved who it is", "unexpected_message",
        { certificate = skip, certificate_verify = skip } },
    })
  end)

  describe("with a PSK", function()
    hostile.rows(it, resuming(), {
      { "4.2.11", "a selected_identity out of range", "illegal_parameter", { server_hello = set(41, "\0\1") } },
      { "4.2.11", "a cipher suite of another hash", "illegal_parameter",
        { server_hello = field("cipher_suite", 0x1302) } },
      { "4.2.9", "psk_ke, which it did not offer", "missing_extension", { server_hello = drop(51) } },
      { "4.2.11", "a selected_identity of three bytes", "decode_error", { server_hello = set(41, "\0\0\0") } },
      { "4.2.10", "early_data where none was sent", "unsupported_extension", { encrypted_extensions = add(42, "") } },
    })
  end)

  it("takes what it may take: groups of both kinds, a HelloRetryRequest for the second", function()
    local p = hostile.server { config = all_groups.config, steps = retried, group = 23 }:run()
    assert.truthy(p:connected(), tostring(p.err))
    assert.equal(2, p.conn:info().round_trips)
  end)
end)
