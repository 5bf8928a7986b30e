-- Two of our connections joined in memory: however their bytes are cut on the way, what comes of it, to the last byte
-- either says, is what comes of the whole. (Bytes changed or missing: bear_input_spec.)
local bearssl = require "bearssl"
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local TIME = 1767225600 -- 2026-01-01

local function configs(options)
  local function with(more)
    local all = { time = TIME }
    for name, value in pairs(options) do all[name] = value end
    for name, value in pairs(more) do all[name] = value end
    return all
  end
  local own, other = pki.client.p256, pki.server.p256
  local client = assert(bearssl.client(with { entropy = ("c"):rep(32), trust = pki.roots,
    certificate = own.certificate, key = own.key }))
  local server = assert(bearssl.server(with { entropy = ("s"):rep(32), client_auth = "require",
    client_trust = pki.roots, certificate = other.certificate, key = other.key }))
  return client, server
end

-- Sends some records from one end to the other.
local function transfer(p, from, to, split)
  local sent, received, at = tls.bytes(40000), {}, 1
  repeat
    local last, _, partial = p[from]:write(sent, at)
    at = (last or partial) + 1
    p:run(split)
    received[#received + 1] = pair.read(p[to])
  until at > #sent
  assert.is_true(sent == table.concat(received))
end

-- A handshake, data both ways, the end in order: all that can be told of it, and a session.
local function story(client, server, split, session)
  local p = pair.new(client, server, { name = "localhost", session = session }):run(split)
  assert.is_nil(p.client_err)
  assert.is_nil(p.server_err)
  local told = { client = p.client:info(), server = p.server:info() }
  told.exporter = assert(p.client:exporter("EXPORTER-test", "context", 48))
  assert.equal(told.exporter, p.server:exporter("EXPORTER-test", "context", 48))
  transfer(p, "client", "server", split)
  transfer(p, "server", "client", split)
  session = p.client:session()
  p.client:close()
  p:run(split)
  p.server:close()
  p:run(split)
  told.states = { p.client:state(), p.server:state() }
  told.ends = { select(2, p.client:read()), select(2, p.server:read()) }
  told.to_client, told.to_server = table.concat(p.to_client), table.concat(p.to_server)
  return told, session
end

local ways = {
  ["one byte at a time"] = pair.bytewise,
  ["in random pieces of 1 to 7 bytes"] = pair.pieces(1, 7),
  ["in random pieces of 1 to 64 bytes"] = pair.pieces(2, 64),
  ["in random pieces of 1 to 1500 bytes"] = pair.pieces(3, 1500),
  ["in random pieces of 1 to 20000 bytes"] = pair.pieces(4, 20000),
}

for _, row in ipairs {
  { "1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
  { "1.2", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
  { "1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8" },
  { "1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384" },
  { "1.1", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" },
  { "1.0", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA" },
} do
  local version, suite = row[1], row[2]
  describe(("two connections in memory, TLS %s with %s,"):format(version, suite), function()
    local client, server, whole, resumed, session
    lazy_setup(function()
      client, server = configs { min_version = version, max_version = version, cipher_suites = { suite } }
      whole, session = story(client, server)
      resumed = story(client, server, nil, session)
    end)

    it("agree, and end in order", function()
      assert.same({ "TLSv" .. version, suite }, { whole.client.version, whole.client.cipher_suite })
      assert.same({ "TLSv" .. version, suite }, { whole.server.version, whole.server.cipher_suite })
      assert.same({ "closed", "closed" }, whole.states)
      assert.same({ "closed", "closed" }, whole.ends)
    end)

    it("resume", function()
      assert.same({ true, true }, { resumed.client.resumed, resumed.server.resumed })
    end)

    for way, split in pairs(ways) do
      it(("fed %s, give the same as fed whole"):format(way), function()
        local told = story(client, server, split)
        assert.is_true(whole.to_client == told.to_client and whole.to_server == told.to_server)
        assert.same(whole, told)
        told = story(client, server, split, session)
        assert.is_true(resumed.to_client == told.to_client and resumed.to_server == told.to_server)
        assert.same(resumed, told)
      end)
    end
  end)
end
