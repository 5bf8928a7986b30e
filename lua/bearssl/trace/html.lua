-- SPDX-License-Identifier: MIT
-- html.lua - reports as a page that stands by itself. It has no script, and its policy (CSP) allows none: only its own
-- style, by its hash. Whatever came from outside has been through core.printable, and goes through `escape` here.
local core = require "bearssl.core"
local fields = require "bearssl.trace.fields"
local mime = require "mime"
local summary = require "bearssl.trace.summary"
local style = require "bearssl.trace.style"

local OCTETS = 4096 -- of a message that are shown

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function escape(text)
  return (core.printable(tostring(text)):gsub("[&<>\"']", entities))
end

-- Text that holds pages, rung by rung: put("<p>%s</p>", …) escapes what it is given.
local page = {}
page.__index = page

function page:put(format, ...)
  local values = table.pack(...)
  for i = 1, values.n do values[i] = escape(values[i]) end
  self[#self + 1] = values.n > 0 and format:format(table.unpack(values, 1, values.n)) or format
end

-- "RFC 8446 section 4.1.2" as a link to it; nothing is loaded from there.
local function section_link(text)
  local number, kind, part = text:match "^RFC (%d+) (%a+) ([%w.]+)$"
  if not number then return escape(text) end
  local anchor = (kind == "appendix" and "appendix-" or "section-") .. part
  return ('<a href="https://www.rfc-editor.org/rfc/rfc%s#%s" rel="noreferrer">%s</a>'):format(number, anchor,
    escape(text))
end

local function put_rows(self, rows)
  self:put "<dl>"
  for _, row in ipairs(rows) do
    self:put("<dt>%s</dt><dd><span class=\"v\">%s</span>", row.name, row.text)
    if row.note then self:put("<span class=\"note\">%s</span>", row.note) end
    if row.rows then put_rows(self, row.rows) end
    self:put "</dd>"
  end
  self:put "</dl>"
end

local function hexdump(octets)
  local lines = {}
  for at = 1, math.min(#octets, OCTETS), 16 do
    local part = octets:sub(at, at + 15)
    local digits = fields.hex(part):gsub("%x%x", "%0 ")
    lines[#lines + 1] = ("%04x  %-48s %s"):format(at - 1, digits, (part:gsub("[^ -~]", ".")))
  end
  if #octets > OCTETS then lines[#lines + 1] = ("and %d bytes more"):format(#octets - OCTETS) end
  return table.concat(lines, "\n")
end

local lock = '<svg class="lock" viewBox="0 0 10 12" role="img" aria-label="encrypted"><path d="M1 5h1V3.5a3 3 0 0 1 6'
  .. ' 0V5h1v7H1zM3.4 5h3.2V3.5a1.6 1.6 0 0 0-3.2 0z"/></svg>'

-- Classes of a rung: whose it is, under which keys, and the keys of both ends for the two lines.
local initials = { early = "e", handshake = "h", application = "a" }

local function classes(self, item)
  local list = { item.from, summary.is_fatal(item) and "fatal" or item.protection or "none" }
  for _, side in ipairs { "client", "server" } do
    local initial = initials[self.keys[side]]
    if initial then list[#list + 1] = side:sub(1, 1) .. initial end
  end
  return table.concat(list, " ")
end

local function put_inside(self, item)
  self:put '<div class="inside">'
  self:put("<p>" .. section_link(item.explanation_section) .. "</p>")
  if item.malformed then self:put("<p class=\"v\">%s</p>", item.malformed) end
  if #item.rows > 0 then put_rows(self, item.rows) end
  if item.octets then
    self:put("<details class=\"octets\"><summary>%s of the message</summary>", fields.plural(#item.octets, "byte"))
    self[#self + 1] = ("<pre>%s</pre></details>"):format(hexdump(item.octets):gsub("[&<>\"']", entities))
  elseif item.hidden then
    self:put "<p class=\"note\">This engine keeps encrypted messages to itself: their size is known.</p>"
  end
  self:put "</div>"
end

local function put_message(self, item)
  self:put("<li class=\"%s\"><details><summary><span class=\"label\"><span class=\"name\">", classes(self, item))
  if item.encrypted then self:put(lock) end
  self:put("%s</span><span class=\"meta\">%s · %.1f ms</span></span>", summary.title(item),
    fields.plural(item.bytes or 0, "byte"), (item.seconds or 0) * 1000)
  self:put("<span class=\"arrow\" role=\"img\" aria-label=\"from %s to %s\"></span><span class=\"why\">%s "
    .. "<span class=\"meta\">(%s)</span></span>", item.from, item.from == "client" and "server" or "client",
    item.explanation, item.explanation_section)
  for _, decision in ipairs(item.decisions or {}) do
    self:put("<span class=\"decision\">%s <span class=\"meta\">(%s)</span></span>", decision.text, decision.section)
  end
  self:put "</summary>"
  put_inside(self, item)
  self:put "</details></li>"
end

local function put_keys(self, item)
  self.keys[item.from] = item.protection
  self:put("<li class=\"keys %s\"><div class=\"band\">from here on the %s encrypts with <span class=\"mono\">%s</span>"
    .. "</div></li>", classes(self, item), item.from, item.name)
end

local function put_trip(self, report, item)
  local text = summary.stage(report, item)
  if not text or text == self.stage then return end
  self.stage = text
  self:put("<li class=\"trip %s\">%s</li>", classes(self, { from = "" }), text)
end

local function put_failure(self, report)
  local failure = report.failure
  if not failure then return end
  self:put("<div class=\"failure\" role=\"alert\"><h3>Failed: %s</h3><p class=\"v\">%s</p>", failure.code,
    failure.message or "")
  if failure.alert then
    self:put("<p>alert %s, %s</p>", failure.alert, failure.side == "peer" and "received" or "sent")
  end
  if failure.cause then self:put("<p><b>Cause:</b> %s</p>", failure.cause) end
  if failure.remedy then self:put("<p><b>Remedy:</b> %s</p>", failure.remedy) end
  self:put "</div>"
end

local function put_ladder(self, report, many)
  local title = many and (report.label or report.version or "no handshake") or "The handshake"
  self.keys, self.stage = { client = "none", server = "none" }, nil
  self:put("<section class=\"ladder\" aria-label=\"%s\"><h2>%s</h2>", title, title)
  local facts = summary.facts(report)
  if #facts > 0 then
    self:put "<ul class=\"facts\">"
    for _, fact in ipairs(facts) do self:put("<li>%s</li>", fact) end
    self:put "</ul>"
  end
  if #report.items > 0 then
    self:put "<div class=\"ends\"><span>Client</span><span>Server</span></div><ol class=\"rungs\">"
    for _, item in ipairs(report.items) do
      if item.kind == "keys" then
        put_keys(self, item)
      elseif item.kind == "lost" then
        self:put("<li class=\"trip\">%d steps were lost for want of room</li>", item.count)
      else
        put_trip(self, report, item)
        put_message(self, item)
      end
    end
    self:put "</ol>"
  end
  put_failure(self, report)
  self:put "</section>"
end

local function put_verdict(self, report)
  self:put("<div class=\"verdict%s\">", report.connected and "" or " bad")
  for _, line in ipairs(summary.verdict(report)) do self:put("<p>%s</p>", line) end
  self:put "</div>"
end

-- Side by side: round trips as dots, time as bars.
local function put_comparison(self, reports)
  local most = 0
  for _, report in ipairs(reports) do most = math.max(most, report.seconds or 0) end
  self:put "<table><thead><tr><th>Handshake</th><th>Round trips before data</th><th>Time</th><th>Bytes</th></tr>"
  self:put "</thead>"
  for _, report in ipairs(reports) do
    local trips = report.round_trips_before_data
    self:put("<tr><th scope=\"row\">%s</th>", report.label or report.version or "none")
    if trips then
      self:put("<td>%d <span class=\"dots\" aria-hidden=\"true\">%s</span></td>", trips, ("●"):rep(trips))
      self:put("<td>%.1f ms<svg class=\"bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
        .. "<rect width=\"%.1f\" height=\"4\"/></svg></td>", report.seconds * 1000, 100 * report.seconds / most)
    else
      self:put("<td colspan=\"2\">failed: %s</td>", report.failure and report.failure.code or "no handshake")
    end
    self:put("<td>%d</td></tr>", report.bytes_sent + report.bytes_received)
  end
  self:put "</table>"
end

local legend = [[
<ul class="legend" aria-label="Colours"><li class="none">in clear</li><li class="early">early data</li><li
class="handshake">keys of the handshake</li><li class="application">keys of the application data</li></ul>]]

local function put_head(self, title)
  local policy = ("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'"):format(
    mime.b64(core.digest("sha256", style.page)))
  self:put "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
  self[#self + 1] = ('<meta http-equiv="Content-Security-Policy" content="%s">'):format(policy)
  self:put "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
  self:put "<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" content=\"no-referrer\">"
  self:put("<title>%s</title>", title)
  self[#self + 1] = "<style>" .. style.page .. "</style></head>"
end

return function(reports)
  local self = setmetatable({}, page)
  local many, first = #reports > 1, reports[1]
  local title = summary.heading(first)
  put_head(self, title)
  self:put(many and "<body class=\"wide\">" or "<body>")
  self:put("<header><h1>%s</h1><p class=\"sub\">%s</p>", title, summary.circumstances(first))
  if many then put_comparison(self, reports) else put_verdict(self, first) end
  self:put(legend .. "</header><main class=\"ladders\">")
  for _, report in ipairs(reports) do put_ladder(self, report, many) end
  self:put("</main><footer>%s made this page. It loads nothing; open a message to see what it carried.</footer>"
    .. "</body></html>\n", "bearssl trace, " .. require "bearssl.version")
  return table.concat(self, "\n")
end
