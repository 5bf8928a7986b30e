-- SPDX-License-Identifier: MIT
-- bearssl watch: many certificates, how long they last, and what has changed since the last run.
local core = require "bearssl.core"
local options = require "bearssl.command.options"
local output = require "bearssl.command.output"
local status = require "bearssl.command.status"
local targets = require "bearssl.command.target"
local watch = require "bearssl.watch"

local MAX_LIST, MAX_TARGETS = 4 << 20, 100000

local verb = {
  summary = "Watch many certificates: days left, and what has changed.",
  description = "Asks many servers at a time and tells the most urgent first; with --state also what has changed since"
    .. " the last run. Made for cron: the exit status is 1 where something is as bad as --fail-on says.",
}

local levels = { warning = 1, critical = 2, error = 3, never = 4 }

local function level(text)
  if levels[text] then return text end
  return nil, ("warning, critical, error or never is wanted, not '%s'"):format(output.clean(text))
end

function verb.setup(parser)
  parser:argument "TARGET":target "targets":args "+"
    :description "Servers, certificates, and files with a list of them, one to a line; - is such a list, too."
  parser:option "--state":argname "FILE":description "Remember what was seen, and tell what has changed."
  parser:option "--warn":argname "DAYS":convert(options.number(0, 36500)):default "30":show_default(true)
    :description "What lasts no longer is a warning."
  parser:option "--critical":argname "DAYS":convert(options.number(0, 36500)):default "7":show_default(true)
    :description "What lasts no longer is critical."
  parser:option "--fail-on":argname "LEVEL":convert(level):default "warning":show_default(true)
    :description "warning, critical, error or never: what makes the exit status 1."
  parser:option "--concurrency":argname "N":convert(options.number(1, 256)):default "32":show_default(true)
    :description "How many servers are asked at a time."
  parser:option "--ca":argname "FILE":count "*":description "Trust these certificates instead of the system's."
  parser:option "--timeout":argname "SECONDS":convert(options.number(1, 3600)):default "10":show_default(true)
    :description "What one server may take."
  parser:option "--on-change":argname "PROGRAM"
    :description "Run, without a shell, for each target that has changed: its name, and what has changed."
  parser:option "-o --output":argname "FILE":description "Write there, whole or not at all; for a node exporter, say."
  parser:flag "--prometheus":description "Prometheus' text format."
  parser:flag "--changes":description "Tell of those alone that have changed or are not well."
  options.json(parser)
end

local function is_certificate(text)
  return text:find("-----BEGIN", 1, true) ~= nil or text:byte() == 0x30 and text:byte(2, 2) == 0x82
end

local read_list

