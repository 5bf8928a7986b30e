---@meta bearssl.shared.redis
-- Made by `make annotations` from the documentation comments.

---What the processes and hosts of one service share, in a Redis: ticket keys, the memory that tells a replay of early data, and sessions that are used once. While the Redis is away there are full handshakes and no early data.
---@class bearssl.shared.redis.module
local module = {}

---@class bearssl.shared.redis.new.options
---@field clock_slack? integer seconds that the clocks of the hosts may differ by
---@field connections? integer at most
---@field db? integer
---@field host? string
---@field lifetime? integer of the sessions in seconds, as `session_lifetime` of the server
---@field name? string the name to verify its certificate against; `host` by default
---@field on_error? function called with an error when the Redis is found to be away, and not again before it is back
---@field password? string
---@field path? string a Unix socket instead
---@field port? integer
---@field prefix? string of all keys in the Redis: one for each service
---@field redis? table redis-lua's module; `require "redis"` by default
---@field retry? number seconds that nothing is tried after a failure
---@field rotation? integer seconds that a ticket key seals
---@field scheduler? string|table instead of the one that runs the caller
---@field secret? string|false 32 random bytes or more, the same on all hosts and not in the Redis: ticket keys are made of it and of what the Redis has; false: of that alone
---@field store? boolean sessions themselves are kept in the Redis, and used once (RFC 8446 section 8.1); without it they are in the tickets
---@field timeout? number seconds for one operation, connecting included
---@field tls? boolean|table|bearssl.config TLS to the Redis: a client's config, its options, or true
---@field username? string

---Makes the object that `shared` of `bearssl.listen` takes. Nothing is connected yet. Its fields `early_data_guard` and, with `store`, `session_store` are what configs of `bearssl.server` take by these names. No early data is accepted while the Redis is away, and for 20 seconds and `clock_slack` after it was started or has lost what it knew.
---Raises: for a wrong option, and where there is no redis-lua
---@param options bearssl.shared.redis.new.options
---@return bearssl.shared_redis|nil
---@return nil|bearssl.error # what is wrong with the files of `tls`
function module.new(options) end

---@class bearssl.shared_redis
local shared_redis = {}

---The ticket keys of now, for `config:set_ticket_keys` of a server that is not one of `bearssl.listen`.
---@return string[] # the one that seals first
---@return number # seconds after which to ask again
---@return bearssl.error|nil # the Redis is away: the keys are those that were known before, or one that nobody else has
function shared_redis:ticket_keys() end

---Closes the connections that are idle. The object goes on working.
function shared_redis:close() end

return module
