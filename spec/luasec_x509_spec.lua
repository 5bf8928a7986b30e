-- Certificates by LuaSec's methods, held against LuaSec: the system's anchors, NIST's PKITS, BearSSL's test
-- certificates and our own, every method of each.
local child = require "spec.support.child"
local luasec = require "bearssl.luasec"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

local ssl = luasec.module "ssl"
local top = io.popen "pwd":read "l"
local path = (os.getenv "PATH":gsub("[^:]*/build/%w+/bin:", ""))
local theirs = ("env -u LUA_PATH -u LUA_CPATH -u LUA_INIT PATH=%s LUA_PATH='%s/?.lua;;' lua5.4"):format(path, top)
local ours = "env " .. child .. " lua5.4 -lbearssl.luasec"

local function lines(command, files)
  local pipe = assert(io.popen(("%s %s/spec/support/luasec/certificates.lua %s 2>&1"):format(command, top, files)))
  local results, order = {}, {}
  for line in pipe:lines() do
    local what, said = line:match "^(%S+ %d+[^:]*): (.*)$"
    if what then
      results[what], order[#order + 1] = said, what
    else
      order.wrong = line
    end
  end
  assert(pipe:close(), order.wrong)
  return results, order
end

-- What does not decode here (X.690's rules of DER, a signature's padding bits), and is read by OpenSSL; and the one
-- that it does not read.
local not_here = {
  ["BadSignedCACert.crt"] = true, ["InvalidDSASignatureTest6EE.crt"] = true, ["ee-trailing.crt"] = true,
}
local not_there = { ["names.crt"] = true }
-- DSA keys whose parameters are those of the issuer: OpenSSL gives no key at all.
local no_key = { ["ValidDSAParameterInheritanceTest5EE.crt"] = true, ["DSAParametersInheritedCACert.crt"] = true }

local function compare(files)
  local there, order = lines(theirs, files)
  local here = lines(ours, files)
  local count = 0
  for _, what in ipairs(order) do
    local name = what:match "([^/]+) %d+"
    if not not_here[name] and not not_there[name] and not (no_key[name] and what:find "pubkey") then
      count = count + 1
      assert.equal(there[what], here[what], what)
    end
  end
  return count, there, here
end

local function found(command)
  local list = {}
  for file in io.popen(command):lines() do list[#list + 1] = file end
  return table.concat(list, " ")
end

describe("certificates by LuaSec's methods", function()
  it("are what LuaSec says: the system's anchors", function()
    assert.truthy(compare "/etc/ssl/certs/ca-certificates.crt" > 1000)
  end)

  it("are what LuaSec says: NIST's, and BearSSL's", function()
    local count, there, here = compare(found "find spec/vectors -name '*.crt'")
    assert.truthy(count > 4000)
    for name in pairs(not_here) do
      for what, said in pairs(here) do
        if what:find("/" .. name, 1, true) then assert.equal("none", said) end
      end
    end
    for what, said in pairs(there) do
      if what:find("/names.crt", 1, true) then assert.equal("none", said) end
    end
  end)

  it("are what LuaSec says: our own", function()
    assert.truthy(compare(found("ls " .. pki.dir .. "/*-server.pem " .. pki.dir .. "/*-root.pem")) > 100)
  end)

  it("have alternative names of every kind", function()
    local made = revoke.issue("every-kind", {
      names = { "a.example", "192.0.2.1", "2001:db8::1", "x@y.example", "http://a.example/", "RID:1.2.3",
        "otherName:1.3.6.1.5.5.7.8.5;UTF8:xmpp.example", "otherName:1.2.3.4;UTF8:mine" },
      subject = "DC=example,emailAddress=x@y.example,CN=a.example,O=\u{d6} GmbH,C=DE",
    })
    assert.equal(11, compare(made.certificate))
  end)

  it("that are cut or changed are refused, and raise nothing", function()
    local pem = pki.read(pki.server.p256.leaf)
    local der = require "mime".unb64((pem:gsub("%-%-%-%-%-[^\n]*\n", "")))
    for n = 0, #der - 1, 7 do
      local cert, why = ssl.loadcertificate(der:sub(1, n))
      assert.is_nil(cert)
      assert.equal("string", type(why))
    end
    for i = 1, #der, 3 do
      local changed = der:sub(1, i - 1) .. string.char(der:byte(i) ~ 0x55) .. der:sub(i + 1)
      local cert = ssl.loadcertificate(changed)
      for _, method in ipairs { "subject", "issuer", "extensions", "notbefore", "serial", "digest", "pubkey", "pem",
        "getsignaturename" } do
        if cert then cert[method](cert) end
      end
    end
  end)
end)
