-- SPDX-License-Identifier: MIT
-- One connection of an audit: octets out, records and handshake messages in, each bounded in time and size. It knows no
-- key: what is encrypted is a record of some length.
local core = require "bearssl.core"

local MAX_BYTES = 256 * 1024 -- of one connection
local MAX_RECORDS = 512
local MAX_MESSAGE = 128 * 1024 -- a handshake message: chains are the longest
local RECORD_MAX = 16384 + 2048 -- RFC 5246 section 6.2.3

local line = {}
line.__index = line

-- A socket, connected, in a table of its own; `deadline` by now().
function line.new(tcp, now, deadline)
  return setmetatable({ tcp = tcp, now = now, deadline = deadline, bytes = 0, records = 0, buffer = "" }, line)
end

function line:close()
  self.tcp:close()
end
line.__close = line.close

local function limit(self)
  self.tcp:settimeout(math.max(0.001, self.deadline - self.now()), "t")
end

function line:send(data)
  limit(self)
  local sent, err = self.tcp:send(data)
  if sent then return true end
  return nil, err == "timeout" and "timeout" or "closed"
end

-- At least n octets in the buffer.
local function fill(self, n)
  while #self.buffer < n do
    if self.bytes >= MAX_BYTES then return nil, "limit" end
    limit(self)
    local data, err, part = self.tcp:receive(n - #self.buffer)
    data, err = data or part or "", not data and err
    self.bytes, self.buffer = self.bytes + #data, self.buffer .. data
    if err then return nil, err == "timeout" and "timeout" or "closed" end
  end
  return true
end

local function take(self, n)
  local data = self.buffer:sub(1, n)
  self.buffer = self.buffer:sub(n + 1)
  return data
end

-- What came instead of TLS, as far as it can be had without waiting.
local function foreign(self)
  self.foreign = self.buffer
  return nil, "not_tls"
end

-- The next record: type, payload, version. nil and "timeout", "closed", "not_tls" or "limit".
function line:record()
  local ok, why = fill(self, 5)
  if not ok then
    if #self.buffer > 0 and (self.buffer:byte() < 20 or self.buffer:byte() > 24) then return foreign(self) end
    return nil, why
  end
  local kind, version, length = (">BI2I2"):unpack(self.buffer)
  if kind < 20 or kind > 24 or version >> 8 ~= 3 then return foreign(self) end
  self.records = self.records + 1
  if length > RECORD_MAX or self.records > MAX_RECORDS then return nil, "limit" end
  ok, why = fill(self, 5 + length)
  if not ok then return nil, why end
  take(self, 5)
  return kind, take(self, length), version
end

-- Octets as they come, for what is not TLS: SSL 2.0.
function line:octets(n)
  local ok, why = fill(self, n)
  if not ok then return nil, why end
  return take(self, n)
end

local function next_message(self)
  local waiting = self.handshake or ""
  if #waiting < 4 then return nil end
  local kind, length = (">BI3"):unpack(waiting)
  if length > MAX_MESSAGE then return false end
  if #waiting < 4 + length then return nil end
  self.handshake = waiting:sub(5 + length)
  return kind, waiting:sub(5, 4 + length)
end

-- The next handshake message in clear: type, body. nil and as above, or "alert" and its name and level; "record" and
-- the type where another record came, with its payload.
function line:message()
  while true do
    local kind, body = next_message(self)
    if kind == false then return nil, "limit" end
    if kind then return kind, body end
    local content, payload = self:record()
    if not content then return nil, payload end
    if content == 21 and #payload == 2 then
      local level, description = payload:byte(1, 2)
      return nil, "alert", core.alert_name(description) or tostring(description), level
    end
    if content ~= 22 then return nil, "record", content, payload end
    if #payload == 0 then return nil, "not_tls" end -- RFC 8446 section 5.1
    self.handshake = (self.handshake or "") .. payload
  end
end

return line
