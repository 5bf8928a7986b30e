-- SPDX-License-Identifier: MIT
-- bearssl pin: the pins of a server's keys, the steps of a rotation, and whether a set of pins holds.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local keys = require "bearssl.key"
local mkcert = require "bearssl.mkcert"
local options = require "bearssl.command.options"
local output = require "bearssl.command.output"
local pins = require "bearssl.pins"
local status = require "bearssl.command.status"
local targets = require "bearssl.command.target"

local DAY = 86400

local pin = {
  summary = "Pins of keys: show them, plan a rotation, check a set.",
  description = "Shows the pins of the certificates of a server or a file; plans how a pinned key is changed without"
    .. " locking anybody out; checks a set of pins against servers, and says what breaks when.",
}

local function days(text)
  local n = text:find "^%d+$" and math.tointeger(tonumber(text))
  if n and n >= 1 and n <= 3650 then return n end
  return nil, ("a number of days from 1 to 3650 is wanted, not '%s'"):format(output.clean(text))
end

-- Midnight UTC of a date.
local function date(text)
  local year, month, day = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)$"
  local noon = year and os.time { year = year, month = month, day = day, hour = 12 }
  if not noon or os.date("%Y-%m-%d", noon) ~= text then
    return nil, ("a date is wanted, 2027-01-31, not '%s'"):format(output.clean(text))
  end
  local epoch = os.time { year = 1970, month = 1, day = 1, hour = 12 }
  return (noon - epoch + DAY // 2) // DAY * DAY
end

local function a_pin(text)
  if #text == 52 and text:find "^sha256//[%w+/]+=$" then return text end
  return nil, ("a pin is wanted, sha256// and base64, not '%s'"):format(output.clean(text))
end

function pin.setup(parser)
  parser:command_target "what":require_command(true)
  local show = parser:command "show":summary "The pins of each certificate, and a table for Lua."
  show:argument "TARGET":target "target":convert(targets.parse):description "A server, or a file of certificates."
  options.common(show)
  local plan = parser:command "plan":summary "The dated steps of a rotation; the backup key is made if it is missing."
  plan:argument "TARGET":target "target":convert(targets.parse):description "Whose key is in use: a server or a file."
  plan:option "--backup":argname "FILE":count(1):description "The next key; it is made if it is not there (mode 0600)."
  plan:option "--kind":argname "KIND":default "P-256":show_default(true):description "Of a key that is made."
  plan:option "--change":argname "DATE":count(1):convert(date):description "When the key changes: 2027-01-31."
  plan:option "--max-age":argname "DAYS":convert(days):default "60":show_default(true)
    :description "How long a client may go on with an old set."
  options.common(plan)
  local check = parser:command "check":summary "Does a set of pins hold, and until when?"
  check:argument "TARGET":target "targets":args "+":convert(targets.parse):description "Servers, or files."
  check:option "--pin":argname "PIN":count "+":convert(a_pin):description "A pin of the set. May be repeated."
  options.common(check)
end

local function not_connected(err)
  return nil, err, status.of(err, status.connect)
end

-- The certificates of a file, or of a server, whose chain is verified: the path that pins are about.
local function path_of(args, target)
  if target.file then
    local list, err = bearssl.x509.load(target.file)
    return list, err, status.file
  end
  if not target.host then
    return nil, core.error { code = "option", side = "local", message = "a server or a file is wanted" }, status.usage
  end
  local sock, err, code = options.connect(args, target)
  if not sock then return nil, err, code end
  local chain = sock:verified_chain()
  sock:close()
  if not chain then return not_connected "closed" end
  return chain
end

local function text_of(set, indent)
  local lines = {}
  for i, each in ipairs(set) do lines[i] = ('%s"%s", -- %s'):format(indent, each.pin, each.note) end
  return table.concat(lines, "\n")
end

local function role(i, chain)
  return i == 1 and "leaf" or i == #chain and "root" or "intermediate"
end

local function show(args, out)
  local chain, err, code = path_of(args, args.target)
  if not chain then return nil, err, code end
  local list, set = output.list(), {}
  for i, certificate in ipairs(chain) do
    list[i] = { pin = certificate.pin, subject = tostring(certificate.subject), role = role(i, chain),
      not_after = certificate.not_after_text }
    set[i] = { pin = certificate.pin, note = output.clean(tostring(certificate.subject)) }
  end
  if out.wants_json then
    out:json { certificates = list }
    return status.ok
  end
  for _, each in ipairs(list) do
    out:print(("%s  %s, until %s"):format(each.pin, output.clean(each.subject), each.not_after:sub(1, 10)))
  end
  out:print("\npins = {\n" .. text_of({ set[1], set[2] }, "  ") .. "\n  -- and a backup: bearssl pin plan\n}")
  return status.ok
end

local function day(t) return os.date("!%Y-%m-%d", t) end

-- The next key, made where there is none.
local function next_key(args)
  if core.file_stamp(args.backup) then return keys.load(args.backup) end
  local ok, key, err = pcall(mkcert.key, args.kind)
  if not ok then return nil, core.error { code = "option", message = (key:gsub("^.-: ", "")), side = "local" } end
  if not key then return nil, err end
  local saved
  saved, err = key:save(args.backup)
  return saved and key, err, true
end

local function steps_of(args, plan, made)
  local steps = output.list()
  local function step(when, text) steps[#steps + 1] = { date = when and day(when) or "now", text = text } end
  if made then step(nil, ("the next key was made: %s; keep a copy of it elsewhere"):format(args.backup)) end
  if plan.late then
    step(nil, ("the next key's pin should be in the set since %s: who has an older set is locked out at the change; the"
      .. " change is safe from %s on"):format(day(plan.add_by), day(plan.safe_change)))
  else
    step(plan.add_by, "at the latest, the set has the next key's pin")
  end
  step(args.change, ("the key changes: the server shows a certificate for %s"):format(args.backup))
  step(plan.remove_after, "the old key's pin may go, and the key; its place has a new backup")
  return steps
end

local function plan(args, out)
  local chain, err, code = path_of(args, args.target)
  if not chain then return nil, err, code end
  local key, wrong, made = next_key(args)
  if not key then return nil, wrong, status.of(wrong, status.file) end
  if key.pin == chain[1].pin then
    return nil, core.error { code = "option", side = "local", message = args.backup .. ": this is the key in use" },
      status.usage
  end
  local found = pins.rotation { current = chain[1].pin, next = key.pin, change = args.change,
    max_age = args.max_age * DAY }
  local steps = steps_of(args, found, made)
  if out.wants_json then
    out:json { steps = steps, pins = output.list(found.pins), phase = found.phase, late = found.late }
    return found.late and status.finding or status.ok
  end
  for _, step in ipairs(steps) do out:print(("%-10s  %s"):format(step.date, output.clean(step.text))) end
  local set = {}
  for i, each in ipairs(found.pins) do
    set[i] = { pin = each, note = each == key.pin and "the next key" or "the key in use" }
  end
  out:print("\nthe set for now:\npins = {\n" .. text_of(set, "  ") .. "\n}")
  return found.late and status.finding or status.ok
end

-- What a set means for one path: which certificate holds it, until when, and whether there is a backup.
local function verdict(set, chain)
  local has, holder = {}, nil
  for i, certificate in ipairs(chain) do
    has[certificate.pin] = true
    for _, each in ipairs(set) do
      if not holder and each == certificate.pin then holder = i end
    end
  end
  local backups = 0
  for _, each in ipairs(set) do backups = backups + (has[each] and 0 or 1) end
  if not holder then return { holds = false, backups = backups } end
  local first = chain[holder]
  return { holds = true, by = role(holder, chain), subject = tostring(first.subject), until_date = first.not_after_text,
    backups = backups }
end

local function told(found)
  if not found.holds then return "broken: no certificate of the path has a pin of the set" end
  local text = ("holds by the %s, %s, until %s"):format(found.by, output.clean(found.subject),
    found.until_date:sub(1, 10))
  if found.by == "leaf" then text = text .. "; it breaks with the next key, unless that is one of the set" end
  if found.backups == 0 then text = text .. "; there is no backup: a lost key locks everybody out" end
  return text
end

local function check(args, out)
  local list, worst = output.list(), status.ok
  for i, target in ipairs(args.targets) do
    local chain, err, code = path_of(args, target)
    local found = chain and verdict(args.pin, chain) or { error = output.error(err) }
    found.target, list[i] = target.text, found
    if not chain then
      worst = math.max(worst, code)
      if not out.wants_json then out:fail(err, target.text) end
    else
      if not found.holds or found.backups == 0 then worst = math.max(worst, status.finding) end
      if not out.wants_json then out:print(("%s: %s"):format(output.clean(target.text), told(found))) end
    end
  end
  if out.wants_json then out:json { results = list } end
  return worst
end

local uses = { show = show, plan = plan, check = check }

function pin.run(args, out)
  local code, err, why = uses[args.what](args, out)
  if code then return code end
  out:fail(err, args.target and args.target.text)
  return why or status.of(err)
end

return pin
