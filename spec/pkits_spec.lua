-- NIST PKITS, sections 4.1 to 4.16: 249 paths, their CRLs, and the policies that come out. Revocation is "hard", as
-- the suite has it: what cannot be told is refused.
local json = require "dkjson"
local store = require "bearssl.store"
local x509 = require "bearssl.x509"

local folder = "spec/vectors/pkits/"
local now = 1735689600 -- 2025-01-01; the certificates end in 2030

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function certificate(name)
  local list, err = x509.load(folder .. "certs/" .. name .. ".crt")
  return list and list[1], err
end

local function oid(name)
  local n = name:match "^NIST%-test%-policy%-(%d+)$"
  return n and "2.16.840.1.101.3.2.1.48." .. n or assert(name == "anyPolicy" and "2.5.29.32.0", name)
end

local function oids(names)
  local list = {}
  for i, name in ipairs(names) do list[i] = oid(name) end
  table.sort(list)
  return list
end

-- The code of each refusal: of the test, or else of its section.
local codes = {
  ["4.2"] = "expired", ["4.3"] = "unknown_issuer", ["4.4"] = "revocation_unknown", ["4.5"] = "revoked",
  ["4.6"] = "path_length", ["4.7"] = "key_usage", ["4.8"] = "certificate_policy", ["4.9"] = "certificate_policy",
  ["4.10"] = "certificate_policy", ["4.11"] = "certificate_policy", ["4.12"] = "certificate_policy",
  ["4.13"] = "name_constraint", ["4.14"] = "revoked", ["4.15"] = "revoked", ["4.16"] = "critical_extension",
}
for code, ids in pairs {
  bad_certificate = "4.1.2 4.1.6", -- altered is the count of unused bits of the BIT STRING
  bad_certificate_signature = "4.1.3",
  bad_crl = "4.4.4", -- likewise
  not_yet_valid = "4.2.1 4.2.2",
  not_ca = "4.5.8 4.6.1 4.6.2 4.6.3",
  revoked = "4.4.2 4.4.3 4.4.15 4.4.18 4.4.20",
  revocation_unknown = "4.7.4 4.7.5 4.14.3 4.14.8 4.14.9 4.14.11 4.14.12 4.14.14 4.14.17 4.14.26 4.14.27 4.14.35 "
    .. "4.15.1 4.15.10",
} do
  for id in ids:gmatch "%S+" do codes[id] = code end
end

-- DSA is not implemented; a valid path with it must be refused for that reason and no other.
local unsupported = { ["4.1.4"] = true, ["4.1.5"] = true }

local function verify(test)
  local anchors = assert(store(folder .. "certs/" .. test.certs[1] .. ".crt"))
  local chain, crls = {}, {}
  for i = #test.certs, 2, -1 do
    local one, err = certificate(test.certs[i])
    if not one then return nil, err end
    chain[#chain + 1] = one
  end
  for i, name in ipairs(test.crls) do crls[i] = folder .. "crls/" .. name .. ".crl" end
  return anchors:verify(chain, {
    time = now,
    purpose = "any",
    revocation = { mode = "hard", crl = crls },
    policies = test.initial_policy_set and oids(test.initial_policy_set),
    require_explicit_policy = test.initial_explicit_policy,
    inhibit_policy_mapping = test.initial_policy_mapping_inhibit,
    inhibit_any_policy = test.initial_inhibit_any_policy,
  })
end

local tests = assert(json.decode(read(folder .. "pkits.json"))).tests

describe("PKITS", function()
  it("has all its 249 tests", function() assert.equal(249, #tests) end)

  for _, test in ipairs(tests) do
    it(test.id .. " " .. test.name, function()
      local chain, checked = verify(test)
      if test.valid and not unsupported[test.id] then
        assert(chain, checked)
        assert.equal(certificate(test.certs[1]), chain[#chain])
        assert.equal(certificate(test.certs[#test.certs]), chain[1])
        if test.user_constrained_policy_set then
          local found = table.move(checked.policies, 1, #checked.policies, 1, {})
          if checked.any_policy then found[#found + 1] = "2.5.29.32.0" end
          table.sort(found)
          assert.same(oids(test.user_constrained_policy_set), found)
        end
      else
        assert.is_nil(chain)
        local code = unsupported[test.id] and "unsupported_certificate"
          or codes[test.id] or codes[test.id:match "^%d+%.%d+"]
        assert.equal(code, checked.code, tostring(checked))
      end
    end)
  end
end)
