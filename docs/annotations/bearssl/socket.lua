---@meta bearssl.socket
-- Made by `make annotations` from the documentation comments.

---Sockets: TLS over a descriptor, with the methods of LuaSocket.
---@class bearssl.socket.module
local module = {}

---@class bearssl.socket
local socket = {}

---Completes the handshake. `sock:send` and `sock:receive` begin with it by themselves. Callbacks of the config are called from these three; they may yield, and the timeout starts anew after each.
---Raises: what a callback raised; the connection has failed then
---@return boolean|nil # true; again after success, too
---@return nil|string|bearssl.error # `"timeout"`, or with settimeout(0) `"wantread"` or `"wantwrite"`: call again; `"closed"`: the peer ended it in order; else why the handshake failed
function socket:handshake() end

---Receives, by LuaSocket's patterns.
---@param pattern? string|integer `"*l"` or `"l"`: a line, without its LF and without any CR; `"*a"` or `"a"`: all up to the peer's close_notify; a number: that many bytes, prefix included, 0 waiting for something to read
---@param prefix? string put before what is received
---@param max? integer bytes of a line at most; a longer one is an error of the code `limit`, and what is too much stays to be read
---@return string|nil # the data
---@return nil|string|bearssl.error # `"closed"`: the peer has sent close_notify (RFC 5246 section 7.2.1); `"timeout"`; with settimeout(0) `"wantread"`, `"wantwrite"`; else why it failed, an end without close_notify included (code `truncated`)
---@return nil|string # what came before that; hand it in as the prefix to go on
function socket:receive(pattern, prefix, max) end

---Sends.
---@param data string
---@param i? integer first byte, as in string.sub
---@param j? integer last byte
---@return integer|nil # index of the last byte sent, which is j
---@return nil|string|bearssl.error # as for `sock:receive`
---@return nil|integer # index of the last byte that is on its way: go on with the one after it, even where that is past j, until send succeeds
function socket:send(data, i, j) end

---Says that nothing more will be sent: close_notify goes out, after the handshake (RFC 8446 section 6.1). The descriptor stays as it is, and what the peer sends can still be received, up to its own close_notify. (A peer of TLS 1.2 ends as soon as it has read that, RFC 5246 section 7.2.1.)
---Raises: for another mode, and what a callback raised
---@param mode string `"send"`; there is no other end of a TLS connection than a sender's
---@return integer|nil # 1; again after success, too
---@return nil|string|bearssl.error # as for `sock:send`: with `"timeout"` or `"wantwrite"` call again
function socket:shutdown(mode) end

---Sends close_notify (RFC 8446 section 6.1), for which it waits a second at most and never longer than the socket's timeout, then closes the descriptor. Twice is fine. A socket that is left to the collector is closed without close_notify: its peer can tell that this was no orderly end.
---@return integer # 1
function socket:close() end

---@class bearssl.config
local config = {}

---TLS on top of a connected socket. The descriptor is taken over: the LuaSocket object is closed afterwards, bytes that it had read already and its timeouts are taken along. Any other object with LuaSocket's `send`, `receive`, `settimeout` and `close` will do as well: a TLS socket (TLS within TLS), a proxy's stream, one that lets other coroutines run while it waits. It is asked for as many bytes as a record has, never for more; it is the socket's from then on, and closed with it. In mid-stream, after STARTTLS say, `received` hands in what was read too far.
---Raises: if an option is wrong
---@param tcp any a LuaSocket TCP object that is connected or accepted, an integer descriptor of a connected socket, or such an object
---@param options? table `name`: the host name (or IP address) the server's certificate is verified against, and asked for (SNI, RFC 6066 section 3); a client must give one unless its config has verify = "none". `session`: a session of the same config to resume, instead of one of its `session_cache`. `early_data`: a string that goes with the ClientHello if the session allows it (info().early_data tells; where it is nil or `"rejected"`, nobody has it) `psk`: an external pre-shared key (RFC 8446 section 4.2.11), a table of `identity`, `key` (16 to 64 random bytes) and `hash` (`"sha256"` or `"sha384"`); the server may still show a certificate for `name`, without a name it may not. `received`: bytes of the peer that were read from tcp already, before those in LuaSocket's own buffer
---@return bearssl.socket|nil # one of `bearssl.scheduler.socket` where tcp was one
---@return nil|string|bearssl.error # `"closed"`: tcp is; tcp is left as it was
function config:wrap(tcp, options) end

---A connection without a socket: bytes in, bytes out.
---Raises: if an option is wrong
---@param options? table as for `config:wrap`
---@return bearssl.connection|nil
---@return nil|bearssl.error
function config:connection(options) end

---Bounds how long handshake, receive and send may wait. 0: not at all, they return `"wantread"` and `"wantwrite"` then. As in LuaSocket 3 either mode alone bounds the whole call; with both set, each single wait takes at most the one, the whole call at most the other.
---@param seconds? number nil or negative: for ever, which is how a socket starts
---@param mode? string `"b"`: each wait; `"t"`: the call
---@return integer # 1
function socket:settimeout(seconds, mode) end

---@return number # seconds of mode `"b"`; negative: for ever
---@return number # seconds of mode `"t"`
function socket:gettimeout() end

---The descriptor, as `socket.select` and other schedulers want it.
---@return integer # -1: closed
function socket:getfd() end

---Would receive end at once, whether or not the descriptor is readable? `socket.select` asks this.
---@return boolean
function socket:dirty() end

---What the last call waits for, so that a scheduler knows when to call again; after `"timeout"`, too.
---@return string # `"read"`, `"write"` or `"nothing"`
function socket:want() end

---@return integer # bytes of application data received
---@return integer # bytes of application data sent
---@return number # age in seconds
function socket:getstats() end

---@return string|nil # IP address of the peer
---@return integer|string # port; or what is wrong
---@return string|nil # `"inet"` or `"inet6"`
function socket:getpeername() end

---@return string|nil # IP address of this side
---@return integer|string # port; or what is wrong
---@return string|nil # `"inet"` or `"inet6"`
function socket:getsockname() end

return module
