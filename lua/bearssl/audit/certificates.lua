-- SPDX-License-Identifier: MIT
-- What is to be said of the certificates that a server has shown.
local x509 = require "bearssl.x509"

local certificates = {}

local DAY = 86400

-- The list of certificates of a list of DERs; nil and why where one does not decode.
local function parse(ders)
  local list = {}
  for i, der in ipairs(ders) do
    local found, err = x509.parse(der)
    if not found then return nil, err end
    list[i] = found[1]
  end
  return list
end

local function names_of(certificate)
  local found, list = certificate.extensions.subject_alt_name, {}
  for i, name in ipairs(found and type(found.value) == "table" and found.value or {}) do
    if i > 100 then break end
    list[#list + 1] = type(name) == "table" and tostring(name.value or name.type) or tostring(name)
  end
  return list
end

local function key_of(certificate)
  local key = certificate.public_key
  return { type = key.type, bits = key.bits, curve = key.curve }
end

local function brief(certificate)
  return {
    subject = tostring(certificate.subject), issuer = tostring(certificate.issuer), key = key_of(certificate),
    signature = certificate.signature_algorithm.name or certificate.signature_algorithm.oid,
    hash = certificate.signature_algorithm.hash, not_before = certificate.not_before_text,
    not_after = certificate.not_after_text, sha256 = certificate.fingerprints.sha256,
    self_signed = tostring(certificate.subject) == tostring(certificate.issuer),
  }
end

-- Does each certificate certify the one before it, as RFC 5246 section 7.4.2 has it?
local function in_order(list)
  for i = 2, #list do
    if tostring(list[i - 1].issuer) ~= tostring(list[i].subject) then return false end
  end
  return true
end

local function staple_of(der)
  if not der then return nil end
  local response, err = x509.ocsp.parse(der)
  if not response then return { status = "malformed", why = tostring(err) } end
  local first = response.responses and response.responses[1]
  return {
    status = first and first.status or response.status, next_update = first and first.next_update,
    this_update = first and first.this_update,
  }
end

-- The verdict of a store: without the name, then with it.
local function judge(entry, list, store, name, time)
  local path, err = store:verify(list, { purpose = "server", time = time, min_rsa_bits = 1024 })
  entry.trusted = path ~= nil
  if not path then entry.trust_error = { code = err.code, message = tostring(err), hint = err.hint } end
  if path then
    local named, wrong = store:verify(list, { purpose = "server", time = time, name = name, min_rsa_bits = 1024 })
    entry.name_matches = named ~= nil
    if not named then entry.name_error = wrong.message end
  end
end

local function describe(found, list, time)
  local leaf = list[1]
  local entry = brief(leaf)
  entry.auth, entry.version, entry.names, entry.pin = found.auth, found.version, names_of(leaf), leaf.pin
  entry.days_left = leaf:days_left(time)
  entry.days = (leaf.not_after - leaf.not_before + 1) // DAY
  entry.chain, entry.in_order = {}, in_order(list)
  for i = 2, #list do entry.chain[i - 1] = brief(list[i]) end
  entry.staple, entry.scts = staple_of(found.staple), found.scts or 0
  local embedded = leaf.extensions.signed_certificate_timestamps
  entry.scts_embedded = embedded ~= nil
  entry.must_staple = leaf.extensions.tls_feature ~= nil
  entry.expired = leaf.not_after < time
  entry.not_yet_valid = leaf.not_before > time
  return entry
end

-- The entries of a report for what was presented, each leaf once. store: nil where there is none.
function certificates.examine(p, facts, store)
  local seen, entries, time = {}, {}, p.values.time or os.time()
  local presented = table.move(facts.presented, 1, #facts.presented, 1, {})
  if facts.presented_13 then presented[#presented + 1] = facts.presented_13 end
  table.sort(presented, function(a, b) return a.auth < b.auth end)
  for _, found in ipairs(presented) do
    local key = found.ders[1]
    if seen[key] then -- the same one, in another version: what came along is told once
      seen[key].staple = seen[key].staple or staple_of(found.staple)
      seen[key].scts = math.max(seen[key].scts, found.scts or 0)
    else
      local list, err = parse(found.ders)
      if not list then
        p:gap("a certificate for " .. found.auth, tostring(err))
      else
        local entry = describe(found, list, time)
        if store then judge(entry, list, store, p.values.name, time) end
        seen[key], entries[#entries + 1] = entry, entry
      end
    end
  end
  table.sort(entries, function(a, b)
    if a.auth ~= b.auth then return a.auth < b.auth end
    return a.sha256 < b.sha256
  end)
  local other = facts.nameless
  facts.nameless_differs = other and not seen[other.ders[1]] or false
  return entries
end

return certificates
