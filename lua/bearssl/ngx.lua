-- SPDX-License-Identifier: MIT

--- The table that libraries written for OpenResty expect as the global `ngx`, on Lua 5.4 and any scheduler of
-- @{bearssl.scheduler}.
--
-- `require "bearssl.ngx"` is such a table: `socket`, `re`, `thread`, `timer`, `shared`, `config`, `worker`, `null`,
-- `log` and its levels, `say`, `print`, the times, `sleep`, base64, URIs, arguments and hashes, as lua-nginx-module has
-- them.
-- What belongs to nginx's requests is there by name, and raises when it is called.
--
--     require "bearssl.ngx".install { trust = "ca.pem" }
--     local redis = require "resty.redis"
-- @module bearssl.ngx
local cosocket = require "bearssl.cosocket"
local output = require "bearssl.ngx.output"

local own_options = { log = "function", log_level = "number", shared = "table" }

local function split_options(options)
  local own, for_sockets = {}, {}
  for name, value in pairs(options or {}) do
    if own_options[name] and type(value) ~= own_options[name] then
      error(("bearssl.ngx: option '%s': a %s is wanted, not %s"):format(name, own_options[name], type(value)), 3)
    end
    if own_options[name] then own[name] = value else for_sockets[name] = value end
  end
  own.scheduler = for_sockets.scheduler
  return own, for_sockets
end

local function process_id()
  local file <close> = io.open "/proc/self/stat"
  return file and file:read "n"
end

local worker = {
  id = function() return 0 end, count = function() return 1 end, exiting = function() return false end,
  pid = process_id,
}

local config = {
  debug = false, subsystem = "http", ngx_lua_version = 10023, nginx_version = 1022001,
  prefix = function() return "./" end, nginx_configure = function() return "" end,
}

local extra = {}

--- Makes a table of its own.
-- @function new
-- @tparam[opt] table options those of @{bearssl.cosocket.new}, which `ngx.socket` takes; `shared`: names and sizes in
-- bytes of the dictionaries of `ngx.shared`; `log`: a function of level and message, instead of writing to stderr;
-- `log_level`: up to which, `ngx.NOTICE` by default
-- @treturn table
-- @raise where an option is wrong
function extra.new(options)
  local own, for_sockets = split_options(options)
  local ngx = {
    null = output.null, config = config, worker = worker, ctx = {}, re = require "bearssl.ngx.re",
    socket = cosocket.new(for_sockets), shared = require "bearssl.ngx.shared".new(own.shared),
    log = output.new_log(own), get_phase = function() return "timer" end,
  }
  for name, value in pairs(require "bearssl.ngx.constants") do ngx[name] = value end
  for _, module in ipairs { "bearssl.ngx.text", "bearssl.ngx.time" } do
    for name, fn in pairs(require(module)) do ngx[name] = fn end
  end
  own.log = ngx.log
  for name, value in pairs(require "bearssl.ngx.thread"(own)) do ngx[name] = value end
  function ngx.print(...)
    io.stdout:write(output.joined(...))
    return 1
  end
  function ngx.say(...)
    io.stdout:write(output.joined(...), "\n")
    return 1
  end
  require "bearssl.ngx.missing"(ngx)
  return setmetatable(ngx, { __index = extra })
end

local default = extra.new()

--- Makes it the global `ngx`, and lets what those libraries require be found: `table.new`, `bit`, `ffi` (arrays of
-- bytes), `resty.string`, `resty.random`, `resty.sha1` and its like, `ngx.semaphore`, `ngx.ssl`, `ngx.re`,
-- `ngx.base64`; Lua 5.1's `unpack` and `loadstring` as globals. `coroutine.resume` and `coroutine.wrap` become such
-- that a coroutine inside a scheduler's own may use cosockets. Nothing of it happens without this call.
-- @function install
-- @tparam[opt] table options as for @{new}; without, this very table
-- @treturn table the global ngx
function extra.install(options)
  local ngx = options and extra.new(options) or default
  rawset(_G, "ngx", ngx)
  rawset(_G, "unpack", rawget(_G, "unpack") or table.unpack)
  rawset(_G, "loadstring", rawget(_G, "loadstring") or load)
  require "bearssl.ngx.helpers".install()
  require "bearssl.cosocket.nested".install()
  return ngx
end

--- Runs a function in a loop of our own, where its light threads and timers run beside it, until all have ended.
-- @function run
-- @tparam function fn
-- @param ... its arguments
-- @return what it returns
-- @raise what it raised
function extra.run(fn, ...)
  local loop, given, results = require "bearssl.scheduler".loop(), table.pack(...), nil
  loop:spawn(function() results = table.pack(fn(table.unpack(given, 1, given.n))) end)
  loop:run()
  return table.unpack(results, 1, results.n)
end

return default
