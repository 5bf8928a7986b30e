-- Test data in JSON, as spec/vectors has it.
local json = require "dkjson"

local samples = {}

local values = {}
for i = 1, 64 do
  values[("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"):byte(i)] = i - 1
end

function samples.base64(text)
  local out, bits, n = {}, 0, 0
  for i = 1, #text do
    local value = values[text:byte(i)]
    if value then
      bits, n = bits << 6 | value, n + 6
      if n >= 8 then
        n = n - 8
        out[#out + 1] = string.char(bits >> n & 0xff)
      end
    end
  end
  return table.concat(out)
end

-- The file of that name, with the fields that are base64 decoded.
function samples.load(path, fields)
  local file <close> = assert(io.open(path))
  local data = assert(json.decode((file:read "a")))
  for _, test in ipairs(data.tests) do
    for _, field in ipairs(fields) do
      test[field] = test[field] and samples.base64(test[field])
    end
  end
  return data
end

return samples
