-- PKITS's tests of revocation with all of its CRLs at hand at once, not only those that a test names: the lists of
-- others change no answer.
local json = require "dkjson"
local crl = require "bearssl.x509.crl"
local store = require "bearssl.store"

local folder = "spec/vectors/pkits/"

local function read(path)
  local file <close> = assert(io.open(folder .. path, "rb"))
  return file:read "a"
end

local lists = {}
for path in io.popen("ls " .. folder .. "crls/*.crl"):lines() do
  local found = crl.load(path) -- nil: the one whose signature is no DER
  lists[#lists + 1] = found and found[1]
end

local sections = { ["4.4"] = 21, ["4.5"] = 8, ["4.14"] = 35, ["4.15"] = 10 }
local TIME <const> = 1735689600 -- 2025-01-01

describe("all CRLs of PKITS", function()
  local counts = {}
  for _, test in ipairs(assert(json.decode(read "pkits.json")).tests) do
    local section = test.id:match "^%d+%.%d+"
    if sections[section] then
      counts[section] = (counts[section] or 0) + 1
      it(("answer %s %s"):format(test.id, test.name), function()
        local chain = {}
        for i = #test.certs, 2, -1 do chain[#chain + 1] = read("certs/" .. test.certs[i] .. ".crt") end
        local anchors = assert(store { read("certs/" .. test.certs[1] .. ".crt") })
        local found, err = anchors:verify(chain,
          { time = TIME, purpose = "any", revocation = { crl = lists }, max_signatures = 200 })
        assert.equal(test.valid, found ~= nil, tostring(err))
      end)
    end
  end

  it("are asked by all tests of four sections", function()
    assert.same(sections, counts)
    assert.equal(172, #lists)
  end)
end)
