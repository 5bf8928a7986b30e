-- SPDX-License-Identifier: MIT

--- What is missing for a verdict on a chain, fetched over HTTP: OCSP responses, CRLs, intermediate certificates.
--
-- Nothing is fetched unless it is asked for, here or by `revocation.fetch` and `aia` of a config. The URLs stand in
-- certificates, so that whoever made one says where this process connects to: see `allow`.
-- @module bearssl.fetch
local check = require "bearssl.check"
local core = require "bearssl.core"

local cache = require "bearssl.fetch.cache"
local crl = require "bearssl.fetch.crl"
local issuers = require "bearssl.fetch.issuers"
local ocsp = require "bearssl.fetch.ocsp"
local scheduler = require "bearssl.scheduler"

local fetch = {}

local of_type, integer, seconds = check.of_type, check.integer, check.seconds

local function one_scheduler(value)
  local given, wrong = check.scheduler(value)
  return given and scheduler.of(given), wrong
end

local methods = { auto = "auto", get = "get", post = "post" }
local hashes = { sha1 = "sha1", sha256 = "sha256", sha384 = "sha384", sha512 = "sha512" }

local known = {
  http = of_type "function", allow = of_type "function", scheduler = one_scheduler,
  timeout = seconds, total_timeout = seconds, retry_after = integer(0, 86400),
  max_requests = integer(1, 1000), max_redirects = integer(0, 20), max_crl_size = integer(1, 16 << 20),
  cache_entries = integer(0, 1 << 20), cache_size = integer(0, 1 << 30),
  method = check.one_of(methods), hash = check.one_of(hashes), nonce = of_type "boolean", fresh = of_type "boolean",
  max_age = integer(1, 1 << 40), sha1 = of_type "boolean", min_rsa_bits = integer(1024, 8192),
  time = integer(0, 253402300799), on_failure = of_type "function",
}

local defaults = {
  timeout = 10, total_timeout = 20, retry_after = 30, max_requests = 16, max_redirects = 3, max_crl_size = 4 << 20,
  cache_entries = 256, cache_size = 32 << 20, method = "auto", hash = "sha1", nonce = false,
}

local function read(name, given)
  local options, wrong = check.options(given or {}, known, defaults)
  if not options then error(("bearssl.fetch.%s: %s"):format(name, wrong), 3) end
  local time = options.time
  options.now = function() return time or os.time() end
  return options
end

local shared -- what the functions of the module have fetched

local function shared_cache()
  shared = shared or cache.new(defaults.cache_entries, defaults.cache_size)
  return shared
end

local function options_for(name, given)
  if given ~= nil and type(given) ~= "table" then
    error(("bearssl.fetch.%s: a table of options is wanted, not %s"):format(name, type(given)), 3)
  end
  local options = read(name, given)
  options.cache = shared_cache()
  options.scheduler = options.scheduler or scheduler.current()
  return options
end

local function want_certificate(name, what, value)
  if core.is_certificate(value) then return end
  error(("bearssl.fetch.%s: %s: a certificate is wanted, not %s"):format(name, what, type(value)), 3)
end

--- An OCSP response for a certificate, from the cache or from the responder that it names (RFC 6960 section 4.2.2.1).
-- It is verified: signed by the issuer or whom it has authorised, of its time, about this certificate.
-- @function ocsp
-- @tparam bearssl.certificate certificate
-- @tparam bearssl.certificate issuer
-- @tparam[opt] table options
--
-- - `http`: a function that takes a request (`url`, `method`, `body`, `headers`, `timeout` in seconds, `max_size` in
--   bytes; it must not follow redirects) and returns body, status code and headers, or nil and why; without it, ours
-- - `allow(url, purpose, address)`: is asked before each connection, redirects included; whatever is not true refuses.
--   `purpose` is `"ocsp"`, `"crl"` or `"issuer"`; `address` the IP address, nil where `http` is the caller's
-- - `timeout` seconds for one request (10), `total_timeout` for the whole call (20), `max_requests` (16),
--   `max_redirects` (3), `max_crl_size` bytes (4 MiB), `retry_after`: a URL that has failed is not asked again for so
--   many seconds (30)
-- - `method`: `"get"`, `"post"`, or `"auto"`: GET where that is short, as caches like it (RFC 5019 section 5), and POST
--   where that fails; `hash` of the CertID (`"sha1"`); `nonce = true`: a fresh answer, POSTed, past every cache, that
--   repeats 32 random octets (RFC 9654); `fresh = true`: what is kept here is not asked, as a server wants it before
--   its staple expires
-- - `max_age`, `sha1`, `min_rsa_bits`, `time`: as `bearssl.x509.ocsp.verify` has them
-- - `scheduler`: instead of the one that runs the caller
-- @treturn[1] string OCSPResponse, DER, as `ocsp_staple` and `revocation.ocsp` take it
-- @treturn[1] table what it says: `status` ("good", "revoked", "unknown"), `this_update`, `next_update`, …
-- @treturn[2] nil
-- @treturn[2] bearssl.error `option`: the certificate names no responder; `timeout`, `refused`, `dns`, `io`, `status`,
-- `redirect`, `limit`, `decode`, `unwelcome` (the callback said no), or what is wrong with the response
-- @raise for an unknown option or a wrong type, and what a callback raised
function fetch.ocsp(certificate, issuer, options)
  want_certificate("ocsp", "certificate", certificate)
  want_certificate("ocsp", "issuer", issuer)
  return ocsp(options_for("ocsp", options), certificate, issuer)
