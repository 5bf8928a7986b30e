---@meta bearssl
-- Made by `make annotations` from the documentation comments.

---TLS and X.509.
---`_VERSION` is `"bearssl "` and the version.
---@class bearssl.module
---@field x509 bearssl.x509.module
---@field key bearssl.key.module
---@field pins bearssl.pins.module
local module = {}

---What went wrong with the network, the peer or a file: the second result beside nil. `tostring` gives all of it in one line.
---@class bearssl.error
---@field code string a word to compare: `"unknown_issuer"`, `"timeout"`, …; all of them stand in docs/errors.md
---@field message string what it means, with values
---@field alert string the TLS alert that was sent or received, by IANA's name (RFC 8446 section 6); nil: none
---@field side string `"local"`: this side found the fault; `"peer"`: the peer did
---@field where string the RFC's name of the message or field, or of the option
---@field cause string why, where that is known, else nil
---@field hint string what cures it, where that is known, else nil
---@field paths table of a chain that was refused: each path that was tried, as `{ chain = …, error = … }`
---@field paths_more integer how many more there were
---@field response bearssl.https.response of `bearssl.https`: what had come of it by then
---@field body string of `bearssl.https`: the part of the body that had come
---@field status integer of `bearssl.https`: what an HTTP proxy answered
local error = {}

