-- SPDX-License-Identifier: MIT
-- What was fetched, until it is too old: bounded in entries and in bytes. The oldest goes first.
local ring = require "bearssl.ring"

local cache = {}
cache.__index = cache

local function drop(self, entry)
  ring.unlink(entry)
  self.entries[entry.key] = nil
  self.count, self.size = self.count - 1, self.size - entry.size
end

-- The value, or nil.
function cache:get(key, now)
  local entry = self.entries[key]
  if not entry then return nil end
  if now < entry.expires then return entry.value, entry end
  drop(self, entry)
end

-- Keeps `value`, which takes `size` bytes, until `expires` in seconds since the epoch.
function cache:put(key, value, size, expires)
  local old = self.entries[key]
  if old then drop(self, old) end
  if size > self.max_size then return end
  local entry = { key = key, value = value, size = size, expires = expires }
  self.entries[key] = entry
  ring.link(self.ring, entry)
  self.count, self.size = self.count + 1, self.size + size
  while self.count > self.max_entries or self.size > self.max_size do drop(self, self.ring.before) end
end

function cache.new(max_entries, max_size)
  return setmetatable({
    max_entries = max_entries, max_size = max_size, entries = {}, ring = ring.new(), count = 0, size = 0,
  }, cache)
end

return cache
