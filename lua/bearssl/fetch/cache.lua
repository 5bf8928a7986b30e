-- SPDX-License-Identifier: MIT
-- What was fetched, until it is too old: bounded in entries and in bytes. The oldest goes first.
local cache = {}
cache.__index = cache

local function drop(self, key)
  local entry = self.entries[key]
  if not entry then return end
  self.entries[key] = nil
  self.count, self.size = self.count - 1, self.size - entry.size
end

-- Where the first place of `order` is, whose entry may be gone or newer than the place.
local function drop_oldest(self)
  local place = self.order[self.first]
  self.order[self.first] = nil
  self.first = self.first + 1
  local entry = self.entries[place.key]
  if entry == place.entry then drop(self, place.key) end
end

-- The value, or nil.
function cache:get(key, now)
  local entry = self.entries[key]
  if not entry then return nil end
  if now < entry.expires then return entry.value, entry end
  drop(self, key)
end

-- Keeps `value`, which takes `size` bytes, until `expires` in seconds since the epoch.
function cache:put(key, value, size, expires)
  drop(self, key)
  if size > self.max_size then return end
  local entry = { value = value, size = size, expires = expires }
  self.entries[key] = entry
  self.last = self.last + 1
  self.order[self.last] = { key = key, entry = entry }
  self.count, self.size = self.count + 1, self.size + size
  while self.count > self.max_entries or self.size > self.max_size or self.last - self.first > 4 * self.max_entries do
    drop_oldest(self)
  end
end

function cache.new(max_entries, max_size)
  return setmetatable({
    max_entries = max_entries, max_size = max_size, entries = {}, order = {}, first = 1, last = 0, count = 0, size = 0,
  }, cache)
end

return cache
