-- SPDX-License-Identifier: MIT
-- bearssl cert TARGET...: the certificates of servers and files, whether they verify, what is wrong and what cures it.
local core = require "bearssl.core"
local field = require "bearssl.command.cert.field"
local inspect = require "bearssl.inspect"
local options = require "bearssl.command.options"
local output = require "bearssl.command.output"
local screen = require "bearssl.command.cert.screen"
local status = require "bearssl.command.status"
local targets = require "bearssl.command.target"

local MAX_INPUT = 16 << 20 -- bytes of a file or of standard input

local cert = {
  summary = "Show certificates, whether they verify, and what is wrong with them.",
  description = "Shows the certificates of servers and files, as sent and as verified: names, days left, keys,"
    .. " pins, revocation, and what is wrong and its remedy.",
}

local function count(text)
  local n = text:find "^%d%d?%d?%d?%d?$" and math.tointeger(tonumber(text))
  return n or nil, ("a number is wanted, not '%s'"):format(text)
end

function cert.setup(parser)
  parser:argument "TARGET":target "targets":args "+":convert(targets.parse)
    :description "host, host:port, URL, [v6]:port, a file of PEM or DER, or - for standard input."
  parser:mutex(
    parser:flag "--text":description "All that stands in each certificate, as openssl x509 -text.",
    parser:flag "--pem":description "The certificates in PEM.",
    parser:flag "--der":description "The first certificate in DER.",
    parser:option "--field":argname "NAME":count "*":convert(field.check)
      :description "One fact of it, for scripts: subject, names, days_left, pin, ... May be repeated.")
  parser:option "--index":argname "N":convert(count)
    :description "Of the certificate in this place only; 1 is the first."
  parser:flag "--complete":description "Fetch intermediates that are missing, from where the certificate says."
  parser:flag "--revocation":description "Ask OCSP responders and CRLs, too, and not the staple alone."
  parser:option "--days":argname "N":convert(count):default "30":show_default(true)
    :description "One that expires in less is a finding."
  options.common(parser)
end

local function read_all(file)
  local text, err = file:read(MAX_INPUT + 1)
  if text and #text > MAX_INPUT then return nil, "more than 16 MiB" end
  return text or "", err
end

