-- OCSP responses made in this process, of shapes that no responder's program makes.
local authority = require "spec.support.authority"
local der = require "spec.support.der"
local ocsp = require "bearssl.x509.ocsp"
local unit = require "bearssl.unit"
local store = require "bearssl.store"
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

-- What `by` says of number 77 of `issuer` (root), good, with these certificates; `responder` is the Name that stands as
-- ResponderID.
local function response(by, certificates, responder, next_update, issuer)
  issuer = issuer or root
  local time = der.element(0x18, "20250101000000Z")
  local key = unit.ed25519_public_key(issuer.key)
  local id = der.sequence(der.sequence(der.oid "1.3.14.3.2.26", der.null),
    der.octets(unit.hash("sha1", issuer.subject)), der.octets(unit.hash("sha1", key)), der.integer(77))
  local tbs = der.sequence(der.context(1, responder or by.subject), time,
    der.sequence(der.sequence(id, der.implicit(0, ""), time,
      next_update and der.context(0, der.element(0x18, next_update)) or "")))
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

describe("a certificate that has expired by our clock", function()
  local AHEAD <const> = 2524608000 -- 2050-01-01: all of these have
  local long = authority.root { name = "long", to = "20600101000000Z" }
  local short = authority.leaf("short", long, { serial = der.integer(77), to = "20400101000000Z" })

  local function expired(certificate, issuer, staple, time)
    local trusted = assert(store { x509.parse(issuer.der)[1] })
    local path, err = trusted:verify({ x509.parse(certificate.der)[1] }, { time = time, ocsp_staple = staple })
    assert.is_nil(path)
    assert.equal("expired", err.code)
    return err
  end

  it("may be good, as the staple with it has run out too", function()
    local err = expired(leaf, root, response(root, {}, nil, "20250108000000Z"), AHEAD)
    assert.equal("this machine's clock may be ahead", err.hint)
    assert.truthy(err.cause:find("the OCSP response that came along is of 2025-01-01T00:00:00Z", 1, true), err.cause)
    local delegate = signer("delegate", root)
    err = expired(leaf, root, response(delegate, { delegate }, nil, "20250108000000Z"), AHEAD)
    assert.truthy(err.cause:find("the OCSP response that came along", 1, true), err.cause)
  end)

  it("may be good, as its issuer has expired too", function()
    local err = expired(leaf, root, nil, AHEAD)
    assert.equal("this machine's clock may be ahead", err.hint)
    assert.truthy(err.cause:find("2 of the 2 certificates of the path have expired", 1, true), err.cause)
  end)

  it("is told without a hint where nothing else speaks for it", function()
    local own = authority.leaf("own", long, { to = "20240101000000Z" })
    local err = expired(own, long, nil, NOW)
    assert.same({ "the time is 2025-01-01T00:00:00Z" }, { err.cause, err.hint })
    local stranger = authority.root { name = "other" }
    for _, staple in ipairs { "no response", response(stranger, {}, nil, "20250108000000Z", long), -- not the CA's word
      response(long, {}, nil, "20490101000000Z", long), response(long, {}, nil, nil, long) } do -- not over, or endless
      err = expired(short, long, staple, 2240000000)
      assert.is_nil(err.hint, tostring(err))
    end
  end)
end)
