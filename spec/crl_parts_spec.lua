-- CRLs made of parts, for what openssl does not write: entries in no order, indirect ones, odd extensions.
local crl = require "bearssl.x509.crl"
local der = require "spec.support.der"
local x509 = require "bearssl.x509"

local entry = der.crl_entry
local function name(cn) return der.name { { "2.5.4.3", der.utf8(cn) } } end
local function reason(n) return der.extension("2.5.29.21", der.element(0x0a, string.char(n))) end
local function certificate_issuer(cn)
  return der.extension("2.5.29.29", der.sequence(der.context(4, name(cn))), true)
end

local function read(what) return assert(crl.parse(der.crl(what)))[1] end

local function certificate(issuer, serial)
  local parts = { issuer = name(issuer), subject = name "x", serial = der.integer(serial) }
  return assert(x509.parse(der.certificate(parts)))[1]
end

local indirect = der.extension("2.5.29.28", der.sequence(der.implicit(4, "\xff")), true)

describe("the entries of a CRL", function()
  it("are found whatever their order and length", function()
    local entries, serials, seed = {}, {}, 7
    for i = 1, 20000 do
      seed = (seed * 6364136223846793005 + 1442695040888963407)
      local serial = ("\x01" .. string.pack(">i8", seed)):sub(1, 2 + i % 7) .. string.pack(">I3", i)
      serials[i] = serial:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
      entries[i] = entry(serial)
    end
    local list = read { entries = entries }
    assert.equal(20000, #list)
    for i = 1, 20000 do assert.equal(serials[i], list:lookup(serials[i]).serial) end
    for i = 1, 20000, 97 do assert.is_nil(list:lookup(serials[i] .. "00")) end
    table.sort(serials, function(a, b) return #a < #b or #a == #b and a < b end)
    for i = 1, 20000 do assert.equal(serials[i], list:entry(i).serial) end
  end)

  it("are in order where many bytes are the same, and where serial numbers are longer than any should be", function()
    local entries, serials, seed = {}, {}, 3
    for i = 1, 6000 do
      seed = (seed * 6364136223846793005 + 1442695040888963407)
      local length = ({ 9, 12, 20, 20, 254, 255, 256, 300 })[i % 8 + 1]
      local serial = ("\x2a"):rep(length - 7) .. string.pack(">I4", seed >> 32) .. string.pack(">I3", i)
      serials[i] = serial:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
      entries[i] = entry(serial)
    end
    local list = read { entries = entries }
    for i = 1, 6000, 7 do -- no certificate that is read has a longer one
      if #serials[i] <= 40 then assert.equal(serials[i], list:lookup(serials[i]).serial) end
    end
    table.sort(serials, function(a, b) return #a < #b or #a == #b and a < b end)
    for i = 1, 6000 do assert.equal(serials[i], list:entry(i).serial) end
  end)

  it("have reasons, also those that nobody knows, and dates", function()
    local list = read { entries = {
      entry("\1", { reason(1) }), entry("\2", { reason(7) }), entry("\3", { reason(10) }), entry "\4",
      entry("\5", { reason(0), der.extension("2.5.29.24", der.element(0x18, "20240229120000Z")) }),
      entry("\6", nil, der.element(0x18, "20510101000000Z")),
    } }
    assert.same({ "key_compromise", 7, "aa_compromise" },
      { list:lookup("01").reason, list:lookup("02").reason, list:lookup("03").reason })
    assert.is_nil(list:lookup("04").reason)
    assert.same({ serial = "05", reason = "unspecified", revocation_date = 1735689600, invalidity_date = 1709208000 },
      list:lookup "05")
    assert.equal(2556144000, list:lookup("06").revocation_date)
  end)

  it("are of the issuer that was named last", function()
    local list = read { extensions = { indirect }, entries = {
      entry "\9", entry("\5", { certificate_issuer "B" }), entry "\9",
      entry("\3", { certificate_issuer "C" }), entry "\9", entry "\1",
    } }
    assert.is_nil(list:lookup(certificate("CA", 9)).certificate_issuer)
    assert.equal("CN=B", tostring(list:lookup(certificate("B", 9)).certificate_issuer))
    assert.equal("CN=C", tostring(list:lookup(certificate("C", 9)).certificate_issuer))
    assert.equal("CN=C", tostring(list:lookup(certificate("C", 1)).certificate_issuer))
    assert.equal("CN=C", tostring(list:lookup(certificate("c", 3)).certificate_issuer))
    assert.is_nil(list:lookup(certificate("CA", 1)))
    assert.is_nil(list:lookup(certificate("B", 3)))
    assert.is_nil(list:lookup(certificate("D", 9)))
    assert.is_true(list.issuing_distribution_point.indirect_crl)
  end)

  it("that revoke come before those that do not", function()
    assert.equal("superseded", read { entries = { entry("\5", { reason(8) }), entry("\5", { reason(4) }) } }
      :lookup(certificate("CA", 5)).reason)
    assert.equal("superseded", read { entries = { entry("\5", { reason(4) }), entry("\5", { reason(8) }) } }
      :lookup(certificate("CA", 5)).reason)
  end)
end)

describe("a CRL of parts", function()
  it("may be of version 1, have no nextUpdate and no entries", function()
    local list = read { version = "", next_update = "" }
    assert.same({ 1, 0 }, { list.version, #list })
    assert.is_nil(list.next_update)
    assert.is_nil(list:lookup "01")
  end)

  it("tells its numbers in full", function()
    local list = read { extensions = { der.extension("2.5.29.20", der.element(0x02, "\1" .. ("\0"):rep(16))),
      der.extension("2.5.29.27", der.integer(0), true) } }
    assert.equal("340282366920938463463374607431768211456", list.crl_number)
    assert.same({ true, "0" }, { list.is_delta, list.base_crl_number })
  end)

  it("names a critical extension that is not understood", function()
    local unknown = der.extension("1.2.3.4", der.null, true)
    assert.equal("1.2.3.4", read { extensions = { unknown } }.unknown_critical_extension)
    assert.equal("1.2.3.4", read { entries = { entry("\1", { unknown }), entry "\2" } }.unknown_critical_extension)
    assert.is_nil(read { extensions = { der.extension("1.2.3.4", der.null) } }.unknown_critical_extension)
  end)

  local points = der.sequence(der.sequence(der.context(0, der.context(0, der.implicit(6, "http://a.example/")))))

  it("says where fresher ones are", function()
    local fresh = read { extensions = { der.extension("2.5.29.46", points) } }.freshest_crl
    assert.equal("http://a.example/", fresh[1].full_name[1].value)
  end)

  local number = der.extension("2.5.29.20", der.integer(1))
  for what, wrong in pairs {
    ["an extension twice"] = { extensions = { number, number }, where = "crlExtensions" },
    ["a negative number"] = { extensions = { der.extension("2.5.29.20", der.integer(-1)) }, where = "cRLNumber" },
    ["more than 64 extensions"] = { extensions = {}, where = "crlExtensions", code = "limit" },
    ["no points"] = { extensions = { der.extension("2.5.29.46", der.sequence()) }, where = "freshestCRL" },
    ["half a point"] = { extensions = { der.extension("2.5.29.46", points:sub(1, -2)) }, where = "freshestCRL" },
    ["a reason twice"] = { entries = { entry("\1", { reason(1), reason(2) }) }, where = "revokedCertificates" },
    ["empty entry extensions"] = { entries = { entry("\1", {}) }, where = "revokedCertificates" },
    ["extensions in version 1"] = { version = "", extensions = { number }, where = "tbsCertList.crlExtensions" },
    ["a serial number that is no DER"] = { entries = { entry "\0\1" }, where = "revokedCertificates" },
    ["a reason that is no number"] = {
      entries = { entry("\1", { der.extension("2.5.29.21", der.null) }) }, where = "revokedCertificates",
    },
  } do
    it("is refused with " .. what, function()
      for i = 1, wrong.code and 65 or 0 do wrong.extensions[i] = der.extension("1.2.3." .. i, der.null) end
      local got, err = crl.parse(der.crl(wrong))
      assert.same({ nil, wrong.code or "bad_crl", wrong.where }, { got, err.code, err.where })
    end)
  end
end)
