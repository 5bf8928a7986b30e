-- SPDX-License-Identifier: MIT
-- A context's settings (bearssl.luasec.context) to a config of bearssl.
local ciphers = require "bearssl.luasec.ciphers"
local context = require "bearssl.luasec.context"
local core = require "bearssl.core"
local errors = require "bearssl.luasec.errors"
local maker = require "bearssl.config"
local suites = require "bearssl.suites"
local trust = require "bearssl.luasec.trust"
local verify = require "bearssl.luasec.verify"

local build = {}

local VARIANTS_MAX = 16 -- configs of one context that differ in their ALPN

local order = { "1.0", "1.1", "1.2", "1.3" }
local without = { ["1.0"] = "no_tlsv1", ["1.1"] = "no_tlsv1_1", ["1.2"] = "no_tlsv1_2", ["1.3"] = "no_tlsv1_3" }

-- The lowest and the highest version that protocol and options leave.
local function versions(s)
  local low, high
  local all_off = s.options.no_ssl_mask
  for _, version in ipairs(order) do
    if version >= s.low and version <= s.high and not s.options[without[version]] and not all_off then
      low, high = low or version, version
    end
  end
  if s.ciphersuites and not s.ciphersuites[1] and high == "1.3" then high = low < "1.3" and "1.2" or nil end
  return high and low, high
end

local function fitting(names, test)
  local list = {}
  for _, name in ipairs(names) do
    if test(core.cipher_suites[name], ciphers.of(name)) then list[#list + 1] = name end
  end
  return list
end

-- The engine of TLS 1.3 has ECDHE with AEAD; BearSSL's has the rest, up to 1.2. What was asked for by name decides.
local function choose_suites(s, low, high)
  if low < "1.2" then
    local usable = high == "1.2" and function() return true end or function(suite) return not suite.tls_1_2 end
    local list = s.ciphers and fitting(s.ciphers, usable)
    if list and not list[1] then return nil, "none exists in this version" end
    return { list = list }
  end
  local older = s.ciphers or suites.defaults("1.2", "1.2")
  local modern = fitting(older, function(_, suite) return suite.native end)
  local new = high == "1.3" and (s.ciphersuites or suites.defaults("1.3", "1.3")) or {}
  if low == "1.3" then return { list = new, native = true } end
  if modern[1] then
    local list = table.move(new, 1, #new, 1, {})
    return { list = table.move(modern, 1, #modern, #list + 1, list), native = true }
  end
  if high == "1.2" then return { list = older } end
  return nil, ("%s needs protocol = \"tlsv1_2\""):format(ciphers.of(older[1]).name)
end

-- A certificate that comes alone, with what cafile has between it and a root.
local function with_issuers(pair, found)
  local issuers = found and not pair.chain[2] and trust.issuers(found, pair.chain[1]) or {}
  if not issuers[1] then return pair.certificate end
  local parts = { pair.chain[1]:pem() }
  for i, issuer in ipairs(issuers) do parts[i + 1] = issuer:pem() end
  return table.concat(parts)
end

local function add_identities(options, s, native)
  local certificates, keys = {}, {}
  for _, pair in ipairs(s.pairs) do
    if pair.certificate and pair.key and (native or not certificates[1]) then
      certificates[#certificates + 1], keys[#keys + 1] = with_issuers(pair, s.trust), pair.key
    end
  end
  if certificates[1] then options.certificate, options.key = certificates, keys end
end

local function add_path_options(options, s)
  for name, value in pairs(verify.path_options(s)) do options[name] = value end
end

local function client_options(options, s, native)
  if s.alpn then options.alpn = s.alpn end
  if verify.by_handshake(s) then
    options.trust = s.trust and s.trust.store or trust.none()
    add_path_options(options, s)
  else
    options.verify = "none"
  end
  if native then options.on_peer = verify.on_peer end
end

local function server_options(options, s, native, alpn)
  if native then
    options.on_client_hello = require "bearssl.luasec.hello".answer
    options.on_peer = verify.on_peer
    options.alpn = alpn
    if s.server_psk then
      options.on_psk = function(identity) return s.server_psk(identity, 64) end
    end
  elseif s.alpn then
    options.alpn = s.alpn
  end
  if s.options.no_ticket then options.session_cache = false end
  if not s.verify.peer then return end
  options.client_auth = s.verify.fail and "require" or "request"
  options.client_trust = s.trust and s.trust.store or trust.none()
  if verify.by_handshake(s) then add_path_options(options, s) end
end

-- What LuaSec's callers may have and a config of bearssl may not: no name to verify, and a peer that is judged later.
local function adapt(s)
  return function(fields)
    fields.any_name = true
    fields.no_authorities = true
    if s.mode == "server" and s.verify.peer and not verify.by_handshake(s) then fields.verify_none = true end
  end
end

-- nil, or why the PSK callbacks of a context cannot be asked.
local function psk_objection(s, high)
  if not s.client_psk and not s.server_psk then return nil end
  if high ~= "1.3" then return "psk needs TLS 1.3" end
  if s.server_psk and s.verify.fail then return "psk cannot stand beside fail_if_no_peer_cert" end
end

local function options_of(s, alpn)
  local low, high = versions(s)
  if not low then return nil, "no protocols available" end
  local chosen, wrong = choose_suites(s, low, high)
  if not chosen then return nil, ("error setting cipher list (%s)"):format(wrong) end
  wrong = psk_objection(s, high)
  if wrong then return nil, wrong end
  local options = {
    min_version = low, max_version = high, engine = chosen.native and "native" or "bear", cipher_suites = chosen.list,
    groups = s.groups,
  }
  add_identities(options, s, chosen.native);
  (s.mode == "server" and server_options or client_options)(options, s, chosen.native, alpn)
  if s.mode == "server" and not options.certificate and not chosen.native then return nil, "no certificate assigned" end
  if not chosen.list then options.cipher_suites = nil end
  return options
end

local function make(s, alpn)
  local options, wrong = options_of(s, alpn)
  if not options then return nil, wrong end
  local ok, made, err = pcall(maker.make, s.mode, options, adapt(s))
  if not ok then return nil, (tostring(made):gsub("^[^ ]-:%d+: ", "")) end
  if not made then return nil, errors.reason(err) end
  return { config = made, native = options.engine == "native" }
end

local function count(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

-- What one of a context's configs has seen, the others resume.
local function share(made, base)
  if base and made.native and base.native then made.config:share_sessions(base.config) end
end

-- The config of a context: { config, native }, or nil and the reason; alpn: the protocol that a server has chosen.
function build.config(ctx, alpn)
  local s = context.settings(ctx)
  if not s.mode then return nil, "invalid mode" end
  local found = s.built[alpn or false]
  if found then return found end
  local made, wrong = make(s, alpn)
  if not made then return nil, wrong end
  if alpn then share(made, s.built[false] or build.config(ctx)) end
  if count(s.built) < VARIANTS_MAX then s.built[alpn or false] = made end
  return made
end

return build
