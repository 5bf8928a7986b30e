-- SPDX-License-Identifier: MIT
-- bearssl audit TARGET: what a server supports, and how well.
local audit = require "bearssl.audit"
local options = require "bearssl.command.options"
local progress = require "bearssl.command.audit.progress"
local screen = require "bearssl.command.audit.screen"
local status = require "bearssl.command.status"
local targets = require "bearssl.command.target"

local verb = {
  schema = audit.version,
  summary = "Audit a server: versions, suites, certificates, weaknesses, and a grade.",
  description = "Asks a server what it supports - versions, every cipher suite of IANA, groups, signatures,"
    .. " certificates, resumption - and for the usual weaknesses, and gives findings with remedies and a grade.",
}

local function grade(text)
  for _, known in ipairs(audit.grades) do
    if known:lower() == text:lower() then return known end
  end
  return nil, ("a grade is wanted: %s; not '%s'"):format(table.concat(audit.grades, ", "), text)
end

local servers = { nginx = 1, apache = 1, haproxy = 1, none = 1 }

local function server(text)
  if servers[text] then return text end
  return nil, ("--remedy: nginx, apache, haproxy or none, not '%s'"):format(text)
end

function verb.setup(parser)
  parser:argument "TARGET":target "target":convert(targets.server):description "host, host:port, [v6]:port or URL."
  parser:option "--fail-under":argname "GRADE":convert(grade)
    :description "Exit with 1 where the grade is worse: A+, A, B, C, D, F, or T (not trusted)."
  parser:option "--remedy":argname "SERVER":convert(server)
    :description "Whose configuration remedies are shown in: nginx, apache, haproxy, none. By the answer's Server."
  parser:option "--http-port":argname "PORT":convert(options.number(1, 65535))
    :description "Where HTTP in clear is asked for its redirect (80, where the target's port is 443)."
  parser:option "--concurrency":argname "N":convert(options.number(1, 32)):default "6":show_default(true)
    :description "Connections at a time."
  parser:flag "--no-weaknesses":description "Send nothing that a client would not: no Heartbleed, CCS, ROBOT."
  parser:flag "--no-http":description "Send no request."
  options.common(parser)
end

local function audit_options(args, target, on_progress)
  local starttls = args.starttls or target.starttls
  local given = {
    name = args.name or target.name, starttls = starttls, timeout = args.timeout, concurrency = args.concurrency,
    weaknesses = not args.no_weaknesses, http = not args.no_http and not starttls, http_port = args.http_port,
    certificate = args.cert, key = args.key, on_progress = on_progress,
  }
  if args.no_http then given.http_port = nil end
  if args.ca and args.ca[1] then given.trust = args.ca end
  return given
end

-- Where to connect: --connect, --starttls and the target together.
local function place(args, target)
  local port = target.port
  if args.starttls and not target.explicit_port and not target.scheme then port = targets.port(args.starttls) end
  local other = args.connect
  if not other then return nil, port end
  return other.host, other.explicit_port and other.port or port
end

function verb.run(args, out)
  local target = args.target
  local bar = progress.new(out)
  local given = audit_options(args, target, bar and function(...) bar:show(...) end)
  local port
  given.address, port = place(args, target)
  local report, err = audit.run(target.host, port, given)
  if bar then bar:clear() end
  if not report then
    out:fail(err, target.text)
    return status.of(err, err == "timeout" and status.connect or status.handshake)
  end
  if out.wants_json then out:json(screen.for_json(report)) else screen.show(out, report, args.remedy) end
  if args.fail_under and audit.worse(report.grade, args.fail_under) then return status.finding end
  return status.ok
end

return verb
