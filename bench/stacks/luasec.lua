-- LuaSec over LuaSocket. It verifies the chain; it has no check of the name (1.2.0) and no session of a client.
local ssl = require "ssl"
local stack = {}

local suites = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 = "ECDHE-RSA-AES128-GCM-SHA256",
}

local function context(mode, options)
  return assert(ssl.newcontext {
    mode = mode, protocol = "tlsv1_2", options = { "all", "no_ticket" },
    ciphers = options.suite and assert(suites[options.suite]), curve = options.group == "secp256r1" and "P-256" or nil,
    cafile = options.trust, verify = mode == "client" and { "peer", "fail_if_no_peer_cert" } or "none",
    certificate = options.certificate, key = options.key,
  })
end

function stack.client(options) return context("client", options) end
function stack.server(options) return context("server", options) end

function stack.open(config, tcp, name)
  local connection = assert(ssl.wrap(tcp, config))
  if name then connection:sni(name) end
  assert(connection:dohandshake())
  return connection
end

function stack.describe(connection)
  local info = connection:info()
  return info.protocol .. " " .. info.cipher
end

function stack.parse(pem) return assert(ssl.loadcertificate(pem)) end

function stack.inspect(pem)
  local c = stack.parse(pem)
  return c:subject(), c:issuer(), c:extensions()["2.5.29.17"], c:notbefore(), c:notafter(), c:digest "sha256"
end

return stack
