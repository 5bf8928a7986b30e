-- SPDX-License-Identifier: MIT

--- Trust anchors, and the question whether a chain of certificates leads to one of them.
-- @module bearssl.store
-- @pragma nostrip
local core = require "bearssl.core"
local hint = require "bearssl.check".hint
local later = require "bearssl.later"
local policy = require "bearssl.policy"
local pins, revocation = later "bearssl.pins", later "bearssl.revocation"

local purposes = { any = true, server = true, client = true }

local function wrong(name, wanted, value, level)
  local what = type(value) == "string" and ("%q"):format(value) or math.type(value) and tostring(value) or type(value)
  error(("option '%s': %s is wanted, not %s"):format(name, wanted, what), level + 1)
end

-- Each check gives what C takes, or nil and what is wanted instead.

local function text(value)
  if type(value) == "string" and value ~= "" and not value:find("\0", 1, true) then return value end
  return nil, "a string"
end

local function octets(value)
  if type(value) == "string" then return value end
  return nil, "a string"
end

-- What the option's own module reads, which says in full what is wrong.
local function read_by(module)
  return function(value)
    local result, what = module.read(value)
    return result, nil, what
  end
end

local function purpose(value)
  if purposes[value] then return value end
  return policy.oid_octets(value), "\"server\", \"client\", \"any\" or the object identifier of a key purpose"
end

local function anything(value)
  return value
end

local boolean, integer = policy.boolean, policy.integer

-- bearssl.fetch is loaded where it is wanted.
local function aia(value)
  if value == true then return require "bearssl.fetch".default() end
  if value == false or require "bearssl.fetch".is(value) then return value end
  return nil, "a boolean or what bearssl.fetch.new gives"
end

local verify_options = {
  name = text,
  email = text,
  uri = text,
  time = integer(math.mininteger, math.maxinteger),
  purpose = purpose,
  intermediates = anything,
  ocsp_staple = octets,
  min_rsa_bits = integer(1024, 8192),
  max_depth = integer(1, 16),
  max_signatures = integer(1, 10000),
  revocation = read_by(revocation),
  pins = read_by(pins),
  must_staple = boolean,
  aia = aia,
}
for name, check in pairs(policy.checks) do verify_options[name] = check end

local function checked(given, options, level)
  local values = {}
  for name, value in pairs(given) do
    local check = options[name]
    if not check then
      error(("unknown option '%s'%s"):format(tostring(name), hint(name, options)), level + 1)
    end
    local wanted, what
    values[name], wanted, what = check(value)
    if what then error(("option '%s': %s"):format(name, what), level + 1) end
    if values[name] == nil then wrong(name, wanted, value, level + 1) end
  end
  return values
end

