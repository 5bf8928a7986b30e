---@meta bearssl.cosocket
-- Made by `make annotations` from the documentation comments.

---Sockets in OpenResty's manner: the API of `ngx.socket.tcp`, under any scheduler of `bearssl.scheduler`.
---Names, arguments, results and error strings are lua-nginx-module's. Timeouts are milliseconds, 60,000 by default, and bound each wait. What differs is on purpose: sslhandshake verifies chain and name unless it is told `false`.
---@class bearssl.cosocket.module
local module = {}

---@class bearssl.tcpsock
local tcpsock = {}

---Connects, or takes a connection of the pool that is still alive.
---Raises: where an argument is of a wrong type
---@param host string a name, an IP address, or `unix:/path`, then without port
---@param port integer
---@param options? table `pool`: the pool's name instead of host:port; `pool_size`: connections that it holds; `backlog`: at most pool_size connections then, and so many calls of connect may wait for one
---@return integer|nil # 1
---@return nil|string # `"timeout"`, `"connection refused"`, `"too many waiting connect operations"`, `"socket busy …"`, …
function tcpsock:connect(host, port, options) end

---The certificate to show when a server asks for one, for the next sslhandshake.
---@param certificate? string|table what `ngx.ssl.parse_pem_cert` gave, a path or PEM, leaf first; nil: none
---@param key? string|userdata|function what `ngx.ssl.parse_pem_priv_key` gave, or as for `bearssl.client`
---@return boolean|nil # true
---@return nil|string # what is missing, or cannot be read
function tcpsock:setclientcert(certificate, key) end

---TLS on top of the connection. Unlike OpenResty's, it verifies chain and name unless `ssl_verify` is `false` (or the option `ssl_verify` of the instance is); and a connection of the pool that was made for another name, certificate or without verification is replaced by a new one.
---Raises: what a callback of the options raised; the connection is closed then
---@param reused_session? table|boolean what an earlier call for the same target returned; `false`: return true instead of a session
---@param server_name? string for SNI and the name to verify; without it, the host that was connected to
---@param ssl_verify? boolean
---@param send_status_req? boolean OCSP staples are asked for and heard anyway
---@return table|boolean|nil # session, or true
---@return nil|string # `"certificate host mismatch"`, `"18: self-signed certificate"` and so on in OpenSSL's words, `"handshake failed"`, `"timeout"`, `"closed"`
---@return nil|bearssl.error # in detail, where there is one
function tcpsock:sslhandshake(reused_session, server_name, ssl_verify, send_status_req) end

---Sends.
---Raises: where data is of a wrong type
---@param data string|number|table strings and numbers, nested in arrays as one likes
---@return integer|nil # bytes sent
---@return nil|string # `"closed"`, `"timeout"` (what had gone out by then cannot be told), `"socket busy writing"`
function tcpsock:send(data) end

---Receives.
---Raises: for another pattern
---@param pattern? string|integer `"*l"`: a line, without its LF and any CR; `"*a"`: all up to the end; or a number of bytes
---@return string|nil
---@return nil|string # `"closed"`, `"timeout"`, `"socket busy reading"`
---@return nil|string # what came before that; it is consumed
---@return nil|bearssl.error # of a TLS connection, in detail: `truncated` where its end was not the peer's word
function tcpsock:receive(pattern) end

---Receives what there is; waits only where there is nothing.
---Raises: where max is no positive number
---@param max integer bytes at most
---@return string|nil
---@return nil|string # as for `tcpsock:receive`
function tcpsock:receiveany(max) end

---An iterator that receives up to a pattern (plain bytes), which is not part of what it gives.
---@param pattern string
---@param options? table `inclusive = true`: the pattern is part of it
---@return function|nil # iterator: called without argument it gives all up to the pattern; called with a size, so many bytes of it, and after the last piece nil, nil, nil once. Failures as for `tcpsock:receive`
---@return nil|string # `"pattern is empty"`
function tcpsock:receiveuntil(pattern, options) end

---Timeouts for connect (and handshake), send and receive at once.
---Raises: where it is negative or too large
---@param milliseconds number nil or 0: the default
function tcpsock:settimeout(milliseconds) end

---Timeouts one by one.
---Raises: as for `tcpsock:settimeout`
---@param connect number milliseconds
---@param send number milliseconds
---@param read number milliseconds
function tcpsock:settimeouts(connect, send, read) end

---@param option string `"keepalive"`, `"reuseaddr"`, `"tcp-nodelay"`; `"sndbuf"`, `"rcvbuf"`: bytes
---@param value boolean|integer
---@return boolean|nil # true
---@return nil|string # what is wrong; also once TLS runs: set options before
function tcpsock:setoption(option, value) end

---@param option string as for `tcpsock:setoption`
---@return integer|nil # 0 or 1, or bytes
---@return nil|string # what is wrong
function tcpsock:getoption(option) end

---The address of this machine that later connections come from.
---@param address string an IP address
---@return boolean # true
function tcpsock:bind(address) end

---Gives the connection to the pool, for a later connect. The socket object may connect anew.
---@param timeout? integer milliseconds that it may be idle, 60,000 by default; 0: for ever
---@param size? integer connections that the pool holds, 30 by default; counts for a new pool alone
---@return integer|nil # 1
---@return nil|string # `"closed"`, `"unread data in buffer"`, `"connection in dubious state"`, `"socket busy …"`, `"key not found"`: it is one of `wrap`
function tcpsock:setkeepalive(timeout, size) end

---How often the connection has come out of a pool.
---@return integer|nil
---@return nil|string # `"closed"`
function tcpsock:getreusedtimes() end

---The session of the connection, as sslhandshake returned it.
---@return table|nil
---@return nil|string # `"closed"`, or that there is no TLS
function tcpsock:getsslsession() end

---The TLS socket below, for what OpenResty's has not: `info()`, `peer_certificates()`, `verified_chain()`, `trace()`. Only to be looked at: whoever reads from it takes what the cosocket should have.
---@return bearssl.socket # nil: no TLS
function tcpsock:tls() end

---Closes the connection.
---@return integer|nil # 1
---@return nil|string # `"closed"`, `"socket busy …"`
function tcpsock:close() end

---Sockets with options of their own, and pools of their own.
---Raises: where an option is wrong
---@param options? table those of `bearssl.client` for sslhandshake (`trust`, `min_version`, …), and `ssl_verify = false`: sslhandshake verifies only when asked to, as OpenResty's; `timeout`, `keepalive_timeout`: milliseconds; `pool_size`; `max_receive`: bytes of a line, of `"*a"` and up to a pattern, 1 GiB; `scheduler`: one of `bearssl.scheduler`, or its name, instead of the one that runs the caller
---@return table # with `tcp`, `connect`, `stream`, `udp`, `wrap`, `close_idle`
function module.new(options) end

---A socket that is not connected. Called without an instance, it has the default options.
---@return bearssl.tcpsock
function module.tcp() end

---The same.
---@return bearssl.tcpsock
function module.stream() end

---Makes a socket and connects it.
---@param ... any as for `tcpsock:connect`
---@return bearssl.tcpsock|nil
---@return nil|string # why not
function module.connect(...) end

---A cosocket made of a socket that is connected already: one that a server has accepted, of LuaSocket or with TLS.
---@param sock any LuaSocket's TCP object, or a bearssl.socket
---@return bearssl.tcpsock
function module.wrap(sock) end

---A UDP socket: `ngx.socket.udp`, with `setpeername(host, port)`, `send`, `receive`, `settimeout`, `close`.
---@return table
function module.udp() end

---Closes every idle connection.
function module.close_idle() end

return module
