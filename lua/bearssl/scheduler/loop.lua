-- SPDX-License-Identifier: MIT

--- Schedulers.
-- @module bearssl.scheduler

-- bearssl.scheduler.loop: a loop of our own, for programs without a framework.
--
-- Who waits is an entry of the loop's poller, of its timers, or of both. It leaves them with the block that holds it:
-- when its coroutine goes on, and when someone closes that.
local core = require "bearssl.core"
local resume = require "bearssl.scheduler.resume"
local new_timers = require "bearssl.scheduler.timers"

local loops = setmetatable({}, { __mode = "k" }) -- of each coroutine that was spawned
local all = setmetatable({}, { __mode = "k" }) -- every loop that there is
local WAIT = {} -- what wait yields; any other yield means: the others first
local loop = {}
local loop_meta = { __index = loop, __name = "bearssl.loop" }

local function leave(entry)
  local self, i = entry.loop, entry.index
  local set = entry.what and self.waiting[entry.what]
  self.timers:remove(entry)
  if set then
    set[entry] = nil
    if not next(set) then self.waiting[entry.what] = nil end
  end
  if not i then return end
  self.poller:remove(i)
  self.polled[i], self.polling, entry.index = nil, self.polling - 1, nil
end

local entry_meta = { __close = leave }

-- To be resumed with these values, after those that are ready already.
local function make_ready(entry, ...)
  local self = entry.loop
  leave(entry)
  entry.values = table.pack(...)
  self.last = self.last + 1
  self.ready[self.last] = entry
end

-- Of the calling coroutine, which this loop has spawned.
local function wait(self, what, mode, timeout)
  local entry <close> = setmetatable({ loop = self, co = coroutine.running(), what = what }, entry_meta)
  if what then
    self.waiting[what] = self.waiting[what] or {}
    self.waiting[what][entry] = true
  end
  if math.type(what) then
    local index, err = self.poller:add(what, mode)
    if not index then return nil, err end
    entry.index, self.polled[index], self.polling = index, entry, self.polling + 1
  end
  if timeout then
    entry.at = core.now() + timeout
    self.timers:add(entry)
  end
  return coroutine.yield(WAIT)
end

local function run(entry)
  local self, co, values = entry.loop, entry.co, entry.values
  if coroutine.status(co) ~= "suspended" then return end -- someone has closed it
  local ok, what = resume(co, table.unpack(values, 1, values.n))
  if not ok then
    self.on_error(what, co)
  elseif what ~= WAIT and coroutine.status(co) == "suspended" then
    make_ready({ loop = self, co = co })
  end
end

local function run_ready(self)
  for i = self.first, self.last do
    local entry = self.ready[i]
    self.first, self.ready[i] = i + 1, nil
    run(entry)
  end
end

local function poll(self)
  local due = self.timers:first()
  local timeout = self.first <= self.last and 0 or due and math.max(0, due.at - core.now()) or nil
  self.turns = self.turns + 1
  for _, i in ipairs(self.poller:wait(timeout)) do make_ready(self.polled[i], true) end
  local now = core.now()
  for entry in self.timers.first, self.timers do
    if entry.at > now then break end
    make_ready(entry, nil, "timeout")
  end
end

--- Starts a coroutine, which runs when the loop does.
-- @function loop:spawn
-- @tparam function fn
-- @param ... its arguments
-- @treturn thread the coroutine; `coroutine.close` ends it, whatever it waits for
function loop:spawn(fn, ...)
  local co = coroutine.create(fn)
  loops[co] = self
  make_ready({ loop = self, co = co }, ...)
  return co
end

local running_meta = { __close = function(guard) guard.loop.running = false end }

--- Runs until every coroutine has ended, or waits for another one that does not come, or @{loop:stop}.
-- @function loop:run
-- @raise what a coroutine has raised, unless the loop has an `on_error`; the others are as they were, and go on where
-- run is called again
function loop:run()
  if self.running then error("loop:run: it runs already", 2) end
  local _ <close> = setmetatable({ loop = self }, running_meta)
  self.running, self.stopped = true, false
  run_ready(self)
  while not self.stopped and (self.first <= self.last or self.polling > 0 or self.timers:first()) do
    poll(self)
    run_ready(self)
  end
end

--- Ends @{loop:run} after this turn. What waits goes on waiting if run is called again.
-- @function loop:stop
function loop:stop()
  self.stopped = true
end

-- Who waits for that descriptor or table, in whichever loop, goes on with nil, "closed".
local function cancel(what)
  for self in pairs(all) do
    for entry in pairs(self.waiting[what] or {}) do make_ready(entry, nil, "closed") end
  end
end

local function raise(err) error(err, 0) end

local function new(options)
  local self = setmetatable({ on_error = options and options.on_error or raise, poller = core.poller(), polled = {},
    polling = 0, waiting = {}, timers = new_timers(), ready = {}, first = 1, last = 0, turns = 0 }, loop_meta)
  all[self] = true
  return self
end

return { new = new, of = loops, wait = wait, cancel = cancel }
