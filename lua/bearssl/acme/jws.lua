-- SPDX-License-Identifier: MIT
-- What ACME signs (RFC 8555 section 6.2): JSON Web Signatures (RFC 7515), keys (RFC 7517) and their thumbprints
-- (RFC 7638), by a bearssl.key of P-256, P-384 or Ed25519.
local core = require "bearssl.core"
local json = require "bearssl.https.json"
local mime = require "mime"

local jws = {}

-- base64url without padding (RFC 4648 section 5)
function jws.base64url(octets)
  return ((mime.b64(octets) or ""):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
end

local curves = { -- JWA's names (RFC 7518, RFC 8037), octets of a coordinate
  secp256r1 = { alg = "ES256", crv = "P-256", size = 32 },
  secp384r1 = { alg = "ES384", crv = "P-384", size = 48 },
}

-- What an account key must be; nil, and why not.
function jws.objection(key)
  if key.type == "ed25519" or curves[key.curve] then return nil end
  return ("an account's key is of P-256, P-384 or Ed25519, not %s"):format(key.curve or key.type)
end

-- The public key's JWK, its members in lexicographic order as its thumbprint wants them. The point, or Ed25519's key,
-- is what SubjectPublicKeyInfo ends with (RFC 5480 section 2, RFC 8410 section 4).
function jws.jwk(key)
  local octets = key.public_key
  if key.type == "ed25519" then
    return ('{"crv":"Ed25519","kty":"OKP","x":"%s"}'):format(jws.base64url(octets:sub(-32)))
  end
  local curve = curves[key.curve]
  return ('{"crv":"%s","kty":"EC","x":"%s","y":"%s"}'):format(curve.crv,
    jws.base64url(octets:sub(-2 * curve.size, -curve.size - 1)), jws.base64url(octets:sub(-curve.size)))
end

function jws.thumbprint(key)
  return jws.base64url(core.digest("sha256", jws.jwk(key)))
end

-- Ecdsa-Sig-Value (RFC 3279 section 2.2.3) to the two numbers side by side (RFC 7518 section 3.4).
local function raw_signature(der, size)
  local at = der:byte(2) < 0x80 and 3 or 4
  local numbers = {}
  for i = 1, 2 do
    local n = der:byte(at + 1)
    numbers[i] = (("\0"):rep(size) .. der:sub(at + 2, at + 1 + n)):sub(-size)
    at = at + 2 + n
  end
  return numbers[1] .. numbers[2]
end

local function signature(key, input)
  local der, err = key:sign(input)
  if not der or key.type == "ed25519" then return der, err end
  return raw_signature(der, curves[key.curve].size)
end

local function quoted(text)
  return json.encode(tostring(text))
end

-- The flattened JSON serialisation: { key, kid = URL of the account, or nil: the key itself goes along, nonce, url }
function jws.sign(header, payload)
  local alg = header.key.type == "ed25519" and "EdDSA" or curves[header.key.curve].alg
  local who = header.kid and '"kid":' .. quoted(header.kid) or '"jwk":' .. jws.jwk(header.key)
  local nonce = header.nonce and ',"nonce":' .. quoted(header.nonce) or ""
  local protected = jws.base64url(('{"alg":"%s",%s%s,"url":%s}'):format(alg, who, nonce, quoted(header.url)))
  local body = jws.base64url(payload)
  local signed, err = signature(header.key, protected .. "." .. body)
  if not signed then return nil, err end
  return ('{"protected":"%s","payload":"%s","signature":"%s"}'):format(protected, body, jws.base64url(signed))
end

-- The binding to an account elsewhere (section 7.3.4): the account's key under a MAC key of `kid`.
function jws.external_binding(key, url, kid, mac_key)
  local protected = jws.base64url(('{"alg":"HS256","kid":%s,"url":%s}'):format(quoted(kid), quoted(url)))
  local body = jws.base64url(jws.jwk(key))
  return ('{"protected":"%s","payload":"%s","signature":"%s"}'):format(protected, body,
    jws.base64url(core.hmac("sha256", mac_key, protected .. "." .. body)))
end

return jws
