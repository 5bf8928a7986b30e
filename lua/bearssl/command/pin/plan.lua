-- SPDX-License-Identifier: MIT
-- bearssl pin plan: the dated steps of a rotation. Days are of UTC; what happens on a day happens when it ends, where
-- that is the worse, and when it begins where that is.
local core = require "bearssl.core"
local keys = require "bearssl.key"
local mkcert = require "bearssl.mkcert"
local output = require "bearssl.command.output"
local path = require "bearssl.command.pin.path"
local pins = require "bearssl.pins"
local status = require "bearssl.command.status"

local DAY, OTHERS = 86400, tonumber("077", 8)

local function day(t) return os.date("!%Y-%m-%d", t) end

-- The first day that begins no sooner.
local function day_from(t) return day(-(-t // DAY) * DAY) end

local function wrong_option(message)
  return core.error { code = "option", side = "local", message = message }
end

local function make_key(args)
  local ok, key, err = pcall(mkcert.key, args.kind)
  if not ok then return nil, wrong_option((tostring(key):gsub("^.-: ", ""))) end
  if not key then return nil, err end
  local saved
  saved, err = key:save(args.backup)
  if saved then return key, nil, true end
  if core.file_stamp(args.backup) then return keys.load(args.backup) end -- another run was first
  return nil, err
end

-- The next key: a pin, where it lies elsewhere, or a file; made where there is none.
local function next_key(args)
  if args.backup:find "^sha256//" then
    local _, wrong = pins.read { args.backup, backup = false }
    if wrong then return nil, wrong_option("--backup: " .. wrong) end
    return { pin = args.backup }
  end
  if core.file_stamp(args.backup) then return keys.load(args.backup) end
  return make_key(args)
end

local function new_steps()
  local list = output.list()
  local function step(when, text)
    list[#list + 1] = { date = when and (type(when) == "string" and when or day(when)) or "now", text = text }
  end
  return list, step
end

-- What is to be said of the next key before all else; true: it is a finding.
local function about_key(args, step, made)
  if made then step(nil, ("the next key was made: %s; keep a copy of it elsewhere"):format(args.backup)) end
  local kind, mode = core.file_kind(args.backup)
  local open = kind == "file" and mode & OTHERS ~= 0
  if open then step(nil, ("%s can be read by others: chmod 600, or make another key"):format(args.backup)) end
  return open
end

-- The key in use is not the next one yet.
local function before_change(args, found, leaf, step, now)
  local overdue, gone = now >= args.change + DAY, day_from(args.change + DAY + args.max_age * DAY)
  local change = args.change
  if overdue then
    step(nil, ("the key was to change on %s and has not: change it now, if the set has had the next key's pin since %s,"
      .. " or plan another day"):format(day(args.change), day(now - args.max_age * DAY)))
  elseif found.late then
    change = math.max(change, found.safe_change)
    step(nil, ("the next key's pin should be in the set since %s: who has an older set is locked out at the change; the"
      .. " change is safe from %s on"):format(day(found.add_by), day_from(found.safe_change)))
  elseif not args.added then
    step(found.add_by, "when this day begins, the set must have the next key's pin")
  end
  if leaf.not_after < change then
    step(leaf.not_after, "the certificate of the key in use ends: renew it for the same key, or change the key sooner")
  end
  if not overdue then
    step(args.change, ("the key changes: the server shows a certificate for %s"):format(args.backup))
    step(gone, "the old key's pin may go, and the key; its place has a new backup")
  end
  return found.late or overdue
end

-- The key in use is the next one; the set needs a backup again.
local function after_change(args, step, now)
  local gone = args.change + DAY + args.max_age * DAY
  step(args.change, ("the key was to change, and has: the server shows %s"):format(args.backup))
  if now < gone then
    step(day_from(gone), "the old key's pin may go, and the key; its place has a new backup")
    return false
  end
  step(nil, "the old key's pin may go, and the key; the set has no backup then: plan the next rotation")
  return true
end

local function by_date(steps)
  for i = 2, #steps do -- few, and those of one day stay in their order
    local j = i
    while j > 1 and steps[j].date ~= "now" and steps[j - 1].date ~= "now" and steps[j].date < steps[j - 1].date do
      steps[j], steps[j - 1] = steps[j - 1], steps[j]
      j = j - 1
    end
  end
  return steps
end

local function show(out, steps, set, more)
  for _, each in ipairs(steps) do out:print(("%-10s  %s"):format(each.date, output.clean(each.text))) end
  out:print "\nthe set for now:\npins = {"
  for _, each in ipairs(set) do out:print(('  "%s", -- %s'):format(each.pin, each.note)) end
  if more then out:print("  -- " .. more) end
  out:print "}"
end

local function tell(out, facts, set, more)
  local list = output.list()
  for i, each in ipairs(set) do list[i] = each.pin end
  if out.wants_json then
    out:json { steps = facts.steps, pins = list, phase = facts.phase, late = facts.late }
  else
    show(out, facts.steps, set, more)
  end
  return facts.bad and status.finding or status.ok
end

local function changed(args, out, key, now)
  if now < args.change then
    return nil, wrong_option(args.backup .. ": this is the key in use; a backup is another one"), status.usage
  end
  local steps, step = new_steps()
  local done = after_change(args, step, now)
  local bad = about_key(args, step) or done
  return tell(out, { steps = by_date(steps), phase = done and "done" or "overlap", late = false, bad = bad },
    { { pin = key.pin, note = "the key in use" } },
    done and "and a new backup" or "the old key's pin, and a new backup")
end

-- args, out -> the exit status | nil, err, the exit status
return function(args, out)
  local chain, err, code = path.of(args, args.target)
  if not chain then return nil, err, code end
  local now, leaf = os.time(), chain[1]
  if args.added and args.added > now then
    return nil, wrong_option "--added: the day on which the set got the pin has not come yet", status.usage
  end
  local key, wrong, made = next_key(args)
  if not key then return nil, wrong, status.of(wrong, status.file) end
  if key.pin == leaf.pin then return changed(args, out, key, now) end
  local found = pins.rotation { current = leaf.pin, next = key.pin, change = args.change, max_age = args.max_age * DAY,
    added = args.added and args.added + DAY, now = now }
  local steps, step = new_steps()
  local bad = about_key(args, step, made)
  bad = before_change(args, found, leaf, step, now) or bad
  local phase = found.phase == "done" and "overlap" or found.phase -- as long as the old key is in use, its pin stays
  return tell(out, { steps = by_date(steps), phase = phase, late = found.late, bad = bad },
    { { pin = leaf.pin, note = "the key in use" }, { pin = key.pin, note = "the next key" } })
end
