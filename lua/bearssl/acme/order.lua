-- SPDX-License-Identifier: MIT
-- One order (RFC 8555 section 7.4), from the names to the chain. What it does next follows from the status that the
-- server tells, so an order that another run began is gone on with.
local challenges = require "bearssl.acme.challenges"
local check = require "bearssl.check"
local core = require "bearssl.core"
local failure = require "bearssl.acme.failure"
local json = require "bearssl.https.json"
local jws = require "bearssl.acme.jws"
local names_of = require "bearssl.mkcert.names"
local transport = require "bearssl.acme.transport"
local x509 = require "bearssl.x509"

local order = {}

local MAX_WORD, MAX_OFFERED, MAX_AUTHORIZATIONS = 255, 8, 100
local DNS_NAME, IP_ADDRESS = 2, 7 -- of GeneralName
local FUTURE = 86400 -- seconds that our clock may be behind the server's
local FIRST_PAUSE, LONGEST_PAUSE, LONGEST_WAIT = 0.5, 15, 600 -- seconds between two looks, and of all of them

-- What can be ordered: a list of host names, wildcards and addresses (section 7.1.3, RFC 8738); or nil, what is wrong.
function order.names(value)
  local list, wrong = check.strings(value)
  if not list then return nil, wrong end
  for _, name in ipairs(list) do
    local fine, kind = pcall(names_of.general, name)
    if not fine then return nil, kind end
    if kind ~= DNS_NAME and kind ~= IP_ADDRESS or names_of.bare(name) ~= name then
      return nil, ("'%s' is no host name and no address"):format(name)
    end
  end
  return list
end

local function identifiers(names)
  local list = {}
  for i, name in ipairs(names) do list[i] = { type = core.ip_octets(name) and "ip" or "dns", value = name } end
  return list
end

local not_replaced = { alreadyReplaced = true, malformed = true } -- or the server does not know the certificate

local function is_about_replaces(err)
  return not_replaced[err.problem] or err.status == 404 or err.status == 409
end

-- The order's URL; or nil, error. What a server says against `replaces` (RFC 9773 section 5) keeps nobody from a
-- certificate.
function order.new(client, options)
  local payload = { identifiers = identifiers(options.names), profile = options.profile, replaces = options.replaces }
  local new = client.transport.known.newOrder
  local response, err = client.transport:post(new, json.encode(payload))
  if not response and payload.replaces and is_about_replaces(err) then
    payload.replaces = nil
    response, err = client.transport:post(new, json.encode(payload))
  end
  if not response then return nil, err end
  local url = response.headers["Location"]
  if transport.is_url(url) then return url end
  return nil, failure.new("decode", "newOrder", "the answer names no order (Location)")
end

-- A word of the server's as it may be shown.
local function shown(value)
  return core.printable(tostring(value):sub(1, MAX_WORD))
end

-- Looks at `url` until `done(object)` is true; serves challenges meanwhile.
local function poll(client, url, responder, done)
  local pause, waited = FIRST_PAUSE, 0
  while true do
    local object, response = client.transport:object(url)
    if not object then return nil, response end
    if done(object) then return object end
    if waited >= LONGEST_WAIT then
      return nil, failure.new("timeout", url, ("the ACME server's status stays '%s'"):format(shown(object.status)))
    end
    local seconds = math.min(client.transport.retry_after(response) or pause, LONGEST_WAIT - waited)
    seconds = math.max(seconds, FIRST_PAUSE) -- of "Retry-After: 0" no end would come
    if responder.serve then responder.serve(seconds) else client.pause(seconds) end
    pause, waited = math.min(pause * 2, LONGEST_PAUSE), waited + seconds
  end
end

