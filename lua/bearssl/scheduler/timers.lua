-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.timers: entries by the time that each is due, as a binary heap in which each entry knows its
-- place. So one that is not needed any more leaves at once, instead of waiting for its time to come.
local timers = {}
timers.__index = timers

local function put(heap, entry, i)
  heap[i], entry.place = entry, i
end

local function up(heap, entry, i)
  while i > 1 and heap[i // 2].at > entry.at do
    put(heap, heap[i // 2], i)
    i = i // 2
  end
  put(heap, entry, i)
end

local function down(heap, entry, i)
  while 2 * i <= #heap do
    local child = 2 * i
    if child < #heap and heap[child + 1].at < heap[child].at then child = child + 1 end
    if heap[child].at >= entry.at then break end
    put(heap, heap[child], i)
    i = child
  end
  put(heap, entry, i)
end

-- entry.at: when it is due; entry.place is ours.
function timers:add(entry)
  up(self, entry, #self + 1)
end

-- Does nothing to an entry that is not in.
function timers:remove(entry)
  local i = entry.place
  if not i then return end
  local last = self[#self]
  self[#self], entry.place = nil, nil
  if last == entry then return end
  if i > 1 and self[i // 2].at > last.at then up(self, last, i) else down(self, last, i) end
end

-- The entry that is due first, or nil.
function timers:first()
  return self[1]
end

return function() return setmetatable({}, timers) end
