-- SPDX-License-Identifier: MIT
-- text.lua - a ladder for a terminal. Every text of a report has been through core.printable.
local core = require "bearssl.core"
local fields = require "bearssl.trace.fields"
local summary = require "bearssl.trace.summary"

local NARROW = 64 -- columns, below which arrows stand beside the messages instead of between two lines
local WIDE = 110 -- more does not make it easier to read
local TIME = 9 -- columns

local utf8_signs = { bar = "│", line = "─", thick = "━", right = "▶", left = "◀", key = "╌" }
local ascii_signs = { bar = "|", line = "-", thick = "=", right = ">", left = "<", key = "." }

-- Columns of a text: East Asian ones are counted as one, which makes a line too long at worst.
local function columns(text)
  return utf8.len(text) or #text
end

-- Cuts a text in front of column n; a character stays whole.
local function cut(text, n)
  local at = utf8.offset(text, n + 1) or #text + 1
  return text:sub(1, at - 1), text:sub(at)
end

-- A text in lines of so many columns, at its spaces where it has some.
local function wrap(text, width)
  local lines, line = {}, ""
  for word in text:gmatch "%S+" do
    local joined = line == "" and word or line .. " " .. word
    if columns(joined) <= width then
      line = joined
    else
      if line ~= "" then lines[#lines + 1] = line end
      while columns(word) > width do
        lines[#lines + 1], word = cut(word, width)
      end
      line = word
    end
  end
  if line ~= "" then lines[#lines + 1] = line end
  return lines
end

local ladder = {}
ladder.__index = ladder

local function plain(text) return text end

local function new(options)
  local width = math.max(40, math.min(options.width or 80, WIDE))
  return setmetatable({
    lines = {}, width = width, narrow = width < NARROW, signs = options.ascii and ascii_signs or utf8_signs,
    style = options.style or plain, octets = options.octets, all = options.all, ascii = options.ascii,
  }, ladder)
end

-- What is not ASCII, as "\u{...}": for terminals that show nothing else.
local function only_ascii(text)
  return (text:gsub(utf8.charpattern, function(c)
    return #c > 1 and ("\\u{%X}"):format(utf8.codepoint(c)) or c
  end))
end

function ladder:shown(text)
  return self.ascii and only_ascii(text) or text
end

function ladder:put(format, ...)
  local text = select("#", ...) > 0 and format:format(...) or format
  self.lines[#self.lines + 1] = (text:gsub("%s+$", ""))
end

-- Room between the two lines of the ladder.
function ladder:inner()
  return self.width - TIME - 5
end

-- Text inside the ladder, wrapped; what goes on is indented by two more.
function ladder:note(indent, text, kind)
  text = self:shown(text)
  local room = (self.narrow and self.width - 2 or self:inner()) - indent
  for i, line in ipairs(wrap(text, room - 2)) do
    local shift = (" "):rep(indent + (i > 1 and 2 or 0) + (self.narrow and 2 or 0))
    local styled = kind and self.style(line, kind) or line
    if self.narrow then
      self:put(shift .. styled)
    else
      local fill = (" "):rep(math.max(0, self:inner() - #shift - columns(line)))
      local bar = self.style(self.signs.bar, "dim")
      self:put("%s %s %s%s%s %s", (" "):rep(TIME), bar, shift, styled, fill, bar)
    end
  end
end

local function time_text(seconds)
  return seconds and ("%6.1f ms"):format(seconds * 1000) or ""
end

-- "ClientHello ──── 259 bytes ───▶", in so many columns; thick where it is encrypted.
function ladder:arrow(item, room)
  local signs = self.signs
  local stroke = item.encrypted and signs.thick or signs.line
  local right = item.from == "client"
  local name, size = self:shown(item.title), fields.plural(item.bytes or 0, "byte")
  local spare = math.max(2, room - columns(name) - #size - 4)
  local first = spare // 2
  local body = ("%s %s %s"):format(self.style(name, "bold"), stroke:rep(first), size)
  local rest = stroke:rep(spare - first)
  return right and ("%s %s%s"):format(body, rest, signs.right) or ("%s%s %s"):format(signs.left, rest, body)
end

function ladder:message_line(item)
  local signs = self.signs
  if self.narrow then
    local arrow = item.from == "client" and "--" .. signs.right or signs.left .. "--"
    if not self.ascii then arrow = arrow:gsub("-", signs.line) end
    return self:put("%s %s %s, %s", time_text(item.seconds), arrow, self.style(self:shown(item.title), "bold"),
      fields.plural(item.bytes or 0, "byte"))
  end
  local bar = self.style(signs.bar, "dim")
  self:put("%s %s %s %s", time_text(item.seconds), bar, self:arrow(item, self:inner()), bar)
end

local indent_of_rows = 2

local MANY = 6 -- names of a list that are shown where not everything is

local function shortened(text)
  local parts = {}
  for part in (text .. ", "):gmatch "(.-), " do parts[#parts + 1] = part end
  if #parts <= MANY + 1 then return text end
  local left = tonumber(parts[#parts]:match "^and (%d+) more$")
  return ("%s and %d more"):format(table.concat(parts, ", ", 1, MANY), #parts - MANY + (left and left - 1 or 0))
end

-- Rows that are passed over are named at the end, where they are extensions: that they are there may matter.
function ladder:rows(rows, indent)
  local also = {}
  for _, row in ipairs(rows) do
    if self.all or not row.minor then
      local text = self.all and row.text or shortened(row.text)
      self:note(indent, ("%s%s: %s"):format(row.extension and "+ " or "", row.name, text))
      if row.rows then self:rows(row.rows, indent + 4) end
    elseif row.extension then
      also[#also + 1] = row.name
    end
  end
  if #also > 0 then self:note(indent, "+ " .. table.concat(also, ", ")) end
end

function ladder:hexdump(octets)
  for at = 1, #octets, 16 do
    local part = octets:sub(at, at + 15)
    local digits = fields.hex(part):gsub("%x%x", "%0 ")
    self:note(indent_of_rows, ("%04x: %s"):format(at - 1, digits), "dim")
  end
end

local function sides(self)
  if self.narrow then return end
  local inner = self:inner()
  self:put("%s %s%s%s", (" "):rep(TIME), "client", (" "):rep(inner - 8), "server")
end

function ladder:keys(item)
  local signs = self.signs
  if self.narrow then return self:note(2, "* from here on: " .. item.name, "warn") end
  local inner = self:inner()
  local text = (" from here on: %s "):format(item.name)
  if columns(text) > inner then text = cut(text, inner) end
  local left = (inner - columns(text)) // 2
  local line = signs.key:rep(left) .. text .. signs.key:rep(inner - left - columns(text))
  local bar = self.style(signs.bar, "dim")
  self:put("%s %s %s %s", (" "):rep(TIME), bar, self.style(line, "warn"), bar)
end

local function title_of(item)
  local title = summary.title(item)
  return item.encrypted and title .. " (encrypted)" or title
end

function ladder:item(item)
  if item.kind == "keys" then return self:keys(item) end
  if item.kind == "lost" then
    return self:note(2, ("%d steps were lost for want of room"):format(item.count), "warn")
  end
  item = setmetatable({ title = title_of(item) }, { __index = item })
  self:message_line(item)
  self:note(2, ("%s (%s)"):format(item.explanation, item.explanation_section), "dim")
  self:rows(item.rows, indent_of_rows)
  if item.malformed then self:note(2, core.printable(item.malformed), "bad") end
  for _, decision in ipairs(item.decisions or {}) do
    self:note(2, ("= %s (%s)"):format(core.printable(decision.text), decision.section), "good")
  end
  if self.octets and item.octets then self:hexdump(item.octets) end
end

function ladder:stage(report, item)
  local text = summary.stage(report, item)
  if not text or text == self.last_stage then return end
  self.last_stage = text
  self:put(self.style(text, "bold"))
end

function ladder:loose(text, kind)
  for _, line in ipairs(wrap(self:shown(text), self.width)) do self:put(kind and self.style(line, kind) or line) end
end

function ladder:ending(report)
  local failure = report.failure
  if failure then
    self:loose(("failed: %s: %s"):format(failure.code, failure.message or ""), "bad")
    if failure.alert then
      self:loose(("alert %s, %s"):format(failure.alert, failure.side == "peer" and "received" or "sent"))
    end
    if failure.cause then self:loose("cause:  " .. failure.cause) end
    if failure.remedy then self:loose("remedy: " .. failure.remedy, "bold") end
  end
  if not report.handshake_done then return end
  self:loose(("%s: %s"):format(failure and "until then" or "connected", table.concat(summary.facts(report), ", ")),
    not failure and "good" or nil)
  self:loose(("%s; %.1f ms; %d bytes sent, %d received"):format(summary.round_trips(report), report.seconds * 1000,
    report.bytes_sent, report.bytes_received))
end

local function draw(self, report)
  self.last_stage = nil
  local heading = summary.heading(report)
  self:loose(report.label and ("%s: %s"):format(report.label, heading) or heading, "bold")
  self:loose((self.ascii and summary.circumstances(report):gsub("·", "-") or summary.circumstances(report)), "dim")
  if #report.items > 0 then
    self:put ""
    sides(self)
  end
  for _, item in ipairs(report.items) do
    if item.kind ~= "keys" and item.kind ~= "lost" then self:stage(report, item) end
    self:item(item)
  end
  if #report.items > 0 then self:put "" end
  self:ending(report)
end

local function comparison(self, reports)
  self:loose("side by side", "bold")
  for _, report in ipairs(reports) do
    local result = report.round_trips
      and ("%s, %.1f ms, %d bytes"):format(fields.plural(report.round_trips_before_data, "round trip"),
        report.seconds * 1000, report.bytes_sent + report.bytes_received)
      or report.failure and "failed: " .. report.failure.code or "no handshake"
    self:loose(("%s: %s"):format(report.label or report.version or "", result))
  end
end

return function(reports, options)
  local self = new(options)
  for i, report in ipairs(reports) do
    if i > 1 then self:put "" end
    draw(self, report)
  end
  if #reports > 1 then
    self:put ""
    comparison(self, reports)
  end
  return table.concat(self.lines, "\n") .. "\n"
end
