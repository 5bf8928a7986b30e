-- SPDX-License-Identifier: MIT

--- LuaSec's module `ssl`.
-- @module ssl

-- ssl.x509: certificates with LuaSec's methods and formats, around certificates of bearssl.
local core = require "bearssl.core"
local errors = require "bearssl.luasec.errors"
local mime = require "mime"
local oids = require "bearssl.luasec.oids"
require "bearssl.x509"

local x509 = {}
local methods = {}
local meta = { __name = "SSL:Certificate", __index = methods }
local certificate_of = setmetatable({}, { __mode = "k" })

local function check(cert, name)
  local certificate = certificate_of[cert]
  if not certificate then
    error(("bad argument #1 to '%s' (SSL:Certificate expected, got %s)"):format(name, type(cert)), 3)
  end
  return certificate
end

local function bad_argument(n, name, what)
  error(("bad argument #%d to '%s' (%s)"):format(n, name, what), 3)
end

function meta.__tostring(cert)
  return ("X509 certificate: %p"):format(cert)
end

function meta.__eq(a, b)
  return certificate_of[a] == certificate_of[b]
end

function meta.__close()
end

-- A certificate of bearssl with LuaSec's face; a string, which is what does not parse, gives nil.
function x509.wrap(certificate)
  if type(certificate) == "string" then return nil end
  local cert = core.box(meta)
  certificate_of[cert] = certificate
  return cert
end

-- The certificate of bearssl behind it.
function x509.unwrap(cert)
  return certificate_of[cert]
end

--- The first certificate of a text.
-- @function loadcertificate
-- @tparam string pem PEM; DER will do as well
-- @treturn[1] certificate
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function x509.load(pem)
  if type(pem) ~= "string" then
    bad_argument(1, "load", "string expected, got " .. (pem == nil and "no value" or type(pem)))
  end
  local found, err = core.x509_parse(pem)
  if not found then return nil, errors.of_file(err) end
  return x509.wrap(found[1])
end

-- Names -----------------------------------------------------------------------------------------------------------

local function name_list(name)
  local list = {}
  for _, rdn in ipairs(name) do
    for _, attribute in ipairs(rdn) do
      list[#list + 1] = {
        oid = attribute.oid, name = oids.attributes[attribute.oid] or attribute.oid, value = attribute.value,
      }
    end
  end
  return list
end

