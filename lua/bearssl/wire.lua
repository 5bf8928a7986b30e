-- SPDX-License-Identifier: MIT

--- TLS messages as Lua tables, in the standard's names.
-- For traces and audits; the engines have their own readers, in C.
-- @module bearssl.wire
local core = require "bearssl.core"
local hex = require "bearssl.hex"

local wire = {}

--- Names of HandshakeType (RFC 8446 section 4, RFC 5246 section 7.4), by number.
wire.handshake_types = {
  [0] = "HelloRequest", "ClientHello", "ServerHello", [4] = "NewSessionTicket", [5] = "EndOfEarlyData",
  [8] = "EncryptedExtensions", [11] = "Certificate", [12] = "ServerKeyExchange", [13] = "CertificateRequest",
  [14] = "ServerHelloDone", [15] = "CertificateVerify", [16] = "ClientKeyExchange", [20] = "Finished",
  [22] = "CertificateStatus", [24] = "KeyUpdate", [254] = "message_hash",
}

--- Names of ContentType (RFC 8446 section 5.1), by number.
wire.content_types = { [20] = "change_cipher_spec", [21] = "alert", [22] = "handshake", [23] = "application_data" }

--- Names of ExtensionType (IANA), by number.
wire.extension_types = {
  [0] = "server_name", [1] = "max_fragment_length", [5] = "status_request", [10] = "supported_groups",
  [11] = "ec_point_formats", [13] = "signature_algorithms", [14] = "use_srtp", [15] = "heartbeat",
  [16] = "application_layer_protocol_negotiation", [18] = "signed_certificate_timestamp",
  [19] = "client_certificate_type", [20] = "server_certificate_type", [21] = "padding", [22] = "encrypt_then_mac",
  [23] = "extended_master_secret", [27] = "compress_certificate", [28] = "record_size_limit",
  [34] = "delegated_credential", [35] = "session_ticket", [41] = "pre_shared_key", [42] = "early_data",
  [43] = "supported_versions", [44] = "cookie", [45] = "psk_key_exchange_modes", [47] = "certificate_authorities",
  [48] = "oid_filters", [49] = "post_handshake_auth", [50] = "signature_algorithms_cert", [51] = "key_share",
  [57] = "quic_transport_parameters", [65037] = "encrypted_client_hello", [65281] = "renegotiation_info",
}

local retry_random = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
  .. "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

-- 0x0A0A to 0xFAFA (RFC 8701)
local function is_grease(n)
  return n & 0x0f0f == 0x0a0a and n >> 8 == n & 0xff
end

local function name_in(names)
  return function(n) return names[n] or is_grease(n) and "GREASE" or ("0x%04X"):format(n) end
end

local versions = { [0x0300] = "SSLv3", [0x0301] = "TLSv1.0", [0x0302] = "TLSv1.1", [0x0303] = "TLSv1.2",
  [0x0304] = "TLSv1.3" }
local suite_names = { [0x00ff] = "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", [0x5600] = "TLS_FALLBACK_SCSV" }
for name, suite in pairs(core.cipher_suites) do suite_names[suite.id] = name end
local group_names, scheme_names = {}, {}
for name, id in pairs(core.groups) do group_names[id] = name end
for name, id in pairs(core.signature_schemes) do scheme_names[id] = name end

--- The name of a ProtocolVersion: "TLSv1.3", … A number that has none gives its hexadecimal digits, here and below.
-- @function wire.version_name
-- @tparam integer number
-- @treturn string
wire.version_name = name_in(versions)

--- The name of a cipher suite (IANA).
-- @function wire.cipher_suite_name
-- @tparam integer number
-- @treturn string
wire.cipher_suite_name = name_in(suite_names)

--- The name of a NamedGroup (RFC 8446 section 4.2.7).
-- @function wire.group_name
-- @tparam integer number
-- @treturn string
wire.group_name = name_in(group_names)

--- The name of a SignatureScheme (RFC 8446 section 4.2.3).
-- @function wire.signature_scheme_name
-- @tparam integer number
-- @treturn string
wire.signature_scheme_name = name_in(scheme_names)

--- The name of an ExtensionType (IANA).
-- @function wire.extension_name
-- @tparam integer number
-- @treturn string
wire.extension_name = name_in(wire.extension_types)

