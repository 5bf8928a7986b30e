-- SPDX-License-Identifier: MIT
-- bearssl get -o: how much has come, in one line of standard error, where that is a terminal.
local core = require "bearssl.core"

local Bar = {}
Bar.__index = Bar

local STEP = 0.1 -- seconds between two looks

local function size(bytes)
  if bytes < 10000 then return ("%d B"):format(bytes) end
  for _, unit in ipairs { "kB", "MB", "GB" } do
    bytes = bytes / 1000
    if bytes < 1000 then return ("%.1f %s"):format(bytes, unit) end
  end
  return ("%.1f TB"):format(bytes / 1000)
end

local function line(self, received, total)
  local seconds = math.max(0.001, core.now() - self.start)
  local speed = size(received // seconds | 0) .. "/s"
  if not total or total <= 0 then return ("%s  %s"):format(size(received), speed) end
  local text = ("%3d %%  %s of %s  %s"):format(100 * received // total | 0, size(received), size(total), speed)
  local room = math.min(40, self.columns - #text - 5)
  if room < 10 then return text end
  local full = math.min(room, room * received // total | 0)
  return ("[%s%s] %s"):format(("#"):rep(full), (" "):rep(room - full), text)
end

function Bar:update(received, total)
  local now = core.now()
  if now - self.last < STEP and received ~= total then return end
  self.last, self.shown = now, true
  self.out.stderr:write("\r\27[K", line(self, received, total):sub(1, self.columns - 1))
  self.out.stderr:flush()
end

function Bar:__close()
  if self.shown then self.out.stderr:write "\n" end
end

local progress = {}

-- columns: nil: no terminal, no bar.
function progress.new(out, columns)
  if not columns then return nil end
  local now = core.now()
  return setmetatable({ out = out, columns = columns > 0 and columns or 80, start = now, last = now }, Bar)
end

return progress
