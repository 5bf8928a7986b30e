-- SPDX-License-Identifier: MIT

--- Certification requests (PKCS #10, RFC 2986) read: what an applicant wants to be certified.
--
-- A request has the fields `subject`, `public_key`, `extensions` (those that are asked for), `signature_algorithm`,
-- `signature` and `pin`, as a certificate of @{bearssl.x509} has them; `tostring` gives its subject. The key in it has
-- signed it: that is checked. What the applicant says of himself is not.
-- @module bearssl.x509.request
-- @pragma nostrip
local core = require "bearssl.core"
local der = require "bearssl.mkcert.der"
local names = require "bearssl.mkcert.names"

local module, request = {}, {}
request.__index, request.__name = request, "bearssl.request"

local OID, UTC_TIME, LIMIT <const> = 0x06, 0x17, 1 << 20

-- The elements of a SEQUENCE that has been found to be one.
local function elements(sequence)
  local function content(from) -- where it begins, and its length
    local length = sequence:byte(from + 1)
    if length < 0x80 then return from + 2, length end
    return from + 2 + (length & 0x7f), (">I" .. (length & 0x7f)):unpack(sequence, from + 2)
  end
  local list, at = {}, (content(1))
  while at <= #sequence do
    local start, length = content(at)
    list[#list + 1] = sequence:sub(at, start + length - 1)
    at = start + length
  end
  return list
end

local function encoded(extension)
  return der.sequence(der.element(OID, extension.oid), extension.critical == 1 and der.boolean(true) or "",
    der.octets(extension.value))
end

-- A certificate with all that stands in the request, which nobody has issued: its fields are what we are after.
local function as_certificate(text, found)
  local _, algorithm, signature = table.unpack(elements(text))
  local extensions = {}
  for i, extension in ipairs(found.extensions) do extensions[i] = encoded(extension) end
  local time = der.element(UTC_TIME, "500101000000Z")
  local tbs = der.sequence(der.explicit(0, der.integer(2)), der.integer(1), algorithm, names.distinguished "nobody",
    der.sequence(time, time), found.subject, found.spki,
    extensions[1] and der.explicit(3, der.sequence(table.concat(extensions))) or "")
  local list, err = core.x509_parse(der.sequence(tbs, algorithm, signature))
  if list then return list[1] end
  if err.code ~= "bad_certificate" then return nil, err end
  return nil, core.error { code = "der", side = "local", where = err.where,
    message = "what the request asks for does not decode" }
end

local fields = { "subject", "public_key", "extensions", "signature_algorithm", "signature", "pin" }

--- Reads a request.
-- @function parse
-- @tparam string text PEM (the first block that is a request) or DER
-- @treturn[1] bearssl.request the request
-- @treturn[2] nil
-- @treturn[2] bearssl.error `bad_certificate_signature`: the key in it has not signed it; `der`, `pem`, `memory`
function module.parse(text)
  if type(text) ~= "string" then error("bearssl.x509.request.parse: a string is wanted, not " .. type(text), 2) end
  local bytes, err = core.unpem(text, "CERTIFICATE REQUEST")
  if not bytes then return nil, err end
  local found, certificate
  found, err = core.parse_request(bytes)
  if not found then return nil, err end
  certificate, err = as_certificate(bytes, found)
  if not certificate then return nil, err end
  local self = { bytes = bytes, certificate = certificate }
  for _, field in ipairs(fields) do self[field] = certificate[field] end
  return setmetatable(self, request)
end

--- Reads a request from a file.
-- @function load
-- @tparam string path
-- @treturn[1] bearssl.request the request
-- @treturn[2] nil
-- @treturn[2] bearssl.error as of @{parse}; `file`
function module.load(path)
  local file, why = io.open(path, "rb")
  local text = file and file:read(LIMIT)
  if file then file:close() end
  if text then return module.parse(text) end
  return nil, core.error { code = "file", side = "local", message = why or path .. ": cannot be read" }
end

function request:__tostring()
  return tostring(self.subject)
end

--- The request as it was signed.
-- @function request:der
-- @treturn string DER
function request:der()
  return self.bytes
end

--- The request in PEM.
-- @function request:pem
-- @treturn string
function request:pem()
  return core.pem("CERTIFICATE REQUEST", self:der())
end

-- The lines from the one that `from` begins to the one before that which `to` begins.
local function lines(text, from, to)
  local start = text:find("\n" .. from, 1, true)
  return text:sub(start + 1, to and text:find("\n" .. to, start, true))
end

--- Everything that stands in the request, for people, in the manner of `openssl req -text`.
-- Text from the request cannot act on a terminal, as that of a certificate cannot.
-- @function request:text
-- @treturn string lines, in UTF-8
function request:text()
  local text, asked = self.certificate:text(), ""
  local title, signed = "        X509v3 extensions:", "    Signature Algorithm:"
  local has_some = #self.extensions > 0
  if has_some then asked = lines(text, title, signed):gsub("^[^\n]*\n", ""):gsub("[^\n]+", "    %0") end
  return "Certificate Request:\n    Data:\n        Version: 1 (0x0)\n"
    .. lines(text, "        Subject: ", has_some and title or signed) .. "        Attributes:\n"
    .. (has_some and "" or "            (none)\n") .. "            Requested Extensions:\n" .. asked
    .. lines(text, signed)
end

return module
