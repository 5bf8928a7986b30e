-- SPDX-License-Identifier: MIT
-- What redis-lua takes for a socket: send and receive, by the scheduler, so that a Redis that is slow or says nothing
-- holds up nobody else; and bounded, all that belongs to one operation, in time and in bytes.
local scheduler = require "bearssl.scheduler"

local wire = {}
wire.__index = wire

local MAX_BYTES = 1 << 18 -- of the answers to one operation
local CHUNK = 8192

-- A deadline of the monotonic clock for all that comes now.
function wire:begin(deadline)
  self.deadline, self.received = deadline, 0
end

local modes = { wantread = "r", wantwrite = "w" }

-- Waits for what the socket wants before it goes on; `mode` is what a plain one means by "timeout".
local function wait(self, err, mode)
  mode = modes[err] or err == "timeout" and mode
  if not mode then return nil, err end
  local run = scheduler.of(self.scheduler)
  local left = self.deadline - run.now()
  if left <= 0 then return nil, "timeout" end
  return run.wait(math.tointeger(self.sock:getfd()), mode, left)
end

function wire:handshake()
  local ok, err = self.sock:handshake()
  while not ok do
    ok, err = wait(self, err)
    if not ok then return nil, err end
    ok, err = self.sock:handshake()
  end
  return true
end

function wire:send(data)
  local last, err, partial = self.sock:send(data)
  while not last do
    local ok
    ok, err = wait(self, err, "w")
    if not ok then return nil, err end
    last, err, partial = self.sock:send(data, partial + 1)
  end
  return last
end

-- Some bytes more.
local function fill(self)
  while true do
    local data, err, partial = self.sock:receive(CHUNK)
    data = data or partial or ""
    if data ~= "" then
      self.received = self.received + #data
      if self.received > MAX_BYTES then return nil, "the answer is too long" end
      self.buffer = self.buffer .. data
      return true
    end
    local ok
    ok, err = wait(self, err, "r")
    if not ok then return nil, err end
  end
end

-- "*l", or a number of bytes.
function wire:receive(pattern)
  local size = math.tointeger(pattern)
  if not size and pattern ~= "*l" or size and (size < 0 or size > MAX_BYTES) then
    return nil, "the answer is too long"
  end
  while true do
    local stop = size or self.buffer:find("\r\n", 1, true)
    if stop and #self.buffer >= stop then
      local data = self.buffer:sub(1, size or stop - 1)
      self.buffer = self.buffer:sub(size and size + 1 or stop + 2)
      return data
    end
    local ok, err = fill(self)
    if not ok then return nil, err end
  end
end

function wire.shutdown() end -- redis-lua's quit

function wire:close()
  self.sock:close()
end

-- Around a connected socket, plain or TLS.
return function(sock, run)
  sock:settimeout(0)
  return setmetatable({ sock = sock, buffer = "", scheduler = run }, wire)
end
