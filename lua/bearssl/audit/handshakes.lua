-- SPDX-License-Identifier: MIT
-- Whole handshakes, by the engines: what is encrypted in TLS 1.3, tickets, resumption, HTTP, and renegotiation.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local features = require "bearssl.audit.features"
local hello = require "bearssl.audit.hello"
local hex = require "bearssl.hex"
local http = require "bearssl.audit.http"
local message = require "bearssl.audit.message"
local protocols = require "bearssl.audit.protocols"
local registry = require "bearssl.audit.registry"

local handshakes = {}

local PATIENCE = 0.5 -- seconds that a ticket may take which comes by itself

-- The octets of one record, for the engine.
local function feed(l, conn)
  local content, payload, version = l:record()
  if not content then
    if payload == "closed" then conn:feed_eof() end
    return nil, payload
  end
  return conn:feed((">BI2s2"):pack(content, version, payload))
end

local function flush(l, conn)
  local out = conn:pull()
  return out == "" or l:send(out)
end

-- The handshake; whether it succeeded, and why not.
local function shake(l, conn)
  while true do
    if not flush(l, conn) then return nil, "closed" end
    local state = conn:state()
    if state == "connected" then return true end
    if state ~= "handshake" and state ~= "handshaking" then return nil, state end
    local ok, err = feed(l, conn)
    if not ok then
      flush(l, conn)
      return nil, tostring(err)
    end
  end
end

-- Goes on reading until `enough(data)` says so, or `seconds` are over.
local function read_on(l, conn, seconds, enough)
  local data = ""
  l.deadline = math.min(l.deadline, l.now() + seconds)
  while not enough(data) do
    if not feed(l, conn) then break end
    flush(l, conn)
    data = data .. (conn:read() or "")
  end
  return data
end

-- The bodies of the handshake messages that came, by name, in lists.
local function received(conn)
  local by_name = {}
  for _, step in ipairs(conn:trace()) do
    if step.kind == "message" and step.direction == "received" then
      by_name[step.name] = by_name[step.name] or {}
      table.insert(by_name[step.name], step)
    end
  end
  return by_name
end

-- --- TLS 1.3 ----------------------------------------------------------------------------------------------

local function extension(step, name)
  for _, x in ipairs(step.fields and step.fields.extensions or {}) do
    if x.name == name then return x.data end
  end
end

-- A list of names in DER (RFC 8446 section 4.2.4).
local function authorities(data)
  local list = {}
  pcall(function()
    local block, at = (">s2"):unpack(data), 1
    while at <= #block and #list < 1000 do list[#list + 1], at = (">s2"):unpack(block, at) end
  end)
  return list
end

local function presented(steps)
  local certificate = steps.Certificate and steps.Certificate[1]
  local entries = certificate and certificate.fields and certificate.fields.certificates
  if not entries or not entries[1] then return nil end
  local found, scts = { ders = {}, scts = 0, version = "TLSv1.3" }, nil
  for i, entry in ipairs(entries) do found.ders[i] = entry.der end
  for _, x in ipairs(entries[1].extensions or {}) do
    if x.name == "status_request" then found.staple = message.status(x.data) end
    if x.name == "signed_certificate_timestamp" then scts = x.data end
  end
  pcall(function()
    local list, at, _ = (">s2"):unpack(scts), 1, nil
    while at <= #list do
      _, at = (">s2"):unpack(list, at)
      found.scts = found.scts + 1
    end
  end)
  return found
end

local function note_request(facts, steps)
  local request = steps.CertificateRequest and steps.CertificateRequest[1]
  if request and not facts.request then
    local names = extension(request, "certificate_authorities")
    facts.request = { authorities = names and authorities(names) or {}, types = {} }
  end
end

-- NewSessionTicket of either version: lifetime, what names its key by RFC 5077's recommendation, early data.
local function read_ticket(step, tls_1_3)
  local body = step.body
  local ok, ticket = pcall(function()
    if not tls_1_3 then
      local lifetime, octets = (">I4s2"):unpack(body)
      return { lifetime = lifetime, octets = octets }
    end
    local lifetime, _, _, octets = (">I4I4s1s2"):unpack(body)
    return { lifetime = lifetime, octets = octets }
  end)
  if not ok then return nil end
  if tls_1_3 then
    local early = extension(step, "early_data")
    ticket.early_data = early and #early == 4 and (">I4"):unpack(early) or 0
  end
  ticket.key_name = #ticket.octets >= 32 and ticket.octets:sub(1, 16) or nil
  return ticket
