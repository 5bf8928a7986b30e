-- SPDX-License-Identifier: MIT
-- Host names by the flags of a newer LuaSec (which are OpenSSL's X509_CHECK_FLAG_...): conn:sethost, cert:checkhost.
local errors = require "bearssl.luasec.errors"

local host = {}

-- true: it is so here in any case (RFC 9525); a string: why it is not done.
local flags = {
  never_check_subject = true, no_partial_wildcards = true,
  no_wildcards = "no_wildcards", single_label_subdomains = true,
  always_check_subject = false, multi_label_wildcards = false,
}

-- nil, or what is wrong with a list of flags.
function host.objection(list)
  for _, flag in ipairs(list) do
    if flags[flag] == nil then return ("invalid host flag (%s)"):format(tostring(flag)) end
    if flags[flag] == false then return ("host flag %s is refused (RFC 9525)"):format(flag) end
  end
end

local function has(list, wanted)
  for _, flag in ipairs(list) do
    if flag == wanted then return true end
  end
  return false
end

-- Does the certificate name it as it stands, without a wildcard?
local function literally(certificate, name)
  local extension = certificate.extensions.subject_alt_name
  for _, each in ipairs(extension and extension.value or {}) do
    if type(each.value) == "string" and each.value:lower() == name:lower() then return true end
  end
  return false
end

-- true; or false, the reason, and the error.
function host.match(certificate, name, list)
  local wrong = host.objection(list or {})
  if wrong then return false, wrong, { code = "option" } end
  local ok, err = certificate:matches_name(name)
  if ok and has(list or {}, "no_wildcards") then ok = literally(certificate, name) end
  if ok then return true end
  return false, errors.verification { code = "name_mismatch" }, err or { code = "name_mismatch" }
end

-- Of a connection: true; or false, the error, its message and the table of faults. Without a name there is none.
function host.judge(state, leaf)
  if not state.host then return true end
  local ok, message, err = host.match(leaf, state.host, state.hostflags)
  if ok then return true end
  return false, err, message, { { message } }
end

return host
