-- The signatures of certificates: every kind that OpenSSL makes, the encodings of AlgorithmIdentifier, every changed
-- byte. Wycheproof's vectors for the primitives are in wycheproof_spec.lua.
local der = require "spec.support.der"
local store = require "bearssl.store"
local unit = require "bearssl.unit"
local x509 = require "bearssl.x509"

local folder = "spec/vectors/signatures/"
local in_2030 = 1893456000
local every_hash = { "sha1", "sha224", "sha256", "sha384", "sha512" }

local function verify(name, options)
  local certificates = assert(x509.load(folder .. name .. ".pem"))
  options = options or {}
  options.time = in_2030
  local path, err = assert(store(certificates[2])):verify(certificates[1], options)
  return path and "ok" or err.code, err
end

local good = { "rsa2048-sha224", "rsa2048-sha256", "rsa2048-sha384", "rsa2048-sha512", "rsa3072", "rsa4096", "rsa6144",
  "rsa8192", "ec-P-256-sha256", "ec-P-256-sha384", "ec-P-256-sha512", "ec-P-384-sha256", "ec-P-384-sha384",
  "ec-P-384-sha512", "ec-P-521-sha256", "ec-P-521-sha384", "ec-P-521-sha512", "ed25519", "pss-sha256", "pss-sha384",
  "pss-sha512", "pss-sha256-salt0", "pss-sha256-salt222", "pss-sha256-mgf1-sha512", "pss-8192", "pss-key",
  "pss-key-bound", "pss-key-bound-longer-salt" }

local bad = { -- code, text
  ["rsa2048-md5"] = { "weak_signature", "md5WithRSAEncryption" },
  ["rsa1024"] = { "weak_key", "1024 bits" },
  ["rsa8208"] = { "unsupported_certificate", "8208 bits" },
  ["ec-secp256k1"] = { "unsupported_certificate", "secp256k1" },
  ["ed448"] = { "unsupported_certificate", "id-Ed448" },
}

local sha1 = { "rsa2048-sha1", "ec-P-256-sha1", "pss-sha1", "pss-sha256-mgf1-sha1" }

describe("a signature by OpenSSL", function()
  for _, name in ipairs(good) do
    it(name .. " verifies", function() assert.equal("ok", verify(name)) end)
  end

  for name, expected in pairs(bad) do
    it(("%s is refused: %s"):format(name, expected[1]), function()
      local code, err = verify(name)
      assert.equal(expected[1], code)
      assert.truthy(tostring(err):find(expected[2], 1, true), tostring(err))
    end)
  end

  for _, name in ipairs(sha1) do
    it(name .. " is weak, unless it is allowed", function()
      assert.equal("weak_signature", verify(name))
      assert.equal("ok", verify(name, { hashes = every_hash }))
    end)
  end

  it("is bounded by the policy's hashes", function()
    assert.equal("weak_signature", verify("rsa2048-sha256", { hashes = { "sha384", "sha512" } }))
    assert.equal("ok", verify("rsa2048-sha384", { hashes = { "sha384", "sha512" } }))
    assert.equal("weak_signature", verify("pss-sha256-mgf1-sha512", { hashes = { "sha256" } }))
    assert.equal("ok", verify("ed25519", { hashes = { "sha256" } }))
  end)

  it("of RSA with 1024 bits is allowed where that was asked for", function()
    assert.equal("ok", verify("rsa1024", { min_rsa_bits = 1024 }))
  end)
end)

