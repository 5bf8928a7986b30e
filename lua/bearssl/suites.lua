-- SPDX-License-Identifier: MIT
-- Which versions and cipher suites a config has, and so which engine: for bearssl.options. Both functions give nil and
-- a text that names the option where they do not go together.
local core = require "bearssl.core"

local suites = {}

local versions = { ["1.0"] = 0x0301, ["1.1"] = 0x0302, ["1.2"] = 0x0303, ["1.3"] = 0x0304 }
suites.versions = versions

-- ECDHE with AEAD (RFC 9325 section 4.2), by the AEAD; ECDSA before RSA where there is a choice.
local by_aead = {
  aes_128 = { "TLS_AES_128_GCM_SHA256",
    { "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" } },
  aes_256 = { "TLS_AES_256_GCM_SHA384",
    { "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" } },
  chacha20 = { "TLS_CHACHA20_POLY1305_SHA256",
    { "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" } },
}
-- Without instructions for it, AES in constant time is several times slower than ChaCha20.
local order = core.hardware_aes and { "aes_128", "aes_256", "chacha20" } or { "chacha20", "aes_128", "aes_256" }

-- TLS 1.0 and 1.1 know no AEAD; whoever asks for them gets these too.
local old = {
  "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
  "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
}

local function default_names(low, high)
  local names = {}
  local function add(list) table.move(list, 1, #list, #names + 1, names) end
  for _, aead in ipairs(order) do
    if high >= versions["1.3"] then add { by_aead[aead][1] } end
  end
  for _, aead in ipairs(order) do
    if low < versions["1.3"] and high >= versions["1.2"] then add(by_aead[aead][2]) end
  end
  if low < versions["1.2"] then add(old) end
  return names
end

-- The names that are taken where none are asked for, from a version ("1.2") to another.
function suites.defaults(low, high)
  return default_names(versions[low], versions[high])
end

-- Whether a list of suites has some for TLS 1.3, and some for what came before.
local function generations(names)
  local new, older = not names, not names
  for _, name in ipairs(names or {}) do
    if core.cipher_suites[name].tls_1_3 then new = true else older = true end
  end
  return new, older
end

-- TLS 1.2 and 1.3, as far as the suites that are asked for go and the engine.
local function with_defaults(values)
  local low, high = values.min_version, values.max_version
  local new, older = generations(values.cipher_suites)
  local stops_at_12 = values.engine == "bear" or not new and (low or 0) < versions["1.3"]
  high = high or stops_at_12 and versions["1.2"] or versions["1.3"]
  low = low or math.min(older and versions["1.2"] or versions["1.3"], high)
  return low, high
end

-- min_version, max_version, and whether the engine is ours.
function suites.versions_of(values)
  if values.max_version and values.max_version < versions["1.2"] and not values.min_version then
    return nil, "option 'max_version': below 1.2 only with a 'min_version', said aloud"
  end
  local low, high = with_defaults(values)
  if values.engine == "bear" and high >= versions["1.3"] then
    return nil, "option 'engine': \"bear\" has no TLS 1.3"
  end
  local native = values.engine == "native" or high >= versions["1.3"]
  if native and low < versions["1.2"] then
    return nil, "option 'min_version': the engine that has TLS 1.3 has nothing below 1.2, max_version = \"1.2\" has"
  end
  if low > high then return nil, "option 'min_version' is above 'max_version'" end
  return low, high, native
end

-- nil, or why this suite cannot be used with these versions
local function objection(name, low, high, native)
  local suite = core.cipher_suites[name]
  if suite.tls_1_3 then return high < versions["1.3"] and "exists in TLS 1.3 only" or nil end
  if low >= versions["1.3"] then return "does not exist in TLS 1.3" end
  if native and (not (suite.ephemeral and suite.aead) or name:find("_CCM", 1, true)) then
    return "is not ECDHE with AES-GCM or ChaCha20-Poly1305; max_version = \"1.2\" has the others"
  end
  if suite.tls_1_2 and high < versions["1.2"] then return "does not exist below TLS 1.2" end
end

-- The numbers of the suites, in their order.
function suites.ids_of(values, low, high, native)
  local names = values.cipher_suites or default_names(low, high)
  local new, older = generations(names)
  local ids, ephemeral = {}, false
  for i, name in ipairs(names) do
    local wrong = objection(name, low, high, native)
    if wrong then return nil, ("option 'cipher_suites': %s %s"):format(name, wrong) end
    ids[i] = core.cipher_suites[name].id
    ephemeral = ephemeral or core.cipher_suites[name].ephemeral
  end
  if high >= versions["1.3"] and not new then return nil, "option 'cipher_suites': none is for TLS 1.3" end
  if low < versions["1.3"] and not older then
    return nil, "option 'cipher_suites': all are for TLS 1.3; min_version = \"1.3\" goes with them"
  end
  if values.groups and not ephemeral then
    return nil, "option 'groups': no suite of 'cipher_suites' has a group"
  end
  return ids
end

return suites
