-- What bearssl.audit, sslscan and testssl.sh say of a server, as facts by the same names: strings, nil where a tool
-- does not say.
local registry = require "bearssl.audit.registry"

local facts = {}

local versions = { "SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3" }

local function yes(value)
  if value == nil then return nil end
  return value and "yes" or "no"
end

local function joined(list)
  table.sort(list)
  return table.concat(list, " ")
end

-- --- bearssl.audit ------------------------------------------------------------------------------------------

-- Our checks, and what testssl.sh calls them.
local checks = {
  heartbleed = "heartbleed", ccs_injection = "CCS", ticketbleed = "ticketbleed", robot = "ROBOT", sweet32 = "SWEET32",
  export = "FREAK", sslv2 = "DROWN", logjam = "LOGJAM", beast = "BEAST", lucky13 = "LUCKY13", rc4 = "RC4",
  poodle = "POODLE_SSL", breach = "BREACH",
}

local function statuses(report, out)
  for _, check in ipairs(report.checks) do
    if checks[check.id] and check.status ~= "unknown" then
      out["weakness " .. check.id] = check.status == "finding" and "yes" or "no"
    end
  end
end

local function suites_of(protocol)
  local ids = {}
  for i, suite in ipairs(protocol.suites) do ids[i] = suite.id or suite.name end
  return joined(ids)
end

