-- Every way in which a handshake can fail: what our side says of it, and what the peer hears.
local failure = require "spec.support.failure"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"
local x509 = require "bearssl.x509"

local count, recount = failure.count, failure.recount
local found, told, records = failure.found, failure.told, failure.records

-- What stands in a certificate, and what is said of it: pki's name, code, alert, text.
local certificates = {
  { "self_signed", "self_signed", "unknown_ca", "certificate is self-signed and not trusted" },
  { "unknown_ca", "unknown_issuer", "unknown_ca", "does not lead to a trusted anchor", "stranger" },
  { "other_name", "name_mismatch", "bad_certificate", "certificate is for another name", "localhost", "other.example" },
  { "cn_only", "name_mismatch", "bad_certificate", "certificate is for another name", "localhost" },
  { "expired", "expired", "certificate_expired", "certificate has expired", "2021-01-01" },
  { "expired_ca", "expired", "certificate_expired", "certificate has expired", "2021-01-01" },
  { "not_yet_valid", "not_yet_valid", "certificate_expired", "certificate is not yet valid", "2048-01-01" },
  { "client_eku", "extended_key_usage", "unsupported_certificate", "extended key usage does not allow this" },
  { "sha1", "weak_signature", "bad_certificate", "certificate is signed with a weak algorithm" },
  { "rsa1024", "weak_key", "bad_certificate", "certificate has a weak key", "1024" },
  { "weak_ca", "weak_key", "bad_certificate", "certificate has a weak key", "1024" },
  { "critical_extension", "critical_extension", "unsupported_certificate", "critical extension is not understood",
    "1.2.3.4.5" },
  { "not_ca", "not_ca", "unknown_ca", "issuer is not a CA" },
  { "path_length", "path_length", "unknown_ca", "path length constraint is exceeded" },
  { "name_constraint", "name_constraint", "bad_certificate", "name constraint cannot be checked or is violated" },
  { "tampered", "bad_certificate_signature", "bad_certificate", "certificate signature does not verify" },
}

local client_certificates = {
  { "unknown_ca", "unknown_issuer", "unknown_ca", "does not lead to a trusted anchor" },
  { "self_signed", "self_signed", "unknown_ca", "certificate is self-signed and not trusted" },
  { "expired", "expired", "certificate_expired", "certificate has expired", "2021-01-01" },
  { "not_yet_valid", "not_yet_valid", "certificate_expired", "certificate is not yet valid", "2048-01-01" },
  { "server_eku", "extended_key_usage", "unsupported_certificate", "extended key usage does not allow this" },
  { "rsa1024", "weak_key", "bad_certificate", "certificate has a weak key", "1024" },
  { "sha1", "weak_signature", "bad_certificate", "certificate is signed with a weak algorithm" },
}

for engine, options in pairs(failure.engines) do
  describe(("our client (%s) refuses, and openssl s_server hears why:"):format(engine), function()
    local client = tls.client(options)
    before_each(count)
    after_each(recount)

    for _, row in ipairs(certificates) do
      local name, code, alert = table.unpack(row)
      it(name, function()
        local server <close> = peer.openssl_server(pki.bad[name], "-rev -cipher DEFAULT:@SECLEVEL=0")
        local sock, err = tls.connect(client, server.port)
        assert.is_nil(sock, "the handshake succeeded")
        found(err, code, alert, table.unpack(row, 4))
        assert.equal("fatal " .. alert, server:alert_received())
      end)
    end
  end)

  describe(("our server (%s) refuses, and openssl s_client hears why:"):format(engine), function()
    local server = tls.mutual_server(pki.server.p256, options)
    before_each(count)
    after_each(recount)

    for _, row in ipairs(client_certificates) do
      local name, code, alert = table.unpack(row)
      it("a client certificate, " .. name, function()
        local pair = pki.bad_client[name]
        local _ <close>, client, sock, err = tls.meet(server, peer.openssl_client,
          ("-cipher DEFAULT:@SECLEVEL=0 -cert %s -key %s%s"):format(pair.leaf, pair.key,
            name == "self_signed" and "" or " -cert_chain " .. pair.issuers))
        assert.is_nil(sock, "the handshake succeeded")
        found(err, code, alert, table.unpack(row, 4))
        assert.equal("fatal " .. alert, client:alert_received())
      end)
    end

    it("no client certificate", function()
      local _ <close>, client, sock, err = tls.meet(server, peer.openssl_client)
      assert.is_nil(sock, "the handshake succeeded")
      local alert = options.min_version == "1.3" and "certificate_required" or "handshake_failure"
      found(err, "certificate_required", alert, "no client certificate was sent")
      assert.equal("fatal " .. alert, client:alert_received())
    end)
  end)
