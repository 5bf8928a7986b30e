-- SPDX-License-Identifier: MIT
-- What may be asked of a path beyond what every path is asked: options of store:verify, and `policy` of configs.
local hint = require "bearssl.check".hint

local policy = {}

local curves = { secp256r1 = 23, secp384r1 = 24, secp521r1 = 25 } -- IANA's numbers
local hashes = { sha1 = 2, sha224 = 3, sha256 = 4, sha384 = 5, sha512 = 6 } -- RFC 5246 section 7.4.1.4.1

-- Each check gives what C takes, or nil and what is wanted instead.

local function boolean(value)
  if type(value) == "boolean" then return value end
  return nil, "a boolean"
end

local function integer(low, high)
  return function(value)
    local n = math.type(value) and math.tointeger(value)
    if n and n >= low and n <= high then return n end
    return nil, ("an integer from %d to %d"):format(low, high)
  end
end

local function bits(known)
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  local wanted = "a list of " .. table.concat(names, ", ")
  return function(value)
    if type(value) ~= "table" or #value == 0 then return nil, wanted end
    local set = 0
    for _, name in ipairs(value) do
      if not known[name] then return nil, wanted end
      set = set | 1 << known[name]
    end
    return set
  end
end

-- The content octets of an object identifier in dots (X.690 section 8.19); nil if it is none.
local function oid_octets(dotted)
  if type(dotted) ~= "string" or not dotted:find "^[0-2]%.%d[%d.]*$" or dotted:find "%.%." or dotted:find "%.$" then
    return nil
  end
  local arcs = {}
  for arc in dotted:gmatch "%d+" do
    if #arc > 18 or arc:find "^0%d" then return nil end
    arcs[#arcs + 1] = math.tointeger(tonumber(arc))
  end
  if arcs[1] < 2 and arcs[2] > 39 then return nil end
  arcs[2] = arcs[1] * 40 + arcs[2]
  local out = {}
  for i = 2, #arcs do
    local rest, part = arcs[i] >> 7, string.char(arcs[i] & 0x7f)
    while rest > 0 do
      part = string.char(rest & 0x7f | 0x80) .. part
      rest = rest >> 7
    end
    out[#out + 1] = part
  end
  return table.concat(out)
end

local function oids(value)
  if type(value) ~= "table" then return nil, "a list of object identifiers" end
  local list = {}
  for i, dotted in ipairs(value) do
    list[i] = oid_octets(dotted)
    if not list[i] then return nil, "a list of object identifiers such as \"2.23.140.1.2.1\"" end
  end
  return list
end

policy.boolean, policy.integer, policy.oid_octets = boolean, integer, oid_octets

policy.checks = {
  curves = bits(curves),
  hashes = bits(hashes),
  any_purpose = boolean,
  max_lifetime = integer(1, math.maxinteger),
  policies = oids,
  require_explicit_policy = boolean,
  inhibit_policy_mapping = boolean,
  inhibit_any_policy = boolean,
}

-- The table `given` as the option of a config; nil and what is wrong.
function policy.read(given)
  if type(given) ~= "table" then return nil, "a table is wanted, not a " .. type(given) end
  local values = {}
  for name, value in pairs(given) do
    local check = policy.checks[name]
    if not check then
      return nil, ("unknown field '%s'%s"):format(tostring(name), hint(name, policy.checks))
    end
    local wanted
    values[name], wanted = check(value)
    if values[name] == nil then return nil, ("field '%s': %s is wanted"):format(name, wanted) end
  end
  return values
end

return policy