-- What a leaf's signature is made of.
local function parts(name)
  local certificates = assert(x509.load(folder .. name .. ".pem"))
  local leaf, root = certificates[1], certificates[2]
  local whole = leaf:der()
  local tbs = leaf.tbs_certificate
  local rest = whole:sub(assert(whole:find(tbs, 1, true)) + #tbs)
  local algorithm = rest:sub(1, 2 + rest:byte(2))
  return algorithm, root.public_key.spki, tbs, leaf.signature
end

describe("lt_signature_verify", function()
  for _, name in ipairs { "rsa2048-sha256", "ec-P-256-sha256", "ed25519", "pss-sha256" } do
    it("refuses each changed byte and each truncation of the signature: " .. name, function()
      local algorithm, spki, message, signature = parts(name)
      local short = message:sub(1, 64) -- what is hashed is not what this is about
      assert.equal("ok", unit.signature_verify(algorithm, spki, message, signature))
      for i = 1, #signature do
        local changed = signature:sub(1, i - 1) .. string.char(signature:byte(i) ~ 1) .. signature:sub(i + 1)
        assert.equal("bad_certificate_signature", unit.signature_verify(algorithm, spki, message, changed), i)
        local shorter = signature:sub(1, i - 1)
        assert.equal("bad_certificate_signature", unit.signature_verify(algorithm, spki, message, shorter), i)
      end
      assert.equal("bad_certificate_signature", unit.signature_verify(algorithm, spki, message, signature .. "\0"))
      assert.equal("bad_certificate_signature", unit.signature_verify(algorithm, spki, short, signature))
    end)
  end

  it("takes a key for its own kind of signature alone", function()
    local kinds = { "rsa2048-sha256", "ec-P-256-sha256", "ed25519", "pss-sha256", "pss-key" }
    for _, signed in ipairs(kinds) do
      local algorithm, own, message, signature = parts(signed)
      for _, name in ipairs(kinds) do
        local _, spki = parts(name)
        assert.equal(spki == own and "ok" or "bad_certificate_signature",
          unit.signature_verify(algorithm, spki, message, signature))
      end
    end
  end)
end)

local function hash(oid, ...) return der.sequence(der.oid(oid), ...) end
local sha256, sha384, sha512 = "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"
local mgf1 = "1.2.840.113549.1.1.8"

local function pss(h, m, salt, ...)
  return der.sequence(der.oid "1.2.840.113549.1.1.10", der.sequence(h and der.context(0, h) or "",
    m and der.context(1, der.sequence(der.oid(mgf1), m)) or "", salt and der.context(2, der.integer(salt)) or "", ...))
end

describe("parameters", function()
  local function check(name, algorithm, expected)
    local _, spki, message, signature = parts(name)
    assert.equal(expected, unit.signature_verify(algorithm, spki, message, signature))
  end

  it("of RSA are NULL or absent", function()
    local oid = der.oid "1.2.840.113549.1.1.11"
    check("rsa2048-sha256", der.sequence(oid, der.null), "ok")
    check("rsa2048-sha256", der.sequence(oid), "ok")
    check("rsa2048-sha256", der.sequence(oid, der.null, der.null), "bad_certificate")
    check("rsa2048-sha256", der.sequence(oid, der.integer(1)), "bad_certificate")
  end)

  it("of ECDSA and Ed25519 are absent", function()
    check("ec-P-256-sha256", der.sequence(der.oid "1.2.840.10045.4.3.2"), "ok")
    check("ec-P-256-sha256", der.sequence(der.oid "1.2.840.10045.4.3.2", der.null), "bad_certificate")
    check("ed25519", der.sequence(der.oid "1.3.101.112", der.null), "bad_certificate")
  end)

  it("of RSASSA-PSS are those of RFC 4055, in DER", function()
    check("pss-sha256", pss(hash(sha256, der.null), hash(sha256, der.null), 32), "ok")
    check("pss-sha256", pss(hash(sha256), hash(sha256), 32), "ok")
    check("pss-sha1", der.sequence(der.oid "1.2.840.113549.1.1.10", der.sequence()), "weak_signature")
    local wrong = "bad_certificate_signature"
    check("pss-sha256", pss(hash(sha256), hash(sha256), 31), wrong)
    check("pss-sha256", pss(hash(sha256), hash(sha256), 223), wrong)
    check("pss-sha256", pss(hash(sha256), hash(sha256), 0x7fffffff), wrong)
    check("pss-sha256", pss(hash(sha256), hash(sha384), 32), wrong)
    check("pss-sha256", pss(hash(sha512), hash(sha256), 32), wrong)
    check("pss-sha256", pss(hash(sha256), nil, 32), "weak_signature") -- MGF1 with SHA-1 is the default
    check("pss-sha256", pss(nil, hash(sha256), 32), "weak_signature")
    local malformed = "bad_certificate"
    check("pss-sha256", der.sequence(der.oid "1.2.840.113549.1.1.10"), malformed)
    check("pss-sha256", pss(hash(sha256), hash(sha256), 32, der.context(3, der.integer(1))), malformed)
    check("pss-sha256", pss(hash(sha256), hash(sha256), 32, der.context(3, der.integer(2))), malformed)
    check("pss-sha256", pss(hash(sha256), hash(sha256), -1), malformed)
    check("pss-sha256", pss(hash "1.2.3", hash(sha256), 32), malformed)
    check("pss-sha256", pss(hash(sha256, der.integer(1)), hash(sha256), 32), malformed)
    check("pss-sha256", pss(hash(sha256) .. der.null, hash(sha256), 32), malformed)
    check("pss-sha256", pss(hash(sha256), hash(sha256) .. der.null, 32), malformed)
  end)

  it("that a RSASSA-PSS key is bound to bind its signatures", function()
    local algorithm, spki, message, signature = parts "pss-key-bound-longer-salt"
    assert.equal("ok", unit.signature_verify(algorithm, spki, message, signature))
    local function bound(parameters)
      return (spki:gsub(pss(hash(sha256, der.null), hash(sha256, der.null), 32):sub(3):gsub("%W", "%%%0"), function()
        return parameters:sub(3)
      end))
    end
    local function with(...) return unit.signature_verify(algorithm, bound(pss(...)), message, signature) end
    assert.equal("ok", with(hash(sha256, der.null), hash(sha256, der.null), 40))
    assert.equal("bad_certificate_signature", with(hash(sha256, der.null), hash(sha256, der.null), 41))
    assert.equal("bad_certificate_signature", with(hash(sha384, der.null), hash(sha256, der.null), 32))
    assert.equal("bad_certificate_signature", with(hash(sha256, der.null), hash(sha384, der.null), 32))
  end)
end)
