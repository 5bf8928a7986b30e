-- handshake.lua role=client|server stack=NAME [mode=full|resumed] ... - handshakes one after another, each with a
-- connection of its own: the CPU time that each took on this side.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local o = bench.arguments { n = 400, warm = 20, mode = "full", label = "p256" }
local stack = bench.stack(o.stack)
local name = ("handshake/%s/%s/%s/1.2"):format(o.stack, o.label, o.mode)

local one
if o.role == "server" then
  local config, listener = stack.server(o), bench.listen()
  function one()
    local connection = stack.open(config, bench.accept(listener))
    connection:send "x"
    connection:receive(1) -- until the client closes
    connection:close()
  end
else
  local config, session = stack.client(o), nil
  function one(first)
    local connection = stack.open(config, bench.connect(o.port), "localhost", session)
    assert(connection:receive(1))
    if o.mode == "resumed" and not session then session = assert(stack.session(connection)) end
    if first then io.stderr:write("# ", name, ": ", stack.describe(connection), "\n") end
    connection:close()
  end
end

for i = 1, o.warm do one(i == o.warm) end
local start = os.clock()
for _ = 1, o.n do one() end
if o.report == o.role then bench.row(name, o.role .. "_cpu", (os.clock() - start) / o.n * 1e6, "us") end
