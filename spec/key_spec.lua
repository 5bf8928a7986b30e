-- bearssl.key: what is read and what is refused, against keys that OpenSSL made and keys that are made wrong here.
local key = require "bearssl.key"
local mkcert = require "bearssl.mkcert"
local pki = require "spec.support.pki"
local x509 = require "bearssl.x509"

local folder = "spec/vectors/keys/"
local password = "correct horse"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function output(command)
  local pipe <close> = assert(io.popen("(" .. command .. ") 2>/dev/null </dev/null"))
  return pipe:read "a"
end

local function der_of(name) -- the one PEM block of a file
  return output("openssl asn1parse -noout -out /dev/stdout -in " .. folder .. name)
end

local function fails(code, detail, ...)
  local value, err = ...
  assert.is_nil(value)
  assert.equal(code, err.code)
  if detail then assert.truthy(err.message:find(detail, 1, true), err.message) end
  return err
end

-- DER ---------------------------------------------------------------------------------------------------------------

local function tlv(tag, ...)
  local content = table.concat { ... }
  local n = #content
  local length = n < 128 and string.char(n) or n < 256 and string.pack("BB", 0x81, n) or string.pack(">BI2", 0x82, n)
  return string.char(tag) .. length .. content
end

local function elements(content) -- { { tag =, value = }, ... }
  local list, at = {}, 1
  while at <= #content do
    local tag, n
    tag, n, at = string.unpack("BB", content, at)
    if n > 0x80 then n, at = string.unpack(">I" .. n - 0x80, content, at) end
    list[#list + 1] = { tag = tag, value = content:sub(at, at + n - 1) }
    at = at + n
  end
  return list
end

local function sequence(list)
  local parts = {}
  for i, element in ipairs(list) do parts[i] = tlv(element.tag, element.value) end
  return tlv(0x30, table.concat(parts))
end

local function oid(hex)
  return tlv(0x06, (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)))
end

local rsa_encryption, ec_public_key, prime256v1 = "2a864886f70d010101", "2a8648ce3d0201", "2a8648ce3d030107"
local null = tlv(0x05)

local function pkcs8(algorithm, content, ...)
  return tlv(0x30, tlv(0x02, "\0"), tlv(0x30, algorithm), tlv(0x04, content), ...)
end

-- Files -------------------------------------------------------------------------------------------------------------

