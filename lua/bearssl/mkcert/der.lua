-- SPDX-License-Identifier: MIT
-- DER of what certificates carry in their fields and extensions (X.690, RFC 5280): each function gives the element,
-- header included. What cannot be written is the programmer's mistake, and raises.
local core = require "bearssl.core"

local der = {}

local element = core.der
der.element = element

function der.sequence(...) return element(0x30, ...) end
function der.explicit(n, ...) return element(0xa0 | n, ...) end -- [n], constructed
function der.implicit(n, content) return element(0x80 | n, content) end -- [n], of a primitive type
function der.octets(content) return element(0x04, content) end
function der.boolean(value) return element(0x01, value and "\255" or "\0") end

-- The content octets of a dotted OID.
function der.oid_octets(text)
  local octets = core.oid(text)
  if not octets then error(("'%s' is no object identifier"):format(text), 0) end
  return octets
end

function der.oid(text) return element(0x06, der.oid_octets(text)) end

-- An unsigned number: an integer, or its octets.
function der.integer(value)
  local octets = type(value) == "string" and value or (">I8"):pack(value)
  octets = octets:gsub("^\0+", "")
  if octets == "" or octets:byte() >= 0x80 then octets = "\0" .. octets end
  return element(0x02, octets)
end

-- Bit n of `bits` is bit n of the named bit list, which ends with its last one (X.690 section 11.2.2). `tag`: that of
-- BIT STRING by default.
function der.named_bits(bits, tag)
  local octets, unused = {}, 0
  for i = 0, 15 do
    if bits & 1 << i ~= 0 then
      local at = i // 8 + 1
      for j = #octets + 1, at do octets[j] = 0 end
      octets[at] = octets[at] | 0x80 >> i % 8
      unused = 7 - i % 8
    end
  end
  return element(tag or 0x03, string.char(unused, table.unpack(octets)))
end

return der