--- @function cert:subject
-- @treturn {table,...} attributes, each with `oid`, `name` (OpenSSL's) and `value`
function methods.subject(cert)
  return name_list(check(cert, "subject").subject)
end

--- @function cert:issuer
-- @treturn {table,...} as for @{cert:subject}
function methods.issuer(cert)
  return name_list(check(cert, "issuer").issuer)
end

local general_names = {
  dns_name = "dNSName", rfc822_name = "rfc822Name", uri = "uniformResourceIdentifier", ip_address = "iPAddress",
}

local function append(t, name, value)
  t[name] = t[name] or {}
  table.insert(t[name], value)
end

local function alternative_names(value)
  local names = { name = "X509v3 Subject Alternative Name" }
  for _, each in ipairs(value or {}) do
    if each.type == "other_name" then
      local inner = type(each.value) == "table" and each.value or each
      if inner.oid and type(inner.value) == "string" then
        append(names, inner.oid, inner.value)
        names[inner.oid].name = oids.other_names[inner.oid] or inner.oid
      end
    elseif general_names[each.type] and each.value then
      append(names, general_names[each.type], each.value)
    end
  end
  return names
end

--- The subject alternative name (RFC 5280 section 4.2.1.6), the one extension that LuaSec tells.
-- @function cert:extensions
-- @treturn table by OID: `name`, `dNSName`, `iPAddress`, `rfc822Name`, `uniformResourceIdentifier`, and other names
-- by OID
function methods.extensions(cert)
  local extension = check(cert, "extensions").extensions.subject_alt_name
  if not extension then return {} end
  return { ["2.5.29.17"] = alternative_names(extension.value) }
end

-- Dates and numbers -----------------------------------------------------------------------------------------------

local months = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

-- "Nov 23 08:53:59 2026 GMT", whatever the locale
local function date(text)
  local year, month, day, time = text:match "^(%d+)-(%d+)-(%d+)T([%d:]+)"
  return ("%s %2d %s %s GMT"):format(months[tonumber(month)], tonumber(day), time, (year:gsub("^0+(.)", "%1")))
end

--- @function cert:notbefore
-- @treturn string "Nov 23 08:53:59 2026 GMT"
function methods.notbefore(cert)
  return date(check(cert, "notbefore").not_before_text)
end

--- @function cert:notafter
-- @treturn string likewise
function methods.notafter(cert)
  return date(check(cert, "notafter").not_after_text)
end

--- @function cert:validat
-- @tparam number time seconds since the epoch, UTC
-- @treturn boolean is it valid then?
function methods.validat(cert, time)
  local certificate = check(cert, "validat")
  local t = tonumber(time)
  if not t then bad_argument(1, "validat", "number expected, got " .. (time == nil and "no value" or type(time))) end
  return t >= certificate.not_before and t <= certificate.not_after
end

--- @function cert:serial
-- @treturn string hexadecimal digits, in upper case
function methods.serial(cert)
  return (check(cert, "serial").serial:upper():gsub("^00$", "0"))
end

local digests = { sha1 = true, sha256 = true, sha512 = true, sha384 = true }

--- @function cert:digest
-- @tparam[opt="sha1"] string name `"sha1"`, `"sha256"`, `"sha384"`, `"sha512"`
-- @treturn[1] string hexadecimal digits, in lower case
-- @treturn[2] nil
-- @treturn[2] string that there is no such algorithm
function methods.digest(cert, name)
  local certificate = check(cert, "digest")
  if name == nil then name = "sha1" end
  if type(name) ~= "string" then bad_argument(1, "digest", "string expected, got " .. type(name)) end
  if not digests[name] then return nil, ("digest algorithm not supported (%s)"):format(name) end
  return certificate.fingerprints[name]
end

-- The key and the signature ---------------------------------------------------------------------------------------

local key_types = { rsa = "RSA", ec = "EC", dsa = "DSA" }

local function pem_of(der, label)
  local text = mime.b64(der):gsub(("."):rep(64), "%0\n")
  return ("-----BEGIN %s-----\n%s%s-----END %s-----\n"):format(label, text, text:find "\n$" and "" or "\n", label)
end

--- @function cert:pubkey
-- @treturn string SubjectPublicKeyInfo as PEM
-- @treturn string `"RSA"`, `"EC"`, `"DSA"` or `"Unknown"`
-- @treturn integer bits
function methods.pubkey(cert)
  local key = check(cert, "pubkey").public_key
  local bits = key.bits or key.type == "ed25519" and 256 or 0
  return pem_of(key.spki, "PUBLIC KEY"), key_types[key.type] or "Unknown", bits
end

--- @function cert:getsignaturename
-- @treturn string OpenSSL's name of the signature algorithm: "RSA-SHA256"
function methods.getsignaturename(cert)
  local algorithm = check(cert, "getsignaturename").signature_algorithm
  return oids.signatures[algorithm.oid] or algorithm.name or algorithm.oid
end

--- @function cert:pem
-- @treturn string the certificate as PEM
function methods.pem(cert)
  return check(cert, "pem"):pem()
end

local encodings = { ai5 = true, utf8 = true }

--- @function cert:setencode
-- @tparam string encoding `"ai5"` or `"utf8"`: text is UTF-8 in either case
-- @treturn boolean is it one of them?
function methods.setencode(cert, encoding)
  check(cert, "setencode")
  if type(encoding) ~= "string" then bad_argument(1, "setencode", "string expected, got " .. type(encoding)) end
  return encodings[encoding] == true
end

-- Who vouches -----------------------------------------------------------------------------------------------------

-- OpenSSL names a missing issuer after the place where it is missing.
local function issuer_reason(err, leaf)
  if err.code ~= "unknown_issuer" then return errors.verification(err) end
  local tried = err.paths and err.paths[1]
  if not tried or #tried.chain == 1 then
    return leaf:is_self_signed() and "self-signed certificate" or errors.verification(err)
  end
  local last = tried.chain[#tried.chain]
  return last:is_self_signed() and "self-signed certificate in certificate chain" or "unable to get issuer certificate"
end

--- Has this certificate issued another, directly or through those that follow?
-- @function cert:issued
-- @tparam certificate other
-- @tparam[opt] certificate ... those between
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string why not
function methods.issued(cert, other, ...)
  local root, chain = check(cert, "issued"), {}
  for i = 1, 1 + select("#", ...) do
    local each = i == 1 and other or select(i - 1, ...)
    chain[i] = certificate_of[each]
    if not chain[i] then bad_argument(i, "issued", "SSL:Certificate expected, got " .. type(each)) end
  end
  local found, err = require "bearssl.store" { root }:verify(chain, { purpose = "any" })
  if found then return true end
  return nil, issuer_reason(err, chain[1])
end

--- Does the certificate stand for a host name or an address?
-- @function cert:checkhost
-- @tparam string host
-- @tparam[opt] string ... flags, as of @{conn:sethost}
-- @treturn[1] boolean true
-- @treturn[2] boolean false
-- @treturn[2] string why not
function methods.checkhost(cert, host, ...)
  local certificate = check(cert, "checkhost")
  if type(host) ~= "string" then bad_argument(1, "checkhost", "string expected, got " .. type(host)) end
  local ok, wrong = require "bearssl.luasec.host".match(certificate, host, { ... })
  if ok then return true end
  return false, wrong
end

return x509
