---@meta bearssl.watch
-- Made by `make annotations` from the documentation comments.

---Many certificates looked at again and again: how long each is valid, and what has changed since the last time.
---Servers are asked several at a time; files are read. What was seen is kept in a file of state, so that the next look tells a new key, a new issuer, a certificate that was renewed, a pin that holds no longer.
---@class bearssl.watch.module
local module = {}

---Looks at all targets once.
---Raises: for a wrong option or target
---@param targets table[] of each `text`, by which it is remembered, and `host`, `port` and, if it is another, `name`; or `file`, the path of a certificate
---@param options? table - `concurrency`: how many servers are asked at a time (32); `timeout`: seconds for each (10) - `warn_days` (30), `critical_days` (7): what is left then is a warning, or critical - `state`: a file that remembers; without it nothing is compared - `trust`: as of `bearssl.client`; `pins`: sets of pins by the text of their target; `time`: instead of now - `on_result`: function(result), called as they come
---@return table[]|nil # the most urgent first, of each `target`, `status` ("ok", "warning", "critical", "error"), `subject`, `issuer`, `serial`, `not_after`, `days_left`, `pin`, `error`, and `changes`: a list of `"new_key"`, `"new_issuer"`, `"renewed"`, `"failed"`, `"recovered"`, `"first_seen"`
---@return nil|bearssl.error # what is wrong with `trust` or with the file of state: `locked`, `file`, `file_write`
function module.look(targets, options) end

return module
