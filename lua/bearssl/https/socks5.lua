-- SPDX-License-Identifier: MIT
-- bearssl.https: through a SOCKS 5 proxy (RFC 1928), with user and password (RFC 1929).
local failure = require "bearssl.https.failure"

local NONE, BY_PASSWORD, REFUSED = 0, 2, 0xff
local CONNECT, IPV4, NAME, IPV6 = 1, 1, 3, 4

local replies = { -- RFC 1928 section 6
  "general failure", "not allowed by the proxy's rules", "network unreachable", "host unreachable",
  "connection refused", "TTL expired", "command not supported", "kind of address not supported",
}

local function wrong(message, hint)
  return nil, failure.new("proxy", "SOCKS5", message, nil, hint)
end

local function ask(connection, bytes, count)
  local ok, err = connection:send(bytes)
  if not ok then return nil, err end
  return connection:exactly(count)
end

local function authenticate(connection, proxy)
  local user, password = proxy.user or "", proxy.password or ""
  local answer, err = ask(connection, ("Bs1s1"):pack(1, user, password), 2)
  if not answer then return nil, err end
  if answer:byte(2) ~= 0 then return wrong("the proxy refuses user and password") end
  return true
end

local function negotiate(connection, proxy)
  local methods = proxy.user and { NONE, BY_PASSWORD } or { NONE }
  local answer, err = ask(connection, ("BB"):pack(5, #methods) .. string.char(table.unpack(methods)), 2)
  if not answer then return nil, err end
  local version, method = answer:byte(1, 2)
  if version ~= 5 then return wrong "the proxy does not speak SOCKS 5" end
  if method == NONE then return true end
  if method == BY_PASSWORD and proxy.user then return authenticate(connection, proxy) end
  local what = method == REFUSED and "none of our ways" or "an unknown way"
  return wrong(("the proxy takes %s to authenticate"):format(what),
    not proxy.user and "write user and password into the proxy's URL" or nil)
end

-- An IPv6 address as 16 bytes; nil where it is none.
local function ipv6(host)
  local head, tail = host:match "^(.-)::(.*)$"
  local function groups(text)
    local out = {}
    for group in (text or ""):gmatch "[^:]+" do
      local number = #group <= 4 and tonumber(group, 16)
      if not number then return nil end
      out[#out + 1] = (">I2"):pack(number)
    end
    return out
  end
  local first, last = groups(head or host), groups(tail)
  if not first or not last then return nil end
  local missing = 8 - #first - #last
  if missing < 0 or not head and missing > 0 then return nil end
  return table.concat(first) .. ("\0\0"):rep(missing) .. table.concat(last)
end

local function address(host)
  local a, b, c, d = host:match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$"
  if a and a + 0 < 256 and b + 0 < 256 and c + 0 < 256 and d + 0 < 256 then
    return string.char(IPV4, a // 1 | 0, b // 1 | 0, c // 1 | 0, d // 1 | 0)
  end
  local bytes = host:find(":", 1, true) and ipv6(host)
  if bytes then return string.char(IPV6) .. bytes end
  return ("Bs1"):pack(NAME, host)
end

-- The rest of a reply is the address that the proxy has bound, which nobody needs.
local function skip_address(connection, kind)
  local length = kind == IPV4 and 4 or kind == IPV6 and 16
  if kind == NAME then
    local byte, err = connection:exactly(1)
    if not byte then return nil, err end
    length = byte:byte()
  end
  if not length then return wrong "the proxy's reply does not decode" end
  return connection:exactly(length + 2)
end

-- Has the proxy at the other end of `connection` lead on to host and port. `host` is an address, or a name that the
-- proxy is to resolve.
return function(connection, proxy, host, port)
  local ok, err = negotiate(connection, proxy)
  if not ok then return nil, err end
  local reply
  reply, err = ask(connection, ("BBB"):pack(5, CONNECT, 0) .. address(host) .. (">I2"):pack(port), 4)
  if not reply then return nil, err end
  local version, code, _, kind = reply:byte(1, 4)
  if version ~= 5 then return wrong "the proxy's reply does not decode" end
  if code ~= 0 then
    return wrong(("the proxy did not connect to %s port %d: %s"):format(host, port, replies[code] or "code " .. code))
  end
  return skip_address(connection, kind)
end
