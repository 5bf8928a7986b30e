-- Each allocation of reading certificates failing in turn: an error whose code is "memory", and nothing leaked.
local fault = require "spec.support.fault"
local x509 = require "bearssl.x509"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

describe("x509.load and x509.parse", function()
  local path = "spec/vectors/x509/everything.pem"
  local several = read(path) .. read "spec/vectors/x509/p384.pem" .. read "spec/vectors/x509/ed25519.pem"

  it("fail with each allocation of a file", function()
    assert.truthy(fault.each(function() return x509.load(path) end) >= 3)
  end)

  it("fail with each allocation of several certificates", function()
    local count, list = fault.each(function() return x509.parse(several) end)
    assert.truthy(count >= 4, count)
    assert.equal(3, #list)
  end)

  it("fail with each allocation of DER", function()
    local der = x509.load(path)[1]:der()
    assert.truthy(fault.each(function() return x509.parse(der) end) >= 2)
  end)
end)

describe("a certificate's fields and text", function()
  it("allocate nothing outside Lua", function()
    local certificate = x509.load "spec/vectors/x509/everything.pem"[1]
    local count = fault.each(function()
      certificate:matches_name "bücher.example"
      certificate:is_self_signed()
      return certificate:text() .. certificate:pem() .. #certificate:to_table().extensions
    end)
    assert.equal(0, count)
  end)
end)
