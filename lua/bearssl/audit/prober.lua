-- SPDX-License-Identifier: MIT
-- How an audit speaks to its server: connections, a few at a time, each with its bounds; questions and their answers;
-- and what could not be learnt, by name.
local core = require "bearssl.core"
local hello = require "bearssl.audit.hello"
local line = require "bearssl.audit.line"
local message = require "bearssl.audit.message"
local new_guard = require "bearssl.guard"
local registry = require "bearssl.audit.registry"
local scheduler = require "bearssl.scheduler"
local talk = require "bearssl.starttls.talk"

local DEAF = 24 -- connections in a row without any answer, after which nobody is asked any more

local prober = {}
prober.__index = prober

-- values: address, port, name, starttls, timeout, total_timeout, concurrency, on_progress
function prober.new(values)
  local now = scheduler.current().now
  return setmetatable({
    values = values, now = now, start = now(), active = 0, free = scheduler.condition(), connections = 0, bytes = 0,
    failures = 0, gaps = {}, done = 0, total = 0,
  }, prober)
end

function prober:gap(what, why)
  self.gaps[#self.gaps + 1] = { what = what, why = why }
end

-- Why nothing more is asked, or nil.
function prober:given_up()
  if self.gone or self.failures >= DEAF then return "the server no longer answers" end
  if self.now() - self.start > self.values.total_timeout then return "the time of the audit is over" end
end

-- Silence, or a connection that could not be made; or else an answer, if only that the connection was closed.
local function note(self, answered, in_tls)
  self.failures = answered and 0 or self.failures + 1
  self.heard = self.heard or in_tls
end

local function enter(self)
  while self.active >= self.values.concurrency do self.free:wait() end
  self.active = self.active + 1
  return new_guard(function()
    self.active = self.active - 1
    self.free:signal()
  end)
end

local function connect(self)
  local values = self.values
  for attempt = 1, 2 do
    if attempt == 2 then scheduler.current().sleep(0.2) end -- a full backlog, or a limit on the rate
    self.connections = self.connections + 1
    local tcp, err = scheduler.connect(values.address, values.port, { timeout = values.timeout })
    if tcp then return scheduler.socket(tcp) end
    if attempt == 2 or err == "timeout" then return nil, err end
  end
end

-- The talk before TLS of protocols that begin in clear.
local function upgrade(self, tcp, deadline)
  local protocol = self.values.starttls
  if not protocol then return true end
  local speak = require("bearssl.starttls." .. protocol).client
  local options = { name = self.values.name, domain = self.values.name }
  local ok, err = talk.run(protocol, tcp, options, deadline, speak)
  return ok, err
end

-- Calls fn(line) with a connection, and gives what fn gives; nil and "unreachable" where there is none.
function prober:with(fn, timeout)
  local why = self:given_up()
  if why then return nil, "unreachable", why end
  local _ <close> = enter(self)
  local deadline = self.now() + (timeout or self.values.timeout)
  local tcp, err = connect(self)
  if not tcp then
    note(self, false)
    self.why = tostring(err)
    return nil, "unreachable", self.why
  end
  local guard <close> = new_guard(function() tcp:close() end)
  local ok
  ok, err = upgrade(self, tcp, deadline)
  if not ok then
    note(self, false)
    self.why = ("before TLS, in %s: %s"):format(self.values.starttls, tostring(err))
    return nil, "unreachable", self.why
  end
  local l = line.new(tcp, self.now, deadline)
  local result = table.pack(fn(l))
  self.bytes = self.bytes + l.bytes
  guard.keep = false
  return table.unpack(result, 1, result.n)
end

-- The messages of a flight in clear, up to ServerHelloDone, by type; what ended it, if that was something else.
local function flight(l, answer)
  while true do
    local kind, body, detail, payload = l:message()
    if not kind then
      answer.ended, answer.alert, answer.record = body, body == "alert" and detail or nil, payload
      return
    end
    answer.messages[kind] = answer.messages[kind] or body
    if kind == 14 then return end
  end
end

-- What the server says to a ClientHello: `kind` is "hello", "retry", "alert" (`alert`), "closed", "timeout", "not_tls",
-- "malformed", "limit" or "unreachable"; of the first two `version`, `suite`, `group`, `compression`, `extensions`.
local function read_answer(l, whole)
  local kind, body, detail = l:message()
  if not kind then
    if body == "record" then return { kind = "malformed" } end
    return { kind = body, alert = body == "alert" and detail or nil, text = l.foreign }
  end
  if kind == 2 then
    local answer = message.server_hello(body)
    if not answer then return { kind = "malformed" } end
    answer.messages = { [2] = body }
    if whole and answer.kind == "hello" and answer.version < 0x0304 then flight(l, answer) end
    return answer
  end
  return { kind = "malformed" }
end

local function offers(spec, answer)
  for _, suite in ipairs(spec.suites) do
    if suite == answer.suite then return true end
  end
end

-- Sends a ClientHello of hello.build and gives the answer. whole: with all messages up to ServerHelloDone;
-- after(line, answer) goes on with the connection.
function prober:ask(spec, whole, after)
  spec.name = spec.name or spec.name == nil and self.values.name or nil
  local answer, why, detail = self:with(function(l)
    local sent, failed = l:send(hello.build(spec))
    if not sent then return { kind = failed } end
    local answer = read_answer(l, whole)
    if answer.suite and not offers(spec, answer) then answer.kind, answer.unoffered = "malformed", true end
    note(self, answer.kind ~= "timeout", answer.suite ~= nil or answer.alert ~= nil)
    if after then after(l, answer) end
    return answer
  end)
  return answer or { kind = why, text = detail }
end

-- Was there a ServerHello, or something that shows that the server refuses what was offered? nil: neither.
local refusals = { alert = true, closed = true, timeout = true, malformed = true }
function prober.accepted(answer)
  if answer.kind == "hello" or answer.kind == "retry" then return true end
  if refusals[answer.kind] then return false end
end

-- Runs tasks { name, function } beside each other. What one raises is raised here when all have ended.
function prober:parallel(tasks)
  local running, ended, failed = #tasks, scheduler.condition(), nil
  self.total = self.total + #tasks
  local function run(task)
    local ok, err = xpcall(task[2], debug.traceback, self)
    if not ok then failed = failed or err end
    running, self.done = running - 1, self.done + 1
    if self.values.on_progress then self.values.on_progress(self.done, self.total, task[1]) end
    if running == 0 then ended:signal() end
  end
  for _, task in ipairs(tasks) do scheduler.current().spawn(run, task) end
  while running > 0 do ended:wait() end
  if failed then error(failed, 0) end
end

-- A list of numbers as the server takes them: it is asked again without its choice until it refuses. spec_of(list)
-- makes the ClientHello, choice(answer) reads what was chosen. Gives the list, and the answer that ended it.
function prober:enumerate(list, spec_of, choice)
  local left, chosen = table.move(list, 1, #list, 1, {}), {}
  local answer
  while left[1] do
    answer = self:ask(spec_of(left))
    local taken = prober.accepted(answer) and choice(answer)
    local at
    for i, value in ipairs(left) do
      if value == taken then at = i end
    end
    if not at then break end
    chosen[#chosen + 1] = table.remove(left, at)
  end
  return chosen, answer
end

-- Whose order counts, of a list that was offered in the order `offered` and accepted as `chosen`: it is offered the
-- other way round. "server", "client", nil: one cannot tell.
function prober:preference(chosen, spec_of, choice)
  if #chosen < 2 then return nil end
  local reversed = {}
  for i = #chosen, 1, -1 do reversed[#reversed + 1] = chosen[i] end
  local answer = self:ask(spec_of(reversed))
  local taken = prober.accepted(answer) and choice(answer)
  if taken == chosen[1] then return "server" end
  if taken == chosen[#chosen] then return "client" end
end

prober.groups_12 = {} -- of ECDHE below TLS 1.3, and the finite fields
for _, id in ipairs(registry.group_ids) do
  local kind = registry.groups[id].kind
  if kind == "ecdhe" then table.insert(prober.groups_12, id) end
end

prober.random = core.random
return prober
