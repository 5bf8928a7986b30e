-- nginx as the server of our client: TLS 1.2, client certificates, sessions, files both ways.
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
