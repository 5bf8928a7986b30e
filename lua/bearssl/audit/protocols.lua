-- SPDX-License-Identifier: MIT
-- Versions and their suites, groups and signature schemes: lists that a server gives one by one.
local hello = require "bearssl.audit.hello"
local message = require "bearssl.audit.message"
local prober = require "bearssl.audit.prober"
local registry = require "bearssl.audit.registry"

local protocols = {}

local CHUNK = 64 -- suites in a ClientHello for servers that take no long one

protocols.versions = { -- in the order of a report
  { id = 0x0002, name = "SSLv2" }, { id = 0x0300, name = "SSLv3" }, { id = 0x0301, name = "TLSv1.0" },
  { id = 0x0302, name = "TLSv1.1" }, { id = 0x0303, name = "TLSv1.2" }, { id = 0x0304, name = "TLSv1.3" },
}

local function suite_of(answer) return answer.suite end

-- A ClientHello of one version with these suites. In TLS 1.3 no key goes along: a HelloRetryRequest says all.
function protocols.spec(version, suites, shares)
  local groups = version >= 0x0304 and registry.group_ids or prober.groups_12
  return { version = version, suites = suites, shares = shares, groups = groups, bare = version == 0x0300 }
end

-- An answer in another version says no to this one.
local function in_version(version)
  return function(answer) return answer.version == version and suite_of(answer) or nil end
end

local function enumerate(p, version, list, shares)
  local function spec_of(suites) return protocols.spec(version, suites, shares) end
  local chosen, last = p:enumerate(list, spec_of, in_version(version))
  return chosen, last, spec_of
end

