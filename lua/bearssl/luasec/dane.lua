-- SPDX-License-Identifier: MIT
-- DANE: the TLSA records of a service (RFC 6698, RFC 7671) against the chain that it showed. The records come from the
-- caller, who must have them by DNSSEC; without any, the chain is verified as always.
local hex = require "bearssl.hex"
local hosts = require "bearssl.luasec.host"
local new_store = require "bearssl.store"

local dane = {}

local PKIX_TA, PKIX_EE, DANE_TA, DANE_EE = 0, 1, 2, 3 -- RFC 6698 section 2.1.1, named by RFC 7218
local FULL, SHA256, SHA512 = 0, 1, 2 -- section 2.1.3
local digest_names = { [SHA256] = "sha256", [SHA512] = "sha512" }
local digest_sizes = { [SHA256] = 32, [SHA512] = 64 }
local RECORDS_MAX, DATA_MAX = 64, 65535

-- A TLSA record as a table; nil where it is none that can be used.
function dane.record(usage, selector, matching, data)
  if usage < PKIX_TA or usage > DANE_EE or selector < 0 or selector > 1 then return nil end
  if matching ~= FULL and #data ~= digest_sizes[matching] then return nil end
  if data == "" or #data > DATA_MAX then return nil end
  local record = { usage = usage, selector = selector, matching = matching, data = data }
  if matching == FULL and selector == 0 then
    local found = require "bearssl.x509".parse(data)
    record.certificate = found and found[1]
    if not record.certificate or record.certificate:der() ~= data then return nil end
  end
  return record
end

-- Adds a record to a list of them; false where it is none, or there are too many.
function dane.add(list, ...)
  local record = dane.record(...)
  if not record or #list >= RECORDS_MAX then return false end
  list[#list + 1] = record
  return true
end

local function matches(record, certificate)
  local whole = record.selector == 0
  if record.matching == FULL then
    return (whole and certificate:der() or certificate.public_key.spki) == record.data
  end
  local prints = whole and certificate.fingerprints or certificate.spki_fingerprints
  return hex.octets(prints[digest_names[record.matching]]) == record.data
end

-- RFC 7671 section 9: of digests of the same thing the strongest alone counts.
local function strongest(records)
  local best = {}
  for _, r in ipairs(records) do
    local about = r.usage * 2 + r.selector
    if r.matching > (best[about] or FULL) then best[about] = r.matching end
  end
  local list = {}
  for _, r in ipairs(records) do
    if r.matching == FULL or r.matching == best[r.usage * 2 + r.selector] then list[#list + 1] = r end
  end
  return list
end

-- Of the records of a usage: is there one for this certificate?
local function has(records, usage, certificate)
  for _, record in ipairs(records) do
    if record.usage == usage and matches(record, certificate) then return true end
  end
  return false
end

-- The anchors that DANE-TA records name (RFC 7671 section 5.2): what was sent, or a record's own certificate.
local function anchors(records, certificates)
  local list = {}
  for i = 2, #certificates do
    if has(records, DANE_TA, certificates[i]) then list[#list + 1] = certificates[i] end
  end
  for _, record in ipairs(records) do
    if record.usage == DANE_TA and record.certificate then list[#list + 1] = record.certificate end
  end
  return list
end

-- Certificates from an anchor of DANE's own down to the leaf.
local function by_dane_anchor(records, certificates, options)
  local list = anchors(records, certificates)
  if not list[1] then return false end
  local store = new_store(list) -- a leaf among them is no anchor
  return store ~= nil and store:verify(certificates, options) ~= nil
end

-- A path to the caller's anchors that a record constrains (RFC 7671 section 5.3 and 5.4).
local function by_pkix(state, records, certificates, check_chain)
  local leaf_named = has(records, PKIX_EE, certificates[1])
  local any = leaf_named
  for _, record in ipairs(records) do any = any or record.usage == PKIX_TA end
  if not any then return false end
  local ok, _, _, _, path = check_chain(state, certificates)
  if not ok then return false end
  if leaf_named then return true end
  for i = 2, #path do
    if has(records, PKIX_TA, path[i]) then return true end
  end
  return false
end

local no_match = { code = "no_tlsa", message = "no matching DANE TLSA records" }

-- The verdict on the chain that came: true; or false, the error, its message and the faults. check_chain verifies it
-- against the caller's anchors.
function dane.judge(state, certificates, check_chain)
  local records = strongest(state.tlsa)
  local leaf = certificates[1]
  if not records[1] then
    local ok, err, message, faults = check_chain(state, certificates)
    if not ok then return ok, err, message, faults end
    return hosts.judge(state, leaf)
  end
  if has(records, DANE_EE, leaf) then -- neither dates nor issuers matter (RFC 7671 section 5.1)
    if state.settings.no_ee_namechecks then return true end
    return hosts.judge(state, leaf)
  end
  local options = require "bearssl.luasec.verify".path_options(state.settings)
  options.revocation = nil
  if by_dane_anchor(records, certificates, options) or by_pkix(state, records, certificates, check_chain) then
    return hosts.judge(state, leaf)
  end
  return false, no_match, no_match.message, { { no_match.message } }
end

return dane
