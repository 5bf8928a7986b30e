-- SPDX-License-Identifier: MIT
-- bearssl.acme.renew: a certificate in a file kept alive (RFC 8555, RFC 9773). Beside the file FILE, which has the
-- chain and behind it the key, so that one rename changes both:
--   FILE.new.key  the key of the order under way; where it is the key of FILE, what follows the swap is not done yet
--   FILE.state    JSON of that order: { version, directory, names, profile, must_staple, order, begun }
--   FILE.lock     held by the run that is at it
-- A run that is killed at any step leaves FILE as it was, and the next one goes on with the order.
local ari = require "bearssl.acme.ari"
local check = require "bearssl.check"
local content = require "bearssl.mkcert.content"
local core = require "bearssl.core"
local failure = require "bearssl.acme.failure"
local json = require "bearssl.https.json"
local jws = require "bearssl.acme.jws"
local keys = require "bearssl.key"
local mkcert = require "bearssl.mkcert"
local order = require "bearssl.acme.order"
local transport = require "bearssl.acme.transport"
local x509 = require "bearssl.x509"

local VERSION = 1
local SECRET, MAX_STATE = tonumber("600", 8), 65536
local MAX_LINKS = 40
local ORDER_LIFE = 7 * 86400 -- seconds; no server keeps an order for longer

local function exists(path)
  return core.file_stamp(path) ~= nil
end

-- A symbolic link stays one: the file that it leads to is replaced, and what is beside it is beside that.
local function target_of(path)
  for _ = 1, MAX_LINKS do
    local to = core.read_link(path)
    if not to then return path end
    path = to:find "^/" and to or (path:match "^(.*/)" or "") .. to
  end
  return nil, failure.new("file_write", "file", path .. ": too many symbolic links")
end

-- What an order is for: one for something else is not gone on with.
local function subject_of(values, directory)
  return { directory = directory, names = table.concat(values.names, " "), profile = values.profile,
    must_staple = values.must_staple }
end

local function is_of(state, subject)
  for _, name in ipairs { "directory", "names", "profile", "must_staple" } do
    if state[name] ~= subject[name] then return false end
  end
  local age = math.type(state.begun) and os.time() - state.begun
  return age and age >= 0 and age < ORDER_LIFE and transport.is_url(state.order)
end

local function read_state(path, subject)
  local file = io.open(path, "rb")
  if not file then return {} end
  local text = file:read(MAX_STATE) or ""
  file:close()
  local state = json.decode(text)
  if type(state) ~= "table" or state.version ~= VERSION or not is_of(state, subject) then return {} end
  return state
end

local function write_state(path, subject, url)
  local state = { version = VERSION, order = url, begun = os.time() }
  for name, value in pairs(subject) do state[name] = value end
  return core.write_file(path, json.encode(state), SECRET, true)
end

-- The key of the account, made at the first run; where two first runs share it, by the faster of them.
local function account_key(path)
  local ok, key, err
  if not exists(path) then
    key, err = mkcert.key()
    if not key then return nil, err end
    ok, err = key:save(path)
    if ok then return key end
    if not exists(path) then return nil, err end
  end
  key, err = keys.load(path)
  if key then return key end
  err.hint = "the account's key: have it back from a copy, or move the file away for a new account"
  return nil, err
end

local function is_of_kind(key, kind)
  local curve, bits = kind:match "^P%-(%d+)$", kind:match "^rsa[%a-]*%-(%d+)$"
  if curve then return key.curve == ("secp%sr1"):format(curve) end
  if not bits then return key.type == kind end
  return key.type == (kind:find "pss" and "rsa_pss" or "rsa") and key.bits == math.tointeger(tonumber(bits))
end

-- The key of the order under way; a new one where there is none, none that can be read, or one of another kind.
local function pending_key(path, kind, goes_on)
  local kept = goes_on and keys.load(path)
  if kept and is_of_kind(kept, kind) then return kept end
  local key, err = mkcert.key(kind)
  if not key then return nil, err end
  local ok
  ok, err = key:save(path, true)
  if not ok then return nil, err end
  return key
end

local function covers(certificate, names)
  for _, name in ipairs(names) do
    if not certificate:matches_name((name:gsub("^%*%.", "any."))) then return false end
  end
  return true
end

