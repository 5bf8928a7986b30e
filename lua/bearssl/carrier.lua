-- SPDX-License-Identifier: MIT
-- What TLS may stand on besides a descriptor: an object that owns one, or one with LuaSocket's methods.
local carrier = {}

local function index(object, name) return object[name] end

local function has(object, name)
  local ok, method = pcall(index, object, name)
  return ok and method ~= nil
end
carrier.has = has

-- Has it what we call?
function carrier.fits(object)
  local kind = type(object)
  if kind ~= "table" and kind ~= "userdata" then return false end
  return has(object, "send") and has(object, "receive") and has(object, "settimeout") and has(object, "close")
end

-- Is it a descriptor's owner, and no TLS on top of it?
function carrier.owns_descriptor(object)
  local kind = type(object)
  if kind ~= "table" and kind ~= "userdata" then return false end
  return has(object, "getfd") and has(object, "setfd") and not has(object, "dohandshake")
end

return carrier
