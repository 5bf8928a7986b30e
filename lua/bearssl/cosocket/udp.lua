-- SPDX-License-Identifier: MIT
-- bearssl.cosocket.udp: ngx.socket.udp. Datagrams in the clear, for what resolvers and their kind need; TLS has no part
-- in it.
local arguments = require "bearssl.cosocket.arguments"
local call = require "bearssl.cosocket.nested".call
local scheduler = require "bearssl.scheduler"

local Socket = { __name = "bearssl.cosocket.udp" }
Socket.__index = Socket

local LARGEST = 65507 -- bytes of a datagram over IPv4

local function new_udp(unix)
  if unix then return require "socket.unix".dgram() end
  return require "socket".udp()
end

-- host, port or "unix:/path": 1; or nil, why.
function Socket:setpeername(...)
  local host, port, wrong = arguments.peer(...)
  if not host then return nil, wrong end
  self:close()
  local unix = not port and host:sub(6)
  local udp, err = new_udp(unix)
  if not udp then return nil, err end
  udp:settimeout(0)
  local ok
  if unix then ok, err = udp:connect(unix) else ok, err = udp:setpeername(host, port) end
  if not ok then
    udp:close()
    return nil, unix and err:lower() or host .. " could not be resolved (3: Host not found)"
  end
  self.udp = udp
  return 1
end

local function wait(self, mode)
  local fd = math.tointeger(self.udp:getfd())
  return call(function() return scheduler.of(self.scheduler).wait(fd, mode, self.timeout / 1000) end)
end

-- A datagram: 1; or nil, why.
function Socket:send(...)
  local data = arguments.data(...)
  if not self.udp then return nil, "closed" end
  while true do
    local ok, err = self.udp:send(data)
    if ok then return 1 end
    if err ~= "timeout" then return nil, err:lower() end
    ok, err = wait(self, "w")
    if not ok then return nil, err end
  end
end

local busy_meta = { __close = function(mark) mark.of.busy = false end }

-- Up to so many bytes of the next datagram; or nil, why.
function Socket:receive(...)
  local size = arguments.datagram(LARGEST, ...)
  if not self.udp then return nil, "closed" end
  if self.busy then return nil, "socket busy" end
  self.busy = true
  local _ <close> = setmetatable({ of = self }, busy_meta)
  while true do
    local data, err = self.udp:receive(size)
    if data then return data end
    if err == "refused" then return nil, "connection refused" end
    if err ~= "timeout" then return nil, err:lower() end
    local ok, why = wait(self, "r")
    if not ok then return nil, why end
  end
end

function Socket:settimeout(...)
  self.timeout = arguments.timeouts("settimeout", 1, ...) or self.default
end

function Socket:close()
  if not self.udp then return nil, "closed" end
  if self.busy then return nil, "socket busy" end
  self.udp:close()
  self.udp = nil
  return 1
end
Socket.__close = Socket.close

return function(default_timeout, given)
  return setmetatable({ timeout = default_timeout, default = default_timeout, scheduler = given, busy = false }, Socket)
end
