---@meta bearssl.acme
-- Made by `make annotations` from the documentation comments.

---Certificates from an ACME server (RFC 8555), as Let's Encrypt and others are: accounts, orders, the challenges http-01, tls-alpn-01 (RFC 8737) and dns-01, renewal in time (RFC 9773), and the swap of the files.
---@class bearssl.acme.module
local module = {}

---A client of one server and one account. Nothing is asked of the server yet.
---Raises: for a wrong option
---@param options table * `directory`: URL of the server's directory; * `key`: the account's `bearssl.key`, of P-256, P-384 or Ed25519; * `contact`: mail addresses, as `"mailto:…"`; `terms_agreed`: the server's terms of service are agreed to; * `external_account`: `{ kid = …, key = octets of the MAC key }`, where the server wants an account elsewhere; * `trust`: of the server's own certificate, as for `bearssl.client`; `read_timeout`: seconds, 30 by default; `user_agent`.
---@return acme_client # the client
function module.new(options) end

---@class bearssl.acme_client
local acme_client = {}

---The account: made where the key has none yet (section 7.3), found where it has.
---@return string|nil # its URL
---@return nil|bearssl.error # `acme`, whose `problem` is the error type of RFC 8555 section 6.7 and whose `status` is HTTP's; `decode`; and those of the connection
function acme_client:account() end

---A certificate: an account where there is none, an order, the proofs that the server asks for, the chain. It is checked to be for the key and the names.
---Raises: for a wrong option
---@param options table * `names`: host names, wildcards (by dns-01 alone), addresses (RFC 8738); * `responder`: what answers the challenges: `acme.http`, `acme.webroot`, `acme.tls_alpn`, `acme.tls_alpn_server`, `acme.dns`, or a table like those; * `key`: of the certificate: a `bearssl.key`, or the kind of a new one (`"P-256"`); * `must_staple`; `profile` of the server's; `replaces`: identifier of the certificate before (RFC 9773 section 5); * `order`: URL of an order that another run began (an error then has `order_lost`, where it is to be had no longer); `on_order(url)` is told of a new one; where it gives nil and an error, that is the end of it.
---@return table|nil # `pem` (the chain), `key`, `order` (URL)
---@return nil|bearssl.error # as of `acme_client:account`; `key_mismatch`, `expired`, `not_yet_valid`, `timeout`, `limit`
function acme_client:certificate(options) end

---Revokes a certificate that the account ordered (section 7.6).
---@param certificate bearssl.certificate
---@param reason? integer CRLReason (RFC 5280 section 5.3.1)
---@return boolean|nil # true
---@return nil|bearssl.error # as of `acme_client:account`
function acme_client:revoke(certificate, reason) end

---http-01 by a server of its own, which serves while the client waits.
---@param options table `port` (80; 0: a free one, which the responder's field `port` tells), `host`
---@return table|nil # a responder; its `close()` ends the server
---@return nil|bearssl.error # `io`
function module.http(options) end

---http-01 by files under a folder that a web server serves.
---@param folder string
---@return table # a responder
function module.webroot(folder) end

---tls-alpn-01 inside a server that there is, whose `on_client_hello` gives `responder.on_client_hello(hello)`: nil for whoever is no ACME server.
---@return table # a responder
function module.tls_alpn() end

---tls-alpn-01 by a server of its own, which serves while the client waits.
---@param options table `port` (443; 0: a free one), `host`
---@return table|nil # a responder; its `close()` ends the server
---@return nil|bearssl.error # as of `bearssl.listen`
function module.tls_alpn_server(options) end

---dns-01 by a hook.
---@param hook function|string function(action, name, value), or a program that is run, without a shell, with these arguments: `"add"` or `"remove"`, the name of the TXT record, its value
---@return table # a responder
function module.dns(hook) end

---Keeps the certificate in a file alive: orders one where there is none, and a new one where it is due. A run that ends at any step leaves the file as it was, and the next one goes on.
---Raises: for a wrong option
---@param options table those of `acme.new` but `key`, and: * `file`: of the chain and behind it the key; where it is a symbolic link, the file that it leads to; * `names`, `responder`, `must_staple`, `profile`: as for `acme_client:certificate`; * `account`: file of the account's key, which is made at the first run; * `key`: kind of the certificate's key, a new one each time: `"P-256"`; * `lifetime_left`: the part of the lifetime that is left when it is due: 1/3; * `after(file)`: called when the file has a new certificate: to have a server reload, say. Where it gives nil and an error, or the process ends in it, the next runs call it again, until it succeeds; * `force`: also where it is not due; and what is in the file is replaced, whatever it is; * `time`: seconds since the epoch, instead of now.
---@return string|nil # `"renewed"` or `"fresh"`
---@return table|bearssl.error # `certificate`; `due`: when it is, seconds since the epoch; `retry_after`: seconds until the server wants to be asked about that again (RFC 9773 section 4.3), where it says so; `after_error`: what `after` said; or as of `acme_client:certificate`; `locked`: another process is at it; `file_write`; what is wrong with a file that has something else in it
function module.renew(options) end

return module
