-- SPDX-License-Identifier: MIT
-- The little HTTP that an audit needs: a HEAD-like look at one answer, over TLS and in clear.
local line = require "bearssl.audit.line"

local http = {}

local MAX_HEAD = 32 * 1024

function http.request(name)
  local host = name:find(":", 1, true) and "[" .. name .. "]" or name
  return ("GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: bearssl-audit\r\nAccept: */*\r\n"
    .. "Accept-Encoding: gzip, deflate, br\r\nConnection: close\r\n\r\n"):format(host)
end

-- Is the head of the answer there, or is it none?
function http.has_head(data)
  return data:find("\r?\n\r?\n") ~= nil or #data > MAX_HEAD or #data >= 5 and data:sub(1, 5) ~= "HTTP/"
end

-- `status`, `headers` by their names in lower case (each the first value); nil: not HTTP.
function http.read(data)
  local status, at = data:match "^HTTP/1%.[01] (%d%d%d)[^\n]*\n()"
  if not status then return nil end
  local headers, count = {}, 0
  for text in data:sub(at):gmatch "([^\r\n]*)\r?\n" do
    if text == "" then break end
    local name, value = text:match "^([%w!#$%%&'*+.^_`|~-]+):%s*(.-)%s*$"
    count = count + 1
    if count > 200 then break end
    if name and not headers[name:lower()] then headers[name:lower()] = value end
  end
  return { status = tonumber(status), headers = headers }
end

-- Strict-Transport-Security (RFC 6797 section 6.1): `max_age`, `include_subdomains`, `preload`; nil: not valid.
function http.hsts(value)
  if not value then return nil end
  local found = {}
  for directive in (value .. ";"):gmatch "%s*([^;]*)%s*;" do
    local name, argument = directive:match "^([%w-]+)%s*=?%s*\"?([^\"]*)\"?%s*$"
    name = name and name:lower()
    local digits = name == "max-age" and argument:match "^%d+$"
    if digits then found.max_age = math.tointeger(tonumber(digits)) end
    if name == "includesubdomains" then found.include_subdomains = true end
    if name == "preload" then found.preload = true end
  end
  return found.max_age and found or nil
end

local function ask_in_clear(p, port)
  local scheduler = require "bearssl.scheduler"
  local new_guard = require "bearssl.guard"
  local tcp, err = scheduler.connect(p.values.address, port, { timeout = p.values.timeout })
  if not tcp then return nil, err end
  p.connections = p.connections + 1
  tcp = scheduler.socket(tcp)
  local _ <close> = new_guard(function() tcp:close() end)
  local l = line.new(tcp, p.now, p.now() + p.values.timeout)
  local sent, failed = l:send(http.request(p.values.name))
  if not sent then return nil, failed end
  local octets = {}
  while true do
    local octet
    octet, failed = l:octets(1)
    if not octet then return nil, failed end
    octets[#octets + 1] = octet
    if octet == "\n" and http.has_head(table.concat(octets)) then return http.read(table.concat(octets)) end
    if #octets > MAX_HEAD then return nil, "limit" end
  end
end

-- What plain HTTP says: `status`, `location`, `redirects` (to https).
function http.task(facts, port)
  return { "HTTP in clear", function(p)
    local answer, why = ask_in_clear(p, port)
    if not answer then
      facts.clear = { port = port, open = false, why = tostring(why) }
      return
    end
    local location = answer.headers.location
    facts.clear = {
      port = port, open = true, status = answer.status, location = location,
      redirects = answer.status >= 300 and answer.status < 400 and location ~= nil
        and location:lower():find "^https://" ~= nil,
    }
  end }
end

return http
