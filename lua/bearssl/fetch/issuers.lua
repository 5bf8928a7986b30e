-- SPDX-License-Identifier: MIT
-- Missing intermediates by authority information access (RFC 5280 section 4.2.2.1): DER, PEM or PKCS#7.
local core = require "bearssl.core"
local failure = require "bearssl.fetch.failure"
local pkcs7 = require "bearssl.fetch.pkcs7"
local transfer = require "bearssl.fetch.transfer"

local MAX_SIZE = 256 * 1024
local MAX_FOUND = 8 -- certificates that one chain may lack
local KEPT = 24 * 3600 -- seconds, where HTTP does not say less

-- Certificates out of what came; or nil, error.
local function parse(url, body)
  local list = pkcs7(body)
  if not list then return core.x509_parse(body) end
  local found = {}
  for _, der in ipairs(list) do
    local certificates = core.x509_parse(der)
    found[#found + 1] = certificates and certificates[1] or nil
  end
  if #found == 0 then return nil, failure("no_certificates", url, "the PKCS#7 message has none") end
  return found
end

local function from_url(options, budget, url)
  local key = "issuer " .. url
  local kept = options.cache:get(key, options.now())
  if kept then return kept end
  local body, headers = transfer.get(options, budget, { url = url, purpose = "issuer", max_size = MAX_SIZE })
  if not body then return nil, headers end
  local found, err = parse(url, body)
  if not found then return nil, err end
  local now = options.now()
  options.cache:put(key, found, 2 * #body, math.min(now + KEPT, transfer.fresh_until(headers, now) or now + KEPT))
  return found
end

-- The one of `list` whose name is that of the issuer.
local function issuer_in(list, certificate)
  for _, each in ipairs(list) do
    if each.subject.der == certificate.issuer.der and each ~= certificate then return each end
  end
end

local function urls_of(certificate)
  local access, urls = certificate.extensions.authority_info_access, {}
  for _, each in ipairs(access and access.value or {}) do
    local location = each.location
    if each.method == "ca_issuers" and location.type == "uri" and location.value:lower():find "^https?:" then
      urls[#urls + 1] = location.value
    end
  end
  return urls
end

local function fetch_issuer(options, budget, certificate)
  local err
  for _, url in ipairs(urls_of(certificate)) do
    local found
    found, err = from_url(options, budget, url)
    local issuer = found and issuer_in(found, certificate)
    if issuer then return issuer end
    if found then err = failure("unknown_issuer", url, "what is there has issued something else") end
  end
  return nil, err or failure("option", "authorityInfoAccess", "the certificate names no place of its issuer")
end

-- Goes from the first certificate up, through those that are there, and fetches what is not.
return function(options, certificates, budget)
  budget = budget or transfer.budget(options)
  local pool, found = table.move(certificates, 1, #certificates, 1, {}), {}
  local at, err, seen = pool[1], nil, {}
  while at and at.subject.der ~= at.issuer.der and not seen[at.fingerprints.sha256] and #found < MAX_FOUND do
    seen[at.fingerprints.sha256] = true
    local issuer = issuer_in(pool, at)
    if not issuer then
      issuer, err = fetch_issuer(options, budget, at)
      found[#found + 1], pool[#pool + 1] = issuer, issuer
    end
    at = issuer
  end
  if #found > 0 then return found end
  return nil, err or failure("no_certificates", "authorityInfoAccess", "no issuer is missing")
end
