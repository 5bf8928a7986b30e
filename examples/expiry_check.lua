-- expiry_check.lua DAYS FILE|HOST:PORT... - one line for each certificate or server; status 1 where something fails
-- or ends within DAYS. Fit for cron.
local bearssl = require "bearssl"

local client = assert(bearssl.client())

local function certificate_of(what)
  local host, port = what:match "^%[?([^%[%]/]+)%]?:(%d+)$"
  if not host then
    local certificates, err = bearssl.x509.load(what)
    return certificates and certificates[1], err
  end
  local sock <close>, err = bearssl.connect(host, tonumber(port), client)
  if not sock then return nil, err end
  return sock:peer_certificates()[1]
end

local days = tonumber(arg[1])
if not days or not arg[2] then error("usage: expiry_check.lua DAYS FILE|HOST:PORT...", 0) end
local good = true
for i = 2, #arg do
  local certificate, err = certificate_of(arg[i])
  local left = certificate and certificate:days_left(os.time())
  good = good and left and left >= days
  if left then
    print(("%-7s %s: %d days left (%s)"):format(left >= days and "ok" or "RENEW", arg[i], left,
      os.date("!%Y-%m-%d", certificate.not_after)))
  else
    print(("%-7s %s: %s"):format("FAILED", arg[i], err))
  end
end
os.exit(good and true or false, true)
