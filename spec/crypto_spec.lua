-- The room crypto against the vectors of the RFCs and against OpenSSL; Wycheproof's are in wycheproof_spec.lua.
local numbers = require "spec.support.numbers"
local unit = require "bearssl.unit"

local keys = "spec/vectors/keys/"

local function bytes(hex)
  return (hex:gsub("%s", ""):gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function hex(s)
  return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

-- A folder that goes with the block; run("openssl ... @/file") there.
local function scratch(files)
  local dir = os.tmpname() .. ".d"
  assert(os.execute(("rm %s && mkdir -m 700 %s"):format(dir:sub(1, -3), dir)))
  for name, text in pairs(files or {}) do
    local file <close> = assert(io.open(dir .. "/" .. name, "wb"))
    file:write(text)
  end
  return setmetatable({}, {
    __close = function() os.execute("rm -rf " .. dir) end,
    __index = {
      run = function(command)
        local line = "(%s) 2>&1 </dev/null; echo \"status $?\""
        local pipe <close> = assert(io.popen(line:format((command:gsub("@", dir)))))
        local out, status = pipe:read("a"):match "^(.*)status (%d+)\n$"
        return status == "0", out
      end,
      read = function(name) return read(dir .. "/" .. name) end,
    },
  })
end

-- n and e of a public key, by openssl
local function public_numbers(dir, name)
  local _, modulus = dir.run(("openssl rsa -pubin -noout -modulus -in @/%s"):format(name))
  local _, text = dir.run(("openssl rsa -pubin -noout -text -in @/%s"):format(name))
  local n = assert(modulus:match "^Modulus=(%x+)", modulus)
  local e = ("%x"):format(assert(tonumber(text:match "Exponent: (%d+)")))
  local function number(digits) return bytes(("0"):rep(#digits % 2) .. digits) end
  return number(n), number(e)
end

describe("ed25519", function()
  for _, v in ipairs { -- RFC 8032 section 7.1
    { "TEST 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      [[e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b
        d25bf5f0595bbe24655141438e7a100b]] },
    { "TEST 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      [[92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c
        387b2eaeb4302aeeb00d291612bb0c00]] },
    { "TEST 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      [[6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659
        4a7c15e9716ed28dc027beceea1ec40a]] },
    { "TEST SHA(abc)", "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
      [[ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd
        454d4423643ce80e2a9ac94fa54ca49f]],
      [[dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030
        3dca179c138ac17ad9bef1177331a704]] },
  } do
    it("gives RFC 8032's " .. v[1], function()
      local seed, message = bytes(v[2]), bytes(v[4])
      assert.equal(v[3], hex(unit.ed25519_public_key(seed)))
      assert.equal(v[5]:gsub("%s", ""), hex(unit.ed25519_sign(seed, message)))
      assert.is_true(unit.ed25519_verify(bytes(v[3]), message, bytes(v[5])))
    end)
  end

  it("signs as OpenSSL does, messages of every length to 200 and some", function()
    local dir <close> = scratch()
    assert(dir.run("openssl pkey -outform DER -in " .. keys .. "ed25519-pkcs8.pem -out @/key"))
    local seed = dir.read("key"):sub(-32)
    for _, size in ipairs { 1, 31, 32, 63, 64, 65, 111, 112, 127, 128, 129, 200, 5000 } do
      local message = ("m"):rep(size)
      assert(dir.run(("printf %%s %s >@/message"):format(message)))
      assert(dir.run(("openssl pkeyutl -sign -rawin -inkey %sed25519-pkcs8.pem -in @/message -out @/signature")
        :format(keys)))
      assert.equal(hex(dir.read "signature"), hex(unit.ed25519_sign(seed, message)))
    end
  end)

  it("verifies what it signs, and nothing that differs in one bit", function()
    local seed = ("\7"):rep(32)
    local public, signature = unit.ed25519_public_key(seed), unit.ed25519_sign(seed, "message")
    assert.is_true(unit.ed25519_verify(public, "message", signature))
    local function flipped(s, i, bit) return s:sub(1, i - 1) .. string.char(s:byte(i) ~ (1 << bit)) .. s:sub(i + 1) end
    for bit = 0, 7 do
      for i = 1, 64 do assert.is_false(unit.ed25519_verify(public, "message", flipped(signature, i, bit)), i) end
      for i = 1, 32 do assert.is_false(unit.ed25519_verify(flipped(public, i, bit), "message", signature), i) end
      assert.is_false(unit.ed25519_verify(public, flipped("message", 4, bit), signature))
    end
  end)

  it("refuses encodings of points that are not canonical, and points of no curve", function()
    local identity, zeros = "\1" .. ("\0"):rep(31), ("\0"):rep(32)
    -- A = R = the neutral element and S = 0 fulfil the equation for every message; the encodings decide
    assert.is_true(unit.ed25519_verify(identity, "any", identity .. zeros))
    local p_plus_1 = "\238" .. ("\255"):rep(30) .. "\127" -- y = 1 as p + 1
    local minus_zero = "\1" .. ("\0"):rep(30) .. "\128" -- x = 0 with a sign
    for _, other in ipairs { p_plus_1, minus_zero } do
      assert.is_false(unit.ed25519_verify(other, "any", identity .. zeros))
      assert.is_false(unit.ed25519_verify(identity, "any", other .. zeros))
    end
    assert.is_false(unit.ed25519_verify("\2" .. ("\0"):rep(31), "any", identity .. zeros)) -- y = 2: x^2 is no square
  end)

  local order = bytes "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010" -- little-endian

  it("takes S below the group's order alone", function()
    local identity = "\1" .. ("\0"):rep(31)
    assert.is_false(unit.ed25519_verify(identity, "any", identity .. order)) -- S = L is S = 0 again
  end)

  it("reduces modulo the order as bignum does", function()
    local multiply, small, plus = numbers.multiply, numbers.small, numbers.plus
    local function check(x)
      numbers.same(multiply(x, small(1, 4), order:reverse()), unit.ed25519_reduce(x), x)
    end
    check(numbers.ones(64))
    for q = 1, 255 do -- q L - 1, q L and q L + 1, and those times every power of 256
      local multiple = multiply(order:reverse(), small(q, 32), numbers.ones(64))
      for _, more in ipairs { -1, 0, 1 } do
        local x = plus(multiple, more)
        for shift = 0, x:find "[^\0]" - 1 do check(x:sub(shift + 1) .. ("\0"):rep(shift)) end
      end
    end
    for _ = 1, 4000 do
      check(numbers.rough(64))
      check(numbers.random(64))
    end
  end)
