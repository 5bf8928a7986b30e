-- SPDX-License-Identifier: MIT

--- HTTPS requests.
-- @module bearssl.https

-- bearssl.https: a request from its first target to its last response; and clients, which keep what requests share.
local later = require "bearssl.later"
local scheduler = require "bearssl.scheduler"
local exchange = require "bearssl.https.exchange"
local options = require "bearssl.https.options"
local target = require "bearssl.https.target"
local timers = require "bearssl.https.timers"
local download, json = later "bearssl.https.download", later "bearssl.https.json"
local pool, redirect = later "bearssl.https.pool", later "bearssl.https.redirect"

local client = {}

-- The body as a string, and what goes with it.
local function add_content(request)
  if request.json ~= nil then
    request.content, request.content_type = json.encode(request.json), "application/json"
    request.accept = "application/json"
  elseif request.form then
    request.content, request.content_type = target.encode(request.form), "application/x-www-form-urlencoded"
  elseif request.body then
    request.content = request.body
    request.content_type = request.as_luasocket and "application/x-www-form-urlencoded" or nil
  end
end

local function has_header(headers, wanted)
  for name in pairs(headers or {}) do
    if type(name) == "string" and name:lower() == wanted then return true end
  end
  return false
end

-- The config for the way to a proxy that speaks TLS itself.
local function proxy_config(given)
  local config
  return function()
    if config then return config end
    local copy = {}
    for name, value in pairs(given or {}) do copy[name] = value end
    local err
    config, err = options.config(copy)
    return config, err
  end
end

-- Completes a checked request.
local function prepare(request)
  request.most_in_memory, request.redirects = options.defaults.max_body, {}
  for name, value in pairs(options.defaults) do
    if name ~= "max_body" and request[name] == nil then request[name] = value end
  end
  add_content(request)
  request.method = request.method or ((request.content or request.source) and "POST" or "GET")
  request.decodes = request.decode ~= false and not has_header(request.headers, "accept-encoding")
  request.proxy_config = request.proxy_config or proxy_config(request.proxy_tls)
  request.timers = timers.new(request, scheduler.of(request.scheduler))
end

-- One target; once more where nothing answered on a connection that had been idle.
local function asked(request, to, avoid)
  local response, next_step, retry = exchange(request, to, avoid)
  if not response and retry and not avoid.pool then
    avoid.pool = true
    response, next_step = exchange(request, to, avoid)
  end
  return response, next_step
end

-- The last response to a request that options.lua has checked, with its `config`; or nil, error.
function client.perform(request)
  prepare(request)
  local to, err = target.new(request.url, request, request.http)
  if not to then return nil, err end
  local avoid = {}
  while true do
    local response, step = asked(request, to, avoid)
    if not response then return nil, step end
    if not step then return response end
    if step.avoid then
      avoid[step.avoid] = true
    else
      redirect.follow(request, to, step.to, step.method, response.status)
      to, avoid = step.to, {}
    end
  end
end

local Client = {}
Client.__index = Client
Client.__name = "bearssl.https.client"

-- Headers of the client and the request's; of one name, in any case, the request's.
local function merged_headers(base, own)
  local all, names = {}, {}
  for _, headers in ipairs { base or {}, own or {} } do
    for name, value in pairs(headers) do
      local plain = type(name) == "string" and name:lower() or name
      if names[plain] ~= nil then all[names[plain]] = nil end
      names[plain], all[name] = name, value
    end
  end
  return all
end

--- A request of a client, with the headers and options of the client where it does not say otherwise.
-- @function client:request
-- @tparam string|table request a URL, or a table as of @{https.request}, without options of TLS
-- @tparam[opt] string body with a URL: makes it a POST
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of @{https.get}
-- @raise if an option is wrong, or the client is closed
function Client:request(request, body)
  if type(request) == "string" then request = { url = request, body = body } end
  if type(request) ~= "table" then error("bad argument #1: a URL or a table is needed", 2) end
  if self.pool.closed then error("the client is closed", 2) end
  local own, wrong = options.of_client(request)
  if not own then error(wrong, 2) end
  for name, value in pairs(self.options) do
    if own[name] == nil then own[name] = value end
  end
  own.headers = merged_headers(self.options.headers, own.headers)
  own.config, own.pool, own.proxy_config = self.config, self.pool, self.proxy_config
  return client.perform(own)
end

local function with(given, url, method, body)
  local request = {}
  for name, value in pairs(given or {}) do request[name] = value end
  request.url, request.method = url, method
  if body ~= nil then request.body = body end
  return request
end

-- Puts get, head, delete(url, options) and post, put, patch(url, body, options) into `into`; `perform` makes the
-- request for them.
function client.add_short_forms(into, perform)
  for _, method in ipairs { "GET", "HEAD", "DELETE" } do
    into[method:lower()] = function(self, url, given)
      return perform(self, with(given, url, method))
    end
  end
  for _, method in ipairs { "POST", "PUT", "PATCH" } do
    into[method:lower()] = function(self, url, body, given)
      return perform(self, with(given, url, method, body))
    end
  end
end

--- GET: @{client:request} with a method, as @{https.get} is to @{https.request}.
-- @function client:get
-- @tparam string url
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error

--- HEAD; see @{client:get}.
-- @function client:head
-- @tparam string url
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error

--- DELETE; see @{client:get}.
-- @function client:delete
-- @tparam string url
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error

--- POST; see @{https.post}.
-- @function client:post
-- @tparam string url
-- @tparam[opt] string body
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error

--- PUT; see @{https.post}.
-- @function client:put
-- @tparam string url
-- @tparam[opt] string body
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error

--- PATCH; see @{https.post}.
-- @function client:patch
-- @tparam string url
-- @tparam[opt] string body
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error
client.add_short_forms(Client, Client.request)

--- Downloads into a file, as @{https.download}.
-- @function client:download
-- @tparam string url
-- @tparam string path
-- @tparam[opt] table options
-- @treturn[1] bearssl.https.response
-- @treturn[2] nil
-- @treturn[2] bearssl.error
-- @raise if an option is wrong, and what `progress` raised
function Client:download(url, path, given)
  return download(function(request) return self:request(request) end, url, path, given)
end

--- How many connections wait for a request.
-- @function client:idle
-- @treturn integer
function Client:idle()
  return #self.pool.idle
end

--- Closes the connections that wait; those at work are closed when they are done. Twice is fine.
-- @function client:close
function Client:close()
  self.pool:close()
end
Client.__close = Client.close

function Client:__tostring()
  return ("%s: %d idle connections"):format(Client.__name, self:idle())
end

-- A client of checked options and a config.
function client.new(own, config)
  for name, value in pairs(options.defaults) do
    if name ~= "max_body" and own[name] == nil then own[name] = value end
  end
  return setmetatable({
    options = own, config = config, pool = pool.new(own), proxy_config = proxy_config(own.proxy_tls),
  }, Client)
end

return client
