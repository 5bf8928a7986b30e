-- SPDX-License-Identifier: MIT
-- bearssl.cosocket.arguments: what a cosocket's methods take, checked as lua-nginx-module does, with its words. What is
-- wrong is the programmer's mistake and raises where the method was called, but for what OpenResty returns.
local arguments = {}

local LEVEL = 3 -- of who called the method

local function raise(text, ...)
  error(text:format(...), LEVEL + 1)
end

local function bad(position, method, why)
  error(("bad argument #%d to '%s' (%s)"):format(position, method, why), LEVEL + 1)
end

local function counted(method, least, most, words, n)
  if n < least or n > most then
    error(("ngx.socket %s: expecting %s arguments (including the object), but seen %d"):format(method, words, n + 1),
      LEVEL + 1)
  end
end

local function positive_integer(value, name, least)
  if math.type(value) == nil or value % 1 ~= 0 then
    bad(4, "connect", ('bad "%s" option type: %s'):format(name, type(value)))
  end
  if value < least then bad(4, "connect", ('bad "%s" option value: %d'):format(name, value)) end
  return math.tointeger(value)
end

local function pool_options(given, default_size)
  local size, backlog, pool = given.pool_size, given.backlog, given.pool
  if size ~= nil then size = positive_integer(size, "pool_size", 1) end
  if backlog ~= nil then backlog = positive_integer(backlog, "backlog", 0) end
  if pool ~= nil and type(pool) ~= "string" and type(pool) ~= "number" then
    bad(4, "connect", ('bad "pool" option type: %s'):format(type(pool)))
  end
  return { size = size or default_size, backlog = backlog, wanted = (size or backlog) and true or false }, pool
end

-- What to connect to: { host, port or nil, key, options }; or nil, why.
function arguments.connect(default_size, ...)
  local n, host, port, options = select("#", ...), ...
  counted("connect", 1, 3, "2, 3, or 4", n)
  if type(host) ~= "string" and type(host) ~= "number" then
    bad(2, "connect", "string expected, got " .. type(host))
  end
  host = tostring(host)
  local unix = host:find "^unix:"
  if unix then port, options = nil, port end
  local pool
  options, pool = pool_options(type(options) == "table" and options or {}, default_size)
  if not unix then
    port = math.tointeger(tonumber(port))
    if not port then return nil, "missing the port number" end
    if port < 0 or port > 65535 then return nil, "bad port number: " .. port end
    if host == "" or #host > 253 or host:find "[%z\1-\32\127]" then
      return nil, ('failed to parse host name "%s": invalid host'):format(host)
    end
  end
  return { host = host, port = port, key = tostring(pool or port and host .. ":" .. port or host), options = options }
end

