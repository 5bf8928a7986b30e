-- draw.lua TABLE.tsv FOLDER [PAGE.md] - the curves of bench/growth as FOLDER/FIGURE.svg, and how fast each grows as the
-- table between "<!-- table: growth -->" and "<!-- end -->" of the page.
local here = arg[0]:match "^(.*)/" or "."
package.path = ("%s/?.lua;%s/../?.lua;"):format(here, here) .. package.path
local figures = require "figures"
local rows = require "rows"
local svg = require "svg"
local table_path, folder, page = arg[1], arg[2], arg[3]
local NOISE = 0.15 -- a power that is above what may be by less than this is none

local found = rows.read { table_path }
local points = {} -- of figure/series
for _, key in ipairs(found) do
  local name, x = key:match "^growth/(.+)/(%d+) cost$"
  if name then
    points[name] = points[name] or {}
    table.insert(points[name], { x = tonumber(x), y = rows.best(found[key]), unit = found[key].unit })
  end
end

-- With which power of x it grows in the upper half of the curve.
local function power(list)
  local from, to = list[(#list + 1) // 2], list[#list]
  return math.log(to.y / from.y) / math.log(to.x / from.x)
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

local lines = {
  "| what | from | to | grows with the power | at most | holds |", "| --- | --- | --- | --- | --- | --- |",
}
local function cell(point)
  local unit = point.unit == "us" and "µs" or point.unit
  return ("%s %s at %s"):format(rows.number(point.y), unit, rows.number(point.x))
end

for _, figure in ipairs(figures) do
  local curves, drawn = {}, { title = figure.title, x = figure.x, y = figure.y, series = {} }
  for _, series in ipairs(figure.series) do
    local list = points[figure.name .. "/" .. series[1]]
    if list then
      curves[#curves + 1], drawn.series[#curves + 1] = list, series
      local grows = power(list)
      lines[#lines + 1] = ("| %s: %s | %s | %s | %.2f | %g | %s |"):format(figure.title, series[2], cell(list[1]),
        cell(list[#list]), grows, series[3], grows <= series[3] + NOISE and "yes" or "**no**")
    end
  end
  if #curves > 0 then write(("%s/%s.svg"):format(folder, figure.name), svg.draw(drawn, curves)) end
end

if not page then return end
local file <close> = assert(io.open(page))
local text, count = file:read("a"):gsub("(<!%-%- table: growth %-%->\n).-(<!%-%- end %-%->)", function(before, after)
  return before .. table.concat(lines, "\n") .. "\n" .. after
end)
assert(count == 1, page .. ": no place for the table")
write(page, text)
