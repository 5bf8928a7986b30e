-- SPDX-License-Identifier: MIT
-- bearssl cert: what a person sees of one target, on one screen.
local inspect = require "bearssl.inspect"
local output = require "bearssl.command.output"
local clean, wrapped = output.clean, output.wrap

-- As many of a list as have room in a line, and how many more there are.
local function fit(list, width)
  local text, i = "", 0
  while i < #list do
    local one = clean(list[i + 1])
    local more = ("%s and %d more"):format(i > 0 and "," or "", #list - i)
    local longer = text .. (i > 0 and ", " or "") .. one
    if #longer + (i + 1 < #list and #more or 0) > width and i > 0 then break end
    text, i = longer, i + 1
  end
  return i < #list and ("%s and %d more"):format(text, #list - i) or text
end

local function cut(text, width)
  text = clean(text)
  if #text <= width then return text end
  local stop = utf8.offset(text, 0, width - 2) -- where a character begins
  return text:sub(1, stop - 1) .. "..."
end

local function days(out, certificate, report)
  local left = certificate:days_left(report.time)
  if report.time < certificate.not_before then return out:style("not yet", "bad") end
  if left < 0 or report.time > certificate.not_after then
    return out:style(("expired %d days ago"):format(-left), "bad")
  end
  return out:style(("%d days left"):format(left), left < 30 and "warn" or "good")
end

local function date(text)
  return text:sub(1, 10)
end

local styles = { good = "good", revoked = "bad", unknown = "warn" }

local function age(seconds)
  if seconds < 7200 then return ("%d minutes old"):format(seconds // 60) end
  if seconds < 172800 then return ("%d hours old"):format(seconds // 3600) end
  return ("%d days old"):format(seconds // 86400)
end

-- The place of a certificate in the path that was found.
local function revocation_of(report, certificate)
  for i, each in ipairs(report.chain or {}) do
    if each == certificate then return report.revocation and report.revocation[i] end
  end
end

local function revocation(out, report, certificate)
  local found = revocation_of(report, certificate)
  if not found or found.status == "not_checked" then return nil end
  local about = found.source or ""
  if found.age then about = ("%s, %s"):format(about, age(found.age)) end
  local text = out:style(found.status, styles[found.status] or "dim")
  return about ~= "" and ("%s (%s)"):format(text, about) or text
end

local function scts(report)
  local dates = {}
  for i, each in ipairs(report.scts) do dates[i] = os.date("!%Y-%m-%d", each.time) end
  if not dates[1] then return nil end
  return ("%d, of %s"):format(#dates, table.concat(dates, ", ", 1, math.min(3, #dates)))
end

local function row(out, name, value)
  if value and value ~= "" then out:print(("    %s %s"):format(out:style(("%-10s"):format(name), "dim"), value)) end
end

local function one(out, report, i, certificate, mark)
  local summary = inspect.summary(certificate, report.time)
  local room = out.width - 15
  out:print(("%2d  %s  %s"):format(i, out:style(cut(summary.subject, out.width - 20), "bold"), out:style(mark, "dim")))
  row(out, "names", fit(summary.names, room))
  row(out, "issuer", cut(summary.issuer, room))
  row(out, "valid", ("%s to %s, %s"):format(date(summary.not_before), date(summary.not_after),
    days(out, certificate, report)))
  row(out, "key", ("%s, signed with %s"):format(clean(summary.key), clean(summary.signature)))
  row(out, "pin", summary.pin)
  if i == 1 then
    row(out, "serial", cut(summary.serial, room))
    row(out, "sha256", cut(summary.sha256, room))
    row(out, "timestamps", scts(report))
  end
  row(out, "revocation", revocation(out, report, certificate))
end

local function verdict(out, report)
  if report.bundle then return ("%d certificates, the first of a CA; no chain was verified"):format(
    #report.certificates) end
  if report.verified then
    local anchor = report.chain[#report.chain]
    local text = ("%s, up to %s"):format(out:style("verified", "good"), cut(tostring(anchor.subject), out.width - 20))
    return report.name and text or text .. " (no name was asked for: --name)"
  end
  local err = report.error
  if not err then return out:style("nothing that decodes was sent", "bad") end
  return out:style("not verified", "bad") .. wrapped((": %s"):format(clean(err.message)), out.width - 12, "  ")
end

local function head(target, report, out)
  local words = { out:style(clean(target.text), "bold") }
  local c = report.connection
  if c then
    words[#words + 1] = c.version
    words[#words + 1] = c.cipher_suite
    words[#words + 1] = c.group
    words[#words + 1] = report.stapled and "OCSP staple" or nil
  end
  out:print(table.concat(words, "  "))
  out:print(verdict(out, report))
end

local marks = { error = "bad", warning = "warn", note = "dim" }

local function findings(report, out)
  if not report.findings[1] then return end
  out:print()
  local indent, width = (" "):rep(9), out.width - 9
  for _, each in ipairs(report.findings) do
    out:print(("%s %s"):format(out:style(("%-8s"):format(each.severity), marks[each.severity]),
      wrapped(clean(each.message), width, indent)))
    if each.remedy then out:print(indent .. wrapped("-> " .. clean(each.remedy), width, indent .. "   ")) end
  end
end

local MANY = 10 -- certificates of a file that are shown in full

local function bundle(report, out)
  for i, certificate in ipairs(report.certificates) do
    local left = days(out, certificate, report)
    local pad = (" "):rep(math.max(0, 22 - #left:gsub("\27%[%d*m", "")))
    out:print(("%3d  %s%s  %s"):format(i, pad, left, cut(tostring(certificate.subject), out.width - 32)))
  end
end

-- The certificates as sent, then those that only the path has.
return function(target, report, out, args)
  head(target, report, out)
  out:print()
  if #report.certificates > MANY and not args.index then
    bundle(report, out)
    return findings(report, out)
  end
  local sent = {}
  for i, certificate in ipairs(report.certificates) do
    sent[certificate.fingerprints.sha256] = true
    local mark = inspect.summary(certificate).role
    if not args.index or args.index == i then one(out, report, i, certificate, mark) end
  end
  for i, certificate in ipairs(report.chain or {}) do
    if not sent[certificate.fingerprints.sha256] and not args.index then
      one(out, report, i, certificate, i == #report.chain and "trust anchor" or "fetched, not sent")
    end
  end
  findings(report, out)
end
