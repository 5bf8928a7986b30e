-- The native engine with openssl, gnutls, nginx, curl and LuaSec, in TLS 1.3 and 1.2, each way.
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local MEGABYTE = tls.bytes(1 << 20)

local function same(a, b) -- without printing a megabyte where they differ
  assert.is_true(a == b)
end

for _, version in ipairs { "1.3", "1.2" } do
  local is_1_3 = version == "1.3"
  local name, dashes = "TLSv" .. version, (version:gsub("%.", "_"))
  local openssl_version, gnutls_version = " -tls" .. dashes, "NORMAL:-VERS-ALL:+VERS-TLS" .. version

  local function options(more)
    local all = { engine = "native", min_version = version, max_version = version }
    for key, value in pairs(more or {}) do all[key] = value end
    return all
  end

  local client = tls.client(options())

  describe(("our client (native engine, %s) and openssl s_server"):format(name), function()
    local function server_of(pair, more)
      return peer.openssl_server(pair, (more or "-rev") .. openssl_version)
    end

    local function says_hello(sock)
      assert(sock:send "hello\n")
      assert.equal("olleh", (assert(sock:receive "*l")))
      assert.equal(name, sock:info().version)
      assert.equal("native", sock:info().engine)
    end

    for _, kind in ipairs(pki.kinds) do
      it("agree with keys of kind " .. kind .. " on both sides", function()
        local server <close> = server_of(pki.server[kind], "-rev -Verify 3 -verify_return_error -CAfile " .. pki.roots)
        local sock <close> = assert(tls.connect(tls.client_with(pki.client[kind], options()), server.port))
        says_hello(sock)
        server:wait_for("Peer certificate: O = Test PKI, CN = " .. kind .. " client")
        assert.equal(3, #sock:verified_chain())
      end)
    end

    -- In 1.3 by HelloRetryRequest, for all but the first.
    for group, openssl_name in pairs {
      x25519 = "X25519", secp256r1 = "P-256", secp384r1 = "P-384", secp521r1 = "P-521",
    } do
      it("agree on the group " .. group, function()
        local server <close> = server_of(pki.server.rsa2048, "-rev -curves " .. openssl_name)
        local sock <close> = assert(tls.connect(client, server.port))
        says_hello(sock)
        assert.equal(group, sock:info().group)
      end)
    end

    for suite, openssl_name in pairs(is_1_3 and {
      TLS_AES_128_GCM_SHA256 = "-ciphersuites TLS_AES_128_GCM_SHA256",
      TLS_AES_256_GCM_SHA384 = "-ciphersuites TLS_AES_256_GCM_SHA384",
      TLS_CHACHA20_POLY1305_SHA256 = "-ciphersuites TLS_CHACHA20_POLY1305_SHA256",
    } or {
      TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 = "-cipher ECDHE-RSA-AES128-GCM-SHA256",
      TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 = "-cipher ECDHE-RSA-AES256-GCM-SHA384",
      TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = "-cipher ECDHE-RSA-CHACHA20-POLY1305",
    }) do
      it("agree on " .. suite, function()
        local server <close> = server_of(pki.server.rsa2048, "-rev " .. openssl_name)
        local sock <close> = assert(tls.connect(client, server.port))
        says_hello(sock)
        assert.equal(suite, sock:info().cipher_suite)
      end)
    end

    it("agree on an application protocol", function()
      local server <close> = server_of(pki.server.p256, "-rev -alpn http/1.1,h2")
      local sock <close> = assert(tls.connect(tls.client(options { alpn = { "h2", "http/1.1" } }), server.port))
      says_hello(sock)
      assert.equal("http/1.1", sock:info().alpn)
    end)

    if not is_1_3 then
      it("resume by session ID, where the server has no tickets", function()
        local server <close> = server_of(pki.server.p256, "-rev -no_ticket")
        local sock <close> = assert(tls.connect(client, server.port))
        says_hello(sock)
        local session = assert(sock:session())
        sock:close()
        local again <close> = assert(tls.connect(client, server.port, { session = session }))
        says_hello(again)
        assert.is_true(again:info().resumed)
      end)
    end

    it("resume by ticket", function()
      local server <close> = server_of(pki.server.p256)
      local sock <close> = assert(tls.connect(client, server.port))
      says_hello(sock)
      local session = assert(sock:session())
      sock:close()
      local again <close> = assert(tls.connect(client, server.port, { session = session }))
      says_hello(again)
      assert.is_true(again:info().resumed)
    end)

    it("give the same keying material to an exporter", function()
      local server <close> = server_of(pki.server.p256, "-keymatexport EXPORTER-test -keymatexportlen 32")
      local sock <close> = assert(tls.connect(client, server.port))
      local expected = server:wait_for "Keying material: (%x+)"
      local material = assert(sock:exporter("EXPORTER-test", nil, 32))
      assert.equal(expected, (material:gsub(".", function(c) return ("%02X"):format(c:byte()) end)))
    end)

    it("carry a megabyte there and back, and end in order", function()
      local text = MEGABYTE:gsub("[%a\r\n]", ".") -- no command of s_server
      local server <close> = server_of(pki.server.p256, "")
      local sock <close> = assert(tls.connect(client, server.port))
      server:send(text)
      same(text, (assert(sock:receive(#text))))
      assert(sock:send(text .. "\n"))
      sock:close()
      assert.equal("warning close_notify", server:alert_received())
      server:wait_for "DONE"
      assert.truthy(server:output():find(text, 1, true))
    end)

    if is_1_3 then
      it("go on after a KeyUpdate of the server", function()
        local server <close> = server_of(pki.server.p256, "")
        local sock <close> = assert(tls.connect(client, server.port))
        for turn = 1, 3 do
          server:send(turn == 2 and "k\n" or "K\n") -- k: of its own keys; K: and of ours
          server:wait_for((">>> [^\n]*KeyUpdate.*"):rep(turn), "messages") -- a command is alone in what it reads
          server:send(("%d bottles\n"):format(turn))
          assert.equal(turn .. " bottles", (assert(sock:receive "*l")))
          assert(sock:send(("99%d\n"):format(turn)))
          server:wait_for("99" .. turn)
        end
        server:wait_for("<<< [^\n]*KeyUpdate.*<<< [^\n]*KeyUpdate", "messages")
      end)
    end
  end)

  describe(("our client (native engine, %s) and other servers"):format(name), function()
    for _, kind in ipairs(pki.kinds) do
      it("gnutls-serv, keys of kind " .. kind .. " on both sides", function()
        local server <close> = peer.gnutls_server(pki.server[kind], ("--echo --require-client-cert "
          .. "--verify-client-cert --x509cafile %s --priority %s"):format(pki.roots, gnutls_version))
        local sock <close> = assert(tls.connect(tls.client_with(pki.client[kind], options()), server.port))
        assert(sock:send "hello\n")
        assert.equal("hello", (assert(sock:receive "*l")))
        assert.equal(name, sock:info().version)
      end)

      it("nginx, keys of kind " .. kind .. " on both sides", function()
        local server <close> = peer.nginx(pki.server[kind],
          "ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate " .. pki.roots .. ";", name)
        local sock <close> = assert(tls.connect(tls.client_with(pki.client[kind], options()), server.port))
        assert(sock:send "GET /facts HTTP/1.0\r\n\r\n")
        local response = assert(sock:receive "*a")
        assert.truthy(response:find("\n" .. name:gsub("%.", "%%.") .. " %S+ localhost %. SUCCESS CN="), response)
      end)

      it("LuaSec's server, keys of kind " .. kind .. " on both sides", function()
        local server <close> = peer.luasec_server(pki.server[kind],
          { protocol = "tlsv" .. dashes, cafile = pki.roots, verify = "require" })
        local sock <close> = assert(tls.connect(tls.client_with(pki.client[kind], options()), server.port))
        assert(sock:send(#MEGABYTE .. "\n"))
        assert(sock:send(MEGABYTE))
        same(MEGABYTE, (assert(sock:receive(#MEGABYTE))))
        server:wait_for("handshake " .. name)
      end)
    end

    it("gnutls-serv, resumed by ticket", function()
      local server <close> = peer.gnutls_server(pki.server.p256, "--echo --priority " .. gnutls_version)
      local session
      for turn = 1, 2 do
        local sock <close> = assert(tls.connect(client, server.port, { session = session }))
        assert(sock:send "hello\n")
        assert.equal("hello", (assert(sock:receive "*l")))
        assert.equal(turn == 2, sock:info().resumed)
        session = assert(sock:session())
      end
    end)

    it("nginx, resumed by ticket", function()
      local server <close> = peer.nginx(pki.server.p256, "ssl_session_tickets on;", name)
      local session
      for turn = 1, 2 do
        local sock <close> = assert(tls.connect(client, server.port, { session = session }))
        assert(sock:send "GET /facts HTTP/1.0\r\n\r\n")
        assert.truthy(assert(sock:receive "*a"):find(turn == 2 and " localhost r " or " localhost . ", 1, true))
        assert.equal(turn == 2, sock:info().resumed)
        session = assert(sock:session())
      end
    end)
  end)

  local trusting = "-verify_return_error -verify_hostname localhost -CAfile " .. pki.roots .. openssl_version

  describe(("our server (native engine, %s) and openssl s_client"):format(name), function()
    local function meet(config, more, input)
      return tls.meet(config, peer.openssl_client, trusting .. (more or ""), input)
    end

    local function says_hello(process, sock)
      assert(sock:send "good day\n")
      process:wait_for "good day"
      process:send "hello\n"
      assert.equal("hello", (assert(sock:receive "*l")))
      assert.equal(name, sock:info().version)
    end

    for _, kind in ipairs(pki.kinds) do
      it("agree with keys of kind " .. kind .. " on both sides", function()
        local _ <close>, process, sock, err = meet(tls.mutual_server(pki.server[kind], options()),
          (" -cert %s -cert_chain %s -key %s"):format(pki.client[kind].leaf, pki.client[kind].issuers,
            pki.client[kind].key))
        says_hello(process, assert(sock, err))
        assert.equal("CN=" .. kind .. " client,O=Test PKI", tostring(sock:verified_chain()[1].subject))
      end)
    end

    -- In 1.3 by HelloRetryRequest where the client guesses another first.
    for group, curves in pairs {
      x25519 = "X25519", secp256r1 = "P-256", secp384r1 = "X448:P-384", secp521r1 = "P-521",
    } do
      it("agree on the group " .. group, function()
        local _ <close>, process, sock, err = meet(tls.server(pki.server.rsa2048, options()), " -curves " .. curves)
        says_hello(process, assert(sock, err))
        assert.equal(group, sock:info().group)
      end)
    end

    it("agree on the name and on an application protocol", function()
      local _ <close>, process, sock, err = meet(tls.server(pki.server.p256, options { alpn = { "http/1.1", "h2" } }),
        " -servername x.w.example -alpn h2,http/1.1")
      says_hello(process, assert(sock, err))
      assert.same({ "x.w.example", "http/1.1" }, { sock:info().server_name, sock:info().alpn })
    end)

    it("resume by ticket", function()
      local config, file = tls.server(pki.server.p256, options()), os.tmpname()
      for turn, way in ipairs { " -sess_out ", " -sess_in " } do
        local _ <close>, process, sock, err = meet(config, way .. file)
        says_hello(process, assert(sock, err))
        assert.equal(turn == 2, sock:info().resumed)
        sock:close()
        process:finish()
      end
      os.remove(file)
    end)

    it("carry a megabyte each way, and end in order", function()
      local config = tls.server(pki.server.p256, options())
      local _ <close>, process, sock, err = meet(config, " -quiet -no_ign_eof", MEGABYTE)
      same(MEGABYTE, (assert(assert(sock, err):receive "*a")))
      process:finish()
      local _ <close>, other, back = meet(config, " -quiet")
      assert(back:send(MEGABYTE))
      back:close()
      local _, output = other:finish()
      assert.truthy(output:find(MEGABYTE, 1, true))
      assert.equal("warning close_notify", other:alerts_received())
    end)
  end)

  describe(("our server (native engine, %s) and other clients"):format(name), function()
    for _, kind in ipairs(pki.kinds) do
      local mine, other = pki.server[kind], pki.client[kind]

      it("gnutls-cli, keys of kind " .. kind .. " on both sides", function()
        local _ <close>, process, sock, err = tls.meet(tls.mutual_server(mine, options()), peer.gnutls_client,
          ("--verify-hostname localhost --logfile @/messages --x509cafile %s --priority %s --x509certfile %s "
            .. "--x509keyfile %s"):format(pki.roots, gnutls_version, other.certificate, other.key), MEGABYTE)
        same(MEGABYTE, (assert(assert(sock, err):receive "*a")))
        assert.equal(name, sock:info().version)
        sock:close()
        assert.equal(0, (process:finish()))
      end)

      it("curl, keys of kind " .. kind .. " on both sides", function()
        local _ <close>, process, sock, err = tls.meet(tls.mutual_server(mine, options()), peer.curl, "/",
          ("--cacert %s --tlsv%s --tls-max %s --cert %s --key %s -o @/body"):format(pki.roots, version, version,
            other.certificate, other.key))
        repeat local line = assert(assert(sock, err):receive "*l") until line == ""
        assert(sock:send(("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#MEGABYTE, MEGABYTE)))
        sock:close()
        assert.equal(0, (process:finish()))
        same(MEGABYTE, process:output "body")
        assert.truthy(process:output():find("SSL connection using " .. name, 1, true))
      end)

      it("LuaSec's client, keys of kind " .. kind .. " on both sides", function()
        local _ <close>, process, sock, err = tls.meet(tls.mutual_server(mine, options()), peer.luasec_client,
          { protocol = "tlsv" .. dashes, cafile = pki.roots, verify = "peer", certificate = other.certificate,
            key = other.key }, MEGABYTE)
        local size = tonumber((assert(assert(sock, err):receive "*l")))
        assert(sock:send((assert(sock:receive(size)))))
        process:wait_for("same " .. #MEGABYTE)
      end)
    end

    it("gnutls-cli, resumed by ticket", function()
      local config = tls.server(pki.server.p256, options())
      local listener <close> = peer.listen()
      local process <close> = peer.gnutls_client(listener.port,
        ("--verify-hostname localhost --resume --x509cafile %s --priority %s"):format(pki.roots, gnutls_version))
      local first <close> = assert(tls.accept(config, listener))
      first:receive "*l" -- it leaves at once
      first:close()
      local second <close> = assert(tls.accept(config, listener))
      assert(second:send "good day\n")
      process:wait_for "good day"
      assert.is_true(second:info().resumed)
    end)
  end)
end
