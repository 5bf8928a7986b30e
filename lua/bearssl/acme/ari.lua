-- SPDX-License-Identifier: MIT
-- When a certificate is to be renewed: as its server suggests (RFC 9773), else when a part of its lifetime is left.
local core = require "bearssl.core"
local hex = require "bearssl.hex"
local json = require "bearssl.https.json"
local jws = require "bearssl.acme.jws"
local transport = require "bearssl.acme.transport"
local when = require "bearssl.acme.when"

local ari = {}

local LONGEST_WINDOW = 1 << 30 -- seconds, between the ends of what a server suggests
local MAX_BODY = 65536
local SOONEST, LATEST = 60, 86400 -- seconds between two looks, whatever the server says (section 4.3.2)

-- Identifier of a certificate (section 4.1): its authority's key identifier and its serial number, as DER has it.
function ari.identifier(certificate)
  local extension = certificate.extensions.authority_key_identifier
  local identifier = extension and extension.value and extension.value.key_identifier
  if not identifier then return nil end
  local serial = hex.octets(certificate.serial)
  if serial:byte() >= 0x80 then serial = "\0" .. serial end
  return jws.base64url(hex.octets(identifier)) .. "." .. jws.base64url(serial)
end

-- URL to ask about it; nil: the server has none.
local function url_of(client, certificate)
  local directory = client.transport:directory()
  local base = directory and directory.renewalInfo
  local identifier = transport.is_url(base) and ari.identifier(certificate)
  return identifier and base:gsub("/$", "") .. "/" .. identifier
end

-- The window of an answer (section 4.2); nil: it has none that means anything.
local function window_of(response)
  local info = response.status == 200 and json.decode(response.body)
  local window = type(info) == "table" and type(info.suggestedWindow) == "table" and info.suggestedWindow
  if not window then return nil end
  local from, to = when.rfc3339(window.start), when.rfc3339(window["end"])
  if from and to and from <= to and to - from <= LONGEST_WINDOW then return from, to end
end

-- The time that the server suggests, somewhere in its window: the same place at each look, another one for each
-- certificate. nil: none. And seconds until it wants to be asked again (section 4.3), where it says so.
local function suggested(client, certificate)
  local url = url_of(client, certificate)
  local response = url and client.transport.client:get(url, { max_body = MAX_BODY })
  if not response then return nil end
  local again = transport.retry_after(response)
  again = again and math.max(SOONEST, math.min(again, LATEST))
  local from, to = window_of(response)
  if not from then return nil, again end
  local place = ("I4"):unpack(core.digest("sha256", certificate:der()))
  return from + (to - from) * place // (1 << 32), again
end

-- When it is due: as the server suggests, but no later than when so much of its lifetime is left; and when the server
-- wants to be asked again.
function ari.due(client, certificate, left)
  local latest = certificate.not_after - (certificate.not_after - certificate.not_before) * left // 1 | 0
  local at, again = suggested(client, certificate)
  return at and math.min(at, latest) or latest, again
end

return ari
