-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.coroutine: the loops of bearssl.scheduler.loop; each coroutine finds its own.
local loop = require "bearssl.scheduler.loop"

local scheduler = { name = "coroutine", now = require "bearssl.core".now }

function scheduler.running()
  return loop.of[coroutine.running()] ~= nil and coroutine.isyieldable()
end

local function here()
  return loop.of[coroutine.running()] or error("no loop of bearssl.scheduler has spawned the calling coroutine", 3)
end

function scheduler.wait(fd, mode, timeout)
  return loop.wait(here(), fd, mode, timeout)
end

function scheduler.sleep(seconds)
  loop.wait(here(), nil, nil, seconds)
end

function scheduler.spawn(fn, ...)
  return here():spawn(fn, ...)
end

scheduler.cancel = loop.cancel

return scheduler
