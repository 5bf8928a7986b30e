-- bearssl over LuaSocket, by its own engine.
local bearssl = require "bearssl"
local bench = require "bench"
local x509 = bearssl.x509
local stack = {}

-- A guard against replay (RFC 8446 section 8.2): the config's own takes no early data in its first seconds.
local function once()
  local seen = {}
  return function(unique)
    local fresh = not seen[unique]
    seen[unique] = true
    return fresh
  end
end

local function config(options, own)
  own.engine = options.engine or "native"
  own.min_version, own.max_version = options.version, options.version
  own.cipher_suites = options.cipher and { bench.suite(options) }
  return own
end

function stack.client(options)
  local own = config(options, { trust = options.trust, chain_cache = options.mode == "full" and 0 or nil })
  if options.mode == "0rtt" then own.early_data = true end
  return assert(bearssl.client(own))
end

function stack.server(options)
  local own = config(options, { certificate = options.certificate, key = options.key })
  if options.mode == "0rtt" then own.max_early_data, own.early_data_guard = true, once() end
  return assert(bearssl.server(own))
end

function stack.open(own, tcp, name, session, early_data)
  local connection = assert(own:wrap(tcp, { name = name, session = session, early_data = early_data }))
  assert(connection:handshake())
  return connection
end

function stack.session(connection) return connection:session() end

function stack.describe(connection)
  local info = connection:info()
  return table.concat({
    info.version, info.cipher_suite, info.group or "-", info.resumed and "resumed" or "full",
    info.early_data == "accepted" and "0rtt" or nil,
  }, " ")
end

function stack.parse(pem) return assert(x509.parse(pem))[1] end

function stack.inspect(pem)
  local c = stack.parse(pem)
  return c.subject, c.issuer, c.extensions.subject_alt_name, c.not_before, c.not_after, c.fingerprints.sha256
end

function stack.trust(path, certificate)
  local store = assert(bearssl.store(path))
  assert(store:verify(certificate, { purpose = "any", time = certificate.not_before }))
  return store
end

return stack
