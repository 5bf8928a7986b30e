-- SPDX-License-Identifier: MIT
-- bearssl.https: which proxy, and the way through it: CONNECT (RFC 9110 section 9.3.6) or SOCKS 5.
local failure = require "bearssl.https.failure"
local header = require "bearssl.https.header"
local target = require "bearssl.https.target"
local later = require "bearssl.later"
local mime, url = later "mime", later "socket.url"

local proxy = {}

local ports = { http = 3128, https = 443, socks5 = 1080, socks5h = 1080 } -- 3128 is LuaSocket's

local function wrong(text, what)
  return nil, failure.option("proxy", ("'%s' %s"):format(target.without_password(text), what))
end

-- A proxy's URL; without a scheme it is http://.
function proxy.parse(text)
  local whole = text:find "^%a[%w+.-]*://" and text or "http://" .. text
  local parts = url.parse(whole) or {}
  local kind = (parts.scheme or ""):lower()
  if not ports[kind] then return wrong(text, "is no http://, https://, socks5:// or socks5h:// URL") end
  local host, port = target.host(parts.host or ""), target.port(parts.port or ports[kind])
  if not host or not port then return wrong(text, "has no valid host and port") end
  local user, password = parts.user and url.unescape(parts.user), parts.password and url.unescape(parts.password)
  if #(user or "") > 255 or #(password or "") > 255 then return wrong(text, "has too long a user or password") end
  return { kind = kind, host = host, port = port, user = user, password = password }
end

local function ipv4(text)
  local value = 0
  local a, b, c, d = text:match "^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$"
  for _, part in ipairs { a, b, c, d } do
    if tonumber(part) > 255 then return nil end
    value = value << 8 | math.tointeger(tonumber(part))
  end
  return a and value or nil
end

local function in_network(host, entry)
  local network, bits = entry:match "^([%d.]+)/(%d%d?)$"
  local a, b = network and ipv4(network), ipv4(host)
  bits = tonumber(bits)
  if not a or not b or bits > 32 then return false end
  return a >> 32 - bits == b >> 32 - bits
end

-- Whether no_proxy's list names the host, as Go reads it: "*", a name and all below it, an address, a network as
-- 10.0.0.0/8; each with a port if it likes.
function proxy.is_exempt(list, host, port)
  for entry in list:lower():gmatch "[^,%s]+" do
    local name, only = entry:match "^%[?(.-)%]?:(%d+)$"
    if not name or name:find(":", 1, true) and entry:sub(1, 1) ~= "[" then -- an IPv6 address ends like a port
      name, only = entry:match "^%[?(.-)%]?$", nil
    end
    name = name:gsub("^%*?%.", ""):gsub("%.$", "")
    local below = not ipv4(host) and host:sub(-#name - 1) == "." .. name
    local fits = entry == "*" or name == host or below or in_network(host, name)
    if fits and (not only or tonumber(only) == port) then return true end
  end
  return false
end

-- The first of these variables that says something. HTTP_PROXY is not among them: in a CGI program it would be the
-- client's word.
local function environment(...)
  for _, name in ipairs { ... } do
    local value = os.getenv(name)
    if value and value ~= "" then return value end
  end
end

local function from_environment(to)
  if to.scheme == "http" then return environment("http_proxy", "all_proxy", "ALL_PROXY") end
  return environment("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
end

-- The proxy for a target: that of the request, or the environment's; false: none. Or nil, error.
function proxy.of(request, to)
  if request.proxy == false then return false end
  local text, exempt = request.proxy, request.no_proxy
  if not text then
    text, exempt = from_environment(to), exempt or environment("no_proxy", "NO_PROXY")
  end
  if not text or exempt and proxy.is_exempt(exempt, to.host, to.port) then return false end
  return proxy.parse(text)
end

-- The value of Proxy-Authorization (RFC 7617).
function proxy.authorization(through)
  if not through.user then return nil end
  return "Basic " .. mime.b64(through.user .. ":" .. (through.password or ""))
end

local function refused(through, to, head)
  local hint = head.status == 407 and not through.user and "write user and password into the proxy's URL" or nil
  local err = failure.new("proxy", "CONNECT", ("the proxy did not connect to %s: %s"):format(
    target.authority(to.host, to.port), head.status_line), nil, hint)
  err.status = head.status
  return nil, err
end

-- Has the HTTP proxy at the other end of `connection` lead on to the target.
function proxy.connect(connection, through, to, agent)
  local authority = target.authority(to.host, to.port)
  local start = ("CONNECT %s HTTP/1.1"):format(authority)
  local ok, err = connection:send(header.format(start, {
    host = authority, ["user-agent"] = agent, ["proxy-authorization"] = proxy.authorization(through),
  }))
  if not ok then return nil, err end
  local head
  head, err = header.receive(connection)
  if not head then return nil, err end
  if head.status < 200 or head.status > 299 then return refused(through, to, head) end
  return true
end

return proxy
