-- SPDX-License-Identifier: MIT
-- What a server's messages say, by numbers: an audit meets suites and groups that have no names here.
local wire = require "bearssl.wire"

local message = {}

local RETRY = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
  .. "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c" -- RFC 8446 section 4.1.3

local function read_extensions(body, at)
  local found, count = {}, 0
  if at > #body then return found end
  local block, after = (">s2"):unpack(body, at)
  if after ~= #body + 1 then error("trailing octets", 0) end
  at = 1
  while at <= #block do
    local kind, data
    kind, data, at = (">I2s2"):unpack(block, at)
    found[kind], count = data, count + 1
    if count > 256 then error("too many", 0) end
  end
  return found
end

local function read_server_hello(body)
  local version, random, id, suite, compression, at = (">I2c32s1I2B"):unpack(body)
  local x = read_extensions(body, at)
  local chosen = x[43] and #x[43] == 2 and (">I2"):unpack(x[43]) or version
  local retry = random == RETRY and chosen >= 0x0304
  return {
    kind = retry and "retry" or "hello", version = chosen, legacy_version = version, random = random, session_id = id,
    suite = suite, compression = compression, extensions = x,
    group = x[51] and #x[51] >= 2 and (">I2"):unpack(x[51]) or nil,
    share = x[51] and not retry and #x[51] > 4 and x[51]:sub(5) or nil,
  }
end

-- Calls a reader; nil where it does not decode.
local function attempt(fn, ...)
  local ok, value = pcall(fn, ...)
  return ok and value or nil
end

function message.server_hello(body)
  return attempt(read_server_hello, body)
end

-- The signature behind the parameters (RFC 5246 section 7.4.3): its scheme, in TLS 1.2.
local function scheme_after(body, at, version)
  if version < 0x0303 or at > #body - 3 then return nil end
  return (">I2"):unpack(body, at)
end

local function read_ecdhe(body, version)
  local kind, group, public, at = (">BI2s1"):unpack(body)
  if kind ~= 3 then return { group = 0xff00 + kind } end -- explicit curves
  return { group = group, public = public, scheme = scheme_after(body, at, version) }
end

local function read_dhe(body, version)
  local p, g, public, at = (">s2s2s2"):unpack(body)
  p = p:gsub("^\0+", "")
  local bits = #p * 8
  local top = p:byte() or 0
  while bits > 0 and top < 128 do top, bits = top * 2, bits - 1 end
  return { prime = p, generator = g, public = public, bits = bits, scheme = scheme_after(body, at, version) }
end

-- ServerKeyExchange by the suite's exchange ("ECDHE", "DHE", with "-PSK"): `group`, or `prime` and `bits`; `public`,
-- `scheme`. nil: there is none, or it does not decode.
function message.server_key_exchange(body, exchange, version)
  if not body then return nil end
  if exchange:find "%-PSK$" then
    local hint_end = #body >= 2 and 3 + (">I2"):unpack(body)
    if not hint_end then return nil end
    body = body:sub(hint_end)
  end
  if exchange:find "^ECDHE" then return attempt(read_ecdhe, body, version) end
  if exchange:find "^DHE" then return attempt(read_dhe, body, version) end
end

-- The DERs of a Certificate message below TLS 1.3.
function message.certificates(body)
  local fields = body and wire.parse("Certificate", body)
  local list = {}
  for i, entry in ipairs(fields and fields.certificates or {}) do list[i] = entry.der end
  return list
end

-- The DER of OCSPResponse in a CertificateStatus (RFC 6066 section 8).
function message.status(body)
  if not body or #body < 5 or body:byte() ~= 1 then return nil end
  return attempt(function() return ((">s3"):unpack(body, 2)) end)
end

local function read_request(body, version)
  local types, at = (">s1"):unpack(body)
  local schemes = ""
  if version >= 0x0303 then schemes, at = (">s2"):unpack(body, at) end
  local block, after = (">s2"):unpack(body, at)
  if after ~= #body + 1 then error("trailing octets", 0) end
  local names, from = {}, 1
  while from <= #block and #names < 1000 do names[#names + 1], from = (">s2"):unpack(block, from) end
  return { types = { types:byte(1, -1) }, schemes = schemes, authorities = names }
end

-- CertificateRequest below TLS 1.3: `authorities` are names in DER.
function message.certificate_request(body, version)
  return body and attempt(read_request, body, version)
end

-- --- names in DER ----------------------------------------------------------------------------------------

local attributes = { -- RFC 4514 section 3
  ["\x55\4\3"] = "CN", ["\x55\4\6"] = "C", ["\x55\4\7"] = "L", ["\x55\4\8"] = "ST", ["\x55\4\10"] = "O",
  ["\x55\4\11"] = "OU",
}

-- One element: tag, value, where the next one is.
local function element(der, at)
  local tag, length
  tag, length, at = ("BB"):unpack(der, at)
  if length == 0x81 then length, at = ("B"):unpack(der, at) end
  if length == 0x82 then length, at = (">I2"):unpack(der, at) end
  if at + length > #der + 1 then error("it is cut off", 0) end
  return tag, der:sub(at, at + length - 1), at + length
end

local function read_name(der)
  local _, rdns = element(der, 1)
  local parts, at = {}, 1
  while at <= #rdns and #parts < 32 do
    local set, pair, oid, value, after
    _, set, at = element(rdns, at)
    _, pair = element(set, 1)
    _, oid, after = element(pair, 1)
    _, value = element(pair, after)
    table.insert(parts, 1, (attributes[oid] or "?") .. "=" .. value)
  end
  return table.concat(parts, ",")
end

-- A distinguished name for people, the last RDN first; nil where it does not decode.
function message.distinguished_name(der)
  return attempt(read_name, der)
end

-- SSL 2.0's SERVER-HELLO behind the header of its record: the cipher kinds, or nil.
function message.ssl_2_hello(body)
  return attempt(function()
    local kind, _, _, version, certificate, specs, id = (">BBBI2I2I2I2"):unpack(body)
    if kind ~= 4 or version ~= 2 or 11 + certificate + specs + id > #body + 0 then return nil end
    local list = {}
    for at = 12 + certificate, 11 + certificate + specs, 3 do list[#list + 1] = (">I3"):unpack(body, at) end
    return list
  end)
end

return message
