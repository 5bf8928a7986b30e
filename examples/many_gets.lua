-- many_gets.lua COUNT AT_A_TIME URL [CA.pem] - fetches a page COUNT times over HTTPS, AT_A_TIME at a time, in one
-- process and without a framework: each worker is a coroutine, and while one waits the others go on.
local https = require "bearssl.https"
local scheduler = require "bearssl.scheduler"

local count, workers, url, trust = tonumber(arg[1]), tonumber(arg[2]), arg[3], arg[4]
if not (count and workers and url) then error("usage: many_gets.lua COUNT AT_A_TIME URL [CA.pem]", 0) end

local client <close> = assert(https.new { trust = trust, total_timeout = 60 })
local loop = scheduler.loop()
local started, busy, most, bytes, failed = 0, 0, 0, 0, 0

local function work()
  while started < count do
    started, busy = started + 1, busy + 1
    most = math.max(most, busy)
    local response, err = client:get(url)
    busy = busy - 1
    if response and response.status == 200 then
      bytes = bytes + #response.body
    else
      failed = failed + 1
      io.stderr:write(("failed: %s\n"):format(err or response.status))
    end
  end
end

for _ = 1, math.min(count, workers) do loop:spawn(work) end
loop:run()
print(("%d requests, %d at a time, %d bytes, %d failed"):format(count, most, bytes, failed))
os.exit(failed == 0, true)
