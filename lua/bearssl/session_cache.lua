-- SPDX-License-Identifier: MIT

--- Sessions that clients resume from.
-- @module bearssl.session_cache

-- bearssl.session_cache: what connections to a name have left for those that follow (RFC 8446 section 2.2, RFC 5077,
-- RFC 5246 section F.1.4). config:connection and config:wrap ask `prepare` for a session and have `watch` gather what
-- the connection receives.
local core = require "bearssl.core"

local DEFAULT_SIZE, MAX_SIZE = 256, 1000000
local PER_NAME = 8 -- sessions of one name: one busy server does not drive out all the others

local Cache = {}
Cache.__index = Cache
Cache.__name = "bearssl.session_cache"

-- A slot is what belongs to one config and name: `entries`, the newest last, `guards` of connections that are open, and
-- their `holders`.

local function slot_of(self, config, name)
  local by_name = self.slots[config]
  if not by_name then
    by_name = {}
    self.slots[config] = by_name
  end
  local slot = by_name[name]
  if not slot then
    slot = { config = config, name = name, entries = {}, guards = setmetatable({}, { __mode = "k" }), holders = {} }
    by_name[name] = slot
  end
  return slot
end

local function tidy(self, slot)
  if slot.entries[1] or next(slot.guards) then return end
  local by_name = self.slots[slot.config]
  if not by_name then return end
  by_name[slot.name] = nil
  if not next(by_name) then self.slots[slot.config] = nil end
end

local function remove(self, slot, i)
  local entry = table.remove(slot.entries, i)
  self.queue[entry.number] = nil
  self.held = self.held - 1
  return entry.session
end

local function drop_oldest(self)
  while not self.queue[self.first] do self.first = self.first + 1 end
  local slot = self.queue[self.first]
  remove(self, slot, 1):close()
  tidy(self, slot)
end

