-- SPDX-License-Identifier: MIT
-- fields.lua - what a message carried, as rows for people: { name, text, rows = …, note = … }. Every text that comes
-- out of here has been through core.printable: what was on the wire cannot act on a terminal.
local core = require "bearssl.core"
local hex = require "bearssl.hex"
local words = require "bearssl.trace.words"

local printable = core.printable

local NAMES = 50 -- of a certificate that are shown; of more, how many there are
local SHORT = 64 -- bytes that are shown as digits; of more, how many there are

local function plural(n, what)
  return ("%d %s%s"):format(n, what, n == 1 and "" or "s")
end

local function octets(bytes)
  return #bytes <= SHORT and hex.of(bytes) or plural(#bytes, "byte")
end

local text_of

local function list_text(list)
  local parts = {}
  for i, item in ipairs(list) do parts[i] = text_of(item) end
  return table.concat(parts, ", ")
end

function text_of(value)
  if value == true then return "yes" end
  if type(value) == "string" then return printable(value) end
  if type(value) ~= "table" then return tostring(value) end
  if value.group then return ("%s (%s)"):format(printable(value.group), plural(value.bytes, "byte")) end
  if value.obfuscated_ticket_age then return ("a ticket of %s"):format(plural(value.bytes, "byte")) end
  if value.identities then return list_text(value.identities) end
  if value.bytes then return plural(value.bytes, "byte") end
  return #value == 0 and "none" or list_text(value)
end

local function extension_row(x)
  local text
  if x.malformed then
    text = "does not decode: " .. octets(x.data)
  elseif x.value ~= nil then
    text = text_of(x.value)
  else
    text = x.bytes == 0 and "empty" or octets(x.data)
  end
  return { name = printable(x.name), text = text, extension = true, note = words.extensions[x.name],
    minor = x.value == nil and not x.malformed }
end

local function add_extensions(rows, list)
  for _, x in ipairs(list or {}) do rows[#rows + 1] = extension_row(x) end
end

local function names_text(certificate)
  local found = certificate.extensions.subject_alt_name
  local texts = {}
  for i, name in ipairs(found and found.value or {}) do
    if i > NAMES then
      texts[i] = ("and %d more"):format(#found.value - NAMES)
      break
    end
    texts[i] = printable(type(name.value) == "string" and name.value or tostring(name.value))
  end
  return #texts > 0 and table.concat(texts, ", ") or "none"
end

local function key_text(key)
  local kind = key.curve or key.type
  return key.bits and not key.curve and ("%s, %d bits"):format(kind, key.bits) or kind
end

-- A certificate as rows; what does not decode is told as such.
local function certificate_row(i, entry)
  local row = { name = ("certificate %d"):format(i), rows = {} }
  local list, err = core.x509_parse(entry.der)
  if not list then
    row.text = "does not decode: " .. printable(tostring(err))
    return row
  end
  local certificate = list[1]
  row.text = printable(tostring(certificate.subject))
  local function add(name, text, less) row.rows[#row.rows + 1] = { name = name, text = text, minor = less } end
  add("issuer", printable(tostring(certificate.issuer)))
  add("subjectAltName", names_text(certificate))
  add("validity", certificate.not_before_text .. " to " .. certificate.not_after_text)
  add("subjectPublicKeyInfo", key_text(certificate.public_key))
  add("signatureAlgorithm", printable(tostring(certificate.signature_algorithm.name
    or certificate.signature_algorithm.oid)))
  add("serialNumber", certificate.serial, true)
  add("SHA-256", certificate.fingerprints.sha256, true)
  add_extensions(row.rows, entry.extensions)
  return row
end

-- The fields of messages in the order of the standard; what has no place here comes behind, by name.
local order = {
  "version", "legacy_version", "random", "session_id", "cipher_suite", "cipher_suites", "compression_method",
  "compression_methods", "curve_type", "group", "public", "algorithm", "signature", "verify_data", "ticket_lifetime",
  "ticket", "certificate_request_context", "request_update", "certificate_types", "signature_algorithms", "authorities",
  "level", "description",
}
local place = {}
for i, name in ipairs(order) do place[name] = i end

local hidden = { extensions = true, certificates = true, message = true, bytes = true }

local function sorted(fields)
  local names = {}
  for name in pairs(fields) do
    if not hidden[name] then names[#names + 1] = name end
  end
  table.sort(names, function(a, b)
    local x, y = place[a] or math.huge, place[b] or math.huge
    return x < y or x == y and a < b
  end)
  return names
end

local function own_text(name, value)
  if name == "ticket_lifetime" then return plural(value, "second") end
  if name == "compression_method" then value = { value } end
  if name:find "^compression" then return #value == 1 and value[1] == 0 and "null" or text_of(value) end
  if value == "" then return "empty" end
  return text_of(value)
end

-- What a reader in a hurry passes over: numbers that are random, and what is the same in every handshake.
local minor = {
  legacy_version = true, random = true, session_id = true, compression_method = true, compression_methods = true,
  curve_type = true, certificate_request_context = true, signature = true, verify_data = true, public = true,
  level = true, description = true,
}

-- The rows of a message's fields.
local function rows_of(fields)
  local rows = {}
  for _, name in ipairs(sorted(fields)) do
    rows[#rows + 1] = { name = name, text = own_text(name, fields[name]), minor = minor[name] }
  end
  for i, entry in ipairs(fields.certificates or {}) do rows[#rows + 1] = certificate_row(i, entry) end
  add_extensions(rows, fields.extensions)
  return rows
end

return { rows = rows_of, hex = hex.of, plural = plural }
