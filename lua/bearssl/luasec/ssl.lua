-- SPDX-License-Identifier: MIT

--- LuaSec's module `ssl`, after `require "bearssl.luasec"`, and the methods of its objects. What is otherwise than in
-- LuaSec, name by name: docs/luasec-table.md.
-- @module ssl

-- Connections (bearssl.luasec.core) and certificates (bearssl.luasec.x509) stand on the same page.
local build = require "bearssl.luasec.build"
local config = require "bearssl.luasec.config"
local connections = require "bearssl.luasec.core"
local context = require "bearssl.luasec.context"
local host = require "bearssl.luasec.host"
local near = require "bearssl.near"
local sockets = require "bearssl.socket"
local x509 = require "bearssl.luasec.x509"

local set = context.public

local ssl = {
  _VERSION = "1.3.2", -- whose manners these are; programs compare it
  _COPYRIGHT = connections.copyright(),
  config = config.public,
  loadcertificate = x509.load,
}

-- What LuaSocket's requests have in the same table (ssl.https, copas.http), and what may be near a key by chance.
local others = {
  url = true, method = true, headers = true, source = true, sink = true, step = true, proxy = true, redirect = true,
  create = true, maxredirects = true, nredirects = true, scheme = true, authority = true, path = true, params = true,
  query = true, fragment = true, userinfo = true, user = true, port = true, uri = true, target = true, timeout = true,
  body = true,
}
local keys = {
  protocol = true, mode = true, certificates = true, key = true, password = true, certificate = true, cafile = true,
  capath = true, ciphers = true, ciphersuites = true, verify = true, options = true, depth = true, dhparam = true,
  curve = true, curveslist = true, verifyext = true, alpn = true, psk = true, dane = true, host = true,
  hostflags = true,
}

-- LuaSec ignores keys that it does not know; what is likely a slip of the pen is told here.
local function check_keys(cfg)
  for key in pairs(cfg) do
    if type(key) == "string" and not keys[key] and not others[key] then
      local meant = near(key, keys)
      if meant then return nil, ("unknown key '%s', did you mean '%s'?"):format(key, meant) end
    end
  end
  return true
end

local function each(value)
  if type(value) == "table" then return table.unpack(value) end
  return value
end

-- Calls in LuaSec's order; the first that fails ends it. A step is { function, arguments } or { false, message }.
local function add_identities(add, cfg)
  local list = cfg.certificates
  if not list then
    list = { { certificate = cfg.certificate, key = cfg.key, password = cfg.password } }
  end
  for _, entry in ipairs(list) do
    local kind = type(entry.password)
    if entry.key and entry.password and kind ~= "function" and kind ~= "string" then
      add(nil, "invalid password type")
    end
    if entry.key then add(set.loadkey, entry.key, entry.password) end
    if entry.certificate then add(set.loadcert, entry.certificate) end
    if entry.key and entry.certificate then
      add(function(ctx) return set.checkkey(ctx), "private key does not match public key" end)
    end
  end
end

local function as_list(value)
  return type(value) == "table" and value or { value }
end

-- opaque ProtocolName<1..2^8-1>, one after another; nil and what is wrong
local function alpn_wire(names)
  local wire = {}
  for i, name in ipairs(names) do
    if type(name) ~= "string" then return nil, "invalid ALPN parameter" end
    if name == "" then return nil, "invalid ALPN name (empty string)" end
    if #name > 255 then return nil, "invalid ALPN name (length > 255)" end
    if name:find "%z" then return nil, "invalid ALPN name (zero byte)" end
    wire[i] = string.pack("s1", name)
  end
  if not wire[1] then return nil, "invalid ALPN list (empty)" end
  return table.concat(wire)
end

