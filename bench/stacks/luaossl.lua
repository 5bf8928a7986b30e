-- luaossl: certificates alone. Its TLS is for cqueues' sockets, not LuaSocket's.
local x509 = require "openssl.x509"
local stack = {}

function stack.parse(pem) return x509.new(pem, "PEM") end

function stack.inspect(pem)
  local c = stack.parse(pem)
  return tostring(c:getSubject()), tostring(c:getIssuer()), c:getSubjectAlt(), c:digest("sha256", "x"), c:getLifetime()
end

return stack
