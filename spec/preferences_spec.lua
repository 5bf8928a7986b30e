-- What the native engine offers, accepts and prefers: groups in the order given, signature schemes, padding.
local bearssl = require "bearssl"
local client_hello = require "bearssl.client_hello"
local core = require "bearssl.core"
local pair = require "spec.support.pair"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local function offered(options)
  local client = pair.client_config(pair.with({ max_version = "1.3" }, options))
  return client_hello(pair.records(client:connection { name = "localhost" }:pull())[1].payload:sub(5))
end

local function without_grease(list)
  local kept = {}
  for _, v in ipairs(list) do
    if v ~= "GREASE" then kept[#kept + 1] = v end
  end
  return kept
end

local versions = { ["1.3"] = { max_version = "1.3" }, ["1.2"] = { max_version = "1.2", engine = "native" } }

local function meet(version, client, server, kind)
  local base = versions[version]
  return pair.new(pair.client_config(pair.with(base, client)),
    pair.server_config(pair.with(base, server), kind)):run()
end

local function info(...)
  local p = meet(...)
  assert.equal("connected", p.client:state(), tostring(p.client_err or p.server_err))
  assert.same(p.client:info(), p.server:info())
  return p.client:info()
end

describe("groups", function()
  it("are offered in their order, the first with a key share", function()
    local hello = offered { groups = { "secp384r1", "x25519", "secp256r1" } }
    assert.same({ "secp384r1", "x25519", "secp256r1" }, without_grease(hello.groups))
    assert.equal("secp384r1", info("1.3", { groups = { "secp384r1", "x25519" } }).group)
  end)

  it("are asked for in the server's order, by a HelloRetryRequest", function()
    local found = info("1.3", {}, { groups = { "secp521r1", "secp384r1" } })
    assert.same({ "secp521r1", 2 }, { found.group, found.round_trips })
    found = info("1.3", {}, { groups = { "secp384r1", "secp521r1" } })
    assert.same({ "secp384r1", 2 }, { found.group, found.round_trips })
  end)

  it("are chosen in the server's order in TLS 1.2", function()
    assert.equal("secp384r1", info("1.2", {}, { groups = { "secp384r1", "x25519" } }).group)
    assert.equal("x25519", info("1.2", {}, {}).group)
  end)

  it("that are not named are refused", function()
    local p = meet("1.3", { groups = "x25519" }, { groups = "secp256r1" })
    assert.equal("no_group", p.server_err.code)
  end)
end)

describe("signature_schemes", function()
  it("are offered as given", function()
    local hello = offered { signature_schemes = { "rsa_pss_rsae_sha512", "ed25519" } }
    assert.same({ "rsa_pss_rsae_sha512", "ed25519" }, hello.signature_schemes)
  end)

  for version in pairs(versions) do
    it("are signed with in the signer's order, TLS " .. version, function()
      local wish = { "rsa_pss_rsae_sha512", "rsa_pss_rsae_sha256" }
      assert.equal(wish[1], info(version, {}, { signature_schemes = wish }, "rsa2048").signature_scheme)
      assert.equal(wish[2], info(version, { signature_schemes = { wish[2] } }, { signature_schemes = wish },
        "rsa2048").signature_scheme)
    end)

    it("bind a client's certificate, TLS " .. version, function()
      local own = pki.client.rsa2048
      local p = meet(version, { certificate = own.certificate, key = own.key },
        { client_auth = "require", client_trust = pki.roots, signature_schemes = "ecdsa_secp256r1_sha256" })
      assert.equal("certificate_required", p.server_err.code) -- it has none that the server would verify
    end)

    it("not in common end the handshake, TLS " .. version, function()
      local p = meet(version, { signature_schemes = "ed25519" }, {})
      assert.truthy(p.server_err.code:find "^no_", p.server_err.code)
      assert.equal("handshake_failure", p.server_err.alert)
    end)

    it("hold against openssl, TLS " .. version, function()
      local server <close> = peer.openssl_server(pki.server.rsa2048, "-rev -tls" .. version:gsub("%.", "_"))
      local config = tls.client(pair.with(versions[version], { signature_schemes = "rsa_pss_rsae_sha384" }))
      local sock <close>, err = tls.connect(config, server.port)
      assert(sock, err)
      assert.equal("rsa_pss_rsae_sha384", sock:info().signature_scheme)
    end)
  end

  it("are checked", function()
    for value, text in pairs {
      rsa_pss_rsae_sha265 = '"rsa_pss_rsae_sha265" is unknown, did you mean "rsa_pss_rsae_sha256"?',
      ed448 = '"ed448" is unknown', rsa_pkcs1_sha256 = "none of them signs a handshake of TLS 1.3",
    } do
      local ok, err = pcall(bearssl.client, { verify = "none", max_version = "1.3", signature_schemes = value })
      assert.is_false(ok)
      assert.truthy(err:find("option 'signature_schemes': " .. text, 1, true), err)
    end
  end)
end)

describe("the suite", function()
  local aes, chacha = "AES_128_GCM", "CHACHA20_POLY1305"
  local tls_1_3 = { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256" }
  local tls_1_2 = { "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" }
  local all = { ["1.3"] = tls_1_3, ["1.2"] = tls_1_2 }

  local function order(version, ...)
    local list = {}
    for i, place in ipairs { ... } do list[i] = all[version][place] end
    return { cipher_suites = list }
  end

  local function chosen(name, ...)
    local suite = info(...).cipher_suite
    assert.truthy(suite:find(name, 1, true), suite)
  end

  for version in pairs(versions) do
    it("is one that suits both processors, as the client's first tells, TLS " .. version, function()
      chosen(chacha, version, order(version, 3, 1, 2))
      chosen(core.hardware_aes and aes or chacha, version, order(version, 1, 3, 2))
      chosen(core.hardware_aes and "AES_" or chacha, version, order(version, 2, 3))
    end)

    it("is the first in the server's order where that has one, or says so, TLS " .. version, function()
      chosen(aes, version, order(version, 3, 1), order(version, 1, 2, 3))
      chosen("AES_256_GCM", version, order(version, 1, 2, 3), order(version, 2, 1, 3))
      chosen(core.hardware_aes and aes or chacha, version, order(version, 3, 1), { prefer = "server" })
    end)

    it("is the first in the client's order for prefer = \"client\", TLS " .. version, function()
      local server = pair.with(order(version, 3, 1, 2), { prefer = "client" })
      chosen("AES_256_GCM", version, order(version, 2, 3, 1), server)
      chosen(chacha, version, order(version, 3, 2), server)
    end)
  end

  it("is the client's first in BearSSL's engine too", function()
    local bear = { max_version = "1.2", engine = "bear" }
    local function suite(server)
      local p = pair.new(pair.client_config(pair.with(bear, order("1.2", 2, 1))),
        pair.server_config(pair.with(bear, pair.with(order("1.2", 1, 2), server)))):run()
      return p.server:info().cipher_suite
    end
    assert.equal(tls_1_2[1], suite {})
    assert.equal(tls_1_2[2], suite { prefer = "client" })
  end)

  it("is what openssl's order tells", function()
    local server = assert(bearssl.server(pair.with(versions["1.3"], { certificate = pki.server.p256.certificate,
      key = pki.server.p256.key })))
    local last = core.hardware_aes and tls_1_3[2] or tls_1_3[3]
    for list, suite in pairs { ["TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"] = tls_1_3[3],
      ["TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"] = last } do
      local _ <close>, _, sock, err = tls.meet(server, peer.openssl_client, "-ciphersuites " .. list)
      assert(sock, err)
      assert.equal(suite, sock:info().cipher_suite)
    end
  end)
end)

describe("signature_schemes_cert", function()
  local two = { certificate = { pki.server.p256.certificate, pki.server.rsa2048.certificate },
    key = { pki.server.p256.key, pki.server.rsa2048.key } }
  local rsa = { "rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512" }

  local function has(list, value)
    for _, v in ipairs(list) do
      if v == value then return true end
    end
    return false
  end

  local function verifying(options)
    local client = assert(bearssl.client(pair.with({ trust = pki.roots }, options)))
    return client_hello(pair.records(client:connection { name = "localhost" }:pull())[1].payload:sub(5))
  end

  it("are said where they are not those of the handshake", function()
    assert.is_false(has(offered({}).extensions, "signature_algorithms_cert"))
    local hello = offered { signature_schemes_cert = rsa }
    assert.is_true(has(hello.extensions, "signature_algorithms_cert"))
    assert.same(rsa, hello.signature_schemes_cert)
    assert.is_false(has(verifying({}).extensions, "signature_algorithms_cert"))
    hello = verifying { signature_schemes = "ed25519" }
    assert.same({ "ed25519" }, hello.signature_schemes)
    assert.equal(13, #hello.signature_schemes_cert)
    hello = offered { signature_schemes = rsa, signature_schemes_cert = { rsa[3], rsa[1], rsa[2] }, max_version = "1.2",
      engine = "native" }
    assert.is_false(has(hello.extensions, "signature_algorithms_cert"))
  end)

  it("follow the policy", function()
    local hello = verifying { policy = { hashes = { "sha384" }, curves = { "secp256r1" } } }
    assert.equal(4, #hello.signature_schemes_cert)
    for _, name in ipairs { "rsa_pss_rsae_sha384", "ed25519", "rsa_pss_pss_sha384", "rsa_pkcs1_sha384" } do
      assert.is_true(has(hello.signature_schemes_cert, name), name)
    end
  end)

  it("have SHA-1 where the policy has it, as the last", function()
    local hello = verifying { policy = { hashes = { "sha1", "sha256" } } }
    local n = #hello.signature_schemes_cert
    assert.same({ "rsa_pkcs1_sha1", "ecdsa_sha1" }, { hello.signature_schemes_cert[n - 1],
      hello.signature_schemes_cert[n] })
    assert.is_false(has(hello.signature_schemes, "rsa_pkcs1_sha1"))
  end)

  for version in pairs(versions) do
    local function chosen(client, server)
      return info(version, client, pair.with(two, server)).signature_scheme
    end

    it("choose among a server's chains, TLS " .. version, function()
      assert.equal("ecdsa_secp256r1_sha256", chosen {})
      assert.equal("rsa_pss_rsae_sha256", chosen { signature_schemes_cert = rsa })
      assert.equal("ecdsa_secp256r1_sha256", chosen { signature_schemes_cert = "ecdsa_secp256r1_sha256" })
    end)

    it("that no chain fits leave the choice to the key, TLS " .. version, function()
      assert.equal("ecdsa_secp256r1_sha256", chosen { signature_schemes_cert = "ed25519" })
    end)
  end

  it("are those of signature_algorithms where nothing else is said (openssl, TLS 1.2)", function()
    local server = assert(bearssl.server(pair.with(versions["1.2"], two)))
    for sigalgs, scheme in pairs {
      ["ECDSA+SHA384:RSA-PSS+SHA256:RSA+SHA256"] = "rsa_pss_rsae_sha256", -- the other chain has SHA-256
      ["ECDSA+SHA384:ECDSA+SHA256:RSA-PSS+SHA256"] = "ecdsa_secp256r1_sha256",
    } do
      local _ <close>, _, sock, err = tls.meet(server, peer.openssl_client, "-sigalgs " .. sigalgs)
      assert(sock, err)
      assert.equal(scheme, sock:info().signature_scheme)
    end
  end)

  it("choose among a client's chains, as CertificateRequest says", function()
    local own = { certificate = { pki.client.p256.certificate, pki.client.rsa2048.certificate },
      key = { pki.client.p256.key, pki.client.rsa2048.key } }
    local function shown(options)
      local p = meet("1.3", own, pair.with({ client_auth = "require", client_trust = pki.roots }, options))
      assert.equal("connected", p.server:state(), tostring(p.server_err or p.client_err))
      return p.server:peer_certificates()[1].public_key.type
    end
    assert.equal("ec", shown {})
    assert.equal("rsa", shown { signature_schemes_cert = rsa })
    assert.equal("ec", shown { signature_schemes_cert = "ed25519" })
  end)

  it("are what on_certificate_request is told", function()
    local told
    local p = meet("1.3", { on_certificate_request = function(request) told = request end },
      { client_auth = "request", client_trust = pki.roots, signature_schemes_cert = rsa })
    assert.equal("connected", p.client:state(), tostring(p.client_err))
    assert.same(rsa, told.signature_schemes_cert)
  end)
end)

describe("record_padding", function()
  local function sizes(options, n)
    local p = meet("1.3", options)
    assert(p.client:write(pair.text(n)))
    local flight, list = p.client:pull(), {}
    for i, record in ipairs(pair.records(flight)) do list[i] = #record.payload - 1 - 16 end -- type, tag
    assert(p.server:feed(flight))
    assert.equal(pair.text(n), pair.read(p.server))
    return list
  end

  it("makes the plaintext a multiple of so many bytes", function()
    assert.same({ 5 }, sizes({}, 5))
    assert.same({ 256 }, sizes({ record_padding = 256 }, 5))
    assert.same({ 256 }, sizes({ record_padding = 256 }, 256))
    assert.same({ 512 }, sizes({ record_padding = 256 }, 257))
  end)

  it("never makes a record too long", function()
    assert.same({ 16384, 7000 }, sizes({ record_padding = 7000 }, 16384 + 1))
    assert.same({ 16384 }, sizes({ record_padding = 16384 }, 1))
    local p = meet("1.3", { record_padding = 300 }, { record_size_limit = 1000 })
    p.client:write(pair.text(950))
    assert.equal(1000 + 1 + 16, #pair.records(p.client:pull())[1].payload) -- RFC 8449 section 4: padding counts
  end)

  it("pads the handshake and alerts too", function()
    local p = meet("1.3", {}, { record_padding = 512 })
    for _, record in ipairs(pair.records(p.to_client[1])) do
      if record.kind == 23 then assert.equal(0, (#record.payload - 17) % 512) end
    end
    p.server:close()
    assert.equal(512 + 17, #pair.records(p.server:pull())[1].payload)
  end)

  it("is nothing in TLS 1.2", function()
    local p = meet("1.2", { record_padding = 512 })
    p.client:write "hello"
    assert.is_true(#p.client:pull() < 64)
  end)

  it("is read by openssl", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_3")
    local sock <close> = assert(tls.connect(tls.client { max_version = "1.3", record_padding = 1024 }, server.port))
    assert(sock:send "hello\n")
    assert.equal("olleh", (assert(sock:receive "*l")))
  end)
end)
