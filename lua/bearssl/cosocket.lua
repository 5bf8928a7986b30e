-- SPDX-License-Identifier: MIT

--- Sockets in OpenResty's manner: the API of `ngx.socket.tcp`, under any scheduler of @{bearssl.scheduler}.
--
-- Names, arguments, results and error strings are lua-nginx-module's. Timeouts are milliseconds, 60,000 by default, and
-- bound each wait. What differs is on purpose: sslhandshake verifies chain and name unless it is told `false`.
-- @module bearssl.cosocket
require "bearssl.core" -- first: it has the other files compiled
local arguments = require "bearssl.cosocket.arguments"
local new_guard = require "bearssl.guard"
local new_udp = require "bearssl.cosocket.udp"
local new_pools = require "bearssl.cosocket.pool".new
local receive = require "bearssl.cosocket.receive"
local streams = require "bearssl.cosocket.stream"
local tls = require "bearssl.cosocket.tls"

local DEFAULT_TIMEOUT = 60000 -- milliseconds, of everything
local POOL_SIZE = 30
local MAX_RECEIVE = 1 << 30 -- bytes that one call may gather where its caller names no number

local Socket = {}
Socket.__index = Socket
Socket.__name = "bearssl.cosocket"

-- An instance: options, and the pools of the sockets that have them.
local Instance = {}
Instance.__index = Instance

local function seconds(milliseconds) return milliseconds / 1000 end

-- Calls that wait -------------------------------------------------------------------------------------------------

local function busy(self, reading, writing)
  return self.busy.connecting and "socket busy connecting" or reading and self.busy.reading and "socket busy reading"
    or writing and self.busy.writing and "socket busy writing" or nil
end

local busy_meta = { __close = function(mark) mark.busy[mark.what] = nil end }

-- Marks that a coroutine is inside, until the block ends, however it ends.
local function enter(self, what)
  self.busy[what] = true
  return setmetatable({ busy = self.busy, what = what }, busy_meta)
end

-- The connection is no more.
local function drop(self)
  local stream = self.stream
  if not stream then return end
  self.stream = nil
  stream:close()
  self.instance.pools:leave(self.pool)
  self.pool = nil
end

-- One direction has failed; the connection ends when both have.
local function failed(self, direction)
  self[direction] = true
  if self.read_closed and self.write_closed then drop(self) end
end

local function opened(self, stream, pool)
  self.stream, self.pool = stream, pool
  self.read_closed, self.write_closed = false, false
end

-- Connecting ------------------------------------------------------------------------------------------------------

-- A connection of the pool, or a new one: stream, pool; or nil, why.
local function find(self, host, port, options, timeout)
  local instance = self.instance
  local pool, stream, err = instance.pools:enter(self.key, options, timeout, instance.scheduler)
  if err then return nil, err end
  if stream then
    stream.reused, stream.touched = stream.reused + 1, false
    return stream, pool
  end
  local place <close> = new_guard(function() instance.pools:leave(pool) end)
  stream, err = streams.connect(host, port, timeout, instance.scheduler, self.local_address)
  if not stream then return nil, err end
  place.keep = true
  return stream, pool
end

--- Connects, or takes a connection of the pool that is still alive.
-- @function tcpsock:connect
-- @tparam string host a name, an IP address, or `unix:/path`, then without port
-- @tparam integer port
-- @tparam[opt] table options `pool`: the pool's name instead of host:port; `pool_size`: connections that it holds;
-- `backlog`: at most pool_size connections then, and so many calls of connect may wait for one
-- @treturn[1] integer 1
-- @treturn[2] nil
-- @treturn[2] string `"timeout"`, `"connection refused"`, `"too many waiting connect operations"`, `"socket busy …"`, …
-- @raise where an argument is of a wrong type
function Socket:connect(...)
  local target, wrong = arguments.connect(self.instance.pool_size, ...)
  if not target then return nil, wrong end
  local err = busy(self, true, true)
  if err then return nil, err end
  drop(self)
  local _ <close> = enter(self, "connecting")
  self.host, self.port, self.key = target.host, target.port, target.key
  local stream, pool = find(self, target.host, target.port, target.options, seconds(self.timeouts.connect))
  if not stream then return nil, pool end
  opened(self, stream, pool)
  return 1
end

