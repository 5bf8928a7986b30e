-- SPDX-License-Identifier: MIT

--- What a TLS server supports, and how well.
--
-- Most questions are ClientHellos made by hand, whose answer tells what the server has without any mathematics: so also
-- what no engine here implements. The rest are a few whole handshakes. Connections are few (some 180 for a server with
-- everything), some at a time, and each is bounded in time and octets. Nothing that a server says is believed to be
-- harmless: texts in a report are as they came, for who shows them to escape.
--
-- `version` is that of the report, which the JSON of `bearssl audit` has, too; `grades` are all grades from the best to
-- the worst: A+, A, B, C, D, F, and T where a certificate is not trusted.
-- @module bearssl.audit
local certificates = require "bearssl.audit.certificates"
local check = require "bearssl.check"
local core = require "bearssl.core"
local features = require "bearssl.audit.features"
local handshakes = require "bearssl.audit.handshakes"
local http = require "bearssl.audit.http"
local new_prober = require "bearssl.audit.prober".new
local new_store = require "bearssl.store"
local protocols = require "bearssl.audit.protocols"
local report = require "bearssl.audit.report"
local rules = require "bearssl.audit.rules"
local scheduler = require "bearssl.scheduler"
local weaknesses = require "bearssl.audit.weaknesses"

local audit = { version = 1, grades = rules.grades }

local protocols_in_clear = {
  smtp = "smtp", imap = "imap", pop3 = "pop3", ftp = "ftp", xmpp = "xmpp", ldap = "ldap", postgres = "postgres",
  mysql = "mysql",
}

local known = {
  name = check.of_type "string", starttls = check.one_of(protocols_in_clear), address = check.of_type "string",
  timeout = check.seconds, total_timeout = check.seconds, concurrency = check.integer(1, 32),
  http = check.of_type "boolean", http_port = check.integer(1, 65535), time = check.integer(0, 253402300799),
  on_progress = check.of_type "function", weaknesses = check.of_type "boolean",
  trust = function(value) return value end, certificate = check.of_type "string", key = check.of_type "string",
}

local defaults = { timeout = 5, total_timeout = 120, concurrency = 6, weaknesses = true }

local function read_options(host, port, given)
  if type(host) ~= "string" or host == "" then error("bearssl.audit.run: host: a name or an address is wanted", 3) end
  local number = math.tointeger(tonumber(port))
  if not number or number < 1 or number > 65535 then
    error("bearssl.audit.run: port: an integer from 1 to 65535 is wanted", 3)
  end
  if given ~= nil and type(given) ~= "table" then
    error("bearssl.audit.run: a table of options is wanted, not " .. type(given), 3)
  end
  local values, wrong = check.options(given or {}, known, defaults)
  if not values then error("bearssl.audit.run: " .. wrong, 3) end
  values.host, values.port, values.name = host, number, values.name or host
  if values.http == nil then values.http = not values.starttls end
  if values.http and not values.http_port and number == 443 then values.http_port = 80 end
  return values
end

-- The address that is asked throughout: the first one that takes a connection.
local function find_address(values)
  local tcp, err = scheduler.connect(values.address or values.host, values.port, { timeout = values.timeout })
  if not tcp then return nil, err end
  local address = tcp:getpeername()
  tcp:close()
  return address or values.address or values.host
end

local function new_facts()
  return {
    protocols = {}, groups = {}, group_preference = {}, dh = {}, schemes = {}, keys = protocols.new_keys(),
    presented = {}, features = {}, tolerance = {}, tickets = {}, handshakes = {}, certificates = {},
  }
end

local STARTTLS_HINT = "is it a protocol that begins in clear? starttls says which"
local no_tls = { -- by how every ClientHello was answered
  not_tls = "the server does not speak TLS", timeout = "the server does not answer",
  closed = "the server closes the connection whatever it is offered", limit = "the server sends without end",
  malformed = "what the server answers does not decode", nothing = "no connection could be made",
  unreachable = "no connection could be made",
}

