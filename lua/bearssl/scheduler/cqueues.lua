-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.cqueues: the continuation queue of cqueues that runs the calling coroutine.
--
-- cqueues learns that a descriptor is gone from cqueues.cancel alone; who closes one has to call cancel first. A
-- coroutine of its own that is closed (coroutine.close) is an error to its cq:loop, which says "cannot resume dead
-- coroutine" and goes on when it is called again.
local cqueues = require "cqueues"

local scheduler = { name = "cqueues", now = cqueues.monotime }

local waits = setmetatable({}, { __mode = "k" })

-- A coroutine inside one of cqueues' own is not for us: its yield would come to whoever resumed it.
function scheduler.running()
  local _, own = cqueues.running()
  return own == true and coroutine.isyieldable()
end

local function leave(wait)
  waits[wait] = nil
  if wait.waiting then cqueues.cancel(wait.pollfd) end -- its coroutine was closed
end

local wait_meta = { __close = leave }

function scheduler.wait(fd, mode, timeout)
  local wait <close> = setmetatable({ pollfd = fd, events = mode, waiting = true }, wait_meta)
  waits[wait] = true
  local first = timeout and cqueues.poll(wait, timeout) or not timeout and cqueues.poll(wait)
  wait.waiting = false
  if wait.closed then return nil, "closed" end
  if first ~= wait then return nil, "timeout" end
  return true
end

function scheduler.sleep(seconds)
  cqueues.sleep(seconds)
end

function scheduler.spawn(fn, ...)
  return (cqueues.running() or error("cqueues does not run here", 2)):wrap(fn, ...)
end

function scheduler.cancel(fd)
  for wait in pairs(waits) do
    if wait.pollfd == fd then wait.closed = true end
  end
  cqueues.cancel(fd)
end

-- By the resolver of cqueues: the hosts file, then the servers of resolv.conf. IPv4 first: nobody sorts here what can
-- be reached (RFC 6724).
function scheduler.resolve(host, timeout)
  local query, list = require "cqueues.dns".query, {}
  local deadline = timeout and cqueues.monotime() + timeout
  for _, kind in ipairs { "A", "AAAA" } do
    local answer, err = query(host, kind, "IN", deadline and math.max(0, deadline - cqueues.monotime()))
    if not answer and not list[1] then return nil, deadline and cqueues.monotime() >= deadline and "timeout" or err end
    for record in (answer or { grep = function() return next, {} end }):grep { section = "answer", type = kind } do
      list[#list + 1] = record:addr()
    end
  end
  return list
end

return scheduler
