-- SPDX-License-Identifier: MIT
-- bearssl.ngx.shared: ngx.shared.NAME, a dictionary of strings, numbers and booleans with lifetimes, for one process.
-- Where it is full, the entries that were used longest ago make room.
local core = require "bearssl.core"
local ring = require "bearssl.ring"
local text_of = require "bearssl.cosocket.arguments".text_of

local Dictionary = {}
Dictionary.__index = Dictionary

local MAX_KEY = 65535
local OVERHEAD = 64 -- bytes that an entry counts beside key and value

local function checked_key(key)
  if key == nil then return nil, "nil key" end
  key = text_of(key)
  if key == "" then return nil, "empty key" end
  if #key > MAX_KEY then return nil, "key too long" end
  return key
end

local function size_of(key, value)
  return OVERHEAD + #key + (type(value) == "string" and #value or 8)
end

-- `ring` has the entries in the order of their use.
local function remove(self, entry)
  ring.unlink(entry)
  self.entries[entry.key] = nil
  self.used = self.used - entry.size
end

local function is_alive(entry)
  return entry and (not entry.expires or entry.expires > core.now())
end

-- Room for so many bytes: true, and whether something alive had to go; or false.
local function make_room(self, wanted, safe)
  if wanted > self.capacity_bytes then return false end
  local forcible = false
  while self.used + wanted > self.capacity_bytes do
    local oldest = self.ring.before
    if is_alive(oldest) then
      if safe then return false end
      forcible = true
    end
    remove(self, oldest)
  end
  return true, forcible
end

local storable = { string = true, number = true, boolean = true }

local function expiry(seconds)
  if seconds == nil or seconds == 0 then return nil end
  if type(seconds) ~= "number" or seconds < 0 then error('bad "exptime" argument', 4) end
  return core.now() + seconds
end

-- How `set` and its kin store: success, why not, and whether something alive had to go.
local function store(self, key, value, lifetime, flags, mode)
  local wrong
  key, wrong = checked_key(key)
  if not key then return nil, wrong end
  if value ~= nil and not storable[type(value)] then return nil, "bad value type" end
  local expires, entry = expiry(lifetime), self.entries[key]
  local alive = is_alive(entry)
  if mode.only == "new" and alive then return false, "exists", false end
  if mode.only == "old" and not alive then return false, "not found", false end
  if entry then remove(self, entry) end
  if value == nil then return true, nil, false end
  local size = size_of(key, value)
  local ok, forcible = make_room(self, size, mode.safe)
  if not ok then return false, "no memory", false end
  entry = { key = key, value = value, flags = flags or 0, expires = expires, size = size }
  self.entries[key] = entry
  self.used = self.used + size
  ring.link(self.ring, entry)
  return true, nil, forcible
end

local function setter(mode)
  return function(self, key, value, lifetime, flags)
    local ok, err, forcible = store(self, key, value, lifetime, flags, mode) -- no tail call: the level of its errors
    if ok == nil then return nil, err end
    return ok, err, forcible
  end
end

Dictionary.set = setter {}
Dictionary.safe_set = setter { safe = true }
Dictionary.add = setter { only = "new" }
Dictionary.safe_add = setter { only = "new", safe = true }
Dictionary.replace = setter { only = "old" }

function Dictionary:delete(key)
  return self:set(key, nil)
end

local function look_up(self, key)
  local wrong
  key, wrong = checked_key(key)
  if not key then return nil, wrong end
  return self.entries[key]
end

local function value_of(entry)
  if type(entry.value) == "table" then return nil, "value is a list" end
  if entry.flags ~= 0 then return entry.value, entry.flags end
  return entry.value
end

function Dictionary:get(key)
  local entry, wrong = look_up(self, key)
  if wrong then return nil, wrong end
  if not is_alive(entry) then return nil end
  ring.unlink(entry)
  ring.link(self.ring, entry)
  return value_of(entry)
end

-- Also what has expired and is still there: value, flags, stale.
function Dictionary:get_stale(key)
  local entry, wrong = look_up(self, key)
  if not entry then return nil, wrong end
  if type(entry.value) == "table" then return nil, "value is a list" end
  return entry.value, entry.flags ~= 0 and entry.flags or nil, not is_alive(entry)
