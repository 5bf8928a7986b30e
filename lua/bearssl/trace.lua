-- SPDX-License-Identifier: MIT

--- What happened in a handshake: every message in its order, what it carried, what was decided because of it.
-- @module bearssl.trace
local core = require "bearssl.core"
local wire = require "bearssl.wire"

local trace = {}

-- Of each connection that is traced: its steps, the version once it is known, when it began.
local traces = setmetatable({}, { __mode = "k" })

local function of(conn)
  local t = traces[conn]
  if not t then
    t = { steps = {}, tls_1_3 = false }
    traces[conn] = t
  end
  return t
end

local function message(t, event)
  local name = wire.handshake_types[event.number] or ("handshake type %d"):format(event.number)
  local fields, wrong = wire.parse(name, event.body, t.tls_1_3)
  if name == "ServerHello" and fields then
    t.tls_1_3 = fields.version == "TLSv1.3"
    name = fields.message
  end
  return { name = name, fields = fields, malformed = wrong, body = event.body }
end

local function record(event)
  local name = wire.content_types[event.number] or ("content type %d"):format(event.number)
  local step = { name = name }
  if name == "alert" and #event.body == 2 then
    local level, description = event.body:byte(1, 2)
    step.fields = { level = level == 1 and "warning" or "fatal", description = core.alert_name(description) }
  end
  return step
end

-- Adds C's events; gives the steps that are new. A decision belongs to the step before it.
function trace.add(conn, events)
  local t, new = of(conn), {}
  for _, event in ipairs(events) do
    t.start = t.start or event.time
    if event.kind == "decision" then
      local last = t.steps[#t.steps]
      if last then
        last.decisions = last.decisions or {}
        table.insert(last.decisions, { text = event.body, section = event.section })
      end
    elseif event.kind == "lost" then
      new[#new + 1] = { kind = "lost", count = event.number }
      t.steps[#t.steps + 1] = new[#new]
    else
      local step = event.kind == "message" and message(t, event) or record(event)
      step.kind, step.encrypted, step.bytes = event.kind, event.encrypted, event.size
      step.direction = event.incoming and "received" or "sent"
      step.seconds = (event.time - t.start) / 1e6
      new[#new + 1] = step
      t.steps[#t.steps + 1] = step
    end
  end
  return new
end

--- The steps so far. The config must have `trace = true` or `on_message`.
-- @function conn:trace
-- @treturn table a list of steps: `kind` ("message", "record" or "lost"), `name`, `direction` ("sent", "received"),
-- `bytes` (a message with its header, a record as on the wire), `seconds` since the first step, `encrypted`, `fields`
-- (what it carried, in the standard's names), `decisions` (a list of `text` and `section`)
function trace.steps(conn)
  trace.add(conn, core.trace(conn))
  return of(conn).steps
end

return trace
