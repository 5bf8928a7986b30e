-- SPDX-License-Identifier: MIT
-- bearssl.cosocket.pool: connections that wait to be used again, by key. A pool that has a backlog also bounds how many
-- connections there are, and lets those who want one more wait in a queue.
--
-- No timer runs: what has been idle for too long is closed when anyone comes to the pools, and never handed out.
local core = require "bearssl.core"
local signal = require "bearssl.cosocket.signal"

local pools = {}
pools.__index = pools

-- All pools of one set of options.
local function new()
  return setmetatable({ by_key = {} }, pools)
end

local function pool_of(self, key, size, backlog)
  local pool = self.by_key[key]
  if not pool then
    pool = { key = key, size = size, backlog = backlog, idle = {}, waiting = {}, count = 0 }
    self.by_key[key] = pool
  end
  return pool
end

local function forget_if_unused(self, pool)
  if pool.count == 0 and not pool.waiting[1] and self.by_key[pool.key] == pool then self.by_key[pool.key] = nil end
end

-- A place is free: the first who waits has it.
local function next_one(pool, stream)
  local waiter = table.remove(pool.waiting, 1)
  if not waiter then return false end
  waiter.served, waiter.stream = true, stream
  waiter.signal:raise()
  return true
end

local function give_up_place(self, pool)
  pool.count = pool.count - 1
  if next_one(pool) then pool.count = pool.count + 1 end
  forget_if_unused(self, pool)
end

-- Closes what is idle for too long.
function pools:tidy()
  local now = core.now()
  for _, pool in pairs(self.by_key) do
    for i = #pool.idle, 1, -1 do
      local stream = pool.idle[i]
      if stream.expires and stream.expires <= now then
        table.remove(pool.idle, i)
        stream:close()
        pool.count = pool.count - 1
      end
    end
    forget_if_unused(self, pool)
  end
end

-- The one that was used last and is still alive.
local function take_idle(pool)
  while true do
    local stream = table.remove(pool.idle)
    if not stream then return nil end
    if stream:idle() then return stream end
    stream:close()
    pool.count = pool.count - 1
  end
end

-- Who was served and does not come for it, because its coroutine was closed first, leaves the place to the next one.
local waiter_meta = { __close = function(waiter)
  waiter.signal:close()
  for i, other in ipairs(waiter.pool.waiting) do
    if other == waiter then table.remove(waiter.pool.waiting, i) end
  end
  if not waiter.served or waiter.taken then return end
  if waiter.stream then waiter.stream:close() end
  give_up_place(waiter.pools, waiter.pool)
end }

local function wait_for_place(self, pool, timeout, given)
  if #pool.waiting >= pool.backlog then return nil, "too many waiting connect operations" end
  local waiter <close> = setmetatable({ pools = self, pool = pool, signal = signal.new() }, waiter_meta)
  table.insert(pool.waiting, waiter)
  waiter.signal:wait(timeout, given)
  waiter.taken = waiter.served
  if waiter.served then return waiter end
  return nil, "timeout"
end

-- A place among the pool's connections, with an idle one in it if there is one: pool, stream or nil. nil, nil: there is
-- no such pool, and none is wanted; nil, nil, why: none to be had.
function pools:enter(key, options, timeout, given)
  self:tidy()
  local pool = self.by_key[key]
  if not pool and not options.wanted then return nil end
  pool = pool or pool_of(self, key, options.size, options.backlog)
  local stream = take_idle(pool)
  if stream then return pool, stream end
  if not pool.backlog or pool.count < pool.size then
    pool.count = pool.count + 1
    return pool
  end
  local waiter, err = wait_for_place(self, pool, timeout, given)
  if not waiter then return nil, nil, err end
  if waiter.stream and not waiter.stream:idle() then
    waiter.stream:close()
    waiter.stream = nil
  end
  return pool, waiter.stream
end

-- The connection is no more.
function pools:leave(pool)
  if pool then give_up_place(self, pool) end
end

-- The connection waits in the pool of its key, for `lifetime` seconds at most (nil: for ever).
function pools:keep(pool, key, size, stream, lifetime)
  self:tidy()
  if not pool then
    pool = pool_of(self, key, size)
    pool.count = pool.count + 1
  end
  stream.expires = lifetime and core.now() + lifetime
  if next_one(pool, stream) then return end
  table.insert(pool.idle, stream)
  if #pool.idle <= pool.size then return end
  table.remove(pool.idle, 1):close()
  pool.count = pool.count - 1
end

-- Closes all that is idle.
function pools:close()
  for _, pool in pairs(self.by_key) do
    for _, stream in ipairs(pool.idle) do stream:close() end
    pool.count, pool.idle = pool.count - #pool.idle, {}
    forget_if_unused(self, pool)
  end
end

return { new = new }
