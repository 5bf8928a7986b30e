-- SPDX-License-Identifier: MIT
-- What mkcert's options mean: read, and turned into the fields of a certificate.
local check = require "bearssl.check"
local core = require "bearssl.core"
local extensions = require "bearssl.mkcert.extensions"
local hex = require "bearssl.hex"
local names = require "bearssl.mkcert.names"
local x509 = require "bearssl.x509"

local content = {}

local DAY, BACKDATED = 86400, 3600 -- clocks of those who look at it may be behind
local LAST = 253402300799 -- 9999-12-31T23:59:59Z

-- Calls fn(options), with a mistake of the programmer's raised where `caller` was called.
function content.guarded(caller, fn, options)
  if options ~= nil and type(options) ~= "table" then
    error(("%s: a table of options is wanted, not %s"):format(caller, type(options)), 3)
  end
  local ok, result, err = pcall(fn, options or {})
  if not ok and type(result) == "string" then error(caller .. ": " .. result, 3) end
  if not ok then error(result, 0) end
  return result, err
end

local purposes = {
  server = { "server_auth" }, client = { "client_auth" }, ocsp = { "ocsp_signing" }, code = { "code_signing" },
  email = { "email_protection" },
}

local kinds = {}
for _, kind in ipairs { "P-256", "P-384", "P-521", "ed25519", "rsa-2048", "rsa-3072", "rsa-4096", "rsa-pss-2048",
  "rsa-pss-3072", "rsa-pss-4096" } do kinds[kind] = kind end
content.key_kind = check.one_of(kinds)

local function key_option(value)
  if core.is_key(value) then return value end
  if type(value) == "string" then return content.key_kind(value) end
  return nil, "a key, or the kind of a new one, is wanted, not " .. type(value)
end

local function serial(value)
  if math.type(value) == "integer" and value > 0 then return (">I8"):pack(value) end
  local octets = type(value) == "string" and value:gsub("^\0+", "") or ""
  if #octets >= 1 and #octets <= 20 and (#octets < 20 or octets:byte() < 0x80) then return octets end
  return nil, "a positive integer, or octets of one below 2^159, is wanted (RFC 5280 section 4.1.2.2)"
end

content.LAST, content.time = LAST, check.integer(0, LAST)
local time = content.time
local hash = check.one_of { sha1 = "sha1", sha224 = "sha224", sha256 = "sha256", sha384 = "sha384", sha512 = "sha512" }
local boolean, text, list = check.of_type "boolean", check.of_type "string", check.strings

local function name(value)
  if type(value) == "string" or type(value) == "table" and value.der then return value end
  return nil, "text, or the name of a certificate, is wanted, not " .. type(value)
end

-- A list; or false: without it.
local function list_or_none(value)
  if value == false then return {} end
  return list(value)
end

content.request_options = {
  subject = name, names = list, key = key_option, must_staple = boolean, hash = hash,
}

content.issue_options = {
  subject = name, names = list, key = key_option, request = text, public_key = text, must_staple = boolean,
  hash = hash, purpose = check.names_of(purposes), days = check.integer(1, 36500), not_before = time,
  not_after = time, serial = serial, key_usage = list_or_none, ext_key_usage = list_or_none, crl = list,
  freshest_crl = list, ocsp = list, ca_issuers = list, policies = list, extensions = check.of_type "table",
  basic_constraints = boolean,
}

-- The options `given`, checked; raises what is wrong.
function content.read(given, known)
  local values, wrong = check.options(given, known, {})
  if not values then error(wrong, 0) end
  return values
end

function content.key_of(value)
  if core.is_key(value) then return value end
  local mkcert = require "bearssl.mkcert"
  return mkcert.key(value)
end

local unkeyed = { ocsp = true, code = true, email = true } -- key usages that need no key transport

-- RFC 5280 section 4.2.1.3: what TLS does with the key (RFC 8446 section 4.4.2.2; key transport before it).
local function default_usage(read, key_type)
  local usage = { "digital_signature" }
  for _, purpose in ipairs(read.purpose) do
    if not unkeyed[purpose] and key_type == "rsa" and not usage[2] then usage[2] = "key_encipherment" end
  end
  return usage
end

