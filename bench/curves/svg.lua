-- svg.lua - a figure of curves as SVG, both axes logarithmic, legible on light and dark ground.
local svg = {}

local WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, LINE = 640, 400, 72, 24, 56, 20
local MARGIN = 0.15 -- of the logarithm of y, below and above

local head = [[
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">
<title>%s</title>
<style>
text { fill: #24292f } .title { font-size: 16px; font-weight: bold }
.grid { stroke: #8c959f; stroke-opacity: .35 } .axis { stroke: #6e7781 }
polyline { fill: none; stroke-width: 2 }
.s1 { stroke: #0969da } .s2 { stroke: #bc4c00 } .s3 { stroke: #1a7f37 } .s4 { stroke: #8250df }
.d1 { fill: #0969da } .d2 { fill: #bc4c00 } .d3 { fill: #1a7f37 } .d4 { fill: #8250df }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.s1 { stroke: #58a6ff } .s2 { stroke: #f0883e } .s3 { stroke: #56d364 } .s4 { stroke: #d2a8ff }
.d1 { fill: #58a6ff } .d2 { fill: #f0883e } .d3 { fill: #56d364 } .d4 { fill: #d2a8ff }
}
</style>
]]

local function escaped(text)
  return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

-- 1, 20, 500, 1k, 20k, 1M; 0.1
local function label(value)
  for _, unit in ipairs { { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } } do
    if value >= unit[1] * 0.999 then return ("%g%s"):format(value / unit[1], unit[2]) end
  end
  return ("%g"):format(value)
end

-- The logarithms of the least and the greatest, at least half a decade apart.
local function range(values)
  local low, high = math.huge, -math.huge
  for _, v in ipairs(values) do
    low, high = math.min(low, v), math.max(high, v)
  end
  low, high = math.log(low, 10), math.log(high, 10)
  return low, math.max(high, low + 0.5)
end

-- Powers of ten in a range, and twice and five times as much where there are few of them.
local function ticks(low, high)
  local list = {}
  for exponent = math.floor(low), math.ceil(high) do
    for _, digit in ipairs(high - low < 2 and { 1, 2, 5 } or { 1 }) do
      local value = digit * 10.0 ^ exponent
      local at = math.log(value, 10)
      if at >= low - 1e-9 and at <= high + 1e-9 then list[#list + 1] = value end
    end
  end
  return list
end

local function axis(first, last, from, to)
  return function(value) return from + (math.log(value, 10) - first) / (last - first) * (to - from) end
end

local function grid(add, x, y, top, bounds)
  local bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
  for _, value in ipairs(ticks(bounds.x1, bounds.x2)) do
    local at = x(value)
    add('<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>', at, top, at, bottom)
    add('<text x="%.1f" y="%d" text-anchor="middle">%s</text>', at, bottom + 18, label(value))
  end
  for _, value in ipairs(ticks(bounds.y1, bounds.y2)) do
    local at = y(value)
    add('<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>', LEFT, at, right, at)
    add('<text x="%d" y="%.1f" text-anchor="end">%s</text>', LEFT - 8, at + 4, label(value))
  end
  add('<line class="axis" x1="%d" y1="%d" x2="%d" y2="%d"/>', LEFT, bottom, right, bottom)
  add('<line class="axis" x1="%d" y1="%d" x2="%d" y2="%d"/>', LEFT, top, LEFT, bottom)
end

local function curve(add, x, y, points, number)
  local list = {}
  for i, p in ipairs(points) do list[i] = ("%.1f,%.1f"):format(x(p.x), y(p.y)) end
  add('<polyline class="s%d" points="%s"/>', number, table.concat(list, " "))
  for _, p in ipairs(points) do add('<circle class="d%d" cx="%.1f" cy="%.1f" r="3"/>', number, x(p.x), y(p.y)) end
end

-- figure: as in figures.lua; curves: of each series a list of { x =, y = }
function svg.draw(figure, curves)
  local lines, xs, ys = {}, {}, {}
  local function add(format, ...) lines[#lines + 1] = format:format(...) end
  for _, points in ipairs(curves) do
    for _, p in ipairs(points) do xs[#xs + 1], ys[#ys + 1] = p.x, p.y end
  end
  local bounds = {}
  bounds.x1, bounds.x2 = range(xs)
  bounds.y1, bounds.y2 = range(ys)
  bounds.y1, bounds.y2 = bounds.y1 - MARGIN, bounds.y2 + MARGIN
  local top = 48 + LINE * #curves
  local x = axis(bounds.x1, bounds.x2, LEFT, WIDTH - RIGHT)
  local y = axis(bounds.y1, bounds.y2, HEIGHT - BOTTOM, top)
  add('<text class="title" x="%d" y="24">%s</text>', 16, escaped(figure.title))
  add('<text x="%d" y="24" text-anchor="end">%s</text>', WIDTH - RIGHT, escaped(figure.y))
  add('<text x="%d" y="%d" text-anchor="end">%s</text>', WIDTH - RIGHT, HEIGHT - 14, escaped(figure.x))
  grid(add, x, y, top, bounds)
  for i, points in ipairs(curves) do
    add('<circle class="d%d" cx="22" cy="%d" r="5"/>', i, 20 + LINE * i + 4)
    add('<text x="34" y="%d">%s</text>', 28 + LINE * i, escaped(figure.series[i][2]))
    curve(add, x, y, points, i)
  end
  return head:format(WIDTH, HEIGHT, escaped(figure.title)) .. table.concat(lines, "\n") .. "\n</svg>\n"
end

return svg
