-- SPDX-License-Identifier: MIT
-- bearssl.ngx.helpers: modules that libraries written for OpenResty require and that are not there on Lua 5.4, by name:
-- each a function that makes it, for package.preload.
local core = require "bearssl.core"
local hex = require "bearssl.hex"

local helpers = {}

-- LuaJIT's table.* ------------------------------------------------------------------------------------------------

helpers["table.new"] = function() return function() return {} end end

helpers["table.clear"] = function()
  return function(t)
    for key in pairs(t) do t[key] = nil end
  end
end

helpers["table.nkeys"] = function()
  return function(t)
    local n = 0
    for _ in pairs(t) do n = n + 1 end
    return n
  end
end

helpers["table.isempty"] = function() return function(t) return next(t) == nil end end

helpers["table.isarray"] = function()
  return function(t)
    for key in pairs(t) do
      if math.type(key) ~= "integer" or key < 1 then return false end
    end
    return true
  end
end

helpers["table.clone"] = function()
  return function(t)
    local copy = {}
    for key, value in pairs(t) do copy[key] = value end
    return copy
  end
end

-- bit (of LuaJIT) --------------------------------------------------------------------------------------------------

local function signed(x)
  x = math.tointeger(x) or math.floor(x + 0.5)
  return ((x & 0xFFFFFFFF) ~ 0x80000000) - 0x80000000
end

local function unsigned(x) return signed(x) & 0xFFFFFFFF end

local function folded(operation)
  return function(first, ...)
    local value = signed(first)
    for i = 1, select("#", ...) do value = signed(operation(value, signed((select(i, ...))))) end
    return value
  end
end

local function swapped(x)
  return signed((string.unpack("<i4", string.pack(">i4", signed(x)))))
end

