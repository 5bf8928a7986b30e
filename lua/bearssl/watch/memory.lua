-- SPDX-License-Identifier: MIT
-- bearssl.watch: what was seen the last time, in a file of JSON: { version, seen = { [target] = { pin, issuer, serial,
-- chain, error, failed, at } } }. Written whole or not at all; one run at a time has it.
local core = require "bearssl.core"
local json = require "bearssl.https.json"

local memory = {}
memory.__index = memory

local VERSION, SECRET, MAX_SIZE = 1, tonumber("600", 8), 64 << 20
local FORGET = 400 * 86400 -- seconds after which who is not looked at any more is forgotten

-- `chain`: the pins of what stands behind the leaf; `error`: the code of the last failure.
local fields = { pin = "string", issuer = "string", serial = "string", chain = "string", error = "string",
  failed = "boolean", at = "number" }

local function failure(path, message)
  return core.error { code = "file", where = path, side = "local", message = path .. ": " .. message }
end

-- What we have written of a target, and nothing else; nil: we have not written that.
local function entry_of(name, given)
  if type(name) ~= "string" or type(given) ~= "table" then return nil end
  local entry = {}
  for field, wanted in pairs(fields) do
    if given[field] ~= nil and type(given[field]) ~= wanted then return nil end
    entry[field] = given[field]
  end
  return entry
end

local function decode(path, text)
  local state = json.decode(text)
  if type(state) ~= "table" then return nil, failure(path, "the state does not decode; remove it to begin anew") end
  if state.version ~= VERSION then
    return nil, failure(path, ("the state is of version %s, not %d"):format(core.printable(tostring(state.version)),
      VERSION))
  end
  if type(state.seen) ~= "table" then return nil, failure(path, "the state does not decode: no targets") end
  local seen = {}
  for name, given in pairs(state.seen) do
    seen[name] = entry_of(name, given)
    if not seen[name] then
      return nil, failure(path, ("the state does not decode: target '%s'"):format(core.printable(tostring(name))))
    end
  end
  return seen
end

local function read(path)
  local kind = core.file_kind(path)
  if kind and kind ~= "file" then -- a link would be replaced by a file, a FIFO never end
    return nil, failure(path, ("a file is wanted for the state, not a %s"):format(kind == "link" and "symbolic link"
      or kind == "folder" and kind or "device"))
  end
  local file <close>, why, number = io.open(path, "rb")
  if not file and number == 2 then return {} end -- ENOENT: the first run
  if not file then return nil, failure(path, why:match ": ([^:]*)$" or why) end
  local text
  text, why = file:read(MAX_SIZE + 1)
  if not text and why then return nil, failure(path, why) end
  if text and #text > MAX_SIZE then return nil, failure(path, ("more than %d bytes"):format(MAX_SIZE)) end
  return decode(path, text or "")
end

-- The memory in a file, or without a path one that forgets.
function memory.open(path)
  if not path then return setmetatable({ seen = {}, latest = 0 }, memory) end
  local lock, err = core.lock_file(path .. ".lock")
  if not lock then return nil, err end
  local seen
  seen, err = read(path)
  if not seen then
    lock:close()
    return nil, err
  end
  local latest = 0
  for _, entry in pairs(seen) do latest = math.max(latest, entry.at or 0) end
  return setmetatable({ path = path, lock = lock, seen = seen, latest = latest }, memory)
end

function memory:__close()
  if self.lock then self.lock:close() end
end

-- What is not as it was. One that shows no certificate now has neither a new key nor a new issuer.
function memory:compare(result)
  local old, changes = self.seen[result.target], {}
  if not self.path then return changes end
  if not old then return { "first_seen" } end
  local function changed(name, condition)
    if condition then changes[#changes + 1] = name end
  end
  if result.pin and old.pin then
    local chain = result.chain and table.concat(result.chain, " ") or old.chain
    local other_issuer = result.issuer ~= old.issuer
    changed("new_key", result.pin ~= old.pin)
    changed("new_issuer", other_issuer)
    changed("new_chain", not other_issuer and old.chain ~= nil and chain ~= old.chain)
    changed("renewed", result.serial ~= old.serial)
  end
  local broken = result.error ~= nil and result.error.code == "pin_mismatch"
  changed("pin_broken", broken and old.error ~= "pin_mismatch")
  changed("failed", result.error ~= nil and not old.failed)
  changed("recovered", result.error == nil and old.failed == true)
  return changes
end

-- Those who were not looked at are remembered as they were; the `untold`, too, whose changes are told the next time.
function memory:save(results, now, untold)
  if not self.path then return true end
  for _, result in ipairs(results) do
    local old = self.seen[result.target] or {}
    if not untold[result] then
      self.seen[result.target] = {
        pin = result.pin or old.pin, issuer = result.issuer or old.issuer, serial = result.serial or old.serial,
        chain = result.chain and table.concat(result.chain, " ") or old.chain, failed = result.error ~= nil,
        error = result.error and result.error.code, at = now,
      }
    end
  end
  for name, entry in pairs(self.seen) do
    if (entry.at or 0) < now - FORGET then self.seen[name] = nil end
  end
  return core.write_file(self.path, json.encode { version = VERSION, seen = self.seen } .. "\n", SECRET, true)
end

return memory
