-- SPDX-License-Identifier: MIT
-- certificate_text.lua - a certificate as `openssl x509 -text` prints it. Deviations, for the reader's sake: addresses
-- as RFC 5952 has them and masks as a number of bits, directory names always in one form, text in UTF-8.
local core = require "bearssl.core"
local extension_text = require "bearssl.extension_text"
local hex = require "bearssl.hex"
local name_text, hex_lines, utc = extension_text.name, extension_text.hex_lines, extension_text.utc

-- Ours are the RFCs' names.
local algorithm_names = {
  ["RSASSA-PSS"] = "rsassaPss", Ed25519 = "ED25519", Ed448 = "ED448", ecPublicKey = "id-ecPublicKey",
  dsa = "dsaEncryption", ["dsa-with-sha1"] = "dsaWithSHA1", ["dsa-with-sha224"] = "dsa_with_SHA224",
  ["dsa-with-sha256"] = "dsa_with_SHA256",
}

local curve_names = {
  secp256r1 = { "prime256v1", "P-256" }, secp384r1 = { "secp384r1", "P-384" }, secp521r1 = { "secp521r1", "P-521" },
  secp224r1 = { "secp224r1", "P-224" }, secp192r1 = { "prime192v1", "P-192" },
}

local function algorithm_name(algorithm)
  return algorithm_names[algorithm.name] or algorithm.name or algorithm.oid
end

local function serial_lines(add, certificate)
  local sign, digits = certificate.serial:match "^(%-?)(%x+)$"
  if #digits <= 16 and math.type(math.tointeger(certificate.serial_decimal)) then
    return add("        Serial Number: %s (%s0x%s)", certificate.serial_decimal, sign, (digits:gsub("^0(.)", "%1")))
  end
  add "        Serial Number:"
  add("           %s%s", sign == "-" and " (Negative)" or " ", hex_lines(hex.octets(digits), #digits, "")[1])
end

-- RSASSA-PSS-params (RFC 4055 section 3.1)
local function pss_lines(add, indent, algorithm)
  if not algorithm.mgf1_hash then return end
  add("%sHash Algorithm: %s", indent, algorithm.hash)
  add("%sMask Algorithm: mgf1 with %s", indent, algorithm.mgf1_hash)
  add("%sSalt Length: %d", indent, algorithm.salt_length)
end

local function add_hex(add, digits, indent)
  for _, line in ipairs(hex_lines(hex.octets(digits), 15, indent)) do add("%s", line) end
end

-- An INTEGER that is not negative has a zero octet before a bit that would make it so.
local function add_number(add, digits, indent)
  add_hex(add, (tonumber(digits:sub(1, 1), 16) >= 8 and "00" or "") .. digits, indent)
end

local function rsa_lines(add, key)
  add("                Public-Key: (%d bit)", key.bits)
  add "                Modulus:"
  add_number(add, key.modulus, (" "):rep(20))
  if math.type(key.exponent) then
    add("                Exponent: %d (0x%x)", key.exponent, key.exponent)
  else
    add("                Exponent: 0x%s", key.exponent)
  end
end

local function ec_lines(add, key)
  if key.bits then add("                Public-Key: (%d bit)", key.bits) end
  add "                pub:"
  add_hex(add, key.point, (" "):rep(20))
  local names = curve_names[key.curve] or { key.curve or key.curve_oid }
  if not names[1] then return add "                Field Type: explicit parameters" end
  add("                ASN1 OID: %s", names[1])
  if names[2] then add("                NIST CURVE: %s", names[2]) end
end

-- Parameters that are missing are those of the issuer's key (RFC 3279 section 2.3.2).
local function dsa_lines(add, key)
  add("                Public-Key: (%s)", key.bits and key.bits .. " bit" or "parameters inherited")
  for _, part in ipairs { { "pub: ", key.y }, { "P:   ", key.p }, { "Q:   ", key.q }, { "G:   ", key.g } } do
    if part[2] then
      add("                %s", part[1])
      add_number(add, part[2], (" "):rep(20))
    end
  end
end

local function key_lines(add, key)
  add "        Subject Public Key Info:"
  if key.error then return add("            Unable to load Public Key: %s", core.printable(tostring(key.error))) end
  add("            Public Key Algorithm: %s", algorithm_name(key.algorithm))
  if key.modulus then return rsa_lines(add, key) end
  if key.point then return ec_lines(add, key) end
  if key.y then return dsa_lines(add, key) end
  local name = algorithm_name(key.algorithm)
  if key.algorithm.name then add("                %s Public-Key:", name) end
  add "                pub:"
  add_hex(add, key.key, (" "):rep(20))
end

local function unique_id_lines(add, title, id)
  if not id then return end
  add("        %s Unique ID: ", title)
  for _, line in ipairs(hex_lines(hex.octets(id), 18, (" "):rep(12))) do add("%s", line) end
end

local function extension_lines(add, extensions)
  if #extensions == 0 then return end
  add "        X509v3 extensions:"
  for _, extension in ipairs(extensions) do
    add("            %s: %s", extension_text.title(extension), extension.critical and "critical" or "")
    for _, line in ipairs(extension_text.lines(extension)) do add("                %s", line) end
  end
end

local function signature_lines(add, certificate)
  local algorithm = certificate.signature_algorithm
  add("    Signature Algorithm: %s", algorithm_name(algorithm))
  pss_lines(add, "        ", algorithm)
  add "    Signature Value:"
  local dsa = certificate.dsa_signature
  if dsa then
    for _, name in ipairs { "r", "s" } do
      add("        %s:   ", name)
      add_number(add, dsa[name], (" "):rep(12))
    end
    return
  end
  for _, line in ipairs(hex_lines(certificate.signature, 18, (" "):rep(8))) do add("%s", line) end
end

return function(certificate)
  local lines = {}
  local function add(format, ...) lines[#lines + 1] = format:format(...) end
  add "Certificate:"
  add "    Data:"
  add("        Version: %d (0x%x)", certificate.version, certificate.version - 1)
  serial_lines(add, certificate)
  add("        Signature Algorithm: %s", algorithm_name(certificate.signature_algorithm))
  pss_lines(add, "            ", certificate.signature_algorithm)
  add("        Issuer: %s", name_text(certificate.issuer))
  add "        Validity"
  add("            Not Before: %s", utc(certificate.not_before))
  add("            Not After : %s", utc(certificate.not_after))
  add("        Subject: %s", name_text(certificate.subject))
  key_lines(add, certificate.public_key)
  unique_id_lines(add, "Issuer", certificate.issuer_unique_id)
  unique_id_lines(add, "Subject", certificate.subject_unique_id)
  extension_lines(add, certificate.extensions)
  signature_lines(add, certificate)
  return table.concat(lines, "\n") .. "\n"
end
