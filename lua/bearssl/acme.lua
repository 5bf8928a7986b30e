-- SPDX-License-Identifier: MIT

--- Certificates from an ACME server (RFC 8555), as Let's Encrypt and others are: accounts, orders, the challenges
-- http-01, tls-alpn-01 (RFC 8737) and dns-01, renewal in time (RFC 9773), and the swap of the files.
-- @module bearssl.acme
-- @pragma nostrip
local challenges = require "bearssl.acme.challenges"
local check = require "bearssl.check"
local core = require "bearssl.core"
local failure = require "bearssl.acme.failure"
local https = require "bearssl.https"
local json = require "bearssl.https.json"
local jws = require "bearssl.acme.jws"
local mkcert = require "bearssl.mkcert"
local order = require "bearssl.acme.order"
local scheduler = require "bearssl.scheduler"
local transport = require "bearssl.acme.transport"

local acme = {}

local acme_client = {}
acme_client.__index, acme_client.__name = acme_client, "bearssl.acme.client"

local function key_option(value)
  if not core.is_key(value) then return nil, "a bearssl.key is wanted, not " .. type(value) end
  local wrong = jws.objection(value)
  return not wrong and value or nil, wrong
end

local text, boolean, object_of = check.of_type "string", check.of_type "boolean", check.of_type "table"

local function external_option(value)
  if type(value) == "table" and type(value.kid) == "string" and type(value.key) == "string" then return value end
  return nil, "a table with 'kid' and 'key', strings, is wanted"
end

local known = {
  directory = text, key = key_option, contact = check.strings, terms_agreed = boolean,
  external_account = external_option,
  trust = function(value) return value end, user_agent = text, read_timeout = check.seconds,
}

local function values_of(caller, given, options)
  if type(given) ~= "table" then
    error(("%s: a table of options is wanted, not %s"):format(caller, type(given)), 3)
  end
  local values, wrong = check.options(given, options, {})
  if not values then error(caller .. ": " .. wrong, 3) end
  return values
end

--- A client of one server and one account. Nothing is asked of the server yet.
-- @tparam table options
--
--  * `directory`: URL of the server's directory;
--  * `key`: the account's @{bearssl.key}, of P-256, P-384 or Ed25519;
--  * `contact`: mail addresses, as `"mailto:…"`; `terms_agreed`: the server's terms of service are agreed to;
--  * `external_account`: `{ kid = …, key = octets of the MAC key }`, where the server wants an account elsewhere;
--  * `trust`: of the server's own certificate, as for `bearssl.client`; `read_timeout`: seconds, 30 by default;
--    `user_agent`.
-- @treturn acme_client the client
-- @raise for a wrong option
function acme.new(options)
  local values = values_of("bearssl.acme.new", options, known)
  if not values.directory or not values.key then error("bearssl.acme.new: 'directory' and 'key' are wanted", 2) end
  local self = { key = values.key, options = values, pause = function(s) scheduler.current().sleep(s) end }
  self.transport = transport.new {
    directory = values.directory, key = values.key, pause = self.pause,
    client = https.new {
      trust = values.trust, read_timeout = values.read_timeout or 30,
      headers = { ["user-agent"] = values.user_agent or "lua-bearssl" },
    },
  }
  return setmetatable(self, acme_client)
end

local function account_payload(self)
  local values, directory = self.options, self.transport.known
  local external = values.external_account and jws.external_binding(self.key, directory.newAccount,
    values.external_account.kid, values.external_account.key)
  local fields = { termsOfServiceAgreed = values.terms_agreed, contact = values.contact }
  local encoded = next(fields) and json.encode(fields) or "{}"
  if not external then return encoded end
  return encoded:sub(1, -2) .. (next(fields) and "," or "") .. '"externalAccountBinding":' .. external .. "}"
end

local terms_wanted = { agreementRequired = true, userActionRequired = true }

--- The account: made where the key has none yet (section 7.3), found where it has.
-- @treturn[1] string its URL
-- @treturn[2] nil
-- @treturn[2] bearssl.error `acme`, whose `problem` is the error type of RFC 8555 section 6.7 and whose `status` is
-- HTTP's; `decode`; and those of the connection
function acme_client:account()
  if self.transport.account then return self.transport.account end
  local directory, err = self.transport:directory()
  if not directory then return nil, err end
  local response
  response, err = self.transport:post(directory.newAccount, account_payload(self))
  if not response then
    if terms_wanted[err.problem] then
      local terms = type(directory.meta) == "table" and directory.meta.termsOfService
      err.hint = "agree to the server's terms (terms_agreed = true): "
        .. core.printable(type(terms) == "string" and terms or self.options.directory)
    end
    return nil, err
  end
  local url = response.headers["Location"]
  if not transport.is_url(url) then
    return nil, failure.new("decode", "newAccount", "the answer names no account (Location)")
  end
  self.transport.account = url
  return url
end

local order_options = {
  names = order.names, responder = object_of, key = function(value)
    if core.is_key(value) or type(value) == "string" then return value end
    return nil, "a key, or the kind of a new one, is wanted"
  end,
  must_staple = boolean, profile = text, replaces = text, order = text, on_order = check.of_type "function",
}

local function identity(values)
  local key, err = values.key
  if not core.is_key(key) then
    key, err = mkcert.key(key)
    if not key then return nil, err end
  end
  local request
  request, err = mkcert.request { names = values.names, key = key, must_staple = values.must_staple }
  return request and key, request and request.der or err
