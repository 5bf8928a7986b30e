-- GnuTLS's gnutls-serv and gnutls-cli.
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local MEGABYTE = tls.bytes(1 << 20)

-- IANA's name, GnuTLS's words for it (key exchange, cipher, MAC), the key of the server. GnuTLS alone of the peers
-- still has the ones with 3DES.
local suites = {
  { "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA", "CHACHA20-POLY1305", "AEAD", "p256" },
  { "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA", "AES-256-GCM", "AEAD", "rsa2048" },
  { "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE-ECDSA", "AES-128-CCM-8", "AEAD", "p256" },
  { "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA", "AES-256-CBC", "SHA384", "p256" },
  { "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA", "AES-128-CBC", "SHA256", "rsa2048" },
  { "TLS_RSA_WITH_AES_128_GCM_SHA256", "RSA", "AES-128-GCM", "AEAD", "rsa2048" },
  { "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-ECDSA", "3DES-CBC", "SHA1", "p256" },
  { "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-RSA", "3DES-CBC", "SHA1", "rsa2048" },
  { "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "RSA", "3DES-CBC", "SHA1", "rsa2048" },
}

local function priority(row)
  return ("--priority NONE:+VERS-TLS1.2:+COMP-NULL:+SIGN-ALL:+GROUP-ALL:+%s:+%s:+%s"):format(row[2], row[3], row[4])
end

describe("our client and gnutls-serv", function()
  local client = tls.client()

  local function echoes(sock)
    assert(sock:send "hello\n")
    assert.equal("hello", (assert(sock:receive "*l")))
  end

  for _, kind in ipairs(pki.kinds) do
    it("agree with a server's key of kind " .. kind, function()
      local server <close> = peer.gnutls_server(pki.server[kind])
      local sock <close> = assert(tls.connect(client, server.port))
      echoes(sock)
      assert.equal("TLSv1.2", sock:info().version)
    end)

    it("agree with a client certificate of kind " .. kind, function()
      local server <close> = peer.gnutls_server(pki.server.p256,
        "--echo --require-client-cert --verify-client-cert --x509cafile " .. pki.roots)
      local sock <close> = assert(tls.connect(tls.client_with(pki.client[kind]), server.port))
      echoes(sock)
      server:wait_for("Subject: CN=" .. kind .. " client,O=Test PKI")
    end)
  end

  for _, row in ipairs(suites) do
    it("agree on " .. row[1], function()
      local server <close> = peer.gnutls_server(pki.server[row[5]], "--echo " .. priority(row))
      local sock <close> = assert(tls.connect(tls.client { cipher_suites = { row[1] } }, server.port))
      echoes(sock)
      assert.equal(row[1], sock:info().cipher_suite)
    end)
  end

  it("agree on the name, an application protocol, and to resume", function()
    local server <close> = peer.gnutls_server(pki.server.p256,
      "--echo --noticket --sni-hostname x.w.example --sni-hostname-fatal --alpn h2 --alpn-fatal")
    local config = tls.client { alpn = { "http/1.1", "h2" } }
    local sock <close> = assert(tls.connect(config, server.port, { name = "x.w.example" }))
    echoes(sock)
    assert.equal("h2", sock:info().alpn)
    local session = assert(sock:session())
    sock:close()
    local again <close> = assert(tls.connect(config, server.port, { name = "x.w.example", session = session }))
    echoes(again)
    assert.is_true(again:info().resumed)
  end)

  it("part where the server wants a certificate and gets none", function()
    local server <close> = peer.gnutls_server(pki.server.p256, "--echo --require-client-cert --x509cafile "
      .. pki.roots)
    local sock, err = tls.connect(client, server.port)
    assert.is_nil(sock)
    assert.same({ "peer_alert", "decode_error" }, { err.code, err.alert }) -- so GnuTLS calls an empty Certificate
    assert.truthy(tostring(err):find("the server asked for a certificate and got none", 1, true), tostring(err))
    server:wait_for "Error in handshake"
  end)

  it("learn that the server has another name", function()
    local server <close> = peer.gnutls_server(pki.server.p256,
      "--echo --sni-hostname x.w.example --sni-hostname-fatal")
    local sock, err = tls.connect(client, server.port)
    assert.is_nil(sock)
    assert.equal("unrecognized_name", err.alert)
  end)

  it("carry a megabyte there and back", function()
    local server <close> = peer.gnutls_server(pki.server.p256, "--echo --crlf --quiet")
    local sock <close> = assert(tls.connect(client, server.port))
    local text, back = MEGABYTE:gsub("%z", "0"), {} -- its echo ends at a zero byte
    for i = 1, #text, 0x4000 do
      assert(sock:send(text, i, i + 0x3FFF))
      back[#back + 1] = assert(sock:receive(0x4000))
    end
    assert.is_true(text == table.concat(back))
  end)
end)

describe("our server and gnutls-cli", function()
  local trusting = "--verify-hostname localhost --logfile @/messages --x509cafile " .. pki.roots

  local function meet(config, options, input)
    return tls.meet(config, peer.gnutls_client, options or trusting, input)
  end

  local function says_hello(client, sock)
    assert(sock:send "good day\n")
    client:wait_for "good day"
    client:send "hello\n"
    assert.equal("hello", (assert(sock:receive "*l")))
  end

  -- What it writes of its handshake is all there when it has ended.
  local function has_said(client, sock, text)
    sock:close()
    client:finish()
    assert.truthy(client:output "messages":find(text, 1, true), client:output "messages")
  end

  for _, kind in ipairs(pki.kinds) do
    it("agree with our key of kind " .. kind, function()
      local _ <close>, client, sock, err = meet(tls.server(pki.server[kind]))
      says_hello(client, assert(sock, err))
      has_said(client, sock, "Status: The certificate is trusted")
    end)

    it("agree with a client certificate of kind " .. kind, function()
      local _ <close>, client, sock, err = meet(tls.mutual_server(pki.server.p256),
        ("%s --x509certfile %s --x509keyfile %s"):format(trusting, pki.client[kind].certificate, pki.client[kind].key))
      says_hello(client, assert(sock, err))
      assert.equal("CN=" .. kind .. " client,O=Test PKI", tostring(sock:verified_chain()[1].subject))
    end)
  end

  for _, row in ipairs(suites) do
    it("agree on " .. row[1], function()
      local _ <close>, client, sock, err = meet(tls.server(pki.server[row[5]], { cipher_suites = { row[1] } }),
        trusting .. " " .. priority(row))
      says_hello(client, assert(sock, err))
      assert.equal(row[1], sock:info().cipher_suite)
    end)
  end

  for what, row in pairs {
    ["none"] = { "", "certificate_required", "handshake_failure", "Handshake failed" },
    ["one of a stranger's"] = { ("--x509certfile %s --x509keyfile %s"):format(pki.bad_client.unknown_ca.certificate,
      pki.bad_client.unknown_ca.key), "unknown_issuer", "unknown_ca", "CA is unknown" },
  } do
    it("part where we want a client certificate and get " .. what, function()
      local _ <close>, client, sock, err = meet(tls.mutual_server(pki.server.p256), trusting .. " " .. row[1])
      assert.is_nil(sock)
      assert.same({ row[2], row[3] }, { err.code, err.alert })
      local status, output = client:finish()
      assert.equal(1, status)
      assert.truthy((output .. client:output "messages"):find(row[4], 1, true), output .. client:output "messages")
    end)
  end

  it("part where gnutls-cli refuses our certificate", function()
    local _ <close>, client, sock, err = meet(tls.server(pki.bad.self_signed))
    if sock then -- it judges when the handshake is done, and leaves with an alert
      local _, why = sock:receive "*l"
      err = why
    end
    assert.equal("peer_alert", err.code)
    assert.equal(1, (client:finish()))
  end)

  it("agree on the name and on an application protocol", function()
    local _ <close>, client, sock, err = meet(tls.server(pki.server.p256, { alpn = { "http/1.1", "h2" } }),
      trusting .. " --sni-hostname x.w.example --alpn h2 --alpn http/1.1")
    says_hello(client, assert(sock, err))
    assert.equal("x.w.example", sock:info().server_name)
    assert.equal("http/1.1", sock:info().alpn)
    has_said(client, sock, "Application protocol: http/1.1")
  end)

  it("resume by session ID", function()
    local config = tls.server(pki.server.p256)
    local listener <close> = peer.listen()
    local client <close> = peer.gnutls_client(listener.port, trusting .. " --resume")
    local first <close> = assert(tls.accept(config, listener))
    assert.is_nil((first:receive "*l")) -- it leaves at once
    first:close()
    local second <close> = assert(tls.accept(config, listener))
    says_hello(client, second)
    assert.is_true(second:info().resumed)
    has_said(client, second, "This is a resumed session")
  end)

  it("carry a megabyte there", function()
    local _ <close>, client, sock, err = meet(tls.server(pki.server.p256))
    assert.equal(#MEGABYTE, (assert(assert(sock, err):send(MEGABYTE))))
    sock:close()
    local _, output = client:finish()
    assert.truthy(output:find(MEGABYTE, 1, true))
  end)

  it("carry a megabyte back, and see the client's close_notify", function()
    local _ <close>, client, sock, err = meet(tls.server(pki.server.p256), trusting, MEGABYTE)
    assert.is_true(MEGABYTE == assert(assert(sock, err):receive "*a"))
    sock:close()
    assert.equal(0, (client:finish()))
  end)
end)
