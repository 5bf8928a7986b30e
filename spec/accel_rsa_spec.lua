-- RSA on csrc/crypto/accel/montgomery.h against its twins, BearSSL's and crypto/bignum.h: see accel_spec.lua.
local numbers = require "spec.support.numbers"
local unit = require "bearssl.unit"

local random, rough, below = numbers.random, numbers.rough, numbers.below
local plus, small, ones, multiply, same = numbers.plus, numbers.small, numbers.ones, numbers.multiply, numbers.same
local power = numbers.power
local built = unit.accel()
local keys = "spec/vectors/keys/"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function with(key, changes)
  local out = {}
  for name, value in pairs(key) do out[name] = value end
  for name, value in pairs(changes) do out[name] = value end
  return out
end

local function check_private(key, x)
  same(unit.rsa_private(key, x, true), unit.rsa_private(key, x), key.bits, x)
end

-- n and e of a modulus that is the product of no primes: one that is odd is all that the arithmetic asks for
local function modulus(size, make)
  local n = make(size)
  return string.char(n:byte(1) | 128) .. n:sub(2, -2) .. string.char(n:byte(-1) | 1)
end

-- A cube root of 2^1000 + 1942294 modulo 2^2048 - 1942289, which is prime
local root_of_a_small_number = ([[
  0d7f0d635ecff4d7b3b94cccc1dc6c3c24f0902a6b3cdbf750a887c89d2fcd7ab2e5741bf1c1539c787e7e302834697d68478f13
  249707d47acaf7ace270e0a8769cbb3554e6fada341a6054a62815a888e1180494f3ee615c9aa002d3eb869b03c139461acd6613
  0ad9ff4f8f19d503aec49ddf60aefc54255be3d8bfcbf6ae293b0c2f87eebb55fca03d9b02873c4196df539789c971e804ca5860
  97a695f5ab898cf55a300129f581605d46fd602e460b785b28e78e7fac7fae3bd000a0188c4759a2d249bdbee00993f12260b6ba
  a84b3191225d1bc94f73cc539825f6e93dba7de9125e0b8c37d1bc4a6c9889235bf1b4a91c9f825f37ff81a86e701c20
]]):gsub("%s", ""):gsub("..", function(pair) return string.char(tonumber(pair, 16)) end)

setup(numbers.seed)

