-- SPDX-License-Identifier: MIT
-- bearssl cert --field NAME: one fact of a certificate, in lines.
local check = require "bearssl.check"
local inspect = require "bearssl.inspect"

local field = {}

local of_report = {
  verified = function(report) return { report.verified and "yes" or "no" } end,
  error = function(report) return { report.error and report.error.code } end,
  findings = function(report)
    local codes = {}
    for i, each in ipairs(report.findings) do codes[i] = each.code end
    return codes
  end,
  version = function(report) return { report.connection and report.connection.version } end,
  cipher_suite = function(report) return { report.connection and report.connection.cipher_suite } end,
}

local known = { sha384 = true, sha512 = true }
for name in ([[subject issuer serial names role not_before not_after days_left key signature pin sha256 sha1 ca_issuers
    ocsp_urls crl_urls must_staple]]):gmatch "%S+" do
  known[name] = true
end
for name in pairs(of_report) do known[name] = true end

-- For argparse: the name; or nil and what is wrong.
function field.check(name)
  if known[name] then return name end
  local names = {}
  for each in pairs(known) do names[#names + 1] = each end
  table.sort(names)
  return nil, ("--field: '%s' is unknown%s; known are %s"):format(name, check.hint(name, known),
    table.concat(names, ", "))
end

-- Several lines where there are several values, none where there is none.
function field.lines(name, certificate, report)
  if of_report[name] then return of_report[name](report) end
  if name == "sha384" or name == "sha512" then return { certificate.fingerprints[name] } end
  local value = inspect.summary(certificate, report.time)[name]
  if type(value) == "table" then return value end
  if type(value) == "boolean" then return { value and "yes" or "no" } end
  return { tostring(value) }
end

return field
