-- sink.lua stack=NAME certificate= key= - takes one connection, and reads until it ends.
local here = arg[0]:match "^(.*)/" or "."
package.path = ("%s/../?.lua;"):format(here) .. package.path
local bench = require "bench"
local o = bench.arguments {}
local stack = bench.stack(o.stack)
local config, listener = stack.server(o), bench.listen()
local connection = stack.open(config, bench.accept(listener))
repeat local data = connection:receive(65536) until not data
