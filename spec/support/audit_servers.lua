-- Servers of many kinds for bearssl.audit, each with TLS by keys of pki on a port of its own:
--
--   for _, row in ipairs(servers) do
--     local server <close> = row.start()     -- server.port
--   end
-- A row has `id`, `what` it is, `start`, and `http`, whether it answers HTTP.
local child = require "spec.support.child"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local rsa, p256, p384, ed25519 = pki.server.rsa2048, pki.server.p256, pki.server.p384, pki.server.ed25519

local function nginx(pair, settings, versions)
  return function() return peer.nginx(pair, settings, versions) end
end

local function openssl(pair, options)
  return function() return peer.openssl_server(pair, options) end
end

local function gnutls(pair, options)
  return function() return peer.gnutls_server(pair, options) end
end

-- A listener of ours in a process of its own, which answers HTTP with one line.
local ours = [[
local bearssl, scheduler = require "bearssl", require "bearssl.scheduler"
local server = assert(bearssl.listen { host = "127.0.0.1", port = 0, %s, on_error = function() end })
local _, port = server:getsockname()
print("port " .. math.tointeger(port))
io.stdout:flush()
local loop = scheduler.loop()
loop:spawn(server.run, server, function(sock)
  repeat local line = sock:receive "*l" until not line or line == ""
  sock:send "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
end)
loop:run()
]]

local function own(options)
  return function()
    local lua = os.getenv "LUA" or "lua5.4" -- the build's own, where that is under sanitizers
    local server = peer.start(("env %s %s @/own.lua"):format(child, lua), nil, { ["own.lua"] = ours:format(options) })
    server.port = math.tointeger(tonumber(server:wait_for "port (%d+)"))
    return server
  end
end

local function files(pair)
  return ("certificate = %q, key = %q"):format(pair.certificate, pair.key)
end

local intermediate = "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
  .. ":ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"
  .. ":ECDHE-RSA-CHACHA20-POLY1305;"
local hsts = 'add_header Strict-Transport-Security "max-age=63072000" always;'
local second = ("ssl_certificate %s; ssl_certificate_key %s;"):format(p256.certificate, p256.key)

-- nginx with DH parameters of 1024 bits, made once.
local function weak_dh()
  local path = pki.dir .. "/dh1024.pem"
  local known = io.open(path)
  if known then known:close() else
    local make = "openssl dhparam -dsaparam -out %s.$$ 1024 2>/dev/null && mv %s.$$ %s"
    assert(os.execute(make:format(path, path, path)))
  end
  return peer.nginx(rsa, ("ssl_dhparam %s; ssl_ciphers DHE-RSA-AES256-SHA:DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0;")
    :format(path), "TLSv1.1 TLSv1.2")
end

return {
  { id = "nginx-modern", what = "nginx, Mozilla's modern: TLS 1.3, ECDSA", http = true,
    start = nginx(p256, hsts .. "ssl_session_tickets off;", "TLSv1.3") },
  { id = "nginx-intermediate", what = "nginx, Mozilla's intermediate, RSA and ECDSA", http = true,
    start = nginx(rsa, second .. intermediate .. hsts .. "ssl_prefer_server_ciphers off; ssl_session_tickets off;"
      .. "ssl_session_cache shared:audit:1m; ssl_session_timeout 1d;", "TLSv1.2 TLSv1.3") },
  { id = "nginx-old", what = "nginx, TLS 1.0 to 1.3, all suites of OpenSSL, its own order", http = true,
    start = nginx(rsa, second .. "ssl_ciphers ALL:@SECLEVEL=0; ssl_prefer_server_ciphers on;",
      "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3") },
  { id = "nginx-mtls", what = "nginx, TLS 1.2, demands a client certificate", http = true,
    start = nginx(rsa, ("ssl_verify_client on; ssl_client_certificate %s;"):format(pki.root.p256), "TLSv1.2") },
  { id = "nginx-dhe", what = "nginx, TLS 1.1 and 1.2, DHE of 1024 bits", http = true, start = weak_dh },
  { id = "openssl-default", what = "openssl s_server as it is, RSA", start = openssl(rsa, "-www") },
  { id = "openssl-static", what = "openssl s_server, TLS 1.2, key transport by RSA alone, no tickets",
    start = openssl(rsa, "-www -tls1_2 -cipher kRSA -no_ticket -serverpref") },
  { id = "openssl-anonymous", what = "openssl s_server, suites without encryption and authentication",
    start = openssl(rsa, "-www -tls1_2 -cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0 -serverpref") },
  { id = "openssl-early", what = "openssl s_server, TLS 1.3 with 0-RTT, P-384",
    start = openssl(p384, "-tls1_3 -early_data -max_early_data 16384") },
  { id = "openssl-ed25519", what = "openssl s_server, Ed25519", start = openssl(ed25519, "-www -cipher HIGH") },
  { id = "openssl-old", what = "openssl s_server, TLS 1.0 to 1.2, clients may renegotiate",
    start = openssl(rsa, "-www -no_tls1_3 -cipher DEFAULT:@SECLEVEL=0 -client_renegotiation") },
  { id = "gnutls-default", what = "gnutls-serv as it is, ECDSA", http = true, start = gnutls(p256, "--http") },
  { id = "gnutls-legacy", what = "gnutls-serv, TLS 1.0 to 1.2 with RC4, 3DES and DHE", http = true,
    start = gnutls(rsa, "--http --priority NORMAL:-VERS-ALL:+VERS-TLS1.0:+VERS-TLS1.1:+VERS-TLS1.2:+ARCFOUR-128"
      .. ":+3DES-CBC:+DHE-RSA:+RSA:+SHA1:%SERVER_PRECEDENCE") },
  { id = "ours-native", what = "bearssl.listen, our engine, ECDSA", http = true, start = own(files(p256)) },
  { id = "ours-bear", what = "bearssl.listen, BearSSL's engine, TLS 1.0 to 1.2, RSA", http = true,
    start = own(files(rsa) .. ', engine = "bear", min_version = "1.0", max_version = "1.2"') },
}
