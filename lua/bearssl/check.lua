-- SPDX-License-Identifier: MIT
-- Checks of option values: each gives the value to go on with, or nil and what is wanted instead.
local check = {}

function check.of_type(name)
  return function(value)
    if type(value) == name then return value end
    return nil, ("a %s is wanted, not %s"):format(name, type(value))
  end
end

function check.integer(low, high)
  return function(value)
    local n = math.type(value) == "float" and math.tointeger(value) or value
    if math.type(n) == "integer" and n >= low and n <= high then return n end
    local what = type(value) == "number" and tostring(value) or type(value)
    return nil, ("an integer from %d to %d is wanted, not %s"):format(low, high, what)
  end
end

function check.one_of(names)
  return function(value)
    if type(value) == "string" and names[value] ~= nil then return names[value] end
    local list = {}
    for name in pairs(names) do list[#list + 1] = ('"%s"'):format(name) end
    table.sort(list)
    local what = type(value) == "string" and ('"%s"'):format(value) or type(value)
    return nil, ("%s is wanted, not %s"):format(table.concat(list, " or "), what)
  end
end

-- A string, or a list of at least one; always gives a list.
function check.strings(value)
  if type(value) == "string" then return { value } end
  if type(value) ~= "table" then return nil, ("a string or a list of strings is wanted, not %s"):format(type(value)) end
  if #value == 0 then return nil, "the list is empty" end
  local list = {}
  for i, v in ipairs(value) do
    if type(v) ~= "string" then return nil, ("element %d is no string but a %s"):format(i, type(v)) end
    list[i] = v
  end
  for key in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 or key > #list then return nil, ("a list has no key %s"):format(key) end
  end
  return list
end

return check
