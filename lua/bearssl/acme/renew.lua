-- SPDX-License-Identifier: MIT
-- bearssl.acme.renew: a certificate in a file kept alive (RFC 8555, RFC 9773). Beside the file FILE, which has the
-- chain and behind it the key, so that one rename changes both:
--   FILE.new.key  the key of the order under way
--   FILE.state    JSON of that order: { version, directory, names, order }
--   FILE.lock     held by the run that is at it
-- A run that is killed at any step leaves FILE as it was, and the next one goes on with the order.
local check = require "bearssl.check"
local core = require "bearssl.core"
local failure = require "bearssl.acme.failure"
local hex = require "bearssl.hex"
local json = require "bearssl.https.json"
local jws = require "bearssl.acme.jws"
local keys = require "bearssl.key"
local mkcert = require "bearssl.mkcert"
local x509 = require "bearssl.x509"

local VERSION = 1
local LONGEST_WINDOW = 1 << 30 -- seconds, between the ends of what a server suggests
local SECRET, MAX_STATE = tonumber("600", 8), 65536

local function exists(path)
  return core.file_stamp(path) ~= nil
end

local function read_state(path, values, directory)
  local file = io.open(path, "rb")
  if not file then return {} end
  local text = file:read(MAX_STATE) or ""
  file:close()
  local state = json.decode(text)
  if type(state) ~= "table" or state.version ~= VERSION or type(state.order) ~= "string" then return {} end
  return state.directory == directory and state.names == table.concat(values.names, " ") and state or {}
end

local function write_state(path, values, directory, order)
  return core.write_file(path, json.encode { version = VERSION, directory = directory,
    names = table.concat(values.names, " "), order = order }, SECRET, true)
end

-- The key of the account, made at the first run.
local function account_key(path)
  if exists(path) then return keys.load(path) end
  local key, err = mkcert.key()
  if not key then return nil, err end
  local ok
  ok, err = key:save(path)
  if not ok then return nil, err end
  return key
end

-- The key of the order under way, or a new one.
local function pending_key(path, kind, goes_on)
  if goes_on and exists(path) then return keys.load(path) end
  local key, err = mkcert.key(kind)
  if not key then return nil, err end
  local ok
  ok, err = key:save(path, true)
  if not ok then return nil, err end
  return key
end

-- Identifier of a certificate (RFC 9773 section 4.1): its authority's key identifier and its serial number.
local function ari_identifier(certificate)
  local extension = certificate.extensions.authority_key_identifier
  local identifier = extension and extension.value and extension.value.key_identifier
  if not identifier then return nil end
  local serial = hex.octets(certificate.serial)
  if serial:byte() >= 0x80 then serial = "\0" .. serial end
  return jws.base64url(hex.octets(identifier)) .. "." .. jws.base64url(serial)
end

-- Seconds since the epoch of an RFC 3339 time in UTC; nil: it is none.
local function rfc3339(text)
  local year, month, day, hour, min, sec = tostring(text):match "^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt](%d%d):(%d%d):(%d%d)"
  if not year then return nil end
  local days = os.time { year = year, month = month, day = day, hour = 12 } - os.time { year = 1970, month = 1, day = 1,
    hour = 12 }
  return (days + 43200) // 86400 * 86400 + hour * 3600 + min * 60 + sec
end

-- The time that the server suggests, somewhere in its window (section 4.2); nil: it suggests none.
local function suggested(client, certificate)
  local directory = client.transport:directory()
  local identifier = directory and type(directory.renewalInfo) == "string" and ari_identifier(certificate)
  if not identifier then return nil end
  local response = client.transport.client:get(directory.renewalInfo .. "/" .. identifier)
  local info = response and response.status == 200 and json.decode(response.body)
  local window = type(info) == "table" and type(info.suggestedWindow) == "table" and info.suggestedWindow
  local from, to = window and rfc3339(window.start), window and rfc3339(window["end"])
  if not from or not to or to < from or to - from > LONGEST_WINDOW then return nil end
  -- the same place in the window at each look, another one for each certificate
  local place = ("I4"):unpack(core.digest("sha256", certificate:der()))
  return from + (to - from) * place // (1 << 32)
end

-- When it is due: as the server suggests, else when a third of its lifetime is left; never later than that.
local function due_at(client, certificate, fraction)
  local third = certificate.not_after - (certificate.not_after - certificate.not_before) * fraction // 1 | 0
  local at = suggested(client, certificate)
  return at and math.min(at, third) or third
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
    on_order = function(url) write_state(paths.state, values, client.transport.url, url) end,
  }
  if not issued and err.order_lost then
    os.remove(paths.state)
    return obtain(client, values, paths, {})
  end
  return issued, err
end

local function swap(issued, paths)
  local ok, err = core.write_file(paths.file, issued.pem, SECRET, true, paths.key)
  if not ok then return nil, err end
  os.remove(paths.key)
  os.remove(paths.state)
  return true
end

local options_of = {
  names = check.strings, file = check.of_type "string", account = check.of_type "string",
  responder = check.of_type "table", key = check.of_type "string", must_staple = check.of_type "boolean",
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
  local values, wrong = check.options(own, options_of, { lifetime_left = 1 / 3 })
  if not values then error("bearssl.acme.renew: " .. wrong, 3) end
  for _, name in ipairs { "names", "file", "account", "responder" } do
    if not values[name] then error(("bearssl.acme.renew: option '%s' is missing"):format(name), 3) end
  end
  return values, passed
end

-- The certificate of the file, or false where there is no file. A file of something else is none of ours to replace.
local function certificate_of(values)
  if not exists(values.file) then return false end
  local list, err = x509.load(values.file)
  if list then return list[1] end
  if values.force then return false end
  err.hint = "it is there, but no certificate can be read from it: move it away, or say `force` to replace it"
  return nil, err
end

-- A run that ended behind the swap has left the key that is now in use: that order is done.
local function forget_what_is_done(current, paths)
  local key = current and exists(paths.key) and keys.load(paths.key)
  if not key or not key:matches(current) then return end
  os.remove(paths.key)
  os.remove(paths.state)
end

local function run(client, values, paths)
  local current, err = certificate_of(values)
  if current == nil then return nil, err end
  forget_what_is_done(current, paths)
  local now = values.time or os.time()
  if current and covers(current, values.names) and not values.force then
    local due = due_at(client, current, values.lifetime_left)
    if now < due then return "fresh", { certificate = current, due = due } end
    values.replaces = client.transport:directory() and client.transport.known.renewalInfo and ari_identifier(current)
      or nil
  end
  local issued
  issued, err = obtain(client, values, paths, read_state(paths.state, values, client.transport.url))
  if not issued then return nil, err end
  local ok
  ok, err = swap(issued, paths)
  if not ok then return nil, err end
  local certificate = x509.parse(issued.pem)[1]
  return "renewed", { certificate = certificate, due = due_at(client, certificate, values.lifetime_left) }
end

-- The function acme.renew, which see.
return function(acme)
  return function(given)
    local values, passed = read(given)
    local paths = { file = values.file, key = values.file .. ".new.key", state = values.file .. ".state" }
    local lock <close>, err = core.lock_file(values.file .. ".lock")
    if not lock then return nil, err end
    passed.key, err = account_key(values.account)
    if not passed.key then return nil, err end
    local wrong = jws.objection(passed.key)
    if wrong then return nil, failure.new("unsupported_key", values.account, wrong) end
    return run(acme.new(passed), values, paths)
  end
end
