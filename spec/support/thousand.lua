-- Many TLS connections that are all open at a time.
--   lua5.4 thousand.lua SCHEDULER COUNT both|server|client [PORT]
-- A server prints "port N". Each connection is held until all are there; then each sends a line and gets its answer.
-- Prints what was counted; the sum of it is for the spec to look at.
local ends = require "spec.support.ends"
local run = require "spec.support.schedulers".run
local scheduler = require "bearssl.scheduler"
local socket = require "socket"
io.stdout:setvbuf "line"

local name, count, role, port = arg[1], math.tointeger(tonumber(arg[2])), arg[3], arg[4]
local waits = 0

-- The scheduler, but that it counts the waits.
local function counting()
  local own = scheduler.current()
  return setmetatable({ wait = function(...)
    waits = waits + 1
    return own.wait(...)
  end }, { __index = own })
end

-- All of them get here before one goes on.
local function barrier()
  local here, condition = 0, scheduler.condition()
  return function()
    here = here + 1
    if here == count then condition:signal() else condition:wait() end
    return here
  end
end

local function listen()
  local listener = assert(socket.tcp4())
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(1024))
  port = select(2, listener:getsockname())
  print("port " .. math.tointeger(tonumber(port)))
  return listener
end

local function serve(go, listener, counted)
  local server, open, ended, done = ends.server(), 0, 0, scheduler.condition()
  listener = scheduler.socket(listener, counted)
  local most = 0
  for _ = 1, count do
    local tcp = assert(listener:accept())
    go(function()
      local tls <close> = assert(scheduler.socket(server:wrap(tcp), counted))
      open = open + 1
      most = math.max(most, open)
      for line in function() return tls:receive() end do assert(tls:send(line:upper() .. "\n")) end
      open, ended = open - 1, ended + 1
      if ended == count then done:signal() end
    end)
  end
  listener:close()
  if ended < count then done:wait() end
  print(("server: %d connections, %d at a time"):format(ended, most))
end

local function ask(go, counted)
  local client, wait_for_all = ends.client(), barrier()
  local answers, done = 0, scheduler.condition()
  for i = 1, count do
    go(function()
      local tcp = assert(scheduler.connect("127.0.0.1", port, { scheduler = counted }))
      local tls <close> = scheduler.socket(assert(client:wrap(tcp, { name = "localhost" })), counted)
      assert(tls:handshake())
      wait_for_all()
      assert(tls:send(("line %d\n"):format(i)))
      if tls:receive() == "LINE " .. i then answers = answers + 1 end
      if answers == count then done:signal() end
    end)
  end
  if answers < count then done:wait() end
  print(("client: %d answers"):format(answers))
end

local turns = run(name, function(go)
  local counted, served = counting(), role ~= "both"
  if role ~= "client" then
    local listener = listen()
    if role == "server" then return serve(go, listener, counted) end
    go(function()
      serve(go, listener, counted)
      served = true
    end)
  end
  ask(go, counted)
  while not served do scheduler.current().sleep(0.01) end
end)
print(("waits: %d, turns: %d"):format(waits, turns))