end

local function remembered(values, url)
  local ok, err = true, nil
  if values.on_order then ok, err = values.on_order(url) end
  return ok or not err, err
end

--- A certificate: an account where there is none, an order, the proofs that the server asks for, the chain. It is
-- checked to be for the key and the names.
-- @tparam table options
--
--  * `names`: host names, wildcards (by dns-01 alone), addresses (RFC 8738);
--  * `responder`: what answers the challenges: @{acme.http}, @{acme.webroot}, @{acme.tls_alpn},
--    @{acme.tls_alpn_server}, @{acme.dns}, or a table like those;
--  * `key`: of the certificate: a @{bearssl.key}, or the kind of a new one (`"P-256"`);
--  * `must_staple`; `profile` of the server's; `replaces`: identifier of the certificate before (RFC 9773 section 5);
--  * `order`: URL of an order that another run began (an error then has `order_lost`, where it is to be had no longer);
--    `on_order(url)` is told of a new one; where it gives nil and an error, that is the end of it.
-- @treturn[1] table `pem` (the chain), `key`, `order` (URL)
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of @{acme_client:account}; `key_mismatch`, `expired`, `not_yet_valid`, `timeout`,
-- `limit`
-- @raise for a wrong option
function acme_client:certificate(options)
  local values = values_of("bearssl.acme: acme_client:certificate", options, order_options)
  if not values.names or not values.responder then
    error("bearssl.acme: acme_client:certificate: 'names' and 'responder' are wanted", 2)
  end
  local ok, err = self:account()
  if not ok then return nil, err end
  local key, request = identity(values)
  if not key then return nil, request end
  local url = values.order
  if not url then
    url, err = order.new(self, values)
    if not url then return nil, err end
    ok, err = remembered(values, url)
    if not ok then return nil, err end
  end
  local pem
  pem, err = order.complete(self, url, { names = values.names, key = key, request = request,
    responder = values.responder, goes_on = values.order ~= nil })
  if not pem then return nil, err end
  return { pem = pem, key = key, order = url }
end

--- Revokes a certificate that the account ordered (section 7.6).
-- @tparam bearssl.certificate certificate
-- @tparam[opt] integer reason CRLReason (RFC 5280 section 5.3.1)
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of @{acme_client:account}
function acme_client:revoke(certificate, reason)
  local ok, err = self:account()
  if not ok then return nil, err end
  ok, err = self.transport:post(self.transport.known.revokeCert,
    json.encode { certificate = jws.base64url(certificate:der()), reason = reason })
  return ok and true, err
end

--- http-01 by a server of its own, which serves while the client waits.
-- @function acme.http
-- @tparam table options `port` (80; 0: a free one, which the responder's field `port` tells), `host`
-- @treturn[1] table a responder; its `close()` ends the server
-- @treturn[2] nil
-- @treturn[2] bearssl.error `io`
acme.http = challenges.http

--- http-01 by files under a folder that a web server serves.
-- @function acme.webroot
-- @tparam string folder
-- @treturn table a responder
acme.webroot = challenges.webroot

--- tls-alpn-01 inside a server that there is, whose `on_client_hello` gives `responder.on_client_hello(hello)`: nil for
-- whoever is no ACME server.
-- @function acme.tls_alpn
-- @treturn table a responder
acme.tls_alpn = challenges.tls_alpn

--- tls-alpn-01 by a server of its own, which serves while the client waits.
-- @function acme.tls_alpn_server
-- @tparam table options `port` (443; 0: a free one), `host`
-- @treturn[1] table a responder; its `close()` ends the server
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of `bearssl.listen`
acme.tls_alpn_server = challenges.tls_alpn_server

--- dns-01 by a hook.
-- @function acme.dns
-- @tparam function|string hook function(action, name, value), or a program that is run, without a shell, with these
-- arguments: `"add"` or `"remove"`, the name of the TXT record, its value
-- @treturn table a responder
acme.dns = challenges.dns

--- Keeps the certificate in a file alive: orders one where there is none, and a new one where it is due. A run that
-- ends at any step leaves the file as it was, and the next one goes on.
-- @function acme.renew
-- @tparam table options those of @{acme.new} but `key`, and:
--
--  * `file`: of the chain and behind it the key; where it is a symbolic link, the file that it leads to;
--  * `names`, `responder`, `must_staple`, `profile`: as for @{acme_client:certificate};
--  * `account`: file of the account's key, which is made at the first run;
--  * `key`: kind of the certificate's key, a new one each time: `"P-256"`;
--  * `lifetime_left`: the part of the lifetime that is left when it is due: 1/3;
--  * `after(file)`: called when the file has a new certificate: to have a server reload, say. Where it gives nil and an
--    error, or the process ends in it, the next runs call it again, until it succeeds;
--  * `force`: also where it is not due; and what is in the file is replaced, whatever it is;
--  * `time`: seconds since the epoch, instead of now.
-- @treturn[1] string `"renewed"` or `"fresh"`
-- @treturn[1] table `certificate`; `due`: when it is, seconds since the epoch; `retry_after`: seconds until the server
-- wants to be asked about that again (RFC 9773 section 4.3), where it says so; `after_error`: what `after` said
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of @{acme_client:certificate}; `locked`: another process is at it; `file_write`; what is
-- wrong with a file that has something else in it
-- @raise for a wrong option
acme.renew = require "bearssl.acme.renew"(acme)

return acme
