-- SPDX-License-Identifier: MIT
-- bearssl.https: how long what may take. A step has its own time, and all of them together the total.
local failure = require "bearssl.https.failure"

local Timers = {}
Timers.__index = Timers

local texts = {
  connect = "no connection", handshake = "the handshake was not done", read = "nothing came",
  total = "the request was not done", expect = "nothing came",
}

-- `options` may have connect_timeout, handshake_timeout and read_timeout, `timeout` for those it has not, and
-- total_timeout, in seconds.
local function new(options, scheduler)
  local self = setmetatable({ now = scheduler.now, seconds = {}, scheduler = scheduler }, Timers)
  for _, step in ipairs { "connect", "handshake", "read" } do
    self.seconds[step] = options[step .. "_timeout"] or options.timeout
  end
  self.seconds.total, self.seconds.expect = options.total_timeout, options.expect_timeout or 1
  self.deadline = options.total_timeout and self.now() + options.total_timeout
  return self
end

-- The seconds that a step which begins now may take; nil: no limit. A socket takes 0 for "do not wait".
function Timers:left(step)
  local seconds = self.seconds[step]
  if not self.deadline then return seconds end
  return math.max(0.001, math.min(self.deadline - self.now(), seconds or math.huge))
end

-- The error of a step that took too long.
function Timers:failure(step, where)
  if self.deadline and self.now() >= self.deadline then step = "total" end
  local seconds = self.seconds[step]
  local text = step == "read" and where == "HTTP request" and "nothing was taken" or texts[step]
  return failure.new("timeout", where, ("%s in %.14g seconds (%s_timeout)"):format(text, seconds or 0, step))
end

return { new = new }
