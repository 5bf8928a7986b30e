-- SPDX-License-Identifier: MIT
-- External pre-shared keys (RFC 8446 section 4.2.11): what the option `psk` of a connection and the callback on_psk
-- give, checked. RFC 9257 section 6: keys with at least 128 bits of entropy; passwords are none.
local KEY_MIN, KEY_MAX, IDENTITY_MAX = 16, 64, 1024 -- bytes

local hashes = { sha256 = false, sha384 = true }
local fields = { identity = true, key = true, hash = true }

local psk = {}

-- Is the hash SHA-384? Raises where key or hash is wrong; `who` says so.
function psk.check(who, key, hash)
  if type(key) ~= "string" then error(("%s: the key is no string but a %s"):format(who, type(key)), 0) end
  if #key < KEY_MIN or #key > KEY_MAX then
    error(("%s: the key has %d bytes; %d to %d are taken"):format(who, #key, KEY_MIN, KEY_MAX), 0)
  end
  local sha384 = hashes[hash or "sha256"]
  if sha384 == nil then error(('%s: the hash is neither "sha256" nor "sha384"'):format(who), 0) end
  return sha384
end

-- identity, key, sha384 of the option; raises where it is wrong.
function psk.read(value)
  for name in pairs(value) do
    if not fields[name] then error(("option 'psk': unknown field '%s'"):format(tostring(name)), 0) end
  end
  local identity = value.identity
  if type(identity) ~= "string" or #identity < 1 or #identity > IDENTITY_MAX then
    error(("option 'psk': the identity is no string of 1 to %d bytes"):format(IDENTITY_MAX), 0)
  end
  return identity, value.key, psk.check("option 'psk'", value.key, value.hash)
end

return psk
