-- SPDX-License-Identifier: MIT

--- TLS and X.509.
-- @module bearssl

-- bearssl.connect: TCP and TLS to a host, handshake done.
local maker = require "bearssl.config"
local new_guard = require "bearssl.guard"
local schedulers = require "bearssl.scheduler"

local own_options = { name = true, session = true, psk = true, timeout = true, scheduler = true }
local default -- the config for calls without options

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
-- certificate is to be verified against another name than host, `session`, `psk`, `timeout`: seconds that connect
-- and handshake may take together, then the socket's timeout; and `scheduler`, as for @{bearssl.scheduler.socket}
-- @treturn[1] bearssl.socket under a scheduler one whose waits hold up the calling coroutine alone
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error `"timeout"`, or what failed; nothing is left open
-- @raise if an argument or an option is wrong
return function(host, port, given)
  port = check(host, port, given)
  local config, options = config_of(given)
  if not config then return nil, options end
  local scheduler = schedulers.of(options.scheduler)
  local timeout, start = options.timeout, scheduler.now()
  local tcp, err = schedulers.connect(host, port, { timeout = timeout, scheduler = scheduler })
  if not tcp then return nil, err end
  local sock
  sock, err = config:wrap(tcp, { name = options.name or host, session = options.session, psk = options.psk })
  if not sock then
    tcp:close()
    return nil, err
  end
  sock = schedulers.socket(sock, scheduler)
  sock:settimeout(timeout and math.max(0.001, timeout - (scheduler.now() - start)), "t")
  local guard <close> = new_guard(function() sock:close() end)
  guard.keep, err = sock:handshake()
  if not guard.keep then return nil, err end
  sock:settimeout(nil, "t")
  sock:settimeout(timeout, "b")
  return sock
end
