-- SPDX-License-Identifier: MIT
-- bearssl.inspect: the facts of a certificate that people ask for, as text, numbers and lists.
local hex = require "bearssl.hex"
local fields = {}

-- dns_name and ip_address by themselves, other kinds with the kind before them.
function fields.names(certificate)
  local extension, list = certificate.extensions.subject_alt_name, {}
  for _, name in ipairs(extension and extension.value or {}) do
    local value = name.value and tostring(name.value) or "?"
    local plain = name.type == "dns_name" or name.type == "ip_address"
    list[#list + 1] = plain and value or ("%s:%s"):format(name.type, value)
  end
  return list
end

local function urls(certificate, method)
  local extension, list = certificate.extensions.authority_info_access, {}
  for _, each in ipairs(extension and extension.value or {}) do
    if each.method == method and each.location.type == "uri" then list[#list + 1] = each.location.value end
  end
  return list
end

-- Where the issuer's certificate is, by the certificate's own word (RFC 5280 section 4.2.2.1).
function fields.ca_issuers(certificate)
  return urls(certificate, "ca_issuers")
end

function fields.ocsp_urls(certificate)
  return urls(certificate, "ocsp")
end

function fields.crl_urls(certificate)
  local extension, list = certificate.extensions.crl_distribution_points, {}
  for _, point in ipairs(extension and extension.value or {}) do
    for _, name in ipairs(point.full_name or {}) do
      if name.type == "uri" then list[#list + 1] = name.value end
    end
  end
  return list
end

-- "EC secp256r1", "RSA 2048 bits"
function fields.key(certificate)
  local key = certificate.public_key
  if key.type == "ec" then return "EC " .. (key.curve or key.curve_oid or "explicit parameters") end
  if key.type == "ed25519" then return "Ed25519" end
  local name = key.type == "rsa_pss" and "RSA-PSS" or key.type:upper()
  return key.bits and ("%s %d bits"):format(name, key.bits) or name
end

function fields.signature(certificate)
  local algorithm = certificate.signature_algorithm
  local name = algorithm.name or algorithm.oid
  return algorithm.name == "RSASSA-PSS" and algorithm.hash and ("%s %s"):format(name, algorithm.hash) or name
end

function fields.is_ca(certificate)
  local extension = certificate.extensions.basic_constraints
  return extension ~= nil and type(extension.value) == "table" and extension.value.ca == true
end

function fields.role(certificate)
  if not fields.is_ca(certificate) then return "leaf" end
  return certificate.subject == certificate.issuer and "root" or "intermediate"
end

-- What RFC 7633 calls must-staple: status_request stands in the TLS feature extension.
function fields.must_staple(certificate)
  local extension = certificate.extensions.tls_feature
  for _, feature in ipairs(extension and extension.value or {}) do
    if feature == "status_request" or feature == 5 then return true end
  end
  return false
end

local function sct(log_id, milliseconds, source)
  return { log_id = log_id, time = milliseconds // 1000, source = source }
end

-- SCTs of the handshake: a SignedCertificateTimestampList (RFC 6962 section 3.3).
local function of_handshake(list, octets)
  if not octets or #octets < 2 then return end
  local at, stop = 3, 2 + string.unpack(">I2", octets)
  while at + 1 <= #octets and at < stop do
    local length = string.unpack(">I2", octets, at)
    local one = octets:sub(at + 2, at + 1 + length)
    if #one < length then return end
    if #one >= 41 and one:byte() == 0 then
      list[#list + 1] = sct(hex.of(one:sub(2, 33)), string.unpack(">i8", one, 34), "handshake")
    end
    at = at + 2 + length
  end
end

-- Signed certificate timestamps of the certificate itself and of the handshake. Whether the logs have signed them is
-- not known here: that takes a list of logs.
function fields.scts(certificate, handshake)
  local extension, list = certificate.extensions.signed_certificate_timestamps, {}
  for _, each in ipairs(extension and extension.value or {}) do
    if each.log_id then list[#list + 1] = sct(each.log_id, each.timestamp, "certificate") end
  end
  of_handshake(list, handshake)
  return list
end

-- All of it as a plain table.
function fields.summary(certificate, now)
  return {
    subject = tostring(certificate.subject), issuer = tostring(certificate.issuer), serial = certificate.serial,
    names = fields.names(certificate), role = fields.role(certificate),
    not_before = certificate.not_before_text, not_after = certificate.not_after_text,
    days_left = certificate:days_left(now), key = fields.key(certificate), signature = fields.signature(certificate),
    pin = certificate.pin, sha256 = certificate.fingerprints.sha256, sha1 = certificate.fingerprints.sha1,
    ca_issuers = fields.ca_issuers(certificate), ocsp_urls = fields.ocsp_urls(certificate),
    crl_urls = fields.crl_urls(certificate), must_staple = fields.must_staple(certificate),
  }
end

return fields
