-- SPDX-License-Identifier: MIT
-- bearssl pin: the pins of a server's keys, the steps of a rotation, and whether a set of pins holds.
local core = require "bearssl.core"
local options = require "bearssl.command.options"
local output = require "bearssl.command.output"
local path = require "bearssl.command.pin.path"
local pins = require "bearssl.pins"
local status = require "bearssl.command.status"
local targets = require "bearssl.command.target"

local DAY = 86400

local pin = {
  summary = "Pins of keys: show them, plan a rotation, check a set.",
  description = "Shows the pins of the certificates of a server or a file (pin TARGET is pin show TARGET); plans how a"
    .. " pinned key is changed without locking anybody out; checks a set of pins against servers, and says what breaks"
    .. " when.",
}

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
  if not select(2, pins.read { text, backup = false }) then return text end
  return nil, ("a pin is wanted, sha256// and base64, not '%s'"):format(output.clean(text))
end

function pin.setup(parser)
  parser:command_target "what":require_command(true)
  local show = parser:command "show":summary "The pins of each certificate, and a table for Lua."
  show:argument "TARGET":target "target":convert(targets.parse):description "A server, or a file of certificates."
  options.common(show)
  local plan = parser:command "plan":summary "The dated steps of a rotation; the backup key is made if it is missing."
  plan:argument "TARGET":target "target":convert(targets.parse):description "Whose key is in use: a server or a file."
  plan:option "--backup":argname "FILE":count(1)
    :description "The next key; it is made if it is not there (mode 0600). Or the pin of one that lies elsewhere."
  plan:option "--kind":argname "KIND":default "P-256":show_default(true):description "Of a key that is made."
  plan:option "--change":argname "DATE":count(1):convert(date):description "When the key changes: 2027-01-31."
  plan:option "--added":argname "DATE":convert(date):description "Since when the set has had the next key's pin."
  plan:option "--max-age":argname "DAYS":convert(options.number(1, 3650)):default "60":show_default(true)
    :description "How long a client may go on with an old set."
  options.common(plan)
  local check = parser:command "check":summary "Does a set of pins hold, and until when?"
  check:argument "TARGET":target "targets":args "+":convert(targets.parse):description "Servers, or files."
  check:option "--pin":argname "PIN":count "+":convert(a_pin):description "A pin of the set. May be repeated."
  options.common(check)
end

local own = { show = true, plan = true, check = true, ["-h"] = true, ["--help"] = true }

-- `pin TARGET` is `pin show TARGET`; the verb stands at `i`.
function pin.rewrite(argv, i)
  local word = argv[i + 1]
  if not word or own[word] then return argv end
  local longer = table.move(argv, 1, #argv, 1, {})
  table.insert(longer, i + 1, "show")
  return longer
end

local function show(args, out)
  local chain, err, code = path.of(args, args.target)
  if not chain then return nil, err, code end
  local list = output.list()
  for i, certificate in ipairs(chain) do
    list[i] = { pin = certificate.pin, subject = tostring(certificate.subject), role = path.role(i, certificate),
      not_after = certificate.not_after_text }
  end
  if out.wants_json then
    out:json { certificates = list }
    return status.ok
  end
  for _, each in ipairs(list) do
    out:print(("%s  %s, until %s"):format(each.pin, output.clean(each.subject), each.not_after:sub(1, 10)))
  end
  out:print "\npins = {"
  for i = 1, math.min(2, #list) do out:print(('  "%s", -- %s'):format(list[i].pin, output.clean(list[i].subject))) end
  out:print "  -- and a backup: bearssl pin plan\n}"
  return status.ok
end

-- A set that no client takes is checked for none.
local function check(args, out)
  local set = table.move(args.pin, 1, #args.pin, 1, { backup = false })
  local _, wrong = pins.read(set)
  if wrong then
    return nil, core.error { code = "option", side = "local", message = "--pin: " .. wrong }, status.usage
  end
  return require "bearssl.command.pin.check"(args, out)
end

local function plan(args, out)
  return require "bearssl.command.pin.plan"(args, out)
end

local uses = { show = show, plan = plan, check = check }

function pin.run(args, out)
  local code, err, why = uses[args.what](args, out)
  if code then return code end
  out:fail(err, args.target and args.target.text)
  return why or status.of(err)
end

return pin