-- TLS -------------------------------------------------------------------------------------------------------------

--- The certificate to show when a server asks for one, for the next sslhandshake.
-- @function tcpsock:setclientcert
-- @tparam[opt] string|table certificate what `ngx.ssl.parse_pem_cert` gave, a path or PEM, leaf first; nil: none
-- @tparam[opt] string|userdata|function key what `ngx.ssl.parse_pem_priv_key` gave, or as for @{bearssl.client}
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string what is missing, or cannot be read
function Socket:setclientcert(certificate, key)
  if not certificate and not key then
    self.identity = nil
    return true
  end
  if not certificate or not key then
    return nil, "client certificate must be supplied with corresponding private key"
  end
  local wrong, identity = arguments.certificate(certificate, key), nil
  if not wrong then identity, wrong = tls.identity(certificate, key) end
  if not identity then return nil, wrong end
  self.identity = identity
  return true
end

-- A connection of the pool whose TLS is not what is asked for now is no good; a new one takes its place.
local function replace(self)
  local stream, err = streams.connect(self.host, self.port, seconds(self.timeouts.connect), self.instance.scheduler,
    self.local_address)
  if not stream then return nil, err end
  self.stream:close()
  self.stream = stream
  return stream
end

-- The connection, if it is as wanted, or one that is; nil, why.
local function fitting(self, wanted)
  local stream = self.stream
  if not stream.tls and stream.reused == 0 then return stream end
  local has = stream.wanted
  if has and has.config == wanted.config and has.name == wanted.name then return stream end
  if stream.reused > 0 and not stream.touched then return replace(self) end
  if has and not wanted.named and has.verifies == wanted.verifies then return stream end
  return nil, "connection in dubious state"
end

local function result(stream, reused_session)
  if reused_session == false then return true end
  if stream.wanted.was_done and reused_session then return reused_session end
  return stream.session
end

local function secure(self, stream, wanted, reused_session)
  if stream.buffer ~= "" then return nil, "unread data in buffer" end
  local session = tls.is_session(reused_session) and reused_session:take(wanted.config, wanted.name) or nil
  local raised = new_guard(function() drop(self) end)
  local _ <close> = raised
  local ok, err = stream:secure(wanted.config, { name = wanted.name, session = session },
    seconds(self.timeouts.connect))
  if not ok then return nil, tls.word_of(err, stream.sock), type(err) == "table" and err or nil end
  raised.keep = true
  stream.wanted, stream.session = wanted, tls.new_session(wanted.config, wanted.name, stream.sock)
  return true
end

--- TLS on top of the connection. Unlike OpenResty's, it verifies chain and name unless `ssl_verify` is `false` (or the
-- option `ssl_verify` of the instance is); and a connection of the pool that was made for another name, certificate or
-- without verification is replaced by a new one.
-- @function tcpsock:sslhandshake
-- @tparam[opt] table|boolean reused_session what an earlier call for the same target returned; `false`: return true
-- instead of a session
-- @tparam[opt] string server_name for SNI and the name to verify; without it, the host that was connected to
-- @tparam[opt] boolean ssl_verify
-- @tparam[opt] boolean send_status_req OCSP staples are asked for and heard anyway
-- @treturn[1] table|boolean session, or true
-- @treturn[2] nil
-- @treturn[2] string `"certificate host mismatch"`, `"18: self-signed certificate"` and so on in OpenSSL's words,
-- `"handshake failed"`, `"timeout"`, `"closed"`
-- @treturn[2] bearssl.error in detail, where there is one
-- @raise what a callback of the options raised; the connection is closed then
function Socket:sslhandshake(...)
  local reused_session, server_name, verify = arguments.sslhandshake(...)
  if not self.key then error("socket is never created nor connected", 2) end
  local err = not self.stream and "closed" or busy(self, true, true)
  if err then return nil, err end
  if verify == nil then verify = self.instance.ssl_verify end
  local name = server_name or self.port and (self.host:match "^%[(.*)%]$" or self.host)
  if verify and not name then return nil, "no server name to verify the certificate against" end
  local config, wrong = tls.config(self.instance.tls, verify, self.identity)
  if not config then return nil, tostring(wrong), wrong end
  local _ <close> = enter(self, "connecting")
  local wanted = { config = config, name = name, named = server_name ~= nil, verifies = verify }
  local stream, why = fitting(self, wanted)
  if not stream then return nil, why end
  if stream.tls then
    stream.wanted.was_done = true
    return result(stream, reused_session)
  end
  local ok, word, detail = secure(self, stream, wanted, reused_session)
  if not ok then return nil, word, detail end
  return result(stream, reused_session)
