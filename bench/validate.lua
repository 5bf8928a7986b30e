-- validate.lua stack=NAME chain=PEM trust=PEM kind=KIND [n=200] - a chain of three certificates validated: with a store
-- that was used before (again), with one that is read from its file first (first), and with certificates parsed anew
-- from DER of which nothing is kept (fresh; LuaSec takes no DER). Ours keeps with the store what it has seen verified:
-- there fresh has a store of its own each time. Ours checks the name too, which luaossl and
-- LuaSec's cert:issued do not; that one makes a store for each call, of a root that is read already.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local o = bench.arguments { n = 200, stack = "bearssl" }

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function each_pem(path)
  return read(path):gmatch "%-%-%-%-%-BEGIN CERTIFICATE.-%-%-%-%-%-END CERTIFICATE%-%-%-%-%-\n?"
end

-- The chain's certificates in DER.
local function each_der()
  local all = {}
  for i, certificate in ipairs(require "bearssl".x509.load(o.chain)) do all[i] = certificate:der() end
  return all
end

-- Each stack: load() gives a store, verify(store) validates, and so does fresh(store), if there is one.
local stacks = {}

function stacks.bearssl()
  local bearssl = require "bearssl"
  local chain = assert(bearssl.x509.load(o.chain))
  local ders = each_der()
  local function load() return assert(bearssl.store(o.trust)) end
  local function verify(store) assert(store:verify(chain, { name = "localhost" })) end
  local function fresh(store)
    local certificates = {}
    for i, der in ipairs(ders) do certificates[i] = bearssl.x509.parse(der)[1] end
    assert(store:verify(certificates, { name = "localhost" }))
  end
  return load, verify, fresh
end

function stacks.luaossl()
  local x509 = require "openssl.x509"
  local chain = require "openssl.x509.chain"
  local ders = each_der()
  local function parse()
    local stack, leaf = chain.new(), x509.new(ders[1], "DER")
    for i = 2, #ders do stack:add(x509.new(ders[i], "DER")) end
    return leaf, stack
  end
  local leaf, stack = parse()
  local function load()
    local store = require "openssl.x509.store".new()
    for pem in each_pem(o.trust) do store:add(x509.new(pem, "PEM")) end
    return store
  end
  local function verify(store) assert(store:verify(leaf, stack)) end
  return load, verify, function(store) assert(store:verify(parse())) end
end

function stacks.luasec()
  local ssl = require "ssl"
  local certificates = {}
  local function text(name)
    local parts = {}
    for i, part in ipairs(name) do parts[i] = part.name .. "=" .. part.value end
    return table.concat(parts, ",")
  end
  for pem in each_pem(o.chain) do certificates[#certificates + 1] = assert(ssl.loadcertificate(pem)) end
  local function load()
    local issuer, found = text(certificates[#certificates]:issuer()), nil
    for pem in each_pem(o.trust) do
      local root = assert(ssl.loadcertificate(pem))
      if text(root:subject()) == issuer then found = root end
    end
    return assert(found, "no root of this chain")
  end
  return load, function(root) assert(root:issued(table.unpack(certificates))) end
end

local load, verify, fresh = stacks[o.stack]()
local name = ("validate/%s/%s"):format(o.stack, o.kind)
local store = load()
verify(store)
bench.row(name, "again", 1 / bench.each(o.n, function() verify(store) end), "1/s")
if fresh then
  local stores = {}
  for i = 1, o.n do stores[i] = o.stack == "bearssl" and load() or store end
  bench.row(name, "fresh", 1 / bench.each(o.n, function(i) fresh(stores[i]) end), "1/s")
end
bench.row(name, "first", 1 / bench.each(o.n, function() verify(load()) end), "1/s")
