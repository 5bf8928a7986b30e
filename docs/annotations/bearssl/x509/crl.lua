---@meta bearssl.x509.crl
-- Made by `make annotations` from the documentation comments.

---Certificate revocation lists (RFC 5280 section 5). Reading judges nothing: `crl:verify` checks a signature, and `bearssl.store` says whether a list may be used for a certificate. Entries are found by a binary search, so that a list of 50,000 costs no more than one of ten.
---A list has the fields `version`, `issuer` (a name), `this_update`, `next_update` (seconds since the epoch), `entry_count` (also `#crl`), `signature_algorithm`, `crl_number` (decimal), `is_delta`, `base_crl_number`, `authority_key_identifier` (hexadecimal), `issuing_distribution_point`, `freshest_crl`, and `unknown_critical_extension` (an object identifier: such a list is never used); absent ones are nil.
---@class bearssl.x509.crl.module
local module = {}

---Reads lists from a file or from text.
---@param source string a path, PEM text (other kinds of blocks are passed over) or one list in DER
---@return bearssl.crl[]|nil # at least one
---@return nil|bearssl.error # `file`, `pem`, `bad_crl` with the field at fault, `limit`, `memory`
function module.load(source) end

---Reads lists from PEM or DER in memory.
---@param text string
---@return bearssl.crl[]|nil # at least one
---@return nil|bearssl.error # as of `load`
function module.parse(text) end

---@class bearssl.crl
local crl = {}

---The entry for a certificate, found by a binary search.
---@param what bearssl.certificate|string a certificate, or a serial number in hexadecimal (colons may stand in it)
---@return table|nil # `serial` (hexadecimal), `revocation_date` (seconds since the epoch), and where they are there `reason` ("key_compromise", …), `invalidity_date`, `certificate_issuer` (of an indirect CRL); or there is none; of the certificate of another issuer neither. Whether the list is good for it is what `crl:verify` and `bearssl.store` tell
function crl:lookup(what) end

---An entry by its place in the order of serial numbers.
---@param i integer 1 to #crl
---@return table|nil # as `crl:lookup` gives it
function crl:entry(i) end

---Is the list signed by this issuer, whose name it has and whose key usage allows it (RFC 5280 section 6.3.3, f and g)? Asks neither for dates nor for the issuer's own path.
---@param issuer bearssl.certificate
---@param options? table `sha1 = true`: a signature with SHA-1 will do
---@return boolean|nil # true
---@return nil|bearssl.error # `bad_crl`, `bad_certificate_signature`, `weak_signature`, …
function crl:verify(issuer, options) end

---The list's own bytes.
---@return string # DER
function crl:der() end

---The list as a PEM block (RFC 7468), with its final newline.
---@return string
function crl:pem() end

return module
