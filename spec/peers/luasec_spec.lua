-- LuaSec, by OpenSSL, in a Lua of its own, on both ends.
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local MEGABYTE = tls.bytes(1 << 20)

describe("our client and LuaSec's server", function()
  local client = tls.client()

  local function echo(sock, text)
    assert(sock:send(#text .. "\n"))
    assert(sock:send(text))
    assert.is_true(text == assert(sock:receive(#text)))
  end

  for _, kind in ipairs(pki.kinds) do
    it("agree with a server's key of kind " .. kind, function()
      local server <close> = peer.luasec_server(pki.server[kind])
      local sock <close> = assert(tls.connect(client, server.port))
      echo(sock, "hello")
      server:wait_for "handshake TLSv1.2"
    end)

    it("agree with a client certificate of kind " .. kind, function()
      local server <close> = peer.luasec_server(pki.server.p256, { cafile = pki.roots, verify = "require" })
      local sock <close> = assert(tls.connect(tls.client_with(pki.client[kind]), server.port))
      echo(sock, "hello")
      server:wait_for("peer " .. kind .. " client")
    end)
  end

  it("agree on a suite and on an application protocol", function()
    local server <close> = peer.luasec_server(pki.server.rsa2048,
      { alpn = "x,h2", ciphers = "ECDHE-RSA-AES256-GCM-SHA384" })
    local sock <close> = assert(tls.connect(tls.client { alpn = { "h2", "x" } }, server.port))
    echo(sock, "hello")
    assert.equal("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", sock:info().cipher_suite)
    server:wait_for("handshake TLSv1.2 ECDHE%-RSA%-AES256%-GCM%-SHA384 " .. sock:info().alpn)
  end)

  it("carry a megabyte there and back, and end in order on both sides", function()
    local server <close> = peer.luasec_server(pki.server.p256)
    local sock <close> = assert(tls.connect(client, server.port))
    echo(sock, MEGABYTE)
    local _, err = sock:receive(1)
    assert.equal("closed", err)
  end)

  it("end in order: our close_notify", function()
    local server <close> = peer.luasec_server(pki.server.p256, { mode = "hold" })
    local sock <close> = assert(tls.connect(client, server.port))
    assert(sock:send "last words")
    sock:close()
    server:wait_for "end last words"
  end)

  it("part where LuaSec's server wants a certificate", function()
    local server <close> = peer.luasec_server(pki.server.p256, { cafile = pki.roots, verify = "require" })
    local sock, err = tls.connect(client, server.port)
    assert.is_nil(sock)
    assert.equal("peer_alert", err.code)
    assert.equal("handshake_failure", err.alert)
    server:wait_for "failed"
  end)
end)

describe("our server and LuaSec's client", function()
  local function meet(config, options, input)
    local all = { cafile = pki.roots, verify = "peer" }
    for name, value in pairs(options or {}) do all[name] = value end
    return tls.meet(config, peer.luasec_client, all, input or "hello")
  end

  local function echo(client, sock)
    local text = assert(sock:receive(tonumber((assert(sock:receive "*l")))))
    assert(sock:send(text))
    client:wait_for("same " .. #text)
  end

  for _, kind in ipairs(pki.kinds) do
    it("agree with our key of kind " .. kind, function()
      local _ <close>, client, sock, err = meet(tls.server(pki.server[kind]))
      echo(client, assert(sock, err))
    end)

    it("agree with a client certificate of kind " .. kind, function()
      local _ <close>, client, sock, err = meet(tls.mutual_server(pki.server.p256),
        { certificate = pki.client[kind].certificate, key = pki.client[kind].key })
      echo(client, assert(sock, err))
      assert.equal("CN=" .. kind .. " client,O=Test PKI", tostring(sock:verified_chain()[1].subject))
    end)
  end

  it("part where we want a client certificate and get none", function()
    local _ <close>, client, sock, err = meet(tls.mutual_server(pki.server.p256))
    assert.is_nil(sock)
    assert.equal("certificate_required", err.code)
    client:wait_for "failed .*handshake failure"
  end)

  for name, alert in pairs { self_signed = "unknown_ca", unknown_ca = "unknown_ca", expired = "certificate_expired" } do
    it("part where LuaSec refuses our certificate: " .. name, function()
      local _ <close>, client, sock, err = meet(tls.server(pki.bad[name]))
      assert.is_nil(sock)
      assert.same({ "peer_alert", alert }, { err.code, err.alert })
      client:wait_for "failed .*certificate verify failed"
    end)
  end

  it("agree on a suite, a name and an application protocol", function()
    local _ <close>, client, sock, err = meet(tls.server(pki.server.p256, { alpn = { "x", "h2" } }),
      { alpn = "h2,x", name = "x.w.example", ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305" })
    echo(client, assert(sock, err))
    local info = sock:info()
    assert.equal("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", info.cipher_suite)
    assert.equal("x.w.example", info.server_name)
    assert.equal("x", info.alpn)
    client:wait_for "handshake TLSv1.2 ECDHE%-ECDSA%-CHACHA20%-POLY1305 x"
  end)

  it("carry a megabyte there and back", function()
    local _ <close>, client, sock, err = meet(tls.server(pki.server.rsa2048), nil, MEGABYTE)
    echo(client, assert(sock, err))
  end)

  it("end in order: LuaSec's close_notify and ours", function()
    local _ <close>, client, sock, err = meet(tls.server(pki.server.p256), { mode = "hold" })
    assert(assert(sock, err):send "last words")
    sock:close()
    client:wait_for "end last words"
  end)
end)
