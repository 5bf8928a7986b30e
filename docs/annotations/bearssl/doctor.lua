---@meta bearssl.doctor
-- Made by `make annotations` from the documentation comments.

---What this machine's TLS looks like from here: versions of libraries, accelerations, trust store, clock, entropy, which engine a connection gets and why. The command `bearssl doctor` prints it.
---@class bearssl.doctor.module
local module = {}

---Looks at this machine.
---Raises: for an unknown option or a wrong type
---@param options? table - `config`: options of `bearssl.client`, whose engine is told - `socket`: a connection whose handshake is done, and `name`, its server's: what it got is told, and by a request of HTTP how far the clocks are apart - `time`: seconds since the epoch, instead of now
---@return table # `checks`: a list of `name`, `status` ("ok", "warning", "error"), `text`, `remedy`; `version`, `lua`, `accelerations`, `trust` (`path`, `count`, `changed`), `engine` (`name`, `reason`), `target`
function module.examine(options) end

return module
