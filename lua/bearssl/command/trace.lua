-- SPDX-License-Identifier: MIT
-- bearssl trace TARGET: a handshake as a ladder, message by message, on the terminal or as a page.
local core = require "bearssl.core"
local options = require "bearssl.command.options"
local output = require "bearssl.command.output"
local status = require "bearssl.command.status"
local summary = require "bearssl.trace.summary"
local targets = require "bearssl.command.target"
local trace = require "bearssl.trace"

local verb = {
  summary = "Show a handshake, message by message.",
  description = "Shows a handshake as a ladder: every message with its direction, bytes and time, what it carried, what"
    .. " was decided, and what it is for; where it fails, the cause and the remedy.",
}

function verb.setup(parser)
  parser:argument "TARGET":target "target":args "?"
    :description("host, host:port, URL or [v6]:port; with --from-server where to listen, 127.0.0.1 and any port"
      .. " by default.")
  parser:mutex(
    parser:flag "--compare":description "TLS 1.3, then TLS 1.2 beside it.",
    parser:flag "--resume":description "In full, then with the session of the first time.",
    parser:flag "--early-data":description "Likewise, with a HEAD request as early data (0-RTT).",
    parser:flag "--from-server":description "Be the server of one connection; needs --cert, and --key.")
  parser:option "--engine":choices { "native", "bear" }:description "Whose engine: ours, or BearSSL's (up to TLS 1.2)."
  parser:flag "--all":description "Every field in full."
  parser:flag "--bytes":description "The bytes of each message, too."
  parser:option "--html":argname "FILE":description "Write a page that can be sent to others; - for standard output."
  parser:option "--svg":argname "FILE":description "Write a drawing; - for standard output."
  options.common(parser)
  options.protocol(parser)
end

-- Whether the terminal shows more than ASCII (POSIX, XBD 8.2).
local function is_ascii()
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local locale = os.getenv(name)
    if locale and locale ~= "" then return not locale:upper():find "UTF%-?8" end
  end
  return true
end

local function wrong(out, message)
  out:note("bearssl: " .. message)
  return status.usage
end

-- What does not go together; nil where all does.
local function objection(args)
  if not args.from_server and not args.target then return "a target is missing" end
  if args.from_server and not args.cert then return "--from-server needs --cert, and --key where it is not in there" end
  for _, name in ipairs { "html", "svg" } do
    if args[name] == "" then return ("--%s: a file is missing"):format(name) end
  end
  if (args.html == "-" or args.svg == "-") and (args.json or args.html == args.svg) then
    return "standard output holds one document"
  end
  if args.compare and (args.min_version or args.max_version or args.cipher_suites or args.engine) then
    return "--compare has versions, cipher suites and engine of its own"
  end
  if args.early_data and (args.engine == "bear" or args.max_version and args.max_version ~= "1.3") then
    return "--early-data needs TLS 1.3"
  end
  for _, name in ipairs { "connect", "starttls", "name", "insecure" } do
    if args.from_server and args[name] then return ("--%s is for clients"):format(name) end
  end
end

local function head_request(host)
  return ("HEAD / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"):format(host)
end

-- The reports; or nil, an error and the exit status.
local function of_client(args, target)
  local max = args.max_version or args.engine == "bear" and "1.2" or "1.3"
  local more = { max_version = max, engine = args.engine }
  local config, err, code = options.client(args, more)
  if not config then return nil, err, code end
  local given = options.config(args, more)
  local address, port, starttls = options.place(args, target)
  given.name, given.address, given.starttls, given.timeout = args.name or target.name, address, starttls, args.timeout
  local reports
  if args.compare then
    given.max_version = nil
    reports, err = trace.compare(target.host, port, given)
  elseif args.resume or args.early_data then
    given.early_data = args.early_data and head_request(target.host) or nil
    reports, err = trace.resume(target.host, port, given)
  else
    reports, err = trace.connect(target.host, port, given)
  end
  if not reports then return nil, err, status.file end
  return reports.items and { reports } or reports
end

