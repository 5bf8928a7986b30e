---@meta bearssl.command.status
-- Made by `make annotations` from the documentation comments.

---The exit statuses of the command `bearssl`, by name: `ok` 0, `finding` 1, `usage` 2, `connect` 3, `handshake` 4, `certificate` 5, `file` 6, `internal` 70, `interrupted` 130 (docs/command.md).
---@class bearssl.command.status.module
local module = {}

---The status that an error means.
---@param err string|bearssl.error
---@param otherwise? integer for errors that can come of several steps: `"timeout"`, `closed`, `reset`, `io`
---@return integer # `handshake` for what is about none of the others
function module.of(err, otherwise) end

return module
