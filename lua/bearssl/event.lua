-- SPDX-License-Identifier: MIT
-- What C has to tell or to ask: it stops, we call the callback, it goes on. A callback may yield. If it raises, the
-- connection fails with its alert and the error goes to whoever called.
local core = require "bearssl.core"

-- Of a connection whose on_certificate_request gave a function for a key: that function.
local signers = setmetatable({}, { __mode = "k" })

local handlers = {}

function handlers.key_log(_, keep, line)
  keep.key_log(line)
end

-- certificate, key[, password]; nothing: no certificate
function handlers.certificate_request(conn, keep, request)
  local certificate, key, password = keep.on_certificate_request(request)
  if certificate == nil then return core.answer(conn, nil) end
  for name, value in pairs { certificate = certificate, key = key, password = password } do
    local ready = name == "key" and (core.is_key(value) or type(value) == "function")
    if type(value) ~= "string" and not ready then
      error(("on_certificate_request: the %s is no string but a %s"):format(name, type(value)), 0)
    end
  end
  local elsewhere = type(key) == "function"
  signers[conn] = elsewhere and key or nil
  local identity, err = core.identity {
    certificate = certificate, key = not elsewhere and (key or certificate) or nil, password = password,
    external = elsewhere and 1 or nil,
  }
  if not identity then error(err, 0) end
  core.answer(conn, identity)
end

-- bearssl.config; nothing: the one that the connection was made with; false: unrecognized_name (RFC 6066 section 3)
function handlers.client_hello(conn, keep, hello)
  local config = keep.on_client_hello(require "bearssl.client_hello"(hello.body), conn)
  if config == false then return core.refuse(conn) end
  if config ~= nil and not core.is_server_config(config) then
    error("on_client_hello: the value is no config of a server but a " .. type(config), 0)
  end
  core.answer(conn, config)
end

-- The signature of a key that lives elsewhere; nothing: refused
function handlers.signature(conn, keep, question)
  local signature, err = (signers[conn] or keep.signers[question.key])(question.scheme, question.message)
  if signature ~= nil and type(signature) ~= "string" then
    error("key: the function's signature is no string but a " .. type(signature), 0)
  end
  if not signature and err then error(err, 0) end
  core.answer(conn, signature)
end

-- Of a connection whose peer's chain lacks something: what was fetched for it so far.
local evidences = setmetatable({}, { __mode = "k" })

-- More certificates, more word of revocation; nothing: the chain stands or falls as it is. Fetching may yield.
function handlers.evidence(conn, keep, question)
  local found = evidences[conn]
  if not found then
    found = require "bearssl.fetch.evidence".new(keep.evidence, keep.time)
    evidences[conn] = found
  end
  local chain, checked = conn:verified_chain()
  local more = found:gather(question.problem, {
    certificates = conn:peer_certificates(), paths = question.paths, verified = chain,
    known = checked and checked.revocation, staple = conn:ocsp_staple(),
  })
  if not more then return core.answer(conn, nil) end
  core.answer(conn, { certificates = found.ders, revocation = found:revocation() })
end

-- The last word on a peer whose chain was verified: anything true, or nothing and the code of an error
function handlers.verdict(conn, keep)
  local welcome, reason = keep.on_peer(conn)
  core.answer(conn, welcome and true or false, reason)
end

-- true: never seen before. A hello whose turn comes when what the guard has kept of it may be forgotten - another
-- callback took its time before, say - is not asked about.
function handlers.early_data(conn, keep, question)
  if question["until"] <= (keep.time or os.time()) then return core.answer(conn, false) end
  core.answer(conn, keep.early_data_guard(question.unique, question["until"]) == true)
end

-- key and hash of an external PSK; nothing: nobody has it
function handlers.psk(conn, keep, question)
  local key, hash = keep.on_psk(question.unique)
  if key == nil then return core.answer(conn, nil) end
  core.answer(conn, key, require "bearssl.psk".check("on_psk", key, hash))
end

function handlers.put_session(conn, keep, question)
  keep.session_store.put(question.unique, question.message, question["until"])
  core.answer(conn, true)
end

function handlers.take_session(conn, keep, question)
  local bytes = keep.session_store.take(question.unique)
  if bytes ~= nil and type(bytes) ~= "string" then
    error("session_store: take gave no string but a " .. type(bytes), 0)
  end
  core.answer(conn, bytes)
end

function handlers.trace(conn, keep, events)
  for _, step in ipairs(require "bearssl.trace".add(conn, events)) do keep.on_message(step) end
end

function handlers.pins_differ(conn, keep)
  local _, err = core.pins_check(keep.pins, conn:verified_chain(), os.time())
  if err then keep.on_pin_mismatch(err) end
end

-- What the config wants to hear that the connection was made with; the rest is asked of the one that answers.
local told = { key_log = true, trace = true, pins_differ = true }

-- A callback that yields, of a connection that two coroutines use, is not to be asked twice, and an answer is not to
-- come when another question waits: the other one waits for the first, where there is a scheduler.
local answering = setmetatable({}, { __mode = "k" }) -- of each connection: who does, and what the others wait for

local function wait_for_answer(guard)
  local scheduler = require "bearssl.scheduler"
  if guard.co == coroutine.running() or scheduler.current().name == "plain" then
    error("a callback of this connection has not answered yet", 0)
  end
  guard.condition = guard.condition or scheduler.condition()
  guard.condition:wait()
end

local answering_meta = { __close = function(guard)
  answering[guard.conn] = nil
  if guard.condition then guard.condition:signal() end
end }

-- Answers all that waits; raises what a callback raised.
return function(conn)
  if answering[conn] then return wait_for_answer(answering[conn]) end
  local guard <close> = setmetatable({ conn = conn, co = coroutine.running() }, answering_meta)
  answering[conn] = guard
  for _ = 1, 64 do -- bounded: an engine has a handful of events at a time
    local event, what = core.event(conn)
    if not event then return end
    local ok, err = pcall(handlers[event], conn, core.keep(conn, told[event]), what)
    if not ok then
      core.abort(conn)
      error(err, 0)
    end
  end
end
