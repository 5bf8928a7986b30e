-- SPDX-License-Identifier: MIT
-- The options that only the native engine (TLS 1.3, modern 1.2) has: their checks, what the combination must be, and
-- the fields that core.config takes. For bearssl.options.
local check = require "bearssl.check"
local core = require "bearssl.core"

local of_type, integer, strings = check.of_type, check.integer, check.strings
local early_default = 16384 -- bytes

local function early_data(value)
  if value == true then return early_default end
  if value == false then return 0 end
  return integer(0, 1 << 24)(value)
end

-- RFC 8446 section 4.6.1: keys that other processes have too, each of at least 32 random bytes; the first one seals.
local function ticket_keys(value)
  local list, wrong = strings(value)
  if not list then return nil, wrong end
  if #list > 8 then return nil, "at most 8 keys are taken" end
  for i, key in ipairs(list) do
    if #key < 32 then return nil, ("key %d has %d bytes; at least 32 are wanted"):format(i, #key) end
  end
  return list
end

-- IANA's names of the schemes that there is code for (RFC 8446 section 4.2.3), by preference.
local scheme_names = check.names_of(core.native_schemes)

local function signature_schemes(value)
  local list, wrong = scheme_names(value)
  if not list then return nil, wrong end
  local ids = {}
  for i, name in ipairs(list) do ids[i] = core.native_schemes[name] end
  return ids
end

-- What chains may be signed with where nothing else is said, the best first: all that there is code for.
local chain_order = { 0x0403, 0x0804, 0x0807, 0x0503, 0x0805, 0x0603, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501,
  0x0601 }
local hash_bits = { [0x0403] = 4, [0x0503] = 5, [0x0603] = 6, [0x0804] = 4, [0x0805] = 5, [0x0806] = 6, [0x0809] = 4,
  [0x080a] = 5, [0x080b] = 6, [0x0401] = 4, [0x0501] = 5, [0x0601] = 6 } -- as in bearssl.policy
local curve_bits = { [0x0403] = 23, [0x0503] = 24, [0x0603] = 25 }

local SHA1 = 2 -- its bit

local function allows(bits, bit)
  return not bits or not bit or bits >> bit & 1 == 1
end

local function same_set(a, b)
  local set = {}
  for _, id in ipairs(a) do set[id] = true end
  for _, id in ipairs(b) do
    if not set[id] then return false end
  end
  return #a == #b
end

-- signature_algorithms_cert (RFC 8446 section 4.2.3): what the validator takes, where that is not what handshakes are
-- signed with; nil: nothing need be said.
local function chain_schemes(values)
  local list = values.signature_schemes_cert
  if not list then
    if values.verify == "none" or values.server and (values.client_auth or 0) == 0 then return nil end
    local policy = values.policy or {}
    list = {}
    for _, id in ipairs(chain_order) do
      if allows(policy.hashes, hash_bits[id]) and allows(policy.curves, curve_bits[id]) then list[#list + 1] = id end
    end
    if policy.hashes and allows(policy.hashes, SHA1) then -- in chains alone, and last
      list[#list + 1], list[#list + 2] = 0x0201, 0x0203 -- rsa_pkcs1_sha1, ecdsa_sha1
    end
  end
  return not same_set(list, values.signature_schemes or chain_order) and #list > 0 and list or nil
end

-- Where a server keeps the sessions that its tickets stand for.
local function session_store(value)
  if type(value) == "table" and type(value.put) == "function" and type(value.take) == "function" then return value end
  return nil, "a table with the functions 'put' and 'take' is wanted"
end

-- bearssl.fetch is loaded where it is wanted.
local function aia(value)
  if value == true then return require "bearssl.fetch".default() end
  if value == false or require "bearssl.fetch".is(value) then return value end
  return nil, "a boolean or what bearssl.fetch.new gives is wanted, not " .. type(value)
end

local options = {
  early_data = { early_data, "client" },
  max_early_data = { early_data, "server" },
  early_data_guard = { of_type "function", "server" },
  on_psk = { of_type "function", "server" },
  session_store = { session_store, "server" },
  on_client_hello = { of_type "function", "server" },
  ticket_keys = { ticket_keys, "server" },
  ocsp_staple = { strings, "server" },
  scts = { of_type "string", "server" },
  on_peer = { of_type "function" },
  aia = { aia },
  post_handshake_auth = { of_type "boolean" },
  retry_cookie = { of_type "boolean", "server" },
  record_size_limit = { integer(64, 16384) }, -- RFC 8449 section 4
  record_padding = { integer(0, 16384) }, -- RFC 8446 section 5.4
  signature_schemes = { signature_schemes },
  signature_schemes_cert = { signature_schemes },
}

-- nil, or what is wrong with the options of the native engine in `values`.
local function objection(values, native, high)
  for name in pairs(options) do
    if values[name] ~= nil and not native then
      return ("option '%s' needs the native engine, which comes with TLS 1.3 or engine = \"native\""):format(name)
    end
  end
  if values.revocation and values.revocation.fetch and not native then
    return "option 'revocation': fetch needs the native engine"
  end
  if values.early_data_guard and (values.max_early_data or 0) == 0 then
    return "option 'early_data_guard' means nothing without 'max_early_data'"
  end
  local chains_only = values.signature_schemes and high >= 0x0304
  for _, id in ipairs(values.signature_schemes or {}) do
    chains_only = chains_only and (id & 0xff) == 1 -- PKCS#1 (RFC 8446 section 4.2.3)
  end
  if chains_only then return "option 'signature_schemes': none of them signs a handshake of TLS 1.3" end
  for _, name in ipairs { "on_psk", "session_store", "retry_cookie" } do
    if values[name] and high < 0x0304 then return ("option '%s' needs TLS 1.3"):format(name) end
  end
  if values.on_psk and values.client_auth == 2 then
    return "option 'on_psk': whoever has a PSK shows no certificate, which client_auth = \"require\" wants"
  end
  if values.session_cache == 0 then
    for _, name in ipairs { "ticket_keys", "max_early_data", "session_store", "retry_cookie" } do
      if values[name] ~= nil then return ("option '%s' means nothing without a 'session_cache'"):format(name) end
    end
  end
end

local function add_fields(fields, values)
  fields.max_early_data = values.early_data or values.max_early_data
  fields.ask_early_data = values.early_data_guard ~= nil
  fields.ask_psk = values.on_psk ~= nil
  fields.ask_store = values.session_store ~= nil
  fields.ask_client_hello = values.on_client_hello ~= nil
  fields.ask_verdict = values.on_peer ~= nil
  fields.ask_issuers = values.aia and true or false
  fields.ask_revocation = values.revocation ~= nil and values.revocation.fetch and true or false
  fields.post_handshake_auth = values.post_handshake_auth
  fields.retry_cookie = values.retry_cookie
  fields.record_size_limit = values.record_size_limit
  fields.record_padding = values.record_padding
  fields.signature_schemes = values.signature_schemes
  fields.signature_schemes_cert = chain_schemes(values)
  if values.groups then
    fields.group_list = {}
    for i, name in ipairs(values.groups) do fields.group_list[i] = core.groups[name] end
  end
  fields.ticket_keys = values.ticket_keys
  fields.ocsp_staple = values.ocsp_staple
  fields.scts = values.scts
end

return { options = options, objection = objection, add_fields = add_fields }
