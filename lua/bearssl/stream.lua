-- SPDX-License-Identifier: MIT
-- bearssl.socket on top of an object with LuaSocket's methods instead of a descriptor: TLS within TLS, a proxy's
-- stream, a test's double. The sans-I/O connection does the work, and the methods, timeouts and errors are those of
-- csrc/lua/socket.c. The object is asked for as many bytes as the record still wants, never for more, so that it may
-- be one that blocks, or lets other coroutines run meanwhile.
local core = require "bearssl.core"
local has = require "bearssl.carrier".has
local time_left = require "bearssl.time_left"

local HEADER = 5 -- bytes of a record's header (RFC 8446 section 5.1)
local CLOSE_SECONDS = 1 -- that close_notify, or an alert, may take to go
local LAST_READS = 16 -- receives at the end, of what the peer has sent by then

local stream = {}

local methods = {}
local meta = { __index = methods, __name = "bearssl.socket", __metatable = "protected" }

local now = core.now -- which goes on whatever is done to the clock on the wall

-- Time ---------------------------------------------------------------------------------------------------------------

local function start(self)
  self.last = nil
  self.began = (self.block >= 0 or self.total >= 0) and now() or nil
end

local function is_now(self)
  return self.block == 0 or self.total == 0
end

-- Seconds that the next wait may take; nil: for ever.
local function left(self)
  if not self.began then return nil end
  return time_left(self.block >= 0 and self.block or nil, self.total >= 0 and self.total or nil, now() - self.began)
end

-- The object's own timeouts stay as they are until somebody sets ours.
local function set_inner(self)
  if self.timeouts_set then self.inner:settimeout(left(self)) end
end

-- The object ----------------------------------------------------------------------------------------------------------

-- What the object says, in our words. `want` is what a call that must not wait is told.
local function word(self, err, want)
  if err == "timeout" and is_now(self) then err = want end
  if err == "timeout" or err == "wantread" or err == "wantwrite" then
    self.last = err
    return err
  end
  if self.conn:state() == "failed" then return select(2, self.conn:feed "") end -- that says more
  core.abort(self.conn)
  self.failed = type(err) == "table" and err
    or core.error { code = err == "closed" and "reset" or "io", side = "local", where = "socket",
      message = err == "closed" and "connection reset by peer" or "input/output error: " .. tostring(err) }
  return self.failed
end

