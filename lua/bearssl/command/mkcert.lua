-- SPDX-License-Identifier: MIT
-- bearssl mkcert …: an authority in a folder, and what it issues.
local bare = require "bearssl.mkcert.names".bare
local bearssl = require "bearssl"
local core = require "bearssl.core"
local fields = require "bearssl.inspect.fields"
local make = require "bearssl.mkcert"
local options = require "bearssl.command.options"
local output = require "bearssl.command.output"
local pair = require "bearssl.mkcert.pair"
local status = require "bearssl.command.status"

local mkcert = {
  summary = "Make certificates: an authority, servers, clients, requests, CRLs.",
  description = "Makes an authority in a folder, and with it certificates for servers and clients, for tests and for"
    .. " mutual TLS. Keys are readable by their owner alone; no file is replaced unless --replace says so.",
}

local PUBLIC = tonumber("644", 8)
local KINDS = "P-256, P-384, P-521, ed25519, rsa-2048, rsa-3072, rsa-4096, rsa-pss-2048 ..."

local function days(text)
  local n = math.tointeger(tonumber(text))
  if n and n >= 1 and n <= 36500 then return n end
  return nil, ("a number of days from 1 to 36500 is wanted, not '%s'"):format(output.clean(text))
end

local function folder_option(parser)
  parser:option "-d --dir":argname "DIR":default "ca":show_default(true):description "The authority's folder."
  options.json(parser)
end

local function key_options(parser)
  parser:option "--kind":argname "KIND":default "P-256":show_default(true):description("Of key: " .. KINDS)
  parser:flag "--replace":description "Replace files that are there."
end

local function issue_options(parser)
  folder_option(parser)
  key_options(parser)
  parser:option "--days":argname "N":convert(days):default "365":show_default(true):description "How long it is valid."
  parser:option "-o --out":argname "BASE":description "Write BASE.pem and BASE.key; by default the first name's."
  parser:option "--subject":argname "TEXT":description "A name as RFC 4514 has it: CN=example.com,O=Example."
  parser:option "--crl":argname "URI":count "*":description "Where its CRL is to be had."
  parser:option "--ocsp":argname "URI":count "*":description "Where an OCSP responder tells of it."
  parser:option "--ca-issuers":argname "URI":count "*":description "Where its issuer's certificate is to be had."
end

local uses = {}

local function use(parser, name, summary, setup)
  local sub = parser:command(name):summary(summary):description(summary)
  setup(sub)
end

function mkcert.setup(parser)
  parser:command_target "what":require_command(true)
  use(parser, "ca", "Make an authority in a folder.", function(sub)
    folder_option(sub)
    key_options(sub)
    sub:option "--name":argname "TEXT":default "Authority":show_default(true):description "Its name."
    sub:option "--days":argname "N":convert(days):default "3650":show_default(true):description "How long it is valid."
    sub:option "--under":argname "DIR":description "The folder of the authority that issues it; none: a root."
    sub:option "--permit":argname "NAME":count "*":description "It may issue for these names alone; IP:10.0.0.0/8."
  end)
  for _, kind in ipairs { "server", "client" } do
    use(parser, kind, ("Issue a certificate for a %s."):format(kind), function(sub)
      sub:argument "NAME":target "names":args "+":description "Host names, addresses, mail addresses, URIs."
      issue_options(sub)
      sub:flag "--must-staple":description "It demands an OCSP staple (RFC 7633)."
    end)
  end
  use(parser, "ocsp", "Issue a certificate for an OCSP responder.", issue_options)
  use(parser, "sign", "Issue what a request asks for.", function(sub)
    sub:argument "FILE":target "request":description "The request: PKCS#10, PEM or DER."
    issue_options(sub)
    sub:flag "--client":description "For a client; by default for a server."
  end)
  use(parser, "show", "Tell what a request asks for.", function(sub)
    sub:argument "FILE":target "request":description "The request: PKCS#10, PEM or DER."
    options.json(sub)
  end)
  use(parser, "request", "Make a key and a request.", function(sub)
    sub:argument "NAME":target "names":args "+":description "What it is to stand for."
    key_options(sub)
    sub:option "-o --out":argname "BASE":description "Write BASE.csr and BASE.key; by default the first name's."
    sub:option "--subject":argname "TEXT":description "A name as RFC 4514 has it."
    options.json(sub)
  end)
  use(parser, "revoke", "Revoke certificates.", function(sub)
    sub:argument "FILE":target "files":args "+":description "The certificates."
    sub:option "--reason":argname "WORD":description "key_compromise, superseded, cessation_of_operation ..."
    folder_option(sub)
  end)
  use(parser, "crl", "Write a CRL of what was revoked.", function(sub)
    folder_option(sub)
    sub:option "--days":argname "N":convert(days):default "30":show_default(true):description "Until the next one."
    sub:option "-o --out":argname "FILE":default "ca.crl":show_default(true):description "Where; it is replaced."
  end)
  use(parser, "staple", "Write an OCSP response for a certificate.", function(sub)
    sub:argument "FILE":target "file":description "The certificate."
    folder_option(sub)
    sub:option "--days":argname "N":convert(days):default "7":show_default(true):description "Until the next one."
    sub:option "--responder":argname "BASE"
      :description "BASE.pem and BASE.key, of the verb ocsp, sign it; by default the authority does."
    sub:option "-o --out":argname "FILE":description "Where; FILE.ocsp by default; it is replaced."
  end)
