-- SPDX-License-Identifier: MIT

--- Many certificates looked at again and again: how long each is valid, and what has changed since the last time.
--
-- Servers are asked several at a time; files are read. What was seen is kept in a file of state, so that the next look
-- tells a new key, a new issuer, a certificate that was renewed, a pin that holds no longer.
-- @module bearssl.watch
local bearssl = require "bearssl"
local check = require "bearssl.check"
local core = require "bearssl.core"
local memory = require "bearssl.watch.memory"
local pins = require "bearssl.pins"
local scheduler = require "bearssl.scheduler"
local x509 = require "bearssl.x509"

local watch = {}

local known = {
  concurrency = check.integer(1, 256), timeout = check.seconds, warn_days = check.integer(0, 36500),
  critical_days = check.integer(0, 36500), state = check.of_type "string", trust = function(value) return value end,
  pins = check.of_type "table", time = check.integer(0, 253402300799), on_result = check.of_type "function",
}
local defaults = { concurrency = 32, timeout = 10, warn_days = 30, critical_days = 7 }

-- The certificates that a server shows, and the error of a handshake that failed over them or over something else.
local function ask(target, config, timeout)
  local tcp, err = scheduler.connect(target.host, target.port, { timeout = timeout })
  if not tcp then return nil, err end
  local sock
  sock, err = config:wrap(tcp, { name = target.name or target.host })
  if not sock then
    tcp:close()
    return nil, err
  end
  sock = scheduler.socket(sock)
  sock:settimeout(timeout, "t")
  local ok, why = sock:handshake()
  local sent = sock:peer_certificates()
  sock:close()
  return sent, not ok and why or nil
end

local function as_error(err)
  if type(err) == "table" then return err end
  return core.error { code = err == "timeout" and "timeout" or "io", message = tostring(err), side = "local" }
end

local ranks = { ok = 0, warning = 1, critical = 2, error = 3 }

-- The worst of what the dates say and of what went wrong.
local function judge(result, options)
  if result.error then return "error" end
  if result.days_left <= options.critical_days then return "critical" end
  return result.days_left <= options.warn_days and "warning" or "ok"
end

local function pinned(result, set, sent, now)
  if not set then return end
  local ok, err = pins.check(set, sent, now)
  if not ok then result.error = result.error or err end
end

local function look(target, options, config)
  local sent, err
  if target.file then sent, err = x509.load(target.file) else sent, err = ask(target, config, options.timeout) end
  local result = { target = target.text, error = err and as_error(err) or nil }
  local leaf = sent and core.is_certificate(sent[1]) and sent[1]
  if not leaf then
    result.error = result.error or as_error "no certificate was shown"
    return result
  end
  result.subject, result.issuer, result.serial = tostring(leaf.subject), tostring(leaf.issuer), leaf.serial
  result.not_after, result.pin = leaf.not_after, leaf.pin
  result.days_left = leaf:days_left(options.time)
  if target.file and options.time > leaf.not_after then
    result.error = result.error or core.error { code = "expired", message = "certificate has expired", side = "local" }
  end
  pinned(result, options.pins and options.pins[target.text], sent, options.time)
  return result
end

-- The most urgent first: what failed, then by what is left.
local function by_urgency(a, b)
  if ranks[a.status] ~= ranks[b.status] then return ranks[a.status] > ranks[b.status] end
  local left, right = a.not_after or 0, b.not_after or 0
  if left ~= right then return left < right end
  return a.target < b.target
end

-- Runs `work` for each element, so many at a time, in coroutines of the scheduler that runs us, or of a loop of ours.
local function each(list, many, work)
  local next_one = 0
  local function worker()
    while next_one < #list do
      next_one = next_one + 1
      work(list[next_one])
    end
  end
  local loop = scheduler.loop()
  for _ = 1, math.min(many, #list) do loop:spawn(worker) end
  loop:run()
end

local function checked(targets, given)
  if type(targets) ~= "table" then error("bearssl.watch.look: a list of targets is wanted", 3) end
  local options, wrong = check.options(given or {}, known, defaults)
  if not options then error("bearssl.watch.look: " .. wrong, 3) end
  options.time = options.time or os.time()
  for i, target in ipairs(targets) do
    if type(target) ~= "table" or not target.text or not (target.file or target.host and target.port) then
      error(("bearssl.watch.look: target %d: a table with text, and file or host and port, is wanted"):format(i), 3)
    end
  end
  return options
end

--- Looks at all targets once.
-- @function watch.look
-- @tparam {table,...} targets of each `text`, by which it is remembered, and `host`, `port` and, if it is another,
-- `name`; or `file`, the path of a certificate
-- @tparam[opt] table options
--
-- - `concurrency`: how many servers are asked at a time (32); `timeout`: seconds for each (10)
-- - `warn_days` (30), `critical_days` (7): what is left then is a warning, or critical
-- - `state`: a file that remembers; without it nothing is compared
-- - `trust`: as of `bearssl.client`; `pins`: sets of pins by the text of their target; `time`: instead of now
-- - `on_result`: function(result), called as they come
-- @treturn[1] {table,...} the most urgent first, of each `target`, `status` ("ok", "warning", "critical", "error"),
-- `subject`, `issuer`, `serial`, `not_after`, `days_left`, `pin`, `error`, and `changes`: a list of `"new_key"`,
-- `"new_issuer"`, `"renewed"`, `"failed"`, `"recovered"`, `"first_seen"`
-- @treturn[2] nil
-- @treturn[2] bearssl.error what is wrong with `trust` or with the file of state: `locked`, `file`, `file_write`
-- @raise for a wrong option or target
function watch.look(targets, options)
  options = checked(targets, options)
  local config, err = bearssl.client { trust = options.trust }
  if not config then return nil, err end
  local before <close>, wrong = memory.open(options.state)
  if not before then return nil, wrong end
  local results = {}
  each(targets, options.concurrency, function(target)
    local result = look(target, options, config)
    result.status = judge(result, options)
    result.changes = before:compare(result)
    results[#results + 1] = result
    if options.on_result then options.on_result(result) end
  end)
  table.sort(results, by_urgency)
  local ok
  ok, err = before:save(results, options.time)
  if not ok then return nil, err end
  return results
end

return watch
