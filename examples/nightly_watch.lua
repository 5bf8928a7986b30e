-- nightly_watch.lua LIST STATE METRICS [CA] - looks at the certificates of a list, for cron: LIST has a host, or
-- host:port, on each line. Prints what is not well and what has changed since the last run, which STATE remembers, and
-- writes METRICS for the textfile collector of a Prometheus node exporter. Exit status 1 where something is not well.
-- `bearssl watch LIST --state STATE --changes --prometheus -o METRICS` does as much.
local watch = require "bearssl.watch"

local list, state, metrics, ca = table.unpack(arg)
if not metrics then error("usage: nightly_watch.lua LIST STATE METRICS [CA]", 0) end

local targets = {}
for line in io.lines(list) do
  local text = line:match "^%s*(.-)%s*$"
  local host, port = text:match "^([%w.-]+):?(%d*)$"
  if host then
    targets[#targets + 1] = { text = text, host = host, port = tonumber(port) or 443 }
  elseif text ~= "" then
    error(("%s: '%s' is no host, and would be watched by nobody"):format(list, text), 0)
  end
end

local well = true
local function tell(result)
  if result.status == "ok" and not result.changes[1] then return end
  print(("%-8s %s: %s %s"):format(result.status, result.target, result.error or result.days_left .. " days left",
    table.concat(result.changes, ", ")))
end

local function sample(name, result, value)
  return ('%s{target="%s"} %d\n'):format(name, result.target, value)
end

local results, err = watch.look(targets, { state = state, trust = ca, warn_days = 21, critical_days = 7 })
if not results then error(tostring(err), 0) end
local lines = { "# TYPE certificate_days_left gauge\n" }
for _, result in ipairs(results) do
  tell(result)
  well = well and result.status == "ok"
  if result.days_left then lines[#lines + 1] = sample("certificate_days_left", result, result.days_left) end
end
lines[#lines + 1] = "# TYPE certificate_verified gauge\n"
for _, result in ipairs(results) do
  lines[#lines + 1] = sample("certificate_verified", result, result.error and 0 or 1)
end
local file = assert(io.open(metrics .. ".new", "w"))
assert(file:write(table.concat(lines)))
assert(file:close())
assert(os.rename(metrics .. ".new", metrics)) -- whole or not at all
if err then error(tostring(err), 0) end -- of the state: what has changed will be told again
os.exit(well, true)
