-- inspect_certificate.lua FILE|HOST:PORT... - prints what stands in certificates: of a file, or as a server sends
-- them (whether they can be trusted or not: this only looks).
local bearssl = require "bearssl"

local function certificates_of(what)
  local host, port = what:match "^%[?([^%[%]/]+)%]?:(%d+)$"
  if not host then return bearssl.x509.load(what) end
  local client = assert(bearssl.client { verify = "none" })
  local sock <close>, err = bearssl.connect(host, tonumber(port), client)
  if not sock then return nil, err end
  return sock:peer_certificates()
end

if #arg == 0 then error("usage: inspect_certificate.lua FILE|HOST:PORT...", 0) end
for _, what in ipairs(arg) do
  local certificates, err = certificates_of(what)
  if not certificates then
    io.stderr:write("inspect_certificate: ", what, ": ", tostring(err), "\n")
    os.exit(1, true)
  end
  for _, certificate in ipairs(certificates) do print(certificate:text()) end
end
