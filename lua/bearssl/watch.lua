-- SPDX-License-Identifier: MIT

--- Many certificates looked at again and again: how long each is valid, and what has changed since the last time.
--
-- Servers are asked several at a time; files are read. What was seen is kept in a file of state, so that the next look
-- tells a new key, a new issuer, a certificate that was renewed, a pin that holds no longer.
-- @module bearssl.watch
local bearssl = require "bearssl"
local check = require "bearssl.check"
local core = require "bearssl.core"
local lookup = require "bearssl.scheduler.lookup"
local memory = require "bearssl.watch.memory"
local pins = require "bearssl.pins"
local plain = require "bearssl.scheduler.plain"
local scheduler = require "bearssl.scheduler"
local x509 = require "bearssl.x509"

local watch = {}

local function as_it_is(value) return value end

-- A set of pins by the text of each target.
local function sets_of_pins(given)
  if type(given) ~= "table" then return nil, "a table of sets of pins is wanted, not " .. type(given) end
  for text, set in pairs(given) do
    local _, wrong = pins.read(set)
    if wrong then return nil, ("'%s': %s"):format(tostring(text), wrong) end
  end
  return given
end

local known = {
  concurrency = check.integer(1, 256), timeout = check.seconds, warn_days = check.integer(0, 36500),
  critical_days = check.integer(0, 36500), state = check.of_type "string", trust = as_it_is, certificate = as_it_is,
  key = as_it_is, revocation = as_it_is, pins = sets_of_pins, time = check.integer(0, 253402300799),
  on_result = check.of_type "function", on_change = check.of_type "function",
}
local defaults = { concurrency = 32, timeout = 10, warn_days = 30 }
local CRITICAL = 7

local said = {
  timeout = "the server did not answer in time",
  closed = "the server closed the connection before the handshake was done",
}

local function as_error(err)
  if type(err) == "table" then return err end
  return core.error { code = said[err] and err or "io", message = said[err] or tostring(err), side = "peer" }
end

-- The handshake: the verified path, or what was sent, and why that is no path.
local function shake(tcp, target, config, timeout)
  local name = target.name or target.host
  if target.starttls then
    local sock, err = require "bearssl.starttls"[target.starttls](tcp, config, { name = name, timeout = timeout })
    if not sock then return nil, err end
    local path = sock:verified_chain()
    sock:close()
    return path
  end
  local sock, err = config:wrap(tcp, { name = name })
  if not sock then return nil, err end
  sock = scheduler.socket(sock)
  sock:settimeout(timeout, "t")
  local ok, why = sock:handshake()
  local shown = ok and sock:verified_chain() or sock:peer_certificates()
  sock:close()
  return shown, not ok and why or nil
end

-- The certificates of a server: its verified path, or what it sent, and the error over which the handshake failed.
local function ask(target, config, timeout)
  local current = scheduler.current()
  local now = current.now
  local deadline = now() + timeout
  local tcp, err = scheduler.connect(target.host, target.port, { timeout = timeout, scheduler = lookup.with(current) })
  if not tcp then return nil, err end
  local shown
  shown, err = shake(tcp, target, config, math.max(0.001, deadline - now()))
  tcp:close()
  return shown, err
end

