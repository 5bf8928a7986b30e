---@meta bearssl.x509
-- Made by `make annotations` from the documentation comments.

---Certificates, read down to their last field. Reading judges nothing: whether a certificate may be believed is for `bearssl.store` to say.
---@class bearssl.x509.module
local module = {}

---A certificate. Its fields are read-only; octets are strings of hexadecimal digits, but for DER and signatures, which are strings of octets. `tostring` gives its subject; equal certificates are `==`.
---@class bearssl.certificate
---@field version any 1 to 3
---@field serial any hexadecimal, with "-" before the few that are negative
---@field serial_decimal any the same number in decimal, as a string
---@field subject any bearssl.name: a list of RDNs, each a list of { type, oid, value }; `tostring` gives RFC 4514
---@field issuer any likewise
---@field not_before any seconds since the epoch, UTC
---@field not_after any likewise; the certificate is valid up to and including it
---@field not_before_text any ISO 8601: "2026-01-31T00:00:00Z"
---@field not_after_text any likewise
---@field public_key any { type = "rsa"|"rsa_pss"|"ec"|"ed25519"|"dsa"|"unknown", bits, spki = DER, algorithm = { name, oid }, key }; of RSA also modulus and exponent, of EC curve, curve_oid and point, of DSA (which verifies nothing here) y, and p, q and g where they are not the issuer's; `error` where it does not decode
---@field signature_algorithm any { name, oid, hash, parameters = DER }; of RSASSA-PSS also mgf1_hash and salt_length
---@field signature any octets
---@field dsa_signature any { r, s } where DSA made it, else nil
---@field tbs_certificate any DER of what the signature covers
---@field extensions any a list in the order of the certificate, of { oid, name, critical, der, value, malformed }, that also has each by its name: `certificate.extensions.subject_alt_name.value`. Names are RFC 5280's in snake case. Each is decoded when it is first asked for, as fingerprints are computed: `pairs`, `ipairs` and `#` see all of them, `next` those that were asked for.
---@field fingerprints any { sha1, sha256, sha384, sha512 } of the certificate
---@field spki_fingerprints any the same of its public key
---@field pin any "sha256//" and base64, as curl and RFC 7469 write it
---@field issuer_unique_id any nil in all but museum pieces
---@field subject_unique_id any likewise
local certificate = {}

---Whole days until the certificate expires; less than 0 once it has.
---@param now? integer seconds since the epoch, UTC; the present by default
---@return integer # days
function certificate:days_left(now) end

---Everything that stands in the certificate, for people, in the manner of `openssl x509 -text`. Text from the certificate cannot act on a terminal: control characters and invisible formatting are escaped.
---@return string # lines, in UTF-8
function certificate:text() end

---All fields as plain tables, strings, numbers and booleans, as an encoder of JSON takes them. Octets are hexadecimal digits; a name is `{ text = RFC 4514, rdns = {...} }`; extensions are a list.
---@return table
function certificate:to_table() end

---The certificate's own bytes.
---@return string # DER
function certificate:der() end

---The certificate as a PEM block (RFC 7468), with its final newline.
---@return string
function certificate:pem() end

---Does the certificate stand for a host? The subject alternative name is asked, dNSName or iPAddress, never the common name (RFC 9525). A name in Unicode is looked for as its A-label.
---@param host string a host name, or an IPv4 or IPv6 address
---@return boolean # true; or false
---@return nil|bearssl.error # `name_mismatch` with the names that were there; `option` if host is itself no name
function certificate:matches_name(host) end

---Does the certificate stand for a mail address? rfc822Name and SmtpUTF8Mailbox (RFC 9598) of the subject alternative name are asked: the local part as it is, the domain as a host name.
---@param address string
---@return boolean # true; or false
---@return nil|bearssl.error # `name_mismatch` with the addresses that were there; `option` if address is itself none
function certificate:matches_email(address) end

---Does the certificate stand for a URI (RFC 5280 section 7.4)? Scheme and authority may differ in case, nothing else.
---@param uri string
---@return boolean # true; or false
---@return nil|bearssl.error # `name_mismatch` with the URIs that were there; `option` if uri is itself none
function certificate:matches_uri(uri) end

---Did the holder of another certificate issue this one? Compares names and key identifiers and checks the signature; whether the issuer may do so is for `bearssl.store` to judge.
---@param issuer bearssl.certificate
---@return boolean # true; or false
---@return nil|bearssl.error # why not
function certificate:is_issued_by(issuer) end

---Is this certificate signed by its own key, under its own name?
---@return boolean # true; or false
---@return nil|bearssl.error # why not
function certificate:is_self_signed() end

---Reads certificates from a file: PEM with any text around the blocks, or DER.
---@param path string
---@return bearssl.certificate[]|nil # one or more, in the order of the file
---@return nil|bearssl.error # `file`, `pem`, `der`, `no_certificates`, `bad_certificate`, `limit`, `memory`
function module.load(path) end

---Reads certificates from a string: PEM with any text around the blocks, or DER.
---@param text string
---@return bearssl.certificate[]|nil # one or more, in the order of the text
---@return nil|bearssl.error # `pem`, `der`, `no_certificates`, `bad_certificate`, `limit`, `memory`
function module.parse(text) end

---@class bearssl.name
local name = {}

---The values of one type of attribute, in the order of the name (RFC 5280 section 4.1.2.4).
---@param type string a short name as RFC 4514 has them ("CN"), or an OID ("2.5.4.3")
---@return string ... # the values, in UTF-8; none where the name has none
function name:get(type) end

return module
