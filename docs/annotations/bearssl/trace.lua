---@meta bearssl.trace
-- Made by `make annotations` from the documentation comments.

---What happened in a handshake: every message in its order, what it carried, what was decided because of it.
---@class bearssl.trace.module
local module = {}

---@class bearssl.connection
local connection = {}

---The steps so far. The config must have `trace = true` or `on_message`.
---@return table # a list of steps: `kind` ("message", "record" or "lost"), `name`, `direction` ("sent", "received"), `bytes` (a message with its header, a record as on the wire), `seconds` since the first step, `encrypted`, `fields` (what it carried, in the standard's names), `decisions` (a list of `text` and `section`)
function connection:trace() end

---@class bearssl.socket
local socket = {}

---The steps so far. The config must have `trace = true` or `on_message`.
---@return table # a list of steps: `kind` ("message", "record" or "lost"), `name`, `direction` ("sent", "received"), `bytes` (a message with its header, a record as on the wire), `seconds` since the first step, `encrypted`, `fields` (what it carried, in the standard's names), `decisions` (a list of `text` and `section`)
function socket:trace() end

return module