local function nothing_offered(offered, responder)
  local dns_alone = offered[1] ~= nil
  for _, kind in ipairs(offered) do dns_alone = dns_alone and kind:find "^dns%-" ~= nil end
  local what = offered[1] and table.concat(offered, ", ", 1, math.min(#offered, MAX_OFFERED)) or "nothing"
  return failure.new("acme", "challenge", ("the server offers no %s, but %s"):format(responder.type, what), nil,
    dns_alone and "wildcards are validated by dns-01 alone" or nil)
end

local function challenge_of(authorization, responder)
  local offered = {}
  for _, challenge in ipairs(failure.tables_of(authorization.challenges)) do
    if challenge.type == responder.type and challenges.is_token(challenge.token) then return challenge end
    offered[#offered + 1] = shown(challenge.type)
  end
  return nil, nothing_offered(offered, responder)
end

local function identifier_of(authorization)
  local identifier = authorization.identifier
  local name = type(identifier) == "table" and identifier.value
  return type(name) == "string" and name or "?"
end

local function name_of(authorization)
  return shown(identifier_of(authorization))
end

-- The name of ours that an authorization is for, without "*." (section 7.1.4). What the server makes up goes to no hook
-- and into no certificate.
local function ordered_name(authorization, names)
  local theirs = identifier_of(authorization)
  local octets = core.ip_octets(theirs)
  for _, name in ipairs(names) do
    local bare = name:gsub("^%*%.", "")
    if bare:lower() == theirs:lower() or octets and core.ip_octets(bare) == octets then return bare end
  end
  return nil, failure.new("decode", "authorization", ("it is for '%s', which was not ordered"):format(
    name_of(authorization)))
end

local function refused(authorization, url)
  for _, challenge in ipairs(failure.tables_of(authorization.challenges)) do
    if type(challenge.error) == "table" then
      local err = failure.problem(challenge.error, url)
      err.cause = err.cause or ("%s of %s failed"):format(shown(challenge.type), name_of(authorization))
      return err
    end
  end
  return failure.new("acme", url, ("the authorization of %s is '%s'"):format(name_of(authorization),
    shown(authorization.status)))
end

local function settled(object) return object.status ~= "pending" and object.status ~= "processing" end

local function key_authorization(client, token) -- section 8.1
  return token .. "." .. jws.thumbprint(client.key)
end

local function prove(client, url, authorization, options)
  local responder = options.responder
  local challenge, err = challenge_of(authorization, responder)
  if not challenge then return nil, err end
  local name, ok
  name, err = ordered_name(authorization, options.names)
  if not name then return nil, err end
  local token = challenge.token
  ok, err = responder.add(name, token, key_authorization(client, token))
  if ok then
    ok, err = client.transport:post(challenge.url, "{}")
    if ok then ok, err = poll(client, url, responder, settled) end
  end
  responder.remove(name, token)
  if not ok then return nil, err end
  if ok.status ~= "valid" then return nil, refused(ok, url) end
  return true
end

local function authorizations_of(object)
  return type(object.authorizations) == "table" and object.authorizations or {}
end

local function authorize(client, object, options)
  local urls = authorizations_of(object)
  if #urls > math.max(MAX_AUTHORIZATIONS, 2 * #options.names) then
    return nil, failure.new("limit", "authorizations", ("the server wants %d proofs of %d names"):format(#urls,
      #options.names))
  end
  for _, url in ipairs(urls) do
    local authorization, err = client.transport:object(url)
    if not authorization then return nil, err end
    if authorization.status == "pending" then
      local ok
      ok, err = prove(client, url, authorization, options)
      if not ok then return nil, err end
    elseif authorization.status ~= "valid" then
      return nil, refused(authorization, url)
    end
  end
  return true
end

-- Nobody is to serve what clients refuse.
local function in_time(certificate)
  local now = os.time()
  if certificate.not_after < now then
    return nil, failure.new("expired", "certificate", "the server gave one that expired on "
      .. certificate.not_after_text)
  elseif certificate.not_before > now + FUTURE then
    return nil, failure.new("not_yet_valid", "certificate", "the server gave one that is valid from "
      .. certificate.not_before_text .. " on")
  end
  return true
end

-- What a run that was killed has answered challenges with is still there: those that are asked no more are taken away.
local function clear(client, object, options)
  local urls = authorizations_of(object)
  for i = 1, math.min(#urls, #options.names) do
    local authorization = client.transport:object(urls[i])
    local challenge = authorization and authorization.status ~= "pending"
      and challenge_of(authorization, options.responder)
    local name = challenge and ordered_name(authorization, options.names)
    if name then options.responder.remove(name, challenge.token, key_authorization(client, challenge.token)) end
  end
end

-- The chain is for the key and the names that were asked for, or it is none for us. It is written anew: what else the
-- server puts into the text (another key, section 9.1) is not kept.
local function checked(pem, key, names)
  local chain, err = x509.parse(pem)
  if not chain then return nil, err end
  local ok
  ok, err = key:matches(chain[1])
  if ok then ok, err = in_time(chain[1]) end
  if not ok then return nil, err end
  for _, name in ipairs(names) do
    local probe = name:gsub("^%*%.", "any.")
    if not chain[1]:matches_name(probe) then
      return nil, failure.new("acme", "certificate", ("the certificate is not for %s"):format(name))
    end
  end
  local blocks = {}
  for i, certificate in ipairs(chain) do blocks[i] = certificate:pem() end
  return table.concat(blocks)
end

local function finalize(client, object, options)
  local body = json.encode { csr = jws.base64url(options.request) }
  return client.transport:object(object.finalize, body)
end

-- An order that is gone or came to nothing before this run: another one is to be made.
local function lost(err)
  err.order_lost = true
  return nil, err
end

local function first_look(client, url, goes_on)
  local object, err = client.transport:object(url)
  if not object then
    if goes_on and err.status and err.status < 500 and err.problem ~= "rateLimited" then return lost(err) end
    return nil, err
  end
  if goes_on and object.status == "invalid" then
    return lost(failure.new("acme", url, "the order that was begun before is 'invalid'"))
  end
  return object
end

local function issued(object, url)
  if object.status == "valid" and type(object.certificate) == "string" then return object.certificate end
  if type(object.error) == "table" then return nil, failure.problem(object.error, url) end
  return nil, failure.new("acme", url, ("the order is '%s'"):format(shown(object.status)))
end

-- What each status of the order asks for, until it is valid.
local function advance(client, url, object, options)
  local responder, err = options.responder, nil
  if object.status == "pending" then
    local ok
    ok, err = authorize(client, object, options)
    if not ok then return nil, err end
    object, err = poll(client, url, responder, function(now) return now.status ~= "pending" end)
  end
  if object and object.status == "ready" then object, err = finalize(client, object, options) end
  if object and object.status == "processing" then object, err = poll(client, url, responder, settled) end
  if not object then return nil, err end
  return issued(object, url)
end

-- From the order as it is to the chain's PEM. options: names, key, request (DER), responder, goes_on (another run began
-- it)
function order.complete(client, url, options)
  local object, err = first_look(client, url, options.goes_on)
  if not object then return nil, err end
  if options.goes_on then clear(client, object, options) end
  local certificate
  certificate, err = advance(client, url, object, options)
  if not certificate then return nil, err end
  local response
  response, err = client.transport:post(certificate, "")
  if not response then return nil, err end
  local pem
  pem, err = checked(response.body, options.key, options.names)
  if not pem and options.goes_on then return lost(err) end
  return pem, err
end

return order
