-- SPDX-License-Identifier: MIT
-- What a verification lacks, fetched: who asks - a connection that stands still, or store:verify - is told whether
-- there is more than before, and verifies again.
local core = require "bearssl.core"
local crl = require "bearssl.fetch.crl"
local issuers = require "bearssl.fetch.issuers"
local ocsp = require "bearssl.fetch.ocsp"
local transfer = require "bearssl.fetch.transfer"
local verify_ocsp = require "bearssl.x509.ocsp".verify

local evidence = {}
evidence.__index = evidence

-- `sources`: { fetch = options of a fetch, aia = likewise or nil, parts = of the revocation or nil }; `time`: seconds
-- since the epoch that are meant to be now, where they are.
function evidence.new(sources, time)
  local self = setmetatable({
    sources = sources, certificates = {}, ders = {}, crls = {}, responses = {}, asked = {}, time = time,
  }, evidence)
  return self
end

local function options_of(self, object)
  local options = object:options()
  if self.time then
    local time = self.time
    options.now = function() return time end
  end
  self.budget = self.budget or transfer.budget(options)
  return options
end

local function failed(options, err, certificate)
  if options.on_failure then options.on_failure(err, certificate) end
end

local function add_issuers(self, certificates)
  local object = self.sources.aia
  if not object then return false end
  local options = options_of(self, object)
  local pool = {}
  for _, each in ipairs(certificates) do
    if core.is_certificate(each) then pool[#pool + 1] = each end -- the rest did not decode
  end
  table.move(self.certificates, 1, #self.certificates, #pool + 1, pool)
  local found, err = issuers(options, pool, self.budget)
  if not found then
    failed(options, err, pool[1])
    return false
  end
  for _, each in ipairs(found) do
    self.certificates[#self.certificates + 1], self.ders[#self.ders + 1] = each, each:der()
  end
  return true
end

-- One certificate's word of revocation: by OCSP, and where that fails by CRL.
local function add_status(self, options, certificate, issuer)
  local key = certificate.fingerprints.sha256
  if self.asked[key] then return false end
  self.asked[key] = true
  local der, err = ocsp(options, certificate, issuer, self.budget)
  if der then
    self.responses[#self.responses + 1] = der
    return true
  end
  failed(options, err, certificate)
  local lists
  lists, err = crl(options, certificate, self.budget)
  if lists then
    table.move(lists, 1, #lists, #self.crls + 1, self.crls)
    return true
  end
  failed(options, err, certificate)
  return false
end

local function has_good_staple(staple, path, time)
  local answer = staple and verify_ocsp(staple, path[1], path[2], { time = time or os.time() })
  return answer and answer.status == "good"
end

-- `path` ends with its anchor; `known[i]` says what is known of its certificates already, where anything is.
local function add_revocation(self, path, known, staple)
  local object = self.sources.fetch
  if not object or #path < 2 then return false end
  local options, more = options_of(self, object), false
  for i = 1, self.sources.parts.leaf_only and 1 or #path - 1 do
    local told = known and known[i] and known[i].status ~= "unknown"
      or not known and i == 1 and has_good_staple(staple, path, self.time)
    if not told and add_status(self, options, path[i], path[i + 1]) then more = true end
  end
  return more
end

local function undecided(paths)
  for _, each in ipairs(paths or {}) do
    if each.error.code == "revocation_unknown" then return each.chain end
  end
end

-- problem: the code that the chain was refused with, nil where it was not; `about`: certificates as sent, and paths
-- tried, or verified and known. true: there is more now.
function evidence:gather(problem, about)
  if problem == "unknown_issuer" then return add_issuers(self, about.certificates) end
  local path = problem and undecided(about.paths) or about.verified
  if not path then return false end
  return add_revocation(self, path, not problem and about.known or nil, about.staple)
end

-- As of when store:verify verifies again, as a connection does by itself: a responder that signs each response when it
-- is asked gives a thisUpdate (RFC 6960 section 4.2.2.1) that is later than the moment when the verification began.
function evidence:now()
  return self.time or os.time()
end

-- bearssl.revocation with what was fetched beside what the config had; nil: nothing was.
function evidence:revocation()
  if #self.crls == 0 and #self.responses == 0 then return nil end
  local parts = {}
  for name, value in pairs(self.sources.parts) do parts[name] = value end
  parts.crls = table.move(self.crls, 1, #self.crls, #parts.crls + 1, table.move(parts.crls, 1, #parts.crls, 1, {}))
  parts.responses = table.move(self.responses, 1, #self.responses, #parts.responses + 1,
    table.move(parts.responses, 1, #parts.responses, 1, {}))
  return core.revocation(parts)
end

return evidence
