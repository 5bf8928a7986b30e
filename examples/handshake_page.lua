-- handshake_page.lua HOST[:PORT] FILE.html [CA.pem] - writes a page that shows a host's handshakes side by side: with
-- TLS 1.3, with TLS 1.2, and with the session of the first one. The page loads nothing: it can be sent to others.
local trace = require "bearssl.trace"

local host, port = (arg[1] or ""):match "^%[?([^%]]-)%]?:?(%d*)$"
if not host or host == "" or not arg[2] then error("usage: handshake_page.lua HOST[:PORT] FILE.html [CA.pem]", 0) end

local options = { trust = arg[3], timeout = 10 }
port = tonumber(port) or 443

local reports = assert(trace.compare(host, port, options))
local again = assert(trace.resume(host, port, options))
reports[3] = again[2]

local file = assert(io.open(arg[2], "w"))
assert(file:write(trace.html(reports)))
assert(file:close())
for _, report in ipairs(reports) do
  local failure = report.failure
  print(report.label, failure and ("failed: %s; %s"):format(failure.message or failure.code, failure.remedy)
    or ("%d round trips, %.1f ms"):format(report.round_trips, report.seconds * 1000))
end
os.exit(reports[1].connected or reports[2].connected, true)
