---@meta bearssl.session
-- Made by `make annotations` from the documentation comments.

---What a later connection resumes from: made by `conn:session`, taken by `config:wrap`. A secret.
---@class bearssl.session.module
local module = {}

---@class bearssl.session
local session = {}

---Wipes the session. Twice is fine; also done by `<close>` and the collector.
function session:close() end

---The session as bytes, to be kept elsewhere. They hold a secret: who has them can read what is resumed with them and speak in this client's name.
---@return string|nil # bytes for `config:import_session`
---@return nil|bearssl.error # code `state`: a session of BearSSL's engine stays where it is
function session:export() end

return module
