-- certificate:matches_name (RFC 9525, RFC 6125), addresses, and U-labels that become A-labels (RFC 3492, RFC 5890).
local x509 = require "bearssl.x509"
local der = require "spec.support.der"

local function with(...)
  local names = {}
  for i, name in ipairs { ... } do
    names[i] = type(name) == "string" and der.implicit(2, name) or der.implicit(name[1], name[2])
  end
  local extensions = #names > 0 and { der.extension("2.5.29.17", der.sequence(table.unpack(names))) } or nil
  local subject = der.name { { "2.5.4.3", der.utf8 "common.example" } }
  return assert(x509.parse(der.certificate { subject = subject, extensions = extensions }))[1]
end

local function ip(...) return { 7, string.char(...) } end

local v6 = { 7, "\x20\x01\x0d\xb8" .. ("\0"):rep(11) .. "\1" }
local mapped = { 7, ("\0"):rep(10) .. "\xff\xff\x01\x02\x03\x04" }

-- presented, asked for
local matches = {
  { "a.example", "a.example" },
  { "A.Example", "a.eXAMPLE" },
  { "a.example", "a.example." },
  { "*.w.example", "x.w.example" },
  { "*.W.example", "X.w.EXAMPLE." },
  { "*.w.example", "xn--bcher-kva.w.example" },
  { "*.w.example", "bücher.w.example" },
  { "xn--bcher-kva.example", "bücher.example" },
  { "XN--BCHER-KVA.example", "BÜCHER.example" },
  { "xn--e1afmkfd.xn--p1ai", "пример.рф" },
  { "xn--fa-hia.de", "faß.de" },
  { "a_b.example", "a_b.example" },
  { "localhost", "localhost" },
  { ip(192, 0, 2, 1), "192.0.2.1" },
  { ip(1, 2, 3, 4), "::ffff:1.2.3.4" },
  { ip(1, 2, 3, 4), "::ffff:102:304" },
  { mapped, "1.2.3.4" },
  { mapped, "::FFFF:1.2.3.4" },
  { v6, "2001:db8::1" },
  { v6, "2001:0DB8:0:0:0:0:0:1" },
  { v6, "[2001:db8::1]" },
  { v6, "2001:db8::0.0.0.1" },
}

local mismatches = {
  { "a.example", "b.example" },
  { "a.example", "x.a.example" },
  { "a.example", "example" },
  { "a.example.", "a.example" }, -- RFC 5280 section 4.2.1.6: no such dNSName
  { "*.w.example", "w.example" },
  { "*.w.example", "a.b.w.example" },
  { "*.w.example", ".w.example" },
  { "*.example", "a.example" }, -- directly under a single label
  { "*.", "a" },
  { "*", "a" },
  { "*", "localhost" },
  { "*.*.example", "a.b.example" },
  { "a.*.example", "a.b.example" },
  { "f*.w.example", "foo.w.example" },
  { "*f.w.example", "xf.w.example" },
  { "**.w.example", "a.w.example" },
  { "xn--*.w.example", "xn--bcher-kva.w.example" },
  { "bücher.example", "bücher.example" }, -- a U-label in a certificate is no dNSName
  { "a.example\0.evil.example", "a.example" },
  { " a.example", "a.example" },
  { "127.0.0.1", "127.0.0.1" }, -- an address as dNSName
  { "*.0.0.1", "127.0.0.1" },
  { "::1", "::1" },
  { ip(192, 0, 2, 1), "192.0.2.2" },
  { ip(192, 0, 2), "192.0.2.0" },
  { ip(192, 0, 2, 1, 255, 255, 255, 255), "192.0.2.1" },
  { v6, "2001:db8::2" },
  { { 1, "a.example" }, "a.example" }, -- rfc822Name
  { { 6, "https://a.example/" }, "a.example" }, -- URI
}

