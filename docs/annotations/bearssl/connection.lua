---@meta bearssl.connection
-- Made by `make annotations` from the documentation comments.

---Connections without a socket: bytes in, bytes out.
---@class bearssl.connection.module
local module = {}

---@class bearssl.connection
local connection = {}

---Takes bytes that arrived from the peer. An incomplete record waits inside (RFC 5246 section 6.2). Callbacks of the config are called from here and from `conn:pull`; they may yield.
---Raises: if the connection was freed by `<close>`, and what a callback raised
---@param bytes string what the transport delivered
---@return boolean|nil # true
---@return nil|bearssl.error # the connection has failed, its alert waits in `conn:pull`; or, with the code `limit` and nothing taken, over 1 MiB waits to be read: read, then feed again
function connection:feed(bytes) end

---Says that the transport has ended. Data that came before can still be read; after it, unless the peer had sent its close_notify, the connection fails with the code `truncated`.
---Raises: if the connection was freed by `<close>`
---@return boolean|nil # true
---@return nil|bearssl.error # what the connection has failed with
function connection:feed_eof() end

---Changes the keys that this side writes with (RFC 8446 section 4.6.3).
---@param request? boolean whether the peer shall do the same
---@return boolean|nil # true: the KeyUpdate is in the output
---@return nil|bearssl.error # code `state` where there is no TLS 1.3 connection
function connection:update_keys(request) end

---Server: asks the client for a certificate after the handshake (RFC 8446 section 4.6.2). What comes is verified as in the handshake; peer_certificates tells then.
---@return boolean|nil # true: the CertificateRequest is in the output
---@return nil|bearssl.error # code `state` where the client does not offer it
function connection:request_certificate() end

---Server: did what is read next come as early data, which somebody may have sent again (RFC 8446 section 8)?
---@return boolean
function connection:is_early() end

---@return string|nil # the OCSPResponse that the server sent with its certificate, DER (RFC 6066 section 8)
function connection:ocsp_staple() end

---@return string|nil # the SignedCertificateTimestampList that the server sent (RFC 6962 section 3.3)
function connection:scts() end

---What was agreed on. A socket has this and the other questions to a connection too.
---@return table|nil # `engine`, `version` ("TLSv1.2"), `cipher_suite`, `group`, `signature_scheme`, `alpn`, `server_name` (SNI, sent or received), `resumed`, `psk` (identity of the external PSK that was used), `round_trips` of the handshake, `early_data` ("offered", "accepted", "rejected"), `early_sent` (bytes that a client has sent so); what is not known yet, or was not used, is absent. Names are IANA's
---@return nil|string # `"closed"`
function connection:info() end

---@return string # `"handshake"`; `"question"`: a callback is being asked; `"early"`: data may flow before the client's Finished; `"connected"`; `"closing"`: close_notify sent, data of the peer may still come; `"half_closed"` (TLS 1.3): the peer's was seen, data may still be sent; `"closed"`; `"failed"`
function connection:state() end

---The peer's certificates as it sent them, its own first (RFC 5246 section 7.4.2); of a resumed connection those of the session.
---@return bearssl.certificate[]|nil # one that does not parse stands there as a string of its bytes; or there are none
---@return nil|string # `"closed"`, or nothing
function connection:peer_certificates() end

---The certificates that this side has sent, its own first.
---@return bearssl.certificate[]|nil # none were sent: a client that was not asked, a server whose session was resumed
---@return nil|string # `"closed"`, or nothing
function connection:own_certificates() end

---The path that verification found, the peer's certificate first and the trust anchor last.
---@return bearssl.certificate[]|nil # there is none
---@return table|string # what was checked besides: `revocation`, `pins_differ`; see `store:verify`; and `known`: the path was one that the config had found before, so that its signatures were not checked again (`config:chains`); or `"closed"`, or nothing
function connection:verified_chain() end

---What a later connection of the same config can resume from: hand it to `config:connection` or `config:wrap`. It keeps secrets; close it when it is no longer needed, or leave that to the collector.
---@return bearssl.session|nil
---@return nil|string|bearssl.error # `"closed"`; code `state`: there is none, or none yet
function connection:session() end

---Keying material for a protocol on top (RFC 5705, RFC 8446 section 7.5), the same at both ends.
---@param label string as registered with IANA
---@param context nil|string nil: none, which before TLS 1.3 is not the same as an empty one
---@param length integer bytes, 1 to 1024
---@return string|nil
---@return nil|string|bearssl.error # `"closed"`; code `state`: the handshake is not done; code `option`: the label is TLS's own
function connection:exporter(label, context, length) end

---The verify_data of both Finished messages of the handshake (RFC 8446 section 4.4.4, RFC 5246 section 7.4.9): what tls-unique is made of (RFC 5929 section 3), which is none for TLS 1.3.
---@return nil|string|nil # this side's, nil before it was sent
---@return nil|string|string # the peer's, nil before it came; or `"closed"`
function connection:finished() end

---Gives the bytes that wait for the peer.
---Raises: if the connection was freed by `<close>`
---@param max? integer bytes at most; all of them by default
---@return string # what the transport is to carry, in this order; `""` if there is nothing
function connection:pull(max) end

