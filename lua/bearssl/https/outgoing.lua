-- SPDX-License-Identifier: MIT
-- bearssl.https: the request as it goes out, and the head of what comes back.
local decode = require "bearssl.https.decode"
local failure = require "bearssl.https.failure"
local header = require "bearssl.https.header"
local later = require "bearssl.later"
local proxy = require "bearssl.https.proxy"
local ltn12, mime, url = later "ltn12", later "mime", later "socket.url"

local outgoing = {}

local safe = { GET = true, HEAD = true, OPTIONS = true, TRACE = true } -- RFC 9110 section 9.2.1
local with_content = { POST = true, PUT = true, PATCH = true }

function outgoing.is_safe(method)
  return safe[method] ~= nil
end

-- RFC 9110 section 9.2.2.
function outgoing.is_idempotent(method)
  return safe[method] or method == "PUT" or method == "DELETE"
end

-- What is sent without being asked for.
local function default_fields(request, to, through)
  local fields = { host = to.authority, ["user-agent"] = request.user_agent }
  if not request.pool then fields.connection, fields.te = "close, TE", "trailers" end
  if to.user and to.password then
    fields.authorization = "Basic " .. mime.b64(url.unescape(to.user) .. ":" .. url.unescape(to.password))
  end
  if request.content or with_content[request.method] and not request.source then
    fields["content-length"] = #(request.content or "")
  end
  fields["content-type"], fields.accept = request.content_type, request.accept
  if through and to.scheme == "http" and through.kind:find "^http" then
    fields["proxy-authorization"] = proxy.authorization(through)
  end
  return fields
end

local function add_own_fields(fields, headers)
  for name, value in pairs(headers or {}) do
    local checked, err = header.check(name, value)
    if not checked then return nil, err end
    fields[name:lower()] = checked
  end
  return true
end

-- How the end of the body is told (RFC 9112 section 6): its length, or chunks.
local function frame(request, fields)
  local coding, length = fields["transfer-encoding"], fields["content-length"]
  if coding and coding:lower() ~= "chunked" then
    return nil, failure.option("headers", "Transfer-Encoding: chunked is the only one that can be sent")
  end
  if coding then
    fields["content-length"] = nil
    return true
  end
  if request.source and not length then
    fields["transfer-encoding"] = "chunked"
    return true
  end
  if not length then return true end
  local number = tostring(length):find "^%d+$" and math.tointeger(tonumber(length))
  if not number or not request.source and number ~= #(request.content or "") then
    return nil, failure.option("headers", ("Content-Length: %s is not the length of the body"):format(length))
  end
  return number
end

-- The request for a target: `head` as bytes, `body` as an ltn12 source or nil, and how it is to be sent.
function outgoing.plan(request, to, through, avoid)
  if not header.is_token(request.method) then
    return nil, failure.option("method", ("'%s' is not a method"):format(request.method))
  end
  local fields = default_fields(request, to, through)
  local guessed
  if request.decodes then
    local may_guess = safe[request.method] and not request.source -- can be asked again
    fields["accept-encoding"], guessed = decode.accepted(may_guess)
  end
  local ok, err = header.check("User-Agent", request.user_agent)
  if ok then ok, err = add_own_fields(fields, request.headers) end
  if not ok then return nil, err end
  if avoid.expect then fields.expect = nil end
  local length
  length, err = frame(request, fields)
  if not length then return nil, err end
  local content, chunked = request.content ~= "" and request.content or nil, fields["transfer-encoding"] ~= nil
  local whole = to.scheme == "http" and through and through.kind:find "^http"
  return {
    head = header.format(("%s %s HTTP/1.1"):format(request.method, whole and to.url or to.uri), fields),
    body = request.source or content and ltn12.source.string(content) or chunked and ltn12.source.empty() or nil,
    content = content, length = math.type(length) and length or nil, chunked = chunked,
    expects = (fields.expect or ""):lower() == "100-continue",
    guessed = guessed,
    closes = (fields.connection or ""):lower():find "close" ~= nil,
  }
end

local function chunked_sink(connection)
  return function(data)
    if data == "" then return 1 end
    if not data then return connection:send "0\r\n\r\n" end
    return connection:send(("%X\r\n%s\r\n"):format(#data, data))
  end
end

-- The length was promised: more or less of it would be another request, or none.
local function sized_sink(connection, length)
  local sent = 0
  return function(data)
    sent = sent + #(data or "")
    if sent > length or not data and sent < length then
      return nil, failure.option("source", ("it gives %s than its Content-Length of %d"):format(
        sent > length and "more" or "less", length))
    end
    return data == nil and 1 or connection:send(data)
  end
end

local function is_interim(head)
  return head.status < 200
end

-- Ends where a final response has come already: that is `plan.answer`.
local function watched(connection, sink, plan)
  return function(data)
    local ok, err = sink(data)
    if not ok or not data or not connection:has_come() then return ok, err end
    local head
    head, err = header.receive(connection, is_interim)
    if head and is_interim(head) then return 1 end
    plan.answer = head
    return nil, err or "answered"
  end
end

local SMALL = 8192 -- bytes of a body that go with the head, in one record

local function send(connection, request, plan)
  if plan.early then return true end
  if plan.content and not plan.chunked and #plan.content <= SMALL and not request.step then
    return connection:send(plan.head_sent and plan.content or plan.head .. plan.content)
  end
  if not plan.head_sent then
    local ok, err = connection:send(plan.head)
    if not ok then return nil, err end
  end
  if not plan.body then return true end
  local sink = plan.chunked and chunked_sink(connection) or sized_sink(connection, plan.length)
  return ltn12.pump.all(plan.body, watched(connection, sink, plan), request.step)
end

-- With Expect: 100-continue (RFC 9110 section 10.1.1) the body waits for that response, for some time. Gives the head
-- of a final one, which came instead; false: go on; or nil, error.
local function expected(connection, plan)
  local ok, err = connection:send(plan.head)
  if not ok then return nil, err end
  plan.head_sent = true
  local came
  came, err = connection:comes "expect"
  if not came then return came, err end
  local head
  head, err = header.receive(connection, is_interim)
  if not head then return nil, err end
  if is_interim(head) then return false end
  plan.unsent = true
  return head
end

-- Sends the request, and gives the head of its response; or nil, error.
function outgoing.ask(connection, request, plan)
  if plan.expects and plan.body then
    local head, err = expected(connection, plan)
    if head or head == nil then return head, err end
  end
  local ok, err = send(connection, request, plan)
  if ok then return header.receive(connection) end
  -- A server may answer, and close, before it has read all: what it says is worth more than that.
  plan.unsent = true
  if not plan.answer and plan.body and failure.is_end(err) then
    plan.answer = header.receive(connection)
  end
  return plan.answer, not plan.answer and err or nil
end

return outgoing
