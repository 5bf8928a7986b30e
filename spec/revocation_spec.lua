-- Revocation on connections: CRLs on both sides, and staples from `openssl s_server`.
local bearssl = require "bearssl"
local socket = require "socket"
local x509 = require "bearssl.x509"
local pair = require "spec.support.pair"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

local NOW <const> = 1750000000 -- 2025-06-15

local leaf = assert(x509.load(pki.server.p256.leaf))[1]
local client_leaf = assert(x509.load(pki.client.p256.leaf))[1]
local of_root = revoke.crl { issuer = "p256-root" }
local nobody = revoke.crl { issuer = "p256-intermediate" }
local both = revoke.crl { issuer = "p256-intermediate",
  entries = { { serial = leaf.serial, reason = "key_compromise" },
    { serial = client_leaf.serial, reason = "superseded" } } }

local function server_config(more)
  local options = { certificate = pki.server.p256.certificate, key = pki.server.p256.key, time = NOW }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(bearssl.server(options))
end

local function client_config(more)
  local options = { trust = pki.root.p256, time = NOW }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(bearssl.client(options))
end

for _, version in ipairs { "1.2", "1.3" } do
  describe("revocation in TLS " .. version, function()
    local engine = { min_version = version, max_version = version }

    local function with(more)
      local options = {}
      for name, value in pairs(engine) do options[name] = value end
      for name, value in pairs(more) do options[name] = value end
      return options
    end

    local function run(client_options, server_options)
      return pair.new(client_config(with(client_options)), server_config(with(server_options or {}))):run()
    end

    it("lets a good server through, and tells by what", function()
      local joined = run { revocation = { crl = { nobody, of_root } } }
      assert.equal("connected", joined.client:state())
      local chain, checked = joined.client:verified_chain()
      assert.equal(3, #chain)
      for i = 1, 2 do assert.same({ "good", "crl" }, { checked.revocation[i].status, checked.revocation[i].source }) end
      assert.equal(NOW - 1735689600, checked.revocation[1].age)
    end)

    it("refuses a revoked server, with the alert", function()
      local joined = run { revocation = { crl = { both }, mode = "soft" } }
      assert.same({ "failed", "revoked" }, { joined.client:state(), joined.client_err.code })
      assert.same({ "peer_alert", "certificate_revoked" }, { joined.server_err.code, joined.server_err.alert })
    end)

    it("refuses what cannot be told in the hard mode, with the alert", function()
      local joined = run { revocation = { crl = { nobody } } }
      assert.same({ "failed", "revocation_unknown" }, { joined.client:state(), joined.client_err.code })
      assert.same({ "peer_alert", "certificate_unknown" }, { joined.server_err.code, joined.server_err.alert })
    end)

    it("refuses a revoked client", function()
      local identity = { certificate = pki.client.p256.certificate, key = pki.client.p256.key }
      local asks = { client_auth = "require", client_trust = pki.root.p256 }
      asks.revocation = { crl = { nobody, of_root } }
      assert.equal("connected", run(identity, asks).server:state())
      asks.revocation = { crl = { both, of_root } }
      local joined = run(identity, asks)
      assert.same({ "failed", "revoked" }, { joined.server:state(), joined.server_err.code })
      assert.equal("certificate_revoked", joined.client_err and joined.client_err.alert)
    end)
  end)
end

describe("a config", function()
  it("names a CRL or a response that it cannot use", function()
    local config, err = bearssl.client { trust = pki.root.p256, revocation = { crl = "/no/such.crl" } }
    assert.same({ nil, "file" }, { config, err.code })
    config, err = bearssl.client { trust = pki.root.p256, revocation = { ocsp = "no response" } }
    assert.same({ nil, "bad_ocsp" }, { config, err.code })
  end)

  it("wants to verify where it asks for revocation", function()
    assert.has_error(function() bearssl.client { verify = "none", revocation = {} } end)
    assert.has_error(function()
      bearssl.server { certificate = pki.server.p256.certificate, key = pki.server.p256.key, revocation = {} }
    end)
  end)
end)

describe("a staple of openssl s_server", function()
  local good, bad = revoke.file(revoke.ocsp(leaf)), revoke.file(revoke.ocsp(leaf, { revoked = true }))

  local function connect(version, staple, revocation, identity)
    local server <close> = peer.openssl_server(identity or pki.server.p256, ("-rev -tls1_%s %s"):format(version:sub(3),
      staple and "-status_file " .. staple or ""))
    local client = assert(bearssl.client { trust = pki.root.p256, revocation = revocation, engine = "native",
      min_version = version, max_version = version })
    local tcp = socket.tcp()
    tcp:settimeout(5)
    assert(tcp:connect("127.0.0.1", server.port))
    local sock = assert(client:wrap(tcp, { name = "localhost" }))
    local ok, err = sock:handshake()
    local chain, checked
    if ok then chain, checked = sock:verified_chain() end
    sock:close()
    return ok, err, chain and checked
  end

  it("is kept by a config that got it as a response, whatever becomes of the list", function()
    local file <close> = assert(io.open(good, "rb"))
    local list = { file:read "a" }
    local client = assert(bearssl.client { trust = pki.root.p256, revocation = { ocsp = list, leaf_only = true } })
    list[1] = nil
    collectgarbage()
    local server = assert(bearssl.server { certificate = pki.server.p256.certificate, key = pki.server.p256.key })
    local joined = pair.new(client, server):run()
    local _, checked = assert(joined.client:verified_chain())
    assert.same({ "good", "ocsp" }, { checked.revocation[1].status, checked.revocation[1].source })
  end)

  for _, version in ipairs { "1.2", "1.3" } do
    it("says good in TLS " .. version, function()
      local ok, err, checked = connect(version, good, { leaf_only = true })
      assert.is_true(ok, tostring(err))
      assert.same({ "good", "staple" }, { checked.revocation[1].status, checked.revocation[1].source })
    end)

    it("says revoked in TLS " .. version, function()
      local ok, err = connect(version, bad, { leaf_only = true, mode = "soft" })
      assert.same({ nil, "revoked" }, { ok, err.code })
    end)

    it("is heard in TLS " .. version .. " where a config says nothing of it", function()
      local ok, err = connect(version, bad)
      assert.same({ nil, "revoked" }, { ok, err.code })
      ok = connect(version, bad, { mode = "off" })
      assert.is_true(ok)
      local checked
      ok, err, checked = connect(version)
      assert.is_true(ok, tostring(err))
      assert.equal("unknown", checked.revocation[1].status)
    end)

    it("is missed where the certificate promises one, in TLS " .. version, function()
      local made = revoke.issue("promising", { names = "localhost", must_staple = true })
      local identity = { leaf = made.certificate, key = made.key, issuers = pki.server.p256.issuers }
      local ok, err = connect(version, nil, nil, identity)
      assert.same({ nil, "must_staple" }, { ok, err.code })
      ok, err = connect(version, nil, { mode = "off" }, identity)
      assert.is_true(ok, tostring(err))
    end)

    it("is missed in the hard mode of TLS " .. version, function()
      local ok, err = connect(version, nil, { leaf_only = true })
      assert.same({ nil, "revocation_unknown" }, { ok, err.code })
    end)
  end
end)
