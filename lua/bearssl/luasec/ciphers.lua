-- SPDX-License-Identifier: MIT
-- OpenSSL's names of cipher suites, and its cipher strings (openssl-ciphers(1)), as far as they name what there is
-- code for. What a string names beyond that does not exist here, as in an OpenSSL that was built without it.
local core = require "bearssl.core"

local ciphers = {}

-- OpenSSL's order of what is "ALL", all that it and we have in common before TLS 1.3.
local all = {
  "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES256-CCM8", "ECDHE-ECDSA-AES256-CCM", "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-CCM8", "ECDHE-ECDSA-AES128-CCM", "ECDHE-ECDSA-AES256-SHA384",
  "ECDHE-RSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA",
  "ECDHE-RSA-AES256-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "AES256-GCM-SHA384", "AES256-CCM8",
  "AES256-CCM", "AES128-GCM-SHA256", "AES128-CCM8", "AES128-CCM", "AES256-SHA256", "AES128-SHA256", "AES256-SHA",
  "AES128-SHA", "ECDHE-ECDSA-DES-CBC3-SHA", "ECDHE-RSA-DES-CBC3-SHA", "DES-CBC3-SHA",
}

-- ECDHE-RSA-AES128-SHA of TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
local function openssl_name(iana)
  local kx, rest = iana:match "^TLS_(.*)_WITH_(.*)$"
  if not kx or kx:find "^ECDH_" then return nil end -- static ECDH left OpenSSL with 1.1
  rest = rest:gsub("3DES_EDE_CBC", "DES-CBC3"):gsub("AES_(%d+)", "AES%1"):gsub("_CBC", ""):gsub("CCM_8", "CCM8")
  rest = rest:gsub("POLY1305_SHA256", "POLY1305"):gsub("_", "-")
  return (kx == "RSA" and "" or kx:gsub("_", "-") .. "-") .. rest
end

local function key_words(name)
  if name:find "^ECDHE" then return "ECDH", name:match "^ECDHE%-(%u+)" end
  return "RSA", "RSA"
end

-- What info() tells: encryption as OpenSSL prints it, its name in cipher strings, bits of strength and of the key.
local function encryption(name)
  local bits = tonumber(name:match "AES_?(%d+)") or 256
  if name:find "CHACHA20" then return "CHACHA20/POLY1305(256)", "CHACHA20", 256, 256 end
  if name:find "DES" then return "3DES(168)", "3DES", 112, 168 end
  local mode = name:match "GCM" or name:match "CCM[-_]?8" or name:match "CCM" or ""
  mode = mode:gsub("[-_]", "")
  return ("AES%s(%d)"):format(mode, bits), "AES" .. mode, bits, bits
end

local function mac(name, cipher)
  if cipher:find "GCM" or cipher:find "CCM" or cipher == "CHACHA20" then return "AEAD" end
  local hash = name:match "SHA%d*$"
  return hash == "SHA" and "SHA1" or hash
end

local function minimum(suite)
  if suite.mac ~= "SHA1" then return "TLSv1.2" end
  return suite.key == "ECDH" and "TLSv1.0" or "SSLv3"
end

local function describe(iana, name)
  local s = { iana = iana, name = name }
  s.encryption, s.cipher, s.bits, s.algbits = encryption(name)
  s.mac = mac(name, s.cipher)
  if iana == name then -- TLS 1.3
    s.key, s.authentication, s.mac = "any", "any", "AEAD"
  else
    s.key, s.authentication = key_words(name)
    s.minimum = minimum(s)
  end
  return s
end

local by_iana, by_name = {}, {}
for iana, suite in pairs(core.cipher_suites) do
  local name = suite.tls_1_3 and iana or openssl_name(iana)
  if name then
    local s = describe(iana, name)
    s.native = suite.tls_1_3 or suite.ephemeral and suite.aead and not iana:find "_CCM"
    by_iana[iana], by_name[name] = s, s
  end
end

-- What info() tells of a suite, by IANA's name.
function ciphers.of(iana)
  return by_iana[iana] or { name = iana }
end

-- Key words -------------------------------------------------------------------------------------------------------

local function field(name, ...)
  local values = {}
  for _, value in ipairs { ... } do values[value] = true end
  return function(s) return values[s[name]] end
end

local function strength(low, high)
  return function(s) return s.bits >= low and s.bits <= high end
end

local function cipher(pattern, bits)
  return function(s) return s.cipher:find(pattern) and (not bits or s.bits == bits) end
end

local function not_default(s)
  return s.cipher:find "CCM" or s.cipher == "3DES"
end

local function anything() return true end

