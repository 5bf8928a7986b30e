-- Big-endian numbers as strings, for the specs that hold csrc/crypto/accel against its twins; SEED=n for other random
-- ones.
local unit = require "bearssl.unit"

local seed = tonumber(os.getenv "SEED" or 1)

local function hex(s)
  return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function bytes(digits)
  return (digits:gsub("%s", ""):gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function random(size)
  local out = {}
  for i = 1, size do out[i] = string.char(math.random(0, 255)) end
  return table.concat(out)
end

-- A big-endian number and a small integer, as long as the number
local function plus(number, add)
  local out = {}
  for i = #number, 1, -1 do
    local sum = number:byte(i) + add
    out[i] = string.char(sum & 255)
    add = sum >> 8 | (sum < 0 and ~(~0 >> 8) or 0)
  end
  return table.concat(out)
end

local function small(value, size) return plus(("\0"):rep(size), value) end
local function ones(size) return ("\255"):rep(size) end

-- Random, and such as carries run through: long rows of ones and of zeros
local function rough(size)
  local out = {}
  while #out < size do
    local fill = ({ "\0", "\255" })[math.random(3)]
    for _ = 1, math.random(12) do out[#out + 1] = fill or string.char(math.random(0, 255)) end
  end
  return table.concat(out):sub(1, size)
end

local function below(number, make)
  local x
  repeat x = make(#number) until x < number
  return x
end

local function multiply(a, b, m) return unit.multiply_mod(a, b, m) end

-- a + b mod m, of numbers below m: (a + b) 1
local function add(a, b, m)
  local out, carry = {}, 0
  for i = #a, 1, -1 do
    carry = carry + a:byte(i) + b:byte(i)
    out[i], carry = string.char(carry & 255), carry >> 8
  end
  return multiply(("\0\0\0%c"):format(carry) .. table.concat(out), "\0\0\0\1", m):sub(-#m)
end

local function power(base, exponent, m)
  local result = small(1, #m)
  for i = 1, #exponent do
    for bit = 7, 0, -1 do
      result = multiply(result, result, m)
      if exponent:byte(i) >> bit & 1 == 1 then result = multiply(result, base, m) end
    end
  end
  return result
end

local function same(twin, ours, ...)
  if twin ~= ours then
    local what = { ... }
    for i, s in ipairs(what) do what[i] = type(s) == "string" and hex(s) or tostring(s) end
    local expected, is = twin and hex(twin), ours and hex(ours)
    error(("seed %d, %s: not %s but %s"):format(seed, table.concat(what, " "), expected, is), 2)
  end
end

return {
  hex = hex, bytes = bytes, random = random, rough = rough, below = below, plus = plus, small = small, ones = ones,
  multiply = multiply, add = add, power = power, same = same,
  seed = function() math.randomseed(seed) end,
}
