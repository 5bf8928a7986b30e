-- SPDX-License-Identifier: MIT

--- HTTPS requests over LuaSocket's HTTP, certificate and name verified against the system's trust store.
-- @module bearssl.https
local http = require "socket.http"
local ltn12 = require "ltn12"
local mime = require "mime"
local socket = require "socket"
local url = require "socket.url"

local bearssl = require "bearssl"
local core = require "bearssl.core"

local https = {
  PORT = 443, -- where the URL names none
  TIMEOUT = 60, -- seconds that one step may take where the request does not say
  USERAGENT = "lua-bearssl",
}

-- What one response may make us hold before its body begins, and in one piece of a chunked body, in bytes.
local MAX_HEAD = 256 * 1024
local MAX_CHUNK = 64 * 1024 * 1024
local MAX_INTERIM = 16 -- 1xx responses before the final one (RFC 9110 section 15.2)

-- The keys of a request that are not options of bearssl.client.
local request_keys = {}
for key in ([[url method headers source sink step body proxy redirect maxredirects create timeout name config
  host port path params query user password]]):gmatch "%a+" do
  request_keys[key] = true
end

local function failure(code, where, message)
  return core.error { code = code, message = message, where = where, side = "local" }
end

-- What LuaSocket and our sockets say in a word, as code and text. Anything else stays as it is.
local words = {
  ["timeout"] = { "timeout", "timeout" },
  ["closed"] = { "closed", "the server closed the connection" },
  ["connection refused"] = { "refused", "connection refused" },
  ["host or service not provided, or not known"] = { "dns", "host name does not resolve" },
  ["temporary failure in name resolution"] = { "dns", "host name does not resolve for now" },
  ["malformed reponse headers"] = { "decode", "the server's header does not decode" },
  ["invalid chunk size"] = { "decode", "the server's chunk size does not decode" },
}

local function as_error(err, where, what)
  local word = words[err]
  if not word and type(err) == "string" and err:find "^HTTP/" then -- LuaSocket gives the line
    word = { "decode", ("the server's status line does not decode: %q"):format(err:sub(1, 80)) }
  end
  return word and failure(word[1], where, (what or "") .. word[2]) or err
end

-- The connection: what LuaSocket's HTTP wants of a socket, TCP until `connect`, TLS from then on.

local Connection = {}
Connection.__index = Connection

local function new_connection(config, request)
  local tcp, err = (request.create or socket.tcp)()
  if not tcp then return nil, err end
  local self = setmetatable({ sock = tcp, config = config, name = request.name, head = MAX_HEAD }, Connection)
  self.own_timeout = request.timeout
  self.try = socket.newtry(function() self:close() end)
  return self
end

function Connection:settimeout(seconds, mode)
  self.timeout = self.own_timeout or seconds
  self.sock:settimeout(self.timeout, mode)
  return 1
end

function Connection:connect(host, port)
  local ok, err = self.sock:connect(host, port)
  if not ok then return nil, as_error(err, "connect", ("%s port %d: "):format(host, port)) end
  self.sock:setoption("tcp-nodelay", true) -- LuaSocket's HTTP sends a request in pieces
  local tls
  tls, err = self.config:wrap(self.sock, { name = self.name or host })
  if not tls then return nil, err end
  self.sock = tls
  tls:settimeout(self.timeout)
  ok, err = tls:handshake()
  if not ok then return nil, as_error(err, "handshake") end
  return 1
end

function Connection:send(...)
  local last, err, partial = self.sock:send(...)
  if not last then return nil, as_error(err, "HTTP request"), partial end
  return last
end

-- A line that does not come ends the request from here: LuaSocket's HTTP goes on without looking in some places.
-- Lines between two reads of a body, or before it, take MAX_HEAD bytes at most.
function Connection:receive_line(prefix)
  local line, err = self.sock:receive("*l", prefix, self.head)
  self.head = self.head - 2 - #(line or "")
  if line and self.head < 1 or type(err) == "table" and err.code == "limit" then
    line, err = nil, failure("limit", "HTTP header", ("more than %d bytes of header"):format(MAX_HEAD))
  end
  return self.try(line, as_error(err, "HTTP response"))