-- By pieces, and then the order of what was found.
local function in_chunks(p, version, list)
  local found, spec_of = {}, nil
  for at = 1, #list, CHUNK do
    local piece, _, of = enumerate(p, version, table.move(list, at, math.min(#list, at + CHUNK - 1), 1, {}))
    table.move(piece, 1, #piece, #found + 1, found)
    spec_of = of
  end
  if #found > 1 and #found <= CHUNK and #list > CHUNK then found = enumerate(p, version, found) end
  return found, spec_of
end

-- What a server says that has no suite in common, or does not have the version (RFC 5246 section 7.2.2).
local plain_refusals = {
  handshake_failure = true, protocol_version = true, insufficient_security = true, no_renegotiation = false,
}

-- ChaCha20 first: does a server that goes by its own order take it then?
local function yields_chacha(p, chosen, spec_of)
  local first, others = nil, {}
  for _, id in ipairs(chosen) do
    if not first and registry.suites[id].cipher == "ChaCha20" then first = id else others[#others + 1] = id end
  end
  if not first or chosen[1] == first then return nil end
  local answer = p:ask(spec_of { first, table.unpack(others) })
  return prober.accepted(answer) and answer.suite == first or nil
end

-- Fills `protocol`: `offered` (nil: not known), `suites` (numbers), `preference`, `prefers_chacha`.
local function tls_version(p, protocol)
  local version, list = protocol.id, registry.suites_for(protocol.id)
  local chosen, last, spec_of = enumerate(p, version, list)
  local refused = last.kind == "alert" and plain_refusals[last.alert]
  local mute = last.kind == "unreachable" or last.kind == "timeout" and not p.heard
  if not chosen[1] and not refused and not mute then
    if version >= 0x0304 then -- perhaps it wants a key
      protocol.shares = hello.share_groups
      chosen, last, spec_of = enumerate(p, version, list, protocol.shares)
    elseif last.kind ~= "hello" then
      chosen, spec_of = in_chunks(p, version, list)
    end
  end
  protocol.suites, protocol.offered = chosen, #chosen > 0
  if #chosen == 0 and prober.accepted(last) == nil then protocol.offered = nil end
  if last.kind == "unreachable" then
    p:gap("cipher suites of " .. protocol.name, last.text or last.kind)
    protocol.partial = true
  end
  if #chosen > 0 then
    local others = protocols.select(chosen, function(s) return s.cipher ~= "ChaCha20" end) -- see yields_chacha
    protocol.preference = p:preference(#others > 1 and others or chosen, spec_of, in_version(version))
    if protocol.preference == "server" then protocol.prefers_chacha = yields_chacha(p, chosen, spec_of) end
  end
  protocol.answer = last.kind == "alert" and last.alert or last.kind
end

local function read_ssl_2(l)
  local head, why = l:octets(2)
  if not head then return nil, why end
  local length = (">I2"):unpack(head)
  if length & 0x8000 == 0 then return {} end -- a TLS record, or something else
  local body
  body, why = l:octets(length & 0x7fff)
  return body and (message.ssl_2_hello(body) or {}), why
end

local function ssl_2(p, protocol)
  local kinds, why, detail = p:with(function(l)
    local ok, failed = l:send(hello.ssl_2())
    if not ok then return nil, failed end
    local kinds, failure = read_ssl_2(l)
    return kinds or false, failure, kinds and l.bytes
  end)
  if kinds == nil and why == "unreachable" then
    p:gap("SSLv2", detail or why)
    return
  end
  protocol.suites = {}
  for i, kind in ipairs(kinds or {}) do protocol.suites[i] = registry.ssl_2_kinds[kind] or ("0x%06X"):format(kind) end
  protocol.offered = #protocol.suites > 0
  protocol.answer = why
end

-- The tasks that learn all versions and suites; they fill `list`.
function protocols.tasks(list)
  local tasks = {}
  for i, version in ipairs(protocols.versions) do
    local protocol = { id = version.id, name = version.name }
    list[i], list[version.name] = protocol, protocol
    tasks[i] = { version.name, function(p) (version.id == 2 and ssl_2 or tls_version)(p, protocol) end }
  end
  return tasks
end

-- Those of the suites for which `wanted` is true of what is known of them.
function protocols.select(suites, wanted)
  local list = {}
  for _, id in ipairs(suites or {}) do
    if registry.suites[id] and wanted(registry.suites[id]) then list[#list + 1] = id end
  end
  return list
end

-- --- groups -----------------------------------------------------------------------------------------------

local function group_of(answer) return answer.group end

local function groups_13(p, facts)
  local function spec_of(groups)
    return { version = 0x0304, suites = facts.protocols["TLSv1.3"].suites, groups = groups }
  end
  local chosen = p:enumerate(registry.group_ids, spec_of, group_of)
  facts.groups["TLSv1.3"], facts.group_preference["TLSv1.3"] = chosen, p:preference(chosen, spec_of, group_of)
end

-- Below TLS 1.3 the ServerKeyExchange tells. With one group alone, so that the answers can be had beside each other.
local function exchange_of(answer)
  if not prober.accepted(answer) or not answer.messages then return nil end
  return message.server_key_exchange(answer.messages[12], registry.suites[answer.suite].exchange, answer.version)
end

local function index_of(list, wanted)
  for i, value in ipairs(list) do
    if value == wanted then return i end
  end
end

-- The groups that certificates may have stay, at the end: a server may show no ECDSA certificate without its curve
-- (RFC 8422 section 5.1).
local function with_curves(left, chosen)
  local list = table.move(left, 1, #left, 1, {})
  for _, id in ipairs(chosen) do
    if id >= 23 and id <= 25 then list[#list + 1] = id end
  end
  return #list > #left and list or nil
end

local function groups_12(p, facts, protocol, suites)
  local function ask(groups)
    return exchange_of(p:ask({ version = protocol.id, suites = suites, groups = groups }, true))
  end
  local chosen, left = {}, table.move(prober.groups_12, 1, #prober.groups_12, 1, {})
  while left[1] do
    local exchange = ask(left)
    local more = not exchange and with_curves(left, chosen)
    if more then exchange = ask(more) end
    local at = exchange and index_of(left, exchange.group)
    if not at then break end
    facts.keys:add("ECDHE", exchange.group, exchange.public)
    chosen[#chosen + 1] = table.remove(left, at)
  end
  facts.groups[protocol.name] = chosen
end

-- Two connections with the same parameters: is the server's key the same? And what its DH parameters are.
local function finite_field(p, facts, protocol, suites)
  for _ = 1, 2 do
    local answer = p:ask({ version = protocol.id, suites = suites, groups = {} }, true)
    local exchange = exchange_of(answer)
    if not exchange then return end
    facts.dh[protocol.name] = { bits = exchange.bits, prime = exchange.prime, generator = exchange.generator }
    facts.keys:add("DHE", exchange.prime, exchange.public)
  end
end

-- The public keys that a server has used, to notice one that comes twice.
local keys = {}
keys.__index = keys

function keys:add(kind, group, public)
  if not public then return end
  local key = ("%s %s %s"):format(kind, group, public)
  if self.seen[key] then self.reused[kind] = true end
  self.seen[key], self.count[kind] = true, (self.count[kind] or 0) + 1
end

function protocols.new_keys()
  return setmetatable({ seen = {}, reused = {}, count = {} }, keys)
end

local function two_ecdhe(p, facts, protocol, suites)
  for _ = 1, 2 do
    local answer = p:ask({ version = protocol.id, suites = suites, groups = prober.groups_12 }, true)
    local exchange = exchange_of(answer)
    if exchange then facts.keys:add("ECDHE", exchange.group, exchange.public) end
  end
end

-- Tasks for the groups of what `facts.protocols` has.
function protocols.group_tasks(facts)
  local tasks = {}
  local function add(name, fn) tasks[#tasks + 1] = { name, fn } end
  local newest -- below TLS 1.3
  for _, protocol in ipairs(facts.protocols) do
    if protocol.offered and protocol.id == 0x0304 then
      add("groups of TLSv1.3", function(p) groups_13(p, facts) end)
    elseif protocol.offered and protocol.id >= 0x0300 then
      newest = protocol
      local finite = protocols.select(protocol.suites, function(s) return s.exchange:find "^DHE" ~= nil end)
      if finite[1] then
        add("DH parameters of " .. protocol.name, function(p) finite_field(p, facts, protocol, finite) end)
      end
    end
  end
  local curves = newest and newest.id >= 0x0301
    and protocols.select(newest.suites, function(s) return s.exchange == "ECDHE" end)
  if curves and curves[1] then
    add("groups of " .. newest.name, function(p) groups_12(p, facts, newest, curves) end)
    add("keys of " .. newest.name, function(p) two_ecdhe(p, facts, newest, curves) end)
  end
  return tasks
end

-- --- signature schemes --------------------------------------------------------------------------------------

-- TLS 1.2: the ServerKeyExchange is signed by the scheme that it names.
local function schemes_12(p, facts, suites)
  local left, chosen = table.move(registry.scheme_ids, 1, #registry.scheme_ids, 1, {}), {}
  while left[1] do
    local spec = { version = 0x0303, suites = suites, groups = prober.groups_12, schemes = left }
    local exchange = exchange_of(p:ask(spec, true))
    local at = exchange and index_of(left, exchange.scheme)
    if not at then break end
    chosen[#chosen + 1] = table.remove(left, at)
  end
  facts.schemes["TLSv1.2"] = chosen
end

local ALERT_RECORD = 2 + 1 + 16 -- an alert, its type, a tag: nothing else of a server's first flight is so short

-- TLS 1.3: CertificateVerify is encrypted. A server that has no such signature ends the handshake with an alert.
local function flight_is_alert(l)
  for _ = 1, 4 do
    local content, payload = l:record()
    if not content then return payload ~= "limit" end
    if content == 21 or content == 23 and #payload == ALERT_RECORD then return true end
    if content == 23 and #payload > 128 then return false end
  end
  return false
end

local function schemes_13(p, facts, scheme)
  local group = facts.share_group
  local refused
  local answer = p:ask({
    version = 0x0304, suites = facts.protocols["TLSv1.3"].suites, groups = { group }, shares = { group },
    schemes = { scheme },
  }, false, function(l, answer)
    if answer.kind == "hello" then
      facts.keys:add("TLSv1.3", group, answer.share)
      refused = flight_is_alert(l)
    end
  end)
  if answer.kind == "hello" and refused == false then facts.scheme_seen[scheme] = true end
end

-- A group of TLS 1.3 that the server has and we have a key of.
local function share_group(facts)
  for _, group in ipairs(facts.groups["TLSv1.3"] or {}) do
    for _, own in ipairs(hello.share_groups) do
      if own == group then return group end
    end
  end
end

function protocols.scheme_tasks(facts)
  local tasks = {}
  local old = facts.protocols["TLSv1.2"]
  local signed = old.offered and protocols.select(old.suites, function(s)
    return (s.exchange == "ECDHE" or s.exchange == "DHE") and not s.anonymous
  end)
  if signed and signed[1] then
    tasks[#tasks + 1] = { "signatures of TLSv1.2", function(p) schemes_12(p, facts, signed) end }
  end
  facts.share_group, facts.scheme_seen = share_group(facts), {}
  if facts.protocols["TLSv1.3"].offered and facts.share_group then
    for _, scheme in ipairs(registry.scheme_ids) do
      tasks[#tasks + 1] = { "signatures of TLSv1.3", function(p) schemes_13(p, facts, scheme) end }
    end
  end
  return tasks
end

-- Once those have ended.
function protocols.collect_schemes(facts)
  if not facts.protocols["TLSv1.3"].offered then return end
  local list = {}
  for _, scheme in ipairs(registry.scheme_ids) do
    if facts.scheme_seen[scheme] then list[#list + 1] = scheme end
  end
  facts.schemes["TLSv1.3"] = list
end

return protocols
