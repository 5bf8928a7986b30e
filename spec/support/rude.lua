-- A TCP server that speaks no TLS: lua5.4 rude.lua ACT prints "port N", and to each client
--   http      answers its first bytes with a response of HTTP/1.1, in clear
--   greet     greets as an SMTP server does, before a word
--   garbage   answers its first bytes with others that mean nothing
--   hang      says nothing
--   close     closes, when it has heard something
--   reset     likewise, by a TCP reset
local socket = require "socket"

local answers = {
  http = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  greet = "220 mail.example ESMTP\r\n",
  garbage = ("\23\3\3\xff\xff\0\1\2"):rep(64),
}

local act = arg[1]
local listener = assert(socket.bind("127.0.0.1", 0))
print("port " .. select(2, listener:getsockname()))
io.stdout:flush()
while true do
  local client = assert(listener:accept())
  client:settimeout(120)
  if act ~= "greet" then client:receive(1) end
  if answers[act] then client:send(answers[act]) end
  if act == "reset" then client:setoption("linger", { on = true, timeout = 0 }) end
  if act == "hang" then client:receive "*a" end
  if act ~= "reset" then
    client:shutdown "send"
    client:settimeout(2, "t")
    client:receive "*a"
  end
  client:close()
end
