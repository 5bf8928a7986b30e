-- SPDX-License-Identifier: MIT
-- report.lua - the steps of a connection made into a ladder: who sent what under which keys, in which round trip, what
-- it is for, and what came of it. Knows no socket and no way of showing it.
local core = require "bearssl.core"
local fields = require "bearssl.trace.fields"
local wire = require "bearssl.wire"
local words = require "bearssl.trace.words"

local report = {}

local other = { client = "server", server = "client" }

local function from_of(step, side)
  return step.direction == "sent" and side or other[side]
end

local function header(kind, body) -- RFC 8446 section 4
  return string.pack(">I1I3", kind, #body) .. body
end

local numbers = {}
for number, name in pairs(wire.handshake_types) do numbers[name] = number end

local function of_message(step, from)
  local kind = step.name == "HelloRetryRequest" and numbers.ServerHello or numbers[step.name]
  return {
    kind = "message", name = step.name, from = from, fields = step.fields, malformed = step.malformed,
    octets = kind and header(kind, step.body) or step.body,
  }
end

-- What is no handshake message of its own. Of an engine that shows no encrypted message, the first after
-- ChangeCipherSpec is Finished (RFC 5246 section 7.4.9).
local function of_record(state, step, from)
  if step.name == "alert" then
    return { kind = "alert", name = "alert", from = from, fields = step.fields }
  elseif step.name == "change_cipher_spec" then
    return { kind = "record", name = step.name, from = from }
  elseif step.name == "application_data" and not state.done then
    return { kind = from == "client" and "early_data" or "record", name = step.name, from = from }
  elseif step.name == "handshake" and step.encrypted and state.opaque then
    local first = not state.finished[from]
    return { kind = "message", name = first and "Finished" or "handshake message", from = from, hidden = true }
  end
end

local function offers_early_data(item)
  return item.fields ~= nil and wire.extension(item.fields, "early_data") ~= nil
end

-- Says that `who` encrypts with another key from here on.
local function change(state, who, protection, secret, section)
  state.protection[who] = protection
  return { kind = "keys", from = who, name = secret, protection = protection, section = section }
end

local function key_update(state, from)
  state.updates[from] = (state.updates[from] or 0) + 1
  return change(state, from, "application", ("%s_application_traffic_secret_%d"):format(from, state.updates[from]),
    "RFC 8446 section 7.2")
end

-- The changes of keys that an item of TLS 1.3 brings (RFC 8446 section 7.1).
local function changes_1_3(state, item)
  local section = "RFC 8446 section 7.1"
  local list = {}
  local function add(who, protection, secret) list[#list + 1] = change(state, who, protection, secret, section) end
  if item.name == "ServerHello" then
    add("server", "handshake", "server_handshake_traffic_secret")
    if state.protection.client == "early" then
      state.client_waits = true
    else
      add("client", "handshake", "client_handshake_traffic_secret")
    end
  elseif item.name == "EncryptedExtensions" and state.client_waits and not offers_early_data(item)
    or item.name == "EndOfEarlyData" then
    state.client_waits = nil
    add("client", "handshake", "client_handshake_traffic_secret")
  elseif item.name == "Finished" then
    add(item.from, "application", item.from .. "_application_traffic_secret_0")
  elseif item.name == "KeyUpdate" then
    list[1] = key_update(state, item.from)
  end
  return list
end

local function changes(state, item)
  if item.kind == "message" and item.name == "ClientHello" and offers_early_data(item) then
    return { change(state, "client", "early", "client_early_traffic_secret", "RFC 8446 section 7.1") }
  elseif state.version == "TLSv1.3" then
    return item.kind == "message" and changes_1_3(state, item) or {}
  elseif item.name == "change_cipher_spec" and state.version then
    return { change(state, item.from, "application", item.from .. "_write_key", "RFC 5246 section 6.3") }
  end
  return {}
end

-- The version, and how the keys are agreed on, once the ServerHello is there.
local function learn(state, item)
  if item.name == "HelloRetryRequest" then state.retried = true end
  item.again = item.name == "ClientHello" and state.retried
  if item.name == "ServerHello" and item.fields then
    state.version = item.fields.version
    state.static_rsa = (item.fields.cipher_suite or ""):find "^TLS_RSA_" ~= nil
  elseif item.name == "Certificate" then
    state.certificate = true
  elseif item.name == "Finished" then
    state.finished[item.from] = true
    state.done = state.finished.client and state.finished.server
  end
end

-- Counts flights: what one side says in a row, as far as the handshake goes. ChangeCipherSpec opens none: in TLS 1.3 it
-- may stand anywhere (RFC 8446 appendix D.4).
local function count(state, item)
  if item.kind == "alert" or state.over then return end
  if item.from ~= state.last and item.name ~= "change_cipher_spec" then
    state.last, state.flight = item.from, state.flight + 1
  end
  item.flight, item.round_trip = state.flight, (state.flight + 1) // 2
  state.over = state.done
end

local function is_resumed_1_2(state)
  return state.version ~= nil and state.version ~= "TLSv1.3" and not state.certificate
end

-- Decisions that can be read off the messages, for an engine that tells none.
local function decide(state, item)
  if item.decisions or not item.fields and item.name ~= "change_cipher_spec" then return end
  local f, text, section = item.fields or {}, nil, nil
  if item.name == "ServerHello" and f.version ~= "TLSv1.3" then
    text = ("the server chose %s with %s"):format(f.version:gsub("^TLSv", "TLS "), f.cipher_suite)
    section = "RFC 5246 section 7.4.1.3"
  elseif item.name == "ServerKeyExchange" and f.group then
    text, section = ("keys are agreed on in %s"):format(f.group), "RFC 8422 section 5.4"
  elseif item.name == "ClientKeyExchange" and state.static_rsa then
    text, section = "no forward secrecy: the suite has static RSA", "RFC 9325 section 4.1"
  elseif item.name == "change_cipher_spec" and item.from == "server" and is_resumed_1_2(state) then
    text, section = "the session is resumed: no certificate is sent", "RFC 5246 section 7.3"
  end
  if text then item.decisions = { { text = text, section = section } } end
end

local function add_item(state, step)
  local from = from_of(step, state.side)
  local item
  if step.kind == "message" then item = of_message(step, from) else item = of_record(state, step, from) end
  if not item then return end
  item.seconds, item.bytes, item.encrypted = step.seconds, step.bytes, step.encrypted
  item.protection = step.encrypted and state.protection[from] or "none"
  item.decisions = step.decisions
  learn(state, item)
  item.static_rsa = state.static_rsa
  count(state, item)
  decide(state, item)
  local list = state.items
  list[#list + 1] = item
  for _, key_change in ipairs(changes(state, item)) do
    key_change.seconds = item.seconds
    list[#list + 1] = key_change
  end
end

local function ladder(steps, side, engine)
  local state = {
    side = side, items = {}, protection = { client = "none", server = "none" }, finished = {}, updates = {}, flight = 0,
    opaque = engine == "bear",
  }
  for _, step in ipairs(steps) do
    if step.kind == "lost" then
      state.items[#state.items + 1] = { kind = "lost", name = "lost", count = step.count }
    else
      add_item(state, step)
    end
  end
  return state
end

local function explain(items, version)
  for _, item in ipairs(items) do
    if item.kind ~= "keys" and item.kind ~= "lost" then
      item.explanation, item.explanation_section = words.explain(item, version)
      item.rows = item.fields and fields.rows(item.fields) or {}
    end
  end
end

local function bytes_of(steps, direction)
  local sum = 0
  for _, step in ipairs(steps) do
    if step.kind == "record" and step.direction == direction then sum = sum + step.bytes end
  end
  return sum
end

-- When the last message of the handshake came; nil: it did not come to an end.
local function duration(items)
  local finished
  for _, item in ipairs(items) do
    if item.name == "Finished" then finished = item.seconds end
  end
  return finished
end

-- A failure as those fields that everybody shows, each through core.printable.
local function failure_of(err)
  if err == nil then return nil end
  if type(err) ~= "table" then err = { code = tostring(err), message = tostring(err) } end
  local failure = { remedy = words.remedy(err) }
  for _, name in ipairs { "code", "message", "alert", "side", "where", "cause" } do
    failure[name] = err[name] and core.printable(tostring(err[name]))
  end
  failure.remedy = failure.remedy and core.printable(failure.remedy)
  return failure
end

local copied = { "version", "cipher_suite", "group", "signature_scheme", "alpn", "resumed", "early_data", "engine" }

-- A report on a connection: its steps, `side`, what conn:info() said (nil: nothing), the error (nil: none), and what
-- else is known of it: `host`, `port`, `name`, `address`, `started`, `connect_seconds`.
function report.make(steps, side, info, err, about)
  local engine = info and info.engine or about.engine
  local state = ladder(steps, side, engine)
  local made = { side = side, items = state.items, failure = failure_of(err), error = err }
  for name, value in pairs(about) do made[name] = value end
  for _, name in ipairs(copied) do made[name] = info and info[name] end
  made.engine = engine
  made.version = state.version or made.version
  made.alpn = made.alpn and core.printable(made.alpn)
  made.connected = state.done == true and err == nil
  made.handshake_done = state.done == true
  explain(state.items, made.version)
  if state.done then
    made.round_trips, made.seconds = state.flight // 2, duration(state.items)
    made.round_trips_before_data = made.early_data == "accepted" and 0 or made.round_trips
  end
  made.bytes_sent, made.bytes_received = bytes_of(steps, "sent"), bytes_of(steps, "received")
  return made
end

return report
