-- Light threads, semaphores, sleep.
local run = ...
local open, say, try = run.open, run.say, run.try

local slow = ngx.thread.spawn(function(...)
  ngx.sleep(0.05)
  return "a", ...
end, 1, 2)
local quick = ngx.thread.spawn(function() return "b" end)
say("kind", type(slow))
try("the first that ends", ngx.thread.wait, slow, quick)
try("the other", ngx.thread.wait, slow)
try("again", ngx.thread.wait, slow)
local wrong = ngx.thread.spawn(function() error({}) end)
say("what raises", (ngx.thread.wait(wrong)))
local order = {}
for i = 1, 3 do
  ngx.thread.spawn(function()
    order[#order + 1] = i
    ngx.sleep(0.01 * (4 - i))
    order[#order + 1] = -i
  end)
  order[#order + 1] = 10 * i
end
ngx.sleep(0.2)
say("order", order)
local stuck = ngx.thread.spawn(function() ngx.sleep(1) end)
try("kill", ngx.thread.kill, stuck)
try("kill again", ngx.thread.kill, stuck)
try("wait for the killed", ngx.thread.wait, stuck)
try("spawn no function", ngx.thread.spawn, 1)
try("wait for no thread", ngx.thread.wait, 1)
try("wait for none", ngx.thread.wait)

local fired = {}
try("timer", ngx.timer.at, 0.01, function(premature, value)
  fired = { premature, value }
end, 5)
try("timer of text", ngx.timer.at, "x", 1)
ngx.sleep(0.5)
say("fired", fired)

local semaphores = require "ngx.semaphore"
local s = semaphores.new(1)
try("free", s.wait, s, 0)
try("not free", s.wait, s, 0.01)
try("count", s.count, s)
local waiting = ngx.thread.spawn(function() say("waited", (s:wait(5))) end)
try("count", s.count, s)
try("post", s.post, s, 2)
ngx.thread.wait(waiting)
try("count", s.count, s)
try("post 0", s.post, s, 0)
try("new -1", semaphores.new, -1)
try("wait -1", s.wait, s, -1)

local sock = open "send:a%0A|sleep:1|send:b%0A|close"
local lines = coroutine.wrap(function()
  while true do
    local line, err = sock:receive()
    if not line then return nil, err end
    coroutine.yield(line)
  end
end)
local ticks = 0
local ticking = ngx.thread.spawn(function()
  for _ = 1, 3 do
    ngx.sleep(0.01)
    ticks = ticks + 1
  end
end)
for i = 1, 3 do try("through a coroutine " .. i, lines) end
say("others had their turn", ticks)
ngx.thread.wait(ticking)

try("sleep -1", ngx.sleep, -1)
try("sleep text", ngx.sleep, "x")
try("sleep text of a number", ngx.sleep, "0.001")
try("sleep without", ngx.sleep)
