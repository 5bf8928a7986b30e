-- The 36 OCSP samples of BoringSSL: each gets the status and the result that are stated.
local ocsp = require "bearssl.x509.ocsp"
local x509 = require "bearssl.x509"
local samples = require "spec.support.samples"

local data = samples.load("spec/vectors/ocsp/ocsp.json",
  { "ocsp_response", "ocsp_request", "certificate", "ca_certificate" })

-- The serial number of this certificate is encoded with a zero octet too many, which is no DER: to us it is no
-- certificate.
local no_certificate = { good_response_invalid_serial = true }

-- What our errors call BoringSSL's results.
local results = {
  no_matching_response = { "revocation_unknown", "SingleResponse.certID" },
  error_response = { "bad_ocsp", "OCSPResponse.responseStatus" },
  parse_response_error = { "bad_ocsp", "OCSPResponse" },
  parse_response_data_error = { "bad_ocsp", "ResponseData" },
  unhandled_critical_extension = { "bad_ocsp", "xtensions" },
  invalid_date = { "bad_ocsp", "SingleResponse.[tn]" },
  bad_produced_at = { "bad_ocsp", "ResponseData.producedAt" },
  provided = { "bad_ocsp", "^BasicOCSPResponse%.[sc]" }, -- an answer, not signed by one who may
}

local no_responder = { ocsp_sign_indirect_missing = "ResponseData.responderID" }

local function judge(test)
  local certificate = assert(x509.parse(test.certificate))[1]
  local issuer = assert(x509.parse(test.ca_certificate))[1]
  return ocsp.verify(test.ocsp_response, certificate, issuer,
    { time = data.time, max_age = data.max_age_seconds, sha1 = true, min_rsa_bits = 1024 })
end

describe("an OCSP sample", function()
  for _, test in ipairs(data.tests) do
    if no_certificate[test.name] then
      it(test.name .. " is of a certificate that is no DER", function()
        local certificates, err = x509.parse(test.certificate)
        assert.is_nil(certificates)
        assert.equal("tbsCertificate.serialNumber", err.where)
      end)
    else
      it(("%s is %s, %s"):format(test.name, test.status, test.result), function()
        local answer, err = judge(test)
        if test.status ~= "unknown" then
          assert.is_nil(err)
          assert.equal(test.status, answer.status)
        elseif answer then
          assert.same({ "unknown", "provided" }, { answer.status, test.result })
        else
          local code, where = table.unpack(results[test.result])
          assert.equal(code, err.code)
          assert.truthy(err.where:find(no_responder[test.name] or where), tostring(err))
        end
      end)

      it(test.name .. " is asked for by the request that is stated", function()
        local certificate = assert(x509.parse(test.certificate))[1]
        assert.equal(test.ocsp_request, (ocsp.request(certificate, assert(x509.parse(test.ca_certificate))[1])))
      end)
    end
  end

  it("is one of 36", function()
    assert.equal(36, #data.tests)
  end)
end)
