-- SPDX-License-Identifier: MIT

--- Servers: a port, certificates, and an accept loop.
-- @module bearssl.listen

-- bearssl.listen: what a script calls; the rest is in bearssl/server.
local core = require "bearssl.core"
local scheduler = require "bearssl.scheduler"
local background = require "bearssl.server.background"
local bind_to = require "bearssl.server.bind"
local loop = require "bearssl.server.loop"
local names = require "bearssl.server.names"
local options = require "bearssl.server.options"
local unit = require "bearssl.server.unit"

local Server = { __name = "bearssl.listener" }
local methods = {}
Server.__index = methods

local function bind(own)
  local tcp, err = bind_to(own)
  if tcp then return tcp end
  return nil, core.error {
    code = "io", message = ("%s port %d: %s"):format(own.host, own.port, err), where = "listen", side = "local",
  }
end

local function load_unit(server, name, given)
  local made, err = unit.new(name, given, server.front and server.front.config)
  server.front = server.front or made
  return made, err
end

-- The first is the front: what connections are wrapped with, before they have said for whom they come.
local function load_units(server, read)
  local err
  if read.default then
    server.default, err = load_unit(server, nil, read.default)
    if not server.default then return nil, err end
  end
  for name, given in pairs(read.hosts) do
    server.hosts[name], err = load_unit(server, name, given)
    if not server.hosts[name] then return nil, err end
  end
  return true
end

-- The caller's on_client_hello is asked before the map of hosts.
local function put_chooser(server, read, asked)
  if not next(read.hosts) then return end
  local choose = names.chooser(server, asked)
  if read.default then read.default.on_client_hello = choose end
  for _, each in pairs(read.hosts) do each.on_client_hello = choose end
end

--- Listens on a port. Connections are taken by @{listener:run} or @{listener:accept}.
-- @function bearssl.listen
-- @tparam table given the options of `bearssl.server` for the default certificate and for what all connections share,
-- and:
-- @tparam integer given.port 0 takes a free one, see @{listener:getsockname}
-- @tparam[opt="*"] string given.host the address to listen on; `"*"`: all of this machine's
-- @tparam table given.hosts certificates by server_name (RFC 6066 section 3): `["example.com"] = { certificate = …,
-- key = … }`, with a wildcard `["*.example.com"]`, which stands for one label; each may have options of its own beside
-- those that it shares. Without `certificate` beside it there is no default: other names are refused
-- @tparam[opt="default"] string given.unknown_host `"default"`: a client that asks for another name gets the default
-- certificate; `"refuse"`: the alert unrecognized_name
-- @tparam[opt=10] number given.handshake_timeout seconds
-- @tparam[opt=60] number|false given.timeout of the sockets that a handler gets: seconds for each wait; false: none
-- @tparam[opt=1000] integer given.max_connections more wait until one has ended
-- @tparam[opt=10] number|false given.watch seconds between two looks at the files of certificates, keys, trust and
-- CRLs; false: they are read again by @{listener:reload} alone
-- @tparam[opt=true] boolean|function given.fetch_staple OCSP responses are fetched from the responder that a
-- certificate names, and stapled; a function(certificate, issuer) gives one, DER, or nil and why not
-- @tparam table given.shared what processes share, of `bearssl.shared.redis`
-- @tparam function given.on_error called with an error, what it is about (`"handshake"`, `"handler"`, `"reload"`,
-- `"staple"`, `"shared"`, `"accept"`) and the host, nil for the default; without it all but handshakes are written to
-- standard error
-- @tparam function given.on_reload called when files were read again, with the host
-- @tparam[opt=30] number given.close_timeout seconds that connections have left when the server is closed
-- @tparam[opt=511] integer given.backlog connections that the kernel keeps waiting
-- @tparam boolean given.reuse_port several processes listen on the port (SO_REUSEPORT)
-- @tparam userdata given.listener a TCP object of LuaSocket that listens already, instead of `host` and `port`
-- @tparam string|table given.scheduler instead of the one that runs the caller
-- @treturn[1] bearssl.listener
-- @treturn[2] nil
-- @treturn[2] bearssl.error what is wrong with a file or the address
-- @raise for a wrong option
local function listen(given)
  if type(given) ~= "table" then error("bearssl.listen: a table of options is wanted, not " .. type(given), 2) end
  local read, wrong = options.read(given)
  if not read then error("bearssl.listen: " .. wrong, 2) end
  local own = read.own
  local server = setmetatable({
    options = own, hosts = {}, open = setmetatable({}, { __mode = "k" }), count = 0, waits = 0,
    now = scheduler.get "plain".now, scheduler = scheduler.get "plain",
  }, Server)
  put_chooser(server, read, given.on_client_hello)
  local ok, err = load_units(server, read)
  if not ok then return nil, err end
  server.listener = own.listener
  if not own.listener then server.listener, err = bind(own) end
  if not server.listener then return nil, err end
  server.listener:settimeout(0)
  server.fd = math.tointeger(server.listener:getfd())
  background.start(server)
  return server
