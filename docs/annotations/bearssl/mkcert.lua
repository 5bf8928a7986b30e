---@meta bearssl.mkcert
-- Made by `make annotations` from the documentation comments.

---Certificates made: an authority, what it issues to servers and clients, requests, CRLs and OCSP responses, for tests and for private mutual TLS.
---What is right is the default: version 3, a random serial number of 16 octets, keys of P-256, key usages as RFC 5280 has them for the purpose, names in subjectAltName, an authority's constraints critical. A certificate of so many days is not valid for longer than its issuer.
---@class bearssl.mkcert.module
local module = {}

---A new private key. It is written by `key:save(path)`: PKCS#8 in PEM, mode 0600.
---Raises: for another kind
---@param kind? string `"P-256"`, `"P-384"`, `"P-521"`, `"ed25519"`, `"rsa-2048"`, `"rsa-3072"`, `"rsa-4096"`, or `"rsa-pss-2048"` and so on: RSA for RSASSA-PSS alone (RFC 4055 section 1.2)
---@return bearssl.key|nil # the key
---@return nil|bearssl.error # `entropy`, `memory`
function module.key(kind) end

---A new authority: a root that signed itself, or one under another authority.
---Raises: for a wrong option
---@param options table what `authority:issue` takes, and * `certificate`, `key`: an authority that is there already, instead of a new one: a certificate of `bearssl.x509` and its `bearssl.key`; * `name`: text of its subject, as for `subject`; * `issuer`: the authority that issues it, whose `path_length` must allow it; none: it signs itself; * `path_length`: how many authorities may stand below it; of one under another 0 by default, of a root as many as there are; * `permitted`, `excluded`: lists of names that bound what it may issue (RFC 5280 section 4.2.1.10): "example.com", "IP:10.0.0.0/8", "email:example.com"; * `chain`: with `certificate`: the certificates from it up to, and without, the root, where it is no root itself; * `days`: 3650 by default.
---@return authority|nil # the authority
---@return nil|bearssl.error # as of `key`; `key_mismatch`
function module.authority(options) end

---A new authority kept in a folder: `ca.pem`, `ca.key` (mode 0600), and `ca.json`, which remembers what was revoked and the number of the last CRL. A run that is killed leaves the authority that was there, or what `create` and `open` end.
---Raises: for a wrong option
---@param dir string the folder; it is made
---@param options table of `authority`
---@param replace? boolean may an authority that is there be replaced? What it has issued is then believed no more, what it has revoked is forgotten
---@return authority|nil # the authority; no other process has it meanwhile
---@return nil|bearssl.error # as of `authority`; `file_write`, `locked`
function module.create(dir, options, replace) end

---The authority that `create` has put in a folder.
---@param dir string the folder
---@return authority|nil # the authority; no other process has it until it is collected
---@return nil|bearssl.error # `file`, `locked`, `key_mismatch`, and what is wrong with certificate or key
function module.open(dir) end

---A certification request (PKCS#10, RFC 2986), to be sent to an authority.
---Raises: for a wrong option
---@param options table `subject`, `names`, `key` (kind or key), `must_staple`, `hash` as for `authority:issue`
---@return table|nil # { `pem`, `der`, `key` }
---@return nil|bearssl.error # as of `key`
function module.request(options) end

---@class bearssl.authority
local authority = {}

---Issues a certificate.
---Options:
---* `names`: what it stands for (subjectAltName): host names, addresses, mail addresses, URIs, or with the kind said: `"DNS:example.com"`, `"IP:::1"`, `"email:…"`, `"URI:…"`, `"dirName:CN=…"`, `"RID:1.2.3"`, `"otherName:1.3.6.1.5.5.7.8.5;UTF8:me@example.com"`;
---* `subject`: RFC 4514's text, or a common name; by default the first of the names;
---* `purpose`: `"server"` (the default), `"client"`, `"ocsp"`, `"code"`, `"email"`, or a list of them;
---* `key`: a `bearssl.key`, or the kind of a new one (`"P-256"` by default); or `request`: PKCS#10 in PEM or DER, whose key, subject and subjectAltName are taken where the options name no other; or `public_key`: SubjectPublicKeyInfo in PEM or DER;
---* `days`: 365 by default; or `not_before` and `not_after`: seconds since the epoch, UTC, taken as they are;
---* `crl`, `freshest_crl`, `ocsp`, `ca_issuers`: URIs that go into it; `must_staple`; `policies`: OIDs;
---* `key_usage`, `ext_key_usage`: lists of names, or OIDs, instead of what the purpose wants; `false` leaves that extension out, as `basic_constraints = false` does;
---* `extensions`: others, as a list of `{ oid = "1.2.3", critical = true, value = DER }`;
---* `serial`: a positive integer or octets; `hash`: `"sha256"` and so on, of the signature.
---Raises: for a wrong option
---@param options table
---@return table|nil # `certificate`, its `key` (nil where only the public one was given), `chain` (a list: it and the authorities above it, without the root), `pem` of that chain
---@return nil|bearssl.error # `bad_certificate_signature` of a request that its key did not sign, `der`, `memory`, `entropy`
function authority:issue(options) end

---Revokes a certificate: it stands in the CRLs and OCSP responses that are made from now on.
---Raises: for a wrong option
---@param certificate bearssl.certificate|string the certificate, or octets of its serial number
---@param options? table `reason`: `"key_compromise"`, `"superseded"`, … (RFC 5280 section 5.3.1), and `"remove_from_crl"`: what was on hold, and that alone, is good again; `time`: seconds since the epoch, UTC; now by default, or since when it is revoked already
---@return boolean|nil # true
---@return nil|bearssl.error # `file_write`: the folder's state cannot be written
function authority:revoke(certificate, options) end

---A CRL (RFC 5280 section 5) of all that was revoked.
---Options:
---* `this_update`, `next_update`: seconds since the epoch, UTC; or `days`: 30 by default;
---* `number`: one more than the last by default; `hash`, of the signature;
---* `base`: the number of the list that this one, a delta, makes newer (section 5.2.4); `freshest_crl`: the URIs of deltas;
---* what it is about, where that is not everything (section 5.2.5): `distribution_point`: URIs, as they stand in the certificates; `only`: `"user"` or `"ca"`; `reasons`: a list of them; `indirect`;
---* `extensions`: others, as of `authority:issue`.
---Raises: for a wrong option
---@param options? table
---@return table|nil # `der`, `pem`
---@return nil|bearssl.error # `memory`, `entropy`
function authority:crl(options) end

---An OCSP response (RFC 6960) for one certificate or several, to be stapled or served.
---Raises: for a wrong option
---@param certificates bearssl.certificate|table a certificate, or a list of them
---@param options? table `this_update`, `next_update` or `days` (7), `produced_at`, `nonce`, `status` (`"good"`, `"revoked"`, `"unknown"`) instead of what `authority:revoke` said, `hash` of the signature, `id_hash`: by which the certificates are named (`"sha1"` by default); `responder`: what `authority:issue` gave for the purpose `"ocsp"`, whose key then signs instead of the authority's
---@return string|nil # DER
---@return nil|bearssl.error # `memory`, `entropy`
function authority:ocsp(certificates, options) end

---Writes the authority's certificate, and its key, which none but the owner can read.
---@param certificate string path
---@param key string path
---@param replace? boolean may files that are there be replaced?
---@return boolean|nil # true
---@return nil|bearssl.error # `file_write`; `locked`; `unsupported_key` of a key that was not made here
function authority:save(certificate, key, replace) end

return module
