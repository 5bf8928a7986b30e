-- nginx as the server of our client and, as a proxy, the client of our server: TLS 1.2, client certificates, sessions,
-- files both ways.
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local MEGABYTE = tls.bytes(1 << 20)

-- One request on a connection that goes on after it: status, body.
local function exchange(sock, method, path, body)
  assert(sock:send(("%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"):format(method, path,
    body and #body or 0)))
  if body then assert(sock:send(body)) end
  local status = assert(sock:receive "*l"):match "^HTTP/1.1 (%d+)"
  local length = 0
  while true do
    local line = assert(sock:receive "*l")
    if line == "" then break end
    length = tonumber(line:match "^Content%-Length: (%d+)") or length
  end
  return tonumber(status), length > 0 and assert(sock:receive(length)) or ""
end

-- What nginx knows of the connection.
local function facts(sock)
  local status, body = exchange(sock, "GET", "/facts")
  assert.equal(200, status)
  local names = { "protocol", "suite", "name", "reused", "verified", "subject" }
  local result, i = {}, 0
  for word in body:gsub("\n", ""):gmatch "([^ ]*) ?" do
    i = i + 1
    local name = names[i] or "subject"
    result[name] = result[name] and result[name] .. " " .. word or word
  end
  return result
end

describe("our client and nginx", function()
  local client = tls.client()

  for _, kind in ipairs(pki.kinds) do
    it("agree with a server's key of kind " .. kind, function()
      local server <close> = peer.nginx(pki.server[kind])
      local sock <close> = assert(tls.connect(client, server.port))
      local known = facts(sock)
      assert.equal("TLSv1.2", known.protocol)
      assert.equal("localhost", known.name)
      assert.equal("NONE", known.verified)
    end)

    it("agree with a client certificate of kind " .. kind, function()
      local server <close> = peer.nginx(pki.server.p256,
        "ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate " .. pki.roots .. ";")
      local sock <close> = assert(tls.connect(tls.client_with(pki.client[kind]), server.port))
      local known = facts(sock)
      assert.equal("SUCCESS", known.verified)
      assert.truthy(known.subject:find("CN=" .. kind .. " client", 1, true))
    end)
  end

  it("go on without a client certificate, to nginx's 400", function()
    local server <close> = peer.nginx(pki.server.p256, "ssl_verify_client on; ssl_client_certificate "
      .. pki.roots .. ";")
    local sock <close> = assert(tls.connect(client, server.port))
    local status, body = exchange(sock, "GET", "/facts")
    assert.equal(400, status)
    assert.truthy(body:find("No required SSL certificate was sent", 1, true))
  end)

  it("go on with a client certificate that nginx refuses, to its 400", function()
    local server <close> = peer.nginx(pki.server.p256, "ssl_verify_client on; ssl_client_certificate "
      .. pki.stranger .. ";")
    local stranger = tls.client_with(pki.bad_client.expired)
    local sock <close> = assert(tls.connect(stranger, server.port))
    local status = exchange(sock, "GET", "/facts")
    assert.equal(400, status)
  end)

  it("agree where the server prefers its own order, PSS signatures first", function()
    local server <close> = peer.nginx(pki.server.rsa2048,
      "ssl_prefer_server_ciphers on; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384;")
    local sock <close> = assert(tls.connect(client, server.port))
    assert.equal("ECDHE-RSA-AES128-GCM-SHA256", facts(sock).suite)
    assert.equal("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", sock:info().cipher_suite)
  end)

  it("resume by session ID", function()
    local server <close> = peer.nginx(pki.server.p256, "ssl_session_cache shared:S:1m; ssl_session_tickets off;")
    local sock <close> = assert(tls.connect(client, server.port))
    assert.equal(".", facts(sock).reused)
    local session = assert(sock:session())
    sock:close()
    local again <close> = assert(tls.connect(client, server.port, { session = session }))
    assert.equal("r", facts(again).reused)
    assert.is_true(again:info().resumed)
  end)

  it("carry a megabyte there and back, on one connection", function()
    local server <close> = peer.nginx(pki.server.rsa2048)
    local sock <close> = assert(tls.connect(client, server.port))
    assert.equal(201, (exchange(sock, "PUT", "/megabyte", MEGABYTE)))
    assert.is_true(MEGABYTE == server:output "root/megabyte")
    local status, body = exchange(sock, "GET", "/megabyte")
    assert.equal(200, status)
    assert.is_true(MEGABYTE == body)
  end)

  it("end in order: the server's close_notify", function()
    local server <close> = peer.nginx(pki.server.p256)
    local sock <close> = assert(tls.connect(client, server.port))
    assert(sock:send "GET /facts HTTP/1.0\r\n\r\n")
    assert.truthy(assert(sock:receive "*a"):find("TLSv1.2", 1, true))
    local _, err = sock:receive "*l"
    assert.equal("closed", err)
  end)
end)

describe("our server and nginx as a proxy", function()
  -- Asks nginx for "/" with a body, and does our side of the handshake with it: our socket or nil, error; the plain
  -- connection to nginx.
  local function ask(config, listener, proxy, body)
    local plain = peer.connect(proxy.port)
    assert(plain:send(("POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n"):format(#body) .. body))
    local sock, err = tls.accept(config, listener)
    return plain, sock, err
  end

  local function request(sock)
    local length = 0
    local line = assert(sock:receive "*l")
    while line ~= "" do
      length = tonumber(line:match "^Content%-Length: (%d+)") or length
      line = assert(sock:receive "*l")
    end
    return assert(sock:receive(length))
  end

  local function respond(sock, body)
    assert(sock:send(("HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n"):format(#body) .. body))
    sock:close()
  end

  local function response(plain)
    local text = assert(plain:receive "*a")
    plain:close()
    return text:match "^HTTP/1.%d (%d+)", text:match "\r\n\r\n(.*)$"
  end

  for _, kind in ipairs(pki.kinds) do
    it("agree with keys of kind " .. kind .. " on both sides, and carry a megabyte each way", function()
      local listener <close> = peer.listen()
      local proxy <close> = peer.nginx_client(listener.port, pki.roots, ("proxy_ssl_certificate %s; "
        .. "proxy_ssl_certificate_key %s;"):format(pki.client[kind].certificate, pki.client[kind].key))
      local plain, sock, err = ask(tls.mutual_server(pki.server[kind]), listener, proxy, MEGABYTE)
      assert.is_true(MEGABYTE == request(assert(sock, err)))
      assert.equal("CN=" .. kind .. " client,O=Test PKI", tostring(sock:verified_chain()[1].subject))
      assert.equal("localhost", sock:info().server_name)
      respond(sock, MEGABYTE)
      local status, body = response(plain)
      assert.equal("200", status)
      assert.is_true(MEGABYTE == body)
    end)
  end

  it("resume by session ID", function()
    local config = tls.server(pki.server.p256)
    local listener <close> = peer.listen()
    local proxy <close> = peer.nginx_client(listener.port, pki.roots)
    for turn = 1, 2 do
      local plain, sock, err = ask(config, listener, proxy, "hello")
      assert.equal("hello", request(assert(sock, err)))
      assert.equal(turn == 2, sock:info().resumed)
      respond(sock, "there")
      assert.equal("200", (response(plain)))
    end
  end)

  for _, name in ipairs { "unknown_ca", "expired", "other_name" } do
    it("part where nginx refuses our certificate: " .. name, function()
      local listener <close> = peer.listen()
      local proxy <close> = peer.nginx_client(listener.port, pki.roots)
      local plain, sock = ask(tls.server(pki.bad[name]), listener, proxy, "hello")
      assert.is_nil((assert(sock):receive "*l")) -- it judges when the handshake is done
      sock:close()
      assert.equal("502", (response(plain)))
    end)
  end

  it("part where we want a certificate and nginx has none", function()
    local listener <close> = peer.listen()
    local proxy <close> = peer.nginx_client(listener.port, pki.roots)
    local plain, sock, err = ask(tls.mutual_server(pki.server.p256), listener, proxy, "hello")
    assert.is_nil(sock)
    assert.equal("certificate_required", err.code)
    assert.equal("502", (response(plain)))
  end)
end)
