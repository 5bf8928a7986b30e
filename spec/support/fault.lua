-- Failing allocations, for specs that `make fault` runs against the build whose malloc can fail.
local fault = {}

local LIMIT = 100000 -- allocations of one act

local path = assert(package.searchpath("bearssl.core", package.cpath))
local switch = assert(package.loadlib(path, "luaopen_bearssl_fault"), "not the build of `make fault`")()

-- Calls act(...) and says whether its nth allocation was reached, then what pcall(act, ...) gave.
function fault.at(n, act, ...)
  collectgarbage()
  switch.set(n)
  local result = table.pack(pcall(act, ...))
  local reached = switch.count() >= n
  switch.set(0)
  return reached, table.unpack(result, 1, result.n)
end

-- Calls act() with its 1st, its 2nd, ... allocation failing. Each time it must return nil and an error whose
-- code is "memory"; when no allocation is left to fail it must not return nil. What act holds it frees by itself or
-- leaves to the collector: the sanitizer tells what leaks. Gives how many allocations there were, and act's values.
-- prepare: what is called before each time, with memory enough, for the argument of act.
function fault.each(act, prepare)
  for n = 1, LIMIT do
    local result = table.pack(fault.at(n, act, prepare and prepare()))
    local reached, ok, value, err = result[1], result[2], result[3], result[4]
    local which = ("with allocation %d failing: "):format(n)
    if not ok then error(which .. "raised " .. tostring(value), 2) end
    if not reached then
      if value == nil then error("with enough memory: " .. tostring(err), 2) end
      return n - 1, table.unpack(result, 3, result.n)
    end
    if value ~= nil then error(which .. "succeeded, with " .. tostring(value), 2) end
    if type(err) ~= "table" or err.code ~= "memory" then error(which .. "gave " .. tostring(err), 2) end
  end
  error("allocations without end", 2)
end

-- The same for what may do without some of its memory (a smaller block, a session): then it may succeed.
function fault.each_or_none(act, prepare)
  for n = 1, LIMIT do
    local reached, ok, value, err = fault.at(n, act, prepare and prepare())
    local which = ("with allocation %d failing: "):format(n)
    if not ok then error(which .. "raised " .. tostring(value), 2) end
    if not reached then
      if value == nil then error("with enough memory: " .. tostring(err), 2) end
      return n - 1
    end
    if value == nil and (type(err) ~= "table" or err.code ~= "memory") then
      error(which .. "gave " .. tostring(err), 2)
    end
  end
  error("allocations without end", 2)
end

-- Bytes of C's memory that the module holds, and the most that it held since fault.mark().
function fault.bytes()
  return switch.bytes()
end

function fault.mark()
  switch.set(0)
end

return fault
