-- bearssl.certificate: every field and extension as data, against openssl's words for the same certificate, and what
-- is refused.
local x509 = require "bearssl.x509"
local der = require "spec.support.der"

local everything = assert(x509.load "spec/vectors/x509/everything.pem")[1]
local extensions = everything.extensions

local function parsed(part) return assert(x509.parse(der.certificate(part)))[1] end
local function openssl(arguments)
  local pipe <close> = assert(io.popen("openssl " .. arguments .. " 2>&1"))
  return pipe:read "a"
end
local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end

describe("bearssl.certificate", function()
  local path = "spec/vectors/x509/everything.pem"

  it("has version, serial number and dates", function()
    assert.equal(3, everything.version)
    assert.equal(openssl("x509 -noout -serial -in " .. path):match "=(%x+)":lower(), everything.serial)
    assert.equal("159305142237714808517434570887544412012343928892", everything.serial_decimal)
    assert.equal(1795628367, everything.not_before)
    assert.equal("2026-11-25T17:39:27Z", everything.not_before_text)
    assert.equal("2036-11-22T17:39:27Z", everything.not_after_text)
    assert.equal(3649, everything:days_left(everything.not_before + 1))
    assert.equal(0, everything:days_left(everything.not_after))
    assert.equal(-1, everything:days_left(everything.not_after + 1))
  end)

  for _, row in ipairs {
    { "\1", "01", "1" }, { "\0", "00", "0" }, { "\0\xff", "ff", "255" }, { "\xff", "-01", "-1" }, { "\x80", "-80",
      "-128" },
    { "\xff\x7f", "-81", "-129" }, { "\1" .. ("\0"):rep(8), "01" .. ("00"):rep(8), "18446744073709551616" },
    { "\x80" .. ("\0"):rep(8), "-80" .. ("00"):rep(8), "-2361183241434822606848" },
    { "\127" .. ("\xff"):rep(63), "7f" .. ("ff"):rep(63), nil },
  } do
    it("reads the serial number " .. row[2]:sub(1, 24), function()
      local certificate = parsed { serial = der.element(2, row[1]) }
      assert.equal(row[2], certificate.serial)
      if row[3] then assert.equal(row[3], certificate.serial_decimal) end
      assert.truthy(certificate:text():find("Serial Number:", 1, true))
    end)
  end

  for _, row in ipairs {
    { 0x17, "500101000000Z", "1950-01-01T00:00:00Z", -631152000 },
    { 0x17, "491231235959Z", "2049-12-31T23:59:59Z", 2524607999 },
    { 0x17, "700101000000Z", "1970-01-01T00:00:00Z", 0 },
    { 0x18, "20000229120000Z", "2000-02-29T12:00:00Z", 951825600 },
    { 0x18, "99991231235959Z", "9999-12-31T23:59:59Z", 253402300799 },
    { 0x18, "00000101000000Z", "0000-01-01T00:00:00Z", -62167219200 },
    { 0x18, "19000301000000Z", "1900-03-01T00:00:00Z", -2203891200 },
  } do
    it("reads the time " .. row[2], function()
      local time = der.element(row[1], row[2])
      local certificate = parsed { validity = der.sequence(time, time) }
      assert.equal(row[4], certificate.not_after)
      assert.equal(row[3], certificate.not_after_text)
      assert.equal("string", type(certificate:text()))
    end)
  end

  for _, time in ipairs { "000230000000Z", "001301000000Z", "000100000000Z", "000101240000Z", "000101006000Z",
    "000101000060Z", "0001010000Z", "000101000000", "000101000000+0000", "00010100000aZ", "" } do
    it("refuses the time " .. time, function()
      local utc = der.element(0x17, time)
      local list, err = x509.parse(der.certificate { validity = der.sequence(utc, utc) })
      assert.is_nil(list)
      assert.equal("tbsCertificate.validity", err.where)
    end)
  end

  it("has the fingerprints of certificate and key that openssl computes, and curl's pin", function()
    for _, hash in ipairs { "sha1", "sha256", "sha384", "sha512" } do
      local line = openssl(("x509 -noout -fingerprint -%s -in %s"):format(hash, path))
      assert.equal(line:match "=(.-)\n":gsub(":", ""):lower(), everything.fingerprints[hash])
      line = openssl(("x509 -noout -pubkey -in %s | openssl pkey -pubin -outform DER | openssl dgst -%s"):format(path,
        hash))
      assert.equal(line:match "%x+\n$":sub(1, -2), everything.spki_fingerprints[hash])
    end
    assert.equal("sha256//97/OAnzYIWIOh0qd+lqhBLqSTrDyPDfZCsrDQPAFvE0=", everything.pin)
  end)

  it("has all fields of tables that are filled as they are asked, in whatever order", function()
    local function fresh() return x509.load(path)[1] end
    local function keys(t)
      local found = {}
      for key in pairs(t) do found[#found + 1] = tostring(key) end
      table.sort(found)
      return found
    end
    local hashes = { "sha1", "sha256", "sha384", "sha512" }
    for _, field in ipairs { "fingerprints", "spki_fingerprints" } do
      local first, all = fresh()[field], fresh()[field]
      local one = first.sha384
      assert.same(hashes, keys(all))
      assert.equal(one, all.sha384)
      assert.same(hashes, keys(first))
      assert.is_nil(first.md5)
      assert.is_nil(first[1])
    end
    local by_name, by_number, count = fresh().extensions, fresh().extensions, #everything.extensions
    local alt_name, usage = by_name.subject_alt_name, by_name.key_usage
    assert.is_nil(by_name.nothing)
    assert.equal(count, #by_name)
    assert.same(keys(by_number), keys(by_name))
    assert.equal(alt_name, by_name.subject_alt_name)
    local seen = 0
    for i, extension in ipairs(by_name) do
      if extension == alt_name or extension == usage then seen = seen + 1 end
      assert.equal(extension.oid, by_number[i].oid)
      if extension.name then assert.equal(extension, by_name[extension.name]) end
    end
    assert.equal(2, seen)
    assert.equal(count, select("#", table.unpack(fresh().extensions)))
    local named = fresh().subject
    local text = {}
    for key, value in pairs(named) do text[key] = value end
    assert.equal(tostring(fresh().subject), text.text)
    assert.equal(named.der, text.der)
    assert.equal(#everything.subject, #named)
  end)

  it("keeps a certificate for its tables, whoever else has let go of it", function()
    local fingerprints, list = x509.load(path)[1].fingerprints, x509.load(path)[1].extensions
    collectgarbage()
    collectgarbage()
    assert.equal(everything.fingerprints.sha256, fingerprints.sha256)
    assert.equal(#everything.extensions, #list)
  end)

  it("has its public key", function()
    local key = everything.public_key
    assert.same({ "ec", 256, "secp256r1", "1.2.840.10045.3.1.7" }, { key.type, key.bits, key.curve, key.curve_oid })
    assert.equal(key.point, key.key)
    assert.equal(130, #key.point)
    assert.equal(key.spki:sub(-65), (key.point:gsub("%x%x", function(p) return string.char(tonumber(p, 16)) end)))
    local rsa = x509.load("spec/vectors/x509/rsa_pss_signature.pem")[1].public_key
    assert.same({ "rsa", 2048, 65537, 512 }, { rsa.type, rsa.bits, rsa.exponent, #rsa.modulus })
    for name, expected in pairs { ed25519 = "ed25519", ed448 = "unknown", rsa_pss_key = "rsa_pss", p384 = "ec" } do
      assert.equal(expected, x509.load("spec/vectors/x509/" .. name .. ".pem")[1].public_key.type)
    end
    assert.equal("Ed448", x509.load("spec/vectors/x509/ed448.pem")[1].public_key.algorithm.name)
  end)

  it("says what is wrong with a public key that does not decode", function()
    local spki = der.sequence(der.sequence(der.oid "1.2.840.113549.1.1.1", der.null), der.bits "\1\2")
    local key = parsed({ spki = spki }).public_key
    assert.equal("unknown", key.type)
    assert.equal(spki, key.spki)
    assert.equal("bad_certificate", key.error.code)
    assert.truthy(parsed({ spki = spki }):text():find("Unable to load Public Key", 1, true))
  end)

  it("has its signature and the algorithm of it", function()
    local algorithm = everything.signature_algorithm
    assert.same({ "ecdsa-with-SHA256", "1.2.840.10045.4.3.2", "sha256" }, { algorithm.name, algorithm.oid,
      algorithm.hash })
    assert.equal(everything.signature, everything:der():sub(-#everything.signature))
    local pss = x509.load("spec/vectors/x509/rsa_pss_signature.pem")[1].signature_algorithm
    assert.same({ "RSASSA-PSS", "sha256", "sha256", 20 }, { pss.name, pss.hash, pss.mgf1_hash, pss.salt_length })
    local odd = der.sequence(der.oid "1.2.3.4", der.integer(7))
    assert.same({ oid = "1.2.3.4", parameters = der.integer(7) }, parsed({ algorithm = odd }).signature_algorithm)
  end)

  it("has no fields but its own, and keeps what it made", function()
    assert.is_nil(everything.serial_numer)
    assert.is_nil(everything[1])
    assert.is_nil(everything.issuer_unique_id)
    assert.equal(everything.extensions, everything.extensions)
    assert.has_error(function() everything.version = 1 end)
    assert.equal("bearssl.certificate: " .. tostring(everything.subject), tostring(everything))
  end)

  it("reads unique identifiers", function()
    local certificate = parsed { unique_ids = der.implicit(1, "\0\x20") .. der.implicit(2, "\0\xab\xcd") }
    assert.same({ "20", "abcd" }, { certificate.issuer_unique_id, certificate.subject_unique_id })
  end)

  it("gives PEM that reads back, as openssl writes it", function()
    assert.equal(openssl("x509 -in " .. path), everything:pem())
    assert.equal(everything, x509.parse(everything:pem())[1])
    assert.equal(everything, x509.parse(everything:der())[1])
    assert.are_not.equal(everything, x509.load("spec/vectors/x509/p384.pem")[1])
  end)

  it("is a table for JSON", function()
    local json = require "dkjson"
    local t = everything:to_table()
    local back = json.decode(json.encode(t))
    assert.same(t, back)
    assert.equal(tostring(everything.subject), t.subject.text)
    assert.same({ { type = "C", oid = "2.5.4.6", value = "DE" } }, t.subject.rdns[1])
    assert.equal(#extensions, #t.extensions)
    assert.equal("subject_alt_name", t.extensions[1].name)
    assert.equal(hex(everything.signature), t.signature)
    assert.equal(hex(everything.public_key.spki), t.public_key.spki)
    for _, certificate in ipairs(x509.load "/etc/ssl/certs/ca-certificates.crt") do
      assert.same(certificate:to_table(), json.decode(json.encode(certificate:to_table())))
    end
  end)
end)

describe("certificate.extensions", function()
  it("is a list in the order of the certificate, and has each by its name", function()
    assert.equal(24, #extensions)
    assert.equal(extensions[1], extensions.subject_alt_name)
    assert.same({ "2.5.29.19", "basic_constraints", true }, { extensions[3].oid, extensions[3].name,
      extensions[3].critical })
    assert.is_false(extensions[1].critical)
    for _, extension in ipairs(extensions) do assert.is_nil(extension.malformed) end
  end)

  local function value(name) return extensions[name].value end
  local directory = { C = "US", O = "Dir" }
  local function is_directory(general_name)
    assert.equal("directory_name", general_name.type)
    for type, v in pairs(directory) do assert.equal(v, general_name.value:get(type)) end
  end

  it("has the subject alternative name in all its kinds", function()
    local names = value "subject_alt_name"
    for i, row in ipairs {
      { "dns_name", "test.example" }, { "dns_name", "*.test.example" }, { "ip_address", "127.0.0.1" },
      { "ip_address", "2001:db8::1" }, { "ip_address", "::ffff:1.2.3.4" }, { "rfc822_name", "me@test.example" },
      { "uri", "https://test.example/x" }, { "registered_id", "1.2.3.4" }, { "other_name", "user@test.example" },
    } do
      assert.same(row, { names[i].type, names[i].value })
    end
    assert.same({ "1.3.6.1.4.1.311.20.2.3", der.utf8 "user@test.example" }, { names[9].oid, names[9].der })
    is_directory(names[10])
    local odd = der.sequence(der.context(3, der.null), der.context(5, der.null), der.implicit(7, "abc"),
      der.context(0, der.oid "1.2.3", der.context(0, der.integer(1))))
    names = parsed({ extensions = { der.extension("2.5.29.17", odd) } }).extensions.subject_alt_name.value
    assert.same({
      { type = "x400_address", der = der.null }, { type = "edi_party_name", der = der.null },
      { type = "ip_address", der = "abc" }, { type = "other_name", oid = "1.2.3", der = der.integer(1) },
    }, names)
  end)

  it("has the issuer alternative name", function()
    assert.same({ { type = "dns_name", value = "ca.example" }, { type = "uri", value = "http://ca.example/" } },
      value "issuer_alt_name")
  end)

  it("has basic constraints, key usage and extended key usage", function()
    assert.same({ ca = true, path_len_constraint = 3 }, value "basic_constraints")
    assert.same({ "digital_signature", "non_repudiation", "key_encipherment", "data_encipherment", "key_agreement",
      "key_cert_sign", "crl_sign", "encipher_only", "decipher_only" }, value "key_usage")
    assert.same({ "server_auth", "client_auth", "code_signing", "email_protection", "time_stamping", "ocsp_signing",
      "any_extended_key_usage", "1.2.3.4", "microsoft_server_gated_crypto", "netscape_server_gated_crypto",
      "ipsec_end_system" }, value "ext_key_usage")
  end)

  it("has key identifiers", function()
    assert.equal("493da2aced62b26cd1f3bb2d0e38642e974c30db", value "subject_key_identifier")
    local authority = value "authority_key_identifier"
    assert.equal(value "subject_key_identifier", authority.key_identifier)
    assert.equal(everything.serial, authority.authority_cert_serial_number)
    assert.equal(everything.issuer, authority.authority_cert_issuer[1].value)
  end)

  it("has information access", function()
    assert.same({
      { method = "ocsp", location = { type = "uri", value = "http://ocsp.example/" } },
      { method = "ca_issuers", location = { type = "uri", value = "http://ca.example/ca.cer" } },
    }, value "authority_info_access")
    assert.same({ { method = "ca_repository", location = { type = "uri", value = "http://repo.example/" } } },
      value "subject_info_access")
  end)

  it("has CRL distribution points", function()
    local points = value "crl_distribution_points"
    assert.equal(2, #points)
    assert.same({ { type = "uri", value = "http://crl.example/a.crl" }, { type = "uri", value = "ldap://x" } },
      points[1].full_name)
    assert.same({ "key_compromise", "ca_compromise" }, points[1].reasons)
    is_directory(points[1].crl_issuer[1])
    assert.same({ { type = "CN", oid = "2.5.4.3", value = "rel" } }, points[2].name_relative_to_crl_issuer)
    assert.is_nil(points[2].reasons)
    assert.equal("http://delta.example/d.crl", value "freshest_crl"[1].full_name[1].value)
  end)

  it("has policies with their qualifiers, mappings and constraints", function()
    assert.same({
      { policy = "1.3.5.8" }, { policy = "1.2.3.4" },
      { policy = "1.3.5.8.9", qualifiers = {
        { type = "cps", uri = "http://cps.example/" }, { type = "cps", uri = "http://cps2.example/" },
        { type = "user_notice", explicit_text = "Some explicit text", organization = "Org Name", notice_numbers = { 1,
          2, 3 } },
      } },
      { policy = "any_policy" },
    }, value "certificate_policies")
    assert.same({ { issuer_domain_policy = "1.2.3", subject_domain_policy = "1.2.4" },
      { issuer_domain_policy = "1.2.5", subject_domain_policy = "1.2.6" } }, value "policy_mappings")
    assert.same({ require_explicit_policy = 3, inhibit_policy_mapping = 1 }, value "policy_constraints")
    assert.equal(2, value "inhibit_any_policy")
  end)

  it("has name constraints", function()
    local constraints = value "name_constraints"
    assert.same({ { type = "dns_name", value = ".example" }, { type = "ip_address", value = "10.0.0.0/8" },
      { type = "uri", value = ".uri.example" } }, constraints.permitted_subtrees)
    assert.same({ type = "rfc822_name", value = "bad.example" }, constraints.excluded_subtrees[1])
    is_directory(constraints.excluded_subtrees[2])
    assert.same({ type = "ip_address", value = "2001:db8::/32" }, constraints.excluded_subtrees[3])
    local holes = der.sequence(der.context(0,
      der.sequence(der.implicit(7, "\10\0\0\0\xff\0\xff\0")), der.sequence(der.implicit(2, "a"), der.implicit(0,
        "\2"))))
    local odd = parsed({ extensions = { der.extension("2.5.29.30", holes) } }).extensions.name_constraints.value
    assert.same({ { type = "ip_address", value = "10.0.0.0/255.0.255.0" }, { type = "dns_name", value = "a",
      minimum = 2 } },
      odd.permitted_subtrees)
  end)

  it("has TLS features, comments and what is empty", function()
    assert.same({ "status_request", "status_request_v2" }, value "tls_feature")
    assert.equal("a comment", value "netscape_comment")
    assert.is_true(value "ct_poison")
    assert.equal("WebServer", value "microsoft_certificate_template_name")
    local features = parsed { extensions = { der.extension("1.3.6.1.5.5.7.1.24", der.sequence(der.integer(300))) } }
    assert.same({ 300 }, features.extensions.tls_feature.value)
  end)

  it("has what it does not know as OID and DER", function()
    local unknown = extensions[20]
    assert.same({ "1.2.3.4.5.6", der.utf8 "hello" }, { unknown.oid, unknown.der })
    assert.is_nil(unknown.name)
    assert.is_nil(unknown.value)
    assert.equal("\2\1\0", extensions.microsoft_ca_version.der)
  end)

  it("has the period of the private key", function()
    local period = der.sequence(der.implicit(0, "20200101000000Z"), der.implicit(1, "20300101000000Z"))
    local certificate = parsed { extensions = { der.extension("2.5.29.16", period) } }
    assert.same({ not_before = 1577836800, not_after = 1893456000 },
      certificate.extensions.private_key_usage_period.value)
    assert.truthy(certificate:text():find("Not Before: Jan  1 00:00:00 2020 GMT, Not After: Jan  1 00:00:00 2030 GMT",
      1, true))
  end)
end)

describe("signed certificate timestamps", function()
  local function sct(version)
    return string.pack(">s2", string.char(version) .. ("\xab"):rep(32) .. string.pack(">I8",
      1600000000123) .. "\0\0\4\3"
      .. string.pack(">s2", ("\x5a"):rep(20)))
  end
  local function certificate_with(list)
    return parsed { extensions = { der.extension("1.3.6.1.4.1.11129.2.4.2", der.octets(string.pack(">s2", list))) } }
  end

  it("have their fields (RFC 6962 section 3.2)", function()
    local list = certificate_with(sct(0) .. sct(1)).extensions.signed_certificate_timestamps.value
    local first = list[1]
    assert.same({ 1, ("ab"):rep(32), 1600000000123, "2020-09-13T12:26:40Z", "", "sha256", "ecdsa", ("\x5a"):rep(20) }, {
      first.version, first.log_id, first.timestamp, first.timestamp_text, first.extensions, first.hash,
      first.signature_algorithm, first.signature,
    })
    assert.same({ version = 2, sct = sct(1):sub(3) }, list[2])
  end)

  it("are printed as openssl prints them", function()
    local certificate = certificate_with(sct(0))
    local pipe = assert(io.popen("openssl x509 -noout -text >build/sct.txt", "w"))
    pipe:write(certificate:pem())
    pipe:close()
    local file <close> = assert(io.open "build/sct.txt")
    assert.equal(file:read "a", certificate:text())
    os.remove "build/sct.txt"
  end)

  it("are malformed where a length is wrong", function()
    for _, list in ipairs { "", "\0", "\0\0", sct(0):sub(1, -2), sct(0) .. "\0", "\0\1\0" } do
      local extension = certificate_with(list).extensions.signed_certificate_timestamps
      assert.is_true(extension.malformed)
      assert.is_nil(extension.value)
    end
  end)
end)

describe("certificate:is_issued_by", function()
  local bundle = x509.load "spec/vectors/pkits/certs/TrustAnchorRootCertificate.crt"[1]
  local good = x509.load "spec/vectors/pkits/certs/GoodCACert.crt"[1]
  local leaf = x509.load "spec/vectors/pkits/certs/ValidCertificatePathTest1EE.crt"[1]

  it("knows the issuer", function()
    assert.is_true(leaf:is_issued_by(good))
    assert.is_true(good:is_issued_by(bundle))
    assert.is_true(bundle:is_self_signed())
  end)

  it("says why another is not", function()
    local issued, err = leaf:is_issued_by(bundle)
    assert.is_false(issued)
    assert.equal("unknown_issuer", err.code)
    assert.truthy(err.message:find("CN=Good CA", 1, true))
    assert.is_false((leaf:is_self_signed()))
    local bad = x509.load "spec/vectors/pkits/certs/InvalidEESignatureTest3EE.crt"[1]
    issued, err = bad:is_issued_by(good)
    assert.is_false(issued)
    assert.equal("bad_certificate_signature", err.code)
  end)

  it("calls every root of the system self-signed", function()
    for _, root in ipairs(x509.load "/etc/ssl/certs/ca-certificates.crt") do
      assert.same({ true }, { root:is_self_signed() })
    end
  end)
end)

describe("certificate:text", function()
  it("lets nothing of a certificate act on a terminal or pass for another line", function()
    local evil = "\27[2J\n    Subject: CN = good\r\0\u{202e}\u{9b}\xff"
    local names = der.sequence(der.implicit(2, "a, DNS:evil.example" .. evil), der.implicit(6, evil), der.implicit(1,
      evil),
      der.context(4, der.name { { "2.5.4.3", der.utf8(evil:sub(1, -2)) } }),
      der.context(0, der.oid "1.2.3", der.context(0, der.utf8(evil:sub(1, -2)))))
    local qualifiers = der.sequence(der.sequence(der.oid "1.3.6.1.5.5.7.2.1", der.ia5(evil)),
      der.sequence(der.oid "1.3.6.1.5.5.7.2.2", der.sequence(der.utf8(evil:sub(1, -2)))))
    local certificate = parsed {
      subject = der.name { { "2.5.4.3", der.utf8(evil:sub(1, -2)) }, { "2.5.4.10", der.element(0x14, evil) } },
      extensions = {
        der.extension("2.5.29.17", names),
        der.extension("2.5.29.32", der.sequence(der.sequence(der.oid "1.2.3", qualifiers))),
        der.extension("2.16.840.1.113730.1.13", der.utf8(evil:sub(1, -2))),
        der.extension("1.2.3.4", evil),
        der.extension("1.3.6.1.5.5.7.1.1", der.sequence(der.sequence(der.oid "1.2.3", der.implicit(6, evil)))),
        der.extension("2.5.29.31", der.sequence(der.sequence(der.context(0, der.context(0, der.implicit(6, evil)))))),
        der.extension("2.5.29.30", der.sequence(der.context(0, der.sequence(der.implicit(2, evil))))),
      },
    }
    local text = certificate:text()
    assert.falsy(text:gsub("\n", ""):find "%c")
    assert.truthy(utf8.len(text))
    assert.falsy(text:find("\u{202e}", 1, true))
    assert.falsy(text:find("\u{9b}", 1, true))
    assert.falsy(text:find("\n    Subject: CN = good", 1, true))
    assert.falsy(text:find(", DNS:evil", 1, true))
    assert.falsy(tostring(certificate.subject):find "%c")
    assert.falsy(tostring(certificate):find "%c")
  end)
end)

describe("lt_certificate_parse", function()
  local san = der.extension("2.5.29.17", der.sequence(der.implicit(2, "a.example")))
  local function ku(bits, unused) return der.extension("2.5.29.15", der.bits(bits, unused)) end

  for _, case in ipairs {
    { "an extension twice", { extensions = { san, ku("\x80", 7), san } }, "Extensions" },
    { "an unknown extension twice", { extensions = { der.extension("1.2.3", "a"), der.extension("1.2.3", "b") } },
      "Extensions" },
    { "no extension in Extensions", { extensions = {} }, "tbsCertificate.extensions" },
    { "extensions in version 1", { version = "", extensions = { san } }, "tbsCertificate.extensions" },
    { "extensions in version 2", { version = der.context(0, der.integer(1)), extensions = { san } },
      "tbsCertificate.extensions" },
    { "unique identifiers in version 1", { version = "", unique_ids = der.implicit(1, "\0\1") },
      "tbsCertificate.uniqueID" },
    { "version 4", { version = der.context(0, der.integer(3)) }, "tbsCertificate.version" },
    { "version -1", { version = der.context(0, der.integer(-1)) }, "tbsCertificate.version" },
    { "a serial number of 65 octets", { serial = der.element(2, ("\1"):rep(65)) }, "tbsCertificate.serialNumber" },
    { "a serial number that is padded", { serial = der.element(2, "\0\1") }, "tbsCertificate.serialNumber" },
    { "no serial number", { serial = der.element(2, "") }, "tbsCertificate.serialNumber" },
    { "unused bits in the signature", { signature = der.bits("\x80", 7) }, "signatureValue" },
    { "an AlgorithmIdentifier of three parts", { algorithm = der.sequence(der.oid "1.2.3", der.null, der.null) },
      "signatureAlgorithm" },
    { "an extension with a critical of 1", { extensions = { der.sequence(der.oid "1.2.3", der.element(1, "\1"),
      der.octets "") } }, "Extension" },
    { "an extension with more behind it", { extensions = { der.sequence(der.oid "1.2.3", der.octets "", der.null) } },
      "Extension" },
    { "an empty subjectAltName", { extensions = { der.extension("2.5.29.17", der.sequence()) } }, "subjectAltName" },
    { "a GeneralName [9]", { extensions = { der.extension("2.5.29.17", der.sequence(der.implicit(9, "a"))) } },
      "subjectAltName" },
    { "a constructed dNSName", { extensions = { der.extension("2.5.29.17", der.sequence(der.context(2, "a"))) } },
      "subjectAltName" },
    { "bytes behind the value of an extension", { extensions = { der.extension("2.5.29.17",
      der.sequence(der.implicit(2, "a")) .. "\0") } }, "subjectAltName" },
    { "an empty extKeyUsage", { extensions = { der.extension("2.5.29.37", der.sequence()) } }, "extKeyUsage" },
    { "unused bits of keyUsage that are set", { extensions = { ku("\x81", 7) } }, "keyUsage" },
    { "a negative path length", { extensions = { der.extension("2.5.29.19", der.sequence(der.boolean(true),
      der.integer(-1))) } }, "basicConstraints" },
    { "basicConstraints with more", { extensions = { der.extension("2.5.29.19", der.sequence(der.boolean(true),
      der.integer(1), der.null)) } }, "basicConstraints" },
    { "nameConstraints without a subtree", { extensions = { der.extension("2.5.29.30", der.sequence()) } },
      "nameConstraints" },
    { "a subjectKeyIdentifier that is no OCTET STRING", { extensions = { der.extension("2.5.29.14", der.utf8 "a") } },
      "subjectKeyIdentifier" },
    { "an authorityKeyIdentifier out of order", { extensions = { der.extension("2.5.29.35",
      der.sequence(der.implicit(2, "\1"), der.implicit(0, "a"))) } }, "authorityKeyIdentifier" },
  } do
    it("refuses " .. case[1], function()
      local list, err = x509.parse(der.certificate(case[2]))
      assert.is_nil(list)
      assert.equal("bad_certificate", err.code)
      assert.equal(case[3], err.where)
    end)
  end

  it("takes 128 extensions and no more", function()
    local many = {}
    for i = 1, 128 do many[i] = der.extension("1.2.3." .. i, "") end
    assert.equal(128, #parsed({ extensions = many }).extensions)
    many[129] = der.extension("1.2.3.129", "")
    local _, err = x509.parse(der.certificate { extensions = many })
    assert.equal("limit", err.code)
  end)

  it("prints an OID of any size up to 255 octets, and takes no larger one", function()
    local arcs = { ["2.999.1"] = "\x88\x37\1", ["0.39"] = "\39", ["1.0"] = "\40", ["2.0"] = "\80", ["2.47"] = "\127",
      ["2.25.340282366920938463463374607431768211455"] = "\x69\x83" .. ("\xff"):rep(17) .. "\127" }
    for text, octets in pairs(arcs) do
      local extension = der.sequence(der.element(6, octets), der.octets "")
      assert.equal(text, parsed({ extensions = { extension } }).extensions[1].oid)
    end
    local long = der.sequence(der.element(6, ("\1"):rep(255)), der.octets "")
    assert.equal("0.1" .. (".1"):rep(254), parsed({ extensions = { long } }).extensions[1].oid)
    local _, err = x509.parse(der.certificate { extensions = { der.sequence(der.element(6, ("\1"):rep(256)),
      der.octets "") } })
    assert.equal("Extension", err.where)
  end)

  it("takes what is odd and does no harm", function()
    assert.equal(1, parsed({ version = der.context(0, der.integer(0)) }).version)
    assert.is_false(parsed({ extensions = { der.sequence(der.oid "1.2.3", der.boolean(false), der.octets "") } })
      .extensions[1].critical)
    assert.same({ ca = false }, parsed({ extensions = { der.extension("2.5.29.19",
      der.sequence(der.boolean(false))) } })
      .extensions.basic_constraints.value)
    local malformed = parsed({ extensions = { der.extension("2.5.29.31", der.utf8 "x") } })
    assert.is_true(malformed.extensions.crl_distribution_points.malformed)
    assert.truthy(malformed:text():find("X509v3 CRL Distribution Points: \n                ..x\n", 1, true))
  end)

  it("reads every certificate of PKITS but the two whose signature is no string of octets", function()
    local refused = {}
    local pipe <close> = assert(io.popen "ls spec/vectors/pkits/certs/*.crt")
    for path in pipe:lines() do
      local list, err = x509.load(path)
      if list then
        assert.equal(1, #list)
        assert.equal("string", type(list[1]:text()))
        assert.equal("table", type(list[1]:to_table()))
      else
        assert.equal("signatureValue", err.where)
        refused[#refused + 1] = path:match "[^/]+$"
      end
    end
    assert.same({ "BadSignedCACert.crt", "InvalidDSASignatureTest6EE.crt" }, refused)
  end)
end)
