-- csrc/crypto/accel's curves against their twins, BearSSL's, and their arithmetic against crypto/bignum.h: at the
-- edges, and with random numbers (SEED=n for others). BEARSSL_ACCEL chooses what is looked at: see .ci/test.
local numbers = require "spec.support.numbers"
local unit = require "bearssl.unit"

local hex, bytes, random, rough, below = numbers.hex, numbers.bytes, numbers.random, numbers.rough, numbers.below
local plus, small, ones, add, power = numbers.plus, numbers.small, numbers.ones, numbers.add, numbers.power
local multiply, same = numbers.multiply, numbers.same
local built = unit.accel()

-- `rounds`: how many, as BearSSL is quicker with some; `above`: the y of a point whose x is n and a little
local curves = {
  { name = "secp256r1", size = 32, limbs = 32, rounds = 200,
    p = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    above = { 3, "484f0c0fda434ef0a808458914f328715d7a545e198ac7eee31dffe861b5d23f" } },
  { name = "secp384r1", size = 48, limbs = 48, rounds = 30,
    p = ("ff"):rep(31) .. "feffffffff0000000000000000ffffffff",
    above = { 2, "674db71d55d1948b3c7d4c562474ad137465f9605bc7c67cb9fab6bf9f3ca2ef"
      .. "87d56a8d920568aa26f7eaf13ee70a45" } },
  { name = "secp521r1", size = 66, limbs = 72, rounds = 20,
    p = "01" .. ("ff"):rep(65),
    above = { 1, "015c0208e578fd60af518df71031fbef12ced63df0aebf52d4a67eb460f7907f"
      .. "4e77748ed5dfa44f49035bad05d07d119cae1e855c8a9723eaff862aa896fbae2a8d" } },
}
for _, c in ipairs(curves) do
  c.p = bytes(c.p)
  c.n = ("\0"):rep(c.size - #unit.ec_order(c.name)) .. unit.ec_order(c.name)
  c.generator = unit.ec_generator(c.name)
end

-- Where digits of four bits, with and without a sign, are at their ends
local function edge_scalars(c)
  local out = {}
  for i = 1, 40 do
    out[#out + 1] = small(i, c.size)
    out[#out + 1] = plus(c.n, -i)
  end
  for bit = 3, 8 * c.size - 9 do
    local power_of_2 = small(1 << bit % 8, c.size - bit // 8) .. ("\0"):rep(bit // 8)
    if bit % 4 == 3 or bit % 61 == 0 then
      for _, add_to in ipairs { -1, 0, 1 } do out[#out + 1] = plus(power_of_2, add_to) end
    end
  end
  for _, digit in ipairs { "\8", "\x77", "\x88", "\x99", "\x80", "\x08", "\xf8" } do
    out[#out + 1] = "\0" .. digit:rep(c.size - 1)
    out[#out + 1] = "\0" .. digit:rep(c.size // 2) .. ones(c.size - c.size // 2 - 1)
  end
  for i = 1, c.size - 1, 5 do out[#out + 1] = c.n:sub(1, i) .. ("\0"):rep(c.size - i) end
  return out
end

local function every(list, step)
  local out = {}
  for i = 1, #list, step do out[#out + 1] = list[i] end
  return out
end

setup(numbers.seed)

-- By the key as it is, and by one whose multiples are at hand: these must agree.
local function verify(c, public, digest, signature)
  local plain = unit.ecdsa_verify_digest(c.name, public, digest, signature)
  local known = unit.ecdsa_verify_known(c.name, public, digest, signature)
  if known ~= nil then same(plain and "1", known and "1", c.name, public, digest, signature) end
  assert.equal(c.name == "secp256r1" and select(2, unit.accel()) & 1 == 1, known ~= nil)
  return plain
end

describe("accel", function()
  it("has what this machine has", function()
    local wanted, _, bits = os.getenv "BEARSSL_ACCEL", unit.accel()
    if not built or wanted == "none" then
      assert.equal(0, bits)
    elseif not wanted or wanted:find "int128" then
      assert.equal(1, bits & 1)
    end
    if wanted == "int128" and built then assert.equal(1, bits) end
  end)
end)

for _, c in ipairs(curves) do
  describe(c.name, function()
    local function number(x) return ("\0"):rep(c.limbs - #x) .. x end

    local function signature_of(r, s)
      local function integer(x)
        x = x:gsub("^\0+", "")
        return ("\2%c\0%s"):format(#x + 1, x)
      end
      local pair = integer(r) .. integer(s)
      return (#pair < 128 and "\x30%c" or "\x30\x81%c"):format(#pair) .. pair
    end

    if built then
      for _, adx in ipairs { false, true } do
        it("adds, subtracts and multiplies" .. (adx and ", by ADX where it does" or ""), function()
          local p, n, one = number(c.p), number(c.n), number "\1"
          local r = "\0\0\0\1" .. ("\0"):rep(c.limbs)
          local function compute(what, a, b) return unit.prime_field(c.name, what, a, b, adx) end
          if not compute("add", one, one) then return assert.is_true(adx) end
          for _, m in ipairs { p, n } do
            local edges = { number "", one, number "\2", plus(m, -1), plus(m, -2) }
            for i = 1, adx and 3000 or 400 do
              local a = edges[i % 7 + 1] or below(m, function(size) return number(rough(c.size)):sub(-size) end)
              local b = edges[i // 7 % 7 + 1] or below(m, function(size) return number(rough(c.size)):sub(-size) end)
              local product = compute(m == p and "multiply" or "scalar_multiply", a, b)
              assert.is_true(product < m)
              same(multiply(a, b, m), multiply(product, r, m), "multiply", a, b)
              if m == p then
                local sum, difference, square = compute("add", a, b), compute("subtract", a, b), compute("square", a, a)
                assert.is_true(sum < m and difference < m and square < m)
                same(add(a, b, m), sum, "add", a, b)
                same(a, add(difference, b, m), "subtract", a, b)
                same(multiply(a, a, m), multiply(square, r, m), "square", a)
              end
            end
          end
        end)
      end
    end

    it("multiplies its generator as BearSSL does", function()
      local scalars = edge_scalars(c)
      for _ = 1, c.rounds do scalars[#scalars + 1] = below(c.n, random) end
      for _, k in ipairs(scalars) do
        same(unit.ec_multiply_base(c.name, k, true), unit.ec_multiply_base(c.name, k), k)
      end
      for i = 1, 5 do -- shorter than n
        local k = ("\1"):rep(i)
        same(unit.ec_multiply_base(c.name, k, true), unit.ec_multiply_base(c.name, k), k)
      end
    end)

    it("multiplies any point as BearSSL does", function()
      local scalars = every(edge_scalars(c), c.size == 32 and 1 or 3)
      for _ = 1, c.rounds do scalars[#scalars + 1] = below(c.n, random) end
      for i = 1, 5 do scalars[#scalars + 1] = ("\1"):rep(i) end
      local point = c.generator
      for i, k in ipairs(scalars) do
        local twin = unit.ec_multiply(c.name, point, k, true)
        same(twin, unit.ec_multiply(c.name, point, k), point, k)
        if i % 3 == 0 then point = twin end
      end
    end)

    it("meets the end of the group from every side", function()
      for _, point in ipairs { c.generator, unit.ec_multiply_base(c.name, "\5", true) } do
        for i = 1, 64 do -- [n - i]P = -[i]P: the same x, another y
          local of, from = unit.ec_multiply(c.name, point, small(i, c.size), true), plus(c.n, -i)
          local minus = unit.ec_multiply(c.name, point, from)
          assert.equal(of:sub(1, 1 + c.size), minus:sub(1, 1 + c.size))
          assert.not_equal(of, minus)
          assert.equal(of, unit.ec_multiply(c.name, minus, plus(c.n, -1)))
        end
      end
    end)

    it("takes no scalar that is none, and no point that is none", function()
      for _, k in ipairs { "", "\0", small(0, c.size), c.n, plus(c.n, 1), ones(c.size), ones(72), ("\1"):rep(73) } do
        if unit.ec_multiply(c.name, c.generator, k) and select(2, unit.accel()) & 1 == 1 then error(hex(k)) end
      end
      local x, y = c.generator:sub(2, 1 + c.size), c.generator:sub(2 + c.size)
      local wrong = { "", "\0", "\4", "\4" .. x, "\2" .. x, "\6" .. x .. y, "\7" .. x .. y, "\0" .. x .. y,
        c.generator .. "\0", "\4" .. small(0, c.size) .. small(0, c.size), "\4" .. x .. plus(y, 1), "\4" .. c.p .. y,
        "\4" .. x .. c.p, "\4" .. ones(c.size) .. y, "\4" .. y .. x }
      for _, point in ipairs(wrong) do
        assert.is_false(unit.ec_multiply(c.name, point, "\3"), hex(point))
        assert.is_false(unit.ec_multiply(c.name, point, "\3", true), hex(point))
      end
    end)

    it("signs as BearSSL does", function()
      local sizes = { sha1 = 20, sha224 = 28, sha256 = 32, sha384 = 48, sha512 = 64 }
      for hash, size in pairs(sizes) do
        local digests = { small(0, size), ones(size), (c.n .. ones(32)):sub(1, size), plus(c.n, 1):sub(1, size) }
        for _ = 1, c.rounds // 10 do digests[#digests + 1] = random(size) end
        for i, digest in ipairs(digests) do
          local k = ({ small(1, c.size), plus(c.n, -1), "\1\1" })[i] or below(c.n, random)
          local twin = unit.ecdsa_sign_digest(c.name, k, hash, digest, true)
          same(twin, unit.ecdsa_sign_digest(c.name, k, hash, digest), hash, k, digest)
          local public = unit.ec_multiply_base(c.name, k, true)
          assert.is_true(verify(c, public, digest, twin))
        end
      end
      for _, k in ipairs { small(0, c.size), c.n, ones(c.size), "", ("\1"):rep(73) } do
        assert.is_false(unit.ecdsa_sign_digest(c.name, k, "sha256", random(32)))
      end
    end)

    it("verifies as BearSSL does what is wrong in r, s, the key or the digest", function()
      local k = below(c.n, random)
      local public, digest = unit.ec_multiply_base(c.name, k), random(c.size)
      local edges = { small(0, 1), small(1, c.size), plus(c.n, -1), c.n, plus(c.n, 1), "\0" .. below(c.n, random) }
      for _, r in ipairs(edges) do
        for _, s in ipairs(edges) do
          local signature = signature_of(r, s)
          same(unit.ecdsa_verify_digest(c.name, public, digest, signature, true) and "1",
            verify(c, public, digest, signature) and "1", r, s)
        end
      end
    end)

    -- Of chosen u1, u2 and d with Q = [d]G: R = [u1 + u2 d]G, r = x(R), s = r / u2, e = u1 s. So the sum of both
    -- multiples meets equal points, opposite ones and the neutral one on its way.
    it("verifies signatures whose numbers are chosen", function()
      local n, count = c.n, 0
      local function digest_of(e) -- the leftmost bits of it are e
        if c.size ~= 66 then return e end
        local shifted = multiply("\0" .. e, "\128", ones(68))
        return shifted:sub(-66)
      end
      local chosen = c.size == 32 and { 1, 2, 3, 7, 8, 15, -1, -2, -3, -16 } or { 1, 3, -1, -2 }
      local function of(value) return value < 0 and plus(n, value) or small(value, #n) end
      for _, u2_value in ipairs(chosen) do
        local u2 = of(u2_value)
        local inverse = power(u2, plus(n, -2), n)
        for _, d_value in ipairs { 1, 2, 3, -1, -5 } do
          local d = of(d_value)
          local public = unit.ec_multiply_base(c.name, d, true)
          for _, u1_value in ipairs { 0, 1, 2, 5, 9, -1, -2, -15 } do
            local u1 = of(u1_value)
            local k = add(u1, multiply(u2, d, n):sub(-#n), n)
            if k ~= small(0, #n) then
              local x = unit.ec_multiply_base(c.name, k, true):sub(2, 1 + c.size)
              local r = multiply(x, "\0\0\0\1", n):sub(-#n)
              local s = multiply(r, inverse, n):sub(-#n)
              local e = multiply(u1, s, n):sub(-#n)
              local signature = signature_of(r, s)
              local which = ("%d %d %d"):format(u1_value, u2_value, d_value)
              assert.is_true(verify(c, public, digest_of(e), signature), which)
              assert.is_false(verify(c, public, digest_of(plus(e, 1)), signature), which)
              count = count + 1
            end
          end
        end
      end
      assert.is_true(count > 100)
    end)

    it("takes x modulo n where x is not below n", function()
      local r = small(c.above[1], c.size) -- with e = 0 and s = r it is Q whose x must be r
      local public = "\4" .. plus(c.n, c.above[1]) .. bytes(c.above[2])
      assert.is_true(verify(c, public, small(0, 32), signature_of(r, r)))
      assert.is_false(verify(c, public, small(1, c.size - 1), signature_of(r, r)))
    end)
  end)
end

describe("keys that are known", function()
  local c = curves[1]

  local function signer(of)
    local k = below(of.n, random)
    local public = unit.ec_multiply_base(of.name, k)
    return function(wrong)
      local digest = random(32)
      local signature = unit.ecdsa_sign_digest(of.name, k, "sha256", digest)
      return { of.name, public, wrong and plus(digest, 1) or digest, signature }
    end
  end

  it("verify what they verified before their multiples were made, and no more", function()
    local sign, list, wanted = signer(c), {}, ""
    for i = 1, 60 do
      local wrong = i % 3 == 0
      list[i], wanted = sign(wrong), wanted .. (wrong and "0" or "1")
    end
    assert.equal(wanted, unit.known_keys_verify(table.unpack(list)))
  end)

  it("make room for others, of whatever curve", function()
    local signers, list, wanted = {}, {}, ""
    for i = 1, 20 do signers[i] = signer(curves[i % 10 == 0 and 2 or 1]) end
    for round = 1, 5 do
      for i, sign in ipairs(signers) do
        local wrong = (round + i) % 4 == 0
        list[#list + 1], wanted = sign(wrong), wanted .. (wrong and "0" or "1")
      end
    end
    assert.equal(wanted, unit.known_keys_verify(table.unpack(list)))
  end)

  it("are points of the curve", function()
    assert.is_nil(unit.ecdsa_verify_known(c.name, c.generator:sub(1, -2), random(32), "x"))
    assert.is_nil(unit.ecdsa_verify_known(c.name, plus(c.generator, 1), random(32), "x"))
  end)
end)

describe("x25519", function()
  local top = bytes("edff" .. ("ff"):rep(29) .. "7f") -- p, little-endian
  local low = { -- RFC 7748 section 6.1: points of low order, of the curve and of its twist, and what is above p
    small(0, 32), "\1" .. ("\0"):rep(31), top, "\xec" .. top:sub(2), "\xee" .. top:sub(2),
    bytes "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    bytes "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  }

  it("multiplies as BearSSL does", function()
    local points, scalars = { "\9" .. ("\0"):rep(31), ones(32), ones(31) .. "\127", ones(31) .. "\128" },
      { small(0, 32), ones(32), "\8" .. ("\0"):rep(31), ones(31) .. "\64", "", "\1\2\3", random(31) }
    for i = 0, 18 do points[#points + 1] = string.char(0xed + i) .. top:sub(2) end
    for _ = 1, 24 do points[#points + 1], scalars[#scalars + 1] = rough(32), rough(32) end
    for _, point in ipairs(points) do
      for _, k in ipairs(scalars) do
        local twin = unit.ec_multiply("x25519", point, k, true)
        if twin == ("\0"):rep(32) then twin = false end -- of low order: BearSSL does not refuse them
        same(twin, unit.ec_multiply("x25519", point, k), point, k)
      end
    end
    for _ = 1, 300 do
      local point, k = random(32), random(32)
      same(unit.ec_multiply("x25519", point, k, true), unit.ec_multiply("x25519", point, k), point, k)
    end
  end)

  it("multiplies its base point as BearSSL does", function()
    for i = 1, 400 do
      local k = i < 40 and (random(i % 33)) or i < 200 and rough(32) or random(32)
      same(unit.ec_multiply_base("x25519", k, true), unit.ec_multiply_base("x25519", k), k)
    end
  end)

  it("refuses points of low order", function()
    for _, point in ipairs(low) do
      assert.is_false(unit.ec_multiply("x25519", point, random(32)), hex(point))
      assert.is_false(unit.ec_multiply("x25519", point:sub(1, 31) .. string.char(point:byte(32) | 128), random(32)))
    end
  end)
end)

if built then
  describe("curve25519", function() -- without AVX-512 IFMA, with its vectors emulated, and by them where they are
    local order = bytes "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"

    it("multiplies u the same way by its ladders", function()
      local function check(k, u) same(nil, unit.x25519_twins(k, u), k, u) end
      for _ = 1, 400 do
        check(random(32), random(32))
        check(rough(32), rough(32))
      end
      for i = 0, 255 do
        check(("\0"):rep(i // 8) .. string.char(1 << i % 8) .. ("\0"):rep(31 - i // 8), random(32))
        check(ones(32), string.char(i) .. (i < 128 and ("\0"):rep(31) or ones(30) .. "\127"))
      end
    end)

    it("multiplies points of edwards25519 the same way", function()
      local points, found = {}, 0
      for i = 1, 500 do
        local s, k = small(i, 32), plus(order, -i)
        if i > 100 then s, k = below(order, random), below(order, rough) end
        if i % 3 == 0 then s, k = k, s end
        local point = points[i] or random(32)
        local differs = unit.ed25519_twins(s:reverse(), k:reverse(), point)
        if differs ~= false then found = found + 1 end
        same(nil, differs or nil, s, k, point)
      end
      assert.is_true(found > 100, found)
    end)
  end)

  describe("invert_256", function()
    for name, prime in pairs {
      p25519 = plus("\128" .. ("\0"):rep(31), -19), ["p of secp256r1"] = curves[1].p, ["n of secp256r1"] = curves[1].n,
      ["2^256 - 189"] = plus(ones(32), -188), ["2^127 - 1"] = ("\0"):rep(16) .. "\127" .. ones(15),
      three = small(3, 32), ["65537"] = small(65537, 32),
    } do
      it("inverts modulo " .. name, function()
        local function check(a)
          local inverse = unit.invert_256(a, prime)
          assert.is_true(inverse < prime)
          same(small(a == small(0, 32) and 0 or 1, 32), multiply(a, inverse, prime), a)
        end
        for i = 0, 2 do check(small(i, 32)) end
        for i = 1, 2 do check(plus(prime, -i)) end
        for bit = 0, 255 do
          local power_of_2 = ("\0"):rep(31 - bit // 8) .. string.char(1 << bit % 8) .. ("\0"):rep(bit // 8)
          for more = -1, 1 do check(multiply(plus(power_of_2, more), small(1, 4), prime)) end
        end
        for _ = 1, 1000 do
          check(multiply(random(32), small(1, 4), prime))
          check(multiply(rough(32), small(1, 4), prime))
        end
      end)
    end
  end)

  describe("field25519", function()
    local function number(little) return little:reverse() end

    it("multiplies limbs as large as it says", function()
      local p, max = plus("\128" .. ("\0"):rep(31), -19), (1 << 54) - 1
      local function limb()
        return ({ 0, 1, max, max - 1, (1 << 51) - 1, 1 << 51 })[math.random(9)] or math.random(0, max)
      end
      for i = 1, 2000 do
        local a = i == 1 and ("<I8"):pack(max):rep(5) or ("<I8I8I8I8I8"):pack(limb(), limb(), limb(), limb(), limb())
        local b = i < 3 and ("<I8"):pack(max):rep(5) or ("<I8I8I8I8I8"):pack(limb(), limb(), limb(), limb(), limb())
        local x, y, product, square, one = unit.field25519(a, b)
        local value = small(0, 36) -- the limbs of a, added up by weight
        for at = 5, 1, -1 do
          value = multiply(value, "\0\8" .. ("\0"):rep(6), ones(36)) -- 2^51
          value = add(value, (">I8"):pack(("<I8"):unpack(a, 8 * at - 7)):rep(1):gsub("^", ("\0"):rep(28), 1), ones(36))
        end
        same(multiply(value, "\0\0\0\1", p):sub(-32), number(x), "decode", a)
        same(multiply(number(x), number(y), p), number(product), "multiply", a, b)
        same(multiply(number(x), number(x), p), number(square), "square", a)
        same(small(number(x) == small(0, 32) and 0 or 1, 32), number(one), "invert", a)
      end
    end)

    it("multiplies lanes of limbs as large as it says", function()
      local p, max = plus("\128" .. ("\0"):rep(31), -19), (1 << 52) - 1
      local edges = { 0, 1, 18, 19, max, max - 1, max - 37, (1 << 51) - 1, 1 << 51, (1 << 51) + (1 << 15) }
      local function limb() return edges[math.random(20)] or math.random(0, max) end
      for i = 1, 1000 do
        local given, r = {}, {}
        for k = 1, 3 do
          given[k] = i < 3 and ("<I8"):pack(max):rep(5) or ("<I8I8I8I8I8"):pack(limb(), limb(), limb(), limb(), limb())
        end
        local highest
        r[1], r[2], r[3], r[4], r[5], r[6], highest = unit.lanes25519(table.unpack(given))
        for lane = 1, 3 do
          local a, b, c = number(r[lane]), number(r[lane % 3 + 1]), number(r[(lane + 1) % 3 + 1])
          same(add(multiply(a, b, p), c, p), number(r[lane + 3]), lane, table.unpack(given))
        end
        assert.is_true(highest < (1 << 51) + (1 << 11), highest)
      end
    end)
  end)
end
