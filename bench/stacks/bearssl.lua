-- bearssl over LuaSocket.
local bearssl = require "bearssl"
local x509 = bearssl.x509
local stack = {}

local function config(make, options)
  return assert(make {
    max_version = "1.2", trust = options.trust, certificate = options.certificate, key = options.key,
    cipher_suites = options.suite and { options.suite }, groups = options.group and { options.group },
  })
end

function stack.client(options) return config(bearssl.client, options) end
function stack.server(options) return config(bearssl.server, options) end

function stack.open(own, tcp, name, session)
  local connection = assert(own:wrap(tcp, { name = name, session = session }))
  assert(connection:handshake())
  return connection
end

function stack.session(connection) return connection:session() end

function stack.describe(connection)
  local info = connection:info()
  return ("%s %s %s%s"):format(info.version, info.cipher_suite, info.group or "-", info.resumed and " resumed" or "")
end

function stack.parse(pem) return assert(x509.parse(pem))[1] end

function stack.inspect(pem)
  local c = stack.parse(pem)
  return c.subject, c.issuer, c.extensions.subject_alt_name, c.not_before, c.not_after, c.fingerprints.sha256
end

return stack
