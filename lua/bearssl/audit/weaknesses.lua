-- SPDX-License-Identifier: MIT
-- Faults of implementations, each asked about once or twice. What is sent is harmless: at most a heartbeat that claims
-- to be longer than it is, in a connection that has no secrets yet.
local core = require "bearssl.core"
local features = require "bearssl.audit.features"
local hex = require "bearssl.hex"
local protocols = require "bearssl.audit.protocols"
local rsa = require "bearssl.audit.rsa"
local x509 = require "bearssl.x509"

local weaknesses = {}

local PATIENCE = 1 -- seconds that silence is waited for which means something
local CHANGE_CIPHER_SPEC = "\1"

local function record(content, version, payload)
  return (">BI2s2"):pack(content, math.min(version, 0x0303), payload)
end

local function hasten(l, seconds)
  l.deadline = math.min(l.deadline, l.now() + (seconds or PATIENCE))
end

-- How the server goes on, in one word.
local function reaction(l)
  local content, payload = l:record()
  if not content then return payload end
  if content == 21 and #payload == 2 then return core.alert_name(payload:byte(2)) or "alert" end
  return "record " .. content
end

local function base(protocol, more)
  local spec = protocols.spec(protocol.id, protocol.suites)
  for key, value in pairs(more or {}) do spec[key] = value end
  return spec
end

-- CVE-2014-0160: a heartbeat of 3 octets that claims 16384.
local function heartbleed(p, facts, old)
  p:ask(base(old, { extra = { { 15, "\1" } } }), true, function(l, answer)
    if answer.kind ~= "hello" or not answer.extensions[15] then return end
    hasten(l)
    l:send(record(24, answer.version, "\1\x40\0"))
    local content, payload = l:record()
    facts.heartbleed = content == 24 and #payload > 3 or false
    facts.heartbleed_octets = content == 24 and #payload or nil
  end)
end

-- CVE-2014-0224: a ChangeCipherSpec before the keys are there. Who takes it expects encrypted records from then on,
-- and says so to the second one.
local function early_ccs(p, facts, old)
  p:ask(base(old), true, function(l, answer)
    if answer.kind ~= "hello" or answer.ended then return end
    hasten(l)
    l:send(record(20, answer.version, CHANGE_CIPHER_SPEC))
    local first = reaction(l)
    if first ~= "timeout" then
      facts.early_ccs, facts.early_ccs_answer = false, first
      return
    end
    l.deadline = l.now() + PATIENCE
    l:send(record(20, answer.version, CHANGE_CIPHER_SPEC))
    local second = reaction(l)
    facts.early_ccs_answer = second
    if second == "bad_record_mac" or second == "decryption_failed_RESERVED" or second == "decryption_failed" then
      facts.early_ccs = true
    elseif second ~= "timeout" then
      facts.early_ccs = false
    end
  end)
end

-- --- ROBOT (CVE-2017-13099 and others) -------------------------------------------------------------------

local function filler(n)
  return (core.random(n):gsub("\0", "\1"))
end

-- PKCS #1 blocks for a premaster secret: a good one and those of which a server must not tell that they are not.
local function blocks(size, version)
  local function padded(head, secret) return head .. filler(size - #head - 1 - #secret) .. "\0" .. secret end
  local secret = (">I2"):pack(version) .. filler(46)
  return {
    padded("\0\2", secret),
    padded("\x41\x17", secret),
    "\0\2" .. filler(size - 2 - 1 - 47 - 1) .. "\0\0" .. filler(47), -- the zero in the wrong place
    "\0\2" .. filler(size - 2), -- no zero at all
    padded("\0\2", "\2\2" .. filler(46)), -- another version
  }
end

-- What the server says to a ClientKeyExchange with this block and a Finished that is noise.
local function oracle(p, old, suites, block, key)
  local said
  p:ask(base(old, { suites = suites }), true, function(l, answer)
    if answer.kind ~= "hello" or answer.ended then return end
    local cipher = rsa.encrypt(block, key.modulus, key.exponent)
    local exchange = old.id == 0x0300 and cipher or (">s2"):pack(cipher)
    hasten(l, math.max(PATIENCE, p.values.timeout / 2))
    l:send(record(22, answer.version, "\16" .. (">s3"):pack(exchange))
      .. record(20, answer.version, CHANGE_CIPHER_SPEC) .. record(22, answer.version, core.random(64)))
    said = reaction(l)
    if said ~= "timeout" and said ~= "closed" then said = said .. ", " .. reaction(l) end
  end)
  return said
end

local function rsa_key(facts)
  for _, found in ipairs(facts.presented) do
    local list = found.auth == "RSA" and x509.parse(found.ders[1])
    local key = list and list[1] and list[1].public_key
    if key and key.modulus and key.exponent then
      local modulus = hex.octets(key.modulus)
      return { modulus = modulus, exponent = math.tointeger(tonumber(key.exponent)) or 0 }
    end
  end
end

local function ask_all(p, old, suites, key)
  local answers, tasks, size = {}, {}, #key.modulus:gsub("^\0+", "")
  for i, block in ipairs(blocks(size, old.id)) do
    tasks[i] = { "ROBOT", function() answers[i] = oracle(p, old, suites, block, key) or "nothing" end }
  end
  p:parallel(tasks)
  return answers
end

local function all_alike(answers)
  for _, answer in ipairs(answers) do
    if answer ~= answers[1] then return false end
  end
  return true
end

local function robot(p, facts, old, suites)
  local key = rsa_key(facts)
  if not key or not rsa.encrypt("\1", key.modulus, key.exponent) then return end
  local first = ask_all(p, old, suites, key)
  facts.robot, facts.robot_answers = not all_alike(first), first
  if facts.robot then -- only what can be had again is an answer to the block
    local second = ask_all(p, old, suites, key)
    for i, answer in ipairs(second) do
      if answer ~= first[i] then facts.robot = nil end
    end
    if facts.robot == nil then p:gap("ROBOT", "the server answers now this, now that") end
  end
end

-- CVE-2016-9244: the session ID of a client that shows a ticket is echoed with memory behind it.
local function ticketbleed(p, facts, old)
  local ticket = facts.tickets["TLSv1.2"] and facts.tickets["TLSv1.2"].octets
  if not ticket then return end
  local answer = p:ask(base(old, { session_id = "\x42", extra = { { 35, ticket }, { 23, "" } } }))
  if answer.kind == "hello" then
    facts.ticketbleed = #answer.session_id > 1 and answer.session_id:sub(1, 1) == "\x42"
  end
end

function weaknesses.tasks(facts)
  local tasks = {}
  local function add(name, fn) tasks[#tasks + 1] = { name, fn } end
  local _, old = features.newest(facts)
  if not old then return tasks end
  if facts.features.heartbeat then add("Heartbleed", function(p) heartbleed(p, facts, old) end) end
  add("early ChangeCipherSpec", function(p) early_ccs(p, facts, old) end)
  local function transports(s) return s.exchange == "RSA" and not s.export end
  local suites = protocols.select(old.suites, function(s) return transports(s) and s.cbc end)
  if not suites[1] then suites = protocols.select(old.suites, transports) end
  if suites[1] then add("ROBOT", function(p) robot(p, facts, old, suites) end) end
  if old.id == 0x0303 then add("Ticketbleed", function(p) ticketbleed(p, facts, old) end) end
  return tasks
end

return weaknesses