-- Adds what a word means to the list: a server, a certificate, or the lines of a file.
local function add(list, word, inside)
  local target, err = targets.parse(word)
  if not target then return nil, err end
  if target.host then
    list[#list + 1] = { text = word, host = target.host, port = target.port, name = target.name }
    return true
  end
  local file = target.stdin and io.stdin or io.open(target.file, "rb")
  local text = file and file:read(MAX_LIST)
  if file and not target.stdin then file:close() end
  if not text then
    list[#list + 1] = { text = word, file = target.file or "/dev/stdin" } -- told as what cannot be read
    return true
  end
  if not is_certificate(text) and not inside then return read_list(list, text) end
  list[#list + 1] = { text = word, file = target.file }
  return true
end

function read_list(list, text)
  for line in text:gmatch "[^\r\n]+" do
    local word = line:gsub("%s*#.*$", ""):match "^%s*(%S*)"
    if word ~= "" then
      local ok, err = add(list, word, true)
      if not ok then return nil, err end
    end
    if #list > MAX_TARGETS then return nil, ("more than %d targets"):format(MAX_TARGETS) end
  end
  return true
end

local styles = { ok = "good", warning = "warn", critical = "bad", error = "bad" }

local function line_of(result, out)
  local left = result.days_left and ("%d days"):format(result.days_left) or "-"
  local words = {}
  if result.error then words[1] = output.lines(result.error)[1] end
  if result.changes[1] then words[#words + 1] = "changed: " .. table.concat(result.changes, ", ") end
  return ("%s  %10s  %s%s"):format(out:style(("%-8s"):format(result.status), styles[result.status]), left,
    output.clean(result.target), words[1] and "  " .. table.concat(words, "; ") or "")
end

local function summary(results)
  local counts = { ok = 0, warning = 0, critical = 0, error = 0 }
  for _, result in ipairs(results) do counts[result.status] = counts[result.status] + 1 end
  return counts
end

local function table_of(results, out)
  local lines = {}
  for i, result in ipairs(results) do lines[i] = line_of(result, out) end
  local counts = summary(results)
  lines[#lines + 1] = ("%d well, %d to be renewed, %d critical, %d failed"):format(counts.ok, counts.warning,
    counts.critical, counts.error)
  return table.concat(lines, "\n") .. "\n"
end

-- Escapes of a label's value: a backslash, a quote, a line's end.
local function label(text)
  return (output.clean(text):gsub('[\\"]', "\\%0"))
end

local gauges = {
  { "bearssl_certificate_not_after_timestamp_seconds", "When the certificate expires.",
    function(result) return result.not_after end },
  { "bearssl_certificate_valid", "1 where it is verified, 0 where it fails.",
    function(result) return result.error and 0 or 1 end },
  { "bearssl_certificate_changed", "1 where it is not as it was at the last run.",
    function(result) return result.changes[1] and 1 or 0 end },
}

local function prometheus(results)
  local lines = {}
  for _, gauge in ipairs(gauges) do
    lines[#lines + 1] = ("# HELP %s %s\n# TYPE %s gauge"):format(gauge[1], gauge[2], gauge[1])
    for _, result in ipairs(results) do
      local value = gauge[3](result)
      if value then lines[#lines + 1] = ('%s{target="%s"} %d'):format(gauge[1], label(result.target), value) end
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

local function plain(results)
  local list = output.list()
  for i, result in ipairs(results) do
    local copy = {}
    for name, value in pairs(result) do copy[name] = value end
    copy.error, copy.changes = result.error and output.error(result.error), output.list(result.changes)
    list[i] = copy
  end
  return list
end

local function only_changes(results)
  local list = {}
  for _, result in ipairs(results) do
    if result.changes[1] or result.status ~= "ok" then list[#list + 1] = result end
  end
  return list
end

local function deliver(args, out, text)
  if not args.output then
    out:write(text)
    return true
  end
  return core.write_file(args.output, text, tonumber("644", 8), true)
end

local function hooks(args, out, results)
  local fine = true
  for _, result in ipairs(results) do
    if result.changes[1] then
      local code, err = core.run(args.on_change, result.target, table.unpack(result.changes))
      if code ~= 0 then
        fine = false
        out:note(("bearssl: %s: %s"):format(output.clean(args.on_change), err and output.lines(err)[1]
          or "exit status " .. code))
      end
    end
  end
  return fine
end

local function code_of(args, results)
  for _, result in ipairs(results) do
    if (levels[result.status] or 0) >= levels[args.fail_on] then return status.finding end
  end
  return status.ok
end

local function list_of(args)
  local list = {}
  for _, word in ipairs(args.targets) do
    local ok, err = add(list, word)
    if not ok then return nil, core.error { code = "option", message = err, side = "local" } end
  end
  return list
end

function verb.run(args, out)
  local list, err = list_of(args)
  local results
  if list then
    results, err = watch.look(list, {
      state = args.state, warn_days = args.warn, critical_days = args.critical, concurrency = args.concurrency,
      timeout = args.timeout, trust = args.ca[1] and args.ca or nil,
    })
  end
  if not results then
    out:fail(err)
    return status.of(err, status.file)
  end
  local shown = args.changes and only_changes(results) or results
  local ok = true
  if out.wants_json then
    out:json { results = plain(shown), summary = summary(results) }
  else
    ok, err = deliver(args, out, args.prometheus and prometheus(shown) or table_of(shown, out))
  end
  if not ok then
    out:fail(err)
    return status.file
  end
  local fine = not args.on_change or hooks(args, out, results)
  return fine and code_of(args, results) or status.finding
end

return verb