end

-- Sending and receiving -------------------------------------------------------------------------------------------

--- Sends.
-- @function tcpsock:send
-- @tparam string|number|table data strings and numbers, nested in arrays as one likes
-- @treturn[1] integer bytes sent
-- @treturn[2] nil
-- @treturn[2] string `"closed"`, `"timeout"` (what had gone out by then cannot be told), `"socket busy writing"`
-- @raise where data is of a wrong type
function Socket:send(...)
  local data = arguments.data(...)
  if not self.stream or self.write_closed then return nil, "closed" end
  local err = busy(self, false, true)
  if err then return nil, err end
  local stream, _ <close> = self.stream, enter(self, "writing")
  stream.touched = true
  local mark <close> = new_guard(function() drop(self) end)
  local ok
  ok, err = stream:write(data, seconds(self.timeouts.send))
  mark.keep = true
  if ok then return #data end
  if self.stream == stream then failed(self, "write_closed") end
  return nil, err
end

-- One read by a function of bearssl.cosocket.receive: data, or nil, why, partial and the bearssl.error if there is one.
local function read(self, how, argument)
  if not self.stream or self.read_closed then return nil, "closed" end
  local err = busy(self, true, false)
  if err then return nil, err end
  local stream, _ <close> = self.stream, enter(self, "reading")
  stream.touched = true
  local mark <close> = new_guard(function() drop(self) end)
  local data, why, partial = how(stream, seconds(self.timeouts.read), argument)
  mark.keep = true
  if data then return data end
  if not why then return nil, nil, nil end
  if why ~= "timeout" and self.stream == stream then failed(self, "read_closed") end
  if stream.fault then return nil, why, partial, stream.fault end
  return nil, why, partial
end

--- Receives.
-- @function tcpsock:receive
-- @tparam[opt="*l"] string|integer pattern `"*l"`: a line, without its LF and any CR; `"*a"`: all up to the end; or a
-- number of bytes
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string `"closed"`, `"timeout"`, `"socket busy reading"`
-- @treturn[2] string what came before that; it is consumed
-- @treturn[2] bearssl.error of a TLS connection, in detail: `truncated` where its end was not the peer's word
-- @raise for another pattern
function Socket:receive(...)
  local pattern = arguments.pattern(...)
  local limit = self.instance.max_receive
  if pattern == "*l" then return read(self, receive.line, limit) end
  if pattern == "*a" then return read(self, receive.all, limit) end
  return read(self, receive.bytes, pattern)
end

--- Receives what there is; waits only where there is nothing.
-- @function tcpsock:receiveany
-- @tparam integer max bytes at most
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string as for @{tcpsock:receive}
-- @raise where max is no positive number
function Socket:receiveany(...)
  return read(self, receive.any, arguments.max(...))
end

--- An iterator that receives up to a pattern (plain bytes), which is not part of what it gives.
-- @function tcpsock:receiveuntil
-- @tparam string pattern
-- @tparam[opt] table options `inclusive = true`: the pattern is part of it
-- @treturn[1] function iterator: called without argument it gives all up to the pattern; called with a size, so many
-- bytes of it, and after the last piece nil, nil, nil once. Failures as for @{tcpsock:receive}
-- @treturn[2] nil
-- @treturn[2] string `"pattern is empty"`
function Socket:receiveuntil(...)
  local pattern, inclusive = arguments.receiveuntil(...)
  if pattern == "" then return nil, "pattern is empty" end
  local step = receive.up_to(pattern, inclusive, self.instance.max_receive)
  return function(...) return read(self, step, arguments.size(...)) end
end

-- Timeouts and options --------------------------------------------------------------------------------------------

--- Timeouts for connect (and handshake), send and receive at once.
-- @function tcpsock:settimeout
-- @tparam number milliseconds nil or 0: the default
-- @raise where it is negative or too large
function Socket:settimeout(...)
  local time = arguments.timeouts("settimeout", 1, ...)
  self:settimeouts(time, time, time)
end

