-- SPDX-License-Identifier: MIT
-- bearssl.cosocket.stream: the bytes of one connection, TCP or TLS on top of it. What is inside never waits; we wait
-- by whichever scheduler runs the calling coroutine. Timeouts bound each wait, as nginx's do, not the whole call.
--
-- Failures are told in OpenResty's words; `fault` keeps the bearssl.error where there is one.
local call = require "bearssl.cosocket.nested".call
local core = require "bearssl.core"
local scheduler = require "bearssl.scheduler"

local stream = {}
stream.__index = stream

local CHUNK = 16384 -- bytes asked for at a time: a TLS record's
local PATIENCE = 64 -- reads or writes in a row that did not wait; then others have their turn

local modes = { wantread = "r", wantwrite = "w" }

local function word_of(self, err)
  if type(err) ~= "table" then return err end
  self.fault = err
  if err.code == "reset" then return "connection reset by peer" end
  if err.code == "truncated" then return "closed" end
  return err.code == "timeout" and "timeout" or tostring(err)
end

local function wait_fd(given, fd, mode, timeout)
  return scheduler.of(given).wait(fd, mode, timeout)
end

local function yield_turn(given)
  scheduler.of(given).sleep(0)
end

-- Waits for what the socket said that it wants.
local function wait(self, err, mode, timeout)
  self.streak = 0
  local fd = math.tointeger(self.sock:getfd())
  if fd < 0 then return nil, "closed" end
  return call(wait_fd, self.scheduler, fd, modes[err] or mode, timeout)
end

local function wants_to_wait(err)
  return err == "timeout" or modes[err]
end

local function take_turns(self)
  self.streak = self.streak + 1
  if self.streak <= PATIENCE then return end
  self.streak = 0
  call(yield_turn, self.scheduler)
end

-- Up to `most` bytes, at least one; or nil, "closed" | "timeout" | what went wrong.
function stream:read(most, timeout)
  take_turns(self)
  while true do
    local data, err, part = self.sock:receive(math.min(most or CHUNK, CHUNK))
    data = data or part
    if data and data ~= "" then return data end
    if not wants_to_wait(err) then return nil, word_of(self, err) end
    local ok, why = wait(self, err, "r", timeout)
    if not ok then return nil, why end
  end
end

function stream:write(data, timeout)
  take_turns(self)
  local i = 1
  while i <= #data do
    local last, err, part = self.sock:send(data, i)
    if last then return true end
    if not wants_to_wait(err) then return nil, word_of(self, err) end
    i = part + 1
    local ok, why = wait(self, err, "w", timeout)
    if not ok then return nil, why end
  end
  return true
end

-- Completes the handshake, in so many seconds for all of it; or nil, "timeout" | "closed" | bearssl.error.
local function handshake(self, timeout)
  local started = core.now()
  while true do
    local ok, err = self.sock:handshake()
    if ok then return true end
    if not modes[err] then return nil, err end
    local left = timeout and timeout - (core.now() - started)
    if left and left <= 0 then return nil, "timeout" end
    ok, err = wait(self, err, "r", left)
    if not ok then return nil, err end
  end
end

-- TLS from here on; what a callback of the config raises goes to the caller. Anything but true ends the connection.
function stream:secure(config, options, timeout)
  local sock, err = config:wrap(self.sock, options)
  if not sock then return nil, err end
  self.sock, self.tls = sock, true
  sock:settimeout(0, "t")
  sock:settimeout(0)
  return handshake(self, timeout)
end

-- Is the connection as idle as it should be? Tickets that arrive with TLS 1.3 are no data (RFC 8446 section 4.6.1).
-- If not: false, and whether the peer has closed it.
function stream:idle()
  local ok, data, err, part = pcall(self.sock.receive, self.sock, 1)
  local nothing = ok and not data and (part or "") == ""
  return nothing and wants_to_wait(err) and true or false, nothing and err == "closed"
end

function stream:setoption(name, value)
  if not self.sock.setoption then return nil, "not possible once TLS runs" end
  return self.sock:setoption(name, value)
end

function stream:getoption(name)
  if not self.sock.getoption then return nil, "not possible once TLS runs" end
  return self.sock:getoption(name)
end

function stream:close()
  if self.session then self.session:gather() end
  self.sock:close()
end

local function new(sock, given, tls)
  sock:settimeout(0, "t")
  sock:settimeout(0)
  return setmetatable({
    sock = sock, tls = tls or false, streak = 0, buffer = "", reused = 0, touched = false,
    scheduler = given,
  }, stream)
end

local function unix(path)
  local sock, err = require "socket.unix".stream()
  if not sock then return nil, err end
  sock:settimeout(0)
  local ok
  ok, err = sock:connect(path)
  if ok then return sock end
  sock:close()
  return nil, err
end

-- OpenResty's words for why a connect failed.
local function connect_failed(err, host)
  if type(err) ~= "table" then return err end
  if err.code == "dns" then return host .. " could not be resolved (3: Host not found)" end
  if err.code == "refused" then return "connection refused" end
  return (tostring(err.message):gsub("^.* port %d+: ", ""):lower())
end

-- host, port | "unix:path", nil -> stream | nil, err
local function connect(host, port, timeout, given, local_address)
  if not port then
    local sock, err = unix(host:sub(6))
    if not sock then return nil, err:lower() end
    return new(sock, given)
  end
  if port == 0 then return nil, "connection refused" end
  local tcp, err = call(scheduler.connect, host, port, {
    timeout = timeout, scheduler = given, local_address = local_address,
  })
  if not tcp then return nil, connect_failed(err, host) end
  return new(tcp, given)
end

return { new = new, connect = connect }
