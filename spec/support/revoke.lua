-- CRLs and OCSP responses of the test PKI, made by the openssl command in a folder that goes with the process.
--
--   revoke.crl { issuer = "p256-intermediate", entries = { { serial = "0A", reason = "keyCompromise" } },
--                number = 7, from = "20250101000000Z", to = "20260101000000Z", digest = , extensions = }
--                              a CRL, PEM text; the issuer may be what revoke.issue gave
--   revoke.index(entries)      path of an index of `openssl ca` with them
--   revoke.issue(name, { issuer =, extensions =, days =, serial = hexadecimal })
--                              a certificate with a key of its own: { certificate, key }
--   revoke.ocsp(args)          what `openssl ocsp` prints
--   revoke.file(text)          path of a file that holds the text
local pki = require "spec.support.pki"

local revoke = {}

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1 </dev/null"))
  local out = pipe:read "a"
  if not pipe:close() then error(command .. "\n" .. out, 3) end
  return out
end

local dir = run("mktemp -d"):match "%C+"
local count = 0
revoke.folder = setmetatable({}, { __gc = function() os.execute("rm -r " .. dir) end })

function revoke.file(text)
  count = count + 1
  local path = ("%s/%d"):format(dir, count)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
  return path
end

function revoke.index(entries)
  local lines = {}
  for i, entry in ipairs(entries) do
    local revoked = entry.good and "" or ("%s%s"):format(entry.at or "250101120000Z",
      entry.reason and "," .. entry.reason or "")
    lines[i] = ("%s\t491231235959Z\t%s\t%s\tunknown\t/CN=%d\n"):format(entry.good and "V" or "R", revoked,
      entry.serial, i)
  end
  return revoke.file(table.concat(lines))
end

function revoke.crl(what)
  local issuer = type(what.issuer) == "string" and pki.dir .. "/" .. what.issuer
  local certificate = issuer and issuer .. ".pem" or what.issuer.certificate
  local key = issuer and issuer .. ".key" or what.issuer.key
  local configuration = revoke.file(([[
[ca]
default_ca = test
[test]
database = %s
crlnumber = %s
crl_extensions = crl
[crl]
authorityKeyIdentifier = keyid
%s
]]):format(revoke.index(what.entries or {}), revoke.file(("%04X\n"):format(what.number or 1)), what.extensions or ""))
  return run(("openssl ca -gencrl -config %s -cert %s -keyfile %s -md %s -crl_lastupdate %s -crl_nextupdate %s")
    :format(configuration, certificate, key, what.digest or "sha256", what.from or "20250101000000Z",
      what.to or "20260101000000Z")):match "%-%-%-%-%-BEGIN.*"
end

function revoke.issue(name, what)
  local path = ("%s/%s"):format(dir, name)
  local issuer = pki.dir .. "/" .. (what.issuer or "p256-intermediate")
  run(("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -subj '/CN=%s' -out %s.csr")
    :format(path, name, path))
  run(("openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -days %d %s -extfile %s -out %s.pem"):format(path, issuer,
    issuer, what.days or 30, what.serial and "-set_serial 0x" .. what.serial or "", revoke.file(what.extensions), path))
  return { certificate = path .. ".pem", key = path .. ".key" }
end

function revoke.ocsp(args)
  return run("openssl ocsp " .. args)
end

return revoke