end

function Connection:receive(pattern, prefix)
  if type(pattern) ~= "number" then return self:receive_line(prefix) end -- "*l" is all that LuaSocket's HTTP asks
  if pattern > MAX_CHUNK then
    return nil, failure("limit", "HTTP chunk", ("a chunk of more than %d bytes"):format(MAX_CHUNK))
  end
  self.head = MAX_HEAD
  local data, err, partial = self.sock:receive(pattern, prefix)
  if data then return data end
  if err ~= "closed" then err = as_error(err, "HTTP response") end -- socket.source compares "closed"
  return nil, err, partial
end

function Connection:getfd() return self.sock:getfd() end
function Connection:dirty() return self.sock:dirty() end
function Connection:close()
  self.sock:close()
  return 1
end
Connection.__close = Connection.close

-- The config: one for all requests without options, which also keeps the system's store for those with some.

local default_config

local function default()
  local err
  if not default_config then
    default_config, err = bearssl.client { alpn = "http/1.1", session_cache = bearssl.session_cache() }
  end
  return default_config, err
end

local function new_config(options)
  if options.trust == nil and options.verify == nil then
    local ok, err = default()
    if not ok then return nil, err end
  end
  if options.alpn == nil then options.alpn = "http/1.1" end
  if options.session_cache == nil then -- for redirects, and https.tcp
    options.session_cache = bearssl.session_cache()
  end
  return bearssl.client(options)
end

local function config_of(request)
  local options = {}
  for key, value in pairs(request) do
    if not request_keys[key] then options[key] = value end
  end
  if not request.config then
    if next(options) then return new_config(options) end
    return default()
  end
  local other = next(options)
  if other then error(("bearssl.https: option '%s' belongs into the config"):format(other)) end
  return request.config
end

-- The request line and the header.

-- A URL to what is asked of whom; or nil, error. RFC 3986: the authority ends at "/", "?" or "#".
local function target_of(text, overrides)
  local parts = url.parse((text:gsub("^(%a[%w+.-]*://[^/?#]*)([?#])", "%1/%2")), { path = "/" }) or {}
  for _, key in ipairs { "host", "port", "path", "params", "query", "user", "password" } do
    if overrides[key] ~= nil then parts[key] = overrides[key] end
  end
  if (parts.scheme or ""):lower() ~= "https" then
    return nil, failure("option", "url", ("'%s' does not begin with https://"):format(text))
  end
  local host, port = parts.host or "", parts.port or https.PORT
  if (parts.authority or ""):find("\\", 1, true) or #host > 253 or not host:find "^[%w._:%%-]+$" then
    return nil, failure("option", "url", ("'%s' has no valid host"):format(text))
  end
  port = math.tointeger(tonumber(port ~= "" and port or https.PORT))
  if not port or port < 1 or port > 65535 then
    return nil, failure("option", "url", ("'%s' has no valid port"):format(text))
  end
  local uri = url.build { path = parts.path, params = parts.params, query = parts.query }
  uri = uri:gsub("[^!-~]", function(c) return ("%%%02X"):format(c:byte()) end)
  uri = uri:find "^/" and uri or "/" .. uri
  local authority = host:find(":", 1, true) and "[" .. host .. "]" or host
  if port ~= 443 then authority = authority .. ":" .. port end
  return {
    url = "https://" .. authority .. uri, host = host, port = port, authority = authority, uri = uri,
    user = parts.user, password = parts.password,
  }
end

local TOKEN = "^[%w!#$%%&'*+.^_`|~-]+$" -- RFC 9110 section 5.6.2

-- RFC 9110 sections 5.1 and 5.5: nothing in a name or value may begin another line.
local function checked_field(name, value)
  if type(name) ~= "string" or not name:find(TOKEN) then
    return nil, failure("option", "headers", ("'%s' is not a header name"):format(tostring(name)))
  end
  if type(value) ~= "string" and type(value) ~= "number" then
    return nil, failure("option", "headers", ("%s: a string or a number is needed, not a %s"):format(name, type(value)))
  end
  value = tostring(value)
  if value:find "[%z\r\n]" then
    return nil, failure("option", "headers", name .. ": the value holds a line end or a zero byte")
  end
  return value
