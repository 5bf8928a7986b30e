-- SPDX-License-Identifier: MIT
-- bearssl.ngx.output: ngx.say and ngx.print to the standard output, ngx.log to the standard error or to a function.
local constants = require "bearssl.ngx.constants"
local number_text = require "bearssl.cosocket.arguments".number_text

local output = { null = require "bearssl.core".null }

local function append(list, value, position, strict)
  local kind = type(value)
  if kind == "string" then
    list[#list + 1] = value
  elseif kind == "number" then
    list[#list + 1] = number_text(value)
  elseif kind == "nil" or kind == "boolean" or value == output.null then
    list[#list + 1] = value == output.null and "null" or tostring(value)
  elseif kind == "table" and not strict then
    for key in pairs(value) do
      if math.type(key) ~= "integer" or key < 1 then
        error(("bad argument #%d to 'say' (non-array table found)"):format(position), 0)
      end
    end
    for i = 1, #value do append(list, value[i], position) end
  else
    error(("bad argument #%d to 'say' (string, number, boolean, nil, ngx.null, or array table expected, but got %s)")
      :format(position, kind), 0)
  end
end

local function joined(...)
  local list = {}
  for i = 1, select("#", ...) do
    local ok, err = pcall(append, list, (select(i, ...)), i)
    if not ok then error(err, 3) end
  end
  return table.concat(list)
end
output.joined = joined

local names = { [0] = "stderr", "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug" }

local function to_stderr(level, message)
  io.stderr:write(("%s [%s] %s\n"):format(os.date "%Y/%m/%d %H:%M:%S", names[level], message))
end

-- options: log(level, message), log_level
function output.new_log(options)
  local write, most = options.log or to_stderr, options.log_level or constants.NOTICE
  return function(level, ...)
    if type(level) ~= "number" then
      error(("bad argument #1 to 'log' (number expected, got %s)"):format(type(level)), 2)
    end
    if not names[level] then error(("bad argument #1 to 'log' (bad log level: %s)"):format(level), 2) end
    if level > most then return end
    local list = table.pack(...)
    for i = 1, list.n do list[i] = type(list[i]) == "number" and number_text(list[i]) or tostring(list[i]) end
    local caller = debug.getinfo(2, "Sl")
    local place = caller and caller.currentline > 0 and ("%s:%d: "):format(caller.short_src, caller.currentline) or ""
    write(level, place .. table.concat(list))
  end
end

return output
