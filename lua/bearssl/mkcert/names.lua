-- SPDX-License-Identifier: MIT
-- Names as a caller writes them, to DER: distinguished names (RFC 4514) and GeneralNames (RFC 5280 section 4.2.1.6).
local core = require "bearssl.core"
local der = require "bearssl.mkcert.der"
local hint = require "bearssl.check".hint

local names = {}

local PRINTABLE, UTF8, IA5 = 0x13, 0x0c, 0x16

-- Attribute types (RFC 4514 section 3, RFC 5280 appendix A.1): OID, type of string, most characters.
local attributes = {
  CN = { "2.5.4.3", UTF8, 64 }, L = { "2.5.4.7", UTF8, 128 }, ST = { "2.5.4.8", UTF8, 128 },
  O = { "2.5.4.10", UTF8, 64 }, OU = { "2.5.4.11", UTF8, 64 }, C = { "2.5.4.6", PRINTABLE, 2 },
  street = { "2.5.4.9", UTF8, 128 }, SN = { "2.5.4.4", UTF8, 64 }, GN = { "2.5.4.42", UTF8, 64 },
  serialNumber = { "2.5.4.5", PRINTABLE, 64 }, title = { "2.5.4.12", UTF8, 64 },
  postalCode = { "2.5.4.17", UTF8, 40 }, dnQualifier = { "2.5.4.46", PRINTABLE, 64 },
  DC = { "0.9.2342.19200300.100.1.25", IA5, 63 }, UID = { "0.9.2342.19200300.100.1.1", UTF8, 256 },
  emailAddress = { "1.2.840.113549.1.9.1", IA5, 255 },
}

local allowed = { -- what a type of string has no character for
  [PRINTABLE] = "[^A-Za-z0-9 '()+,%-./:=?]", [IA5] = "[\128-\255]",
}

local function attribute(kind, value)
  local known = attributes[kind]
  if not known then error(("no attribute '%s' of a name is known%s"):format(kind, hint(kind, attributes)), 0) end
  local length = utf8.len(value)
  if not length or value == "" then error(("'%s' of a name: text in UTF-8 is wanted"):format(kind), 0) end
  if length > known[3] then error(("'%s' of a name: more than %d characters"):format(kind, known[3]), 0) end
  if kind == "C" and length ~= 2 then error("'C' of a name: two letters (ISO 3166) are wanted", 0) end
  if allowed[known[2]] and value:find(allowed[known[2]]) then
    error(("'%s' of a name has a character that it cannot have"):format(kind), 0)
  end
  return der.sequence(der.oid(known[1]), der.element(known[2], value))
end

-- RFC 4514 section 2.4: a backslash before a character, or before two hexadecimal digits of an octet.
local function unescaped(text)
  return (text:gsub("\\(.)(%x?)", function(first, second)
    if first:find "%x" and second ~= "" then return string.char(tonumber(first .. second, 16)) end
    return first .. second
  end))
end