-- The certificates of a file, from the first one up to where no other follows that issued it.
local function path_in(list)
  local path = { list[1] }
  for i = 2, #list do
    local below, above = path[#path], list[i]
    if not core.is_certificate(above) or below.issuer.der ~= above.subject.der or below == above then break end
    path[i] = above
  end
  return path
end

local function shown_by(target, options, config)
  if target.host then return ask(target, config, options.timeout) end
  local list, err
  if target.content then list, err = x509.parse(target.content) else list, err = x509.load(target.file) end
  if not list or not core.is_certificate(list[1]) then return list, err end
  return path_in(list)
end

local ranks = { ok = 0, warning = 1, critical = 2, error = 3 }

-- The worst of what the dates say and of what went wrong.
local function judge(result, options)
  if result.error then return "error" end
  if result.days_left <= options.critical_days then return "critical" end
  return result.days_left <= options.warn_days and "warning" or "ok"
end

-- When the path ends: with the first of its certificates that does, what anchors it included: its dates bind.
local function dates(result, path, now)
  local first = path[1]
  for _, certificate in ipairs(path) do
    if certificate.not_after < first.not_after then first = certificate end
  end
  result.not_after, result.days_left = first.not_after, first:days_left(now)
  if first ~= path[1] then result.ends_first = tostring(first.subject) end
end

-- What a handshake would say of the dates.
local function amiss(path, now)
  for _, certificate in ipairs(path) do
    local code = now > certificate.not_after and "expired" or now < certificate.not_before and "not_yet_valid"
    if code then
      return core.error { code = code, side = "local", message = ("%s is valid from %s to %s"):format(
        tostring(certificate.subject), certificate.not_before_text, certificate.not_after_text) }
    end
  end
end

local function pins_behind(path)
  local list = {}
  for i = 2, #path do list[i - 1] = path[i].pin end
  return list
end

local function look(target, options, config)
  local path, err = shown_by(target, options, config)
  local result = { target = target.text, error = err and as_error(err) or nil }
  local leaf = path and core.is_certificate(path[1]) and path[1]
  if not leaf then
    result.error = result.error or as_error "no certificate was shown"
    return result
  end
  result.subject, result.issuer, result.serial = tostring(leaf.subject), tostring(leaf.issuer), leaf.serial
  result.pin, result.chain = leaf.pin, not result.error and pins_behind(path) or nil
  dates(result, result.error and { leaf } or path, options.time)
  if not target.host then result.error = amiss(path, options.time) end
  local set = target.pins or options.pins and options.pins[target.text]
  if set and not result.error then result.error = select(2, pins.check(set, path, options.time)) end
  return result
end

-- The most urgent first: what failed, then by what is left.
local function by_urgency(a, b)
  if ranks[a.status] ~= ranks[b.status] then return ranks[a.status] > ranks[b.status] end
  local left, right = a.not_after or 0, b.not_after or 0
  if left ~= right then return left < right end
  return a.target < b.target
end

-- Runs `worker` so many times at once: as coroutines of the scheduler that runs us, or of a loop of ours.
local function at_once(many, worker)
  local current = scheduler.current()
  if current == plain then
    local loop = scheduler.loop()
    for _ = 1, many do loop:spawn(worker) end
    return loop:run()
  end
  local running, done, failure = many, scheduler.condition(), nil
  for _ = 1, many do
    current.spawn(function()
      local ok, err = pcall(worker)
      if not ok then failure = failure or { err } end
      running = running - 1
      if running == 0 then done:signal() end
    end)
  end
  while running > 0 do done:wait() end
  if failure then error(failure[1], 0) end
end

-- Runs `work` for each element, so many at a time.
local function each(list, many, work)
  local next_one = 0
  at_once(math.min(many, #list), function()
    while next_one < #list do
      next_one = next_one + 1
      work(list[next_one])
    end
  end)
end

local function fault_of(target, seen)
  if type(target) ~= "table" or type(target.text) ~= "string"
    or not (target.file or target.content or target.host and target.port) then
    return "a table with text, and file, content, or host and port, is wanted"
  end
  if seen[target.text] then return ("'%s' is there twice"):format(target.text) end
  if not target.pins then return nil end
  return select(2, pins.read(target.pins))
end

local function check_targets(targets)
  local seen = {}
  for i, target in ipairs(targets) do
    local wrong = fault_of(target, seen)
    if wrong then error(("bearssl.watch.look: target %d: %s"):format(i, wrong), 4) end
    seen[target.text] = true
  end
end

local function checked(targets, given)
  if type(targets) ~= "table" then error("bearssl.watch.look: a list of targets is wanted", 3) end
  local options, wrong = check.options(given or {}, known, defaults)
  if not options then error("bearssl.watch.look: " .. wrong, 3) end
  if options.on_change and not options.state then
    error("bearssl.watch.look: option 'on_change': without 'state' nothing is compared", 3)
  end
  options.critical_days = options.critical_days or math.min(CRITICAL, options.warn_days)
  if options.critical_days > options.warn_days then
    error("bearssl.watch.look: option 'critical_days': no more than 'warn_days' is wanted", 3)
  end
  check_targets(targets)
  return options
end

-- Who changed, and whose listener would not have it: it is told again the next time.
local function tell(results, on_change)
  local untold = {}
  for _, result in ipairs(results) do
    if on_change and result.changes[1] and on_change(result) == false then untold[result] = true end
  end
  return untold
end

--- Looks at all targets once.
-- @function watch.look
-- @tparam {table,...} targets of each `text`, by which it is remembered, and `host`, `port` and, if they are other,
-- `name` and `starttls` (a protocol of @{bearssl.starttls}); or `file`, the path of certificates; or `content`, their
-- text; and, if it is pinned, `pins`
-- @tparam[opt] table options
--
-- - `concurrency`: how many servers are asked at a time (32); `timeout`: seconds for each (10)
-- - `warn_days` (30), `critical_days` (7, or less where `warn_days` is): what is left then is a warning, or critical
-- - `state`: a file that remembers; without it nothing is compared
-- - `trust`, `certificate`, `key`, `revocation`: as of `bearssl.client`; `pins`: sets of pins by the text of their
--   target, of which the verified path must have one; `time`: instead of now
-- - `on_result`: function(result), called as they come; `on_change`: function(result), called for each that changed,
--   the most urgent first, before the state is written: where it gives false, the change is told again the next time
-- @treturn[1] {table,...} the most urgent first, of each `target`, `status` ("ok", "warning", "critical", "error"),
-- `subject`, `issuer`, `serial`, `pin`, `chain` (the pins behind the leaf's), `not_after` and `days_left` of the
-- certificate of the path that ends first, `ends_first`, its subject, where that is not the leaf, `error`, and
-- `changes`: a list of `"new_key"`, `"new_issuer"`, `"new_chain"` (other keys behind the leaf), `"renewed"`,
-- `"pin_broken"`, `"failed"`, `"recovered"`, `"first_seen"`. The list's own field `behind`: seconds by which the clock
-- is behind the last look, where it is
-- @treturn[1] bearssl.error|nil why the state could not be written: what has changed will be told again
-- @treturn[2] nil
-- @treturn[2] bearssl.error what is wrong with `trust` or with the file of state: `locked`, `file`, `file_write`
-- @raise for a wrong option or target
function watch.look(targets, options)
  options = checked(targets, options)
  local config, err = bearssl.client { trust = options.trust, certificate = options.certificate, key = options.key,
    revocation = options.revocation, time = options.time }
  if not config then return nil, err end
  options.time = options.time or os.time()
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
  if before.latest > options.time then results.behind = math.ceil(before.latest - options.time) end
  local untold = tell(results, options.on_change)
  return results, select(2, before:save(results, options.time, untold))
end

return watch
