-- SPDX-License-Identifier: MIT
-- The name that was meant: near(wrong, names) gives the nearest of the keys of `names`, or nil if none is near.

-- Levenshtein's distance, ignoring case and what stands between words.
local function distance(a, b)
  a, b = a:lower():gsub("[_%-]", ""), b:lower():gsub("[_%-]", "")
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      diagonal, row[j] = row[j], same and diagonal or 1 + math.min(diagonal, row[j], row[j - 1])
    end
  end
  return row[#b]
end

return function(wrong, names)
  local best, nearest
  if #wrong > 100 then return nil end
  for name in pairs(names) do
    local d = distance(wrong, name)
    if not best or d < best or d == best and name < nearest then
      best, nearest = d, name
    end
  end
  if best and best <= math.max(1, #nearest // 3) then return nearest end
end
