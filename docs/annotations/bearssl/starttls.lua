---@meta bearssl.starttls
-- Made by `make annotations` from the documentation comments.

---From clear to TLS in the protocols that begin in clear: SMTP, IMAP, POP3, FTP, XMPP, LDAP, PostgreSQL and MySQL, both sides. The role is the config's: with one of `bearssl.client` a function is the client's half of the talk, with one of `bearssl.server` the server's.
---Every function takes a connected socket (LuaSocket's, or any object that `config:wrap` takes), a config and a table of options, and gives a bearssl.socket whose handshake is done, and a table of what was said before it, which nobody has vouched for: forget it, and ask again (RFC 3207 section 4.2). Options of all: `name`, `session` and `psk` as of `config:wrap`; `received`, bytes that were read from the socket already; `greeted`: the caller has said and heard all up to the command - as a client the function sends it, as a server it was just read; `timeout`, seconds for the talk and the handshake together, beside the socket's own; `scheduler`, where it is not to be found.
---Bytes in clear after the command or the go-ahead are an error (`injection`): they are not part of what TLS protects, and are never given to the caller. A peer that will not have TLS is one too (`no_starttls`, with its answer): nobody goes on in clear without having decided to. Lines, replies and the whole talk are bounded (`limit`), what the protocol does not allow is `decode`, and a socket's `"timeout"` and `"closed"` stay what they are. The socket stays open then, for its owner to close; once the handshake has begun, a failure closes it.
---@class bearssl.starttls.module
local module = {}

---SMTP and LMTP's STARTTLS (RFC 3207). The client reads the greeting, says EHLO and asks for STARTTLS where it is offered; it has to say EHLO again on the socket that comes back.
---Raises: if an argument or an option is wrong
---@param tcp any a connected socket
---@param config bearssl.config
---@param options? table those of all, `helo`: the client's name (its address by default), `host`: the server's
---@return bearssl.socket|nil
---@return table|string|bearssl.error # `greeting`; or `"timeout"`, `"closed"`, `no_starttls`, `injection`, `limit`, `decode`, or what the handshake failed with
function module.smtp(tcp, config, options) end

---IMAP's STARTTLS (RFC 9051 section 6.2.1).
---@param tcp any a connected socket
---@param config bearssl.config
---@param options? table those of all, and `tag` of the client's command, for a server with `greeted`
---@return bearssl.socket|table|bearssl.error # as of `smtp`
function module.imap(tcp, config, options) end

---POP3's STLS (RFC 2595 section 4).
---@param tcp any a connected socket
---@param config bearssl.config
---@param options? table those of all
---@return bearssl.socket|table|bearssl.error # as of `smtp`
function module.pop3(tcp, config, options) end

---FTP's AUTH TLS (RFC 4217), on the control connection.
---@param tcp any a connected socket
---@param config bearssl.config
---@param options? table those of all
---@return bearssl.socket|table|bearssl.error # as of `smtp`
function module.ftp(tcp, config, options) end

---Has an FTP server protect the data connections: PBSZ 0 and PROT P (RFC 4217 sections 8 and 9).
---@param control bearssl.socket what `ftp` gave
---@return boolean|nil # true
---@return nil|string|bearssl.error # as of `smtp`
function module.ftp_protect(control) end

---TLS on an FTP data connection, which resumes the session of the control connection: servers demand it, since it shows that both are the same peer's (RFC 4217 section 10.2, RFC 8446 section 4.6.1).
---@param control bearssl.socket the control connection, after `ftp_protect`
---@param tcp any the data connection
---@param config bearssl.config that of the control connection
---@param options? table `name`, `timeout`; `require_resumption`: whether a connection that did not resume is refused, true by default on the server's side
---@return bearssl.socket|nil
---@return nil|string|bearssl.error # as of `smtp`; `not_resumed`
function module.ftp_data(control, tcp, config, options) end

---XMPP's STARTTLS (RFC 6120 section 5). The client opens its stream anew on the socket that comes back.
---@param tcp any a connected socket
---@param config bearssl.config
---@param options? table those of all; `domain` (`name` by default), `from`, `namespace` (`"jabber:client"`, or `"jabber:server"`), `host`: the server's name, by default the one that the client asks for
---@return bearssl.socket|table|bearssl.error # as of `smtp`
function module.xmpp(tcp, config, options) end

---LDAP's StartTLS (RFC 4511 section 4.14).
---@param tcp any a connected socket
---@param config bearssl.config
---@param options? table those of all, and `message_id`: the number of the request (1), or of the one that a server with `greeted` has read
---@return bearssl.socket|table|bearssl.error # as of `smtp`
function module.ldap(tcp, config, options) end

---PostgreSQL's SSLRequest.
---@param tcp any a connected socket
---@param config bearssl.config
---@param options? table those of all
---@return bearssl.socket|table|bearssl.error # as of `smtp`
function module.postgres(tcp, config, options) end

---MySQL's and MariaDB's SSLRequest. A client goes on with its HandshakeResponse, `sequence` in its header, and needs the salt that stands in the `greeting`.
---@param tcp any a connected socket
---@param config bearssl.config
---@param options? table those of all; `capabilities` and `charset` of this side; `greeting`: the server's handshake packet without its header - as a client, one that was read already; as a server, the one to send, else it is made of `version`, `thread` and `salt` (20 bytes)
---@return bearssl.socket|nil
---@return table|string|bearssl.error # `greeting`, `version`, `capabilities`, `charset`, `sequence`; or as of `smtp`
function module.mysql(tcp, config, options) end

---For any other protocol, once the go-ahead was given: nothing may have come in clear since, then the handshake.
---@param tcp any a connected socket
---@param config bearssl.config
---@param options? table those of all
---@return bearssl.socket|table|bearssl.error # as of `smtp`
function module.upgrade(tcp, config, options) end

return module