end)

describe("rsa_pss", function()
  local hashes = { sha1 = 20, sha224 = 28, sha256 = 32, sha384 = 48, sha512 = 64 }

  for _, name in ipairs { "rsa2048-pkcs1.pem", "rsa3072-pkcs1.pem", "rsa4096-pkcs1.pem" } do
    it("signs what OpenSSL verifies, and verifies what OpenSSL signs, with " .. name, function()
      local dir <close> = scratch { message = "a message" }
      assert(dir.run(("openssl pkey -in %s%s -pubout -out @/public"):format(keys, name)))
      local n, e = public_numbers(dir, "public")
      for hash, size in pairs(hashes) do
        for mgf1_hash in pairs { sha256 = 1, [hash] = 1 } do
          local options = ("-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:%d -sigopt rsa_mgf1_md:%s"):format(
            size, mgf1_hash)
          local signature = unit.rsa_pss_sign(read(keys .. name), hash, mgf1_hash, ("s"):rep(size), "a message")
          local into <close> = scratch { signature = signature, message = "a message", public = dir.read "public" }
          local ok, out = into.run(("openssl dgst -%s -verify @/public -signature @/signature %s @/message"):format(
            hash, options))
          assert.is_true(ok, out)
          assert.is_true(unit.rsa_pss_verify(n, e, hash, mgf1_hash, size, "a message", signature))
          assert.is_false(unit.rsa_pss_verify(n, e, hash, mgf1_hash, size - 1, "a message", signature))
          assert.is_false(unit.rsa_pss_verify(n, e, hash, mgf1_hash, size, "another", signature))
          assert(dir.run(("openssl dgst -%s -sign %s -out @/theirs %s @/message"):format(hash, keys .. name, options)))
          assert.is_true(unit.rsa_pss_verify(n, e, hash, mgf1_hash, size, "a message", dir.read "theirs"))
        end
      end
    end)
  end

  it("lays its block out for moduli of every number of bits modulo 8", function()
    for bits = 2048, 2056 do
      local dir <close> = scratch()
      assert(dir.run(("openssl genrsa -out @/key %d && openssl rsa -in @/key -pubout -out @/public"):format(bits)))
      local n, e = public_numbers(dir, "public")
      local signature = unit.rsa_pss_sign(dir.read "key", "sha256", "sha256", ("s"):rep(32), "m")
      assert.is_true(unit.rsa_pss_verify(n, e, "sha256", "sha256", 32, "m", signature), bits)
      local into <close> = scratch { signature = signature, message = "m", public = dir.read "public" }
      local ok, out = into.run("openssl dgst -sha256 -verify @/public -signature @/signature "
        .. "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 @/message")
      assert.is_true(ok, bits .. out)
    end
  end)

  it("takes no salt that the modulus has no room for", function()
    local text = read(keys .. "rsa2048-pkcs1.pem")
    assert.truthy(unit.rsa_pss_sign(text, "sha512", "sha512", ("s"):rep(256 - 64 - 2), "m"))
    assert.is_false(unit.rsa_pss_sign(text, "sha512", "sha512", ("s"):rep(256 - 64 - 1), "m"))
  end)

  it("verifies nothing that differs in one bit", function()
    local dir <close> = scratch()
    assert(dir.run("openssl pkey -in " .. keys .. "rsa2048-pkcs1.pem -pubout -out @/public"))
    local n, e = public_numbers(dir, "public")
    local signature = unit.rsa_pss_sign(read(keys .. "rsa2048-pkcs1.pem"), "sha256", "sha256", ("s"):rep(32), "m")
    for i = 1, #signature do
      local other = signature:sub(1, i - 1) .. string.char(signature:byte(i) ~ 1 << i % 8) .. signature:sub(i + 1)
      assert.is_false(unit.rsa_pss_verify(n, e, "sha256", "sha256", 32, "m", other), i)
    end
    for _, other in ipairs { "", signature:sub(1, -2), signature .. "\0", "\0" .. signature } do
      assert.is_false(unit.rsa_pss_verify(n, e, "sha256", "sha256", 32, "m", other))
    end
  end)
end)

