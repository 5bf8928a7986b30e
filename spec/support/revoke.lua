-- Certificates, CRLs and OCSP responses under the test PKI, made by bearssl.mkcert in a folder that goes with the
-- process; and what `openssl ocsp`, as a responder, is given and says.
--
--   revoke.issue(name, { issuer = "p256-intermediate", serial = hexadecimal, ... })
--                              a certificate with a key of its own: { certificate, key } (paths), issued; for CN=name.
--                              Other options are those of mkcert's authority:issue
--   revoke.crl { issuer = "p256-intermediate", entries = { { serial = "0A", reason = "key_compromise" } }, ... }
--                              a CRL of 2025, PEM text; the issuer may be what revoke.issue gave. Other options are
--                              those of authority:crl
--   revoke.ocsp(certificate, { issuer = "p256-intermediate", revoked = true, responder = what revoke.issue gave, ... })
--                              a response, DER; the certificate, or its serial number in hexadecimal. Other options are
--                              those of authority:ocsp
--   revoke.late                a time that is far away
--   revoke.file(text)          path of a file that holds the text
--   revoke.index(entries)      path of an index of `openssl ca` with them, for `openssl ocsp`
--   revoke.openssl(args)       what `openssl ocsp` prints
local hex = require "bearssl.hex"
local keys = require "bearssl.key"
local mkcert = require "bearssl.mkcert"
local x509 = require "bearssl.x509"
local pki = require "spec.support.pki"

local revoke = { late = 2493072000 } -- 2049-01-01

local IN_2025, IN_2026, NOON <const> = 1735689600, 1767225600, 1735732800

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1 </dev/null"))
  local out = pipe:read "a"
  if not pipe:close() then error(command .. "\n" .. out, 3) end
  return out
end

local dir = run("mktemp -d"):match "%C+"
local count = 0
revoke.folder = setmetatable({}, { __gc = function() os.execute("rm -r " .. dir) end })

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
  return path
end

function revoke.file(text)
  count = count + 1
  return write(("%s/%d"):format(dir, count), text)
end

-- The options that are not in `own`.
local function without(options, own)
  local rest = {}
  for name, value in pairs(options) do
    if not own[name] then rest[name] = value end
  end
  return rest
end

local function authority(issuer)
  local path = type(issuer) ~= "table" and pki.dir .. "/" .. (issuer or "p256-intermediate")
  return assert(mkcert.authority {
    certificate = assert(x509.load(path and path .. ".pem" or issuer.certificate))[1],
    key = assert(keys.load(path and path .. ".key" or issuer.key)),
  })
end

function revoke.issue(name, what)
  local options = without(what, { issuer = true })
  options.subject = options.subject or "CN=" .. name
  options.serial = options.serial and hex.octets(options.serial)
  options.days = options.days or 30
  local issued = assert(authority(what.issuer):issue(options))
  local path = ("%s/%s"):format(dir, name)
  assert(issued.key:save(path .. ".key", true))
  return { certificate = write(path .. ".pem", issued.certificate:pem()), key = path .. ".key", issued = issued }
end

function revoke.crl(what)
  local issuer = authority(what.issuer)
  for _, entry in ipairs(what.entries or {}) do
    local serial = hex.octets(entry.serial)
    if entry.reason == "remove_from_crl" then issuer:revoke(serial, { reason = "certificate_hold", time = NOON }) end
    issuer:revoke(serial, { reason = entry.reason, time = NOON })
  end
  local options = without(what, { issuer = true, entries = true })
  options.this_update, options.next_update = options.this_update or IN_2025, options.next_update or IN_2026
  return assert(issuer:crl(options)).pem
end

function revoke.ocsp(certificate, what)
  what = what or {}
  local issuer = authority(what.issuer)
  if type(certificate) == "string" then certificate = hex.octets(certificate) end
  if what.revoked then issuer:revoke(certificate, { reason = what.reason, time = NOON }) end
  local options = without(what, { issuer = true, revoked = true, reason = true })
  options.responder = options.responder and options.responder.issued
  return assert(issuer:ocsp(certificate, options))
end

-- Words of `openssl ca`: "keyCompromise".
function revoke.index(entries)
  local lines = {}
  for i, entry in ipairs(entries) do
    local revoked = entry.good and "" or ("%s%s"):format("250101120000Z", entry.reason and "," .. entry.reason or "")
    lines[i] = ("%s\t491231235959Z\t%s\t%s\tunknown\t/CN=%d\n"):format(entry.good and "V" or "R", revoked,
      entry.serial, i)
  end
  return revoke.file(table.concat(lines))
end

function revoke.openssl(args)
  return run("openssl ocsp " .. args)
end

return revoke
