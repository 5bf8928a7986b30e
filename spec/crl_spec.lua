-- bearssl.x509.crl, and CRLs in store:verify. The CRLs are mkcert's; spec/mkcert_text_spec.lua has what openssl reads
-- in such, spec/crl_samples_spec.lua those of public CAs.
local crl = require "bearssl.x509.crl"
local store = require "bearssl.store"
local x509 = require "bearssl.x509"
local der = require "spec.support.der"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

local NOW <const> = 1750000000 -- 2025-06-15
local leaf = assert(x509.load(pki.server.p256.leaf))[1]
local intermediate = assert(x509.load(pki.server.p256.issuers))[1]
local root = assert(x509.load(pki.root.p256))[1]
local roots = assert(store(pki.root.p256))

local JUNE_1 <const>, JUNE_10 <const>, JULY_1 <const> = 1748736000, 1749513600, 1751328000 -- of 2025

local good_root = revoke.crl { issuer = "p256-root" }
local good = revoke.crl {}
local revoked = revoke.crl { entries = { { serial = "02" }, { serial = leaf.serial, reason = "key_compromise" },
  { serial = "7F00" } }, number = 258 }

local function verify(list, more)
  local options = { name = "localhost", time = NOW, revocation = { crl = list } }
  for name, value in pairs(more or {}) do options.revocation[name] = value end
  return roots:verify(pki.read(pki.server.p256.certificate), options)
end

describe("a CRL", function()
  local list = assert(crl.parse(revoked))[1]

  it("has the fields that were written", function()
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
    ok, err = assert(crl.parse(revoke.crl { hash = "sha1" }))[1]:verify(intermediate)
    assert.is_nil(ok)
    assert.equal("weak_signature", err.code)
    assert.is_true(assert(crl.parse(revoke.crl { hash = "sha1" }))[1]:verify(intermediate, { sha1 = true }))
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
    local point = assert(crl.parse(revoke.crl {
      distribution_point = "http://crl.example/a", only = "user", reasons = { "key_compromise", "ca_compromise" },
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
    local big = assert(crl.parse(revoke.crl { entries = entries }))[1]
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
    local entries = { { serial = intermediate.serial, reason = "ca_compromise" } }
    local list = { good, revoke.crl { issuer = "p256-root", entries = entries } }
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
    ["is of the past"] = { next_update = JUNE_1 },
    ["is of the future"] = { this_update = JULY_1 },
    ["is of another key"] = { issuer = "rsa2048-intermediate" },
    ["is signed with SHA-1"] = { hash = "sha1" },
    ["has a critical extension that nobody knows"] = {
      extensions = { { oid = "1.2.3.4", critical = true, value = "\5\0" } },
    },
    ["is for CAs only"] = { only = "ca" },
    ["is for another distribution point"] = { distribution_point = "http://crl.example/b" },
    ["is for some reasons only"] = { reasons = "key_compromise" },
    ["is a delta without its base"] = { base = 1, number = 9 },
  } do
    it("tells nothing where it " .. name, function()
      local chain, err = verify { revoke.crl(change), good_root }
      assert.is_nil(chain)
      assert.equal("revocation_unknown", err.code)
      assert.truthy(err.cause)
      local _, checked = assert(verify({ revoke.crl(change), good_root }, { mode = "soft" }))
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
    for i, reasons in ipairs { { "key_compromise", "ca_compromise", "affiliation_changed", "superseded" },
      { "cessation_of_operation", "certificate_hold", "privilege_withdrawn", "aa_compromise" } } do
      parts[i + 1] = revoke.crl { reasons = reasons }
    end
    assert(verify(parts))
  end)

  it("is made newer by a delta CRL", function()
    local base = revoke.crl { number = 5, entries = { { serial = leaf.serial, reason = "certificate_hold" } },
      next_update = JUNE_1 }
    local held = revoke.crl { number = 6, base = 5, this_update = JUNE_1 }
    local released = revoke.crl { number = 7, base = 5, this_update = JUNE_10,
      entries = { { serial = leaf.serial, reason = "remove_from_crl" } } }
    local chain, err = verify { base, good_root }
    assert.same({ nil, "revocation_unknown" }, { chain, err.code })
    chain, err = verify { base, held, good_root }
    assert.same({ nil, "revoked" }, { chain, err.code })
    assert(verify { released, base, held, good_root })
    chain, err = verify { revoke.crl { number = 4, next_update = JUNE_1 }, released, good_root } -- a base too old
    assert.same({ nil, "revocation_unknown" }, { chain, err.code })
  end)

  it("is made newer by no delta CRL that is not signed", function()
    local base = revoke.crl { number = 5 }
    local delta = revoke.crl { number = 6, base = 5, entries = { { serial = leaf.serial } } }
    local forged = assert(crl.parse(revoke.crl { number = 7, base = 5 }))[1]:der()
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
  local authorities = assert(store { pki.root.p256, pki.stranger })
  local crl_issuer = der.context(4, der.name { { "2.5.4.3", der.utf8 "crl-issuer" } })
  local certificate = revoke.issue("of-another-issuer", { names = "localhost", extensions = {
    { oid = "2.5.29.31", value = der.sequence(der.sequence(der.context(2, crl_issuer))) }, -- cRLIssuer
  } }).issued.certificate

  local function list_of(issuer, is_direct)
    return revoke.crl { issuer = issuer, indirect = not is_direct, next_update = revoke.late }
  end

  local function issuer_of(name, issuer, usage)
    return revoke.issue(name, { issuer = issuer, key_usage = usage or "crl_sign", ext_key_usage = false })
  end

  -- Its certificate, and whether the leaf is good by its list.
  local function judge(what, more)
    local issuer = issuer_of(what.name or "crl-issuer", what.issuer or "p256-root", what.usage)
    local found = issuer.issued.certificate
    local _, checked = assert(authorities:verify({ certificate, intermediate }, {
      time = os.time(), intermediates = what.intermediates or { found },
      revocation = { mode = what.mode or "soft", leaf_only = true, crl = { list_of(issuer, what.is_direct),
        revoke.crl { issuer = "p256-root", next_update = revoke.late, entries = more and more(found) or {} } } },
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
    local issuer = issuer_of("crl-issuer", "p256-root")
    local lists = { list_of(issuer), revoke.crl { issuer = "p256-root", next_update = revoke.late } }
    for _, known in ipairs { issuer.certificate, pki.read(issuer.certificate),
      { issuer.issued.certificate, pki.stranger } } do
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
    assert.equal("unknown", (judge { is_direct = true })) -- it is no indirect CRL
  end)

  it("may sign CRLs", function()
    local status, why = judge { usage = "digital_signature" }
    assert.same({ "unknown", "keyUsage" }, { status, why.where })
  end)

  it("is not revoked", function()
    local status, why = judge({}, function(found) return { { serial = found.serial } } end)
    assert.same({ "unknown", "path of the CRL issuer" }, { status, why.where })
  end)

  it("alone is asked: a list of the certificate's issuer does not count", function()
    local _, checked = assert(authorities:verify({ certificate, intermediate }, { time = os.time(),
      revocation = { mode = "soft", leaf_only = true, crl = { revoke.crl { next_update = revoke.late } } } }))
    assert.equal("unknown", checked.revocation[1].status)
  end)
end)
