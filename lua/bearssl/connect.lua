-- SPDX-License-Identifier: MIT

--- TLS and X.509.
-- @module bearssl

-- bearssl.connect: TCP and TLS to a host, handshake done.
local core = require "bearssl.core"
local maker = require "bearssl.config"

local own_options = { name = true, session = true, psk = true, timeout = true }
local default -- the config for calls without options

-- LuaSocket's words for what bearssl.error has a code for.
local codes = {
  ["connection refused"] = "refused",
  ["host or service not provided, or not known"] = "dns",
  ["temporary failure in name resolution"] = "dns",
  ["non-recoverable failure in name resolution"] = "dns",
  ["no address associated with name"] = "dns",
}

local function connect_failed(err, host, port)
  if err == "timeout" then return nil, err end
  return nil, core.error {
    code = codes[err] or "io", message = ("%s port %d: %s"):format(host, port, err), where = "connect", side = "local",
  }
end

local function config_of(given)
  if type(given) == "userdata" then return given, {} end
  local own, others = {}, {}
  for key, value in pairs(given or {}) do
    if own_options[key] then own[key] = value else others[key] = value end
  end
  if next(others) then
    local config, err = maker.client(others)
    return config, config and own or err
  end
  local err
  if not default then default, err = maker.client() end
  return default, default and own or err
end

local function tcp_connect(host, port, timeout)
  local socket = require "socket"
  local tcp, err = socket.tcp()
  if not tcp then return connect_failed(err, host, port) end
  tcp:settimeout(timeout)
  local ok
  ok, err = tcp:connect(host:match "^%[(.*)%]$" or host, port)
  if not ok then
    tcp:close()
    return connect_failed(err, host, port)
  end
  tcp:setoption("tcp-nodelay", true) -- a record is never worth waiting with
  return tcp
end

local function check(host, port, given)
  if type(host) ~= "string" or host == "" then error("host: a name or an IP address is wanted", 3) end
  port = math.tointeger(tonumber(port))
  if not port or port < 1 or port > 65535 then error("port: an integer from 1 to 65535 is wanted", 3) end
  if given ~= nil and type(given) ~= "table" and type(given) ~= "userdata" then
    error(("a config or a table of options is wanted, not %s"):format(type(given)), 3)
  end
  local timeout = type(given) == "table" and given.timeout
  if timeout and (type(timeout) ~= "number" or timeout <= 0) then error("option 'timeout': seconds are wanted", 3) end
  return port
end

--- Connects and completes the handshake.
-- @function bearssl.connect
-- @tparam string host name or IP address
-- @tparam integer port
-- @tparam[opt] bearssl.config|table config a client's config, or the options of one; in the table also `name`, if the
-- certificate is to be verified against another name than host, `session`, `psk`, and `timeout`: seconds that connect
-- and handshake may take together, then the socket's timeout
-- @treturn[1] bearssl.socket
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error `"timeout"`, or what failed; nothing is left open
-- @raise if an argument or an option is wrong
return function(host, port, given)
  port = check(host, port, given)
  local socket = require "socket"
  local config, options = config_of(given)
  if not config then return nil, options end
  local timeout, start = options.timeout, socket.gettime()
  local tcp, err = tcp_connect(host, port, timeout)
  if not tcp then return nil, err end
  local sock
  sock, err = config:wrap(tcp, { name = options.name or host, session = options.session, psk = options.psk })
  if not sock then
    tcp:close()
    return nil, err
  end
  sock:settimeout(nil, "b")
  sock:settimeout(timeout and math.max(0.001, timeout - (socket.gettime() - start)), "t")
  local ok
  ok, err = sock:handshake()
  if not ok then
    sock:close()
    return nil, err
  end
  sock:settimeout(nil, "t")
  sock:settimeout(timeout, "b")
  return sock
end
