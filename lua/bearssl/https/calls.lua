-- SPDX-License-Identifier: MIT

--- HTTPS requests.
-- @module bearssl.https

-- The module bearssl.https itself.
local clients = require "bearssl.https.client"
local later = require "bearssl.later"
local options = require "bearssl.https.options"
local download, luasocket = later "bearssl.https.download", later "bearssl.https.luasocket"

local https = {
  TIMEOUT = options.defaults.timeout, -- seconds that one step may take where the request does not say
  USERAGENT = "lua-bearssl", -- unless the request or client says otherwise
}

-- Raises what is wrong with the options, at a level that is counted from the caller.
local function config_of(tls, given, level, own)
  local valid, config, err = pcall(options.config, tls, given, own)
  if valid then return config, err end
  error(config, type(config) == "string" and level + 1 or 0)
end

-- A request without a client, checked and with its config; or nil, error.
local function complete(given)
  if type(given) ~= "table" then error("bad argument #1: a URL or a table is needed", 3) end
  local own, tls = options.request(given)
  if not own then error(tls, 3) end
  local config, err = config_of(tls, own.config, 3)
  if not config then return nil, err end
  own.config, own.timeout = config, own.timeout or https.TIMEOUT
  own.user_agent = own.user_agent or https.USERAGENT
  return own
end

--- Makes a request and reads the response (RFC 9110, RFC 9112), with LuaSocket's arguments and results; @{get} and its
-- kind give a response object instead.
--
-- In a table, every key of LuaSocket's `http.request` has LuaSocket's meaning: `url`, `method`, `headers`, `source`,
-- `sink`, `step`, `proxy`, `redirect`, `maxredirects`, `create` (makes the TCP socket). Besides:
--
-- * `body`: the request's body, a string instead of a `source`; `json`: a value that is sent as JSON; `form`: a table
--   that is sent as application/x-www-form-urlencoded; `query`: a table likewise, behind the URL's path;
-- * `user` and `password`: Basic credentials (RFC 7617), where they do not stand in the URL; `host`, `port`, `path`,
--   `params`, `query`: instead of the URL's, as in LuaSocket;
-- * `connect_timeout`, `handshake_timeout`, `read_timeout`: seconds that each such step may take; `timeout`: for those
--   not named, default `https.TIMEOUT`; `total_timeout`: for all of it, no limit by default; `expect_timeout`: what a
--   body waits for the server's word with `Expect: 100-continue`, 1 second by default;
-- * `redirect`: false: none is followed; true: those of all methods, by RFC 9110 section 15.4; `"unsafe"`: also to
--   http://; by default as LuaSocket, those of GET and HEAD. `maxredirects`: 5 by default, false: no bound;
-- * `proxy`: an `http://`, `https://`, `socks5://` or `socks5h://` URL with user and password if need be; false: none;
--   by default what https_proxy, HTTPS_PROXY, all_proxy or ALL_PROXY says; `no_proxy`: hosts that go without, by
--   default what no_proxy or NO_PROXY says; `proxy_tls`: options of `bearssl.client` for an https:// proxy;
-- * `decode`: false leaves gzip and deflate as they are; `max_body`: bytes of the body at most, 128 MiB by default
--   where it does not go to a sink; `progress(received, total)`: called for each piece;
--   `on_head(response)`: called when the head of the last response has come, and its body has not;
-- * `http`: true allows http:// URLs, without TLS;
-- * `scheduler`: instead of the one found at run time (`bearssl.scheduler`);
-- * `name`: the name that the certificate must have, where it is not the URL's host;
-- * `config`: a config of `bearssl.client`, to be shared by many requests;
-- * any other key is an option of `bearssl.client`: `trust`, `certificate`, `key`, `pins`, `early_data`, ...
--
-- A redirect from https to http is not followed unless told to: that response is the result. Authorization, Cookie and
-- Host do not go along to another origin.
-- @function request
-- @tparam string|table request a URL, or a table as above; the table is not changed
-- @tparam[opt] string body with a URL: makes it a POST of application/x-www-form-urlencoded
-- @treturn[1] string|integer the response's body; 1 where the table has a `sink`
-- @treturn[1] integer status code
-- @treturn[1] table the response's headers, names in lower case
-- @treturn[1] string the status line
-- @treturn[2] nil
-- @treturn[2] bearssl.error what failed; of a body that did not come whole it has `body` and `response`; what a
-- `source` or `sink` of yours gave comes as it is
-- @raise if an option is wrong, with its name, and what a callback raised
function https.request(request, body)
  if type(request) == "string" then request = { url = request, body = body } end
  local own, err = complete(request)
  if not own then return nil, err end
  local http = package.loaded["socket.http"]
  if own.proxy == nil and http then own.proxy = http.PROXY end -- which is for all of LuaSocket's HTTP
  own.as_luasocket, own.maxredirects = true, own.maxredirects == nil and 5 or own.maxredirects
  local response
  response, err = clients.perform(own)
  if not response then return nil, err end
  local headers = response.headers
  if response.redirects[1] then headers.location = headers.location or response.url end
  return own.sink and 1 or response.body, response.status, headers, response.status_line
