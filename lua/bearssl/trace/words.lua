-- SPDX-License-Identifier: MIT
-- words.lua - what each message of a handshake is for, in one plain sentence with the section that has the rest; what
-- its extensions are for; and what cures a failure that has no hint of its own.
local words = {}

-- { sentence, section } of TLS 1.3
local tls_1_3 = {
  ClientHello = { "The client says what it can do, and sends a key share in advance for a group that it expects the"
    .. " server to take.", "RFC 8446 section 4.1.2" },
  ServerHello = { "The server chooses, and sends its own key share: both sides can now compute the same keys, and who"
    .. " listens cannot.", "RFC 8446 section 4.1.3" },
  HelloRetryRequest = { "The server wants another key share, or its cookie back, before it goes on: this costs a round"
    .. " trip.", "RFC 8446 section 4.1.4" },
  EncryptedExtensions = { "The rest of the server's answers, encrypted from here on: nobody on the way sees them.",
    "RFC 8446 section 4.3.1" },
  CertificateRequest = { "The server wants to know who the client is, and says which certificates it takes.",
    "RFC 8446 section 4.3.2" },
  Certificate = { "Who the sender is: its certificate, and those of the authorities that vouch for it.",
    "RFC 8446 section 4.4.2" },
  CertificateVerify = { "A signature over all messages so far: the sender has the private key of that certificate, and"
    .. " nobody replays an old handshake.", "RFC 8446 section 4.4.3" },
  Finished = { "A checksum over all messages with a key that only the two have: had anybody changed one on the way,"
    .. " it would not fit.", "RFC 8446 section 4.4.4" },
  EndOfEarlyData = { "The client has sent all of its early data; the keys of the handshake follow.",
    "RFC 8446 section 4.5" },
  NewSessionTicket = { "A ticket with which the client can come back: no certificates then, and early data if the"
    .. " server allows it.", "RFC 8446 section 4.6.1" },
  KeyUpdate = { "The sender changes its key: who finds out a key later cannot read what came before.",
    "RFC 8446 section 4.6.3" },
  change_cipher_spec = { "Means nothing in TLS 1.3: it is there for boxes on the way that know only TLS 1.2.",
    "RFC 8446 appendix D.4" },
  early_data = { "Application data with the first flight, under a key of the earlier session: no round trip is waited"
    .. " for, but it can be replayed.", "RFC 8446 section 2.3" },
}

-- The same of TLS 1.2 and below, where it differs.
local tls_1_2 = {
  ClientHello = { "The client says what it can do: versions, cipher suites, groups, signatures.",
    "RFC 5246 section 7.4.1.2" },
  ServerHello = { "The server chooses version and cipher suite out of what was offered.", "RFC 5246 section 7.4.1.3" },
  Certificate = { "Who the sender is: its certificate, and those of the authorities that vouch for it. Everybody on the"
    .. " way can read it.", "RFC 5246 section 7.4.2" },
  CertificateStatus = { "Fresh word of the authority that the certificate is not revoked, stapled by the server.",
    "RFC 6066 section 8" },
  ServerKeyExchange = { "The server's half of the key agreement, signed with the key of its certificate.",
    "RFC 8422 section 5.4" },
  CertificateRequest = { "The server wants to know who the client is, and says which certificates it takes.",
    "RFC 5246 section 7.4.4" },
  ServerHelloDone = { "The server has said all, and waits for the client: one round trip is over.",
    "RFC 5246 section 7.4.5" },
  ClientKeyExchange = { "The client's half of the key agreement: both sides can now compute the same keys.",
    "RFC 8422 section 5.7" },
  CertificateVerify = { "A signature over all messages so far: the client has the private key of its certificate.",
    "RFC 5246 section 7.4.8" },
  Finished = { "The first encrypted message, a checksum over all before it: had anybody changed one on the way, it"
    .. " would not fit.", "RFC 5246 section 7.4.9" },
  NewSessionTicket = { "A ticket with which the client can come back: one round trip less then, and no certificates.",
    "RFC 5077 section 3.3" },
  HelloRequest = { "The server asks for a new handshake inside this connection (renegotiation).",
    "RFC 5246 section 7.4.1.1" },
  change_cipher_spec = { "From its next record on the sender encrypts.", "RFC 5246 section 7.1" },
}

local others = {
  close_notify = { "The sender has said all that it wanted: an orderly end, and nothing was cut off.",
    "RFC 8446 section 6.1" },
  fatal = { "The sender gives up, and this is all that it says about why.", "RFC 8446 section 6.2" },
  warning = { "A warning: the connection goes on.", "RFC 5246 section 7.2" },
  hidden_alert = { "An alert, encrypted; at the end of a connection most likely close_notify.",
    "RFC 5246 section 7.2" },
  again = { "The hello once more, with what the server asked for: another key share, or its cookie.",
    "RFC 8446 section 4.1.2" },
  no_certificate = { "The client was asked who it is, and has no certificate to show.", "RFC 8446 section 4.4.2.4" },
  rsa = { "The client makes up the secret and encrypts it for the key of the certificate: whoever gets that key later"
    .. " can read all of this.", "RFC 5246 section 7.4.7.1" },
  unknown = { "A message that this program has no words for.", "RFC 8446 section 4" },
}

