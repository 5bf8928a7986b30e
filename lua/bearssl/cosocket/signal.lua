-- SPDX-License-Identifier: MIT
-- bearssl.cosocket.signal: one coroutine waits, another wakes it, by whatever scheduler runs them. Schedulers have
-- descriptors in common and nothing else, so it is one: a UDP socket of 127.0.0.1 that is connected to itself and
-- hears nobody else.
local call = require "bearssl.cosocket.nested".call
local scheduler = require "bearssl.scheduler"

local signal = {}
signal.__index = signal

local function wait_fd(given, fd, timeout)
  return scheduler.of(given).wait(fd, "r", timeout)
end

-- true; or nil, "timeout".
function signal:wait(timeout, given)
  local udp = self.udp
  if not self.raised then call(wait_fd, given, math.tointeger(udp:getfd()), timeout) end
  if not self.raised then return nil, "timeout" end
  self.raised = false
  udp:receive()
  return true
end

function signal:raise()
  if self.raised then return end
  self.raised = true
  self.udp:send "!"
end

function signal:close()
  self.udp:close()
end
signal.__close = signal.close

local function new()
  local socket = require "socket"
  local udp = assert(socket.udp())
  assert(udp:setsockname("127.0.0.1", 0))
  assert(udp:setpeername(udp:getsockname()))
  udp:settimeout(0)
  return setmetatable({ udp = udp, raised = false }, signal)
end

return { new = new }
