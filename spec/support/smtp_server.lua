-- smtp_server.lua CERTIFICATE KEY - a mail server with STARTTLS on a free port of 127.0.0.1, which it prints. It says
-- 250 to whatever comes after the handshake.
local bearssl = require "bearssl"
local socket = require "socket"
local starttls = require "bearssl.starttls"

local config = assert(bearssl.server { certificate = arg[1], key = arg[2] })
local listener = assert(socket.bind("127.0.0.1", 0))
io.stdout:setvbuf "line"
print("port " .. select(2, listener:getsockname()))
while true do
  local tcp = assert(listener:accept())
  local sock = starttls.smtp(tcp, config, { timeout = 60 })
  while sock and sock:receive "*l" do sock:send "250 well\r\n" end
  tcp:close()
  if sock then sock:close() end
end
