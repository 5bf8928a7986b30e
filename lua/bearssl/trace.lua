-- SPDX-License-Identifier: MIT

--- What happened in a handshake: every message in its order, what it carried, what was decided because of it.
--
-- `conn:trace` gives the steps of any connection. The functions here make connections to be looked at, and tell of each
-- in a report: a ladder of who sent what when, under which keys and in which round trip, what it is for, and where it
-- failed, why and what cures it. `text`, `html`, `svg` and `value` show reports; they take one, or a list of them.
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

--- What was seen of one connection.
-- @table report
-- @tfield string side whose eyes saw it: `"client"` or `"server"`
-- @tfield string host of a client, as it was asked for; likewise `port`, `name` (SNI and certificate), `starttls`
-- @tfield string address of the peer
-- @tfield string label what it is beside others: `"TLS 1.3"`, `"resumed"`, …
-- @tfield integer started seconds since the epoch
-- @tfield number connect_seconds how long the TCP connection took
-- @tfield number seconds from the first message to the end of the handshake; nil: it came to none
-- @tfield boolean connected the handshake was done, and nothing was wrong with it afterwards
-- @tfield bearssl.error error what it failed with, nil where it did not
-- @tfield table failure the same for people: `code`, `message`, `cause`, `remedy`, …, safe to print
-- @tfield string version what was agreed on; likewise `cipher_suite`, `group`, `signature_scheme`, `alpn`, `resumed`,
-- `early_data` (`"not offered"` where the session does not allow it) and `engine`, as in `conn:info`
-- @tfield integer round_trips of the handshake; nil: it was not done
-- @tfield integer round_trips_before_data how many of them the client waited for before its first data: 0 with early
-- data that was accepted
-- @tfield integer bytes_sent in records of the handshake and alerts; likewise `bytes_received`
-- @tfield table items the ladder, a list: `kind` (`"message"`, `"alert"`, `"record"`, `"early_data"`, `"keys"`: from
-- here on `from` encrypts with the secret `name`; `"lost"`), `name`, `from` (`"client"` or `"server"`), `seconds`,
-- `bytes`, `protection` (`"none"`, `"early"`, `"handshake"`, `"application"`), `flight`, `round_trip`, `fields` (as
-- they are), `rows` (the same for people: `name`, `text`, `rows`), `octets` (the message itself, where the engine shows
-- it), `decisions`, `explanation`, `explanation_section`

local function tracer(options)
  return require "bearssl.trace.client".new(options)
end

--- Connects, and reports. What the network or the server does wrong stands in the report.
-- @tparam string host
-- @tparam integer port
-- @tparam[opt] table options those of @{bearssl.client}, with `max_version = "1.3"` where nothing is said, and:
-- @tparam string options.name instead of host, for SNI and the certificate
-- @tparam string options.address where to connect to, instead of host
-- @tparam string options.starttls a protocol of `bearssl.starttls` that comes first: `"smtp"`, …
-- @tparam number options.timeout seconds that connect and handshake may take together; 10 by default
-- @tparam number options.linger seconds to wait for tickets after the handshake; 0.3 by default, and 1 where the server
-- asked for a certificate, since its verdict comes with the first read (RFC 8446 section 4.4.2.4)
-- @tparam table options.psk an external pre-shared key, as for `config:wrap`
-- @tparam string options.label of the report
-- @tparam string|table options.scheduler as for @{bearssl.connect}
-- @treturn[1] report
-- @treturn[2] nil
-- @treturn[2] bearssl.error a file that the options name cannot be used
-- @raise where an option is wrong, with its name
function trace.connect(host, port, options)
  local client, err = tracer(options)
  if not client then return nil, err end
  return client:run(host, port)
end

local function with(options, more)
  local all = {}
  for name, value in pairs(options or {}) do all[name] = value end
  for name, value in pairs(more) do all[name] = value end
  return all
end

--- Connects with TLS 1.3, then with TLS 1.2: one round trip against two.
-- @tparam string host
-- @tparam integer port
-- @tparam[opt] table options as for @{connect}, without versions
-- @treturn[1] {report,...} two of them; a server may have only one of the two versions
-- @treturn[2] nil
-- @treturn[2] bearssl.error
function trace.compare(host, port, options)
  local reports = {}
  for i, version in ipairs { "1.3", "1.2" } do
    local err
    reports[i], err = trace.connect(host, port, with(options, {
      min_version = version, max_version = version, engine = "native", label = "TLS " .. version,
    }))
    if not reports[i] then return nil, err end
  end
  return reports
end

--- Connects twice: in full, and with the session of the first time (RFC 8446 section 2.2).
-- @tparam string host
-- @tparam integer port
-- @tparam[opt] table options as for @{connect}, and `early_data`: a string that goes with the second ClientHello if the
-- session allows it (RFC 8446 section 2.3); it may be replayed, so it must do no harm twice
-- @treturn[1] {report,...} two of them; only one where the first came to nothing or left no session
-- @treturn[2] nil
-- @treturn[2] bearssl.error
function trace.resume(host, port, options)
  local client, err = tracer(options)
  if not client then return nil, err end
  local early = options and options.early_data
  local reports = { client:run(host, port, { label = "full handshake" }) }
  if client.session then
    reports[2] = client:run(host, port, {
      session = client.session, early_data = early, label = early and "resumed, with early data" or "resumed",
    })
  end
  return reports
end

--- A report on the server's side of a connection that was accepted; it is closed afterwards.
-- @tparam userdata tcp LuaSocket's object
-- @tparam table options those of @{bearssl.server}, with `max_version = "1.3"` where nothing is said, and `timeout`
-- (seconds for the handshake, 10 by default), `linger` (to wait for what the client says next, 1 by default), `label`,
-- `answer` (sent after the client's first empty line, so that a browser has something to show)
-- @treturn[1] report
-- @treturn[2] nil
-- @treturn[2] bearssl.error a file that the options name cannot be used
-- @raise where an option is wrong, with its name
function trace.accept(tcp, options)
  local server, err = require "bearssl.trace.server".new(options)
  if not server then return nil, err end
  return server:accept(tcp)
end

-- One report is a list of one.
local function list_of(reports)
  if type(reports) ~= "table" then error("a report or a list of them is wanted, not " .. type(reports), 3) end
  return reports.items and { reports } or reports
end

--- Reports as text for a terminal.
-- @tparam report|table reports
-- @tparam[opt] table options `width` in columns, 80 by default: below 64 the arrows are short; `ascii`: no other
-- characters; `all`: every field in full; `octets`: the bytes of each message, too; `style`: a function of a text and
-- what it is (`"bold"`, `"dim"`, `"good"`, `"warn"`, `"bad"`) that gives the text with its colour
-- @treturn string lines
function trace.text(reports, options)
  return require "bearssl.trace.text"(list_of(reports), options or {})
end

--- Reports as a page of HTML that stands by itself: no script, nothing from outside, everything from the wire escaped.
-- @tparam report|table reports
-- @treturn string
function trace.html(reports)
  return require "bearssl.trace.html"(list_of(reports))
end

--- Reports as a drawing.
-- @tparam report|table reports
-- @treturn string SVG
function trace.svg(reports)
  return require "bearssl.trace.svg"(list_of(reports))
end

--- Reports as plain tables, for JSON: what is not text is in hexadecimal digits, and all text is UTF-8.
-- @tparam report|table reports
-- @treturn table `reports`, a list
function trace.value(reports)
  return require "bearssl.trace.value"(list_of(reports))
end

return trace
