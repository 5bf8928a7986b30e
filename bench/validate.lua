-- validate.lua stack=NAME chain=PEM trust=PEM name=KIND [bundle=PEM] [n=200] - chains of three certificates validated,
-- with a store that has seen their CA and with a new one; and a large bundle until its first use: our store, or a
-- context of LuaSec's, which cannot validate outside a handshake.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local o = bench.arguments { stack = "bearssl", chain = "", trust = "", bundle = "", name = "", n = 200 }

local function each(count, act)
  act()
  local start = os.clock()
  for _ = 1, count do act() end
  return (os.clock() - start) / count
end

if o.stack == "luasec" then
  local ssl = require "ssl"
  local seconds = each(o.n // 20 + 1, function()
    assert(ssl.newcontext { mode = "client", protocol = "any", verify = "peer", cafile = o.bundle })
  end)
  return bench.row("validate/luasec", "bundle", seconds * 1e3, "ms")
end

local bearssl = require "bearssl"
local options = { purpose = "any" }

if o.chain ~= "" then
  local chain, store = assert(bearssl.x509.load(o.chain)), assert(bearssl.store(o.trust))
  local name = "validate/bearssl/" .. o.name
  bench.row(name, "again", 1 / each(o.n, function() assert(store:verify(chain, options)) end), "1/s")
  bench.row(name, "first", 1 / each(o.n, function() assert(assert(bearssl.store(o.trust)):verify(chain, options)) end),
    "1/s")
end
if o.bundle ~= "" then
  local leaf = assert(bearssl.x509.load(o.bundle))[1]
  options.time = leaf.not_before
  local seconds = each(o.n, function() assert(assert(bearssl.store(o.bundle)):verify(leaf, options)) end)
  bench.row("validate/bearssl", "bundle", seconds * 1e3, "ms")
end
