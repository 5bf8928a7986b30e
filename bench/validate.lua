-- validate.lua stack=NAME chain=PEM trust=PEM kind=KIND [n=200] - a chain of three certificates validated: with a store
-- that was used before (again), and with one that is read from its file first (first). Ours checks the name too, which
-- luaossl and LuaSec's cert:issued do not; that one makes a store for each call, of a root that is read already.
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

local stacks = {}

function stacks.bearssl()
  local bearssl = require "bearssl"
  local chain = assert(bearssl.x509.load(o.chain))
  local function load() return assert(bearssl.store(o.trust)) end
  return load, function(store) assert(store:verify(chain, { name = "localhost" })) end
end

function stacks.luaossl()
  local x509 = require "openssl.x509"
  local stack, leaf = require "openssl.x509.chain".new(), nil
  for pem in each_pem(o.chain) do
    local certificate = x509.new(pem, "PEM")
    if leaf then stack:add(certificate) else leaf = certificate end
  end
  local function load()
    local store = require "openssl.x509.store".new()
    for pem in each_pem(o.trust) do store:add(x509.new(pem, "PEM")) end
    return store
  end
  return load, function(store) assert(store:verify(leaf, stack)) end
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

local load, verify = stacks[o.stack]()
local name = ("validate/%s/%s"):format(o.stack, o.kind)
local store = load()
verify(store)
bench.row(name, "again", 1 / bench.each(o.n, function() verify(store) end), "1/s")
bench.row(name, "first", 1 / bench.each(o.n, function() verify(load()) end), "1/s")
