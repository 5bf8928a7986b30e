-- SPDX-License-Identifier: MIT
-- bearssl.ngx.thread: sleep, light threads and timers, by whichever scheduler runs the caller. The plain scheduler has
-- nobody else to run: a thread runs to its end when it is spawned then, and timers are refused.
local call = require "bearssl.cosocket.nested".call
local constants = require "bearssl.ngx.constants"
local scheduler = require "bearssl.scheduler"
local signals = require "bearssl.cosocket.signal"

local function bad(position, name, why)
  error(("bad argument #%d to '%s' (%s)"):format(position, name, why), 3)
end

local function sleep(own, ...)
  local n, given = select("#", ...), ...
  local seconds = tonumber(given)
  if n ~= 1 then error(("attempt to pass %d arguments, but accepted 1"):format(n), 2) end
  if not seconds then bad(1, "sleep", "number expected, got " .. type(given)) end
  if seconds < 0 or seconds ~= seconds then
    error(('invalid sleep duration "%d"'):format(math.floor(seconds * 1000)), 2)
  end
  call(function() scheduler.of(own.scheduler).sleep(seconds) end)
end

-- Threads ---------------------------------------------------------------------------------------------------------

local threads = setmetatable({}, { __mode = "k" }) -- of each coroutine that was spawned: what is known of it

local function run(self, log, fn, ...)
  self.co = coroutine.running()
  threads[self.co] = self
  self.results = table.pack(xpcall(fn, function(err)
    log(constants.ERR, "lua user thread aborted: runtime error: ", debug.traceback(tostring(err), 2))
    return err
  end, ...))
  for waiter in pairs(self.waiters) do waiter:raise() end
end

-- The thread has its first turn before spawn returns.
local function spawn(own, fn, ...)
  if type(fn) ~= "function" then bad(1, "spawn", "Lua function expected") end
  local self, found = { waiters = {} }, scheduler.of(own.scheduler)
  self.scheduler = found.name
  if found.spawn then
    found.spawn(run, self, own.log, fn, ...)
    while not self.co do found.sleep(0) end
  else
    local co = coroutine.create(run)
    local ok, err = coroutine.resume(co, self, own.log, fn, ...)
    while ok and coroutine.status(co) == "suspended" do ok, err = coroutine.resume(co) end
    if not ok then error(err, 0) end
  end
  return self.co
end

-- What is known of the threads that were given.
local function known(name, list, n)
  if n == 0 then error("at least one coroutine should be specified", 3) end
  local found = {}
  for i = 1, n do
    found[i] = threads[list[i]]
    if not found[i] then error(("bad argument #%d to '%s' (lua thread expected)"):format(i, name), 3) end
    if found[i].gone then return nil, "already waited or killed" end
  end
  return found
end

local function first_done(list)
  for _, each in ipairs(list) do
    if each.results then return each end
  end
end

local function taken(self)
  self.gone = true
  return table.unpack(self.results, 1, self.results.n)
end

-- The results of the first that ends: true and what it returned, or false and what it raised.
local function wait(own, ...)
  local list, why = known("wait", { ... }, select("#", ...))
  if not list then return nil, why end
  local ended = first_done(list)
  if ended then return taken(ended) end
  local signal <close> = signals.new()
  for _, each in ipairs(list) do each.waiters[signal] = true end
  signal:wait(nil, own.scheduler)
  for _, each in ipairs(list) do each.waiters[signal] = nil end
  return taken(assert(first_done(list), "woken by nobody"))
end

local closes = { coroutine = true, copas = true, luv = true } -- schedulers under which what waits may be closed

local function kill(...)
  local list, why = known("kill", { ... }, 1)
  if not list then return nil, why end
  local self = list[1]
  if self.results then return nil, "already terminated" end
  if not closes[self.scheduler] then
    error(("ngx.thread.kill: scheduler '%s' cannot end a coroutine"):format(self.scheduler), 2)
  end
  self.gone = true
  coroutine.close(self.co)
  return 1
end

-- Timers ----------------------------------------------------------------------------------------------------------

local function expire(own, delay, again, fn, ...)
  repeat
    scheduler.of(own.scheduler).sleep(delay)
    if not again then own.pending = own.pending - 1 end
    own.running = own.running + 1
    local ok, err = xpcall(fn, debug.traceback, false, ...)
    own.running = own.running - 1
    if not ok then own.log(constants.ERR, "failed to run timer: ", err) end
  until not again
end

local function start_timer(own, name, delay, fn, ...)
  local again = name == "every"
  if type(delay) ~= "number" then bad(1, name, "number expected, got " .. type(delay)) end
  if type(fn) ~= "function" then bad(2, name, "function expected, got " .. type(fn)) end
  if again and delay <= 0 then error("delay cannot be zero or negative", 2) end
  local beside = scheduler.of(own.scheduler).spawn
  if not beside then return nil, "the plain scheduler runs no timers" end
  own.pending = own.pending + 1
  beside(expire, own, math.max(0, delay), again, fn, ...)
  return 1
end

-- Of one ngx table; own: scheduler or nil, log.
return function(own)
  own.pending, own.running = 0, 0
  return {
    sleep = function(...) sleep(own, ...) end,
    thread = {
      spawn = function(...) return call(spawn, own, ...) end,
      wait = function(...) return wait(own, ...) end,
      kill = kill,
    },
    timer = {
      at = function(...) return call(start_timer, own, "at", ...) end,
      every = function(...) return call(start_timer, own, "every", ...) end,
      pending_count = function() return own.pending end,
      running_count = function() return own.running end,
    },
  }
end
