-- rows.lua - what bench/run prints, read again: name, metric, median, unit, least, most, number of runs.
local rows = {}

-- Of more than one file the last one's rows hold. Gives a list in the order of the files; by "name metric" too.
function rows.read(paths)
  local all = {}
  for _, path in ipairs(paths) do
    local file <close> = assert(io.open(path))
    for line in file:lines() do
      local name, metric, median, unit, least, most, n =
        line:match "^([^\t#]+)\t([^\t]+)\t([^\t]+)\t([^\t]+)\t([^\t]+)\t([^\t]+)\t(%d+)$"
      if name then
        local key = name .. " " .. metric
        if not all[key] then all[#all + 1] = key end
        all[key] = {
          key = key, unit = unit, median = tonumber(median), n = tonumber(n),
          least = tonumber(least), most = tonumber(most),
        }
      end
    end
  end
  return all
end

-- Of rates more is better, of all else less.
function rows.is_rate(row)
  return row.unit:find "/s$" ~= nil
end

-- The run that was disturbed least.
function rows.best(row)
  return rows.is_rate(row) and row.most or row.least
end

-- 1,234; 12.3; 0.0123
function rows.number(value)
  if math.abs(value) < 999.5 then return (("%.3g"):format(value)) end
  local digits = ("%.0f"):format(value):reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (digits:gsub("^,", ""))
end

return rows
