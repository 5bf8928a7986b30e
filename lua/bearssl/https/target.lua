-- SPDX-License-Identifier: MIT
-- bearssl.https: what is asked of whom (RFC 3986, RFC 9110 section 4.2).
local failure = require "bearssl.https.failure"
local url = require "bearssl.later" "socket.url"

local target = {}

local ports = { https = 443, http = 80 }

-- No password goes into a message.
function target.without_password(text)
  return (text:gsub("^(%a[%w+.-]*://)[^/]*@", "%1...@"):gsub("^[^/]*@", "...@"))
end

local function wrong(text, what)
  text = target.without_password(text)
  return nil, failure.option("url", ("'%s' %s"):format(text, what))
end

-- A host name or address in lower case, without the root's dot, which no certificate has (RFC 6066 section 3); nil
-- where it is none.
function target.host(host)
  host = host:lower():gsub("(.)%.$", "%1")
  return #host <= 253 and host:find "^[%w._:%%-]+$" and host or nil
end

function target.port(port)
  if type(port) == "string" and port:find "%D" then return nil end -- "0x1bb", "4e2", " 443": to others they are another
  port = math.tointeger(tonumber(port))
  return port and port >= 1 and port <= 65535 and port or nil
end

-- Host and port as they stand in Host and CONNECT.
function target.authority(host, port, default)
  local text = host:find(":", 1, true) and "[" .. host .. "]" or host
  return port == default and text or text .. ":" .. port
end

local function escaped(text)
  return (text:gsub("[^%w._~-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

-- A table to application/x-www-form-urlencoded, in the order of the names; a list gives its name several times.
function target.encode(fields)
  local pairs_of = {}
  for name, value in pairs(fields) do
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      pairs_of[#pairs_of + 1] = escaped(tostring(name)) .. "=" .. escaped(tostring(one))
    end
  end
  table.sort(pairs_of)
  return table.concat(pairs_of, "&")
end

-- What nearly all are: scheme, a host that is a name, port, path and query, as LuaSocket's parser has them, which is
-- large, and loaded for all others alone.
local function plain_parts(text)
  local scheme, authority, rest = text:match "^(%a[%w+.-]*)://([%w._-]+:?%d*)([/?]?[^;#]*)$"
  if not scheme or rest ~= "" and not rest:find "^[/?]" then return nil end
  local path, query = rest:match "^([^?]*)%??(.*)$"
  local host, port = authority:match "^([^:]+):?(.*)$"
  return {
    scheme = scheme, authority = authority, host = host, port = authority:find(":", 1, true) and port or nil,
    path = path ~= "" and path or "/", query = rest:find("?", 1, true) and query or nil,
  }
end

local function parts_of(text)
  local parts = plain_parts(text)
  if parts then return parts end
  -- The authority ends at "/", "?" or "#"; LuaSocket's parser wants to see the first.
  return url.parse((text:gsub("^(%a[%w+.-]*://[^/?#]*)([?#])", "%1/%2")), { path = "/" }) or {}
end

local function parse(text, overrides)
  local parts = parts_of(text)
  for _, key in ipairs { "host", "port", "path", "params", "query", "user", "password" } do
    if overrides[key] ~= nil then parts[key] = overrides[key] end
  end
  if type(parts.query) == "table" then parts.query = target.encode(parts.query) end
  return parts
end

-- What would end the request line, or is no ASCII, goes percent-encoded.
local function request_target(parts)
  local uri = (parts.path or "") .. (parts.params and ";" .. parts.params or "")
    .. (parts.query and "?" .. parts.query or "")
  uri = uri:gsub("[^!-~]", function(c) return ("%%%02X"):format(c:byte()) end)
  return uri:find "^/" and uri or "/" .. uri
end

-- A URL, with what the request says otherwise, to a table of `url`, `scheme`, `host`, `port`, `authority`, `uri`,
-- `user` and `password`; or nil, error. http:// is there where `plain` allows it.
function target.new(text, overrides, plain)
  local parts = parse(text, overrides)
  local scheme = (parts.scheme or ""):lower()
  if scheme ~= "https" and not (plain and scheme == "http") then
    return wrong(text, "does not begin with https://" .. (plain and " or http://" or ""))
  end
  local host = not (parts.authority or ""):find("\\", 1, true) and target.host(parts.host or "")
  if not host then return wrong(text, "has no valid host") end
  local port = parts.port
  port = target.port((port == nil or port == "") and ports[scheme] or port)
  if not port then return wrong(text, "has no valid port") end
  local uri, authority = request_target(parts), target.authority(host, port, ports[scheme])
  return {
    url = scheme .. "://" .. authority .. uri, scheme = scheme, host = host, port = port, authority = authority,
    uri = uri, user = parts.user, password = parts.password,
  }
end

-- RFC 6454 section 5.
function target.same_origin(a, b)
  return a.scheme == b.scheme and a.host == b.host and a.port == b.port
end

return target
