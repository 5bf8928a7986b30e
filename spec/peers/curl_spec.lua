-- curl as the client of our server.
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local MEGABYTE = tls.bytes(1 << 20)
local trusting = "--cacert " .. pki.roots

-- Reads one request: its body.
local function request(sock)
  local length, expects
  local line = assert(sock:receive "*l")
  while line ~= "" do
    length = line:lower():match "^content%-length: (%d+)" or length
    expects = expects or line:lower():find("^expect: 100%-continue")
    line = assert(sock:receive "*l")
  end
  if expects then assert(sock:send "HTTP/1.1 100 Continue\r\n\r\n") end
  return length and assert(sock:receive(tonumber(length))) or ""
end

local function respond(sock, body)
  assert(sock:send(("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"):format(#body)))
  assert(sock:send(body))
end

-- One request of curl, answered with `body`: curl, finished; our socket, closed; the request's body.
local function meet(config, options, body)
  local listener <close> = peer.listen()
  local curl = peer.curl(listener.port, "/", trusting .. " -o @/body " .. (options or ""))
  local sock, err = tls.accept(config, listener)
  if not sock then return curl, nil, err end
  local sent = request(sock)
  respond(sock, body or "hello\n")
  sock:close()
  local status = curl:finish()
  assert.equal(0, status, curl:output())
  return curl, sock, sent
end

describe("our server and curl", function()
  for _, kind in ipairs(pki.kinds) do
    it("agree with our key of kind " .. kind, function()
      local curl <close> = meet(tls.server(pki.server[kind]))
      assert.truthy(curl:output():find("SSL certificate verify ok", 1, true))
      assert.equal("hello\n", curl:output "body")
    end)

    it("agree with a client certificate of kind " .. kind, function()
      local curl <close>, sock = meet(tls.mutual_server(pki.server.p256),
        ("--cert %s --key %s"):format(pki.client[kind].certificate, pki.client[kind].key))
      assert.truthy(sock, curl:output())
      assert.equal("hello\n", curl:output "body")
    end)
  end

  for _, row in ipairs {
    { "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", "p256" },
    { "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "rsa2048" },
    { "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", "p384" },
    { "TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", "rsa4096" },
  } do
    it("agree on " .. row[1], function()
      local curl <close> = meet(tls.server(pki.server[row[3]], { cipher_suites = { row[1] } }))
      assert.truthy(curl:output():find("SSL connection using TLSv1.2 / " .. row[2], 1, true))
    end)
  end

  it("agree on an application protocol", function()
    local curl <close> = meet(tls.server(pki.server.p256, { alpn = { "h2", "http/1.1" } }))
    assert.truthy(curl:output():find("ALPN: server accepted http/1.1", 1, true))
  end)

  it("resume by session ID", function()
    local config = tls.server(pki.server.p256)
    local listener <close> = peer.listen()
    local curl <close> = peer.curl(listener.port, ("/ https://localhost:%d/again"):format(listener.port), trusting)
    for turn = 1, 2 do
      local sock <close> = assert(tls.accept(config, listener))
      request(sock)
      respond(sock, "turn " .. turn .. "\n")
      assert.equal(turn == 2, sock:info().resumed)
    end
    assert.equal(0, (curl:finish()))
    assert.truthy(curl:output():find("SSL re-using session ID", 1, true))
  end)

  it("carry a megabyte each way", function()
    local file = os.tmpname()
    local out <close> = assert(io.open(file, "wb"))
    out:write(MEGABYTE)
    out:flush()
    local curl <close>, _, sent = meet(tls.server(pki.server.rsa2048), "-T " .. file, MEGABYTE)
    os.remove(file)
    assert.is_true(MEGABYTE == sent)
    assert.is_true(MEGABYTE == curl:output "body")
  end)

  for what, row in pairs {
    ["none"] = { "", "certificate_required", "handshake_failure", "handshake failure" },
    ["one of a stranger's"] = { ("--cert %s --key %s"):format(pki.bad_client.unknown_ca.certificate,
      pki.bad_client.unknown_ca.key), "unknown_issuer", "unknown_ca", "unknown CA" },
    ["an expired one"] = { ("--cert %s --key %s"):format(pki.bad_client.expired.certificate,
      pki.bad_client.expired.key), "expired", "certificate_expired", "certificate expired" },
  } do
    it("part where we want a client certificate and get " .. what, function()
      local listener <close> = peer.listen()
      local curl <close> = peer.curl(listener.port, "/", trusting .. " " .. row[1])
      local sock, err = tls.accept(tls.mutual_server(pki.server.p256), listener)
      assert.is_nil(sock)
      assert.same({ row[2], row[3] }, { err.code, err.alert })
      local status, output = curl:finish()
      assert.not_equal(0, status)
      assert.truthy(output:find("TLS alert, " .. row[4], 1, true), output)
    end)
  end

  for name, row in pairs {
    self_signed = { pki.bad.self_signed, 60, "self%-signed certificate" },
    unknown_ca = { pki.bad.unknown_ca, 60, "certificate" },
    other_name = { pki.bad.other_name, 60, "no alternative certificate subject name matches" },
    expired = { pki.bad.expired, 60, "certificate has expired" },
  } do
    it("part where curl refuses our certificate: " .. name, function()
      local listener <close> = peer.listen()
      local curl <close> = peer.curl(listener.port, "/", trusting)
      local sock <close> = tls.accept(tls.server(row[1]), listener)
      if sock then sock:receive "*l" end -- curl looks at the name when the handshake is done
      local status, output = curl:finish()
      assert.equal(row[2], status)
      assert.truthy(output:find(row[3]), output)
    end)
  end
end)
