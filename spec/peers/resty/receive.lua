-- receive, receiveany, receiveuntil and send on connections that end in every way.
local run = ...
local open, try = run.open, run.try

local s = open "send:hello%0D%0Awor%0Dld%0Arest|close"
try("line", s.receive, s)
try("a line with CR inside", s.receive, s, "*l")
try("what was no line", s.receive, s)
try("after the end", s.receive, s)
try("send after the end", s.send, s, "x")
try("reused", s.getreusedtimes, s)
try("keep", s.setkeepalive, s)
try("close", s.close, s)

s = open "send:hello|close"
for i = 1, 3 do try("all " .. i, s.receive, s, "*a") end
try("a line of nothing", s.receive, s)
try("a line of nothing", s.receive, s)
try("any", s.receiveany, s, 10)

s = open "send:hello|close"
try("too many bytes", s.receive, s, 10)
try("again", s.receive, s, 10)
try("none", s.receive, s, 0)

s = open "send:hello|sleep:1.5|send:world|close"
s:settimeout(200)
try("timeout", s.receive, s, 10)
s:settimeout(20000)
try("then", s.receive, s, "10")

s = open "send:abcdef|sleep:1.5|send:gh|sleep:0.5|close"
ngx.sleep(0.5)
for i = 1, 5 do try("any " .. i, s.receiveany, s, 4) end

s = open "send:hello, world -agentzh|close"
local read = s:receiveuntil "abcabd"
try("until what never comes", read)
try("again", read)

s = open "send:--abcabcabd--|sleep:1.5|close"
read = s:receiveuntil "abcabd"
try("until", read)
s:settimeout(100)
try("until, timeout", read)

for _, inclusive in ipairs { false, true } do
  s = open "send:hello world, abcabcabd, and more%0Aabcabd|sleep:0.1|close"
  read = s:receiveuntil("abcabd", { inclusive = inclusive })
  for i = 1, 12 do try("by four " .. i, read, 4) end
end

s = open "send:aaab--aab|sleep:0.1|close"
read = s:receiveuntil "aab"
for i = 1, 3 do try("aab " .. i, read) end

s = open "send:ab--abc--|sleep:0.1|close"
read = s:receiveuntil "--"
for i = 1, 8 do try("as long as the size " .. i, read, 2) end

s = open "send:abc--def--|sleep:0.1|close"
read = s:receiveuntil "--"
try("no size", read, 0)
try("a negative one", read, -1)
try("two", read, 1, 2)
try("no number", read, "x")

s = open "sleep:1.5|close"
s:settimeout(50)
try("timeout", s.receive, s)
try("timeout, any", s.receiveany, s, 10)
try("timeout, until", s:receiveuntil "x")
try("kept", s.setkeepalive, s)

s = open("sleep:5|close", { pool = "another" })
s:settimeout(50)
try("nobody reads", s.send, s, ("x"):rep(20000000))
try("no more of that", s.send, s, "x")
try("but the other way", s.receive, s)
try("close", s.close, s)