end

function Dictionary:incr(key, step, init, lifetime)
  if type(step) ~= "number" then error("bad argument #2 to 'incr' (number expected, got " .. type(step) .. ")", 2) end
  local entry, wrong = look_up(self, key)
  if wrong then return nil, wrong end
  if not is_alive(entry) then
    if init == nil then return nil, "not found" end
    local ok, err, forcible = store(self, key, init + step, lifetime, 0, {})
    if not ok then return nil, err end
    return init + step, nil, forcible
  end
  if type(entry.value) ~= "number" then return nil, "not a number" end
  entry.value = entry.value + step
  if init ~= nil then return entry.value, nil, false end
  return entry.value
end

-- Lists -----------------------------------------------------------------------------------------------------------

local function list_of(self, key, create)
  local entry, wrong = look_up(self, key)
  if wrong then return nil, wrong end
  if is_alive(entry) then
    if type(entry.value) ~= "table" then return nil, "value not a list" end
    return entry
  end
  if not create then return nil end
  local ok, err = store(self, key, "", nil, 0, {})
  if not ok then return nil, err end
  entry = self.entries[checked_key(key)]
  entry.value = {}
  return entry
end

local function push(self, key, value, place)
  if type(value) ~= "string" and type(value) ~= "number" then return nil, "bad value type" end
  local entry, err = list_of(self, key, true)
  if not entry then return nil, err end
  local size = size_of("", value)
  if not make_room(self, size, true) then return nil, "no memory" end
  table.insert(entry.value, place == "left" and 1 or #entry.value + 1, value)
  entry.size, self.used = entry.size + size, self.used + size
  return #entry.value
end

local function pop(self, key, place)
  local entry, err = list_of(self, key)
  if err then return nil, err end
  if not entry then return nil end
  local value = table.remove(entry.value, place == "left" and 1 or #entry.value)
  local size = size_of("", value)
  entry.size, self.used = entry.size - size, self.used - size
  if not entry.value[1] then remove(self, entry) end
  return value
end

function Dictionary:lpush(key, value) return push(self, key, value, "left") end
function Dictionary:rpush(key, value) return push(self, key, value, "right") end
function Dictionary:lpop(key) return pop(self, key, "left") end
function Dictionary:rpop(key) return pop(self, key, "right") end

function Dictionary:llen(key)
  local entry, err = list_of(self, key)
  if not entry and err then return nil, err end
  return entry and #entry.value or 0
end

-- All of it -------------------------------------------------------------------------------------------------------

function Dictionary:ttl(key)
  local entry, wrong = look_up(self, key)
  if not is_alive(entry) then return nil, wrong or "not found" end
  return entry.expires and entry.expires - core.now() or 0
end

function Dictionary:expire(key, seconds)
  local expires = expiry(seconds)
  local entry, wrong = look_up(self, key)
  if not is_alive(entry) then return nil, wrong or "not found" end
  entry.expires = expires
  return true
end

function Dictionary:flush_all()
  local now = core.now()
  for _, entry in pairs(self.entries) do entry.expires = now end
end

function Dictionary:flush_expired(most)
  local count, entry = 0, self.ring.before
  while entry ~= self.ring and (not most or most <= 0 or count < most) do
    local newer = entry.before
    if not is_alive(entry) then
      remove(self, entry)
      count = count + 1
    end
    entry = newer
  end
  return count
end

function Dictionary:get_keys(most)
  most = most or 1024
  local keys, entry = {}, self.ring.next
  while entry ~= self.ring and (most <= 0 or #keys < most) do
    if is_alive(entry) then keys[#keys + 1] = entry.key end
    entry = entry.next
  end
  return keys
end

function Dictionary:capacity() return self.capacity_bytes end
function Dictionary:free_space() return self.capacity_bytes - self.used end

-- Names and sizes in bytes -> the table ngx.shared.
local function new(sizes)
  local shared = {}
  for name, bytes in pairs(sizes or {}) do
    shared[name] = setmetatable({ entries = {}, used = 0, capacity_bytes = bytes, ring = ring.new() }, Dictionary)
  end
  return shared
end

return { new = new }
