-- RFC 5280 section 6.1, check by check: what each refusal is called and what it says. Name constraints have a spec of
-- their own, and policies are PKITS's.
local authority = require "spec.support.authority"
local der = require "spec.support.der"
local store = require "bearssl.store"
local validation = require "spec.support.validation"

local trust, accepts, refuses, is_path = validation.trust, validation.accepts, validation.refuses, validation.is_path

local root = authority.root()
local ca = authority.ca("ca", root)

-- The three ways a certificate may stand: as leaf, as intermediate, as anchor.
local function as_leaf(p) return { root }, { authority.leaf("leaf", ca, p), ca } end
local function as_ca(p)
  local own = authority.ca("own", root, p)
  return { root }, { authority.leaf("leaf", own), own }
end
local function as_anchor(p)
  local own = authority.root(p)
  return { own }, { authority.leaf("leaf", own) }
end

local function says(err, text)
  assert.truthy(tostring(err):find(text, 1, true), tostring(err))
end

describe("policies and mappings", function()
  local function many(n)
    local policies, mappings = {}, {}
    for i = 1, n do
      policies[i] = "1.2.3." .. i
      mappings[i] = { "1.2.3." .. i, "1.2.4." .. i }
    end
    return policies, mappings
  end

  it("are 256 in a certificate", function()
    for n, act in pairs { [256] = accepts, [257] = function(...) refuses("limit", ...) end } do
      local policies, mappings = many(n)
      act(as_leaf { policies = policies })
      act(as_ca { policies = { "2.5.29.32.0" }, mappings = mappings })
    end
  end)

  it("decode", function()
    says(refuses("bad_certificate", as_leaf { policies = { "1.2.3", "1.2.3" } }), "certificatePolicies")
    for id, what in pairs { [32] = "certificatePolicies", [33] = "policyMappings", [36] = "policyConstraints",
      [54] = "inhibitAnyPolicy" } do
      says(refuses("bad_certificate", as_ca { extensions = { der.extension("2.5.29." .. id, der.null, true) } }), what)
    end
  end)
end)

describe("TLS features (RFC 7633)", function()
  local function features(...)
    local list = {}
    for i, n in ipairs { ... } do list[i] = der.integer(n) end
    return { extensions = { der.extension("1.3.6.1.5.5.7.1.24", der.sequence(table.concat(list)), false) } }
  end

  it("of a CA are those of what it issues", function()
    local own = authority.ca("own", root, features(5, 17))
    for _, case in ipairs { { features(5, 17), true }, { features(17, 16, 5), true }, { features(5) }, { {} } } do
      local chain = { authority.leaf("leaf", own, case[1]), own }
      if case[2] then accepts({ root }, chain) else refuses("bad_certificate", { root }, chain) end
    end
    says(refuses("bad_certificate", { root }, { authority.leaf("leaf", own, features(5)), own }),
      "CN=leaf lacks the feature 17")
    local between = authority.ca("between", own)
    says(refuses("bad_certificate", { root }, { authority.leaf("leaf", between, features(5, 17)), between, own }),
      "CN=between lacks the feature 5")
    local top = authority.root(features(5))
    refuses("bad_certificate", { top }, { authority.leaf("leaf", top) })
    accepts({ top }, { authority.leaf("leaf", top, features(5)) })
  end)

  it("decode", function()
    for _, value in ipairs { der.sequence(), der.null, der.sequence(der.null), der.sequence(der.integer(5)):rep(2),
      der.sequence(der.integer(5):rep(65)) } do
      refuses("bad_certificate", as_leaf { extensions = { der.extension("1.3.6.1.5.5.7.1.24", value, false) } })
    end
  end)
end)

describe("names of other kinds", function()
  it("are asked for by email and uri", function()
    local anchors, chain = as_leaf { names = { "DNS:leaf.example", "email:me@example.com", "URI:urn:x" } }
    accepts(anchors, chain, { name = "leaf.example", email = "me@example.com", uri = "urn:x" })
    refuses("name_mismatch", anchors, chain, { email = "you@example.com" })
    refuses("name_mismatch", anchors, chain, { name = "leaf.example", uri = "urn:y" })
    refuses("option", anchors, chain, { uri = "x" })
  end)
end)

