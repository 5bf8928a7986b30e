-- certificate:text() against what the openssl command prints for the same certificate: every root of Debian's bundle,
-- NIST's PKITS, BearSSL's chains, one certificate of every kind of key, one with every extension.
local x509 = require "bearssl.x509"
local alike = require "spec.support.openssl_text".alike

-- openssl's text of each certificate of a PEM file or of a DER file, in one process.
local function openssl_texts(paths)
  local command = {}
  for i, path in ipairs(paths) do
    command[i] = ("openssl x509 -in '%s' -text -noout -nameopt oneline,-esc_msb,utf8; echo ==="):format(path)
  end
  local script = os.tmpname()
  local file = assert(io.open(script, "w"))
  file:write(table.concat(command, "\n"))
  file:close()
  local pipe <close> = assert(io.popen("sh " .. script .. " 2>/dev/null"))
  local texts = {}
  for text in pipe:read("a"):gmatch "(.-)===\n" do texts[#texts + 1] = text end
  os.remove(script)
  return texts
end

local function first_difference(expected, got)
  local theirs = expected:gmatch "[^\n]*"
  for line in got:gmatch "[^\n]*" do
    local other = theirs()
    if line ~= other then return { openssl = other, ours = line } end
  end
  return {}
end

local function same_text(paths, but)
  but = but or function(text) return text end
  local texts = openssl_texts(paths)
  assert.equal(#paths, #texts)
  for i, expected in ipairs(texts) do
    local certificate = assert(x509.load(paths[i]))[1]
    assert.same({}, first_difference(alike(but(expected)), alike(but(certificate:text()))), paths[i])
  end
end

local function files(command)
  local pipe <close> = assert(io.popen(command))
  local list = {}
  for path in pipe:lines() do list[#list + 1] = path end
  return list
end

describe("certificate:text", function()
  it("prints every root of the system as openssl does", function()
    -- openssl prints no explicitText in BMPString, and knows one private extension by name
    local function but(text)
      return (text:gsub("Explicit Text: [^\n]*", "Explicit Text:"):gsub("setCext%-hashedRoot: \n[^\n]*\n[^\n]*\n", "")
        :gsub("2%.23%.42%.7%.0: \n[^\n]*\n", ""))
    end
    local list = files "ls /usr/share/ca-certificates/mozilla/*.crt"
    assert.is_true(#list > 100)
    same_text(list, but)
  end)

  it("takes a DSA key and a DSA signature apart as openssl does", function()
    local folder = "spec/vectors/pkits/certs/"
    same_text { folder .. "DSACACert.crt", folder .. "ValidDSASignaturesTest4EE.crt" }
    local key = assert(x509.load(folder .. "DSACACert.crt"))[1].public_key
    assert.same({ "dsa", 1024, 20 * 2 }, { key.type, key.bits, #key.q })
    assert.equal("cf0604d8ff8beb00e9f65c079673fd96653a2f07", key.q)
  end)

  it("says of a DSA key without parameters that they are the issuer's", function() -- openssl cannot load it
    local certificate = assert(x509.load "spec/vectors/pkits/certs/DSAParametersInheritedCACert.crt")[1]
    local key = certificate.public_key
    assert.same({ "dsa" }, { key.type, key.bits, key.p, key.q, key.g })
    assert.equal(1024 / 4, #key.y)
    assert.truthy(certificate:text():find("\n                Public-Key: (parameters inherited)\n", 1, true))
  end)

  it("has no more of a DSA key that is malformed than its octets", function()
    local file <close> = assert(io.open("spec/vectors/pkits/certs/DSACACert.crt", "rb"))
    local der = file:read "a"
    local q = assert(der:find("\x00\xcf\x06\x04\xd8", 1, true))
    for _, changed in ipairs { "\x00\x4f", "\x80\xcf" } do -- longer than it need be; negative
      local certificate = assert(x509.parse(der:sub(1, q - 1) .. changed .. der:sub(q + 2)))[1]
      local key = certificate.public_key
      assert.same({ "unknown" }, { key.type, key.bits, key.p })
      assert.truthy(certificate:text():find("pub:", 1, true))
    end
  end)

  it("prints a third of NIST's PKITS as openssl does", function()
    local list = files [[ls spec/vectors/pkits/certs/*.crt | grep -v -e DSA -e BadSignedCA -e NegativeSerial |
      awk 'NR%3==0']]
    assert.equal(132, #list)
    same_text(list)
  end)

  it("prints every kind of key as openssl does", function()
    same_text { "spec/vectors/x509/p384.pem", "spec/vectors/x509/p521.pem", "spec/vectors/x509/brainpool.pem",
      "spec/vectors/x509/secp256k1.pem", "spec/vectors/x509/ed25519.pem", "spec/vectors/x509/ed448.pem" }
  end)

  it("prints every extension as openssl does", function()
    same_text({ "spec/vectors/x509/everything.pem" }, function(text)
      return (text:gsub("IP:10%.0%.0%.0/[%d.]+", "IP:10"):gsub("IP:2001:[^\n]*", "IP:2001")
        :gsub("IP Address:[%x:.]+", "IP Address:"))
    end)
  end)

  it("prints the parameters of RSASSA-PSS", function()
    local text = x509.load("spec/vectors/x509/rsa_pss_signature.pem")[1]:text()
    assert.truthy(text:find("Signature Algorithm: rsassaPss\n            Hash Algorithm: sha256\n"
      .. "            Mask Algorithm: mgf1 with sha256\n            Salt Length: 20\n", 1, true))
  end)

  it("prints addresses as RFC 5952 has them and masks as a number of bits", function()
    local text = x509.load("spec/vectors/x509/everything.pem")[1]:text()
    for _, part in ipairs { "IP Address:127.0.0.1, ", "IP Address:2001:db8::1, ", "IP Address:::ffff:1.2.3.4, ",
      "IP:10.0.0.0/8\n", "IP:2001:db8::/32\n" } do
      assert.truthy(text:find(part, 1, true), part)
    end
  end)
end)
