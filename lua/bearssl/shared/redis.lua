-- SPDX-License-Identifier: MIT

--- What the processes and hosts of one service share, in a Redis: ticket keys, the memory that tells a replay of early
-- data, and sessions that are used once. While the Redis is away there are full handshakes and no early data.
-- @module bearssl.shared.redis

-- bearssl.shared.redis: the callbacks of a config; connections are in redis/pool.lua, keys in redis/keys.lua.
local core = require "bearssl.core"
local hex = require "bearssl.hex"
local keys = require "bearssl.shared.redis.keys"
local new_pool = require "bearssl.shared.redis.pool"
local read = require "bearssl.shared.redis.options"

local redis = {}

local Shared = { __name = "bearssl.shared_redis" }
local methods = {}
Shared.__index = methods

local WINDOW = 20 -- seconds that a hello is of use (RFC 8446 section 8.3; the engine's window, both ways)

local MARK = 86400 -- seconds that the mark of the Redis is kept after the last hello

-- KEYS: this hello, the mark that something was remembered before, the mark that this is not long ago. A Redis that was
-- emptied has lost the marks too: then nothing is accepted until what it has forgotten is of no use any more.
local first_time = [[
if redis.call('SETNX', KEYS[2], '1') == 1 then redis.call('SET', KEYS[3], '1', 'EX', ARGV[2]) end
redis.call('EXPIRE', KEYS[2], ARGV[3])
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
return redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) and 1 or 0]]

local take = [[
local bytes = redis.call('GET', KEYS[1])
if bytes then redis.call('DEL', KEYS[1]) end
return bytes]]

-- early_data_guard: true only if Redis says that this hello is new, and has been there long enough to know.
local function guard(self)
  local prefix, slack = self.options.prefix, self.options.clock_slack
  return function(id, until_time)
    local seconds = math.max(1, until_time - os.time()) + slack
    return self.pool:call(function(client, entry)
      if core.now() - entry.since < WINDOW + slack then return 0 end
      return client:eval(first_time, 3, prefix .. "hello:" .. hex.of(id), prefix .. "hellos", prefix .. "hellos:young",
        seconds, WINDOW + slack, MARK)
    end) == 1
  end
end

-- session_store: a session that cannot be put away is one that nobody resumes, and one that cannot be had, too.
local function store(self)
  local prefix = self.options.prefix .. "session:"
  return {
    put = function(id, bytes, lifetime)
      self.pool:call(function(client) return client:set(prefix .. hex.of(id), bytes, "EX", lifetime) end)
    end,
    take = function(id)
      return (self.pool:call(function(client)
        local bytes = client:eval(take, 1, prefix .. hex.of(id))
        if bytes ~= nil and type(bytes) ~= "string" then error("a session is no string", 0) end
        return bytes
      end))
    end,
  }
end

local function tls_config(tls)
  if not tls or type(tls) == "userdata" then return tls or nil end
  return require "bearssl.config".client(type(tls) == "table" and tls or {})
end

--- Makes the object that `shared` of `bearssl.listen` takes. Nothing is connected yet. Its fields `early_data_guard`
-- and, with `store`, `session_store` are what configs of `bearssl.server` take by these names. No early data is
-- accepted while the Redis is away, and for 20 seconds and `clock_slack` after it was started or has lost what it knew.
-- @function new
-- @tparam table options
-- @tparam string|false options.secret 32 random bytes or more, the same on all hosts and not in the Redis: ticket keys
-- are made of it and of what the Redis has; false: of that alone
-- @tparam[opt="127.0.0.1"] string options.host
-- @tparam[opt=6379] integer options.port
-- @tparam string options.path a Unix socket instead
-- @tparam string options.username
-- @tparam string options.password
-- @tparam integer options.db
-- @tparam boolean|table|bearssl.config options.tls TLS to the Redis: a client's config, its options, or true
-- @tparam string options.name the name to verify its certificate against; `host` by default
-- @tparam[opt="bearssl:"] string options.prefix of all keys in the Redis: one for each service
-- @tparam[opt=3600] integer options.rotation seconds that a ticket key seals
-- @tparam[opt=3600] integer options.lifetime of the sessions in seconds, as `session_lifetime` of the server
-- @tparam[opt=false] boolean options.store sessions themselves are kept in the Redis, and used once (RFC 8446 section
-- 8.1); without it they are in the tickets
-- @tparam[opt=60] integer options.clock_slack seconds that the clocks of the hosts may differ by
-- @tparam[opt=0.5] number options.timeout seconds for one operation, connecting included
-- @tparam[opt=5] number options.retry seconds that nothing is tried after a failure
-- @tparam[opt=16] integer options.connections at most
-- @tparam function options.on_error called with an error when the Redis is found to be away, and not again before it is
-- back
-- @tparam table options.redis redis-lua's module; `require "redis"` by default
-- @tparam string|table options.scheduler instead of the one that runs the caller
-- @treturn[1] bearssl.shared_redis
-- @treturn[2] nil
-- @treturn[2] bearssl.error what is wrong with the files of `tls`
-- @raise for a wrong option, and where there is no redis-lua
function redis.new(options)
  local values, wrong = read(options)
  if not values then error("bearssl.shared.redis: " .. wrong, 2) end
  values.redis = values.redis or require "redis"
  local err
  values.tls, err = tls_config(values.tls)
  if err then return nil, err end
  local self = setmetatable({ options = values, pool = new_pool(values), salts = {} }, Shared)
  self.pool.told = values.on_error
  self.early_data_guard = guard(self)
  self.session_store = values.store and store(self) or nil
  return self
end

--- The ticket keys of now, for `config:set_ticket_keys` of a server that is not one of `bearssl.listen`.
-- @function shared_redis:ticket_keys
-- @treturn {string,...} the one that seals first
-- @treturn number seconds after which to ask again
-- @treturn bearssl.error|nil the Redis is away: the keys are those that were known before, or one that nobody else has
function methods:ticket_keys()
  return keys.take(self)
end

--- Closes the connections that are idle. The object goes on working.
-- @function shared_redis:close
function methods:close()
  self.pool:close()
end

return redis