describe("dates", function()
  local from, to = 1577836800, 1893456000 -- 2020-01-01T00:00:00Z, 2030-01-01T00:00:00Z

  it("are within at both ends", function()
    for _, make in ipairs { as_leaf, as_ca, as_anchor } do
      local anchors, chain = make {}
      accepts(anchors, chain, { time = from })
      accepts(anchors, chain, { time = to })
    end
  end)

  it("are told with the certificate", function()
    local old = { from = "20220101000000Z", to = "20230101000000Z" }
    for _, make in ipairs { as_leaf, as_ca, as_anchor } do
      local anchors, chain = make(old)
      accepts(anchors, chain, { time = 1640995200 })
      accepts(anchors, chain, { time = 1672531200 })
      says(refuses("not_yet_valid", anchors, chain, { time = 1640995199 }), "not before 2022-01-01T00:00:00Z")
      says(refuses("expired", anchors, chain, { time = 1672531201 }), "not after 2023-01-01T00:00:00Z")
    end
    says(refuses("expired", as_ca(old)), "CN=own")
    says(refuses("expired", as_leaf(old)), "CN=leaf")
    assert.equal("certificate_expired", refuses("expired", as_leaf(old)).alert)
  end)

  it("are GeneralizedTime from 2050 on, and before where someone wrote it", function()
    local anchors, chain = as_leaf { to = "20500101000000Z" }
    accepts(anchors, chain)
    anchors, chain = as_leaf { from = der.element(0x18, "20200101000000Z"), to = "99991231235959Z" }
    accepts(anchors, chain, { time = 1700000000 })
  end)

  it("may span as much as the policy allows, where it does", function()
    local anchors, chain = as_leaf { from = "20241201000000Z", to = "20250301000000Z" } -- 90 days
    accepts(anchors, chain)
    accepts(anchors, chain, { max_lifetime = 90 * 86400 })
    says(refuses("lifetime", anchors, chain, { max_lifetime = 90 * 86400 - 1 }), "90 days; at most 89")
  end)
end)

describe("the form of a certificate", function()
  local function bad(text, anchors, chain)
    says(refuses("bad_certificate", anchors, chain), text)
  end

  it("has one signature algorithm", function()
    bad("tbsCertificate.signature", as_leaf { inner_algorithm = der.sequence(der.oid "1.2.840.10045.4.3.2") })
    bad("tbsCertificate.signature", as_ca { inner_algorithm = der.sequence(der.oid "1.2.840.10045.4.3.2") })
  end)

  it("is version 3 where there are extensions", function()
    local two, one = der.context(0, der.integer(1)), ""
    assert.truthy(refuses("bad_certificate", as_leaf { version = two }))
    assert.truthy(refuses("bad_certificate", as_leaf { version = one }))
    local bare = { usage = false, purposes = false, names = false, skid = false, akid = false }
    for _, version in ipairs { two, one } do
      bare.version = version
      accepts(as_leaf(bare))
    end
    bare.ca = nil
    local plain = authority.certificate("own", root, bare)
    refuses("not_ca", { root }, { authority.leaf("leaf", plain), plain })
  end)

  it("takes a root of version 1: the store says that it is a CA", function()
    local own = authority.certificate("v1", nil, { version = "", skid = false, akid = false })
    accepts({ own }, { authority.leaf("leaf", own) })
  end)

  it("has a serial number of at most 20 octets, of whatever sign", function()
    for _, octets in ipairs { "\1", "\0", "\xff", "\x7f" .. ("\1"):rep(19), "\x80" .. ("\1"):rep(19) } do
      accepts(as_leaf { serial = der.element(2, octets) })
    end
    bad("serialNumber", as_leaf { serial = der.element(2, "\1" .. ("\1"):rep(20)) })
  end)

  it("has an issuer, and a subject unless a critical subjectAltName stands in for it", function()
    local empty = der.sequence()
    accepts(as_leaf { subject = empty, names_critical = true })
    bad("tbsCertificate.subject", as_leaf { subject = empty })
    bad("tbsCertificate.subject", as_leaf { subject = empty, names = false })
    local nameless = authority.ca("nameless", root, { subject = empty })
    bad("an issuer without a name", { root }, { authority.leaf("leaf", nameless), nameless })
    local own = authority.certificate("own", nil, { issuer_name = empty })
    bad("tbsCertificate.issuer", trust({ own }, { partial_chain = true }), { own })
  end)

  it("has no extension twice", function()
    local san = der.extension("2.5.29.17", der.sequence(der.implicit(2, "leaf.example")))
    refuses("bad_certificate", as_leaf { extensions = { san } })
    local unknown = der.extension("1.2.3.4", der.null)
    refuses("bad_certificate", as_leaf { extensions = { unknown, unknown } })
  end)

  it("has no critical extension that is not understood", function()
    for _, make in ipairs { as_leaf, as_ca, as_anchor } do
      local err = refuses("critical_extension", make { extensions = { der.extension("1.2.3.4", der.null, true) } })
      says(err, "1.2.3.4, in CN=")
      assert.equal("unsupported_certificate", err.alert)
      accepts(make { extensions = { der.extension("1.2.3.4", der.null) } })
    end
  end)

  it("has no critical policies with a qualifier that is not understood", function()
    local function policies(qualifier, critical)
      local info = der.sequence(der.oid "1.2.3", der.sequence(der.sequence(der.oid(qualifier), der.ia5 "x")))
      return { extensions = { der.extension("2.5.29.32", der.sequence(info), critical) } }
    end
    accepts(as_leaf(policies("1.3.6.1.5.5.7.2.1", true)))
    accepts(as_leaf(policies("1.2.3.4.5", false)))
    for _, make in ipairs { as_leaf, as_ca } do
      says(refuses("critical_extension", make(policies("1.2.3.4.5", true))), "1.2.3.4.5")
    end
  end)
end)

