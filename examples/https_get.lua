-- https_get.lua URL [CA.pem] - fetches a page over HTTPS. Certificate and name are verified, against the system's
-- trust store or against the file given.
local https = require "bearssl.https"

local url, trust = arg[1], arg[2]
if not url then error("usage: https_get.lua URL [CA.pem]", 0) end

local body, code, _, status = https.request { url = url, trust = trust, timeout = 10 }
if not body then
  io.stderr:write("https_get: ", tostring(code), "\n")
  os.exit(1, true)
end
io.stderr:write(status, "\n")
io.write(body)
os.exit(code < 400, true)
