-- Certificates of any shape, signed with Ed25519 in this process: what no tool would write is one table away.
--
--   local root = authority.root()                         CN=root, self-signed
--   local ca = authority.ca("ca", root, { pathlen = 0 })  a CA below it
--   local leaf = authority.leaf("leaf", ca, { names = { "DNS:leaf.example" } })
--
-- Each gives { der =, pem =, subject = Name in DER, key = its seed, ... } and takes in its last argument, all optional:
--   subject = Name or common name     issuer_name = what stands as issuer         key = label of the key
--   signer = a certificate whose key signs instead        from, to = "20200101000000Z" or time element
--   serial, version, spki, unique_ids, algorithm, inner_algorithm: DER    flip = true: a bad signature
--   ca = boolean, pathlen = n, basic = false (no basicConstraints)   usage = { "keyCertSign", ... } or false
--   purposes = { "serverAuth", oid, ... }       names = { "DNS:..", "IP:..", "email:..", "URI:..", { tag, content } }
--   names_critical               permitted, excluded = lists as of names; NET:address/bits
--   policies, mappings = { { from, to }, ... }, explicit_policy, inhibit_mapping, inhibit_any = n
--   skid, akid = key identifier or false        extensions = list of more extensions in DER
local der = require "spec.support.der"
local unit = require "bearssl.unit"

local authority = {}

local ed25519 = der.sequence(der.oid "1.3.101.112")
local usages = { digitalSignature = 0, nonRepudiation = 1, keyEncipherment = 2, dataEncipherment = 3, keyAgreement = 4,
  keyCertSign = 5, cRLSign = 6, encipherOnly = 7, decipherOnly = 8 }
local purposes = { serverAuth = "1.3.6.1.5.5.7.3.1", clientAuth = "1.3.6.1.5.5.7.3.2",
  codeSigning = "1.3.6.1.5.5.7.3.3", emailProtection = "1.3.6.1.5.5.7.3.4", any = "2.5.29.37.0" }

local function seed_of(label) return unit.hash("sha256", label) end

local function spki_of(label)
  return der.sequence(ed25519, der.bits(unit.ed25519_public_key(seed_of(label))))
end

function authority.name(subject)
  if type(subject) == "string" then return der.name { { "2.5.4.3", der.utf8(subject) } } end
  return der.name(subject)
end

local function as_name(subject)
  return type(subject) == "string" and subject:sub(1, 1) == "\x30" and subject or authority.name(subject)
end

local function time(t)
  if #t ~= 15 then return t end
  if t < "20500101" and t >= "19500101" then return der.element(0x17, t:sub(3)) end
  return der.element(0x18, t)
end