local function of_features(report, out)
  local f = report.features
  out["secure renegotiation"] = yes(f.secure_renegotiation)
  out["renegotiation by the client"] = yes(f.client_renegotiation)
  out["TLS_FALLBACK_SCSV"] = yes(f.fallback_scsv)
  if f.compression then out.compression = yes(f.compression ~= 0) end
  out["extended master secret"] = yes(f.extended_master_secret)
  out["encrypt-then-MAC"] = yes(f.encrypt_then_mac)
  local r = f.resumption
  if r.tickets_1_2 ~= nil or r.tickets_1_3 ~= nil then
    out["resumption by ticket"] = yes(r.tickets_1_2 or r.tickets_1_3)
  end
  out["resumption by ID"] = yes(r.session_ids)
  if f.alpn then out.ALPN = joined(table.move(f.alpn, 1, #f.alpn, 1, {})) end
end

function facts.of_audit(report)
  local out, all_groups = {}, {}
  for _, protocol in ipairs(report.protocols) do
    out[protocol.name] = yes(protocol.offered)
    if protocol.offered and protocol.name ~= "SSLv2" then
      out["suites of " .. protocol.name] = suites_of(protocol)
      if protocol.name ~= "TLSv1.3" or not out.order then out.order = protocol.preference or out.order end
    end
  end
  for version, names in pairs(report.groups or {}) do
    out["groups of " .. version] = joined(table.move(names, 1, #names, 1, {}))
    for _, name in ipairs(names) do all_groups[name] = true end
  end
  for _, dh in pairs(report.dh or {}) do
    if (dh.group or ""):find "^ffdhe" then all_groups[dh.group] = true end
  end
  local names = {}
  for name in pairs(all_groups) do names[#names + 1] = name end
  if names[1] then out.groups = joined(names) end
  for version, list in pairs(report.signature_schemes or {}) do
    out["signatures of " .. version] = joined(table.move(list, 1, #list, 1, {}))
  end
  local prints, trusted, staple = {}, true, false
  for i, c in ipairs(report.certificates) do
    prints[i] = c.sha256:upper()
    trusted = trusted and c.trusted
    staple = staple or c.staple ~= nil
  end
  out.certificates = prints[1] and joined(prints)
  if prints[1] then out.trusted, out["OCSP staple"] = yes(trusted), yes(staple) end
  for _, ticket in pairs(report.tickets or {}) do out["ticket lifetime"] = tostring(math.tointeger(ticket.lifetime)) end
  if report.http.status then out.HSTS = yes(report.http.hsts ~= nil) end
  of_features(report, out)
  statuses(report, out)
  return out
end

-- --- sslscan ------------------------------------------------------------------------------------------------

local function attribute(text, name) return text:match(name .. '="([^"]*)"') end

local function gather(out, prefix, version, value)
  local key = prefix .. version
  out[key] = out[key] or {}
  table.insert(out[key], value)
end

function facts.of_sslscan(xml)
  local out, lists = {}, {}
  for kind, version, enabled in xml:gmatch '<protocol type="(%a+)" version="([%d.]+)" enabled="(%d)"' do
    out[(kind == "ssl" and "SSLv" or "TLSv") .. version] = yes(enabled == "1")
  end
  for text in xml:gmatch "<cipher [^>]*>" do
    local id = attribute(text, " id")
    gather(lists, "suites of ", attribute(text, "sslversion"), "0x" .. id:sub(3):upper())
  end
  for text in xml:gmatch "<group [^>]*>" do
    gather(lists, "groups of ", attribute(text, "sslversion"), registry.group_name(tonumber(attribute(text, " id"))))
  end
  for text in xml:gmatch "<connection%-signature%-algorithm [^>]*>" do
    gather(lists, "signatures of ", attribute(text, "sslversion"),
      registry.scheme_name(tonumber(attribute(text, " id"))))
  end
  for key, list in pairs(lists) do out[key] = joined(list) end
  local renegotiation = xml:match "<renegotiation [^>]*>"
  if renegotiation then out["secure renegotiation"] = yes(attribute(renegotiation, "secure") == "1") end
  local compression, fallback = xml:match "<compression [^>]*>", xml:match "<fallback [^>]*>"
  if compression then out.compression = yes(attribute(compression, "supported") == "1") end
  if fallback then out.TLS_FALLBACK_SCSV = yes(attribute(fallback, "supported") == "1") end
  for text in xml:gmatch "<heartbleed [^>]*>" do
    out["weakness heartbleed"] = yes(attribute(text, "vulnerable") == "1" or out["weakness heartbleed"] == "yes")
  end
  return out
end

-- --- testssl.sh ---------------------------------------------------------------------------------------------

local protocol_ids = {
  SSLv2 = "SSLv2", SSLv3 = "SSLv3", TLS1 = "TLSv1.0", TLS1_1 = "TLSv1.1", TLS1_2 = "TLSv1.2", TLS1_3 = "TLSv1.3",
}
local curves = { prime256v1 = "secp256r1", X25519 = "x25519", X448 = "x448" }

local function vulnerable(text)
  if not text or text:find "failed" or text:find "not tested" or text:find "only TLS 1.3" then return nil end
  if text:find "^not vulnerable" or text:find "^no session ticket" or text:find "^no " then return "no" end
  if text:find "ulnerable" or text:find "VULNERABLE" then return "yes" end
end

local function said(text, with, without)
  if not text then return nil end
  if text:find(without) then return "no" end
  if text:find(with) then return "yes" end
end

local function of_extensions(found, out)
  local text = found.TLS_extensions
  if not text or not (out["TLSv1.2"] == "yes" or out["TLSv1.1"] == "yes" or out["TLSv1.0"] == "yes") then return end
  out["extended master secret"] = yes(text:find("#23'", 1, true) ~= nil)
  out["encrypt-then-MAC"] = yes(text:find("#22'", 1, true) ~= nil)
end

local function of_groups(found)
  local names = {}
  for name in (found.PFS_ECDHE_curves or ""):gmatch "%S+" do names[#names + 1] = curves[name] or name end
  for name in (found.DH_groups or ""):gmatch "ffdhe%d+" do names[#names + 1] = name end
  return names[1] and joined(names)
end

-- The fingerprints of certificates: there may be several with one id, of which one was kept.
local function of_certificates(found)
  local prints = {}
  for id, text in pairs(found) do
    if id:find "^cert_fingerprintSHA256" then prints[#prints + 1] = text end
  end
  return prints[1] and joined(prints)
end

local function of_trust(found)
  local verdict
  for id, text in pairs(found) do
    if id:find "^cert_chain_of_trust" then verdict = (verdict == nil or verdict) and text:find "passed" ~= nil end
  end
  return yes(verdict)
end

local function of_order(text)
  if not text then return nil end
  if text:find "NOT a cipher order" or text:find "not a cipher order" then return "client" end
  if text:find "^server" then return "server" end
end

function facts.of_testssl(found)
  local out = {}
  for id, name in pairs(protocol_ids) do
    if found[id] then out[name] = yes(not found[id]:find "^not offered" and not found[id]:find "^not supported") end
  end
  for own, id in pairs(checks) do out["weakness " .. own] = vulnerable(found[id]) end
  out.order, out.groups = of_order(found.cipher_order), of_groups(found)
  out.certificates, out.trusted = of_certificates(found), of_trust(found)
  out["secure renegotiation"] = said(found.secure_renego, "^supported", "^not supported")
  out["renegotiation by the client"] = said(found.secure_client_renego, "^VULN", "^not vulnerable$")
  out.TLS_FALLBACK_SCSV = said(found.fallback_SCSV, "^supported", "^not supported")
  out.compression = said(found.CRIME_TLS, "^VULN", "^not vulnerable")
  out["ticket lifetime"] = found.TLS_session_ticket and found.TLS_session_ticket:match "(%d+) seconds"
  out["resumption by ticket"] = said(found.sessionresumption_ticket, "^supported", "^not supported")
  out["resumption by ID"] = said(found.sessionresumption_ID, "^supported", "^not supported")
  out["OCSP staple"] = said(found.OCSP_stapling, "^offered", "^not offered")
  if found.HSTS or found.HSTS_time then out.HSTS = yes(not (found.HSTS or ""):find "not offered") end
  if found.ALPN then
    out.ALPN = found.ALPN:find "not offered" and "" or joined((function(list)
      for name in found.ALPN:gmatch "[^%s,]+" do list[#list + 1] = name end
      return list
    end) {})
  end
  of_extensions(found, out)
  return out
end

facts.versions = versions
return facts
