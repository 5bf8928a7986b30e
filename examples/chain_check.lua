-- chain_check.lua [-ca FILE] HOST[:PORT]... - what is wrong with the certificates of some servers, and what cures it:
-- a line for each server, and one for each finding. The status is 1 where there is an error or a warning.
local bearssl = require "bearssl"
local inspect = require "bearssl.inspect"

local trust, first = "system", 1
if arg[1] == "-ca" then trust, first = arg[2], 3 end
if not arg[first] then error("usage: chain_check.lua [-ca FILE] HOST[:PORT]...", 0) end

local store = assert(bearssl.store(trust)) -- one for all
local bad = false
for i = first, #arg do
  local host, port = arg[i]:match "^([^:]+):?(%d*)$"
  port = tonumber(port) or 443
  local sock, err = bearssl.connect(host, port, { verify = "none", timeout = 10 }) -- to see what is there, first
  local report = sock and assert(inspect.connection(sock, { name = host, trust = store, warn_days = 21 }))
  if sock then sock:close() end
  if not report then
    bad = true
    print(("%s: %s"):format(arg[i], err))
  else
    local leaf = inspect.summary(report.certificates[1])
    print(("%s: %s, %d days left"):format(arg[i], report.verified and "verified" or "NOT VERIFIED", leaf.days_left))
    for _, finding in ipairs(report.findings) do
      bad = bad or finding.severity ~= "note"
      print(("  %s %s: %s"):format(finding.severity, finding.code, finding.remedy or finding.message))
    end
  end
end
os.exit(not bad, true)
