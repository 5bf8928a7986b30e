-- SPDX-License-Identifier: MIT
-- The options of bearssl.shared.redis, checked. What is wrong is the programmer's mistake: nil and a text.
local check = require "bearssl.check"

local of_type, integer, seconds = check.of_type, check.integer, check.seconds

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

local known = {
  host = text, port = integer(1, 65535), path = text, username = text, password = text, db = integer(0, 1 << 20),
  tls = tls, name = text, redis = module, secret = secret, prefix = text, rotation = integer(60, 86400),
  lifetime = integer(1, 86400), store = of_type "boolean", timeout = seconds, retry = seconds,
  connections = integer(1, 1000), clock_slack = integer(0, 3600), on_error = of_type "function",
  scheduler = check.scheduler,
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
  local values, wrong = check.options(given, known, defaults)
  if not values then return nil, wrong end
  wrong = objection(values)
  return not wrong and values or nil, wrong
end
