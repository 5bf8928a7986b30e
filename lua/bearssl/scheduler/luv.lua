-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.luv: libuv's default loop, which has no coroutines of its own: the one that calls is the one that
-- it resumes. What that raises is luv's to report, which ends the program. libuv wants one poll handle of a
-- descriptor: all who wait for it share one, which is there as long as they wait.
local resume = require "bearssl.scheduler.resume"
local uv = require "luv"
local scheduler = { name = "luv", now = require "bearssl.core".now, running = coroutine.isyieldable }
local no_handle = { start = function() end, close = function() end } -- of what is waited for and is no descriptor
local watches = {} -- by descriptor: the handle, and the entries of those who wait

-- Has the handle listen to what is waited for; when there is nobody left, it goes.
local function listen(watch)
  local modes = {}
  for entry in pairs(watch.entries) do modes[entry.mode] = entry.mode end
  if next(modes) then return watch.handle:start((modes.r or "") .. (modes.w or ""), watch.on_ready) end
  watches[watch.fd] = nil
  watch.handle:close()
end

local function leave(entry)
  local watch = entry.watch
  if entry.timer then entry.timer:close() end
  entry.over, entry.timer, entry.watch = true, nil, nil
  if watch then
    watch.entries[entry] = nil
    listen(watch)
  end
end

local function go_on(entry, ...)
  if entry.over then return end
  leave(entry)
  local ok, err = resume(entry.co, ...)
  if not ok then error(err, 0) end
end

local function new_watch(fd)
  local watch = { fd = fd, handle = math.type(fd) and assert(uv.new_poll(fd)) or no_handle, entries = {} }
  function watch.on_ready(err, events) -- a failure is one of recv or send too, which tells it
    local list = {}
    for entry in pairs(watch.entries) do list[#list + 1] = entry end
    for _, entry in ipairs(list) do
      if entry.watch and (err or events:find(entry.mode, 1, true)) then go_on(entry, true) end
    end
  end
  return watch
end

-- In so many seconds, unless it goes on before that; with 0 in the next turn, which a timer of 0 could keep off.
local function go_on_after(entry, seconds, ...)
  local values = table.pack(...)
  local function call() go_on(entry, table.unpack(values, 1, values.n)) end
  uv.update_time() -- a timer counts from there, and what was just computed may have taken long
  entry.timer = seconds > 0 and uv.new_timer() or uv.new_idle()
  if seconds <= 0 then return entry.timer:start(call) end
  entry.timer:start(math.ceil(math.min(seconds, 1 << 40) * 1000), 0, call)
end

-- Of the calling coroutine; it ends with the block that holds it, also where someone closes the coroutine.
local function new_entry(timeout, ...)
  local entry = setmetatable({ co = coroutine.running() }, { __close = leave })
  if timeout then go_on_after(entry, timeout, ...) end
  return entry
end

function scheduler.wait(fd, mode, timeout)
  local watch = watches[fd] or new_watch(fd)
  local entry <close> = new_entry(timeout, nil, "timeout")
  watches[fd], watch.entries[entry] = watch, true
  entry.mode, entry.watch = mode, watch
  listen(watch)
  return coroutine.yield()
end

function scheduler.sleep(seconds)
  local _ <close> = new_entry(seconds)
  coroutine.yield()
end

function scheduler.spawn(fn, ...) go_on_after({ co = coroutine.create(fn) }, 0, ...) end

function scheduler.cancel(fd)
  for entry in pairs(watches[fd] and watches[fd].entries or {}) do
    leave(entry)
    entry.over = false
    go_on_after(entry, 0, nil, "closed")
  end
end

function scheduler.resolve(host, timeout) -- by a thread of libuv's, as the system does it
  local entry <close> = new_entry(timeout, "timeout")
  local request = assert(uv.getaddrinfo(host, nil, { socktype = "stream" }, function(...) go_on(entry, ...) end))
  local err, list = coroutine.yield()
  if err == "timeout" then request:cancel() end
  for i, found in ipairs(list or {}) do list[i] = found.addr end
  return list, err
end

return scheduler
