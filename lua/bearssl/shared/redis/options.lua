-- SPDX-License-Identifier: MIT
-- The options of bearssl.shared.redis, checked. What is wrong is the programmer's mistake: nil and a text.
local check = require "bearssl.check"
local near = require "bearssl.near"

local of_type, integer = check.of_type, check.integer

local function seconds(value)
  if type(value) == "number" and value > 0 and value < math.huge then return value end
  return nil, "a positive number of seconds is wanted"
end

local function text(value)
  if type(value) == "string" and value ~= "" then return value end
  return nil, "a string is wanted"
end

local function secret(value)
  if value == false or type(value) == "string" and #value >= 32 then return value end
  return nil, "at least 32 random bytes are wanted, or false: who can read the Redis can read the sessions"
end

local function module(value)
  if type(value) == "table" and type(value.connect) == "function" then return value end
  return nil, "redis-lua's module is wanted"
end

local function tls(value)
  if type(value) == "boolean" or type(value) == "table" or type(value) == "userdata" then return value end
  return nil, "a client's config, its options or true is wanted"
end

local function scheduler(value)
  if type(value) == "string" or type(value) == "table" and value.wait then return value end
  return nil, "a scheduler or its name is wanted"
end

local known = {
  host = text, port = integer(1, 65535), path = text, username = text, password = text, db = integer(0, 1 << 20),
  tls = tls, name = text, redis = module, secret = secret, prefix = text, rotation = integer(60, 86400),
  lifetime = integer(1, 86400), store = of_type "boolean", timeout = seconds, retry = seconds,
  connections = integer(1, 1000), clock_slack = integer(0, 3600), on_error = of_type "function", scheduler = scheduler,
}

local defaults = {
  host = "127.0.0.1", port = 6379, prefix = "bearssl:", rotation = 3600, lifetime = 3600, store = false, timeout = 0.5,
  retry = 5, connections = 16, clock_slack = 60,
}

local function objection(values)
  if values.secret == nil then return "option 'secret' is missing: 32 random bytes that the servers share, or false" end
  if values.username and not values.password then return "option 'username' needs 'password'" end
  if values.lifetime > 5 * values.rotation then
    return "option 'rotation': a lifetime of more than five rotations needs more keys than there may be"
  end
end

return function(given)
  if type(given) ~= "table" then return nil, "a table of options is wanted, not " .. type(given) end
  local values = {}
  for name, value in pairs(given) do
    if not known[name] then
      local meant = type(name) == "string" and near(name, known)
      meant = meant and (", did you mean '%s'?"):format(meant) or ""
      return nil, ("unknown option '%s'%s"):format(tostring(name), meant)
    end
    local wrong
    values[name], wrong = known[name](value)
    if values[name] == nil then return nil, ("option '%s': %s"):format(name, wrong) end
  end
  for name, value in pairs(defaults) do
    if values[name] == nil then values[name] = value end
  end
  local wrong = objection(values)
  return not wrong and values or nil, wrong
end
