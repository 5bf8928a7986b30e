---@meta bearssl.key
-- Made by `make annotations` from the documentation comments.

---Private keys: read, looked at, held against a certificate. A key never leaves as a Lua string: what comes out is its public half.
---Read are PKCS#1 (RFC 8017), SEC1 (RFC 5915) and PKCS#8 (RFC 5958), as PEM or DER; RSA of 2048 to 4096 bits, P-256, P-384, P-521 and Ed25519. Encrypted ones: PBES2 (RFC 8018) by PBKDF2 or scrypt with AES-CBC or DES-EDE3-CBC, and PEM with `Proc-Type: 4,ENCRYPTED`. All numbers of a key are checked against each other.
---A key has the fields `type` ("rsa", "rsa_pss", "ec", "ed25519"), `bits`, `curve` (IANA's name, only for "ec"), `public_key` (SubjectPublicKeyInfo in DER) and `pin` (as curl and RFC 7469 write it: `sha256//` and base64).
---@class bearssl.key.module
local module = {}

---Reads a private key from a file: the first one in it. The file is read in C and wiped from memory after. A password is a Lua string, so it stays in Lua's memory until it is collected; give a function that reads it from where it lives to keep that time short.
---Raises: for a wrong option
---@param path string PEM or DER
---@param options? table `password`: string, or function that gives one, called if the key is encrypted
---@return bearssl.key|nil # the key
---@return nil|bearssl.error # `file`, `no_key`, `pem`, `bad_key`, `unsupported_key`, `encrypted_key` (no password), `bad_password`, `limit`, `memory`
function module.load(path, options) end

---Reads a private key from text that is in Lua already. See `load`, which keeps the key out of Lua's strings.
---Raises: for a wrong option
---@param text string PEM or DER
---@param options? table as for `load`
---@return bearssl.key|nil # the key
---@return nil|bearssl.error # as for `load`
function module.parse(text, options) end

---@class bearssl.key
local key = {}

---Is this the private half of the certificate's key?
---@param certificate bearssl.certificate|string a certificate, or its DER
---@return boolean|nil # true
---@return nil|bearssl.error # `key_mismatch`, which says how they differ; `bad_certificate`
function key:matches(certificate) end

---Writes a key that `bearssl.mkcert.key` made: PKCS#8 (RFC 5958) in PEM, whole or not at all, which none but the owner can read (mode 0600).
---@param path string where
---@param replace? boolean may a file that is there be replaced?
---@return boolean|nil # true
---@return nil|bearssl.error # `file_write`; `unsupported_key`: it was read, so there is a file of it already
function key:save(path, replace) end

---Signs, as X.509 has it: PKCS#1 v1.5 by "rsa", PSS with a salt as long as the hash by "rsa_pss" (RFC 8017), ECDSA in DER (RFC 3279 section 2.2.3), Ed25519 (RFC 8032).
---@param message string what is signed, not its hash
---@param hash? string `"sha256"`, `"sha384"`, `"sha512"`; by default that of the key's curve, of RSA SHA-256
---@return string|nil # the signature
---@return nil|bearssl.error # `entropy`, `internal`
function key:sign(message, hash) end

---Wipes the key. Twice is fine; also done by `<close>` and the collector.
function key:close() end

return module
