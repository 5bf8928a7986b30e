-- bearssl.x509.crl, and CRLs in store:verify, against the CRLs of `openssl ca`.
local crl = require "bearssl.x509.crl"
local store = require "bearssl.store"
local x509 = require "bearssl.x509"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

local NOW <const> = 1750000000 -- 2025-06-15
local leaf = assert(x509.load(pki.server.p256.leaf))[1]
local intermediate = assert(x509.load(pki.server.p256.issuers))[1]
local root = assert(x509.load(pki.root.p256))[1]
local roots = assert(store(pki.root.p256))

local function serial(certificate)
  return (certificate.serial:upper():gsub("^%x$", "0%0"))
end

local function crls(what)
  what.issuer = what.issuer or "p256-intermediate"
  return revoke.crl(what)
end

local good_root = crls { issuer = "p256-root" }
local good = crls {}
local revoked = crls { entries = { { serial = "02" }, { serial = serial(leaf), reason = "keyCompromise" },
  { serial = "7F00" } }, number = 258 }

local function verify(list, more)
  local options = { name = "localhost", time = NOW, revocation = { crl = list } }
  for name, value in pairs(more or {}) do options.revocation[name] = value end
  return roots:verify(pki.read(pki.server.p256.certificate), options)
end

describe("a CRL", function()
  local list = assert(crl.parse(revoked))[1]

  it("has the fields that openssl wrote", function()
    assert.equal(2, list.version)
    assert.equal(tostring(intermediate.subject), tostring(list.issuer))
    assert.equal(1735689600, list.this_update)
    assert.equal(1767225600, list.next_update)
    assert.equal("258", list.crl_number)
    assert.equal("ecdsa-with-SHA256", list.signature_algorithm)
    assert.equal(intermediate.extensions.subject_key_identifier.value, list.authority_key_identifier)
    assert.equal(3, list.entry_count)
    assert.equal(3, #list)
    assert.is_false(list.is_delta)
    assert.is_nil(list.base_crl_number)
    assert.is_nil(list.no_such_field)
    assert.truthy(tostring(list):find("3 entries", 1, true))
  end)

  it("gives the entry of a certificate or of a serial number", function()
    local entry = list:lookup(leaf)
    assert.same({ serial = leaf.serial, revocation_date = 1735732800, reason = "key_compromise" }, entry)
    assert.same(entry, list:lookup(leaf.serial))
    assert.same(entry, list:lookup((leaf.serial:upper():gsub("%x%x", "%0:"):gsub(":$", ""))))
    assert.equal("7f00", list:lookup("00007f00").serial)
    assert.is_nil(list:lookup "03")
    assert.is_nil(list:lookup(root))
    assert.has_error(function() list:lookup "serial" end)
    assert.has_error(function() list:lookup "" end)
  end)

  it("gives its entries in the order of serial numbers", function()
    assert.equal("02", list:entry(1).serial)
    assert.equal("7f00", list:entry(2).serial)
    assert.equal(leaf.serial, list:entry(3).serial)
    assert.is_nil(list:entry(0))
    assert.is_nil(list:entry(4))
  end)

  it("is verified with its issuer's key alone", function()
    assert.is_true(list:verify(intermediate))
    local ok, err = list:verify(root)
    assert.is_nil(ok)
    assert.same({ "bad_crl", "tbsCertList.issuer" }, { err.code, err.where })
    ok, err = assert(crl.parse(crls { digest = "sha1" }))[1]:verify(intermediate)
    assert.is_nil(ok)
    assert.equal("weak_signature", err.code)
    assert.is_true(assert(crl.parse(crls { digest = "sha1" }))[1]:verify(intermediate, { sha1 = true }))
  end)

  it("comes back as PEM and DER", function()
    assert.equal(revoked, list:pem())
    assert.equal(list:der(), assert(crl.parse(list:der()))[1]:der())
  end)

  it("is one of several of a text, and other blocks are passed over", function()
    local lists = assert(crl.load(revoke.file(good .. pki.read(pki.root.p256) .. revoked)))
    assert.equal(2, #lists)
    assert.same({ 0, 3 }, { #lists[1], #lists[2] })
  end)

  it("is asked for where there is none", function()
    local lists, err = crl.parse(pki.read(pki.root.p256))
    assert.is_nil(lists)
    assert.equal("bad_crl", err.code)
    assert.truthy(tostring(err):find("CERTIFICATE", 1, true))
    lists, err = crl.parse "neither"
    assert.same({ nil, "bad_crl" }, { lists, err.code })
    lists, err = crl.load "/no/such/file"
    assert.same({ nil, "file" }, { lists, err.code })
  end)

  it("says what its issuing distribution point is", function()
    local point = assert(crl.parse(crls {
      extensions = "issuingDistributionPoint = critical, @point\n[point]\nfullname = URI:http://crl.example/a\n"
        .. "onlyuser = TRUE\nonlysomereasons = keyCompromise, CACompromise\n",
    }))[1].issuing_distribution_point
    assert.equal("http://crl.example/a", point.full_name[1].value)
    assert.same({ "key_compromise", "ca_compromise" }, point.reasons)
    assert.is_true(point.only_contains_user_certs)
    assert.is_false(point.only_contains_ca_certs)
    assert.is_false(point.indirect_crl)
  end)

  it("of 50,000 entries is searched", function()
    local entries = {}
    for i = 1, 50000 do -- in no order
      entries[i] = { serial = ("%08X"):format(0x10000000 + i * 7919 % 50021) }
    end
    local big = assert(crl.parse(crls { entries = entries }))[1]
    assert.equal(50000, #big)
    for i = 1, 50000, 613 do assert.equal(entries[i].serial:lower(), big:lookup(entries[i].serial).serial) end
    assert.is_nil(big:lookup(("%08x"):format(0x10000000)))
    local last = ""
    for i = 1, 50000 do
      local each = big:entry(i).serial
      assert(last < each)
      last = each
    end
    assert.is_true(big:verify(intermediate))
  end)
end)

describe("a CRL in store:verify", function()
  it("says good, by what and how old", function()
    local chain, checked = verify { good, good_root }
    assert.equal(3, #chain)
    assert.same({ status = "good", source = "crl", this_update = 1735689600, next_update = 1767225600,
      age = NOW - 1735689600 }, checked.revocation[1])
    assert.equal("good", checked.revocation[2].status)
    assert.same({ status = "not_checked" }, checked.revocation[3])
  end)

  it("may be a bearssl.crl", function()
    assert(verify { assert(crl.parse(good))[1], assert(crl.parse(good_root))[1] })
  end)

  it("says revoked, with date and reason, in both modes", function()
    for _, mode in ipairs { "hard", "soft" } do
      local chain, err = verify({ good_root, revoked }, { mode = mode })
      assert.is_nil(chain)
      assert.equal("revoked", err.code)
      assert.equal("certificate_revoked", err.alert)
      assert.truthy(err.message:find("2025-01-01T12:00:00Z, key_compromise", 1, true), err.message)
    end
    assert(verify({ good_root, revoked }, { mode = "off" }))
  end)

  it("says that the CA is revoked", function()
    local entries = { { serial = serial(intermediate), reason = "CACompromise" } }
    local list = { good, crls { issuer = "p256-root", entries = entries } }
    local chain, err = verify(list)
    assert.is_nil(chain)
    assert.equal("revoked", err.code)
    assert.truthy(err.message:find(tostring(intermediate.subject), 1, true))
    assert(verify(list, { leaf_only = true }))
  end)

  it("is missed in the hard mode alone", function()
    local chain, err = verify { good }
    assert.is_nil(chain)
    assert.equal("revocation_unknown", err.code)
    assert.truthy(err.message:find(tostring(intermediate.subject), 1, true))
    assert.truthy(err.hint)
    local _, checked = assert(verify({ good }, { mode = "soft" }))
    assert.same({ status = "unknown" }, checked.revocation[2])
  end)

  for name, change in pairs {
    ["is of the past"] = { to = "20250601000000Z" },
    ["is of the future"] = { from = "20250701000000Z" },
    ["is of another key"] = { issuer = "rsa2048-intermediate" },
    ["is signed with SHA-1"] = { digest = "sha1" },
    ["has a critical extension that nobody knows"] = { extensions = "1.2.3.4 = critical, DER:0500" },
    ["is for CAs only"] = { extensions = "issuingDistributionPoint = critical, @p\n[p]\nonlyCA = TRUE\n" },
    ["is for another distribution point"] = {
      extensions = "issuingDistributionPoint = critical, @p\n[p]\nfullname = URI:http://crl.example/b\n",
    },
    ["is for some reasons only"] = {
      extensions = "issuingDistributionPoint = critical, @p\n[p]\nonlysomereasons = keyCompromise\n",
    },
    ["is a delta without its base"] = { extensions = "deltaCRL = critical, DER:020101", number = 9 },
  } do
    it("tells nothing where it " .. name, function()
      local chain, err = verify { crls(change), good_root }
      assert.is_nil(chain)
      assert.equal("revocation_unknown", err.code)
      assert.truthy(err.cause)
      local _, checked = assert(verify({ crls(change), good_root }, { mode = "soft" }))
      assert.equal("unknown", checked.revocation[1].status)
    end)
  end

  it("may be no older than max_age", function()
    local age = NOW - 1735689600
    assert(verify({ good, good_root }, { max_age = age }))
    local chain, err = verify({ good, good_root }, { max_age = age - 1 })
    assert.is_nil(chain)
    assert.truthy(tostring(err):find("thisUpdate", 1, true))
  end)

  it("is put together of parts for all reasons", function()
    local parts = { good_root }
    for i, reasons in ipairs { "keyCompromise, CACompromise, affiliationChanged, superseded",
      "cessationOfOperation, certificateHold, privilegeWithdrawn, AACompromise" } do
      parts[i + 1] = crls { extensions = "issuingDistributionPoint = critical, @p\n[p]\nonlysomereasons = " .. reasons }
    end
    assert(verify(parts))
  end)

  it("is made newer by a delta CRL", function()
    local base = crls { number = 5, entries = { { serial = serial(leaf), reason = "certificateHold" } },
      to = "20250601000000Z" }
    local held = crls { number = 6, extensions = "deltaCRL = critical, DER:020105", from = "20250601000000Z" }
    local released = crls { number = 7, extensions = "deltaCRL = critical, DER:020105", from = "20250610000000Z",
      entries = { { serial = serial(leaf), reason = "removeFromCRL" } } }
    local chain, err = verify { base, good_root }
    assert.same({ nil, "revocation_unknown" }, { chain, err.code })
    chain, err = verify { base, held, good_root }
    assert.same({ nil, "revoked" }, { chain, err.code })
    assert(verify { released, base, held, good_root })
    chain, err = verify { crls { number = 4, to = "20250601000000Z" }, released, good_root } -- a base too old
    assert.same({ nil, "revocation_unknown" }, { chain, err.code })
  end)

  it("is made newer by no delta CRL that is not signed", function()
    local base = crls { number = 5 }
    local delta = crls { number = 6, extensions = "deltaCRL = critical, DER:020105",
      entries = { { serial = serial(leaf) } } }
    local forged = assert(crl.parse(crls { number = 7, extensions = "deltaCRL = critical, DER:020105" }))[1]:der()
    forged = forged:sub(1, -2) .. string.char(forged:byte(-1) ~ 1)
    for _, list in ipairs { { base, forged, delta, good_root }, { delta, forged, base, good_root } } do
      local chain, err = verify(list)
      assert.same({ nil, "revoked" }, { chain, err.code })
    end
    assert(verify { base, forged, good_root })
  end)

  it("is verified once for many certificates, and counts as one of max_signatures", function()
    local lists = { assert(crl.parse(good))[1], assert(crl.parse(good_root))[1] }
    local function checks(n)
      local fresh = assert(store(pki.root.p256)) -- it remembers no signature of a CA
      return fresh:verify(pki.read(pki.server.p256.certificate),
        { time = NOW, max_signatures = n, revocation = { crl = lists } })
    end
    local chain, err = checks(3)
    assert.same({ nil, "limit" }, { chain, err.code })
    local _, checked = assert(checks(4)) -- the list of the root is remembered
    assert.equal(3, checked.signatures)
    _, checked = assert(checks(2))
    assert.equal(2, checked.signatures)
  end)

  it("is no use where a wrong option is given", function()
    for _, wrong in ipairs { { mode = "maybe" }, { crls = {} }, { crl = { 1 } }, { staple = 1 }, { max_age = 0 } } do
      assert.has_error(function() roots:verify(leaf, { revocation = wrong }) end)
    end
    local ok, err = pcall(roots.verify, roots, leaf, { revocation = { mod = "hard" } })
    assert.is_false(ok)
    assert.truthy(err:find("did you mean 'mode'", 1, true))
  end)
end)

describe("the issuer of an indirect CRL", function()
  local may_sign = "basicConstraints = CA:FALSE\nkeyUsage = critical, cRLSign\nsubjectKeyIdentifier = hash\n"
  local point = "issuingDistributionPoint = critical, @p\n[p]\nindirectCRL = TRUE\n"
  local authorities = assert(store { pki.root.p256, pki.stranger })
  local certificate = assert(x509.load(revoke.issue("of-another-issuer", {
    extensions = "subjectAltName = DNS:localhost\ncrlDistributionPoints = point\n[point]\nCRLissuer = dirName:name\n"
      .. "[name]\nCN = crl-issuer\n",
  }).certificate))[1]

  local function list_of(issuer, more)
    return revoke.crl { issuer = issuer, extensions = more or point, to = "20490101000000Z" }
  end

  -- Its certificate, and whether the leaf is good by its list.
  local function judge(what, more)
    local issuer = revoke.issue(what.name or "crl-issuer", { issuer = what.issuer or "p256-root",
      extensions = what.extensions or may_sign })
    local found = assert(x509.load(issuer.certificate))[1]
    local _, checked = assert(authorities:verify({ certificate, intermediate }, {
      time = os.time(), intermediates = what.intermediates or { found },
      revocation = { mode = what.mode or "soft", leaf_only = true, crl = { list_of(issuer, what.point),
        revoke.crl { issuer = "p256-root", to = "20490101000000Z", entries = more and more(found) or {} } } },
    }))
    return checked.revocation[1].status, checked.revocation[1]
  end

  it("has a path to the same anchor", function()
    assert.equal("good", (judge {}))
    assert.equal("good", (judge { mode = "hard" }))
    local status, why = judge { issuer = "stranger" }
    assert.same({ "unknown", "path of the CRL issuer" }, { status, why.where })
  end)

  it("may be known to the config alone", function()
    local issuer = revoke.issue("crl-issuer", { issuer = "p256-root", extensions = may_sign })
    local lists = { list_of(issuer), revoke.crl { issuer = "p256-root", to = "20490101000000Z" } }
    for _, known in ipairs { issuer.certificate, pki.read(issuer.certificate),
      { assert(x509.load(issuer.certificate))[1], pki.stranger } } do
      assert(authorities:verify({ certificate, intermediate }, { time = os.time(),
        revocation = { leaf_only = true, crl = lists, issuers = known } }))
    end
    local chain, err = authorities:verify(certificate, { revocation = { issuers = "/no/such/file" } })
    assert.same({ nil, "file" }, { chain, err.code })
  end)

  it("is known", function()
    local status, why = judge { intermediates = {} }
    assert.same({ "unknown", "unknown_issuer" }, { status, why.problem })
  end)

  it("is the one that the certificate names", function()
    assert.equal("unknown", (judge { name = "other-issuer" }))
    assert.equal("unknown", (judge { point = "" })) -- it is no indirect CRL
  end)

  it("may sign CRLs", function()
    local status, why = judge { extensions = "keyUsage = digitalSignature\n" }
    assert.same({ "unknown", "keyUsage" }, { status, why.where })
  end)

  it("is not revoked", function()
    local status, why = judge({}, function(found) return { { serial = serial(found) } } end)
    assert.same({ "unknown", "path of the CRL issuer" }, { status, why.where })
  end)

  it("alone is asked: a list of the certificate's issuer does not count", function()
    local _, checked = assert(authorities:verify({ certificate, intermediate }, { time = os.time(),
      revocation = { mode = "soft", leaf_only = true, crl = { crls { to = "20490101000000Z" } } } }))
    assert.equal("unknown", checked.revocation[1].status)
  end)
end)
