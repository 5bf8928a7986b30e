-- Our faster primitives against BearSSL's constant-time ones: every length to 1,024 and some beyond, at unaligned
-- addresses, on random bytes and on those that carry. The spec's functions name the primitive that differs.
local unit = require "bearssl.unit"

local function random(n)
  local out = {}
  for i = 1, (n + 7) // 8 do out[i] = ("j"):pack(math.random(0)) end
  return table.concat(out):sub(1, n)
end

local function lengths()
  local all = {}
  for n = 0, 1024 do all[#all + 1] = n end
  for _, n in ipairs { 1279, 1280, 1535, 1536, 2047, 2048, 2049, 2560, 3071, 3072, 3073, 3968 } do all[#all + 1] = n end
  return all
end

-- Texts of n bytes: random, all ones, ones with a few others among them
local function texts(n)
  local noisy = random(n):gsub(".", function(byte)
    if byte:byte() < 200 then return "\255" end
  end)
  return { random(n), ("\255"):rep(n), noisy }
end

describe("chacha20", function()
  it("is BearSSL's, the counter's end included", function()
    for _, n in ipairs(lengths()) do
      local key, nonce = random(32), random(12)
      local counter = n % 2 == 0 and 0xffffffff - math.random(0, 17) or math.random(0, 0xffffffff)
      assert.is_nil(unit.chacha20_twins(key, nonce, counter, random(n), n % 65))
    end
  end)
end)

describe("poly1305", function()
  local pad = ("\255"):rep(16)
  local keys = { -- r of zeros, one, four, all bits that may be set; s of ones, so that the last sum carries
    ("\0"):rep(16) .. pad, "\1" .. ("\0"):rep(15) .. pad, "\4" .. ("\0"):rep(15) .. pad, pad .. pad,
    ("\0"):rep(15) .. "\15" .. pad,
  }

  it("is BearSSL's", function()
    for _, n in ipairs(lengths()) do
      for _, text in ipairs(texts(n)) do
        assert.is_nil(unit.poly1305_twins(random(32), random(n % 67), text, n % 65))
        local key = keys[math.random(#keys)]
        assert.is_nil(unit.poly1305_twins(key, ("\255"):rep(n % 67), text, n % 65))
      end
    end
  end)

  it("is BearSSL's where the sum ends near 2^130 - 5", function()
    -- with r of one, blocks are added up: 2^128 + x for each, so that four of them pass 2^130
    for last = 0, 255 do
      for _, blocks in ipairs { 4, 8, 16, 17, 24, 32 } do
        local text = ("\255"):rep(16 * blocks - 16) .. string.char(last) .. ("\255"):rep(15)
        assert.is_nil(unit.poly1305_twins(keys[2], "", text, 0))
      end
    end
  end)
end)

describe("a hash", function()
  it("is BearSSL's, in pieces of every size", function()
    for _, n in ipairs(lengths()) do
      local text = random(n)
      for _, piece in ipairs { n + 1, n % 131 + 1, 64, 128, math.random(1, 300) } do
        assert.is_nil(unit.hash_twins(text, n % 65, piece))
      end
    end
  end)
end)

describe("aes_ctr", function()
  it("is BearSSL's, the counter's end included", function()
    for _, n in ipairs(lengths()) do
      local counter = n % 2 == 0 and 0xffffffff - math.random(0, 17) or math.random(0, 0xffffffff)
      for _, size in ipairs { 16, 24, 32 } do
        assert.is_nil(unit.aes_ctr_twins(random(size), random(12), counter, random(n), n % 65))
      end
    end
  end)
end)

describe("ghash", function()
  local zeros, ones = ("\0"):rep(16), ("\255"):rep(16)
  local keys = { zeros, ones }
  for _, byte in ipairs { "\1", "\128", "\225" } do
    keys[#keys + 1], keys[#keys + 2] = byte .. zeros:sub(2), zeros:sub(2) .. byte
  end

  it("is BearSSL's", function()
    for _, n in ipairs(lengths()) do
      for _, text in ipairs(texts(n)) do
        assert.is_nil(unit.ghash_twins(random(16), random(16), text, n % 65))
        assert.is_nil(unit.ghash_twins(n % 2 == 0 and zeros or ones, keys[math.random(#keys)], text, n % 65))
      end
    end
  end)

  it("is BearSSL's with each bit of the key alone", function()
    for bit = 0, 127 do
      local h = ("\0"):rep(bit // 8) .. string.char(128 >> bit % 8) .. ("\0"):rep(15 - bit // 8)
      for _, n in ipairs { 1, 16, 240, 255, 256, 257, 512 } do
        assert.is_nil(unit.ghash_twins(ones, h, ("\255"):rep(n), 0))
        assert.is_nil(unit.ghash_twins(zeros, h, random(n), bit % 17))
      end
    end
  end)
end)

describe("aes_gcm", function()
  it("seals as BearSSL does, and opens that", function()
    for _, n in ipairs(lengths()) do
      for _, size in ipairs { 16, 32 } do
        local aad = random(n % 2 == 0 and n % 31 or 5)
        assert.is_nil(unit.aes_gcm_twins(random(size), random(12), aad, random(n), n % 65))
      end
    end
  end)

  it("takes additional data of every length", function()
    for n = 0, 600 do
      assert.is_nil(unit.aes_gcm_twins(random(16), random(12), random(n), random(n * 7 % 300), n % 65))
    end
  end)
end)

describe("a record without its padding", function()
  local function ends(size, n) -- the bytes of n that are not padding: zeros among them, and none at the end
    local text = random(size):gsub("[\1-\99]", "\0"):gsub("%z$", "\128") .. ("\0"):rep(n - size)
    local own, twin = unit.trimmed_twins(text)
    if own ~= size or twin ~= size then return ("%d of %d: %d, %d"):format(size, n, own, twin) end
  end

  it("ends at its last byte that is no zero", function()
    for _, n in ipairs(lengths()) do
      for _, size in ipairs { 0, 1, n, n - 1, math.random(0, n), math.random(0, n) } do
        if size >= 0 and size <= n then assert.is_nil(ends(size, n)) end
      end
    end
  end)

  it("ends there wherever that is in a full one", function()
    for size = 0, 16385, 7 do assert.is_nil(ends(size, 16385)) end
    for _, n in ipairs { 16640, 32639, 32640, 32641, 65535, 100000 } do
      for _, size in ipairs { 0, 1, 32511, 32512, n - 1, n } do
        if size <= n then assert.is_nil(ends(size, n)) end
      end
    end
  end)
end)
