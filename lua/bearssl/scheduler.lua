-- SPDX-License-Identifier: MIT

--- Schedulers: who else runs while a socket waits.
-- @module bearssl.scheduler

-- bearssl.scheduler: which scheduler runs the calling coroutine, and how to connect and to wait under it. A scheduler
-- is a table of functions:
--   name; now() monotonic seconds; wait(fd, "r" | "w"[, seconds]) -> true | nil, "timeout" | nil, "closed"
--   sleep(seconds); spawn(fn, ...) unless it is plain; cancel(fd): who waits for it goes on with nil, "closed"
--   (a table in place of fd: wait until someone cancels that)
--   resolve(host, timeout) -> list of IP addresses | nil, err, where it has a resolver of its own
--   running() true where it runs the calling coroutine
local plain = require "bearssl.scheduler.plain"

local scheduler = {}

-- The adapters, and what has to be loaded already for one to be asked, in the order of asking: those that can tell for
-- certain come first.
local adapters = { "coroutine", "cqueues", "copas", "luv" }
local framework = { coroutine = "bearssl.scheduler.coroutine", cqueues = "cqueues", copas = "copas", luv = "luv" }

--- A scheduler by name.
-- @function get
-- @tparam string name `"plain"`, `"coroutine"`, `"copas"`, `"cqueues"` or `"luv"`
-- @treturn table the scheduler
-- @raise for another name, and where the framework cannot be loaded
function scheduler.get(name)
  if name ~= "plain" and not framework[name] then
    error(("scheduler '%s': plain, coroutine, copas, cqueues and luv are known"):format(tostring(name)), 2)
  end
  return require("bearssl.scheduler." .. name)
end

--- The scheduler that runs the calling coroutine: a @{loop} of ours, cqueues, copas or luv, where the program has
-- loaded it; else the plain one, under which a wait holds up the whole program. A coroutine that a program itself
-- resumes inside one of the scheduler's is plain, too, where that can be told.
-- @function current
-- @treturn table the scheduler
function scheduler.current()
  if not coroutine.isyieldable() then return plain end
  for _, name in ipairs(adapters) do
    if package.loaded[framework[name]] then
      local found = scheduler.get(name)
      if found.running() then return found end
    end
  end
  return plain
end

--- What an option `scheduler` means.
-- @function of
-- @tparam[opt] string|table given a scheduler or its name; nil: @{current}
-- @treturn table the scheduler
-- @raise as @{get}
function scheduler.of(given)
  if given == nil then return scheduler.current() end
  if type(given) == "string" then return scheduler.get(given) end
  if type(given) ~= "table" or not (given.wait and given.now and given.sleep) then
    error("scheduler: a name, or a table of now, wait and sleep is wanted, not a " .. type(given), 2)
  end
  return given
end

--- A loop of our own: `loop:spawn(fn, ...)`, then `loop:run()`.
-- @function loop
-- @tparam[opt] table options `on_error`: called with what a coroutine raised and the coroutine; without it
-- @{loop:run} raises
-- @treturn bearssl.loop
function scheduler.loop(options)
  require "bearssl.scheduler.coroutine"
  return require "bearssl.scheduler.loop".new(options)
end

--- Connects by TCP. The name is resolved by the scheduler where it has a resolver, else by the system, which holds up
-- the program; the addresses are tried in order, each for its share of the time.
-- @function connect
-- @tparam string host name or IP address
-- @tparam integer port
-- @tparam[opt] table options `timeout`: seconds for all of it; `scheduler`: instead of @{current}; `local_address`
-- @treturn[1] userdata LuaSocket's TCP object, connected; waits as @{socket} says
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error `"timeout"`, or why not
-- @raise if an argument or an option is wrong
function scheduler.connect(host, port, options)
  local found = scheduler.of(options and options.scheduler)
  local tcp, err = require "bearssl.scheduler.connect"(host, port, options, found)
  return tcp, err
end

--- A socket whose waits hold up the calling coroutine alone. It has every method of the one it is made of, and timeouts
-- of its own, which it takes over from there; 0, which event loops set, is none.
-- @function socket
-- @param sock a socket of LuaSocket or of bearssl, or whatever has getfd and their methods
-- @tparam[opt] string|table given the scheduler, instead of @{current}
-- @treturn table|userdata the socket; under the plain scheduler it is sock itself
function scheduler.socket(sock, given)
  local found = scheduler.of(given)
  if found == plain then return sock end
  return require "bearssl.scheduler.socket".make(sock, found)
end

local condition = {}
local condition_meta = { __index = condition, __name = "bearssl.condition" }

--- Something that coroutines wait for, and another one says, under any scheduler.
-- @function condition
-- @treturn bearssl.condition
function scheduler.condition()
  return setmetatable({ schedulers = {} }, condition_meta)
end

--- Holds up the calling coroutine until @{condition:signal}.
-- @function condition:wait
-- @tparam[opt] number timeout seconds; nil: for ever
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string `"timeout"`
-- @raise under the plain scheduler: there is nobody else who could say it
function condition:wait(timeout)
  local found = scheduler.current()
  if found == plain then error("condition:wait: no scheduler runs the calling coroutine", 2) end
  self.schedulers[found] = true
  local _, err = found.wait(self, "r", timeout)
  if err == "timeout" then return nil, err end
  return true
end

--- Lets all go on who wait now.
-- @function condition:signal
function condition:signal()
  for found in pairs(self.schedulers) do found.cancel(self) end
  self.schedulers = {}
end

return scheduler
