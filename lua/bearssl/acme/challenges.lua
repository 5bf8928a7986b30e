-- SPDX-License-Identifier: MIT
-- Answers to an ACME server's challenges (RFC 8555 section 8, RFC 8737). A responder is a table: `type`; add(name,
-- token, authorization) → true | nil, err; remove(name, token[, authorization]), also of what another process has added
-- where authorization is given; and where it must serve while the caller waits,
-- serve(seconds); close().
local bearssl = require "bearssl"
local core = require "bearssl.core"
local failure = require "bearssl.acme.failure"
local jws = require "bearssl.acme.jws"
local mkcert = require "bearssl.mkcert"
local scheduler = require "bearssl.scheduler"
local strangers = require "bearssl.acme.strangers"

local challenges = {}

local MAX_HEAD, PATIENCE = 8192, 10 -- of a validation's request: bytes, seconds

local function is_token(token) -- base64url (section 8.3): no path, no header can be made of it
  return type(token) == "string" and #token <= 512 and token:find "^[%w_-]+$" ~= nil
end

-- Byte by byte from LuaSocket's buffer: a line that anybody sends has no end of its own.
local function receive_target(sock)
  local now = scheduler.current().now
  local till, bytes, last = now() + PATIENCE, {}, ""
  while #bytes < MAX_HEAD and last ~= "\n\n" and now() < till do
    sock:settimeout(till - now())
    local byte = sock:receive(1)
    if not byte then break end
    bytes[#bytes + 1] = byte
    if byte ~= "\r" then last = last:sub(-1) .. byte end
  end
  return table.concat(bytes):match "^(%u+) (%S+) HTTP/1%.%d\r?\n"
end

local function answer(sock, authorizations)
  local method, target = receive_target(sock)
  sock:settimeout(PATIENCE)
  local token = target and target:match "^/%.well%-known/acme%-challenge/([%w_-]+)$"
  local text = token and authorizations[token]
  local body = method == "HEAD" and "" or text or "not found\n"
  sock:send(("HTTP/1.1 %s\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n"
    .. "Connection: close\r\n\r\n%s"):format(text and "200 OK" or "404 Not Found", #body, body))
end

-- What serves while the caller waits, put into the responder.
local function with_port(responder, options, otherwise, wrap, respond)
  local port = options.port or otherwise
  local own, err = strangers.listen { host = options.host, port = port, wrap = wrap, answer = respond }
  if not own then return nil, failure.new("io", responder.type, ("port %d: %s"):format(port, err)) end
  responder.port = own.port
  responder.serve = function(seconds) own:serve(seconds) end
  responder.close = function() own:close() end
  return responder
end

-- http-01 (section 8.3) by a server of its own.
function challenges.http(options)
  local authorizations = {}
  return with_port({
    type = "http-01",
    add = function(_, token, authorization)
      authorizations[token] = authorization
      return true
    end,
    remove = function(_, token) authorizations[token] = nil end,
  }, options, 80, function(tcp) return tcp end, function(sock) answer(sock, authorizations) end)
end

-- http-01 by files below the folder that a web server serves.
function challenges.webroot(folder)
  local below = folder .. "/.well-known/acme-challenge"
  return {
    type = "http-01",
    add = function(_, token, authorization)
      local status, err = core.run("mkdir", "-p", "--", below)
      if status ~= 0 then return nil, err or failure.new("file_write", below, "the folder cannot be made") end
      return core.write_file(below .. "/" .. token, authorization, tonumber("644", 8), true)
    end,
    remove = function(_, token) os.remove(below .. "/" .. token) end,
  }
end

-- The certificate that answers tls-alpn-01 (RFC 8737 section 3): for the name, with the digest of the key
-- authorization.
local function alpn_identity(name, authorization)
  local key, err = mkcert.key()
  if not key then return nil, err end
  local own
  own, err = mkcert.authority { name = "tls-alpn-01", key = key }
  if not own then return nil, err end
  local digest = core.digest("sha256", authorization)
  local issued
  issued, err = own:issue {
    names = { name }, subject = "tls-alpn-01", key = key, days = 7, -- of the issuer's name and key: self-signed
    extensions = { { oid = "1.3.6.1.5.5.7.1.31", critical = true, value = core.der(4, digest) } },
  }
  if not issued then return nil, err end
  return bearssl.server { certificate = issued.certificate:pem(), key = key, alpn = { "acme-tls/1" } }
end

local function wants_challenge(hello)
  for _, protocol in ipairs(hello.alpn or {}) do
    if protocol == "acme-tls/1" then return true end
  end
end

-- What stands for an address in server_name: its name in the reverse tree (RFC 8738 section 6).
local function server_name(name)
  local octets = core.ip_octets(name)
  if not octets then return name:lower() end
  if #octets == 4 then return ("%d.%d.%d.%d.in-addr.arpa"):format(octets:reverse():byte(1, 4)) end
  local nibbles = octets:reverse():gsub(".", function(octet)
    return ("%x.%x."):format(octet:byte() & 15, octet:byte() >> 4)
  end)
  return nibbles .. "ip6.arpa"
end

-- tls-alpn-01, inside a server that there is: its on_client_hello asks responder.on_client_hello(hello) first.
function challenges.tls_alpn()
  local configs = {}
  return {
    type = "tls-alpn-01",
    on_client_hello = function(hello)
      if not wants_challenge(hello) then return nil end
      return configs[(hello.server_name or ""):lower()] or false
    end,
    add = function(name, _, authorization)
      local config, err = alpn_identity(name, authorization)
      configs[server_name(name)] = config
      return config and true, err
    end,
    remove = function(name) configs[server_name(name)] = nil end,
  }
end

-- tls-alpn-01 by a server of its own: the handshake is all that is asked.
function challenges.tls_alpn_server(options)
  local responder = challenges.tls_alpn()
  local config, err = bearssl.server {
    on_client_hello = function(hello) return responder.on_client_hello(hello) or false end,
  }
  if not config then return nil, err end
  return with_port(responder, options, 443, function(tcp) return (config:wrap(tcp)) end, function(sock)
    sock:settimeout(PATIENCE, "t")
    sock:handshake()
  end)
end

-- dns-01 (section 8.4): `hook` is a function(action, name, value), or a program that is run with "add" or "remove", the
-- name of the TXT record and its value.
function challenges.dns(hook)
  local function call(action, name, authorization)
    local record = "_acme-challenge." .. name:gsub("^%*%.", "")
    local value = jws.base64url(core.digest("sha256", authorization))
    if type(hook) == "function" then return hook(action, record, value) end
    local status, err = core.run(hook, action, record, value)
    if status == 0 then return true end
    return nil, err or failure.new("acme", "dns-01", ("%s %s: exit status %d"):format(hook, action, status))
  end
  local added = {}
  return {
    type = "dns-01",
    add = function(name, token, authorization)
      added[token] = authorization
      return call("add", name, authorization)
    end,
    remove = function(name, token, authorization)
      authorization = added[token] or authorization
      if authorization then call("remove", name, authorization) end
      added[token] = nil
    end,
  }
end

challenges.is_token = is_token

return challenges
