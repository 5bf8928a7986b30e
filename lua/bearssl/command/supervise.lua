-- SPDX-License-Identifier: MIT
-- bearssl.command: work that ends in order when a signal comes: what it holds is closed, files that are not whole go.
local core = require "bearssl.core"
local scheduler = require "bearssl.scheduler"

local numbers = { INT = 130, TERM = 143, HUP = 129 }

local function call(worker, ...)
  local ok, err = coroutine.close(worker)
  if not ok then error(err, 0) end
  return ...
end

-- Runs work() as a coroutine of a loop; gives what it returns, or 128 and the number of the signal that ended it. Where
-- there is on_signal(name), and it returns true, the work goes on.
return function(work, on_signal)
  local loop, result = scheduler.loop(), nil
  local worker
  local fd = core.signals()
  local watcher = fd and loop:spawn(function()
    while true do
      scheduler.current().wait(fd, "r")
      local name = core.signal(fd)
      if name and not (on_signal and on_signal(name)) then
        result = call(worker, numbers[name])
        return loop:stop()
      end
    end
  end)
  worker = loop:spawn(function()
    result = work(loop)
    if watcher then coroutine.close(watcher) end
  end)
  loop:run()
  return result
end
