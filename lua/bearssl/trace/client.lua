-- SPDX-License-Identifier: MIT
-- client.lua - connections that are made to be looked at: the client's side of a trace.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local new_guard = require "bearssl.guard"
local report = require "bearssl.trace.report"
local schedulers = require "bearssl.scheduler"

local client = {}
client.__index = client

local TIMEOUT = 10 -- seconds that connect and handshake may take together
local LINGER, LINGER_ASKED = 0.3, 1 -- seconds to wait for tickets; for the verdict on our certificate, or an answer
local SLICE = 0.02 -- of that, between two looks at what came

local own = {
  name = "string", address = "string", timeout = "number", linger = "number", starttls = "string", session = "userdata",
  early_data = "string", psk = "table", scheduler = "table", label = "string",
}

-- The options of a trace, and those of the config behind it. early_data, a string here, is true for the config.
local function split(given)
  local mine, config = {}, {}
  for name, value in pairs(given or {}) do
    if not own[name] then
      config[name] = value
    elseif type(value) ~= own[name] and not (name == "scheduler" and type(value) == "string") then
      error(("option '%s': a %s is wanted, not %s"):format(name, own[name], type(value)), 3)
    else
      mine[name] = value
    end
  end
  for _, name in ipairs { "timeout", "linger" } do
    if mine[name] and (mine[name] < 0 or mine[name] ~= mine[name]) then
      error(("option '%s': seconds are wanted"):format(name), 3)
    end
  end
  if mine.starttls and type(require "bearssl.starttls"[mine.starttls]) ~= "function" then
    error(("option 'starttls': there is no protocol '%s'"):format(mine.starttls), 3)
  end
  if not config.max_version and config.engine ~= "bear" then config.max_version = "1.3" end
  config.early_data = mine.early_data ~= nil or config.early_data
  return mine, config
end

-- A client that can be traced several times, so that a session of one connection can be offered in the next.
function client.new(given)
  local mine, options = split(given)
  local self = setmetatable({ options = mine, steps = {} }, client)
  local heard = options.on_message
  function options.on_message(step)
    self.steps[#self.steps + 1] = step
    if heard then heard(step) end
  end
  local config, err = bearssl.client(options)
  if not config then return nil, err end
  self.config = config
  self.engine = options.max_version ~= "1.3" and options.engine ~= "native" and "bear" or "native"
  return self
end

-- A word of LuaSocket's as an error that tells what was waited for.
local function as_error(err, steps, timeout)
  if type(err) ~= "string" then return err end
  local last
  for _, step in ipairs(steps) do
    if step.kind == "message" and step.direction == "received" then last = step.name end
  end
  local after = last and "after " .. last or "before any message of the server"
  if err == "timeout" then
    return core.error { code = "timeout", message = ("nothing more came for %g s, %s"):format(timeout, after) }
  end
  return core.error { code = err == "closed" and "closed" or "io", message = ("%s, %s"):format(err, after) }
end

local function asked(steps)
  for _, step in ipairs(steps) do
    if step.name == "CertificateRequest" then return true end
  end
  return false
end

local function has_ticket(steps)
  for _, step in ipairs(steps) do
    if step.name == "NewSessionTicket" then return true end
  end
  return false
end

-- What follows the handshake of TLS 1.3: tickets, and the server's verdict on our certificate, which comes with the
-- first read (RFC 8446 section 4.4.2.4). Gives the error that it ends with, if that is one.
local function linger(self, sock, more)
  local patient = asked(self.steps) or more.early_data ~= nil
  local seconds = self.options.linger or patient and LINGER_ASKED or LINGER
  local deadline = schedulers.of(self.options.scheduler).now() + seconds
  sock:settimeout(SLICE, "t")
  local ok, err
  repeat
    ok, err = sock:receive(0)
    local enough = has_ticket(self.steps) and not more.early_data
    local late = schedulers.of(self.options.scheduler).now() >= deadline
  until ok or err ~= "timeout" or enough or late
  if type(err) == "table" and err.code ~= "truncated" then return err end
end

local function starttls(self, tcp, more, timeout)
  local speak = require "bearssl.starttls"[self.options.starttls]
  return speak(tcp, self.config, { name = more.name, session = more.session, psk = self.options.psk, timeout = timeout,
    scheduler = self.options.scheduler })
end

local function wrap(self, tcp, more)
  local sock, err = self.config:wrap(tcp, { name = more.name, session = more.session, psk = self.options.psk,
    early_data = more.early_data })
  return sock and schedulers.socket(sock, self.options.scheduler), err
end

-- A socket before its handshake; after STARTTLS it is done, and a failure has closed it. Without one tcp is closed.
local function open(self, tcp, more, timeout)
  local sock, err = (self.options.starttls and starttls or wrap)(self, tcp, more, timeout)
  if not sock then tcp:close() end
  return sock or nil, err
end

-- After the handshake: what still comes, the session to come back with, an orderly end.
local function finish(self, sock, more)
  local info = sock:info()
  local err = info.version == "TLSv1.3" and linger(self, sock, more) or nil
  self.session = sock:session()
  info = sock:info() or info
  sock:settimeout(1, "t")
  sock:shutdown "send"
  return info, err
end

local function converse(self, tcp, more, timeout)
  local sock, err = open(self, tcp, more, timeout)
  if not sock then return nil, err end
  local guard <close> = new_guard(function() sock:close() end)
  sock:settimeout(timeout, "t")
  local ok, info
  ok, err = sock:handshake()
  if ok then info, err = finish(self, sock, more) else info = sock:info() end
  if not self.options.starttls then self.steps = sock:trace() end
  guard.keep = true
  sock:close()
  return info, err
end

-- One connection: its report. more: `session`, `early_data`, `label`.
function client:run(host, port, more)
  more = more or {}
  local options = self.options
  local timeout = options.timeout or TIMEOUT
  local scheduler = schedulers.of(options.scheduler)
  local about = { host = host, port = port, name = options.name or host, label = more.label or options.label,
    started = os.time(), engine = self.engine, starttls = options.starttls }
  self.steps = {}
  more.name, more.session = about.name, more.session or options.session
  local start = scheduler.now()
  local tcp, err = schedulers.connect(options.address or host, port, { timeout = timeout, scheduler = scheduler })
  about.connect_seconds = scheduler.now() - start
  if not tcp then
    about.connect_failed = true
    if err == "timeout" then
      err = core.error { code = "timeout", message = ("%s port %d: no connection within %g s"):format(
        options.address or host, port, timeout) }
    end
    return report.make({}, "client", nil, err, about)
  end
  about.address = tcp:getpeername()
  local info
  info, err = converse(self, tcp, more, math.max(0.001, timeout - about.connect_seconds))
  if info and more.early_data then info.early_data = info.early_data or "not offered" end
  return report.make(self.steps, "client", info, as_error(err, self.steps, timeout), about)
end

return client
