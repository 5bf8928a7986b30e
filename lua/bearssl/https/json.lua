-- SPDX-License-Identifier: MIT
-- bearssl.https: JSON by the library that is there, cjson or dkjson. null is that library's own.
local failure = require "bearssl.https.failure"

local json = {}

local found

local function library()
  for _, name in ipairs { "cjson", "dkjson" } do
    local ok, module = pcall(require, name)
    if ok then
      found = { name = name, encode = module.encode, decode = module.decode }
      return found
    end
  end
  error("JSON needs a library: lua-cjson or dkjson", 0)
end

-- Raises where there is no library, and where a value has no JSON.
function json.encode(value)
  local text = (found or library()).encode(value)
  return text
end

-- The value; or nil, error.
function json.decode(text)
  local codec = found or library()
  local ok, value, at, err = pcall(codec.decode, text)
  if ok and codec.name == "dkjson" and not err and text:find("%S", at) then -- which cjson sees for itself
    value, err = nil, "something follows the end"
  end
  if ok and not (codec.name == "dkjson" and value == nil and err) then return value end
  return nil, failure.new("decode", "JSON", tostring(ok and err or value))
end

return json