local ecdhe, rsa_key = field("key", "ECDH"), field("key", "RSA")
local words = {
  ALL = anything, COMPLEMENTOFDEFAULT = not_default,
  HIGH = strength(128, 256), MEDIUM = strength(1, 127),
  kRSA = rsa_key, RSA = rsa_key, aRSA = field("authentication", "RSA"),
  ECDHE = ecdhe, EECDH = ecdhe, kECDHE = ecdhe, kEECDH = ecdhe, ECDH = ecdhe,
  ECDSA = field("authentication", "ECDSA"), aECDSA = field("authentication", "ECDSA"),
  AES = cipher "^AES", AES128 = cipher("^AES", 128), AES256 = cipher("^AES", 256), AESGCM = cipher "^AESGCM",
  AESCCM = cipher "^AESCCM", AESCCM8 = cipher "^AESCCM8", CHACHA20 = cipher "^CHACHA20", ["3DES"] = cipher "^3DES",
  SHA1 = field("mac", "SHA1"), SHA = field("mac", "SHA1"), SHA256 = field("mac", "SHA256"),
  SHA384 = field("mac", "SHA384"), ["TLSv1.2"] = field("minimum", "TLSv1.2"),
  ["TLSv1.0"] = field("minimum", "TLSv1.0"), TLSv1 = field("minimum", "TLSv1.0"), SSLv3 = field("minimum", "SSLv3"),
}

-- The predicate of "ECDHE+AESGCM"; one that nothing fits where a word names what there is not.
local function selector(text)
  local tests = {}
  for word in text:gmatch "[^+]+" do
    local named = by_name[word] or by_iana[word]
    tests[#tests + 1] = words[word] or named and function(s) return s == named end or function() return false end
  end
  return function(s)
    for _, test in ipairs(tests) do
      if not test(s) then return false end
    end
    return #tests > 0
  end
end

-- Strings ---------------------------------------------------------------------------------------------------------

-- The rules work on one list, active suites among inactive ones, as OpenSSL's do: what is added or taken away keeps
-- the order in which it stands there.
local operations = {}

local function split(list, chosen)
  local kept, moved = {}, {}
  for _, entry in ipairs(list) do table.insert(chosen(entry) and moved or kept, entry) end
  return kept, moved
end

local function joined(a, b)
  return table.move(b, 1, #b, #a + 1, a)
end

operations[""] = function(list, test)
  local kept, moved = split(list, function(e) return not e.active and test(e.suite) end)
  for _, e in ipairs(moved) do e.active = true end
  return joined(kept, moved)
end

operations["+"] = function(list, test)
  return joined(split(list, function(e) return e.active and test(e.suite) end))
end

operations["-"] = function(list, test)
  local kept, moved = split(list, function(e) return e.active and test(e.suite) end)
  for _, e in ipairs(moved) do e.active = false end
  return joined(moved, kept)
end

operations["!"] = function(list, test)
  return (split(list, function(e) return test(e.suite) end))
end

local function by_strength(list)
  local place = {}
  for i, e in ipairs(list) do place[e] = i end
  table.sort(list, function(a, b)
    if a.suite.bits ~= b.suite.bits then return a.suite.bits > b.suite.bits end
    return place[a] < place[b]
  end)
  return list
end

local security_bits = { [0] = 0, 0, 112, 128, 192, 256 }

-- From the third level on no key exchange without forward secrecy, from the fourth no MAC of 160 bits.
local function with_level(list, level)
  return (split(list, function(e)
    local s = e.suite
    return s.bits < security_bits[level] or level >= 3 and s.key == "RSA" or level >= 4 and s.mac == "SHA1"
  end))
end

local function command(list, text)
  if text == "@STRENGTH" then return by_strength(list) end
  local level = tonumber(text:match "^@SECLEVEL=([0-5])$")
  return level and with_level(list, level), level
end

-- The suites before TLS 1.3 that a cipher string names, by preference, as IANA names them, and the security level that
-- it sets, if it does; nil and the reason as OpenSSL has it, where nothing that it names exists.
function ciphers.parse(text)
  local list, level = {}, nil
  for i, name in ipairs(all) do list[i] = { suite = by_name[name], active = false } end
  for rule in text:gsub("^DEFAULT%f[:, ;%z]", "ALL:!COMPLEMENTOFDEFAULT"):gmatch "[^:, ;]+" do
    if rule:sub(1, 1) == "@" then
      local found
      list, found = command(list, rule)
      if not list then return nil, "invalid command" end
      level = found or level
    else
      local sign, rest = rule:match "^([!+-]?)(.*)$"
      list = operations[sign](list, selector(rest))
    end
  end
  local names = {}
  for _, e in ipairs(list) do
    if e.active then names[#names + 1] = e.suite.iana end
  end
  if not names[1] then return nil, "no cipher match" end
  return names, level
end

-- The suites of TLS 1.3 that a string like "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256" names, none for the empty
-- one; nil and the reason where one is no suite of TLS 1.3.
function ciphers.parse_suites(text)
  local names, seen = {}, {}
  for name in text:gmatch "[^:, ;]+" do
    if name:find "^TLS_AES_128_CCM" and not (core.cipher_suites[name] or {}).tls_1_3 then
      seen[name] = true -- TLS_AES_128_CCM_8_SHA256: OpenSSL has it, we have not
    elseif not (core.cipher_suites[name] or {}).tls_1_3 then
      return nil, "no cipher match"
    end
    if not seen[name] then names[#names + 1], seen[name] = name, true end
  end
  if not names[1] and next(seen) then return nil, "no cipher match" end
  return names
end

return ciphers