end

describe("our client fails, and openssl s_server hears why:", function()
  local client = tls.client()
  before_each(count)
  after_each(recount)

  -- A handshake with this server must fail: our error, and the server.
  local function fails(server, config, options)
    local sock, err = tls.connect(config or client, server.port, options)
    assert.is_nil(sock, "the handshake succeeded")
    return err
  end

  it("a good certificate under a root that is not ours", function()
    local server <close> = peer.openssl_server(pki.server.p256)
    found(fails(server, tls.client { trust = pki.stranger }), "unknown_issuer", "unknown_ca")
    assert.equal("fatal unknown_ca", server:alert_received())
  end)

  it("a good chain without its intermediate", function()
    local alone = { leaf = pki.server.p256.leaf, issuers = "/dev/null", key = pki.server.p256.key }
    local server <close> = peer.openssl_server(alone)
    found(fails(server), "unknown_issuer", "unknown_ca", "p256 intermediate")
    assert.equal("fatal unknown_ca", server:alert_received())
  end)

  it("another name than that of a good certificate, and another address", function()
    local server <close> = peer.openssl_server(pki.server.p256)
    found(fails(server, client, { name = "example.com" }), "name_mismatch", "bad_certificate", "example.com",
      "localhost")
    assert.equal("fatal bad_certificate", server:alert_received())
    found(fails(server, client, { name = "127.0.0.2" }), "name_mismatch", "bad_certificate", "127.0.0.2")
    found(fails(server, client, { name = "w.example" }), "name_mismatch", "bad_certificate")
    found(fails(server, client, { name = "a.b.w.example" }), "name_mismatch", "bad_certificate")
  end)
end)

describe("our client fails, and openssl s_server says why:", function()
  local client = tls.client()
  before_each(count)
  after_each(recount)

  local function fails(server, config)
    local sock, err = tls.connect(config or client, server.port)
    assert.is_nil(sock, "the handshake succeeded")
    return err
  end

  it("no suite in common", function()
    local server <close> = peer.openssl_server(pki.server.rsa2048, "-rev -tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256")
    told(fails(server), "handshake_failure", "no cipher suite, group or signature scheme in common")
  end)

  it("no group in common", function()
    local server <close> = peer.openssl_server(pki.server.rsa2048, "-rev -tls1_2 -curves X448")
    told(fails(server), "handshake_failure", "no cipher suite, group or signature scheme in common")
  end)

  it("no version in common, the server's older, which goes on with its own (RFC 5246 appendix E.1)", function()
    local server <close> = peer.openssl_server(pki.server.rsa2048, "-rev -tls1_1 -cipher DEFAULT:@SECLEVEL=0")
    local config = tls.client { cipher_suites = { "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" } }
    found(fails(server, config), "protocol_version", "protocol_version", "the server chose TLSv1.1",
      "the server is older than this config's min_version, TLSv1.2")
    assert.equal("fatal protocol_version", server:alert_received())
  end)

  it("a server of TLS 1.3 only", function()
    local server <close> = peer.openssl_server(pki.server.rsa2048, "-rev -tls1_3")
    told(fails(server), "protocol_version", "TLS 1.3 only; this config stops at TLSv1.2")
  end)

  it("no application protocol in common", function()
    local server <close> = peer.openssl_server(pki.server.rsa2048, "-rev -alpn h2")
    told(fails(server, tls.client { alpn = { "http/1.1" } }), "no_application_protocol")
  end)

  it("a name that the server has not", function()
    local pair = pki.server.p256
    local server <close> = peer.openssl_server(pair, ("-rev -servername x.w.example -servername_fatal "
      .. "-cert2 %s -key2 %s"):format(pair.leaf, pair.key))
    told(fails(server), "unrecognized_name", "localhost")
  end)

  local mutual = "-rev -Verify 3 -verify_return_error -CAfile " .. pki.roots

  it("no client certificate, where one is required", function()
    local server <close> = peer.openssl_server(pki.server.p256, mutual)
    told(fails(server), "handshake_failure", "asked for a certificate and got none")
  end)

  -- Only where a server names no CA can ours be sent, to be refused.
  local unnamed = mutual .. " -no_ca_names -cipher DEFAULT:@SECLEVEL=0 -auth_level 2"
  for name, alert in pairs {
    unknown_ca = "unknown_ca", self_signed = "unknown_ca", expired = "certificate_expired",
    not_yet_valid = "bad_certificate", server_eku = "unsupported_certificate",
  } do
    it("a client certificate that is refused: " .. name, function()
      local server <close> = peer.openssl_server(pki.server.p256, unnamed)
      told(fails(server, tls.client_with(pki.bad_client[name])), alert, "the server does not take our certificate")
    end)
  end

  it("a client certificate of a CA that the server does not name", function()
    local server <close> = peer.openssl_server(pki.server.p256, mutual)
    told(fails(server, tls.client_with(pki.bad_client.unknown_ca)), "handshake_failure",
      "none of ours fits its types, signature schemes and authorities")
  end)
end)