helpers.bit = function()
  local function lshift(x, n) return signed(unsigned(x) << (n & 31)) end
  local function rshift(x, n) return signed(unsigned(x) >> (n & 31)) end
  return {
    tobit = signed, bswap = swapped, lshift = lshift, rshift = rshift,
    band = folded(function(a, b) return a & b end),
    bor = folded(function(a, b) return a | b end),
    bxor = folded(function(a, b) return a ~ b end),
    bnot = function(x) return signed(~signed(x)) end,
    arshift = function(x, n) return signed(signed(x) // (1 << (n & 31))) end,
    rol = function(x, n) return signed(unsigned(x) << (n & 31) | unsigned(x) >> (32 - (n & 31))) end,
    ror = function(x, n) return signed(unsigned(x) >> (n & 31) | unsigned(x) << (32 - (n & 31))) end,
    tohex = function(x, n)
      n = n or 8
      local text = ("%08x"):format(unsigned(x)):sub(-math.abs(n))
      return n < 0 and text:upper() or text
    end,
  }
end

-- ffi, as far as it is arrays of bytes -----------------------------------------------------------------------------

local bytes_meta = { __name = "bytes" }

local function byte_array(ctype, size, init)
  local kind = type(ctype) == "table" and ctype.name or ctype
  local fixed = tostring(kind):match "char ?%[(%d+)%]$" or tostring(kind):match "uint8_t ?%[(%d+)%]$"
  if not fixed and not tostring(kind):find "char ?%[%?%]$" and not tostring(kind):find "uint8_t ?%[%?%]$" then
    error(("ffi.new: '%s': only arrays of bytes are there without LuaJIT"):format(tostring(kind)), 3)
  end
  if fixed then size, init = tonumber(fixed), size end
  local array = setmetatable({ size = size }, bytes_meta)
  for i = 0, size - 1 do array[i] = type(init) == "string" and (init:byte(i + 1) or 0) or 0 end
  return array
end

local function byte_string(array, length)
  if type(array) == "string" then return length and array:sub(1, length) or array end
  if not length then
    length = 0
    while length < array.size and array[length] ~= 0 do length = length + 1 end
  end
  local pieces = {}
  for i = 0, length - 1, 4096 do
    local codes = table.move(array, i, math.min(i + 4096, length) - 1, 1, {})
    for k, code in ipairs(codes) do codes[k] = code & 0xFF end
    pieces[#pieces + 1] = string.char(table.unpack(codes))
  end
  return table.concat(pieces)
end

helpers.ffi = function()
  return {
    os = "Linux", arch = "none",
    new = function(...) return byte_array(...) end,
    typeof = function(name) return { name = name } end,
    string = byte_string,
    cdef = function() end,
    C = setmetatable({}, { __index = function(_, name)
      error(("ffi.C.%s: there is no C library behind this ffi"):format(tostring(name)), 2)
    end }),
  }
end

-- resty.* (Debian calls them nginx.*) ------------------------------------------------------------------------------

helpers["resty.string"] = function()
  return { to_hex = hex.of, atoi = function(text) return math.tointeger(tonumber(text:match "^%-?%d+" or 0)) end }
end

helpers["resty.random"] = function()
  return {
    bytes = function(length)
      local file <close> = assert(io.open("/dev/urandom", "rb"))
      file:setvbuf "no"
      return file:read(length)
    end,
  }
end

local function hash_module(name)
  local Hash = {}
  Hash.__index = Hash
  function Hash.new() return setmetatable({ pieces = {} }, Hash) end
  function Hash:update(bytes, length)
    self.pieces[#self.pieces + 1] = length and bytes:sub(1, length) or bytes
    return true
  end
  function Hash:final() return core.digest(name, table.concat(self.pieces)) end
  function Hash:reset()
    self.pieces = {}
    return true
  end
  return Hash
end

for _, name in ipairs { "md5", "sha1", "sha224", "sha256", "sha384", "sha512" } do
  helpers["resty." .. name] = function() return hash_module(name) end
end

for _, name in ipairs { "resty.lrucache", "resty.lrucache.pureffi" } do
  helpers[name] = function() return require "bearssl.ngx.lrucache" end
end

helpers["resty.core"] = function() return { version = "0.1.25" } end

for _, name in ipairs { "string", "random", "md5", "sha1", "sha224", "sha256", "sha384", "sha512" } do
  helpers["nginx." .. name] = helpers["resty." .. name]
end

-- ngx.* of lua-resty-core ------------------------------------------------------------------------------------------

helpers["ngx.semaphore"] = function() return require "bearssl.ngx.semaphore" end

helpers["ngx.base64"] = function()
  local text = require "bearssl.ngx.text"
  return {
    encode_base64url = function(value)
      return (text.encode_base64(value, true):gsub("[+/]", { ["+"] = "-", ["/"] = "_" }))
    end,
    decode_base64url = function(value)
      if type(value) ~= "string" then return nil, "must be string" end
      if value:find "[^%w_-]" then return nil, "invalid input" end
      return text.decode_base64((value:gsub("[-_]", { ["-"] = "+", _ = "/" })))
    end,
  }
end

-- A certificate chain or key for tcpsock:setclientcert; both are checked here.
local ssl = {}

function ssl.parse_pem_cert(pem)
  local list, err = require "bearssl.x509".parse(pem)
  if not list then return nil, tostring(err) end
  return { pem = pem }
end

function ssl.parse_pem_priv_key(pem, password)
  local key, err = require "bearssl.key".parse(pem, { password = password })
  if not key then return nil, tostring(err) end
  return key
end
ssl.parse_der_cert, ssl.parse_der_priv_key = ssl.parse_pem_cert, ssl.parse_pem_priv_key

helpers["ngx.ssl"] = function()
  return setmetatable(ssl, { __index = function(_, name)
    return function() error(("ngx.ssl.%s: only nginx has it"):format(tostring(name)), 2) end
  end })
end

-- ngx.re.split: what stands between the matches, and their captures.
local function split(subject, pattern, options, context, most, result)
  local re = require "bearssl.ngx.re"
  local out, from, at = result or {}, context and context.pos or 1, { pos = context and context.pos or 1 }
  while not (most and most > 0 and #out + 1 >= most) do
    local match, err = re.match(subject, pattern, options, at)
    if err then return nil, err end
    local last = match and at.pos - 1
    if not match or #match[0] == 0 and last >= #subject then break end
    if #match[0] == 0 then last, at.pos = last + 1, at.pos + 1 end
    out[#out + 1] = subject:sub(from, #match[0] == 0 and last or last - #match[0])
    for _, capture in ipairs(match) do
      if capture then out[#out + 1] = capture end
    end
    from = last + 1
  end
  if from <= #subject then out[#out + 1] = subject:sub(from) end
  return out
end

helpers["ngx.re"] = function() return { split = split, opt = function() end } end

-- Puts into package.preload what cannot be found otherwise. What libraries bring of LuaJIT's own, "bit" and "ffi", is
-- preferred where it is installed.
local function install()
  for name, make in pairs(helpers) do
    local installed = (name == "bit" or name == "ffi")
      and (package.searchpath(name, package.path) or package.searchpath(name, package.cpath))
    if not installed and not package.loaded[name] then package.preload[name] = package.preload[name] or make end
  end
end

return { install = install, makers = helpers }