local function obtain(client, values, paths, state)
  local key, err = pending_key(paths.key, values.key, state.order)
  if not key then return nil, err end
  local issued
  issued, err = client:certificate {
    names = values.names, key = key, responder = values.responder, must_staple = values.must_staple,
    profile = values.profile, replaces = values.replaces, order = state.order,
    on_order = function(url) return write_state(paths.state, subject_of(values, client.transport.url), url) end,
  }
  if not issued and err.order_lost then
    os.remove(paths.state)
    return obtain(client, values, paths, {})
  end
  return issued, err
end

-- What follows the swap. The key stays until `after` is content: the next run finds it to be the one in use, and calls
-- `after` again.
local function finish(values, paths)
  os.remove(paths.state)
  local ok, err = true, nil
  if values.after then ok, err = values.after(values.file) end
  if not ok and err then return err end
  os.remove(paths.key)
end

local function swap(issued, values, paths)
  local ok, err = core.write_file(paths.file, issued.pem, SECRET, true, paths.key)
  if not ok then return nil, err end
  return true, finish(values, paths)
end

local options_of = {
  names = order.names, file = check.of_type "string", account = check.of_type "string",
  responder = check.of_type "table", key = content.key_kind, after = check.of_type "function",
  must_staple = check.of_type "boolean",
  profile = check.of_type "string", force = check.of_type "boolean", time = check.integer(0, 253402300799),
  lifetime_left = function(value)
    if type(value) == "number" and value > 0 and value < 1 then return value end
    return nil, "a number between 0 and 1 is wanted"
  end,
}
local of_client = { "directory", "contact", "terms_agreed", "external_account", "trust", "read_timeout", "user_agent" }

local function read(given)
  local own, passed = {}, {}
  for name, value in pairs(given) do own[name] = value end
  for _, name in ipairs(of_client) do passed[name], own[name] = own[name], nil end
  local values, wrong = check.options(own, options_of, { lifetime_left = 1 / 3, key = "P-256" })
  if not values then error("bearssl.acme.renew: " .. wrong, 3) end
  for _, name in ipairs { "names", "file", "account", "responder" } do
    if not values[name] then error(("bearssl.acme.renew: option '%s' is missing"):format(name), 3) end
  end
  if values.account == values.file then
    error("bearssl.acme.renew: option 'account': it is 'file'; the account's key has a file of its own", 3)
  end
  return values, passed
end

-- The certificate of the file, which its key belongs to, or false where there is no file. A file of something else is
-- none of ours to replace.
local function certificate_of(values, path)
  if not exists(path) then return false end
  local list, err = x509.load(path)
  local key, ok
  if list then key, err = keys.load(path) end
  if key then ok, err = key:matches(list[1]) end
  if ok then return list[1] end
  if values.force then return false end
  err.hint = "it is there, but has not a certificate and its key: move it away, or say `force` to replace it"
  return nil, err
end

-- A run that ended behind the swap has left the key that is now in use: the rest is done now. Gives what `after` says.
local function finish_another(current, values, paths)
  local key = current and exists(paths.key) and keys.load(paths.key)
  if key and key:matches(current) then return finish(values, paths) end
end

local function told(client, values, certificate, after_error)
  local due, again = ari.due(client, certificate, values.lifetime_left)
  return { certificate = certificate, due = due, retry_after = again, after_error = after_error }
end

local function replace(client, values, paths)
  local subject = subject_of(values, client.transport.url)
  local issued, err = obtain(client, values, paths, read_state(paths.state, subject))
  if not issued then return nil, err end
  local ok
  ok, err = swap(issued, values, paths)
  if not ok then return nil, err end
  return "renewed", told(client, values, x509.parse(issued.pem)[1], err)
end

local function run(client, values, paths)
  local current, err = certificate_of(values, paths.file)
  if current == nil then return nil, err end
  local after_error = finish_another(current, values, paths)
  if current and covers(current, values.names) and not values.force then
    local info = told(client, values, current, after_error)
    if (values.time or os.time()) < info.due then return "fresh", info end
    local directory = client.transport:directory()
    values.replaces = directory and directory.renewalInfo and ari.identifier(current) or nil
  end
  return replace(client, values, paths)
end

-- The function acme.renew, which see.
return function(acme)
  return function(given)
    local values, passed = read(given)
    local file, err = target_of(values.file)
    if not file then return nil, err end
    local paths = { file = file, key = file .. ".new.key", state = file .. ".state" }
    local lock <close>, why = core.lock_file(file .. ".lock")
    if not lock then return nil, why end
    passed.key, err = account_key(values.account)
    if not passed.key then return nil, err end
    local wrong = jws.objection(passed.key)
    if wrong then return nil, failure.new("unsupported_key", values.account, wrong) end
    return run(acme.new(passed), values, paths)
  end
end
