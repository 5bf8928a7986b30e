-- OpenSSL's s_server and s_client, the other way round too.
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local MEGABYTE = tls.bytes(1 << 20)

-- What s_server and s_client would take for a command where a chunk begins with it is left out.
local TEXT = MEGABYTE:gsub("[%a\r\n]", "."):sub(1, -2) .. "\n"

-- IANA's name, OpenSSL's, the key of the server, and the version where it is not 1.2.
local suites = {
  { "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", "p256" },
  { "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "rsa2048" },
  { "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", "p256" },
  { "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "rsa2048" },
  { "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", "p256" },
  { "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "rsa2048" },
  { "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "ECDHE-ECDSA-AES128-CCM", "p256" },
  { "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", "ECDHE-ECDSA-AES256-CCM", "p256" },
  { "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE-ECDSA-AES128-CCM8", "p256" },
  { "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", "ECDHE-ECDSA-AES256-CCM8", "p256" },
  { "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256", "p256" },
  { "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256", "rsa2048" },
  { "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA-AES256-SHA384", "p256" },
  { "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384", "rsa2048" },
  { "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA", "p256" },
  { "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", "rsa2048" },
  { "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA", "p256" },
  { "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA", "rsa2048" },
  { "TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256", "rsa2048" },
  { "TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384", "rsa2048" },
  { "TLS_RSA_WITH_AES_128_CCM", "AES128-CCM", "rsa2048" },
  { "TLS_RSA_WITH_AES_256_CCM", "AES256-CCM", "rsa2048" },
  { "TLS_RSA_WITH_AES_128_CCM_8", "AES128-CCM8", "rsa2048" },
  { "TLS_RSA_WITH_AES_256_CCM_8", "AES256-CCM8", "rsa2048" },
  { "TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256", "rsa2048" },
  { "TLS_RSA_WITH_AES_256_CBC_SHA256", "AES256-SHA256", "rsa2048" },
  { "TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", "rsa2048" },
  { "TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", "rsa2048" },
  { "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", "rsa2048", "1.1" },
  { "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA", "p256", "1.0" },
  { "TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", "rsa2048", "1.0" },
}
local groups = { x25519 = "X25519", secp256r1 = "P-256", secp384r1 = "P-384", secp521r1 = "P-521" }
local version_options = { ["1.0"] = "-tls1", ["1.1"] = "-tls1_1", ["1.2"] = "-tls1_2" }

describe("our client and openssl s_server", function()
  local client = tls.client()

  local function says_hello(sock)
    assert(sock:send "hello\n")
    assert.equal("olleh", (assert(sock:receive "*l")))
  end

  for _, kind in ipairs(pki.kinds) do
    it("agree with a server's key of kind " .. kind, function()
      local server <close> = peer.openssl_server(pki.server[kind])
      local sock <close> = assert(tls.connect(client, server.port))
      says_hello(sock)
      local info = sock:info()
      assert.equal("TLSv1.2", info.version)
      assert.equal("localhost", info.server_name)
      assert.is_false(info.resumed)
      assert.equal(3, #sock:verified_chain())
      assert.equal(2, #sock:peer_certificates())
    end)
  end

  for _, row in ipairs(suites) do
    local name, openssl_name, kind, version = row[1], row[2], row[3], row[4] or "1.2"
    it(("agree on %s in TLS %s"):format(name, version), function()
      local server <close> = peer.openssl_server(pki.server[kind],
        ("-rev %s -cipher %s:@SECLEVEL=0"):format(version_options[version], openssl_name))
      local config = tls.client { cipher_suites = { name }, min_version = version, max_version = version }
      local sock <close> = assert(tls.connect(config, server.port))
      says_hello(sock)
      assert.equal(name, sock:info().cipher_suite)
      assert.equal("TLSv" .. version, sock:info().version)
    end)
  end

  for group, openssl_name in pairs(groups) do
    it("agree on the group " .. group, function()
      local server <close> = peer.openssl_server(pki.server.rsa2048, "-rev -curves " .. openssl_name)
      local sock <close> = assert(tls.connect(client, server.port))
      says_hello(sock)
      assert.equal(group, sock:info().group)
    end)
  end

  it("agree on the name: by server_name, and none where an address is asked for", function()
    local pair = pki.server.p256
    local server <close> = peer.openssl_server(pair, ("-servername x.w.example -cert2 %s -key2 %s")
      :format(pair.certificate, pair.key))
    local config = tls.client { trust = { pki.roots, pair.issuers } } -- by that name it sends its leaf alone
    local sock <close> = assert(tls.connect(config, server.port, { name = "x.w.example" }))
    server:wait_for 'Hostname in TLS extension: "x%.w%.example"'
    sock:close()
    local by_address <close> = assert(tls.connect(client, server.port, { name = "127.0.0.1" }))
    by_address:close()
    server:wait_for "DONE.*DONE"
    assert.equal(1, select(2, server:output():gsub("Hostname in TLS extension", "")))
  end)

  it("agree on an application protocol, by the server's preference", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -alpn http/1.1,h2")
    local sock <close> = assert(tls.connect(tls.client { alpn = { "h2", "http/1.1" } }, server.port))
    says_hello(sock)
    assert.equal("http/1.1", sock:info().alpn)
  end)

  it("resume by session ID, and only with the config of the session", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -no_ticket")
    local sock <close> = assert(tls.connect(client, server.port))
    says_hello(sock)
    local session = assert(sock:session())
    sock:close()
    local again <close> = assert(tls.connect(client, server.port, { session = session }))
    says_hello(again)
    assert.is_true(again:info().resumed)
    assert.equal(1, select(2, server:output "messages":gsub("ClientKeyExchange", "")))
  end)

  it("do a full handshake where the server does not know the session", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -no_ticket")
    local sock <close> = assert(tls.connect(client, server.port))
    local session = assert(sock:session())
    sock:close()
    local other <close> = peer.openssl_server(pki.server.p256, "-rev -no_ticket")
    local again <close> = assert(tls.connect(client, other.port, { session = session }))
    says_hello(again)
    assert.is_false(again:info().resumed)
  end)

  it("have no session where the server offers none", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -no_ticket -no_cache")
    local sock <close> = assert(tls.connect(client, server.port))
    local session, err = sock:session()
    assert.is_nil(session)
    assert.equal("state", err.code)
  end)

  for _, kind in ipairs(pki.kinds) do
    it("agree with a client certificate of kind " .. kind, function()
      local server <close> = peer.openssl_server(pki.server.p256,
        "-rev -Verify 3 -verify_return_error -CAfile " .. pki.roots)
      local sock <close> = assert(tls.connect(tls.client_with(pki.client[kind]), server.port))
      says_hello(sock)
      server:wait_for("Peer certificate: O = Test PKI, CN = " .. kind .. " client")
    end)
  end

  it("send no certificate where the server's CAs are others than ours, and one that asks for it goes on", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -verify 3 -CAfile " .. pki.root.rsa2048)
    local sock <close> = assert(tls.connect(tls.client(), server.port))
    says_hello(sock)
    server:wait_for "No peer certificate"
  end)

  it("send no RSA certificate to a server that takes only PSS signatures", function()
    local server <close> = peer.openssl_server(pki.server.p256,
      "-rev -verify 3 -client_sigalgs rsa_pss_rsae_sha256 -CAfile " .. pki.roots)
    local sock <close> = assert(tls.connect(tls.client_with(pki.client.rsa2048), server.port))
    says_hello(sock)
    server:wait_for "No peer certificate"
  end)

  it("give the same keying material to an exporter", function()
    local server <close> = peer.openssl_server(pki.server.p256,
      "-no_ticket -keymatexport EXPORTER-test -keymatexportlen 32")
    local sock <close> = assert(tls.connect(client, server.port))
    local expected = server:wait_for "Keying material: (%x+)"
    local material = assert(sock:exporter("EXPORTER-test", nil, 32))
    assert.equal(expected, (material:gsub(".", function(c) return ("%02X"):format(c:byte()) end)))
  end)

  it("carry a megabyte there", function()
    local server <close> = peer.openssl_server(pki.server.p256, "")
    local sock <close> = assert(tls.connect(client, server.port))
    assert.equal(#TEXT, (assert(sock:send(TEXT))))
    sock:close()
    assert.equal("warning close_notify", server:alert_received())
    server:wait_for "DONE"
    assert.truthy(server:output():find(TEXT, 1, true))
  end)

  it("carry a megabyte back", function()
    local server <close> = peer.openssl_server(pki.server.p256, "")
    local sock <close> = assert(tls.connect(client, server.port))
    server:send(TEXT)
    assert.is_true(TEXT == assert(sock:receive(#TEXT)))
  end)

  it("end in order: our close_notify", function()
    local server <close> = peer.openssl_server(pki.server.p256)
    local sock <close> = assert(tls.connect(client, server.port))
    says_hello(sock)
    sock:close()
    assert.equal("warning close_notify", server:alert_received())
  end)

  it("end in order: the server's close_notify", function()
    local server <close> = peer.openssl_server(pki.server.p256)
    local sock <close> = assert(tls.connect(client, server.port))
    assert(sock:send "CLOSE\n")
    local data, err = sock:receive "*l"
    assert.is_nil(data)
    assert.equal("closed", err)
  end)
end)

describe("our server and openssl s_client", function()
  local trusting = "-verify_return_error -verify_hostname localhost -CAfile " .. pki.roots

  -- A client process with these options; the socket of ours that it reached, handshake done; or nil, error.
  local function meet(config, options, input)
    return tls.meet(config, peer.openssl_client, options or trusting, input)
  end

  local function says_hello(client, sock)
    assert(sock:send "good day\n")
    client:wait_for "good day"
    client:send "hello\n"
    assert.equal("hello", (assert(sock:receive "*l")))
  end

  for _, kind in ipairs(pki.kinds) do
    it("agree with our key of kind " .. kind, function()
      local _ <close>, client, sock = meet(tls.server(pki.server[kind]))
      assert(sock)
      says_hello(client, sock)
      assert.truthy(client:output():find("Verification: OK", 1, true))
      assert.equal("TLSv1.2", sock:info().version)
    end)
  end

  for _, row in ipairs(suites) do
    local name, openssl_name, kind, version = row[1], row[2], row[3], row[4] or "1.2"
    it(("agree on %s in TLS %s"):format(name, version), function()
      local config = tls.server(pki.server[kind],
        { cipher_suites = { name }, min_version = version, max_version = version })
      local _ <close>, client, sock, err = meet(config, ("%s %s -cipher %s:@SECLEVEL=0")
        :format(trusting, version_options[version], openssl_name))
      assert(sock, err)
      says_hello(client, sock)
      assert.equal(name, sock:info().cipher_suite)
      assert.equal("TLSv" .. version, sock:info().version)
    end)
  end

  for group, openssl_name in pairs(groups) do
    it("agree on the group " .. group, function()
      local _ <close>, client, sock, err = meet(tls.server(pki.server.rsa2048),
        trusting .. " -curves " .. openssl_name)
      assert(sock, err)
      says_hello(client, sock)
      assert.equal(group, sock:info().group)
    end)
  end

  it("agree on the name", function()
    local _ <close>, client, sock = meet(tls.server(pki.server.p256), trusting .. " -servername x.w.example")
    assert(sock)
    says_hello(client, sock)
    assert.equal("x.w.example", sock:info().server_name)
  end)

  it("agree on an application protocol, by our preference", function()
    local _ <close>, client, sock = meet(tls.server(pki.server.p256, { alpn = { "http/1.1", "h2" } }),
      trusting .. " -alpn h2,http/1.1")
    assert(sock)
    says_hello(client, sock)
    assert.equal("http/1.1", sock:info().alpn)
    assert.truthy(client:output():find("ALPN protocol: http/1.1", 1, true))
  end)

  it("resume by session ID", function()
    local config = tls.server(pki.server.p256)
    local file = os.tmpname()
    local _ <close>, one, first = meet(config, trusting .. " -sess_out " .. file)
    says_hello(one, assert(first))
    first:close()
    one:finish()
    local _ <close>, other, second = meet(config, trusting .. " -sess_in " .. file)
    says_hello(other, assert(second))
    os.remove(file)
    assert.is_true(second:info().resumed)
    assert.truthy(other:output():find("Reused, TLSv1.2", 1, true))
  end)

  for _, kind in ipairs(pki.kinds) do
    it("agree with a client certificate of kind " .. kind, function()
      local _ <close>, client, sock, err = meet(tls.mutual_server(pki.server.p256),
        ("%s -cert %s -cert_chain %s -key %s"):format(trusting, pki.client[kind].leaf, pki.client[kind].issuers,
          pki.client[kind].key))
      assert(sock, err)
      says_hello(client, sock)
      assert.equal("CN=" .. kind .. " client,O=Test PKI", tostring(sock:verified_chain()[1].subject))
      assert.equal(3, #sock:verified_chain())
    end)
  end

  it("name the CAs that we trust", function()
    local _ <close>, client, sock = meet(tls.mutual_server(pki.server.p256, { client_auth = "request" }))
    says_hello(client, assert(sock))
    assert.truthy(client:output():find("Acceptable client certificate CA names\n[^-]*CN = p384 root\n"))
    assert.is_nil(sock:verified_chain())
  end)

  it("give the same keying material to an exporter", function()
    local _ <close>, client, sock = meet(tls.server(pki.server.p256),
      trusting .. " -keymatexport EXPORTER-test -keymatexportlen 32")
    local expected = client:wait_for "Keying material: (%x+)"
    local material = assert(assert(sock):exporter("EXPORTER-test", nil, 32))
    assert.equal(expected, (material:gsub(".", function(c) return ("%02X"):format(c:byte()) end)))
  end)

  it("carry a megabyte there", function()
    local _ <close>, client, sock = meet(tls.server(pki.server.p256), trusting .. " -quiet")
    assert.equal(#MEGABYTE, (assert(assert(sock):send(MEGABYTE))))
    sock:close()
    local _, output = client:finish()
    assert.truthy(output:find(MEGABYTE, 1, true))
  end)

  it("carry a megabyte back, and see the client's close_notify", function()
    local _ <close>, client, sock = meet(tls.server(pki.server.p256), trusting .. " -quiet -no_ign_eof", MEGABYTE)
    assert.is_true(MEGABYTE == assert(assert(sock):receive "*a"))
    assert.equal(0, (client:finish()))
  end)

  it("end in order: our close_notify", function()
    local _ <close>, client, sock = meet(tls.server(pki.server.p256))
    says_hello(client, assert(sock))
    sock:close()
    client:finish()
    assert.equal("warning close_notify", client:alerts_received())
  end)
end)
