-- http_server.lua stack=NAME certificate= key= - answers every HTTPS request with a few bytes, or as many as
-- its path says ("/1000"), until it is ended.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local o = bench.arguments {}
local stack = bench.stack(o.stack)
local config, listener = stack.server(o), bench.listen()
while true do
  local connection = stack.open(config, bench.accept(listener))
  local size = tonumber((connection:receive "*l" or ""):match "^GET /(%d+) ")
  repeat local line = connection:receive "*l" until not line or line == ""
  local body = size and ("x"):rep(size) or "hello\n"
  connection:send(("HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"):format(#body))
  connection:send(body)
  connection:close()
end
