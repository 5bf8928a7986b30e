-- SPDX-License-Identifier: MIT
-- bearssl.cosocket.tls: what sslhandshake needs: configs, shared by connections that want the same; sessions; and
-- OpenSSL's words for why a certificate was refused, which callers of OpenResty's sockets compare.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local keys = require "bearssl.key"
local openssl = require "bearssl.luasec.errors"

local tls = {}

-- Identities ------------------------------------------------------------------------------------------------------

local MOST_IDENTITIES = 64
local identities, count = {}, 0 -- by the certificate's text, and then by the key

local function read_certificate(certificate)
  if type(certificate) == "table" then return certificate.pem end
  if core.is_text(certificate) then return certificate end
  local file, wrong = io.open(certificate, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  if text then return text end
  return nil, wrong or certificate .. ": cannot be read"
end

local function read_key(key)
  if type(key) ~= "string" then return key end
  local found, err = keys[core.is_text(key) and "parse" or "load"](key)
  return found, err and tostring(err)
end

-- Certificate and key of a client, read here and now. The same ones are one identity wherever they are used, so that
-- connections share a config, can resume, and find each other in a pool. nil, why.
function tls.identity(certificate, key)
  local text, wrong = read_certificate(certificate)
  if not text then return nil, wrong end
  key, wrong = read_key(key)
  if not key then return nil, wrong end
  local id = type(key) == "function" and key or key.pin
  local by_key = identities[text]
  if by_key and by_key[id] then return by_key[id] end
  if count >= MOST_IDENTITIES then identities, count, by_key = {}, 0, nil end
  by_key = by_key or {}
  identities[text], count = by_key, count + 1
  by_key[id] = { certificate = text, key = key }
  return by_key[id]
end

-- Configs ---------------------------------------------------------------------------------------------------------

local configs = setmetatable({}, { __mode = "k" }) -- options -> identity, or options again -> verify -> config

local function new_config(options, verify, identity)
  local all = {}
  for name, value in pairs(options) do all[name] = value end
  if not verify then all.verify, all.trust, all.pins, all.revocation = "none", nil, nil, nil end
  if identity then all.certificate, all.key = identity.certificate, identity.key end
  return bearssl.client(all)
end

-- options of bearssl.client, verify, identity or nil -> bearssl.config | nil, bearssl.error
function tls.config(options, verify, identity)
  local by_identity = configs[options] or setmetatable({}, { __mode = "k" })
  configs[options] = by_identity
  local by_verify = by_identity[identity or options] or {}
  by_identity[identity or options] = by_verify
  local err
  if not by_verify[verify] then by_verify[verify], err = new_config(options, verify, identity) end
  return by_verify[verify], err
end

-- Sessions --------------------------------------------------------------------------------------------------------

-- What sslhandshake returns, to be given to a later one: the sessions that the connection has received, and those that
-- it will receive. With TLS 1.3 they come after the handshake. (RFC 8446 section 4.6.1)
local Session = {}
Session.__index = Session
Session.__name = "bearssl.cosocket.session"

local MOST = 8 -- sessions kept of one connection
local weak = { __mode = "v" } -- who keeps a session keeps no connection open

function tls.new_session(config, name, sock)
  return setmetatable({ config = config, name = name, live = setmetatable({ sock = sock }, weak) }, Session)
end

-- What the connection has received since, if it is still open.
function Session:gather()
  local sock = self.live.sock
  for _ = 1, MOST do
    local session = sock and sock:getfd() >= 0 and sock:session()
    if not session then break end
    local single_use, usable = core.session_state(session)
    if usable then
      self[#self + 1] = session
      if #self > MOST then table.remove(self, 1) end
    end
    if not single_use then break end
  end
end

function Session:__tostring()
  return ("%s: %s, %d to resume from"):format(Session.__name, self.name or "no name", #self)
end

-- One to resume with, for a connection of the same config to the same name; or nil.
function Session:take(config, name)
  if config ~= self.config or name ~= self.name then return nil end
  self:gather()
  for i = #self, 1, -1 do
    local session = self[i]
    local single_use, usable = core.session_state(session)
    if single_use or not usable then table.remove(self, i) end
    if usable then return session end
  end
end

function tls.is_session(value)
  return getmetatable(value) == Session
end

-- Words -----------------------------------------------------------------------------------------------------------

-- X509_V_ERR_… of OpenSSL by the code of a bearssl.error: numbers of those whose text bearssl.luasec has too, ...
local numbers = {
  bad_certificate_signature = 7, not_yet_valid = 9, expired = 10, self_signed = 18, unknown_issuer = 20, revoked = 23,
  path_length = 25, extended_key_usage = 26, distrusted = 28, critical_extension = 34, certificate_policy = 43,
  name_constraint = 47, weak_key = 66, weak_signature = 68, not_ca = 79,
}
-- ... and what lua-nginx-module says in other words.
local verdicts = { key_usage = "26: unsuitable certificate purpose", name_mismatch = "certificate host mismatch" }

local function verdict(err)
  local number = numbers[err.code]
  if number then return ("%d: %s"):format(number, openssl.verification(err)) end
  return verdicts[err.code] or "handshake failed"
end

-- A chain whose root was sent along, and is not trusted, has a number of its own.
local function ends_in_itself(sock)
  local chain = sock:peer_certificates()
  local last = chain and chain[#chain]
  return last and #chain > 1 and tostring(last.subject) == tostring(last.issuer)
end

function tls.word_of(err, sock)
  if type(err) ~= "table" then return err end
  if err.code == "unknown_issuer" and ends_in_itself(sock) then
    return "19: self-signed certificate in certificate chain"
  end
  if err.side == "peer" then return "handshake failed" end
  return verdict(err)
end

return tls
