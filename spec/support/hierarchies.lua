-- Random hierarchies for the comparison with OpenSSL and Go: cross-signs, several keys under a name, wrong bits,
-- constraints, dates, policies, bad signatures, strays, any order. The same seed gives the same ones.
local authority = require "spec.support.authority"
local der = require "spec.support.der"

local hierarchies = {}

local function chance(p) return math.random() < p end
local function one(list) return list[math.random(#list)] end

local function some(list, p)
  local out = {}
  for _, each in ipairs(list) do
    if chance(p) then out[#out + 1] = each end
  end
  return #out > 0 and out or nil
end

local dates = { { to = "20240101000000Z" }, { from = "20260101000000Z" } }
local every_subtree = { "DNS:example", "DNS:org", "DNS:leaf.example", "DNS:a.leaf.example", "IP:10.0.0.0/8",
  "IP:192.0.2.0/24", "email:example.com", "email:.example.com", "URI:example.com", "URI:.example.com", "DN:leaf",
  "DN:" .. der.sequence() }
local names = { "DNS:leaf.example", "DNS:a.leaf.example", "DNS:x.org", "DNS:*.leaf.example", "IP:10.1.1.1",
  "IP:192.0.2.7", "email:a@example.com", "email:a@b.example.com", "URI:http://example.com/",
  "URI:http://a.example.com/x" }
local subtrees = every_subtree
local policies = { "1.2.3.1", "1.2.3.2", "2.5.29.32.0" }

local function with_both(rate)
  local p = {}
  if chance(rate) then
    for key, value in pairs(one(dates)) do p[key] = value end
  end
  if chance(rate) then p.extensions = { der.extension("1.2.3.4", der.null, chance(0.5)) } end
  if chance(rate) then p.akid = false end
  p.flip = chance(rate)
  if chance(0.5) then p.policies = some(policies, 0.5) end
  return p
end

-- `rate`: how likely each thing is to be odd
local function ca_parts(rate)
  local p = with_both(rate)
  if chance(rate) then p.ca = false end
  if chance(rate / 2) then p.basic = false end
  if chance(rate * 2) then p.pathlen = math.random(0, 2) end
  if chance(rate * 2) then
    p.usage = one { { "cRLSign" }, { "keyCertSign" }, { "digitalSignature", "keyCertSign" }, false }
  end
  if chance(rate * 2) then p.purposes = one { { "serverAuth" }, { "clientAuth" }, { "serverAuth", "clientAuth" } } end
  if chance(rate * 3) then p.permitted = some(subtrees, 0.2) end
  if chance(rate * 3) then p.excluded = some(subtrees, 0.1) end
  p.constraints_critical = chance(0.7)
  if chance(rate) then p.explicit_policy = math.random(0, 2) end
  if chance(rate) then p.inhibit_mapping = math.random(0, 1) end
  if chance(rate) then p.inhibit_any = math.random(0, 1) end
  if chance(rate * 2) then p.mappings = { { "1.2.3.1", "1.2.3.2" } } end
  return p
end

-- OpenSSL takes an anchor without basicConstraints for a CA, if it has keyCertSign; we do not (docs/verification.md).
local function root_parts(rate, name)
  local p = ca_parts(rate)
  p.basic, p.name = nil, name
  return p
end

local function leaf_parts(rate)
  local p = with_both(rate)
  if chance(rate * 2) then
    p.purposes = one { { "serverAuth" }, { "clientAuth" }, { "serverAuth", "clientAuth" }, { "any" }, { "codeSigning" },
      false }
  end
  if chance(rate * 2) then
    p.usage = one { { "cRLSign" }, { "keyCertSign" }, { "digitalSignature" }, { "keyEncipherment" }, { "keyAgreement" },
      false }
  end
  p.names = some(names, 0.15) or { "DNS:leaf.example" }
  if chance(rate) then p.ca = chance(0.5) end
  return p
end

local function ca(name, issuer, p)
  local self = authority.ca(name, issuer, p)
  self.no_anchor = p.basic == false
  return self
end

local function shuffle(list)
  for i = #list, 2, -1 do
    local k = math.random(i)
    list[i], list[k] = list[k], list[i]
  end
end

-- { leaf =, others = list, anchors = list }
local function hierarchy()
  local rate = one { 0, 0.03, 0.08 }
  local roots, others = { authority.root(root_parts(rate / 2)) }, {}
  if chance(0.5) then roots[2] = authority.root(root_parts(rate, "root2")) end
  local issuer = one(roots)
  for i = 1, math.random(0, 3) do
    local name, above, elsewhere = chance(0.15) and "ca1" or "ca" .. i, issuer, one(roots)
    issuer = ca(name, above, ca_parts(rate))
    others[#others + 1] = issuer
    if chance(0.3) then -- cross-signed, or simply renewed
      others[#others + 1] = ca(name, chance(0.5) and above or elsewhere, ca_parts(rate * 2))
    end
    if chance(0.15) then
      local p = ca_parts(rate)
      p.key = "other" .. i
      others[#others + 1] = ca(name, above, p)
    end
  end
  local leaf = authority.leaf("leaf", issuer, leaf_parts(rate))
  if chance(0.2) then others[#others + 1] = authority.ca("stray", roots[1]) end
  shuffle(others)
  local anchors = chance(0.9) and roots or { roots[1] }
  if #others > 0 and not others[1].no_anchor and chance(0.1) then anchors = { others[1] } end
  if chance(0.1) then others[#others + 1] = leaf end
  if chance(0.05) then table.remove(others, 1) end
  return { leaf = leaf, others = others, anchors = anchors }
end

-- `kinds`: a set of kinds of names that may be constrained ({ DNS = true }); without it, all that there are
function hierarchies.make(seed, count, kinds)
  math.randomseed(seed)
  subtrees = {}
  for _, each in ipairs(every_subtree) do
    if not kinds or kinds[each:match "^%a+"] then subtrees[#subtrees + 1] = each end
  end
  local list = {}
  for i = 1, count do list[i] = hierarchy() end
  return list
end

return hierarchies
