-- lua-nginx-websocket's client over wss.
local port = ...
local client = require "nginx.websocket.client"

local function connect(options)
  local socket = assert(client:new { timeout = 10000, max_payload_len = 200000 })
  assert(socket:connect(("wss://localhost:%d/x"):format(port), options))
  return socket
end

local function receive(socket) -- a message may come in several frames
  local pieces = {}
  while true do
    local data, kind, again = socket:recv_frame()
    pieces[#pieces + 1] = data
    if again ~= "again" then return table.concat(pieces), kind end
  end
end

local socket = connect { ssl_verify = true }
for _, text in ipairs { "hello", ("x"):rep(125), ("y"):rep(126), ("z"):rep(65000), ("w"):rep(100000) } do
  assert(socket:send_text(text))
  local data, kind = receive(socket)
  assert(data == text and (kind == "text" or kind == "continuation"), kind)
end
assert(socket:send_ping "are you there")
local data, kind = socket:recv_frame()
assert(data == "are you there" and kind == "pong")
socket:set_timeout(50)
local nothing, _, err = socket:recv_frame()
assert(not nothing and err:find "timeout", err)
socket:set_timeout(10000)
assert(socket:send_text "still here" and socket:recv_frame() == "still here")
assert(socket:send_close(1000, "enough"))
assert(socket:close())

assert(connect { ssl_verify = false }:close()) -- the library passes false, which is said aloud

