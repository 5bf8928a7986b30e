---@meta bearssl.x509.ocsp
-- Made by `make annotations` from the documentation comments.

---The Online Certificate Status Protocol (RFC 6960, with the profile of RFC 5019): requests made, responses read and verified. Nothing is fetched: post a request as `application/ocsp-request` to the URL that stands in the certificate's authority information access, and hand the body of the answer to `parse`.
---A response has the fields `status` ("successful", or "malformedRequest", "internalError", "tryLater", "sigRequired", "unauthorized"), and if it was successful `produced_at`, `responder_name` or `responder_key_hash`, `nonce`, `certificates` and `responses`: a list of answers as `verify` gives one. They are believed once verified.
---@class bearssl.x509.ocsp.module
local module = {}

---Makes a request that asks for one certificate.
---Raises: for an unknown option or a wrong type
---@param certificate bearssl.certificate
---@param issuer bearssl.certificate
---@param options? table `nonce`: true for 32 random octets, or a string of 1 to 128 (RFC 9654; many responders ignore it); `hash`: "sha1" (the default, which every responder knows), "sha256", "sha384" or "sha512"
---@return string|nil # OCSPRequest, DER
---@return string|bearssl.error # the nonce, if there is one, for `verify`; or `limit`, `option`, `entropy`, `memory`
function module.request(certificate, issuer, options) end

---Reads a response.
---@param der string
---@return bearssl.ocsp_response|nil
---@return nil|bearssl.error # `bad_ocsp` with the field at fault
function module.parse(der) end

---What a response says of a certificate, once the signature of the issuer or of a responder whom it authorised (id-kp-OCSPSigning), the dates and the nonce are verified. Where there are several answers, the worst counts.
---Raises: for an unknown option or a wrong type
---@param response bearssl.ocsp_response|string
---@param certificate bearssl.certificate
---@param issuer bearssl.certificate
---@param options? table `time` (now), `max_age` in seconds since thisUpdate (until nextUpdate, or seven days where there is none), `nonce` of the request, `nonce_optional` (a response without one is taken too), `sha1` (a signature with SHA-1 will do), `min_rsa_bits` of a delegated responder (2048)
---@return table|nil # `status` ("good", "revoked", "unknown"), `serial`, `this_update`, `next_update`, `produced_at`, and of a revoked one `revocation_date` and `reason`
---@return nil|bearssl.error # `bad_ocsp` with the field at fault, or the status where it is not "successful"; `revocation_unknown` if the response is about other certificates
function module.verify(response, certificate, issuer, options) end

---@class bearssl.ocsp_response
local ocsp_response = {}

---The same as a method.
---@param certificate bearssl.certificate
---@param issuer bearssl.certificate
---@param options? table
---@return table|table # as of `verify`
function ocsp_response:verify(certificate, issuer, options) end

return module
