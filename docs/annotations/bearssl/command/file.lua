---@meta bearssl.command.file
-- Made by `make annotations` from the documentation comments.

---Files that verbs of the command `bearssl` write: whole, or not at all.
---@class bearssl.command.file.module
local module = {}

---Writes a file: under another name in the same folder first, which then becomes its own. An interrupt leaves nothing behind, and what stood there before stays until then.
---@param path string
---@param text string
---@return boolean|nil # true
---@return nil|bearssl.error # code `file`
function module.write(path, text) end

return module
