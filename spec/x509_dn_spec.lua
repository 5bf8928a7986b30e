-- Names: RFC 4514 text against openssl's, every string type to UTF-8, and the comparison of RFC 5280 section 7.1.
local x509 = require "bearssl.x509"
local der = require "spec.support.der"

local CN, O, OU, C = "2.5.4.3", "2.5.4.10", "2.5.4.11", "2.5.4.6"

local function subject(rdns)
  local bytes = der.certificate { subject = der.name(rdns) }
  return assert(x509.parse(bytes))[1].subject, bytes
end

local function openssl_subject(bytes)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
  local pipe <close> = assert(io.popen(
    "openssl x509 -noout -subject -nameopt RFC2253,utf8,-esc_msb -inform DER -in " .. path .. " 2>&1"))
  local text = pipe:read("a")
  os.remove(path)
  return text:match "^subject=(.*)\n$" or text
end

local function bmp(s)
  return der.element(0x1e, (s:gsub(utf8.charpattern, function(c)
    local code = utf8.codepoint(c)
    if code < 0x10000 then return string.pack(">I2", code) end
    code = code - 0x10000
    return string.pack(">I2I2", 0xd800 | code >> 10, 0xdc00 | code & 0x3ff)
  end)))
end

local function universal(s)
  return der.element(0x1c, (s:gsub(utf8.charpattern, function(c) return string.pack(">I4", utf8.codepoint(c)) end)))
end

local function teletex(s) return der.element(0x14, s) end