end

local function some(list)
  return list and list[1] and list or nil
end

-- Calls of the library that raise on what the user wrote: result; or nil, error.
local function tried(fn, ...)
  local ok, result, err = pcall(fn, ...)
  if ok then return result, err end
  if type(result) ~= "string" or not result:find("bearssl.mkcert", 1, true) then error(result, 0) end
  local message = result:gsub("^.-bearssl%.mkcert[%w.:_ ]-: ", "", 1):gsub("^authority:%a+: ", "")
  return nil, core.error { code = "option", message = message, side = "local" }
end

-- What is made of a request stands beside it; of a name no path is made.
local function base_of(args)
  if args.out then return args.out end
  if args.request then return (args.request:gsub("%.%w+$", "")) end
  return (bare(args.names and args.names[1] or args.what):gsub("[*/:]", "_"))
end

local function write(args, base, key, text, ending)
  local path = base .. ending
  if key then return pair.write({ certificate = path, key = base .. ".key" }, key, text, args.replace) end
  return core.write_file(path, text, PUBLIC, args.replace or false)
end

local function told(out, certificate, files)
  if out.wants_json then
    return out:json {
      files = output.list(files), subject = tostring(certificate.subject), serial = certificate.serial,
      not_before = certificate.not_before_text, not_after = certificate.not_after_text, pin = certificate.pin,
    }
  end
  local who = tostring(certificate.subject)
  local names = certificate.extensions.subject_alt_name
  if who == "" then who = names and names.value and names.value[1] and tostring(names.value[1].value) or "no name" end
  out:print(("%s, until %s"):format(output.clean(who), certificate.not_after_text:sub(1, 10)))
  out:print("  " .. output.clean(table.concat(files, "  ")))
end

-- What the names that an authority is bound to (--permit) do not allow, no client would take.
local function may_issue(authority, issued)
  local anchors, err = bearssl.store { authority.certificate:pem() }
  if not anchors then return nil, err end
  local path, why = anchors:verify(issued.chain, { purpose = "any" })
  if path or why.code ~= "name_constraint" then return true end
  return nil, why
end

local function issue(args, out, given)
  local authority, err = make.open(args.dir)
  if not authority then return nil, err end
  given.days, given.subject = args.days, args.subject
  given.crl, given.ocsp, given.ca_issuers = some(args.crl), some(args.ocsp), some(args.ca_issuers)
  if not given.request then given.key = args.kind end
  local issued
  issued, err = tried(authority.issue, authority, given)
  if not issued then return nil, err end
  local base = base_of(args)
  local ok
  ok, err = may_issue(authority, issued)
  if ok then ok, err = write(args, base, issued.key, issued.pem, ".pem") end
  if not ok then return nil, err end
  told(out, issued.certificate, { base .. ".pem", issued.key and base .. ".key" or nil })
  return true
end

function uses.ca(args, out)
  local issuer, err
  if args.under then
    issuer, err = make.open(args.under)
    if not issuer then return nil, err end
    if issuer.certificate.extensions.basic_constraints.value.path_len_constraint == 0 then
      return nil, core.error { code = "path_length", side = "local", where = "pathLenConstraint",
        message = args.under .. ": it may have no authority below it" }
    end
  end
  local authority
  authority, err = tried(make.create, args.dir, { name = args.name, key = args.kind, days = args.days, issuer = issuer,
    permitted = some(args.permit) }, args.replace)
  if not authority then return nil, err end
  told(out, authority.certificate, { authority.paths.certificate, authority.paths.key })
  return true
end

function uses.server(args, out)
  return issue(args, out, { names = args.names, must_staple = args.must_staple })
end

function uses.client(args, out)
  return issue(args, out, { names = args.names, purpose = "client", must_staple = args.must_staple })
end

function uses.ocsp(args, out)
  args.subject = args.subject or "OCSP responder"
  return issue(args, out, { purpose = "ocsp" })
end

local function read(path)
  local file, why = io.open(path, "rb")
  local text = file and file:read(1 << 20)
  if file then file:close() end
  if text then return text end
  return nil, core.error { code = "file", side = "local", message = why or path .. ": cannot be read" }
end

function uses.sign(args, out)
  local request, err = read(args.request)
  if not request then return nil, err end
  return issue(args, out, { request = request, purpose = args.client and "client" or "server" })
end

