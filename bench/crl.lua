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
bench.row("crl/bearssl", "load", bench.each(o.n, function() crl.parse(text) end) * 1e3, "ms")

local serials = {}
for i = 1, 1000 do serials[i] = list:entry(i * #list // 1000).serial end
local look_up = bench.each(100000, function(i) list:lookup(serials[i % 1000 + 1]) end)
bench.row("crl/bearssl", "look_up", look_up * 1e6, "us")
bench.row("crl/bearssl", "memory", memory / 1024, "KiB")
