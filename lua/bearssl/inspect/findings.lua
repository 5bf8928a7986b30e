-- SPDX-License-Identifier: MIT
-- bearssl.inspect: what is wrong with a chain, and what cures it. Each finding is { severity, code, message, remedy }:
-- "error": clients refuse it, "warning": they will, or some do, "note".
local fields = require "bearssl.inspect.fields"

local DAY = 86400
local MAX_LIFETIME = 398 -- days of a public server's certificate (CA/Browser Forum, Baseline Requirements 6.3.2)

local Findings = {}
Findings.__index = Findings

local MANY = 100 -- findings of one kind: a file may have thousands of certificates

function Findings:add(severity, code, message, remedy)
  local count = (self.counts[code] or 0) + 1
  self.counts[code] = count
  if count > MANY or self.counts[code .. message] then return end
  self.counts[code .. message] = 1
  self[#self + 1] = { severity = severity, code = code, message = message, remedy = remedy }
end

local function called(certificate)
  return certificate.subject:get "CN" or tostring(certificate.subject)
end

local function some(names, count)
  if #names <= count then return table.concat(names, ", ") end
  return ("%s and %d more"):format(table.concat(names, ", ", 1, count), #names - count)
end

-- Each is called with the findings, what is inspected ({ sent, chain, error, name, now, … }).
local checks = {}

function checks.bytes(f, it)
  if it.undecoded == 0 then return end
  f:add("error", "bad_certificate", ("%d of what was sent does not decode as a certificate"):format(it.undecoded),
    "look at the file that the server has been given, block by block")
end

function checks.name(f, it)
  local leaf, name = it.sent[1], it.name
  if not name or not leaf then return end
  if leaf:matches_name(name) then return end
  local names = fields.names(leaf)
  if #names == 0 then
    return f:add("error", "no_subject_alt_name", "the certificate has no subject alternative name; a common name counts"
      .. " for nothing (RFC 9525)", ("get a certificate with %s as a subject alternative name"):format(name))
  end
  f:add("error", "name_mismatch", ("the certificate is not for %s, but for %s"):format(name, some(names, 4)),
    ("get a certificate that has %s among its names, or ask the server that the name stands for"):format(name))
end

local function check_dates(f, it, certificate, is_leaf)
  local now, what = it.now, called(certificate)
  local days = certificate:days_left(now)
  if now < certificate.not_before then
    f:add("error", "not_yet_valid", ("%s is valid from %s on"):format(what, certificate.not_before_text),
      "wait, or set this machine's clock right")
  elseif now > certificate.not_after then
    f:add("error", "expired", ("%s has expired on %s, %d days ago"):format(what, certificate.not_after_text:sub(1, 10),
      -days), is_leaf and "renew it, and have the server read the new one" or "send the CA's new intermediate instead")
  elseif days < it.warn_days then
    f:add("warning", "expires_soon", ("%s expires in %d days, on %s"):format(what, days,
      certificate.not_after_text:sub(1, 10)), is_leaf and "renew it now" or "ask the CA for its new intermediate")
  end
end

-- Of the path that was found, or of what was sent.
function checks.dates(f, it)
  for i, certificate in ipairs(it.chain or it.sent) do
    if i == 1 or not it.chain or i < #it.chain then check_dates(f, it, certificate, i == 1) end
  end
end

local weak_hashes = { md5 = true, md4 = true, md2 = true, sha1 = true }

function checks.strength(f, it)
  for _, certificate in ipairs(it.sent) do
    local key, what = certificate.public_key, called(certificate)
    local rsa = key.type == "rsa" or key.type == "rsa_pss"
    if rsa and key.bits and key.bits < 2048 or key.type == "dsa" then
      f:add("error", "weak_key", ("%s has a key of %s"):format(what, fields.key(certificate)),
        "make a new key, EC P-256 or RSA from 2048 bits, and get a certificate for it")
    end
    local hash = certificate.signature_algorithm.hash
    if weak_hashes[hash] and certificate.subject ~= certificate.issuer then
      f:add("error", "weak_signature", ("%s is signed with %s"):format(what, hash:upper()),
        "get a new certificate; CAs sign with SHA-256 today")
    end
  end
end

function checks.lifetime(f, it)
  local leaf = it.sent[1]
  if not leaf or not it.public or fields.is_ca(leaf) then return end
  local days = (leaf.not_after - leaf.not_before) // DAY
  if days <= MAX_LIFETIME then return end
  f:add("note", "long_lifetime", ("the certificate is valid for %d days; browsers take %d at most of a public CA")
    :format(days, MAX_LIFETIME), "get a shorter one, and have a program renew it")
end

-- RFC 8446 section 4.4.2: the sender's own first; each that follows should certify the one before it.
local function follows(before, after)
  return before.issuer == after.subject
end

local function has_issuer(list, certificate)
  for _, each in ipairs(list) do
    if each ~= certificate and follows(certificate, each) then return true end
  end
end

local function duplicates(f, sent)
  local seen, places = {}, {}
  for i, certificate in ipairs(sent) do
    local print = certificate.fingerprints.sha256
    if seen[print] then places[#places + 1] = ("%d is certificate %d"):format(i, seen[print]) end
    seen[print] = seen[print] or i
  end
  if not places[1] then return end
  local more = #places > 1 and (", and so are %d others"):format(#places - 1) or ""
  f:add("warning", "duplicate", ("certificate %s once more%s"):format(places[1], more),
    "leave it out of the server's file")
end

function checks.order(f, it)
  local sent = it.sent
  duplicates(f, sent)
  if it.is_bundle then return end
  for i = 1, #sent - 1 do
    local certificate, after = sent[i], sent[i + 1]
    local root = certificate.subject == certificate.issuer
    if not root and not follows(certificate, after) and has_issuer(sent, certificate) then
      return f:add("warning", "wrong_order", ("certificate %d, %s, is not the issuer of the one before it"):format(
        i + 1, called(after)), "put them into this order: the server's own, its issuer, that one's issuer")
    end
  end
  if fields.is_ca(sent[1]) and sent[2] and not fields.is_ca(sent[2]) then
    f:add("warning", "wrong_order", "the first certificate is a CA's, not the server's own",
      "put the server's own certificate first")
  end
end

-- What nobody needs: roots, which a client has or does not trust, and strangers.
function checks.unneeded(f, it)
  if it.is_bundle or not it.from_server then return end
  local chain, in_chain = it.chain or {}, {}
  for _, each in ipairs(chain) do in_chain[each.fingerprints.sha256] = true end
  for i, certificate in ipairs(it.sent) do
    if i > 1 and certificate.subject == certificate.issuer then
      f:add("note", "root_sent", ("certificate %d, %s, is a root: who trusts it has it"):format(i, called(certificate)),
        "leave it out of the server's file: it makes every handshake longer")
    elseif i > 1 and it.chain and not in_chain[certificate.fingerprints.sha256] then
      f:add("note", "unneeded", ("certificate %d, %s, is no part of the path that was found"):format(i,
        called(certificate)), "leave it out, unless older clients need it for another path")
    end
  end
end

-- The last of what was sent that goes up from the first.
local function top_of(sent)
  local top, steps = sent[1], 0
  while steps < #sent do
    local above
    for _, each in ipairs(sent) do
      if each ~= top and follows(top, each) then above = each end
    end
    if not above then break end
    top, steps = above, steps + 1
  end
  return top
end

local function missing(f, it, top)
  local urls = fields.ca_issuers(top)
  local message = ("the issuer of %s, %s, was not sent"):format(called(top), tostring(top.issuer))
  if it.completed then
    return f:add("error", "missing_intermediate", ("%s; fetched from %s, it leads to a trusted root"):format(message,
      urls[1] or "its CA"), "append it to the server's file, as bearssl cert --complete --pem prints it")
  end
  local remedy = urls[1] and ("append the certificate of %s to the server's file (bearssl cert --complete fetches it)")
    :format(urls[1]) or "append the CA's intermediate certificate to the server's file; the CA's pages have it"
  f:add(it.trust_severity, "missing_intermediate", message, remedy)
end

local told_elsewhere = { expired = true, not_yet_valid = true, name_mismatch = true, weak_key = true,
  weak_signature = true }
local remedies = {
  unknown_issuer = "get a certificate of a CA that the clients trust, or have them trust this one (--ca FILE)",
  self_signed = "get a certificate of a CA, or have the clients trust this very one (--ca FILE)",
  revoked = "replace key and certificate at once",
  must_staple = "turn OCSP stapling on: the certificate promises it (RFC 7633)",
  extended_key_usage = "get a certificate that is meant for servers (id-kp-serverAuth)",
}

function checks.verification(f, it)
  local err = it.error
  if not err then return end
  local top = it.sent[1] and top_of(it.sent)
  local is_root = top and top.subject == top.issuer
  -- A CA that says nothing of its issuer is more likely below a root that nobody trusts here.
  local lacking = top and not is_root and (top == it.sent[1] or fields.ca_issuers(top)[1] ~= nil)
  if err.code == "unknown_issuer" and lacking then return missing(f, it, top) end
  if told_elsewhere[err.code] and #f > 0 then
    for _, each in ipairs(f) do
      if each.code == err.code then return end
    end
  end
  local trust = err.code == "unknown_issuer" or err.code == "self_signed"
  local cause = err.cause and (": " .. err.cause) or ""
  f:add(trust and it.trust_severity or "error", err.code, err.message .. cause, remedies[err.code] or err.hint)
end

-- A chain that verifies with what was fetched lacks that for everybody else.
function checks.completed(f, it)
  if not it.error and it.completed and it.from_server then missing(f, it, top_of(it.sent)) end
end

function checks.revocation(f, it)
  for i, each in ipairs(it.revocation or {}) do
    if each.status == "unknown" and i < #it.chain then
      f:add("warning", "revocation_unknown", ("nobody could tell whether %s is revoked%s"):format(called(it.chain[i]),
        each.problem and ": " .. tostring(each.problem.message or each.problem) or ""))
    end
  end
end

function checks.transparency(f, it)
  if not it.public or #it.scts > 0 then return end
  f:add("note", "no_scts", "no signed certificate timestamp came with the certificate: browsers refuse it (RFC 6962)",
    "get a certificate with timestamps in it, as all public CAs give them")
end

local order = {
  "bytes", "name", "dates", "strength", "verification", "completed", "order", "unneeded", "revocation", "lifetime",
  "transparency",
}
local rank = { error = 1, warning = 2, note = 3 }

return function(it)
  local f = setmetatable({ counts = {} }, Findings)
  for _, name in ipairs(order) do
    if it.sent[1] or name == "bytes" then checks[name](f, it) end
  end
  local sorted = {}
  for severity = 1, 3 do
    for _, each in ipairs(f) do
      if rank[each.severity] == severity then sorted[#sorted + 1] = each end
    end
  end
  return sorted
end
