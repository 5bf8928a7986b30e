-- SPDX-License-Identifier: MIT
-- The option `revocation` of configs and of store:verify, checked and loaded.
local core = require "bearssl.core"
local hint = require "bearssl.check".hint

local function of_type(name)
  return function(value)
    if type(value) == name then return value end
    return nil, "a " .. name
  end
end

local function mode(value)
  if value == "off" or value == "soft" or value == "hard" then return value end
  return nil, '"off", "soft" or "hard"'
end

local function staple(value)
  if type(value) == "boolean" then return value end
  if value == "check" then return true end
  return nil, '"check" or a boolean'
end

local function list(value)
  if value == false then return {} end
  if type(value) == "table" then return table.move(value, 1, #value, 1, {}) end -- C points into what is in it
  if value ~= nil and value ~= true then return { value } end
  return nil, "false, one or a list of them"
end

local function seconds(value)
  local n = math.type(value) and math.tointeger(value)
  if n and n > 0 then return n end
  return nil, "a positive integer"
end

local function bits(value)
  local n = seconds(value)
  if n and n >= 1024 and n <= 8192 then return n end
  return nil, "an integer from 1024 to 8192"
end

-- bearssl.fetch is loaded where it is wanted.
local function fetch(value)
  if value == true then return require "bearssl.fetch".default() end
  if value == false or require "bearssl.fetch".is(value) then return value end
  return nil, "a boolean or what bearssl.fetch.new gives"
end

local known = {
  mode = mode, staple = staple, crl = list, ocsp = list, issuers = list, leaf_only = of_type "boolean",
  sha1 = of_type "boolean",
  max_age = seconds, min_rsa_bits = bits, fetch = fetch,
}

-- The table `given` to its values with the defaults; or nil and what is wrong.
local function read(given)
  if type(given) ~= "table" then return nil, "a table is wanted, not a " .. type(given) end
  local values = { mode = "hard", staple = true, crl = {}, ocsp = {}, issuers = {} }
  for name, value in pairs(given) do
    local check = known[name]
    if not check then
      return nil, ("unknown field '%s'%s"):format(tostring(name), hint(name, known))
    end
    local result, wanted = check(value)
    if result == nil then return nil, ("field '%s': %s is wanted"):format(name, wanted) end
    values[name] = result
  end
  for _, each in ipairs(values.crl) do
    if type(each) ~= "string" and not core.is_crl(each) then
      return nil, "field 'crl': a path, PEM or DER text or a bearssl.crl is wanted, not a " .. type(each)
    end
  end
  for _, each in ipairs(values.issuers) do
    if type(each) ~= "string" and not core.is_certificate(each) then
      return nil, "field 'issuers': a path, PEM or DER text or a certificate is wanted, not a " .. type(each)
    end
  end
  for _, each in ipairs(values.ocsp) do
    if type(each) ~= "string" then
      return nil, "field 'ocsp': an OCSPResponse in DER is wanted, not a " .. type(each)
    end
  end
  return values
end

local function load_issuers(sources)
  local issuers = {}
  for _, each in ipairs(sources) do
    local found, err = { each }, nil
    if type(each) == "string" then found, err = (core.is_text(each) and core.x509_parse or core.x509_load)(each) end
    if not found then return nil, err end
    table.move(found, 1, #found, #issuers + 1, issuers)
  end
  if #issuers > 16 then
    return nil, core.error { code = "limit", message = "a limit was reached: more than 16 issuers of CRLs",
      side = "local", where = "revocation.issuers" }
  end
  return issuers
end

-- What read gave to what core.config and store:verify take, and the parts that was made of; or nil and an error.
local function load(values)
  local crls = {}
  for _, each in ipairs(values.crl) do
    local found, err = { each }, nil
    if type(each) == "string" then found, err = core.crls(each) end
    if not found then return nil, err end
    table.move(found, 1, #found, #crls + 1, crls)
  end
  local issuers, wrong = load_issuers(values.issuers)
  if not issuers then return nil, wrong end
  for _, der in ipairs(values.ocsp) do
    local ok, err = core.ocsp_parse(der)
    if not ok then return nil, err end
  end
  local parts = {
    mode = values.mode, staple = values.staple, leaf_only = values.leaf_only, max_age = values.max_age,
    sha1 = values.sha1, min_rsa_bits = values.min_rsa_bits, crls = crls, issuers = issuers,
    responses = values.ocsp,
  }
  return core.revocation(parts), parts
end

return { read = read, load = load }
