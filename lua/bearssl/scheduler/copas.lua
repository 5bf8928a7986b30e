-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.copas: the coroutines of copas, old (1.1) or new.
--
-- Copas selects over objects, and calls a method of theirs again when they are ready. A wait is such an object: its
-- first answer is "timeout", which sends the coroutine to copas' queue, the next one is success. Old versions have no
-- timers: ours bounds what copas.step may wait, and a wait that is over, because its time has come or its descriptor
-- is about to be closed, looks ready to socket.select.
local copas = require "copas"
local core = require "bearssl.core"
local idle = assert(require "socket".udp4()) -- never readable, always writable
local timers = require "bearssl.scheduler.timers"()

local scheduler = { name = "copas", now = core.now, running = coroutine.isyieldable }

local waits = {} -- those that copas has; `over`: why one ends, true: its descriptor is ready
local methods = {}

function methods.getfd(wait) return not wait.over and math.type(wait.what) and wait.what or idle:getfd() end
function methods.dirty(wait) return wait.over ~= nil end
function methods.settimeout() return 1 end
function methods.close() end -- copas closes what a coroutine that ends was last resumed with

-- Of receive and connect. What is no descriptor is ready only when it is over.
local function attempt(wait)
  local again = wait.asked and (math.type(wait.what) or wait.over)
  wait.asked = true
  if again then return 1 end
  return nil, "timeout"
end
methods.receive, methods.connect = attempt, attempt

local function finish(wait, why)
  timers:remove(wait)
  wait.over = wait.over or why
end

local function leave(wait)
  waits[wait] = nil
  finish(wait, "closed")
  if wait.waiting then -- its coroutine is being closed: copas resumes it once more, and would print that it is dead
    (copas.seterrorhandler or copas.setErrorHandler)(function() end)
  end
end

-- socket.select gives one object for a descriptor: the others that wait for the same are told by it.
local function tell_others(wait)
  for other in pairs(waits) do
    if other.what == wait.what and other.mode == wait.mode then finish(other, true) end
  end
end

local wait_meta = { __index = methods, __close = leave }

function scheduler.wait(what, mode, timeout)
  local wait <close> = setmetatable({ what = what, mode = mode, waiting = true }, wait_meta)
  waits[wait] = true
  if timeout then
    wait.at = core.now() + timeout
    timers:add(wait)
  end
  if mode == "w" then copas.connect(wait) else copas.receive(wait, 1) end
  wait.waiting = false
  if not wait.over then tell_others(wait) end
  if wait.over ~= true then return nil, wait.over end
  return true
end

function scheduler.sleep(seconds)
  scheduler.wait(nil, "r", seconds)
end

function scheduler.spawn(fn, ...)
  local arguments = table.pack(...)
  return copas.addthread(function() fn(table.unpack(arguments, 1, arguments.n)) end)
end

function scheduler.cancel(what)
  for wait in pairs(waits) do
    if wait.what == what then finish(wait, "closed") end
  end
end

local step = copas.step

function copas.step(timeout)
  local now = core.now()
  for wait in timers.first, timers do
    if wait.at > now then
      timeout = math.min(timeout and timeout >= 0 and timeout or math.huge, wait.at - now)
      break
    end
    finish(wait, "timeout")
  end
  return step(timeout)
end

return scheduler
