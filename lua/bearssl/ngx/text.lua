-- SPDX-License-Identifier: MIT
-- bearssl.ngx.text: ngx.*'s functions from strings to strings: base64, URIs, arguments, hashes, SQL. What becomes of
-- odd input is what becomes of it in lua-nginx-module.
local core = require "bearssl.core"
local hex = require "bearssl.hex"
local mime = require "mime"
local text_of = require "bearssl.cosocket.arguments".text_of

local text = {}

-- base64 (RFC 4648 section 4) -------------------------------------------------------------------------------------

function text.encode_base64(value, no_padding)
  local encoded = mime.b64(text_of(value)) or ""
  return no_padding and (encoded:gsub("=+$", "")) or encoded
end

-- All up to the first "="; nil: it is not base64.
function text.decode_base64(value)
  if type(value) ~= "string" then error("string argument only", 2) end
  local digits = value:match "^[^=]*"
  if digits:find "[^%w+/]" or #digits % 4 == 1 then return nil end
  if digits == "" then return "" end
  return (mime.unb64(digits .. ("="):rep(-#digits % 4)))
end

-- URIs (RFC 3986) -------------------------------------------------------------------------------------------------

local function percent(c) return ("%%%02X"):format(c:byte()) end

-- What ngx.escape_uri escapes, by its type.
local escaped = { [0] = "[%c #%%?\128-\255]", [1] = "[%c #%%?+\128-\255]", [2] = "[^%w!'()*._~-]" }

function text.escape_uri(value, kind)
  if kind ~= nil and type(kind) ~= "number" then error('"type" is not number', 2) end
  return (text_of(value):gsub(escaped[kind] or escaped[2], percent))
end

local function unescape(value)
  return (value:gsub("%%(%x%x)", function(pair) return string.char(tonumber(pair, 16)) end))
end

function text.unescape_uri(value)
  return unescape((text_of(value):gsub("+", " ")))
end

-- Arguments -------------------------------------------------------------------------------------------------------

local function add_argument(list, key, value)
  local kind = type(value)
  if value == true then
    list[#list + 1] = key
  elseif kind == "string" or kind == "number" then
    list[#list + 1] = key .. "=" .. text.escape_uri(value)
  elseif kind == "table" then
    for _, each in ipairs(value) do add_argument(list, key, each) end
  elseif value ~= false then
    error(("attempt to use %s as query arg value"):format(kind), 0)
  end
end

function text.encode_args(arguments)
  if type(arguments) ~= "table" then
    error("bad argument #1 to 'encode_args' (table expected, got " .. type(arguments) .. ")", 2)
  end
  local keys, list = {}, {}
  for key in pairs(arguments) do
    if type(key) ~= "string" then error('attempt to use a non-string key in the "args" option table', 2) end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local ok, err = pcall(add_argument, list, text.escape_uri(key), arguments[key])
    if not ok then error(err, 2) end
  end
  return table.concat(list, "&")
end

local MAX_ARGUMENTS = 100

function text.decode_args(query, most)
  if type(query) ~= "string" then
    error("bad argument #1 to 'decode_args' (string expected, got " .. type(query) .. ")", 2)
  end
  most = most or MAX_ARGUMENTS
  local found, count = {}, 0
  for part in query:gmatch "[^&]+" do
    local key, value = part:match "^([^=]*)=?(.*)$"
    key, value = text.unescape_uri(key), not part:find("=", 1, true) or text.unescape_uri(value)
    if key ~= "" then
      count = count + 1
      if most > 0 and count > most then return found, "truncated" end
      local had = found[key]
      if type(had) == "table" then
        had[#had + 1] = value
      else
        found[key] = had == nil and value or { had, value }
      end
    end
  end
  return found
end

-- Hashes ----------------------------------------------------------------------------------------------------------

function text.md5_bin(value) return core.digest("md5", text_of(value)) end
function text.md5(value) return hex.of(text.md5_bin(value)) end
function text.sha1_bin(value) return core.digest("sha1", text_of(value)) end

function text.hmac_sha1(key, value, ...)
  if value == nil or ... ~= nil then error("expecting 2 arguments", 2) end
  return core.hmac("sha1", text_of(key), text_of(value))
end

local crc_table -- of the polynomial of IEEE 802.3, reflected

local function new_crc_table()
  local list = {}
  for i = 0, 255 do
    local value = i
    for _ = 1, 8 do value = value & 1 == 1 and value >> 1 ~ 0xEDB88320 or value >> 1 end
    list[i] = value
  end
  return list
end

function text.crc32_long(value)
  crc_table = crc_table or new_crc_table()
  local crc = 0xFFFFFFFF
  for i = 1, #value do crc = crc_table[(crc ~ value:byte(i)) & 0xFF] ~ crc >> 8 end
  return crc ~ 0xFFFFFFFF
end
text.crc32_short = text.crc32_long

-- SQL -------------------------------------------------------------------------------------------------------------

local quoted = { ["\0"] = "\\0", ["\b"] = "\\b", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\26"] = "\\Z",
  ["\\"] = "\\\\", ["'"] = "\\'", ['"'] = '\\"' }

function text.quote_sql_str(value)
  return "'" .. text_of(value):gsub("[%z\b\n\r\t\26\\'\"]", quoted) .. "'"
end

return text
