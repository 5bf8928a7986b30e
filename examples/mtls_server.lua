-- mtls_server.lua PORT CERTIFICATE KEY CLIENT_CA - an HTTPS server that only answers clients whose certificate
-- CLIENT_CA has issued, and tells them who they are. Port 0 takes a free one.
local bearssl = require "bearssl"
local socket = require "socket"

local port, certificate, key, client_ca = table.unpack(arg)
if not client_ca then error("usage: mtls_server.lua PORT CERTIFICATE KEY CLIENT_CA", 0) end

local config = assert(bearssl.server {
  certificate = certificate, key = key,
  client_auth = "require", client_trust = client_ca,
})

local function serve(tcp)
  local sock <close> = assert(config:wrap(tcp))
  sock:settimeout(5)
  local ok, err = sock:handshake()
  if not ok then return print("refused: " .. tostring(err)) end
  local client = sock:verified_chain()[1]
  print("accepted: " .. tostring(client.subject))
  repeat local line = sock:receive "*l" until not line or line == ""
  local body = ("Hello, %s.\n"):format(client.subject)
  sock:send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body)
end

local listener = assert(socket.bind("127.0.0.1", tonumber(port)))
io.stdout:setvbuf "line"
print(("listening on https://localhost:%d/"):format(select(2, listener:getsockname())))
while true do serve(assert(listener:accept())) end
