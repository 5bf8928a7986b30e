-- SPDX-License-Identifier: MIT

--- TLS and X.509.
-- @module bearssl

--- What went wrong with the network, the peer or a file: the second result beside nil. `tostring` gives all of it in
-- one line.
-- @table error
-- @tfield string code a word to compare: `"unknown_issuer"`, `"timeout"`, …; all of them stand in docs/errors.md
-- @tfield string message what it means, with values
-- @tfield string alert the TLS alert that was sent or received, by IANA's name (RFC 8446 section 6); nil: none
-- @tfield string side `"local"`: this side found the fault; `"peer"`: the peer did
-- @tfield string where the RFC's name of the message or field, or of the option
-- @tfield string cause why, where that is known, else nil
-- @tfield string hint what cures it, where that is known, else nil
-- @tfield table paths of a chain that was refused: each path that was tried, as `{ chain = …, error = … }`
-- @tfield integer paths_more how many more there were
-- @tfield bearssl.https.response response of `bearssl.https`: what had come of it by then
-- @tfield string body of `bearssl.https`: the part of the body that had come
-- @tfield integer status of `bearssl.https`: what an HTTP proxy answered

-- bearssl.client and bearssl.server: options to a config.
local check = require "bearssl.check"
local core = require "bearssl.core"
local native_options = require "bearssl.native_options"
local options = require "bearssl.options"
local store = require "bearssl.store"
local revocation = require "bearssl.later" "bearssl.revocation"

-- The system's store is read once, as long as some config has it.
local system = setmetatable({}, { __mode = "v" })

local function load_trust(read)
  local fields, trust = read.fields, read.trust
  if fields.verify_none or fields.server and not trust then return true end
  local found, err
  if trust == nil or trust == "system" then
    found = system[1]
    if not found then
      found, err = store "system"
      system[1] = found
    end
  elseif core.is_store(trust) then
    found = trust
  else
    found, err = store(trust)
  end
  fields.store = found
  return found, err
end

-- A password that is a function is asked once it is needed.
local function load_identity(entry, place)
  local ask = type(entry.password) == "function" and entry.password
  if type(entry.key) == "function" then return core.identity { certificate = entry.certificate, external = place } end
  local plain = { certificate = entry.certificate, key = entry.key, password = not ask and entry.password or nil }
  local identity, err = core.identity(plain)
  if identity or not ask or err.code ~= "encrypted_key" then return identity, err end
  plain.password = ask()
  if type(plain.password) ~= "string" then error("option 'password': the function gave no string", 0) end
  return core.identity(plain)
end

local about_key = {
  no_key = true, bad_key = true, encrypted_key = true, bad_password = true, unsupported_key = true, key_mismatch = true,
}

-- Says which file an error is about, where it does not say so itself.
local function with_path(err, entry)
  local path = entry[about_key[err.code] and "key" or "certificate"]
  if not err.cause and err.code ~= "memory" and type(path) == "string" and not core.is_text(path) then
    err.cause = "in " .. path
  end
  return err
end