-- Each reader takes bytes and gives what they mean, or raises; wire.parse catches that.

local function numbers(data, name) -- two bytes each
  local list = {}
  if #data % 2 ~= 0 then error("odd length", 0) end
  for i = 1, #data, 2 do list[#list + 1] = name((">I2"):unpack(data, i)) end
  return list
end

local function whole(format, data)
  local values = table.pack(format:unpack(data))
  if values[values.n] ~= #data + 1 then error("trailing bytes", 0) end
  return table.unpack(values, 1, values.n - 1)
end

local function vectors(data, format) -- opaque<…> after another
  local list, at = {}, 1
  while at <= #data do list[#list + 1], at = format:unpack(data, at) end
  return list
end

local function server_name(data)
  if data == "" then return true end
  local list, at = whole(">s2", data), 1
  while at <= #list do
    local kind, name
    kind, name, at = (">I1s2"):unpack(list, at)
    if kind == 0 then return name end
  end
end

local function key_share(data, message)
  if message == "HelloRetryRequest" then return wire.group_name((whole(">I2", data))) end
  local entries, at, list = message == "ClientHello" and whole(">s2", data) or data, 1, {}
  while at <= #entries do
    local group, exchange
    group, exchange, at = (">I2s2"):unpack(entries, at)
    list[#list + 1] = { group = wire.group_name(group), bytes = #exchange }
  end
  return list
end

local function pre_shared_key(data, message)
  if message ~= "ClientHello" then return whole(">I2", data) end
  local identities, binders = whole(">s2s2", data)
  local list, at = {}, 1
  while at <= #identities do
    local identity, age
    identity, age, at = (">s2I4"):unpack(identities, at)
    list[#list + 1] = { bytes = #identity, obfuscated_ticket_age = age }
  end
  return { identities = list, binders = #vectors(binders, ">s1") }
end

local function supported_versions(data, message)
  if message ~= "ClientHello" then return wire.version_name((whole(">I2", data))) end
  return numbers(whole(">s1", data), wire.version_name)
end

local function in_two(name)
  return function(data) return numbers(whole(">s2", data), name) end
end

local readers = {
  server_name = server_name,
  supported_groups = in_two(wire.group_name),
  signature_algorithms = in_two(wire.signature_scheme_name),
  signature_algorithms_cert = in_two(wire.signature_scheme_name),
  application_layer_protocol_negotiation = function(data) return vectors(whole(">s2", data), ">s1") end,
  supported_versions = supported_versions,
  key_share = key_share,
  pre_shared_key = pre_shared_key,
  record_size_limit = function(data) return whole(">I2", data) end,
  max_fragment_length = function(data) return whole(">I1", data) end,
  early_data = function(data) return #data == 4 and (">I4"):unpack(data) or true end,
  psk_key_exchange_modes = function(data)
    local list = {}
    for _, mode in ipairs { whole(">s1", data):byte(1, -1) } do
      list[#list + 1] = ({ [0] = "psk_ke", "psk_dhe_ke" })[mode] or mode
    end
    return list
  end,
}

-- A list of { type, name, bytes, value, data } in their order.
local function extensions(block, message)
  local list, at = {}, 1
  while at <= #block do
    local kind, data
    kind, data, at = (">I2s2"):unpack(block, at)
    local name = wire.extension_name(kind)
    local item = { type = kind, name = name, bytes = #data, data = data }
    if readers[name] then
      local ok, value = pcall(readers[name], data, message)
      if ok then item.value = value else item.malformed = true end
    end
    list[#list + 1] = item
  end
  return list
end

local function optional_extensions(body, at, message)
  if at > #body then return {} end
  local block, after = (">s2"):unpack(body, at)
  if after ~= #body + 1 then error("trailing bytes", 0) end
  return extensions(block, message)
end

local parsers = {}

function parsers.ClientHello(body)
  local version, random, id, suites, methods, at = (">I2c32s1s2s1"):unpack(body)
  return {
    legacy_version = wire.version_name(version), random = hex.of(random), session_id = hex.of(id),
    cipher_suites = numbers(suites, wire.cipher_suite_name), compression_methods = { methods:byte(1, -1) },
    extensions = optional_extensions(body, at, "ClientHello"),
  }
end

function parsers.ServerHello(body)
  local version, random, id, suite, method, at = (">I2c32s1I2I1"):unpack(body)
  local message = random == retry_random and "HelloRetryRequest" or "ServerHello"
  local list = optional_extensions(body, at, message)
  local chosen = wire.version_name(version)
  for _, x in ipairs(list) do
    if x.name == "supported_versions" and type(x.value) == "string" then chosen = x.value end
  end
  return {
    message = message, version = chosen, random = hex.of(random), session_id = hex.of(id),
    cipher_suite = wire.cipher_suite_name(suite), compression_method = method, extensions = list,
  }
end

function parsers.EncryptedExtensions(body)
  return { extensions = extensions(whole(">s2", body), "EncryptedExtensions") }
end

function parsers.Certificate(body, tls_1_3)
  local context, list = whole(">s1s3", tls_1_3 and body or "\0" .. body) -- TLS 1.2 has no context
  local at, fields = 1, { certificates = {}, certificate_request_context = tls_1_3 and hex.of(context) or nil }
  while at <= #list do
    local der, block
    der, at = (">s3"):unpack(list, at)
    if tls_1_3 then block, at = (">s2"):unpack(list, at) end
    fields.certificates[#fields.certificates + 1] =
      { bytes = #der, der = der, extensions = block and extensions(block, "Certificate") }
  end
  return fields
end

function parsers.CertificateVerify(body)
  local scheme, signature = whole(">I2s2", body)
  return { algorithm = wire.signature_scheme_name(scheme), signature = { bytes = #signature } }
end

function parsers.CertificateRequest(body, tls_1_3)
  if tls_1_3 then
    local context, block = whole(">s1s2", body)
    return { certificate_request_context = hex.of(context), extensions = extensions(block, "CertificateRequest") }
  end
  local types, schemes, authorities = whole(">s1s2s2", body)
  return {
    certificate_types = { types:byte(1, -1) }, signature_algorithms = numbers(schemes, wire.signature_scheme_name),
    authorities = #vectors(authorities, ">s2"),
  }
end

function parsers.ServerKeyExchange(body)
  local kind, group, point, scheme, signature = whole(">I1I2s1I2s2", body)
  return {
    curve_type = kind, group = wire.group_name(group), public = { bytes = #point },
    algorithm = wire.signature_scheme_name(scheme), signature = { bytes = #signature },
  }
end

function parsers.ClientKeyExchange(body)
  return { public = { bytes = #body - 1 } }
end

function parsers.NewSessionTicket(body, tls_1_3)
  if not tls_1_3 then
    local lifetime, ticket = whole(">I4s2", body)
    return { ticket_lifetime = lifetime, ticket = { bytes = #ticket } }
  end
  local lifetime, _, _, ticket, block = whole(">I4I4s1s2s2", body)
  return {
    ticket_lifetime = lifetime, ticket = { bytes = #ticket }, extensions = extensions(block, "NewSessionTicket"),
  }
end

function parsers.KeyUpdate(body)
  local request = whole(">I1", body)
  return { request_update = ({ [0] = "update_not_requested", "update_requested" })[request] or request }
end

function parsers.Finished(body)
  return { verify_data = { bytes = #body } }
end

--- Takes a handshake message apart.
-- @tparam string name a name of @{wire.handshake_types}
-- @tparam string body the message without its header of four bytes
-- @tparam[opt] boolean tls_1_3 which of the two forms a message has that both versions know
-- @treturn[1] table its fields in the standard's names; a HelloRetryRequest is a ServerHello with `message`
-- @treturn[2] nil
-- @treturn[2] string why it does not decode
function wire.parse(name, body, tls_1_3)
  local parser = parsers[name]
  if not parser then return { bytes = #body } end
  local ok, fields = pcall(parser, body, tls_1_3)
  if ok then return fields end
  return nil, ("%s does not decode: %s"):format(name, fields)
end

--- The value of an extension in a message that was taken apart; nil: it is not there.
-- @tparam table message of @{wire.parse}
-- @tparam string name of the extension
function wire.extension(message, name)
  for _, x in ipairs(message.extensions or {}) do
    if x.name == name then return x.value == nil and x.data or x.value end
  end
end

return wire
