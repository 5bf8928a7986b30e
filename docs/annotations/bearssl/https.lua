---@meta bearssl.https
-- Made by `make annotations` from the documentation comments.

---HTTPS requests, certificate and name verified against the system's trust store.
---`TIMEOUT`, seconds, and `USERAGENT` of the module are what a request or client has that says nothing of them.
---@class bearssl.https.module
local module = {}

---Makes a request and reads the response (RFC 9110, RFC 9112), with LuaSocket's arguments and results; `get` and its kind give a response object instead.
---In a table, every key of LuaSocket's `http.request` has LuaSocket's meaning: `url`, `method`, `headers`, `source`, `sink`, `step`, `proxy`, `redirect`, `maxredirects`, `create` (makes the TCP socket). Besides:
---* `body`: the request's body, a string instead of a `source`; `json`: a value that is sent as JSON; `form`: a table that is sent as application/x-www-form-urlencoded; `query`: a table likewise, behind the URL's path;
---* `user` and `password`: Basic credentials (RFC 7617), where they do not stand in the URL; `host`, `port`, `path`, `params`, `query`: instead of the URL's, as in LuaSocket;
---* `connect_timeout`, `handshake_timeout`, `read_timeout`: seconds that each such step may take; `timeout`: for those not named, default `https.TIMEOUT`; `total_timeout`: for all of it, no limit by default; `expect_timeout`: what a body waits for the server's word with `Expect: 100-continue`, 1 second by default;
---* `redirect`: false: none is followed; true: those of all methods, by RFC 9110 section 15.4; `"unsafe"`: also to http://; by default as LuaSocket, those of GET and HEAD. `maxredirects`: 5 by default, false: no bound;
---* `proxy`: an `http://`, `https://`, `socks5://` or `socks5h://` URL with user and password if need be; false: none; by default what https_proxy, HTTPS_PROXY, all_proxy or ALL_PROXY says; `no_proxy`: hosts that go without, by default what no_proxy or NO_PROXY says; `proxy_tls`: options of `bearssl.client` for an https:// proxy;
---* `decode`: false leaves gzip and deflate as they are; `max_body`: bytes of the body at most, 128 MiB by default where it does not go to a sink; `progress(received, total)`: called for each piece; `on_head(response)`: called when the head of the last response has come, and its body has not;
---* `http`: true allows http:// URLs, without TLS;
---* `scheduler`: instead of the one found at run time (`bearssl.scheduler`);
---* `name`: the name that the certificate must have, where it is not the URL's host;
---* `config`: a config of `bearssl.client`, to be shared by many requests;
---* any other key is an option of `bearssl.client`: `trust`, `certificate`, `key`, `pins`, `early_data`, ...
---A redirect from https to http is not followed unless told to: that response is the result. Authorization, Cookie and Host do not go along to another origin.
---Raises: if an option is wrong, with its name, and what a callback raised
---@param request string|table a URL, or a table as above; the table is not changed
---@param body? string with a URL: makes it a POST of application/x-www-form-urlencoded
---@return string|integer|nil # the response's body; 1 where the table has a `sink`
---@return integer|bearssl.error # status code; or what failed; of a body that did not come whole it has `body` and `response`; what a `source` or `sink` of yours gave comes as it is
---@return table|nil # the response's headers, names in lower case
---@return string|nil # the status line
function module.request(request, body) end

---GET, with a response object. Without a client each request has a connection of its own; `new` keeps them.
---Redirects are followed, ten at most, by the rules of RFC 9110: a POST goes on as GET after 301, 302 and 303, and with its body after 307 and 308. What cannot be followed is an error of the code `redirect`, with the last `response`.
---Raises: if an option is wrong, with its name, and what a callback raised
---@param url string
---@param options? table as of `request`
---@return bearssl.https.response|nil # `status`, `reason`, `headers` (a table; names in any case), `body` (nil where it went to a `sink`), `url` (the last one), `ok` (status 200 to 299), `redirects` (a list of `status` and `url`), `tls` (conn:info() and `peer_certificates`, `verified_chain`), `reused` (the connection was), `trailers`
---@return nil|bearssl.error # what failed, codes `timeout`, `closed`, `truncated`, `proxy`, `redirect`, `limit`, ...; `response` and `body`: what had come by then
function module.get(url, options) end

---HEAD; see `get`.
---@param url string
---@param options? table
---@return bearssl.https.response|nil
---@return nil|bearssl.error
function module.head(url, options) end

---DELETE; see `get`.
---@param url string
---@param options? table
---@return bearssl.https.response|nil
---@return nil|bearssl.error
function module.delete(url, options) end