local function read_file(path)
  local file, wrong = io.open(path, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  if text then return text end
  return nil, core.error { code = "file", message = wrong or path .. ": cannot be read", where = "ocsp_staple" }
end

-- OCSP responses for the certificates of a chain, the leaf's first: paths, or DER.
local function staples(list)
  local out = {}
  for i, response in ipairs(list) do
    local text, err = response, nil
    if not response:find "^0[\x80-\xff]" then text, err = read_file(response) end
    if not text then return nil, err end
    out[i] = text
  end
  return out
end

-- adapt(fields), if given, changes what C is to get: for bearssl.luasec, whose callers may ask for what configs do not
-- offer.
local function new(role, given, adapt)
  local read, wrong = options.read(role, given)
  if not read then error(("bearssl.%s: %s"):format(role, wrong), 3) end
  local fields = read.fields
  fields.identities = {}
  for i, entry in ipairs(read.identities) do
    local identity, err = load_identity(entry, i)
    if not identity then return nil, with_path(err, entry) end
    fields.identities[i] = identity
  end
  local ok, err = load_trust(read)
  local parts
  if ok and read.revocation then
    ok, err = revocation.load(read.revocation)
    fields.revocation, parts = ok, err
  end
  if ok and fields.ocsp_staple then
    ok, err = staples(fields.ocsp_staple)
    fields.ocsp_staple = ok
  end
  if not ok then return nil, err end
  if adapt then adapt(fields) end
  local keep = {
    store = fields.store, key_log = read.key_log, signers = {}, revocation = fields.revocation, pins = fields.pins,
    policy = fields.policy, session_cache = read.session_cache,
    on_pin_mismatch = read.on_pin_mismatch,
    time = read.fields.time,
    evidence = (read.fetch or read.aia) and { fetch = read.fetch, aia = read.aia, parts = parts } or nil,
  }
  for name, callback in pairs(read.callbacks) do keep[name] = callback end
  for i, entry in ipairs(read.identities) do
    if type(entry.key) == "function" then keep.signers[i] = entry.key end
  end
  return core.config(fields, keep)
end

--- Makes the config of a client: immutable, checked here, shared by its connections.
--
-- Paths may be PEM or DER text as well. Names of suites, groups and schemes are IANA's.
-- @function bearssl.client
-- @tparam[opt] table options each of them may be absent
-- @tparam string|table|bearssl.store options.trust `"system"` (the default; SSL_CERT_FILE and SSL_CERT_DIR are
-- honoured), a path of a file or folder, text, a list of those, or a store
-- @tparam string options.verify `"none"` turns the verification of chain and name off
-- @tparam string|table options.certificate for a server that asks: leaf first, then its intermediates; in a list, the
-- first that fits is shown
-- @tparam string|table|bearssl.key|function options.key of the certificate; without it, it is looked for where the
-- certificate is. A function signs with a key that lives elsewhere: it is called with the name of a signature scheme
-- and the message, and returns the signature, or nil and an error
-- @tparam string|table|function options.password of an encrypted key; a function gives it when it is needed
-- @tparam function options.on_certificate_request instead of `certificate`: called with what the server asks for
-- (`certificate_types`, `signature_schemes`, `signature_schemes_cert`, `authorities`); returns certificate, key and
-- password, or nothing
-- @tparam string|table options.alpn protocols to offer, the best first (RFC 7301)
-- @tparam string options.min_version `"1.0"`, `"1.1"`, `"1.2"` (the default) or `"1.3"`; below `"1.2"` only with a
-- `max_version` of `"1.2"` at most
-- @tparam string options.max_version likewise, `"1.3"` by default; below `"1.2"` only with a `min_version`
-- @tparam string options.engine `"native"`, the one with TLS 1.3, or `"bear"`, BearSSL's, which has all versions below;
-- by default `"native"`, and `"bear"` where max_version is `"1.2"` or lower, or the suites are for that
-- @tparam string|table options.cipher_suites the best first; ECDHE with AEAD by default, AES before ChaCha20 where the
-- processor has instructions for AES
-- @tparam string|table options.groups x25519, secp256r1, secp384r1, secp521r1 by default; the best first: the first has
-- a key share in the ClientHello (BearSSL's engine has an order of its own)
-- @tparam string|table options.signature_schemes what to offer, to accept in the peer's handshake and to sign with, the
-- best first: ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256, ed25519, … (RFC 8446 section 4.2.3)
-- @tparam string|table options.signature_schemes_cert what the peer is told that its chain may be signed with, where
-- that is something else; by default what `policy` allows
-- @tparam integer options.record_padding TLS 1.3: zeros are added to the plaintext of each record, up to a multiple of
-- so many bytes (RFC 8446 section 5.4); 0, the default: none
-- @tparam integer options.min_rsa_bits 2048 (the default) to 4096
-- @tparam integer options.max_depth certificates in a path, the anchor included, 1 to 16; 10 by default
-- @tparam integer options.max_signatures signatures checked for one chain at most, 100 by default
-- @tparam integer|false options.chain_cache chains whose path is remembered: up to 4096, 64 by default; 0, false: none
-- @tparam table options.policy what a path must be beyond that: `curves`, `hashes`, `any_purpose`, `max_lifetime`,
-- `policies`, `require_explicit_policy`, `inhibit_policy_mapping`, `inhibit_any_policy`, as store:verify has them
-- @tparam table options.revocation without it, only the server's staple is heard; `mode`: `"off"`, `"soft"` (a
-- certificate known to be revoked is refused) or `"hard"` (the default: one not known to be good, too); `crl`: paths,
-- PEM or DER text, lists of bearssl.x509.crl; `issuers`: certificates of those who issue indirect CRLs; `ocsp`:
-- responses in DER; `staple = false`: what the server staples does not count; `leaf_only`; `max_age` in seconds;
-- `sha1`: signatures with SHA-1 will do; `fetch`: true, or what `bearssl.fetch.new` gives: what no source at hand can
-- tell is asked over HTTP, by OCSP and then by CRL, while the handshake waits (the native engine)
-- @tparam boolean|bearssl.fetch options.aia true, or what `bearssl.fetch.new` gives: intermediates that the peer does
-- not send are fetched from where its certificates say (RFC 5280 section 4.2.2.1) while the handshake waits; off by
-- default
-- @tparam table options.pins `"sha256//…"` of keys, in addition to the chain: one of the verified path, and one that
-- is not (`backup = false`: none); `expires`: seconds since the epoch; `report_only = true` with `on_mismatch(err)`
-- to rehearse
-- @tparam bearssl.session_cache options.session_cache connections without a session of their own resume from it
-- @tparam boolean|integer options.early_data true, or bytes at most: connections may send data with their ClientHello,
-- which somebody may send again (RFC 8446 section 2.3); off by default
-- @tparam function options.on_peer called with the connection when the peer's certificates have been verified, for a
-- last word: anything true lets it in; false or nil, and the code of an error if there is one that says why
-- (`"unwelcome"` by default), does not
-- @tparam boolean options.post_handshake_auth a server may ask for a certificate after the handshake (RFC 8446 section
-- 4.6.2); off by default
-- @tparam integer options.record_size_limit 64 to 16384: bytes of plaintext that the peer may put into a record (RFC
-- 8449)
-- @tparam boolean options.trace true: the steps of the handshake are kept for `conn:trace`
-- @tparam function options.on_message called with each of those steps as it happens
-- @tparam string|function options.key_log a file to append to, or a function called with each line (NSS key log); who
-- reads them can read the connections
-- @tparam integer options.time seconds since the epoch, instead of the clock: for tests
-- @tparam string options.entropy 32 bytes instead of the system's: for tests, it leaves no secret
-- @treturn[1] bearssl.config
-- @treturn[2] nil
-- @treturn[2] bearssl.error what is wrong with a file
-- @raise where an option is wrong, with its name

--- Makes the config of a server.
-- @function bearssl.server
-- @tparam table options `certificate`, `key`, `password`, `alpn`, `min_version`, `max_version`, `cipher_suites`,
-- `groups`, `signature_schemes`, `signature_schemes_cert`, `record_padding`, `min_rsa_bits`, `max_depth`,
-- `max_signatures`, `policy`,
-- `revocation`, `aia`, `pins`, `on_peer`, `record_size_limit`, `trace`, `on_message`, `engine`, `key_log`, `time` and
-- `entropy` as for a client, and:
-- @tparam string options.certificate is needed
-- @tparam string options.prefer whose order of suites counts: `"server"`, `"client"`; by default the server's where
-- `cipher_suites` are given, else one that suits both processors: ChaCha20 for a client that puts it before AES
-- @tparam string options.client_auth `"none"` (the default), `"request"`: verified where one comes, or `"require"`
-- @tparam string|table|bearssl.store options.client_trust whose certificates clients may have: with `client_auth`
-- @tparam boolean options.post_handshake_auth clients that offer it may be asked for a certificate after the handshake,
-- by `conn:request_certificate`
-- @tparam function options.on_client_hello called with what a client offers (`server_name`, `alpn`, `versions`,
-- `cipher_suites`, `groups`, `signature_schemes`, `signature_schemes_cert`, `extensions`, `random`) and the connection;
-- returns the config to go on with, nothing for this one, or false: the name is refused (unrecognized_name)
-- @tparam string|table options.ticket_keys 1 to 8 keys, each of at least 32 random bytes, that other processes have
-- too: the first seals tickets, all of them open (RFC 8446 section 4.6.1); by default a config makes its own
-- @tparam string|table options.ocsp_staple an OCSP response, DER or a path; in a list, one for each certificate of the
-- chain, the leaf's first
-- @tparam string options.scts a SignedCertificateTimestampList (RFC 6962 section 3.3) for the first certificate
-- @tparam boolean|integer options.max_early_data bytes of early data that tickets promise to take; true: 16384; 0, the
-- default: none
-- @tparam function options.early_data_guard called with the identity of a ClientHello with early data and the time up
-- to which it is of use; true: nobody who shares the `ticket_keys` has seen it before, and it is accepted
-- @tparam function options.on_psk called with a PSK identity, returns its key (16 to 64 bytes) and hash (`"sha256"`,
-- the default, or `"sha384"`), or nothing; identities may be any bytes; `certificate` may be absent then (TLS 1.3)
-- @tparam table options.session_store `put(id, bytes, lifetime)` keeps what a ticket stands for, for so many seconds;
-- `take(id)` gives it once and forgets it, or nil: tickets of TLS 1.3 are used once then, by all who share the store
-- and `ticket_keys`, and early data cannot be replayed (RFC 8446 section 8.1)
-- @tparam boolean options.retry_cookie HelloRetryRequest leaves no state behind: what is needed of the first
-- ClientHello comes back in a cookie, to any process that has the ticket keys (RFC 8446 section 4.2.2)
-- @tparam integer|false options.session_cache sessions kept for resumption, 1024 by default; 0 or false: none
-- @tparam integer|false options.chain_cache clients' chains whose path is remembered, up to 4096; none by default: by
-- the time that it takes a stranger could tell whose certificate was here before
-- @tparam integer options.session_lifetime seconds, 3600 by default
-- @treturn[1] bearssl.config
-- @treturn[2] nil
-- @treturn[2] bearssl.error what is wrong with a file
-- @raise where an option is wrong, with its name

local later = {}

-- Gives a server's config new values while it serves; connections that are open are not touched.
local function set(name, read)
  later[name] = function(config, value, identity)
    if not core.is_server_config(config) then error("a server's config is wanted", 3) end
    local values, err = read(value)
    if not values then return nil, err end
    return core.config_later(config, { [name] = values, identity = identity })
  end
end

set("ticket_keys", function(value)
  local list, wrong = native_options.options.ticket_keys[1](value)
  if not list then error("ticket_keys: " .. wrong, 4) end
  return list
end)
set("ocsp_staple", function(value)
  if not value then return {} end
  local list, wrong = check.strings(value)
  if not list then error("ocsp_staple: " .. wrong, 4) end
  return staples(list)
end)

--- Gives a server new ticket keys (RFC 8446 section 4.6.1): the first seals, all of them open. With the same keys
-- several processes or hosts resume each other's sessions.
-- @function config:set_ticket_keys
-- @tparam string|table keys one or up to 8, each of at least 32 random bytes
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error code `state`: the config makes no tickets
core.config_methods.set_ticket_keys = later.ticket_keys

--- Gives a server a new OCSP response to staple (RFC 6066 section 8).
-- @function config:set_ocsp_staple
-- @tparam string|table|nil response DER or a path; in a list, one for each certificate of the chain, the leaf's first;
-- nil: none from now on
-- @tparam[opt=1] integer certificate the place of the chain in the config's list of certificates
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error what is wrong with a file
core.config_methods.set_ocsp_staple = later.ocsp_staple

--- Gives a server the ticket keys and the memory of early data that another config has: sessions of the one are resumed
-- by the other, under the same host name (RFC 8446 section 4.6.1), and what either has accepted as early data is a
-- replay for both. For configs that follow each other, or stand beside each other for several names.
-- @function config:share_sessions
-- @tparam bearssl.config other a server's
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error code `state`: one of them makes no tickets
function core.config_methods.share_sessions(config, other)
  if not core.is_server_config(config) or not core.is_server_config(other) then
    error("a server's config is wanted", 2)
  end
  return core.config_share(config, other)
end

--- What a config remembers of its peers' certificates, as numbers: of the cache of chains, and of the bytes that its
-- connections have in common.
-- @function config:chains
-- @treturn table `size` (entries that there may be; 0: none are kept), `entries`, `hits`, `misses`, `dropped` (entries
-- that were good no more: expired, the store changed, revoked); `kept` and `kept_bytes` (certificates, OCSP responses
-- and the like that are there, each once), `holders` (how often they are held, by connections and entries)
function core.config_methods.chains(config)
  return core.config_chains(config)
end

--- Takes a session back from its bytes (`session:export`), for `config:wrap`.
-- @function config:import_session
-- @tparam string bytes
-- @treturn[1] bearssl.session
-- @treturn[2] nil
-- @treturn[2] bearssl.error code `bad_session`: they are no session; `state`: the config is none of a client with
-- TLS 1.3
function core.config_methods.import_session(config, bytes)
  return core.session_import(config, bytes)
end

local function maker(role)
  return function(given)
    if given ~= nil and type(given) ~= "table" then
      error(("bearssl.%s: a table of options is wanted, not %s"):format(role, type(given)), 2)
    end
    local config, err = new(role, given or {}) -- no tail call: the level of its error counts on this one
    return config, err
  end
end

return { client = maker "client", server = maker "server", make = new }
