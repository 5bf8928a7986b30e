-- SPDX-License-Identifier: MIT
-- bearssl serve [DIR]: a small HTTPS server: the files of a folder, or an echo.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local http = require "bearssl.command.serve.http"
local options = require "bearssl.command.options"
local output = require "bearssl.command.output"
local status = require "bearssl.command.status"
local supervise = require "bearssl.command.supervise"

local GRACE = 5 -- seconds that connections have left when the server ends

local serve = {
  summary = "Serve a folder over HTTPS, or echo what is asked.",
  description = "Serves the files of a folder over HTTPS until it is interrupted; files of certificate and key are read"
    .. " again when they are renewed, or with SIGHUP.",
}

function serve.setup(parser)
  parser:argument "DIR":target "folder":args "?":description "The folder; the current one by default."
  parser:option "--cert":argname "FILE"
    :description "The certificate, its chain behind it; without it one is made for localhost, in memory."
  parser:option "--key":argname "FILE":description "Its private key, where it is not in the same file."
  parser:option "--ca-out":target "ca_out":argname "FILE"
    :description "Without --cert: write the certificate that clients trust."
  parser:option "--name":target "names":argname "NAME":count "*"
    :description "Without --cert: one more name that the certificate is for. May be repeated."
  parser:option "-p --port":argname "N":convert(options.number(0, 65535)):default "8443":show_default(true)
    :description "0: a free one, which is printed."
  parser:option "--bind":argname "ADDR":default "127.0.0.1":show_default(true)
    :description "The address to listen on; * for all of this machine's."
  parser:flag "--echo":description "Answer each request with itself: a body with the body, others with their head."
  parser:option "--client-ca":target "client_ca":argname "FILE":count "*"
    :description "Clients need a certificate of these CAs (mutual TLS). May be repeated."
  parser:flag "--client-optional":description "With --client-ca: those without a certificate are let in, too."
  parser:option "--early-data":argname "BYTES":convert(options.number(0, 1 << 20))
    :description "Take that much with the ClientHello (0-RTT); such a POST is answered with 425."
  parser:option "--ocsp-staple":argname "FILE":description "An OCSP response, DER; by default it is fetched."
  parser:flag "--no-fetch":description "Do not fetch OCSP responses to staple."
  parser:option "--key-log":argname "FILE":description "Append the keys of all connections, for Wireshark."
  parser:flag "-q --quiet":description "Do not print a line for each request."
  options.json(parser)
  options.protocol(parser, { insecure = true })
end

local from_args = { "min_version", "max_version", "cipher_suites", "groups", "signature_schemes", "key_log", "key",
  "ocsp_staple" }

local function options_of(args, events, made)
  local given = {
    host = args.bind, port = args.port, certificate = args.cert or made.certificate, watch = 1,
    alpn = args.alpn or { "http/1.1" }, max_early_data = args.early_data,
    on_error = events.failed, on_reload = events.reloaded, fetch_staple = not args.no_fetch and not args.ocsp_staple,
  }
  for _, name in ipairs(from_args) do given[name] = args[name] end
  if made then given.key = made.key end
  if args.client_ca[1] then
    given.client_trust, given.client_auth = args.client_ca, args.client_optional and "request" or "require"
  end
  return given
end

-- One event: a line of text, or of JSON.
local function say(out, event, fields, text)
  if not out.wants_json then return out:print(text) end
  fields.schema, fields.schema_version, fields.event = "bearssl.serve", 1, event
  out:print(output.encode(fields, { "schema", "schema_version", "event" }, true))
end

local function told_request(out, quiet)
  return function(sock, request)
    if quiet then return end
    local info = sock:info() or {}
    local host, port = sock:getpeername()
    local client = sock:peer_certificates()
    local subject = client and type(client[1]) == "userdata" and tostring(client[1].subject) or nil
    local words = { ("%s:%s"):format(host or "?", port or "?"), info.version or "?", info.cipher_suite or "?" }
    if info.resumed then words[#words + 1] = "resumed" end
    if request.early then words[#words + 1] = "early" end
    if subject then words[#words + 1] = ("<%s>"):format(output.clean(subject)) end
    words[#words + 1] = ('"%s" %d %d'):format(output.clean(request.line), request.status or 0, request.bytes or 0)
    say(out, "request", {
      peer = host, port = port, version = info.version, cipher_suite = info.cipher_suite, resumed = info.resumed,
      early = request.early, client = subject, request = request.line, status = request.status, bytes = request.bytes,
    }, table.concat(words, " "))
  end
end

local function events_of(out)
  return {
    failed = function(err, what, name)
      local text = ("bearssl: %s%s: %s"):format(what, name and " of " .. name or "", output.lines(err)[1])
      if out.wants_json then
        say(out, "error", { about = what, error = output.error(err) })
      else
        out:note(text)
      end
    end,
    reloaded = function() say(out, "renewed", {}, "renewed: the files were read again") end,
  }
end

-- The listener; or nil, an error and the exit status. A mistake in an option raises in bearssl.listen.
local function listen(args, events)
  local made, wrong
  if not args.cert then made, wrong = require "bearssl.command.serve.made"(args) end
  if wrong then return nil, wrong, status.of(wrong, status.file) end
  local ok, server, err = pcall(bearssl.listen, options_of(args, events, made))
  if ok and server then return server end
  if ok then return nil, err, status.of(err, status.connect) end
  if type(server) ~= "string" then error(server, 0) end
  local message = server:gsub("^.-bearssl%.%w+: ", "")
  return nil, core.error { code = "option", message = message, side = "local" }, status.usage
end

local function announce(args, server, out)
  local host, port = server:getsockname()
  local shown = (host == "0.0.0.0" or host == "::" or host == "127.0.0.1") and "localhost"
    or host:find(":", 1, true) and "[" .. host .. "]" or host
  say(out, "listening", { host = host, port = port }, ("listening on https://%s:%d/"):format(shown, port))
  if not args.cert then
    out:note(args.ca_out and "bearssl: clients trust it by " .. output.clean(args.ca_out)
      or "bearssl: its certificate is made for this run: --ca-out FILE writes the one that clients trust")
  end
  if args.key_log then out:note("bearssl: the keys of all connections go to " .. output.clean(args.key_log)) end
end

-- The first signal lets connections end, the second does not wait.
local function on_signal(state)
  return function(name)
    if not state.server then return false end
    if name == "HUP" then
      state.server:reload()
    else
      state.server:close(state.ending and 0 or GRACE)
      state.ending = true
    end
    return true
  end
end

function serve.run(args, out)
  local folder = args.folder or "."
  if not args.echo and select(2, core.file_time(folder)) ~= "folder" then
    out:fail(core.error { code = "file", side = "local", message = folder .. ": this is no folder" })
    return status.file
  end
  local wrong = args.client_optional and not args.client_ca[1] and "--client-optional wants --client-ca FILE"
    or args.key and not args.cert and "--key wants --cert FILE"
    or args.cert and (args.ca_out or args.names[1]) and "--ca-out and --name are for a server without --cert"
  if wrong then
    out:note("bearssl: " .. wrong)
    return status.usage
  end
  out.stdout:setvbuf "line"
  local state = {}
  return supervise(function()
    local server, err, code = listen(args, events_of(out))
    if not server then
      out:fail(err)
      return code
    end
    state.server = server
    announce(args, server, out)
    server:run(http.handler { folder = folder, echo = args.echo or nil, tell = told_request(out, args.quiet) })
    return status.ok
  end, on_signal(state))
end

return serve