end

--- CRLs from the distribution points of a certificate, or from a URL, and the deltas that they or it name (RFC 5280
-- sections 4.2.1.13, 4.2.1.15 and 5.2.6). Whether they may be believed is for the store to say: `revocation.crl` takes
-- them.
-- @function crl
-- @tparam bearssl.certificate|string what a certificate or a URL
-- @tparam[opt] table options as of @{ocsp}
-- @treturn[1] {bearssl.crl,...} at least one
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of @{ocsp}; `bad_crl`
-- @raise for an unknown option or a wrong type, and what a callback raised
function fetch.crl(what, options)
  if type(what) ~= "string" then want_certificate("crl", "what", what) end
  return crl(options_for("crl", options), what)
end

--- The intermediate certificates that a chain lacks, by the URLs of caIssuers (RFC 5280 section 4.2.2.1): DER, PEM or
-- PKCS#7. Nobody has verified them: hand them to `store:verify` as `intermediates`.
-- @function intermediates
-- @tparam {bearssl.certificate,...} certificates the leaf first, the others in any order
-- @tparam[opt] table options as of @{ocsp}
-- @treturn[1] {bearssl.certificate,...} at least one
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of @{ocsp}; `unknown_issuer`: what is there has issued something else
-- @raise for an unknown option or a wrong type, and what a callback raised
function fetch.intermediates(certificates, options)
  if type(certificates) ~= "table" or not certificates[1] then
    error("bearssl.fetch.intermediates: a list of certificates is wanted", 2)
  end
  for _, each in ipairs(certificates) do want_certificate("intermediates", "certificates", each) end
  return issuers(options_for("intermediates", options), certificates)
end

--- What @{new} makes, for the options `revocation.fetch` and `aia`; it has no methods.
-- @table fetch

local Fetch = { __name = "bearssl.fetch" }
Fetch.__index = Fetch

-- What it was made with, for one call.
function Fetch:options()
  local options = {}
  for name, value in pairs(self.values) do options[name] = value end
  options.scheduler = options.scheduler or scheduler.current()
  return options
end

--- Makes what `revocation.fetch` and `aia` of a config and of `store:verify` take, with bounds and a cache of its own.
-- @function new
-- @tparam[opt] table options as of @{ocsp}, and `cache_entries` (256), `cache_size` in bytes (32 MiB);
-- `on_failure(err, certificate)`: is told what could not be fetched, which a verification passes over
-- @treturn bearssl.fetch
-- @raise for an unknown option or a wrong type
function fetch.new(options)
  if options ~= nil and type(options) ~= "table" then
    error(("bearssl.fetch.new: a table of options is wanted, not %s"):format(type(options)), 2)
  end
  local values = read("new", options)
  values.cache = cache.new(values.cache_entries, values.cache_size)
  return setmetatable({ values = values }, Fetch)
end

-- Is it such a thing?
function fetch.is(value)
  return getmetatable(value) == Fetch
end

local default

-- What `fetch = true` and `aia = true` mean: one for all configs.
function fetch.default()
  if not default then
    default = fetch.new()
    default.values.cache = shared_cache()
  end
  return default
end

return fetch
