-- SPDX-License-Identifier: MIT
-- The port of a responder, where the ACME server's validators come, and whoever else finds it: each has a coroutine of
-- its own, so that none who is slow holds up another one.
local bind = require "bearssl.server.bind"
local guard = require "bearssl.guard"
local scheduler = require "bearssl.scheduler"

local strangers = {}
strangers.__index = strangers

local MOST = 64 -- at a time; one more, and the oldest goes: a validator is done in a moment
local BACKLOG, PAUSE = 128, 0.1 -- seconds, where accept fails: no descriptors are left, say

-- options: `host`, `port`; `wrap(tcp)` → socket | nil; `answer(socket)`, which may take its time.
function strangers.listen(options)
  local host = options.host or "*"
  local listener, err = bind { host = host, port = options.port, backlog = BACKLOG }
  if not listener then return nil, err end
  listener:settimeout(0)
  local port = select(2, listener:getsockname())
  return setmetatable({ listener = listener, port = math.tointeger(tonumber(port)), open = {}, wrap = options.wrap,
    answer = options.answer }, strangers)
end

local function leave(self, sock)
  for i, each in ipairs(self.open) do
    if each == sock then table.remove(self.open, i) end
  end
  sock:close()
end

local function serve_one(self, sock)
  local over <close> = guard(function() leave(self, sock) end) -- luacheck: ignore
  self.answer(sock)
end

local function take(self, current)
  local tcp, err = self.listener:accept()
  if not tcp then
    if err ~= "timeout" then current.sleep(PAUSE) end
    return
  end
  local sock = self.wrap(tcp)
  if not sock then return tcp:close() end
  sock = scheduler.socket(sock)
  if #self.open >= MOST then leave(self, self.open[1]) end
  self.open[#self.open + 1] = sock
  current.spawn(serve_one, self, sock)
end

local function serve(self, seconds)
  local current = scheduler.current()
  local till = current.now() + seconds
  repeat
    if current.wait(self.listener:getfd(), "r", math.max(0, till - current.now())) then take(self, current) end
  until current.now() >= till
end

-- Takes and answers whoever comes in that time. Where the caller has no scheduler, they have a loop of their own, which
-- stands still between two calls.
function strangers:serve(seconds)
  if scheduler.current().spawn then return serve(self, seconds) end
  self.loop = self.loop or scheduler.loop()
  self.loop:spawn(function()
    serve(self, seconds)
    self.loop:stop()
  end)
  self.loop:run()
end

function strangers:close()
  self.listener:close()
  for i = #self.open, 1, -1 do leave(self, self.open[i]) end
end

return strangers
