-- ngx.socket.udp, with a peer that gives back each datagram but "silence".
local run = ...
local say, try, port = run.say, run.try, run.port

local s = ngx.socket.udp()
try("send before setpeername", s.send, s, "x")
for _, name in ipairs { "receive", "close" } do try(name .. " before setpeername", s[name], s) end
try("settimeout", s.settimeout, s, 500)
try("setpeername without", s.setpeername, s)
try("setpeername to no port", s.setpeername, s, "127.0.0.1", "x")
try("setpeername to port 70000", s.setpeername, s, "127.0.0.1", 70000)
try("setpeername to no path", s.setpeername, s, "unix:/nowhere/x")
for i = 1, 2 do try("setpeername " .. i, s.setpeername, s, "127.0.0.1", port) end
for _, data in ipairs { "hello", { "a", 1, { 2.5 } }, true, "" } do
  try("send", s.send, s, data)
  try("receive", s.receive, s)
end
try("send nil", s.send, s, nil)
try("receive", s.receive, s, 100)
try("send nothing", s.send, s)
try("send", s.send, s, "0123456789")
try("receive a part", s.receive, s, 4)
try("send", s.send, s, "silence")
try("timeout", s.receive, s)
try("send after it", s.send, s, "x")
try("receive", s.receive, s)
try("too long", s.send, s, ("x"):rep(70000))
try("receive 0", s.receive, s, 0)
try("receive a line", s.receive, s, "*l")
try("receive two", s.receive, s, 1, 2)
s:settimeout(5000)
try("long", s.send, s, ("x"):rep(20000))
say("receive", #s:receive())
for i = 1, 2 do try("close " .. i, s.close, s) end
try("send after close", s.send, s, "x")
s = ngx.socket.udp()
s:settimeout(5000)
try("where nobody is", s.setpeername, s, "127.0.0.1", 1)
try("send", s.send, s, "x")
try("receive", s.receive, s)
