-- OCSP responses made in this process, of shapes that no responder's program makes.
local authority = require "spec.support.authority"
local der = require "spec.support.der"
local ocsp = require "bearssl.x509.ocsp"
local unit = require "bearssl.unit"
local x509 = require "bearssl.x509"

local NOW <const> = 1735689600 -- 2025-01-01
local ed25519 = der.sequence(der.oid "1.3.101.112")

local root = authority.root()
local leaf = authority.leaf("leaf", root, { serial = der.integer(77) })

local function parsed(made) return x509.parse(made.der)[1] end

local function signer(name, issuer, p)
  local parts = { purposes = { "1.3.6.1.5.5.7.3.9" }, usage = { "digitalSignature" } }
  for key, value in pairs(p or {}) do parts[key] = value end
  return authority.certificate(name, issuer, parts)
end

-- What `by` says of the leaf, good, with these certificates; `responder` is the Name that stands as ResponderID.
local function response(by, certificates, responder)
  local time = der.element(0x18, "20250101000000Z")
  local key = unit.ed25519_public_key(root.key)
  local id = der.sequence(der.sequence(der.oid "1.3.14.3.2.26", der.null), der.octets(unit.hash("sha1", root.subject)),
    der.octets(unit.hash("sha1", key)), der.integer(77))
  local tbs = der.sequence(der.context(1, responder or by.subject), time,
    der.sequence(der.sequence(id, der.implicit(0, ""), time)))
  local ders = {}
  for i, each in ipairs(certificates) do ders[i] = each.der end
  local basic = der.sequence(tbs, ed25519, der.bits(unit.ed25519_sign(by.key, tbs)),
    #ders > 0 and der.context(0, der.sequence(table.concat(ders))) or "")
  return der.sequence(der.element(0x0a, "\0"),
    der.context(0, der.sequence(der.oid "1.3.6.1.5.5.7.48.1.1", der.octets(basic))))
end

local function verify(made) return ocsp.verify(made, parsed(leaf), parsed(root), { time = NOW }) end

local function good(made) assert.equal("good", assert(verify(made)).status) end

local function refused(made, what)
  local answer, err = verify(made)
  assert.same({ nil, "bad_ocsp" }, { answer, err and err.code })
  assert.truthy(err.message:find(what, 1, true), err.message)
end

describe("a response", function()
  it("is signed by the issuer, or by a delegate", function()
    good(response(root, {}))
    good(response(root, { root }))
    local delegate = signer("delegate", root)
    good(response(delegate, { delegate }))
    refused(response(delegate, {}), "neither the issuer nor a certificate")
    local stranger = signer("delegate", authority.root { name = "other" })
    refused(response(stranger, { stranger }), "another issuer")
  end)

  it("may come from a delegate with the issuer's own name", function()
    local delegate = signer("root", root, { key = "delegate's own" })
    good(response(delegate, { delegate }))
    good(response(root, { delegate }))
    refused(response(delegate, {}), "signature does not verify")
    local forged = signer("root", nil, { key = "forged" })
    refused(response(forged, { forged }), "signature does not verify")
    local no_delegate = signer("root", root, { key = "delegate's own", purposes = { "serverAuth" } })
    refused(response(no_delegate, { no_delegate }), "lacks id-kp-OCSPSigning")
  end)

  it("comes from no delegate whose certificate names two algorithms", function()
    local delegate = signer("delegate", root, { inner_algorithm = der.sequence(der.oid "1.2.840.10045.4.3.2") })
    refused(response(delegate, { delegate }), "two signature algorithms")
  end)
end)