-- Asked for, and no name at all.
local no_names = {
  "", ".", "*.w.example", "*", "a..example", ".a.example", "a.example..", "a b.example", "a.example/x", "a:443",
  "a.example\0.evil.example", "a\n.example", "127.1", "0x7f.0.0.1", "0x7f000001", "1.2.3.4.5",
  "01.2.3.4", "1.2.3.256", "1.2.3",
  "fe80::1%eth0", "[::1", "::1]", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::1.2.3",
  ("a"):rep(64) .. ".example", ("a."):rep(127) .. "a", "\xff.example", "a。example", "x\u{200b}y.example",
  ("ü"):rep(63) .. ".example",
}

describe("certificate:matches_name", function()
  for _, row in ipairs(matches) do
    it(("takes %s"):format(row[2]), function()
      assert.same({ true }, { with(row[1]):matches_name(row[2]) })
      assert.same({ true }, { with("other.example", row[1]):matches_name(row[2]) })
    end)
  end

  for _, row in ipairs(mismatches) do
    it(("refuses %s for %q"):format(row[2], type(row[1]) == "string" and row[1] or "(another kind)"), function()
      local matched, err = with(row[1]):matches_name(row[2])
      assert.is_false(matched)
      assert.equal(row[2] == ".w.example" and "option" or "name_mismatch", err.code)
    end)
  end

  for _, name in ipairs(no_names) do
    it(("says that %q is no host name"):format(name), function()
      local matched, err = with("*.w.example", "a.example", ip(127, 0, 0, 1)):matches_name(name)
      assert.is_false(matched)
      assert.equal("option", err.code)
    end)
  end

  it("never asks the common name", function()
    local matched, err = with():matches_name "common.example"
    assert.is_false(matched)
    assert.equal("name_mismatch", err.code)
    assert.truthy(err.message:find("has none", 1, true))
    assert.is_false((with({ 1, "me@example" }):matches_name "common.example"))
  end)

  it("lists the names that were there", function()
    local _, err = with("a.example", "*.b.example", ip(192, 0, 2, 1), v6):matches_name "c.example"
    assert.truthy(tostring(err):find("c.example is asked for; it is for a.example, *.b.example, 192.0.2.1, 2001:db8::1",
      1, true), tostring(err))
  end)

  it("says how many names are left out of a long list", function()
    local names = {}
    for i = 1, 100 do names[i] = ("host%03d.example"):format(i) end
    local _, err = with(table.unpack(names)):matches_name "c.example"
    assert.truthy(tostring(err):find("host001.example, host002.example", 1, true))
    assert.truthy(tostring(err):find("and 9%d more"))
  end)

  it("shows the A-label that a U-label was looked for as", function()
    local _, err = with("a.example"):matches_name "bücher.example"
    assert.truthy(tostring(err):find("xn--bcher-kva.example", 1, true))
  end)

  it("lets nothing of the certificate act on a terminal", function()
    local _, err = with("a\27[31m.example", "b\n.example"):matches_name "c.example"
    assert.truthy(tostring(err):find("a?[31m.example", 1, true))
    assert.falsy(tostring(err):find "%c")
  end)

  -- RFC 3492 section 7.1, what IDNA can look for: (A) Arabic, (B) and (C) Chinese, (D) Czech, (E) Hebrew, (F) Hindi,
  -- (G) Japanese, (H) Korean, (I) Russian, (J) Spanish, (K) Vietnamese; without what IDNA takes out of a label
  for _, row in ipairs {
    { "ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn" },
    { "他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye" },
    { "他們爲什麽不說中文", "ihqwctvzc91f659drss3x8bo0yb" },
    { "pročprostěnemluvíčesky", "proprostnemluvesky-uyb24dma41a" },
    { "למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b" },
    { "यहलोगहिन्दीक्योंनहींबोलसकतेहैं", "i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd" },
    { "なぜみんな日本語を話してくれないのか", "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa" },
    { "세계의모든사람들이한국어를이해한다면얼마나좋을까", "989aomsvi5e83db1d2a355cv1e0vak1dwrv93d5xbh15a0dt30a5jpsd879ccm6fea98c" },
    { "почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l" },
    { "porquénopuedensimplementehablarenespañol", "porqunopuedensimplementehablarenespaol-fmd56a" },
    { "tạisaohọkhôngthểchỉnóitiếngviệt", "tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g" },
  } do
    it("makes the A-label xn--" .. row[2], function()
      local matched, err = with("xn--" .. row[2] .. ".example"):matches_name(row[1] .. ".example")
      if #row[2] > 59 then return assert.equal("option", err.code) end -- a label has 63 octets
      assert.is_true(matched, tostring(err))
    end)
  end
end)