end

local function method_of(request)
  return request.method or (request.body and "POST") or "GET"
end

local function header_of(request, target)
  if not method_of(request):find(TOKEN) then
    return nil, failure("option", "method", ("'%s' is not a method"):format(request.method))
  end
  local fields = {
    host = target.authority, ["user-agent"] = https.USERAGENT, connection = "close, TE", te = "trailers",
  }
  if target.user and target.password then
    fields.authorization = "Basic " .. mime.b64(url.unescape(target.user) .. ":" .. url.unescape(target.password))
  end
  if request.body then
    fields["content-length"] = #request.body
    fields["content-type"] = "application/x-www-form-urlencoded"
  end
  for name, value in pairs(request.headers or {}) do
    local checked, err = checked_field(name, value)
    if not checked then return nil, err end
    fields[name:lower()] = checked
  end
  if request.source and not fields["content-length"] and not fields["transfer-encoding"] then
    fields["transfer-encoding"] = "chunked"
  end
  return fields
end

-- The exchange.

local function final_status(h)
  for _ = 1, MAX_INTERIM do
    local code, status = h:receivestatusline()
    if not code then return nil, failure("decode", "HTTP status line", "the server does not answer in HTTP/1") end
    if code < 100 or code >= 200 or code == 101 then return code, status end
    h:receiveheaders()
  end
  return nil, failure("limit", "HTTP status line", ("more than %d interim responses"):format(MAX_INTERIM))
end

local redirects = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

-- Where a response sends us, if we follow: as LuaSocket does, and never away from https.
local function location_of(request, target, code, headers)
  local location = headers.location and headers.location:gsub("%s", "") or ""
  local method, most = method_of(request), request.maxredirects
  if not redirects[code] or location == "" or request.redirect == false or request.source or request.body then
    return nil
  end
  if method ~= "GET" and method ~= "HEAD" then return nil end
  if most ~= false and request.nredirects >= (most or 5) then return nil end
  local absolute = url.absolute(target.url, location)
  return absolute:find "^[Hh][Tt][Tt][Pp][Ss]://" and absolute or nil
end

-- RFC 9110 section 8.6; LuaSocket takes whatever Lua takes for a number.
local function check_length(headers)
  local length = headers["content-length"]
  if not length or length:find "^%d+$" and #length <= 15 then return true end
  return nil, failure("decode", "Content-Length", ("the body's length does not decode: %q"):format(length:sub(1, 80)))
end

local function has_body(request, code)
  return method_of(request) ~= "HEAD" and code >= 200 and code ~= 204 and code ~= 304
end

-- One request and its response: 1, code, headers, status; or false, URL where a redirect is to be followed.
local function exchange(request, target, fields)
  local connection <close> = socket.try(new_connection(request.config, request))
  local h = http.open(target.host, target.port, function() return connection end)
  h:sendrequestline(method_of(request), target.uri)
  h:sendheaders(fields)
  local source = request.body and ltn12.source.string(request.body) or request.source
  if source then h:sendbody(fields, source, request.step) end
  local code, status = h.try(final_status(h))
  local headers = h:receiveheaders()
  h.try(check_length(headers))
  local location = location_of(request, target, code, headers)
  if location then return false, location end
  if has_body(request, code) then h:receivebody(headers, request.sink, request.step) end
  return 1, code, headers, status
end

-- What belongs to one origin does not go to another (RFC 9110 section 15.4).
local private_fields = { authorization = true, cookie = true, host = true, ["proxy-authorization"] = true }

local function without_private_fields(headers)
  local kept = {}
  for name, value in pairs(headers or {}) do
    if not private_fields[name:lower()] then kept[name] = value end
  end
  return kept
end

