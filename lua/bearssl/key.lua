-- SPDX-License-Identifier: MIT

--- Private keys: read, looked at, held against a certificate. A key never leaves as a Lua string: what comes out is its
-- public half.
--
-- Read are PKCS#1 (RFC 8017), SEC1 (RFC 5915) and PKCS#8 (RFC 5958), as PEM or DER; RSA of 2048 to 4096 bits, P-256,
-- P-384, P-521 and Ed25519. Encrypted ones: PBES2 (RFC 8018) by PBKDF2 or scrypt with AES-CBC or DES-EDE3-CBC, and PEM
-- with `Proc-Type: 4,ENCRYPTED`. All numbers of a key are checked against each other.
--
-- A key has the fields `type` ("rsa", "rsa_pss", "ec", "ed25519"), `bits`, `curve` (IANA's name, only for "ec"),
-- `public_key` (SubjectPublicKeyInfo in DER) and `pin` (as curl and RFC 7469 write it: `sha256//` and base64).
-- @module bearssl.key
-- @pragma nostrip
local core = require "bearssl.core"
local hint = require "bearssl.check".hint

local key = {}

local known = { password = true }

local function checked_password(name, options)
  if options == nil then return nil end
  if type(options) ~= "table" then
    error(("bearssl.key.%s: a table of options is wanted, not %s"):format(name, type(options)), 3)
  end
  for option in pairs(options) do
    if not known[option] then
      error(("bearssl.key.%s: unknown option '%s'%s"):format(name, tostring(option), hint(option, known)), 3)
    end
  end
  local password = options.password
  if password ~= nil and type(password) ~= "string" and type(password) ~= "function" then
    error(("bearssl.key.%s: option 'password': a string or a function is wanted, not %s")
      :format(name, type(password)), 3)
  end
  return password
end

-- A password that is a function is asked once it is needed.
local function open(name, read, source, options)
  local password = checked_password(name, options)
  if type(source) ~= "string" then
    error(("bearssl.key.%s: a string is wanted, not %s"):format(name, type(source)), 3)
  end
  local ask = type(password) == "function" and password
  local found, err = read(source, not ask and password or nil)
  if found or not ask or err.code ~= "encrypted_key" then return found, err end
  password = ask()
  if type(password) ~= "string" then
    error(("bearssl.key.%s: option 'password': the function gave no string"):format(name), 3)
  end
  return read(source, password)
end

--- Reads a private key from a file: the first one in it. The file is read in C and wiped from memory after.
-- A password is a Lua string, so it stays in Lua's memory until it is collected; give a function that reads it from
-- where it lives to keep that time short.
-- @tparam string path PEM or DER
-- @tparam[opt] table options `password`: string, or function that gives one, called if the key is encrypted
-- @treturn[1] bearssl.key the key
-- @treturn[2] nil
-- @treturn[2] bearssl.error `file`, `no_key`, `pem`, `bad_key`, `unsupported_key`, `encrypted_key` (no password),
-- `bad_password`, `limit`, `memory`
-- @raise for a wrong option
function key.load(path, options)
  return open("load", core.key_load, path, options)
end

--- Reads a private key from text that is in Lua already. See @{load}, which keeps the key out of Lua's strings.
-- @tparam string text PEM or DER
-- @tparam[opt] table options as for @{load}
-- @treturn[1] bearssl.key the key
-- @treturn[2] nil
-- @treturn[2] bearssl.error as for @{load}
-- @raise for a wrong option
function key.parse(text, options)
  return open("parse", core.key_parse, text, options)
end

--- Is this the private half of the certificate's key?
-- @function key:matches
-- @tparam bearssl.certificate|string certificate a certificate, or its DER
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error `key_mismatch`, which says how they differ; `bad_certificate`

--- Writes a key that @{bearssl.mkcert.key} made: PKCS#8 (RFC 5958) in PEM, whole or not at all, which none but the
-- owner can read (mode 0600).
-- @function key:save
-- @tparam string path where
-- @tparam[opt=false] boolean replace may a file that is there be replaced?
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error `file_write`; `unsupported_key`: it was read, so there is a file of it already

--- Signs, as X.509 has it: PKCS#1 v1.5 by "rsa", PSS with a salt as long as the hash by "rsa_pss" (RFC 8017), ECDSA in
-- DER (RFC 3279 section 2.2.3), Ed25519 (RFC 8032).
-- @function key:sign
-- @tparam string message what is signed, not its hash
-- @tparam[opt] string hash `"sha256"`, `"sha384"`, `"sha512"`; by default that of the key's curve, of RSA SHA-256
-- @treturn[1] string the signature
-- @treturn[2] nil
-- @treturn[2] bearssl.error `entropy`, `internal`

--- Wipes the key. Twice is fine; also done by `<close>` and the collector.
-- @function key:close

return key
