-- SPDX-License-Identifier: MIT
-- value.lua - reports as plain tables, for JSON: octets in hexadecimal digits, text in UTF-8.
local core = require "bearssl.core"
local hex = require "bearssl.trace.fields".hex

local octets = { der = true, data = true, octets = true }

local list_meta = { __jsontype = "array" } -- what is empty in a message is a list

local function plain(value, name)
  if type(value) == "string" then return octets[name] and hex(value) or core.printable(value) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = plain(item, key) end
  return next(copy) == nil and setmetatable(copy, list_meta) or copy
end

local item_fields = {
  "kind", "name", "from", "seconds", "bytes", "encrypted", "protection", "flight", "round_trip", "fields", "octets",
  "malformed", "decisions", "explanation", "explanation_section", "section", "count",
}

local report_fields = {
  "side", "host", "port", "name", "address", "label", "starttls", "started", "connect_seconds", "seconds", "connected",
  "failure", "version", "cipher_suite", "group", "signature_scheme", "alpn", "resumed", "early_data", "engine",
  "round_trips", "round_trips_before_data", "bytes_sent", "bytes_received",
}

local function pick(from, names)
  local copy = {}
  for _, name in ipairs(names) do copy[name] = plain(from[name], name) end
  return copy
end

return function(reports)
  local list = {}
  for i, report in ipairs(reports) do
    local copy = pick(report, report_fields)
    copy.items = {}
    for j, item in ipairs(report.items) do copy.items[j] = pick(item, item_fields) end
    list[i] = copy
  end
  return { reports = list }
end
