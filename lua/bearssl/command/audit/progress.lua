-- SPDX-License-Identifier: MIT
-- How far an audit is, on one line of a terminal that goes away at the end.
local core = require "bearssl.core"
local output = require "bearssl.command.output"

local WIDTH = 24

local progress = {}
progress.__index = progress

-- nil where standard error is no terminal, or JSON is wanted.
function progress.new(out)
  local columns = not out.wants_json and core.terminal(2)
  if columns and columns < 20 then columns = 80 end -- a terminal that does not know its size
  return columns and setmetatable({ out = out, columns = columns }, progress) or nil
end

-- A bar, for so much of so much.
function progress.line(done, total, what, columns)
  local full = total > 0 and WIDTH * done // total or 0
  local text = ("[%s%s] %d/%d %s"):format(("#"):rep(full), ("."):rep(WIDTH - full), done, total, output.clean(what))
  return text:sub(1, math.max(1, columns - 1))
end

function progress:show(done, total, what)
  self.out.stderr:write("\r\27[K", progress.line(done, total, what, self.columns))
  self.out.stderr:flush()
end

function progress:clear()
  self.out.stderr:write "\r\27[K"
  self.out.stderr:flush()
end

return progress
