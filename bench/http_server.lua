-- http_server.lua stack=NAME certificate= key= - answers every HTTPS request with a few bytes, until it is ended.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local o = bench.arguments {}
local stack = bench.stack(o.stack)
local config, listener = stack.server(o), bench.listen()
while true do
  local connection = stack.open(config, bench.accept(listener))
  repeat local line = connection:receive "*l" until not line or line == ""
  connection:send "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n"
  connection:close()
end
