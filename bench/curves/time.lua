-- time.lua - how the curves are measured: the least of some batches, each of some milliseconds of CPU time.
local time = { quick = os.getenv "QUICK" ~= nil }

local BATCHES, SECONDS = 5, 0.01
if time.quick then BATCHES, SECONDS = 1, 0 end

-- Microseconds that act() takes, and how many batches there were: the least, and the most.
function time.of(act)
  local count, took = 1
  local function batch()
    local start = os.clock()
    for _ = 1, count do act() end
    return os.clock() - start
  end
  batch()
  repeat
    took = batch()
    if took < SECONDS then count = count * 2 end
  until took >= SECONDS
  local least, most = math.huge, 0
  for _ = 1, BATCHES do
    collectgarbage()
    took = batch() / count
    least, most = math.min(least, took), math.max(most, took)
  end
  return least * 1e6, most * 1e6
end

-- A row of a curve: figure, series, x, and the least and the most of what was measured.
function time.row(figure, series, x, least, most, unit)
  print(("growth/%s/%s/%d\tcost\t%.6g\t%s\t%.6g\t%.6g\t%d"):format(figure, series, x, least, unit or "us", least,
    most or least, BATCHES))
  io.stdout:flush()
end

function time.curve(figure, series, x, act)
  time.row(figure, series, x, time.of(act))
end

-- The numbers to measure at; of a quick run, the first two.
function time.steps(list)
  if not time.quick then return list end
  return { list[1], list[2] }
end

return time
