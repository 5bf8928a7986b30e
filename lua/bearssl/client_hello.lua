-- SPDX-License-Identifier: MIT
-- A ClientHello as on_client_hello sees it: what the client offers, in IANA's names (RFC 8446 section 4.1.2).
local wire = require "bearssl.wire"

local function or_empty(value)
  return type(value) == "table" and value or {}
end

return function(body)
  local m, wrong = wire.parse("ClientHello", body)
  if not m then error(wrong, 0) end
  local names = {}
  for i, x in ipairs(m.extensions) do names[i] = x.name end
  local server_name = wire.extension(m, "server_name")
  return {
    server_name = type(server_name) == "string" and server_name or nil,
    alpn = or_empty(wire.extension(m, "application_layer_protocol_negotiation")),
    versions = or_empty(wire.extension(m, "supported_versions") or { m.legacy_version }),
    cipher_suites = m.cipher_suites,
    groups = or_empty(wire.extension(m, "supported_groups")),
    signature_schemes = or_empty(wire.extension(m, "signature_algorithms")),
    signature_schemes_cert = or_empty(wire.extension(m, "signature_algorithms_cert")
      or wire.extension(m, "signature_algorithms")),
    extensions = names,
    random = m.random,
  }
end
