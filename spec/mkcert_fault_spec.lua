-- Each allocation of making keys, certificates, requests, CRLs and OCSP responses failing in turn: an error whose code
-- is "memory", and nothing leaked.
local fault = require "spec.support.fault"
local mkcert = require "bearssl.mkcert"

describe("with each allocation failing, bearssl.mkcert", function()
  local root, leaf

  setup(function()
    root = assert(mkcert.authority { name = "Root" })
    leaf = assert(root:issue { names = "a.example" })
    root:revoke(leaf.certificate)
  end)

  it("makes no key, or writes none", function()
    for _, kind in ipairs { "P-256", "ed25519", "rsa-2048" } do
      assert.truthy(fault.each(function() return mkcert.key(kind) end) >= 3)
    end
    local key, path = assert(mkcert.key()), os.tmpname()
    assert.truthy(fault.each(function() return key:save(path, true) end) >= 2)
    os.remove(path)
  end)

  it("issues nothing", function()
    local request = assert(mkcert.request { names = "a.example" })
    local key = assert(mkcert.key())
    for _, make in ipairs {
      function() return root:issue { names = "a.example", key = key } end,
      function() return root:issue { request = request.pem } end,
      function() return mkcert.request { names = "a.example", key = key } end,
      function() return root:crl() end,
      function() return root:ocsp(leaf.certificate) end,
    } do
      assert.truthy(fault.each(make) >= 2)
    end
  end)
end)