-- The server's callback, whose answer is a name or a list of them.
local function alpn_of(callback)
  return function(wire)
    local names, i = {}, 1
    while i <= #wire do
      local name
      name, i = string.unpack("s1", wire, i)
      names[#names + 1] = name
    end
    local answer = callback(names)
    if type(answer) ~= "string" and type(answer) ~= "table" then return nil end
    return (alpn_wire(as_list(answer)))
  end
end

local function add_alpn(add, cfg)
  local kind = type(cfg.alpn)
  if cfg.alpn == nil or cfg.alpn == false then return end
  if cfg.mode == "server" and kind == "function" then return add(set.setalpncb, alpn_of(cfg.alpn)) end
  if kind ~= "table" and (kind ~= "string" or cfg.mode == "server") then return add(nil, "invalid ALPN parameter") end
  local wire, wrong = alpn_wire(as_list(cfg.alpn))
  if not wire then return add(nil, wrong) end
  add(set.setalpn, wire)
  if cfg.mode == "server" then add(set.setalpncb, function() return wire end) end
end

local function add_psk(add, cfg)
  local psk = cfg.psk
  if not psk then return end
  if cfg.mode == "client" and type(psk) == "function" then return add(set.setclientpskcb, psk) end
  if cfg.mode == "server" and type(psk) == "function" then return add(set.setserverpskcb, psk) end
  if cfg.mode == "server" and type(psk) == "table" and type(psk.callback) == "function"
    and (psk.hint == nil or type(psk.hint) == "string") then
    if psk.hint then add(set.setpskhint, psk.hint) end
    return add(set.setserverpskcb, psk.callback)
  end
  add(nil, "invalid PSK configuration")
end

local function steps_of(cfg)
  local steps = {}
  local function add(...) steps[#steps + 1] = table.pack(...) end
  add(set.setmode, cfg.mode)
  add_identities(add, cfg)
  if cfg.cafile or cfg.capath then add(set.locations, cfg.cafile, cfg.capath) end
  if cfg.ciphers then add(set.setcipher, cfg.ciphers) end
  if cfg.ciphersuites then add(set.setciphersuites, cfg.ciphersuites) end
  if cfg.verify then add(set.setverify, each(cfg.verify)) end
  if cfg.options then add(set.setoptions, each(cfg.options)) end
  if cfg.depth then add(set.setdepth, cfg.depth) end
  if cfg.dhparam then add(set.setdhparam, cfg.dhparam) end
  if cfg.curveslist then add(set.setcurveslist, cfg.curveslist) elseif cfg.curve then add(set.setcurve, cfg.curve) end
  if cfg.verifyext then add(function(ctx, ...) return ctx:setverifyext(...) end, each(cfg.verifyext)) end
  add_alpn(add, cfg)
  add_psk(add, cfg)
  if cfg.dane then add(set.setdane, each(type(cfg.dane) == "table" and cfg.dane or {})) end
  return steps
end

local function new_context(cfg)
  local ctx, wrong = set.create(cfg.protocol)
  if not ctx then return nil, wrong end
  local ok
  ok, wrong = check_keys(cfg)
  if not ok then return nil, wrong end
  for _, step in ipairs(steps_of(cfg)) do
    if not step[1] then return nil, step[2] end
    ok, wrong = step[1](ctx, table.unpack(step, 2, step.n))
    if not ok then return nil, wrong end
  end
  ok, wrong = build.config(ctx)
  if not ok then return nil, wrong end
  return ctx
end

--- Makes a context of LuaSec's table. What is wrong in it is told here: a mode that there is none of, a key that is
-- nearly one, what @{wrap} alone knows.
-- @function newcontext
-- @tparam table cfg LuaSec's keys: `mode` and `protocol` are needed
-- @treturn[1] context
-- @treturn[2] nil
-- @treturn[2] string what is wrong, in LuaSec's words
-- @raise where `protocol` or `mode` is missing
function ssl.newcontext(cfg)
  if cfg.host ~= nil or cfg.hostflags ~= nil then
    return nil, "host and hostflags belong to ssl.wrap: a context verifies no name"
  end
  return new_context(cfg)
end

local function set_host(conn, cfg)
  if cfg.host == nil then return true end
  return conn:sethost(cfg.host, table.unpack(as_list(cfg.hostflags or {})))
end

local function without_host(cfg)
  local copy = {}
  for key, value in pairs(cfg) do copy[key] = value end
  copy.host, copy.hostflags = nil, nil
  return copy
end

-- A connection without a descriptor, of a context or of a table of its own.
local function connect(cfg, own)
  if not own then return connections.create(cfg) end
  local refused = host.objection(as_list(cfg.hostflags or {}))
  if refused then return nil, refused end
  local ctx, wrong = new_context(without_host(cfg))
  if not ctx then return nil, wrong end
  local conn
  conn, wrong = connections.create(ctx)
  if conn then set_host(conn, cfg) end
  return conn, wrong
end

--- TLS on a connected socket of LuaSocket, whose descriptor goes over with what it had read already.
-- @function wrap
-- @param sock a TCP object that is connected or accepted; it has no descriptor afterwards
-- @tparam context|table cfg a context, or the table of one, which may have `host` and `hostflags` besides: see
-- @{conn:sethost}
-- @treturn[1] connection
-- @treturn[2] nil
-- @treturn[2] string what is wrong
-- @raise where cfg is something else
function ssl.wrap(sock, cfg)
  local own = type(cfg) == "table"
  if not own and not context.settings(cfg) then
    error("bad argument #2 to 'wrap' (invalid context; one of luaossl or cqueues cannot be shared)", 2)
  end
  local conn, wrong = connect(cfg, own)
  if not conn then return nil, wrong end
  if sock.settimeout then sock:settimeout(0) end
  local early = sockets.buffered(sock)
  local fd = sock:getfd()
  sock:setfd(connections.SOCKET_INVALID)
  connections.setfd(conn, fd, early)
  return conn
end

-- The system's anchors ------------------------------------------------------------------------------------------

-- Where systems keep them; the first that is there counts (a newer LuaSec's function, and its list).
local places = {
  "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
}

--- Where the system has its anchors: SSL_CERT_FILE, then the usual places.
-- @function find_system_ca
-- @treturn[1] string a path
-- @treturn[2] nil
-- @treturn[2] string where they were looked for
function ssl.find_system_ca()
  local tried = { "no system CA bundle found:" }
  local list = table.move(places, 1, #places, 2, { os.getenv "SSL_CERT_FILE" or places[1] })
  for _, path in ipairs(list) do
    local file = io.open(path, "rb")
    if file then
      file:close()
      return path
    end
    tried[#tried + 1] = ("no file '%s'"):format(path)
  end
  return nil, table.concat(tried, "\n\t")
end

local system_ca -- nil: not looked for yet; false: switched off

--- The same, looked for once.
-- @function get_system_ca
-- @treturn[1] string a path
-- @treturn[2] nil
-- @treturn[2] string why there is none
function ssl.get_system_ca()
  if system_ca == false then return nil, "the system's CA bundle is switched off" end
  local wrong
  if not system_ca then system_ca, wrong = ssl.find_system_ca() end
  return system_ca, wrong
end

--- Sets what @{get_system_ca} gives.
-- @function set_system_ca
-- @tparam ?string|boolean path nil: it is looked for again; false: there is none
-- @treturn boolean true
function ssl.set_system_ca(path)
  if path ~= nil and path ~= false and type(path) ~= "string" then
    error("bad argument #1 to 'set_system_ca' (a path, nil or false is expected)", 2)
  end
  system_ca = path
  return true
end

return ssl
