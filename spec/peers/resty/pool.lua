-- Pools: reuse, eviction, backlog, connections that are no good any more, and sockets that are busy.
local run = ...
local open, try, port = run.open, run.try, run.port

local s = open "line"
s:send "a\n"
try("line", s.receive, s)
try("keep", s.setkeepalive, s, 60000, 2)
try("send after", s.send, s, "x")
try("close after", s.close, s)
try("reused after", s.getreusedtimes, s)
s = open()
try("reused", s.getreusedtimes, s)
s:send "b\n"
try("the same connection", s.receive, s)
try("keep", s.setkeepalive, s, 100)
ngx.sleep(0.3)
s = open "line"
try("idle for too long", s.getreusedtimes, s)
s:close()

s = open "send:abc%0Adef|sleep:1|close"
try("line", s.receive, s)
try("unread", s.setkeepalive, s)
try("close", s.close, s)
s = open "send:abc%0A|sleep:0.05|send:more|sleep:5|close"
try("line", s.receive, s)
ngx.sleep(1)
try("more than expected", s.setkeepalive, s)
try("close", s.close, s)
s = open "close"
ngx.sleep(0.5)
try("closed", s.setkeepalive, s)
try("close", s.close, s)
s = open "sleep:0.3|close"
try("keep", s.setkeepalive, s)
ngx.sleep(1.5)
s = open "line"
try("closed while idle", s.getreusedtimes, s)
s:close()

local list = {}
for i = 1, 3 do
  list[i] = open("line", { pool = "p", pool_size = 2 })
  list[i]:send("n" .. i .. "\n")
  list[i]:receive()
end
for i = 1, 3 do try("keep " .. i, list[i].setkeepalive, list[i]) end
for i = 1, 3 do
  list[i] = open(i == 3 and "line" or nil, { pool = "p" })
  list[i]:send("m" .. i .. "\n")
  try("reused " .. i, list[i].getreusedtimes, list[i])
  try("line " .. i, list[i].receive, list[i])
end
for i = 1, 3 do list[i]:close() end

local limits = { pool = "q", pool_size = 2, backlog = 1 }
local a, b, c = open("line", limits), open("line", limits), ngx.socket.tcp()
c:settimeout(50)
try("no place", c.connect, c, "127.0.0.1", port, limits)
local thread = ngx.thread.spawn(function()
  local d = ngx.socket.tcp()
  try("a place at last", d.connect, d, "127.0.0.1", port, { pool = "q" })
  try("reused", d.getreusedtimes, d)
  d:send "line\nx\n"
  try("line", d.receive, d)
  d:close()
end)
local e = ngx.socket.tcp()
try("too many", e.connect, e, "127.0.0.1", port, limits)
a:close()
ngx.thread.wait(thread)
local f = open("line", limits)
thread = ngx.thread.spawn(function()
  local d = ngx.socket.tcp()
  try("waits", d.connect, d, "127.0.0.1", port, limits)
  try("gets what was kept", d.getreusedtimes, d)
  d:close()
end)
b:send "y\n"
b:receive()
b:setkeepalive()
ngx.thread.wait(thread)
f:close()

s = open "sleep:1.5|send:x%0A|close"
thread = ngx.thread.spawn(function() try("first", s.receive, s) end)
try("reading, receive", s.receive, s)
try("reading, receiveany", s.receiveany, s, 3)
try("reading, receiveuntil", s:receiveuntil "x")
try("reading, send", s.send, s, "z")
for _, name in ipairs { "close", "setkeepalive", "sslhandshake" } do try("reading, " .. name, s[name], s) end
try("reading, connect", s.connect, s, "127.0.0.1", port)
ngx.thread.wait(thread)
s = open "sleep:5|close"
s:settimeout(2000)
thread = ngx.thread.spawn(function() s:send(("x"):rep(20000000)) end)
try("writing, send", s.send, s, "x")
for _, name in ipairs { "close", "setkeepalive", "sslhandshake" } do try("writing, " .. name, s[name], s) end
try("writing, connect", s.connect, s, "127.0.0.1", port)
ngx.thread.wait(thread)
