-- SPDX-License-Identifier: MIT
-- One file from a URL that stands in a certificate: whose choice it is where this process connects to, so that scheme,
-- time, size, number and redirects are bounded, and `allow` is asked.
local failure = require "bearssl.fetch.failure"
local url = require "socket.url"

local MAX_URL = 2048
local DAY = 24 * 3600

local transfer = {}

-- A URL in its parts; or nil, error.
local function parse(text)
  local parts = #text <= MAX_URL and not text:find "[^!-~]" and url.parse(text)
  local scheme = parts and (parts.scheme or ""):lower()
  if scheme ~= "http" and scheme ~= "https" then
    return nil, failure("option", text:sub(1, 80), "only http and https URLs are fetched")
  end
  local host = (parts.host or ""):match "^%[(.*)%]$" or parts.host or ""
  local port = tonumber(parts.port or (scheme == "https" and "443" or "80"), 10)
  if parts.userinfo or #host > 253 or not host:find "^[%w._:-]+$" or not port or port < 1 or port > 65535 then
    return nil, failure("option", text:sub(1, 80), "the URL has no valid host and port")
  end
  local target = text:match "^%a+://[^/?#]*([^#]*)"
  if target:sub(1, 1) ~= "/" then target = "/" .. target end
  return { scheme = scheme, host = host, port = math.tointeger(port), target = target }
end

-- How long this call may go on, and how many requests it may make: { deadline =, left = }.
function transfer.budget(options)
  return { deadline = options.scheduler.now() + options.total_timeout, left = options.max_requests }
end

local function request_of(options, budget, what, parts)
  local deadline = math.min(budget.deadline, options.scheduler.now() + options.timeout)
  local headers = {}
  for name, value in pairs(what.headers or {}) do headers[name] = value end
  return {
    url = what.url, method = what.method or "GET", body = what.body, headers = headers, redirect = false,
    timeout = math.max(0.001, deadline - options.scheduler.now()), deadline = deadline, max_size = what.max_size,
    scheme = parts.scheme, host = parts.host, port = parts.port, target = parts.target,
    scheduler = options.scheduler,
  }
end

local function ask(options, what, address)
  if not options.allow then return true end
  local yes, why = options.allow(what.url, what.purpose, address)
  if yes then return true end
  return nil, failure("unwelcome", what.url, "refused by the callback 'allow'%s",
    type(why) == "string" and ": " .. why or "")
end

-- The answer of the caller's function is no better than a peer's.
local function lower(headers)
  local copy = {}
  for name, value in pairs(type(headers) == "table" and headers or {}) do
    if type(name) == "string" then copy[name:lower()] = tostring(value) end
  end
  return copy
end

local function by_caller(options, request, what)
  local yes, err = ask(options, what)
  if not yes then return nil, err end
  local body, code, headers = options.http(request)
  if type(body) ~= "string" then
    return nil, type(code) == "table" and code or failure("io", what.url, "%s", tostring(code))
  end
  if #body > what.max_size then return nil, failure("limit", what.url, "more than %d bytes", what.max_size) end
  return body, math.tointeger(tonumber(code)) or 0, lower(headers)
end

local function exchange(options, budget, what)
  local parts, err = parse(what.url)
  if not parts then return nil, err end
  if budget.left < 1 then return nil, failure("limit", what.url, "all requests that are allowed were made") end
  if options.scheduler.now() >= budget.deadline then return nil, failure("timeout", what.url, "no time is left") end
  budget.left = budget.left - 1
  local request = request_of(options, budget, what, parts)
  if options.http then return by_caller(options, request, what) end
  request.allow = options.allow and function(address) return ask(options, what, address) end
  return require "bearssl.fetch.http"(request)
end

local moved = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

-- Where a redirect leads; or nil, error.
local function next_hop(what, code, headers)
  if not headers.location then return nil, failure("decode", what.url, "status %d without a Location", code) end
  if #headers.location > MAX_URL then -- also because LuaSocket's parser takes its time with what is longer
    return nil, failure("limit", what.url, "a Location of more than %d bytes", MAX_URL)
  end
  local target = url.absolute(what.url, headers.location)
  if what.url:lower():find "^https:" and not target:lower():find "^https:" then
    return nil, failure("unwelcome", what.url, "it redirects from https to %s", target:sub(1, 80))
  end
  local changed = {}
  for name, value in pairs(what) do changed[name] = value end
  changed.url = target
  if code == 303 then changed.method, changed.body = "GET", nil end
  return changed
end

-- what: url, purpose, max_size, and where wanted method, body, headers. Gives body and headers, or nil, error.
local function fetch(options, budget, what)
  for _ = 0, options.max_redirects do
    local body, code, headers = exchange(options, budget, what)
    if not body then return nil, code end
    if code == 200 then return body, headers end
    if not moved[code] then return nil, failure("status", what.url, "status %d", code) end
    local err
    what, err = next_hop(what, code, headers)
    if not what then return nil, err end
  end
  return nil, failure("redirect", what.url, "more than %d redirects", options.max_redirects)
end

-- The same, and a URL that has failed is not asked again for a while.
function transfer.get(options, budget, what)
  local key, now = "failed " .. what.url, options.now()
  local err = options.retry_after > 0 and options.cache:get(key, now)
  if err then return nil, err end
  local body, headers = fetch(options, budget, what)
  if body then return body, headers end
  if options.retry_after > 0 and headers.code ~= "unwelcome" then
    options.cache:put(key, headers, 1024, now + options.retry_after)
  end
  return nil, headers
end

local months = {
  Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12,
}

-- Days since the epoch of a day of the Gregorian calendar.
local function days(year, month, day)
  if month < 3 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
end

-- HTTP's date of today (RFC 9110 section 5.6.7), in seconds since the epoch; nil: none.
local function date(text)
  local day, month, year, clock = (text or ""):match "^%a+, (%d%d) (%a+) (%d%d%d%d) (%d%d:%d%d:%d%d) GMT$"
  if not months[month] then return nil end
  local hour, minute, second = clock:match "^(%d%d):(%d%d):(%d%d)$"
  return days(math.tointeger(year), months[month], math.tointeger(day)) * DAY + hour * 3600 + minute * 60 + second
end

-- Until when HTTP lets a cache keep the answer (RFC 9111 section 4.2); nil: it does not say.
function transfer.fresh_until(headers, now)
  local control = (headers["cache-control"] or ""):lower()
  if control:find "no%-store" or control:find "no%-cache" then return now end
  local age = math.tointeger(tonumber(headers.age or 0)) or 0
  local seconds = math.tointeger(tonumber(control:match "max%-age%s*=%s*\"?(%d+)"))
  if seconds then return now + math.max(0, math.min(seconds, 366 * DAY) - math.max(0, age)) end
  local expires, sent = date(headers.expires), date(headers.date)
  if headers.expires and not expires then return now end -- "0": it is stale (RFC 9111 section 5.3)
  return expires and (sent and now + math.max(0, expires - sent - age) or expires)
end

return transfer
