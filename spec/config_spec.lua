-- The options of bearssl.client and bearssl.server, of wrap and connect: what is wrong is named.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local ends = require "spec.support.ends"
local pki = require "spec.support.pki"

local identity = pki.server.p256
local pem, key = pki.read(identity.certificate), pki.read(identity.key)

local function server_with(options)
  local all = { certificate = identity.certificate, key = identity.key }
  for name, value in pairs(options) do all[name] = value end
  return all
end

-- What a call raises, without the place that it blames; the place is this file.
local function raised(call, ...)
  local ok, err = pcall(call, ...)
  assert.is_false(ok, "nothing was raised")
  local text = tostring(err):match "^spec/config_spec%.lua:%d+: (.*)$"
  assert.truthy(text, err)
  return text
end

describe("bearssl.client", function()
  for _, case in ipairs {
    { { trsut = "x" }, "unknown option 'trsut', did you mean 'trust'?" },
    { { Trust = "x" }, "unknown option 'Trust', did you mean 'trust'?" },
    { { ["min-version"] = "1.2" }, "unknown option 'min-version', did you mean 'min_version'?" },
    { { ciphersuites = {} }, "unknown option 'ciphersuites', did you mean 'cipher_suites'?" },
    { { zzzzzz = 1 }, "unknown option 'zzzzzz'" },
    { { "trust" }, "unknown option '1'" },
    { { trust = 5 }, "option 'trust': a path, text, a list of them or a bearssl.store is wanted, not number" },
    { { trust = io.stdout },
      "option 'trust': a path, text, a list of them or a bearssl.store is wanted, not userdata" },
    { { verify = false }, "option 'verify': \"none\" is wanted, not boolean" },
    { { verify = "peer" }, "option 'verify': \"none\" is wanted, not \"peer\"" },
    { { verify = "none", trust = "x" }, "option 'trust' means nothing with verify = \"none\"" },
    { { verify = "none", max_depth = 3 }, "option 'max_depth' means nothing with verify = \"none\"" },
    { { key = key }, "option 'key' needs 'certificate'" },
    { { password = "x" }, "option 'password' needs 'certificate'" },
    { { certificate = 5 }, "option 'certificate': a string or a list of strings is wanted, not number" },
    { { certificate = {} }, "option 'certificate': the list is empty" },
    { { certificate = { pem, 5 } }, "option 'certificate': element 2 is no string but a number" },
    { { certificate = { pem, x = 5 } }, "option 'certificate': a list has no key x" },
    { { certificate = { pem, pem }, key = key }, "option 'key': 1 keys for 2 certificates" },
    { { certificate = pem, key = key, password = { "a", "b" } },
      "option 'password': 2 passwords for 1 certificates" },
    { { certificate = pem, key = key, password = 5 },
      "option 'password': a string or a list of strings is wanted, not number" },
    { { on_certificate_request = "x" }, "option 'on_certificate_request': a function is wanted, not string" },
    { { on_certificate_request = print, certificate = pem },
      "option 'on_certificate_request': 'certificate' answers the same question" },
    { { alpn = {} }, "option 'alpn': the list is empty" },
    { { alpn = "" }, "option 'alpn': element 1 has not 1 to 255 bytes" },
    { { alpn = { "h2", ("x"):rep(256) } }, "option 'alpn': element 2 has not 1 to 255 bytes" },
    { { alpn = "a\0b" }, "option 'alpn': element 1 holds a zero byte" },
    { { min_version = 1.2 }, "option 'min_version': \"1.0\" or \"1.1\" or \"1.2\" or \"1.3\" is wanted, not number" },
    { { max_version = "TLSv1.2" },
      "option 'max_version': \"1.0\" or \"1.1\" or \"1.2\" or \"1.3\" is wanted, not \"TLSv1.2\"" },
    { { max_version = "1.1" }, "option 'max_version': below 1.2 only with a 'min_version', said aloud" },
    { { min_version = "1.2", max_version = "1.1" }, "option 'min_version' is above 'max_version'" },
    { { min_version = "1.1", max_version = "1.3" },
      "option 'min_version': the engine that has TLS 1.3 has nothing below 1.2, max_version = \"1.2\" has" },
    { { min_version = "1.0" },
      "option 'min_version': the engine that has TLS 1.3 has nothing below 1.2, max_version = \"1.2\" has" },
    { { engine = "bear", max_version = "1.3" }, "option 'engine': \"bear\" has no TLS 1.3" },
    { { engine = "openssl" }, "option 'engine': \"bear\" or \"native\" is wanted, not \"openssl\"" },
    { { cipher_suites = {} }, "option 'cipher_suites': the list is empty" },
    { { cipher_suites = "ECDHE-RSA-AES128-GCM-SHA256" },
      "option 'cipher_suites': \"ECDHE-RSA-AES128-GCM-SHA256\" is unknown"
        .. ", did you mean \"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\"?" },
    { { cipher_suites = "HIGH" }, "option 'cipher_suites': \"HIGH\" is unknown" },
    { { cipher_suites = { "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA" } },
      "option 'cipher_suites': \"TLS_RSA_WITH_AES_128_CBC_SHA\" stands there twice" },
    { { cipher_suites = "TLS_AES_128_GCM_SHA256" },
      "option 'cipher_suites': TLS_AES_128_GCM_SHA256 exists in TLS 1.3 only", bear = true },
    { { cipher_suites = "TLS_RSA_WITH_AES_128_GCM_SHA256", min_version = "1.0", max_version = "1.1" },
      "option 'cipher_suites': TLS_RSA_WITH_AES_128_GCM_SHA256 does not exist below TLS 1.2" },
    { { cipher_suites = "TLS_RSA_WITH_AES_128_CBC_SHA", engine = "native" },
      "option 'cipher_suites': TLS_RSA_WITH_AES_128_CBC_SHA is not ECDHE with AES-GCM or ChaCha20-Poly1305; "
        .. "max_version = \"1.2\" has the others" },
    { { cipher_suites = { "TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM" } },
      "option 'cipher_suites': TLS_ECDHE_ECDSA_WITH_AES_128_CCM is not ECDHE with AES-GCM or ChaCha20-Poly1305; "
        .. "max_version = \"1.2\" has the others" },
    { { cipher_suites = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", max_version = "1.3" },
      "option 'cipher_suites': none is for TLS 1.3" },
    { { cipher_suites = "TLS_AES_128_GCM_SHA256", min_version = "1.2" },
      "option 'cipher_suites': all are for TLS 1.3; min_version = \"1.3\" goes with them" },
    { { cipher_suites = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", min_version = "1.3", max_version = "1.3" },
      "option 'cipher_suites': TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 does not exist in TLS 1.3" },
    { { groups = "P-256" }, "option 'groups': \"P-256\" is unknown" },
    { { groups = "secp256k1" }, "option 'groups': \"secp256k1\" is unknown, did you mean \"secp256r1\"?" },
    { { groups = "x25519", cipher_suites = "TLS_RSA_WITH_AES_128_GCM_SHA256" },
      "option 'groups': no suite of 'cipher_suites' has a group", bear = true },
    { { client_auth = "require" }, "option 'client_auth' is for a server" },
    { { session_cache = 5 }, "option 'session_cache': a bearssl.session_cache is wanted, not number" },
    { { session_lifetime = 5 }, "option 'session_lifetime' is for a server" },
    { { key_log = 5 }, "option 'key_log': a path or a function is wanted, not number" },
    { { key_log = "" }, "option 'key_log': a path or a function is wanted, not this string" },
    { { min_rsa_bits = 1024 }, "option 'min_rsa_bits': an integer from 2048 to 4096 is wanted, not 1024" },
    { { min_rsa_bits = 2048.5 }, "option 'min_rsa_bits': an integer from 2048 to 4096 is wanted, not 2048.5" },
    { { min_rsa_bits = "2048" }, "option 'min_rsa_bits': an integer from 2048 to 4096 is wanted, not string" },
    { { max_depth = 0 }, "option 'max_depth': an integer from 1 to 16 is wanted, not 0" },
    { { max_signatures = 0 }, "option 'max_signatures': an integer from 1 to 10000 is wanted, not 0" },
    { { time = -1 }, "option 'time': an integer from 0 to 253402300799 is wanted, not -1" },
    { { entropy = "short" }, "option 'entropy': a string of 32 bytes is wanted" },
  } do
    it("refuses " .. case[2], function()
      if case.bear and not case[1].engine then case[1].max_version = "1.2" end
      assert.equal("bearssl.client: " .. case[2], raised(function() bearssl.client(case[1]) end))
    end)
  end

  it("wants a table, or nothing", function()
    assert.equal("bearssl.client: a table of options is wanted, not string", raised(function() bearssl.client "x" end))
    assert.truthy(bearssl.client())
  end)

  for _, case in ipairs {
    { { trust = "/nonexistent/ca.pem" }, "file", "/nonexistent/ca.pem: No such file or directory" },
    { { trust = "-----BEGIN CERTIFICATE-----\nAAAA\n" }, nil, "" },
    { { certificate = "/nonexistent/c.pem", key = key }, "file", "option certificate" },
    { { certificate = pem, key = "/nonexistent/k.pem" }, "file", "option key" },
    { { certificate = pem }, "no_key", "" },
    { { certificate = key, key = key }, "no_certificates", "" },
    { { certificate = pem, key = pki.key "p256" }, "key_mismatch", "" },
    { { certificate = pem, key = "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n" }, nil, "" },
    { { certificate = "x\0y", key = key }, "file", "neither PEM, DER nor a path" },
    { { key_log = "/nonexistent/keys.log" }, "file", "/nonexistent/keys.log: No such file or directory" },
  } do
    it("gives nil and an error for " .. (case[2] or "what does not decode") .. " " .. case[3], function()
      case[1].trust = case[1].trust or pki.root.p256
      local config, err = bearssl.client(case[1])
      assert.is_nil(config)
      if case[2] then assert.equal(case[2], err.code) end
      assert.truthy(tostring(err):find(case[3], 1, true), tostring(err))
      assert.truthy(#err.message > 0)
    end)
  end

  it("takes certificates and keys as path, PEM and DER, alone and in one text", function()
    local der = bearssl.x509.parse(pem)[1]:der()
    local pipe = io.popen("openssl pkey -outform DER -in " .. identity.key)
    local key_der = pipe:read "a"
    pipe:close()
    for _, options in ipairs {
      { certificate = identity.certificate, key = identity.key }, { certificate = pem, key = key },
      { certificate = der, key = key_der }, { certificate = pem .. key }, { certificate = key .. pem, key = key },
      { certificate = { pem, pki.read(pki.server.rsa2048.certificate) },
        key = { identity.key, pki.server.rsa2048.key } },
    } do
      options.trust = pki.root.p256
      assert.truthy(bearssl.client(options))
    end
  end)

  it("takes trust as path, text, list and store", function()
    local store = assert(bearssl.store { pki.root.p256 })
    for _, trust in ipairs { pki.root.p256, pki.read(pki.root.p256), { pki.root.p256, pki.root.rsa2048 }, store } do
      local c = ends.connected(bearssl.client { trust = trust })
      assert.equal("connected", c:state())
    end
  end)

  it("asks for a password when it is needed, and only then", function()
    local pipe = io.popen("openssl pkcs8 -topk8 -v2 aes-128-cbc -passout pass:secret -in " .. identity.key)
    local encrypted = pipe:read "a"
    pipe:close()
    local asked = 0
    local function ask()
      asked = asked + 1
      return "secret"
    end
    local options = { certificate = pem, key = encrypted, trust = pki.root.p256 }
    local config, err = bearssl.client(options)
    assert.same({ nil, "encrypted_key" }, { config, err.code })
    options.password = "wrong"
    config, err = bearssl.client(options)
    assert.same({ nil, "bad_password" }, { config, err.code })
    options.password = "secret"
    assert.truthy(bearssl.client(options))
    options.password = ask
    assert.truthy(bearssl.client(options))
    assert.equal(1, asked)
    options.key = key
    assert.truthy(bearssl.client(options))
    assert.equal(1, asked)
    options.key, options.password = encrypted, function() return nil end
    assert.has_error(function() bearssl.client(options) end, "option 'password': the function gave no string")
    options.password = function() error({ "mine" }) end
    assert.same({ false, { "mine" } }, { pcall(bearssl.client, options) })
  end)

  it("keeps what it was made of, but not the table", function()
    local alpn = { "h2" }
    local options = { alpn = alpn, trust = pki.root.p256 }
    local config = bearssl.client(options)
    alpn[1], options.alpn, options.trust = "changed", nil, nil
    collectgarbage()
    local c = ends.connected(config, ends.server { alpn = "h2" })
    assert.equal("h2", c:info().alpn)
  end)

  it("prints as what it is", function()
    local config = ends.client()
    assert.truthy(tostring(config):find "^bearssl%.config: client ")
    assert.truthy(tostring(ends.server()):find "^bearssl%.config: server ")
    assert.equal("protected", getmetatable(config))
    assert.is_nil(config.__gc)
  end)
end)

describe("bearssl.server", function()
  for _, case in ipairs {
    { {}, "option 'certificate' is missing: a server needs one", bare = true },
    { { certificate = { pem, pem }, key = { key, key }, max_version = "1.2" },
      "option 'certificate': a server without TLS 1.3 has one" },
    { { client_auth = "yes" }, "option 'client_auth': \"none\" or \"request\" or \"require\" is wanted, not \"yes\"" },
    { { client_auth = true }, "option 'client_auth': \"none\" or \"request\" or \"require\" is wanted, not boolean" },
    { { client_auth = "require" }, "option 'client_trust' is missing: whose certificates may clients have?" },
    { { client_trust = pki.root.p256 }, "option 'client_trust' needs client_auth = \"request\" or \"require\"" },
    { { max_depth = 5 }, "option 'max_depth' needs client_auth = \"request\" or \"require\"" },
    { { trust = pki.root.p256 }, "option 'trust' is for a client" },
    { { verify = "none" }, "option 'verify' is for a client" },
    { { on_certificate_request = print }, "option 'on_certificate_request' is for a client" },
    { { client_thrust = "x" }, "unknown option 'client_thrust', did you mean 'client_trust'?" },
    { { session_cache = true }, "option 'session_cache': an integer from 0 to 1000000 is wanted, not boolean" },
    { { session_cache = -1 }, "option 'session_cache': an integer from 0 to 1000000 is wanted, not -1" },
    { { session_lifetime = 0 }, "option 'session_lifetime': an integer from 1 to 86400 is wanted, not 0" },
    { { session_cache = false, session_lifetime = 5 },
      "option 'session_lifetime' means nothing without a 'session_cache'" },
  } do
    it("refuses " .. case[2], function()
      local options = case.bare and case[1] or server_with(case[1])
      assert.equal("bearssl.server: " .. case[2], raised(function() bearssl.server(options) end))
    end)
  end

  it("resumes no session without a cache", function()
    for _, size in ipairs { 0, false } do
      local c, _, client, server = ends.connected(nil, ends.server { session_cache = size, max_version = "1.2" })
      local session = c:session()
      if session then
        assert.is_false(ends.connected(client, server, { session = session }):info().resumed)
      end
    end
  end)
end)

describe("the version", function()
  local own = pki.server.p256

  local function agreed(client_options, server_options)
    local client = { trust = pki.root.p256 }
    local server = { certificate = own.certificate, key = own.key }
    for name, value in pairs(client_options or {}) do client[name] = value end
    for name, value in pairs(server_options or {}) do server[name] = value end
    local c = ends.connected(assert(bearssl.client(client)), assert(bearssl.server(server)))
    local info = c:info()
    return info.version .. " " .. info.engine, info.cipher_suite
  end

  it("is 1.3 by default, in our engine", function()
    assert.equal("TLSv1.3 native", (agreed()))
  end)

  it("is 1.2 where one side stops there, in our engine on the other", function()
    assert.equal("TLSv1.2 native", (agreed(nil, { max_version = "1.2" })))
    assert.equal("TLSv1.2 native", (agreed(nil, { engine = "bear" })))
    assert.equal("TLSv1.2 bear", (agreed { max_version = "1.2" }))
    assert.equal("TLSv1.2 native", (agreed { max_version = "1.2", engine = "native" }))
  end)

  it("is what the suites are for", function()
    for _, row in ipairs {
      { "TLS_CHACHA20_POLY1305_SHA256", "TLSv1.3 native" },
      { "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLSv1.2 bear" },
      { "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "TLSv1.2 bear" },
    } do
      local only = { cipher_suites = row[1] }
      assert.same({ row[2], row[1] }, { agreed(only, only) })
    end
  end)

  it("goes with the best suite for this processor, by the server's order", function()
    local best = core.hardware_aes and "AES_128_GCM" or "CHACHA20_POLY1305"
    for _, version in ipairs { "1.3", "1.2" } do
      local _, suite = agreed({ max_version = version, engine = "native" })
      assert.truthy(suite:find(best, 1, true), suite)
    end
    local _, suite = agreed({ cipher_suites = { "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256" } },
      { cipher_suites = { "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256" } })
    assert.equal("TLS_CHACHA20_POLY1305_SHA256", suite)
  end)
end)

describe("options of a connection", function()
  local client, server = ends.client(), ends.server()
  for _, case in ipairs {
    { client, nil, "option 'name' is missing: the host name to verify the server's certificate against" },
    { client, {}, "option 'name' is missing: the host name to verify the server's certificate against" },
    { client, { name = "" }, "option 'name': \"\" is no host name" },
    { client, { name = "a b" }, "option 'name': \"a b\" is no host name" },
    { client, { name = ("x"):rep(254) }, nil },
    { client, { name = 5 }, "option 'name': a string is wanted, not number" },
    { client, { name = "x", session = "y" }, "option 'session': a userdata is wanted, not string" },
    { client, { name = "x", sni = "y" },
      "unknown option 'sni': name, session, early_data, psk and received are known" },
    { client, "x", "a table of options is wanted, not string" },
    { server, { name = "x" }, "option 'name' is for a client" },
  } do
    it("refuses " .. (case[3] or "a long name"), function()
      local text = raised(function() case[1]:connection(case[2]) end)
      assert.equal(case[3] or text, text)
      text = raised(function() case[1]:wrap(1 << 30, case[2]) end)
      assert.equal(case[3] or text, text)
    end)
  end

  it("needs no name with verify = \"none\"", function()
    local c = ends.connected(bearssl.client { verify = "none" }, nil, { name = nil })
    assert.equal("connected", c:state())
    assert.truthy(bearssl.client { verify = "none" }:connection())
  end)

  it("refuses what is no session", function()
    assert.has_error(function() client:connection { name = "x", session = io.stdout } end)
  end)
end)

describe("bearssl", function()
  it("tells its version, the one of the version file", function()
    assert.equal("bearssl " .. require "bearssl.version", bearssl._VERSION)
  end)

  it("has no field that it has not", function()
    assert.is_nil(bearssl.clinet)
  end)

  it("knows the suites, groups and schemes by IANA's names", function()
    assert.equal(0xC02F, core.cipher_suites.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256.id)
    assert.equal(29, core.groups.x25519)
    assert.equal(0x0403, core.signature_schemes.ecdsa_secp256r1_sha256)
  end)
end)
