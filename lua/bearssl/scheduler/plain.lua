-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.plain: no scheduler at all; who waits holds up the whole program.
local core = require "bearssl.core"

local plain = { name = "plain", now = core.now, wait = core.wait_fd }

function plain.sleep(seconds)
  require "socket".sleep(seconds)
end

return plain
