-- SPDX-License-Identifier: MIT
-- server.lua - a connection that was accepted to be looked at: the server's side of a trace.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local new_guard = require "bearssl.guard"
local report = require "bearssl.trace.report"
local schedulers = require "bearssl.scheduler"

local TIMEOUT, LINGER = 10, 1 -- seconds for the handshake; to wait for what the client says next

local own = { timeout = "number", linger = "number", label = "string", answer = "string" }

local function split(given)
  if type(given) ~= "table" then error("a table of options is wanted, not " .. type(given), 3) end
  local mine, config = {}, { trace = true }
  for name, value in pairs(given) do
    if not own[name] then
      config[name] = value
    elseif type(value) ~= own[name] then
      error(("option '%s': a %s is wanted, not %s"):format(name, own[name], type(value)), 3)
    else
      mine[name] = value
    end
  end
  if not config.max_version and config.engine ~= "bear" then config.max_version = "1.3" end
  return mine, config
end

local function as_error(err, timeout)
  if type(err) ~= "string" then return err end
  if err == "timeout" then
    return core.error { code = "timeout", message = ("the client was not done after %g s"):format(timeout) }
  end
  return core.error { code = err == "closed" and "closed" or "io", message = err }
end

-- What the client says after its handshake: its verdict on our certificate may come with it. Answered, where there is
-- an answer; then an orderly end.
local function converse(sock, options)
  sock:settimeout(options.linger or LINGER, "t")
  local line, err = sock:receive("*l", "", 8192)
  while line and line ~= "" and options.answer do line = sock:receive("*l", "", 8192) end
  if line and options.answer then sock:send(options.answer) end
  sock:settimeout(1, "t")
  sock:shutdown "send"
  if type(err) == "table" and err.code ~= "truncated" then return err end
end

local server = {}
server.__index = server

-- What accepts connections to be looked at; nil and an error where a file cannot be used.
function server.new(given)
  local options, values = split(given)
  local config, err = bearssl.server(values)
  if not config then return nil, err end
  return setmetatable({ options = options, values = values, config = config }, server)
end

-- The report of a connection, which is closed then.
function server:accept(tcp)
  local options, values, config = self.options, self.values, self.config
  local timeout = options.timeout or TIMEOUT
  local about = {
    address = tcp:getpeername(), started = os.time(), label = options.label,
    engine = values.max_version ~= "1.3" and values.engine ~= "native" and "bear" or "native",
  }
  local sock, err = config:wrap(tcp)
  if not sock then return report.make({}, "server", nil, as_error(err, timeout), about) end
  sock = schedulers.socket(sock)
  local guard <close> = new_guard(function() sock:close() end)
  sock:settimeout(timeout, "t")
  local ok
  ok, err = sock:handshake()
  if ok then err = converse(sock, options) end
  local made = report.make(sock:trace(), "server", sock:info(), as_error(err, timeout), about)
  guard.keep = true
  sock:close()
  return made
end

return server
