-- SPDX-License-Identifier: MIT
-- OCSP over HTTP: RFC 6960 appendix A, with the profile of RFC 5019.
local failure = require "bearssl.fetch.failure"
local mime = require "mime"
local ocsp = require "bearssl.x509.ocsp"
local transfer = require "bearssl.fetch.transfer"

local MAX_RESPONSE = 64 * 1024
local MAX_GET = 255 -- bytes of a URL that caches take (RFC 5019 section 5)
local BRIEF = 300 -- seconds that a response without nextUpdate is kept where HTTP does not say

-- RFC 6960 appendix A.1: the base64 of the request, its "/", "+" and "=" escaped, is the rest of the path.
local function get_url(url, request)
  local rest = mime.b64(request):gsub("[^%w]", function(c) return ("%%%02X"):format(c:byte()) end)
  return url:gsub("/$", "") .. "/" .. rest
end

local function requests(options, url, request)
  local post = {
    url = url, method = "POST", body = request, purpose = "ocsp", max_size = MAX_RESPONSE,
    headers = { ["Content-Type"] = "application/ocsp-request", Accept = "application/ocsp-response" },
  }
  local get = {
    url = get_url(url, request), purpose = "ocsp", max_size = MAX_RESPONSE,
    headers = { Accept = "application/ocsp-response" },
  }
  if options.method == "get" then return { get } end
  if options.method == "post" or options.nonce or #get.url > MAX_GET then return { post } end
  return { get, post }
end

-- Status and answer of what came, or nil, error.
local function verify(options, certificate, issuer, body, nonce)
  return ocsp.verify(body, certificate, issuer, {
    time = options.now(), max_age = options.max_age, sha1 = options.sha1, min_rsa_bits = options.min_rsa_bits,
    nonce = nonce,
  })
end

local function expiry(options, answer, headers)
  local now = options.now()
  local http = transfer.fresh_until(headers, now)
  local own = answer.next_update or now + BRIEF
  return http and math.min(own, http) or own
end

local function ask(options, budget, url, certificate, issuer)
  local request, nonce = ocsp.request(certificate, issuer, { hash = options.hash, nonce = options.nonce or nil })
  if not request then return nil, nonce end
  local err
  for _, what in ipairs(requests(options, url, request)) do
    local body, headers = transfer.get(options, budget, what)
    if body then
      local answer
      answer, err = verify(options, certificate, issuer, body, nonce)
      if answer then return body, answer, expiry(options, answer, headers) end
    else
      err = headers
    end
    if err.code == "unwelcome" or err.code == "timeout" then break end
  end
  return nil, err
end

-- The URLs of the responders that a certificate names.
local function responders(certificate)
  local access, list = certificate.extensions.authority_info_access, {}
  for _, each in ipairs(access and access.value or {}) do
    if each.method == "ocsp" and each.location.type == "uri" then list[#list + 1] = each.location.value end
  end
  return list
end

return function(options, certificate, issuer, budget)
  budget = budget or transfer.budget(options)
  local key = ("ocsp %s %s"):format(certificate.fingerprints.sha256, issuer.fingerprints.sha256)
  local kept = not options.nonce and not options.fresh and options.cache:get(key, options.now())
  if kept then
    local answer = verify(options, certificate, issuer, kept)
    if answer then return kept, answer end
  end
  local err = failure("option", "authorityInfoAccess", "the certificate names no OCSP responder")
  for _, url in ipairs(responders(certificate)) do
    local body, answer, expires = ask(options, budget, url, certificate, issuer)
    if body then
      if not options.nonce then options.cache:put(key, body, #body, expires) end
      return body, answer
    end
    err = answer
  end
  return nil, err
end
