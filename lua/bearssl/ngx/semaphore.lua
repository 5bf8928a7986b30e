-- SPDX-License-Identifier: MIT
-- bearssl.ngx.semaphore: the module ngx.semaphore of lua-resty-core.
local signals = require "bearssl.cosocket.signal"

local Semaphore = { __name = "ngx.semaphore" }
Semaphore.__index = Semaphore

local function new(n)
  n = n or 0
  if type(n) ~= "number" or n < 0 then error("no negative number", 2) end
  return setmetatable({ free = n, waiting = {} }, Semaphore)
end

local waiter_meta = { __close = function(waiter)
  waiter.signal:close()
  for i, other in ipairs(waiter.of.waiting) do
    if other == waiter then table.remove(waiter.of.waiting, i) end
  end
end }

-- true; or false, "timeout".
function Semaphore:wait(timeout)
  if type(timeout) ~= "number" then error("a number of seconds is wanted", 2) end
  if timeout < 0 then error("no negative number", 2) end
  if self.free > 0 and not self.waiting[1] then
    self.free = self.free - 1
    return true
  end
  if timeout == 0 then return false, "timeout" end
  local waiter <close> = setmetatable({ of = self, signal = signals.new() }, waiter_meta)
  table.insert(self.waiting, waiter)
  waiter.signal:wait(timeout)
  if waiter.served then return true end
  return false, "timeout"
end

function Semaphore:post(n)
  n = n or 1
  if type(n) ~= "number" or n < 1 then error("positive number required", 2) end
  self.free = self.free + n
  while self.free > 0 and self.waiting[1] do
    local waiter = table.remove(self.waiting, 1)
    self.free, waiter.served = self.free - 1, true
    waiter.signal:raise()
  end
  return true
end

-- What is free; negative: so many wait.
function Semaphore:count()
  return self.free - #self.waiting
end

return { new = new, version = "0.1.25" }
