---@meta bearssl.command.output
-- Made by `make annotations` from the documentation comments.

---What verbs of the command `bearssl` print with: text, in colour on a terminal, or one JSON document.
---@class bearssl.command.output.module
local module = {}

---Text from elsewhere as it may be shown: control characters, formatting that is not seen or that turns the direction of writing, and octets that are no UTF-8 become `\0A` and the like; line ends, too.
---@param text string
---@return string # UTF-8, in one line
function module.clean(text) end

---Makes an output.
---@param options? table `stdout`, `stderr`: files (those of the process); `colour`, `width` instead of what the terminal says; `json`: true: verbs give JSON
---@return bearssl.out # with the fields `width` (columns; 80 where there is no terminal), `colour`, `tty` (standard output is a terminal), `wants_json`
function module.new(options) end

---@class bearssl.out
local out = {}

---Prints a line. It is printed as it is: what comes from a peer or a file goes through `output.clean` first.
---@param text? string
function out:print(text) end

---Writes without a line end, octets too.
---@param text string
function out:write(text) end

---Text in a style, where standard output is a terminal and NO_COLOR is not set.
---@param text string
---@param style string `"bold"`, `"good"`, `"warn"`, `"bad"` or `"dim"`
---@return string
function out:style(text, style) end

---Says something beside the result, on standard error: progress, notes.
---@param text string
function out:note(text) end

---A list for `out:json` that is one even where it is empty.
---@param list? table
---@return table # the same
function module.list(list) end

---JSON of a value: the names in alphabetical order, `first` before them.
---Raises: where there is no dkjson
---@param value table
---@param first? string[]
---@param compact? boolean true: in one line
---@return string
function module.encode(value, first, compact) end

---The JSON document of a verb: the fields of a table after `schema`, the verb's name, and `schema_version`.
---@param value table
---@return string # with a line end
function out:document(value) end

---Prints the JSON document of a verb, `out:document`. A verb calls it once.
---@param value table
function out:json(value) end

---An error as a table for `out:json`.
---@param err string|bearssl.error
---@return table # `code`, `message`, and where they are known `alert`, `side`, `where`, `cause`, `hint`
function module.error(err) end

---The lines that an error is told in: what it is, why, and what cures it.
---@param err string|bearssl.error
---@return string[] # fit for a terminal
function module.lines(err) end

---Tells why a verb has failed: on standard error, or where JSON is wanted as its document, `{ error = … }`.
---@param err string|bearssl.error
---@param what? string it was about: the target
function out:fail(err, what) end

---Words into lines of a width.
---@param text string
---@param width integer columns
---@param indent? string before each line but the first
---@return string
function module.wrap(text, width, indent) end

---Has all of it written.
---@return boolean|nil # true
---@return nil|string # why not: a full disk
function out:finish() end

return module
