-- SPDX-License-Identifier: MIT
-- The public operation of RSA, for questions whose answer is not in the number: nothing here is secret, and nothing is
-- in constant time.
local rsa = {}

local BITS = 24
local BASE = 1 << BITS
local MAX_OCTETS = 2048 -- a modulus of 16384 bits

-- Octets, most significant first, to limbs, least significant first; `count` of them.
local function limbs_of(octets, count)
  local list, value, bits = {}, 0, 0
  for i = #octets, 1, -1 do
    value, bits = value | octets:byte(i) << bits, bits + 8
    if bits >= BITS then
      list[#list + 1] = value & BASE - 1
      value, bits = value >> BITS, bits - BITS
    end
  end
  list[#list + 1] = value
  for i = #list + 1, count do list[i] = 0 end
  return list
end

local function octets_of(limbs, size)
  local out, value, bits, at = {}, 0, 0, 1
  for i = size, 1, -1 do
    if bits < 8 then
      value, bits, at = value | (limbs[at] or 0) << bits, bits + BITS, at + 1
    end
    out[i] = string.char(value & 0xff)
    value, bits = value >> 8, bits - 8
  end
  return table.concat(out)
end

local function not_less(a, m, count)
  for i = count, 1, -1 do
    if a[i] ~= m[i] then return a[i] > m[i] end
  end
  return true
end

local function subtract(a, m, count)
  local borrow = 0
  for i = 1, count do
    local value = a[i] - m[i] - borrow
    borrow = value < 0 and 1 or 0
    a[i] = value + borrow * BASE
  end
  return borrow
end

-- -1 / m modulo BASE, by Newton's iteration.
local function inverse(m)
  local x = 1
  for _ = 1, 5 do x = x * (2 - m * x) & BASE - 1 end
  return BASE - x & BASE - 1
end

-- a * b / BASE^count modulo m (Montgomery; HAC 14.36).
local function multiply(a, b, m, count, by)
  local t = {}
  for i = 1, count + 2 do t[i] = 0 end
  for i = 1, count do
    local ai = a[i]
    local u = (t[1] + ai * b[1]) * by & BASE - 1
    local carry = t[1] + ai * b[1] + u * m[1] >> BITS
    for j = 2, count do
      local value = t[j] + ai * b[j] + u * m[j] + carry
      t[j - 1], carry = value & BASE - 1, value >> BITS
    end
    local value = t[count + 1] + carry
    t[count], t[count + 1] = value & BASE - 1, (value >> BITS) + t[count + 2]
    t[count + 2] = 0
  end
  if t[count + 1] > 0 or not_less(t, m, count) then subtract(t, m, count) end
  return t
end

-- 2 * a modulo m
local function double(a, m, count)
  local carry = 0
  for i = 1, count do
    local value = a[i] * 2 + carry
    a[i], carry = value & BASE - 1, value >> BITS
  end
  if carry > 0 or not_less(a, m, count) then subtract(a, m, count) end
end

-- message ^ exponent modulo modulus: octets, as long as the modulus. nil: no such key is known, or it is too long.
function rsa.encrypt(message, modulus, exponent)
  modulus = modulus:gsub("^\0+", "")
  local size = #modulus
  if size < 64 or size > MAX_OCTETS or modulus:byte(-1) % 2 == 0 or exponent < 3 or exponent >= 1 << 32 then
    return nil
  end
  local count = #limbs_of(modulus, 0)
  local m = limbs_of(modulus, count)
  local by = inverse(m[1])
  local squared = limbs_of("\1", count) -- to BASE^(2 count) modulo m
  for _ = 1, 2 * count * BITS do double(squared, m, count) end
  local base = multiply(limbs_of(message, count), squared, m, count, by)
  local result = base
  local top = 31
  while exponent >> top & 1 == 0 do top = top - 1 end
  for i = top - 1, 0, -1 do
    result = multiply(result, result, m, count, by)
    if exponent >> i & 1 == 1 then result = multiply(result, base, m, count, by) end
  end
  return octets_of(multiply(result, limbs_of("\1", count), m, count, by), size)
end

return rsa
