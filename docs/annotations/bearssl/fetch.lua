---@meta bearssl.fetch
-- Made by `make annotations` from the documentation comments.

---What is missing for a verdict on a chain, fetched over HTTP: OCSP responses, CRLs, intermediate certificates.
---Nothing is fetched unless it is asked for, here or by `revocation.fetch` and `aia` of a config. The URLs stand in certificates, so that whoever made one says where this process connects to: see `allow`.
---@class bearssl.fetch.module
local module = {}

---An OCSP response for a certificate, from the cache or from the responder that it names (RFC 6960 section 4.2.2.1). It is verified: signed by the issuer or whom it has authorised, of its time, about this certificate.
---Raises: for an unknown option or a wrong type, and what a callback raised
---@param certificate bearssl.certificate
---@param issuer bearssl.certificate
---@param options? table - `http`: a function that takes a request (`url`, `method`, `body`, `headers`, `timeout` in seconds, `max_size` in bytes; it must not follow redirects) and returns body, status code and headers, or nil and why; without it, ours - `allow(url, purpose, address)`: is asked before each connection, redirects included; whatever is not true refuses. `purpose` is `"ocsp"`, `"crl"` or `"issuer"`; `address` the IP address, nil where `http` is the caller's - `timeout` seconds for one request (10), `total_timeout` for the whole call (20), `max_requests` (16), `max_redirects` (3), `max_crl_size` bytes (4 MiB), `retry_after`: a URL that has failed is not asked again for so many seconds (30) - `method`: `"get"`, `"post"`, or `"auto"`: GET where that is short, as caches like it (RFC 5019 section 5), and POST where that fails; `hash` of the CertID (`"sha1"`); `nonce = true`: a fresh answer, POSTed, past every cache, that repeats 32 random octets (RFC 9654); `fresh = true`: what is kept here is not asked, as a server wants it before its staple expires - `max_age`, `sha1`, `min_rsa_bits`, `time`: as `bearssl.x509.ocsp.verify` has them - `scheduler`: instead of the one that runs the caller
---@return string|nil # OCSPResponse, DER, as `ocsp_staple` and `revocation.ocsp` take it
---@return table|bearssl.error # what it says: `status` ("good", "revoked", "unknown"), `this_update`, `next_update`, …; or `option`: the certificate names no responder; `timeout`, `refused`, `dns`, `io`, `status`, `redirect`, `limit`, `decode`, `unwelcome` (the callback said no), or what is wrong with the response
function module.ocsp(certificate, issuer, options) end

---CRLs from the distribution points of a certificate, or from a URL, and the deltas that they or it name (RFC 5280 sections 4.2.1.13, 4.2.1.15 and 5.2.6). Whether they may be believed is for the store to say: `revocation.crl` takes them.
---Raises: for an unknown option or a wrong type, and what a callback raised
---@param what bearssl.certificate|string a certificate or a URL
---@param options? table as of `ocsp`
---@return bearssl.crl[]|nil # at least one
---@return nil|bearssl.error # as of `ocsp`; `bad_crl`
function module.crl(what, options) end

---The intermediate certificates that a chain lacks, by the URLs of caIssuers (RFC 5280 section 4.2.2.1): DER, PEM or PKCS#7. Nobody has verified them: hand them to `store:verify` as `intermediates`.
---Raises: for an unknown option or a wrong type, and what a callback raised
---@param certificates bearssl.certificate[] the leaf first, the others in any order
---@param options? table as of `ocsp`
---@return bearssl.certificate[]|nil # at least one
---@return nil|bearssl.error # as of `ocsp`; `unknown_issuer`: what is there has issued something else
function module.intermediates(certificates, options) end

---What `new` makes, for the options `revocation.fetch` and `aia`; it has no methods.
---@class bearssl.fetch
---@field __name any
local fetch = {}

---Makes what `revocation.fetch` and `aia` of a config and of `store:verify` take, with bounds and a cache of its own.
---Raises: for an unknown option or a wrong type
---@param options? table as of `ocsp`, and `cache_entries` (256), `cache_size` in bytes (32 MiB); `on_failure(err, certificate)`: is told what could not be fetched, which a verification passes over
---@return bearssl.fetch
function module.new(options) end

return module