--- Timeouts one by one.
-- @function tcpsock:settimeouts
-- @tparam number connect milliseconds
-- @tparam number send milliseconds
-- @tparam number read milliseconds
-- @raise as for @{tcpsock:settimeout}
function Socket:settimeouts(...)
  local connect, send, receive_time = arguments.timeouts("settimeouts", 3, ...)
  local default = self.instance.timeout
  self.timeouts = { connect = connect or default, send = send or default, read = receive_time or default }
end

--- @function tcpsock:setoption
-- @tparam string option `"keepalive"`, `"reuseaddr"`, `"tcp-nodelay"`; `"sndbuf"`, `"rcvbuf"`: bytes
-- @tparam boolean|integer value
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string what is wrong; also once TLS runs: set options before
function Socket:setoption(option, value)
  if not self.key then error("socket is never created nor connected", 2) end
  local name, checked = arguments.option(option, value)
  if not name then return nil, checked end
  if not self.stream then return nil, "closed" end
  local ok, err = self.stream:setoption(name, checked)
  if not ok then return nil, err end
  return true
end

--- @function tcpsock:getoption
-- @tparam string option as for @{tcpsock:setoption}
-- @treturn[1] integer 0 or 1, or bytes
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function Socket:getoption(option)
  if not self.key then error("socket is never created nor connected", 2) end
  local name, wrong = arguments.option(option, true)
  if not name then return nil, wrong end
  if not self.stream then return nil, "closed" end
  local value, err = self.stream:getoption(name)
  if err then return nil, err end
  return math.tointeger(value) or value and 1 or 0
end

--- The address of this machine that later connections come from.
-- @function tcpsock:bind
-- @tparam string address an IP address
-- @treturn boolean true
function Socket:bind(address)
  if type(address) ~= "string" then error("bad argument #2 to 'bind' (string expected)", 2) end
  self.local_address = address
  return true
end

-- The end ---------------------------------------------------------------------------------------------------------

--- Gives the connection to the pool, for a later connect. The socket object may connect anew.
-- @function tcpsock:setkeepalive
-- @tparam[opt] integer timeout milliseconds that it may be idle, 60,000 by default; 0: for ever
-- @tparam[opt] integer size connections that the pool holds, 30 by default; counts for a new pool alone
-- @treturn[1] integer 1
-- @treturn[2] nil
-- @treturn[2] string `"closed"`, `"unread data in buffer"`, `"connection in dubious state"`, `"socket busy …"`,
-- `"key not found"`: it is one of @{wrap}
function Socket:setkeepalive(...)
  local lifetime, size = arguments.setkeepalive(...)
  local stream = self.stream
  local err = (not stream or self.read_closed or self.write_closed) and "closed" or busy(self, true, true)
  if err then return nil, err end
  if self.key == "" then return nil, "key not found" end
  if size == 0 then return nil, "zero pool size" end
  if stream.buffer ~= "" then return nil, "unread data in buffer" end
  local idle, closed = stream:idle()
  if not idle then
    if closed then self.read_closed = true else drop(self) end
    return nil, closed and "closed" or "connection in dubious state"
  end
  if stream.session then stream.session:gather() end
  local pool, instance = self.pool, self.instance
  self.stream, self.pool = nil, nil
  lifetime = lifetime or instance.keepalive_timeout
  instance.pools:keep(pool, self.key, size or instance.pool_size, stream, lifetime > 0 and seconds(lifetime) or nil)
  return 1
end

--- How often the connection has come out of a pool.
-- @function tcpsock:getreusedtimes
-- @treturn[1] integer
-- @treturn[2] nil
-- @treturn[2] string `"closed"`
function Socket:getreusedtimes()
  if not self.stream then return nil, "closed" end
  return self.stream.reused
end

--- The session of the connection, as sslhandshake returned it.
-- @function tcpsock:getsslsession
-- @treturn[1] table
-- @treturn[2] nil
-- @treturn[2] string `"closed"`, or that there is no TLS
function Socket:getsslsession()
  if not self.stream then return nil, "closed" end
  if not self.stream.tls then return nil, "not an ssl connection" end
  return self.stream.session
end

