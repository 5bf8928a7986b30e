-- SPDX-License-Identifier: MIT

--- Certificates looked at: what a chain says, whether it verifies, what is wrong with it and what cures that. The
-- command `bearssl cert` prints what this gives.
-- @module bearssl.inspect
local check = require "bearssl.check"
local core = require "bearssl.core"
local fields = require "bearssl.inspect.fields"
local judge = require "bearssl.inspect.findings"
local new_store = require "bearssl.store"
require "bearssl.x509" -- the methods of certificates

local inspect = {}

-- What bearssl.fetch.new gives, for `true`.
local function fetching(value)
  if value == true then return require "bearssl.fetch".default() end
  if value == false or require "bearssl.fetch".is(value) then return value end
  return nil, "a boolean or what bearssl.fetch.new gives is wanted, not a " .. type(value)
end

local function anything(value)
  return value
end

local known = {
  name = check.of_type "string", trust = anything, time = check.integer(0, 253402300799),
  warn_days = check.integer(0, 36500), revocation = fetching, complete = fetching,
  ocsp_staple = check.of_type "string", scts = check.of_type "string", purpose = check.of_type "string",
  file = check.of_type "boolean",
}

local systems = setmetatable({}, { __mode = "v" })

-- The store, and whether it is the system's, of which public CAs are.
local function store_of(trust)
  if trust ~= nil and trust ~= "system" then
    if core.is_store(trust) then return trust, false end
    local store, err = new_store(trust)
    return store, not store and err or false
  end
  local store, err = systems[1], nil
  if not store then store, err = new_store "system" end
  systems[1] = store
  return store, not store and err or true
end