end

--- Accepts one connection and makes its handshake. For loops of one's own; what is due in the background (files,
-- staples, ticket keys) is done here.
-- @function listener:accept
-- @tparam[opt] number timeout seconds to wait for a connection; for ever without
-- @treturn[1] bearssl.socket
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error `"timeout"`: nobody came; `"closed"`: the server is; an error: why the handshake of
-- somebody who came has failed
function methods.accept(server, timeout)
  server.scheduler = scheduler.of(server.options.scheduler)
  local tcp, err = loop.next(server, timeout and server.now() + timeout)
  if not tcp then return nil, err end
  tcp:setoption("tcp-nodelay", true)
  local sock
  sock, err = loop.handshake(server, tcp)
  if sock then server.open[sock] = nil end
  return sock, err
end

--- Serves until @{listener:close}. Each connection has a coroutine of its own under a scheduler that has some; under
-- none they are served one after another. The socket is closed when the handler returns. Errors, of a handshake or
-- raised by the handler, end that connection and go to `on_error`.
-- @function listener:run
-- @tparam function handler called with the socket, handshake done, and the server
-- @treturn boolean true
-- @raise if the server runs already, or is closed
function methods.run(server, handler)
  if type(handler) ~= "function" then error("a handler is wanted: a function", 2) end
  if server.running then error("the server runs already", 2) end
  if not server.listener then error("the server is closed", 2) end
  server.scheduler = scheduler.of(server.options.scheduler)
  server.running = true
  local over <close> = setmetatable({}, { -- luacheck: ignore
    __close = function() server.running = false end,
  })
  loop.run(server, handler)
  return true
end

--- Reads all files of certificates, keys, trust and CRLs again, now. Connections that are open go on as they are; those
-- that come later have what is new, and sessions are resumed across it. Where files do not belong together, or one
-- cannot be read, that host keeps what it had.
-- @function listener:reload
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error the first that went wrong; `on_error` is told all
function methods.reload(server)
  local first
  for _, each in ipairs(server.units) do
    local ok, err = background.read(server, each)
    if not ok then first = first or err end
  end
  if first then return nil, first end
  return true
end

--- The config that a host has now, for loops that wrap sockets themselves: it is another after each renewal.
-- @function listener:config
-- @tparam[opt] string name server_name; without it, the one to wrap with, which chooses by server_name itself
-- @treturn bearssl.config nil: there is none for the name
function methods.config(server, name)
  local found = server.front
  if name then found = names.find(server.hosts, name) or server.default end
  return found and found.config
end

--- Does what is due in the background: files, staples, ticket keys. For loops that call neither run nor accept.
-- @function listener:tick
-- @treturn number|nil seconds until there is something to do again; nil: nothing
function methods.tick(server)
  if not server.busy then background.run(server) end
  return background.due(server)
end

--- Closes the server: no connection is accepted any more. @{listener:run} returns when those that are open have ended,
-- or after so many seconds, and closes what is open then. Does not wait itself.
-- @function listener:close
-- @tparam[opt] number seconds the option close_timeout by default; 0: connections are closed at once
-- @treturn integer 1; again after success, too
function methods.close(server, seconds)
  local at = server.now() + (seconds or server.options.close_timeout)
  server.closing = math.min(server.closing or at, at)
  loop.wake(server)
  if not server.running then loop.stop_listening(server) end
  return 1
end

--- Where it listens.
-- @function listener:getsockname
-- @treturn[1] string address
-- @treturn[1] integer port
-- @treturn[2] nil
-- @treturn[2] string `"closed"`
function methods.getsockname(server)
  if not server.listener then return nil, "closed" end
  local host, port = server.listener:getsockname()
  return host, math.tointeger(tonumber(port)) or port
end

--- The listening descriptor, for `socket.select` and other schedulers.
-- @function listener:getfd
-- @treturn integer -1: closed
function methods.getfd(server)
  return server.listener and server.fd or -1
end

function Server.__close(server)
  server:close(0)
end

function Server.__tostring(server)
  local host, port = server:getsockname()
  return host and ("bearssl.listener: %s port %s"):format(host, port) or "bearssl.listener (closed)"
end

return listen
