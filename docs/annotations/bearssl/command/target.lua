---@meta bearssl.command.target
-- Made by `make annotations` from the documentation comments.

---What a verb of the command `bearssl` is about: a server or a file.
---@class bearssl.command.target.module
local module = {}

---The port of a protocol with STARTTLS where a target names none.
---@param protocol string as of `--starttls`
---@return integer
function module.port(protocol) end

---Reads a target: `host`, `host:port`, `[v6]:port`, a URL, a file, or `-` for standard input. What looks like the path of a file (`/` in it, or an ending as `.pem`), and any file that is there, is a file; `host:443` never is.
---@param text string
---@return table|nil # `text` as given; of a server `host`, `port`, `name` (for SNI and verification), `scheme` and `path` of a URL, `starttls` where its scheme says so; of a file `file`, its path; `stdin`: true
---@return nil|string # what is wrong
function module.parse(text) end

---Reads a target that must be a server.
---@param text string
---@return table|nil # as of `target.parse`
---@return nil|string # what is wrong
function module.server(text) end

return module
