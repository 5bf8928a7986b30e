-- validate.lua chain=PEM trust=PEM kind=KIND [n=200] - a chain of three certificates validated, with a store that has
-- seen its CA and with a new one. LuaSec validates nothing outside a handshake.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local bearssl = require "bearssl"
local o = bench.arguments { n = 200 }
local chain, name = assert(bearssl.x509.load(o.chain)), "validate/bearssl/" .. o.kind

local function verify(store) assert(store:verify(chain, { name = "localhost" })) end

local store = assert(bearssl.store(o.trust))
verify(store)
bench.row(name, "again", 1 / bench.each(o.n, function() verify(store) end), "1/s")
bench.row(name, "first", 1 / bench.each(o.n, function() verify(assert(bearssl.store(o.trust))) end), "1/s")
