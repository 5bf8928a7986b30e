-- actor.lua - a TCP server that does what each of its clients says in a first line: steps with "|" between, bytes as
-- in a URL. Many connections at a time, on a free port of 127.0.0.1, which it prints as "port N".
--
--   send:BYTES        sleep:SECONDS      close       reset
--   read:COUNT        until so many bytes have come
--   echo              gives back what comes, until the end
--   line              gives back the next line, and what number it has on this connection; for ever
-- Its UDP socket on the same port gives back each datagram, but for "silence".
local socket = require "socket"

local listener = assert(socket.bind("127.0.0.1", 0))
local _, own_port = listener:getsockname()
print("port " .. math.tointeger(tonumber(own_port)))
io.stdout:flush()
listener:settimeout(0)
local udp = assert(socket.udp())
assert(udp:setsockname("127.0.0.1", own_port))
udp:settimeout(0)

local waiting = {} -- coroutine = { tcp or nil, deadline or nil }

local function wait(tcp, seconds)
  waiting[coroutine.running()] = { tcp = tcp, deadline = seconds and socket.gettime() + seconds }
  coroutine.yield()
end

local function receive(tcp, pattern)
  local part = ""
  while true do
    local data, err
    data, err, part = tcp:receive(pattern, part)
    if data or err ~= "timeout" then return data end
    wait(tcp)
  end
end

local function some(tcp)
  while true do
    local data, err, part = tcp:receive(8192)
    if data or part ~= "" then return data or part end
    if err ~= "timeout" then return nil end
    wait(tcp)
  end
end

local steps = {}

function steps.send(tcp, text)
  tcp:send((text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)))
end

function steps.sleep(_, seconds) wait(nil, tonumber(seconds)) end
function steps.read(tcp, count) receive(tcp, tonumber(count)) end
function steps.close(tcp) tcp:close() end

function steps.reset(tcp)
  tcp:setoption("linger", { on = true, timeout = 0 })
  tcp:close()
end

function steps.echo(tcp)
  for data in some, tcp do tcp:send(data) end
end

function steps.line(tcp)
  local number = 0
  while true do
    local line = receive(tcp, "*l")
    if not line then return end
    number = number + 1
    tcp:send(("%d %s\n"):format(number, line))
  end
end

local function act(tcp)
  tcp:settimeout(0)
  local script = receive(tcp, "*l")
  for step in (script or ""):gmatch "[^|\r]+" do
    local name, argument = step:match "^(%a+):?(.*)$"
    if not steps[name] then break end
    steps[name](tcp, argument)
  end
  tcp:close()
end

local function resume(thread, ...)
  waiting[thread] = nil
  coroutine.resume(thread, ...) -- what a client makes fail is its own connection
end

while true do
  local list, soonest, now = { listener, udp }, nil, socket.gettime()
  for thread, what in pairs(waiting) do
    if what.tcp then list[#list + 1] = what.tcp end
    if what.deadline and what.deadline <= now then
      resume(thread)
      soonest = now
      break
    end
    if what.deadline then soonest = math.min(soonest or what.deadline, what.deadline) end
  end
  local readable = socket.select(list, nil, soonest and math.max(0, soonest - now))
  if readable[udp] then
    local data, host, port = udp:receivefrom(65507)
    if data and data ~= "silence" then udp:sendto(data, host, port) end
  end
  local client = readable[listener] and listener:accept()
  if client then resume(coroutine.create(act), client) end
  for thread, what in pairs(waiting) do
    if what.tcp and readable[what.tcp] then
      resume(thread)
      break
    end
  end
end
