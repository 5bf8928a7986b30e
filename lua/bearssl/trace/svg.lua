-- SPDX-License-Identifier: MIT
-- svg.lua - reports as a drawing, one ladder beside the other. Whatever came from outside has been through
-- core.printable, is cut to what has room, and goes through `escape`.
local core = require "bearssl.core"
local fields = require "bearssl.trace.fields"
local style = require "bearssl.trace.style"
local summary = require "bearssl.trace.summary"

local WIDTH, CLIENT, SERVER = 620, 96, 524 -- of one ladder, and where its two lines stand
local TOP, STEP, SLOPE, KEYS, STAGE = 98, 42, 10, 26, 30 -- SLOPE: how far an arrow goes down
local LETTERS = 84 -- of a line of text

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function escape(text)
  text = core.printable(tostring(text)):gsub("\xEF\xBF[\xBE\xBF]", "?") -- no characters of XML (XML 1.0 section 2.2)
  if (utf8.len(text) or #text) > LETTERS then text = text:sub(1, (utf8.offset(text, LETTERS) or #text) - 1) .. "…" end
  return (text:gsub("[&<>\"']", entities))
end

local drawing = {}
drawing.__index = drawing

function drawing:put(format, ...)
  self[#self + 1] = format:format(...)
end

function drawing:text(x, y, class, text)
  self:put('<text x="%d" y="%d" class="%s">%s</text>', self.left + x, y, class, escape(text))
end

function drawing:line(x1, y1, x2, y2, class)
  self:put('<line x1="%d" y1="%d" x2="%d" y2="%d" class="%s"/>', self.left + x1, y1, self.left + x2, y2, class)
end

-- From one line to the other, a little downwards: it takes its time.
function drawing:arrow(item)
  local from = item.from == "client" and CLIENT or SERVER
  local to = item.from == "client" and SERVER or CLIENT
  local way = from < to and 1 or -1
  local class, y = summary.is_fatal(item) and "fatal" or item.protection or "none", self.y + 22
  self:line(from + 4 * way, y, to - 10 * way, y + SLOPE, class)
  self:put('<path class="t %s" d="M%d %dl%d -6v12z"/>', class, self.left + to - 3 * way, y + SLOPE, -11 * way)
  self:text((CLIENT + SERVER) // 2, y - 4, "b mid", ("%s%s, %s"):format(summary.title(item),
    item.encrypted and " (encrypted)" or "", fields.plural(item.bytes or 0, "byte")))
  self:text(from - 10 * way, y + 4, way > 0 and "m end" or "m", ("%.1f ms"):format((item.seconds or 0) * 1000))
  self.y = self.y + STEP
end

-- The line of one end, as far as it has the keys that it had.
function drawing:life(side)
  local x = side == "client" and CLIENT or SERVER
  self:line(x, self.since[side], x, self.y, "life " .. self.keys[side])
  self.since[side] = self.y
end

function drawing:change(item)
  self:life(item.from)
  self.keys[item.from] = item.protection
  local client = item.from == "client"
  self:text(client and CLIENT + 10 or SERVER - 10, self.y + 15, (client and "k " or "k end ") .. item.protection,
    item.name)
  self.y = self.y + KEYS
end

function drawing:stage(report, item)
  local text = summary.stage(report, item)
  if not text or text == self.last_stage then return end
  self.last_stage = text
  self:text(CLIENT + 10, self.y + 15, "m", text)
  self:line(CLIENT + 4, self.y + 22, SERVER - 4, self.y + 22, "trip")
  self.y = self.y + STAGE
end

function drawing:head(report)
  self:text(20, 34, "h", report.label or summary.heading(report))
  self:text(20, 56, "m", report.version and table.concat(summary.facts(report), " · ") or summary.circumstances(report))
  self:text(CLIENT, 90, "b mid", "Client")
  self:text(SERVER, 90, "b mid", "Server")
end

function drawing:ending(report)
  self.y = self.y + 32
  for i, line in ipairs(summary.verdict(report)) do
    self:text(20, self.y, i == 1 and not report.connected and "bad" or "b", line)
    self.y = self.y + 22
  end
end

function drawing:ladder(report)
  self.y, self.last_stage = TOP, nil
  self.keys, self.since = { client = "none", server = "none" }, { client = TOP, server = TOP }
  self:head(report)
  for _, item in ipairs(report.items) do
    if item.kind == "keys" then
      self:change(item)
    elseif item.kind ~= "lost" then
      self:stage(report, item)
      self:arrow(item)
    end
  end
  self:life "client"
  self:life "server"
  self:ending(report)
end

return function(reports)
  local self, height = setmetatable({}, drawing), 0
  for i, report in ipairs(reports) do
    self.left = (i - 1) * WIDTH
    self:ladder(report)
    height = math.max(height, self.y)
  end
  local title = escape(summary.heading(reports[1]))
  local head = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" '
    .. 'aria-label="%s">\n<title>%s</title>\n<style>\n%s</style>\n<rect width="100%%" height="100%%" class="ground"/>')
    :format(WIDTH * #reports, height, WIDTH * #reports, height, title, title, style.drawing)
  return head .. "\n" .. table.concat(self, "\n") .. "\n</svg>\n"
end
