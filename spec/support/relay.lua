-- A relay of one connection that counts records and, after some, does what a network or a broken peer may do.
--   lua5.4 relay.lua port=N [from=server|client] [after=records] [act=close|reset|garbage|truncate|flip]
-- Prints "port N". Keeps what passed in to_server and to_client. `after` records from that side go through; then
--   close    both connections end                 garbage  bytes that are no record
--   reset    both end with a TCP reset            truncate half of the next record, and close
--   flip     the last bit of the next record changes; the rest passes
local socket = require "socket"
io.stdout:setvbuf "line"

local options = { from = "server", after = "1000000" }
for i = 1, #arg do
  local name, value = arg[i]:match "^(%w+)=(.*)$"
  options[name] = value
end

local listener = assert(socket.bind("127.0.0.1", 0))
local _, own_port = listener:getsockname()
print("port " .. math.tointeger(tonumber(own_port)))

local client = assert(listener:accept())
local server = assert(socket.connect("127.0.0.1", tonumber(options.port)))
client:settimeout(0)
server:settimeout(0)

local other = { [client] = server, [server] = client }
local pending = { [client] = "", [server] = "" } -- bytes from it that make no whole record yet
local logs = { [client] = assert(io.open("to_server", "wb")), [server] = assert(io.open("to_client", "wb")) }
local passed = { [client] = 0, [server] = 0 }
local from = options.from == "client" and client or server

local function send(to, bytes)
  local i = 1
  while i <= #bytes do
    local last, err, part = to:send(bytes, i)
    i = (last or part) + 1
    if not last and err ~= "timeout" then return end
    if not last then socket.select(nil, { to }, 1) end
  end
end

-- What still comes is read: a close with bytes unread would be a reset.
local function drain(tcp)
  tcp:shutdown "send"
  tcp:settimeout(2, "t")
  repeat local data, _, part = tcp:receive(16384) until not data and part == ""
end

local function finish(reset)
  for _, tcp in ipairs { client, server } do
    if reset then tcp:setoption("linger", { on = true, timeout = 0 }) else drain(tcp) end
    tcp:close()
  end
  for _, log in pairs(logs) do log:close() end
  print "done"
  os.exit(0)
end

local acts = {
  close = function() finish(false) end,
  reset = function() finish(true) end,
  garbage = function(to) send(to, ("\xA5\x5A\x00\xFF"):rep(64)) end,
  truncate = function(to, record)
    send(to, record:sub(1, #record // 2))
    finish(false)
  end,
  flip = function(to, record)
    send(to, record:sub(1, -2) .. string.char(record:byte(-1) ~ 1))
    return true
  end,
}

-- Does the act whose turn it is; true where what follows goes through.
local function act(to, record)
  from = nil
  return acts[options.act](to, record)
end

local function forward(tcp)
  local bytes = pending[tcp]
  while #bytes >= 5 do
    local length = 5 + string.unpack(">I2", bytes, 4)
    if #bytes < length then break end
    local record = bytes:sub(1, length)
    bytes = bytes:sub(length + 1)
    logs[tcp]:write(record)
    logs[tcp]:flush()
    if tcp ~= from or passed[tcp] < tonumber(options.after) then
      send(other[tcp], record)
    elseif not act(other[tcp], record) then
      pending[tcp] = nil -- nothing from there passes any more
      return
    end
    passed[tcp] = passed[tcp] + 1
  end
  pending[tcp] = bytes
end

while true do
  for _, tcp in ipairs((socket.select({ client, server }, nil, 30))) do
    local data, err, part = tcp:receive(16384)
    data = data or part
    if pending[tcp] then
      pending[tcp] = pending[tcp] .. data
      forward(tcp)
    end
    if err == "closed" then finish(false) end
  end
end
