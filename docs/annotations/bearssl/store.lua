---@meta bearssl.store
-- Made by `make annotations` from the documentation comments.

---Trust anchors, and the question whether a chain of certificates leads to one of them.
---@class bearssl.store.module
local module = {}

---@class bearssl.store
local store = {}

---Adds trust anchors.
---Raises: if `what` is something else
---@param what any a path of a file or a folder, PEM or DER text, a certificate, `"system"`, or a list of them
---@return integer|nil # how many were added; one that was there already does not count
---@return nil|bearssl.error # `file`, `pem`, `bad_certificate`, `no_certificates`, `limit` or `memory`
function store:add(what) end

---Finds a path from a certificate to an anchor, by RFC 5280 section 6, and checks the name by RFC 9525. All paths are tried before the answer is no; the error is that of the path that got furthest.
---Raises: for an unknown option or a wrong type
---@param chain any the certificate, and any others in any order: a list of certificates, or PEM or DER text
---@param options? table - `name`: host name or address that the certificate must stand for (not checked without) - `email`, `uri`: mail address and URI that it must stand for - `time`: seconds since the epoch, UTC (now) - `purpose`: `"server"` (the default), `"client"`, `"any"`, or the object identifier of a key purpose - `intermediates`: more certificates that may be part of the path - `policies`: object identifiers of the acceptable policies (any), `require_explicit_policy`, `inhibit_policy_mapping`, `inhibit_any_policy` (false): the inputs of RFC 5280 section 6.1.1 - `min_rsa_bits` (2048), `curves` (all three of NIST's), `hashes` (SHA-2), `any_purpose` (false: an anyExtendedKeyUsage of the leaf counts for nothing), `max_lifetime` of the leaf in seconds (not asked) - `max_depth`: certificates in a path (10), `max_signatures`: checks in all (100) - `revocation`: as of a config; `ocsp_staple`: the OCSPResponse that came with the certificate; `must_staple`: a certificate that demands a staple (RFC 7633) must have come with one - `aia`: as of a config - `pins`: as of a config
---@return bearssl.certificate[]|nil # the path, the leaf first, the anchor last
---@return table|bearssl.error # what was checked: `policies`, `any_policy`, `signatures`, `paths_refused`, `pins_differ` (of a set that only reports), `revocation`: for each certificate of the path `status` ("not_checked", "good", "revoked", "unknown"), `source` ("crl", "staple", "ocsp"), `this_update`, `next_update`, `age` in seconds, or the `problem`; or with `paths`: each path that was tried as `{ chain = …, error = … }`
function store:verify(chain, options) end

---Lets go of the anchors; configs that were made with the store keep what they have of it. Twice is fine.
function store:close() end

---How many anchors there are; `#store` is the same.
---@return integer
function store:size() end

---Reads files and folders again that the store was made of; what they say now counts for connections from then on. A store with `watch = true` does so by itself.
---@return boolean|nil # true
---@return nil|bearssl.error # `file`, `pem`, `bad_certificate`, `limit` or `memory`; the store is as it was
function store:reload() end

---A number that grows whenever the anchors have changed: what was judged under another one is to be judged again.
---@return integer
function store:generation() end

---The subjects of the anchors.
---@return string[] # names by RFC 4514
function store:subjects() end

return module
