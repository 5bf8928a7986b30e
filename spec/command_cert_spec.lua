-- bearssl cert and bearssl.inspect: servers of OpenSSL and nginx, files, chains with something wrong in them.
local authority = require "spec.support.authority"
local bearssl = require "bearssl"
local command = require "spec.support.command"
local inspect = require "bearssl.inspect"
local json = require "dkjson"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

local pair, roots = pki.server.p256, pki.roots

local function has(text, part)
  assert.truthy(text:find(part, 1, true), ("%q in:\n%s"):format(part, text))
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function cert(...)
  return command { "cert", ... }
end

local function document(...)
  local status, out = cert("--json", ...)
  local value = assert(json.decode(out), out)
  assert.equal("bearssl.cert", value.schema)
  assert.equal(1, value.schema_version)
  return value.targets, status
end

local function codes(findings)
  local list = {}
  for i, each in ipairs(findings) do list[i] = each.code end
  return list
end

local function openssl(arguments)
  local pipe <close> = assert(io.popen("openssl " .. arguments .. " 2>/dev/null"))
  return (pipe:read "a")
end

-- A server of OpenSSL with these certificates, in this order.
local function sends(own, issuers, key, options)
  local chain = issuers and "-cert_chain " .. issuers or ""
  local server = peer.start(("openssl s_server -accept 127.0.0.1:0 -cert %s %s -key %s -no-CAfile -no-CApath %s -rev")
    :format(own, chain, key, options or ""))
  server.name = "localhost:" .. server:wait_for "ACCEPT 127%.0%.0%.1:(%d+)"
  return server
end

