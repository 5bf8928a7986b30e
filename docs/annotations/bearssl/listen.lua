---@meta bearssl.listen
-- Made by `make annotations` from the documentation comments.

---Servers: a port, certificates, and an accept loop.
---@class bearssl.listen.module
local module = {}

---@class bearssl.listener
local listener = {}

---Accepts one connection and makes its handshake. For loops of one's own; what is due in the background (files, staples, ticket keys) is done here.
---@param timeout? number seconds to wait for a connection; for ever without
---@return bearssl.socket|nil
---@return nil|string|bearssl.error # `"timeout"`: nobody came; `"closed"`: the server is; an error: why the handshake of somebody who came has failed
function listener:accept(timeout) end

---Serves until `listener:close`. Each connection has a coroutine of its own under a scheduler that has some; under none they are served one after another. The socket is closed when the handler returns. Errors, of a handshake or raised by the handler, end that connection and go to `on_error`.
---Raises: if the server runs already, or is closed
---@param handler function called with the socket, handshake done, and the server
---@return boolean # true
function listener:run(handler) end

---Reads all files of certificates, keys, trust and CRLs again, now. Connections that are open go on as they are; those that come later have what is new, and sessions are resumed across it. Where files do not belong together, or one cannot be read, that host keeps what it had.
---@return boolean|nil # true
---@return nil|bearssl.error # the first that went wrong; `on_error` is told all
function listener:reload() end

---The config that a host has now, for loops that wrap sockets themselves: it is another after each renewal.
---@param name? string server_name; without it, the one to wrap with, which chooses by server_name itself
---@return bearssl.config # nil: there is none for the name
function listener:config(name) end

---Does what is due in the background: files, staples, ticket keys. For loops that call neither run nor accept.
---@return number|nil # seconds until there is something to do again; nil: nothing
function listener:tick() end

---Closes the server: no connection is accepted any more. `listener:run` returns when those that are open have ended, or after so many seconds, and closes what is open then. Does not wait itself.
---@param seconds? number the option close_timeout by default; 0: connections are closed at once
---@return integer # 1; again after success, too
function listener:close(seconds) end

---Where it listens.
---@return string|nil # address
---@return integer|string # port; or `"closed"`
function listener:getsockname() end

---The listening descriptor, for `socket.select` and other schedulers.
---@return integer # -1: closed
function listener:getfd() end

return module
