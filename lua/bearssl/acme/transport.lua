-- SPDX-License-Identifier: MIT
-- Signed requests to an ACME server (RFC 8555 section 6): its directory, nonces kept and asked for, what is asked
-- again.
local failure = require "bearssl.acme.failure"
local json = require "bearssl.https.json"
local jws = require "bearssl.acme.jws"
local when = require "bearssl.acme.when"

local transport = {}
transport.__index = transport

local TRIES = 20 -- of one request whose nonce is refused (section 6.5)
local MAX_NONCES = 8
local MAX_WAITS, SHORT_WAIT = 3, 30 -- of one request, where the server is busy: times, seconds
local MAX_BODY = 1 << 20
local LONGEST_WAIT = 7 * 86400 -- seconds

-- options: directory (URL), key, client (of bearssl.https), pause(seconds)
function transport.new(options)
  return setmetatable({
    url = options.directory, key = options.key, client = options.client, pause = options.pause, nonces = {},
  }, transport)
end

-- Every URL is one of HTTPS (section 6.1), in characters that may be shown.
function transport.is_url(value)
  return type(value) == "string" and value:find "^[Hh][Tt][Tt][Pp][Ss]://[%w%[][\33-\126]*$" ~= nil
end

-- Seconds of Retry-After (RFC 9110 section 10.2.3): a number, or a date; at most a week. nil: there is none.
function transport.retry_after(response)
  local value = response.headers["Retry-After"]
  if not value then return nil end
  local seconds = value:find "^%d+$" and tonumber(value)
  local at = not seconds and when.http_date(value)
  seconds = seconds or at and at - os.time()
  return seconds and math.max(0, math.min(seconds, LONGEST_WAIT))
end

local function problem(response, where)
  local document = response.body ~= "" and json.decode(response.body) or nil
  return failure.problem(type(document) == "table" and document or {}, where, response.status,
    transport.retry_after(response))
end

local function decoded(response, where)
  local value, err = json.decode(response.body)
  if err or type(value) ~= "table" then
    return nil, failure.new("decode", where, "the ACME server's answer is no JSON object")
  end
  return value
end

function transport:keep_nonce(response)
  local nonce = response.headers["Replay-Nonce"]
  if nonce and nonce:find "^[%w_-]+$" and #self.nonces < MAX_NONCES then self.nonces[#self.nonces + 1] = nonce end
end

-- The directory (section 7.1.1), read once.
function transport:directory()
  if self.known then return self.known end
  local response, err = self.client:get(self.url, { max_body = MAX_BODY })
  if not response then return nil, err end
  if response.status ~= 200 then return nil, problem(response, self.url) end
  local directory
  directory, err = decoded(response, self.url)
  if not directory then return nil, err end
  for _, name in ipairs { "newNonce", "newAccount", "newOrder" } do
    if not transport.is_url(directory[name]) then
      return nil, failure.new("decode", self.url,
        ("the directory has no URL of HTTPS for '%s': is it one of ACME?"):format(name))
    end
  end
  self.known = directory
  return directory
end

function transport:nonce()
  if self.nonces[1] then return table.remove(self.nonces) end
  local response, err = self.client:head(self.known.newNonce)
  if not response then return nil, err end
  self:keep_nonce(response)
  if self.nonces[1] then return table.remove(self.nonces) end
  return nil, failure.new("decode", self.known.newNonce, "the ACME server gave no Replay-Nonce")
end

local function once(self, url, payload)
  local nonce, err = self:nonce()
  if not nonce then return nil, err end
  local body
  body, err = jws.sign({ key = self.key, kid = self.account, nonce = nonce, url = url }, payload)
  if not body then return nil, err end
  local response
  response, err = self.client:post(url, body, {
    headers = { ["content-type"] = "application/jose+json" }, max_body = MAX_BODY, redirect = false,
  })
  if not response then return nil, err end
  self:keep_nonce(response)
  return response
end

-- A server that is busy for a moment (section 6.6: rateLimited; RFC 9110 section 15.6.4) is asked again then.
local function wait_for(self, err, waits)
  local busy = err.status == 503 or err.status == 429
  if not busy or not err.retry_after or err.retry_after > SHORT_WAIT or waits >= MAX_WAITS then return false end
  self.pause(math.max(1, err.retry_after))
  return true
end

-- A request signed by the account; `payload`: JSON as text, "" reads only (POST-as-GET, section 6.3). Gives the
-- response of a status below 300; else nil, error.
function transport:post(url, payload)
  local directory, err = self:directory()
  if not directory then return nil, err end
  if not transport.is_url(url) then
    return nil, failure.new("decode", "ACME", "the server gave no URL of HTTPS to go on with")
  end
  local waits = 0
  for _ = 1, TRIES do
    local response
    response, err = once(self, url, payload)
    if not response then return nil, err end
    if response.status < 300 then return response end
    err = problem(response, url)
    if wait_for(self, err, waits) then
      waits = waits + 1
    elseif err.problem ~= "badNonce" then
      break
    end
  end
  return nil, err
end

-- The same, with the answer's object: object, response; or nil, error.
function transport:object(url, payload)
  local response, err = self:post(url, payload or "")
  if not response then return nil, err end
  local value
  value, err = decoded(response, url)
  if not value then return nil, err end
  return value, response
end

return transport
