-- aggregate.lua - reads name, metric, value, unit of several runs, and prints name, metric, median, unit, min, max, n.
local order, rows = {}, {}
for line in io.lines() do
  local name, metric, value, unit = line:match "^([^\t]+)\t([^\t]+)\t([^\t]+)\t([^\t]+)$"
  if name then
    local key = name .. "\t" .. metric
    if not rows[key] then
      rows[key] = { unit = unit }
      order[#order + 1] = key
    end
    table.insert(rows[key], tonumber(value))
  end
end
for _, key in ipairs(order) do
  local row = rows[key]
  table.sort(row)
  local n = #row
  local median = (row[(n + 1) // 2] + row[n // 2 + 1]) / 2
  print(("%s\t%.6g\t%s\t%.6g\t%.6g\t%d"):format(key, median, row.unit, row[1], row[n], n))
end