---POST; see `get`.
---@param url string
---@param body? string nil where `json`, `form` or `source` of the options give it
---@param options? table
---@return bearssl.https.response|nil
---@return nil|bearssl.error
function module.post(url, body, options) end

---PUT; see `post`.
---@param url string
---@param body? string
---@param options? table
---@return bearssl.https.response|nil
---@return nil|bearssl.error
function module.put(url, body, options) end

---PATCH; see `post`.
---@param url string
---@param body? string
---@param options? table
---@return bearssl.https.response|nil
---@return nil|bearssl.error
function module.patch(url, body, options) end

---Downloads into a file: it is there whole, under its name, or not at all. Any status but 200 to 299 is an error.
---Raises: if an option is wrong, and what `progress` raised
---@param url string
---@param path string a file that is there is replaced in one step
---@param options? table as of `request`; `progress(received, total)` is called as it comes, `total` nil where the server does not say; `decode = true` asks for it compressed
---@return bearssl.https.response|nil
---@return nil|bearssl.error # as of `get`; code `status`, `file`
function module.download(url, path, options) end

---Makes a client: what its requests share, and connections that wait for the next one.
---Its options are those of `request` that are not about one request alone (`headers`, timeouts, `proxy`, `redirect`, `config` or the options of `bearssl.client`, ...), for all of its requests, and
---* `max_idle`, `max_idle_per_host`: connections that wait at most, 32 and 8; 0: none is kept;
---* `idle_timeout`: seconds that one waits, 60 by default, less where the server says so;
---* `user_agent`.
---Raises: if an option is wrong, with its name
---@param options? table
---@return bearssl.https.client|nil # with `client:request`, `get`, `head`, `delete`, `post`, `put`, `patch`, `download` and `close`; may be shared by the coroutines of a scheduler
---@return nil|bearssl.error # what is wrong with a file
function module.new(options) end

---For `socket.http.request` itself: a value for its `create`, whose connections speak TLS.
---@param options? table as in `request`: `config`, `name`, `timeout`, options of `bearssl.client`
---@return function # gives a connection with the methods that LuaSocket's HTTP calls
function module.tcp(options) end

---@class bearssl.https.client
local client = {}

---A request of a client, with the headers and options of the client where it does not say otherwise.
---Raises: if an option is wrong, or the client is closed
---@param request string|table a URL, or a table as of `https.request`, without options of TLS
---@param body? string with a URL: makes it a POST
---@return bearssl.https.response|nil
---@return nil|bearssl.error # as of `https.get`
function client:request(request, body) end

---GET: `client:request` with a method, as `https.get` is to `https.request`.
---@param url string
---@param options? table
---@return bearssl.https.response|nil
---@return nil|bearssl.error
function client:get(url, options) end

---HEAD; see `client:get`.
---@param url string
---@param options? table
---@return bearssl.https.response|nil
---@return nil|bearssl.error
function client:head(url, options) end

---DELETE; see `client:get`.
---@param url string
---@param options? table
---@return bearssl.https.response|nil
---@return nil|bearssl.error
function client:delete(url, options) end

---POST; see `https.post`.
---@param url string
---@param body? string
---@param options? table
---@return bearssl.https.response|nil
---@return nil|bearssl.error
function client:post(url, body, options) end

---PUT; see `https.post`.
---@param url string
---@param body? string
---@param options? table
---@return bearssl.https.response|nil
---@return nil|bearssl.error
function client:put(url, body, options) end

---PATCH; see `https.post`.
---@param url string
---@param body? string
---@param options? table
---@return bearssl.https.response|nil
---@return nil|bearssl.error
function client:patch(url, body, options) end

---Downloads into a file, as `https.download`.
---Raises: if an option is wrong, and what `progress` raised
---@param url string
---@param path string
---@param options? table
---@return bearssl.https.response|nil
---@return nil|bearssl.error
function client:download(url, path, options) end

---How many connections wait for a request.
---@return integer
function client:idle() end

---Closes the connections that wait; those at work are closed when they are done. Twice is fine.
function client:close() end

---@class bearssl.https.response
local response = {}

---All values of a header, in the order they came in; of Set-Cookie, which has commas of its own, the only way to tell them apart (RFC 9110 section 5.3).
---@param name string in any case
---@return string[]
function response:values(name) end

---The body as a value, by cjson or dkjson, whichever is there; null is that library's own.
---Raises: where there is no such library, and where the body went to a sink
---@return any|nil
---@return nil|bearssl.error # code `decode`
function response:json() end

---The response itself if its status is 200 to 299: `assert(assert(https.get(url)):check())`.
---@return bearssl.https.response|nil
---@return nil|bearssl.error # code `status`; its `response` is this one
function response:check() end

return module
