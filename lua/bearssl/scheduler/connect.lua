-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.connect: a TCP connection, made while others run.
local core = require "bearssl.core"
local resolve = require "bearssl.scheduler.resolve"

-- LuaSocket's words for what bearssl.error has a code for.
local codes = {
  ["connection refused"] = "refused",
  ["host or service not provided, or not known"] = "dns",
  ["temporary failure in name resolution"] = "dns",
  ["non-recoverable failure in name resolution"] = "dns",
  ["no address associated with name"] = "dns",
}

local function failed(err, host, port)
  if err == "timeout" or type(err) == "table" then return nil, err end
  local code = codes[err] or err:find "^EAI_" and "dns" or "io" -- EAI_NONAME and others: libuv's words
  return nil, core.error {
    code = code, message = ("%s port %d: %s"):format(host, port, err), where = "connect", side = "local",
  }
end

-- Holds a descriptor that is closed with the block, unless it is taken out.
local guard_meta = { __close = function(guard)
  local tcp, cancel = guard.tcp, guard.scheduler.cancel
  if not tcp then return end
  if cancel then cancel(math.tointeger(tcp:getfd())) end
  tcp:close()
end }

local function connect_to(address, port, timeout, scheduler, local_address)
  local socket = package.loaded.socket or require "socket.core" -- what LuaSocket has in C is enough
  local tcp, err = (address:find(":", 1, true) and socket.tcp6 or socket.tcp4)()
  if not tcp then return nil, err end
  local guard <close> = setmetatable({ tcp = tcp, scheduler = scheduler }, guard_meta)
  local ok = true
  if local_address then ok, err = tcp:bind(local_address, 0) end
  if not ok then return nil, err end
  tcp:settimeout(0)
  ok, err = tcp:connect(address, port)
  if not ok and err == "timeout" then
    ok, err = scheduler.wait(math.tointeger(tcp:getfd()), "w", timeout)
    if ok then err = tcp:getoption "error" end
    ok = ok and not err
  end
  if not ok then return nil, err end
  guard.tcp = nil
  tcp:settimeout(nil)
  tcp:setoption("tcp-nodelay", true) -- a record is never worth waiting with
  return tcp
end

local known = { timeout = "number", local_address = "string" }

-- A mistake in the call raises: host and port as they are meant.
local function check(host, port, options)
  if type(host) ~= "string" or host == "" or host:find "[%z\1-\32\127]" then
    error("host: a name or an IP address is wanted", 4)
  end
  local number = math.tointeger(tonumber(port))
  if not number or number < 1 or number > 65535 then error("port: an integer from 1 to 65535 is wanted", 4) end
  for key, value in pairs(options or {}) do
    local wanted = known[key]
    if not wanted and key ~= "scheduler" then
      error(("unknown option '%s': timeout, scheduler and local_address are known"):format(tostring(key)), 4)
    end
    if wanted and (type(value) ~= wanted or value ~= value) then
      error(("option '%s': a %s is wanted, not %s"):format(key, wanted, type(value)), 4)
    end
  end
  return host:match "^%[(.*)%]$" or host, number
end

local SHARE = 2 -- seconds that an address gets at least, where so many are left

-- host, port, options, scheduler -> tcp | nil, err
return function(host, port, options, scheduler)
  local name
  name, port = check(host, port, options)
  local timeout, start = options and options.timeout, scheduler.now()
  local list, err = resolve(name, timeout, scheduler)
  if not list or not list[1] then return failed(err or "no address associated with name", host, port) end
  for i, address in ipairs(list) do
    local left = timeout and timeout - (scheduler.now() - start)
    if left and left <= 0 then return nil, "timeout" end
    local share = left and math.min(left, math.max(SHARE, left / (#list - i + 1)))
    local tcp
    tcp, err = connect_to(address, port, share, scheduler, options and options.local_address)
    if tcp then return tcp end
  end
  return failed(err, host, port)
end
