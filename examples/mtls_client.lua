-- mtls_client.lua URL CERTIFICATE KEY [CA.pem] - an HTTPS request that shows a client certificate where the server
-- asks for one. Without CERTIFICATE and KEY ("" "") it shows none.
local https = require "bearssl.https"

local url, certificate, key, trust = table.unpack(arg)
if not key then error("usage: mtls_client.lua URL CERTIFICATE KEY [CA.pem]", 0) end

local body, code = https.request {
  url = url, trust = trust, timeout = 10,
  certificate = certificate ~= "" and certificate or nil,
  key = key ~= "" and key or nil,
}
if not body then
  io.stderr:write("mtls_client: ", tostring(code), "\n")
  os.exit(1, true)
end
io.write(body)
os.exit(code < 400, true)