-- DER of each certificate of a chain: certificates, DER or PEM text, or a list of them.
local function add_certificates(list, chain, level)
  if type(chain) == "table" then
    for _, each in ipairs(chain) do
      local ok, err = add_certificates(list, each, level + 1)
      if not ok then return nil, err end
    end
  elseif core.is_certificate(chain) then
    list[#list + 1] = chain:der()
  elseif type(chain) == "string" then
    local certificates, err = core.x509_parse(chain)
    if not certificates then return nil, err end
    return add_certificates(list, certificates, level + 1)
  else
    error(("certificates are wanted, or PEM or DER text, not a %s"):format(type(chain)), level + 1)
  end
  return list
end

-- What C does for the methods and options below; no methods themselves.
local own = core.store_parts

local function add(store, what, level)
  if type(what) == "table" then
    local count = 0
    for _, each in ipairs(what) do
      local n, err = add(store, each, level + 1)
      if not n then return nil, err end
      count = count + n
    end
    return count
  elseif core.is_certificate(what) then
    return own.add_text(store, what:der())
  elseif type(what) ~= "string" or what == "" then
    error(("a path, text or certificate is wanted, not %s"):format(what == "" and "an empty string" or type(what)),
      level + 1)
  elseif what == "system" then
    return own.add_system(store)
  elseif core.is_text(what) then
    return own.add_text(store, what)
  end
  return own.add_path(store, what)
end

local function decode64(base64)
  local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  local number, out = 0, {}
  for i = 1, #base64 do
    number = number << 6 | digits:find(base64:sub(i, i), 1, true) - 1
    if i % 4 == 0 then
      out[#out + 1] = string.pack(">I3", number)
      number = 0
    end
  end
  return table.concat(out)
end

local function distrust(store, list)
  for _, hash in ipairs(list) do
    local ok, err = own.distrust(store, hash)
    if not ok then return nil, err end
  end
  return true
end

-- "sha256//" and 44 characters of base64 (as curl and bearssl's pins), or 64 hexadecimal digits
local function spki_hashes(value)
  if type(value) ~= "table" then return nil, "a list of SHA-256 of SubjectPublicKeyInfo" end
  local list = {}
  for i, each in ipairs(value) do
    local base64 = type(each) == "string" and each:match "^sha256//([%w+/]+=)$"
    if base64 and #base64 == 44 then
      list[i] = decode64(base64:sub(1, 43) .. "A"):sub(1, 32)
    elseif type(each) == "string" and #each == 64 and not each:find "%X" then
      list[i] = require "bearssl.hex".octets(each) -- few programs have such
    else
      return nil, 'a list of "sha256//" with base64, or of 64 hexadecimal digits'
    end
  end
  return list
end

local store_options = { partial_chain = boolean, watch = boolean, distrusted = spki_hashes }

local function split(what)
  local sources, options = {}, {}
  for key, value in pairs(what) do
    if math.type(key) ~= "integer" then options[key] = value end
  end
  for i, each in ipairs(what) do sources[i] = each end
  return sources, options
end

local methods = core.store_methods

--- Adds trust anchors.
-- @function store:add
-- @param what a path of a file or a folder, PEM or DER text, a certificate, `"system"`, or a list of them
-- @treturn[1] integer how many were added; one that was there already does not count
-- @treturn[2] nil
-- @treturn[2] bearssl.error `file`, `pem`, `bad_certificate`, `no_certificates`, `limit` or `memory`
-- @raise if `what` is something else
function methods:add(what)
  return add(self, what, 2)
end

local MAX_ROUNDS = 4 -- of fetching, for one chain

local function some_unknown(found)
  for i = 1, #found.revocation - 1 do
    if found.revocation[i].status == "unknown" then return true end
  end
end

-- Is there something that could be fetched, and change the answer?
local function is_open(sources, chain, answer)
  if chain then return sources.fetch and some_unknown(answer) end
  return sources.aia and answer.code == "unknown_issuer" or sources.fetch and answer.code == "revocation_unknown"
end

-- Verifies, and again with what was fetched, as long as there is more. `answer`: what was checked, or the error.
local function verify_fetching(store, list, request, sources)
  local found = require "bearssl.fetch.evidence".new(sources, request.time)
  local sent = {}
  request.time = found:now()
  for i, der in ipairs(list) do sent[i] = core.x509_parse(der)[1] end
  local chain, answer = own.verify_chain(store, list, request)
  for _ = 1, MAX_ROUNDS do
    if not is_open(sources, chain, answer) then break end
    local more = found:gather(not chain and answer.code or nil, {
      certificates = sent, paths = not chain and answer.paths, verified = chain, known = chain and answer.revocation,
      staple = request.ocsp_staple,
    })
    if not more then break end
    local all = table.move(found.ders, 1, #found.ders, #list + 1, table.move(list, 1, #list, 1, {}))
    request.revocation, request.time = found:revocation() or request.revocation, found:now()
    chain, answer = own.verify_chain(store, all, request)
  end
  return chain, answer
end

--- Finds a path from a certificate to an anchor, by RFC 5280 section 6, and checks the name by RFC 9525.
-- All paths are tried before the answer is no; the error is that of the path that got furthest.
-- @function store:verify
-- @param chain the certificate, and any others in any order: a list of certificates, or PEM or DER text
-- @tparam[opt] table options
--
-- - `name`: host name or address that the certificate must stand for (not checked without)
-- - `email`, `uri`: mail address and URI that it must stand for
-- - `time`: seconds since the epoch, UTC (now)
-- - `purpose`: `"server"` (the default), `"client"`, `"any"`, or the object identifier of a key purpose
-- - `intermediates`: more certificates that may be part of the path
-- - `policies`: object identifiers of the acceptable policies (any), `require_explicit_policy`,
--   `inhibit_policy_mapping`, `inhibit_any_policy` (false): the inputs of RFC 5280 section 6.1.1
-- - `min_rsa_bits` (2048), `curves` (all three of NIST's), `hashes` (SHA-2), `any_purpose` (false: an
--   anyExtendedKeyUsage of the leaf counts for nothing), `max_lifetime` of the leaf in seconds (not asked)
-- - `max_depth`: certificates in a path (10), `max_signatures`: checks in all (100)
-- - `revocation`: as of a config; `ocsp_staple`: the OCSPResponse that came with the certificate; `must_staple`: a
--   certificate that demands a staple (RFC 7633) must have come with one
-- - `aia`: as of a config
-- - `pins`: as of a config
-- @treturn[1] {bearssl.certificate,...} the path, the leaf first, the anchor last
-- @treturn[1] table what was checked: `policies`, `any_policy`, `signatures`, `paths_refused`, `pins_differ` (of a set
-- that only reports), `revocation`: for each certificate of the path `status` ("not_checked", "good", "revoked",
-- "unknown"), `source` ("crl", "staple", "ocsp"), `this_update`, `next_update`, `age` in seconds, or the `problem`
-- @treturn[2] nil
-- @treturn[2] bearssl.error with `paths`: each path that was tried as `{ chain = …, error = … }`
-- @raise for an unknown option or a wrong type
function methods:verify(chain, options)
  if options ~= nil and type(options) ~= "table" then error("a table of options is wanted", 2) end
  local request = checked(options or {}, verify_options, 2)
  if request.purpose and not purposes[request.purpose] then
    request.purpose, request.purpose_oid = "oid", request.purpose
  end
  local list, err = add_certificates({}, chain, 2)
  if list and request.intermediates then list, err = add_certificates(list, request.intermediates, 2) end
  request.pins = request.pins and request.pins.set
  local sources = { fetch = request.revocation and request.revocation.fetch or nil, aia = request.aia or nil }
  request.aia = nil
  if list and request.revocation then
    request.revocation, err = revocation.load(request.revocation)
    sources.parts, err = request.revocation and err, not request.revocation and err or nil
  end
  if not list or err then return nil, err end
  if sources.fetch or sources.aia then return verify_fetching(self, list, request, sources) end
  request.time = request.time or os.time()
  return own.verify_chain(self, list, request)
end

--- Makes a store.
-- @function bearssl.store
-- @tparam string|table|bearssl.certificate what as @{store:add} takes it; a table may have options too:
-- `partial_chain`: a leaf that is in the store is trusted by that alone; `watch`: files that change are read again;
-- `distrusted`: SHA-256 of keys that no path may have, as `"sha256//…"` or in hexadecimal
-- @treturn[1] bearssl.store
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of @{store:add}
-- @raise for an unknown option or a wrong type
return function(what)
  local sources, options = what, {}
  if type(what) == "table" then sources, options = split(what) end
  options = checked(options, store_options, 2)
  local store, err = core.store()
  if not store then return nil, err end
  local ok
  ok, err = add(store, sources, 2)
  if ok and options.distrusted then ok, err = distrust(store, options.distrusted) end
  if not ok then return nil, err end
  own.watch(store, options.watch)
  own.take_leaves(store, options.partial_chain)
  return store
end
