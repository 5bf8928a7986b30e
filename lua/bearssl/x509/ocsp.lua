-- SPDX-License-Identifier: MIT

--- The Online Certificate Status Protocol (RFC 6960, with the profile of RFC 5019): requests made, responses read and
-- verified. Nothing is fetched: post a request as `application/ocsp-request` to the URL that stands in the
-- certificate's authority information access, and hand the body of the answer to `parse`.
--
-- A response has the fields `status` ("successful", or "malformedRequest", "internalError", "tryLater", "sigRequired",
-- "unauthorized"), and if it was successful `produced_at`, `responder_name` or `responder_key_hash`, `nonce`,
-- `certificates` and `responses`: a list of answers as `verify` gives one. They are believed once verified.
-- @module bearssl.x509.ocsp
local core = require "bearssl.core"
local hint = require "bearssl.check".hint

local ocsp = {}

local function check_options(name, given, known)
  if given == nil then return {} end
  if type(given) ~= "table" then
    error(("bearssl.x509.ocsp.%s: a table of options is wanted, not %s"):format(name, type(given)), 3)
  end
  for option, value in pairs(given) do
    local wanted = known[option]
    if not wanted then
      error(("bearssl.x509.ocsp.%s: unknown option '%s'%s"):format(name, tostring(option), hint(option, known)), 3)
    end
    if not wanted:find(math.type(value) or type(value), 1, true) then
      error(("bearssl.x509.ocsp.%s: option '%s': %s is wanted, not %s"):format(name, option, wanted, type(value)), 3)
    end
  end
  return given
end

local hashes = { sha1 = true, sha256 = true, sha384 = true, sha512 = true }

--- Makes a request that asks for one certificate.
-- @function request
-- @tparam bearssl.certificate certificate
-- @tparam bearssl.certificate issuer
-- @tparam[opt] table options `nonce`: true for 32 random octets, or a string of 1 to 128 (RFC 9654; many
-- responders ignore it); `hash`: "sha1" (the default, which every responder knows), "sha256", "sha384" or "sha512"
-- @treturn[1] string OCSPRequest, DER
-- @treturn[1] string the nonce, if there is one, for `verify`
-- @treturn[2] nil
-- @treturn[2] bearssl.error `limit`, `option`, `entropy`, `memory`
-- @raise for an unknown option or a wrong type
function ocsp.request(certificate, issuer, options)
  options = check_options("request", options, { nonce = "a string or a boolean", hash = "a string" })
  if options.hash and not hashes[options.hash] then
    error("bearssl.x509.ocsp.request: option 'hash': sha1, sha256, sha384 or sha512 is wanted", 2)
  end
  return core.ocsp_request(certificate, issuer, options.hash, options.nonce)
end

--- Reads a response.
-- @function parse
-- @tparam string der
-- @treturn[1] bearssl.ocsp_response
-- @treturn[2] nil
-- @treturn[2] bearssl.error `bad_ocsp` with the field at fault
ocsp.parse = core.ocsp_parse

--- What a response says of a certificate, once the signature of the issuer or of a responder whom it authorised
-- (id-kp-OCSPSigning), the dates and the nonce are verified. Where there are several answers, the worst counts.
-- @function verify
-- @tparam bearssl.ocsp_response|string response
-- @tparam bearssl.certificate certificate
-- @tparam bearssl.certificate issuer
-- @tparam[opt] table options `time` (now), `max_age` in seconds since thisUpdate (until nextUpdate, or seven days where
-- there is none), `nonce` of the request, `nonce_optional` (a response without one is taken too), `sha1` (a signature
-- with SHA-1 will do), `min_rsa_bits` of a delegated responder (2048)
-- @treturn[1] table `status` ("good", "revoked", "unknown"), `serial`, `this_update`, `next_update`, `produced_at`,
-- and of a revoked one `revocation_date` and `reason`
-- @treturn[2] nil
-- @treturn[2] bearssl.error `bad_ocsp` with the field at fault, or the status where it is not "successful";
-- `revocation_unknown` if the response is about other certificates
-- @raise for an unknown option or a wrong type
function ocsp.verify(response, certificate, issuer, options)
  local given = check_options("verify", options, {
    time = "an integer", max_age = "an integer", nonce = "a string", nonce_optional = "a boolean", sha1 = "a boolean",
    min_rsa_bits = "an integer",
  })
  if type(response) == "string" then
    local err
    response, err = core.ocsp_parse(response)
    if not response then return nil, err end
  end
  local values = { time = os.time() }
  for name, value in pairs(given) do values[name] = value end
  return core.ocsp_verify(response, certificate, issuer, values)
end

--- The same as a method.
-- @function ocsp_response:verify
-- @tparam bearssl.certificate certificate
-- @tparam bearssl.certificate issuer
-- @tparam[opt] table options
-- @treturn table|nil,bearssl.error as of `verify`
core.ocsp_methods.verify = ocsp.verify

return ocsp