describe("bearssl cert on a server", function()
  it("shows what was sent and what was verified", function()
    local server <close> = peer.openssl_server(pair)
    local status, out, err = cert("localhost:" .. server.port, "--ca", roots)
    assert.same({ 0, "" }, { status, err })
    for _, part in ipairs { "TLSv1.3  TLS_AES_128_GCM_SHA256", "verified, up to CN=p256 root",
      "names      localhost, *.w",
      "2020-01-01 to 2049-12-31, ", " days left", "EC secp256r1, signed with ecdsa-with-SHA256", "trust anchor" } do
      has(out, part)
    end
    has(out, bearssl.x509.load(pair.leaf)[1].pin)
  end)

  it("gives 5 for what does not verify, and says what cures it", function()
    local server <close> = peer.openssl_server(pair)
    local status, out = cert("localhost:" .. server.port, "--ca", pki.stranger)
    assert.equal(5, status)
    has(out, "not verified")
    has(out, "-> get a certificate of a CA that the clients trust")
    status, out = cert("other.example", "--connect", "localhost:" .. server.port, "--ca", roots)
    assert.equal(5, status)
    has(out, "the certificate is not for other.example, but for localhost")
    assert.equal(0, (cert("other.example", "--connect", "127.0.0.1:" .. server.port, "--name", "a.w.example",
      "--ca", roots)))
  end)

  it("agrees with openssl about every field", function()
    local server <close> = peer.openssl_server(pki.server.rsa2048)
    local shown = openssl(("x509 -in %s -noout -serial -fingerprint -sha256 -enddate"):format(pki.server.rsa2048.leaf))
    local _, out = cert("localhost:" .. server.port, "--field", "serial", "--field", "sha256", "--field", "key",
      "--field", "names", "--field", "verified")
    local serial, sha256, key, names = out:match "^(%x+)\n(%x+)\n([^\n]+)\n(.*)no\n$"
    assert.equal(shown:match "serial=(%x+)":lower(), serial)
    assert.equal(shown:match "Fingerprint=([%x:]+)":gsub(":", ""):lower(), sha256)
    assert.equal("RSA 2048 bits", key)
    assert.equal("localhost\n*.w.example\n127.0.0.1\n::1\n", names)
  end)

  it("gives PEM, DER and text as they are", function()
    local server <close> = sends(pair.leaf, pair.issuers, pair.key)
    local _, pem = cert(server.name, "--pem")
    assert.equal(read(pair.certificate), pem)
    assert.equal(openssl(("x509 -in %s -outform DER"):format(pair.leaf)), select(2, cert(server.name, "--der")))
    has(select(2, cert(server.name, "--text")), "Issuer: O = Test PKI, CN = p256 intermediate")
    local _, second = cert(server.name, "--pem", "--index", "2")
    assert.equal(read(pair.issuers), second)
    local status, _, err = cert(server.name, "--pem", "--index", "7", "--ca", roots)
    assert.equal(1, status)
    has(err, "there is no certificate 7")
  end)

  it("looks at several, and gives the worst status", function()
    local server <close> = peer.openssl_server(pair)
    local good = "localhost:" .. server.port
    local status, out, err = cert(good, "localhost:1", "--ca", roots)
    assert.equal(3, status)
    has(out, good)
    has(err, "localhost:1: refused")
    local targets, code = document(good, "localhost:1", pki.root.p256, "--ca", roots)
    assert.equal(3, code)
    assert.equal(3, #targets)
    assert.is_true(targets[1].verified)
    assert.equal("refused", targets[2].error.code)
    assert.equal("root", targets[3].certificates[1].role)
  end)

  it("looks at nginx in TLS 1.2, by its URL", function()
    local nginx <close> = peer.nginx(pair)
    local targets, status = document("https://localhost:" .. nginx.port .. "/x", "--ca", roots)
    assert.equal(0, status)
    assert.equal("TLSv1.2", targets[1].connection.version)
    assert.equal("localhost", targets[1].name)
  end)

  it("shows itself to who asks for a certificate", function()
    local own = pki.client.p256
    local server <close> = peer.openssl_server(pair, "-rev -Verify 2 -CAfile " .. roots)
    assert.equal(0, (cert("localhost:" .. server.port, "--ca", roots, "--cert", own.certificate, "--key", own.key)))
  end)
end)

describe("bearssl cert finds", function()
  local function findings_of(own, issuers, key, ...)
    local server <close> = sends(own, issuers, key)
    local targets, status = document(server.name, "--ca", roots, ...)
    return codes(targets[1].findings), status, targets[1]
  end

  for _, row in ipairs {
    { "expired", "expired", 5 }, { "not_yet_valid", "not_yet_valid", 5 }, { "other_name", "name_mismatch", 5 },
    { "rsa1024", "weak_key", 5 }, { "sha1", "weak_signature", 5 }, { "cn_only", "no_subject_alt_name", 5 },
    { "client_eku", "extended_key_usage", 5 }, { "self_signed", "self_signed", 5 }, { "tampered", nil, 5 },
    { "expired_ca", "expired", 5 },
  } do
    it("a chain that is bad: " .. row[1], function()
      local bad = pki.bad[row[1]]
      local server <close> = sends(bad.leaf, read(bad.issuers) ~= "" and bad.issuers or nil, bad.key,
        "-cipher DEFAULT@SECLEVEL=0")
      local targets, status = document(server.name, "--ca", roots)
      assert.equal(row[3], status)
      assert.equal("error", targets[1].findings[1].severity)
      if row[2] then has(table.concat(codes(targets[1].findings), " "), row[2]) end
      for _, each in ipairs(targets[1].findings) do assert.truthy(#each.message > 0) end
    end)
  end

  it("certificates in the wrong order, twice, and a root that nobody needs", function()
    local intermediate, root = pair.issuers, pki.root.p256
    local list, status = findings_of(pair.leaf, revoke.file(read(root) .. read(intermediate)), pair.key)
    assert.same({ { "wrong_order", "root_sent" }, 1 }, { list, status })
    list, status = findings_of(pair.leaf, revoke.file(read(intermediate):rep(2)), pair.key)
    assert.same({ { "duplicate" }, 1 }, { list, status })
    list, status = findings_of(pair.leaf, revoke.file(read(intermediate) .. read(root)), pair.key)
    assert.same({ { "root_sent" }, 0 }, { list, status })
    list, status = findings_of(pair.leaf, revoke.file(read(intermediate) .. read(pki.server.rsa2048.issuers)), pair.key)
    assert.same({ { "unneeded" }, 0 }, { list, status })
  end)

  it("one that expires soon, as soon as is asked", function()
    local soon = revoke.issue("soon", { days = 20, names = "localhost" })
    local list, status = findings_of(soon.certificate, pair.issuers, soon.key)
    assert.same({ { "expires_soon" }, 1 }, { list, status })
    list, status = findings_of(soon.certificate, pair.issuers, soon.key, "--days", "10")
    assert.same({ {}, 0 }, { list, status })
  end)

  it("an intermediate that is missing, and fetches it", function()
    local folder = os.tmpname() .. ".d"
    assert(os.execute(("rm %s; mkdir %s; cp %s %s"):format(folder:sub(1, -3), folder, revoke.file(
      assert(bearssl.x509.load(pair.issuers))[1]:der()), folder .. "/ca.der")))
    local http <close> = peer.start(("lua5.4 %s/spec/support/http_files.lua %s"):format(require "lfs".currentdir(),
      folder))
    local url = ("http://127.0.0.1:%s/ca.der"):format(http:wait_for "port (%d+)")
    local own = revoke.issue("lonely", { names = "localhost", days = 90, ca_issuers = url })
    local server <close> = sends(own.certificate, nil, own.key)
    local status, out = cert(server.name, "--ca", roots)
    assert.equal(5, status)
    has(out, "the issuer of lonely, CN=p256 intermediate,O=Test PKI, was not sent")
    has(out:gsub("%s+", " "), ("-> append the certificate of %s to the server's file"):format(url))
    assert.is_nil(http:output():find "ca.der")
    local targets, code = document(server.name, "--ca", roots, "--complete")
    assert.equal(1, code)
    assert.is_true(targets[1].verified)
    assert.same({ "missing_intermediate" }, codes(targets[1].findings))
    assert.equal(1, #targets[1].completed)
    status, out = cert(server.name, "--ca", roots, "--complete", "--pem")
    assert.equal(1, status)
    assert.equal(openssl("x509 -in " .. own.certificate) .. openssl("x509 -in " .. pair.issuers), out)
    os.execute("rm -r " .. folder)
  end)
end)

describe("bearssl cert asks", function()
  local ca = { certificate = pki.dir .. "/p256-intermediate.pem", key = pki.dir .. "/p256-intermediate.key" }

  local function with_responder(entry)
    entry.serial = "7B"
    local responder = peer.ocsp_responder(ca, revoke.index { entry })
    local own = revoke.issue("asked", { names = "localhost", serial = "7B", days = 90,
      ocsp = "http://127.0.0.1:" .. responder.port })
    return responder, own
  end

  it("a responder where it is told to, and nobody else", function()
    local responder <close>, own = with_responder { good = true }
    local server <close> = sends(own.certificate, pair.issuers, own.key)
    local _, out = cert(server.name, "--ca", roots)
    assert.is_nil(out:find "revocation")
    local status
    status, out = cert(server.name, "--ca", roots, "--revocation")
    has(out, "revocation good (ocsp, 0 minutes old)")
    assert.equal(1, status) -- of the intermediate nobody can tell
    has(out, "nobody could tell whether p256 intermediate is revoked")
    assert.truthy(responder:running())
  end)

  it("and tells of what is revoked", function()
    local responder <close>, own = with_responder { reason = "keyCompromise" }
    local server <close> = sends(own.certificate, pair.issuers, own.key)
    assert.equal(0, (cert(server.name, "--ca", roots)))
    local targets, status = document(server.name, "--ca", roots, "--revocation")
    assert.equal(5, status)
    assert.equal("revoked", targets[1].error.code)
    assert.equal("replace key and certificate at once", targets[1].findings[1].remedy)
    assert.truthy(responder:running())
  end)

  it("hears the staple without being told", function()
    local own = revoke.issue("stapled", { names = "localhost", days = 90 })
    local der = revoke.file(revoke.ocsp(own.issued.certificate))
    local server <close> = sends(own.certificate, pair.issuers, own.key, "-status_file " .. der)
    local status, out = cert(server.name, "--ca", roots)
    assert.equal(0, status, out)
    has(out, "OCSP staple")
    has(out, "revocation good (staple, 0 minutes old)")
  end)
end)

describe("bearssl cert on files", function()
  it("reads PEM, DER and standard input", function()
    local pem = read(pair.certificate)
    local der = openssl(("x509 -in %s -outform DER"):format(pair.leaf))
    for _, input in ipairs { pem, der, "text before\n" .. pem .. "text behind" } do
      local status, out = command { "cert", "-", "--field", "subject", input = input }
      assert.same({ 0, "CN=localhost,O=Test PKI\n" }, { status, out })
    end
    assert.equal(0, (cert(pair.certificate, "--ca", roots, "--name", "localhost")))
    assert.equal(5, (cert(pair.certificate, "--ca", roots, "--name", "other.example")))
  end)

  it("calls it a note that nobody trusts what nobody sent", function()
    local targets, status = document(pair.certificate)
    assert.equal(0, status)
    assert.equal("note", targets[1].findings[1].severity)
    assert.equal(5, (cert(pki.bad.expired.certificate)))
  end)

  it("lists bundles", function()
    local status, out = cert(roots)
    assert.equal(0, status)
    has(out, #pki.native_kinds .. " certificates, the first of a CA")
    local targets = document(roots)
    assert.is_true(targets[1].bundle)
    assert.equal(#pki.native_kinds, #targets[1].certificates)
  end)

  it("says of other files what they are", function()
    for text, part in pairs {
      [read(pair.key)] = "PRIVATE KEY", [""] = "no certificate found", ["hello\n"] = "no certificate found",
      ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] = "certificate",
      ["-----BEGIN CERTIFICATE-----\n!!!"] = "pem", [("\0"):rep(1000)] = "certificate",
        ["\x30\x82\xff\xff"] = "certificate",
      [read(pair.leaf):sub(1, 300)] = "pem",
    } do
      local status, out, err = command { "cert", "-", input = text }
      assert.same({ 6, "" }, { status, out }, err)
      has(err, part)
      assert.is_nil(err:find "[%z\1-\9\11-\31\127-\159]")
    end
    local status, _, err = cert "/nosuch/file.pem"
    assert.equal(6, status)
    has(err, "No such file or directory")
    assert.equal(6, (cert "/"))
    assert.equal(6, (cert("localhost", "--ca", "/nosuch.pem")))
  end)
end)

describe("bearssl cert meets", function()
  local hostile = "\27]0;owned\7\27[31m\r\nX <script>alert(1)</script> \u{202E}gnp.exe \u{2066}\u{9b}2J\0\xff"

  local function made(names, subject)
    local leaf = authority.leaf(subject, authority.root(), { names = names })
    return revoke.file(require "spec.support.der".pem(leaf.der, "CERTIFICATE"))
  end

  it("control characters, marks of direction and markup in a certificate's fields", function()
    local path = made({ "DNS:a\27[2Jb", "DNS:\r\nfake", "URI:x\u{202E}y", "email:\7@x" }, hostile)
    for _, options in ipairs { {}, { "--text" }, { "--json" }, { "--field", "subject", "--field", "names" },
      { "--name", "x.example" } } do
      local status, out, err = cert(path, table.unpack(options))
      assert.truthy(status == 0 or status == 5, err)
      for _, text in ipairs { out, err } do
        assert.is_nil(text:find "[%z\1-\9\11-\31\127]", table.concat(options, " "))
        assert.is_nil(text:find "\xe2\x80\xae" or text:find "\xe2\x81\xa6" or text:find "\xc2\x9b")
        assert.truthy(utf8.len(text))
      end
    end
  end)

  it("thousands of names, on one screen", function()
    local names = {}
    for i = 1, 5000 do names[i] = ("DNS:host-%d.example"):format(i) end
    local path = made(names, "many")
    local status, out = cert(path)
    assert.equal(0, status)
    assert.truthy(select(2, out:gsub("\n", "")) < 30, out)
    has(out, "host-1.example, host-2.example")
    assert.truthy(out:find "and %d+ more")
    for line in out:gmatch "[^\n]+" do assert.truthy(#line <= 110, line) end
    assert.equal(5000, select(2, select(2, cert(path, "--field", "names")):gsub("\n", "")))
    local _, wrong = cert(path, "--name", "none.example")
    assert.truthy(#wrong < 4000)
  end)
end)

describe("inspect.certificates", function()
  it("reads the timestamps of the handshake (RFC 6962 section 3.3), whole or broken", function()
    local leaf = bearssl.x509.load(pair.leaf)
    local sct = "\0" .. ("\xab"):rep(32) .. (">i8"):pack(1700000000123) .. "\0\0" .. "\4\3\0\2xx"
    local list = (">s2"):pack((">s2"):pack(sct):rep(2))
    local found = assert(inspect.certificates(leaf, { scts = list })).scts
    assert.same({ log_id = ("ab"):rep(32), time = 1700000000, source = "handshake" }, found[1])
    assert.equal(2, #found)
    for n = 0, #list - 1 do
      assert.truthy(#assert(inspect.certificates(leaf, { scts = list:sub(1, n) })).scts < 2)
    end
  end)

  local chain = bearssl.x509.load(pair.certificate)

  it("gives what scripts want", function()
    local report = assert(inspect.certificates(chain, { trust = roots, name = "localhost" }))
    assert.is_true(report.verified)
    assert.equal(3, #report.chain)
    assert.same({}, report.findings)
    local later = assert(inspect.certificates(chain, { trust = roots, time = 2524600000, warn_days = 400 }))
    assert.equal("expires_soon", later.findings[1].code)
    assert.equal(0, inspect.summary(chain[1], 2524600000).days_left)
  end)

  it("tells of what does not decode", function()
    local report = assert(inspect.certificates { chain[1], "no certificate", chain[2] })
    assert.equal(1, report.undecoded)
    assert.equal("bad_certificate", report.findings[1].code)
    report = assert(inspect.certificates { "x" })
    assert.same({ false, {}, {} }, { report.verified, report.certificates, report.scts })
  end)

  it("raises for what is no option, and gives an error for a bad store", function()
    assert.error_matches(function() inspect.certificates(chain, { nam = "x" }) end, "did you mean 'name'")
    assert.error_matches(function() inspect.certificates("x") end, "list of certificates")
    local report, err = inspect.certificates(chain, { trust = "/nosuch.pem" })
    assert.is_nil(report)
    assert.equal("file", err.code)
  end)
end)
