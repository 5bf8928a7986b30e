-- handshake.lua role=client|server stack=NAME [mode=full|known|resumed|0rtt] ... - handshakes one after another, each
-- with a connection of its own and a byte from the server, which brings the tickets: the CPU time that each took on
-- this side. With 0rtt a byte of the client's, too, as early data. With known the handshakes are full ones, and the
-- client's config has seen the chain before; with full it has no cache of chains. With the stack plain there is no TLS.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local o = bench.arguments {
  n = 300, warm = 20, mode = "full", kind = "p256", cipher = "aes128gcm", version = "1.3",
}
local stack = bench.stack(o.stack)
local plain = o.stack == "plain"
local name = bench.name("handshake", o, o.kind, o.mode)
if plain then name = bench.name("handshake", o, o.mode == "full" and "tcp" or o.mode) end
local early = o.mode == "0rtt" and "e" or nil

local function server()
  local config, listener = stack.server(o), bench.listen()
  return function()
    local connection = stack.open(config, bench.accept(listener))
    if early then assert(connection:receive(1) == early) end
    connection:send "x"
    connection:receive(1) -- until the client closes
    connection:close()
  end
end

-- Each connection resumes from the newest session that those before it left.
local function client()
  local config, session = stack.client(o), nil
  return function(i)
    local connection = stack.open(config, bench.connect(o.port), "localhost", session, session and early)
    if early and not session then assert(connection:send(early)) end
    assert(connection:receive(1))
    if early or o.mode == "resumed" then session = stack.session(connection) or session end
    if i == o.warm then
      local agreed = stack.describe(connection)
      io.stderr:write("# ", name, ": ", agreed, "\n")
      local resumes = o.mode == "resumed" or o.mode == "0rtt"
      assert(resumes == (agreed:find("resumed", 1, true) ~= nil), agreed)
      assert(o.mode ~= "0rtt" or agreed:find("0rtt", 1, true), agreed)
    end
    connection:close()
  end
end

local one = o.role == "server" and server() or client()
for i = 1, o.warm do one(i) end
local seconds = bench.each(o.n, function() one() end)
if o.report == o.role then bench.row(name, o.role .. "_cpu", seconds * 1e6, "us") end
