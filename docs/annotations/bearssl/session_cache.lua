---@meta bearssl.session_cache
-- Made by `make annotations` from the documentation comments.

---Sessions that clients resume from.
---@class bearssl.session_cache.module
local module = {}

---@class bearssl.session_cache
local session_cache = {}

---How many sessions it holds.
---@return integer # what open connections have received is not counted as long as nobody asked for it
function session_cache:count() end

---Forgets all sessions.
function session_cache:clear() end

return module
