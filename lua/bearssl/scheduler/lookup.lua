-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.lookup: the addresses of a host by the system, in a thread, for schedulers that have no resolver:
-- who asks waits alone, and no longer than the time-out.
local core = require "bearssl.core"
local scheduler = require "bearssl.scheduler"

local lookup = {}

-- host, seconds -> list of IP addresses | nil, err
function lookup.resolve(host, timeout)
  local asked <close>, err = core.lookup(host)
  if not asked then return nil, err end
  local ok, why = scheduler.current().wait(asked:getfd(), "r", timeout)
  if not ok then return nil, why end
  return asked:answer()
end

-- The scheduler, with that where it has none.
function lookup.with(found)
  if found.resolve then return found end
  return setmetatable({ resolve = lookup.resolve }, { __index = found })
end

return lookup
