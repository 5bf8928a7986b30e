-- certificates.lua FIGURE - the curves of bench/growth that are about certificates, of a test's authority.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local time = require "time"
local bearssl = require "bearssl"
local authority = require "spec.support.authority"
local der = require "spec.support.der"
local crl = require "bearssl.x509.crl"

local NOW = 1700000000
local figures = {}

local function parsed(made) return bearssl.x509.parse(made.der)[1] end

-- What act(store) takes with a store that is new each time.
local function with_new_stores(figure, series, x, text, act)
  local least, stores, n = math.huge, {}, time.quick and 1 or 20
  for _ = 1, 3 do
    for i = 1, n do stores[i] = assert(bearssl.store(text)) end
    collectgarbage()
    local start = os.clock()
    for i = 1, n do act(stores[i]) end
    least = math.min(least, (os.clock() - start) / n * 1e6)
  end
  time.row(figure, series, x, math.max(least, 0.1))
end

local function verifier(store, certificates, name)
  local list = {}
  for i, made in ipairs(certificates) do list[i] = parsed(made) end
  local request = { name = name, time = NOW, max_depth = 16 }
  return function() assert(store:verify(list, request)) end
end

-- Many roots: one that is the chain's, and others of other names, whose signatures nobody looks at.
local function roots(count, mine)
  local list = { mine.pem }
  local other = authority.root { name = "other root 000000" }
  for i = 2, count do
    list[i] = der.pem((other.der:gsub("other root 000000", ("other root %06d"):format(i))))
  end
  list[1], list[count] = list[count], list[1]
  return table.concat(list)
end

function figures.anchors()
  local root = authority.root()
  local ca = authority.ca("ca", root)
  local chain = { authority.leaf("leaf", ca), ca }
  for _, count in ipairs(time.steps { 1, 10, 30, 100, 300, 1000, 3000 }) do
    local text = roots(count, root)
    time.curve("anchors", "load", count, function() assert(bearssl.store(text)) end)
    with_new_stores("anchors", "first", count, text, function(store) verifier(store, chain, "leaf.example")() end)
    time.curve("anchors", "again", count, verifier(bearssl.store(text), chain, "leaf.example"))
  end
end

-- leaf, intermediates, and the root, which is not sent
local function chain_of(count)
  local root = authority.root()
  local issuer, list = root, {}
  for i = 1, count - 1 do
    issuer = authority.ca("ca " .. i, issuer)
    table.insert(list, 1, issuer)
  end
  table.insert(list, 1, authority.leaf("leaf", issuer))
  return list, root.pem
end

function figures.chain()
  for _, count in ipairs(time.steps { 1, 2, 4, 8, 15 }) do
    local list, root = chain_of(count)
    local shuffled = { list[1] }
    for i = #list, 2, -1 do shuffled[#shuffled + 1] = list[i] end
    with_new_stores("chain", "first", count, root, function(store) verifier(store, list, "leaf.example")() end)
    with_new_stores("chain", "shuffled", count, root, function(store) verifier(store, shuffled, "leaf.example")() end)
    time.curve("chain", "again", count, verifier(bearssl.store(root), list, "leaf.example"))
  end
end

function figures.pool()
  local root = authority.root()
  local ca = authority.ca("ca", root)
  local leaf, store = authority.leaf("leaf", ca), bearssl.store(root.pem)
  for _, count in ipairs(time.steps { 1, 2, 4, 8, 13 }) do
    local others, same = { leaf }, { leaf }
    for i = 1, count do
      others[i + 1] = authority.ca("other " .. i, root)
      same[i + 1] = authority.ca("ca", root, { key = "another " .. i, skid = ca.skid })
    end
    others[count + 2], same[count + 2] = ca, ca
    time.curve("pool", "others", count, verifier(store, others, "leaf.example"))
    time.curve("pool", "same", count, verifier(store, same, "leaf.example"))
  end
end

local function host_names(count)
  local list = {}
  for i = 1, count do list[i] = ("DNS:host%05d.leaf.example"):format(i) end
  return list
end

function figures.names()
  local root = authority.root()
  local permitted = { "DNS:leaf.example" }
  for i = 1, 99 do permitted[i + 1] = ("DNS:other%d.example"):format(i) end
  local ca, narrow = authority.ca("ca", root), authority.ca("narrow", root, { permitted = permitted })
  local store = bearssl.store(root.pem)
  for _, count in ipairs(time.steps { 1, 10, 30, 100, 300, 1000 }) do
    local leaf = authority.leaf("leaf", ca, { names = host_names(count) })
    local last = ("host%05d.leaf.example"):format(count)
    time.curve("names", "parse", count, function() assert(bearssl.x509.parse(leaf.der)) end)
    time.curve("names", "verify", count, verifier(store, { leaf, ca }, last))
    time.curve("names", "read", count, function() return parsed(leaf).extensions.subject_alt_name.value[count] end)
    local under = authority.leaf("leaf", narrow, { names = host_names(count) })
    time.curve("names", "constrained", count, verifier(store, { under, narrow }, last))
  end
end

function figures.crl()
  for _, count in ipairs(time.steps { 10, 100, 1000, 10000, 100000 }) do
    local entries = {}
    for i = 1, count do entries[i] = der.crl_entry("\x11" .. string.pack(">I4", i * 7919 % 1000003)) end
    local text = der.crl { entries = entries }
    local list = assert(crl.parse(text))[1]
    assert(#list == count)
    time.curve("crl", "load", count, function() crl.parse(text) end)
    local serials, i = {}, 0
    for k = 1, 1000 do serials[k] = list:entry((k * 613) % count + 1).serial end
    time.curve("crl", "look_up", count, function()
      i = i % 1000 + 1
      assert(list:lookup(serials[i]))
    end)
  end
end

figures[arg[1]]()