local function alert(item)
  local fields = item.fields
  if not fields then return others.hidden_alert end
  return others[fields.description] or others[fields.level]
end

local function has_key_share(item)
  for _, x in ipairs(item.fields and item.fields.extensions or {}) do
    if x.name == "key_share" then return true end
  end
  return false
end

local function special(item)
  if item.again then return others.again end
  if item.name == "ClientHello" and not has_key_share(item) then return tls_1_2.ClientHello end
  if item.kind == "alert" then return alert(item) end
  if item.kind == "early_data" then return tls_1_3.early_data end
  local list = item.name == "Certificate" and item.fields and item.fields.certificates
  if list and #list == 0 then return others.no_certificate end
  return item.static_rsa and item.name == "ClientKeyExchange" and others.rsa or nil
end

-- The sentence and the section for an item of a ladder; version: what was agreed on, nil where it came to none.
function words.explain(item, version)
  local old = version ~= nil and version ~= "TLSv1.3"
  local found = special(item) or old and tls_1_2[item.name] or tls_1_3[item.name] or tls_1_2[item.name]
    or others.unknown
  return found[1], found[2]
end

-- What extensions are for.
words.extensions = {
  server_name = "which of the server's names the client wants, in clear (RFC 6066 section 3)",
  max_fragment_length = "shorter records, for small machines (RFC 6066 section 4)",
  status_request = "OCSP: the server may staple word that its certificate is not revoked (RFC 6066 section 8)",
  supported_groups = "the groups for the key agreement, the best one first (RFC 8446 section 4.2.7)",
  ec_point_formats = "how points are written; only one way is left (RFC 8422 section 5.1.2)",
  signature_algorithms = "which signatures the sender can verify (RFC 8446 section 4.2.3)",
  signature_algorithms_cert = "the same for those in certificates (RFC 8446 section 4.2.3)",
  application_layer_protocol_negotiation = "ALPN: what is to be spoken inside, HTTP/2 for one (RFC 7301)",
  signed_certificate_timestamp = "proof that the certificate stands in public logs (RFC 6962 section 3.3.1)",
  padding = "zeros that make the message longer (RFC 7685)",
  encrypt_then_mac = "the better order of the two, for CBC (RFC 7366)",
  extended_master_secret = "binds the keys to the whole handshake (RFC 7627)",
  record_size_limit = "how long records may be (RFC 8449)",
  session_ticket = "tickets to come back with, in TLS 1.2 (RFC 5077)",
  pre_shared_key = "the sessions that the client could go on with, and which one is taken (RFC 8446 section 4.2.11)",
  early_data = "data goes with the first flight (RFC 8446 section 4.2.10)",
  supported_versions = "the versions of TLS, and which one it is (RFC 8446 section 4.2.1)",
  cookie = "given by the server to be brought back (RFC 8446 section 4.2.2)",
  psk_key_exchange_modes = "a resumed session may agree on fresh keys, too (RFC 8446 section 4.2.9)",
  certificate_authorities = "whose certificates are taken (RFC 8446 section 4.2.4)",
  post_handshake_auth = "the server may ask for a certificate later (RFC 8446 section 4.2.6)",
  key_share = "public keys for the key agreement, one for each group (RFC 8446 section 4.2.8)",
  renegotiation_info = "ties a second handshake to the first (RFC 5746)",
}

-- Remedies by the code of the error, where the error has no hint.
local remedies = {
  dns = "check the spelling of the name, and the resolver of this machine",
  refused = "nothing listens there: check the port, and that the server runs",
  timeout = "check the port: what waits for its client to speak in clear wants STARTTLS; a firewall may swallow bytes",
  reset = "check the port, and what stands between the two; the server's log says more",
  closed = "the server's log says more; check that this port is for TLS",
  not_tls = "use the port for TLS, or STARTTLS",
  expired = "the server needs a new certificate, unless this machine's clock is wrong",
  not_yet_valid = "check this machine's clock; else the certificate was put in place too early",
  unknown_issuer = "trust the authority that issued it, or have the server send its intermediate certificates",
  self_signed = "trust this very certificate, or have the server get one from an authority",
  name_mismatch = "use a name that the certificate is for, or get a certificate for this one",
  protocol_version = "the two sides have no version of TLS in common: raise what one of them stops at",
  no_cipher_suite = "compare the cipher suites of both sides",
  no_group = "compare the groups of both sides",
  certificate_required = "the client needs a certificate and its key",
  revoked = "the server needs a new certificate, with a new key",
  no_starttls = "use the port that has TLS from the start, if there is one",
  peer_alert = "the log of the side that sent the alert says why",
}

-- Everything else is somebody's fault in the protocol.
local other_remedy = {
  ["local"] = "the peer breaks the rules of TLS, or it is not TLS: check the port, and what stands between the two",
  peer = "the peer refuses what this side says: its log says why",
}

function words.remedy(err)
  return err.hint or remedies[err.code] or other_remedy[err.side] or other_remedy["local"]
end

return words