local function listen(args)
  local host, port = "127.0.0.1", 0
  if args.target then
    local target, err = targets.server(args.target)
    if not target then return nil, err end
    host, port = target.host, target.explicit_port and target.port or 0
  end
  return require "socket".bind(host, port)
end

local answer = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis handshake was traced.\n"

-- An interrupt is noticed between two waits.
local function accept(listener)
  local tcp, err
  listener:settimeout(0.25)
  repeat tcp, err = listener:accept() until tcp or err ~= "timeout"
  return tcp, err
end

-- What accepts the connection; or nil, an error and the exit status.
local function server_of(given)
  local ok, server, err = pcall(require "bearssl.trace.server".new, given)
  if ok then return server, err, status.file end
  if type(server) ~= "string" then error(server, 0) end
  local message = server:gsub("^.-bearssl%.server: ", "")
  return nil, core.error { code = "option", message = message, side = "local" }, status.usage
end

local function of_server(args, out)
  local given = { certificate = args.cert, key = args.key or args.cert, timeout = args.timeout, answer = answer,
    engine = args.engine, max_version = args.max_version or args.engine == "bear" and "1.2" or "1.3" }
  for _, name in ipairs { "min_version", "cipher_suites", "groups", "signature_schemes", "alpn" } do
    given[name] = args[name]
  end
  if args.ca and args.ca[1] then given.client_auth, given.client_trust = "require", args.ca end
  local server, err, code = server_of(given)
  if not server then return nil, err, code end
  local listener
  listener, err = listen(args)
  if not listener then return nil, err, status.connect end
  local host, port = listener:getsockname()
  out:note(("listening on %s port %d for one connection"):format(host, port))
  local tcp
  tcp, err = accept(listener)
  listener:close()
  if not tcp then return nil, err, status.connect end
  return { server:accept(tcp) }
end

local MODE = 420 -- rw-r--r--

-- Files for --html and --svg, whole or not at all; nil, an error and the exit status where one cannot be written.
local function write_files(args, reports, out)
  for _, name in ipairs { "html", "svg" } do
    local path = args[name]
    if path == "-" then
      out:write(trace[name](reports))
    elseif path then
      local ok, err = core.write_file(path, trace[name](reports), MODE, true)
      if not ok then return nil, err, status.file end
      if not args.json then out:note(("wrote %s"):format(output.clean(path))) end
    end
  end
  return true
end

local function show(args, reports, out)
  if args.html == "-" or args.svg == "-" then return end
  if args.json then return out:json(trace.value(reports)) end
  if args.html or args.svg then
    for _, report in ipairs(reports) do
      local label = report.label and report.label .. ": " or ""
      for _, line in ipairs(summary.verdict(report)) do out:print(label .. line) end
    end
    return
  end
  out:write(trace.text(reports, {
    width = out.width, ascii = is_ascii(), all = args.all, octets = args.bytes,
    style = function(text, kind) return out:style(text, kind) end,
  }))
end

-- The status that the reports mean: of several, one that worked is enough to compare; to resume, both have to.
local function status_of(args, reports)
  local worst = status.ok
  for _, report in ipairs(reports) do
    if report.connected and args.compare then return status.ok end
    if not report.connected and worst == status.ok then
      worst = report.connect_failed and status.connect or status.of(report.error, status.handshake)
    end
  end
  local alone = (args.resume or args.early_data) and #reports == 1
  return worst == status.ok and alone and status.finding or worst
end

function verb.run(args, out)
  local message = objection(args)
  if message then return wrong(out, message) end
  local reports, err, code
  if args.from_server then
    reports, err, code = of_server(args, out)
  else
    local target
    target, err = targets.server(args.target)
    if not target then return wrong(out, output.clean(err)) end
    reports, err, code = of_client(args, target)
  end
  if not reports then
    out:fail(err, args.target)
    return code
  end
  local ok
  ok, err, code = write_files(args, reports, out)
  if not ok then
    out:fail(err)
    return code
  end
  show(args, reports, out)
  if (args.resume or args.early_data) and #reports == 1 and reports[1].connected then
    out:note "bearssl: the server left no session to come back with"
  end
  return status_of(args, reports)
end

return verb
