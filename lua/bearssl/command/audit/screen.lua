-- SPDX-License-Identifier: MIT
-- A report of bearssl.audit as text for a terminal, and as what goes into JSON.
local output = require "bearssl.command.output"

local screen = {}

local clean = output.clean

local styles = { critical = "bad", high = "bad", medium = "warn", low = "warn", info = "dim" }
local good_grades = { ["A+"] = "good", A = "good", B = "warn", C = "warn" }

-- Words in lines that are not longer than the screen, each with an indent.
local function wrapped(out, indent, words)
  local line = indent
  for _, word in ipairs(words) do
    if #line > #indent and #line + 1 + #word > out.width then
      out:print(line)
      line = indent
    end
    line = line .. (#line > #indent and " " or "") .. word
  end
  if #line > #indent then out:print(line) end
end

local function paragraph(out, indent, text)
  local words = {}
  for word in clean(text):gmatch "%S+" do words[#words + 1] = word end
  wrapped(out, indent, words)
end

local function heading(out, text)
  out:print()
  out:print(out:style(text, "bold"))
end

local function head(out, report)
  local target = report.target
  local place = ("%s port %d"):format(clean(target.host), target.port)
  if target.address ~= target.host then place = ("%s (%s)"):format(place, clean(target.address)) end
  if target.starttls then place = ("%s, STARTTLS of %s"):format(place, target.starttls) end
  out:print(("%s  grade %s"):format(place, out:style(report.grade, good_grades[report.grade] or "bad")))
  for _, reason in ipairs(report.reasons) do paragraph(out, "  because of ", reason) end
  if report.grade == "T" then out:print(("  %s if the certificate were trusted"):format(report.grade_if_trusted)) end
end

local orders = { server = "the server's order", client = "the client's order" }

local function protocol_text(protocol)
  if protocol.offered == nil then return "not known" end
  if not protocol.offered then return "no" end
  local parts = { "yes", ("%d suite%s"):format(#protocol.suites, #protocol.suites == 1 and "" or "s") }
  parts[#parts + 1] = orders[protocol.preference]
  if protocol.prefers_chacha then parts[#parts + 1] = "ChaCha20 where the client has it first" end
  return table.concat(parts, ", ")
end

local old = { SSLv2 = true, SSLv3 = true, ["TLSv1.0"] = true, ["TLSv1.1"] = true }

local function protocols(out, report)
  heading(out, "Versions and cipher suites")
  for _, protocol in ipairs(report.protocols) do
    local text = ("  %-8s %s"):format(protocol.name, protocol_text(protocol))
    out:print(protocol.offered and out:style(text, old[protocol.name] and "warn" or "good") or text)
    for _, suite in ipairs(protocol.suites) do
      local weak = suite.bits and (suite.bits < 128 or not suite.forward_secret)
      local bits = suite.bits and ("%4d bits"):format(suite.bits) or ""
      local line = ("    %-50s%s%s"):format(clean(suite.name), bits, suite.forward_secret == false and "  no PFS" or "")
      out:print(weak and out:style(line, "warn") or line)
    end
  end
end

local function lists(out, title, by_version, more)
  local versions = {}
  for version in pairs(by_version or {}) do versions[#versions + 1] = version end
  for version in pairs(more or {}) do
    if not (by_version or {})[version] then versions[#versions + 1] = version end
  end
  if not versions[1] then return end
  table.sort(versions)
  heading(out, title)
  for _, version in ipairs(versions) do
    local words = table.move((by_version or {})[version] or {}, 1, 100, 1, {})
    local dh = more and more[version]
    if dh then words[#words + 1] = ("DHE of %d bits%s"):format(dh.bits, dh.group and " (" .. dh.group .. ")" or "") end
    if not words[1] then words[1] = "-" end
    out:print("  " .. version)
    wrapped(out, "    ", words)
  end
end

local function key_text(key)
  if key.type == "ec" then return "EC " .. (key.curve or "") end
  return key.bits and ("%s %d"):format(key.type:upper(), key.bits) or key.type
end

local function trust_text(out, c)
  if c.trusted == nil then return "trust not known" end
  if not c.trusted then return out:style("not trusted: " .. clean(c.trust_error.message), "bad") end
  if not c.name_matches then return out:style("trusted, but for another name", "bad") end
  return out:style("trusted", "good")
end

local function certificates(out, report)
  if not report.certificates[1] then return end
  heading(out, "Certificates")
  for _, c in ipairs(report.certificates) do
    out:print(("  %s, %s, signed with %s"):format(clean(c.subject), clean(key_text(c.key)), clean(c.signature)))
    out:print(("    until %s, %d days left; %s"):format(c.not_after, c.days_left, trust_text(out, c)))
    local words = { "names:" }
    for i, name in ipairs(c.names) do
      if i <= 12 then words[#words + 1] = clean(name) end
    end
    if #c.names > 12 then words[#words + 1] = ("and %d more"):format(#c.names - 12) end
    wrapped(out, "    ", words)
    for _, issuer in ipairs(c.chain) do
      out:print(("    + %s, %s"):format(clean(issuer.subject), clean(key_text(issuer.key))))
    end
    local staple = c.staple and "OCSP staple: " .. clean(c.staple.status) or "no OCSP staple"
    out:print(("    %s; SCTs: %s"):format(staple, c.scts > 0 and tostring(c.scts) or c.scts_embedded
      and "in the certificate" or "none"))
  end
  if report.nameless_differs then out:print "  Clients that name no host are shown another certificate." end
end

local function yes_no(value)
  if value == nil then return "not known" end
  return value and "yes" or "no"
end

local function ticket_text(ticket)
  local keys = ticket.same_key == true and ", of one key" or ticket.same_key == false and ", of several keys" or ""
  return ("%d seconds%s"):format(ticket.lifetime, keys)
end

local function features(out, report)
  local f, r = report.features, report.features.resumption
  heading(out, "Protocol")
  local function row(name, text) out:print(("  %-30s %s"):format(name, text)) end
  row("secure renegotiation", yes_no(f.secure_renegotiation))
  row("clients may renegotiate", yes_no(f.client_renegotiation))
  row("TLS_FALLBACK_SCSV", yes_no(f.fallback_scsv))
  row("extended master secret", yes_no(f.extended_master_secret))
  row("encrypt-then-MAC", yes_no(f.encrypt_then_mac))
  row("compression", f.compression and (f.compression == 0 and "no" or "yes") or "not known")
  row("heartbeat", yes_no(f.heartbeat))
  row("application protocols", f.alpn and f.alpn[1] and clean(table.concat(f.alpn, ", ")) or "none")
  row("resumption by session ID", yes_no(r.session_ids))
  row("resumption by ticket, TLS 1.2", yes_no(r.tickets_1_2))
  row("resumption by ticket, TLS 1.3", yes_no(r.tickets_1_3))
  row("0-RTT", yes_no(f.early_data))
  for _, version in ipairs { "TLSv1.2", "TLSv1.3" } do
    local ticket = report.tickets[version]
    if ticket then row("tickets of " .. version, ticket_text(ticket)) end
  end
  row("asks for a client certificate", yes_no(report.client_certificate.requested))
  for _, name in ipairs(report.client_certificate.authorities or {}) do out:print("    of " .. clean(name)) end
end

local function web(out, report)
  local http = report.http
  if not http.status and not http.clear then return end
  heading(out, "HTTP")
  local function row(name, text) out:print(("  %-30s %s"):format(name, text)) end
  if http.status then
    row("status", tostring(http.status))
    row("Strict-Transport-Security", http.hsts and ("%d seconds"):format(http.hsts.max_age) or "no")
  end
  local clear = http.clear
  if clear then
    row("port " .. clear.port .. " in clear", not clear.open and "closed" or clear.redirects and "redirects to HTTPS"
      or ("answers %d"):format(clear.status))
  end
end

-- Whose lines are shown: what was asked for, or what the server says that it is.
local function server_of(report, wanted)
  if wanted then return wanted end
  local name = (report.http.server or ""):lower()
  return name:find "apache" and "apache" or name:find "haproxy" and "haproxy" or "nginx"
end

local function findings(out, report, wanted)
  heading(out, ("Findings: %d"):format(#report.findings))
  local server, shown = server_of(report, wanted), {}
  for _, found in ipairs(report.findings) do
    local label = ("  %-8s "):format(found.severity)
    out:print(out:style(label, styles[found.severity]) .. out:style(found.title, "bold"))
    paragraph(out, "           ", found.evidence)
    paragraph(out, "           ", "see " .. found.sources)
    local remedy = found.remedy and found.remedy[server]
    if shown[remedy or ""] then remedy = "as above" end
    for line in (remedy or ""):gmatch "[^\n]+" do out:print(("           %s: %s"):format(server, line)) end
    shown[remedy or ""] = remedy ~= nil
  end
end

local function gaps(out, report)
  if not report.gaps[1] then return end
  heading(out, "Not learnt")
  for _, gap in ipairs(report.gaps) do paragraph(out, "  ", ("%s: %s"):format(gap.what, gap.why)) end
end

-- Prints a report; `wanted`: whose configuration the remedies are in.
function screen.show(out, report, wanted)
  head(out, report)
  protocols(out, report)
  lists(out, "Key exchange", report.groups, report.dh)
  lists(out, "Signatures", report.signature_schemes)
  certificates(out, report)
  features(out, report)
  web(out, report)
  findings(out, report, wanted)
  gaps(out, report)
  out:print()
  out:print(("%d connections, %.1f seconds"):format(report.connections, report.seconds))
end

-- Lists that stay lists where they are empty.
local lists_of = { "protocols", "certificates", "tolerance", "findings", "checks", "gaps", "reasons" }

function screen.for_json(report)
  for _, name in ipairs(lists_of) do output.list(report[name]) end
  for _, protocol in ipairs(report.protocols) do output.list(protocol.suites) end
  for _, c in ipairs(report.certificates) do
    output.list(c.chain)
    output.list(c.names)
  end
  if report.client_certificate.authorities then output.list(report.client_certificate.authorities) end
  if report.features.alpn then output.list(report.features.alpn) end
  return report
end

return screen
