-- SPDX-License-Identifier: MIT
-- bearssl.cosocket.nested: coroutines that a program runs inside a scheduler's own, as libraries for OpenResty do to
-- read a body piece by piece. The scheduler knows nothing of them and could not resume them; so what has to wait in one
-- is handed out to whoever has resumed it, which waits in its place and brings the results back.
--
-- For that, coroutine.resume and coroutine.wrap have to be ours: bearssl.ngx.install() sees to it. Without it, what
-- waits in such a coroutine holds up the whole program.
local scheduler = require "bearssl.scheduler"

local nested = {}

local resume, yield, create = coroutine.resume, coroutine.yield, coroutine.create
local ASK = {} -- what a coroutine yields that wants to have something done outside
local inside = setmetatable({}, { __mode = "k" }) -- those that can ask

local function results(ok, ...)
  if not ok then error((...), 0) end
  return ...
end

-- Calls fn, which may wait by a scheduler, where it can.
function nested.call(fn, ...)
  if not inside[coroutine.running()] then return fn(...) end
  return results(yield(ASK, fn, ...))
end

local errand_meta = { __close = function(errand)
  if not errand.done then coroutine.close(errand.co) end
end }

-- Does what the coroutine asks for. If ours is closed meanwhile, so is that one, with what it holds.
local function do_errand(co, fn, ...)
  local errand <close> = setmetatable({ co = co }, errand_meta)
  local outcome = table.pack(pcall(nested.call, fn, ...))
  errand.done = true
  return table.unpack(outcome, 1, outcome.n)
end

-- Until the coroutine yields or ends of its own accord.
local function serve(co, ...)
  local ok, what = ...
  if not ok or what ~= ASK then return ... end
  return serve(co, resume(co, do_errand(co, select(3, ...))))
end

-- Can the calling coroutine wait for another one?
local function can_serve()
  local co, is_main = coroutine.running()
  return not is_main and (inside[co] or scheduler.current().name ~= "plain") or nil
end

-- Schedulers that are written in Lua resume their own: our loop, and copas, which does so from inside another one where
-- a coroutine starts a thread.
local function is_scheduled(co)
  local loop = package.loaded["bearssl.scheduler.loop"]
  if loop and loop.of[co] then return true end
  return package.loaded.copas and debug.getinfo(3, "S").source:find "copas[^/]*%.lua$"
end

local function nested_resume(co, ...)
  if type(co) ~= "thread" or is_scheduled(co) then return resume(co, ...) end
  inside[co] = can_serve()
  return serve(co, resume(co, ...))
end

local function unwrapped(co, ok, ...)
  if ok then return ... end
  coroutine.close(co)
  error((...), 0)
end

local function nested_wrap(fn)
  local co = create(fn)
  return function(...)
    inside[co] = can_serve()
    return unwrapped(co, serve(co, resume(co, ...)))
  end
end

-- Makes them the program's.
function nested.install()
  rawset(coroutine, "resume", nested_resume)
  rawset(coroutine, "wrap", nested_wrap)
end

return nested
