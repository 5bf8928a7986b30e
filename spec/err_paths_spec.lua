-- err.paths of a handshake: each path by which the peer's certificates were refused, of both engines, over a
-- connection and over a socket. How paths are searched is path_spec's.
local ends = require "spec.support.ends"
local failure = require "spec.support.failure"
local pki = require "spec.support.pki"
local x509 = require "bearssl.x509"

-- err lists one path, of so many certificates (leaf and issuer), and the reason.
local function one_path(err, code, leaf, length)
  assert.equal(code, err.code, tostring(err))
  assert.equal(1, #err.paths)
  assert.is_nil(err.paths_more)
  local tried = err.paths[1]
  assert.equal(code, tried.error.code)
  assert.equal(err.message, tried.error.message)
  assert.equal(assert(x509.load(leaf))[1]:der(), tried.chain[1]:der())
  assert.equal(length or 2, #tried.chain)
end

for engine, options in pairs(failure.engines) do
  describe(("err.paths (%s)"):format(engine), function()
    local plain = ends.defaults
    before_each(function() ends.defaults = options end)
    after_each(function() ends.defaults = plain end)

    local stranger = function() return ends.client { trust = pki.stranger } end

    it("is there when feed fails, and whenever the failure is asked for again", function()
      local c, s = ends.connections(stranger())
      local _, err
      repeat
        s:feed(c:pull())
        _, err = c:feed(s:pull())
      until err
      one_path(err, "unknown_issuer", pki.server.p256.leaf)
      one_path(select(2, c:read()), "unknown_issuer", pki.server.p256.leaf)
      ends.join(c, s)
      assert.is_nil(select(2, s:read()).paths) -- the peer's alert names no path
    end)

    it("is there when a socket's handshake fails", function()
      local c, s = ends.sockets(stranger())
      local there = ends.both(function() return c:handshake() end, function() return s:handshake() end)
      one_path(there[2], "unknown_issuer", pki.server.p256.leaf)
      one_path(select(2, c:receive()), "unknown_issuer", pki.server.p256.leaf)
      c:close()
      s:close()
    end)

    it("is there for a server", function()
      local own = pki.bad_client.expired
      local c, s = ends.connections(ends.client { certificate = own.certificate, key = own.key },
        ends.server { client_auth = "require", client_trust = pki.roots })
      ends.join(c, s)
      one_path(select(2, s:read()), "expired", own.leaf, 3)
    end)

    it("is not there where the certificates were not what failed", function()
      local c, s = ends.connections(ends.client(), ends.server { client_auth = "require", client_trust = pki.roots })
      ends.join(c, s)
      local err = select(2, s:read())
      assert.same({ "certificate_required" }, { err.code, err.paths })
      c, s = ends.connected(ends.client(), ends.server())
      c:feed_eof()
      err = select(2, c:read())
      assert.same({ "truncated" }, { err.code, err.paths })
      s:close()
    end)
  end)
end