describe("an issuer", function()
  it("is a CA by its basicConstraints", function()
    says(refuses("not_ca", as_ca { ca = false }), "CN=own: cA is FALSE")
    says(refuses("not_ca", as_ca { basic = false }), "CN=own: absent")
    says(refuses("not_ca", as_anchor { ca = false }), "CN=root")
    refuses("not_ca", as_anchor { basic = false })
    assert.equal("unknown_ca", refuses("not_ca", as_ca { ca = false }).alert)
  end)

  it("may sign certificates, if it has a keyUsage", function()
    accepts(as_ca { usage = false })
    accepts(as_ca { usage = { "keyCertSign", "decipherOnly" } })
    says(refuses("key_usage", as_ca { usage = { "cRLSign", "digitalSignature" } }), "CN=own: no keyCertSign")
    refuses("key_usage", as_anchor { usage = { "cRLSign" } })
  end)

  it("keeps within the path lengths above it", function()
    local top = authority.root { pathlen = 1 }
    local one = authority.ca("one", top)
    local two = authority.ca("two", one)
    accepts({ top }, { authority.leaf("leaf", one), one })
    says(refuses("path_length", { top }, { authority.leaf("leaf", two), two, one }), "CN=two")
    local zero = authority.ca("zero", root, { pathlen = 0 })
    accepts({ root }, { authority.leaf("leaf", zero), zero })
    local below = authority.ca("below", zero)
    refuses("path_length", { root }, { authority.leaf("leaf", below), below, zero })
    local self_issued = authority.ca("zero", zero, { key = "another" })
    accepts({ root }, { authority.leaf("leaf", self_issued), self_issued, zero })
    local wider = authority.ca("one", authority.ca("x", root, { pathlen = 1 }), { pathlen = 5 })
    local x = authority.ca("x", root, { pathlen = 1 })
    local deep = authority.ca("deep", wider)
    refuses("path_length", { root }, { authority.leaf("leaf", deep), deep, wider, x })
  end)
end)

