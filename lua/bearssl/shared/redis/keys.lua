-- SPDX-License-Identifier: MIT
-- Ticket keys that several processes have (RFC 8446 section 4.6.1): one for each period, made by whoever needs it
-- first, a period ahead, so that all have it when its time comes. In Redis is a salt, the key is the secret and the
-- salt (the engine derives from them): who has one of the two has nothing, and what has expired in Redis is gone for
-- all.
local core = require "bearssl.core"

local keys = {}

local SALT = 32 -- bytes
local REFRESH = 60 -- seconds between two looks: a Redis that came back empty is told what we have
local SLACK = 300 -- seconds that clocks may differ by
local MOST = 8 -- keys that a config takes

-- KEYS: of the present period, the next, those before. ARGV: salts for the first two where there is none, seconds.
local script = [[
local found = {}
for i = 1, #KEYS do
  local salt = redis.call('GET', KEYS[i])
  if not salt and i <= 2 then
    salt = ARGV[i]
    redis.call('SET', KEYS[i], salt, 'EX', ARGV[3])
  end
  found[i] = salt or ''
end
return found]]

local function key_of(self, period)
  return ("%sticket:%d:%d"):format(self.options.prefix, self.options.rotation, period)
end

-- The periods whose keys are of use, in the order in which the script wants them.
local function periods_of(self, now)
  local present = now // self.options.rotation
  local list = { present, present + 1 }
  for i = 1, math.ceil(self.options.lifetime / self.options.rotation) do list[#list + 1] = present - i end
  return list
end

-- What we have of a period: the salt that seals first, then others, of a Redis that has lost it meanwhile.
local function remember(self, period, salt)
  local salts = self.salts[period]
  if not salts then
    salts = {}
    self.salts[period] = salts
  end
  for i, known in ipairs(salts) do
    if known == salt then table.remove(salts, i) end
  end
  table.insert(salts, 1, salt)
end

local function ask(self, periods)
  local names = {}
  for i, period in ipairs(periods) do names[i] = key_of(self, period) end
  local offer = {}
  for i = 1, 2 do offer[i] = self.salts[periods[i]] and self.salts[periods[i]][1] or assert(core.random(SALT)) end
  local seconds = 2 * self.options.rotation + self.options.lifetime + SLACK
  return self.pool:call(function(client)
    local arguments = table.pack(table.unpack(names))
    table.move({ offer[1], offer[2], seconds }, 1, 3, #names + 1, arguments)
    local found = client:eval(script, #names, table.unpack(arguments, 1, #names + 3))
    for i = 1, #names do
      local salt = type(found) == "table" and found[i]
      if type(salt) ~= "string" or #salt ~= SALT and (i <= 2 or salt ~= "") then error("a ticket key is none", 0) end
    end
    return found
  end)
end

local function forget(self, periods)
  local oldest = periods[#periods]
  for period in pairs(self.salts) do
    if period < oldest then self.salts[period] = nil end
  end
end

local function list_of(self, periods)
  local list = {}
  for place = 1, 2 do -- of each period the one that others have; after those what we alone may have
    for _, period in ipairs(periods) do
      local salts = self.salts[period] or {}
      for i = place, place == 1 and 1 or #salts do
        if salts[i] and #list < MOST then list[#list + 1] = (self.options.secret or "") .. salts[i] end
      end
    end
  end
  return list
end

-- The keys, the one that seals first, and how many seconds they are good for; and an error where Redis is away: then
-- they are those that we know already, or one that is ours alone.
function keys.take(self)
  local now = os.time()
  local periods = periods_of(self, now)
  local found, err = ask(self, periods)
  for i, salt in ipairs(found or {}) do
    if salt ~= "" then remember(self, periods[i], salt) end
  end
  if not self.salts[periods[1]] then remember(self, periods[1], assert(core.random(SALT))) end
  forget(self, periods)
  local left = self.options.rotation - now % self.options.rotation
  return list_of(self, periods), math.min(left, found and REFRESH or self.options.retry), err
end

return keys
