---@meta bearssl.watch
-- Made by `make annotations` from the documentation comments.

---Many certificates looked at again and again: how long each is valid, and what has changed since the last time.
---Servers are asked several at a time; files are read. What was seen is kept in a file of state, so that the next look tells a new key, a new issuer, a certificate that was renewed, a pin that holds no longer.
---@class bearssl.watch.module
local module = {}

---Looks at all targets once.
---Raises: for a wrong option or target
---@param targets table[] of each `text`, by which it is remembered, and `host`, `port` and, if they are other, `name` and `starttls` (a protocol of `bearssl.starttls`); or `file`, the path of certificates; or `content`, their text; and, if it is pinned, `pins`
---@param options? table - `concurrency`: how many servers are asked at a time (32); `timeout`: seconds for each (10) - `warn_days` (30), `critical_days` (7, or less where `warn_days` is): what is left then is a warning, or critical - `state`: a file that remembers; without it nothing is compared - `trust`, `certificate`, `key`, `revocation`: as of `bearssl.client`; `pins`: sets of pins by the text of their target, of which the verified path must have one; `time`: instead of now - `on_result`: function(result), called as they come; `on_change`: function(result), called for each that changed, the most urgent first, before the state is written: where it gives false, the change is told again the next time
---@return table[]|nil # the most urgent first, of each `target`, `status` ("ok", "warning", "critical", "error"), `subject`, `issuer`, `serial`, `pin`, `chain` (the pins behind the leaf's), `not_after` and `days_left` of the certificate of the path that ends first, `ends_first`, its subject, where that is not the leaf, `error`, and `changes`: a list of `"new_key"`, `"new_issuer"`, `"new_chain"` (other keys behind the leaf), `"renewed"`, `"pin_broken"`, `"failed"`, `"recovered"`, `"first_seen"`. The list's own field `behind`: seconds by which the clock is behind the last look, where it is
---@return bearssl.error|nil|bearssl.error # why the state could not be written: what has changed will be told again; or what is wrong with `trust` or with the file of state: `locked`, `file`, `file_write`
function module.look(targets, options) end

return module
