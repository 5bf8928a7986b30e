-- merge.lua OLD.tsv NEW.tsv - OLD with the curves of NEW in place of its own of these figures; OLD need not be there.
local function figure_of(line) return line:match "^growth/([^/]+)/" end

local new, order, renewed = {}, {}, {}
for line in assert(io.open(arg[2])):lines() do
  new[#new + 1] = line
  renewed[figure_of(line)] = true
end
local old = io.open(arg[1])
if old then
  for line in old:lines() do
    if not renewed[figure_of(line) or ""] and line:sub(1, 1) ~= "#" then order[#order + 1] = line end
  end
  old:close()
end
print "# Curves, by bench/growth (make bench-growth): the least of some batches; docs/growth.md."
for _, list in ipairs { order, new } do
  for _, line in ipairs(list) do print(line) end
end
