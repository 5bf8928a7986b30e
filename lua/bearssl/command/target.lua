-- SPDX-License-Identifier: MIT

--- What a verb of the command `bearssl` is about: a server or a file.
-- @module bearssl.command.target

local core = require "bearssl.core"

local target = {}

-- Schemes of URLs, and the names of STARTTLS: the port, and what is said before the handshake.
local schemes = {
  https = { 443 }, wss = { 443 },
  smtps = { 465 }, imaps = { 993 }, pop3s = { 995 }, ftps = { 990 }, ldaps = { 636 }, xmpps = { 5223 },
  smtp = { 25, "smtp" }, submission = { 587, "smtp" }, imap = { 143, "imap" }, pop3 = { 110, "pop3" },
  ftp = { 21, "ftp" }, xmpp = { 5222, "xmpp" }, ldap = { 389, "ldap" },
  postgres = { 5432, "postgres" }, postgresql = { 5432, "postgres" }, mysql = { 3306, "mysql" },
  mariadb = { 3306, "mysql" },
}

--- The port of a protocol with STARTTLS where a target names none.
-- @function target.port
-- @tparam string protocol as of `--starttls`
-- @treturn integer
function target.port(protocol)
  return schemes[protocol] and schemes[protocol][1] or 443
end

local endings = { pem = true, crt = true, cer = true, der = true, cert = true, key = true, p7b = true, p7c = true }

-- A file by its looks, or since there is one of that name.
local function is_file(text)
  if text:find("/", 1, true) or endings[(text:match "%.(%w+)$" or ""):lower()] then return true end
  return select(2, core.file_time(text)) == "file"
end

local function port_of(text)
  local port = text:find "^%d+$" and #text <= 5 and tonumber(text)
  return port and port >= 1 and port <= 65535 and port or nil
end

-- host, host:port, [v6], [v6]:port, or an address of IPv6 by itself
local function split(text)
  local v6, rest = text:match "^%[([%x:.]+%%?[%w._~-]*)%](.*)$"
  if v6 then
    if rest == "" then return v6 end
    return v6, rest:match "^:(.*)$" or ""
  end
  local colons = select(2, text:gsub(":", ""))
  if text:find "^[%x.:]+$" and (text:find("::", 1, true) or colons == 7) then return text end
  local host, port = text:match "^([^:]*):(.*)$"
  if host then return host, port end
  return text
end

local function wrong(text, what)
  local shown = core.printable(text)
  return nil, ("target '%s': %s"):format(#shown > 200 and shown:sub(1, 200) .. "..." or shown, what)
end

local function server(text, authority, scheme, path)
  local host, port = split(authority:match "([^@]*)$")
  if host == "" then return wrong(text, "a host is missing") end
  if host:find "[\x80-\xff]" then return wrong(text, "a host name in its ASCII form, xn--..., is wanted") end
  if #host > 253 or not host:find "^[%w._:%%][%w._:%%-]*$" then return wrong(text, "this is no host name") end
  host = host:lower():gsub("(.)%.$", "%1") -- the root's dot stands in no certificate (RFC 6066 section 3)
  local known = schemes[scheme or "https"]
  local number = not port and known[1] or port and port_of(port)
  if not number then return wrong(text, "a port is a number from 1 to 65535") end
  return {
    text = text, host = host, name = host, port = number, explicit_port = port ~= nil, scheme = scheme,
    starttls = known[2], path = path,
  }
end

--- Reads a target: `host`, `host:port`, `[v6]:port`, a URL, a file, or `-` for standard input. What looks like the path
-- of a file (`/` in it, or an ending as `.pem`), and any file that is there, is a file; `host:443` never is.
-- @function target.parse
-- @tparam string text
-- @treturn[1] table `text` as given; of a server `host`, `port`, `name` (for SNI and verification), `scheme` and `path`
-- of a URL, `starttls` where its scheme says so; of a file `file`, its path; `stdin`: true
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function target.parse(text)
  if text == "" then return nil, "a target is missing" end
  if text:find "%z" then return wrong(text, "it holds a zero byte") end
  if text == "-" then return { text = text, stdin = true } end
  local scheme, rest = text:match "^(%a[%w+.-]*)://(.*)$"
  if scheme then
    scheme = scheme:lower()
    if scheme == "file" then return { text = text, file = rest } end
    if not schemes[scheme] then
      return wrong(text, ("the scheme '%s' is unknown%s"):format(scheme,
        require "bearssl.check".hint(scheme, schemes)))
    end
    local authority, path = rest:match "^([^/?#]*)(.*)$"
    return server(text, authority, scheme, path)
  end
  if is_file(text) then return { text = text, file = text } end
  return server(text, text)
end

--- Reads a target that must be a server.
-- @function target.server
-- @tparam string text
-- @treturn[1] table as of @{target.parse}
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function target.server(text)
  local found, err = target.parse(text)
  if not found then return nil, err end
  if found.host then return found end
  return wrong(text, found.file and "this is a file; a server is wanted (host:port)" or "a server is wanted")
end

return target
