-- certificates.lua stack=NAME [file=PEM] - certificates parsed for each second of CPU time; alone, and with subject,
-- issuer, names, dates and fingerprint read.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/?.lua;" .. package.path
local bench = require "bench"
local o = bench.arguments { file = "/etc/ssl/certs/ca-certificates.crt", n = 10 }
local stack = bench.stack(o.stack)

local list = {}
for pem in bench.read(o.file):gmatch "%-%-%-%-%-BEGIN CERTIFICATE.-END CERTIFICATE%-%-%-%-%-\n" do
  list[#list + 1] = pem
end

local function time(metric, act)
  local function all()
    for _, pem in ipairs(list) do act(pem) end
  end
  all()
  collectgarbage()
  bench.row("certificates/" .. o.stack, metric, #list / bench.each(o.n, all), "1/s")
end

time("parsed", stack.parse)
time("read", stack.inspect)
