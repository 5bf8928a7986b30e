-- Each allocation of reading a private key failing in turn: an error whose code is "memory", and nothing leaked.
local fault = require "spec.support.fault"
local key = require "bearssl.key"

describe("key.load", function()
  for name, least in pairs {
    ["rsa2048-pkcs1.pem"] = 3, ["rsa2048-pkcs8.der"] = 2, ["secp384r1-sec1.pem"] = 3, ["ed25519-pkcs8.pem"] = 3,
    ["prime256v1-traditional-aes-256-cbc.pem"] = 4, ["prime256v1-pbes2-aes-256-cbc-hmacWithSHA256.pem"] = 4,
    ["prime256v1-pbes2-scrypt.pem"] = 6,
  } do
    it("fails with each allocation of " .. name, function()
      local count = fault.each(function()
        return key.load("spec/vectors/keys/" .. name, { password = "correct horse" })
      end)
      assert.truthy(count >= least, count)
    end)
  end
end)

describe("a config with a key that was read before", function()
  it("fails with each allocation", function()
    local bearssl, pki = require "bearssl", require "spec.support.pki"
    for _, kind in ipairs { "p256", "rsa2048" } do
      local own = assert(key.load(pki.server[kind].key))
      fault.each(function()
        return bearssl.server { certificate = pki.server[kind].certificate, key = own }
      end)
    end
  end)
end)
