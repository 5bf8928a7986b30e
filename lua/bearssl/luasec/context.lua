-- SPDX-License-Identifier: MIT
-- ssl.context: what LuaSec sets on a context, one function for each. A context here is a list of settings; the config
-- of bearssl that they make (bearssl.luasec.build) is made when it is first needed, and anew after a change.
local ciphers = require "bearssl.luasec.ciphers"
local config = require "bearssl.luasec.config"
local core = require "bearssl.core"
local errors = require "bearssl.luasec.errors"
local trust = require "bearssl.luasec.trust"

local context = {}
local settings_of = setmetatable({}, { __mode = "k" })
local methods = {}

local meta = { __name = "SSL:Context", __index = methods }

function meta.__tostring(ctx)
  return ("SSL context: %s"):format(("%p"):format(ctx))
end

function meta.__close(ctx)
  settings_of[ctx] = nil
end

local function bad_argument(n, name, what)
  error(("bad argument #%d to '%s' (%s)"):format(n, name, what), 3)
end

local function check_string(value, n, name)
  if type(value) == "number" then return tostring(value) end
  if type(value) ~= "string" then
    error(("bad argument #%d to '%s' (string expected, got %s)"):format(n, name, value == nil and "no value"
      or type(value)), 3)
  end
  return value
end

-- The settings of a context; nil: it is none.
function context.settings(ctx)
  return settings_of[ctx]
end

-- For a function that changes them: what was built of them is out of date.
local function changing(ctx, name)
  local s = settings_of[ctx]
  if not s then error(("bad argument #1 to '%s' (SSL:Context expected, got %s)"):format(name, type(ctx)), 3) end
  s.built = {}
  return s
end

local protocols = {
  any = { "1.2", "1.3" }, sslv23 = { "1.2", "1.3" }, tlsv1 = { "1.0", "1.0" }, tlsv1_1 = { "1.1", "1.1" },
  tlsv1_2 = { "1.2", "1.2" }, tlsv1_3 = { "1.3", "1.3" },
}

local public = {}

function public.create(protocol)
  check_string(protocol, 1, "create")
  local range = protocols[protocol]
  if not range then return nil, ("invalid protocol (%s)"):format(protocol) end
  local ctx = core.box(meta)
  settings_of[ctx] = {
    low = range[1], high = range[2], pairs = {}, verify = {}, options = {}, built = {},
  }
  return ctx
end

function public.setmode(ctx, mode)
  local s = changing(ctx, "setmode")
  check_string(mode, 2, "setmode")
  if mode ~= "client" and mode ~= "server" then return false, ("invalid mode (%s)"):format(mode) end
  s.mode = mode
  return true
end

-- Keys and certificates -------------------------------------------------------------------------------------------

