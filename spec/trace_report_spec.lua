-- Reports on handshakes with other people's servers: who sent what under which keys, the round trips, and what went
-- wrong where it did.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"
local trace = require "bearssl.trace"

local function options(more)
  local all = { trust = pki.root.p256, name = "localhost", timeout = 60 }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

local function connect(server, more)
  return assert(trace.connect("127.0.0.1", server.port, options(more)))
end

-- "client ClientHello", "server keys of server_write_key", …
local function rungs(report)
  local list = {}
  for _, item in ipairs(report.items) do
    local what = item.kind == "keys" and "keys: " .. item.name or item.name
    list[#list + 1] = item.from .. " " .. what
  end
  return list
end

local function find(report, name, from)
  for _, item in ipairs(report.items) do
    if item.name == name and (not from or item.from == from) then return item end
  end
end

local full_1_3 = {
  "client ClientHello", "server ServerHello", "server keys: server_handshake_traffic_secret",
  "client keys: client_handshake_traffic_secret", "client change_cipher_spec", "server change_cipher_spec",
  "server EncryptedExtensions", "server Certificate", "server CertificateVerify", "server Finished",
  "server keys: server_application_traffic_secret_0", "client Finished",
  "client keys: client_application_traffic_secret_0", "server NewSessionTicket", "server NewSessionTicket",
  "client alert",
}

local full_1_2 = {
  "client ClientHello", "server ServerHello", "server Certificate", "server ServerKeyExchange",
  "server ServerHelloDone", "client ClientKeyExchange", "client change_cipher_spec", "client keys: client_write_key",
  "client Finished", "server change_cipher_spec", "server keys: server_write_key", "server Finished", "client alert",
}

local function without(list, name)
  local rest = {}
  for _, rung in ipairs(list) do
    if not rung:find(name, 1, true) then rest[#rest + 1] = rung end
  end
  return rest
end

local function agrees(report) -- every item is explained, and belongs to a side
  for _, item in ipairs(report.items) do
    assert.truthy(item.from == "client" or item.from == "server")
    if item.kind ~= "keys" then
      assert.matches("%.$", item.explanation)
      assert.matches("^RFC %d+ ", item.explanation_section)
    end
  end
end

describe("bearssl.trace.connect", function()
  it("tells TLS 1.3 with OpenSSL, message by message, with the keys as they change: one round trip", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_3")
    local report = connect(server)
    assert.same(full_1_3, rungs(report))
    assert.same({ true, 1, 1, "TLSv1.3", "native", "client" }, { report.connected, report.round_trips,
      report.round_trips_before_data, report.version, report.engine, report.side })
    assert.same({ "none", "handshake", "application" }, { find(report, "ServerHello").protection,
      find(report, "Certificate").protection, find(report, "NewSessionTicket").protection })
    agrees(report)
  end)

  for _, engine in ipairs { "native", "bear" } do
    it(("tells TLS 1.2 of the %s engine with OpenSSL: two round trips"):format(engine), function()
      local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_2 -no_ticket")
      local report = connect(server, { engine = engine, max_version = "1.2" })
      assert.same(full_1_2, rungs(report))
      assert.same({ true, 2, engine, "TLSv1.2" },
        { report.connected, report.round_trips, report.engine, report.version })
      assert.same({ "none", "application" }, { find(report, "Certificate").protection,
        find(report, "Finished", "server").protection })
      agrees(report)
    end)
  end

  it("tells GnuTLS", function()
    local server <close> = peer.gnutls_server(pki.server.p256, "--echo --disable-client-cert")
    local report = connect(server)
    assert.same({ true, 1 }, { report.connected, report.round_trips })
    assert.same(without(full_1_3, "NewSessionTicket"), without(rungs(report), "NewSessionTicket"))
  end)

  it("tells nginx, with its application protocol", function()
    local server <close> = peer.nginx(pki.server.p256, "", "TLSv1.3")
    local report = connect(server, { alpn = { "http/1.1" } })
    assert.same({ true, "http/1.1" }, { report.connected, report.alpn })
  end)

  it("counts the round trip of a HelloRetryRequest", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_3 -groups P-384")
    local report = connect(server)
    assert.same({ true, 2, "secp384r1" }, { report.connected, report.round_trips, report.group })
    assert.equal(1, find(report, "HelloRetryRequest").round_trip)
    assert.equal(2, find(report, "ServerHello").round_trip)
    local hellos = {}
    for _, item in ipairs(report.items) do
      if item.name == "ClientHello" then hellos[#hellos + 1] = item.explanation end
    end
    assert.matches("once more", hellos[2])
  end)

  it("has the bytes of each message, as they were on the wire", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_3")
    local report = connect(server)
    for _, item in ipairs(report.items) do
      if item.kind == "message" then
        assert.equal(item.bytes, #item.octets)
        assert.equal(#item.octets - 4, (">I3"):unpack(item.octets, 2))
      end
    end
    assert.equal(pki.read(pki.server.p256.leaf), bearssl.x509.parse(find(report, "Certificate")
      .fields.certificates[1].der)[1]:pem())
  end)
end)

describe("bearssl.trace.compare and resume", function()
  it("show one round trip against two", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev")
    local reports = assert(trace.compare("127.0.0.1", server.port, options()))
    assert.same({ "TLSv1.3", 1, "TLSv1.2", 2 }, { reports[1].version, reports[1].round_trips, reports[2].version,
      reports[2].round_trips })
  end)

  it("show a session that is resumed, without certificates", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev")
    for version, trips in pairs { ["1.3"] = 1, ["1.2"] = 1 } do
      local reports = assert(trace.resume("127.0.0.1", server.port,
        options { max_version = version, engine = "native" }))
      assert.same({ false, true, trips }, { reports[1].resumed, reports[2].resumed, reports[2].round_trips })
      assert.truthy(find(reports[1], "Certificate"))
      assert.is_nil(find(reports[2], "Certificate"))
    end
  end)

  it("show BearSSL's engine resume by session ID", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_2 -no_ticket")
    local reports = assert(trace.resume("127.0.0.1", server.port, options { max_version = "1.2", engine = "bear" }))
    assert.same({ true, 1 }, { reports[2].resumed, reports[2].round_trips })
    assert.matches("session is resumed", find(reports[2], "change_cipher_spec", "server").decisions[1].text)
  end)

  it("show early data that OpenSSL accepts: no round trip before it", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-early_data -no_anti_replay")
    local reports = assert(trace.resume("127.0.0.1", server.port, options { early_data = "hello\n" }))
    local early = reports[2]
    assert.same({ "accepted", 0, 1 }, { early.early_data, early.round_trips_before_data, early.round_trips })
    assert.same({ "early_data", "early" }, { find(early, "application_data").kind,
      find(early, "application_data").protection })
    assert.truthy(find(early, "EndOfEarlyData"))
    assert.equal("keys", find(early, "client_early_traffic_secret").kind)
  end)
end)

describe("bearssl.trace under a scheduler", function()
  it("has several connections at a time", function()
    local server <close> = peer.nginx(pki.server.p256, "", "TLSv1.3")
    local loop = require "bearssl.scheduler".loop()
    local reports = {}
    for i = 1, 3 do
      loop:spawn(function() reports[i] = connect(server) end)
    end
    loop:run()
    for i = 1, 3 do assert.same({ true, 1 }, { reports[i].connected, reports[i].round_trips }) end
  end)

  it("raises what a callback raises, and leaves nothing open", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev")
    connect(server)
    local before = ends.descriptors()
    assert.has_error(function() connect(server, { on_message = function() error("mine", 0) end }) end, "mine")
    assert.equal(before, ends.descriptors())
  end)
end)

describe("bearssl.trace.accept", function()
  for _, case in ipairs { { "1.3", "native" }, { "1.2", "native" }, { "1.2", "bear" } } do
    local version, engine = table.unpack(case)
    it(("tells the server's side of TLS %s with the %s engine"):format(version, engine), function()
      local listener <close> = peer.listen()
      local client <close> = peer.openssl_client(listener.port, "-ign_eof -CAfile " .. pki.roots, "hello\n\n")
      local report = assert(trace.accept(listener:accept(), {
        certificate = pki.server.p256.certificate, key = pki.server.p256.key, engine = engine, max_version = version,
        timeout = 60, answer = "good bye\n",
      }))
      assert.same({ true, "server", engine, "TLSv" .. version }, { report.connected, report.side, report.engine,
        report.version })
      assert.equal(version == "1.3" and 1 or 2, report.round_trips)
      assert.equal("client", find(report, "ClientHello").from)
      assert.matches("good bye", select(2, client:finish()))
      agrees(report)
    end)
  end
end)

describe("a report", function()
  it("is the same of both sides' eyes", function()
    local defaults = ends.defaults
    ends.defaults = { max_version = "1.3" }
    local c, s = ends.connected_sockets(ends.client { trace = true }, ends.server { trace = true })
    ends.defaults = defaults
    local make = require "bearssl.trace.report".make
    local ours, theirs = make(c:trace(), "client", c:info(), nil, {}), make(s:trace(), "server", s:info(), nil, {})
    c:close()
    s:close()
    local shared = without(without(rungs(ours), "NewSessionTicket"), "change_cipher_spec")
    assert.same(shared, without(without(rungs(theirs), "NewSessionTicket"), "change_cipher_spec"))
    assert.equal(ours.round_trips, theirs.round_trips)
  end)
end)

describe("a certificate of very many names", function()
  it("is shown by some, and their number", function()
    local names = {}
    for i = 1, 3000 do names[i] = ("host%d.example"):format(i) end
    names[3001] = "localhost"
    local own = revoke.issue("many", { names = names })
    local server <close> = peer.openssl_server({ leaf = own.certificate, key = own.key,
      issuers = pki.server.p256.issuers }, "-rev")
    local report = connect(server, { trust = pki.root.p256 })
    assert.is_true(report.connected)
    local text = trace.text(report):gsub("[│%s]+", " ")
    assert.matches("host1.example, .- and 2995 more", text)
    assert.is_true(#trace.html(report) < 100000)
  end)
end)
