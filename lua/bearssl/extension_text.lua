-- SPDX-License-Identifier: MIT
-- extension_text.lua - the extensions of a certificate as `openssl x509 -text` prints them, and the parts of text that
-- certificates have elsewhere too: names, octets, times.
local printable = require "bearssl.core".printable
local extension_text = {}

-- Octets as "0a:1b:…", so many to a line; every line but the last ends in a colon.
function extension_text.hex_lines(octets, width, indent)
  local lines = {}
  for i = 1, #octets, width do
    local digits = octets:sub(i, i + width - 1):gsub(".", function(c) return ("%02x:"):format(c:byte()) end)
    lines[#lines + 1] = indent .. (i + width > #octets and digits:sub(1, -2) or digits)
  end
  return lines
end
local hex_lines = extension_text.hex_lines

local months = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

-- "Jan  1 00:00:00 2030 GMT"; `fraction` stands behind the seconds
function extension_text.utc(t, fraction)
  local date = os.date("!*t", t)
  return ("%s %2d %02d:%02d:%02d%s %d GMT"):format(months[date.month], date.day, date.hour, date.min, date.sec,
    fraction or "", date.year)
end
local utc = extension_text.utc

local function colons(hex)
  return (hex:upper():gsub("%x%x", "%0:"):gsub(":$", ""))
end

-- A value of a name is quoted where RFC 4514 would escape a character of it.
local function quoted(value)
  local text = printable(value)
  if not value:find '[,+"\\<>;]' and not value:find "^[# ]" and not value:find " $" then return text end
  return '"' .. printable(value:gsub('["\\]', "\\%0")) .. '"'
end

local function attribute_text(attribute)
  local value = attribute.value and quoted(attribute.value)
  if not value then
    value = "#" .. attribute.der:gsub(".", function(c) return ("%02X"):format(c:byte()) end)
  end
  return attribute.type .. " = " .. value
end

local function rdn_text(rdn)
  local attributes = {}
  for i, attribute in ipairs(rdn) do attributes[i] = attribute_text(attribute) end
  return table.concat(attributes, " + ")
end

-- "C = US, O = Example", in the order of the certificate
function extension_text.name(name)
  local rdns = {}
  for i, rdn in ipairs(name) do rdns[i] = rdn_text(rdn) end
  return table.concat(rdns, ", ")
end

local general_name_titles = {
  rfc822_name = "email", dns_name = "DNS", uri = "URI", ip_address = "IP Address", registered_id = "Registered ID",
  directory_name = "DirName", other_name = "othername", x400_address = "X400Name", edi_party_name = "EdiPartyName",
}

local other_names = {
  ["1.3.6.1.4.1.311.20.2.3"] = "UPN", ["1.3.6.1.5.5.7.8.5"] = "XmppAddr", ["1.3.6.1.5.5.7.8.7"] = "SRVName",
  ["1.3.6.1.5.5.7.8.8"] = "NAIRealm", ["1.3.6.1.5.5.7.8.9"] = "SmtpUTF8Mailbox",
}

local function general_name(name)
  local title = general_name_titles[name.type]
  if name.type == "directory_name" then return title .. ":" .. extension_text.name(name.value) end
  local value = name.value and printable(name.value) or "<unsupported>"
  if name.type == "ip_address" and not name.value then value = "<invalid>" end
  if name.type ~= "other_name" then return title .. ":" .. value end
  return ("%s: %s::%s"):format(title, other_names[name.oid] or name.oid or "?", value)
end

-- Names in one line: what separates them must not come out of one of them.
local function general_names(names)
  local texts = {}
  for i, name in ipairs(names) do
    local text = general_name(name)
    texts[i] = name.type == "directory_name" and text or (text:gsub(",", "\\2C"))
  end
  return table.concat(texts, ", ")
end

local function general_name_lines(lines, indent, names)
  for _, name in ipairs(names) do lines[#lines + 1] = indent .. general_name(name) end
end

local bit_names = {
  digital_signature = "Digital Signature", non_repudiation = "Non Repudiation", key_encipherment = "Key Encipherment",
  data_encipherment = "Data Encipherment", key_agreement = "Key Agreement", key_cert_sign = "Certificate Sign",
  crl_sign = "CRL Sign", encipher_only = "Encipher Only", decipher_only = "Decipher Only",
  unused = "Unused", key_compromise = "Key Compromise", ca_compromise = "CA Compromise",
  affiliation_changed = "Affiliation Changed", superseded = "Superseded",
  cessation_of_operation = "Cessation Of Operation", certificate_hold = "Certificate Hold",
  privilege_withdrawn = "Privilege Withdrawn", aa_compromise = "AA Compromise",
}

local purpose_names = {
  server_auth = "TLS Web Server Authentication", client_auth = "TLS Web Client Authentication",
  code_signing = "Code Signing", email_protection = "E-mail Protection", ipsec_end_system = "IPSec End System",
  ipsec_tunnel = "IPSec Tunnel", ipsec_user = "IPSec User", time_stamping = "Time Stamping",
  ocsp_signing = "OCSP Signing", any_extended_key_usage = "Any Extended Key Usage",
  microsoft_server_gated_crypto = "Microsoft Server Gated Crypto",
  microsoft_encrypted_file_system = "Microsoft Encrypted File System",
  microsoft_smartcard_login = "Microsoft Smartcard Login",
  netscape_server_gated_crypto = "Netscape Server Gated Crypto",
  ocsp = "OCSP", ca_issuers = "CA Issuers", time_stamping_service = "AD Time Stamping",
  ca_repository = "CA Repository", any_policy = "X509v3 Any Policy",
}

local function each(list, names)
  local texts = {}
  for i, item in ipairs(list) do texts[i] = names[item] or tostring(item) end
  return table.concat(texts, ", ")
end

local function access_lines(value)
  local lines = {}
  for i, access in ipairs(value) do
    lines[i] = ("%s - %s"):format(purpose_names[access.method] or access.method, general_name(access.location))
  end
  return lines
end

local function distribution_point_lines(value)
  local lines = {}
  for _, point in ipairs(value) do
    if point.full_name then
      lines[#lines + 1] = "Full Name:"
      general_name_lines(lines, "  ", point.full_name)
    elseif point.name_relative_to_crl_issuer then
      lines[#lines + 1] = "Relative Name:"
      lines[#lines + 1] = "  " .. rdn_text(point.name_relative_to_crl_issuer)
    end
    if point.reasons then
      lines[#lines + 1] = "Reasons:"
      lines[#lines + 1] = "  " .. each(point.reasons, bit_names)
    end
    if point.crl_issuer then
      lines[#lines + 1] = "CRL Issuer:"
      general_name_lines(lines, "  ", point.crl_issuer)
    end
  end
  return lines
end

local function notice_lines(lines, qualifier)
  lines[#lines + 1] = "  User Notice:"
  if qualifier.organization then
    lines[#lines + 1] = "    Organization: " .. printable(qualifier.organization)
    local numbers = qualifier.notice_numbers or {}
    lines[#lines + 1] = ("    Number%s: %s"):format(#numbers > 1 and "s" or "", table.concat(numbers, ", "))
  end
  if qualifier.explicit_text then
    lines[#lines + 1] = "    Explicit Text: " .. printable(qualifier.explicit_text)
  end
end

local function policy_lines(value)
  local lines = {}
  for _, policy in ipairs(value) do
    lines[#lines + 1] = "Policy: " .. (purpose_names[policy.policy] or policy.policy)
    for _, qualifier in ipairs(policy.qualifiers or {}) do
      if qualifier.uri then
        lines[#lines + 1] = "  CPS: " .. printable(qualifier.uri)
      elseif qualifier.type == "user_notice" and not qualifier.der then
        notice_lines(lines, qualifier)
      else
        lines[#lines + 1] = "  Unknown Qualifier: " .. qualifier.type
      end
    end
  end
  return lines
end

local function mapping_line(value)
  local texts = {}
  for i, mapping in ipairs(value) do
    local from, to = mapping.issuer_domain_policy, mapping.subject_domain_policy
    texts[i] = ("%s:%s"):format(purpose_names[from] or from, purpose_names[to] or to)
  end
  return { table.concat(texts, ", ") }
end

local function policy_constraint_line(value)
  local texts = {}
  if value.require_explicit_policy then
    texts[1] = "Require Explicit Policy:" .. value.require_explicit_policy
  end
  if value.inhibit_policy_mapping then
    texts[#texts + 1] = "Inhibit Policy Mapping:" .. value.inhibit_policy_mapping
  end
  return { table.concat(texts, ", ") }
end

local function name_constraint_lines(value)
  local lines = {}
  for _, part in ipairs { { "Permitted:", value.permitted_subtrees }, { "Excluded:", value.excluded_subtrees } } do
    if part[2] then
      lines[#lines + 1] = part[1]
      for _, name in ipairs(part[2]) do
        lines[#lines + 1] = "  " .. general_name(name):gsub("^IP Address:", "IP:")
      end
    end
  end
  return lines
end

local function authority_lines(value)
  local lines = {}
  if value.key_identifier then
    local alone = not value.authority_cert_issuer and not value.authority_cert_serial_number
    lines[1] = (alone and "" or "keyid:") .. colons(value.key_identifier)
  end
  general_name_lines(lines, "", value.authority_cert_issuer or {})
  if value.authority_cert_serial_number then
    lines[#lines + 1] = "serial:" .. colons(value.authority_cert_serial_number)
  end
  return lines
end

local function sct_lines(value)
  local lines = {}
  local function add(format, ...) lines[#lines + 1] = format:format(...) end
  for _, sct in ipairs(value) do
    add "Signed Certificate Timestamp:"
    if not sct.log_id then
      add("    Version   : unknown (0x%x)", sct.version - 1)
    else
      add "    Version   : v1 (0x0)"
      add("    Log ID    : %s:", colons(sct.log_id:sub(1, 32)))
      add("                %s", colons(sct.log_id:sub(33)))
      add("    Timestamp : %s", utc(sct.timestamp // 1000, (".%03d"):format(sct.timestamp % 1000)))
      add("    Extensions: %s", sct.extensions == "" and "none" or colons(sct.extensions))
      add("    Signature : %s-with-%s", sct.signature_algorithm, sct.hash:upper())
      for _, line in ipairs(hex_lines(sct.signature, 16, (" "):rep(16))) do add("%s", line:upper()) end
    end
  end
  return lines
end

local function period_line(value)
  local texts = {}
  if value.not_before then texts[1] = "Not Before: " .. utc(value.not_before) end
  if value.not_after then texts[#texts + 1] = "Not After: " .. utc(value.not_after) end
  return { table.concat(texts, ", ") }
end

local netscape_types = {
  "SSL Client", "SSL Server", "S/MIME", "Object Signing", "Unused", "SSL CA", "S/MIME CA", "Object Signing CA",
}

local function netscape_type_line(der)
  local unused, bits = der:match "^\3\2(.)(.)$"
  if not unused then return nil end
  local texts = {}
  for i, name in ipairs(netscape_types) do
    if bits:byte() & 0x80 >> i - 1 ~= 0 then texts[#texts + 1] = name end
  end
  return { table.concat(texts, ", ") }
end

local function basic_constraint_line(value)
  local length = value.path_len_constraint
  return { (value.ca and "CA:TRUE" or "CA:FALSE") .. (length and ", pathlen:" .. length or "") }
end

local function names_line(value) return { general_names(value) } end
local function octets_line(value) return { colons(value) } end
local function null_line() return { "NULL" } end

-- name of the extension = { title, lines of its value }
local kinds = {
  subject_alt_name = { "X509v3 Subject Alternative Name", names_line },
  issuer_alt_name = { "X509v3 Issuer Alternative Name", names_line },
  basic_constraints = { "X509v3 Basic Constraints", basic_constraint_line },
  key_usage = { "X509v3 Key Usage", function(value) return { each(value, bit_names) } end },
  ext_key_usage = { "X509v3 Extended Key Usage", function(value) return { each(value, purpose_names) } end },
  subject_key_identifier = { "X509v3 Subject Key Identifier", octets_line },
  authority_key_identifier = { "X509v3 Authority Key Identifier", authority_lines },
  authority_info_access = { "Authority Information Access", access_lines },
  subject_info_access = { "Subject Information Access", access_lines },
  crl_distribution_points = { "X509v3 CRL Distribution Points", distribution_point_lines },
  freshest_crl = { "X509v3 Freshest CRL", distribution_point_lines },
  certificate_policies = { "X509v3 Certificate Policies", policy_lines },
  policy_mappings = { "X509v3 Policy Mappings", mapping_line },
  policy_constraints = { "X509v3 Policy Constraints", policy_constraint_line },
  inhibit_any_policy = { "X509v3 Inhibit Any Policy", function(value) return { tostring(value) } end },
  name_constraints = { "X509v3 Name Constraints", name_constraint_lines },
  private_key_usage_period = { "X509v3 Private Key Usage Period", period_line },
  tls_feature = { "TLS Feature", function(value) return { each(value, {}) } end },
  signed_certificate_timestamps = { "CT Precertificate SCTs", sct_lines },
  ct_poison = { "CT Precertificate Poison", null_line },
  ocsp_nocheck = { "OCSP No Check", function() return { "" } end },
  netscape_comment = { "Netscape Comment", function(value) return { printable(value) } end },
  netscape_cert_type = { "Netscape Cert Type" },
  subject_directory_attributes = { "X509v3 Subject Directory Attributes" },
  qc_statements = { "qcStatements" },
}

-- What heads the extension; the dotted OID where there is no name for it.
function extension_text.title(extension)
  local kind = kinds[extension.name]
  return kind and kind[1] or extension.oid
end

-- The lines of its value; of what is not known or does not decode, the octets with dots for those without a face.
function extension_text.lines(extension)
  local kind = kinds[extension.name]
  if kind and kind[2] and extension.value ~= nil then return kind[2](extension.value) end
  local lines = extension.name == "netscape_cert_type" and netscape_type_line(extension.der)
  return lines or { (extension.der:gsub("[^ -~]", ".")) }
end

return extension_text