function uses.request(args, out)
  local request, err = tried(make.request, { names = args.names, subject = args.subject, key = args.kind })
  if not request then return nil, err end
  local base = base_of(args)
  local ok
  ok, err = write(args, base, request.key, request.pem, ".csr")
  if not ok then return nil, err end
  local files = { base .. ".csr", base .. ".key" }
  if out.wants_json then
    out:json { files = files, pin = request.key.pin }
  else
    out:print(output.clean(table.concat(files, "  ")))
  end
  return true
end

function uses.show(args, out)
  local request, err = bearssl.x509.request.load(args.request)
  if not request then return nil, err end
  if out.wants_json then
    out:json {
      subject = tostring(request.subject), names = output.list(fields.names(request)), key = fields.key(request),
      pin = request.pin, must_staple = fields.must_staple(request),
    }
  else
    out:print((request:text():gsub("\n$", "")))
  end
  return true
end

local function leaf_of(path, authority)
  local chain, err = bearssl.x509.load(path)
  if not chain then return nil, err end
  local is_ours, why = chain[1]:is_issued_by(authority.certificate)
  if is_ours then return chain[1] end
  local ours = authority.certificate.subject
  return nil, core.error { code = "unknown_issuer", side = "local", cause = why.message, message = path .. ": it was "
    .. (chain[1].issuer == ours and "issued by another authority of the name " .. tostring(ours)
      or ("issued by %s, not by %s"):format(chain[1].issuer, ours)) }
end

-- The certificates of all the files, or of none.
local function leaves_of(paths, authority)
  local leaves = {}
  for i, path in ipairs(paths) do
    local leaf, err = leaf_of(path, authority)
    if not leaf then return nil, err end
    leaves[i] = leaf
  end
  return leaves
end

function uses.revoke(args, out)
  local authority, err = make.open(args.dir)
  if not authority then return nil, err end
  local leaves
  leaves, err = leaves_of(args.files, authority)
  if not leaves then return nil, err end
  local serials, what = output.list(), args.reason == "remove_from_crl" and "good again" or "revoked"
  for i, leaf in ipairs(leaves) do
    local ok
    ok, err = tried(authority.revoke, authority, leaf, { reason = args.reason })
    if not ok then return nil, err end
    serials[i] = leaf.serial
    if not out.wants_json then
      out:print(("%s: %s, %s"):format(what, output.clean(tostring(leaf.subject)), leaf.serial))
    end
  end
  if out.wants_json then out:json { revoked = serials } end
  return true
end

function uses.crl(args, out)
  local authority, err = make.open(args.dir)
  if not authority then return nil, err end
  local crl
  crl, err = authority:crl { days = args.days }
  if not crl then return nil, err end
  local ok
  ok, err = core.write_file(args.out, crl.pem, PUBLIC, true)
  if not ok then return nil, err end
  if out.wants_json then
    out:json { files = output.list { args.out }, number = authority.crl_number }
  else
    out:print(("%s: CRL number %d"):format(output.clean(args.out), authority.crl_number))
  end
  return true
end

local function may_sign_ocsp(certificate)
  local purposes = certificate.extensions.ext_key_usage
  for _, purpose in ipairs(purposes and purposes.value or {}) do
    if purpose == "ocsp_signing" then return true end
  end
end

-- What signs instead of the authority: { certificate, key }; none is asked for: nil; or nil, err.
local function responder_of(base, authority)
  if not base then return nil end
  local certificate, err = leaf_of(base .. ".pem", authority)
  if not certificate then return nil, err end
  if not may_sign_ocsp(certificate) then -- RFC 6960 section 4.2.2.2
    return nil, core.error { code = "extended_key_usage", side = "local", message = base
      .. ".pem: it may sign no OCSP response", hint = "bearssl mkcert ocsp makes one that may" }
  end
  local key, ok
  key, err = bearssl.key.load(base .. ".key")
  if not key then return nil, err end
  ok, err = key:matches(certificate)
  if not ok then return nil, err end
  return { certificate = certificate, key = key }
end

function uses.staple(args, out)
  local authority, err = make.open(args.dir)
  if not authority then return nil, err end
  local leaf, responder, response, ok
  leaf, err = leaf_of(args.file, authority)
  if not leaf then return nil, err end
  responder, err = responder_of(args.responder, authority)
  if err then return nil, err end
  response, err = authority:ocsp(leaf, { days = args.days, responder = responder })
  if not response then return nil, err end
  local path = args.out or args.file:gsub("%.%w+$", "") .. ".ocsp"
  ok, err = core.write_file(path, response, PUBLIC, true)
  if not ok then return nil, err end
  if out.wants_json then out:json { files = output.list { path } } else out:print(output.clean(path)) end
  return true
end

function mkcert.run(args, out)
  local ok, err = uses[args.what](args, out)
  if ok then return status.ok end
  if err.code == "file_write" and err.message:find "File exists$" then
    err.hint = err.hint or "it stays, unless --replace says otherwise"
  end
  out:fail(err)
  return status.of(err, status.file)
end

return mkcert
