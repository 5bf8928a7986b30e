-- SPDX-License-Identifier: MIT
-- An authority kept in a folder: ca.pem (its certificate and those above it), ca.key (mode 0600), ca.json (what it
-- revoked, the number of its last CRL), ca.lock (held while it is used). For bearssl.mkcert.open and mkcert.create.
local core = require "bearssl.core"
local hex = require "bearssl.hex"
local json = require "bearssl.https.json"
local keys = require "bearssl.key"
local new_authority = require "bearssl.mkcert.authority"
local new_guard = require "bearssl.guard"
local pair = require "bearssl.mkcert.pair"
local x509 = require "bearssl.x509"

local folder = {}

local VERSION, SECRET = 1, tonumber("600", 8)
local MAX_STATE, ENOENT = 16 << 20, 2
local LAST, MAX_REASON = 253402300799, 10 -- 9999-12-31T23:59:59Z; of CRLReason (RFC 5280 section 5.3.1)

local function failure(code, where, message)
  return core.error { code = code, message = message, where = where, side = "local" }
end

local function paths_of(dir)
  return { certificate = dir .. "/ca.pem", key = dir .. "/ca.key", state = dir .. "/ca.json", lock = dir .. "/ca.lock" }
end

local function within(value, most)
  local n = math.tointeger(value)
  return n and n >= 0 and n <= most and n or nil
end

-- One that was revoked, as save_state has written it; nil: it has not.
local function entry_of(given)
  if type(given) ~= "table" or type(given.serial) ~= "string" then return nil end
  local time, reason = within(given.time, LAST), within(given.reason, MAX_REASON)
  local serial = given.serial:find "^%x+$" and #given.serial % 2 == 0 and hex.octets(given.serial)
  if not serial or not time or given.reason ~= nil and not reason then return nil end
  return { serial = serial, time = time, reason = reason }
end

-- By serial number; nil: that is no list of them.
local function revoked_in(list)
  if type(list) ~= "table" then return nil end
  local revoked = {}
  for _, given in pairs(list) do
    local entry = entry_of(given)
    if not entry then return nil end
    revoked[entry.serial] = entry
  end
  return revoked
end

local function read_state(path)
  local file, why, errno = io.open(path, "rb")
  if not file and errno == ENOENT then return { revoked = {}, crl_number = 0 } end
  if not file then return nil, failure("file", path, why) end
  local text = file:read(MAX_STATE) or ""
  file:close()
  local state = json.decode(text)
  if type(state) == "table" and state.version ~= VERSION then
    return nil, failure("file", path, ("the authority's state is of version %s, not %d"):format(
      core.printable(tostring(math.tointeger(state.version) or state.version)), VERSION))
  end
  local revoked = type(state) == "table" and revoked_in(state.revoked)
  local crl_number = revoked and within(state.crl_number, math.maxinteger)
  if crl_number then return { revoked = revoked, crl_number = crl_number } end
  return nil, failure("file", path, "the authority's state does not decode; it knows what was revoked: restore it")
end

-- Writes what the authority has revoked and the number of its CRL.
local function save_state(authority)
  local revoked = {}
  for serial, entry in pairs(authority.revoked) do
    revoked[#revoked + 1] = { serial = hex.of(serial), time = entry.time, reason = entry.reason }
  end
  table.sort(revoked, function(a, b) return a.serial < b.serial end)
  local list = {}
  for i, entry in ipairs(revoked) do list[i] = json.encode(entry) end
  return core.write_file(authority.paths.state, ('{"version":%d,"crl_number":%d,"revoked":[%s]}\n'):format(VERSION,
    authority.crl_number, table.concat(list, ",\n")), SECRET, true)
end

local function keep(authority, paths, lock)
  authority.paths, authority.lock, authority.keep = paths, lock, save_state
  return authority
end

-- Calls fn(paths) with the folder locked; it stays so as long as the authority lives that fn gives.
local function locked(paths, fn)
  local lock, err = core.lock_file(paths.lock)
  if not lock then return nil, err end
  local guard <close> = new_guard(function() lock:close() end)
  local authority
  authority, err = fn(paths)
  if not authority then return nil, err end
  guard.keep = true
  return keep(authority, paths, lock)
end

local function read(paths)
  local ok, err = pair.finish(paths)
  if not ok then return nil, err end
  local chain, key, state, authority
  chain, err = x509.load(paths.certificate)
  if not chain then return nil, err end
  key, err = keys.load(paths.key)
  if not key then return nil, err end
  state, err = read_state(paths.state)
  if not state then return nil, err end
  local above = chain[1]:is_self_signed() and {} or chain
  authority, err = new_authority { certificate = chain[1], key = key, chain = above }
  if not authority then return nil, err end
  authority.revoked, authority.crl_number = state.revoked, state.crl_number
  return authority
end

-- The authority of the folder `dir`; or nil, err.
function folder.open(dir)
  local paths = paths_of(dir)
  if core.file_stamp(paths.certificate) then return locked(paths, read) end
  local _, err = x509.load(paths.certificate)
  if core.file_stamp(paths.key) then err.hint = "there is a key without it: make the authority anew, with `replace`" end
  return nil, err
end

-- What the authority before revoked is none of this one's, whose CRLs are counted on.
local function forget(authority, paths)
  if not core.file_stamp(paths.state) then return true end
  local before = read_state(paths.state)
  authority.paths, authority.crl_number = paths, before and before.crl_number or 0
  return save_state(authority)
end

local function make(paths, options, replace)
  local authority, err = new_authority(options)
  if not authority then return nil, err end
  local pem = { authority.certificate:pem() }
  for i = 2, #authority.chain do pem[i] = authority.chain[i]:pem() end
  local ok
  ok, err = pair.write(paths, authority.key, table.concat(pem), replace)
  if ok and replace then ok, err = forget(authority, paths) end
  if not ok then return nil, err end
  return authority
end

-- A new authority in the folder, which is made; `options` as of mkcert.authority. One that is there stays unless
-- `replace`.
function folder.create(dir, options, replace)
  local status, err = core.run("mkdir", "-p", "-m", "700", "--", dir)
  if status ~= 0 then return nil, err or failure("file_write", dir, dir .. ": the folder cannot be made") end
  return locked(paths_of(dir), function(paths) return make(paths, options, replace) end)
end

return folder
