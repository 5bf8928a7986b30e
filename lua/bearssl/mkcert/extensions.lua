-- SPDX-License-Identifier: MIT
-- The extensions of certificates and CRLs (RFC 5280 section 4.2, 5.2; RFC 6960, 7633) for core.issue_…: each function
-- gives { oid = content octets, critical = 0 or 1, value = DER }.
local core = require "bearssl.core"
local der = require "bearssl.mkcert.der"
local hint = require "bearssl.check".hint
local names = require "bearssl.mkcert.names"

local extensions = {}

local function extension(oid, value, critical)
  return { oid = der.oid_octets(oid), critical = critical and 1 or 0, value = value }
end

-- Any other: { oid = "1.2.3.4", critical = true, value = DER }.
function extensions.other(given)
  if type(given) ~= "table" or type(given.oid) ~= "string" or type(given.value) ~= "string" then
    error("an extension is a table with 'oid', 'value' (DER) and 'critical'", 0)
  end
  return extension(given.oid, given.value, given.critical)
end

function extensions.basic_constraints(is_ca, path_length)
  local content = is_ca and der.boolean(true) or ""
  return extension("2.5.29.19", der.sequence(content, path_length and der.integer(path_length) or ""), true)
end

local usages = {
  digital_signature = 0, non_repudiation = 1, key_encipherment = 2, data_encipherment = 3, key_agreement = 4,
  key_cert_sign = 5, crl_sign = 6, encipher_only = 7, decipher_only = 8,
}

-- The bits that the names of a list stand for. `what`: of what they are names.
local function bits_of(list, known, what)
  local bits = 0
  for _, name in ipairs(list) do
    if not known[name] then error(("no %s '%s'%s"):format(what, name, hint(name, known)), 0) end
    bits = bits | 1 << known[name]
  end
  return bits
end

function extensions.key_usage(list)
  return extension("2.5.29.15", der.named_bits(bits_of(list, usages, "key usage")), true)
end

local purposes = { -- section 4.2.1.12
  server_auth = "1.3.6.1.5.5.7.3.1", client_auth = "1.3.6.1.5.5.7.3.2", code_signing = "1.3.6.1.5.5.7.3.3",
  email_protection = "1.3.6.1.5.5.7.3.4", time_stamping = "1.3.6.1.5.5.7.3.8", ocsp_signing = "1.3.6.1.5.5.7.3.9",
  any_extended_key_usage = "2.5.29.37.0",
}

local function oids(list, known)
  local encoded = {}
  for i, name in ipairs(list) do
    if not known[name] and not name:find "^%d" then
      error(("no key purpose '%s'%s"):format(name, hint(name, known)), 0)
    end
    encoded[i] = der.oid(known[name] or name)
  end
  return encoded
end

function extensions.ext_key_usage(list)
  return extension("2.5.29.37", der.sequence(table.unpack(oids(list, purposes))))
end

-- Critical where the subject is empty (section 4.2.1.6).
function extensions.subject_alt_name(list, critical)
  return extension("2.5.29.17", names.general_names(list), critical)
end

function extensions.subject_key_identifier(identifier)
  return extension("2.5.29.14", der.octets(identifier))
end

function extensions.authority_key_identifier(identifier)
  return extension("2.5.29.35", der.sequence(der.implicit(0, identifier)))
end

-- AccessDescription, one for each URI
local function descriptions(method, uris)
  local encoded = {}
  for i, uri in ipairs(uris or {}) do encoded[i] = der.sequence(der.oid(method), names.general_name("URI:" .. uri)) end
  return table.concat(encoded)
end

function extensions.authority_info_access(ocsp, ca_issuers)
  return extension("1.3.6.1.5.5.7.1.1", der.sequence(descriptions("1.3.6.1.5.5.7.48.1", ocsp),
    descriptions("1.3.6.1.5.5.7.48.2", ca_issuers)))
end

