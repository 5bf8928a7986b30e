-- https_server.lua PORT CERTIFICATE KEY - a small HTTPS server, one request at a time. Port 0 takes a free one.
local bearssl = require "bearssl"
local socket = require "socket"

local port, certificate, key = table.unpack(arg)
if not key then error("usage: https_server.lua PORT CERTIFICATE KEY", 0) end

local config = assert(bearssl.server { certificate = certificate, key = key, alpn = { "http/1.1" } })

local function serve(tcp)
  local sock <close> = assert(config:wrap(tcp))
  sock:settimeout(5)
  local ok, err = sock:handshake()
  if not ok then return print("refused: " .. tostring(err)) end
  local request = sock:receive "*l"
  repeat local line = sock:receive "*l" until not line or line == ""
  local body = ("You asked: %s\n"):format(request)
  sock:send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body)
end

local listener = assert(socket.bind("127.0.0.1", tonumber(port)))
io.stdout:setvbuf "line"
print(("listening on https://localhost:%d/"):format(select(2, listener:getsockname())))
while true do serve(assert(listener:accept())) end
