-- The 66 CRL samples of BoringSSL: each gets the status that is stated.
local unit = require "bearssl.unit"
local samples = require "spec.support.samples"

local data = samples.load("spec/vectors/crl/crl.json", { "crl", "certificate", "ca_certificate", "ca_certificate_2" })

-- BoringSSL does without indirect CRLs. By RFC 5280 section 6.3.3 (b)(1), and PKITS 4.14.22, one that the issuer
-- of the certificate signed itself tells of it as any other does.
local differs = { bad_idp_indirectcrl = "good" }

describe("a CRL sample", function()
  for _, test in ipairs(data.tests) do
    local status = differs[test.name] or test.status
    it(("%s is %s"):format(test.name, status), function()
      local issuer = test.ca_certificate_2 or test.ca_certificate
      local got, code, where = unit.revocation({ test.certificate, issuer },
        { crl = test.crl, time = data.time, max_age = data.max_age_seconds })
      assert.equal(status, got, ("%s at %s"):format(code, where))
    end)
  end

  it("is one of 66", function()
    assert.equal(66, #data.tests)
  end)
end)
