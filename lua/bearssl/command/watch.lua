-- SPDX-License-Identifier: MIT
-- bearssl watch: many certificates, how long they last, and what has changed since the last run.
local core = require "bearssl.core"
local list = require "bearssl.command.watch.list"
local options = require "bearssl.command.options"
local output = require "bearssl.command.output"
local status = require "bearssl.command.status"
local text = require "bearssl.command.watch.text"
local watch = require "bearssl.watch"

local verb = {
  summary = "Watch many certificates: days left, and what has changed.",
  description = "Asks many servers at a time and tells the most urgent first; with --state also what has changed since"
    .. " the last run. Made for cron: the exit status is 1 where something is as bad as --fail-on says.",
}

local levels = { warning = 1, critical = 2, error = 3, never = 4 }

local function level(word)
  if levels[word] then return word end
  return nil, ("warning, critical, error or never is wanted, not '%s'"):format(output.clean(word))
end

function verb.setup(parser)
  parser:argument "TARGET":target "targets":args "+"
    :description "Servers, certificates, and files with a list of them, one to a line; - is such a list, too."
  parser:option "--state":argname "FILE":description "Remember what was seen, and tell what has changed."
  parser:option "--warn":argname "DAYS":convert(options.number(0, 36500)):default "30":show_default(true)
    :description "What lasts no longer is a warning."
  parser:option "--critical":argname "DAYS":convert(options.number(0, 36500))
    :description "What lasts no longer is critical (default: 7, or as many as of --warn where those are less)."
  parser:option "--fail-on":argname "LEVEL":convert(level):default "warning":show_default(true)
    :description "warning, critical, error or never: what makes the exit status 1."
  parser:option "--concurrency":argname "N":convert(options.number(1, 256)):default "32":show_default(true)
    :description "How many servers are asked at a time."
  parser:option "--ca":argname "FILE":count "*":description "Trust these certificates instead of the system's."
  parser:option "--cert":argname "FILE":description "A client's certificate, for servers that ask for one."
  parser:option "--key":argname "FILE":description "Its private key, where it is not in the same file."
  parser:option "--timeout":argname "SECONDS":convert(options.number(1, 3600)):default "10":show_default(true)
    :description "What one server may take."
  parser:option "--on-change":argname "PROGRAM"
    :description "Run, without a shell, for each target that has changed: its name, and what has changed. With --state."
  parser:option "--hook-timeout":argname "SECONDS":convert(options.number(1, 86400)):default "60":show_default(true)
    :description "What one run of that program may take."
  parser:option "-o --output":argname "FILE":description "Write there, whole or not at all; for a node exporter, say."
  parser:flag "--changes":description "Tell of those alone that have changed or are not well."
  parser:mutex(parser:flag "--prometheus":description "Prometheus' text format.", options.json(parser))
end

local function only_changes(results)
  local some = {}
  for _, result in ipairs(results) do
    if result.changes[1] or result.status ~= "ok" then some[#some + 1] = result end
  end
  return some
end

-- Onto a device or into a FIFO as it is; a link would be replaced, so that it must be named what is meant.
local function deliver(path, out, content)
  if not path or path == "-" then
    out:write(content)
    return true
  end
  local kind = core.file_kind(path)
  if kind == "link" then
    return nil, core.error { code = "file_write", where = "file", side = "local",
      message = path .. ": this is a symbolic link; name the file that it stands for" }
  end
  if kind ~= "other" then return core.write_file(path, content, tonumber("644", 8), true) end
  local file <close>, why = io.open(path, "wb")
  local ok = file
  if file then ok, why = file:write(content) end
  if ok then ok, why = file:close() end
  return ok, why and core.error { code = "file_write", where = "file", side = "local", message = why }
end

-- Runs the program for a result. One that cannot be run, or hangs, is not tried again: the others wait for the next
-- time, as does who it has failed for.
local function hook(args, out, state)
  return function(result)
    if state.broken then return false end
    local code, err = core.run_timed(args.hook_timeout, args.on_change, result.target, table.unpack(result.changes))
    if code == 0 then return true end
    state.failed, state.broken = true, err ~= nil
    out:note(("bearssl: %s: %s"):format(output.clean(args.on_change), err and output.lines(err)[1]
      or ("exit status %d for %s"):format(code, output.clean(result.target))))
    return false
  end
end

local function code_of(args, results)
  for _, result in ipairs(results) do
    if (levels[result.status] or 0) >= levels[args.fail_on] then return status.finding end
  end
  return status.ok
end

local function wrong_in(args)
  if args.on_change and not args.state then return "--on-change: without --state nothing is compared" end
  if args.critical and args.critical > args.warn then return "--critical: more days than those of --warn" end
  if args.key and not args.cert then return "--key: the certificate is missing, --cert" end
end

local function targets_of(args)
  local wrong, found = wrong_in(args), nil
  if not wrong then found, wrong = list.of(args.targets) end
  if found then return found end
  return nil, core.error { code = "option", message = wrong, side = "local" }
end

local function note(out, err)
  for _, line in ipairs(output.lines(err)) do out:note("bearssl: " .. line) end
end

local function report(args, out, results, state_error)
  local shown = args.changes and only_changes(results) or results
  local content = out.wants_json and out:document(text.document(shown, results, state_error))
    or args.prometheus and text.prometheus(shown) or text.lines(shown, out)
  if results.behind then
    out:note(("bearssl: the clock is %d seconds behind the last run: one of them was wrong"):format(results.behind))
  end
  if state_error then note(out, state_error) end
  local ok, err = deliver(args.output, out, content)
  if not ok then note(out, err) end
  return ok and not state_error
end

function verb.run(args, out)
  local targets, err = targets_of(args)
  local hooks, results = {}, nil
  if targets then
    results, err = watch.look(targets, {
      state = args.state, warn_days = args.warn, critical_days = args.critical, concurrency = args.concurrency,
      timeout = args.timeout, trust = args.ca[1] and args.ca or nil, certificate = args.cert, key = args.key,
      on_change = args.on_change and hook(args, out, hooks),
    })
  end
  if not results then
    out:fail(err)
    return status.of(err, status.file)
  end
  if not report(args, out, results, err) then return status.file end
  return hooks.failed and status.finding or code_of(args, results)
end

return verb
