---@meta bearssl.ngx
-- Made by `make annotations` from the documentation comments.

---The table that libraries written for OpenResty expect as the global `ngx`, on Lua 5.4 and any scheduler of `bearssl.scheduler`.
---`require "bearssl.ngx"` is such a table: `socket`, `re`, `thread`, `timer`, `shared`, `config`, `worker`, `null`, `log` and its levels, `say`, `print`, the times, `sleep`, base64, URIs, arguments and hashes, as lua-nginx-module has them. What belongs to nginx's requests is there by name, and raises when it is called.
---require "bearssl.ngx".install { trust = "ca.pem" } local redis = require "resty.redis"
---@class bearssl.ngx.module
local module = {}

---Makes a table of its own.
---Raises: where an option is wrong
---@param options? table those of `bearssl.cosocket.new`, which `ngx.socket` takes; `shared`: names and sizes in bytes of the dictionaries of `ngx.shared`; `log`: a function of level and message, instead of writing to stderr; `log_level`: up to which, `ngx.NOTICE` by default
---@return table
function module.new(options) end

---Makes it the global `ngx`, and lets what those libraries require be found: `table.new`, `bit`, `ffi` (arrays of bytes), `resty.string`, `resty.random`, `resty.sha1` and its like, `ngx.semaphore`, `ngx.ssl`, `ngx.re`, `ngx.base64`; Lua 5.1's `unpack` and `loadstring` as globals. `coroutine.resume` and `coroutine.wrap` become such that a coroutine inside a scheduler's own may use cosockets. Nothing of it happens without this call.
---@param options? table as for `new`; without, this very table
---@return table # the global ngx
function module.install(options) end

---Runs a function in a loop of our own, where its light threads and timers run beside it, until all have ended.
---Raises: what it raised
---@param fn function
---@param ... any its arguments
---@return any # what it returns
function module.run(fn, ...) end

return module