describe("rsa_public", function()
  for _, case in ipairs { { 4096, 65537 }, { 4104, 3 }, { 4224, 65537 }, { 6144, 65537 }, { 8192, 4294967297 } } do
    local bits, exponent = case[1], case[2]
    it(("verifies what OpenSSL signs with %d bits and e = %d"):format(bits, exponent), function()
      local dir <close> = scratch { message = "a message" }
      -- more than two primes are found faster; the public half does not show them
      assert(dir.run(("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:%d -pkeyopt rsa_keygen_primes:%d "
        .. "-pkeyopt rsa_keygen_pubexp:%d -out @/key && openssl pkey -in @/key -pubout -out @/public")
        :format(bits, bits > 4200 and 4 or 3, exponent)))
      local n, e = public_numbers(dir, "public")
      assert(dir.run "openssl dgst -sha256 -sign @/key -out @/pkcs1 @/message")
      assert(dir.run("openssl dgst -sha384 -sign @/key -out @/pss -sigopt rsa_padding_mode:pss "
        .. "-sigopt rsa_pss_saltlen:48 @/message"))
      assert.is_true(unit.rsa_pkcs1_verify(n, e, "sha256", "a message", dir.read "pkcs1"))
      assert.is_false(unit.rsa_pkcs1_verify(n, e, "sha256", "another", dir.read "pkcs1"))
      assert.is_false(unit.rsa_pkcs1_verify(n, e, "sha384", "a message", dir.read "pkcs1"))
      assert.is_true(unit.rsa_pss_verify(n, e, "sha384", "sha384", 48, "a message", dir.read "pss"))
      assert.is_false(unit.rsa_pss_verify(n, e, "sha384", "sha384", 48, "another", dir.read "pss"))
      assert.is_false(unit.rsa_public(n, e, n)) -- not below n
      local one = ("\0"):rep(#n - 1) .. "\1"
      assert.equal(one, unit.rsa_public(n, e, one))
      local minus_one = n:sub(1, -2) .. string.char(n:byte(-1) - 1)
      assert.equal(minus_one, unit.rsa_public(n, e, minus_one)) -- e is odd
    end)
  end

  it("refuses keys that are none", function()
    local function public(n, e) return unit.rsa_public(n, e, ("\0"):rep(#n - 1) .. "\2") end
    for _, size in ipairs { 256, 512, 513, 1024 } do
      local n = ("\255"):rep(size)
      assert.truthy(public(n, "\3"))
      for _, e in ipairs { "", "\0", "\1", "\2", "\1\0" } do assert.is_false(public(n, e)) end
      assert.is_false(public(("\255"):rep(size - 1) .. "\254", "\3"))
    end
    assert.is_false(public(("\255"):rep(1025), "\3"))
    assert.is_false(public("", "\3"))
    assert.is_false(public(("\255"):rep(513), ("\255"):rep(9)))
    assert.truthy(public(("\255"):rep(512), ("\255"):rep(32)))
    assert.is_false(public(("\255"):rep(512), ("\255"):rep(33)))
  end)
end)

describe("pbkdf2", function()
  for _, v in ipairs {
    { "RFC 6070", "sha1", "password", "salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6" },
    { "RFC 6070", "sha1", "password", "salt", 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957" },
    { "RFC 6070", "sha1", "password", "salt", 4096, "4b007901b765489abead49d926f721d065a429c1" },
    { "RFC 6070", "sha1", "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096,
      "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038" },
    { "RFC 6070", "sha1", "pass\0word", "sa\0lt", 4096, "56fa6aa75548099dcc37d7f03425e0c3" },
    { "RFC 7914", "sha256", "passwd", "salt", 1, [[55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc
      49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783]] },
  } do
    it(("gives %s's key of %q and %d iterations"):format(v[1], v[3], v[5]), function()
      local expected = v[6]:gsub("%s", "")
      assert.equal(expected, hex(unit.pbkdf2(v[2], v[3], v[4], v[5], #expected // 2)))
    end)
  end
end)

describe("the PRF of TLS 1.2", function()
  it("has the known answer of the IETF's TLS list", function() -- "P_SHA256", for RFC 5246
    local out = unit.prf_12("sha256", bytes "9bbe436ba940f017b17652849a71db35", "test label",
      bytes "a0ba9f936cda311827a6f796ffd5198c", 100)
    assert.equal("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af"
      .. "0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66",
      hex(out))
  end)

  it("is OpenSSL's, for every length of secret, seed and output", function()
    local dir <close> = scratch()
    for i, hash in ipairs { "sha256", "sha384" } do
      for _, size in ipairs { 1, 12, 31 + i, 48, 104, 255 } do
        local secret, seed = numbers.random(3 * size % 150 + 1), numbers.random(size % 77 + 1)
        local command = "openssl kdf -keylen %d -kdfopt digest:%s -kdfopt hexsecret:%s -kdfopt hexseed:%s TLS1-PRF"
        local ok, out = dir.run(command:format(size, hash, hex(secret), hex("key expansion" .. seed)))
        assert(ok, out)
        assert.equal(out:gsub("[:%s]", ""):lower(), hex(unit.prf_12(hash, secret, "key expansion", seed, size)))
      end
    end
  end)
end)

describe("scrypt", function()
  for _, v in ipairs { -- RFC 7914 section 12
    { "", "", 16, 1, 1, [[77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442
      fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906]] },
    { "password", "NaCl", 1024, 8, 16, [[fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162
      2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640]] },
    { "pleaseletmein", "SodiumChloride", 16384, 8, 1, [[7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2
      d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887]] },
  } do
    it(("gives RFC 7914's key of %q"):format(v[1]), function()
      assert.equal(v[6]:gsub("%s", ""), hex(unit.scrypt(v[1], v[2], v[3], v[4], v[5], 64)))
    end)
  end
end)

describe("aead", function()
  local function row(size, f)
    local out = {}
    for i = 0, size - 1 do out[i + 1] = string.char(f(i) & 255) end
    return table.concat(out)
  end

  for _, v in ipairs { -- spec/vectors/aead/make.py, by OpenSSL: every length to 1,024, texts and keys that differ
    { "aes_128_gcm", 16, "9d07ffd6e68d6c3f907e6582d5113d8d900ac336bde454d96c7ac6450d678ce5" },
    { "aes_256_gcm", 32, "be0ca442bd59c46e036f9130a4d2f315e642941663944fb6853cc21b221b18d9" },
    { "chacha20_poly1305", 32, "5cb594442f2cd1ee47eaa54eebe1474dca54033dd665d47b0cf33e208f632dbc" },
    { "aes_128_ccm", 16, "96d3d92153f437b44b8a98a73ae093a5ac976dfb15a7551a8b17a7507619f986" },
  } do
    it("seals as OpenSSL does and opens what it sealed, with " .. v[1], function()
      local sealed = {}
      for n = 0, 1024 do
        local key = row(v[2], function(i) return n + 3 * i end)
        local nonce = row(12, function(i) return 5 * n + i end)
        local aad = row(n % 34, function(i) return n + i end)
        local text = row(n, function(i) return n ~ 7 * i end)
        local ciphertext, tag = unit.aead_seal(v[1], key, nonce, aad, text)
        sealed[#sealed + 1] = ciphertext .. tag
        assert.equal(text, unit.aead_open(v[1], key, nonce, aad, ciphertext, tag))
        local at = n % 16 + 1
        local changed = tag:sub(1, at - 1) .. string.char(tag:byte(at) ~ 1) .. tag:sub(at + 1)
        assert.is_false(unit.aead_open(v[1], key, nonce, aad, ciphertext, changed))
        assert.is_false(unit.aead_open(v[1], key, nonce, aad .. "\0", ciphertext, tag))
      end
      assert.equal(v[3], hex(unit.hash("sha256", table.concat(sealed))))
    end)
  end
end)

-- What is right modulo one prime alone would give it away: gcd(s^e - m, n).
describe("a signature by an RSA key", function()
  for _, name in ipairs { "rsa2048-pkcs1.pem", "rsa3072-pkcs1.pem", "rsa4096-pkcs1.pem" } do
    for _, kind in ipairs { "pkcs1", "pss", "BearSSL's", "BearSSL's in TLS 1.1" } do
      it(("is kept back where the computation erred: %s, %s"):format(name, kind), function()
        local text = read(keys .. name)
        local code, out = unit.rsa_sign_with_fault(text, kind)
        assert.equal("ok", code)
        assert.not_equal(("\0"):rep(#out), out)
        for _, number in ipairs { "p", "q", "dp", "dq", "iq" } do
          code, out = unit.rsa_sign_with_fault(text, kind, number)
          assert.equal("internal", code, number)
          assert.equal(("\0"):rep(#out), out)
        end
      end)
    end
  end
end)

describe("random bytes", function()
  -- Of each size from 0 to 300, one draw after another: of what the system gave at first, across its end, behind it.
  local sizes = {}
  for n = 0, 300 do sizes[#sizes + 1] = n end

  it("are never given twice, and none is kept", function()
    local seen = {}
    for _ = 1, 3 do
      local all = table.pack(unit.random_bytes(nil, table.unpack(sizes)))
      for i, n in ipairs(sizes) do
        assert.equal(n, #all[i])
        for from = 1, n - 7, 8 do
          local eight = all[i]:sub(from, from + 7)
          assert.is_nil(seen[eight])
          seen[eight] = true
        end
      end
      assert.equal(("\0"):rep(128), all[all.n])
    end
  end)

  it("that were not asked for yet stay as they are", function()
    local given, kept = unit.random_bytes(nil, 50)
    assert.equal(50, #given)
    assert.equal(("\0"):rep(50), kept:sub(1, 50))
    local _, zeros = kept:sub(51):gsub("\0", "")
    assert.is_true(zeros < 20)
  end)

  it("of a seed are HMAC_DRBG's (SP 800-90A section 10.1.2), every time", function()
    local seed = ("seed"):rep(8)
    local k, v = ("\0"):rep(32), ("\1"):rep(32)
    local function update(data)
      for _, separator in ipairs(data ~= "" and { "\0", "\1" } or { "\0" }) do
        k = unit.hmac("sha256", k, v .. separator .. data)
        v = unit.hmac("sha256", k, v)
      end
    end
    local function generate(n)
      local out = ""
      while #out < n do
        v = unit.hmac("sha256", k, v)
        out = out .. v
      end
      update ""
      return out:sub(1, n)
    end
    update(seed)
    local a, b = unit.random_bytes(seed, 48, 200)
    assert.equal(hex(generate(48)), hex(a))
    assert.equal(hex(generate(200)), hex(b))
  end)
end)