local function mailbox(text)
  return { 0xa0, der.oid "1.3.6.1.5.5.7.8.9" .. der.context(0, der.utf8(text)) }
end

local function presenting(...)
  local names = {}
  for i, name in ipairs { ... } do names[i] = der.element(name[1], name[2]) end
  return assert(x509.parse(der.certificate {
    extensions = { der.extension("2.5.29.17", der.sequence(table.unpack(names))) } }))[1]
end

local function email(text) return { 0x81, text } end
local function uri(text) return { 0x86, text } end

describe("certificate:matches_email", function()
  it("compares the local part as it is, and the domain as a host", function()
    local me = presenting(email "you@example.com", email "Me@Example.com", email "i@xn--exmple-cua.com")
    for _, address in ipairs { "Me@example.com", "Me@EXAMPLE.com.", "you@example.com", "i@ex\u{e4}mple.com" } do
      assert.same({ true }, { me:matches_email(address) })
    end
    for _, address in ipairs { "me@example.com", "Me@a.example.com", "M@example.com", "Me@example.org",
      "e@Example.com" } do
      local ok, err = me:matches_email(address)
      assert.same({ false, "name_mismatch" }, { ok, err.code }, address)
      assert.truthy(err.message:find("you@example.com, Me@Example.com", 1, true), err.message)
    end
  end)

  it("finds mailboxes in UTF-8 (RFC 9598), and no other kind of name", function()
    assert.same({ true }, { presenting(mailbox "\u{fc}@example.com"):matches_email "\u{fc}@EXAMPLE.com" })
    for _, name in ipairs { uri "me@example.com", { 0x82, "me@example.com" }, { 0xa0, der.oid "1.2.3"
      .. der.context(0, der.utf8 "me@example.com") }, email "me@example.com\0", email "me@example.com." } do
      assert.is_false((presenting(name):matches_email "me@example.com"))
    end
  end)

  it("refuses what is no address", function()
    for _, address in ipairs { "", "me", "@example.com", "me@", "me@a..b", "me@*.example", "me@1.2.3.4", "m\0@a.b" } do
      local ok, err = presenting(email "me@example.com"):matches_email(address)
      assert.same({ false, "option" }, { ok, err.code }, address)
    end
  end)
end)

describe("certificate:matches_uri", function()
  it("compares scheme and authority in any case, the rest as it is (RFC 5280 section 7.4)", function()
    local it_is = presenting(uri "spiffe://Trust.example/a/B", uri "urn:x:Y", uri "http://Me@example.com/")
    for _, wanted in ipairs { "spiffe://Trust.example/a/B", "SPIFFE://trust.EXAMPLE/a/B", "URN:x:Y",
      "http://Me@example.com/" } do
      assert.same({ true }, { it_is:matches_uri(wanted) })
    end
    for _, wanted in ipairs { "spiffe://trust.example/a/b", "spiffe://trust.example/a", "spiffe://trust.example/a/B/",
      "urn:x:y", "urn:X:Y", "http://me@example.com/", "spiffe:/trust.example/a/B" } do
      local ok, err = it_is:matches_uri(wanted)
      assert.same({ false, "name_mismatch" }, { ok, err.code }, wanted)
    end
    assert.is_false((presenting { 0x82, "urn:x" }:matches_uri "urn:x"))
  end)

  it("refuses what is no URI", function()
    for _, wanted in ipairs { "", "x", ":x", "urn:\0" } do
      local ok, err = presenting(uri "urn:x"):matches_uri(wanted)
      assert.same({ false, "option" }, { ok, err.code }, wanted)
    end
  end)
end)
