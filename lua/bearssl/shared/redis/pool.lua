-- SPDX-License-Identifier: MIT
-- Connections to a Redis, by redis-lua's interface, and what to do while it is away: nothing, at once. One operation
-- has one connection; those that are idle are kept.
local core = require "bearssl.core"
local scheduler = require "bearssl.scheduler"
local new_wire = require "bearssl.shared.redis.wire"

local pool = {}
pool.__index = pool

local BUSY = "all connections are in use" -- which says nothing about the server

local function failure(message, cause)
  return core.error {
    code = "io", message = "Redis: " .. message, cause = cause, where = "bearssl.shared.redis", side = "peer",
  }
end

local function connect_unix(path)
  local tcp = assert(require "socket.unix"())
  local ok, err = tcp:connect(path)
  if ok then return tcp end
  tcp:close()
  return nil, err
end

local function connect(self, deadline)
  local o = self.options
  local left = math.max(0.001, deadline - core.now())
  if o.path then return connect_unix(o.path) end
  return scheduler.connect(o.host, o.port, { timeout = left, scheduler = o.scheduler })
end

-- A socket that has been greeted in TLS, if that is asked for.
local function open_wire(self, deadline)
  local tcp, err = connect(self, deadline)
  if not tcp then return nil, err end
  local sock = tcp
  if self.options.tls then
    sock, err = self.options.tls:wrap(tcp, { name = self.options.name or self.options.host })
    if not sock then
      tcp:close()
      return nil, err
    end
  end
  local wire = new_wire(sock, self.options.scheduler)
  wire:begin(deadline)
  local ok = true
  if self.options.tls then ok, err = wire:handshake() end
  if ok then return wire end
  wire:close()
  return nil, err
end

-- Since when the server runs, by our clock: what it knew before is not sure to be there any more.
local function running_since(client)
  local ok, info = pcall(client.info, client, "server")
  if not ok and tostring(info):find("NOPERM", 1, true) then return math.huge end -- we may not know: never long enough
  if not ok then error(info, 0) end
  local up = tonumber((info.server or info).uptime_in_seconds) or 0
  return core.now() - up
end

-- redis-lua raises what goes wrong.
local function greet(self, client)
  local o = self.options
  if o.username then
    client:auth(o.username, o.password)
  elseif o.password then
    client:auth(o.password)
  end
  if o.db then client:select(o.db) end
  return running_since(client)
end

local function open(self, deadline)
  local wire, err = open_wire(self, deadline)
  if not wire then return nil, err end
  local entry = { wire = wire }
  local ok, why = pcall(function()
    entry.client = self.options.redis.connect { socket = wire }
    entry.since = greet(self, entry.client)
  end)
  if ok then return entry end
  wire:close()
  return nil, why
end

-- A connection that is at hand, or a new one; nil and why there is none.
local function take(self, deadline)
  local entry = table.remove(self.idle)
  if entry then
    entry.used = true
    return entry
  end
  if self.count >= self.options.connections then return nil, BUSY end
  self.count = self.count + 1
  local guard <close> = setmetatable({}, { __close = function() -- luacheck: ignore
    if not entry then self.count = self.count - 1 end
  end })
  local err
  entry, err = open(self, deadline)
  return entry, err
end

local function drop(self, entry)
  self.count = self.count - 1
  entry.wire:close()
end

local function drop_idle(self)
  while self.idle[1] do drop(self, table.remove(self.idle)) end
end

-- One operation on one connection: true and its value, or false and why not; and whether the connection had been used
-- before, so that its end says nothing about the server.
local function attempt(self, act, deadline)
  local entry, err = take(self, deadline)
  if not entry then return false, err end
  local guard <close> = setmetatable({}, { __close = function() -- luacheck: ignore
    if entry then drop(self, entry) end
  end })
  entry.wire:begin(deadline)
  local ok, value = pcall(act, entry.client, entry)
  local old = entry.used
  if ok and #self.idle < self.options.connections then
    self.idle[#self.idle + 1], entry = entry, nil
  end
  return ok, value, old
end

local function told(why)
  if type(why) == "table" then return failure(why.message or tostring(why), why.cause) end
  return failure((tostring(why):gsub("^[^:]+:%d+: ", ""))) -- without redis-lua's own place
end

local function gone(self, why)
  local err = told(why)
  self.away = core.now() + self.options.retry
  drop_idle(self)
  if not self.was_away and self.told then self.told(err) end
  self.was_away = true
  return nil, err
end

-- Does something with a client: act(client, entry); what it raises counts as a failure of Redis. While Redis is known
-- to be away, nothing is tried. -> value, or nil and an error; value nil without an error is a value.
function pool:call(act)
  if self.away and core.now() < self.away then return nil, failure "is away" end
  local deadline = core.now() + self.options.timeout
  local ok, value, old = attempt(self, act, deadline)
  if not ok and old then -- it has been closed, or Redis was started anew
    drop_idle(self)
    ok, value = attempt(self, act, deadline)
  end
  if not ok and value == BUSY then return nil, failure(value) end
  if not ok then return gone(self, value) end
  self.away, self.was_away = nil, nil
  return value
end

function pool:close()
  drop_idle(self)
end

return function(options)
  return setmetatable({ options = options, idle = {}, count = 0 }, pool)
end
