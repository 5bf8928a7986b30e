-- SPDX-License-Identifier: MIT
-- CRLs by HTTP (RFC 5280 sections 4.2.1.13 and 5.2.6): those that a certificate names, complete and delta.
local core = require "bearssl.core"
local failure = require "bearssl.fetch.failure"
local transfer = require "bearssl.fetch.transfer"

local BRIEF = 300 -- seconds that a list without nextUpdate is kept where HTTP does not say
local LONGEST = 24 * 3600 -- seconds that any is kept: nobody has checked its signature yet

local function expiry(options, lists, headers)
  local now = options.now()
  local expires = now + LONGEST
  for _, list in ipairs(lists) do expires = math.min(expires, list.next_update or now + BRIEF) end
  return math.min(expires, transfer.fresh_until(headers, now) or expires)
end

-- The lists that a URL gives: from the cache, or fetched; or nil, error.
local function from_url(options, budget, url)
  local key = "crl " .. url
  local kept = options.cache:get(key, options.now())
  if kept then return kept end
  local body, headers = transfer.get(options, budget, { url = url, purpose = "crl", max_size = options.max_crl_size })
  if not body then return nil, headers end
  local lists, err = core.crls(body, true)
  if not lists then return nil, err end
  options.cache:put(key, lists, 2 * #body, expiry(options, lists, headers))
  return lists
end

local function http_urls(point)
  local urls = {}
  for _, name in ipairs(point.full_name or {}) do
    if name.type == "uri" and name.value:lower():find "^https?:" then urls[#urls + 1] = name.value end
  end
  return urls
end

-- Of each point the first of its URLs that answers; into `found`. Gives the last error.
local function from_points(options, budget, points, found)
  local err
  for _, point in ipairs(points or {}) do
    for _, url in ipairs(http_urls(point)) do
      local lists
      lists, err = from_url(options, budget, url)
      if lists then
        table.move(lists, 1, #lists, #found + 1, found)
        break
      end
    end
  end
  return err
end

-- Where changes to the lists in `found` stand; a complete list without them still is one.
local function add_deltas(options, budget, certificate, found)
  local extension = certificate and certificate.extensions.freshest_crl
  from_points(options, budget, extension and extension.value, found)
  for i = 1, #found do
    if not found[i].is_delta then from_points(options, budget, found[i].freshest_crl, found) end
  end
end

return function(options, what, budget)
  budget = budget or transfer.budget(options)
  local found, err
  if type(what) == "string" then
    found, err = from_url(options, budget, what)
    if not found then return nil, err end
    found = table.move(found, 1, #found, 1, {})
    what = nil
  else
    local extension = what.extensions.crl_distribution_points
    found = {}
    err = from_points(options, budget, extension and extension.value, found)
  end
  if #found == 0 then
    return nil, err or failure("option", "cRLDistributionPoints", "the certificate names no list over HTTP")
  end
  add_deltas(options, budget, what, found)
  return found
end
