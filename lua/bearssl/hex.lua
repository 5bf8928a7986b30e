-- SPDX-License-Identifier: MIT
-- Octets as hexadecimal digits, two for each, and back: hex.of("\1\255") gives "01ff", hex.octets("01FF") "\1\255".
local hex = {}

local digits = {}
for octet = 0, 255 do digits[string.char(octet)] = ("%02x"):format(octet) end

function hex.of(octets)
  return (octets:gsub(".", digits))
end

-- What stands there beside pairs of digits stays as it is.
function hex.octets(text)
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

return hex