if built then
  describe("montgomery", function()
    it("multiplies modulo every size that it takes", function()
      for _, size in ipairs { 64, 128, 192, 256, 320, 512, 576, 1024 } do
        local r = "\0\0\0\1" .. ("\0"):rep(size)
        local moduli = { ones(size), "\128" .. small(1, size - 1), modulus(size, rough), modulus(size, random) }
        for _, m in ipairs(moduli) do
          local as = { small(0, size), small(1, size), plus(m, -1), plus(m, -2), below(m, rough), below(m, random) }
          local bs = { small(0, size), small(1, size), plus(m, -1), m, ones(size), rough(size), random(size) }
          for i = 1, size < 512 and #as or 3 do
            for j = 1, #bs do
              local a, b = as[size < 512 and i or math.random(#as)], bs[j]
              local product, r_squared = unit.montgomery(m, a, b)
              assert.is_true(product < m)
              same(multiply(a, b, m), multiply(product, r, m), "multiply", m, a, b)
              same(product, (unit.montgomery(m, b, a)), "multiply", m, b, a)
              if i == 1 and j == 1 then
                local one = multiply(("\0\0\0\1" .. ("\0"):rep(size)), "\0\0\0\1", m)
                same(multiply(one, one, m), r_squared, "R^2", m)
              end
            end
          end
        end
      end
    end)

    it("doubles modulo every size", function()
      for _, size in ipairs { 64, 128, 192, 256, 512, 1024 } do
        local moduli = { ones(size), "\128" .. small(1, size - 1), "\192" .. small(3, size - 1), modulus(size, rough),
          modulus(size, random), "\128" .. ones(size - 1), ones(8) .. small(1, size - 8),
          "\128" .. small(1, 7) .. small(1, size - 8) }
        for _, m in ipairs(moduli) do
          for _, bits in ipairs { 0, 1, 31, 59, 60, 61, 120, 121, 601 } do
            local of_two = string.char(1 << bits % 8) .. ("\0"):rep(bits // 8 + size)
            of_two = ("\0"):rep(-#of_two % 4) .. of_two
            same(multiply(of_two, "\0\0\0\1", m), unit.montgomery_shift(m, bits), m, bits)
          end
        end
      end
    end)

    it("takes no modulus that is even or does not fill its limbs", function()
      local function takes(m) return unit.montgomery(m, small(0, #m), small(0, #m)) end
      assert.truthy(takes(ones(64)))
      for _, m in ipairs { "", ones(63), ones(65), ones(32), ones(1088), ones(63) .. "\254", "\127" .. ones(63),
        "\0" .. ones(63) } do
        assert.is_false(takes(m))
      end
    end)
  end)

  describe("rsa_ifma", function()
    local function edges(size)
      return { ones(size), "\128" .. small(1, size - 1), "\128" .. ones(size - 1), modulus(size, rough),
        modulus(size, random), ones(size // 2) .. small(1, size - size // 2) }
    end

    for _, emulated in ipairs { true, false } do
      local which = emulated and "with its vectors emulated" or "on this machine, if it has it"

      it("raises two numbers at once to secret powers, " .. which, function()
        for _, size in ipairs { 128, 192, 256 } do
          local moduli = edges(size)
          for i, m1 in ipairs(moduli) do
            local m2 = moduli[math.random(#moduli)]
            local xs = { small(0, size), small(1, size), plus(m1, -1), below(m1, rough), below(m1, random) }
            local es = { 0, 1, 2, 31, 32, 0xffffff }
            for j, e1 in ipairs(es) do
              local x1, x2, e2 = xs[(i + j) % #xs + 1], below(m2, rough), math.random(0, 1 << 20)
              local r1, r2 = unit.ifma_private(emulated, m1, x1, small(e1, size), m2, x2, small(e2, size))
              if not r1 then return assert.is_false(emulated) end
              same(power(x1, (">I4"):pack(e1), m1), r1, "power", m1, x1, e1)
              same(power(x2, (">I4"):pack(e2), m2), r2, "power", m2, x2, e2)
            end
          end
        end
      end)

      it("raises numbers to public powers, " .. which, function()
        for _, size in ipairs { 256, 384, 512 } do
          for _, m in ipairs(edges(size)) do
            for _, x in ipairs { small(0, size), small(1, size), plus(m, -1), below(m, rough), below(m, random) } do
              for _, e in ipairs { "\3", "\1\0\1" } do
                local r = unit.ifma_public(emulated, m, x, e)
                if not r then return assert.is_false(emulated) end
                same(power(x, ("\0"):rep(-#e % 4) .. e, m), r, "power", m, x, e)
              end
            end
          end
        end
      end)
    end

    -- The last product is what is small and the modulus then, which has a bit more than the modulus.
    it("reduces a power that is small modulo a number of ones", function()
      local m, x = plus(ones(256), 1 - 1942289), root_of_a_small_number
      local cube = small(0, 130) .. "\1" .. small(1942294, 125)
      assert.equal(cube, unit.ifma_public(true, m, x, "\3"))
      assert.equal(cube, unit.ifma_public(false, m, x, "\3") or cube)
      assert.equal(cube, unit.rsa_public(m, "\3", x))
    end)

    it("leaves other sizes to montgomery.h", function()
      for _, size in ipairs { 64, 320, 512 } do
        local m, x, e = ones(size), small(2, size), small(3, size)
        assert.is_false(unit.ifma_private(true, m, x, e, m, x, e))
      end
      for _, size in ipairs { 64, 128, 320, 576, 1024 } do
        assert.is_false(unit.ifma_public(true, ones(size), small(2, size), "\3"))
      end
    end)
  end)
end

describe("rsa_private", function()
  local made = {}
  for _, bits in ipairs { 1024, 1025, 1032, 1536, 2048, 2056 } do
    made[#made + 1] = unit.rsa_keygen(bits, "seed " .. bits)
  end
  for _, name in ipairs { "rsa2048", "rsa3072", "rsa4096" } do
    made[#made + 1] = unit.rsa_key(read(keys .. name .. "-pkcs1.pem"))
  end

  for i, key in ipairs(made) do
    local size = #key.n
    it(("is BearSSL's with %d bits (%d)"):format(key.bits, i), function()
      for _, x in ipairs { small(0, size), small(1, size), small(2, size), plus(key.n, -1), key.n, plus(key.n, 1),
        ones(size), below(key.n, rough), below(key.n, random) } do
        check_private(key, x)
        if x < key.n then
          local out = unit.rsa_private(key, x)
          same(x, unit.rsa_public(key.n, key.e, out), "back", x)
        else
          assert.is_false(unit.rsa_private(key, x))
        end
      end
      for _ = 1, key.bits < 1100 and 40 or 3 do check_private(key, below(key.n, random)) end
      -- BearSSL multiplies modulo both; x = p and x = q are zero in one of them
      for _, half in ipairs { key.p, key.q } do check_private(key, ("\0"):rep(size - #half) .. half) end
    end)

    it(("is BearSSL's with the numbers of a key of %d bits in other forms (%d)"):format(key.bits, i), function()
      local x = below(key.n, random)
      local half = #key.p
      for _, changes in ipairs {
        { p = "\0" .. key.p, q = "\0\0" .. key.q }, { p = key.q, q = key.p, dp = key.dq, dq = key.dp },
        { dp = "" }, { dp = "\0", dq = "\1" }, { dp = "\1\0\1", dq = "\0\0\3" }, { dp = ones(half), dq = ones(half) },
        { dp = "\0" .. key.dp }, { iq = "" }, { iq = small(0, half) }, { iq = ones(half) }, { iq = "\0" .. key.iq },
        { iq = "\1" }, { q = key.p }, { dq = "\128" .. ("\0"):rep(half - 1) },
      } do
        local other = with(key, changes)
        same(unit.rsa_private(other, x, true), unit.rsa_private(other, x), i, next(changes))
      end
    end)
  end

  it("is BearSSL's with factors at the edges", function()
    for size, rounds in pairs { [64] = 3, [128] = 1 } do
      local factors = { ones(size), "\128" .. small(1, size - 1), plus(ones(size), -2), modulus(size, rough),
        modulus(size, random) }
      for _, p in ipairs(factors) do
        for _, q in ipairs(factors) do
          for _ = 1, rounds do
            local key = { bits = 16 * size, p = p, q = q, dp = rough(size), dq = rough(size), iq = rough(size) }
            check_private(key, rough(2 * size))
            check_private(key, small(0, 2 * size))
            check_private(key, small(0, size) .. p)
            check_private(key, "\63" .. ones(2 * size - 1)) -- below every product of these
          end
        end
      end
    end
  end)

  it("takes no even factor", function()
    local key = made[1]
    for _, name in ipairs { "p", "q" } do
      local other = with(key, { [name] = key[name]:sub(1, -2) .. "\2" })
      assert.is_false(unit.rsa_private(other, small(2, 128)))
      assert.is_false(unit.rsa_private(other, small(2, 128), true))
    end
  end)

  local oids = { -- BR_HASH_OID_, the length first
    [20] = "\5\x2b\x0e\3\2\x1a", [28] = "\9\x60\x86\x48\1\x65\3\4\2\4", [32] = "\9\x60\x86\x48\1\x65\3\4\2\1",
    [48] = "\9\x60\x86\x48\1\x65\3\4\2\2", [64] = "\9\x60\x86\x48\1\x65\3\4\2\3",
  }

  it("signs as BearSSL does", function()
    for _, key in ipairs(made) do
      for size, oid in pairs(oids) do
        for _, digest in ipairs { random(size), small(0, size) } do
          local twin = unit.rsa_pkcs1_sign(key, oid, digest, true)
          assert.equal(#key.n, #twin)
          same(twin, unit.rsa_pkcs1_sign(key, oid, digest), oid, digest)
        end
      end
      local digest = random(36) -- MD5 and SHA-1, as TLS 1.1 has them
      same(unit.rsa_pkcs1_sign(key, nil, digest, true), unit.rsa_pkcs1_sign(key, nil, digest), digest)
    end
  end)

  it("gives back what was signed, as BearSSL's does", function()
    local function check(key, oid, size, x)
      local digest = unit.rsa_pkcs1_recover(key.n, key.e, oid, size, x)
      same(unit.rsa_pkcs1_recover(key.n, key.e, oid, size, x, true), digest, oid, x)
      return digest
    end
    for _, key in ipairs(made) do
      local sha256 = oids[32]
      local without = "\x30\x2f\x30\x0b\6" .. sha256 .. "\4\x20" .. random(32) -- no NULL
      local em = "\0\1" .. ones(#key.n - 3 - #without) .. "\0" .. without
      assert.equal(without:sub(-32), check(key, sha256, 32, unit.rsa_private(key, em)))
      for size, oid in pairs(oids) do
        local digest = random(size)
        local x = unit.rsa_pkcs1_sign(key, oid, digest)
        assert.equal(digest, check(key, oid, size, x))
        assert.is_false(check(key, sha256, 32, size == 32 and x .. "\0" or x))
        assert.is_false(check(key, oid, size, x:sub(1, -2) .. string.char(x:byte(-1) ~ 1)))
        assert.is_false(check(key, nil, 36, x))
      end
      local digest = random(36)
      assert.equal(digest, check(key, nil, 36, unit.rsa_pkcs1_sign(key, nil, digest)))
      assert.is_false(check(key, sha256, 32, ""))
    end
  end)

  it("gives nothing back of an exponent that is none, where BearSSL does", function()
    local digest, key = random(32), made[1]
    local info = "\x30\x31\x30\x0d\6" .. oids[32] .. "\5\0\4\x20" .. digest
    local em = "\0\1" .. ones(#key.n - 3 - #info) .. "\0" .. info
    assert.equal(digest, unit.rsa_pkcs1_recover(key.n, "\1", oids[32], 32, em, true))
    for _, e in ipairs { "", "\0", "\1", "\0\1", "\2", "\1" .. ("\0"):rep(31) .. "\1" } do
      assert.is_false(unit.rsa_pkcs1_recover(key.n, e, oids[32], 32, em))
    end
  end)
end)

describe("rsa_public", function()
  it("is BearSSL's", function()
    for _, size in ipairs { 64, 65, 127, 128, 129, 192, 256, 257, 384, 512 } do
      for _, n in ipairs { ones(size), "\128" .. small(1, size - 1), "\1" .. ones(size - 1), modulus(size, rough) } do
        for _, e in ipairs { "\3", "\1\0\1", "\0\0\17", "\0\1\0\1", "\128" .. small(1, 7), modulus(32, random) } do
          local x = below(n, random)
          local edges = { small(0, size), small(1, size), plus(n, -1), n, ones(size) }
          for _, value in ipairs { x, table.unpack(#e < 9 and edges or {}) } do
            local twin = unit.rsa_public_twin(n, e, value)
            same(twin, unit.rsa_public(n, e, value), n, e, value)
          end
          same(unit.rsa_public_twin(n, e, x), unit.rsa_public("\0\0" .. n, e, x), n, e, x)
        end
      end
    end
  end)

  it("cubes modulo the largest numbers", function()
    for _, size in ipairs { 576, 1000, 1024 } do
      for _, n in ipairs { ones(size), modulus(size, rough), modulus(size, random) } do
        local x = below(n, rough)
        same(multiply(multiply(x, x, n), x, n), unit.rsa_public(n, "\3", x), n, x)
        assert.is_false(unit.rsa_public(n, "\3", n))
      end
    end
  end)
end)
