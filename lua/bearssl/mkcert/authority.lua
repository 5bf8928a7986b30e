-- SPDX-License-Identifier: MIT

--- An authority: what @{bearssl.mkcert.authority} gives. It has the fields `certificate`, `key` and `chain`
-- (certificates from its own up to, and without, the root).
-- @module bearssl.mkcert
-- @pragma nostrip
local check = require "bearssl.check"
local content = require "bearssl.mkcert.content"
local core = require "bearssl.core"
local extensions = require "bearssl.mkcert.extensions"
local pair = require "bearssl.mkcert.pair"
local hex = require "bearssl.hex"

local authority = {}
authority.__index, authority.__name = authority, "bearssl.mkcert.authority"

local DAY = 86400
local reasons = { -- CRLReason (RFC 5280 section 5.3.1)
  unspecified = 0, key_compromise = 1, ca_compromise = 2, affiliation_changed = 3, superseded = 4,
  cessation_of_operation = 5, certificate_hold = 6, remove_from_crl = 8, privilege_withdrawn = 9, aa_compromise = 10,
}

function authority:__tostring()
  return "bearssl.mkcert.authority: " .. tostring(self.certificate.subject)
end

-- From the request: its key, and what it asks for where the caller says nothing else.
local function take_request(read)
  local der, err = core.unpem(read.request, "CERTIFICATE REQUEST")
  if not der then return nil, err end
  local request
  request, err = core.parse_request(der)
  if not request then return nil, err end
  local alt_name
  for _, extension in ipairs(request.extensions) do
    if extension.oid == "\x55\x1d\x11" then alt_name = extension end
  end
  read.alt_name = not read.names and alt_name or nil
  read.subject = read.subject or request.name
  return request.spki
end

-- SubjectPublicKeyInfo of the subject, and the private key where it is at hand.
local function subject_key(read)
  if read.request then return take_request(read) end
  if read.public_key then return core.unpem(read.public_key, "PUBLIC KEY") end
  local key, err = content.key_of(read.key)
  if not key then return nil, err end
  return key.public_key, key
end

