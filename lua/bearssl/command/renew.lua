-- SPDX-License-Identifier: MIT
-- bearssl renew FILE NAME…: a certificate from an ACME server, kept alive in a file.
local acme = require "bearssl.acme"
local core = require "bearssl.core"
local options = require "bearssl.command.options"
local output = require "bearssl.command.output"
local status = require "bearssl.command.status"

local LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"

local renew = {
  summary = "Get a certificate by ACME, and renew it when it is due.",
  description = "Orders a certificate for the names from an ACME server (Let's Encrypt) where FILE has none or it is"
    .. " due, and puts chain and key into FILE at once. To be run daily: most runs have nothing to do.",
}

local function port(text)
  local n = text:find "^%d+$" and math.tointeger(tonumber(text))
  if n and n <= 65535 then return n end
  return nil, ("a port is wanted, not '%s'"):format(output.clean(text))
end

function renew.setup(parser)
  parser:argument "FILE":target "file":description "Chain and key, mode 0600."
  parser:argument "NAME":target "names":args "+":description "Host names, wildcards (--dns-hook), addresses."
  parser:option "--account":argname "FILE":default "account.key":show_default(true)
    :description "The account's key; it is made at the first run."
  parser:option "--directory":argname "URL":default(LETS_ENCRYPT):description "The ACME server's directory."
  parser:option "--contact":argname "MAIL":count "*":description "Whom the server tells of trouble."
  parser:flag "--agree":description "The server's terms of service are agreed to."
  parser:option "--webroot":argname "DIR":description "http-01: the folder that a web server on port 80 serves."
  parser:option "--http":argname "PORT":convert(port):args "?"
    :description "http-01: by a server of its own, on port 80 or another. This one where none is named."
  parser:option "--tls-alpn":argname "PORT":convert(port):args "?"
    :description "tls-alpn-01: by a server of its own, on port 443 or another."
  parser:option "--dns-hook":argname "PROGRAM"
    :description "dns-01: run with add or remove, the TXT record's name and its value."
  parser:option "--bind":argname "ADDR":default "*":description "The address that --http and --tls-alpn listen on."
  parser:option "--kind":argname "KIND":default "P-256":show_default(true):description "Of the certificate's key."
  parser:option "--after":argname "PROGRAM"
    :description "Run with FILE when it was renewed, without a shell; again by the next runs until it succeeds."
  parser:option "--ca":argname "FILE":count "*":description "Trust these certificates for the ACME server."
  parser:flag "--force":description "Renew although it is not due."
  options.json(parser)
end

-- An option whose port may be left out.
local function number(given, otherwise)
  return type(given) == "number" and given or type(given) == "table" and given[1] or otherwise
end

local function responder_of(args)
  if args.webroot then return acme.webroot(args.webroot) end
  if args.dns_hook then return acme.dns(args.dns_hook) end
  if args.tls_alpn then return acme.tls_alpn_server { port = number(args.tls_alpn, 443), host = args.bind } end
  return acme.http { port = number(args.http, 80), host = args.bind }
end

local function contacts(args)
  local list = {}
  for i, mail in ipairs(args.contact) do list[i] = mail:find "^mailto:" and mail or "mailto:" .. mail end
  return list[1] and list or nil
end

local function after(args)
  return args.after and function()
    local code, err = core.run(args.after, args.file)
    if code == 0 then return true end
    return nil, err or core.error { code = "run", message = ("%s: exit status %d"):format(args.after, code),
      side = "local", hint = "it is run again at the next run, until it succeeds" }
  end or nil
end

-- The outcome; or nil, error. What is wrong with an option raises in acme.renew.
local function tried(args, responder)
  local ok, what, info = pcall(acme.renew, {
    file = args.file, names = args.names, account = args.account, directory = args.directory, contact = contacts(args),
    terms_agreed = args.agree or nil, responder = responder, key = args.kind, force = args.force or nil,
    trust = args.ca[1] and args.ca or nil, after = after(args),
  })
  if ok then return what, info end
  if type(what) ~= "string" or not what:find("bearssl.", 1, true) then error(what, 0) end
  return nil, core.error { code = "option", message = (what:gsub("^.-bearssl%.[%w.]+: ", "")), side = "local" }
end

local function tell(args, out, what, info)
  local due = os.date("!%Y-%m-%d", info.due)
  if out.wants_json then
    out:json { outcome = what, file = args.file, not_after = info.certificate.not_after_text, due = due }
  else
    out:print(("%s: %s, valid until %s, due %s"):format(output.clean(args.file), what,
      info.certificate.not_after_text:sub(1, 10), due))
  end
end

local proofs = { "webroot", "http", "tls_alpn", "dns_hook" }

local function one_proof(args)
  local count = 0
  for _, name in ipairs(proofs) do count = count + (args[name] and 1 or 0) end
  return count < 2
end

function renew.run(args, out)
  if not one_proof(args) then
    out:note "bearssl: one of --webroot, --http, --tls-alpn and --dns-hook is wanted, not several"
    return status.usage
  end
  local responder, err = responder_of(args)
  local what, info
  if responder then what, info = tried(args, responder) else info = err end
  if responder and responder.close then responder.close() end
  if not what then
    out:fail(info, args.file)
    return status.of(info, status.finding)
  end
  tell(args, out, what, info)
  if not info.after_error then return status.ok end
  for _, line in ipairs(output.lines(info.after_error)) do out:note("bearssl: " .. line) end
  return status.finding
end

return renew
