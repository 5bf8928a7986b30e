-- SPDX-License-Identifier: MIT
-- bearssl doctor [TARGET]: what this machine's TLS looks like from here.
local examine = require "bearssl.doctor".examine
local options = require "bearssl.command.options"
local output = require "bearssl.command.output"
local status = require "bearssl.command.status"
local targets = require "bearssl.command.target"

local doctor = {
  summary = "Look at this machine: libraries, trust store, clock, engine.",
  description = "Shows versions of libraries, accelerations in use, the trust store and its age, clock, entropy, and"
    .. " which engine a connection gets and why; with a target, what it negotiates and how far its clock is.",
}

function doctor.setup(parser)
  parser:argument "TARGET":target "target":args "?":convert(targets.server)
    :description "A server to connect to: host, host:port, URL, [v6]:port."
  options.common(parser)
  options.protocol(parser)
end

local marks = { ok = "good", warning = "warn", error = "bad" }

local function print_report(report, out)
  local width = out.width - 25
  for _, each in ipairs(report.checks) do
    out:print(("%s  %-13s  %s"):format(out:style(("%-7s"):format(each.status), marks[each.status]), each.name,
      output.wrap(output.clean(each.text), width, (" "):rep(24))))
    if each.remedy then out:print((" "):rep(24) .. output.wrap("-> " .. each.remedy, width, (" "):rep(27))) end
  end
end

local function worst_of(report)
  for _, each in ipairs(report.checks) do
    if each.status ~= "ok" then return status.finding end
  end
  return status.ok
end

function doctor.run(args, out)
  local sock, err, code
  if args.target then sock, err, code = options.connect(args, args.target) end
  local report = examine {
    config = options.config(args), socket = sock, name = args.target and (args.name or args.target.name),
  }
  if sock then sock:close() end
  if args.target and not sock then
    report.checks[#report.checks + 1] = { name = "target", status = "error", text = output.lines(err)[1],
      remedy = type(err) == "table" and err.hint or nil }
    report.error = output.error(err)
  end
  if out.wants_json then
    report.accelerations = output.list(report.accelerations)
    out:json(report)
  else
    print_report(report, out)
  end
  return code or worst_of(report)
end

return doctor
