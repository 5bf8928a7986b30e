-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.cqueues: the continuation queue of cqueues that runs the calling coroutine.
--
-- cqueues keeps a descriptor in its set when nobody waits for it any more, and learns from cqueues.cancel alone that it
-- was closed. So the last one who waits takes it out: whoever closes it then need not know of this.
-- A coroutine of its own that is closed (coroutine.close) is an error to its cq:loop, which says "cannot resume dead
-- coroutine" and goes on when it is called again.
local condition = require "cqueues.condition"
local cqueues = require "cqueues"

local scheduler = { name = "cqueues", now = cqueues.monotime }

local waits = {} -- by descriptor: the set of those who wait

-- A coroutine inside one of cqueues' own is not for us: its yield would come to whoever resumed it.
function scheduler.running()
  local _, own = cqueues.running()
  return own == true and coroutine.isyieldable()
end

local function leave(wait)
  local what = wait.what
  waits[what][wait] = nil
  if next(waits[what]) then return end
  waits[what] = nil
  if wait.pollfd then cqueues.cancel(wait.pollfd) end
end

local wait_meta = { __close = leave }

function scheduler.wait(what, mode, timeout)
  local fd = math.type(what) and what or nil
  local wait <close> = setmetatable({ what = what, pollfd = fd, events = mode }, wait_meta)
  wait.condition = not fd and condition.new()
  waits[what] = waits[what] or {}
  waits[what][wait] = true
  local first = cqueues.poll(wait.condition or wait, timeout and math.max(0, timeout))
  if wait.closed then return nil, "closed" end
  if math.type(first) then return nil, "timeout" end -- what it has waited; nothing: another's event, and we try again
  return true
end

function scheduler.sleep(seconds)
  cqueues.sleep(math.max(0, seconds))
end

function scheduler.spawn(fn, ...)
  return (cqueues.running() or error("cqueues does not run here", 2)):wrap(fn, ...)
end

function scheduler.cancel(what)
  for wait in pairs(waits[what] or {}) do
    wait.closed = true
    if wait.condition then wait.condition:signal() end
  end
  if math.type(what) then cqueues.cancel(what) end
end

-- By the resolver of cqueues: the hosts file, then the servers of resolv.conf. IPv4 first: nobody sorts here what can
-- be reached (RFC 6724).
function scheduler.resolve(host, timeout)
  local query, list = require "cqueues.dns".query, {}
  local deadline = timeout and cqueues.monotime() + timeout
  for _, kind in ipairs { "A", "AAAA" } do
    local answer, err = query(host, kind, "IN", deadline and math.max(0, deadline - cqueues.monotime()))
    if not answer and not list[1] then
      return nil, deadline and cqueues.monotime() >= deadline and "timeout" or require "cqueues.errno".strerror(err)
    end
    for record in (answer or { grep = function() return next, {} end }):grep { section = "answer", type = kind } do
      list[#list + 1] = record:addr()
    end
  end
  return list
end

return scheduler
