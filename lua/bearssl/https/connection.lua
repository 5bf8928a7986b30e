-- SPDX-License-Identifier: MIT
-- bearssl.https: one connection, plain at first, then with TLS. What it reads is buffered here, so that nothing the
-- peer sends can make a line longer than its reader allows; what it waits for has a time.
local scheduler = require "bearssl.scheduler"
local failure = require "bearssl.https.failure"

local BLOCK = 16384 -- bytes read, and sent, at a time: a record (RFC 8446 section 5.1)
local PATIENCE = 64 -- reads in a row that did not wait; then others have their turn

local Connection = {}
Connection.__index = Connection

local function new(tcp, timers)
  return setmetatable({
    sock = tcp, io = scheduler.socket(tcp, timers.scheduler), timers = timers, uses = 0, streak = 0,
    buffer = "", at = 1, -- what came, and the first byte of it that nobody has read
  }, Connection)
end

-- For another request: its times, and the scheduler of its coroutine.
function Connection:lend(timers)
  self.timers, self.io, self.answered = timers, scheduler.socket(self.sock, timers.scheduler), false
end

function Connection:failed(err, step, where)
  if err == "timeout" or err == "wantread" or err == "wantwrite" then return nil, self.timers:failure(step, where) end
  return nil, failure.of(err, where)
end

-- The time of a step bounds the call as a whole: a peer that sends a byte now and then gains nothing.
function Connection:wait_for(step)
  self.io:settimeout(nil, "b")
  self.io:settimeout(self.timers:left(step), "t")
end

-- Bytes that are there now, after `before`; or nil and what the socket says.
function Connection:now(before)
  self.io:settimeout(0, "b")
  local data, err, partial = self.io:receive(BLOCK, before)
  data = data or partial
  if data and data ~= "" then return data end
  return nil, err
end

-- What has come, or what comes first.
function Connection:some(step)
  self.streak = self.streak + 1
  if self.streak > PATIENCE then
    self.streak = 0
    self.timers.scheduler.sleep(0)
  end
  local data, err = self:now()
  if data or err ~= "timeout" and err ~= "wantread" and err ~= "wantwrite" then return data, err end
  self.streak = 0
  self:wait_for(step)
  data, err = self.io:receive(1)
  return data and self:now(data), err
end

-- Puts more into the buffer, which is empty.
function Connection:fill(step)
  step = step or "read"
  local data, err = self:some(step)
  if not data then return self:failed(err, step, "HTTP response") end
  self.answered = true
  self.buffer, self.at = data, 1
  return true
end

-- A line without its end; one of more than `max` bytes does not come.
function Connection:line(max)
  local pieces, size = {}, 0
  while true do
    local lf = self.buffer:find("\n", self.at, true)
    local piece = self.buffer:sub(self.at, lf and lf - 1)
    pieces[#pieces + 1], size = piece, size + #piece
    self.at = lf and lf + 1 or #self.buffer + 1
    if size > max then return nil, failure.new("limit", "HTTP header", ("a line of more than %d bytes"):format(max)) end
    if lf then return (table.concat(pieces):gsub("\r$", "")) end
    local ok, err = self:fill()
    if not ok then return nil, err end
  end
end

-- Up to `max` bytes, as they come.
function Connection:read(max)
  if self.at > #self.buffer then
    local ok, err = self:fill()
    if not ok then return nil, err end
  end
  local data = self.buffer:sub(self.at, self.at + max - 1)
  self.at = self.at + #data
  return data
end

-- Exactly so many bytes.
function Connection:exactly(count)
  local data = ""
  while #data < count do
    local more, err = self:read(count - #data)
    if not more then return nil, err end
    data = data .. more
  end
  return data
end

-- Whether something is there already.
function Connection:has_come()
  local data = self:is_drained() and self:now()
  if data then self.buffer, self.at, self.answered = data, 1, true end
  return not self:is_drained()
end

-- Whether anything comes in the time of a step; or nil, error.
function Connection:comes(step)
  if not self:is_drained() then return true end
  local ok, err = self:fill(step)
  if ok or err.code ~= "timeout" then return ok, err end
  return false
end

-- Nothing came that nobody has read.
function Connection:is_drained()
  return self.at > #self.buffer
end

function Connection:send(data)
  local i = 1
  while i <= #data do
    local stop = math.min(i + BLOCK - 1, #data)
    self:wait_for "read"
    local last, err = self.io:send(data, i, stop)
    if not last then return self:failed(err, "read", "HTTP request") end
    i = stop + 1
  end
  return true
end

-- TLS from here on. `early` goes with the ClientHello where a session allows it (RFC 8446 section 2.3).
function Connection:secure(config, name, early)
  if not self:is_drained() then
    return nil, failure.new("unexpected", "handshake", "the peer sent something before the handshake")
  end
  local tls, err = config:wrap(self.sock, { name = name, early_data = early })
  if not tls then return self:failed(err, "handshake", "handshake") end
  self.sock, self.tls = tls, true
  self.io = scheduler.socket(tls, self.timers.scheduler)
  self:wait_for "handshake"
  local ok
  ok, err = self.io:handshake()
  if not ok then return self:failed(err, "handshake", "handshake") end
  local info = tls:info()
  self.early = info.early_sent ~= nil and info.early_data == "accepted"
  if info.alpn and not info.alpn:find "^http/1%." then
    return nil, failure.new("no_alpn", "handshake", ("the server chose '%s' of the alpn option"):format(info.alpn),
      "HTTP/1.1 is what is spoken here")
  end
  return true
end

-- Whether an idle connection may still be used: nothing has come on it, and no end.
function Connection:is_alive()
  self.sock:settimeout(0, "b")
  local data, err, partial = self.sock:receive(1)
  return not data and (partial or "") == "" and (err == "timeout" or err == "wantread")
end

-- The facts of the handshake; nil without TLS.
function Connection:facts()
  if not self.tls then return nil end
  if not self.known then
    self.known = self.sock:info()
    if not self.known.early_sent then self.known.early_data = nil end -- there could have been some, and was none
    self.known.peer_certificates = self.sock:peer_certificates()
    self.known.verified_chain = self.sock:verified_chain()
  end
  return self.known
end

function Connection:close()
  self.io:close()
end

-- At the end of whoever holds it: closed, unless somebody else holds it then.
function Connection:__close()
  if not self.held then self:close() end
end

return { new = new }