function arguments.sslhandshake(...)
  local n, reused_session, server_name, verify = select("#", ...), ...
  counted("sslhandshake", 0, 4, "1 ~ 5", n)
  if server_name ~= nil and type(server_name) ~= "string" then
    bad(3, "sslhandshake", "string expected, got " .. type(server_name))
  end
  if server_name == "" then server_name = nil end
  if server_name and (#server_name > 253 or server_name:find "[%z\1-\32\127]") then
    bad(3, "sslhandshake", ("%q is no host name"):format(server_name))
  end
  if verify ~= nil then verify = verify and true or false end
  return reused_session, server_name, verify
end

-- nil, or what is wrong with a client's certificate and key.
function arguments.certificate(certificate, key)
  local core = require "bearssl.core"
  if type(certificate) ~= "string" and not (type(certificate) == "table" and certificate.pem) then
    return "bad cert arg: a parsed certificate, PEM or a path expected, got " .. type(certificate)
  end
  if type(key) ~= "string" and type(key) ~= "function" and not core.is_key(key) then
    return "bad pkey arg: a parsed key, PEM, a path or a function expected, got " .. type(key)
  end
end

-- As LuaJIT prints it: no ".0".
local function number_text(value)
  return math.type(value) == "integer" and tostring(value) or ("%.14g"):format(value)
end
arguments.number_text = number_text

-- What nginx's functions of strings make of their argument.
function arguments.text_of(value)
  if value == nil then return "" end
  return type(value) == "number" and number_text(value) or tostring(value)
end

local function flatten(list, pieces, fail)
  local length = 0
  for key in pairs(list) do
    if math.type(key) ~= "integer" or key < 1 then fail "non-array table found" end
    length = math.max(length, key)
  end
  for i = 1, length do
    local value = list[i]
    local kind = type(value)
    if kind == "table" then
      flatten(value, pieces, fail)
    elseif kind == "string" or kind == "number" then
      pieces[#pieces + 1] = kind == "string" and value or number_text(value)
    else
      fail(("bad data type %s found"):format(kind))
    end
  end
end

function arguments.data(...)
  local n, data = select("#", ...), ...
  if n ~= 1 then raise("expecting 2 arguments (including the object), but got %d", n + 1) end
  local kind = type(data)
  if kind == "string" then return data end
  if kind == "number" then return number_text(data) end
  if kind == "nil" or kind == "boolean" then return tostring(data) end
  local wrong
  if kind == "table" then
    local pieces = {}
    local ok, err = pcall(flatten, data, pieces, function(why) error({ why }, 0) end)
    if ok then return table.concat(pieces) end
    wrong = type(err) == "table" and err[1] or "nested too deeply"
  end
  return bad(2, "send", wrong or "string, number, boolean, nil, or array table expected, got " .. kind)
end

-- "*l", "*a", or a number of bytes.
function arguments.pattern(...)
  local n, pattern = select("#", ...), ...
  if n > 1 then raise("expecting 1 or 2 arguments (including the object), but got %d", n + 1) end
  if pattern == nil or pattern == "*l" then return "*l" end
  if pattern == "*a" then return pattern end
  local size = tonumber(pattern)
  if not size or size ~= size or size < 0 or size >= 1 << 53 then
    bad(2, "receive", type(pattern) == "string" and "bad pattern argument: " .. pattern or "bad pattern argument")
  end
  return math.tointeger(math.floor(size))
end

-- Of a UDP socket: host and port; or "unix:/path", nil; or nil, nil, what is wrong.
function arguments.peer(...)
  local n, host, port = select("#", ...), ...
  if n < 1 or n > 2 then
    raise("ngx.socket.udp setpeername: expecting 2 or 3 arguments (including the object), but seen %d", n + 1)
  end
  if type(host) ~= "string" and type(host) ~= "number" then
    bad(2, "setpeername", "string expected, got " .. type(host))
  end
  host = tostring(host)
  if host:find "^unix:" then return host end
  if not tonumber(port) then bad(3, "setpeername", "number expected, got " .. type(port)) end
  port = math.tointeger(tonumber(port))
  if not port or port < 0 or port > 65535 then return nil, nil, ("bad port number: %s"):format(port) end
  return host, port
end

-- How many bytes of a datagram are wanted.
function arguments.datagram(most, ...)
  local n, size = select("#", ...), ...
  if n > 1 then raise("expecting 1 or 2 arguments (including the object), but got %d", n + 1) end
  if size == nil then return most end
  if not tonumber(size) then bad(2, "receive", "number expected, got " .. type(size)) end
  size = math.floor(tonumber(size))
  return size >= 1 and size <= most and math.tointeger(size) or most
end

function arguments.max(...)
  local n, max = select("#", ...), ...
  if n ~= 1 then raise("expecting 2 arguments (including the object), but got %d", n + 1) end
  local size = tonumber(max)
  if not size or size < 1 or size >= 1 << 53 then bad(2, "receiveany", "bad max argument") end
  return math.tointeger(math.floor(size))
end

function arguments.receiveuntil(...)
  local n, pattern, options = select("#", ...), ...
  if n < 1 or n > 2 then
    raise("expecting 2 or 3 arguments (including the object), but got %d", n + 1)
  end
  if type(pattern) ~= "string" and type(pattern) ~= "number" then
    bad(2, "receiveuntil", "string expected, got " .. type(pattern))
  end
  if n == 2 and type(options) ~= "table" then bad(3, "receiveuntil", "table expected, got " .. type(options)) end
  local inclusive = options and options.inclusive
  if inclusive ~= nil and type(inclusive) ~= "boolean" then
    raise('bad "inclusive" option value type: %s', type(inclusive))
  end
  return tostring(pattern), inclusive
end

-- Of an iterator; 0: no size.
function arguments.size(...)
  local n, size = select("#", ...), ...
  if n > 1 then raise("expecting 0 or 1 arguments, but seen %d", n) end
  if size == nil then return 0 end
  local number = tonumber(size)
  if not number then bad(1, "?", "number expected, got " .. type(size)) end
  return math.tointeger(math.floor(math.max(0, math.min(number, 1 << 53)))) or 0
end

local MAX_TIMEOUT = (1 << 31) - 1

-- Milliseconds; nil: the default.
function arguments.timeouts(method, wanted, ...)
  local n = select("#", ...)
  if n ~= wanted then
    raise("ngx.socket %s: expecting %d arguments (including the object) but seen %d", method, wanted + 1, n + 1)
  end
  local times = table.pack(...)
  for i = 1, n do
    local time = tonumber(times[i]) or 0
    if time ~= time or time < 0 or time > MAX_TIMEOUT then error("bad timeout value", LEVEL) end
    times[i] = time > 0 and time or nil
  end
  return table.unpack(times, 1, n)
end

local options = { -- and LuaSocket's names of them
  keepalive = "keepalive", reuseaddr = "reuseaddr", ["tcp-nodelay"] = "tcp-nodelay", sndbuf = "send-buffer-size",
  rcvbuf = "recv-buffer-size",
}
local sizes = { sndbuf = true, rcvbuf = true }

-- LuaSocket's name of an option, and a value for it; nil, what is wrong.
function arguments.option(option, value)
  if option == nil then return nil, 'missing the "option" argument' end
  if value == nil then return nil, 'missing the "value" argument' end
  if not options[option] then return nil, "unsupported option " .. tostring(option) end
  if sizes[option] then return options[option], tonumber(value) or 0 end
  return options[option], value ~= false and value ~= 0
end

-- Milliseconds, and a number of connections; either may be nil.
function arguments.setkeepalive(...)
  local n, lifetime, size = select("#", ...), ...
  if n > 2 then
    raise("ngx.socket setkeepalive: expecting 1 to 3 arguments (including the object), but seen %d", n + 1)
  end
  for i, value in pairs { lifetime, size } do
    if (tonumber(value) or -1) < 0 then bad(i + 1, "setkeepalive", "a number of at least 0 expected") end
  end
  return tonumber(lifetime), size and math.tointeger(math.floor(tonumber(size)))
end

function arguments.own_option(name, value, example)
  local kind = type(example)
  if type(value) ~= kind then raise("bearssl.cosocket: option '%s': a %s is wanted", name, kind) end
  if kind == "number" and value <= 0 then raise("bearssl.cosocket: option '%s': it has to be positive", name) end
end

return arguments
