-- bearssl.audit and `bearssl audit` on real servers: what is known of their configuration, what sslscan says of them,
-- the command as a user starts it, and the transcript of docs/command-audit.md (UPDATE_DOCS=1 writes it anew).
local audit = require "bearssl.audit"
local command = require "spec.support.command"
local compare = require "spec.agreement.compare"
local dkjson = require "dkjson"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local raw = require "spec.agreement.raw"
local registry = require "bearssl.audit.registry"
local services = require "spec.support.services"
local servers = require "spec.support.audit_servers"

local rows = {}
for _, row in ipairs(servers) do rows[row.id] = row end

local function run(port, options)
  local given = { name = "localhost", trust = pki.roots, timeout = 20 }
  for name, value in pairs(options or {}) do given[name] = value end
  return assert(audit.run("127.0.0.1", port, given))
end

local function of(id, options)
  local server <close> = rows[id].start()
  local given = { http = rows[id].http or false }
  for name, value in pairs(options or {}) do given[name] = value end
  return run(server.port, given)
end

local function offered(report)
  local list = {}
  for _, protocol in ipairs(report.protocols) do
    if protocol.offered then list[#list + 1] = protocol.name end
  end
  return table.concat(list, " ")
end

local function suites(report, version)
  local list = {}
  for _, protocol in ipairs(report.protocols) do
    if protocol.name == version then
      for i, suite in ipairs(protocol.suites) do list[i] = suite.name end
    end
  end
  return list
end

local function statuses(report)
  local list = {}
  for _, check in ipairs(report.checks) do list[check.id] = check.status end
  return list
end

local function has(text, part)
  assert.truthy(text:find(part, 1, true), ("%q in:\n%s"):format(part, text))
end

describe("bearssl.audit", function()
  it("knows nginx with Mozilla's modern configuration", function()
    local report = of "nginx-modern"
    assert.equal("TLSv1.3", offered(report))
    assert.same({ "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256" },
      suites(report, "TLSv1.3"))
    assert.same({ "ecdsa_secp256r1_sha256" }, report.signature_schemes["TLSv1.3"])
    assert.equal(1, #report.certificates)
    assert.equal("secp256r1", report.certificates[1].key.curve)
    assert.is_true(report.certificates[1].trusted and report.certificates[1].name_matches)
    assert.equal(63072000, report.http.hsts.max_age)
    assert.equal("A+", report.grade)
    assert.same({}, report.reasons)
    assert.same({}, report.gaps)
  end)

  it("knows both certificates, resumption by ID and no tickets of the intermediate one", function()
    local report = of "nginx-intermediate"
    assert.equal("TLSv1.2 TLSv1.3", offered(report))
    assert.equal(6, #suites(report, "TLSv1.2"))
    local kinds = {}
    for i, c in ipairs(report.certificates) do kinds[i] = c.auth end
    assert.same({ "ECDSA", "RSA" }, kinds)
    assert.is_true(report.features.resumption.session_ids)
    assert.is_false(report.features.session_ticket)
    assert.is_true(report.features.fallback_scsv and report.features.downgrade_sentinel)
  end)

  it("knows an old server's own order, and what is wrong with it", function()
    local report = of "nginx-old"
    assert.equal("TLSv1.0 TLSv1.1 TLSv1.2 TLSv1.3", offered(report))
    assert.equal("server", report.protocols[5].preference)
    local status = statuses(report)
    for _, id in ipairs { "anonymous", "tls_1_0", "tls_1_1", "beast", "lucky13", "static_rsa", "weak_signature" } do
      assert.equal("finding", status[id], id)
    end
    for _, id in ipairs { "sslv2", "sslv3", "poodle", "rc4", "export", "robot", "ccs_injection", "heartbleed",
      "ticketbleed", "crime", "insecure_renegotiation", "client_renegotiation", "intolerance", "key_reuse" } do
      assert.equal("ok", status[id], id)
    end
    assert.equal("F", report.grade)
    assert.is_true(report.tickets["TLSv1.3"].same_key)
    assert.equal(300, report.tickets["TLSv1.2"].lifetime)
  end)

  it("tells which client certificates are asked for", function()
    local report = of "nginx-mtls"
    assert.is_true(report.client_certificate.requested)
    assert.same({ "CN=p256 root,O=Test PKI" }, report.client_certificate.authorities)
  end)

  it("measures DH parameters, and knows well-known ones", function()
    assert.same({ bits = 1024 }, of "nginx-dhe".dh["TLSv1.2"])
    assert.same({ bits = 2048, group = "ffdhe2048" }, of "gnutls-legacy".dh["TLSv1.0"])
  end)

  it("sees 0-RTT, P-384, suites without encryption, and renegotiation by the client", function()
    local early = of "openssl-early"
    assert.is_true(early.features.early_data)
    assert.equal("finding", statuses(early).early_data)
    assert.same({ "ecdsa_secp384r1_sha384" }, early.signature_schemes["TLSv1.3"])
    local anonymous = statuses(of "openssl-anonymous")
    assert.equal("finding", anonymous.null)
    assert.equal("finding", anonymous.anonymous)
    assert.equal("finding", statuses(of "openssl-old").client_renegotiation)
    assert.equal("ok", statuses(of "openssl-default").client_renegotiation)
  end)

  it("judges our own servers", function()
    local native = of "ours-native" -- its own order, but for clients that have ChaCha20 first
    assert.equal("TLSv1.2 TLSv1.3", offered(native))
    assert.equal("server", native.protocols[5].preference)
    assert.is_true(native.protocols[5].prefers_chacha)
    local bear = of "ours-bear"
    assert.equal("TLSv1.0 TLSv1.1 TLSv1.2", offered(bear))
    assert.equal("ok", statuses(bear).robot)
  end)

  it("asks through STARTTLS", function()
    local server <close> = services.dovecot(pki.server.rsa2048)
    local report = run(server.imap, { starttls = "imap", concurrency = 4 })
    assert.equal("imap", report.target.starttls)
    assert.truthy(offered(report):find "TLSv1.3")
    assert.same({ status = nil }, report.http)
    assert.is_true(report.certificates[1].trusted)
  end)

  it("does not trust what is not, and judges by another time", function()
    local server <close> = peer.nginx(pki.server.p256, nil, "TLSv1.3")
    local stranger = run(server.port, { trust = pki.stranger })
    assert.equal("T", stranger.grade)
    assert.equal("A", stranger.grade_if_trusted)
    assert.equal("finding", statuses(stranger).untrusted)
    assert.equal("finding", statuses(run(server.port, { name = "other.example" })).name_mismatch)
    assert.equal("finding", statuses(run(server.port, { time = 4102444800 })).expired)
    local soon = statuses(run(server.port, { time = 2524607999 - 86400 * 3 }))
    assert.equal("finding", soon.expires_soon)
  end)

  it("looks at HTTP in clear", function()
    local server <close> = peer.nginx(pki.server.p256, "location = /x { return 200; }", "TLSv1.3")
    local report = run(server.port, { http_port = server.port }) -- nginx says 400 to HTTP on its port
    assert.equal(400, report.http.clear.status)
    assert.is_false(report.http.clear.redirects)
    assert.equal("finding", statuses(report).no_redirect)
    assert.is_false(run(server.port, { http_port = peer.free_port() }).http.clear.open)
  end)

  it("runs beside other coroutines of the caller's scheduler", function()
    local scheduler = require "bearssl.scheduler"
    local server <close> = peer.nginx(pki.server.p256, nil, "TLSv1.3")
    local loop, ticks, report, done = scheduler.loop(), 0, nil, 0
    loop:spawn(function()
      report = run(server.port, { on_progress = function(n, total, what)
        assert(n <= total and type(what) == "string")
        done = done + 1
      end })
      loop:stop()
    end)
    loop:spawn(function()
      while true do
        ticks = ticks + 1
        scheduler.current().sleep(0.001)
      end
    end)
    loop:run()
    assert.truthy(report.grade)
    assert.truthy(ticks > 3 and done > 20)
  end)
end)

describe("bearssl.audit and sslscan", function()
  for _, id in ipairs { "nginx-modern", "nginx-intermediate", "nginx-dhe", "gnutls-default", "ours-native" } do
    it("agree about " .. id, function()
      local result = compare.all(raw.ask(rows[id], false))
      assert.truthy(result.sslscan >= 9)
      for _, each in ipairs(result.differences) do
        assert.truthy(each.why, ("%s: ours %s, %s's %s"):format(each.fact, each.ours, each.tool, each.theirs))
      end
    end)
  end
end)

describe("core.send_handshake", function()
  local core = require "bearssl.core"
  local ends = require "spec.support.ends"

  local function pair(version)
    local options = { min_version = version, max_version = version, engine = "native" }
    return ends.connected(ends.client(options), ends.server(options))
  end

  it("sends a message of TLS 1.2 within its bounds, and nothing else", function()
    local client, server = pair "1.2"
    for _, wrong in ipairs { "", "abc", ("x"):rep((1 << 14) + 1) } do
      local ok, err = core.send_handshake(client, wrong)
      assert.is_nil(ok)
      assert.equal("limit", err.code)
    end
    assert.is_true(core.send_handshake(client, "\1\0\0\0")) -- a ClientHello: the server must not renegotiate
    local ok, err = server:feed(client:pull())
    assert.is_nil(ok)
    assert.equal("renegotiation", err.code)
    ok, err = core.send_handshake(server, "\0\0\0\0")
    assert.is_nil(ok)
    assert.equal("state", err.code)
  end)

  it("has none for TLS 1.3, for BearSSL's engine, and before the handshake", function()
    for _, conn in ipairs { (pair "1.3"), (ends.connections(ends.client { engine = "bear" }, ends.server())),
      (ends.connections(ends.client { engine = "native" }, ends.server())) } do
      local ok, err = core.send_handshake(conn, "\1\0\0\0")
      assert.is_nil(ok)
      assert.equal("state", err.code)
    end
  end)
end)

describe("the registry of suites", function()
  it("is openssl's and the engines' where they have a suite", function()
    local pipe <close> = assert(io.popen "openssl ciphers -V -stdname 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'")
    local count = 0
    for line in pipe:lines() do
      local high, low, name = line:match "0x(%x%x),0x(%x%x) %- (%S+)"
      if name and name:find "^TLS_" then
        assert.equal(registry.suite_name(tonumber(high .. low, 16)), name)
        count = count + 1
      end
    end
    assert.truthy(count > 100)
    local core = require "bearssl.core"
    for name, suite in pairs(core.cipher_suites) do assert.equal(name, registry.suite_name(suite.id)) end
    for name, id in pairs(core.groups) do assert.equal(name, registry.group_name(id)) end
    for name, id in pairs(core.signature_schemes) do assert.equal(name, registry.scheme_name(id)) end
  end)

  it("knows what each suite is made of", function()
    for id, suite in pairs(registry.suites) do
      assert.truthy(suite.exchange and suite.auth and suite.cipher and suite.bits, ("%04x"):format(id))
      assert.equal(suite.name:find "_CBC_" ~= nil, suite.cbc)
    end
    local function facts(name)
      for _, suite in pairs(registry.suites) do
        if suite.name == name then return { suite.exchange, suite.auth, suite.cipher, suite.bits, suite.aead,
          suite.forward_secret } end
      end
    end
    assert.same({ "ECDHE", "RSA", "ChaCha20", 256, true, true }, facts "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256")
    assert.same({ "RSA", "RSA", "RC4", 40, false, false }, facts "TLS_RSA_EXPORT_WITH_RC4_40_MD5")
    assert.same({ "DHE", "anon", "3DES", 112, false, true }, facts "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA")
    assert.same({ "RSA-PSK", "RSA", "NULL", 0, false, false }, facts "TLS_RSA_PSK_WITH_NULL_SHA")
    assert.same({ "any", "any", "AES", 128, true, true }, facts "TLS_AES_128_CCM_8_SHA256")
    assert.same({ "any", "any", "NULL", 0, false, true }, facts "TLS_SHA256_SHA256")
  end)
end)

-- What is another each time, as it stands in the docs.
local function stable(text)
  return (text:gsub("port %d+", "port 8443"):gsub("%-?%d+ days left", "8436 days left")
    :gsub("%d+ connections, [%d.]+ seconds", "88 connections, 0.3 seconds"))
end

describe("bearssl audit", function()
  local page = "docs/command-audit.md"

  it("prints what its page shows", function()
    local server <close> = peer.nginx(pki.server.rsa2048, "ssl_prefer_server_ciphers on; ssl_ciphers "
      .. "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:AES128-SHA:@SECLEVEL=0;", "TLSv1.1 TLSv1.2 TLSv1.3")
    local status, out, err = command { "audit", "localhost:" .. server.port, "--ca", pki.roots, "--timeout", "30" }
    assert.equal("", err)
    assert.equal(0, status)
    local shown = ("```\n$ bearssl audit localhost:8443 --ca ca.pem\n%s```\n"):format(stable(out))
    local text = pki.read(page)
    local from, to = text:match "<!%-%- transcript %-%->\n()", text:match "()<!%-%- end of the transcript %-%->"
    if os.getenv "UPDATE_DOCS" then
      local file <close> = assert(io.open(page, "wb"))
      file:write(text:sub(1, from - 1), shown, text:sub(to))
    else
      assert.equal(text:sub(from, to - 1), shown)
    end
  end)

  it("gives JSON of its schema", function()
    local server <close> = peer.nginx(pki.server.p256, nil, "TLSv1.3")
    local status, out, err = command { "audit", "--json", "localhost:" .. server.port, "--ca", pki.roots }
    assert.equal("", err)
    assert.equal(0, status)
    local all = assert(dkjson.decode(out))
    assert.equal("bearssl.audit", all.schema)
    assert.equal(audit.version, all.schema_version)
    assert.equal(server.port, all.target.port)
    assert.equal("TLSv1.3", all.protocols[6].name)
    assert.is_true(all.protocols[6].offered)
    has(out, '"gaps":[]')
    for _, field in ipairs { "grade", "findings", "checks", "certificates", "features", "groups", "seconds" } do
      assert.truthy(all[field] ~= nil, field)
      has(pki.read(page), "`" .. field .. "`")
    end
  end)

  it("ends with 1 under the grade that was asked for", function()
    local server <close> = peer.nginx(pki.server.p256, nil, "TLSv1.2")
    local target = "localhost:" .. server.port
    assert.equal(0, (command { "audit", target, "--ca", pki.roots, "--fail-under", "A" }))
    assert.equal(1, (command { "audit", target, "--ca", pki.roots, "--fail-under", "a+" }))
    assert.equal(1, (command { "audit", target, "--ca", pki.stranger, "--fail-under", "F" }))
    assert.equal(2, (command { "audit", target, "--fail-under", "Z" }))
  end)

  it("shows remedies for the server that is asked for", function()
    local server <close> = peer.nginx(pki.server.p256, nil, "TLSv1.2")
    local parts = { apache = "apache: SSLProtocol", haproxy = "haproxy: ssl-default-bind", nginx = "nginx: ssl_" }
    for name, part in pairs(parts) do
      local _, out = command { "audit", "localhost:" .. server.port, "--ca", pki.roots, "--remedy", name }
      has(out, part)
    end
    local _, out = command { "audit", "localhost:" .. server.port, "--ca", pki.roots, "--remedy", "none" }
    assert.is_nil(out:find("ssl_", 1, true))
    assert.equal(2, (command { "audit", "localhost:1", "--remedy", "iis" }))
  end)

  it("says why there is no audit", function()
    local status, out, err = command { "audit", "localhost:" .. peer.free_port() }
    assert.equal(3, status)
    assert.equal("", out)
    has(err, "refused")
    assert.equal(2, (command { "audit" }))
    assert.equal(2, (command { "audit", "file.pem" }))
    assert.equal(3, (command { "audit", "nobody.invalid" }))
  end)

  it("has a bar for terminals that fits into them", function()
    local progress = require "bearssl.command.audit.progress"
    assert.equal("[############............] 5/10 x", progress.line(5, 10, "x", 80))
    assert.equal(19, #progress.line(5, 10, ("x"):rep(100), 20))
    assert.is_nil(progress.line(1, 1, "\27[2J", 80):find "\27")
    assert.is_nil(progress.new { wants_json = true })
  end)
end)
