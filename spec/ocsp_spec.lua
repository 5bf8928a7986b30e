-- bearssl.x509.ocsp, and OCSP in store:verify, against `openssl ocsp`: its requests, and its answers to ours. What
-- mkcert's responses say is in spec/mkcert_text_spec.lua.
local crl = require "bearssl.x509.crl"
local ocsp = require "bearssl.x509.ocsp"
local store = require "bearssl.store"
local x509 = require "bearssl.x509"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

local issuer_name = "p256-intermediate"
local ca = { certificate = pki.server.p256.issuers, key = ("%s/%s.key"):format(pki.dir, issuer_name) }
local leaf = assert(x509.load(pki.server.p256.leaf))[1]
local intermediate = assert(x509.load(ca.certificate))[1]
local root = assert(x509.load(pki.root.p256))[1]
local roots = assert(store(pki.root.p256))

local delegate = revoke.issue("delegate", { purpose = "ocsp" })
local checked_delegate = revoke.issue("checked-delegate", { ext_key_usage = "ocsp_signing" }) -- without nocheck
local impostor = revoke.issue("impostor", { purpose = "server" })
local any_purpose = revoke.issue("any-purpose", { ext_key_usage = "any_extended_key_usage" })
local stranger = revoke.issue("of-another", { issuer = "p256-root", purpose = "ocsp" })

local function hex_serial(certificate)
  return (certificate.serial:upper():gsub("^%x$", "0%0"))
end

-- What `openssl ocsp` answers to a request of ours.
local function answer(request, entries, by, more)
  by = by or ca
  local out = revoke.file ""
  revoke.openssl(("-index %s -CA %s -rsigner %s -rkey %s -reqin %s -respout %s %s"):format(revoke.index(entries),
    ca.certificate, by.certificate, by.key, revoke.file(request), out, more or "-ndays 1"))
  return pki.read(out)
end

local good_entry = { serial = hex_serial(leaf), good = true }
local revoked_entry = { serial = hex_serial(leaf), reason = "superseded" }
local request = assert(ocsp.request(leaf, intermediate))
local good = answer(request, { good_entry })

-- The clock of openssl's responses is the real one.
local function verify(response, options)
  return ocsp.verify(response, leaf, intermediate, options)
end

local function refuses(response, where, options)
  local got, err = verify(response, options)
  assert.is_nil(got)
  assert.equal("bad_ocsp", err.code)
  assert.equal(where, err.where, tostring(err))
  return err
end