end

local function note_tickets(facts, name, steps)
  local list = steps.NewSessionTicket or {}
  local entry = facts.tickets[name] or { count = #list, key_names = {} }
  facts.tickets[name] = entry
  for _, step in ipairs(list) do
    local ticket = read_ticket(step, name == "TLSv1.3")
    if ticket then
      entry.lifetime, entry.early_data = ticket.lifetime, ticket.early_data
      entry.octets = ticket.octets
      if ticket.key_name then entry.key_names[#entry.key_names + 1] = hex.of(ticket.key_name) end
    end
  end
end

-- One connection with a config: `then_do(l, conn, steps)` goes on with it. What the engine says, and its steps.
local function connect(p, config, options, then_do)
  return p:with(function(l)
    local conn <close> = config:connection { name = p.values.name, session = options.session }
    local ok, why = shake(l, conn)
    local outcome = { ok = ok, why = why, info = ok and conn:info() or {} }
    if ok and then_do then then_do(l, conn, outcome) end
    outcome.steps = received(conn)
    outcome.session = ok and conn:session() or nil
    if ok then
      conn:close()
      flush(l, conn)
    end
    return outcome
  end)
end

local function common(p, more)
  local options = { verify = "none", trace = true, certificate = p.values.certificate, key = p.values.key }
  for key, value in pairs(more) do options[key] = value end
  if not p.values.starttls and options.alpn == nil and options.engine ~= "bear" then
    options.alpn = { "http/1.1" }
  end
  return bearssl.client(options)
end

-- Reads until a ticket is there, or the answer to a request.
local function linger(p, facts, l, conn)
  local data
  if p.values.http then
    conn:write(http.request(p.values.name))
    flush(l, conn)
    data = read_on(l, conn, p.values.timeout / 2, http.has_head)
    if data ~= "" and not facts.http then facts.http = http.read(data) end
  else
    data = read_on(l, conn, PATIENCE, function() return received(conn).NewSessionTicket ~= nil end)
  end
  return data
end

-- Twice: the second time with the session of the first, which shows whether the server resumes.
local function twice(p, facts, key, config, limit)
  local first, why, detail = connect(p, config, {}, function(l, conn) linger(p, facts, l, conn) end)
  if not first then return p:gap("a handshake of " .. key, detail or why) end
  local name = limit
  if name then note_tickets(facts, name, first.steps) end
  note_request(facts, first.steps)
  local entry = { handshake = first.ok == true, why = first.why, session = first.session ~= nil, info = first.info }
  facts.handshakes[key] = entry
  if first.session then
    local second = connect(p, config, { session = first.session }, function(l, conn) linger(p, facts, l, conn) end)
    entry.resumed = second and second.ok and second.info.resumed or false
    if second and second.steps and name then note_tickets(facts, name, second.steps) end
  end
  return first
end

local function tls_1_3(p, facts)
  local config = common(p, { min_version = "1.3" })
  local first = twice(p, facts, "TLSv1.3", config, "TLSv1.3")
  local found = first and presented(first.steps)
  if found then
    found.auth = "TLSv1.3"
    facts.presented_13 = found
  end
end

-- The certificate that a server of TLS 1.3 shows to a client with these signature schemes.
local function certificate_13(p, facts, auth, schemes)
  local config = common(p, { min_version = "1.3", signature_schemes = schemes })
  local outcome = connect(p, config, {})
  local found = outcome and presented(outcome.steps)
  if found then
    found.auth = auth
    facts.presented[#facts.presented + 1] = found
  end
end

local function alpn_13(p, facts)
  facts.features.alpn = features.protocols_taken(p, function(left)
    local outcome = connect(p, common(p, { min_version = "1.3", alpn = left }), {})
    return outcome and outcome.ok and outcome.info.alpn
  end)
end

-- --- TLS 1.2 ----------------------------------------------------------------------------------------------

-- What the native engine has of TLS 1.2, and what BearSSL's has.
local function has_native(suites)
  return protocols.select(suites, function(s)
    return s.exchange == "ECDHE" and (s.auth == "RSA" or s.auth == "ECDSA")
      and (s.name:find "AES_%d+_GCM" or s.name:find "CHACHA20_POLY1305_SHA256$") ~= nil
  end)[1] ~= nil
end

local function has_bear(suites)
  local list = {}
  for _, id in ipairs(suites) do
    local name = registry.suites[id] and registry.suites[id].name
    if name and core.cipher_suites[name] and not core.cipher_suites[name].tls_1_3 then list[#list + 1] = name end
  end
  return list
end

-- A ClientHello within the connection (RFC 5746 section 3.5): what does the server say?
local function renegotiate(p, facts, l, conn)
  local finished
  for _, step in ipairs(conn:trace()) do
    if step.name == "Finished" and step.direction == "sent" then finished = step.body end
  end
  local suite = conn:info().cipher_suite
  local octets = hello.build {
    version = 0x0303, suites = { core.cipher_suites[suite].id }, groups = hello.share_groups, name = p.values.name,
    finished = finished, extra = { { 23, "" } },
  }
  if not core.send_handshake(conn, octets:sub(6)) or not flush(l, conn) then return end
  local before = #conn:trace()
  l.deadline = math.min(l.deadline, l.now() + p.values.timeout / 2)
  local ok, err = feed(l, conn)
  local steps = conn:trace()
  facts.renegotiation = { accepted = false, answer = ok and "nothing" or tostring(err) }
  for i = before + 1, #steps do
    local step = steps[i]
    if step.name == "ServerHello" then facts.renegotiation = { accepted = true, answer = "ServerHello" } end
    if step.name == "alert" and step.direction == "received" and step.fields then
      facts.renegotiation.answer = step.fields.description
    end
  end
end

local function native_1_2(p, facts)
  local config = common(p, { max_version = "1.2", min_version = "1.2", engine = "native" })
  twice(p, facts, "TLSv1.2 tickets", config, "TLSv1.2")
end

local function renegotiation(p, facts)
  local config = common(p, { max_version = "1.2", min_version = "1.2", engine = "native" })
  connect(p, config, {}, function(l, conn) renegotiate(p, facts, l, conn) end)
end

local function by_id(p, facts, old, names)
  local version = ({ [0x0301] = "1.0", [0x0302] = "1.1", [0x0303] = "1.2" })[old.id]
  local config = common(p, { engine = "bear", min_version = version, max_version = version, cipher_suites = names })
  twice(p, facts, "session IDs", config, nil)
end

-- --- all of it --------------------------------------------------------------------------------------------

-- How TLS 1.3 signs, by what a certificate is called for that in TLS 1.2.
local auths = {
  { "RSA", { "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512" } },
  { "RSA-PSS", { "rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512" } },
  { "ECDSA", { "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512" } },
  { "Ed25519", { "ed25519" } },
}

local function certificate_tasks(facts, add)
  local known = {}
  for _, found in ipairs(facts.presented) do known[found.auth] = true end
  for _, row in ipairs(auths) do
    local auth, schemes = row[1], row[2]
    local taken = {}
    for _, id in ipairs(facts.schemes["TLSv1.3"] or {}) do
      for _, name in ipairs(schemes) do
        if registry.scheme_name(id) == name then taken[#taken + 1] = name end
      end
    end
    if taken[1] and not known[auth] then
      add("certificate for " .. auth .. " of TLSv1.3", function(p) certificate_13(p, facts, auth, taken) end)
    end
  end
end

local function has_suite_13(suites)
  for _, id in ipairs(suites) do
    if core.cipher_suites[registry.suite_name(id)] then return true end
  end
end

function handshakes.tasks(facts)
  local tasks = {}
  local function add(name, fn) tasks[#tasks + 1] = { name, fn } end
  local new, two = facts.protocols["TLSv1.3"], facts.protocols["TLSv1.2"]
  local _, old = features.newest(facts)
  if new.offered and facts.share_group and has_suite_13(new.suites) then
    add("a handshake of TLSv1.3", function(p) tls_1_3(p, facts) end)
    certificate_tasks(facts, add)
    if not old then add("application protocols", function(p) alpn_13(p, facts) end) end
  elseif new.offered then
    facts.unspoken = "TLSv1.3"
  end
  if two.offered and has_native(two.suites) then
    add("a handshake of TLSv1.2", function(p) native_1_2(p, facts) end)
    add("renegotiation", function(p) renegotiation(p, facts) end)
  end
  local names = old and old.id >= 0x0301 and has_bear(old.suites) or {}
  if names[1] then add("session IDs", function(p) by_id(p, facts, old, names) end) end
  return tasks
end

return handshakes