local function issued(self, der, key)
  local certificate, err = content.parsed(der)
  if not certificate then return nil, err end
  local chain = table.move(self.chain, 1, #self.chain, 2, { certificate })
  local pem = {}
  for i, one in ipairs(chain) do pem[i] = one:pem() end
  return { certificate = certificate, key = key, chain = chain, pem = table.concat(pem) }
end

--- Issues a certificate.
--
-- Options:
--
--  * `names`: what it stands for (subjectAltName): host names, addresses, mail addresses, URIs, or with the kind said:
--    `"DNS:example.com"`, `"IP:::1"`, `"email:…"`, `"URI:…"`, `"dirName:CN=…"`, `"RID:1.2.3"`,
--    `"otherName:1.3.6.1.5.5.7.8.5;UTF8:me@example.com"`;
--  * `subject`: RFC 4514's text, or a common name; by default the first of the names;
--  * `purpose`: `"server"` (the default), `"client"`, `"ocsp"`, `"code"`, `"email"`, or a list of them;
--  * `key`: a @{bearssl.key}, or the kind of a new one (`"P-256"` by default); or `request`: PKCS#10 in PEM or DER,
--    whose key, subject and subjectAltName are taken where the options name no other; or `public_key`:
--    SubjectPublicKeyInfo in PEM or DER;
--  * `days`: 365 by default; or `not_before` and `not_after`: seconds since the epoch, UTC, taken as they are;
--  * `crl`, `freshest_crl`, `ocsp`, `ca_issuers`: URIs that go into it; `must_staple`; `policies`: OIDs;
--  * `key_usage`, `ext_key_usage`: lists of names, or OIDs, instead of what the purpose wants; `false` leaves that
--    extension out, as `basic_constraints = false` does;
--  * `extensions`: others, as a list of `{ oid = "1.2.3", critical = true, value = DER }`;
--  * `serial`: a positive integer or octets; `hash`: `"sha256"` and so on, of the signature.
-- @tparam table options
-- @treturn[1] table `certificate`, its `key` (nil where only the public one was given), `chain` (a list: it and the
-- authorities above it, without the root), `pem` of that chain
-- @treturn[2] nil
-- @treturn[2] bearssl.error `bad_certificate_signature` of a request that its key did not sign, `der`, `memory`,
-- `entropy`
-- @raise for a wrong option
function authority:issue(options)
  return content.guarded("bearssl.mkcert: authority:issue", function(given)
    local read = content.read(given, content.issue_options)
    read.days, read.purpose = read.days or 365, read.purpose or { "server" }
    local spki, key = subject_key(read)
    if not spki then return nil, key end
    local der, err = content.certificate(read, spki, self)
    if not der then return nil, err end
    return issued(self, der, key)
  end, options)
end

local function serial_of(certificate)
  local octets = core.is_certificate(certificate) and hex.octets(certificate.serial) or certificate
  if type(octets) ~= "string" or octets == "" then
    error("a certificate, or the octets of its serial number, is wanted", 0)
  end
  return (octets:gsub("^\0+", ""))
end

-- What is known from now on of a serial number of which `old` was known. What is revoked stays so, and since when; only
-- what is on hold is good again (RFC 5280 section 5.3.1), and "unspecified" is not told.
local function revocation(old, read)
  local was, reason = old and old.reason, read.reason
  local is_good = not old or was == reasons.remove_from_crl
  local is_final = not is_good and was ~= reasons.certificate_hold
  if is_final and (reason == reasons.certificate_hold or reason == reasons.remove_from_crl) then
    error("option 'reason': it is revoked for good", 0)
  elseif not old and reason == reasons.remove_from_crl then
    error("option 'reason': it is not on hold", 0)
  end
  local since = not is_good and reason ~= reasons.remove_from_crl and old.time
  return { time = read.time or since or os.time(), reason = reason ~= reasons.unspecified and reason or nil }
end

--- Revokes a certificate: it stands in the CRLs and OCSP responses that are made from now on.
-- @tparam bearssl.certificate|string certificate the certificate, or octets of its serial number
-- @tparam[opt] table options `reason`: `"key_compromise"`, `"superseded"`, … (RFC 5280 section 5.3.1), and
-- `"remove_from_crl"`: what was on hold, and that alone, is good again; `time`: seconds since the epoch, UTC; now by
-- default, or since when it is revoked already
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error `file_write`: the folder's state cannot be written
-- @raise for a wrong option
function authority:revoke(certificate, options)
  content.guarded("bearssl.mkcert: authority:revoke", function(given)
    local read = content.read(given, { reason = check.one_of(reasons), time = content.time })
    local serial = serial_of(certificate)
    local entry = revocation(self.revoked[serial], read)
    entry.serial, self.revoked[serial] = serial, entry
  end, options)
  if self.keep then return self:keep() end
  return true
end

local number, hash = check.integer(1, math.maxinteger), content.issue_options.hash

local function with_times(options)
  options.this_update, options.next_update, options.days = content.time, content.time, check.integer(1, 36500)
  return options
end

local crl_options = with_times {
  number = number, base = number, hash = hash, distribution_point = check.strings, reasons = check.strings,
  only = check.one_of { user = "user", ca = "ca" }, indirect = check.of_type "boolean",
  freshest_crl = check.strings, extensions = check.of_type "table",
}

local ocsp_options = with_times {
  produced_at = content.time, hash = hash, nonce = check.of_type "string", responder = check.of_type "table",
  status = check.one_of { good = 0, revoked = 1, unknown = 2 },
  id_hash = check.one_of { sha1 = "sha1", sha256 = "sha256", sha384 = "sha384", sha512 = "sha512" },
}

local function updates(given, known, days)
  local read = content.read(given, known)
  read.this_update = read.this_update or os.time()
  read.next_update = read.next_update or math.min(content.LAST, read.this_update + (read.days or days) * DAY)
  return read
end

-- What a list has, in the order of serial numbers. Only a delta says of a certificate that it is good again.
local function by_serial(revoked, is_delta)
  local entries = {}
  for _, entry in pairs(revoked) do
    if is_delta or entry.reason ~= reasons.remove_from_crl then entries[#entries + 1] = entry end
  end
  table.sort(entries, function(a, b)
    return #a.serial < #b.serial or #a.serial == #b.serial and a.serial < b.serial
  end)
  return entries
end

-- In the order of openssl's own.
local function crl_extensions(self, identifier, read)
  local list = { extensions.authority_key_identifier(identifier), extensions.crl_number(self.crl_number) }
  if read.base then list[#list + 1] = extensions.delta_crl_indicator(read.base) end
  list[#list + 1] = extensions.issuing_distribution_point(read)
  if read.freshest_crl then list[#list + 1] = extensions.freshest_crl(read.freshest_crl) end
  for _, other in ipairs(read.extensions or {}) do list[#list + 1] = extensions.other(other) end
  return list
end

-- A delta makes a list before it newer, and has no deltas of its own (RFC 5280 section 5.2.4, 5.2.6).
local function check_delta(read, crl_number)
  if not read.base then return end
  if read.base >= crl_number then
    error(("option 'base': the number of a list before this one, %d, is wanted"):format(crl_number), 0)
  end
  if read.freshest_crl then error("option 'freshest_crl': a delta has no deltas", 0) end
end

--- A CRL (RFC 5280 section 5) of all that was revoked.
--
-- Options:
--
--  * `this_update`, `next_update`: seconds since the epoch, UTC; or `days`: 30 by default;
--  * `number`: one more than the last by default; `hash`, of the signature;
--  * `base`: the number of the list that this one, a delta, makes newer (section 5.2.4); `freshest_crl`: the URIs of
--    deltas;
--  * what it is about, where that is not everything (section 5.2.5): `distribution_point`: URIs, as they stand in the
--    certificates; `only`: `"user"` or `"ca"`; `reasons`: a list of them; `indirect`;
--  * `extensions`: others, as of @{authority:issue}.
-- @tparam[opt] table options
-- @treturn[1] table `der`, `pem`
-- @treturn[2] nil
-- @treturn[2] bearssl.error `memory`, `entropy`
-- @raise for a wrong option
function authority:crl(options)
  return content.guarded("bearssl.mkcert: authority:crl", function(given)
    local read = updates(given, crl_options, 30)
    local identifier, err = content.identifier(self.certificate)
    if not identifier then return nil, err end
    local crl_number = read.number or self.crl_number + 1
    check_delta(read, crl_number)
    self.crl_number = crl_number
    local ok, der = true
    if self.keep then ok, err = self:keep() end -- no number is given twice
    if not ok then return nil, err end
    der, err = core.issue_crl({
      issuer = self.certificate.subject.der, this_update = read.this_update, next_update = read.next_update,
      entries = by_serial(self.revoked, read.base), extensions = crl_extensions(self, identifier, read),
    }, self.key, read.hash)
    if not der then return nil, err end
    local pem
    pem, err = core.pem("X509 CRL", der)
    return pem and { der = der, pem = pem }, err
  end, options)
end

local function single(self, certificate, read)
  local serial = serial_of(certificate)
  local entry = self.revoked[serial]
  if not entry or entry.reason == reasons.remove_from_crl then entry = { time = read.this_update, is_good = true } end
  return {
    serial = serial, issuer = self.certificate.subject.der, spki = self.certificate.public_key.spki,
    status = read.status or entry.is_good and 0 or 1, time = entry.time, reason = entry.reason,
    this_update = read.this_update, next_update = read.next_update, hash = read.id_hash,
  }
end

--- An OCSP response (RFC 6960) for one certificate or several, to be stapled or served.
-- @tparam bearssl.certificate|table certificates a certificate, or a list of them
-- @tparam[opt] table options `this_update`, `next_update` or `days` (7), `produced_at`, `nonce`, `status` (`"good"`,
-- `"revoked"`, `"unknown"`) instead of what @{authority:revoke} said, `hash` of the signature, `id_hash`: by which the
-- certificates are named (`"sha1"` by default); `responder`: what @{authority:issue} gave for the purpose `"ocsp"`,
-- whose key then signs instead of the authority's
-- @treturn[1] string DER
-- @treturn[2] nil
-- @treturn[2] bearssl.error `memory`, `entropy`
-- @raise for a wrong option
function authority:ocsp(certificates, options)
  return content.guarded("bearssl.mkcert: authority:ocsp", function(given)
    local read = updates(given, ocsp_options, 7)
    if type(certificates) ~= "table" then certificates = { certificates } end
    if #certificates == 0 then error("a certificate, or a list of at least one, is wanted", 0) end
    local singles = {}
    for i, certificate in ipairs(certificates) do singles[i] = single(self, certificate, read) end
    local signer = read.responder or self
    return core.issue_ocsp({
      produced_at = read.produced_at or read.this_update, singles = singles, nonce = read.nonce,
      certificates = read.responder and { signer.certificate:der() } or nil,
      responder = signer.certificate.public_key.spki,
    }, signer.key, read.hash)
  end, options)
end

--- Writes the authority's certificate, and its key, which none but the owner can read.
-- @tparam string certificate path
-- @tparam string key path
-- @tparam[opt=false] boolean replace may files that are there be replaced?
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error `file_write`; `locked`; `unsupported_key` of a key that was not made here
function authority:save(certificate, key, replace)
  return pair.write({ certificate = certificate, key = key }, self.key, self.certificate:pem(), replace)
end

local options_of = {
  name = content.issue_options.subject, issuer = check.of_type "table", path_length = check.integer(0, 16),
  permitted = check.strings, excluded = check.strings, certificate = check.of_type "userdata",
  chain = check.of_type "table",
}
for name, option in pairs(content.issue_options) do options_of[name] = options_of[name] or option end

local function object(certificate, key, issuer)
  local chain = issuer and table.move(issuer.chain, 1, #issuer.chain, 2, { certificate }) or {}
  return setmetatable({ certificate = certificate, key = key, chain = chain, revoked = {}, crl_number = 0 }, authority)
end

local function existing(read)
  if not core.is_key(read.key) then error("option 'certificate' needs its 'key', a bearssl.key", 0) end
  local ok, err = read.key:matches(read.certificate)
  if not ok then return nil, err end
  local found = object(read.certificate, read.key, read.issuer)
  found.chain = read.chain or found.chain
  return found
end

-- The constructor behind bearssl.mkcert.authority.
return function(given)
  local read = content.read(given, options_of)
  if read.certificate then return existing(read) end
  read.subject, read.days, read.is_ca = read.name or read.subject or "Authority", read.days or 3650, true
  if read.issuer and not read.path_length then read.path_length = 0 end
  local key, err = content.key_of(read.key)
  if not key then return nil, err end
  local der
  der, err = content.certificate(read, key.public_key, read.issuer, key)
  if not der then return nil, err end
  local certificate
  certificate, err = content.parsed(der)
  if not certificate then return nil, err end
  return object(certificate, key, read.issuer)
end
