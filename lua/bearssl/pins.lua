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

local function date_field(plan, name, level)
  local value = plan[name]
  if math.type(value) ~= "integer" then
    error(("bearssl.pins.rotation: field '%s': seconds since the epoch are wanted"):format(name), level + 1)
  end
  return value
end

local plan_fields = { current = true, next = true, backup = true, change = true, max_age = true, now = true }

local function check_plan(plan, level)
  if type(plan) ~= "table" then error("bearssl.pins.rotation: a table is wanted", level + 1) end
  for name in pairs(plan) do
    if not plan_fields[name] then
      error(("bearssl.pins.rotation: unknown field '%s'%s"):format(tostring(name), hint(name, plan_fields)), level + 1)
    end
  end
  for _, name in ipairs { "current", "next" } do
    if type(plan[name]) ~= "string" then
      error(("bearssl.pins.rotation: field '%s': a pin is wanted"):format(name), level + 1)
    end
  end
  date_field(plan, "change", level + 1)
  date_field(plan, "max_age", level + 1)
end

--- Which pins a set must have while a key changes, which to add and which may go.
-- Clients keep a set for up to `max_age`. So the next key's pin must be in the set for that long before the
-- change, and the current key's until that long after it, for those who go back to an old copy of the service.
-- @function rotation
-- @tparam table plan `current` and `next`: pins; `change`: when the key changes (seconds since the epoch);
-- `max_age`: seconds for which a client may hold an old set; `backup`: pins of keys kept aside, which stay; `now`
-- @treturn table `pins` (the set for now), `add` and `add_by` (from then on at the latest it is in the set), `remove`
-- and `remove_after`, `phase`: "before", "prepare", "overlap" or "done", `late` (true where `add_by` has passed: if the
-- pin is not in the set yet, some clients will not know it at the change), `safe_change` (the earliest change where it
-- is added now)
-- @raise for an unknown or missing field
function pins.rotation(plan)
  check_plan(plan, 2)
  local now = plan.now or os.time()
  local add_by, remove_after = plan.change - plan.max_age, plan.change + plan.max_age
  local phase = now < add_by and "before" or now < plan.change and "prepare" or now <= remove_after and "overlap"
    or "done"
  local set = {}
  if phase ~= "done" then set[1] = plan.current end
  set[#set + 1] = plan.next -- also long before: it is the backup until then
  local backup = type(plan.backup) == "string" and { plan.backup } or plan.backup or {}
  table.move(backup, 1, #backup, #set + 1, set)
  return {
    pins = set, phase = phase, add = { plan.next }, add_by = add_by, remove = { plan.current },
    remove_after = remove_after, late = now > add_by and now < plan.change, safe_change = now + plan.max_age,
  }
end

pins.read = read -- for bearssl.options and bearssl.store

return pins
