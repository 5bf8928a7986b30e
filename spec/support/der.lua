-- DER and certificates made of parts, for what no tool writes: every string type, extensions twice, odd numbers.
--
--   der.element(tag, content...)     one element; der.sequence, der.set, der.context(n, ...) likewise
--   der.oid "2.5.4.3"  der.integer(5)  der.boolean(true)
--   der.name { { "2.5.4.3", der.utf8 "x" }, ... }   one attribute to an RDN; a list of attributes is an RDN of several
--   der.certificate { subject = ..., extensions = { der.extension(oid, value, critical), ... } }  unsigned, so to say
--   der.crl { entries = { der.crl_entry("\1", extensions), ... }, extensions = ... }  likewise
--   der.pem(der, label)
local der = {}

function der.element(tag, ...)
  local content = table.concat { ... }
  local length = #content
  local head = length < 0x80 and string.char(length)
    or length < 0x100 and string.char(0x81, length)
    or length < 0x10000 and "\x82" .. string.pack(">I2", length)
    or "\x83" .. string.pack(">I3", length)
  return string.char(tag) .. head .. content
end

function der.sequence(...) return der.element(0x30, ...) end
function der.set(...) return der.element(0x31, ...) end
function der.context(n, ...) return der.element(0xa0 | n, ...) end
function der.implicit(n, ...) return der.element(0x80 | n, ...) end
function der.octets(...) return der.element(0x04, ...) end
function der.bits(content, unused) return der.element(0x03, string.char(unused or 0), content) end
function der.boolean(v) return der.element(0x01, v and "\xff" or "\0") end
function der.utf8(s) return der.element(0x0c, s) end
function der.printable(s) return der.element(0x13, s) end
function der.ia5(s) return der.element(0x16, s) end
der.null = der.element(0x05)

function der.integer(v)
  local bytes = string.pack(">i8", v)
  while #bytes > 1 and (bytes:find "^\0[\0-\x7f]" or bytes:find "^\xff[\x80-\xff]") do bytes = bytes:sub(2) end
  return der.element(0x02, bytes)
end

local function subidentifier(v)
  local out = string.char(v & 0x7f)
  v = v >> 7
  while v > 0 do
    out = string.char(v & 0x7f | 0x80) .. out
    v = v >> 7
  end
  return out
end

function der.oid(text)
  local first, second, rest = text:match "^(%d)%.(%d+)(.*)$"
  local out = subidentifier(first * 40 + math.tointeger(second))
  for arc in rest:gmatch "%d+" do out = out .. subidentifier(math.tointeger(arc)) end
  return der.element(0x06, out)
end

local function attribute(pair) return der.sequence(der.oid(pair[1]), pair[2]) end

function der.name(rdns)
  local out = {}
  for i, rdn in ipairs(rdns) do
    local attributes = {}
    for k, pair in ipairs(type(rdn[1]) == "table" and rdn or { rdn }) do attributes[k] = attribute(pair) end
    out[i] = der.set(table.unpack(attributes))
  end
  return der.sequence(table.unpack(out))
end

function der.extension(oid, value, critical)
  return der.sequence(der.oid(oid), critical and der.boolean(true) or "", der.octets(value))
end

-- A P-256 key: the curve's generator.
local point = "\4\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4"
  .. "\xa1\x39\x45\xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57"
  .. "\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5"
der.spki = der.sequence(der.sequence(der.oid "1.2.840.10045.2.1", der.oid "1.2.840.10045.3.1.7"), der.bits(point))

local ecdsa_with_sha256 = der.sequence(der.oid "1.2.840.10045.4.3.2")

function der.certificate(part)
  local name = der.name { { "2.5.4.3", der.utf8 "der.lua" } }
  local validity = der.sequence(der.element(0x17, "200101000000Z"), der.element(0x17, "491231235959Z"))
  local extensions = part.extensions and der.context(3, der.sequence(table.concat(part.extensions))) or ""
  local tbs = der.sequence(part.version or der.context(0, der.integer(2)), part.serial or der.integer(1),
    part.algorithm or ecdsa_with_sha256, part.issuer or name, part.validity or validity, part.subject or name,
    part.spki or der.spki, part.unique_ids or "", extensions)
  return der.sequence(tbs, part.algorithm or ecdsa_with_sha256,
    part.signature or der.bits(der.sequence(der.integer(1), der.integer(1))))
end

local sha256_with_rsa = der.sequence(der.oid "1.2.840.113549.1.1.11", der.null)

-- One revoked certificate, with the content octets of its serial number.
function der.crl_entry(serial, extensions, date)
  return der.sequence(der.element(0x02, serial), date or der.element(0x17, "250101000000Z"),
    extensions and der.sequence(table.concat(extensions)) or "")
end

-- part: entries and extensions (lists), issuer, next_update, version ("": 1)
function der.crl(part)
  local extensions = part.extensions and der.context(0, der.sequence(table.concat(part.extensions))) or ""
  local tbs = der.sequence(part.version or der.integer(1), sha256_with_rsa,
    der.name { { "2.5.4.3", der.utf8(part.issuer or "CA") } }, der.element(0x17, "250101000000Z"),
    part.next_update or der.element(0x17, "260101000000Z"),
    part.entries and der.sequence(table.concat(part.entries)) or "", extensions)
  return der.sequence(tbs, sha256_with_rsa, der.bits "no signature")
end

local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function der.base64(s)
  local out = {}
  for i = 1, #s, 3 do
    local a, b, c = s:byte(i, i + 2)
    local v = a << 16 | (b or 0) << 8 | (c or 0)
    for k = 0, 3 do
      local d = v >> 18 - 6 * k & 63
      out[#out + 1] = (k == 2 and not b or k == 3 and not c) and "=" or digits:sub(d + 1, d + 1)
    end
  end
  return table.concat(out)
end

function der.pem(bytes, label)
  local lines = der.base64(bytes):gsub(("."):rep(64), "%0\n"):gsub("[^\n]$", "%0\n")
  return ("-----BEGIN %s-----\n%s-----END %s-----\n"):format(label or "CERTIFICATE", lines, label or "CERTIFICATE")
end

return der
