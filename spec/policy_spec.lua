-- The option `policy` of configs: what it asks of the peer's path, in a handshake of either engine.
local bearssl = require "bearssl"
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"

local function handshake(policy, engine, kind)
  local client = assert(bearssl.client { trust = pki.roots, time = pair.time, policy = policy, engine = engine,
    max_version = "1.2" })
  local p = pair.new(client, pair.server_config({ engine = engine, max_version = "1.2" }, kind), { name = "localhost" })
  p:run()
  return p.client_err and p.client_err.code or p.client:state()
end

describe("a config's policy", function()
  for _, engine in ipairs { "bear", "native" } do
    it("binds the peer's path, engine " .. engine, function()
      collectgarbage() -- whatever the config does not keep
      assert.equal("connected", handshake(nil, engine))
      assert.equal("connected", handshake({}, engine))
      assert.equal("lifetime", handshake({ max_lifetime = 86400 }, engine))
      assert.equal("weak_key", handshake({ curves = { "secp384r1" } }, engine))
      assert.equal("connected", handshake({ curves = { "secp384r1" } }, engine, "p384"))
      assert.equal("weak_signature", handshake({ hashes = { "sha384" } }, engine))
      assert.equal("connected", handshake({ policies = { "1.2.3" } }, engine))
      assert.equal("certificate_policy",
        handshake({ policies = { "1.2.3" }, require_explicit_policy = true }, engine))
    end)
  end

  it("is kept as long as the config", function()
    local client = assert(bearssl.client { trust = pki.roots, time = pair.time,
      policy = { policies = { "1.2.3", "1.2.4" }, require_explicit_policy = true } })
    collectgarbage()
    collectgarbage()
    local p = pair.new(client, pair.server_config(), { name = "localhost" })
    p:run()
    assert.equal("certificate_policy", p.client_err.code)
  end)

  it("binds the paths of clients too", function()
    local server = pair.server_config { client_auth = "require", client_trust = pki.roots,
      policy = { max_lifetime = 86400 } }
    local own = pki.client.p256
    local client = pair.client_config { certificate = own.certificate, key = own.key }
    local p = pair.new(client, server)
    p:run()
    assert.equal("lifetime", p.server_err.code)
  end)

  it("is refused where a field is wrong, by name", function()
    for field, value in pairs { curve = { "secp256r1" }, curves = { "x25519" }, hashes = "sha256", any_purpose = 1,
      max_lifetime = 0, policies = { "x" } } do
      local policy = { [field] = value }
      local ok, message = pcall(bearssl.client, { trust = pki.roots, policy = policy })
      assert.is_false(ok)
      assert.truthy(message:find("option 'policy': ", 1, true) and message:find(field, 1, true), message)
    end
    local ok = pcall(bearssl.client, { policy = "strict" })
    assert.is_false(ok)
  end)
end)
