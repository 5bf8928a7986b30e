-- SPDX-License-Identifier: MIT
-- What a ServerHello and the messages behind it tell: extensions, certificates, compression, the fallback signal, and
-- what a server makes of unusual ClientHellos.
local hello = require "bearssl.audit.hello"
local message = require "bearssl.audit.message"
local prober = require "bearssl.audit.prober"
local protocols = require "bearssl.audit.protocols"
local registry = require "bearssl.audit.registry"

local features = {}

-- The newest version that the server has, and the newest below TLS 1.3.
function features.newest(facts)
  local newest, old
  for _, protocol in ipairs(facts.protocols) do
    if protocol.offered and protocol.id >= 0x0300 then
      newest = protocol
      if protocol.id < 0x0304 then old = protocol end
    end
  end
  return newest, old
end

local function with(spec, more)
  local all = {}
  for key, value in pairs(spec) do all[key] = value end
  for key, value in pairs(more) do all[key] = value end
  return all
end

-- A ClientHello that the server has taken before.
local function plain(protocol, more)
  return with(protocols.spec(protocol.id, protocol.suites, protocol.shares), more or {})
end

-- --- certificates -----------------------------------------------------------------------------------------

local STATUS = { 5, "\1\0\0\0\0" } -- status_request: OCSP, no responders, no extensions (RFC 6066 section 8)
local SCT = { 18, "" } -- signed_certificate_timestamp (RFC 6962 section 3.3.1)

local function sct_count(data)
  if not data then return 0 end
  local count = 0
  pcall(function()
    local list, at = (">s2"):unpack(data), 1
    while at <= #list do
      local _
      _, at = (">s2"):unpack(list, at)
      count = count + 1
    end
  end)
  return count
end

-- What came along with a certificate below TLS 1.3.
local function presented(answer)
  local ders = message.certificates(answer.messages[11])
  if not ders[1] then return nil end
  return {
    ders = ders, staple = message.status(answer.messages[22]), scts = sct_count(answer.extensions[18]),
  }
end

