-- SPDX-License-Identifier: MIT
-- The talk in clear before the handshake: read a byte at a time, so that nothing is taken from the socket but what
-- belongs to it, and bounded. What fails ends the talk from wherever it is: see talk.run.
local core = require "bearssl.core"
local scheduler = require "bearssl.scheduler"

local MAX_LINE = 4096 -- bytes; RFC 5321 section 4.5.3.1.5 has 512
local MAX_LINES = 128 -- of one reply
local MAX_BYTES = 64 * 1024 -- of all that the peer says

local talk = {}
talk.__index = talk

local Failure = {} -- what a talk ends with, as opposed to a mistake in the program

-- Ends the talk with an error of ours.
function talk:fail(code, message, ...)
  local text = select("#", ...) > 0 and message:format(...) or message
  error(setmetatable({ err = core.error { code = code, message = text, where = self.protocol, side = "local" } },
    Failure), 0)
end

-- Ends it with what the socket has said.
function talk:broken(err)
  if type(err) == "string" and err ~= "timeout" and err ~= "closed" then self:fail("io", "%s", err) end
  error(setmetatable({ err = err }, Failure), 0)
end

-- The peer's words as they may be shown.
function talk.quoted(text)
  return (("%q"):format(text:sub(1, 200)):gsub("[^ -~]", function(c) return ("\\%d"):format(c:byte()) end))
end

-- Ends it because the peer will not have TLS; `answer` is what it said.
function talk:refused(answer, what)
  self:fail("no_starttls", "%s: %s", what or "the peer refuses", talk.quoted(answer))
end

function talk:garbage(what, wanted)
  self:fail("decode", "%s instead of %s", talk.quoted(what), wanted)
end

local function set_timeout(self)
  if self.deadline then self.tcp:settimeout(math.max(0.001, self.deadline - self.now()), "t") end
end

-- Exactly n bytes.
function talk:read(n)
  self.room = self.room - n
  if self.room < 0 then self:fail("limit", "more than %d bytes before the handshake", MAX_BYTES) end
  local early = self.early:sub(1, n)
  self.early = self.early:sub(#early + 1)
  if #early == n then return early end
  set_timeout(self)
  local data, err = self.tcp:receive(n - #early)
  if not data then self:broken(err) end
  return early .. data
end

-- A line without its end.
function talk:line()
  local bytes = {}
  while true do
    local byte = self:read(1)
    if byte == "\n" then break end
    bytes[#bytes + 1] = byte
    if #bytes > MAX_LINE then self:fail("limit", "a line of more than %d bytes", MAX_LINE) end
  end
  return (table.concat(bytes):gsub("\r$", ""))
end

-- A counter that ends the talk: for the lines of a reply.
function talk:counter(what, max)
  local count = 0
  max = max or MAX_LINES
  return function()
    count = count + 1
    if count > max then self:fail("limit", "more than %d %s", max, what) end
  end
end

-- A reply as of RFC 5321 section 4.2 and RFC 959 section 4.2: its code, its lines without the code, and its text.
function talk:reply()
  local count, lines, code = self:counter "lines in one reply", {}, nil
  repeat
    count()
    local line = self:line()
    local number, more, text = line:match "^(%d%d%d)([ -]?)(.*)$"
    if not number and not code then self:garbage(line, "a reply with a code") end
    local last = number and more ~= "-" and (not code or number == code)
    code = code or number
    lines[#lines + 1] = number == code and text or line
  until last
  return code, lines, code .. " " .. table.concat(lines, " / ")
end

function talk:send(text)
  local at = 1
  while at <= #text do
    set_timeout(self)
    local last, err, partial = self.tcp:send(text, at)
    if not last then self:broken(err) end
    at = (last or partial) + 1
  end
end

-- Text of the program that becomes part of a command: nothing in it may begin another one.
function talk.word(name, value)
  if type(value) ~= "string" or value == "" or #value > 255 or value:find "[%c\127 <>&'\"]" then
    error(("option '%s': a word without spaces and control characters is wanted"):format(name), 0)
  end
  return value
end

-- Has the peer gone on speaking? What comes after the command or the go-ahead and before the handshake was said by
-- nobody whom the handshake will prove (the class of CVE-2011-0411).
function talk:expect_silence()
  local tcp = self.tcp
  local early = self.early ~= ""
  if not early and tcp.dirty then early = tcp:dirty() end
  if not early and tcp.gettimeout then
    local block, total = tcp:gettimeout()
    tcp:settimeout(0)
    early = tcp:receive(1) ~= nil
    tcp:settimeout(block, "b")
    tcp:settimeout(total, "t")
  end
  if early then self:fail("injection", "the peer went on in clear where the handshake must begin") end
end

local function new(protocol, tcp, options, deadline)
  return setmetatable({
    protocol = protocol, tcp = tcp, early = options.received or "", room = MAX_BYTES, deadline = deadline,
    now = scheduler.of(options.scheduler).now,
  }, talk)
end

-- What `speak(talk, options)` gives; nil and why, where it ended before.
function talk.run(protocol, tcp, options, deadline, speak)
  local self = new(protocol, tcp, options, deadline)
  local block, total
  if deadline and tcp.gettimeout then block, total = tcp:gettimeout() end
  local result = table.pack(pcall(speak, self, options))
  if block then
    tcp:settimeout(block, "b")
    tcp:settimeout(total, "t")
  end
  if result[1] then return table.unpack(result, 2, result.n) end
  if getmetatable(result[2]) == Failure then return nil, result[2].err end
  error(result[2], 0)
end

return talk
