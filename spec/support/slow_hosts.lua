-- A TCP server for many at once that keeps its clients waiting: lua5.4 slow_hosts.lua ACT [PORT] prints "port N", and
-- "most N" whenever more are there at a time than ever before. To each client
--   hang      says nothing
--   dribble   says a record of 16 KiB, a byte at a time
--   half      is the server on PORT of 127.0.0.1, of whose answer only the first 100 bytes come
local scheduler = require "bearssl.scheduler"
local socket = require "socket"

local act, port = arg[1], tonumber(arg[2])
local listener = assert(socket.bind("127.0.0.1", 0))
print("port " .. select(2, listener:getsockname()))
io.stdout:flush()

local acts = {}

function acts.hang(client) client:receive "*a" end

function acts.dribble(client)
  for byte in ("\22\3\3\64\0\2" .. ("\0"):rep(16383)):gmatch "." do
    if not client:send(byte) then return end
    scheduler.current().sleep(0.05)
  end
end

function acts.half(client)
  local server = scheduler.socket(assert(socket.connect("127.0.0.1", port)))
  client:settimeout(0.2)
  local _, _, hello = client:receive "*a"
  server:send(hello)
  client:send(server:receive(100))
  client:settimeout(nil)
  client:receive "*a"
  server:close()
end

local now, most = 0, 0
local function serve(client)
  now = now + 1
  if now > most then
    most = now
    print("most " .. most)
    io.stdout:flush()
  end
  acts[act](client)
  client:close()
  now = now - 1
end

local loop = scheduler.loop()
loop:spawn(function()
  local sock = scheduler.socket(listener)
  while true do loop:spawn(serve, (assert(sock:accept()))) end
end)
loop:run()
