-- SPDX-License-Identifier: MIT
-- The accept loop: connections taken, their handshakes made, handed to the handler. Each has a coroutine of its own
-- where the scheduler can; else they come one after another. What goes wrong with one is told, and ends that one.
local core = require "bearssl.core"
local new_guard = require "bearssl.guard"
local scheduler = require "bearssl.scheduler"
local background = require "bearssl.server.background"
local tell = require "bearssl.server.tell"
require "bearssl.client_hello" -- and what else is loaded late: a server may have no descriptor left when it needs them
require "bearssl.scheduler.socket"

local loop = {}

local PAUSE, PAUSE_MAX = 0.1, 2 -- seconds, where accept fails: no descriptors are left, say
local DRAIN = 0.02 -- seconds between looks whether the last connection has ended

function loop.stop_listening(server)
  if server.listener then server.listener:close() end
  server.listener = nil
end

-- Who waits in accept, or for a place among max_connections, looks again.
function loop.wake(server)
  if server.waits > 0 and server.scheduler.cancel then server.scheduler.cancel(server.fd) end
end

-- Waits on the listener's descriptor, at most until something is due. `mode`: "r" for a connection; "w", which it never
-- is, for wake.
local function wait(server, mode, timeout)
  local due = not server.busy and background.due(server)
  if due and (not timeout or due < timeout) then timeout = due end
  server.waits = server.waits + 1
  local over <close> = setmetatable({}, { -- luacheck: ignore
    __close = function() server.waits = server.waits - 1 end,
  })
  return server.scheduler.wait(server.fd, mode, timeout)
end

-- A connection that waits to be accepted, now; nil: none does.
local function take(server)
  local tcp, err = server.listener:accept()
  if tcp then
    server.pause = nil
    return tcp
  end
  if err == "closed" then -- by whoever gave it to us
    server.listener = nil
  elseif err ~= "timeout" then
    server.pause = math.min(PAUSE_MAX, 2 * (server.pause or PAUSE / 2))
    tell.error(server, err, "accept")
    server.scheduler.sleep(server.pause)
  end
end

-- What is due must not keep connections waiting, where it can be done beside them.
local function do_background(server)
  if server.busy or background.due(server) ~= 0 then return end
  if not server.scheduler.spawn then return background.run(server) end
  server.scheduler.spawn(function()
    background.run(server)
    loop.wake(server)
  end)
  server.busy = true -- from now on, though it runs later
end

-- The next connection; nil and "timeout" or "closed".
function loop.next(server, deadline)
  while server.listener and not server.closing do
    do_background(server)
    local tcp = server.listener and take(server)
    if tcp then return tcp end
    local left = deadline and deadline - server.now()
    if left and left <= 0 then return nil, "timeout" end
    if server.listener and not server.closing then wait(server, "r", left) end
  end
  return nil, "closed"
end

local function timed_out(server)
  return core.error {
    code = "timeout", message = ("the handshake took longer than %g seconds"):format(server.options.handshake_timeout),
    where = "handshake", side = "local",
  }
end

-- TLS on top of it, handshake done; or nil and an error, with nothing left open.
function loop.handshake(server, tcp)
  local sock, err = server.front.config:wrap(tcp)
  if not sock then
    tcp:close()
    return nil, err
  end
  sock = scheduler.socket(sock, server.scheduler)
  server.open[sock] = true
  local guard <close> = new_guard(function()
    server.open[sock] = nil
    sock:close()
  end)
  sock:settimeout(server.options.handshake_timeout, "t")
  local called, ok, why = pcall(sock.handshake, sock)
  if called and ok then
    guard.keep = true
    sock:settimeout(nil, "t")
    sock:settimeout(server.options.timeout or nil, "b")
    return sock
  end
  if not called then return nil, ok end
  if why == "timeout" then return nil, timed_out(server) end
  if why == "closed" then
    why = core.error { code = "closed", message = "connection is closed", where = "handshake", side = "peer" }
  end
  return nil, why
end

local function trace(err)
  return type(err) == "string" and debug.traceback(err, 2) or err
end

-- One connection from its first byte to its last.
local function serve(server, tcp, handler)
  local called, sock, err = pcall(loop.handshake, server, tcp)
  if not called then sock, err = nil, sock end
  if not sock then return tell.error(server, err, "handshake") end
  local over <close> = setmetatable({}, { __close = function() -- luacheck: ignore
    server.open[sock] = nil
    sock:close()
  end })
  local ok, wrong = xpcall(handler, trace, sock, server)
  if not ok then tell.error(server, wrong, "handler") end
end

local function connection(server, tcp, handler)
  local count <close> = setmetatable({}, { __close = function() -- luacheck: ignore
    server.count = server.count - 1
    if server.count == server.options.max_connections - 1 then loop.wake(server) end
  end })
  tcp:setoption("tcp-nodelay", true) -- a record is never worth waiting with
  serve(server, tcp, handler)
end

-- Those that the kernel has accepted already belong to us still when the server is closed.
local function take_the_rest(server, start)
  while server.listener and server.count < server.options.max_connections do
    local tcp = take(server)
    if not tcp then break end
    start(tcp)
  end
end

local function drain(server)
  server.closing = server.closing or server.now() + server.options.close_timeout
  while server.count > 0 and server.now() < server.closing do server.scheduler.sleep(DRAIN) end
  local open = {}
  for sock in pairs(server.open) do open[#open + 1] = sock end
  for _, sock in ipairs(open) do sock:close() end
end

local function run(server, start)
  while server.listener and not server.closing do
    do_background(server)
    if server.count >= server.options.max_connections then
      wait(server, "w")
    else
      local tcp = take(server)
      if tcp then
        start(tcp)
      elseif not server.closing then
        wait(server, "r")
      end
    end
  end
end

-- Ends when the server has been closed and its connections have ended.
function loop.run(server, handler)
  local spawn = server.scheduler.spawn
  local function start(tcp)
    server.count = server.count + 1
    if spawn then return spawn(connection, server, tcp, handler) end
    connection(server, tcp, handler)
  end
  run(server, start)
  take_the_rest(server, start)
  loop.stop_listening(server)
  drain(server)
end

return loop
