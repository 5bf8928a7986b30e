-- SPDX-License-Identifier: MIT
-- What was found, as plain tables in names: what bearssl.audit.run gives, and JSON takes.
local hex = require "bearssl.hex"
local message = require "bearssl.audit.message"
local primes = require "bearssl.audit.primes"
local registry = require "bearssl.audit.registry"
local rules = require "bearssl.audit.rules"

local function names(ids, name_of)
  local list = {}
  for i, id in ipairs(ids) do list[i] = name_of(id) end
  return list
end

local function suite_entry(id)
  if type(id) == "string" then return { name = id } end -- SSL 2.0
  local suite = registry.suites[id]
  return {
    name = suite.name, id = ("0x%04X"):format(id), bits = suite.bits, forward_secret = suite.forward_secret,
    aead = suite.aead,
  }
end

local function protocol_entry(protocol)
  local suites = {}
  for i, id in ipairs(protocol.suites or {}) do suites[i] = suite_entry(id) end
  return {
    name = protocol.name, offered = protocol.offered, suites = suites, preference = protocol.preference,
    prefers_chacha = protocol.prefers_chacha, partial = protocol.partial,
  }
end

local function by_version(lists, name_of)
  local out = {}
  for version, ids in pairs(lists) do out[version] = names(ids, name_of) end
  return out
end

local function dh_entries(facts)
  local out = {}
  for version, dh in pairs(facts.dh) do
    out[version] = { bits = dh.bits, group = primes.name(dh.prime) }
  end
  return out
end

local function resumption(facts)
  local out = {}
  local function add(name, key)
    local entry = facts.handshakes[key]
    if entry and entry.handshake then out[name] = entry.resumed or false end
  end
  add("tickets_1_3", "TLSv1.3")
  add("tickets_1_2", "TLSv1.2 tickets")
  add("session_ids", "session IDs")
  -- The native client resumes by ID, too, where a server has no tickets.
  if out.tickets_1_2 and not (facts.tickets["TLSv1.2"] or {}).lifetime then out.tickets_1_2 = false end
  return out
end

local function tickets(facts)
  local out = {}
  for version, entry in pairs(facts.tickets) do
    local same
    for i, key in ipairs(entry.key_names) do
      if i > 1 then same = same ~= false and key == entry.key_names[1] end
    end
    if entry.lifetime then
      out[version] = {
        lifetime = entry.lifetime, count = entry.count, key_names = entry.key_names, same_key = same,
        early_data = entry.early_data,
      }
    end
  end
  return out
end

local function feature_entries(facts)
  local out = {}
  for key, value in pairs(facts.features) do out[key] = value end
  if facts.renegotiation then
    out.client_renegotiation = facts.renegotiation.accepted
    out.client_renegotiation_answer = facts.renegotiation.answer
  end
  out.resumption = resumption(facts)
  local early = facts.tickets["TLSv1.3"] and facts.tickets["TLSv1.3"].early_data
  if early then out.early_data = early > 0 end
  out.group_preference = facts.group_preference
  return out
end

local function name_text(der)
  return message.distinguished_name(der) or hex.of(der)
end

local function request_entry(facts)
  local request = facts.request
  if not request then return { requested = false } end
  return { requested = true, authorities = names(request.authorities, name_text) }
end

local function http_entry(facts)
  local out = { clear = facts.clear }
  if facts.http then
    out.status, out.hsts = facts.http.status, facts.http.hsts
    out.server, out.content_encoding = facts.http.headers.server, facts.http.headers["content-encoding"]
  end
  return out
end

local function target_entry(values)
  return {
    host = values.host, port = values.port, name = values.name, address = values.address, starttls = values.starttls,
  }
end

return function(facts, p)
  local findings, checks = rules.judge(facts)
  local grade, reasons, trusted = rules.grade(findings)
  local list = {}
  for i, protocol in ipairs(facts.protocols) do list[i] = protocol_entry(protocol) end
  return {
    version = 1, target = target_entry(p.values), seconds = p.now() - p.start, connections = p.connections,
    octets = p.bytes, protocols = list, groups = by_version(facts.groups, registry.group_name),
    signature_schemes = by_version(facts.schemes, registry.scheme_name), dh = dh_entries(facts),
    certificates = facts.certificates, nameless_differs = facts.nameless_differs, features = feature_entries(facts),
    tickets = tickets(facts), client_certificate = request_entry(facts), tolerance = facts.tolerance,
    http = http_entry(facts), findings = findings, checks = checks, gaps = p.gaps, grade = grade, reasons = reasons,
    grade_if_trusted = trusted,
  }
end
