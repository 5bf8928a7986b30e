-- SPDX-License-Identifier: MIT
-- The certificates of a PKCS#7 message that has nothing else in it: a degenerate SignedData (RFC 2315 section 9.1,
-- RFC 5652 section 5.1), as caIssuers often gives it.
local mime = require "mime"

local SIGNED_DATA = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
local MAX_CERTIFICATES = 16

-- One element out of `text` from `at`: tag, content, where it ends, and all of it; nil: there is none, or its length is
-- indefinite.
local function element(text, at)
  local tag, size = text:byte(at, at + 1)
  if not size then return nil end
  local from = at + 2
  if size >= 0x80 then
    local width = size - 0x80
    if width < 1 or width > 4 or #text < from + width - 1 then return nil end
    size, from = (">I" .. width):unpack(text, from), from + width
  end
  local stop = from + size
  if stop - 1 > #text then return nil end
  return tag, text:sub(from, stop - 1), stop, text:sub(at, stop - 1)
end

local function signed_data(text)
  local tag, content = element(text, 1)
  if tag ~= 0x30 then return nil end
  local oid_tag, oid, at = element(content, 1)
  if oid_tag ~= 6 or oid ~= SIGNED_DATA then return nil end
  local explicit, inner = element(content, at)
  if explicit ~= 0xa0 then return nil end
  local kind, data = element(inner, 1)
  return kind == 0x30 and data or nil
end

-- What stands before [0] certificates: version, digestAlgorithms, encapContentInfo.
local function certificates_of(data)
  local at = 1
  for _ = 1, 4 do
    local tag, content, stop = element(data, at)
    if not tag then return nil end
    if tag == 0xa0 then return content end
    at = stop
  end
  return nil
end

-- A list of certificates' DER; nil: it is no such message.
return function(text)
  local _, from = text:find("-----BEGIN PKCS7-----", 1, true)
  local ending = from and text:find("-----END", from, true) -- looked for once, however often the first stands there
  if ending then text = mime.unb64((text:sub(from + 1, ending - 1):gsub("%s", ""))) or "" end
  local data = signed_data(text)
  local set = data and certificates_of(data)
  if not set then return nil end
  local list, at = {}, 1
  while at <= #set and #list < MAX_CERTIFICATES do
    local tag, _, stop, whole = element(set, at)
    if not tag then return nil end
    if tag == 0x30 then list[#list + 1] = whole end -- the other choices are no X.509 certificates
    at = stop
  end
  return list
end