describe("our server fails, and openssl s_client hears why:", function()
  before_each(count)
  after_each(recount)

  -- A handshake with this client must fail: our error; the client, which has ended by itself.
  local function fails(config, options)
    local held <close>, client, sock, err = tls.meet(config, peer.openssl_client, options or "")
    assert.is_nil(sock, "the handshake succeeded")
    client:finish()
    return err, held.client
  end

  it("no suite in common", function()
    local err, client = fails(tls.server(pki.server.rsa2048), "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256")
    found(err, "no_cipher_suite", "handshake_failure", "no cipher suite in common")
    assert.equal("fatal handshake_failure", client:alerts_received())
  end)

  it("no suite in common that goes with our key", function()
    local err, client = fails(tls.server(pki.server.rsa2048), "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256")
    found(err, "no_cipher_suite", "handshake_failure", "the certificate's key (RSA)")
    assert.equal("fatal handshake_failure", client:alerts_received())
  end)

  it("no group in common", function()
    local err, client = fails(tls.server(pki.server.rsa2048), "-tls1_2 -curves X448")
    found(err, "no_cipher_suite", "handshake_failure", "groups")
    assert.equal("fatal handshake_failure", client:alerts_received())
  end)

  it("a client that cannot use the curve of our key", function()
    local err, client = fails(tls.server(pki.server.p256), "-tls1_2 -curves X25519")
    found(err, "no_group", "handshake_failure", "secp256r1")
    assert.equal("fatal handshake_failure", client:alerts_received())
  end)

  it("no signature scheme in common", function()
    local err, client = fails(tls.server(pki.server.p256), "-tls1_2 -sigalgs RSA+SHA256")
    found(err, "no_cipher_suite", "handshake_failure", "signature schemes")
    assert.equal("fatal handshake_failure", client:alerts_received())
  end)

  it("no version in common, the client's older", function()
    local err, client = fails(tls.server(pki.server.rsa2048), "-tls1_1 -cipher DEFAULT:@SECLEVEL=0")
    found(err, "protocol_version", "protocol_version", "the client offers TLSv1.1 at most")
    assert.equal("fatal protocol_version", client:alerts_received())
  end)

  it("a client of TLS 1.3 only", function()
    local err, client = fails(tls.server(pki.server.rsa2048), "-tls1_3")
    found(err, "protocol_version", "protocol_version", "TLS 1.3 only; this config stops at TLSv1.2")
    assert.equal("fatal protocol_version", client:alerts_received())
  end)

  it("no application protocol in common", function()
    local err, client = fails(tls.server(pki.server.rsa2048, { alpn = { "h2" } }), "-tls1_2 -alpn http/1.1")
    found(err, "no_alpn", "no_application_protocol", "http/1.1", "h2")
    assert.equal("fatal 120", client:alerts_received()) -- no_application_protocol, which openssl has no name for
  end)

  it("a downgrade that TLS_FALLBACK_SCSV gives away", function()
    local config = tls.server(pki.server.rsa2048, { min_version = "1.0", cipher_suites = {
      "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" } })
    local err, client = fails(config, "-tls1_1 -fallback_scsv -cipher DEFAULT:@SECLEVEL=0")
    found(err, "fallback", "inappropriate_fallback", "TLSv1.1")
    assert.equal("fatal inappropriate_fallback", client:alerts_received())
  end)
end)

