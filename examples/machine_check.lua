-- machine_check.lua - what this machine's TLS looks like: libraries, trust store, clock, entropy, and what is amiss.
-- lua5.4 machine_check.lua; exit status 1 where a check is not well.
local examine = require "bearssl.doctor".examine

local well = true
for _, check in ipairs(examine({}).checks) do
  print(("%-8s %-13s %s"):format(check.status, check.name, check.text))
  if check.status ~= "ok" then
    well = false
    print("         " .. (check.remedy or ""))
  end
end
os.exit(well)