-- Did anything answer in TLS? nil and why not.
local function check_tls(facts, p)
  local why = {}
  for _, protocol in ipairs(facts.protocols) do
    if protocol.offered then return true end
    if protocol.id >= 0x0300 then why[#why + 1] = protocol.answer or "nothing" end
  end
  local last = why[#why] or "nothing"
  local hint = last == "not_tls" and not p.values.starttls and STARTTLS_HINT or nil
  return nil, core.error {
    code = last == "timeout" and "timeout" or "handshake", side = "local", where = "audit", hint = hint,
    message = no_tls[last] or ("no version and no suite is accepted (%s)"):format(last),
    cause = no_tls[last] == no_tls.unreachable and p.why or nil,
  }
end

local function load_store(p)
  local trust = p.values.trust or "system"
  local store, err = new_store(trust)
  if not store then p:gap("trust in certificates", tostring(err)) end
  return store
end

local function name_gaps(facts, p)
  if facts.unspoken then
    p:gap("whole handshakes of " .. facts.unspoken, "no suite and group of it that the engine has")
  end
  for _, protocol in ipairs(facts.protocols) do
    if protocol.offered == nil and not protocol.partial and protocol.id > 2 then
      p:gap(protocol.name, protocol.answer or "no answer")
    end
  end
  local why = not p.gone and p:given_up()
  if why then p:gap("the rest", why) end
end

-- After a stage: a ClientHello that was taken before. What a server did not answer since it went away is no refusal.
local function check_presence(p, facts, stage)
  if p.gone then return end
  local newest = features.newest(facts)
  local spec = newest and protocols.spec(newest.id, newest.suites, newest.shares)
  for _ = 1, 2 do
    if not spec or p.accepted(p:ask(spec)) then return end
    scheduler.current().sleep(0.5)
  end
  p.gone = true
  p:gap(stage .. ", and what is asked after that", "the server no longer answers: what is said of it may be too little")
end

-- The stages: each knows what the one before it has found.
local function investigate(p)
  local facts = new_facts()
  local first = protocols.tasks(facts.protocols)
  if p.values.http_port then first[#first + 1] = http.task(facts, p.values.http_port) end
  p:parallel(first)
  local ok, err = check_tls(facts, p)
  if not ok then return nil, err end
  check_presence(p, facts, "some of the cipher suites")
  local second = protocols.group_tasks(facts)
  table.move(features.tasks(facts), 1, 1000, #second + 1, second)
  p:parallel(second)
  check_presence(p, facts, "groups, certificates and extensions")
  p:parallel(protocols.scheme_tasks(facts))
  protocols.collect_schemes(facts)
  check_presence(p, facts, "signature schemes")
  p:parallel(handshakes.tasks(facts))
  if facts.http then facts.http.hsts = http.hsts(facts.http.headers["strict-transport-security"]) end
  if p.values.weaknesses then p:parallel(weaknesses.tasks(facts)) end
  check_presence(p, facts, "resumption and weaknesses")
  facts.certificates = certificates.examine(p, facts, load_store(p))
  name_gaps(facts, p)
  return facts
end

local function run(values)
  local address, err = find_address(values)
  if not address then return nil, err end
  values.address = address
  local p = new_prober(values)
  local facts
  facts, err = investigate(p)
  if not facts then return nil, err end
  return report(facts, p)
end

-- Within a loop of our own, where no scheduler runs the caller.
local function in_loop(values)
  local loop, result = scheduler.loop(), nil
  loop:spawn(function() result = table.pack(run(values)) end)
  loop:run()
  return table.unpack(result, 1, result.n)
end

--- Audits a server.
-- @function run
-- @tparam string host name or IP address
-- @tparam integer port
-- @tparam[opt] table options
--
-- - `name`: the server name that is asked for (host)
-- - `address`: connects there instead of to host
-- - `starttls`: `"smtp"`, `"imap"`, `"pop3"`, `"ftp"`, `"xmpp"`, `"ldap"`, `"postgres"` or `"mysql"`
-- - `trust`: what a store is made of (`"system"`); `certificate`, `key`: a client's, for the whole handshakes
-- - `timeout`: seconds for one connection (5), `total_timeout` for the whole audit (120): what is known by then is
--   given
-- - `concurrency`: connections at a time (6)
-- - `http`: whether the server speaks HTTP, and may be asked for `/` (true without `starttls`); `http_port`: where HTTP
--   in clear is asked for a redirect (80 where port is 443)
-- - `weaknesses`: whether to ask for faults of implementations, by what no client would send (true)
-- - `time`: seconds since the epoch that certificates are judged by (now)
-- - `on_progress(done, total, what)`: is called as tasks end; `total` grows
-- @treturn[1] table the report:
--
-- - `target`: `host`, `port`, `name`, `address`, `starttls`; `seconds`, `connections`, `octets`
-- - `protocols`: a list of `name`, `offered` (nil: not known), `suites` (a list of `name`, `id`, `bits`,
--   `forward_secret`, `aead`, in the server's order), `preference` (`"server"`, `"client"`), `prefers_chacha`
-- - `groups`, `signature_schemes`: lists of names by version; `dh`: `bits` and `group` by version
-- - `certificates`: a list of `auth`, `subject`, `names`, `key`, `signature`, `not_after`, `days_left`, `chain`,
--   `trusted`, `trust_error`, `name_matches`, `staple`, `scts`, …
-- - `features`: `secure_renegotiation`, `client_renegotiation`, `fallback_scsv`, `extended_master_secret`,
--   `encrypt_then_mac`, `compression`, `heartbeat`, `alpn`, `resumption`, `early_data`, …
-- - `tickets`: `lifetime` in seconds, `key_names`, `same_key` by version; `client_certificate`: what was asked for
-- - `tolerance`: a list of `id`, `what`, `ok`, `answer`; `http`: `status`, `hsts`, `clear`
-- - `findings`: a list of `id`, `title`, `severity`, `evidence`, `sources`, `remedy` (`nginx`, `apache`, `haproxy`),
--   worst first; `checks`: of each rule `id` and `status` (`"finding"`, `"ok"`, `"unknown"`)
-- - `gaps`: a list of `what` could not be learnt and `why`
-- - `grade`, `reasons`, `grade_if_trusted`
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error `"timeout"`, why there was no connection, or that the server does not speak TLS
-- @raise if an argument or an option is wrong
function audit.run(host, port, options)
  local values = read_options(host, port, options)
  if scheduler.current().name == "plain" then return in_loop(values) end
  return run(values)
end

--- Is a grade worse than another one?
-- @function worse
-- @tparam string grade
-- @tparam string than
-- @treturn boolean
-- @raise if one of them is no grade
function audit.worse(grade, than)
  local one, other = rules.rank[grade], rules.rank[than]
  if not one or not other then
    error(("bearssl.audit.worse: a grade is wanted: %s"):format(table.concat(rules.grades, ", ")), 2)
  end
  return one > other
end

return audit
