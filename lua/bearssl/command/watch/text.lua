-- SPDX-License-Identifier: MIT
-- bearssl watch: its results as a table, as JSON, and as Prometheus' text.
local output = require "bearssl.command.output"

local text = {}

local styles = { ok = "good", warning = "warn", critical = "bad", error = "bad" }

local function line_of(result, out)
  local left = result.days_left and ("%d days"):format(result.days_left) or "-"
  local words = {}
  if result.error then words[1] = output.lines(result.error)[1] end
  if result.ends_first then words[#words + 1] = output.clean(result.ends_first) .. " ends first" end
  if result.changes[1] then words[#words + 1] = "changed: " .. table.concat(result.changes, ", ") end
  return ("%s  %10s  %s%s"):format(out:style(("%-8s"):format(result.status), styles[result.status]), left,
    output.clean(result.target), words[1] and "  " .. table.concat(words, "; ") or "")
end

local function summary(results)
  local counts = { ok = 0, warning = 0, critical = 0, error = 0 }
  for _, result in ipairs(results) do counts[result.status] = counts[result.status] + 1 end
  return counts
end

-- For people: a line for each, and how many there are.
function text.lines(results, out)
  local lines = {}
  for i, result in ipairs(results) do lines[i] = line_of(result, out) end
  local counts = summary(results)
  lines[#lines + 1] = ("%d well, %d to be renewed, %d critical, %d failed"):format(counts.ok, counts.warning,
    counts.critical, counts.error)
  return table.concat(lines, "\n") .. "\n"
end

-- Escapes of a label's value: a backslash and a quote; a line's end is none any more.
local function label(value)
  return (output.clean(value):gsub('[\\"]', "\\%0"))
end

local gauges = {
  { "bearssl_certificate_not_after_timestamp_seconds", "When the first certificate of the path expires.",
    function(result) return result.not_after end },
  { "bearssl_certificate_valid", "1 where it is verified, 0 where it fails.",
    function(result) return result.error and 0 or 1 end },
  { "bearssl_certificate_changed", "1 where it is not as it was at the last run.",
    function(result) return result.changes[1] and 1 or 0 end },
}

-- A series that is there twice would cost a collector the whole file: of names that are shown alike, the first stays.
local function series(results, gauge)
  local lines, seen = {}, {}
  for _, result in ipairs(results) do
    local value, name = gauge[3](result), label(result.target)
    if value and not seen[name] then
      seen[name] = true
      lines[#lines + 1] = ('%s{target="%s"} %d'):format(gauge[1], name, value)
    end
  end
  return lines
end

-- Prometheus' text format, version 0.0.4.
function text.prometheus(results)
  local lines = {}
  for _, gauge in ipairs(gauges) do
    lines[#lines + 1] = ("# HELP %s %s\n# TYPE %s gauge"):format(gauge[1], gauge[2], gauge[1])
    local own = series(results, gauge)
    table.move(own, 1, #own, #lines + 1, lines)
  end
  return table.concat(lines, "\n") .. "\n"
end

-- For out:document: what is shown, and how many there are of all.
function text.document(shown, results, state_error)
  local list = output.list()
  for i, result in ipairs(shown) do
    local copy = {}
    for name, value in pairs(result) do copy[name] = value end
    copy.error, copy.changes = result.error and output.error(result.error), output.list(result.changes)
    copy.chain = result.chain and output.list(result.chain)
    list[i] = copy
  end
  return { results = list, summary = summary(results), behind = results.behind,
    state_error = state_error and output.error(state_error) }
end

return text