-- The parts of `text` between separators that no backslash stands before.
local function split(text, separator)
  local parts, from, at = {}, 1, 1
  while at <= #text do
    local c = text:sub(at, at)
    if c == "\\" then
      at = at + 1
    elseif c == separator then
      parts[#parts + 1] = text:sub(from, at - 1)
      from = at + 1
    end
    at = at + 1
  end
  parts[#parts + 1] = text:sub(from)
  return parts
end

-- `type=value`, several joined by "+".
local function rdn(text)
  local encoded = {}
  for i, part in ipairs(split(text, "+")) do
    local kind, value = part:match "^%s*([%w.]+)%s*=(.*)$"
    if not kind then error(("a name is written \"CN=example.com,O=Example\"; '%s' is not"):format(text), 0) end
    encoded[i] = attribute(kind, unescaped((value:gsub("^ +", ""))))
  end
  table.sort(encoded) -- SET OF in DER (X.690 section 11.6)
  return der.element(0x31, table.concat(encoded))
end

-- A Name from RFC 4514's text ("CN=example.com,O=Example": the last written stands first in the DER), from text
-- without "=" (a common name), or from the name of a certificate.
function names.distinguished(name)
  if type(name) == "table" and type(name.der) == "string" then return name.der end
  if type(name) ~= "string" then error("a name is text, or that of a certificate, not a " .. type(name), 0) end
  if name == "" then return der.sequence() end
  if not name:find("=", 1, true) then return der.sequence(rdn("CN=" .. name:gsub('[\\,+]', "\\%0"))) end
  local rdns = {}
  for _, text in ipairs(split(name, ",")) do table.insert(rdns, 1, rdn(text)) end
  return der.sequence(table.unpack(rdns))
end

local function ascii(text, what)
  if text == "" or text:find "[\0-\32\127-\255]" then
    error(("'%s' is no %s in ASCII (an internationalised one is written in its A-label form)"):format(text, what), 0)
  end
  return text
end

-- OtherName: "1.3.6.1.5.5.7.8.5;UTF8:me@example.com", which is an address of XMPP
local string_types = { UTF8 = UTF8, IA5 = IA5 }

local function other_name(text)
  local oid, kind, value = text:match "^([%d.]+);(%w+):(.*)$"
  if not string_types[kind] or not utf8.len(value) or kind == "IA5" and value:find(allowed[IA5]) then
    error(("'%s': an other name is written \"OID;UTF8:text\" or \"OID;IA5:text\""):format(text), 0)
  end
  return der.oid(oid) .. der.explicit(0, der.element(string_types[kind], value)), value
end

-- By its prefix, as openssl writes them: number of the CHOICE, and content.
local kinds = {
  otherName = function(text) return 0, (other_name(text)) end,
  email = function(text) return 1, ascii(text, "mail address") end,
  DNS = function(text)
    if text:find "[:/]" or text:find("..", 1, true) then
      error(("'%s' is no DNS name; that is a host's alone, without a port or a path"):format(text), 0)
    end
    return 2, ascii(text, "DNS name")
  end,
  URI = function(text) return 6, ascii(text, "URI") end,
  IP = function(text)
    local octets = core.ip_octets(text)
    if not octets then error(("'%s' is no IP address"):format(text), 0) end
    return 7, octets
  end,
  dirName = function(text) return 4, names.distinguished(text) end,
  RID = function(text) return 8, der.oid_octets(text) end,
}

local function kind_of(text)
  if core.ip_octets(text) then return "IP" end
  if text:find "^%a[%w+.-]*://" or text:find "^urn:" then return "URI" end
  return text:find("@", 1, true) and "email" or "DNS"
end

-- Number of the CHOICE and content of a GeneralName: "example.com", "192.0.2.1", "::1", "me@example.com",
-- "https://…"; or with the kind said: "DNS:", "IP:", "email:", "URI:", "dirName:", "RID:", "otherName:".
function names.general(text)
  if type(text) ~= "string" then error("a name is text, not a " .. type(text), 0) end
  local prefix, rest = text:match "^(%a+):(.*)$"
  if prefix and kinds[prefix] and rest:sub(1, 2) ~= "//" then return kinds[prefix](rest) end
  return kinds[kind_of(text)](text)
end

-- The name without the kind that is said before it.
function names.bare(text)
  local prefix, rest = text:match "^(%a+):(.*)$"
  if prefix == "otherName" then return (select(2, other_name(rest))) end
  return prefix and kinds[prefix] and rest:sub(1, 2) ~= "//" and rest or text
end

function names.general_name(text)
  local number, content = names.general(text)
  local is_constructed = number == 0 or number == 4
  return is_constructed and der.explicit(number, content) or der.implicit(number, content)
end

function names.general_names(list)
  local encoded = {}
  for i, text in ipairs(list) do encoded[i] = names.general_name(text) end
  return der.sequence(table.unpack(encoded))
end

return names
