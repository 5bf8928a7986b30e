-- LuaSec over LuaSocket. It verifies the chain; it has no check of the name (1.2.0) and no session of a client.
local bench = require "bench"
local ssl = require "ssl"
local stack = {}

local protocols = { ["1.2"] = "tlsv1_2", ["1.3"] = "tlsv1_3" }

local suites = { -- OpenSSL's names for those of TLS 1.2
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 = "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = "ECDHE-RSA-CHACHA20-POLY1305",
}

local function context(options, own)
  own.protocol = protocols[options.version] or "any"
  if options.cipher then
    local suite = bench.suite(options)
    own[options.version == "1.3" and "ciphersuites" or "ciphers"] = suites[suite] or suite
  end
  return assert(ssl.newcontext(own))
end

function stack.client(options)
  return context(options, { mode = "client", cafile = options.trust, verify = { "peer", "fail_if_no_peer_cert" } })
end

function stack.server(options)
  return context(options, { mode = "server", certificate = options.certificate, key = options.key, verify = "none" })
end

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

function stack.trust(path)
  return assert(ssl.newcontext { mode = "client", protocol = "any", verify = "peer", cafile = path })
end

return stack