describe("key.load", function()
  local curves = { prime256v1 = "secp256r1", secp384r1 = "secp384r1", secp521r1 = "secp521r1" }
  local bits = { secp256r1 = 256, secp384r1 = 384, secp521r1 = 521 }
  local good = {
    ["rsa2048-pkcs1.pem"] = "rsa", ["rsa2048-pkcs8.der"] = "rsa", ["rsa2048-pkcs8.pem"] = "rsa",
    ["rsa3072-pkcs1.pem"] = "rsa", ["rsa4096-pkcs1.pem"] = "rsa", ["rsapss2048.pem"] = "rsa_pss",
    ["ed25519-pkcs8.pem"] = "ed25519",
  }
  for curve in pairs(curves) do
    for _, form in ipairs { "pkcs8", "sec1", "sec1-with-parameters" } do good[curve .. "-" .. form .. ".pem"] = "ec" end
  end
  local encrypted = { ["prime256v1-pbes2-scrypt.pem"] = "ec" }
  for _, cipher in ipairs { "aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des3" } do
    encrypted["prime256v1-traditional-" .. cipher .. ".pem"] = "ec"
    encrypted["rsa2048-traditional-" .. cipher .. ".pem"] = "rsa"
    for _, hash in ipairs { "SHA1", "SHA256", "SHA384", "SHA512" } do
      encrypted[("prime256v1-pbes2-%s-hmacWith%s.pem"):format(cipher:gsub("des3", "des-ede3-cbc"), hash)] = "ec"
    end
  end
  local refused = {
    ["secp256k1-sec1.pem"] = "secp256k1", ["x25519-pkcs8.pem"] = "X25519",
    ["prime256v1-explicit-parameters.pem"] = "explicit parameters",
    ["secp384r1-explicit-parameters.pem"] = "explicit parameters",
    ["secp521r1-explicit-parameters.pem"] = "explicit parameters",
  }

  local function agrees_with_openssl(name, type, found)
    assert.equal(type, found.type)
    local command = "openssl pkey -pubout -outform DER -passin 'pass:%s' -in %s%s"
    assert.equal(output(command:format(password, folder, name)), found.public_key)
    local curve = type == "ec" and curves[name:match "^%w+"] or nil
    assert.equal(curve, found.curve)
    assert.equal(curve and bits[curve] or tonumber(name:match "^rsa%a*(%d+)") or 256, found.bits)
  end

  for name, type in pairs(good) do
    it("reads " .. name, function() agrees_with_openssl(name, type, assert(key.load(folder .. name))) end)
  end

  for name, type in pairs(encrypted) do
    it("opens " .. name .. " with its password alone", function()
      agrees_with_openssl(name, type, assert(key.load(folder .. name, { password = password })))
      fails("encrypted_key", nil, key.load(folder .. name))
      for _, wrong in ipairs { "", "correct hors", "correct horse " } do
        fails("bad_password", nil, key.load(folder .. name, { password = wrong }))
      end
    end)
  end

  for name, why in pairs(refused) do
    it("refuses " .. name, function() fails("unsupported_key", why, key.load(folder .. name)) end)
  end

  it("knows an empty password from none", function()
    local path = folder .. "prime256v1-pbes2-empty-password.pem"
    assert.equal("ec", assert(key.load(path, { password = "" })).type)
    fails("encrypted_key", nil, key.load(path))
    fails("bad_password", nil, key.load(path, { password = password }))
  end)

  it("has an outcome for every file of the folder", function()
    for name in output("ls " .. folder):gmatch "%S+" do
      if name:find "%.pem$" or name:find "%.der$" then
        assert.truthy(good[name] or encrypted[name] or refused[name] or name:find "empty%-password", name)
      end
    end
  end)

  it("says what is wrong with the file", function()
    fails("file", "No such file", key.load "spec/vectors/keys/none.pem")
    fails("file", "directory", key.load "spec/vectors/keys")
    fails("no_key", nil, key.load(folder .. "make-keys.sh"))
    fails("no_key", nil, key.load(pki.root.p256))
  end)

  it("asks a function for the password, once, and only where there is one", function()
    local asked = 0
    local options = { password = function() asked = asked + 1 return password end }
    assert(key.load(folder .. "prime256v1-pkcs8.pem", options))
    assert.equal(0, asked)
    assert(key.load(folder .. "prime256v1-traditional-des3.pem", options))
    assert.equal(1, asked)
    local path = folder .. "prime256v1-traditional-des3.pem"
    fails("bad_password", nil, key.load(path, { password = function() return "" end }))
    assert.error_matches(function()
      key.load(path, { password = function() return nil end })
    end, "option 'password': the function gave no string")
  end)

  it("raises for wrong options", function()
    assert.error_matches(function() key.load("a", { pasword = "x" }) end,
      "unknown option 'pasword', did you mean 'password'%?")
    assert.error_matches(function() key.load("a", { password = 1 }) end, "'password': a string or a function is wanted")
    assert.error_matches(function() key.load("a", "secret") end, "a table of options is wanted, not string")
    assert.error_matches(function() key.load() end, "a string is wanted, not nil")
    assert.error_matches(function() key.load "a\0b" end, "not a path")
  end)
end)

-- Text --------------------------------------------------------------------------------------------------------------