local function address(text, mask)
  local octets = {}
  for part in text:gmatch "%d+" do octets[#octets + 1] = string.char(math.tointeger(part)) end
  if mask and mask ~= "" then
    local bits = 0xffffffff << 32 - math.tointeger(mask) & 0xffffffff
    octets[#octets + 1] = string.pack(">I4", bits)
  end
  return table.concat(octets)
end

-- A GeneralName; with `subtree`, an address has its mask behind it.
local function general_name(name)
  if type(name) == "table" then return der.element(name[1], name[2]) end
  local kind, value = name:match "^(%a+):(.*)$"
  if kind == "DNS" then return der.implicit(2, value) end
  if kind == "email" then return der.implicit(1, value) end
  if kind == "URI" then return der.implicit(6, value) end
  if kind == "RID" then return der.implicit(8, der.oid(value):sub(3)) end
  if kind == "IP" then return der.implicit(7, address(value:match "^([%d.]+)/?(%d*)$")) end
  if kind == "NET" then return der.implicit(7, address(value:match "^([%d.]+)/(%d+)$")) end
  return der.context(4, as_name(value)) -- DN:common name, or DN: and a Name
end

local function ip_or_net(name)
  if type(name) == "string" and name:find "^IP:" then name = name:gsub("/.*", "") end
  return general_name(name)
end

local function subtrees(n, names)
  if not names then return "" end
  local out = {}
  for i, name in ipairs(names) do out[i] = der.sequence(general_name(name)) end
  return der.context(n, table.concat(out))
end

local function key_usage(list)
  local bits, highest = 0, 0
  for _, name in ipairs(list) do
    bits = bits | 0x8000 >> usages[name]
    if usages[name] > highest then highest = usages[name] end
  end
  local octets = string.pack(">I2", bits):sub(1, highest // 8 + 1)
  return der.bits(octets, 7 - highest % 8)
end

local function list_of(values, make)
  local out = {}
  for i, value in ipairs(values) do out[i] = make(value) end
  return der.sequence(table.concat(out))
end

local function purpose_oid(name) return der.oid(purposes[name] or name) end

local function optional_small(n, value)
  return value and der.implicit(n, der.integer(value):sub(3)) or ""
end

local function extensions_of(p, skid, akid)
  local out = {}
  local function add(oid, value, critical) out[#out + 1] = der.extension(oid, value, critical) end
  if skid then add("2.5.29.14", der.octets(skid)) end
  if akid then add("2.5.29.35", der.sequence(der.implicit(0, akid))) end
  if p.basic ~= false and (p.ca ~= nil or p.pathlen) then
    add("2.5.29.19", der.sequence(p.ca and der.boolean(true) or "", p.pathlen and der.integer(p.pathlen) or ""), true)
  end
  if p.usage then add("2.5.29.15", key_usage(p.usage), true) end
  if p.purposes then add("2.5.29.37", list_of(p.purposes, purpose_oid), p.purposes_critical) end
  if p.names then add("2.5.29.17", list_of(p.names, ip_or_net), p.names_critical) end
  if p.permitted or p.excluded then
    add("2.5.29.30", der.sequence(subtrees(0, p.permitted), subtrees(1, p.excluded)), p.constraints_critical ~= false)
  end
  if p.policies then
    add("2.5.29.32", list_of(p.policies, function(oid) return der.sequence(der.oid(oid)) end), p.policies_critical)
  end
  if p.mappings then
    add("2.5.29.33", list_of(p.mappings, function(m) return der.sequence(der.oid(m[1]), der.oid(m[2])) end), true)
  end
  if p.explicit_policy or p.inhibit_mapping then
    add("2.5.29.36", der.sequence(optional_small(0, p.explicit_policy), optional_small(1, p.inhibit_mapping)), true)
  end
  if p.inhibit_any then add("2.5.29.54", der.integer(p.inhibit_any), true) end
  for _, each in ipairs(p.extensions or {}) do out[#out + 1] = each end
  return #out > 0 and der.context(3, der.sequence(table.concat(out))) or ""
end

local count = 0

-- `issuer` nil: self-signed
function authority.certificate(name, issuer, p)
  p = p or {}
  count = count + 1
  local self = { subject = as_name(p.subject or name), label = p.key or name }
  self.key = seed_of(self.label)
  self.skid = p.skid ~= false and (p.skid or unit.hash("sha1", self.label)) or nil
  local by = issuer or self
  local signer = p.signer or by
  local akid = p.akid == nil and by.skid or p.akid
  local validity = p.validity
    or der.sequence(time(p.from or "20200101000000Z"), time(p.to or "20300101000000Z"))
  local tbs = der.sequence(p.version or der.context(0, der.integer(2)), p.serial or der.integer(count),
    p.inner_algorithm or p.algorithm or ed25519, p.issuer_name or by.subject, validity, self.subject,
    p.spki or spki_of(self.label), p.unique_ids or "", extensions_of(p, self.skid, akid))
  local signature = unit.ed25519_sign(signer.key, tbs)
  if p.flip then signature = signature:sub(1, -2) .. string.char(signature:byte(-1) ~ 1) end
  self.der = der.sequence(tbs, p.algorithm or ed25519, p.signature or der.bits(signature))
  self.pem = der.pem(self.der)
  return self
end

local function with(defaults, p)
  for key, value in pairs(p or {}) do defaults[key] = value end
  return defaults
end

function authority.root(p)
  local name = p and p.name or "root"
  return authority.certificate(name, nil, with({ ca = true, usage = { "keyCertSign", "cRLSign" } }, p))
end

function authority.ca(name, issuer, p)
  return authority.certificate(name, issuer, with({ ca = true, usage = { "keyCertSign", "cRLSign" } }, p))
end

function authority.leaf(name, issuer, p)
  return authority.certificate(name, issuer, with({ usage = { "digitalSignature" }, purposes = { "serverAuth" },
    names = { "DNS:" .. name .. ".example" } }, p))
end

return authority
