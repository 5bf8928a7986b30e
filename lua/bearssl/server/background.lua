-- SPDX-License-Identifier: MIT
-- What a server does beside its connections: files looked at, staples fetched, ticket keys changed. Each of it has a
-- time when it is due; nothing of it can end the server.
local staple = require "bearssl.server.staple"
local tell = require "bearssl.server.tell"
local unit = require "bearssl.server.unit"

local background = {}

local SOON = 1 -- seconds: a file has just changed, is it at rest?
local KEYS_RETRY = 5

-- All units; the default certificate's first.
local function units_of(server)
  local list, names = { server.default }, {}
  for name in pairs(server.hosts) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do list[#list + 1] = server.hosts[name] end
  return list
end

local function staple_due(server)
  local due = math.huge
  if not server.options.fetch_staple then return due end
  for _, each in ipairs(server.units) do due = math.min(due, staple.due(each)) end
  return due
end

-- Reads one unit's files again; the old config stays where they do not belong together. `again`: that they do not was
-- told already.
function background.read(server, each, again)
  local ok, err = unit.read(each)
  if not ok then
    if not again then tell.error(server, err, "reload", each.name) end
    return nil, err
  end
  staple.renew(each)
  server.due.staple = staple_due(server)
  if server.options.on_reload then tell.call(server, "on_reload", each.name) end
  return true
end

local function watch(server, now)
  local next_look = server.options.watch
  for _, each in ipairs(server.units) do
    local changed = unit.changed(each)
    if changed == "soon" then next_look = math.min(next_look, SOON) end
    if changed == true or changed == "again" then background.read(server, each, changed == "again") end
  end
  server.due.watch = now() + next_look
end

local function fetch_staples(server, now)
  local how = staple.fetcher(server.options.fetch_staple, server.scheduler.spawn ~= nil)
  for _, each in ipairs(server.units) do
    staple.refresh(each, how, now, function(err, name) tell.error(server, err, "staple", name) end)
  end
  server.due.staple = staple_due(server)
end

-- Keys that processes share; all units have those of the first.
local function take_keys(server)
  local keys, seconds, err = server.options.shared:ticket_keys()
  server.front.config:set_ticket_keys(keys)
  return seconds, err
end

local function renew_keys(server, now)
  local ok, seconds, err = pcall(take_keys, server)
  if not ok then seconds, err = KEYS_RETRY, seconds end
  if err and not server.shared_away then tell.error(server, err, "shared") end
  server.shared_away = err ~= nil
  server.due.keys = now() + seconds
end

-- How many seconds from now something is due; nil: nothing ever.
function background.due(server)
  local due = math.min(server.due.watch, server.due.keys, server.due.staple)
  return due < math.huge and math.max(0, due - server.now()) or nil
end

-- Does what is due. It may yield; `busy` tells that somebody is at it.
function background.run(server)
  server.busy = true
  local done <close> = setmetatable({}, { __close = function() server.busy = false end }) -- luacheck: ignore
  local now = server.now
  if server.due.keys <= now() then renew_keys(server, now) end
  if server.due.watch <= now() then watch(server, now) end
  if server.due.staple <= now() then fetch_staples(server, now) end
end

-- Times before anything was done.
function background.start(server)
  local options = server.options
  server.units = units_of(server)
  server.due = {
    watch = options.watch and server.now() + options.watch or math.huge, keys = options.shared and 0 or math.huge,
  }
  for _, each in ipairs(server.units) do staple.renew(each) end
  server.due.staple = staple_due(server)
end

return background