describe("purposes", function()
  it("are asked of the leaf, where it lists any", function()
    accepts(as_leaf { purposes = { "clientAuth", "serverAuth" } })
    accepts(as_leaf { purposes = { "serverAuth" }, purposes_critical = true })
    accepts(as_leaf { purposes = false })
    says(refuses("extended_key_usage", as_leaf { purposes = { "clientAuth" } }), "CN=leaf: no serverAuth")
    local err = refuses("extended_key_usage", as_leaf { purposes = { "codeSigning" } })
    assert.equal("unsupported_certificate", err.alert)
  end)

  it("are server, client, any, or an object identifier", function()
    local anchors, chain = as_leaf { purposes = { "clientAuth", "1.2.3.4" } }
    refuses("extended_key_usage", anchors, chain)
    refuses("extended_key_usage", anchors, chain, { purpose = "server" })
    accepts(anchors, chain, { purpose = "client" })
    accepts(anchors, chain, { purpose = "any" })
    accepts(anchors, chain, { purpose = "1.2.3.4" })
    says(refuses("extended_key_usage", anchors, chain, { purpose = "1.2.3.5" }), "1.2.3.5")
  end)

  it("are bounded by every CA above", function()
    accepts(as_ca { purposes = { "serverAuth", "clientAuth" } })
    accepts(as_ca { purposes = { "any" } })
    says(refuses("extended_key_usage", as_ca { purposes = { "clientAuth", "emailProtection" } }), "CN=own")
    refuses("extended_key_usage", as_anchor { purposes = { "emailProtection" } })
  end)

  it("count anyExtendedKeyUsage of a leaf only where the policy says so", function()
    local anchors, chain = as_leaf { purposes = { "any" } }
    refuses("extended_key_usage", anchors, chain)
    accepts(anchors, chain, { any_purpose = true })
    accepts(anchors, chain, { purpose = "any" })
  end)

  it("ask for a key usage that TLS has", function()
    accepts(as_leaf { usage = false })
    for _, usage in ipairs { "digitalSignature", "keyEncipherment", "keyAgreement" } do
      accepts(as_leaf { usage = { usage } })
    end
    says(refuses("key_usage", as_leaf { usage = { "keyCertSign", "cRLSign" } }), "no digitalSignature")
    local anchors, chain = as_leaf { usage = { "keyEncipherment" }, purposes = false }
    refuses("key_usage", anchors, chain, { purpose = "client" })
    accepts(anchors, chain, { purpose = "any" })
  end)
end)

