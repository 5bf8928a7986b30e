-- SPDX-License-Identifier: MIT
-- What is judged, as one table. Each row: `id`; `title`, what it is called; `severity`; `cap`, the best grade that a
-- server with it can have (nil: the grade stays); `sources`; `remedy`, a name of bearssl.audit.remedies; and
-- `when(facts)`: the evidence, as a text; false where the server is free of it; nil where that is not known or does not
-- apply. The list of what to ask about was checked against testssl.sh's. Grades follow SSL Labs' rating guide (2009r)
-- where it has an opinion.
local registry = require "bearssl.audit.registry"

local rules = {}

local function list_of(items, limit)
  limit = limit or 4
  local shown = table.concat(items, ", ", 1, math.min(#items, limit))
  return #items > limit and ("%s and %d more"):format(shown, #items - limit) or shown
end

local function offered(f, name)
  local protocol = f.protocols[name]
  if protocol.offered == nil then return nil end
  return protocol.offered
end

-- The suites below TLS 1.3, or of these versions, of which `wanted` is true, by version; false: none.
local function suites(f, wanted, versions)
  local found, known = {}, false
  for _, protocol in ipairs(f.protocols) do
    if protocol.id >= 0x0300 and (not versions or versions[protocol.name]) then
      known = known or protocol.offered ~= nil
      local names = {}
      for _, id in ipairs(protocol.suites or {}) do
        local suite = registry.suites[id]
        if suite and wanted(suite) then names[#names + 1] = suite.name end
      end
      if names[1] then found[#found + 1] = ("%s: %s"):format(protocol.name, list_of(names)) end
    end
  end
  if found[1] then return table.concat(found, "; ") end
  if known then return false end
end

local function version_offered(name)
  return function(f)
    local is = offered(f, name)
    return is and name .. " is offered" or is
  end
end

local function any_suite(wanted, versions)
  return function(f) return suites(f, wanted, versions) end
end

-- Says `text` where a fact is true.
local function fact(name, text)
  return function(f)
    if f[name] == nil then return nil end
    return f[name] and text or false
  end
end

-- Of each certificate: a text, false or nil; the texts together.
local function each_certificate(ask)
  return function(f)
    local found, known = {}, nil
    for _, certificate in ipairs(f.certificates) do
      local text = ask(certificate, f)
      if text ~= nil then known = false end
      if text then found[#found + 1] = text end
    end
    if found[1] then return table.concat(found, "; ") end
    return known
  end
end

local function key_text(key)
  return ("%s of %d bits"):format(key.type == "ec" and "EC" or key.type:upper(), key.bits or 0)
end

local function weak_key(low, high)
  return each_certificate(function(c)
    local bits = c.key.bits or 0
    if c.key.type == "ec" then return bits < 256 and low == 0 and key_text(c.key) or false end
    if c.key.type ~= "rsa" and c.key.type ~= "rsa_pss" then return false end
    return bits >= low and bits < high and c.subject .. ": " .. key_text(c.key) or false
  end)
end

local function each_dh(low, high)
  return function(f)
    local known
    for version, dh in pairs(f.dh) do
      known = false
      if dh.bits >= low and dh.bits < high then return ("%s: parameters of %d bits"):format(version, dh.bits) end
    end
    return known
  end
end

local function has_group(wanted)
  return function(f)
    local known
    for version, list in pairs(f.groups) do
      known = false
      for _, id in ipairs(list) do
        local group = registry.groups[id]
        if group and wanted(group, version) then return ("%s: %s"):format(version, group.name) end
      end
    end
    return known
  end
end

local function old_only(f, name)
  if f.features[name] == nil then return nil end
  return not f.features[name]
end

local function feature_missing(name, text)
  return function(f)
    local missing = old_only(f, name)
    return missing and text or missing
  end
end

-- What cannot be where there is nothing below TLS 1.3.
local function below_13(when)
  return function(f)
    local any, known = false, true
    for _, protocol in ipairs(f.protocols) do
      if protocol.id < 0x0304 then
        any, known = any or protocol.offered == true, known and protocol.offered ~= nil
      end
    end
    if known and not any then return false end
    return when(f)
  end
end

local function tickets_longer_than(seconds)
  return function(f)
    local known
    for version, ticket in pairs(f.tickets) do
      if ticket.lifetime then
        known = false
        if ticket.lifetime > seconds then return ("%s: %d seconds"):format(version, ticket.lifetime) end
      end
    end
    return known
  end
end

local function hsts(f, ask)
  if not f.http then return nil end
  return ask(f.http.hsts)
end

local rows = {
  -- versions
  { id = "sslv2", title = "SSL 2.0, and DROWN (CVE-2016-0800)", severity = "critical", cap = "F",
    sources = "RFC 6176, RFC 9325 section 3.1.1", remedy = "versions", when = version_offered "SSLv2" },
  { id = "sslv3", title = "SSL 3.0", severity = "high", cap = "C", sources = "RFC 7568", remedy = "versions",
    when = version_offered "SSLv3" },
  { id = "poodle", title = "POODLE (CVE-2014-3566): SSL 3.0 with CBC", severity = "high", cap = "C",
    sources = "RFC 7568", remedy = "versions", when = any_suite(function(s) return s.cbc end, { SSLv3 = true }) },
  { id = "tls_1_0", title = "TLS 1.0", severity = "medium", cap = "B", sources = "RFC 8996, RFC 9325 section 3.1.1",
    remedy = "versions", when = version_offered "TLSv1.0" },
  { id = "tls_1_1", title = "TLS 1.1", severity = "medium", cap = "B", sources = "RFC 8996, RFC 9325 section 3.1.1",
    remedy = "versions", when = version_offered "TLSv1.1" },
  { id = "no_modern_version", title = "neither TLS 1.2 nor TLS 1.3", severity = "critical", cap = "C",
    sources = "RFC 9325 section 3.1.1", remedy = "versions", when = function(f)
      local two, three = offered(f, "TLSv1.2"), offered(f, "TLSv1.3")
      if two == nil or three == nil then return nil end
      return not (two or three) and "the newest version is older than TLS 1.2"
    end },
  { id = "no_tls_1_3", title = "no TLS 1.3", severity = "low", cap = "A", sources = "RFC 9325 section 3.1.1, Mozilla",
    remedy = "versions", when = function(f)
      local three = offered(f, "TLSv1.3")
      if three == nil then return nil end
      return not three and "TLS 1.3 is not offered"
    end },
  { id = "beast", title = "BEAST (CVE-2011-3389): TLS 1.0 with CBC", severity = "low",
    sources = "RFC 7457 section 2.2", remedy = "versions",
    when = any_suite(function(s) return s.cbc end, { ["TLSv1.0"] = true, SSLv3 = true }) },
  -- suites
  { id = "null", title = "suites without encryption", severity = "critical", cap = "F",
    sources = "RFC 9325 section 4.1", remedy = "suites", when = any_suite(function(s) return s.bits == 0 end) },
  { id = "anonymous", title = "suites without authentication", severity = "critical", cap = "F",
    sources = "RFC 9325 section 4.1", remedy = "suites", when = any_suite(function(s) return s.anonymous end) },
  { id = "export", title = "export suites, and FREAK (CVE-2015-0204)", severity = "critical", cap = "F",
    sources = "RFC 9325 section 4.1", remedy = "suites", when = any_suite(function(s) return s.export end) },
  { id = "logjam", title = "LOGJAM (CVE-2015-4000): export suites of DHE, or DH parameters below 1024 bits",
    severity = "critical", cap = "F", sources = "RFC 9325 section 4.5", remedy = "dh", when = function(f)
      local weak = suites(f, function(s) return s.export and s.exchange == "DHE" end)
      return weak or each_dh(0, 1024)(f) or weak
    end },
  { id = "rc4", title = "RC4 (CVE-2013-2566, CVE-2015-2808)", severity = "high", cap = "C", sources = "RFC 7465",
    remedy = "suites", when = any_suite(function(s) return s.cipher == "RC4" end) },
  { id = "low_bits", title = "ciphers of less than 112 bits", severity = "critical", cap = "F",
    sources = "RFC 9325 section 4.1", remedy = "suites",
    when = any_suite(function(s) return s.bits > 0 and s.bits < 112 and not s.export end) },
  { id = "sweet32", title = "SWEET32 (CVE-2016-2183): blocks of 64 bits", severity = "medium", cap = "B",
    sources = "RFC 9325 section 4.1", remedy = "suites",
    when = any_suite(function(s) return s.small_block and s.bits >= 112 end) },
  { id = "no_forward_secrecy", title = "no forward secrecy", severity = "high", cap = "B",
    sources = "RFC 9325 section 4.1", remedy = "suites", when = function(f)
      local with = suites(f, function(s) return s.forward_secret end)
      if with == nil then return nil end
      return with == false and "no suite has an ephemeral key exchange"
    end },
  { id = "static_rsa", title = "suites with key transport by RSA, or static DH", severity = "low", cap = "A",
    sources = "RFC 9325 section 4.1", remedy = "suites",
    when = any_suite(function(s) return not s.forward_secret and not s.anonymous and s.bits > 0 end) },
  { id = "lucky13", title = "LUCKY13 (CVE-2013-0169): CBC with MAC-then-encrypt", severity = "low",
    sources = "RFC 7457 section 2.2, RFC 9325 section 4.2", remedy = "suites",
    when = any_suite(function(s) return s.cbc and s.bits >= 112 end) },
  { id = "no_order", title = "the client's order counts, and there are suites to avoid", severity = "low",
    sources = "RFC 9325 section 4.2.1", remedy = "order", when = function(f)
      local two = f.protocols["TLSv1.2"]
      if not two.preference then return nil end
      local weak = suites(f, function(s) return not s.aead or not s.forward_secret end, { ["TLSv1.2"] = true })
      return two.preference == "client" and weak or false
    end },
  -- key exchange
  { id = "dh_1024", title = "DH parameters of less than 2048 bits", severity = "high", cap = "B",
    sources = "RFC 9325 section 4.5", remedy = "dh", when = each_dh(1024, 2048) },
  { id = "weak_group", title = "a group of less than 112 bits", severity = "medium", cap = "B",
    sources = "RFC 9325 section 4.2.1, RFC 8422", remedy = "groups",
    when = has_group(function(group) return group.bits < 112 end) },
  { id = "draft_hybrid", title = "a draft of hybrid key exchange, since replaced", severity = "info",
    sources = "draft-ietf-tls-ecdhe-mlkem", remedy = "hybrid",
    when = has_group(function(group) return group.name:find "Draft" ~= nil or group.name:find "Kyber" ~= nil end) },
  { id = "no_hybrid", title = "no post-quantum key exchange", severity = "info",
    sources = "draft-ietf-tls-ecdhe-mlkem", remedy = "hybrid", when = function(f)
      if not f.groups["TLSv1.3"] then return nil end
      local hybrid = has_group(function(group) return group.kind == "hybrid" or group.kind == "pq" end)(f)
      return not hybrid and "what is recorded today can be read once there are quantum computers"
    end },
  { id = "key_reuse", title = "a key of an ephemeral exchange used again", severity = "medium", cap = "A",
    sources = "RFC 9325 section 7.4, RFC 7919 section 5.1", remedy = "update", when = function(f)
      local kinds, known = {}, nil
      for kind, count in pairs(f.keys.count) do
        if count > 1 then known = false end
        if f.keys.reused[kind] then kinds[#kinds + 1] = kind end
      end
      table.sort(kinds)
      return kinds[1] and table.concat(kinds, ", ") .. ": the same public key in two connections" or known
    end },
  { id = "weak_signature", title = "handshakes signed with SHA-1 or MD5", severity = "low", cap = "A",
    sources = "RFC 9155", remedy = "signatures", when = function(f)
      local weak, known = {}, nil
      for _, list in pairs(f.schemes) do
        known = false
        for _, id in ipairs(list) do
          local hash = id >> 8
          if hash == 1 or hash == 2 then weak[#weak + 1] = registry.scheme_name(id) end
        end
      end
      return weak[1] and list_of(weak) or known
    end },
  -- certificates
  { id = "untrusted", title = "a chain that is not trusted", severity = "high", cap = "T",
    sources = "RFC 5280 section 6", remedy = "certificate", when = each_certificate(function(c)
      if c.trusted == nil or c.expired or c.not_yet_valid then return nil end
      return not c.trusted and ("%s: %s"):format(c.subject, c.trust_error.message)
    end) },
  { id = "name_mismatch", title = "a certificate for another name", severity = "high", cap = "T",
    sources = "RFC 9525", remedy = "certificate", when = each_certificate(function(c)
      if c.name_matches == nil then return nil end
      return not c.name_matches and ("%s: %s"):format(c.subject, c.name_error)
    end) },
  { id = "expired", title = "a certificate that has expired, or is not valid yet", severity = "high", cap = "T",
    sources = "RFC 5280 section 4.1.2.5", remedy = "certificate", when = each_certificate(function(c)
      if c.not_yet_valid then return ("%s: not before %s"):format(c.subject, c.not_before) end
      return c.expired and ("%s: not after %s"):format(c.subject, c.not_after)
    end) },
  { id = "expires_soon", title = "a certificate that expires within 14 days", severity = "medium",
    sources = "RFC 5280 section 4.1.2.5", remedy = "certificate", when = each_certificate(function(c)
      return not c.expired and c.days_left < 14 and ("%s: %d days left"):format(c.subject, c.days_left)
    end) },
  { id = "key_1024", title = "a key that is too short", severity = "critical", cap = "F",
    sources = "RFC 9325 section 4.5", remedy = "certificate", when = weak_key(0, 1024) },
  { id = "key_2048", title = "an RSA key of less than 2048 bits", severity = "high", cap = "B",
    sources = "RFC 9325 section 4.5", remedy = "certificate", when = weak_key(1024, 2048) },
  { id = "chain_hash", title = "a chain signed with SHA-1 or MD5", severity = "high", cap = "F",
    sources = "RFC 9155, RFC 9325 section 4.5", remedy = "certificate", when = each_certificate(function(c)
      local all = { c, table.unpack(c.chain) }
      for _, one in ipairs(all) do
        local hash = one.hash and one.hash:lower():gsub("-", "")
        local weak = not one.self_signed and (hash == "sha1" or hash == "md5")
        if weak then return one.subject .. ": " .. one.signature end
      end
      return false
    end) },
  { id = "chain_order", title = "a chain in the wrong order", severity = "low", sources = "RFC 5246 section 7.4.2",
    remedy = "certificate", when = each_certificate(function(c)
      return not c.in_order and c.subject .. ": not each certificate certifies the one before it"
    end) },
  { id = "chain_root", title = "a root certificate in the chain", severity = "info",
    sources = "RFC 5246 section 7.4.2", remedy = "certificate", when = each_certificate(function(c)
      local last = c.chain[#c.chain]
      return last and last.self_signed and last.subject .. " is sent, and no client has a use for it"
    end) },
  { id = "no_staple", title = "no OCSP staple, and the certificate demands one", severity = "high", cap = "T",
    sources = "RFC 7633", remedy = "staple", when = each_certificate(function(c)
      return c.must_staple and not c.staple and c.subject .. " has the TLS feature status_request"
    end) },
  { id = "bad_staple", title = "an OCSP staple that does not say good", severity = "high",
    sources = "RFC 6960, RFC 9325 section 7.5", remedy = "staple", when = each_certificate(function(c)
      if not c.staple then return nil end
      return c.staple.status ~= "good" and ("%s: %s"):format(c.subject, c.staple.status)
    end) },
  -- the protocol's parts
  { id = "insecure_renegotiation", title = "no secure renegotiation (CVE-2009-3555)", severity = "high", cap = "F",
    sources = "RFC 5746, RFC 9325 section 3.5", remedy = "update",
    when = below_13(feature_missing("secure_renegotiation", "no renegotiation_info in the ServerHello")) },
  { id = "client_renegotiation", title = "clients may renegotiate, which costs the server more than them",
    severity = "low", cap = "A", sources = "RFC 9325 section 3.5, CVE-2011-1473", remedy = "renegotiation",
    when = below_13(function(f)
      if not f.renegotiation then return nil end
      return f.renegotiation.accepted and "a ClientHello within the connection was answered"
    end) },
  { id = "no_fallback_scsv", title = "no TLS_FALLBACK_SCSV", severity = "low", cap = "A", sources = "RFC 7507",
    remedy = "update", when = below_13(feature_missing("fallback_scsv", "who says that it fell back is taken in")) },
  { id = "no_sentinel", title = "no sign against a downgrade from TLS 1.3", severity = "medium", cap = "B",
    sources = "RFC 8446 section 4.1.3", remedy = "update", when = function(f)
      if not offered(f, "TLSv1.3") then return nil end
      local missing = old_only(f, "downgrade_sentinel")
      return missing and "ServerHello.random does not end with DOWNGRD" or missing
    end },
  { id = "no_ems", title = "no extended master secret", severity = "low", cap = "A",
    sources = "RFC 7627", remedy = "update",
    when = below_13(feature_missing("extended_master_secret", "the ServerHello lacks the extension")) },
  { id = "crime", title = "CRIME (CVE-2012-4929): compression", severity = "high", cap = "C",
    sources = "RFC 9325 section 3.3", remedy = "compression", when = below_13(function(f)
      if f.features.compression == nil then return nil end
      return f.features.compression ~= 0 and ("compression method %d is taken"):format(f.features.compression)
    end) },
  { id = "heartbeat", title = "the heartbeat extension", severity = "info", sources = "RFC 6520", remedy = "update",
    when = function(f)
      if f.features.heartbeat == nil then return nil end
      return f.features.heartbeat and "nothing over TCP needs it"
    end },
  { id = "early_data", title = "0-RTT is offered: what it carries can be played again", severity = "info",
    sources = "RFC 8446 section 8, RFC 8470", remedy = "early_data", when = function(f)
      local ticket = f.tickets["TLSv1.3"]
      if not ticket or not ticket.early_data then return nil end
      return ticket.early_data > 0 and ("up to %d octets"):format(ticket.early_data)
    end },
  { id = "ticket_week", title = "tickets that live longer than a week", severity = "medium", cap = "A",
    sources = "RFC 8446 section 4.6.1, RFC 9325 section 3.4", remedy = "tickets",
    when = tickets_longer_than(604800) },
  { id = "intolerance", title = "ClientHellos that the server does not bear", severity = "medium", cap = "B",
    sources = "RFC 8446 sections 4.1.2 and 9.3, RFC 8701", remedy = "update", when = function(f)
      local bad, known = {}, nil
      for _, entry in ipairs(f.tolerance) do
        if entry.ok ~= nil then known = false end
        if entry.ok == false then bad[#bad + 1] = ("%s (%s)"):format(entry.what, entry.answer) end
      end
      return bad[1] and list_of(bad, 9) or known
    end },
  -- faults
  { id = "heartbleed", title = "Heartbleed (CVE-2014-0160)", severity = "critical", cap = "F",
    sources = "CVE-2014-0160", remedy = "update", when = below_13(function(f)
      if f.features.heartbeat == false then return false end
      return fact("heartbleed", "a heartbeat of 3 octets was answered with more")(f)
    end) },
  { id = "ccs_injection", title = "CCS injection (CVE-2014-0224)", severity = "critical", cap = "F",
    sources = "CVE-2014-0224", remedy = "update",
    when = below_13(fact("early_ccs", "a ChangeCipherSpec was taken before there were keys")) },
  { id = "robot", title = "ROBOT (CVE-2017-13099)", severity = "critical", cap = "F",
    sources = "RFC 5246 section 7.4.7.1, CVE-2017-13099", remedy = "suites", when = function(f)
      if f.robot then return "blocks of PKCS #1 get different answers: " .. list_of(f.robot_answers, 5) end
      if f.robot == nil and suites(f, function(s) return s.exchange == "RSA" end) ~= false then return nil end
      return false
    end },
  { id = "ticketbleed", title = "Ticketbleed (CVE-2016-9244)", severity = "critical", cap = "F",
    sources = "CVE-2016-9244", remedy = "update", when = below_13(function(f)
      if f.features.session_ticket == false then return false end
      return fact("ticketbleed", "a session ID of 1 octet came back longer")(f)
    end) },
  -- HTTP
  { id = "no_hsts", title = "no Strict-Transport-Security", severity = "low", cap = "A", sources = "RFC 6797, Mozilla",
    remedy = "hsts", when = function(f)
      return hsts(f, function(value) return not value and "the answer over TLS lacks the header" end)
    end },
  { id = "short_hsts", title = "Strict-Transport-Security for less than 180 days", severity = "low", cap = "A",
    sources = "RFC 6797, Mozilla", remedy = "hsts", when = function(f)
      return hsts(f, function(value)
        if not value then return nil end
        return value.max_age < 15552000 and ("max-age=%d"):format(value.max_age)
      end)
    end },
  { id = "no_redirect", title = "HTTP in clear without a redirect to HTTPS", severity = "medium", cap = "A",
    sources = "Mozilla, RFC 6797 section 7.2", remedy = "redirect", when = function(f)
      if not f.clear then return nil end
      return f.clear.open and not f.clear.redirects
        and ("port %d answers %d"):format(f.clear.port, f.clear.status)
    end },
  { id = "breach", title = "BREACH (CVE-2013-3587): bodies are compressed", severity = "info",
    sources = "CVE-2013-3587", remedy = "body_compression", when = function(f)
      if not f.http then return nil end
      local coding = f.http.headers["content-encoding"]
      return coding ~= nil and coding ~= "identity" and "Content-Encoding: " .. coding
    end },
}

rules.rows = rows

-- Grades from the best to the worst; T, no trust, is worse than all, since nobody should go on.
rules.grades = { "A+", "A", "B", "C", "D", "F", "T" }
rules.rank = {}
for i, grade in ipairs(rules.grades) do rules.rank[grade] = i end
rules.severities = { critical = 1, high = 2, medium = 3, low = 4, info = 5 }

local function finding(row, evidence)
  local remedies = require "bearssl.audit.remedies"
  return {
    id = row.id, title = row.title, severity = row.severity, cap = row.cap, evidence = evidence,
    sources = row.sources, remedy = remedies[row.remedy],
  }
end

-- The findings, worst first; and of each rule whether the server has it ("finding"), is free of it ("ok"), or
-- "unknown".
function rules.judge(facts)
  local findings, checks = {}, {}
  for i, row in ipairs(rows) do
    local evidence = row.when(facts)
    local status = evidence and "finding" or evidence == false and "ok" or "unknown"
    checks[i] = { id = row.id, title = row.title, status = status }
    if evidence then
      local found = finding(row, evidence)
      found.order = i
      findings[#findings + 1] = found
    end
  end
  table.sort(findings, function(a, b)
    local one, other = rules.severities[a.severity], rules.severities[b.severity]
    if one ~= other then return one < other end
    return a.order < b.order
  end)
  for _, found in ipairs(findings) do found.order = nil end
  return findings, checks
end

-- The grade, the reasons for it, and what it would be if the certificate were trusted.
function rules.grade(findings)
  local worst, trusted, reasons = 1, 1, {}
  for _, found in ipairs(findings) do
    local rank = found.cap and rules.rank[found.cap]
    if rank then
      worst = math.max(worst, rank)
      if found.cap ~= "T" then trusted = math.max(trusted, rank) end
    end
  end
  for _, found in ipairs(findings) do
    if found.cap == rules.grades[worst] then reasons[#reasons + 1] = found.title end
  end
  return rules.grades[worst], reasons, rules.grades[trusted]
end

return rules