local function decoded(list)
  local certificates, bad = {}, 0
  for _, each in ipairs(list) do
    if core.is_certificate(each) then certificates[#certificates + 1] = each else bad = bad + 1 end
  end
  return certificates, bad
end

local function verify(store, it, options, intermediates)
  local sent = it.sent
  return store:verify(sent, {
    name = options.name, time = options.time, purpose = options.purpose, intermediates = intermediates,
    ocsp_staple = options.ocsp_staple,
    revocation = options.revocation and { mode = "soft", fetch = options.revocation } or nil,
  })
end

-- The certificates that lead from the chain to an anchor, fetched; the path with them.
local function complete(store, it, options)
  local values = options.complete:options()
  local found = require "bearssl.fetch.issuers"(values, it.sent)
  if not found then return nil end
  local chain, answer = verify(store, it, options, found)
  if chain then return chain, answer, found end
  -- Something else may be wrong with it; what was fetched is worth having if it leads to an anchor.
  local plain = store:verify(it.sent, { time = it.sent[1].not_after, purpose = "any", intermediates = found })
  return nil, answer, plain and found
end

local function try_path(store, it, options)
  local answer
  it.chain, answer = verify(store, it, options)
  if not it.chain and answer.code == "unknown_issuer" and options.complete then
    local chain, again, found = complete(store, it, options)
    it.completed = found
    if found then it.chain, answer = chain, again end
  end
  if it.chain then
    it.revocation, it.error = answer.revocation, nil
  else
    it.error = answer
  end
end

local function read(name, given)
  local options, wrong = check.options(given or {}, known, { warn_days = 30, purpose = "server" })
  if not options then error(("bearssl.inspect.%s: %s"):format(name, wrong), 3) end
  return options
end

local LONGEST = 32 -- certificates of one chain in a file

-- Certificates of several chains, or of CAs alone: a bundle of anchors, say.
local function is_bundle(sent, options)
  return options.file and sent[1] ~= nil and (#sent > LONGEST or fields.is_ca(sent[1]))
end

-- What was sent, with those that were fetched behind, roots left out: what a server should send.
local function whole(it)
  local list = {}
  for _, each in ipairs(it.sent) do
    if each.subject ~= each.issuer or #it.sent == 1 then list[#list + 1] = each end
  end
  for _, each in ipairs(it.completed or {}) do
    if each.subject ~= each.issuer then list[#list + 1] = each end
  end
  return list
end

local function report(certificates, options)
  local store, public = store_of(options.trust)
  if not store then return nil, public end
  local sent, bad = decoded(certificates)
  local it = {
    sent = sent, undecoded = bad, name = options.name, now = options.time or os.time(), warn_days = options.warn_days,
    from_server = not options.file, is_bundle = is_bundle(sent, options),
    -- who looks at a file has not said that it should be trusted
    trust_severity = options.file and options.trust == nil and "note" or "error",
    scts = sent[1] and fields.scts(sent[1], options.scts) or {},
  }
  if it.is_bundle then
    it.trust_severity = "note"
  elseif sent[1] then
    try_path(store, it, options)
  end
  it.public = it.chain ~= nil and public
  return {
    certificates = sent, undecoded = bad, name = options.name, time = it.now, chain = it.chain, error = it.error,
    verified = it.chain ~= nil, revocation = it.revocation, scts = it.scts, completed = it.completed,
    complete = whole(it), findings = judge(it), bundle = it.is_bundle,
  }
end

--- Looks at certificates: a server's as it sent them, or those of a file.
-- @function inspect.certificates
-- @tparam {bearssl.certificate,...} certificates the leaf first; what does not decode may stand there as a string
-- @tparam[opt] table options
--
-- - `name`: the name that the leaf must have
-- - `trust`: what `bearssl.store` takes, or a store; the system's by default
-- - `time`: seconds since the epoch, instead of now
-- - `warn_days`: one that expires in less is a finding (30)
-- - `revocation`: true, or what `bearssl.fetch.new` gives: OCSP responders and CRLs are asked; without it, only the
--   staple
-- - `complete`: likewise: intermediates that are missing are fetched
-- - `ocsp_staple`, `scts`: what came in the handshake
-- - `purpose`: `"server"` (the default), `"client"`, `"any"`
-- - `file`: true: nobody has sent them; that nobody trusts them is a note then, and no error
-- @treturn[1] table
--
-- - `certificates`: those that decode; `undecoded`: how many do not
-- - `verified`; `chain`: the path, the anchor last; or `error`
-- - `revocation`: of each of the path, as `store:verify` gives it
-- - `scts`: `log_id`, `time`, `source` ("certificate", "handshake"): signed certificate timestamps, their signatures
--   not verified
-- - `completed`: what was fetched; `complete`: what the server should send
-- - `findings`: a list of `severity` ("error", "warning", "note"), `code`, `message`, `remedy`; the worst first
-- - `bundle`: true: a file of CAs, not of one chain; nothing was verified
-- @treturn[2] nil
-- @treturn[2] bearssl.error what is wrong with `trust`
-- @raise for an unknown option or a wrong type
function inspect.certificates(certificates, options)
  if type(certificates) ~= "table" then error("bearssl.inspect.certificates: a list of certificates is wanted", 2) end
  return report(certificates, read("certificates", options))
end

--- Looks at the certificates of a connection whose handshake is done; best of one with `verify = "none"`, so that there
-- is one whatever they are.
-- @function inspect.connection
-- @tparam bearssl.socket|bearssl.connection sock
-- @tparam[opt] table options as of @{inspect.certificates}
-- @treturn[1] table as of @{inspect.certificates}, and `connection`: what `sock:info()` gives, `stapled`: whether an
-- OCSP response came
-- @treturn[2] nil
-- @treturn[2] bearssl.error what is wrong with `trust`; `no_peer_certificate`
-- @raise for an unknown option or a wrong type
function inspect.connection(sock, options)
  local given = read("connection", options)
  local certificates = sock:peer_certificates()
  if not certificates then
    return nil, core.error { code = "no_peer_certificate", side = "peer", message = "the server sent no certificate",
      where = "Certificate" }
  end
  given.ocsp_staple, given.scts = sock:ocsp_staple(), sock:scts()
  local found, err = report(certificates, given)
  if not found then return nil, err end
  found.connection, found.stapled = sock:info(), given.ocsp_staple ~= nil
  return found
end

--- The facts of one certificate that people ask for, as text, numbers and lists: `subject`, `issuer`, `serial`,
-- `names`, `role` ("leaf", "intermediate", "root"), `not_before`, `not_after`, `days_left`, `key`, `signature`, `pin`,
-- `sha256`, `sha1`, `ca_issuers`, `ocsp_urls`, `crl_urls`, `must_staple`.
-- @function inspect.summary
-- @tparam bearssl.certificate certificate
-- @tparam[opt] integer now seconds since the epoch
-- @treturn table
function inspect.summary(certificate, now)
  return fields.summary(certificate, now)
end

return inspect
