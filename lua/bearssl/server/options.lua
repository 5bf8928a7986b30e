-- SPDX-License-Identifier: MIT
-- What bearssl.listen takes beside the options of bearssl.server: checked, and told apart from them. What is wrong is
-- the programmer's mistake: nil and a text that names the option.
local check = require "bearssl.check"
local core = require "bearssl.core"
local near = require "bearssl.later" "bearssl.near"
local server_options = require "bearssl.options"

local of_type, integer, seconds = check.of_type, check.integer, check.seconds

local function seconds_or_false(value)
  if value == false then return value end
  return seconds(value)
end

local function address(value)
  if type(value) == "string" and value ~= "" and not value:find "[%z\1-\32]" then return value end
  return nil, "an address or a name is wanted"
end

local function listener(value)
  local kind = type(value)
  if (kind == "userdata" or kind == "table") and value.accept and value.getfd and value.settimeout then return value end
  return nil, ("a listening TCP object of LuaSocket is wanted, not %s"):format(kind)
end

local function staple(value)
  if type(value) == "boolean" or type(value) == "function" then return value end
  return nil, ("a boolean or a function is wanted, not %s"):format(type(value))
end

local function shared(value)
  if type(value) == "table" and type(value.ticket_keys) == "function" then return value end
  return nil, "an object with ticket_keys, as of bearssl.shared.redis, is wanted, not " .. type(value)
end

local own = {
  host = address, port = integer(0, 65535), backlog = integer(1, 65535), reuse_port = of_type "boolean",
  listener = listener,
  hosts = of_type "table", unknown_host = check.one_of { default = "default", refuse = "refuse" },
  on_error = of_type "function", on_reload = of_type "function",
  handshake_timeout = seconds, timeout = seconds_or_false, close_timeout = seconds,
  max_connections = integer(1, 1000000), watch = seconds_or_false, fetch_staple = staple, shared = shared,
  scheduler = check.scheduler,
}

local defaults = {
  host = "*", backlog = 511, unknown_host = "default", handshake_timeout = 10, timeout = 60, close_timeout = 30,
  max_connections = 1000, watch = 10, fetch_staple = true,
}

-- What a host of the map has of its own, where the server's options have it for the default certificate alone.
local of_certificate = { certificate = true, key = true, password = true, ocsp_staple = true, scts = true }

-- "*.Example.com" as it is compared: lower case, no dot at the end; the wildcard is a whole label, the first one (RFC
-- 9525 section 6.3).
local function host_name(name)
  if type(name) ~= "string" or #name > 253 then return nil end
  local plain = name:lower():gsub("%.$", "")
  local rest = plain:gsub("^%*%.", "")
  if not rest:find "^[%w_%-]+[%w_%.%-]*$" or rest:find("..", 1, true) then return nil end
  return plain
end

-- nil, or what is wrong with the options for bearssl.server.
local function objection(given, hosts, object)
  local values, wrong = server_options.read("server", given)
  if values and object and not values.fields.native then
    return "option 'shared' needs the native engine, which comes with TLS 1.3 or engine = \"native\""
  end
  if values then return nil end
  if given.max_version and hosts and wrong:find("'on_client_hello' needs", 1, true) then
    return wrong:gsub("'on_client_hello'", "'hosts'")
  end
  return wrong
end

local function split(given)
  local values, rest = {}, {}
  for name, value in pairs(given) do
    if own[name] then
      local wrong
      values[name], wrong = own[name](value)
      if values[name] == nil then return nil, ("option '%s': %s"):format(name, wrong) end
    else
      rest[name] = value
    end
  end
  for name, value in pairs(defaults) do
    if values[name] == nil then values[name] = value end
  end
  return values, rest
end

-- What stands in `hosts`, each with the options that it shares with the others: name -> options of bearssl.server.
local function read_hosts(hosts, rest)
  local list = {}
  for name, entry in pairs(hosts) do
    local plain = host_name(name)
    if not plain then return nil, ("option 'hosts': %q is no host name, nor one with a wildcard"):format(name) end
    if list[plain] then return nil, ("option 'hosts': %q stands there twice"):format(plain) end
    if type(entry) ~= "table" then return nil, ("option 'hosts': %q: a table is wanted"):format(name) end
    local all = {}
    for key, value in pairs(rest) do
      if not of_certificate[key] then all[key] = value end
    end
    for key, value in pairs(entry) do
      if own[key] or key == "on_client_hello" then
        return nil, ("option 'hosts': %q: '%s' is for the whole server"):format(name, key)
      end
      all[key] = value
    end
    if not all.certificate and not all.on_psk then
      return nil, ("option 'hosts': %q: option 'certificate' is missing"):format(name)
    end
    list[plain] = all
  end
  if not next(list) then return nil, "option 'hosts' is empty" end
  return list
end

-- What processes share is asked of the object that has it.
local function use_shared(options, object)
  if not object then return nil end
  for _, name in ipairs { "ticket_keys", "session_store", "early_data_guard" } do
    if options[name] ~= nil then return ("option '%s': 'shared' has it"):format(name) end
  end
  local lifetime = object.options and object.options.lifetime
  if lifetime and (options.session_lifetime or 3600) > lifetime then
    return "option 'shared': its lifetime is shorter than the session_lifetime of the server"
  end
  options.session_store = object.session_store
  if (options.max_early_data or 0) ~= 0 then options.early_data_guard = object.early_data_guard end
end

local function check_names(rest, values)
  local known, of_server = {}, server_options.known_for "server"
  for name in pairs(own) do known[name] = true end
  for name in pairs(rest) do
    local meant = type(name) == "string" and not of_server[name] and near(name, known)
    if meant then return ("unknown option '%s', did you mean '%s'?"):format(name, meant) end
  end
  if not values.port and not values.listener then return "option 'port' is missing: 0 takes a free one" end
  if values.unknown_host == "refuse" and not values.hosts and not rest.on_client_hello then
    return "option 'unknown_host' means nothing without 'hosts'"
  end
end

-- The options of bearssl.listen to its own, those of the default certificate (nil: there is none), and those of each
-- host; or nil and what is wrong.
local function read(given)
  local values, rest = split(given)
  if not values then return nil, rest end
  local wrong = check_names(rest, values)
  if wrong then return nil, wrong end
  local hosts = {}
  if values.hosts then
    hosts, wrong = read_hosts(values.hosts, rest)
    if not hosts then return nil, wrong end
    rest.on_client_hello = rest.on_client_hello or function() end -- ours comes into its place
  end
  local default = (rest.certificate or not next(hosts)) and rest or nil
  for name, options in pairs(hosts) do
    options.on_client_hello = rest.on_client_hello
    wrong = use_shared(options, values.shared) or objection(options, true, values.shared)
    if wrong then return nil, ("option 'hosts': %q: %s"):format(name, wrong) end
  end
  wrong = default and (use_shared(default, values.shared) or objection(default, values.hosts, values.shared))
  if wrong then return nil, wrong end
  return { own = values, default = default, hosts = hosts }
end

return { read = read, is_path = function(value)
  return type(value) == "string" and value ~= "system" and not core.is_text(value)
end }