describe("key.parse", function()
  local sec1 = read(folder .. "prime256v1-sec1.pem")
  local pin = assert(key.parse(sec1)).pin

  it("reads PEM with CRLF, without a final newline, with text around it", function()
    for _, text in ipairs {
      sec1:gsub("\n", "\r\n"), sec1:gsub("\n$", ""), "Bag Attributes\n  a: b\n" .. sec1 .. "more",
      read(pki.root.p256) .. sec1, "\239\187\191" .. sec1,
    } do
      assert.equal(pin, assert(key.parse(text)).pin)
    end
  end)

  it("takes the first of several keys", function()
    assert.equal(pin, assert(key.parse(sec1 .. read(folder .. "rsa2048-pkcs1.pem"))).pin)
  end)

  it("reads each structure from DER", function()
    for _, name in ipairs { "prime256v1-sec1.pem", "prime256v1-pkcs8.pem", "rsa2048-pkcs1.pem", "ed25519-pkcs8.pem" } do
      assert.equal(assert(key.load(folder .. name)).pin, assert(key.parse(der_of(name))).pin)
    end
    assert(key.parse(der_of "prime256v1-pbes2-scrypt.pem", { password = password }))
    fails("encrypted_key", nil, key.parse(der_of "prime256v1-pbes2-scrypt.pem"))
  end)

  it("refuses what is no key", function()
    for _, text in ipairs { "", "\48", "-----BEGIN ", tlv(0x30, tlv(0x04, "x")), ("\0"):rep(100) } do
      fails("no_key", nil, key.parse(text))
    end
    for _, text in ipairs { "\48\128\0\0", "\48\130\1\0", der_of "rsa2048-pkcs8.pem" .. "\n" } do
      fails("bad_key", nil, key.parse(text))
    end
    fails("pem", nil, key.parse "-----BEGIN PRIVATE KEY-----\n")
    fails("unsupported_key", "OPENSSH",
      key.parse "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    fails("unsupported_key", "DSA", key.parse(pkcs8(oid "2a8648ce380401" .. null, "x")))
    fails("unsupported_key", "Ed448", key.parse(pkcs8(oid "2b6571", "x")))
    fails("unsupported_key", "not known", key.parse(pkcs8(oid "2b657f", "x")))
  end)
end)

describe("an RSA key", function()
  local names = { "version", "modulus", "publicExponent", "privateExponent", "prime1", "prime2", "exponent1",
    "exponent2", "coefficient" }
  local at = {}
  for i, name in ipairs(names) do at[name] = i end
  local whole = der_of "rsa2048-pkcs1.pem"

  local function changed(change)
    local list = elements(elements(whole)[1].value)
    change(list)
    return key.parse(sequence(list))
  end

  local function other(value) -- another number of the same size and parity
    return value:sub(1, -2) .. string.char(value:byte(-1) ~ 2)
  end

  for i = 2, #names do
    it("has a " .. names[i] .. " that fits the others", function()
      local err = fails("bad_key", nil, changed(function(list) list[i].value = other(list[i].value) end))
      assert.truthy(err.message:find("is wrong", 1, true))
      fails("bad_key", nil, changed(function(list) table.remove(list, i) end))
      fails(i == 2 and "unsupported_key" or "bad_key", nil, changed(function(list) list[i].value = "\0" end))
      fails("bad_key", nil, changed(function(list) list[i].value = "\0" .. list[i].value end))
      fails("bad_key", nil, changed(function(list) list[i].value = "\255" .. list[i].value end))
    end)
  end

  it("has no number twice and none too large", function()
    fails("bad_key", nil, changed(function(list) list[at.prime2].value = list[at.prime1].value end))
    fails("bad_key", nil, changed(function(list)
      list[at.prime1].value, list[at.prime2].value = list[at.prime2].value, list[at.prime1].value
    end))
    for _, name in ipairs { "publicExponent", "privateExponent", "prime1", "exponent1", "coefficient" } do
      fails("bad_key", name, changed(function(list) list[at[name]].value = ("\1"):rep(600) end))
    end
    fails("bad_key", "prime1", changed(function(list) list[at.prime1].value = "\1" end))
    fails("bad_key", "publicExponent", changed(function(list) list[at.publicExponent].value = "\1" end))
  end)

  it("has two primes", function()
    fails("unsupported_key", "more than two primes", changed(function(list) list[at.version].value = "\1" end))
    fails("bad_key", nil, changed(function(list) list[at.version].value = "\2" end))
    fails("bad_key", nil, changed(function(list) list[10] = { tag = 0x30, value = "" } end))
  end)

  it("has 2048 to 4096 bits", function()
    local function sized(n)
      return key.parse(output(("openssl genrsa -traditional %d"):format(n)))
    end
    fails("unsupported_key", "RSA of 1024 bits; 2048 to 4096 are supported", sized(1024))
    fails("unsupported_key", "RSA of 4104 bits; 2048 to 4096 are supported", changed(function(list)
      list[at.modulus].value = "\0\255" .. ("\1"):rep(512)
    end))
    assert.equal(2056, assert(sized(2056)).bits)
  end)

  it("may stand in PKCS#8 without the NULL, and with its public half", function()
    local list = elements(elements(whole)[1].value)
    local public = tlv(0x30, tlv(0x02, list[2].value), tlv(0x02, list[3].value))
    local function v2(algorithm, bits)
      return key.parse(tlv(0x30, tlv(0x02, "\1"), tlv(0x30, algorithm), tlv(0x04, whole), tlv(0x81, "\0", bits)))
    end
    assert(key.parse(pkcs8(oid(rsa_encryption), whole)))
    assert(v2(oid(rsa_encryption) .. null, public))
    fails("bad_key", "does not belong", v2(oid(rsa_encryption) .. null, other(public)))
    fails("bad_key", nil, key.parse(pkcs8(oid(rsa_encryption) .. tlv(0x02, "\0"), whole)))
    fails("bad_key", nil, key.parse(pkcs8(oid(rsa_encryption), whole, tlv(0x81, "\0", public)))) -- version 0
  end)

  it("for PSS alone has no parameters", function()
    local pss = "2a864886f70d01010a"
    assert.equal("rsa_pss", assert(key.parse(pkcs8(oid(pss), whole))).type)
    fails("unsupported_key", "rsassaPss with parameters", key.parse(pkcs8(oid(pss) .. tlv(0x30), whole)))
  end)
end)

describe("an EC key", function()
  local list = elements(elements(der_of "prime256v1-sec1.pem")[1].value)
  local scalar, parameters, public = list[2].value, tlv(0xa0, list[3].value), tlv(0xa1, list[4].value)
  local order = "\255\255\255\255\0\0\0\0" .. ("\255"):rep(8)
    .. "\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51"

  local function sec1(x, ...) return tlv(0x30, tlv(0x02, "\1"), tlv(0x04, x), ...) end

  it("may leave out its public half, or have it compressed", function()
    local pin = assert(key.parse(sec1(scalar, parameters, public))).pin
    assert.equal(pin, assert(key.parse(sec1(scalar, parameters))).pin)
    assert.equal(pin, assert(key.parse(pkcs8(oid(ec_public_key) .. oid(prime256v1), sec1(scalar)))).pin)
    local bits = elements(list[4].value)[1].value
    local sign = bits:byte(-1) & 1
    local function compressed(form) return tlv(0xa1, tlv(0x03, "\0", string.char(form), bits:sub(3, 34))) end
    assert.equal(pin, assert(key.parse(sec1(scalar, parameters, compressed(2 + sign)))).pin)
    fails("bad_key", "does not belong", key.parse(sec1(scalar, parameters, compressed(3 - sign))))
  end)

  it("has a scalar from 1 to the order, zeros at the front or not", function()
    local one = ("\0"):rep(31) .. "\1"
    assert.equal(assert(key.parse(sec1(one, parameters))).pin, assert(key.parse(sec1("\1", parameters))).pin)
    assert.equal(assert(key.parse(sec1(one, parameters))).pin, assert(key.parse(sec1("\0\0" .. one, parameters))).pin)
    local last = order:sub(1, -2) .. string.char(order:byte(-1) - 1)
    assert(key.parse(sec1(last, parameters)))
    for _, x in ipairs { "", "\0", ("\0"):rep(32), order, ("\255"):rep(32), "\1" .. one } do
      fails("bad_key", "order of secp256r1", key.parse(sec1(x, parameters)))
    end
  end)

  it("names one curve", function()
    fails("bad_key", "no curve is named", key.parse(sec1(scalar, public)))
    fails("bad_key", "two curves", key.parse(pkcs8(oid(ec_public_key) .. oid "2b81040022", sec1(scalar, parameters))))
    fails("bad_key", nil, key.parse(pkcs8(oid(ec_public_key), sec1(scalar))))
    fails("unsupported_key", "brainpoolP256r1",
      key.parse(sec1(scalar, tlv(0xa0, oid "2b2403030208010107"))))
    fails("unsupported_key", "not known", key.parse(sec1(scalar, tlv(0xa0, oid "2a03"))))
  end)
end)

describe("an Ed25519 key", function()
  -- RFC 8410 section 10.3: the same key without and with attributes and its public half
  local plain = [[
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
]]
  local full = [[
-----BEGIN PRIVATE KEY-----
MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
Z9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PRIVATE KEY-----
]]

  it("is read from both forms of RFC 8410 section 10.3", function()
    local found = assert(key.parse(plain))
    assert.equal("ed25519", found.type)
    assert.equal(found.pin, assert(key.parse(full)).pin)
  end)

  it("has its own public half", function()
    fails("bad_key", "does not belong", key.parse((full:gsub("AGb9", "AGb8"))))
  end)

  it("has 32 bytes and no parameters", function()
    for _, size in ipairs { 0, 31, 33 } do
      fails("bad_key", nil, key.parse(pkcs8(oid "2b6570", tlv(0x04, ("x"):rep(size)))))
    end
    fails("bad_key", nil, key.parse(pkcs8(oid "2b6570" .. null, tlv(0x04, ("x"):rep(32)))))
  end)
end)

describe("an encrypted key", function()
  local aes = tlv(0x30, oid "60864801650304012a", tlv(0x04, ("i"):rep(16)))
  local function pbes2(kdf, cipher)
    return key.parse(tlv(0x30, tlv(0x30, oid "2a864886f70d01050d", tlv(0x30, kdf, cipher or aes)),
      tlv(0x04, ("x"):rep(32))), { password = "p" })
  end
  local function pbkdf2(...) return tlv(0x30, oid "2a864886f70d01050c", tlv(0x30, ...)) end
  local function scrypt(...) return tlv(0x30, oid "2b06010401da47040b", tlv(0x30, ...)) end
  local function int(v) return tlv(0x02, (string.pack(">I4", v):gsub("^\0+([\0-\127])", "%1"))) end
  local salt = tlv(0x04, "saltsalt")

  it("asks for work within bounds", function()
    fails("bad_password", nil, pbes2(pbkdf2(salt, int(1))))
    fails("limit", "10000001 iterations", pbes2(pbkdf2(salt, int(10000001))))
    fails("bad_key", nil, pbes2(pbkdf2(salt, int(0))))
    fails("limit", nil, pbes2(pbkdf2(tlv(0x04, ("s"):rep(1025)), int(1))))
    fails("bad_password", nil, pbes2(scrypt(salt, int(16), int(8), int(1))))
    for _, n_r_p in ipairs { { 1 << 20, 8, 1 }, { 15, 8, 1 }, { 1, 8, 1 }, { 0, 8, 1 }, { 16, 0, 1 }, { 16, 8, 0 },
      { 1 << 16, 1, 1 }, { 1 << 14, 8, 1 << 20 }, { 2, 1 << 30, 1 }, { 2, 1, 1 << 30 } } do
      fails("limit", "N " .. n_r_p[1], pbes2(scrypt(salt, int(n_r_p[1]), int(n_r_p[2]), int(n_r_p[3]))))
    end
  end)

  it("names an algorithm that is known", function()
    fails("unsupported_key", "HMAC", pbes2(pbkdf2(salt, int(1), tlv(0x30, oid "2a864886f70d0206", null))))
    fails("unsupported_key", "neither PBKDF2 nor scrypt", pbes2(tlv(0x30, oid "2a03")))
    fails("unsupported_key", "a cipher other than",
      pbes2(pbkdf2(salt, int(1)), tlv(0x30, oid "2b0e030207", tlv(0x04, "12345678"))))
    fails("unsupported_key", "older than PBES2",
      key.parse(tlv(0x30, tlv(0x30, oid "2a864886f70d010503", tlv(0x30, salt, int(1))), tlv(0x04, "x"))))
    fails("bad_key", nil, pbes2(pbkdf2(salt, int(1), int(16)))) -- keyLength of another cipher
    fails("bad_password", nil, pbes2(pbkdf2(salt, int(1), int(32))))
    fails("bad_key", nil, pbes2(pbkdf2(salt, int(1)), tlv(0x30, oid "60864801650304012a", tlv(0x04, "short"))))
  end)

  it("has something that is encrypted", function()
    local info = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,%s\n\n%s"
      .. "\n-----END EC PRIVATE KEY-----\n"
    local iv = ("0"):rep(32)
    fails("bad_key", "nothing is encrypted", key.parse(info:format(iv, ""), { password = "p" }))
    fails("bad_password", nil, key.parse(info:format(iv, "AAAA"), { password = "p" })) -- no whole block
  end)

  it("has DEK-Info that is known", function()
    local text = read(folder .. "prime256v1-traditional-aes-128-cbc.pem")
    local function with(info) return key.parse(text:gsub("DEK%-Info:[^\n]*", info), { password = password }) end
    fails("unsupported_key", "DES-CBC", with "DEK-Info: DES-CBC,0011223344556677")
    fails("unsupported_key", nil, with "X-Other: 1")
    fails("bad_key", nil, with "DEK-Info: AES-128-CBC,00")
    fails("bad_key", nil, with "DEK-Info: AES-128-CBC,0g112233445566778899AABBCCDDEEFF")
    fails("bad_key", nil, with "DEK-Info: AES-128-CBC")
    fails("bad_password", nil, with "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF")
  end)
end)

-- Every cut and every changed byte ----------------------------------------------------------------------------------

describe("a damaged key", function()
  local cases = {
    { "rsa2048-pkcs1.pem" }, { "rsa2048-pkcs8.pem" }, { "rsa4096-pkcs1.pem", flips = { 0x01 } },
    { "prime256v1-sec1.pem" }, { "secp384r1-sec1.pem", flips = { 0x01 } }, { "secp521r1-pkcs8.pem", flips = { 0x80 } },
    { "prime256v1-pkcs8.pem" }, { "prime256v1-pbes2-aes-128-cbc-hmacWithSHA256.pem", password = password },
  }
  for _, case in ipairs(cases) do
    local name, options = case[1], { password = case.password }

    it("is refused: each cut of " .. name, function()
      local der = der_of(name)
      for n = 0, #der - 1 do
        local found = key.parse(der:sub(1, n), options)
        assert.is_nil(found, n)
      end
      assert.is_nil((key.parse(der .. "\0", options)))
    end)

    it("is refused: each changed byte of " .. name, function()
      local der = der_of(name)
      for _, flip in ipairs(case.flips or { 0x01, 0x80, 0xff }) do
        for i = 1, #der do
          local found = key.parse(der:sub(1, i - 1) .. string.char(der:byte(i) ~ flip) .. der:sub(i + 1), options)
          assert.is_nil(found, i)
        end
      end
    end)
  end

  for _, name in ipairs { "prime256v1-pkcs8.pem", "prime256v1-traditional-aes-256-cbc.pem" } do
    it("is the same key or none: each changed byte of the text of " .. name, function()
      local text = read(folder .. name)
      local pin = assert(key.parse(text, { password = password })).pin
      for i = 1, #text do
        for _, flip in ipairs { 0x01, 0x20, 0x80 } do
          local found = key.parse(text:sub(1, i - 1) .. string.char(text:byte(i) ~ flip) .. text:sub(i + 1),
            { password = password })
          assert.truthy(not found or found.pin == pin, i)
        end
        local cut = i < #text - 1 and key.parse(text:sub(1, i), { password = password })
        assert.falsy(cut, i)
      end
    end)
  end
end)

describe("the key object", function()
  it("belongs to its certificate and to no other", function()
    local function leaf(kind) return x509.load(pki.server[kind].leaf)[1]:der() end
    for _, kind in ipairs(pki.kinds) do
      local own = assert(key.load(pki.server[kind].key))
      assert.is_true(own:matches(leaf(kind)))
      for _, other in ipairs(pki.kinds) do
        if other ~= kind then fails("key_mismatch", "certificate", own:matches(leaf(other))) end
      end
      fails("key_mismatch", "different keys", assert(key.load(pki.client[kind].key)):matches(leaf(kind)))
    end
    fails("bad_certificate", nil, assert(key.load(folder .. "ed25519-pkcs8.pem")):matches "x")
  end)

  it("belongs to certificates that OpenSSL made of it, Ed25519 and PSS too", function() -- mkcert's have our public key
    for _, name in ipairs { "ed25519-pkcs8.pem", "secp521r1-sec1.pem", "rsa3072-pkcs1.pem" } do
      local der = output(("openssl req -x509 -subj /CN=a -outform DER -key %s%s"):format(folder, name))
      assert.is_true(assert(key.load(folder .. name)):matches(der))
    end
  end)

  it("has the pin that OpenSSL computes", function()
    local path = folder .. "rsa2048-pkcs1.pem"
    local command = "openssl pkey -pubout -outform DER -in %s | openssl dgst -sha256 -binary | base64"
    assert.equal("sha256//" .. output(command:format(path)):gsub("%s", ""), assert(key.load(path)).pin)
  end)

  it("can be closed, twice, and then tells nothing", function()
    local found = assert(key.load(folder .. "prime256v1-pkcs8.pem"))
    assert.equal("bearssl.key: secp256r1", tostring(found))
    assert.is_nil(found.other)
    assert.is_nil(found.__gc)
    do local held <close> = found; assert.equal(256, held.bits) end
    found:close()
    assert.equal("bearssl.key: closed", tostring(found))
    assert.error_matches(function() return found.pin end, "key is closed")
    assert.error_matches(function() found:matches "x" end, "key is closed")
  end)
end)

describe("a config", function()
  local bearssl = require "bearssl"

  local function self_signed(name)
    return assert(mkcert.authority { name = "a", key = assert(key.load(folder .. name)) }).certificate:pem()
  end

  it("takes keys that were read before, and lives without them", function()
    for _, role in ipairs { "client", "server" } do
      for _, kind in ipairs(pki.kinds) do
        local read_before = assert(key.load(pki.server[kind].key))
        local config = assert(bearssl[role] { certificate = pki.server[kind].certificate, key = read_before })
        read_before:close()
        assert.truthy(config)
      end
    end
    local list = { assert(key.load(pki.client.p256.key)), pki.client.rsa2048.key }
    assert(bearssl.client { certificate = { pki.client.p256.certificate, pki.client.rsa2048.certificate }, key = list })
  end)

  it("takes the shortest of keys as DER", function()
    assert(bearssl.client { certificate = self_signed "ed25519-pkcs8.pem", key = der_of "ed25519-pkcs8.pem" })
  end)

  it("refuses a key that is another's, closed, or none", function()
    local other = assert(key.load(pki.key "p256"))
    local options = { certificate = pki.server.p256.certificate, key = other }
    fails("key_mismatch", "different keys", bearssl.server(options))
    other:close()
    assert.error_matches(function() bearssl.server(options) end, "option 'key'")
    options.key = { true }
    assert.error_matches(function() bearssl.server(options) end, "option 'key': element 1 is no string but a boolean")
  end)

  it("shakes hands with such a key", function()
    local own = assert(key.load(pki.server.p256.key))
    local server = assert(bearssl.server { certificate = pki.server.p256.certificate, key = own })
    own:close()
    local client = assert(bearssl.client { trust = pki.root.p256 })
    local a, b = client:connection { name = "localhost" }, server:connection()
    for _ = 1, 20 do
      for from, to in pairs { [a] = b, [b] = a } do
        local bytes = from:pull()
        if bytes and bytes ~= "" then assert(to:feed(bytes)) end
      end
    end
    assert.truthy(a:info().version, a:info().cipher_suite)
    assert.equal(a:info().cipher_suite, b:info().cipher_suite)
  end)

  it("for TLS 1.2 refuses a server's key that cannot sign there, and names the kind", function()
    for name, kind in pairs { ["ed25519-pkcs8.pem"] = "Ed25519", ["rsapss2048.pem"] = "RSASSA-PSS" } do
      local options = { certificate = self_signed(name), key = folder .. name, max_version = "1.2" }
      fails("unsupported_key", kind, bearssl.server(options))
    end
  end)
end)