---@class bearssl.client.options
---@field aia? boolean|bearssl.fetch true, or what `bearssl.fetch.new` gives: intermediates that the peer does not send are fetched from where its certificates say (RFC 5280 section 4.2.2.1) while the handshake waits; off by default
---@field alpn? string|table protocols to offer, the best first (RFC 7301)
---@field certificate? string|table for a server that asks: leaf first, then its intermediates; in a list, the first that fits is shown
---@field chain_cache? integer|false chains whose path is remembered: up to 4096, 64 by default; 0, false: none
---@field cipher_suites? string|table the best first; ECDHE with AEAD by default, AES before ChaCha20 where the processor has instructions for AES
---@field early_data? boolean|integer true, or bytes at most: connections may send data with their ClientHello, which somebody may send again (RFC 8446 section 2.3); off by default
---@field engine? string `"native"`, the one with TLS 1.3, or `"bear"`, BearSSL's, which has all versions below; by default `"native"`, and `"bear"` where max_version is `"1.2"` or lower, or the suites are for that
---@field entropy? string 32 bytes instead of the system's: for tests, it leaves no secret
---@field groups? string|table x25519, secp256r1, secp384r1, secp521r1 by default; the best first: the first has a key share in the ClientHello (BearSSL's engine has an order of its own)
---@field key? string|table|bearssl.key|function of the certificate; without it, it is looked for where the certificate is. A function signs with a key that lives elsewhere: it is called with the name of a signature scheme and the message, and returns the signature, or nil and an error
---@field key_log? string|function a file to append to, or a function called with each line (NSS key log); who reads them can read the connections
---@field max_depth? integer certificates in a path, the anchor included, 1 to 16; 10 by default
---@field max_signatures? integer signatures checked for one chain at most, 100 by default
---@field max_version? string likewise, `"1.3"` by default; below `"1.2"` only with a `min_version`
---@field min_rsa_bits? integer 2048 (the default) to 4096
---@field min_version? string `"1.0"`, `"1.1"`, `"1.2"` (the default) or `"1.3"`; below `"1.2"` only with a `max_version` of `"1.2"` at most
---@field on_certificate_request? function instead of `certificate`: called with what the server asks for (`certificate_types`, `signature_schemes`, `signature_schemes_cert`, `authorities`); returns certificate, key and password, or nothing
---@field on_message? function called with each of those steps as it happens
---@field on_peer? function called with the connection when the peer's certificates have been verified, for a last word: anything true lets it in; false or nil, and the code of an error if there is one that says why (`"unwelcome"` by default), does not
---@field password? string|table|function of an encrypted key; a function gives it when it is needed
---@field pins? table `"sha256//…"` of keys, in addition to the chain: one of the verified path, and one that is not (`backup = false`: none); `expires`: seconds since the epoch; `report_only = true` with `on_mismatch(err)` to rehearse
---@field policy? table what a path must be beyond that: `curves`, `hashes`, `any_purpose`, `max_lifetime`, `policies`, `require_explicit_policy`, `inhibit_policy_mapping`, `inhibit_any_policy`, as store:verify has them
---@field post_handshake_auth? boolean a server may ask for a certificate after the handshake (RFC 8446 section 4.6.2); off by default
---@field record_padding? integer TLS 1.3: zeros are added to the plaintext of each record, up to a multiple of so many bytes (RFC 8446 section 5.4); 0, the default: none
---@field record_size_limit? integer 64 to 16384: bytes of plaintext that the peer may put into a record (RFC 8449)
---@field revocation? table without it, only the server's staple is heard; `mode`: `"off"`, `"soft"` (a certificate known to be revoked is refused) or `"hard"` (the default: one not known to be good, too); `crl`: paths, PEM or DER text, lists of bearssl.x509.crl; `issuers`: certificates of those who issue indirect CRLs; `ocsp`: responses in DER; `staple = false`: what the server staples does not count; `leaf_only`; `max_age` in seconds; `sha1`: signatures with SHA-1 will do; `fetch`: true, or what `bearssl.fetch.new` gives: what no source at hand can tell is asked over HTTP, by OCSP and then by CRL, while the handshake waits (the native engine)
---@field session_cache? bearssl.session_cache connections without a session of their own resume from it
---@field signature_schemes? string|table what to offer, to accept in the peer's handshake and to sign with, the best first: ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256, ed25519, … (RFC 8446 section 4.2.3)
---@field signature_schemes_cert? string|table what the peer is told that its chain may be signed with, where that is something else; by default what `policy` allows
---@field time? integer seconds since the epoch, instead of the clock: for tests
---@field trace? boolean true: the steps of the handshake are kept for `conn:trace`
---@field trust? string|table|bearssl.store `"system"` (the default; SSL_CERT_FILE and SSL_CERT_DIR are honoured), a path of a file or folder, text, a list of those, or a store
---@field verify? string `"none"` turns the verification of chain and name off

---Makes the config of a client: immutable, checked here, shared by its connections.
---Paths may be PEM or DER text as well. Names of suites, groups and schemes are IANA's.
---Raises: where an option is wrong, with its name
---@param options? bearssl.client.options each of them may be absent
---@return bearssl.config|nil
---@return nil|bearssl.error # what is wrong with a file
function module.client(options) end

---@class bearssl.server.options
---@field certificate? string is needed
---@field chain_cache? integer|false clients' chains whose path is remembered, up to 4096; none by default: by the time that it takes a stranger could tell whose certificate was here before
---@field client_auth? string `"none"` (the default), `"request"`: verified where one comes, or `"require"`
---@field client_trust? string|table|bearssl.store whose certificates clients may have: with `client_auth`
---@field early_data_guard? function called with the identity of a ClientHello with early data and the time up to which it is of use; true: nobody who shares the `ticket_keys` has seen it before, and it is accepted
---@field max_early_data? boolean|integer bytes of early data that tickets promise to take; true: 16384; 0, the default: none
---@field ocsp_staple? string|table an OCSP response, DER or a path; in a list, one for each certificate of the chain, the leaf's first
---@field on_client_hello? function called with what a client offers (`server_name`, `alpn`, `versions`, `cipher_suites`, `groups`, `signature_schemes`, `signature_schemes_cert`, `extensions`, `random`) and the connection; returns the config to go on with, nothing for this one, or false: the name is refused (unrecognized_name)
---@field on_psk? function called with a PSK identity, returns its key (16 to 64 bytes) and hash (`"sha256"`, the default, or `"sha384"`), or nothing; identities may be any bytes; `certificate` may be absent then (TLS 1.3)
---@field post_handshake_auth? boolean clients that offer it may be asked for a certificate after the handshake, by `conn:request_certificate`
---@field prefer? string whose order of suites counts: `"server"`, `"client"`; by default the server's where `cipher_suites` are given, else one that suits both processors: ChaCha20 for a client that puts it before AES
---@field retry_cookie? boolean HelloRetryRequest leaves no state behind: what is needed of the first ClientHello comes back in a cookie, to any process that has the ticket keys (RFC 8446 section 4.2.2)
---@field scts? string a SignedCertificateTimestampList (RFC 6962 section 3.3) for the first certificate
---@field session_cache? integer|false sessions kept for resumption, 1024 by default; 0 or false: none
---@field session_lifetime? integer seconds, 3600 by default
---@field session_store? table `put(id, bytes, lifetime)` keeps what a ticket stands for, for so many seconds; `take(id)` gives it once and forgets it, or nil: tickets of TLS 1.3 are used once then, by all who share the store and `ticket_keys`, and early data cannot be replayed (RFC 8446 section 8.1)
---@field ticket_keys? string|table 1 to 8 keys, each of at least 32 random bytes, that other processes have too: the first seals tickets, all of them open (RFC 8446 section 4.6.1); by default a config makes its own

---Makes the config of a server.
---Raises: where an option is wrong, with its name
---@param options bearssl.server.options `certificate`, `key`, `password`, `alpn`, `min_version`, `max_version`, `cipher_suites`, `groups`, `signature_schemes`, `signature_schemes_cert`, `record_padding`, `min_rsa_bits`, `max_depth`, `max_signatures`, `policy`, `revocation`, `aia`, `pins`, `on_peer`, `record_size_limit`, `trace`, `on_message`, `engine`, `key_log`, `time` and `entropy` as for a client, and:
---@return bearssl.config|nil
---@return nil|bearssl.error # what is wrong with a file
function module.server(options) end

---@class bearssl.config
local config = {}

---Gives a server new ticket keys (RFC 8446 section 4.6.1): the first seals, all of them open. With the same keys several processes or hosts resume each other's sessions.
---@param keys string|table one or up to 8, each of at least 32 random bytes
---@return boolean|nil # true
---@return nil|bearssl.error # code `state`: the config makes no tickets
function config:set_ticket_keys(keys) end

---Gives a server a new OCSP response to staple (RFC 6066 section 8).
---@param response string|table|nil DER or a path; in a list, one for each certificate of the chain, the leaf's first; nil: none from now on
---@param certificate? integer the place of the chain in the config's list of certificates
---@return boolean|nil # true
---@return nil|bearssl.error # what is wrong with a file
function config:set_ocsp_staple(response, certificate) end

---Gives a server the ticket keys and the memory of early data that another config has: sessions of the one are resumed by the other, under the same host name (RFC 8446 section 4.6.1), and what either has accepted as early data is a replay for both. For configs that follow each other, or stand beside each other for several names.
---@param other bearssl.config a server's
---@return boolean|nil # true
---@return nil|bearssl.error # code `state`: one of them makes no tickets
function config:share_sessions(other) end

---What a config remembers of its peers' certificates, as numbers: of the cache of chains, and of the bytes that its connections have in common.
---@return table # `size` (entries that there may be; 0: none are kept), `entries`, `hits`, `misses`, `dropped` (entries that were good no more: expired, the store changed, revoked); `kept` and `kept_bytes` (certificates, OCSP responses and the like that are there, each once), `holders` (how often they are held, by connections and entries)
function config:chains() end

---Takes a session back from its bytes (`session:export`), for `config:wrap`.
---@param bytes string
---@return bearssl.session|nil
---@return nil|bearssl.error # code `bad_session`: they are no session; `state`: the config is none of a client with TLS 1.3
function config:import_session(bytes) end

---Connects and completes the handshake.
---Raises: if an argument or an option is wrong
---@param host string name or IP address
---@param port integer
---@param config? bearssl.config|table a client's config, or the options of one; in the table also `name`, if the certificate is to be verified against another name than host, `session`, `psk`, `timeout`: seconds that connect and handshake may take together, then the socket's timeout; and `scheduler`, as for `bearssl.scheduler.socket`
---@return bearssl.socket|nil # under a scheduler one whose waits hold up the calling coroutine alone
---@return nil|string|bearssl.error # `"timeout"`, or what failed; nothing is left open
function module.connect(host, port, config) end

---@class bearssl.listen.given
---@field backlog? integer connections that the kernel keeps waiting
---@field close_timeout? number seconds that connections have left when the server is closed
---@field fetch_staple? boolean|function OCSP responses are fetched from the responder that a certificate names, and stapled; a function(certificate, issuer) gives one, DER, or nil and why not
---@field handshake_timeout? number seconds
---@field host? string the address to listen on; `"*"`: all of this machine's
---@field hosts? table certificates by server_name (RFC 6066 section 3): `["example.com"] = { certificate = …, key = … }`, with a wildcard `["*.example.com"]`, which stands for one label; each may have options of its own beside those that it shares. Without `certificate` beside it there is no default: other names are refused
---@field listener? userdata a TCP object of LuaSocket that listens already, instead of `host` and `port`
---@field max_connections? integer more wait until one has ended
---@field on_error? function called with an error, what it is about (`"handshake"`, `"handler"`, `"reload"`, `"staple"`, `"shared"`, `"accept"`) and the host, nil for the default; without it all but handshakes are written to standard error
---@field on_reload? function called when files were read again, with the host
---@field port? integer 0 takes a free one, see `listener:getsockname`
---@field reuse_port? boolean several processes listen on the port (SO_REUSEPORT)
---@field scheduler? string|table instead of the one that runs the caller
---@field shared? table what processes share, of `bearssl.shared.redis`
---@field timeout? number|false of the sockets that a handler gets: seconds for each wait; false: none
---@field unknown_host? string `"default"`: a client that asks for another name gets the default certificate; `"refuse"`: the alert unrecognized_name
---@field watch? number|false seconds between two looks at the files of certificates, keys, trust and CRLs; false: they are read again by `listener:reload` alone

---Listens on a port. Connections are taken by `listener:run` or `listener:accept`.
---Raises: for a wrong option
---@param given bearssl.listen.given the options of `bearssl.server` for the default certificate and for what all connections share, and:
---@return bearssl.listener|nil
---@return nil|bearssl.error # what is wrong with a file or the address
function module.listen(given) end

---Makes a cache, for the option `session_cache` of bearssl.client; several configs may have the same. A connection with a name that is given no session takes one from it, of the same config and name, the newest first. What a connection has received goes into the cache when it is closed or collected, or when the next one to the same name asks. Sessions of TLS 1.3 are used once (RFC 8446 section C.4), several are kept for a name; those of TLS 1.2 again until they expire. When the cache is full the oldest goes. Sessions hold secrets: a cache lives in memory alone.
---Raises: if an option is wrong
---@param options? table `size`: sessions at most, 1 to 1000000; 256 by default
---@return bearssl.session_cache
function module.session_cache(options) end

---Makes a store.
---Raises: for an unknown option or a wrong type
---@param what string|table|bearssl.certificate as `store:add` takes it; a table may have options too: `partial_chain`: a leaf that is in the store is trusted by that alone; `watch`: files that change are read again; `distrusted`: SHA-256 of keys that no path may have, as `"sha256//…"` or in hexadecimal
---@return bearssl.store|nil
---@return nil|bearssl.error # as of `store:add`
function module.store(what) end

return module
