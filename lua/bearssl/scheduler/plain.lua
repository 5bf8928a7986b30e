-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.plain: no scheduler at all; who waits holds up the whole program.
local core = require "bearssl.core"

local plain = { name = "plain", now = core.now, wait = core.wait_fd }

function plain.sleep(seconds)
  local socket = package.loaded.socket or require "socket.core"
  socket.sleep(seconds)
end

return plain
