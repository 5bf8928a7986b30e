---@meta bearssl.command
-- Made by `make annotations` from the documentation comments.

---The command `bearssl`: `bearssl VERB …` (docs/command.md).
---@class bearssl.command.module
local module = {}

---Argparse's parser of the command.
---@param only? string|table the verb whose options are wanted; without it, those of all
---@param asked? table gets `help` or `version` where they were asked for
---@return table
---@return table # the parsers of the verbs, by name
function module.parser(only, asked) end

---The names of all verbs.
---@return string[]
function module.verbs() end

---Runs the command.
---@param argv string[] the arguments, the verb first
---@param out? bearssl.out of `bearssl.command.output`
---@return integer # the exit status, of `bearssl.command.status`
function module.main(argv, out) end

return module
