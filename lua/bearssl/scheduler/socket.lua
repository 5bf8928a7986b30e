-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.socket: a socket whose waits hold up the calling coroutine alone. The one inside never waits: it
-- says for what it would ("wantread", "wantwrite", LuaSocket's "timeout"); we wait for that by the scheduler, within
-- the timeouts that the caller has set here, and call again.
local left = require "bearssl.time_left"
local plain = require "bearssl.scheduler.plain"

local PATIENCE = 64 -- calls in a row that did not wait; then others have their turn
local LINGER = 1 -- seconds that close may wait to send what is left

local modes = { wantread = "r", wantwrite = "w" }
local methods = {}
local make

-- The plain one for a coroutine that the scheduler does not know, or that cannot yield where it is.
local function waiter(self)
  local scheduler = self.scheduler
  return scheduler.running and not scheduler.running() and plain or scheduler
end

local function is_now(self)
  return self.block == 0 or self.total == 0
end

-- Waits for what the inner socket asked for, `mode` where that was "timeout". nil: it is not to be called again, why.
local function wait(self, err, mode, start, block, total)
  mode = modes[err] or err == "timeout" and mode
  if not mode or block == 0 or total == 0 then return nil, err end
  local scheduler, fd = waiter(self), math.tointeger(self.inner:getfd())
  if fd < 0 then return nil, "closed" end
  self.streak = 0
  local ok, why = scheduler.wait(fd, mode, left(block, total, scheduler.now() - start))
  if self.closed then return nil, "closed" end
  return ok, why
end

-- When a call began, after others had their turn, if it is theirs.
local function begin(self)
  self.streak = self.streak + 1
  if self.streak > PATIENCE and not is_now(self) then
    self.streak = 0
    waiter(self).sleep(0)
  end
  return self.scheduler.now()
end

-- Calls a method of the inner socket until it does not want to wait.
local function until_done(self, mode, name, ...)
  local inner, start = self.inner, begin(self)
  while true do
    local value, err = inner[name](inner, ...)
    if value or not err then return value, err end
    local ok, why = wait(self, err, mode, start, self.block, self.total)
    if not ok then return nil, why end
  end
end

function methods:handshake() return until_done(self, "r", "handshake") end
function methods:shutdown(...) return until_done(self, "w", "shutdown", ...) end

function methods:accept()
  local client, err = until_done(self, "r", "accept")
  if not client then return nil, err end
  return make(client, self.scheduler)
end

function methods:connect(host, port)
  local inner, start = self.inner, begin(self)
  local ok, err = inner:connect(host, port)
  if ok then return ok end
  ok, err = wait(self, err, "w", start, self.block, self.total)
  if ok then err = inner:getoption "error" end
  if err then return nil, err end
  return 1
end

-- Who is in the middle of a send has the turn; others wait for it, so that what they send does not come in between.
local turn_meta = { __close = function(turn)
  local self = turn.of
  self.turn = false
  if turn.wanted then self.scheduler.cancel(turn) end
end }

local function take_turn(self, start)
  while self.turn and self.scheduler.cancel and waiter(self) == self.scheduler do
    self.turn.wanted = true
    local _, why = self.scheduler.wait(self.turn, "r", left(self.block, self.total, self.scheduler.now() - start))
    if self.closed then return nil, "closed" end
    if why == "timeout" then return nil, why end
  end
  self.turn = setmetatable({ of = self }, turn_meta)
  return self.turn
end

local function send_on(self, start, data, i, j)
  local turn <close>, why = take_turn(self, start)
  if not turn then return nil, why, i - 1 end
  while true do
    local last, err, part = self.inner:send(data, i, j)
    if last then return last end
    local ok
    ok, why = wait(self, err, "w", start, self.block, self.total)
    if not ok then return nil, why, part end
    i = part + 1
  end
end

-- The first byte that is meant, as string.sub counts.
local function first_of(data, i)
  i = i or 1
  return math.max(1, i < 0 and #data + i + 1 or i)
end

function methods:send(data, i, j)
  local start = begin(self)
  if self.turn then
    i = first_of(data, i)
    if is_now(self) then return nil, "timeout", i - 1 end
  else
    local last, err, part = self.inner:send(data, i, j)
    if last or is_now(self) or not (modes[err] or err == "timeout") then return last, err, part end
    i = part + 1
  end
  return send_on(self, start, data, i, j)
end

-- What has come is kept in pieces: as a prefix of the next call it would be copied with each.
function methods:receive(pattern, prefix, max)
  local inner, start, pieces, got = self.inner, begin(self), {}, 0
  local size, had = tonumber(pattern), #(prefix or "")
  while true do
    local data, err, part = inner:receive(size and size - got or pattern, prefix, max)
    local piece = data or part or ""
    pieces[#pieces + 1], got = piece, got + #piece
    if data then return #pieces == 1 and data or table.concat(pieces) end
    local all = got > had and tostring(pattern):find "^%*?a" -- of which an end is the end
    local ok, why = nil, err
    if not (all and err == "closed") then ok, why = wait(self, err, "r", start, self.block, self.total) end
    if not ok and all and err == "closed" then return table.concat(pieces) end
    if not ok then return nil, why, table.concat(pieces) end
    max = max and math.max(0, max - (#piece - #(prefix or "")))
    prefix = nil
  end
end

local fields = { b = "block", t = "total", r = "total" }

function methods:settimeout(seconds, mode)
  local field = fields[tostring(mode or "b"):sub(1, 1)] or error("sock:settimeout: the modes are b and t", 2)
  local number = tonumber(seconds)
  if seconds and (not number or number ~= number) then error("sock:settimeout: a number of seconds is wanted", 2) end
  self[field] = number and number >= 0 and number or false -- a field that is nil would be the inner socket's
  return 1
end

function methods:gettimeout() return self.block or -1, self.total or -1 end

-- What is left to send and close_notify may have to wait until the peer has read.
local function say_goodbye(self)
  local inner, scheduler = self.inner, self.scheduler
  if not inner.want or waiter(self) ~= scheduler then return end
  local state = inner:state()
  if state ~= "connected" and state ~= "half_closed" then return end
  local start, limit = scheduler.now(), math.min(LINGER, self.block or LINGER, self.total or LINGER)
  repeat
    local ok, err = inner:shutdown "send"
  until ok or err ~= "wantwrite" or not wait(self, err, "w", start, nil, limit)
end

-- Who still waits goes on with "closed"; also a close that another coroutine has begun.
function methods:close()
  if not self.closing then
    self.closing = true
    say_goodbye(self)
  end
  self.closed = true
  local fd = math.tointeger(self.inner:getfd())
  if fd >= 0 and self.scheduler.cancel then self.scheduler.cancel(fd) end
  return self.inner:close()
end

local meta = { __name = "bearssl.scheduler.socket" }

-- Every other method is the inner socket's own.
local passes = setmetatable({}, { __index = function(passes, name)
  passes[name] = function(self, ...)
    local inner = self.inner
    return inner[name](inner, ...)
  end
  return passes[name]
end })

function meta:__index(name)
  local field = rawget(self, "inner")[name]
  if field == nil and name ~= "gettimeout" then return nil end
  return methods[name] or type(field) == "function" and passes[name] or field
end

function meta:__close() self:close() end
function meta:__tostring() return ("%s: %s"):format(meta.__name, tostring(self.inner)) end

-- A timeout of 0 is how event loops have their sockets, and no wish of whoever hands one over.
local function take_timeout(self, seconds, mode)
  self:settimeout(seconds ~= 0 and seconds or nil, mode)
end

-- inner, scheduler -> sock
function make(inner, scheduler)
  if getmetatable(inner) == meta then return inner end
  local self = setmetatable({
    inner = inner, scheduler = scheduler, streak = 0, closed = false, turn = false, block = false, total = false,
  }, meta)
  if inner.gettimeout then
    local block, total = inner:gettimeout()
    take_timeout(self, block, "b")
    take_timeout(self, total, "t")
  end
  inner:settimeout(0, "t")
  inner:settimeout(0)
  return self
end

-- sock under the scheduler of `given`, if that is a socket of one.
local function like(given, sock)
  if getmetatable(given) ~= meta then return sock end
  local block, total = sock:gettimeout()
  local self = make(sock, given.scheduler)
  self:settimeout(block, "b")
  self:settimeout(total, "t")
  return self
end

return { make = make, like = like }
