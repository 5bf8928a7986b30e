-- SPDX-License-Identifier: MIT

--- Pinned keys: SHA-256 of a SubjectPublicKeyInfo as curl and RFC 7469 write it, `sha256//` and base64.
-- A pin is asked for in addition to the chain, never in its place: one certificate of the verified path must have
-- a pinned key, and one pin must be of none of them, so that there is a way on when a key is lost.
-- @module bearssl.pins
local core = require "bearssl.core"
local hint = require "bearssl.check".hint

local pins = {}

--- The pin of a certificate's key.
-- @function of
-- @tparam bearssl.certificate certificate
-- @treturn string `"sha256//…"`
pins.of = core.pin_of

local known = { backup = "boolean", report_only = "boolean", expires = "integer", on_mismatch = "function" }

-- The option `pins`: a list, which may have fields; to { set =, report_only =, on_mismatch = }; or nil
-- and what is wrong.
local function read(given)
  if type(given) == "string" then given = { given } end
  if type(given) ~= "table" then return nil, "a list of pins is wanted, not a " .. type(given) end
  if #given == 0 then return nil, "the list is empty" end
  local set = { no_backup = given.backup == false, report_only = given.report_only, expiry = given.expires }
  for name, value in pairs(given) do
    local index = math.type(name) == "integer" and name >= 1 and name <= #given
    if not index and not known[name] then
      return nil, ("unknown field '%s'%s"):format(tostring(name), hint(name, known))
    end
    local wanted = index and "string" or known[name]
    if (math.type(value) or type(value)) ~= wanted then
      return nil, ("'%s': a %s is wanted, not a %s"):format(name, wanted, type(value))
    end
    if index then set[name] = value end
  end
  if given.on_mismatch and not given.report_only then
    return nil, "'on_mismatch' means nothing without report_only = true: a mismatch fails the handshake"
  end
  if #given < 2 and not set.no_backup then
    return nil, "a backup pin is missing; say backup = false to do without"
  end
  local made, err = core.pins(set)
  if not made then return nil, err.message end
  return { set = made, report_only = set.report_only, on_mismatch = given.on_mismatch }
end

--- Checks a path against a set of pins.
-- @function check
-- @tparam {string,...} set pins; its fields `backup = false` (no backup is asked for) and `expires` (seconds since the
-- epoch: the set binds up to then)
-- @tparam {bearssl.certificate,...} path a verified path, the leaf first
-- @tparam[opt] integer now seconds since the epoch
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error `pin_mismatch` with the pins of the path
-- @raise if the set is no set of pins
function pins.check(set, path, now)
  local made, wrong = read(set)
  if not made then error("bearssl.pins.check: " .. wrong, 2) end
  return core.pins_check(made.set, path, now or os.time())
end

local plan_fields = { current = true, next = true, backup = true, change = true, max_age = true, added = true,
  now = true }

local function backups_of(plan)
  if plan.backup == nil then return {} end
  return type(plan.backup) == "string" and { plan.backup } or plan.backup
end

-- What is wrong with a field, and which.
local function fault_of(plan)
  for name in pairs(plan) do
    if not plan_fields[name] then
      return ("unknown field '%s'%s"):format(tostring(name), hint(name, plan_fields))
    end
  end
  for _, name in ipairs { "change", "max_age", "added", "now" } do
    local value, optional = plan[name], name == "added" or name == "now"
    if math.type(value) ~= "integer" and not (optional and value == nil) or name == "max_age" and value < 0 then
      return ("field '%s': seconds%s are wanted"):format(name, name == "max_age" and "" or " since the epoch")
    end
  end
  if type(backups_of(plan)) ~= "table" then return "field 'backup': a pin or a list of pins is wanted" end
  for name, set in pairs { current = { plan.current }, next = { plan.next }, backup = backups_of(plan) } do
    local copy = table.move(set, 1, #set, 1, { backup = false })
    local _, wrong = read(copy)
    if wrong and (name ~= "backup" or #copy > 0) then return ("field '%s': %s"):format(name, wrong) end
  end
  if plan.current == plan.next then return "field 'next': this is the current key's pin" end
end

local function check_plan(plan, level)
  local wrong = type(plan) ~= "table" and "a table is wanted" or fault_of(plan)
  if wrong then error("bearssl.pins.rotation: " .. wrong, level + 1) end
end

--- Which pins a set must have while a key changes, which to add and which may go.
-- Clients keep a set for up to `max_age`. So the next key's pin must be in the set for that long before the
-- change, and the current key's until that long after it, for those who go back to an old copy of the service.
-- @function rotation
-- @tparam table plan `current` and `next`: pins; `change`: when the key changes (seconds since the epoch);
-- `max_age`: seconds for which a client may hold an old set; `backup`: pins of keys kept aside, which stay; `added`:
-- since when the set has had the next key's pin, where it has; `now`
-- @treturn table `pins` (the set for now), `add` and `add_by` (from then on at the latest it is in the set), `remove`
-- and `remove_after`, `phase`: "before", "prepare", "overlap" or "done", `late` (true before the change where `add_by`
-- has passed, and the pin was not `added` by then: some clients will not know it at the change), `safe_change` (the
-- earliest change where it was added at `added`, or is now). The phases are those of the plan: as long as the key has
-- not changed, its pin stays, whatever the day
-- @raise for an unknown, missing or wrong field
function pins.rotation(plan)
  check_plan(plan, 2)
  local now = plan.now or os.time()
  local add_by, remove_after = plan.change - plan.max_age, plan.change + plan.max_age
  local phase = now < add_by and "before" or now < plan.change and "prepare" or now <= remove_after and "overlap"
    or "done"
  local set, there = {}, {}
  local function put(one)
    if not there[one] then set[#set + 1] = one end
    there[one] = true
  end
  if phase ~= "done" then put(plan.current) end
  put(plan.next) -- also long before: it is the backup until then
  for _, one in ipairs(backups_of(plan)) do put(one) end
  local added = plan.added or now
  return {
    pins = set, phase = phase, add = { plan.next }, add_by = add_by, remove = { plan.current },
    remove_after = remove_after, late = added > add_by and now < plan.change, safe_change = added + plan.max_age,
  }
end

pins.read = read -- for bearssl.options and bearssl.store

return pins