describe("an OCSP request", function()
  for _, hash in ipairs { "sha1", "sha256", "sha384", "sha512" } do
    it(("is the one that openssl makes with %s"):format(hash), function()
      local out = revoke.file ""
      revoke.openssl(("-%s -no_nonce -issuer %s -cert %s -reqout %s"):format(hash, ca.certificate, pki.server.p256.leaf,
        out))
      assert.equal(pki.read(out), (ocsp.request(leaf, intermediate, { hash = hash })))
    end)
  end

  it("has a nonce if one is wanted, another one each time", function()
    local first, nonce = ocsp.request(leaf, intermediate, { nonce = true })
    local second, other = ocsp.request(leaf, intermediate, { nonce = true })
    assert.same({ 32, 32 }, { #nonce, #other })
    assert.are_not.equal(nonce, other)
    assert.are_not.equal(first, second)
    assert.truthy(revoke.openssl("-req_text -reqin " .. revoke.file(first)):find("Nonce", 1, true))
  end)

  it("takes no other option, hash or nonce", function()
    assert.has_error(function() ocsp.request(leaf, intermediate, { hash = "md5" }) end)
    assert.has_error(function() ocsp.request(leaf, intermediate, { nonse = true }) end)
    assert.has_error(function() ocsp.request(leaf, intermediate, { nonce = 1 }) end)
    assert.has_error(function() ocsp.request(leaf, "intermediate") end)
    local der, err = ocsp.request(leaf, intermediate, { nonce = ("x"):rep(129) })
    assert.same({ nil, "option" }, { der, err.code })
  end)
end)

describe("an OCSP response", function()
  it("has the fields that openssl wrote", function()
    local response = assert(ocsp.parse(good))
    assert.equal("successful", response.status)
    assert.equal(tostring(intermediate.subject), tostring(response.responder_name))
    assert.equal(1, #response.responses)
    assert.equal("good", response.responses[1].status)
    assert.equal(leaf.serial, response.responses[1].serial)
    assert.equal(86400, response.responses[1].next_update - response.responses[1].this_update)
    assert.is_nil(response.responder_key_hash)
    assert.is_nil(response.nonce)
    assert.is_nil(response.no_such_field)
  end)

  it("says good, revoked or unknown", function()
    assert.equal("good", assert(verify(good)).status)
    local said = assert(verify(answer(request, { revoked_entry })))
    assert.same({ "revoked", "superseded", 1735732800 }, { said.status, said.reason, said.revocation_date })
    assert.equal("unknown", assert(verify(answer(request, {}))).status)
    assert.equal("good", assert(assert(ocsp.parse(good)):verify(leaf, intermediate)).status)
  end)

  for _, hash in ipairs { "sha1", "sha256", "sha384", "sha512" } do
    it("knows the certificate by " .. hash, function()
      local asked = assert(ocsp.request(leaf, intermediate, { hash = hash }))
      assert.equal("good", assert(verify(answer(asked, { good_entry }))).status)
    end)
  end

  it("is about other certificates", function()
    local got, err = ocsp.verify(good, intermediate, root)
    assert.same({ nil, "revocation_unknown" }, { got, err.code })
  end)

  it("carries the nonce of its request", function()
    local asked, nonce = ocsp.request(leaf, intermediate, { nonce = true })
    local response = answer(asked, { good_entry })
    assert.equal(nonce, ocsp.parse(response).nonce)
    assert.equal("good", assert(verify(response, { nonce = nonce })).status)
    refuses(response, "ResponseData.responseExtensions.nonce", { nonce = nonce:reverse() .. "x" })
    refuses(response, "ResponseData.responseExtensions.nonce", { nonce = ("x"):rep(32), nonce_optional = true })
    refuses(good, "ResponseData.responseExtensions.nonce", { nonce = nonce })
    assert.equal("good", assert(verify(good, { nonce = nonce, nonce_optional = true })).status)
  end)

  it("has its time", function()
    local this_update = ocsp.parse(good).responses[1].this_update
    assert(verify(good, { time = this_update }))
    assert(verify(good, { time = this_update + 86400 }))
    refuses(good, "SingleResponse.nextUpdate", { time = this_update + 86401 })
    refuses(good, "SingleResponse.thisUpdate", { time = this_update + 11, max_age = 10 })
    assert(verify(good, { time = this_update + 10, max_age = 10 }))
    refuses(good, "ResponseData.producedAt", { time = this_update - 1 })
    local no_next = answer(request, { good_entry }, ca, "")
    local then_on = ocsp.parse(no_next).responses[1].this_update
    assert.is_nil(ocsp.parse(no_next).responses[1].next_update)
    assert(verify(no_next, { time = then_on + 7 * 86400 }))
    refuses(no_next, "SingleResponse.thisUpdate", { time = then_on + 7 * 86400 + 1 })
  end)

  it("may be signed by one to whom the issuer delegated, by name or by key", function()
    assert.equal("good", assert(verify(answer(request, { good_entry }, delegate))).status)
    local by_key = answer(request, { good_entry }, delegate, "-ndays 1 -resp_key_id")
    assert.equal(40, #ocsp.parse(by_key).responder_key_hash)
    assert.equal(1, #ocsp.parse(by_key).certificates)
    assert.equal("good", assert(verify(by_key)).status)
    assert.equal("good", assert(verify(answer(request, { good_entry }, ca, "-ndays 1 -resp_key_id"))).status)
  end)

  it("is signed by nobody else", function()
    refuses(answer(request, { good_entry }, impostor), "BasicOCSPResponse.certs")
    refuses(answer(request, { good_entry }, any_purpose), "BasicOCSPResponse.certs")
    refuses(answer(request, { good_entry }, stranger), "BasicOCSPResponse.certs")
    refuses(answer(request, { good_entry }, delegate, "-ndays 1 -resp_no_certs"), "ResponseData.responderID")
    local bare = answer(request, { good_entry }, ca, "-ndays 1 -resp_no_certs")
    assert(verify(bare))
    refuses(bare:sub(1, -2) .. string.char(bare:byte(-1) ~ 1), "BasicOCSPResponse.signature")
  end)

  it("names its status where that is not successful", function()
    for number, name in pairs { [1] = "malformedRequest", [2] = "internalError", [3] = "tryLater",
      [5] = "sigRequired", [6] = "unauthorized" } do
      local der = "\x30\x03\x0a\x01" .. string.char(number)
      assert.equal(name, assert(ocsp.parse(der)).status)
      assert.is_nil(ocsp.parse(der).responses)
      local err = refuses(der, "OCSPResponse.responseStatus")
      assert.truthy(err.message:find(name, 1, true))
    end
    local got, err = ocsp.parse "\x30\x03\x0a\x01\x04"
    assert.same({ nil, "bad_ocsp" }, { got, err.code })
  end)

  it("is of no other form", function()
    for _, der in ipairs { "", "0", leaf:der(), good .. "\0", good:sub(2) } do
      local got, err = ocsp.parse(der)
      assert.same({ nil, "bad_ocsp" }, { got, err.code })
    end
    assert.has_error(function() ocsp.verify(good, leaf, intermediate, { times = 1 }) end)
    assert.has_error(function() ocsp.verify(good, leaf, intermediate, { time = 1.5 }) end)
  end)

  it("of several answers counts by the worst", function()
    local other = assert(x509.load(pki.client.p256.leaf))[1]
    local out, both = revoke.file "", revoke.file ""
    revoke.openssl(("-no_nonce -issuer %s -cert %s -cert %s -reqout %s"):format(ca.certificate, pki.server.p256.leaf,
      pki.client.p256.leaf, out))
    revoke.openssl(("-index %s -CA %s -rsigner %s -rkey %s -reqin %s -respout %s -ndays 1"):format(
      revoke.index { good_entry, { serial = hex_serial(other) } }, ca.certificate, ca.certificate, ca.key, out, both))
    local response = assert(ocsp.parse(pki.read(both)))
    assert.equal(2, #response.responses)
    assert.equal("good", assert(response:verify(leaf, intermediate)).status)
    assert.equal("revoked", assert(response:verify(other, intermediate)).status)
  end)
end)

describe("OCSP in store:verify", function()
  local function judge(options, revocation)
    options.name, options.time = "localhost", options.time or os.time()
    options.revocation = revocation
    return roots:verify(pki.read(pki.server.p256.certificate), options)
  end

  it("says good by a staple or by a response", function()
    local _, checked = assert(judge({ ocsp_staple = good }, { leaf_only = true }))
    assert.same({ "good", "staple" }, { checked.revocation[1].status, checked.revocation[1].source })
    assert.equal("not_checked", checked.revocation[2].status)
    _, checked = assert(judge({}, { leaf_only = true, ocsp = { good } }))
    assert.same({ "good", "ocsp" }, { checked.revocation[1].status, checked.revocation[1].source })
    assert.truthy(checked.revocation[1].age >= 0)
  end)

  it("says revoked, whatever else says good", function()
    local bad = answer(request, { revoked_entry })
    for _, given in ipairs { { { ocsp_staple = bad }, { mode = "soft" } }, { {}, { mode = "soft", ocsp = bad } },
      { { ocsp_staple = good }, { mode = "soft", ocsp = { bad } } } } do
      local chain, err = judge(given[1], given[2])
      assert.same({ nil, "revoked" }, { chain, err.code })
    end
  end)

  it("hears a staple where nothing else is said", function()
    local bad = answer(request, { revoked_entry })
    local chain, err = judge { ocsp_staple = bad }
    assert.same({ nil, "revoked" }, { chain, err.code })
    local _, checked = assert(judge { ocsp_staple = good })
    assert.equal("staple", checked.revocation[1].source)
    assert(judge({ ocsp_staple = bad }, { mode = "off" }))
  end)

  it("is missed in the hard mode, and a bad staple is told of", function()
    local chain, err = judge({}, { leaf_only = true })
    assert.same({ nil, "revocation_unknown" }, { chain, err.code })
    chain, err = judge({ ocsp_staple = answer(request, { good_entry }, impostor) }, { leaf_only = true })
    assert.same({ nil, "revocation_unknown" }, { chain, err.code })
    assert.truthy(err.cause:find("BasicOCSPResponse.certs", 1, true))
    chain, err = judge({ ocsp_staple = answer(request, {}) }, { leaf_only = true })
    assert.same({ nil, "revocation_unknown" }, { chain, err.code })
    assert.truthy(err.cause:find("certStatus", 1, true))
    assert(judge({ ocsp_staple = "no staple" }, { mode = "soft" }))
    assert.is_nil(judge({ ocsp_staple = good }, { leaf_only = true, staple = false }))
  end)

  it("asks the CRLs at hand about a responder without nocheck", function()
    local response = answer(request, { good_entry }, checked_delegate)
    local certificate = assert(x509.load(checked_delegate.certificate))[1]
    local list = assert(crl.parse(revoke.crl { issuer = issuer_name, next_update = revoke.late,
      entries = { { serial = certificate.serial } } }))
    assert(judge({}, { ocsp = response, leaf_only = true }))
    local chain = judge({}, { ocsp = response, leaf_only = true, crl = list, mode = "soft" })
    assert.truthy(chain) -- the CRL knows the leaf
    local _, checked = judge({}, { ocsp = response, leaf_only = true, crl = list })
    assert.equal("crl", checked.revocation[1].source)
  end)
end)

describe("must-staple", function()
  local certificate = revoke.issue("promising", { names = "localhost", must_staple = true }).issued.certificate
  local entry = { serial = hex_serial(certificate), good = true }
  local asked = assert(ocsp.request(certificate, intermediate))

  local function judge(staple, more)
    local options = { name = "localhost", time = os.time(), ocsp_staple = staple, revocation = { mode = "soft" } }
    for name, value in pairs(more or {}) do options[name] = value end
    return roots:verify({ certificate, intermediate }, options)
  end

  it("is kept by a staple that says good", function()
    assert(judge(answer(asked, { entry })))
  end)

  it("is not kept by none, by one of another, or by one that cannot be used", function()
    local chain, err = judge(nil, { must_staple = true })
    assert.same({ nil, "must_staple" }, { chain, err.code })
    assert.equal("bad_certificate_status_response", err.alert)
    for _, staple in ipairs { good, answer(asked, { entry }, impostor), answer(asked, {}), "\x30\x03\x0a\x01\x03" } do
      chain, err = judge(staple)
      assert.same({ nil, "must_staple" }, { chain, err.code })
      assert.truthy(err.cause)
    end
  end)

  it("binds nobody who did not ask for a staple", function()
    assert(judge())
    assert(judge(nil, { must_staple = true, revocation = { mode = "soft", staple = false } }))
  end)
end)
