-- SPDX-License-Identifier: MIT
-- bearssl.https: connections that wait for the next request (RFC 9112 section 9.3), by what they lead to.
local Pool = {}
Pool.__index = Pool

-- `max_idle` connections at most, `max_idle_per_host` of one key, each for `idle_timeout` seconds.
local function new(options)
  return setmetatable({
    max_idle = options.max_idle, max_idle_per_host = options.max_idle_per_host, idle_timeout = options.idle_timeout,
    idle = {}, -- the one that waits longest first
  }, Pool)
end

local function remove(self, i)
  local connection = table.remove(self.idle, i)
  connection.held = false
  return connection
end

function Pool:expire(now)
  for i = #self.idle, 1, -1 do
    if self.idle[i].idle_until <= now then remove(self, i):close() end
  end
end

-- Asks the connection itself, which may have callbacks to call.
local function is_alive(connection)
  local ok, alive = pcall(connection.is_alive, connection)
  if not ok or not alive then connection:close() end
  if not ok then error(alive, 0) end
  return alive
end

-- The newest connection of this key that is still open; or nil.
function Pool:take(key, now)
  self:expire(now)
  for i = #self.idle, 1, -1 do
    local connection = self.idle[i]
    if connection and connection.key == key and is_alive(remove(self, i)) then return connection end
  end
end

local function drop_oldest(self, key)
  for i, connection in ipairs(self.idle) do
    if not key or connection.key == key then return remove(self, i):close() end
  end
end

local function count(self, key)
  local n = 0
  for _, connection in ipairs(self.idle) do
    if connection.key == key then n = n + 1 end
  end
  return n
end

-- Keeps a connection for `seconds` at most, where the server has said so.
function Pool:put(connection, now, seconds)
  self:expire(now)
  if self.closed or self.max_idle == 0 or self.max_idle_per_host == 0 then return connection:close() end
  if count(self, connection.key) >= self.max_idle_per_host then drop_oldest(self, connection.key) end
  if #self.idle >= self.max_idle then drop_oldest(self) end
  connection.held, connection.idle_until = true, now + math.min(self.idle_timeout, seconds or math.huge)
  self.idle[#self.idle + 1] = connection
end

-- None waits any longer, and none will.
function Pool:close()
  self.closed = true
  while self.idle[1] do remove(self, #self.idle):close() end
end

return { new = new }
