-- pingpong.lua role=client|server stack=NAME ... - round trips of 64 bytes over one connection: how many a second, and
-- the CPU time of each on this side.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local o = bench.arguments { n = 5000, warm = 200, cipher = "aes128gcm", version = "1.3" }
local stack = bench.stack(o.stack)
local name = bench.name("pingpong", o, "64")
local now = require "socket".gettime

local one
if o.role == "server" then
  local connection = stack.open(stack.server(o), bench.accept(bench.listen()))
  function one() connection:send(assert(connection:receive(64))) end
else
  local connection, data = stack.open(stack.client(o), bench.connect(o.port), "localhost"), ("x"):rep(64)
  function one()
    connection:send(data)
    assert(connection:receive(64) == data)
  end
end
for _ = 1, o.warm do one() end
local start = now()
local seconds = bench.each(o.n, one)
if o.report == o.role then
  bench.row(name, "rate", o.n / (now() - start), "1/s")
  bench.row(name, o.role .. "_cpu", seconds * 1e6, "us")
end