describe("bearssl.name", function()
  for _, case in ipairs {
    { "an empty name", {}, "" },
    { "the last RDN first", { { C, der.printable "US" }, { O, der.utf8 "Ex" }, { CN, der.utf8 "a" } },
      "CN=a,O=Ex,C=US" },
    { "what must be escaped", { { CN, der.utf8 [[a,b+c"d\e<f>g;h]] } }, [[CN=a\,b\+c\"d\\e\<f\>g\;h]] },
    { "# and spaces at the ends", { { CN, der.utf8 "#a " }, { O, der.utf8 " # " } }, [[O=\ #\ ,CN=\#a\ ]] },
    { "a space alone", { { CN, der.utf8 " " } }, [[CN=\ ]] },
    { "an empty value", { { CN, der.utf8 "" } }, "CN=" },
    { "control characters", { { CN, der.utf8 "a\0b\27[31m\n\127" } }, [[CN=a\00b\1B[31m\0A\7F]] },
    { "PrintableString", { { CN, der.printable "a*b@c_d" } }, "CN=a*b@c_d" },
    { "UTF8String", { { CN, der.utf8 "Bücher 日本 😀" } }, "CN=Bücher 日本 😀" },
    { "TeletexString", { { CN, teletex "B\xfccher" } }, "CN=Bücher" },
    { "BMPString", { { CN, bmp "Bücher 日本" } }, "CN=Bücher 日本" },
    { "UniversalString", { { CN, universal "Bücher 日本 😀" } }, "CN=Bücher 日本 😀" },
    { "IA5String", { { "0.9.2342.19200300.100.1.25", der.ia5 "example" } }, "DC=example" },
    { "NumericString", { { "2.5.4.5", der.element(0x12, "12 34") } }, "serialNumber=12 34" },
    { "a type without a name", { { "1.2.3.4", der.utf8 "x" } }, "1.2.3.4=#0C0178" },
    { "e-mail and EV", { { "1.2.840.113549.1.9.1", der.ia5 "a@b" }, { "1.3.6.1.4.1.311.60.2.1.3", der.printable "DE" },
      { "2.5.4.15", der.utf8 "Private" } }, "businessCategory=Private,jurisdictionC=DE,emailAddress=a@b" },
  } do
    it("prints " .. case[1] .. " as RFC 4514 and openssl do", function()
      local name, bytes = subject(case[2])
      assert.equal(case[3], tostring(name))
      assert.equal(openssl_subject(bytes), tostring(name))
    end)
  end

  for _, case in ipairs {
    { "VisibleString", der.element(0x1a, "a~b"), "CN=a~b" }, -- this and the next openssl does not read
    { "a value that is no string as octets", der.integer(5), "CN=#020105" },
    { "a pair of surrogates as one character", bmp "😀", "CN=😀" },
    { "half a pair as octets", der.element(0x1e, "\xd8\x3d"), "CN=#1E02D83D" },
    { "an odd BMPString as octets", der.element(0x1e, "\0a\0"), "CN=#1E03006100" },
    { "UTF-8 that is not the shortest as octets", der.utf8 "\xc0\xaf", "CN=#0C02C0AF" },
    { "cut UTF-8 as octets", der.utf8 "a\xe2\x82", "CN=#0C0361E282" },
    { "a surrogate in UTF-8 as octets", der.utf8 "\xed\xa0\x80", "CN=#0C03EDA080" },
    { "what is past Unicode as octets", der.element(0x1c, "\0\x11\0\0"), "CN=#1C0400110000" },
    { "C1 controls escaped", der.utf8 "\u{85}\u{9b}1m", [[CN=\C2\85\C2\9B1m]] },
    { "directional formatting escaped", der.utf8 "a\u{202e}b\u{2066}c\u{200b}", [[CN=a\E2\80\AEb\E2\81\A6c\E2\80\8B]] },
    { "C1 controls of TeletexString escaped", teletex "\x9b1m", [[CN=\C2\9B1m]] },
  } do
    it("prints " .. case[1], function()
      assert.equal(case[3], tostring((subject { { CN, case[2] } })))
    end)
  end

  it("prints an RDN of several with plus signs", function()
    local rdns = { { { CN, der.utf8 "a" }, { OU, der.utf8 "b+c" } }, { O, der.utf8 "c" } }
    assert.equal([[O=c,CN=a+OU=b\+c]], tostring((subject(rdns))))
  end)

  it("has its RDNs in the order of the certificate", function()
    local name = subject { { C, der.printable "US" }, { { CN, der.utf8 "a" }, { "1.2.3", der.integer(5) } } }
    assert.same({ { type = "C", oid = C, value = "US" } }, name[1])
    local other = { type = "1.2.3", oid = "1.2.3", der = der.integer(5) }
    assert.same({ { type = "CN", oid = CN, value = "a" }, other }, name[2])
    assert.equal(2, #name)
  end)

  it("gives the values of a type", function()
    local name = subject { { OU, der.utf8 "a" }, { CN, der.utf8 "c" }, { OU, bmp "ü" } }
    assert.same({ "a", "ü" }, { name:get "OU" })
    assert.same({ "c" }, { name:get "2.5.4.3" })
    assert.same({}, { name:get "O" })
  end)

  local function compared(a, b) return (subject(a)) == (subject(b)) end

  for _, case in ipairs {
    { "case", "Example CA", "eXAMPLE ca" },
    { "the string type", der.printable "Example", der.utf8 "example" },
    { "BMPString and UTF8String", bmp "Büro", der.utf8 "BÜRO" },
    { "TeletexString and UniversalString", teletex "\xc9t\xe9", universal "été" },
    { "case in Greek and Cyrillic", "ΑΘΉΝΑ МОСКВА Ёж", "αθΉνα москва ёЖ" },
    { "case in Latin Extended", "ŁÓDŹ ČESKÝ Ÿ", "łódź český ÿ" },
    { "white space at the ends", "  a b ", "a b" },
    { "white space between words", "a \t  b", "a b" },
    { "other spaces", "a\u{a0}b\u{3000}c", "a b c" },
    { "nothing but white space", "   ", "" },
  } do
    it("is equal without regard to " .. case[1], function()
      local function value(v) return v:find "^[\x13\x14\x1c\x1e\x0c]" and v or der.utf8(v) end
      local a, b = { { CN, value(case[2]) } }, { { CN, value(case[3]) } }
      assert.is_true(compared(a, b))
      assert.is_true(compared(b, a))
    end)
  end

  it("is equal without regard to the order within an RDN", function()
    local a, b, c = { CN, der.utf8 "a" }, { OU, der.utf8 "b" }, { OU, der.utf8 "c" }
    assert.is_true(compared({ { a, b, c } }, { { c, a, b } }))
    assert.is_false(compared({ { a, b } }, { { a, b, c } }))
    assert.is_false(compared({ { a, b, b } }, { { a, a, b } }))
    assert.is_false(compared({ { a, b } }, { a, b }))
  end)

  for _, case in ipairs {
    { "another value", { { CN, der.utf8 "a" } }, { { CN, der.utf8 "b" } } },
    { "another type", { { CN, der.utf8 "a" } }, { { O, der.utf8 "a" } } },
    { "another order", { { CN, der.utf8 "a" }, { O, der.utf8 "b" } }, { { O, der.utf8 "b" }, { CN, der.utf8 "a" } } },
    { "one RDN more", { { CN, der.utf8 "a" } }, { { CN, der.utf8 "a" }, { O, der.utf8 "b" } } },
    { "a space less", { { CN, der.utf8 "a b" } }, { { CN, der.utf8 "ab" } } },
    { "a prefix", { { CN, der.utf8 "ab" } }, { { CN, der.utf8 "a" } } },
    { "a string and its octets", { { CN, der.utf8 "\2\1\5" } }, { { CN, der.integer(5) } } },
    { "nothing", { { CN, der.utf8 "a" } }, {} },
  } do
    it("is not equal to " .. case[1], function()
      assert.is_false(compared(case[2], case[3]))
      assert.is_false(compared(case[3], case[2]))
    end)
  end

  it("is refused with more than 128 attributes, 16 to an RDN, and with an empty RDN", function()
    local rdns, several = {}, {}
    for i = 1, 16 do several[i] = { CN, der.utf8 "a" } end
    assert.equal(16, #subject { several }[1])
    several[17] = { CN, der.utf8 "a" }
    for i = 1, 128 do rdns[i] = { CN, der.utf8 "a" } end
    assert.equal(128, #subject(rdns))
    rdns[129] = { CN, der.utf8 "a" }
    for _, name in ipairs { der.name(rdns), der.name { several }, der.sequence(der.set()),
      der.sequence(der.set(der.sequence(der.oid(CN)))),
      der.sequence(der.null), der.set() } do
      local list, err = x509.parse(der.certificate { subject = name })
      assert.is_nil(list)
      assert.equal("tbsCertificate.subject", err.where)
    end
  end)
end)
