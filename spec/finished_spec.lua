-- conn:finished and conn:own_certificates: what this side has sent and heard, on both engines. LuaSec's getfinished is
-- held against the first in luasec_interop_spec.lua.
local ends = require "spec.support.ends"
local pki = require "spec.support.pki"

local configs = {
  { "TLS 1.3", { max_version = "1.3" }, { [32] = true, [48] = true } },
  { "TLS 1.2, native", { max_version = "1.2", engine = "native" }, { [12] = true } },
  { "TLS 1.2, BearSSL's", { max_version = "1.2", engine = "bear" }, { [12] = true } },
}

for _, case in ipairs(configs) do
  describe(case[1], function()
    local function connected(client, server)
      local all = { client or {}, server or {} }
      for _, options in ipairs(all) do
        for name, value in pairs(case[2]) do options[name] = value end
      end
      return ends.connected(ends.client(all[1]), ends.server(all[2]))
    end

    it("has the same verify_data at both ends, each side's its own", function()
      local c, s = connected()
      local mine, theirs = c:finished()
      assert.truthy(case[3][#mine] and case[3][#theirs])
      assert.are_not.equal(mine, theirs)
      assert.same({ theirs, mine }, { s:finished() })
    end)

    it("has none before the handshake", function()
      local config = ends.client(case[2])
      local c = config:connection { name = "localhost" }
      assert.same({ n = 2 }, table.pack(c:finished()))
    end)

    it("tells the certificates that were sent", function()
      local mine = pki.client.p256
      local c, s = connected({ certificate = mine.certificate, key = mine.key },
        { client_auth = "require", client_trust = pki.root.p256 })
      local function prints(list)
        local all = {}
        for i, certificate in ipairs(list) do all[i] = certificate.fingerprints.sha256 end
        return all
      end
      assert.same(prints(s:peer_certificates()), prints(c:own_certificates()))
      assert.same(prints(c:peer_certificates()), prints(s:own_certificates()))
      assert.is_nil((connected()):own_certificates())
    end)
  end)
end

describe("on_peer", function()
  it("may say why a peer is turned away, and its alert tells", function()
    local client = ends.client { max_version = "1.3", on_peer = function() return false, "name_mismatch" end }
    local c, s = ends.connections(client, ends.server { max_version = "1.3" })
    ends.join(c, s)
    local _, err = c:read()
    assert.same({ "name_mismatch", "bad_certificate" }, { err.code, err.alert })
    _, err = s:read()
    assert.equal("bad_certificate", err.alert)
  end)

  it("is as before where it gives no reason, or none that there is", function()
    for _, reason in ipairs { false, "no such code", 5 } do
      local client = ends.client { max_version = "1.3", on_peer = function() return nil, reason or nil end }
      local c, s = ends.connections(client, ends.server { max_version = "1.3" })
      ends.join(c, s)
      assert.equal("unwelcome", (select(2, c:read())).code)
    end
  end)
end)

describe("on_client_hello", function()
  it("hears which connection it is about", function()
    local heard
    local server = ends.server { max_version = "1.3", on_client_hello = function(_, conn) heard = conn end }
    local c, s = ends.connected(ends.client { max_version = "1.3" }, server)
    assert.equal(s, heard)
    assert.equal("connected", c:state())
  end)

  it("may be all that a server has: without a certificate of its own", function()
    local whole = ends.server { max_version = "1.3" }
    local server = require "bearssl".server { on_client_hello = function() return whole end }
    local c = ends.connected(ends.client { max_version = "1.3" }, server)
    assert.equal("connected", c:state())
  end)
end)

describe("sock:want", function()
  it("tells after a timeout, too, what was waited for", function()
    local c = ends.sockets()
    c:settimeout(0.01)
    assert.same({ nil, "timeout" }, { c:handshake() })
    assert.equal("read", c:want())
    c:close()
  end)
end)
