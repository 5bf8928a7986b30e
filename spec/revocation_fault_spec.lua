-- Each allocation of reading CRLs and OCSP, of making configs and of judging a path failing in turn: an error whose
-- code is "memory", and nothing leaked.
local fault = require "spec.support.fault"
local bearssl = require "bearssl"
local crl = require "bearssl.x509.crl"
local ocsp = require "bearssl.x509.ocsp"
local store = require "bearssl.store"
local x509 = require "bearssl.x509"
local der = require "spec.support.der"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

local leaf = assert(x509.load(pki.server.p256.leaf))[1]
local intermediate = assert(x509.load(pki.server.p256.issuers))[1]
local list = revoke.crl { issuer = "p256-intermediate", entries = { { serial = "7F" }, { serial = "05" } } }
local of_root = revoke.crl { issuer = "p256-root" }

describe("with each allocation failing", function()
  it("CRLs are read", function()
    local path = revoke.file(list .. of_root)
    assert.truthy(fault.each(function() return crl.load(path) end) >= 5)
    local sorted = assert(crl.parse(list))[1]:der()
    assert.equal(3, (fault.each(function() return crl.parse(sorted) end)))
    local unsorted = der.crl { entries = { der.crl_entry "\5", der.crl_entry "\3" } }
    assert.equal(4, (fault.each(function() return crl.parse(unsorted) end)))
  end)

  it("OCSP requests are made", function()
    assert.equal(1, (fault.each(function() return ocsp.request(leaf, intermediate, { nonce = true }) end)))
  end)

  it("a config is made", function()
    fault.each(function()
      return bearssl.client { trust = pki.root.p256, revocation = { crl = { list, of_root } } }
    end)
  end)

  it("a path is judged by CRLs", function()
    local roots = assert(store(pki.root.p256))
    local crls = { assert(crl.parse(list))[1], assert(crl.parse(of_root))[1] }
    assert.truthy(fault.each(function()
      return roots:verify({ leaf, intermediate }, { time = 1750000000, revocation = { crl = crls } })
    end) >= 3)
  end)

  it("the path of a CRL issuer is searched", function()
    local folder = "spec/vectors/pkits/"
    local function certificate(name) return assert(x509.load(folder .. "certs/" .. name .. ".crt"))[1] end
    local anchors = assert(store { certificate "TrustAnchorRootCertificate" })
    local chain = { certificate "ValidSeparateCertificateandCRLKeysTest19EE",
      certificate "SeparateCertificateandCRLKeysCertificateSigningCACert",
      certificate "SeparateCertificateandCRLKeysCRLSigningCert" }
    local crls = { assert(crl.load(folder .. "crls/TrustAnchorRootCRL.crl"))[1],
      assert(crl.load(folder .. "crls/SeparateCertificateandCRLKeysCRL.crl"))[1] }
    assert.truthy(fault.each(function()
      return anchors:verify(chain, { time = 1735689600, purpose = "any", revocation = { crl = crls } })
    end) >= 3)
  end)
end)
