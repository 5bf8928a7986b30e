-- SPDX-License-Identifier: MIT
-- bearssl.watch: what was seen the last time, in a file of JSON: { version, seen = { [target] = { pin, issuer, serial,
-- failed, at } } }. Written whole or not at all; one run at a time has it.
local core = require "bearssl.core"
local json = require "bearssl.https.json"

local memory = {}
memory.__index = memory

local VERSION, SECRET, MAX_SIZE = 1, tonumber("600", 8), 64 << 20

local function failure(path, message)
  return core.error { code = "file", where = path, side = "local", message = path .. ": " .. message }
end

local function read(path)
  local file, why, number = io.open(path, "rb")
  if not file and number == 2 then return {} end -- ENOENT: the first run
  if not file then return nil, failure(path, why) end
  local text = file:read(MAX_SIZE) or ""
  file:close()
  local state = json.decode(text)
  if type(state) ~= "table" or type(state.seen) ~= "table" then
    return nil, failure(path, "the state does not decode; remove it to begin anew")
  end
  if state.version ~= VERSION then
    return nil, failure(path, ("the state is of version %s, not %d"):format(tostring(state.version), VERSION))
  end
  return state.seen
end

-- The memory in a file, or without a path one that forgets.
function memory.open(path)
  if not path then return setmetatable({ seen = {} }, memory) end
  local lock, err = core.lock_file(path .. ".lock")
  if not lock then return nil, err end
  local seen
  seen, err = read(path)
  if not seen then
    lock:close()
    return nil, err
  end
  return setmetatable({ path = path, lock = lock, seen = seen }, memory)
end

function memory:__close()
  if self.lock then self.lock:close() end
end

-- What is not as it was. One that shows no certificate now has neither a new key nor a new issuer.
function memory:compare(result)
  local old, changes = self.seen[result.target], {}
  if not self.path then return changes end
  if type(old) ~= "table" then return { "first_seen" } end
  local function changed(name, condition)
    if condition then changes[#changes + 1] = name end
  end
  if result.pin and old.pin then
    changed("new_key", result.pin ~= old.pin)
    changed("new_issuer", result.issuer ~= old.issuer)
    changed("renewed", result.serial ~= old.serial)
  end
  changed("failed", result.error ~= nil and not old.failed)
  changed("recovered", result.error == nil and old.failed == true)
  return changes
end

-- Targets that were not looked at are remembered as they were.
function memory:save(results, now)
  if not self.path then return true end
  for _, result in ipairs(results) do
    local old = type(self.seen[result.target]) == "table" and self.seen[result.target] or {}
    self.seen[result.target] = {
      pin = result.pin or old.pin, issuer = result.issuer or old.issuer, serial = result.serial or old.serial,
      failed = result.error ~= nil, at = now,
    }
  end
  return core.write_file(self.path, json.encode { version = VERSION, seen = self.seen } .. "\n", SECRET, true)
end

return memory
