-- SPDX-License-Identifier: MIT
-- ClientHellos made by hand: for versions, suites and groups that no engine here has, and for what no client should
-- say. The answer tells what the server has; nothing is computed.
local core = require "bearssl.core"
local hex = require "bearssl.hex"
local registry = require "bearssl.audit.registry"

local hello = {}

local function vector(format, list)
  local parts = {}
  for i, value in ipairs(list) do parts[i] = format:pack(value) end
  return table.concat(parts)
end

-- Public keys that are somebody's: of each curve its base point (SEC 2), and 32 octets, which are a key of X25519.
-- A server answers them; that nobody here knows the secret does not matter.
local function point(x, y)
  return "\4" .. hex.octets(x .. y)
end
local shares = {
  [29] = ("\9"):rep(32),
  [23] = point("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
  [24] = point("aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
    "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f"),
  [25] = point("00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de"
    .. "3348b3c1856a429bf97e7e31c2e5bd66", "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee"
    .. "72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650"),
}
hello.share_groups = { 29, 23, 24, 25 }

-- Extensions, as { type, data }.
local make = {}

function make.server_name(name)
  return { 0, (">s2"):pack("\0" .. (">s2"):pack(name)) }
end

function make.key_share(groups)
  local entries = {}
  for i, group in ipairs(groups) do entries[i] = (">I2s2"):pack(group, shares[group]) end
  return { 51, (">s2"):pack(table.concat(entries)) }
end

function make.alpn(names)
  return { 16, (">s2"):pack(vector(">s1", names)) }
end

function make.supported_versions(versions)
  return { 43, (">s1"):pack(vector(">I2", versions)) }
end

function make.supported_groups(groups)
  return { 10, (">s2"):pack(vector(">I2", groups)) }
end

function make.signature_algorithms(schemes)
  return { 13, (">s2"):pack(vector(">I2", schemes)) }
end
hello.make = make

local function is_address(name)
  return name:find "^[%d.]+$" or name:find(":", 1, true)
end

-- RFC 8446 section 4.1.2 and RFC 5246 section 7.4.1.4, in an order that browsers use.
local function extensions(spec)
  local list = {}
  local function add(x) list[#list + 1] = x end
  if spec.name and not is_address(spec.name) then add(make.server_name(spec.name)) end
  if spec.groups and spec.groups[1] then
    add(make.supported_groups(spec.groups))
    add { 11, "\1\0" } -- ec_point_formats: uncompressed
  end
  if spec.version >= 0x0303 then add(make.signature_algorithms(spec.schemes or registry.scheme_ids)) end
  if spec.version >= 0x0304 then
    add(make.supported_versions(spec.versions or { spec.version }))
    add(make.key_share(spec.shares or {}))
    add { 45, "\1\1" } -- psk_key_exchange_modes: psk_dhe_ke
  else
    add { 0xff01, (">s1"):pack(spec.finished or "") } -- renegotiation_info (RFC 5746 section 3.2)
  end
  for _, x in ipairs(spec.extra or {}) do add(x) end
  return list
end

local function block(list)
  local parts = {}
  for i, x in ipairs(list) do parts[i] = (">I2s2"):pack(x[1], x[2]) end
  return table.concat(parts)
end

-- A handshake message in records of at most `size` octets.
function hello.records(message, version, size)
  local out, at = {}, 1
  repeat
    out[#out + 1] = (">BI2s2"):pack(22, version, message:sub(at, at + size - 1))
    at = at + size
  until at > #message
  return table.concat(out)
end

-- The octets of a ClientHello with its record. spec: `version`, `suites`; and `name`, `groups`, `schemes`, `shares`
-- (groups that have a key), `versions` of supported_versions, `extra` extensions, `legacy_version`, `record_version`,
-- `session_id`, `compression`, `bare` (no extensions: SSL 3.0), `fragment` (octets of a record), `pad`, `finished` (of
-- the connection that this renegotiates).
function hello.build(spec)
  local legacy = spec.legacy_version or math.min(spec.version, 0x0303)
  local id = spec.session_id or spec.version >= 0x0304 and core.random(32) or ""
  local body = (">I2c32s1s2s1"):pack(legacy, core.random(32), id, vector(">I2", spec.suites), spec.compression or "\0")
  if not spec.bare then
    local list = extensions(spec)
    local data = block(list)
    if spec.pad then -- to so many octets of handshake message (RFC 7685)
      local missing = math.max(0, spec.pad - (4 + #body + 2 + #data + 4))
      list[#list + 1] = { 21, ("\0"):rep(missing) }
      data = block(list)
    end
    body = body .. (">s2"):pack(data)
  end
  local message = "\1" .. (">s3"):pack(body)
  return hello.records(message, spec.record_version or math.min(legacy, 0x0301), spec.fragment or 16384)
end

-- SSL 2.0's CLIENT-HELLO (draft-hickman-netscape-ssl-00 section 1.3).
function hello.ssl_2()
  local kinds = {}
  for kind in pairs(registry.ssl_2_kinds) do kinds[#kinds + 1] = (">I3"):pack(kind) end
  table.sort(kinds)
  local specs, challenge = table.concat(kinds), core.random(16)
  local body = (">BI2I2I2I2"):pack(1, 2, #specs, 0, #challenge) .. specs .. challenge
  return (">I2"):pack(0x8000 | #body) .. body
end

return hello
