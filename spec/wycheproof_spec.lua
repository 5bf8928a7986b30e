-- Wycheproof's vectors against every primitive that we use, our own and BearSSL's: each `valid` must pass and each
-- `invalid` must fail. What is `acceptable` is said where it comes up. One spec per file; a failure names the tests.
local core = require "bearssl.core"
local json = require "dkjson"
local unit = require "bearssl.unit"

local function bytes(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function load(name)
  local path = "spec/vectors/wycheproof/" .. name .. "_test.json"
  local file <close> = assert(io.open(path))
  return assert(json.decode((file:read "a")))
end

-- accepts(test, group) says what we make of a test; acceptable(test) what we should make of an acceptable one.
local function agrees(name, accepts, acceptable)
  it("agrees with " .. name, function()
    local data, count, wrong = load(name), 0, {}
    for _, group in ipairs(data.testGroups) do
      for _, test in ipairs(group.tests) do
        local expected = test.result == "valid"
        if test.result == "acceptable" then expected = acceptable(test) end
        if accepts(test, group) ~= expected then
          wrong[#wrong + 1] = ("%d (%s): %s"):format(test.tcId, test.result, test.comment)
        end
        count = count + 1
      end
    end
    assert.same({}, wrong)
    assert.equal(data.numberOfTests, count)
  end)
end

local function has_flag(test, flag)
  for _, name in ipairs(test.flags) do
    if name == flag then return true end
  end
  return false
end

local function hash_name(name) return (name:lower():gsub("-", "")) end

local function never() return false end

describe("ed25519", function()
  agrees("ed25519", function(test, group)
    local signature = bytes(test.sig)
    return #signature == 64 and unit.ed25519_verify(bytes(group.publicKey.pk), bytes(test.msg), signature)
  end)
end)

-- x509/signature.c: by the AlgorithmIdentifier and SubjectPublicKeyInfo, as certificates have them
describe("signature_verify", function()
  local function by(algorithm)
    return function(test, group)
      local spki = bytes(group.publicKeyDer)
      local code = unit.signature_verify(algorithm, spki, bytes(test.msg), bytes(test.sig), true)
      assert.truthy(code == "ok" or code == "bad_certificate_signature", code)
      return code == "ok"
    end
  end

  agrees("ed25519", by(bytes "300506032b6570"))
  for hash, last in pairs { [256] = "0b", [384] = "0c", [512] = "0d" } do
    local algorithm = by(bytes("300d06092a864886f70d0101" .. last .. "0500"))
    agrees(("rsa_signature_2048_sha%d"):format(hash), algorithm, never)
  end

  for curve, hash in pairs { secp256r1 = 256, secp384r1 = 384, secp521r1 = 512 } do
    agrees(("ecdsa_%s_sha%d"):format(curve, hash), by(bytes("300a06082a8648ce3d04030" .. hash // 128)))
  end

  -- keys that name their parameters, which are the signature's too
  local function own_algorithm(test, group)
    local spki = bytes(group.publicKeyDer)
    local size, at = string.unpack("B", spki, 2)
    if size > 0x80 then at = at + size - 0x80 end
    return by(spki:sub(at, at + 1 + spki:byte(at + 1)))(test, group)
  end
  for _, name in ipairs {
    "2048_sha256_mgf1_0", "2048_sha256_mgf1_32", "3072_sha256_mgf1_32", "4096_sha512_mgf1_64", "misc",
  } do
    agrees(("rsa_pss_%s_params"):format(name), own_algorithm)
  end
end)

describe("ecdsa by a key that is known", function()
  it("agrees with the plain one", function()
    local good, knows = 0, select(2, unit.accel()) & 1 == 1
    for _, group in ipairs(load "ecdsa_secp256r1_sha256".testGroups) do
      local point = bytes(group.publicKey.uncompressed)
      for _, test in ipairs(group.tests) do
        local digest, signature = core.digest("sha256", bytes(test.msg)), bytes(test.sig)
        local plain = unit.ecdsa_verify_digest("secp256r1", point, digest, signature)
        local known = unit.ecdsa_verify_known("secp256r1", point, digest, signature)
        if knows then
          assert.equal(plain, known, test.comment)
        else
          assert.is_nil(known)
        end
        good = good + (plain and 1 or 0)
      end
    end
    assert.is_true(good > 100)
  end)
end)

describe("rsa_pss", function()
  local function accepts(test, group)
    return unit.rsa_pss_verify(bytes(group.publicKey.modulus), bytes(group.publicKey.publicExponent),
      hash_name(group.sha), hash_name(group.mgfSha), group.sLen, bytes(test.msg), bytes(test.sig))
  end
  for _, name in ipairs {
    "2048_sha256_mgf1_0", "2048_sha256_mgf1_0_params", "2048_sha256_mgf1_32", "2048_sha256_mgf1_32_params",
    "2048_sha384_mgf1_48", "3072_sha256_mgf1_32", "3072_sha256_mgf1_32_params", "4096_sha256_mgf1_32",
    "4096_sha384_mgf1_48", "4096_sha512_mgf1_64", "4096_sha512_mgf1_64_params", "misc", "misc_params",
  } do
    agrees("rsa_pss_" .. name, accepts)
  end
end)

describe("rsa_pkcs1", function()
  local function accepts(test, group)
    return unit.rsa_pkcs1_verify(bytes(group.publicKey.modulus), bytes(group.publicKey.publicExponent),
      hash_name(group.sha), bytes(test.msg), bytes(test.sig))
  end
  for _, bits in ipairs { 2048, 3072, 4096 } do
    for _, hash in ipairs { 256, 384, 512 } do
      -- acceptable: a DigestInfo without the NULL; RFC 8017 section 9.2 wants it there
      agrees(("rsa_signature_%d_sha%d"):format(bits, hash), accepts, never)
    end
  end
end)

describe("ecdh", function()
  local function as_long_as(scalar, size) -- private keys come with zeros in front, or without
    scalar = scalar:gsub("^\0+", "")
    return ("\0"):rep(size - #scalar) .. scalar
  end
  for curve, size in pairs { secp256r1 = 32, secp384r1 = 48, secp521r1 = 66 } do
    -- acceptable: compressed points, which TLS has done away with (RFC 8422 section 5.1.2)
    agrees(("ecdh_%s_ecpoint"):format(curve), function(test)
      local shared = unit.ecdh(curve, bytes(test.public), as_long_as(bytes(test.private), size))
      return shared == bytes(test.shared)
    end, never)
  end

  -- acceptable: points on the twist and encodings from 2^255 - 19 on (RFC 7748 section 5 takes them); results of
  -- zeros are refused (section 6.1)
  agrees("x25519", function(test)
    return unit.ecdh("x25519", bytes(test.public), bytes(test.private)) == bytes(test.shared)
  end, function(test) return not has_flag(test, "ZeroSharedSecret") end)
end)

describe("hmac", function()
  for _, name in ipairs { "sha1", "sha256", "sha384", "sha512" } do
    agrees("hmac_" .. name, function(test, group)
      return unit.hmac(name, bytes(test.key), bytes(test.msg)):sub(1, group.tagSize // 8) == bytes(test.tag)
    end)
  end
end)

describe("hkdf", function()
  for name, size in pairs { sha256 = 32, sha384 = 48, sha512 = 64 } do
    agrees("hkdf_" .. name, function(test)
      if test.size > 255 * size then return false end -- RFC 5869 section 2.3; no caller asks for as much
      return unit.hkdf(name, bytes(test.ikm), bytes(test.salt), bytes(test.info), test.size) == bytes(test.okm)
    end)
  end
end)

-- What no suite of ours has (other sizes of key, nonce or tag) is not asked of crypto/aead.c; `count` is what is left.
describe("aead", function()
  local function through(algorithms)
    local count = 0
    return function(test, group)
      local name = algorithms[group.keySize]
      if not name or group.ivSize ~= 96 or group.tagSize ~= 128 then return test.result == "valid" end
      count = count + 1
      local key, nonce, aad = bytes(test.key), bytes(test.iv), bytes(test.aad)
      local text, tag = bytes(test.msg), bytes(test.tag)
      local opened = unit.aead_open(name, key, nonce, aad, bytes(test.ct), tag)
      assert.truthy(opened == false or opened == text)
      local sealed, own_tag = unit.aead_seal(name, key, nonce, aad, text)
      assert.equal(opened ~= false, sealed == bytes(test.ct) and own_tag == tag)
      return opened ~= false
    end, function() return count end
  end

  for _, case in ipairs {
    { "aes_gcm", { [128] = "aes_128_gcm", [256] = "aes_256_gcm" }, 100 },
    { "aes_ccm", { [128] = "aes_128_ccm" }, 20 },
    { "chacha20_poly1305", { [256] = "chacha20_poly1305" }, 250 },
  } do
    local accepts, count = through(case[2])
    agrees(case[1], accepts)
    it("was asked for enough of " .. case[1], function() assert.is_true(count() >= case[3], count()) end)
  end
end)