local function purpose_names(read)
  local found = {}
  for _, purpose in ipairs(read.purpose) do found[#found + 1] = purposes[purpose][1] end
  return found
end

local function for_purpose(read, key_type, add)
  if read.is_ca then
    add(extensions.basic_constraints(true, read.path_length))
  elseif read.basic_constraints ~= false then
    add(extensions.basic_constraints(false))
  end
  local usage = read.key_usage or read.is_ca and { "key_cert_sign", "crl_sign" } or default_usage(read, key_type)
  if usage[1] then add(extensions.key_usage(usage)) end
  if not read.is_ca then read.ext_key_usage = read.ext_key_usage or purpose_names(read) end
  if read.ext_key_usage and read.ext_key_usage[1] then add(extensions.ext_key_usage(read.ext_key_usage)) end
end

local function with_addresses(read, add)
  if read.ocsp or read.ca_issuers then
    add(extensions.authority_info_access(read.ocsp, read.ca_issuers))
  end
  if read.crl then add(extensions.crl_distribution_points(read.crl)) end
  if read.freshest_crl then add(extensions.freshest_crl(read.freshest_crl)) end
  if read.policies then add(extensions.certificate_policies(read.policies)) end
  if read.permitted or read.excluded then add(extensions.name_constraints(read.permitted, read.excluded)) end
  if read.must_staple then add(extensions.must_staple()) end
  for _, purpose in ipairs(read.purpose) do
    if purpose == "ocsp" then add(extensions.ocsp_nocheck()) end
  end
  for _, other in ipairs(read.extensions or {}) do add(extensions.other(other)) end
end

-- All of them, in the order of openssl's own.
local function all_extensions(read, key_type, own_id, issuer_id)
  local all = {}
  local function add(extension) all[#all + 1] = extension end
  for_purpose(read, key_type, add)
  add(extensions.subject_key_identifier(own_id))
  add(extensions.authority_key_identifier(issuer_id))
  if read.names then
    add(extensions.subject_alt_name(read.names, read.subject == ""))
  elseif read.alt_name then
    add(read.alt_name)
  end
  with_addresses(read, add)
  return all
end

local function validity(read, issuer)
  local now = os.time()
  local from, to = read.not_before or now - BACKDATED, read.not_after or now + read.days * DAY
  if issuer and not read.not_before then from = math.max(from, issuer.not_before) end
  if issuer and not read.not_after then to = math.min(to, issuer.not_after) end
  if to >= from then return from, to end
  if read.not_after or read.not_before then error("'not_after' is before 'not_before'", 0) end
  return nil, core.error { code = "expired", side = "local", where = "issuer",
    message = "the issuer's certificate has expired: not after " .. issuer.not_after_text }
end

-- 16 random octets, of which the first is neither 0 nor above 127.
local function random_serial()
  local octets, err = core.random(16)
  if not octets then return nil, err end
  return string.char(octets:byte() & 0x7f | 0x40) .. octets:sub(2)
end

-- The first of the names that can stand for all in a subject: a common name has 64 characters at most.
local function subject_of(read)
  if read.subject then return read.subject end
  local first = read.names and names.bare(read.names[1]) or ""
  if first ~= "" and read.names[1]:find "^dirName:" then return first end
  if first == "" or #first > 64 then return "" end
  return "CN=" .. first:gsub('[\\,+]', "\\%0")
end

-- The identifier by which those it issued know it: as it stands in its certificate, or of its key.
function content.identifier(issuer)
  local extension = issuer.extensions.subject_key_identifier
  if extension and extension.value then return hex.octets(extension.value) end
  return core.key_identifier(issuer.public_key.spki)
end

-- A certificate, as DER. `spki`: of the subject; `issuer`: { certificate, key }, or nil: `key` signs its own.
function content.certificate(read, spki, issuer, key)
  read.purpose, read.subject = read.purpose or {}, subject_of(read)
  local own_id, err = core.key_identifier(spki)
  if not own_id then return nil, err end
  local by, subject = issuer and issuer.certificate, names.distinguished(read.subject)
  local from, to = validity(read, by)
  if not from then return nil, to end
  local number = read.serial
  if not number then number, err = random_serial() end
  if not number then return nil, err end
  return core.issue_certificate({
    serial = number, issuer = by and by.subject.der or subject, subject = subject,
    not_before = from, not_after = to, spki = spki,
    extensions = all_extensions(read, core.spki_type(spki), own_id, by and content.identifier(by) or own_id),
  }, issuer and issuer.key or key, read.hash)
end

-- The certificate in DER as bearssl.x509 has it.
function content.parsed(der)
  local list_of, err = x509.parse(der)
  return list_of and list_of[1], err
end

return content
