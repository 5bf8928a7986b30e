-- SPDX-License-Identifier: MIT
-- bearssl.https: what a request and a client take, checked, and what of it is TLS's.
local bearssl = require "bearssl"
local near = require "bearssl.later" "bearssl.near"
local proxy = require "bearssl.https.proxy"

local options = {}

local function of_types(...)
  local kinds = table.pack(...)
  return function(value)
    for _, kind in ipairs(kinds) do
      if type(value) == kind then return true end
    end
    return false, ("a %s is needed, not a %s"):format(table.concat(kinds, " or a "), type(value))
  end
end

local function seconds(value)
  if type(value) ~= "number" then return false, "a number is needed, not a " .. type(value) end
  return value > 0, "seconds above 0 are needed"
end

local function count(value)
  if type(value) ~= "number" then return false, "a number is needed, not a " .. type(value) end
  return math.tointeger(value) and value >= 0, "an integer of 0 or more is needed"
end

local function count_or_false(value)
  return value == false or count(value)
end

local function redirect(value)
  return type(value) == "boolean" or value == "unsafe", 'true, false or "unsafe" is needed'
end

local function proxy_url(value)
  if value == false then return true end
  if type(value) ~= "string" then return false, "a URL or false is needed, not a " .. type(value) end
  local through, err = proxy.parse(value)
  return through ~= nil, err and err.message
end

local text, list, call = of_types "string", of_types "table", of_types "function"

-- Of each request, and of a client for all of its requests.
local shared = {
  headers = list, name = text, create = call, decode = of_types "boolean", scheduler = of_types("string", "table"),
  timeout = seconds, connect_timeout = seconds, handshake_timeout = seconds, read_timeout = seconds,
  total_timeout = seconds, expect_timeout = seconds, max_body = count, redirect = redirect,
  maxredirects = count_or_false, proxy = proxy_url, no_proxy = text,
}
-- Of one request.
local single = {
  url = text, method = text, body = text, json = function() return true end, form = list, source = call, sink = call,
  step = call, progress = call, on_head = call, host = text, port = of_types("number", "string"), path = text,
  params = text, query = of_types("string", "table"), user = text, password = text,
}
-- Of a client, and of a request that has no client.
local lasting = {
  config = of_types("userdata", "table"), http = of_types "boolean", user_agent = text, max_idle = count,
  max_idle_per_host = count, idle_timeout = seconds, proxy_tls = list,
}

-- Where nobody says otherwise.
options.defaults = {
  timeout = 60, maxredirects = 10, max_body = 128 * 1024 * 1024, max_idle = 32, max_idle_per_host = 8,
  idle_timeout = 60,
}

local function wrong(name, what)
  return nil, ("bad option '%s': %s"):format(tostring(name), what)
end

-- Parts `given` into what is HTTP's, copied and checked, and what is left for bearssl.client; or nil and what is wrong.
-- `kinds` are the tables above in which a name may stand.
local function read(given, kinds)
  local own, tls = {}, {}
  for name, value in pairs(given) do
    local check
    for _, kind in ipairs(kinds) do check = check or kind[name] end
    if check then
      local ok, what = check(value)
      if not ok then return wrong(name, what) end
      own[name] = value
    else
      tls[name] = value
    end
  end
  return own, tls
end

local bodies = { "body", "json", "form", "source" }

local function check_bodies(own)
  local first
  for _, name in ipairs(bodies) do
    if own[name] ~= nil then
      if first then return wrong(name, ("there is a %s already"):format(first)) end
      first = name
    end
  end
  return true
end

-- A request without a client: its own options, and those of TLS.
function options.request(given)
  local own, tls = read(given, { shared, single, lasting })
  if not own then return nil, tls end
  if not own.url then return wrong("url", "it is missing") end
  local ok, what = check_bodies(own)
  if not ok then return nil, what end
  return own, tls
end

-- A client: its options, and those of TLS.
function options.client(given)
  return read(given, { shared, lasting })
end

-- A request of a client: all that it says otherwise.
function options.of_client(given)
  local own, tls = read(given, { shared, single })
  if not own then return nil, tls end
  local other = next(tls)
  if other ~= nil then return wrong(other, "it is for https.new, or unknown") end
  if not own.url then return wrong("url", "it is missing") end
  local ok, what = check_bodies(own)
  return ok and own, what
end

-- bearssl.client knows its own options; what it does not know may be near one of ours.
local function with_hint(message)
  local name, names = message:match "unknown option '([^']*)'$", {}
  for _, kind in ipairs { shared, single, lasting } do
    for known in pairs(kind) do names[known] = true end
  end
  local meant = name and near(name, names)
  return meant and ("%s, did you mean '%s'?"):format(message, meant) or message
end

-- The config: one for all without options of TLS, which also keeps the system's store for those with some.

local default_config

function options.default_config()
  local err
  if not default_config then
    default_config, err = bearssl.client { alpn = "http/1.1", session_cache = bearssl.session_cache() }
  end
  return default_config, err
end

-- The config for options of TLS, or `config` itself; or nil, error. `own`: not the one that all share, with its
-- sessions. Raises what is wrong with an option.
function options.config(tls, config, own)
  local other = next(tls)
  if config then
    if other then error(("bad option '%s': it belongs into the config"):format(tostring(other)), 0) end
    return config
  end
  if not other and not own then return options.default_config() end
  if tls.trust == nil and tls.verify == nil then
    local ok, err = options.default_config()
    if not ok then return nil, err end
  end
  if tls.alpn == nil then tls.alpn = "http/1.1" end
  if tls.session_cache == nil then tls.session_cache = bearssl.session_cache() end
  local ok, made, err = pcall(bearssl.client, tls)
  if not ok then error(type(made) == "string" and with_hint(made:gsub("^%S+:%d+: ", "")) or made, 0) end
  return made, err
end

return options
