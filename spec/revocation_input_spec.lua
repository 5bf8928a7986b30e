-- CRLs and OCSP responses that are damaged: each truncation, each changed byte.
local crl = require "bearssl.x509.crl"
local ocsp = require "bearssl.x509.ocsp"
local x509 = require "bearssl.x509"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

local leaf = assert(x509.load(pki.server.p256.leaf))[1]
local intermediate = assert(x509.load(pki.server.p256.issuers))[1]

local list = assert(crl.parse(revoke.crl {
  issuer = "p256-intermediate", number = 9,
  entries = { { serial = leaf.serial, reason = "key_compromise" }, { serial = "01" } },
  distribution_point = "http://a.example/", only = "user",
}))[1]:der()

local nonce = ("n"):rep(8)
local response = revoke.ocsp(leaf, {
  revoked = true, reason = "superseded", nonce = nonce, responder = revoke.issue("delegate", { purpose = "ocsp" }),
})
local function verify(der)
  return ocsp.verify(der, leaf, intermediate, { nonce = nonce })
end

local function changed(der, i, byte)
  return der:sub(1, i - 1) .. string.char(byte) .. der:sub(i + 1)
end

describe("a damaged CRL", function()
  it("is none where its end is missing", function()
    for n = 0, #list - 1 do
      local got, err = crl.parse(list:sub(1, n))
      assert.same({ nil, "bad_crl" }, { got, err.code })
    end
  end)

  it("is refused or reads differently where a byte has changed, and never verifies", function()
    for i = 1, #list do
      for delta = 1, 255 do
        local got, err = crl.parse(changed(list, i, list:byte(i) ~ delta))
        if not got then
          assert.truthy(err.code == "bad_crl" or err.code == "limit", err.code)
        elseif delta == 1 or delta == 0x80 then
          assert.is_nil((got[1]:verify(intermediate)))
          for n = 1, #got[1] do assert(got[1]:entry(n)) end
          assert.is_string(tostring(got[1].issuer))
        end
      end
    end
  end)

  it("with a byte too many is none", function()
    local got, err = crl.parse(list .. "\0")
    assert.same({ nil, "bad_crl" }, { got, err.code })
  end)
end)

describe("a damaged OCSP response", function()
  it("is none where its end is missing", function()
    for n = 0, #response - 1 do
      local got, err = ocsp.parse(response:sub(1, n))
      assert.same({ nil, "bad_ocsp" }, { got, err.code })
    end
  end)

  it("never says anything else than it said", function()
    assert.equal("revoked", assert(verify(response)).status)
    for i = 1, #response do
      for delta = 1, 255 do
        local der = changed(response, i, response:byte(i) ~ delta)
        local got = ocsp.parse(der)
        if got and (delta == 1 or delta == 0x80) then
          local answer = verify(got)
          assert.truthy(not answer or answer.status == "revoked" and answer.reason == "superseded")
        end
      end
    end
  end)
end)
