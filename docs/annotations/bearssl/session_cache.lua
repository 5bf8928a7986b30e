---@meta bearssl.session_cache
-- Made by `make annotations` from the documentation comments.

---Sessions that clients resume from.
---@class bearssl.session_cache.module
local module = {}

---@class bearssl.session_cache
local session_cache = {}

---Puts a session in, one that was kept elsewhere (`config:import_session`).
---@param config bearssl.config whose session it is
---@param name string the server's
---@param session bearssl.session the cache's from now on
---@return boolean # whether it can still be used; else it is closed
function session_cache:put(config, name, session) end

---Takes a session out, as the next connection to the name would.
---@param config bearssl.config
---@param name string the server's
---@return bearssl.session|nil # one of TLS 1.2 stays in the cache, too
function session_cache:take(config, name) end

---How many sessions it holds.
---@return integer # what open connections have received is not counted as long as nobody asked for it
function session_cache:count() end

---Forgets all sessions.
function session_cache:clear() end

return module
