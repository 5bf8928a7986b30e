---@meta bearssl.https
-- Made by `make annotations` from the documentation comments.

---HTTPS requests over LuaSocket's HTTP, certificate and name verified against the system's trust store.
---@class bearssl.https.module
local module = {}

---Makes a request and reads the response (RFC 9110, RFC 9112). The server's certificate and name are verified.
---In a table, every key of LuaSocket's `http.request` but `proxy` has LuaSocket's meaning: `url`, `method`, `headers`, `source`, `sink`, `step`, `redirect`, `maxredirects`, `create` (makes the TCP socket). Besides:
---* `body`: the request's body, a string instead of a `source`;
---* `timeout`: seconds that each step may take (connect, handshake, each read); default `https.TIMEOUT`;
---* `name`: the name that the certificate must have, where it is not the URL's host;
---* `config`: a config of `bearssl.client`, to be shared by many requests;
---* any other key is an option of `bearssl.client`: `trust`, `certificate`, `key`, `min_version`, ...
---Redirects of GET and HEAD are followed, at most `maxredirects` (5); never from https to http (that response is returned). Authorization, Cookie and Host do not go along to another host or port.
---Raises: if an option is wrong, with its name
---@param request string|table a URL, or a table as above; the table is not changed
---@param body? string with a URL: makes it a POST of application/x-www-form-urlencoded
---@return string|integer|nil # the response's body; 1 where the table has a `sink`
---@return integer|bearssl.error # status code; or what failed; what a `source` or `sink` of yours gave comes as it is
---@return table|nil # the response's headers, names in lower case
---@return string|nil # the status line
function module.request(request, body) end

---For `socket.http.request` itself: a value for its `create`, whose connections speak TLS.
---@param options? table as in `request`: `config`, `name`, `timeout`, options of `bearssl.client`
---@return function # gives a connection with the methods that LuaSocket's HTTP calls
function module.tcp(options) end

return module