--- The TLS socket below, for what OpenResty's has not: `info()`, `peer_certificates()`, `verified_chain()`, `trace()`.
-- Only to be looked at: whoever reads from it takes what the cosocket should have.
-- @function tcpsock:tls
-- @treturn bearssl.socket nil: no TLS
function Socket:tls()
  return self.stream and self.stream.tls and self.stream.sock or nil
end

--- Closes the connection.
-- @function tcpsock:close
-- @treturn[1] integer 1
-- @treturn[2] nil
-- @treturn[2] string `"closed"`, `"socket busy …"`
function Socket:close()
  if not self.stream then return nil, "closed" end
  local err = busy(self, true, true)
  if err then return nil, err end
  drop(self)
  return 1
end

Socket.__close = drop

function Socket.__tostring(self)
  local state = self.stream and (self.stream.tls and "TLS" or "TCP") or "closed"
  return ("%s: %s (%s)"):format(Socket.__name, self.key or "not connected", state)
end

-- One that nobody holds any more gives its place in the pool back; its descriptor is closed by its own collection.
function Socket.__gc(self)
  if self.stream then self.instance.pools:leave(self.pool) end
end

-- Making them -----------------------------------------------------------------------------------------------------

local own = {
  timeout = DEFAULT_TIMEOUT, keepalive_timeout = DEFAULT_TIMEOUT, pool_size = POOL_SIZE, max_receive = MAX_RECEIVE,
  ssl_verify = true,
}

--- Sockets with options of their own, and pools of their own.
-- @function new
-- @tparam[opt] table options those of @{bearssl.client} for sslhandshake (`trust`, `min_version`, …), and
-- `ssl_verify = false`: sslhandshake verifies only when asked to, as OpenResty's; `timeout`, `keepalive_timeout`:
-- milliseconds; `pool_size`; `max_receive`: bytes of a line, of `"*a"` and up to a pattern, 1 GiB; `scheduler`: one of
-- @{bearssl.scheduler}, or its name, instead of the one that runs the caller
-- @treturn table with `tcp`, `connect`, `stream`, `udp`, `wrap`, `close_idle`
-- @raise where an option is wrong
local function new(options)
  local instance = setmetatable({ tls = {}, pools = new_pools() }, Instance)
  for name, default in pairs(own) do instance[name] = default end
  for name, value in pairs(options or {}) do
    if own[name] ~= nil then
      arguments.own_option(name, value, own[name])
      instance[name] = value
    elseif name == "scheduler" then
      instance.scheduler = value
    else
      instance.tls[name] = value
    end
  end
  return instance.api(instance)
end

local function new_socket(instance)
  local time = instance.timeout
  local timeouts = { connect = time, send = time, read = time }
  return setmetatable({ instance = instance, busy = {}, timeouts = timeouts }, Socket)
end

-- The functions of an instance, to be called without it, as ngx.socket's are.
function Instance.api(instance)
  local api = {}
  function api.tcp() return new_socket(instance) end
  api.stream = api.tcp

  function api.connect(...)
    local sock = new_socket(instance)
    local ok, err = sock:connect(...)
    if not ok then return nil, err end
    return sock
  end

  function api.wrap(sock)
    local self = new_socket(instance)
    self.key = "" -- no pool is for it
    opened(self, streams.new(sock, instance.scheduler, sock.handshake ~= nil))
    return self
  end

  function api.udp() return new_udp(instance.timeout, instance.scheduler) end
  function api.close_idle() instance.pools:close() end
  return api
end

--- A socket that is not connected. Called without an instance, it has the default options.
-- @function tcp
-- @treturn bearssl.tcpsock

--- The same.
-- @function stream
-- @treturn bearssl.tcpsock

--- Makes a socket and connects it.
-- @function connect
-- @param ... as for @{tcpsock:connect}
-- @treturn[1] bearssl.tcpsock
-- @treturn[2] nil
-- @treturn[2] string why not

--- A cosocket made of a socket that is connected already: one that a server has accepted, of LuaSocket or with TLS.
-- @function wrap
-- @param sock LuaSocket's TCP object, or a bearssl.socket
-- @treturn bearssl.tcpsock

--- A UDP socket: `ngx.socket.udp`, with `setpeername(host, port)`, `send`, `receive`, `settimeout`, `close`.
-- @function udp
-- @treturn table

--- Closes every idle connection.
-- @function close_idle

local cosocket = new()
cosocket.new = new
return cosocket
