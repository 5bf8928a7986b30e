-- SPDX-License-Identifier: MIT

--- LuaSec's module `ssl.https`, after `require "bearssl.luasec"`: requests on LuaSocket's socket.http. Unlike there
-- the server's certificate and its name are verified, against the system's anchors, unless `verify = "none"` says
-- otherwise; and the caller's table is his own.
-- @module ssl.https
local http = require "socket.http"
local ltn12 = require "ltn12"
local socket = require "socket"
local ssl = require "bearssl.luasec.ssl"
local url = require "socket.url"

local https = {
  _VERSION = ssl._VERSION,
  _COPYRIGHT = ssl._COPYRIGHT,
  PORT = 443,
  TIMEOUT = 60, -- seconds that each step of a request may take
}

local HEAD_MAX = 1 << 20

local defaults = { protocol = "any", options = { "all", "no_sslv2", "no_sslv3", "no_tlsv1" }, verify = "peer" }

-- What of a request is for the context.
local context_keys = {
  "protocol", "certificates", "key", "password", "certificate", "cafile", "capath", "ciphers", "ciphersuites",
  "verify", "options", "depth", "dhparam", "curve", "curveslist", "verifyext", "alpn", "psk", "dane",
}

local function has(value, wanted)
  if type(value) ~= "table" then return value == wanted end
  for _, each in ipairs(value) do
    if each == wanted then return true end
  end
  return false
end

local plain -- the context of requests that say nothing about TLS

local function make_context(params)
  local cfg, own = { mode = "client" }, false
  for _, key in ipairs(context_keys) do
    own = own or params[key] ~= nil and key ~= "password"
    cfg[key] = params[key] or defaults[key]
  end
  local verifies = has(cfg.verify, "peer")
  if not own and plain and plain.ca == ssl.get_system_ca() then return plain.ctx, nil, true end
  if verifies and not cfg.cafile and not cfg.capath then
    local wrong
    cfg.cafile, wrong = ssl.get_system_ca()
    if not cfg.cafile then return nil, wrong end
  end
  local ctx, wrong = ssl.newcontext(cfg)
  if ctx and not own then plain = { ctx = ctx, ca = cfg.cafile } end
  return ctx, wrong, verifies
end

-- A connection as LuaSocket's HTTP wants it: TCP at first, then TLS on it.
local Connection = {}
Connection.__index = function(self, name)
  if Connection[name] ~= nil then return Connection[name] end
  local method = rawget(self, "sock")[name]
  if type(method) ~= "function" then return nil end
  return function(object, ...) return method(object.sock, ...) end
end

function Connection:settimeout()
  return self.sock:settimeout(self.timeout)
end

-- Lines take HEAD_MAX bytes at most, before a body and between two reads of it: who sends one without end would have us
-- keep it all.
local function receive_line(self, pattern, prefix)
  local line, err, _, _, fault = self.sock:receive(pattern, prefix, self.head)
  self.head = self.head - 2 - #(line or "")
  if line and self.head < 1 or fault and fault.code == "limit" then
    line, err = nil, ("more than %d bytes of header"):format(HEAD_MAX)
  end
  return socket.try(line, err)
end

-- LuaSocket's HTTP reads as many bytes as a header says, in parts of a byte for ever if it says 1.5; and goes on after
-- some lines that do not come.
function Connection:receive(pattern, prefix)
  if type(pattern) ~= "number" then return receive_line(self, pattern, prefix) end
  if math.type(pattern) == "float" and pattern % 1 ~= 0 then socket.try(nil, "invalid content-length") end
  self.head = HEAD_MAX
  return self.sock:receive(pattern, prefix)
end

local function shake_hands(self, host)
  local tls, wrong = ssl.wrap(self.sock, self.ctx)
  if not tls then return nil, wrong end
  self.sock = tls
  tls:sni(host)
  if self.verifies then tls:sethost(host) end
  tls:settimeout(self.timeout)
  return tls:dohandshake()
end

function Connection:connect(host, port)
  socket.try(self.sock:connect(host, port))
  socket.try(shake_hands(self, host))
  return 1
end

--- For `create` of socket.http, which calls this itself for https URLs.
-- @function tcp
-- @tparam[opt] table params LuaSec's keys; all others are passed by
-- @treturn function gives a connection
function https.tcp(params)
  params = params or {}
  local ctx, wrong, verifies
  return function()
    if not ctx then ctx, wrong, verifies = make_context(params) end
    socket.try(ctx, wrong)
    local timeout = type(params.timeout) == "number" and params.timeout or https.TIMEOUT
    return setmetatable({ sock = socket.try(socket.tcp()), ctx = ctx, verifies = verifies, timeout = timeout,
      head = HEAD_MAX }, Connection)
  end
end

local function refusal(request)
  if http.PROXY or request.proxy then return "proxy not supported" end
  if request.redirect then return "redirect not supported" end
  if request.create then return "create function not permitted" end
end

local function with_port(text)
  return url.build(url.parse(text, { port = https.PORT }))
end

local function of_string(text, body, sink)
  local request = { url = text, method = body and "POST" or "GET", sink = sink }
  if body then
    request.source = ltn12.source.string(body)
    request.headers = {
      ["content-length"] = #body, ["content-type"] = "application/x-www-form-urlencoded",
    }
  end
  return request
end

--- A request, as LuaSocket's http.request takes it, with LuaSec's keys in the same table; and `timeout`, seconds that
-- each step may take. `proxy`, `create` and a `redirect` that is true are refused, as LuaSec does.
-- @function request
-- @tparam string|table request a URL, or a table, which is not changed
-- @tparam[opt] string body with a URL: makes it a POST
-- @treturn[1] string|integer the body; 1 with a table
-- @treturn[1] integer status code
-- @treturn[1] table headers
-- @treturn[1] string status line
-- @treturn[2] nil
-- @treturn[2] string what failed
function https.request(request, body)
  local pieces = {}
  local by_text = type(request) == "string"
  local own = by_text and of_string(request, body, ltn12.sink.table(pieces)) or {}
  for key, value in pairs(by_text and {} or request) do own[key] = value end
  local refused = refusal(own)
  if refused then return nil, refused end
  own.url = with_port(own.url)
  own.create, own.scheme = https.tcp(own), "https" -- with the scheme, a redirect of LuaSocket's keeps `create`
  local done, code, headers, status = http.request(own)
  if done and by_text then return table.concat(pieces), code, headers, status end
  return done, code, headers, status
end

return https