-- The pair that is being put together: a key that comes when there is one already begins the next.
local function open_pair(s, part)
  local last = s.pairs[#s.pairs]
  if not last or last[part] then
    last = {}
    s.pairs[#s.pairs + 1] = last
  end
  return last
end

-- As in OpenSSL, a pair takes the place of one with the same kind of key.
local function drop_double(s)
  local last = s.pairs[#s.pairs]
  for i = #s.pairs - 1, 1, -1 do
    if last.key and s.pairs[i].key and s.pairs[i].key.type == last.key.type then table.remove(s.pairs, i) end
  end
end

-- The password as a string, which OpenSSL wants even where the key needs none.
local function ask_password(password)
  if type(password) ~= "function" then return password end
  local word = password()
  return type(word) == "string" and word or nil
end

function public.loadkey(ctx, path, password)
  local s = changing(ctx, "loadkey")
  check_string(path, 2, "loadkey")
  local read = core.is_text(path) and core.key_parse or core.key_load
  local key, err = read(path)
  if not key and err.code == "encrypted_key" and password ~= nil then key, err = read(path, ask_password(password)) end
  if not key then return false, ("error loading private key (%s)"):format(errors.of_file(err)) end
  open_pair(s, "key").key = key
  drop_double(s)
  return true
end

local function read_text(path)
  if core.is_text(path) then return path end
  local file, wrong = io.open(path, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  if text then return text end
  return nil, wrong and wrong:match ": ([^:]+)$" or "cannot be read"
end

function public.loadcert(ctx, path)
  local s = changing(ctx, "loadcert")
  check_string(path, 2, "loadcert")
  local text, wrong = read_text(path)
  local chain, err
  if text then chain, err = core.x509_parse(text) end
  if not chain then
    return false, ("error loading certificate (%s)"):format(wrong or errors.of_file(err))
  end
  local pair = open_pair(s, "certificate")
  pair.certificate, pair.chain = text, chain
  return true
end

function public.checkkey(ctx)
  local s = changing(ctx, "checkkey")
  local last = s.pairs[#s.pairs]
  return last ~= nil and last.key ~= nil and last.chain ~= nil and last.key:matches(last.chain[1]) == true
end

-- Verification ----------------------------------------------------------------------------------------------------

function public.locations(ctx, cafile, capath)
  local s = changing(ctx, "locations")
  local found, wrong = trust.load(cafile, capath)
  if not found then return false, ("error loading CA locations (%s)"):format(wrong) end
  s.trust = found
  return true
end

local verify_words = {
  none = {}, peer = { peer = true }, client_once = {}, fail_if_no_peer_cert = { fail = true },
}

function public.setverify(ctx, ...)
  local s = changing(ctx, "setverify")
  local verify = {}
  for i = 1, select("#", ...) do
    local word = check_string(select(i, ...), i + 1, "setverify")
    if not verify_words[word] then return false, ("invalid verify option (%s)"):format(word) end
    for name in pairs(verify_words[word]) do verify[name] = true end
  end
  s.verify = verify
  return true
end

local verifyext_words = {
  lsec_continue = "continue", lsec_ignore_purpose = "ignore_purpose", crl_check = "crl", crl_check_chain = "crl_chain",
}

function methods.setverifyext(ctx, ...)
  local s = changing(ctx, "setverifyext")
  local set = {}
  for i = 1, select("#", ...) do
    local word = check_string(select(i, ...), i + 1, "setverifyext")
    if not verifyext_words[word] then return false, ("invalid verify option (%s)"):format(word) end
    set[verifyext_words[word]] = true
  end
  for _, name in pairs(verifyext_words) do s[name] = s[name] or set[name] end
  return true
end

function public.setdepth(ctx, depth)
  local s = changing(ctx, "setdepth")
  local n = math.tointeger(tonumber(depth))
  if not n then bad_argument(2, "setdepth", "number expected, got " .. type(depth)) end
  s.depth = n
  return true
end

-- OpenSSL's flags are set for a context and again for its connections; what can be said about DANE here is said of
-- the name alone.
function public.setdane(ctx, ...)
  local s = changing(ctx, "setdane")
  for i = 1, select("#", ...) do
    local flag = check_string(select(i, ...), i + 1, "setdane")
    if flag ~= "no_ee_namechecks" then bad_argument(i + 1, "setdane", ("invalid option '%s'"):format(flag)) end
    s.no_ee_namechecks = true
  end
  s.dane = true
  return true
end

-- What is negotiated ----------------------------------------------------------------------------------------------

function public.setcipher(ctx, text)
  local s = changing(ctx, "setcipher")
  local names, level = ciphers.parse(check_string(text, 2, "setcipher"))
  if not names then return false, ("error setting cipher list (%s)"):format(level) end
  s.ciphers, s.level = names, level
  return true
end

function public.setciphersuites(ctx, text)
  local s = changing(ctx, "setciphersuites")
  local names, wrong = ciphers.parse_suites(check_string(text, 2, "setciphersuites"))
  if not names then return false, ("error setting cipher list (%s)"):format(wrong) end
  s.ciphersuites = names
  return true
end

function public.setoptions(ctx, ...)
  local s = changing(ctx, "setoptions")
  local set = {}
  for i = 1, select("#", ...) do
    local name = check_string(select(i, ...), i + 1, "setoptions")
    local refused = config.refused_options[name]
    if refused then return false, ("option %s is refused (%s)"):format(name, refused) end
    if not config.known_options[name] then return false, ("invalid option (%s)"):format(name) end
    set[name] = true
  end
  for name in pairs(set) do s.options[name] = true end
  return true
end

function public.setcurve(ctx, name)
  local s = changing(ctx, "setcurve")
  local group = config.groups[check_string(name, 2, "setcurve")]
  if not group then return false, ("elliptic curve '%s' not supported"):format(name) end
  s.groups = { group }
  return true
end

function public.setcurveslist(ctx, text)
  local s = changing(ctx, "setcurveslist")
  local list, seen, all_known = {}, {}, true
  for name in check_string(text, 2, "setcurveslist"):gmatch "[^:]+" do
    local group = config.groups[name]
    if group and not seen[group] then list[#list + 1], seen[group] = group, true end
    all_known = all_known and (group or config.foreign_groups[name])
  end
  if not list[1] or not all_known then return false, ("unknown elliptic curve in \"%s\""):format(text) end
  s.groups = list
  return true
end

-- Taken, for configurations name it beside suites of ECDHE (Prosody 13 always does); and never asked, for no DHE is
-- negotiated here.
function public.setdhparam(ctx, callback)
  changing(ctx, "setdhparam")
  if type(callback) ~= "function" then return false, "invalid DH parameter type" end
  return true
end

-- ALPN and PSK ----------------------------------------------------------------------------------------------------

-- opaque ProtocolName<1..2^8-1>, one after another (RFC 7301 section 3.1); nil: that is none
local function protocol_names(wire)
  local list, i = {}, 1
  while i <= #wire do
    local n = wire:byte(i)
    if n == 0 or i + n > #wire then return nil end
    list[#list + 1] = wire:sub(i + 1, i + n)
    i = i + 1 + n
  end
  return list[1] and list
end

function public.setalpn(ctx, wire)
  local s = changing(ctx, "setalpn")
  local list = protocol_names(check_string(wire, 2, "setalpn"))
  if not list then return false, "error setting ALPN" end
  s.alpn = list
  return true
end

-- callback(what the client offers, as on the wire) gives what this server has, likewise
function public.setalpncb(ctx, callback)
  local s = changing(ctx, "setalpncb")
  if type(callback) ~= "function" then bad_argument(2, "setalpncb", "function expected, got " .. type(callback)) end
  s.alpn_callback = function(offered)
    local wire = {}
    for i, name in ipairs(offered) do wire[i] = string.pack("s1", name) end
    local answer = callback(table.concat(wire))
    return type(answer) == "string" and protocol_names(answer) or nil
  end
  return true
end

local function psk_setter(name, field)
  return function(ctx, callback)
    local s = changing(ctx, name)
    if type(callback) ~= "function" then bad_argument(2, name, "function expected, got " .. type(callback)) end
    s[field] = callback
    return true
  end
end

public.setclientpskcb = psk_setter("setclientpskcb", "client_psk")
public.setserverpskcb = psk_setter("setserverpskcb", "server_psk")

-- TLS 1.3, the only version with PSKs here, has no hints (RFC 8446 section 4.2.11): nobody would hear it.
function public.setpskhint(ctx, hint)
  changing(ctx, "setpskhint")
  check_string(hint, 2, "setpskhint")
  return true
end

context.public = public
return context
