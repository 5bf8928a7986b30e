-- SPDX-License-Identifier: MIT

--- Certificates, read down to their last field.
-- Reading judges nothing: whether a certificate may be believed is for `bearssl.store` to say.
-- @module bearssl.x509
local core = require "bearssl.core"
local certificate = core.certificate_methods

local x509 = {
  load = core.x509_load,
  parse = core.x509_parse,
}

--- A certificate. Its fields are read-only; octets are strings of hexadecimal digits, but for DER and signatures, which
-- are strings of octets. `tostring` gives its subject; equal certificates are `==`.
-- @table certificate
-- @field version 1 to 3
-- @field serial hexadecimal, with "-" before the few that are negative
-- @field serial_decimal the same number in decimal, as a string
-- @field subject bearssl.name: a list of RDNs, each a list of { type, oid, value }; `tostring` gives RFC 4514
-- @field issuer likewise
-- @field not_before seconds since the epoch, UTC
-- @field not_after likewise; the certificate is valid up to and including it
-- @field not_before_text ISO 8601: "2026-01-31T00:00:00Z"
-- @field not_after_text likewise
-- @field public_key { type = "rsa"|"rsa_pss"|"ec"|"ed25519"|"dsa"|"unknown", bits, spki = DER, algorithm = { name,
--   oid }, key }; of RSA also modulus and exponent, of EC curve, curve_oid and point, of DSA (which verifies nothing
--   here) y, and p, q and g where they are not the issuer's; `error` where it does not decode
-- @field signature_algorithm { name, oid, hash, parameters = DER }; of RSASSA-PSS also mgf1_hash and salt_length
-- @field signature octets
-- @field dsa_signature { r, s } where DSA made it, else nil
-- @field tbs_certificate DER of what the signature covers
-- @field extensions a list in the order of the certificate, of { oid, name, critical, der, value, malformed }, that
--   also has each by its name: `certificate.extensions.subject_alt_name.value`. Names are RFC 5280's in snake case.
--   Each is decoded when it is first asked for, as fingerprints are computed: `pairs`, `ipairs` and `#` see all of
--   them, `next` those that were asked for.
-- @field fingerprints { sha1, sha256, sha384, sha512 } of the certificate
-- @field spki_fingerprints the same of its public key
-- @field pin "sha256//" and base64, as curl and RFC 7469 write it
-- @field issuer_unique_id nil in all but museum pieces
-- @field subject_unique_id likewise

--- Whole days until the certificate expires; less than 0 once it has.
-- @function certificate:days_left
-- @tparam[opt] integer now seconds since the epoch, UTC; the present by default
-- @treturn integer days
function certificate:days_left(now)
  return (self.not_after - math.floor(now or os.time())) // 86400
end

--- Everything that stands in the certificate, for people, in the manner of `openssl x509 -text`.
-- Text from the certificate cannot act on a terminal: control characters and invisible formatting are escaped.
-- @function certificate:text
-- @treturn string lines, in UTF-8
function certificate:text()
  return require "bearssl.certificate_text"(self) -- few programs print one
end

-- What is a string of octets; everything else is text, a number or a boolean already.
local octets = { der = true, spki = true, signature = true, parameters = true, sct = true }

local plain

-- A name as its text and its RDNs; JSON knows no table with both kinds of keys.
local function plain_name(name)
  local rdns = {}
  for i, rdn in ipairs(name) do rdns[i] = plain(rdn) end
  return { text = tostring(name), rdns = rdns }
end

local function plain_field(key, value)
  if type(value) == "string" and octets[key] then return require "bearssl.hex".of(value) end
  return plain(value)
end

function plain(value)
  if type(value) ~= "table" then return value end
  if value.der and value.text then return plain_name(value) end
  if value.code and value.message then return tostring(value) end
  local copy = {}
  for key, inner in pairs(value) do
    if not value[1] or type(key) == "number" then copy[key] = plain_field(key, inner) end
  end
  return copy
end

local fields = {
  "version", "serial", "serial_decimal", "subject", "issuer", "not_before", "not_after", "not_before_text",
  "not_after_text", "public_key", "signature_algorithm", "signature", "dsa_signature", "issuer_unique_id",
  "subject_unique_id", "extensions", "fingerprints", "spki_fingerprints", "pin",
}

--- All fields as plain tables, strings, numbers and booleans, as an encoder of JSON takes them.
-- Octets are hexadecimal digits; a name is `{ text = RFC 4514, rdns = {...} }`; extensions are a list.
-- @function certificate:to_table
-- @treturn table
function certificate:to_table()
  local out = {}
  for _, name in ipairs(fields) do out[name] = plain_field(name, self[name]) end
  return out
end

-- What few programs need is loaded when first asked for.
local modules = { crl = "bearssl.x509.crl", ocsp = "bearssl.x509.ocsp", request = "bearssl.x509.request" }

return setmetatable(x509, {
  __index = function(self, name)
    if not modules[name] then return nil end
    local module = require(modules[name])
    rawset(self, name, module)
    return module
  end,
})
