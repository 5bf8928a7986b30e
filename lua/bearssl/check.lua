-- SPDX-License-Identifier: MIT
-- Checks of option values: each gives the value to go on with, or nil and what is wanted instead.
local near = require "bearssl.later" "bearssl.near"

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

-- A string, or a list, of names that `known` has, each of them once; always gives a list.
function check.names_of(known)
  return function(value)
    local list, wrong = check.strings(value)
    if not list then return nil, wrong end
    local seen = {}
    for _, name in ipairs(list) do
      if known[name] == nil then
        local meant = near(name, known)
        return nil, ('"%s" is unknown%s'):format(name, meant and (', did you mean "%s"?'):format(meant) or "")
      end
      if seen[name] then return nil, ('"%s" stands there twice'):format(name) end
      seen[name] = true
    end
    return list
  end
end

function check.seconds(value)
  if type(value) == "number" and value > 0 and value < math.huge then return value end
  return nil, "a positive number of seconds is wanted"
end

-- What bearssl.scheduler.of takes.
function check.scheduler(value)
  if type(value) == "string" then return value end
  if type(value) == "table" and value.wait and value.now and value.sleep then return value end
  return nil, "a scheduler or its name is wanted, not " .. type(value)
end

-- For the end of a message: which of the `names` was meant by one that is none of them.
function check.hint(name, names)
  local meant = type(name) == "string" and near(name, names)
  return meant and (", did you mean '%s'?"):format(meant) or ""
end

-- The options `given` by the checks `known`, with `defaults` for those that are not there; or nil and what is wrong.
function check.options(given, known, defaults)
  local values = {}
  for name, value in pairs(defaults) do values[name] = value end
  for name, value in pairs(given) do
    if not known[name] then
      return nil, ("unknown option '%s'%s"):format(tostring(name), check.hint(name, known))
    end
    local wrong
    values[name], wrong = known[name](value)
    if values[name] == nil then return nil, ("option '%s': %s"):format(name, wrong) end
  end
  return values
end

return check
