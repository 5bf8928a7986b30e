-- SPDX-License-Identifier: MIT
-- bearssl.https: a new connection to a target: TCP, the way through a proxy, TLS.
local scheduler = require "bearssl.scheduler"
local connections = require "bearssl.https.connection"
local failure = require "bearssl.https.failure"
local proxy = require "bearssl.https.proxy"
local later = require "bearssl.later"
local resolve, socks5 = later "bearssl.scheduler.resolve", later "bearssl.https.socks5"

local function connect_failed(err, host, port, timers)
  if err == "timeout" then return nil, timers:failure("connect", "connect") end
  return nil, failure.of(err, "connect", ("%s port %d"):format(host, port))
end

-- The caller's own kind of TCP object.
local function created(create, host, port, timers)
  local tcp, err = create()
  if not tcp then return connect_failed(err, host, port, timers) end
  tcp:settimeout(timers:left "connect")
  local ok
  ok, err = tcp:connect(host, port)
  if not ok then
    tcp:close()
    return connect_failed(err, host, port, timers)
  end
  if tcp.setoption then tcp:setoption("tcp-nodelay", true) end
  return tcp
end

local function tcp_to(request, host, port)
  local timers = request.timers
  if request.create then return created(request.create, host, port, timers) end
  local tcp, err = scheduler.connect(host, port, { timeout = timers:left "connect", scheduler = timers.scheduler })
  if not tcp then return connect_failed(err, host, port, timers) end
  return tcp
end

-- socks5:// has us resolve the name, socks5h:// the proxy.
local function resolved(host, timers)
  local list, err = resolve(host, timers:left "connect", timers.scheduler)
  if list and list[1] then return list[1] end
  return nil, failure.of(err or "no address associated with name", "connect", host)
end

local function through_proxy(connection, request, to, through)
  if through.kind == "socks5h" then return socks5(connection, through, to.host, to.port) end
  if through.kind == "socks5" then
    local host, err = resolved(to.host, request.timers)
    if not host then return nil, err end
    return socks5(connection, through, host, to.port)
  end
  if through.kind == "https" then
    local config, err = request.proxy_config()
    if not config then return nil, err end
    local ok
    ok, err = connection:secure(config, through.host)
    if not ok then return nil, err end
  end
  if to.scheme == "http" then return true end -- asked for the whole URL instead (RFC 9112 section 3.2.2)
  return proxy.connect(connection, through, to, request.user_agent)
end

local function establish(connection, request, to, through, early)
  if through then
    connection.where = "proxy"
    local ok, err = through_proxy(connection, request, to, through)
    if not ok then return nil, err end
    connection.where = nil
  end
  if to.scheme == "http" then return true end
  return connection:secure(request.config, request.name or to.host, early)
end

-- `through`: a proxy, or false; `early`: what may go with the ClientHello.
return function(request, to, through, early)
  local tcp, err = tcp_to(request, through and through.host or to.host, through and through.port or to.port)
  if not tcp then return nil, err end
  local connection <close> = connections.new(tcp, request.timers)
  local ok
  ok, err = establish(connection, request, to, through, early)
  if not ok then return nil, err end
  connection.answered, connection.held = false, true
  return connection
end
