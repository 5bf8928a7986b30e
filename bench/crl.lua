-- crl.lua file=CRL [n=20] - a certificate revocation list: read and indexed, then looked up by serial number; what it
-- adds to the process. With n=0, read once and nothing printed: for a process as a whole.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local crl = require "bearssl.x509.crl"
local o = bench.arguments { file = "", n = 20 }

if o.n == 0 then return assert(crl.load(o.file)) end

local text = bench.read(o.file)
local before = bench.memory()
local list = assert(crl.parse(text))[1]
local memory = bench.memory() - before
local start = os.clock()
for _ = 1, o.n do crl.parse(text) end
bench.row("crl/bearssl", "load", (os.clock() - start) / o.n * 1e3, "ms")

local serials, lookups = {}, 100000
for i = 1, 1000 do serials[i] = list:entry(i * #list // 1000).serial end
start = os.clock()
for i = 1, lookups do list:lookup(serials[i % 1000 + 1]) end
bench.row("crl/bearssl", "look_up", (os.clock() - start) / lookups * 1e6, "us")
bench.row("crl/bearssl", "memory", memory / 1024, "KiB")
