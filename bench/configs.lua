-- configs.lua stack=NAME trust=PEM|system [n=20] - what each further config of a client with the roots of a file, or of
-- the system, adds to the process.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local o = bench.arguments { trust = "system", n = 20 }
local stack = bench.stack(o.stack)
local held = { stack.client { trust = o.trust } }
for i = 1, o.n do held[i + 1] = false end
local _, before = bench.memory()
for i = 1, o.n do held[i + 1] = stack.client { trust = o.trust } end
local _, after = bench.memory()
bench.row("trust/" .. o.stack, "config", (after - before) / o.n / 1024, "KiB")
assert(held[o.n + 1])
