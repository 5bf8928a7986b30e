-- SPDX-License-Identifier: MIT

--- Sockets: TLS over a descriptor, with the methods of LuaSocket.
-- @module bearssl.socket

-- bearssl.socket: what C's methods (csrc/lua/socket.c) leave to Lua, the callbacks; and how a socket is made.
--
-- What goes wrong is told in two ways, so that code which was written for LuaSocket goes on working: `"timeout"`,
-- `"closed"`, `"wantread"` and `"wantwrite"` are these strings; everything else is a bearssl.error.
local carrier = require "bearssl.carrier"
local core = require "bearssl.core"
local later = require "bearssl.later"
local answer_events, stream = later "bearssl.event", later "bearssl.stream"
local session_cache = later "bearssl.session_cache"

local methods = core.socket_methods
local handshake, receive, send = methods.handshake, methods.receive, methods.send

--- Completes the handshake. @{sock:send} and @{sock:receive} begin with it by themselves. Callbacks of the config are
-- called from these three; they may yield, and the timeout starts anew after each.
-- @function sock:handshake
-- @treturn[1] boolean true; again after success, too
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error `"timeout"`, or with settimeout(0) `"wantread"` or `"wantwrite"`: call again;
-- `"closed"`: the peer ended it in order; else why the handshake failed
-- @raise what a callback raised; the connection has failed then
function methods.handshake(sock)
  local ok, err = handshake(sock)
  while err == "event" do
    answer_events(sock)
    ok, err = handshake(sock)
  end
  return ok, err
end