-- Sessions that are not for one use replace each other. (The new entry is made first: a collection may run there, whose
-- finalizers come here too.)
local function put(self, slot, session, single_use)
  local entry = { session = session, single_use = single_use }
  local entries = slot.entries
  local last = entries[#entries]
  if last and (#entries == PER_NAME or not (single_use and last.single_use)) then remove(self, slot, 1):close() end
  self.last, self.held = self.last + 1, self.held + 1
  entry.number = self.last
  self.queue[entry.number] = slot
  entries[#entries + 1] = entry
  if self.held > self.size then drop_oldest(self) end
end

-- All that a connection has received and not given away.
local function gather(self, guard)
  for _ = 1, PER_NAME do
    local session = guard.conn:session()
    if not session then return end
    local single_use, usable = core.session_state(session)
    if usable then put(self, guard.slot, session, single_use) end
    if not single_use then return end
  end
end

-- The newest session for the name that may still be used.
local function take(self, slot)
  for guard in pairs(slot.guards) do
    if not slot.entries[1] then gather(self, guard) end
  end
  local entries = slot.entries
  while entries[1] do
    local entry = entries[#entries]
    local _, usable = core.session_state(entry.session)
    if usable and not entry.single_use then return entry.session end
    local session = remove(self, slot, #entries)
    if usable then return session end
    session:close()
  end
end

-- Stands for a connection in its cache. It is collected before the connection is, as it was made later (manual,
-- section 2.5.3), so that the newest of what came is not lost with a connection that nobody closed. `holder` takes
-- that: made before, as what is made when the program ends has no finalizer; and held by the slot, or it would end with
-- the guard.
local Guard = {}

local function leave(guard)
  guard.slot.guards[guard], guard.slot.holders[guard.holder] = nil, nil
  tidy(guard.cache, guard.slot)
  guard.cache = nil
end

function Guard.__gc(guard)
  local self, holder = guard.cache, guard.holder
  if not self then return end
  if core.session_into(guard.conn, holder) then
    local single_use, usable = core.session_state(holder)
    if usable then put(self, guard.slot, holder, single_use) end
  end
  leave(guard)
end

local guards = setmetatable({}, { __mode = "k" }) -- of each connection

local session_cache = {}

function session_cache.is(value)
  return getmetatable(value) == Cache
end

-- A session for a new connection, and the function that has its cache watch that connection; both nil where the
-- config has no cache, or the connection no name.
function session_cache.prepare(config, name)
  local cache = core.config_keep(config).session_cache
  if not cache or not name then return end
  local slot = slot_of(cache, config, name:lower())
  local session = take(cache, slot)
  tidy(cache, slot)
  return session, function(conn)
    slot = slot_of(cache, config, name:lower())
    local holder = core.session_holder(config)
    slot.holders[holder] = true
    local guard = setmetatable({ cache = cache, slot = slot, conn = conn, holder = holder }, Guard)
    slot.guards[guard] = true
    guards[conn] = guard
  end
end

-- The connection ends: what it received goes into its cache.
function session_cache.release(conn)
  local guard = guards[conn]
  guards[conn] = nil
  if not guard or not guard.cache then return end
  gather(guard.cache, guard)
  leave(guard)
end

--- Makes a cache, for the option `session_cache` of bearssl.client; several configs may have the same. A connection
-- with a name that is given no session takes one from it, of the same config and name, the newest first. What a
-- connection has received goes into the cache when it is closed or collected, or when the next one to the same name
-- asks. Sessions of TLS 1.3 are used once (RFC 8446 section C.4), several are kept for a name; those of TLS 1.2 again
-- until they expire. When the cache is full the oldest goes. Sessions hold secrets: a cache lives in memory alone.
-- @function bearssl.session_cache
-- @tparam[opt] table options `size`: sessions at most, 1 to 1000000; 256 by default
-- @treturn bearssl.session_cache
-- @raise if an option is wrong
function session_cache.new(options)
  if options ~= nil and type(options) ~= "table" then
    error("bearssl.session_cache: a table of options is wanted, not " .. type(options), 2)
  end
  for key in pairs(options or {}) do
    if key ~= "size" then error(("bearssl.session_cache: unknown option '%s': size is known"):format(key), 2) end
  end
  local size = options and options.size or DEFAULT_SIZE
  if math.type(size) ~= "integer" or size < 1 or size > MAX_SIZE then
    error(("bearssl.session_cache: option 'size': an integer from 1 to %d is wanted"):format(MAX_SIZE), 2)
  end
  return setmetatable({ size = size, held = 0, first = 1, last = 0, queue = {}, slots = {} }, Cache)
end

--- Puts a session in, one that was kept elsewhere (`config:import_session`).
-- @function cache:put
-- @tparam bearssl.config config whose session it is
-- @tparam string name the server's
-- @tparam bearssl.session session the cache's from now on
-- @treturn boolean whether it can still be used; else it is closed
function Cache:put(config, name, session)
  local single_use, usable = core.session_state(session)
  if usable then
    put(self, slot_of(self, config, name:lower()), session, single_use)
  else
    session:close()
  end
  return usable
end

--- Takes a session out, as the next connection to the name would.
-- @function cache:take
-- @tparam bearssl.config config
-- @tparam string name the server's
-- @treturn bearssl.session|nil one of TLS 1.2 stays in the cache, too
function Cache:take(config, name)
  local slot = slot_of(self, config, name:lower())
  local session = take(self, slot)
  tidy(self, slot)
  return session
end

--- How many sessions it holds.
-- @function cache:count
-- @treturn integer what open connections have received is not counted as long as nobody asked for it
function Cache:count()
  return self.held
end

--- Forgets all sessions.
-- @function cache:clear
function Cache:clear()
  while self.held > 0 do drop_oldest(self) end
end

function Cache:__tostring()
  return ("bearssl.session_cache: %d of %d"):format(self.held, self.size)
end

return session_cache
