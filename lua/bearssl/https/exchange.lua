-- SPDX-License-Identifier: MIT
-- bearssl.https: one request on one connection, and its response.
local bodies = require "bearssl.https.body"
local core = require "bearssl.core"
local decode = require "bearssl.https.decode"
local dial = require "bearssl.https.dial"
local failure = require "bearssl.https.failure"
local outgoing = require "bearssl.https.outgoing"
local proxy = require "bearssl.https.proxy"
local responses = require "bearssl.https.response"
local later = require "bearssl.later"
local ltn12, redirect = later "ltn12", later "bearssl.https.redirect"

local DRAIN = 65536 -- bytes of a body that nobody wants, read so that the connection can go on

-- The connection ----------------------------------------------------------------------------------------------------

local function key_of(request, to, through)
  local way = through and ("%s %s %d %s %s"):format(through.kind, through.host, through.port, through.user or "",
    through.password or "") or ""
  return table.concat({ to.scheme, to.host, to.port, request.name or "", way }, "\n")
end

-- Early data (RFC 8470): for safe methods without a body, where the config's cache may have a session that allows it.
local function early_bytes(request, plan, avoid)
  if avoid.early or plan.body or not outgoing.is_safe(request.method) or type(request.config) ~= "userdata" then
    return nil
  end
  return core.config_keep(request.config).session_cache and plan.head or nil
end

-- From the pool, or new.
local function acquire(request, to, through, plan, avoid)
  local key = request.pool and key_of(request, to, through)
  local connection = key and not avoid.pool and request.pool:take(key, request.timers.now())
  if connection then
    connection:lend(request.timers)
  else
    local err
    connection, err = dial(request, to, through, to.scheme == "https" and early_bytes(request, plan, avoid) or nil)
    if not connection then return nil, err end
  end
  connection.key, connection.held = key, false
  return connection
end

local function list_has(text, word)
  for item in (text or ""):lower():gmatch "[^,%s]+" do
    if item == word then return true end
  end
  return false
end

-- Whether another request may follow on it (RFC 9112 section 9.3), and for how long it is kept.
local function keeps_open(connection, plan, response, framing)
  if not connection.key or not framing.done or framing.unclear or plan.unsent or not connection:is_drained() then
    return false
  end
  local said = response.headers.connection
  if plan.closes or list_has(said, "close") or response.status == 101 then return false end
  if response.minor == 0 and not list_has(said, "keep-alive") then return false end
  local seconds = tonumber((response.headers["keep-alive"] or ""):match "timeout=(%d+)")
  return not seconds or seconds > 1, seconds and seconds - 1
end

local function release(connection, request, plan, response, framing)
  local keep, seconds = keeps_open(connection, plan, response, framing)
  if not keep then return end
  connection.uses = connection.uses + 1
  request.pool:put(connection, request.timers.now(), seconds)
end

-- The body ----------------------------------------------------------------------------------------------------------

local function bounded(source, most)
  if not most then return source end
  local total = 0
  return function()
    local data, err = source()
    total = total + #(data or "")
    if total > most then
      return nil, failure.new("limit", "HTTP body", ("more than %d bytes of body (max_body)"):format(most))
    end
    return data, err
  end
end

-- All of it into `sink`, step by step as LuaSocket has it; without either, into a string.
local function pump(source, sink, step)
  if sink or step then
    local pieces = not sink and {}
    local ok, err = ltn12.pump.all(source, sink or ltn12.sink.table(pieces), step)
    return ok, err, pieces and table.concat(pieces) or nil
  end
  local pieces = {}
  local data, err = source()
  while data do
    if data ~= "" then pieces[#pieces + 1] = data end
    data, err = source()
  end
  return not err, err, pieces[2] and table.concat(pieces) or pieces[1] or ""
end

local function receive_body(connection, request, response, framing)
  local source = bodies.source(connection, framing, request.progress)
  local codings = request.decodes and decode.codings(response.headers["content-encoding"])
  if codings and framing.kind ~= "none" then
    source = decode.source(source, codings)
    response.headers["content-encoding"], response.headers["content-length"] = nil, nil
    response.decoded = true
  end
  source = bounded(source, request.max_body or not request.sink and request.most_in_memory)
  local ok, err
  ok, err, response.body = pump(source, request.sink, request.step)
  response.trailers = framing.trailers
  if ok then return true end
  if failure.is(err) then -- what arrived is not lost
    err.response, err.body = response, response.body
  end
  return nil, err
end

local function drain(connection, framing)
  local source = bodies.source(connection, framing)
  repeat
    local data = source()
  until not data or framing.received > DRAIN
end

-- The exchange ------------------------------------------------------------------------------------------------------

-- What comes next instead of this response: { to =, method = }; or the same without something: { avoid = "early" },
-- { avoid = "expect" }, { avoid = "codings" }; false, or nil, error.
local function follow_up(request, to, plan, response)
  if response.status == 425 and plan.early then return { avoid = "early" } end
  if response.status == 417 and plan.expects and not request.source then return { avoid = "expect" } end
  if plan.guessed and decode.is_beyond(response.headers["content-encoding"]) then return { avoid = "codings" } end
  if response.status < 300 or response.status > 399 then return false end
  local next_to, method = redirect.next(request, to, response)
  if next_to then return { to = next_to, method = method } end
  return next_to, method
end

local function finish(connection, request, to, plan, head)
  local response = responses.new(head, to.url, request.method)
  response.tls = not request.as_luasocket and connection:facts() or nil
  response.reused = connection.uses > 0
  response.redirects, response.minor = request.redirects, head.minor
  local framing, err = bodies.framing(request.method, head)
  local next_step
  if framing then next_step, err = follow_up(request, to, plan, response) end
  if next_step == nil then
    err.response = response
    return nil, err
  end
  if next_step then
    drain(connection, framing)
  else
    if request.on_head then request.on_head(response) end
    local ok
    ok, err = receive_body(connection, request, response, framing)
    if not ok then return nil, err end
  end
  release(connection, request, plan, response, framing)
  return response, next_step
end

-- One request to a target: a response, and what comes next instead of it; or nil, error, and whether a new connection
-- may well be luckier: nothing has answered on an old one, and to ask twice does no harm (RFC 9112 section 9.3.1).
-- `avoid` may have `pool`, `early`, `expect`.
return function(request, to, avoid)
  local through, err = proxy.of(request, to)
  if through == nil then return nil, err end
  local plan
  plan, err = outgoing.plan(request, to, through, avoid)
  if not plan then return nil, err end
  local connection <close>, wrong = acquire(request, to, through, plan, avoid)
  if not connection then return nil, wrong end
  plan.early, connection.early = connection.early, nil
  local head
  head, err = outgoing.ask(connection, request, plan)
  if not head then
    local retry = failure.is_end(err) and connection.uses > 0 and not connection.answered
      and outgoing.is_idempotent(request.method) and not request.source
    return nil, err, retry
  end
  return finish(connection, request, to, plan, head)
end
