-- SPDX-License-Identifier: MIT
-- bearssl.https: where a response's body ends (RFC 9112 section 6.3), and its bytes as an ltn12 source.
local failure = require "bearssl.https.failure"
local header = require "bearssl.https.header"

local body = {}

local BLOCK = 16384

local function undecoded(where, what, text)
  return nil, failure.new("decode", where, ("%s: %q"):format(what, text:sub(1, 80)))
end

-- The bytes that Content-Length tells; the same number may stand there several times (RFC 9110 section 8.6).
local function length_of(text)
  local length = text:match "^%d+"
  for one in text:gmatch "[^,]*" do
    if not length or one:match "^[ \t]*(%d+)[ \t]*$" ~= length then return nil end
  end
  return #length <= 15 and math.tointeger(tonumber(length)) or nil
end

-- `kind` ("none", "length", "chunked", "close") and `length` of the body of a response; or nil, error. `unclear` is
-- one whose end two fields tell: whoever sent it may think of another (RFC 9112 section 11.2).
function body.framing(method, head)
  local status, coding, length = head.status, head.headers["transfer-encoding"], head.headers["content-length"]
  if method == "HEAD" or status < 200 or status == 204 or status == 304 then return { kind = "none", done = true } end
  coding = coding and coding:lower()
  if coding and coding ~= "identity" then
    if coding == "chunked" then return { kind = "chunked", unclear = length ~= nil or head.minor == 0 } end
    return undecoded("Transfer-Encoding", "the body's coding is not known", coding)
  end
  if not length then return { kind = "close" } end
  local bytes = length_of(length)
  if not bytes then return undecoded("Content-Length", "the body's length does not decode", length) end
  return { kind = "length", length = bytes, done = bytes == 0 }
end

-- What a read of the body failed with: an end that comes too soon is one code, whatever the connection calls it.
local function failed(framing, err)
  if not failure.is_end(err) then return nil, err end
  local of = framing.length and (" of %d"):format(framing.length) or ""
  return nil, failure.new("truncated", "HTTP body", ("the body ended after %d%s bytes"):format(framing.received, of),
    tostring(err))
end

local function by_length(connection, framing)
  return function()
    if framing.done then return nil end
    local data, err = connection:read(math.min(BLOCK, framing.length - framing.received))
    if not data then return failed(framing, err) end
    framing.received = framing.received + #data
    framing.done = framing.received == framing.length
    return data
  end
end

-- To be told from a connection that was cut, the end must be TLS's own (RFC 9112 section 9.8): close_notify.
local function until_closed(connection, framing)
  return function()
    if framing.done then return nil end
    local data, err = connection:read(BLOCK)
    if not data and err.code == "closed" then
      framing.done = true
      return nil
    end
    if not data then return failed(framing, err) end
    framing.received = framing.received + #data
    return data
  end
end

local MAX_CHUNK_LINE = 4096 -- size and extensions (RFC 9112 section 7.1.1)

local function next_chunk(connection)
  local line, err = connection:line(MAX_CHUNK_LINE)
  if not line then return nil, err end
  local digits = line:match "^(%x+)[ \t]*$" or line:match "^(%x+)[ \t]*;"
  digits = digits and digits:match "^0*(%x+)$"
  if not digits or #digits > 13 then return undecoded("HTTP chunk", "the chunk's size does not decode", line) end
  return math.tointeger(tonumber(digits, 16))
end

local function chunk_data(connection, framing)
  local data, err = connection:read(math.min(BLOCK, framing.left))
  if not data then return nil, err end
  framing.received, framing.left = framing.received + #data, framing.left - #data
  if framing.left > 0 then return data end
  framing.left = nil
  local line
  line, err = connection:line(MAX_CHUNK_LINE)
  if not line then return nil, err, data end
  if line ~= "" then return undecoded("HTTP chunk", "the chunk does not end where it should", line) end
  return data
end

local function chunked(connection, framing)
  return function()
    if framing.failure then return nil, framing.failure end
    if framing.done then return nil end
    local err, data, rest
    if not framing.left then
      framing.left, err = next_chunk(connection)
      if not framing.left then return failed(framing, err) end
    end
    if framing.left > 0 then
      data, err, rest = chunk_data(connection, framing)
      if data then return data end
      if rest then -- what has arrived is handed out before the error
        framing.failure = select(2, failed(framing, err))
        return rest
      end
      return failed(framing, err)
    end
    local _, trailers = header.fields(connection, header.budget())
    if not _ then return failed(framing, trailers) end
    framing.trailers, framing.done = trailers, true
    return nil
  end
end

local sources = { length = by_length, close = until_closed, chunked = chunked }

-- The body's bytes; `framing.done` tells that they came to their end. `progress(received, total)` hears of each piece.
function body.source(connection, framing, progress)
  framing.received = 0
  if framing.kind == "none" then return function() return nil end end
  local source = sources[framing.kind](connection, framing)
  if not progress then return source end
  return function()
    local data, err = source()
    if data then progress(framing.received, framing.length) end
    return data, err
  end
end

return body