--- Receives, by LuaSocket's patterns.
-- @function sock:receive
-- @tparam[opt="*l"] string|integer pattern `"*l"` or `"l"`: a line, without its LF and without any CR; `"*a"` or
-- `"a"`: all up to the peer's close_notify; a number: that many bytes, prefix included, 0 waiting for something to read
-- @tparam[opt=""] string prefix put before what is received
-- @tparam[opt] integer max bytes of a line at most; a longer one is an error of the code `limit`, and what is too much
-- stays to be read
-- @treturn[1] string the data
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error `"closed"`: the peer has sent close_notify (RFC 5246 section 7.2.1); `"timeout"`;
-- with settimeout(0) `"wantread"`, `"wantwrite"`; else why it failed, an end without close_notify included (code
-- `truncated`)
-- @treturn[2] string what came before that; hand it in as the prefix to go on
function methods.receive(sock, pattern, prefix, max)
  local data, err, partial = receive(sock, pattern, prefix, max)
  local had = #(prefix or "")
  while err == "event" do -- what came before it is the prefix of what comes after it
    answer_events(sock)
    local before = partial
    data, err, partial = receive(sock, pattern, before, max and math.max(0, max - #before + had))
    if err == "closed" and #before > had and tostring(pattern):find "^%*?a" then return partial end
  end
  return data, err, partial
end

--- Sends.
-- @function sock:send
-- @tparam string data
-- @tparam[opt=1] integer i first byte, as in string.sub
-- @tparam[opt=-1] integer j last byte
-- @treturn[1] integer index of the last byte sent, which is j
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error as for @{sock:receive}
-- @treturn[2] integer index of the last byte that is on its way: go on with the one after it, even where that is
-- past j, until send succeeds
function methods.send(sock, data, i, j)
  local last, err, partial = send(sock, data, i, j)
  while err == "event" do
    answer_events(sock)
    last, err, partial = send(sock, data, partial + 1, j)
  end
  return last, err, partial
end

local shutdown, close = methods.shutdown, methods.close

--- Says that nothing more will be sent: close_notify goes out, after the handshake (RFC 8446 section 6.1). The
-- descriptor stays as it is, and what the peer sends can still be received, up to its own close_notify. (A peer of TLS
-- 1.2 ends as soon as it has read that, RFC 5246 section 7.2.1.)
-- @function sock:shutdown
-- @tparam string mode `"send"`; there is no other end of a TLS connection than a sender's
-- @treturn[1] integer 1; again after success, too
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error as for @{sock:send}: with `"timeout"` or `"wantwrite"` call again
-- @raise for another mode, and what a callback raised
function methods.shutdown(sock, mode)
  if mode ~= "send" then error('sock:shutdown: "send" is the only mode; sock:close ends both directions', 2) end
  local ok, err = shutdown(sock)
  while err == "event" do
    answer_events(sock)
    ok, err = shutdown(sock)
  end
  return ok, err
end

--- Sends close_notify (RFC 8446 section 6.1), for which it waits a second at most and never longer than the socket's
-- timeout, then closes the descriptor. Twice is fine. A socket that is left to the collector is closed without
-- close_notify: its peer can tell that this was no orderly end.
-- @function sock:close
-- @treturn integer 1
function methods.close(sock)
  if package.loaded["bearssl.session_cache"] then session_cache.release(sock) end
  return close(sock)
end

function core.socket_meta.__close(sock)
  methods.close(sock)
end

-- What a LuaSocket object has read from its descriptor already. Asked a byte at a time it reads no more from there,
-- so this ends, and what is behind stays in the descriptor.
local function buffered(tcp)
  if type(tcp.dirty) ~= "function" or not tcp:dirty() then return "" end
  local bytes = {}
  repeat
    local byte = tcp:receive(1)
    bytes[#bytes + 1] = byte
  until not byte or not tcp:dirty()
  return table.concat(bytes)
end

local function take_over(sock, tcp, received)
  if math.type(tcp) == "integer" then return core.attach(sock, tcp, received) end
  if tcp.gettimeout then
    local block, total = tcp:gettimeout()
    if block and block >= 0 then sock:settimeout(block, "b") end -- a socket begins without any
    if total and total >= 0 then sock:settimeout(total, "t") end
  end
  tcp:settimeout(0)
  local early = (received or "") .. buffered(tcp)
  local fd = tcp:getfd()
  tcp:setfd(-1)
  core.attach(sock, math.tointeger(fd), early)
end

local wrap_options = {
  name = "string", session = "userdata", early_data = "string", psk = "table", received = "string",
}

-- A session that stands for an external PSK.
local function session_of(config, psk, level)
  local ok, identity, key, sha384 = pcall(require "bearssl.psk".read, psk)
  if not ok then error(identity, level + 1) end
  local session, err = core.psk(config, identity, key, sha384)
  if not session then error(("option 'psk': %s"):format(err), level + 1) end
  return session
end

local none = {} -- options that nobody gave

local function check_options(config, options, level)
  if options ~= nil and type(options) ~= "table" then
    error(("a table of options is wanted, not %s"):format(type(options)), level)
  end
  for key, value in pairs(options or none) do
    local wanted = wrap_options[key]
    if not wanted then
      error(("unknown option '%s': name, session, early_data, psk and received are known"):format(tostring(key)), level)
    end
    if type(value) ~= wanted then
      error(("option '%s': a %s is wanted, not %s"):format(key, wanted, type(value)), level)
    end
  end
  local name, session = options and options.name, options and options.session
  if name and (name == "" or #name > 253 or name:find "[%z\1-\32\127]") then
    error(("option 'name': %q is no host name"):format(name), level)
  end
  local psk = options and options.psk
  if psk and (session or options.early_data) then
    error(("option 'psk' goes without '%s'"):format(session and "session" or "early_data"), level)
  end
  if not name and not psk and core.config_verifies_name(config) then
    error("option 'name' is missing: the host name to verify the server's certificate against", level)
  end
  if (name or session or psk) and core.config_is_server(config) then
    error(("option '%s' is for a client"):format(name and "name" or session and "session" or "psk"), level)
  end
  if psk then return name, session_of(config, psk, level) end
  local early = options and options.early_data
  local watch
  if not session and core.config_keep(config).session_cache then
    session, watch = session_cache.prepare(config, name)
  end
  if early and not session and not watch then
    error("option 'early_data' needs a 'session', or a config with a 'session_cache'", level)
  end
  return name, session, early, watch
end

-- Early data goes with the ClientHello or not at all: all of it, so that a request is not torn apart.
local function offer_early_data(conn, data)
  if data and conn:info().early_data == "offered" then core.write_early(conn, data) end
end

--- TLS on top of a connected socket. The descriptor is taken over: the LuaSocket object is closed afterwards, bytes
-- that it had read already and its timeouts are taken along. Any other object with LuaSocket's `send`, `receive`,
-- `settimeout` and `close` will do as well: a TLS socket (TLS within TLS), a proxy's stream, one that lets other
-- coroutines run while it waits. It is asked for as many bytes as a record has, never for more; it is the socket's from
-- then on, and closed with it. In mid-stream, after STARTTLS say, `received` hands in what was read too far.
-- @function config:wrap
-- @param tcp a LuaSocket TCP object that is connected or accepted, an integer descriptor of a connected socket, or such
-- an object
-- @tparam[opt] table options `name`: the host name (or IP address) the server's certificate is verified against, and
-- asked for (SNI, RFC 6066 section 3); a client must give one unless its config has verify = "none". `session`: a
-- session of the same config to resume, instead of one of its `session_cache`. `early_data`: a string that goes with
-- the ClientHello if the session allows it (info().early_data tells; where it is nil or `"rejected"`, nobody has it)
-- `psk`: an external pre-shared key (RFC 8446 section 4.2.11), a table of `identity`, `key` (16 to 64 random bytes) and
-- `hash` (`"sha256"` or `"sha384"`); the server may still show a certificate for `name`, without a name it may not.
-- `received`: bytes of the peer that were read from tcp already, before those in LuaSocket's own buffer
-- @treturn[1] bearssl.socket one of @{bearssl.scheduler.socket} where tcp was one
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error `"closed"`: tcp is; tcp is left as it was
-- @raise if an option is wrong
function core.config_methods.wrap(config, tcp, options)
  local descriptor = math.type(tcp) == "integer" and tcp >= 0 or carrier.owns_descriptor(tcp)
  if not descriptor and not carrier.fits(tcp) then
    error("a descriptor, or an object with LuaSocket's methods send, receive, settimeout and close is wanted, not "
      .. type(tcp), 2)
  end
  if descriptor and type(tcp) ~= "number" and math.tointeger(tcp:getfd()) < 0 then return nil, "closed" end
  local name, session, early, watch = check_options(config, options, 3)
  local make = descriptor and core.socket or core.connection
  local sock, err = make(config, name, session)
  if not sock then return nil, err end
  offer_early_data(sock, early)
  if watch then watch(sock) end
  local received = options and options.received
  if not descriptor then return stream.new(sock, tcp, received) end
  take_over(sock, tcp, received)
  local schedulers = package.loaded["bearssl.scheduler.socket"]
  return schedulers and schedulers.like(tcp, sock) or sock
end

--- A connection without a socket: bytes in, bytes out.
-- @function config:connection
-- @tparam[opt] table options as for @{config:wrap}
-- @treturn[1] bearssl.connection
-- @treturn[2] nil
-- @treturn[2] bearssl.error
-- @raise if an option is wrong
function core.config_methods.connection(config, options)
  if type(options) == "table" and options.received ~= nil then
    error("option 'received' is for config:wrap; feed the bytes", 2)
  end
  local name, session, early, watch = check_options(config, options, 3)
  local conn, err = core.connection(config, name, session)
  if not conn then return nil, err end
  offer_early_data(conn, early)
  if watch then watch(conn) end
  return conn
end

return { buffered = buffered } -- for bearssl.luasec, which hands over a descriptor in its own time
