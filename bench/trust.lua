-- trust.lua stack=NAME bundle=PEM [n=20] - a bundle of roots up to its first use, in a new process and again. Ours is a
-- store that verifies a root; LuaSec validates nothing outside a handshake: a context.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local o = bench.arguments { bundle = "", n = 20 }
local stack = bench.stack(o.stack)
local certificate = stack.parse(bench.read(o.bundle):match "%-%-%-%-%-BEGIN CERTIFICATE.-END CERTIFICATE%-%-%-%-%-\n")
local kept
local function load() kept = stack.trust(o.bundle, certificate) end

local name = "trust/" .. o.stack
local _, before = bench.memory()
local first = bench.each(1, load)
local _, after = bench.memory()
bench.row(name, "first", first * 1e3, "ms")
bench.row(name, "again", bench.each(o.n, load) * 1e3, "ms")
bench.row(name, "private", (after - before) / 1024, "KiB")
assert(kept)