end

local function respond(request)
  local own, err = complete(request)
  if not own then return nil, err end
  return clients.perform(own)
end

-- Once for the documentation, and for all of them: see clients.add_short_forms.

--- GET, with a response object. Without a client each request has a connection of its own; @{new} keeps them.
--
-- Redirects are followed, ten at most, by the rules of RFC 9110: a POST goes on as GET after 301, 302 and 303, and with
-- its body after 307 and 308. What cannot be followed is an error of the code `redirect`, with the last `response`.
-- @function get
-- @tparam string url
-- @tparam[opt] table options as of @{request}
-- @treturn[1] bearssl.https.response `status`, `reason`, `headers` (a table; names in any case), `body` (nil where it
-- went to a `sink`), `url` (the last one), `ok` (status 200 to 299), `redirects` (a list of `status` and `url`), `tls`
-- (conn:info() and `peer_certificates`, `verified_chain`), `reused` (the connection was), `trailers`
-- @treturn[2] nil
-- @treturn[2] bearssl.error what failed, codes `timeout`, `closed`, `truncated`, `proxy`, `redirect`, `limit`, ...;
-- `response` and `body`: what had come by then
-- @raise if an option is wrong, with its name, and what a callback raised

--- HEAD; see @{get}.
-- @function head
-- @tparam string url
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error

--- DELETE; see @{get}.
-- @function delete
-- @tparam string url
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error

--- POST; see @{get}.
-- @function post
-- @tparam string url
-- @tparam[opt] string body nil where `json`, `form` or `source` of the options give it
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error

--- PUT; see @{post}.
-- @function put
-- @tparam string url
-- @tparam[opt] string body
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error

--- PATCH; see @{post}.
-- @function patch
-- @tparam string url
-- @tparam[opt] string body
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error
local short = {}
clients.add_short_forms(short, function(_, request) return respond(request) end)
for name, call in pairs(short) do
  https[name] = function(...) return call(nil, ...) end
end

--- Downloads into a file: it is there whole, under its name, or not at all. Any status but 200 to 299 is an error.
-- @function download
-- @tparam string url
-- @tparam string path a file that is there is replaced in one step
-- @tparam[opt] table options as of @{request}; `progress(received, total)` is called as it comes, `total` nil where
-- the server does not say; `decode = true` asks for it compressed
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of @{get}; code `status`, `file`
-- @raise if an option is wrong, and what `progress` raised
function https.download(url, path, given)
  return download(respond, url, path, given)
end

--- Makes a client: what its requests share, and connections that wait for the next one.
--
-- Its options are those of @{request} that are not about one request alone (`headers`, timeouts, `proxy`, `redirect`,
-- `config` or the options of `bearssl.client`, ...), for all of its requests, and
--
-- * `max_idle`, `max_idle_per_host`: connections that wait at most, 32 and 8; 0: none is kept;
-- * `idle_timeout`: seconds that one waits, 60 by default, less where the server says so;
-- * `user_agent`.
-- @function new
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.client with @{client:request}, `get`, `head`, `delete`, `post`, `put`, `patch`, `download`
-- and `close`; may be shared by the coroutines of a scheduler
-- @treturn[2] nil
-- @treturn[2] bearssl.error what is wrong with a file
-- @raise if an option is wrong, with its name
function https.new(given)
  if given ~= nil and type(given) ~= "table" then error("bad argument #1: a table of options is needed", 2) end
  local own, tls = options.client(given or {})
  if not own then error(tls, 2) end
  local config, err = config_of(tls, own.config, 2, true)
  if not config then return nil, err end
  own.timeout, own.user_agent = own.timeout or https.TIMEOUT, own.user_agent or https.USERAGENT
  return clients.new(own, config)
end

--- For `socket.http.request` itself: a value for its `create`, whose connections speak TLS.
-- @function tcp
-- @tparam[opt] table options as in @{request}: `config`, `name`, `timeout`, options of `bearssl.client`
-- @treturn function gives a connection with the methods that LuaSocket's HTTP calls
function https.tcp(given)
  local own, tls = options.client(given or {})
  if not own then error(tls, 2) end
  local config, err
  return function()
    if not config then config, err = config_of(tls, own.config, 2) end
    if not config then return nil, err end
    return luasocket.new(config, own)
  end
end

return https
