-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.copas: the coroutines of copas, old (1.1) or new.
--
-- Copas selects over objects, and calls a method of theirs again when they are ready. A watch is such an object: its
-- first answer is "timeout", which sends the coroutine to copas' queue, the next one success. socket.select wants one
-- object of a descriptor, copas one coroutine of an object: a descriptor's watch has a wait for each mode, others have
-- watches of their own until that is told. What is over, in time or because of a close, looks ready to select.
local copas = require "copas"
local core = require "bearssl.core"
local idle = assert(require "socket".udp4()) -- never readable, always writable
local timers = require "bearssl.scheduler.timers"() -- old versions have none
local scheduler = { name = "copas", now = core.now, running = coroutine.isyieldable }

local watches = {} -- by descriptor
local waits = {} -- those that copas has; `over`: why one ends, true: it is to try again
local methods = {}
function methods.getfd(watch) return not (watch.gone or watch.w and watch.w.over) and watch.fd or idle:getfd() end
function methods.dirty(watch) return watch.r ~= nil and watch.r.over ~= nil end
function methods.settimeout() return 1 end
function methods.close() end -- copas closes what a coroutine that ends was last resumed with

local function attempt(watch, wait)
  if wait.asked and (watch.fd or wait.over) then return 1 end
  wait.asked = true
  return nil, "timeout"
end
function methods.receive(watch) return attempt(watch, watch.r) end
function methods.connect(watch) return attempt(watch, watch.w) end

local function finish(wait, why)
  timers:remove(wait)
  wait.over = wait.over or why
end

local function finish_all(what, mode, why)
  for wait in pairs(waits) do
    if wait.what == what and (not mode or wait.mode == mode) then finish(wait, why) end
  end
end

-- A coroutine that is being closed stays in copas' queue: with a watch that nobody else has, and without a word when
-- copas resumes it once more.
local function leave(wait)
  local watch = wait.watch
  waits[wait] = nil
  finish(wait, true)
  if watch.fd and not watch.gone then
    finish_all(wait.what, not wait.waiting and wait.mode or nil, true)
    if not wait.waiting then watch[wait.slot] = nil end
    watch.gone = wait.waiting or not (watch.r or watch.w)
    if watch.gone then watches[watch.fd] = nil end
  end
  if wait.waiting then (copas.seterrorhandler or copas.setErrorHandler)(function() end) end
end

local function new_wait(what, mode)
  local watch = math.type(what) and (watches[what] or setmetatable({ fd = what }, { __index = methods }))
  local slot = mode
  if not watch or watch[mode] then watch, slot = setmetatable({}, { __index = methods }), "r" end
  if watch.fd then watches[what] = watch end
  watch[slot] = setmetatable({ what = what, mode = mode, watch = watch, slot = slot, waiting = true },
    { __close = leave })
  return watch[slot]
end

function scheduler.wait(what, mode, timeout)
  local wait <close> = new_wait(what, mode)
  waits[wait] = true
  if timeout then
    wait.at = core.now() + timeout
    timers:add(wait)
  end
  if wait.slot == "w" then copas.connect(wait.watch) else copas.receive(wait.watch, 1) end
  wait.waiting = false
  if wait.over and wait.over ~= true then return nil, wait.over end
  return true
end

function scheduler.sleep(seconds) scheduler.wait(nil, "r", seconds) end

function scheduler.spawn(fn, ...)
  local arguments = table.pack(...)
  return copas.addthread(function() fn(table.unpack(arguments, 1, arguments.n)) end)
end

function scheduler.cancel(what)
  if watches[what] then watches[what].gone, watches[what] = true, nil end
  finish_all(what, nil, "closed")
end

local step = copas.step
function copas.step(timeout)
  local now = core.now()
  while timers:first() and timers:first().at <= now do finish(timers:first(), "timeout") end
  local left = timers:first() and timers:first().at - now
  return step(left and timeout and timeout >= 0 and math.min(timeout, left) or left or timeout)
end

return scheduler