-- The text of a file or of standard input; or nil and an error.
local function text_of(target)
  local name = target.stdin and "standard input" or target.file
  local file, err = io.stdin, nil
  if not target.stdin then file, err = io.open(target.file, "rb") end
  local text
  if file then text, err = read_all(file) end
  if file and not target.stdin then file:close() end
  if text and not err then return text end
  local reason = tostring(err)
  if reason:sub(1, #name + 2) == name .. ": " then reason = reason:sub(#name + 3) end
  return nil, core.error { code = "file", side = "local", message = reason }
end

local function of_file(target)
  local text, err = text_of(target)
  if not text then return nil, err end
  local list
  list, err = core.x509_parse(text)
  if list then return list end
  err.where = nil -- the target is told anyway
  if text:find "BEGIN CERTIFICATE REQUEST" then err.hint = "bearssl mkcert show tells what a request asks for" end
  if text:find "BEGIN PKCS7" then err.hint = "openssl pkcs7 -print_certs takes the certificates out of it" end
  return nil, err
end

local function inspect_options(args, target, trust)
  return {
    name = args.name or target.name, trust = trust, warn_days = args.days, revocation = args.revocation,
    complete = args.complete, file = not target.host or nil,
  }
end

-- Where the handshake has failed over what was sent, that is what there is to see.
local function look_at_sent(sent, given, err, code)
  local report, wrong = inspect.certificates(sent, given)
  if not report then return nil, wrong, status.certificate end
  report.handshake = err
  for _, each in ipairs(report.findings) do
    if each.code == err.code then return report end
  end
  table.insert(report.findings, 1, { severity = "error", code = err.code,
    message = "the handshake has failed: " .. err.message, remedy = err.hint })
  return report, nil, code
end

-- The report of one target; or nil, an error and the exit status.
local function look(args, target, trust)
  local given = inspect_options(args, target, trust)
  if not target.host then
    local list, err = of_file(target)
    if not list then return nil, err, status.file end
    return inspect.certificates(list, given)
  end
  local sock, err, code, _, sent = options.connect(args, target, { verify = "none" })
  if not sock and sent then return look_at_sent(sent, given, err, code) end
  if not sock then return nil, err, code end
  local report, wrong = inspect.connection(sock, given)
  sock:close()
  return report, wrong, status.certificate
end

-- One store for all targets.
local function load_trust(args)
  if not args.ca or not args.ca[1] then return nil end
  return require "bearssl.store"(args.ca)
end

local function status_of(report, code)
  if report.handshake and code then return code end
  if report.error and not report.bundle then
    for _, each in ipairs(report.findings) do
      if each.severity == "error" then return status.certificate end
    end
  end
  for _, each in ipairs(report.findings) do
    if each.severity ~= "note" then return status.finding end
  end
  return status.ok
end

local function shown(args, report)
  local list = args.complete and report.complete or report.certificates
  if not args.index then return list end
  return { list[args.index] }
end

local printers = {}

function printers.text(args, report, out)
  for _, certificate in ipairs(shown(args, report)) do out:write(certificate:text()) end
end

function printers.pem(args, report, out)
  for _, certificate in ipairs(shown(args, report)) do out:write(certificate:pem()) end
end

function printers.der(args, report, out)
  local certificate = shown(args, report)[1]
  if certificate then out:write(certificate:der()) end
end

function printers.field(args, report, out)
  for i, certificate in ipairs(shown(args, report)) do
    if i > 1 and not args.index then return end
    for _, name in ipairs(args.field) do
      for _, line in ipairs(field.lines(name, certificate, report)) do out:print(output.clean(line)) end
    end
  end
end

local function printer_of(args)
  if args.field[1] then return printers.field end
  return args.text and printers.text or args.pem and printers.pem or args.der and printers.der
end

local function print_one(args, target, report, out)
  local printer = printer_of(args)
  if not printer then return screen(target, report, out, args) end
  if args.index and not shown(args, report)[1] then
    out:note(("bearssl: %s: there is no certificate %d"):format(output.clean(target.text), args.index))
    return status.finding
  end
  printer(args, report, out)
end

local function with_place(args, report)
  local list = output.list()
  for i, certificate in ipairs(report.certificates) do
    if not args.index or args.index == i then
      local summary = inspect.summary(certificate, report.time)
      for name, value in pairs(summary) do
        if type(value) == "table" then summary[name] = output.list(value) end
      end
      summary.pem, summary.place = certificate:pem(), i
      list[#list + 1] = summary
    end
  end
  return list
end

local function chain_of(report)
  local list = output.list()
  for i, certificate in ipairs(report.chain or {}) do
    local found = report.revocation and report.revocation[i] or {}
    list[i] = { subject = tostring(certificate.subject), sha256 = certificate.fingerprints.sha256,
      revocation = { status = found.status or "not_checked", source = found.source, age = found.age,
        problem = found.problem and output.error(found.problem) } }
  end
  return list
end

local function json_of(args, target, report)
  local completed = output.list()
  for i, certificate in ipairs(report.completed or {}) do completed[i] = certificate:pem() end
  return {
    target = target.text, name = report.name, verified = report.verified, undecoded = report.undecoded,
    bundle = report.bundle, handshake = report.handshake and output.error(report.handshake),
    error = report.error and output.error(report.error), stapled = report.stapled,
    connection = report.connection, certificates = with_place(args, report), chain = chain_of(report),
    completed = completed, scts = output.list(report.scts), findings = output.list(report.findings),
  }
end

function cert.run(args, out)
  if args.der and #args.targets > 1 then
    out:note "bearssl: --der gives one certificate: one target is wanted"
    return status.usage
  end
  local trust, wrong = load_trust(args)
  if wrong then
    out:fail(wrong, "--ca")
    return status.of(wrong, status.file)
  end
  local worst, list = status.ok, output.list()
  for i, target in ipairs(args.targets) do
    local report, err, code = look(args, target, trust)
    if out.wants_json then
      list[i] = report and json_of(args, target, report) or { target = target.text, error = output.error(err) }
    elseif report then
      if i > 1 and not printer_of(args) then out:print() end
      worst = math.max(worst, print_one(args, target, report, out) or status.ok)
    else
      out:fail(err, target.text)
    end
    worst = math.max(worst, report and status_of(report, code) or code)
  end
  if out.wants_json then out:json { targets = list } end
  return worst
end

return cert
