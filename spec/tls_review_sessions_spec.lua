-- What a second reader of the native engine found about sessions and early data; see tls_review_spec.
local bearssl = require "bearssl"
local hostile = require "spec.support.hostile"
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"

describe("a session", function()
  local day, key = 86400, ("k"):rep(32)

  it("whose bytes have a time that none has is refused", function()
    local client = hostile.client_config { engine = "native", max_version = "1.3" }
    local p = pair.new(client, pair.server_config { engine = "native", max_version = "1.3" }):run()
    local bytes = assert(p.client:session()):export()
    local at = 9 + bytes:byte(9) + 1 -- behind the secret, whose length is the ninth byte
    assert.equal(hostile.time, (string.unpack(">i8", bytes, at)))
    for _, time in ipairs { -1, math.mininteger, math.maxinteger, 253402300800 } do
      local changed = bytes:sub(1, at - 1) .. string.pack(">i8", time) .. bytes:sub(at + 8)
      assert.equal("bad_session", select(2, client:import_session(changed)).code)
    end
    assert(client:import_session(bytes))
  end)

  it("goes back to a full handshake of the last seven days (RFC 8446 section 4.6.1)", function()
    for _, version in ipairs { "1.2", "1.3" } do
      local session
      local function connect(days)
        local time = hostile.time + days * day // 1 | 0
        local client = hostile.client_config { engine = "native", max_version = version, time = time }
        local p = pair.new(client, pair.server_config { engine = "native", max_version = version, time = time,
          ticket_keys = key, session_lifetime = day },
          { name = "localhost", session = session and assert(client:import_session(session)) })
        p:run()
        assert.is_nil(p.client_err)
        session = assert(assert(p.client:session()):export())
        assert.equal(p.client:info().resumed, p.server:info().resumed)
        return p.client:info().resumed
      end
      assert.is_false(connect(0))
      for n = 1, 9 do assert.is_true(connect(n * 0.75), version) end
      assert.is_false(connect(7), version)
      assert.is_true(connect(7.5), version)
    end
  end)
end)

describe("a ticket", function()
  local authority = require "spec.support.authority"
  local der = require "spec.support.der"

  -- A client under an authority whose certificate has `size` bytes more than it needs, twice with the server.
  local function resumed(version, size)
    local root = authority.root()
    local ca = authority.ca("ca", root, { extensions = {
      der.sequence(der.oid "1.2.3.4.5", der.octets(("."):rep(size))) } })
    local leaf = authority.leaf("leaf", ca, { purposes = { "clientAuth" } })
    local key = der.pem(der.sequence(der.integer(0), der.sequence(der.oid "1.3.101.112"),
      der.octets(der.octets(leaf.key))), "PRIVATE KEY")
    local time = 1800000000 -- before these certificates end
    local client = hostile.client_config { engine = "native", max_version = version, time = time,
      certificate = leaf.pem .. ca.pem, key = key }
    local server = pair.server_config { engine = "native", max_version = version, time = time,
      client_auth = "require", client_trust = root.pem }
    local p = pair.new(client, server):run()
    assert.is_nil(p.client_err)
    assert.is_nil(p.server_err)
    local session = p.client:session()
    p = pair.new(client, server, { name = "localhost", session = session }):run()
    assert.is_nil(p.server_err)
    assert.equal(bearssl.x509.parse(leaf.pem)[1]:der(), p.server:peer_certificates()[1]:der())
    return p.server:info().resumed
  end

  it("is not made where the next ClientHello would be too long with it", function()
    for _, version in ipairs { "1.2", "1.3" } do
      assert.is_true(resumed(version, 100), version)
      assert.is_false(resumed(version, 20000), version)
      assert.is_false(resumed(version, 70000), version)
    end
  end)
end)

describe("on_peer", function()
  local own = pki.client.p256

  -- Who is asked in a full handshake and in one that resumes it; `welcome(side)` answers.
  local function twice(version, more, welcome)
    local asked = {}
    local function ask(side)
      return function(conn)
        asked[#asked + 1] = { side, conn:info().resumed, conn:peer_certificates()[1]:der() }
        return welcome(side, conn:info().resumed)
      end
    end
    local client = hostile.client_config(pair.with({ engine = "native", max_version = version,
      certificate = own.certificate, key = own.key, on_peer = ask "client" }, more.client))
    local server = pair.server_config(pair.with({ engine = "native", max_version = version, client_auth = "require",
      client_trust = pki.roots, on_peer = ask "server" }, more.server))
    local p = pair.new(client, server):run()
    assert.same({}, { p.client_err, p.server_err })
    p = pair.new(client, server, { name = "localhost", session = assert(p.client:session()) }):run()
    return p, asked
  end

  local early = { client = { early_data = true },
    server = { max_early_data = true, early_data_guard = function() return true end } }

  it("has the last word on a peer of a resumed session too", function()
    local client, server = bearssl.x509.load(own.leaf)[1]:der(), bearssl.x509.load(pki.server.p256.leaf)[1]:der()
    for _, version in ipairs { "1.2", "1.3" } do
      for _, more in ipairs { {}, version == "1.3" and early or nil } do
        local p, asked = twice(version, more, function() return true end)
        assert.same({}, { p.client_err, p.server_err })
        assert.equal("connected", p.server:state())
        assert.is_true(p.server:info().resumed)
        table.sort(asked, function(a, b) return tostring(a[2]) .. a[1] < tostring(b[2]) .. b[1] end)
        assert.same({ { "client", false, server }, { "server", false, client }, { "client", true, server },
          { "server", true, client } }, asked)
        for _, side in ipairs { "client", "server" } do
          p = twice(version, more, function(who, resumed) return not (who == side and resumed) end)
          assert.equal("unwelcome", p[side .. "_err"].code)
          assert.equal("failed", p[side]:state())
          assert.are_not.equal("connected", p.client:state())
        end
      end
    end
  end)
end)

describe("a hello that may have been seen and forgotten", function()
  local unit = require "bearssl.unit"
  local a, b = ("a"):rep(32), ("b"):rep(32)

  it("is no first one once what was seen then may be forgotten (RFC 8446 section 8.3)", function()
    assert.same({ false, true, false, true, false, false, true },
      unit.first_times { { b, 0 }, { a, 1000 }, { a, 1000 }, { b, 1030 }, -- sweeps what it may
        { a, 1000 }, { ("c"):rep(32), 1010 }, { ("c"):rep(32), 1011 } })
  end)

  it("is not asked about when the guard may have forgotten", function()
    local asked = 0
    local function guard()
      asked = asked + 1
      return true
    end
    local client = hostile.client_config { early_data = true }
    local server = pair.server_config { max_version = "1.3", max_early_data = true, early_data_guard = guard }
    local first = pair.new(client, server):run()
    local bytes = assert(first.client:session()):export()
    local function early()
      local p = pair.new(client, server, { name = "localhost", session = assert(client:import_session(bytes)) }):run()
      assert.equal("connected", p.server:state())
      return p.server:info().early_data
    end
    assert.equal("accepted", early())
    local keep = require "bearssl.core".config_keep(server)
    keep.time = pair.time + 19
    assert.equal("accepted", early())
    keep.time = pair.time + 20
    assert.equal("rejected", early())
    assert.equal(2, asked)
  end)
end)
