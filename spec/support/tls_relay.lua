-- tls_relay.lua CERTIFICATE KEY PORT - LuaSec in front of a server on PORT of 127.0.0.1: takes one TLS connection, on a
-- port that it prints, and carries what is in it to there and back.
local socket = require "socket"
local ssl = require "ssl"

local listener = assert(socket.bind("127.0.0.1", 0))
local _, port = listener:getsockname()
print("port " .. math.tointeger(tonumber(port)))
io.stdout:flush()

local near = assert(ssl.wrap(assert(listener:accept()), {
  mode = "server", protocol = "any", certificate = arg[1], key = arg[2], verify = "none",
}))
near:settimeout(60)
assert(near:dohandshake())
local far = assert(socket.connect("127.0.0.1", tonumber(arg[3])))
near:settimeout(0)
far:settimeout(0)

-- What has come; nil: the end.
local function read(from)
  local data, err, partial = from:receive(8192)
  if err == "closed" and partial == "" then return nil end
  return data or partial
end

local function write(to, data)
  local at = 1
  while at <= #data do
    local last, err, partial = to:send(data, at)
    at = (last or partial) + 1
    if err == "closed" then return nil end
    if not last then socket.select(nil, { to }, 20) end
  end
  return true
end

local other = { [near] = far, [far] = near }
while true do
  for _, from in ipairs((socket.select({ near, far }, nil, 60))) do
    local data = read(from)
    if not data or not write(other[from], data) then os.exit(0) end
  end
end