describe("keys and algorithms", function()
  it("can be distrusted, wherever they stand", function()
    local own = authority.ca("own", root)
    local leaf = authority.leaf("leaf", own)
    for _, each in ipairs { leaf, own, root } do
      local parsed = assert(require "bearssl.x509".parse(each.der))[1]
      for _, text in ipairs { parsed.pin, parsed.spki_fingerprints.sha256 } do
        local err = refuses("distrusted", trust({ root }, { distrusted = { text } }), { leaf, own })
        says(err, tostring(parsed.subject))
      end
    end
    local others = { "sha256//" .. der.base64(("x"):rep(32)) }
    accepts(trust({ root }, { distrusted = others }), { leaf, own })
  end)

  it("must be known", function()
    local odd = der.sequence(der.sequence(der.oid "1.2.3.4"), der.bits "key")
    says(refuses("unsupported_certificate", as_leaf { spki = odd }), "subjectPublicKeyInfo")
    says(refuses("unsupported_certificate", as_leaf { algorithm = der.sequence(der.oid "1.2.3.4") }),
      "signatureAlgorithm")
  end)

  it("can be refused by curve", function()
    local spki = der.spki -- P-256
    local anchors, chain = as_leaf { spki = spki }
    accepts(anchors, chain)
    accepts(anchors, chain, { curves = { "secp256r1" } })
    says(refuses("weak_key", anchors, chain, { curves = { "secp384r1", "secp521r1" } }), "secp256r1")
    local secp256k1 = der.sequence(der.oid "1.2.840.10045.2.1", der.oid "1.3.132.0.10")
    local key = der.sequence(secp256k1, der.bits("\4" .. ("x"):rep(64)))
    says(refuses("unsupported_certificate", as_leaf { spki = key }), "secp256k1")
  end)

  it("are RSA of 2048 bits at least", function()
    local function rsa(bits)
      local modulus = der.element(2, "\0\x80" .. ("\1"):rep(bits // 8 - 1))
      return der.sequence(der.sequence(der.oid "1.2.840.113549.1.1.1", der.null),
        der.bits(der.sequence(modulus, der.integer(65537))))
    end
    accepts(as_leaf { spki = rsa(2048) })
    says(refuses("weak_key", as_leaf { spki = rsa(2040) }), "RSA of 2040 bits; at least 2048")
    local anchors, chain = as_leaf { spki = rsa(1024) }
    refuses("weak_key", anchors, chain)
    accepts(anchors, chain, { min_rsa_bits = 1024 })
    anchors, chain = as_leaf { spki = rsa(3072) }
    refuses("weak_key", anchors, chain, { min_rsa_bits = 4096 })
  end)
end)

describe("the name", function()
  it("is asked last, and only of a leaf that is trusted", function()
    local anchors, chain = as_leaf {}
    is_path({ chain[1], ca, root }, accepts(anchors, chain, { name = "leaf.example" }))
    local err = refuses("name_mismatch", anchors, chain, { name = "other.example" })
    says(err, "leaf.example")
    assert.equal(1, #err.paths)
    refuses("unknown_issuer", {}, chain, { name = "other.example" })
    refuses("option", anchors, chain, { name = "*.example" })
  end)
end)

describe("store:verify", function()
  it("refuses what is no option, and what is none of its values", function()
    local trusted, chain = trust { root }, authority.leaf("leaf", ca).der
    for option, value in pairs { purpos = "server", purpose = "1.2.03", time = "now", name = "", max_depth = 17,
      curves = { "x25519" }, hashes = {}, policies = { "1" }, any_purpose = 1, min_rsa_bits = 512 } do
      local ok, message = pcall(trusted.verify, trusted, chain, { [option] = value })
      assert.is_false(ok)
      says(message, ("'%s'"):format(option))
      assert.truthy(message:find "^spec/validator_spec.lua:%d+: " or message:find "option", message)
    end
    says(select(2, pcall(trusted.verify, trusted, chain, { purpos = "server" })), "did you mean 'purpose'?")
    assert.has_error(function() trusted:verify(chain, "server") end)
    assert.has_error(function() trusted:verify(5) end)
  end)

  it("takes certificates, DER and PEM, one or a list", function()
    local leaf = authority.leaf("leaf", ca)
    local x509 = require "bearssl.x509"
    local options = { time = validation.now }
    for _, chain in ipairs { leaf.pem .. ca.pem, leaf.der .. ca.der, { leaf.pem, ca.der }, { leaf.pem .. ca.pem },
      x509.parse(leaf.pem .. ca.pem), { x509.parse(leaf.der), { x509.parse(ca.der)[1] } } } do
      assert(trust({ root }):verify(chain, options))
    end
    options.intermediates = ca.pem
    assert(trust({ root }):verify(leaf.der, options))
    local path, err = trust({ root }):verify("-----BEGIN NOTHING", options)
    assert.is_nil(path)
    assert.truthy(err.code)
    path, err = trust({ root }):verify({}, options)
    assert.is_nil(path)
    assert.truthy(err.code)
  end)

  it("takes now for the time where none is given", function()
    local leaf = authority.leaf("leaf", root, { from = os.date("!%Y%m%d%H%M%SZ", os.time() - 100),
      to = os.date("!%Y%m%d%H%M%SZ", os.time() + 100000) })
    assert(store(root.der):verify(leaf.der))
  end)

  it("says what it checked", function()
    local anchors, chain = as_leaf { policies = { "2.23.140.1.2.1" } }
    chain[2] = authority.ca("ca", root, { policies = { "2.5.29.32.0" } })
    local _, checked = accepts(anchors, chain)
    assert.same({ "2.23.140.1.2.1" }, checked.policies)
    assert.equal(2, checked.signatures)
    accepts(anchors, chain, { policies = { "2.23.140.1.2.1" }, require_explicit_policy = true })
    refuses("certificate_policy", anchors, chain, { policies = { "2.23.140.1.2.2" }, require_explicit_policy = true })
    accepts(anchors, chain, { policies = { "2.23.140.1.2.2" } })
  end)
end)