---Gives application data that has arrived.
---Raises: if the connection was freed by `<close>`
---@param max? integer bytes at most; all that is decrypted, up to a record, by default
---@return string|nil # one byte or more
---@return nil|string|bearssl.error # `"wantread"`: feed more first; `"closed"`: the peer has sent its close_notify (RFC 5246 section 7.2.1); else the connection has failed, an end without close_notify (code `truncated`) included
function connection:read(max) end

---Takes application data for the peer; it is in the output then, for `conn:pull`.
---Raises: if the connection was freed by `<close>`
---@param data string
---@param i? integer first byte, as in string.sub
---@param j? integer last byte
---@return integer|nil # index of the last byte taken, which is j
---@return nil|string|bearssl.error # `"wantwrite"`: the output is full, pull first; `"wantread"`: the handshake is not done; `"closed"`; or what the connection failed with
---@return nil|integer # index of the last byte taken; go on with the one after it
function connection:write(data, i, j) end

---Ends what this side has to say: a close_notify goes into the output (RFC 5246 section 7.2.1). Data of the peer may still be read. Twice is fine.
---@return boolean # true
function connection:close() end

---@class bearssl.socket
local socket = {}

---Changes the keys that this side writes with (RFC 8446 section 4.6.3).
---@param request? boolean whether the peer shall do the same
---@return boolean|nil # true: the KeyUpdate is in the output
---@return nil|bearssl.error # code `state` where there is no TLS 1.3 connection
function socket:update_keys(request) end

---Server: asks the client for a certificate after the handshake (RFC 8446 section 4.6.2). What comes is verified as in the handshake; peer_certificates tells then.
---@return boolean|nil # true: the CertificateRequest is in the output
---@return nil|bearssl.error # code `state` where the client does not offer it
function socket:request_certificate() end

---Server: did what is read next come as early data, which somebody may have sent again (RFC 8446 section 8)?
---@return boolean
function socket:is_early() end

---@return string|nil # the OCSPResponse that the server sent with its certificate, DER (RFC 6066 section 8)
function socket:ocsp_staple() end

---@return string|nil # the SignedCertificateTimestampList that the server sent (RFC 6962 section 3.3)
function socket:scts() end

---What was agreed on. A socket has this and the other questions to a connection too.
---@return table|nil # `engine`, `version` ("TLSv1.2"), `cipher_suite`, `group`, `signature_scheme`, `alpn`, `server_name` (SNI, sent or received), `resumed`, `psk` (identity of the external PSK that was used), `round_trips` of the handshake, `early_data` ("offered", "accepted", "rejected"), `early_sent` (bytes that a client has sent so); what is not known yet, or was not used, is absent. Names are IANA's
---@return nil|string # `"closed"`
function socket:info() end

---@return string # `"handshake"`; `"question"`: a callback is being asked; `"early"`: data may flow before the client's Finished; `"connected"`; `"closing"`: close_notify sent, data of the peer may still come; `"half_closed"` (TLS 1.3): the peer's was seen, data may still be sent; `"closed"`; `"failed"`
function socket:state() end

---The peer's certificates as it sent them, its own first (RFC 5246 section 7.4.2); of a resumed connection those of the session.
---@return bearssl.certificate[]|nil # one that does not parse stands there as a string of its bytes; or there are none
---@return nil|string # `"closed"`, or nothing
function socket:peer_certificates() end

---The certificates that this side has sent, its own first.
---@return bearssl.certificate[]|nil # none were sent: a client that was not asked, a server whose session was resumed
---@return nil|string # `"closed"`, or nothing
function socket:own_certificates() end

---The path that verification found, the peer's certificate first and the trust anchor last.
---@return bearssl.certificate[]|nil # there is none
---@return table|string # what was checked besides: `revocation`, `pins_differ`; see `store:verify`; and `known`: the path was one that the config had found before, so that its signatures were not checked again (`config:chains`); or `"closed"`, or nothing
function socket:verified_chain() end

---What a later connection of the same config can resume from: hand it to `config:connection` or `config:wrap`. It keeps secrets; close it when it is no longer needed, or leave that to the collector.
---@return bearssl.session|nil
---@return nil|string|bearssl.error # `"closed"`; code `state`: there is none, or none yet
function socket:session() end

---Keying material for a protocol on top (RFC 5705, RFC 8446 section 7.5), the same at both ends.
---@param label string as registered with IANA
---@param context nil|string nil: none, which before TLS 1.3 is not the same as an empty one
---@param length integer bytes, 1 to 1024
---@return string|nil
---@return nil|string|bearssl.error # `"closed"`; code `state`: the handshake is not done; code `option`: the label is TLS's own
function socket:exporter(label, context, length) end

---The verify_data of both Finished messages of the handshake (RFC 8446 section 4.4.4, RFC 5246 section 7.4.9): what tls-unique is made of (RFC 5929 section 3), which is none for TLS 1.3.
---@return nil|string|nil # this side's, nil before it was sent
---@return nil|string|string # the peer's, nil before it came; or `"closed"`
function socket:finished() end

return module
