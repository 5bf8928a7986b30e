-- SPDX-License-Identifier: MIT
-- What bearssl.client and bearssl.server take, checked: names, types, combinations. What is wrong is the
-- programmer's mistake; read(role, given) gives nil and a text that names the option, for its caller to raise.
local check = require "bearssl.check"
local core = require "bearssl.core"
local later = require "bearssl.later"
local native_options = require "bearssl.native_options"
local suites = require "bearssl.suites"
local caches = later "bearssl.session_cache"

local of_type, integer, one_of, strings = check.of_type, check.integer, check.one_of, check.strings
local names_of = check.names_of

local default_groups = { "x25519", "secp256r1", "secp384r1", "secp521r1" } -- all that there is code for
local group_numbers = {}
for _, name in ipairs(default_groups) do group_numbers[name] = core.groups[name] end

-- A key that needs no reading: what bearssl.key has read, or the function that signs with one elsewhere.
local function is_ready(value)
  return core.is_key(value) or type(value) == "function"
end

-- A private key, or a list of them: paths, text, or such a key; always gives a list.
local function private_keys(value)
  if is_ready(value) then return { value } end
  if type(value) ~= "table" then return strings(value) end
  local texts = {} -- with text in the place of each key that is ready
  for i, v in pairs(value) do texts[i] = is_ready(v) and "" or v end
  local list, wrong = strings(texts)
  return list and table.move(value, 1, #list, 1, {}), wrong
end

local function alpn(value) -- RFC 7301 section 3.1
  local list, wrong = strings(value)
  if not list then return nil, wrong end
  for i, name in ipairs(list) do
    if #name < 1 or #name > 255 then return nil, ("element %d has not 1 to 255 bytes"):format(i) end
    if name:find("\0", 1, true) then return nil, ("element %d holds a zero byte"):format(i) end
  end
  return list
end

local function key_log(value)
  if type(value) == "string" and value ~= "" and not value:find("\0", 1, true) then return value end
  if type(value) == "function" then return value end
  return nil, "a path or a function is wanted, not " .. (type(value) == "string" and "this string" or type(value))
end

local function password(value)
  if type(value) == "function" then return value end
  return strings(value)
end

local function trust(value)
  if type(value) == "string" or type(value) == "table" then return value end
  if core.is_store(value) then return value end
  return nil, ("a path, text, a list of them or a bearssl.store is wanted, not %s"):format(type(value))
end

local function seed(value)
  if type(value) == "string" and #value == 32 then return value end
  return nil, "a string of 32 bytes is wanted"
end

local function chain_cache(value)
  if value == false then return 0 end
  return integer(0, 4096)(value)
end

local function session_cache(value, role)
  if role == "client" then
    if caches.is(value) then return value end
    return nil, "a bearssl.session_cache is wanted, not " .. type(value)
  end
  if value == false then return 0 end
  return integer(0, 1000000)(value)
end

-- The option's own module reads it.
local function read_by(name)
  local module = later(name)
  return function(value) return module.read(value) end
end

-- { check, role it is for: both where nil }
local options = {
  certificate = { strings },
  key = { private_keys },
  password = { password },
  trust = { trust, "client" },
  verify = { one_of { none = "none" }, "client" },
  on_certificate_request = { of_type "function", "client" },
  client_auth = { one_of { none = 0, request = 1, require = 2 }, "server" },
  client_trust = { trust, "server" },
  alpn = { alpn },
  min_version = { one_of(suites.versions) },
  max_version = { one_of(suites.versions) },
  engine = { one_of { native = "native", bear = "bear" } },
  cipher_suites = { names_of(core.cipher_suites) },
  prefer = { one_of { server = 0, client = 2 }, "server" },
  groups = { names_of(group_numbers) },
  session_cache = { session_cache }, -- server: a number of entries
  session_lifetime = { integer(1, 86400), "server" },
  key_log = { key_log },
  min_rsa_bits = { integer(2048, 4096) },
  max_depth = { integer(1, 16) },
  max_signatures = { integer(1, 10000) },
  chain_cache = { chain_cache },
  policy = { read_by "bearssl.policy" },
  revocation = { read_by "bearssl.revocation" },
  pins = { read_by "bearssl.pins" },
  trace = { of_type "boolean" },
  on_message = { of_type "function" },
  time = { integer(0, 253402300799) },
  entropy = { seed },
}

for name, option in pairs(native_options.options) do options[name] = option end

local function known_for(role)
  local names = {}
  for name, option in pairs(options) do
    if not option[2] or option[2] == role then names[name] = true end
  end
  return names
end

local function check_names_and_types(role, given)
  local values = {}
  for name, value in pairs(given) do
    local option = options[name]
    if not option then
      return nil, ("unknown option '%s'%s"):format(tostring(name), check.hint(name, known_for(role)))
    end
    if option[2] and option[2] ~= role then
      return nil, ("option '%s' is for a %s"):format(name, option[2])
    end
    local wrong
    values[name], wrong = option[1](value, role)
    if values[name] == nil then return nil, ("option '%s': %s"):format(name, wrong) end
  end
  return values
end

-- Certificates, keys and passwords belong together by their place in the list. A key that is not named is
-- looked for where the certificate is.
local function identities(values)
  local certificates, keys, passwords = values.certificate, values.key, values.password
  if not certificates then
    local alone = keys and "key" or passwords and "password"
    return not alone and {} or nil, alone and ("option '%s' needs 'certificate'"):format(alone)
  end
  if keys and #keys ~= #certificates then
    return nil, ("option 'key': %d keys for %d certificates"):format(#keys, #certificates)
  end
  if type(passwords) == "table" and #passwords > 1 and #passwords ~= #certificates then
    return nil, ("option 'password': %d passwords for %d certificates"):format(#passwords, #certificates)
  end
  local list = {}
  for i, certificate in ipairs(certificates) do
    local word = type(passwords) == "table" and (passwords[i] or passwords[1]) or passwords
    list[i] = { certificate = certificate, key = keys and keys[i] or certificate, password = word }
  end
  return list
end

local function group_bits(names)
  local bits = 0
  for _, name in ipairs(names or default_groups) do bits = bits | 1 << group_numbers[name] end
  return bits
end

local of_verification = { "min_rsa_bits", "max_depth", "max_signatures", "policy", "revocation", "pins", "chain_cache" }

local function check_client(values)
  if values.verify == "none" then
    for _, name in ipairs { "trust", table.unpack(of_verification) } do
      if values[name] ~= nil then return nil, ("option '%s' means nothing with verify = \"none\""):format(name) end
    end
  end
  if values.on_certificate_request and values.certificate then
    return nil, "option 'on_certificate_request': 'certificate' answers the same question"
  end
  return true
end

local function check_server(values)
  if not values.certificate and not values.on_psk and not values.on_client_hello then
    return nil, "option 'certificate' is missing: a server needs one"
  end
  local asks = (values.client_auth or 0) ~= 0
  if asks and not values.client_trust then
    return nil, "option 'client_trust' is missing: whose certificates may clients have?"
  end
  for _, name in ipairs { "client_trust", table.unpack(of_verification) } do
    if not asks and values[name] ~= nil then
      return nil, ("option '%s' needs client_auth = \"request\" or \"require\""):format(name)
    end
  end
  if values.session_cache == 0 and values.session_lifetime then
    return nil, "option 'session_lifetime' means nothing without a 'session_cache'"
  end
  return true
end

-- BearSSL's engine has one certificate, and uses its key itself.
local function check_engine(values, native, high)
  local wrong = native_options.objection(values, native, high)
  if wrong or native then return not wrong, wrong end
  if #(values.certificate or {}) > 1 and values.server then
    return nil, "option 'certificate': a server without TLS 1.3 has one"
  end
  for _, key in ipairs(values.key or {}) do
    if type(key) == "function" then
      return nil, "option 'key': a function needs the native engine, which comes with TLS 1.3"
    end
  end
  return true
end

local function fields_of(role, values, low, high, native, ids)
  local server = role == "server"
  local path = type(values.key_log) == "string"
  local fields = {
    server = server, native = native, min_version = low, max_version = high, cipher_suites = ids,
    prefer = values.prefer or (values.cipher_suites and 0 or 1),
    groups = group_bits(values.groups), alpn = values.alpn,
    ask_certificate = values.on_certificate_request ~= nil, verify_none = values.verify == "none",
    client_auth = values.client_auth,
    session_cache = server and (values.session_cache or 1024) or nil,
    session_lifetime = server and (values.session_lifetime or 3600) or nil,
    key_log = path and values.key_log or nil, key_log_lines = values.key_log ~= nil and not path,
    min_rsa_bits = values.min_rsa_bits, max_depth = values.max_depth, max_signatures = values.max_signatures,
    policy = values.policy, chain_cache = values.chain_cache or (server and 0 or 64),
    pins = values.pins and values.pins.set, pin_events = values.pins ~= nil and values.pins.on_mismatch ~= nil,
    trace = values.trace or values.on_message ~= nil, trace_events = values.on_message ~= nil,
    time = values.time, entropy = values.entropy,
  }
  native_options.add_fields(fields, values)
  return fields
end

-- The table of the options `given` to what core.config takes, with `identities`, `trust` and `revocation` still to be
-- loaded; or nil and what is wrong.
local function read(role, given)
  local values, wrong = check_names_and_types(role, given)
  if not values then return nil, wrong end
  local ok
  ok, wrong = (role == "server" and check_server or check_client)(values)
  if not ok then return nil, wrong end
  local list
  list, wrong = identities(values)
  if not list then return nil, wrong end
  local low, high, native = suites.versions_of(values)
  if not low then return nil, high end
  values.server = role == "server"
  ok, wrong = check_engine(values, native, high)
  if not ok then return nil, wrong end
  local ids
  ids, wrong = suites.ids_of(values, low, high, native)
  if not ids then return nil, wrong end
  return {
    fields = fields_of(role, values, low, high, native, ids), identities = list,
    trust = role == "server" and values.client_trust or values.trust, revocation = values.revocation,
    on_pin_mismatch = values.pins and values.pins.on_mismatch,
    fetch = values.revocation and values.revocation.fetch or nil, aia = values.aia or nil,
    callbacks = {
      on_certificate_request = values.on_certificate_request, on_client_hello = values.on_client_hello,
      on_peer = values.on_peer, early_data_guard = values.early_data_guard, on_message = values.on_message,
      on_psk = values.on_psk, session_store = values.session_store,
    },
    key_log = type(values.key_log) == "function" and values.key_log or nil,
    session_cache = role == "client" and values.session_cache or nil,
  }
end

return { read = read, known_for = known_for }
