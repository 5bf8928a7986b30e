-- SPDX-License-Identifier: MIT
-- bearssl.https: a connection for LuaSocket's own HTTP (the `create` of socket.http.request): TCP until `connect`, TLS
-- from then on. It speaks in bearssl.errors, but for "closed", which LuaSocket compares.
local new_guard = require "bearssl.guard"
local scheduler = require "bearssl.scheduler"
local socket = require "socket"
local failure = require "bearssl.https.failure"
local header = require "bearssl.https.header"

local MAX_CHUNK = 64 * 1024 * 1024 -- bytes of one piece of a chunked body, which LuaSocket wants whole

local Connection = {}
Connection.__index = Connection

local function new(config, options)
  local self = setmetatable({ config = config, options = options, head = header.MAX }, Connection)
  self.try = socket.newtry(function() self:close() end)
  return self
end

function Connection:settimeout(seconds, mode)
  self.timeout = self.options.timeout or seconds
  if self.sock then self.sock:settimeout(self.timeout, mode) end
  return 1
end

function Connection:start(tcp, host)
  local tls, err = self.config:wrap(tcp, { name = self.options.name or host })
  if not tls then
    tcp:close()
    return nil, failure.of(err, "handshake")
  end
  self.sock = scheduler.socket(tls)
  self.sock:settimeout(self.timeout)
  local guard <close> = new_guard(function() self.sock:close() end)
  guard.keep, err = self.sock:handshake()
  if not guard.keep then return nil, failure.of(err, "handshake") end
  return 1
end

function Connection:connect(host, port)
  local tcp, err = scheduler.connect(host, port, { timeout = self.timeout })
  if not tcp then return nil, failure.of(err, "connect", ("%s port %d"):format(host, port)) end
  return self:start(tcp, host)
end

function Connection:send(...)
  local last, err, partial = self.sock:send(...)
  if not last then return nil, failure.of(err, "HTTP request"), partial end
  return last
end

-- A line that does not come ends the request from here: LuaSocket's HTTP goes on without looking in some places.
-- Lines between two reads of a body, or before it, take header.MAX bytes at most.
function Connection:receive_line(prefix)
  local line, err = self.sock:receive("*l", prefix, self.head)
  self.head = self.head - 2 - #(line or "")
  if line and self.head < 1 or type(err) == "table" and err.code == "limit" then
    line, err = nil, failure.new("limit", "HTTP header", ("more than %d bytes of header"):format(header.MAX))
  end
  return self.try(line, failure.of(err, "HTTP response"))
end

function Connection:receive(pattern, prefix)
  if type(pattern) ~= "number" then return self:receive_line(prefix) end -- "*l" is all that LuaSocket's HTTP asks
  if pattern > MAX_CHUNK then
    return nil, failure.new("limit", "HTTP chunk", ("a chunk of more than %d bytes"):format(MAX_CHUNK))
  end
  self.head = header.MAX
  local data, err, partial = self.sock:receive(pattern, prefix)
  if data then return data end
  if err ~= "closed" then err = failure.of(err, "HTTP response") end -- socket.source compares "closed"
  return nil, err, partial
end

function Connection:getfd() return self.sock and self.sock:getfd() or -1 end
function Connection:dirty() return self.sock ~= nil and self.sock:dirty() end
function Connection:close()
  if self.sock then self.sock:close() end
  return 1
end
Connection.__close = Connection.close

return { new = new }
