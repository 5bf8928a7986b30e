-- SPDX-License-Identifier: MIT
-- bearssl.cosocket.receive: what a cosocket's receive, receiveany and receiveuntil read from a stream. All give data,
-- or nil, why, and what came before that, which is consumed. What came too early stays in stream.buffer.
local receive = {}

-- The first n bytes of the buffer.
local function take(stream, n)
  local buffer = stream.buffer
  stream.buffer = buffer:sub(n + 1)
  return n == #buffer and buffer or buffer:sub(1, n)
end

-- More into the buffer, as a rule as much as there is: true, or nil, why.
local function more(stream, timeout, most)
  local data, err = stream:read(most, timeout)
  if not data then return nil, err end
  stream.buffer = stream.buffer == "" and data or stream.buffer .. data
  return true
end

-- Pieces that are joined at the end, and how long they are.
local pieces_meta = { __index = {} }

local function new_pieces() return setmetatable({ size = 0 }, pieces_meta) end

function pieces_meta.__index:add(piece)
  self[#self + 1] = piece
  self.size = self.size + #piece
end

function pieces_meta.__index:join() return #self == 1 and self[1] or table.concat(self) end

-- n bytes, no less.
function receive.bytes(stream, timeout, n)
  local pieces = new_pieces()
  while true do
    pieces:add(take(stream, math.min(n - pieces.size, #stream.buffer)))
    if pieces.size == n then return pieces:join() end
    local ok, err = more(stream, timeout)
    if not ok then return nil, err, pieces:join() end
  end
end

-- A line, without its LF and without any CR.
function receive.line(stream, timeout, limit)
  local pieces = new_pieces()
  while true do
    local at = stream.buffer:find("\n", 1, true)
    pieces:add(take(stream, at or #stream.buffer))
    if at then return (pieces:join():gsub("[\r\n]", "")) end
    local ok, err = nil, "buffer too small"
    if pieces.size <= limit then ok, err = more(stream, timeout) end
    if not ok then return nil, err, (pieces:join():gsub("\r", "")) end
  end
end

-- All up to the end; one that is no orderly end of TLS is no end (RFC 8446 section 6.1).
function receive.all(stream, timeout, limit)
  local pieces = new_pieces()
  while true do
    pieces:add(take(stream, #stream.buffer))
    local ok, err = nil, "buffer too small"
    if pieces.size <= limit then ok, err = more(stream, timeout) end
    if err == "closed" and not stream.fault then return pieces:join() end
    if not ok then return nil, err, pieces:join() end
  end
end

-- What there is, up to `most` bytes; waits only for the first.
function receive.any(stream, timeout, most)
  if stream.buffer == "" then
    local ok, err = more(stream, timeout, most)
    if not ok then return nil, err, "" end
  end
  return take(stream, math.min(most, #stream.buffer))
end

-- How many bytes at the end of the text may be the beginning of the pattern.
local function begun(text, pattern)
  for n = math.min(#pattern - 1, #text), 1, -1 do
    if text:sub(-n) == pattern:sub(1, n) then return n end
  end
  return 0
end

-- One step of an iterator: up to `size` bytes (0: all) of what comes before the pattern. What may be the beginning of
-- the pattern waits in the buffer. The second result: the pattern was met.
local function up_to(stream, timeout, pattern, size, limit)
  local pieces = new_pieces()
  while true do
    local buffer = stream.buffer
    local at = buffer:find(pattern, 1, true)
    local sure, wanted = at and at - 1 or #buffer - begun(buffer, pattern), size - pieces.size
    if size > 0 and sure >= wanted then
      pieces:add(take(stream, wanted))
      return pieces:join(), false
    end
    pieces:add(take(stream, sure))
    if at then
      take(stream, #pattern)
      return pieces:join(), true
    end
    local ok, err = nil, "buffer too small"
    if pieces.size <= limit then ok, err = more(stream, timeout) end
    if not ok then
      if err ~= "timeout" then pieces:add(take(stream, #stream.buffer)) end
      return nil, err, pieces:join()
    end
  end
end

-- The iterator's step: with a size, the piece that ends at the pattern is followed by nil, nil, nil once.
function receive.up_to(pattern, inclusive, limit)
  local ended = false
  return function(stream, timeout, size)
    if ended then
      ended = false
      return nil
    end
    local data, met, partial = up_to(stream, timeout, pattern, size, limit)
    if not data then return nil, met, partial end
    ended = met and size > 0
    return met and inclusive and data .. pattern or data
  end
end

return receive
