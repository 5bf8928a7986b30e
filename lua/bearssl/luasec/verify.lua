-- SPDX-License-Identifier: MIT
-- Who the peer is, where the handshake's own verification is not all that LuaSec's callers ask for: verification that
-- goes on and only tells (lsec_continue, verify = "none"), names (conn:sethost), DANE.
local hosts = require "bearssl.luasec.host"
local errors = require "bearssl.luasec.errors"
local new_store = require "bearssl.store"
local trust = require "bearssl.luasec.trust"

local verify = {}

local CHAIN_MAX = 16 -- certificates in a path, as bearssl's max_depth has it
local rsa_bits = { [0] = 2048, 2048, 2048, 3072, 4096, 4096 } -- by security level

-- Of the sockets of bearssl, whose connection they are.
local state_of = setmetatable({}, { __mode = "k" })

-- Remembers the state of a connection (bearssl.luasec.core) by its socket.
function verify.register(sock, state)
  state_of[sock] = state
end

function verify.state(sock)
  return state_of[sock]
end

-- What store:verify and configs are asked of a path, by the settings.
function verify.path_options(s)
  local options = { min_rsa_bits = rsa_bits[s.level or 2] }
  -- OpenSSL counts the certificates between the leaf and the anchor
  if s.depth then options.max_depth = math.min(math.max(s.depth + 2, 1), CHAIN_MAX) end
  if s.crl or s.crl_chain then
    local crls = trust.crls(s.trust)
    options.revocation = { mode = "hard", staple = false, leaf_only = not s.crl_chain }
    if crls ~= "" then options.revocation.crl = crls end
  end
  return options
end

-- Does the engine verify the chain, with these settings, and refuse it?
function verify.by_handshake(s)
  return s.verify.peer and not s.continue and not s.ignore_purpose and not s.dane
end

-- The path that was tried and got furthest.
local function path_of(err, certificates)
  local tried = err.paths and err.paths[1]
  return tried and tried.chain or { certificates[1] }
end

local function add(faults, depth, message)
  local list = faults[depth + 1] or {}
  faults[depth + 1] = list
  for _, known in ipairs(list) do
    if known == message then return end
  end
  list[#list + 1] = message
end

-- At which certificate of the path OpenSSL would tell the fault: the leaf has the depth 0.
local at_end = { unknown_issuer = true, distrusted = true }

-- The first of the path that a test finds.
local function first(path, test)
  for i, certificate in ipairs(path) do
    if test(certificate, i - 1) then return i - 1 end
  end
  return 0
end

-- The fault shows in the certificate itself.
local shows = {}

function shows.weak_key(certificate)
  local key = certificate.public_key
  return key.modulus and key.bits < 2048
end

function shows.weak_signature(certificate)
  return certificate.signature_algorithm.hash == "sha1"
end

local function constraints(certificate)
  local extension = certificate.extensions.basic_constraints
  return extension and extension.value or {}
end

function shows.not_ca(certificate, depth)
  return depth > 0 and not constraints(certificate).ca
end

function shows.path_length(certificate, depth)
  local most = constraints(certificate).path_len_constraint
  return most and depth - 1 > most
end

local function depth_of(err, path)
  if shows[err.code] then return first(path, shows[err.code]) end
  return at_end[err.code] and #path - 1 or 0
end

local function dates(faults, path)
  local now = os.time()
  for i, certificate in ipairs(path) do
    if now > certificate.not_after then add(faults, i - 1, errors.verification { code = "expired" }) end
    if now < certificate.not_before then add(faults, i - 1, errors.verification { code = "not_yet_valid" }) end
  end
end

local function is_self_signed(certificate)
  return certificate.subject == certificate.issuer and certificate:is_self_signed()
end

-- OpenSSL has several words for a chain that leads nowhere.
local function chain_message(err, path)
  if err.code == "weak_key" and depth_of(err, path) > 0 then return "CA certificate key too weak" end
  if err.code ~= "unknown_issuer" then return errors.verification(err) end
  if #path > 1 and is_self_signed(path[#path]) then return "self-signed certificate in certificate chain" end
  return errors.verification(err)
end

local function add_fault(faults, err, path)
  if err.code == "expired" or err.code == "not_yet_valid" then return end
  add(faults, depth_of(err, path), chain_message(err, path))
  if err.code == "unknown_issuer" and #path == 1 then add(faults, 0, "unable to verify the first certificate") end
end

-- { [depth + 1] = { message, ... } }, as LuaSec has it with lsec_continue: what would be wrong if the end of the path
-- were an anchor is told, too.
local function faults_of(err, certificates, options)
  local faults, path = {}, path_of(err, certificates)
  add_fault(faults, err, path)
  dates(faults, path)
  if err.code == "unknown_issuer" then
    local found, other = new_store { path[#path], partial_chain = true }:verify(certificates, options)
    if not found then add_fault(faults, other, path_of(other, certificates)) end
  end
  if not next(faults) then add(faults, 0, errors.verification(err)) end
  return faults
end

-- true; or false, the error, its message and the table of faults
local function check_chain(state, certificates)
  local s = state.settings
  local options = verify.path_options(s)
  -- LuaSec's word for it: certificates of servers pass for those of clients (XMPP between servers)
  options.purpose = state.server and not s.ignore_purpose and "client" or "server"
  local found, err = (s.trust and s.trust.store or trust.none()):verify(certificates, options)
  if found then return true, nil, nil, nil, found end
  return false, err, chain_message(err, path_of(err, certificates)), faults_of(err, certificates, options)
end

-- The verdict on the peer; `chain_is_good`: the engine has verified it.
local function judge(state, chain_is_good)
  local certificates = state.sock:peer_certificates()
  if not certificates then return { ok = true } end -- as OpenSSL has it: nobody was refused
  local ok, err, message, faults = true, nil, nil, nil
  if state.tlsa then
    ok, err, message, faults = require "bearssl.luasec.dane".judge(state, certificates, check_chain)
  else
    if not chain_is_good then ok, err, message, faults = check_chain(state, certificates) end
    if ok then ok, err, message, faults = hosts.judge(state, certificates[1]) end
  end
  return { ok = ok, error = err, message = message, faults = faults }
end

-- Is a peer that did not pass turned away?
local function refuses(state)
  local s = state.settings
  if s.continue then return false end
  return s.verify.peer or state.host ~= nil and not state.server
end

-- What is no code of bearssl's, by one with the alert that OpenSSL sends.
local for_the_alert = { no_tlsa = "bad_certificate", option = "name_mismatch" }

-- on_peer of configs: the last word, before the handshake ends.
function verify.on_peer(sock)
  local state = state_of[sock]
  if not state then return true end
  state.verdict = judge(state, verify.by_handshake(state.settings))
  if state.verdict.ok or not refuses(state) then return true end
  return false, for_the_alert[state.verdict.error.code] or state.verdict.error.code
end

-- The same once the handshake is done, for the engine that does not ask: true, or false and the error, every time.
function verify.after(state)
  state.verdict = state.verdict or judge(state, verify.by_handshake(state.settings))
  if state.verdict.ok or not refuses(state) then return true end
  return false, state.verdict.error
end

-- getpeerverification: true; or false and what is wrong, as a string or as a table.
function verify.result(state)
  state.verdict = state.verdict or judge(state, verify.by_handshake(state.settings))
  local verdict = state.verdict
  if verdict.ok then return true end
  if state.settings.continue then
    local copy = {}
    for depth, list in pairs(verdict.faults) do copy[depth] = table.move(list, 1, #list, 1, {}) end
    return false, copy
  end
  return false, verdict.message
end

return verify