-- Counts the bytes of the peer, so that it is known how many the record that has begun still wants.
local function track(self, bytes)
  local at = 1
  while at <= #bytes do
    if self.body > 0 then
      local n = math.min(self.body, #bytes - at + 1)
      self.body, at = self.body - n, at + n
    else
      local part = bytes:sub(at, at + HEADER - #self.header - 1)
      self.header, at = self.header .. part, at + #part
      if #self.header == HEADER then
        self.body = (">I2"):unpack(self.header, 4)
        self.header = ""
      end
    end
  end
end

-- Callbacks are called from here: their time does not count.
local function feed(self, bytes)
  local before = self.began and now()
  track(self, bytes)
  self.conn:feed(bytes) -- what is wrong the state tells
  if before then self.began = self.began + (now() - before) end
end

local function wanted(self)
  return self.body > 0 and self.body or HEADER - #self.header
end

-- A peer that has closed may have said why. A socket of LuaSec is not asked after it has failed: the receive of its
-- version 1.2 would never come back.
local function hear_last_words(self)
  if self.is_luasec then return end
  for _ = 1, LAST_READS do
    if self.conn:state() == "failed" then return end
    self.inner:settimeout(0)
    local words, _, partial = self.inner:receive(wanted(self))
    words = words or partial or ""
    if words == "" then return end
    feed(self, words)
  end
end

-- Sends what waits for the peer; nil and why where some of it is left.
local function flush(self)
  while true do
    if self.out == "" then self.out = self.conn:pull() end
    if self.out == "" then return true end
    set_inner(self)
    local last, err, partial = self.inner:send(self.out)
    self.out = self.out:sub((last or partial or 0) + 1)
    if err == "closed" then hear_last_words(self) end
    if not last then return nil, word(self, err, "wantwrite") end
  end
end

local function receive_some(self)
  set_inner(self)
  local data, err, partial = self.inner:receive(wanted(self))
  data = data or partial or ""
  if data ~= "" then
    feed(self, data)
  elseif not err then
    return nil, word(self, "the object's receive gave neither bytes nor an error")
  end
  if err == "closed" then
    self.conn:feed_eof()
  elseif err and data == "" then
    return nil, word(self, err, "wantread")
  end
  return true
end

-- Something from the peer, or its end; what there is to send goes first.
local function fill(self)
  local ok, err = flush(self)
  if ok or err ~= "timeout" and type(err) ~= "table" and self.conn:state() ~= "handshake" then
    return receive_some(self)
  end
  return nil, err
end

local function at_most(seconds, timeout)
  return timeout >= 0 and math.min(timeout, seconds) or seconds
end

local function flush_briefly(self)
  self.block, self.total = -1, at_most(at_most(CLOSE_SECONDS, self.block), self.total)
  self.timeouts_set = true
  start(self)
  return flush(self)
end

-- The alert of a connection that has failed is tried once.
local function failure(self)
  if self.failed then return nil, self.failed end
  local _, err = self.conn:feed "" -- tells what it has failed with
  if not self.told then
    local block, total = self.block, self.total
    self.told = true
    flush_briefly(self)
    self.block, self.total = block, total
  end
  return nil, err
end

-- The handshake, as far as it goes; true once application data may flow, or could.
local function ready(self)
  if self.closed then return nil, "closed" end
  if self.failed then return nil, self.failed end
  if self.early then
    local early = self.early
    self.early = nil
    feed(self, early)
  end
  while self.conn:state() == "handshake" do
    local ok, err = fill(self)
    if not ok and self.conn:state() ~= "failed" then return nil, err end
    if self.failed then return nil, self.failed end
  end
  return true
end

-- Data ----------------------------------------------------------------------------------------------------------------

-- At least one byte in self.buffer, or nil and why not.
local function data(self)
  local ok, err = ready(self)
  while ok do
    if self.buffer ~= "" then return true end
    local bytes, why = self.conn:read()
    if bytes then
      self.buffer = bytes
      return true
    end
    if self.conn:state() == "failed" then return failure(self) end
    if why == "closed" then
      flush(self)
      return nil, "closed"
    end
    ok, err = fill(self)
  end
  return nil, err
end

local function take(self, n)
  local part = self.buffer:sub(1, n)
  self.buffer = self.buffer:sub(n + 1)
  self.received = self.received + #part
  return part
end

local function receive_number(self, n, out)
  while true do -- 0 bytes wait too, until there is something to read
    local ok, err = data(self)
    if not ok then return nil, err end
    local part = take(self, n)
    out[#out + 1] = part
    n = n - #part
    if n == 0 then return true end
  end
end

-- Up to LF, which goes; so does every CR, as in LuaSocket.
local function receive_line(self, room, out)
  while true do
    local ok, err = data(self)
    if not ok then return nil, err end
    local lf = self.buffer:find("\n", 1, true)
    local size = lf and lf - 1 or #self.buffer
    if size > room then
      return nil, core.error { code = "limit", message = "a limit was reached", side = "local", where = "line",
        alert = "internal_error" }
    end
    room = room - size
    out[#out + 1] = take(self, lf or size):gsub("[\r\n]", "")
    if lf then return true end
  end
end

-- Up to close_notify.
local function receive_all(self, out)
  local some = false
  while true do
    local ok, err = data(self)
    if not ok then
      if err == "closed" and some then return true end
      return nil, err
    end
    some = true
    out[#out + 1] = take(self, #self.buffer)
  end
end

function methods:receive(pattern, prefix, max)
  pattern, prefix = pattern == nil and "*l" or pattern, prefix == nil and "" or tostring(prefix)
  local n = math.tointeger(tonumber(pattern))
  local kind = not n and type(pattern) == "string" and pattern:match "^%*?([la])"
  if not kind and (not n or n < 0) then error("bad argument #1 to 'receive' (invalid receive pattern)", 2) end
  if max ~= nil and (math.type(max) ~= "integer" or max < 0) then
    error("bad argument #3 to 'receive' (negative)", 2)
  end
  start(self)
  local out = { prefix }
  local ok, err = true, nil
  if kind == "l" then
    ok, err = receive_line(self, max or math.maxinteger, out)
  elseif kind == "a" then
    ok, err = receive_all(self, out)
  elseif prefix == "" or n > #prefix then
    ok, err = receive_number(self, n - #prefix, out)
  end
  local text = table.concat(out)
  if ok then return text end
  return nil, err, text
end

function methods:handshake()
  start(self)
  local ok, err = ready(self)
  if ok and self.conn:state() == "failed" then return failure(self) end
  if ok then ok, err = flush(self) end
  if ok then return true end
  if self.conn:state() == "failed" then return failure(self) end
  return nil, err
end

local function write(self, text, first, last)
  local at = first - 1
  local ok, err = ready(self)
  while ok do
    if self.conn:state() == "failed" then
      ok, err = failure(self)
      break
    end
    local _, why, taken = self.conn:write(text, at + 1, last)
    taken = taken or last
    self.sent, at = self.sent + taken - at, taken
    if why == "closed" then
      flush(self)
      return nil, "closed", at
    end
    ok, err = flush(self)
    if ok and at >= last then break end
  end
  return ok, err, at
end

function methods:send(text, i, j)
  if type(text) == "number" then text = tostring(text) end
  if type(text) ~= "string" then error("bad argument #1 to 'send' (string expected, got " .. type(text) .. ")", 2) end
  local first, last = i or 1, j or -1
  if first < 0 then first = #text + first + 1 end
  if last < 0 then last = #text + last + 1 end
  first, last = math.max(first, 1), math.min(last, #text)
  start(self)
  local ok, err, at = write(self, text, first, math.max(last, first - 1))
  if ok then return at end
  return nil, err, at
end

function methods:shutdown(mode)
  if mode ~= "send" then error('sock:shutdown: "send" is the only mode; sock:close ends both directions', 2) end
  start(self)
  local ok, err = ready(self)
  if ok and self.conn:state() == "failed" then return failure(self) end
  if ok then
    self.conn:close()
    ok, err = flush(self)
  end
  if ok then return 1 end
  return nil, err
end

-- A TCP connection that is closed with unread bytes is reset, and a reset can overtake what was sent.
local function linger(self)
  if self.is_luasec then return end
  if self.inner.shutdown then self.inner:shutdown "send" end
  self.inner:settimeout(0)
  for _ = 1, LAST_READS do
    local scrap, _, partial = self.inner:receive(4096)
    if (scrap or partial or "") == "" then return end
  end
end

function methods:close()
  if self.closed then return 1 end
  self.closed = true
  if not self.failed then
    self.conn:close()
    if flush_briefly(self) then linger(self) end
  end
  core.connection_meta.__close(self.conn)
  self.buffer, self.out = "", ""
  self.inner:close()
  return 1
end

-- Questions -----------------------------------------------------------------------------------------------------------

function methods:settimeout(seconds, mode)
  seconds, mode = seconds == nil and -1 or seconds, mode or "b"
  if type(seconds) ~= "number" or seconds ~= seconds then
    error("bad argument #1 to 'settimeout' (not a number of seconds)", 2)
  end
  local kind = type(mode) == "string" and mode:sub(1, 1)
  if kind == "b" then
    self.block = seconds
  elseif kind == "t" or kind == "r" then
    self.total = seconds
  else
    error("bad argument #2 to 'settimeout' (invalid timeout mode)", 2)
  end
  self.timeouts_set = true
  return 1
end

function methods:gettimeout() return self.block, self.total end

function methods:getfd()
  if self.closed or not self.inner.getfd then return -1 end
  return math.tointeger(self.inner:getfd())
end

function methods:dirty()
  if self.closed or self.failed or self.buffer ~= "" then return true end
  local bytes, err = self.conn:read()
  self.buffer = bytes or ""
  if bytes or err ~= "wantread" then return true end
  return self.inner.dirty ~= nil and self.inner:dirty()
end

function methods:want()
  return self.last == "wantread" and "read" or self.last == "wantwrite" and "write" or "nothing"
end

function methods:getstats() return self.received, self.sent, now() - self.born end

for _, name in ipairs { "getpeername", "getsockname" } do
  methods[name] = function(self)
    if self.closed then return nil, "closed" end
    if not self.inner[name] then return nil, "not an internet address" end
    local host, port, family = self.inner[name](self.inner)
    return host, math.tointeger(tonumber(port)) or port, family
  end
end

-- What else a socket can be asked, the connection answers.
setmetatable(methods, { __index = function(_, name)
  if not core.socket_methods[name] or not core.connection_methods[name] then return nil end
  local function ask(self, ...) return self.conn[name](self.conn, ...) end
  methods[name] = ask
  return ask
end })

function meta.__tostring(self)
  return ("bearssl.socket: %p%s"):format(self.conn, self.closed and " (closed)" or "")
end

meta.__close = methods.close

-- Making --------------------------------------------------------------------------------------------------------------

-- `conn` over `inner`; `early`: bytes of the peer that were read before.
function stream.new(conn, inner, early)
  local self = setmetatable({
    conn = conn, inner = inner, early = early ~= "" and early or nil, out = "", buffer = "", header = "", body = 0,
    block = -1, total = -1, received = 0, sent = 0, born = now(), is_luasec = has(inner, "dohandshake"),
  }, meta)
  if has(inner, "gettimeout") then
    local block, total = inner:gettimeout()
    self.block, self.total, self.timeouts_set = block, total, true
    inner:settimeout(nil, "t")
  end
  return self
end

return stream
