-- Programs under each scheduler, as their users write the main part of one.
--
--   local turns = schedulers.run("cqueues", function(go) ... go(fn, ...) ... end)
--
-- `go` starts another coroutine. Ends when all have ended, or raises what one has raised. Gives how many times the
-- framework looked what was ready.
local ends = require "spec.support.ends"
local scheduler = require "bearssl.scheduler"

local schedulers = { LONG = 60 } -- seconds, for what must not be reached

-- Debian's copas is installed for Lua 5.1 and 5.2, and what it needs for 5.3; COPAS_DIR has another one.
local function with_copas()
  local own = os.getenv "COPAS_DIR"
  local path = own and (own .. "/?.lua;" .. own .. "/src/?.lua;" .. own .. "/share/lua/5.4/?.lua;") or ""
  package.path = path .. package.path .. ";/usr/share/lua/5.2/?.lua;/usr/share/lua/5.3/?.lua"
  return require "copas"
end

local frameworks = {}

-- Each: how to start a coroutine before the framework runs; some turns of it, true: there are no more; how many there
-- were; and how to end these, where they may be many.
function frameworks.coroutine()
  local loop = scheduler.loop()
  local function run()
    loop:run()
    return true
  end
  return function(fn) loop:spawn(fn) end, run, function() return loop.turns end, function() loop:stop() end
end

function frameworks.cqueues()
  local cq, turns = require "cqueues".new(), 0
  local function step()
    turns = turns + 1
    local ok, err = cq:step(10)
    if not ok and not tostring(err):find "dead coroutine" then error(err, 0) end
    return cq:empty()
  end
  return function(fn) cq:wrap(fn) end, step, function() return turns end
end

function frameworks.copas()
  local copas, turns = with_copas(), 0
  local function step()
    turns = turns + 1
    copas.step(10)
  end
  return function(fn) copas.addthread(fn) end, step, function() return turns end
end

function frameworks.luv()
  local uv, turns = require "luv", 0
  local counter = uv.new_prepare()
  counter:start(function() turns = turns + 1 end)
  counter:unref()
  local function step() return not uv.run "once" end
  local function finish() -- handles that are being closed when Lua ends would crash luv
    counter:close()
    uv.run "nowait"
    return turns
  end
  return function(fn) coroutine.wrap(fn)() end, step, finish
end

function schedulers.run(name, main)
  local start, step, turns, stop = frameworks[name]()
  local failed
  local left = setmetatable({ count = 0 }, { __close = function(self) self.count = self.count - 1 end })
  local function body(fn, ...)
    local arguments = table.pack(...)
    left.count = left.count + 1
    return function()
      local _ <close> = left
      local ok, err = xpcall(fn, debug.traceback, table.unpack(arguments, 1, arguments.n))
      if ok then return end
      failed = failed or err
      if stop then stop() end
    end
  end
  start(body(main, function(fn, ...) scheduler.current().spawn(body(fn, ...)) end))
  while not failed and left.count > 0 and not step() do end
  if failed then error(failed, 0) end
  return turns()
end

-- Two TLS sockets of this process, whose waits hold up the calling coroutine alone.
function schedulers.pair(client, server, options)
  local near, far = ends.tcp()
  for _, tcp in ipairs { near, far } do -- of one size, which the system does not change when it sees fit
    tcp:setoption("recv-buffer-size", 1 << 16)
    tcp:setoption("send-buffer-size", 1 << 16)
  end
  local all = { name = "localhost" }
  for key, value in pairs(options or {}) do all[key] = value end
  local c = scheduler.socket(assert((client or ends.client()):wrap(near, all)))
  local s = scheduler.socket(assert((server or ends.server()):wrap(far)))
  c:settimeout(schedulers.LONG)
  s:settimeout(schedulers.LONG)
  return c, s
end

-- Calls f, and beside it g; gives the two lists of what they gave.
function schedulers.both(go, f, g)
  local results = {}
  go(function() results[2] = table.pack(g()) end)
  results[1] = table.pack(f())
  while not results[2] do scheduler.current().sleep(0.01) end
  return results[1], results[2]
end

function schedulers.connected(go, ...)
  local c, s = schedulers.pair(...)
  local there, back = schedulers.both(go, function() return c:handshake() end, function() return s:handshake() end)
  assert(there[1], there[2])
  assert(back[1], back[2])
  return c, s
end

-- `it` for rows that hold under the plain scheduler and in a loop of ours, which raises what a row raises.
function schedulers.plain_and_loop(it)
  return function(name, fn)
    it(name, fn)
    it(name .. ", in a loop", function()
      local loop = scheduler.loop()
      loop:spawn(fn)
      loop:run()
    end)
  end
end

return schedulers