-- DistributionPointName of URIs, within the [0] of those who have one (section 4.2.1.13)
local function point_name(uris)
  local full = {}
  for i, uri in ipairs(uris) do full[i] = names.general_name("URI:" .. uri) end
  return der.explicit(0, der.explicit(0, table.concat(full)))
end

-- One point for each URI.
local function points(uris)
  local list = {}
  for i, uri in ipairs(uris) do list[i] = der.sequence(point_name { uri }) end
  return der.sequence(table.unpack(list))
end

function extensions.crl_distribution_points(uris)
  return extension("2.5.29.31", points(uris))
end

-- Where the delta CRLs are (section 4.2.1.15, 5.2.6).
function extensions.freshest_crl(uris)
  return extension("2.5.29.46", points(uris))
end

-- A base: as names.general has it, but that an address has its mask behind it: "IP:10.0.0.0/8".
local function subtree(text)
  local address, bits = text:match "^I?P?:?(.-)/(%d+)$"
  local octets = address and core.ip_octets(address)
  if not octets then return der.sequence(names.general_name(text)) end
  bits = tonumber(bits)
  if bits > 8 * #octets then error(("'%s': more bits than the address has"):format(text), 0) end
  local mask = {}
  for i = 1, #octets do mask[i] = 0xff00 >> math.max(0, math.min(8, bits - 8 * (i - 1))) & 0xff end
  return der.sequence(der.implicit(7, octets .. string.char(table.unpack(mask))))
end

local function subtrees(n, list)
  local encoded = {}
  for i, text in ipairs(list or {}) do encoded[i] = subtree(text) end
  return #encoded > 0 and der.explicit(n, table.concat(encoded)) or ""
end

function extensions.name_constraints(permitted, excluded)
  return extension("2.5.29.30", der.sequence(subtrees(0, permitted), subtrees(1, excluded)), true)
end

function extensions.certificate_policies(list)
  local encoded = oids(list, { any_policy = "2.5.29.32.0" })
  for i, oid in ipairs(encoded) do encoded[i] = der.sequence(oid) end
  return extension("2.5.29.32", der.sequence(table.unpack(encoded)))
end

-- status_request: the certificate demands a staple (RFC 7633).
function extensions.must_staple()
  return extension("1.3.6.1.5.5.7.1.24", der.sequence(der.integer(5)))
end

function extensions.ocsp_nocheck() -- RFC 6960 section 4.2.2.2.1
  return extension("1.3.6.1.5.5.7.48.1.5", der.element(0x05))
end

function extensions.crl_number(n)
  return extension("2.5.29.20", der.integer(n))
end

function extensions.delta_crl_indicator(base)
  return extension("2.5.29.27", der.integer(base), true)
end

local reason_flags = { -- section 4.2.1.13
  key_compromise = 1, ca_compromise = 2, affiliation_changed = 3, superseded = 4, cessation_of_operation = 5,
  certificate_hold = 6, privilege_withdrawn = 7, aa_compromise = 8,
}
local ONLY_USER, ONLY_CA, SOME_REASONS, INDIRECT = 1, 2, 3, 4

-- What a CRL is about (section 5.2.5): of `scope`, `distribution_point` (URIs), `only` ("user" or "ca"), `reasons`,
-- `indirect`; nil where none of them says anything: then it is about all.
function extensions.issuing_distribution_point(scope)
  local function flag(n, is_set) return is_set and der.implicit(n, "\255") or "" end
  local content = (scope.distribution_point and point_name(scope.distribution_point) or "")
    .. flag(ONLY_USER, scope.only == "user") .. flag(ONLY_CA, scope.only == "ca")
    .. (scope.reasons and der.named_bits(bits_of(scope.reasons, reason_flags, "reason"), 0x80 | SOME_REASONS) or "")
    .. flag(INDIRECT, scope.indirect)
  return content ~= "" and extension("2.5.29.28", der.sequence(content), true) or nil
end

return extensions
