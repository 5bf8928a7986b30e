-- bulk.lua role=client|server stack=NAME direction=receive|send ... - one connection, many bytes one way (as the client
-- sees it): CPU seconds for each GiB on this side.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local o = bench.arguments { mib = 128, chunk = 16384, direction = "receive", cipher = "aes128gcm", version = "1.3" }
local stack = bench.stack(o.stack)
local name = bench.name("bulk", o, o.cipher, o.direction, o.chunk // 1024 .. "k")
local count = (o.mib << 20) // o.chunk

local function push(connection)
  local data = ("0123456789abcdef"):rep(o.chunk // 16)
  for _ = 1, count do assert(connection:send(data)) end
end

local function pull(connection)
  for _ = 1, count do assert(connection:receive(o.chunk)) end
end

local connection
if o.role == "server" then
  connection = stack.open(stack.server(o), bench.accept(bench.listen()))
else
  connection = stack.open(stack.client(o), bench.connect(o.port), "localhost")
  io.stderr:write("# ", name, ": ", stack.describe(connection), "\n")
end
local start = os.clock()
if (o.direction == "receive") == (o.role == "client") then
  pull(connection)
  connection:send "k"
else
  push(connection)
  assert(connection:receive(1) == "k")
end
if o.report == o.role then
  bench.row(name, o.role .. "_cpu", (os.clock() - start) / count / o.chunk * (1 << 30), "s/GiB")
end
connection:close()