local perform = socket.protect(function(request)
  local target = socket.try(target_of(request.url, request))
  while true do
    local fields = socket.try(header_of(request, target))
    local done, code, headers, status = exchange(request, target, fields)
    if done then
      headers.location = headers.location or (request.nredirects > 0 and target.url or nil)
      return done, code, headers, status
    end
    local from = target
    target = socket.try(target_of(code, {}))
    if target.host ~= from.host or target.port ~= from.port then
      request.headers, request.name = without_private_fields(request.headers), nil
    else
      target.user, target.password = target.user or from.user, target.password or from.password
    end
    request.nredirects = request.nredirects + 1
  end
end)

local types = {
  url = "string", method = "string", headers = "table", body = "string", timeout = "number", name = "string",
  create = "function",
}

-- A copy of the request, so that the caller's table stays as it is.
local function copied(request)
  local copy = { nredirects = 0, timeout = https.TIMEOUT }
  for key, value in pairs(request) do
    if types[key] and type(value) ~= types[key] then
      error(("bad option '%s': a %s is needed, not a %s"):format(key, types[key], type(value)), 3)
    end
    copy[key] = value
  end
  if not copy.url then error("bad option 'url': it is missing", 3) end
  if copy.body and copy.source then error("bad option 'source': there is a body already", 3) end
  return copy
end

-- What is wrong with the options, at the place of whoever called https.request; all else as it is.
local function raise(err)
  local wrong = type(err) == "string" and err:match "^%S+:%d+: (bearssl%.%a+: .*)"
  error(wrong or err, wrong and 3 or 0)
end

--- Makes a request and reads the response (RFC 9110, RFC 9112). The server's certificate and name are verified.
--
-- In a table, every key of LuaSocket's `http.request` but `proxy` has LuaSocket's meaning: `url`, `method`,
-- `headers`, `source`, `sink`, `step`, `redirect`, `maxredirects`, `create` (makes the TCP socket). Besides:
--
-- * `body`: the request's body, a string instead of a `source`;
-- * `timeout`: seconds that each step may take (connect, handshake, each read); default `https.TIMEOUT`;
-- * `name`: the name that the certificate must have, where it is not the URL's host;
-- * `config`: a config of `bearssl.client`, to be shared by many requests;
-- * any other key is an option of `bearssl.client`: `trust`, `certificate`, `key`, `min_version`, ...
--
-- Redirects of GET and HEAD are followed, at most `maxredirects` (5); never from https to http (that response
-- is returned). Authorization, Cookie and Host do not go along to another host or port.
-- @function request
-- @tparam string|table request a URL, or a table as above; the table is not changed
-- @tparam[opt] string body with a URL: makes it a POST of application/x-www-form-urlencoded
-- @treturn[1] string|integer the response's body; 1 where the table has a `sink`
-- @treturn[1] integer status code
-- @treturn[1] table the response's headers, names in lower case
-- @treturn[1] string the status line
-- @treturn[2] nil
-- @treturn[2] bearssl.error what failed; what a `source` or `sink` of yours gave comes as it is
-- @raise if an option is wrong, with its name
function https.request(request, body)
  if type(request) == "string" then request = { url = request, body = body } end
  if type(request) ~= "table" then error("bad argument #1: a URL or a table is needed", 2) end
  local own = copied(request)
  if own.proxy or http.PROXY then
    return nil, failure("option", "proxy", "requests through a proxy are not supported yet")
  end
  local pieces = not own.sink and {}
  if pieces then own.sink = ltn12.sink.table(pieces) end
  local valid, config, err = pcall(config_of, request)
  if not valid then raise(config) end
  if not config then return nil, err end
  own.config = config
  local done, code, headers, status = perform(own)
  if not done then return nil, as_error(code, "HTTP response") end
  return pieces and table.concat(pieces) or done, code, headers, status
end

--- For `socket.http.request` itself: a value for its `create`, whose connections speak TLS.
-- @function tcp
-- @tparam[opt] table options as in @{request}: `config`, `name`, `timeout`, options of `bearssl.client`
-- @treturn function gives a connection with the methods that LuaSocket's HTTP calls
function https.tcp(options)
  options = options or {}
  local config, err
  return function()
    if not config then config, err = config_of(options) end
    if not config then return nil, err end
    return new_connection(config, options)
  end
end

return https
