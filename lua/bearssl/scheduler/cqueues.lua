-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.cqueues: the continuation queue of cqueues that runs the calling coroutine.
--
-- cqueues keeps a descriptor in its set when nobody waits for it any more, and learns from cqueues.cancel alone that it
-- was closed. So the last one who waits takes it out: whoever closes it then need not know of this.
-- A coroutine of its own that is closed (coroutine.close) is an error to its cq:loop, which says "cannot resume dead
-- coroutine" and goes on when it is called again.
local cqueues = require "cqueues"

local scheduler = { name = "cqueues", now = cqueues.monotime }

local waits = {} -- by descriptor: the set of those who wait

-- A coroutine inside one of cqueues' own is not for us: its yield would come to whoever resumed it.
function scheduler.running()
  local _, own = cqueues.running()
  return own == true and coroutine.isyieldable()
end

local function leave(wait)
  local fd = wait.pollfd
  waits[fd][wait] = nil
  if next(waits[fd]) then return end
  waits[fd] = nil
  cqueues.cancel(fd)
end

local wait_meta = { __close = leave }

function scheduler.wait(fd, mode, timeout)
  local wait <close> = setmetatable({ pollfd = fd, events = mode }, wait_meta)
  waits[fd] = waits[fd] or {}
  waits[fd][wait] = true
  local first = cqueues.poll(wait, timeout)
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
  for wait in pairs(waits[fd] or {}) do wait.closed = true end
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
