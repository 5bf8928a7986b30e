-- SPDX-License-Identifier: MIT
-- summary.lua - what text, page and drawing say alike: titles, headings, verdicts. What comes out of here may hold text
-- from outside that has been through core.printable.
local core = require "bearssl.core"
local fields = require "bearssl.trace.fields"

local summary = {}

-- What an item is called.
function summary.title(item)
  if item.kind == "early_data" then return "early data" end
  if item.kind ~= "alert" then return item.name end
  return item.fields and "alert " .. core.printable(item.fields.description) or "alert"
end

function summary.is_fatal(item)
  return item.kind == "alert" and item.fields ~= nil and item.fields.level == "fatal"
end

local function spoken(version)
  return (version:gsub("^TLSv", "TLS "))
end

function summary.heading(report)
  if not report.host then return "TLS handshake with a client" end
  return ("TLS handshake with %s port %d"):format(core.printable(report.host), report.port)
end

function summary.circumstances(report)
  local parts = { os.date("!%Y-%m-%d %H:%M:%S UTC", report.started) }
  if report.address then parts[#parts + 1] = report.address end
  if report.name and report.name ~= report.host then parts[#parts + 1] = "as " .. core.printable(report.name) end
  if report.starttls then parts[#parts + 1] = "after STARTTLS in " .. report.starttls end
  parts[#parts + 1] = ("seen from the %s, by the %s engine"):format(report.side, report.engine or "native")
  if report.connect_seconds and not report.connect_failed then
    parts[#parts + 1] = ("TCP connection %.1f ms"):format(report.connect_seconds * 1000)
  end
  return table.concat(parts, " · ")
end

-- What was agreed on, in a few words each.
function summary.facts(report)
  local list = {}
  for _, name in ipairs { "version", "cipher_suite", "group", "signature_scheme" } do
    if report[name] then list[#list + 1] = name == "version" and spoken(report[name]) or report[name] end
  end
  if report.alpn then list[#list + 1] = "ALPN " .. report.alpn end
  if report.resumed then list[#list + 1] = "resumed" end
  if report.early_data then list[#list + 1] = "early data " .. report.early_data end
  return list
end

-- "1 round trip", "no round trip before the early data, 1 in all"
function summary.round_trips(report)
  local all = fields.plural(report.round_trips, "round trip")
  if report.round_trips_before_data == report.round_trips then return all end
  return ("no round trip before the first data, %d in all"):format(report.round_trips)
end

function summary.verdict(report)
  if report.connected then
    local how = report.resumed and "Resumed" or "Connected"
    return { ("%s with %s: %s, %.1f ms."):format(how, spoken(report.version), summary.round_trips(report),
      report.seconds * 1000) }
  end
  local failure = report.failure
  if not failure then return { "The handshake was not done." } end
  local lines = { ("Failed: %s: %s"):format(failure.code, failure.message or "") }
  if failure.remedy then lines[2] = "Remedy: " .. failure.remedy end
  return lines
end

-- The part of the connection that an item belongs to: "round trip 1", …; nil: the one before.
function summary.stage(report, item)
  if item.kind == "alert" then return nil end
  if not item.round_trip then return "After the handshake" end
  if report.round_trips and item.round_trip > report.round_trips then
    return report.round_trips_before_data == 0 and "The client's last flight" or "With the first application data"
  end
  return ("Round trip %d"):format(item.round_trip)
end

return summary
