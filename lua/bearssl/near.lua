-- SPDX-License-Identifier: MIT
-- The name that was meant: near(wrong, names) gives the nearest of the keys of `names`, or nil if none is near.

-- Case, what stands between words, and what OpenSSL leaves out of a suite's name make no difference.
local function plain(name)
  return (name:lower():gsub("^tls_", ""):gsub("with_", ""):gsub("[_%-]", ""))
end

-- Edits between two texts: a character more, less or another, or two neighbours exchanged (optimal string alignment).
local function distance(a, b)
  local before, row = {}, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local last = row
    row = { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
    before = last
  end
  return row[#b]
end

return function(wrong, names)
  local best, nearest
  if #wrong > 100 then return nil end
  for name in pairs(names) do
    local d = distance(plain(wrong), plain(name))
    if not best or d < best or d == best and name < nearest then
      best, nearest = d, name
    end
  end
  if best and best <= math.max(1, #nearest // 3) then return nearest end
end
