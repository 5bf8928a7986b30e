-- SPDX-License-Identifier: MIT
-- bearssl.https: where a response sends us (RFC 9110 section 15.4), and what goes along.
local failure = require "bearssl.https.failure"
local target = require "bearssl.https.target"
local url = require "bearssl.later" "socket.url"

local redirect = {}

local MAX_LOCATION = 8192 -- bytes (RFC 9110 section 4.1 has everybody take 8000): LuaSocket's parser is slow with more

local codes = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

-- The method of the next request: what everybody has made of it (sections 15.4.2 to 15.4.4).
local function next_method(method, status)
  if status == 303 and method ~= "HEAD" or (status == 301 or status == 302) and method == "POST" then return "GET" end
  return method
end

-- LuaSocket's http.request follows GET and HEAD alone, and gives everything else as it is.
local function is_followed(request, method)
  if request.redirect == false then return false end
  if request.redirect == nil and request.as_luasocket then
    return (method == "GET" or method == "HEAD") and not request.content
  end
  return true
end

-- Whether it may be followed: true; false: the response is the result; or nil, error.
local function allowed(request, from, to, text)
  if not to or from.scheme == "https" and to.scheme == "http" and request.redirect ~= "unsafe" then
    if request.as_luasocket then return false end
    return nil, failure.new("redirect", "Location", ("%s sends us to %s"):format(from.url, text:sub(1, 200)),
      "that is no https:// URL", to and 'redirect = "unsafe" follows' or nil)
  end
  local most = request.maxredirects
  if most ~= false and #request.redirects >= most then
    if request.as_luasocket then return false end
    return nil, failure.new("redirect", "Location", ("more than %d redirects (maxredirects)"):format(most), from.url)
  end
  return true
end

-- What is to be asked next, as a target and a method; false where this response is the result; or nil, error.
function redirect.next(request, from, response)
  local location = response.headers.location or ""
  if not codes[response.status] or location == "" or not is_followed(request, request.method) then return false end
  local method = next_method(request.method, response.status)
  if method == request.method and request.source then return false end -- what it gave is gone
  if #location > MAX_LOCATION then
    return nil, failure.new("limit", "Location", ("more than %d bytes of URL"):format(MAX_LOCATION))
  end
  local absolute = url.absolute(from.url, location)
  local to = target.new(absolute, {}, true)
  local ok, err = allowed(request, from, to, absolute)
  if not ok then return ok, err end
  return to, method
end

-- What belongs to one origin does not go to another.
local private = { authorization = true, cookie = true, host = true, ["proxy-authorization"] = true }

local function without(headers, strip)
  local kept = {}
  for name, value in pairs(headers or {}) do
    if not strip(name:lower()) then kept[name] = value end
  end
  return kept
end

-- Turns the request into the next one.
function redirect.follow(request, from, to, method, status)
  request.redirects[#request.redirects + 1] = { status = status, url = from.url }
  if method ~= request.method then
    request.method, request.content, request.source, request.content_type = method, nil, nil, nil
    request.headers = without(request.headers, function(name)
      return name:find "^content%-" or name == "transfer-encoding" or name == "expect"
    end)
  end
  if not target.same_origin(from, to) then
    request.headers = without(request.headers, function(name) return private[name] end)
    request.name = nil
  else
    to.user, to.password = to.user or from.user, to.password or from.password
  end
end

return redirect
