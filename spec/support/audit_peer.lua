-- A server for bearssl.audit that keeps to a script, in this process: what no server of today would do.
--
--   local report, err = audit_peer.audit(handler, options)     -- handler(peer, n) has the n-th connection
--   audit_peer.scripted { versions = { 0x0300 }, suites = { 0x0005 }, ... }   -- a handler, see below
--
-- peer: hello() reads a ClientHello (nil at the end), send(octets), record(type, octets), message(type, body),
-- alert(number), read() a record: type, payload.
local audit = require "bearssl.audit"
local messages = require "spec.support.hostile.messages"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local socket = require "socket"
local x509 = require "bearssl.x509"

local audit_peer = {}

local peer = {}
peer.__index = peer

function peer:send(octets) return self.sock:send(octets) end

function peer:record(kind, octets)
  return self:send((">BI2s2"):pack(kind, self.version or 0x0301, octets))
end

function peer:message(kind, body)
  return self:record(22, (">Bs3"):pack(kind, body))
end

function peer:alert(number) return self:record(21, string.char(2, number)) end

function peer:read()
  local head = self.sock:receive(5)
  if not head or head:byte() & 0x80 ~= 0 then return nil, head end
  local kind, _, length = (">BI2I2"):unpack(head)
  return kind, length == 0 and "" or self.sock:receive(length)
end

function peer:hello()
  local kind, text = self:read()
  if kind ~= 22 then return nil, text end
  while #text < 4 or #text < 4 + (">I3"):unpack(text, 2) do
    local _, more = self:read()
    if not more then return nil end
    text = text .. more
  end
  return messages.read_client_hello(text:sub(5))
end

-- Audits a listener whose connections `handler` has. options: of audit.run.
function audit_peer.audit(handler, options)
  local loop, result = scheduler.loop(), nil
  local listener = assert(socket.bind("127.0.0.1", 0, 64))
  local _, port = listener:getsockname()
  local given = { name = "localhost", trust = pki.roots, http = false, timeout = 2 }
  for name, value in pairs(options or {}) do given[name] = value end
  loop:spawn(function()
    local sock, count = scheduler.socket(listener), 0
    while true do
      local client = sock:accept()
      if not client then return end
      count = count + 1
      loop:spawn(function(n)
        handler(setmetatable({ sock = client, close = function() client:close() end }, peer), n)
        client:close()
      end, count)
    end
  end)
  loop:spawn(function()
    result = table.pack(audit.run("127.0.0.1", port, given))
    loop:stop()
  end)
  loop:run()
  listener:close()
  return table.unpack(result, 1, result.n)
end

-- --- a server by a script ---------------------------------------------------------------------------------

local curve_point = "\4" .. ("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
  .. "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"):gsub("%x%x", function(octet)
  return string.char(tonumber(octet, 16))
end)

local function has(list, value)
  for _, each in ipairs(list) do
    if each == value then return true end
  end
  return false
end

local function choose_version(config, hello)
  local data = messages.get(hello.extensions, 43)
  local best
  for _, version in ipairs(config.versions) do
    local wanted = version <= hello.legacy_version
    if data then
      wanted = false
      for at = 2, #data, 2 do wanted = wanted or (">I2"):unpack(data, at) == version end
    end
    if wanted and (not best or version > best) then best = version end
  end
  return best
end

local function choose_suite(config, hello)
  for _, suite in ipairs(hello.cipher_suites) do
    if has(config.suites, suite) then return suite end
  end
end

local ecdhe = { [0xc013] = true, [0xc014] = true, [0xc02f] = true, [0xc011] = true }
local dhe = { [0x0033] = true, [0x0039] = true, [0x0014] = true, [0x0011] = true }

local function key_exchange(config, suite, version)
  local signature = (version >= 0x0303 and "\4\1" or "") .. (">s2"):pack(("s"):rep(256))
  if ecdhe[suite] then return (">BI2s1"):pack(3, 23, curve_point) .. signature end
  if dhe[suite] then
    local p = "\xff" .. ("\x55"):rep(config.dh // 8 - 1)
    config.count = (config.count or 0) + 1
    return (">s2s2s2"):pack(p, "\2", config.fresh and (">I8"):pack(config.count) or ("\7"):rep(#p)) .. signature
  end
end

local function extensions_for(config, hello)
  local list = {}
  for kind, data in pairs(config.extensions or {}) do
    if messages.get(hello.extensions, kind) then list[#list + 1] = { kind, data } end
  end
  return list
end

local function ders(pair)
  local list = {}
  for i, certificate in ipairs(assert(x509.load(pair.certificate))) do list[i] = { certificate:der() } end
  return list
end

local function first_flight(p, config, hello, version, suite)
  local compression = config.compression and hello.compression_methods:find("\1", 1, true) and 1 or 0
  local id = config.session_id and config.session_id(hello) or ""
  p:message(2, messages.body("server_hello", {
    legacy_version = version, random = ("r"):rep(32), session_id = id, cipher_suite = suite,
    compression_method = compression, extensions = version > 0x0300 and extensions_for(config, hello) or nil,
  }))
  p:message(11, messages.body("certificate", { entries = config.entries }))
  local exchange = key_exchange(config, suite, version)
  if exchange then p:message(12, exchange) end
  p:message(14, "")
end

-- config: `versions`, `suites` (chosen by the client's order), `extensions` (by type: what is answered where the client
-- has it), `compression`, `dh` (bits), `session_id(hello)`, `pair` of pki, `ssl_2` (cipher kinds), and
-- `on(kind, payload, p)`: what comes behind the first flight; whatever it gives but nil ends the connection.
function audit_peer.scripted(config)
  config.dh, config.entries = config.dh or 2048, ders(config.pair or pki.server.rsa2048)
  return function(p)
    local hello, head = p:hello()
    if not hello then
      if head and config.ssl_2 then
        local kinds = config.ssl_2
        local body = (">BBBI2I2I2I2"):pack(4, 0, 1, 2, 4, #kinds, 16) .. "cert" .. kinds .. ("c"):rep(16)
        p:send((">I2"):pack(0x8000 | #body) .. body)
      end
      return
    end
    local version, suite = choose_version(config, hello), choose_suite(config, hello)
    p.version = version
    if not version then return p:alert(70) end
    if has(hello.cipher_suites, 0x5600) and config.scsv then return p:alert(86) end
    if not suite then return p:alert(40) end
    first_flight(p, config, hello, version, suite)
    if not config.on then return end
    repeat
      local kind, payload = p:read()
    until not kind or config.on(kind, payload, p) ~= nil
  end
end

return audit_peer
