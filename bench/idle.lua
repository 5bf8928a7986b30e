-- idle.lua role=client|server stack=NAME ... - memory of this process for each connection that is open and idle, after
-- a byte went each way. variant=many: so the row is called where there are ten thousand of them.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local o = bench.arguments { n = 300, warm = 20, cipher = "aes128gcm", version = "1.3" }
local stack = bench.stack(o.stack)
local name = bench.name("idle", o, o.role, o.variant)

local one
if o.role == "server" then
  local config, listener = stack.server(o), bench.listen()
  function one()
    local connection = stack.open(config, bench.accept(listener))
    assert(connection:receive(1) == "q")
    connection:send "a"
    return connection
  end
else
  local config = stack.client(o)
  function one()
    local connection = stack.open(config, bench.connect(o.port), "localhost")
    connection:send "q"
    assert(connection:receive(1) == "a")
    return connection
  end
end

local held = {}
for i = 1, o.warm + o.n do held[i] = false end
for i = 1, o.warm do held[i] = one() end
local resident, private = bench.memory()
for i = o.warm + 1, o.warm + o.n do held[i] = one() end
local resident_after, private_after = bench.memory()
if o.report == o.role then
  bench.row(name, "resident", (resident_after - resident) / o.n, "bytes")
  bench.row(name, "private", (private_after - private) / o.n, "bytes")
end
-- the client keeps all until the server has measured
if o.role == "server" then held[1]:send "d" end
held[1]:receive(1)
