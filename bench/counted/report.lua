-- report.lua FOLDER OLD.tsv TOLERANCE [PART-OF-A-NAME...] - what Callgrind left in FOLDER for bench/instructions, as
-- rows.
package.path = (arg[0]:match "^(.*)/" or ".") .. "/../?.lua;" .. package.path
local rows = require "rows"
local folder, old_path, tolerance = arg[1], arg[2], tonumber(arg[3])

local file = io.open(old_path)
local old = file and rows.read { old_path } or {}
if file then file:close() end

local function wanted(name)
  for i = 4, #arg do
    if name:find(arg[i], 1, true) then return true end
  end
  return #arg < 4
end

-- Of a dump: its name, if it has one; instructions; how many times the path was taken.
local function read(path)
  local dump <close> = io.open(path)
  if not dump then return end
  local title, total
  for line in dump:lines() do
    title = title or line:match "^desc: Trigger: Client Request: (.+)"
    total = total or line:match "^totals: (%d+)"
  end
  local name, count = (title or ""):match "^(%S+) (%d+)$"
  return name, tonumber(total), tonumber(count)
end

local function row(name, value)
  local key = name .. " instructions"
  local before = old[key]
  if before and math.abs(value - before.median) <= before.median * tolerance / 100 then value = before.median end
  if wanted(name) then print(("%s\tinstructions\t%.0f\tcount\t%.0f\t%.0f\t1"):format(name, value, value, value)) end
end

-- Of the processes that took the paths, the least of each.
local order, least = {}, {}

local function take(process) -- false: there was no such process
  local number = 0
  repeat
    number = number + 1
    local name, total, count = read(("%s/paths%d.%d"):format(folder, process, number))
    if name then
      if not least[name] then order[#order + 1] = name end
      least[name] = math.min(least[name] or math.huge, total / count)
    end
  until not total
  return number > 1
end

local process = 1
while take(process) do process = process + 1 end
for _, name in ipairs(order) do row(name, least[name]) end
local _, lua = read(folder .. "/start.lua")
for _, name in ipairs { "luasocket", "require", "https", "config" } do
  local _, total = read(folder .. "/start." .. name)
  row("start/" .. name, total - lua)
end