-- Those with which the server authenticates itself in one way.
local function certificate(p, facts, protocol, auth)
  local suites = protocols.select(protocol.suites, function(s) return s.auth == auth and s.exchange ~= "SRP" end)
  local answer = p:ask(plain(protocol, { suites = suites, extra = { STATUS, SCT } }), true)
  if answer.kind ~= "hello" then
    p:gap("certificate for " .. auth, answer.alert or answer.kind)
    return
  end
  local found = presented(answer)
  if found then
    found.auth, found.version = auth, protocol.name
    facts.presented[#facts.presented + 1] = found
  end
  local request = message.certificate_request(answer.messages[13], answer.version)
  if request then facts.request = request end
end

-- What a client without a name is shown.
local function nameless(p, facts, protocol)
  local answer = p:ask(plain(protocol, { name = false, extra = { STATUS } }), true)
  if answer.kind == "hello" then
    facts.nameless = presented(answer)
  else
    facts.nameless_refused = answer.alert or answer.kind
  end
end

local function certificate_tasks(facts, old, add)
  local seen = {}
  for _, id in ipairs(old.suites) do
    local suite = registry.suites[id]
    local auth = suite.auth
    if not seen[auth] and (auth == "RSA" or auth == "ECDSA" or auth == "DSS" or auth == "GOST") then
      seen[auth] = true
      add("certificate for " .. auth, function(p) certificate(p, facts, old, auth) end)
    end
  end
  add("certificate without a name", function(p) nameless(p, facts, old) end)
end

-- --- extensions -------------------------------------------------------------------------------------------

-- Application protocols that are asked for (IANA's ALPN Protocol IDs).
local protocols_of = {
  [false] = { "h2", "http/1.1", "http/1.0", "spdy/3.1", "h2c" }, smtp = {}, imap = { "imap" }, pop3 = { "pop3" },
  ftp = { "ftp" }, xmpp = { "xmpp-client", "xmpp-server" }, ldap = {}, postgres = { "postgresql" }, mysql = {},
}

function features.application_protocols(starttls)
  return protocols_of[starttls or false]
end

-- One ClientHello with all that a server can say yes to.
local function extensions(p, facts, old)
  local answer = p:ask(plain(old, { extra = { { 15, "\1" }, { 23, "" }, { 35, "" }, { 13172, "" } } }))
  if answer.kind ~= "hello" then
    p:gap("extensions of " .. old.name, answer.alert or answer.kind)
    return
  end
  local x, found = answer.extensions, facts.features
  found.secure_renegotiation = x[0xff01] ~= nil
  found.heartbeat = x[15] ~= nil
  found.extended_master_secret = x[23] ~= nil
  found.session_ticket = x[35] ~= nil
  found.next_protocol_negotiation = x[13172] ~= nil
  found.session_id = #answer.session_id > 0
  local sentinel = answer.random:sub(-8)
  found.downgrade_sentinel = sentinel == "DOWNGRD\1" or sentinel == "DOWNGRD\0"
end

local function encrypt_then_mac(p, facts, old, cbc)
  local answer = p:ask(plain(old, { suites = cbc, extra = { { 22, "" } } }))
  if answer.kind == "hello" then facts.features.encrypt_then_mac = answer.extensions[22] ~= nil end
end

local function compression(p, facts, old)
  local answer = p:ask(plain(old, { compression = "\1\64\0" })) -- DEFLATE (RFC 3749), LZS (RFC 3943), null
  if answer.kind == "hello" then facts.features.compression = answer.compression end
end

-- The protocols that a server takes, in its order: what it chooses is left out of the next offer. choose(offer): the
-- name that it chose, if any.
function features.protocols_taken(p, choose)
  local left, chosen = table.move(features.application_protocols(p.values.starttls), 1, 9, 1, {}), {}
  while left[1] do
    local name, at = choose(left), nil
    for i, value in ipairs(left) do
      if value == name then at = i end
    end
    if not at then break end
    chosen[#chosen + 1] = table.remove(left, at)
  end
  return chosen
end

local function alpn(p, facts, old)
  facts.features.alpn = features.protocols_taken(p, function(left)
    local answer = p:ask(plain(old, { extra = { hello.make.alpn(left) } }))
    local data = answer.kind == "hello" and answer.extensions[16]
    return data and #data > 3 and data:sub(4)
  end)
end

-- RFC 7507: a client that says it has fallen back, to the version below the newest.
local function fallback(p, facts, below)
  local suites = table.move(below.suites, 1, #below.suites, 1, {})
  suites[#suites + 1] = 0x5600
  local answer = p:ask(plain(below, { suites = suites }))
  if answer.kind == "alert" then
    facts.features.fallback_scsv = true
    facts.features.fallback_alert = answer.alert
  elseif answer.kind == "hello" then
    facts.features.fallback_scsv = false
  end
end

-- --- tolerance --------------------------------------------------------------------------------------------

local GREASE = 0x0a0a -- RFC 8701

-- What a server must bear: each makes of a good ClientHello one that means the same.
local unusual = {
  { "grease", "GREASE values (RFC 8701)", function(spec)
    return { suites = { GREASE, table.unpack(spec.suites) }, groups = { GREASE, table.unpack(spec.groups) },
      extra = { { 0x1a1a, "" }, { 0x2a2a, "\0" } },
      versions = spec.version >= 0x0304 and { GREASE, 0x0304, 0x0303 } or nil }
  end },
  { "future_version", "a version to come in ClientHello.version", function(spec)
    if spec.version >= 0x0304 then return nil end
    return { legacy_version = 0x0304 }
  end },
  { "future_supported_version", "a version to come in supported_versions", function(spec)
    if spec.version < 0x0304 then return nil end
    return { versions = { 0x0305, 0x0304 } }
  end },
  { "record_version", "a record of version 3.3 around the ClientHello", function()
    return { record_version = 0x0303 }
  end },
  { "unknown_extension", "an extension that nobody knows", function() return { extra = { { 0xfcfc, "audit" } } } end },
  { "long_hello", "a ClientHello of 2000 octets", function() return { pad = 2000 } end },
  { "hello_of_511", "a ClientHello of 256 to 511 octets", function(spec)
    return { pad = 500, suites = table.move(spec.suites, 1, math.min(16, #spec.suites), 1, {}),
      schemes = table.move(registry.scheme_ids, 1, 20, 1, {}) }
  end },
  { "fragmented", "a ClientHello in records of 64 octets", function() return { fragment = 64 } end },
  { "many_suites", "250 cipher suites", function(spec)
    local suites = table.move(spec.suites, 1, #spec.suites, 1, {})
    for i = 1, 250 - #suites do suites[#suites + 1] = 0xfd00 + i end
    return { suites = suites }
  end },
}

local function tolerance_tasks(facts, newest, add)
  for i, row in ipairs(unusual) do
    local base = plain(newest)
    local change = row[3](base)
    if change and newest.id >= 0x0301 then
      local entry = { id = row[1], what = row[2] }
      facts.tolerance[#facts.tolerance + 1] = entry
      add("tolerance " .. i, function(p)
        local answer = p:ask(with(base, change))
        if answer.kind ~= "unreachable" then
          entry.ok = prober.accepted(answer) == true
          entry.answer = answer.alert or answer.kind
        end
      end)
    end
  end
end

-- --- all of it --------------------------------------------------------------------------------------------

local function below_newest(facts, newest)
  local below
  for _, protocol in ipairs(facts.protocols) do
    if protocol.offered and protocol.id >= 0x0300 and protocol.id < newest.id then below = protocol end
  end
  return below
end

function features.tasks(facts)
  local tasks = {}
  local function add(name, fn) tasks[#tasks + 1] = { name, fn } end
  local newest, old = features.newest(facts)
  if not newest then return tasks end
  tolerance_tasks(facts, newest, add)
  local below = below_newest(facts, newest)
  if below then add("fallback signal", function(p) fallback(p, facts, below) end) end
  if not old then return tasks end
  certificate_tasks(facts, old, add)
  add("compression", function(p) compression(p, facts, old) end)
  if old.id == 0x0300 then return tasks end
  add("extensions", function(p) extensions(p, facts, old) end)
  add("application protocols", function(p) alpn(p, facts, old) end)
  local cbc = protocols.select(old.suites, function(s) return s.cbc end)
  if cbc[1] then add("encrypt-then-MAC", function(p) encrypt_then_mac(p, facts, old, cbc) end) end
  return tasks
end

return features