describe("our server fails, and the client says why:", function()
  before_each(count)
  after_each(recount)

  for name, row in pairs {
    self_signed = { "unknown_ca" }, unknown_ca = { "unknown_ca" }, expired = { "certificate_expired" },
    not_yet_valid = { "bad_certificate" }, client_eku = { "unsupported_certificate" },
  } do
    it("it refuses our certificate: " .. name, function()
      local held <close>, _, sock, err = tls.meet(tls.server(pki.bad[name]), peer.openssl_client,
        "-verify_return_error -purpose sslserver -CAfile " .. pki.roots)
      assert.is_nil(sock)
      told(err, row[1], "the client does not take our certificate")
      held.client:finish()
    end)
  end
end)

describe("a peer that speaks something else:", function()
  before_each(count)
  after_each(recount)

  -- What our side says to these bytes, and the bytes that it sent.
  local function hears(config, options, bytes)
    local ours, other = peer.tcp_pair()
    assert(other:send(bytes))
    local sock = assert(config:wrap(ours, options))
    sock:settimeout(10)
    local done, err = sock:handshake()
    assert.is_nil(done)
    sock:close()
    local sent, _, part = other:receive "*a"
    other:close()
    return err, sent or part
  end

  local client, name = tls.client(), { name = "localhost" }

  for what, row in pairs {
    ["plain HTTP"] = { "HTTP/1.1 400 Bad Request\r\n\r\n", "the server speaks plain HTTP on this port" },
    ["SSH"] = { "SSH-2.0-OpenSSH_9.2\r\n", "the peer speaks SSH" },
    ["mail"] = { "220 mail.example ESMTP\r\n", "the server greets in clear" },
    ["nothing known"] = { ("\0\1\2\3"):rep(20), "" },
  } do
    it("a server that speaks " .. what, function()
      local err, sent = hears(client, name, row[1])
      found(err, "not_tls", nil, "the peer does not speak TLS", row[2])
      assert.equal(1, #records(sent)) -- ClientHello alone
    end)
  end

  it("a client that speaks plain HTTP", function()
    local err, sent = hears(tls.server(pki.server.p256), nil, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    found(err, "not_tls", nil, "the client speaks plain HTTP on this port", "https://")
    assert.equal("", sent)
  end)

  local function handshake_record(kind, body, version)
    return string.pack(">BI2s2", 22, version or 0x0303, string.pack(">Bs3", kind, body))
  end

  local function server_hello(version, suite, extensions)
    return handshake_record(2, string.pack(">I2c32BI2Bs2", version, ("r"):rep(32), 0, suite, 0, extensions or ""))
  end

  local ECDHE = 0xC02B

  -- Certificate with the chain of a PEM file.
  local function certificate(path)
    local list = {}
    for i, one in ipairs(assert(x509.load(path))) do list[i] = string.pack(">s3", one:der()) end
    return handshake_record(11, string.pack(">s3", table.concat(list)))
  end

  -- what comes after our ClientHello, the code, the alert's number, and its record's version if that is not ours
  for what, row in pairs {
    ["a version that we did not offer"] = { server_hello(0x0302, ECDHE), "protocol_version", 70, 0x0302 },
    ["a suite that we did not offer"] = { server_hello(0x0303, 0x0005), "illegal_parameter", 47 },
    ["an extension that we did not offer"] = { server_hello(0x0303, ECDHE, "\0\15\0\1\1"),
      "unsupported_extension", 110 },
    ["a message that does not decode"] = { handshake_record(2, "\3\3"), "decode", 50 },
    ["Certificate before ServerHello"] = { handshake_record(11, "\0\0\0"), "unexpected", 10 },
    ["an empty Certificate"] = { server_hello(0x0303, ECDHE) .. handshake_record(11, "\0\0\0"),
      "no_peer_certificate", 40 },
    ["a key that may not sign"] = { server_hello(0x0303, ECDHE) .. certificate(pki.bad.key_usage.certificate),
      "key_usage", 43 },
    ["a record of 32 KiB"] = { string.pack(">BI2I2", 22, 0x0303, 0x8000) .. ("x"):rep(64), "record_overflow", 22 },
    ["a record of SSL 2's number"] = { string.pack(">BI2s2", 22, 0x0200, "hello"), "not_tls" },
  } do
    it("a server that answers with " .. what, function()
      local err, sent = hears(client, name, row[1])
      assert.equal(row[2], err.code, tostring(err))
      local alert = records(sent)[2]
      assert.same(row[3] and { 21, row[4] or 0x0303, "\2" .. string.char(row[3]) }, alert)
    end)
  end
end)
