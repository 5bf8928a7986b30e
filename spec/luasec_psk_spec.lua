-- PSKs by LuaSec's callbacks (ssl.newcontext's psk), against openssl: TLS 1.3's external PSKs.
local luasec = require "bearssl.luasec"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local ssl = luasec.module "ssl"
local KEY = "0123456789abcdef0123456789abcdef"
local HEX = KEY:gsub(".", function(c) return ("%02x"):format(c:byte()) end)

local function client(psk, more)
  local config = { mode = "client", protocol = "tlsv1_3", verify = "none", psk = psk }
  for name, value in pairs(more or {}) do config[name] = value end
  return config
end

local function connect(port, config)
  local conn = assert(ssl.wrap(peer.connect(port), config))
  conn:settimeout(60)
  return conn
end

describe("LuaSec's psk", function()
  local server

  before_each(function()
    server = peer.openssl_server(nil, "-tls1_3 -rev -psk_identity lamp -psk " .. HEX)
  end)
  after_each(function() server:stop() end)

  it("is asked of a client's function, with no hint, and limits", function()
    local heard
    local conn = connect(server.port, client(function(...)
      heard = table.pack(...)
      return "lamp", KEY
    end))
    assert.same({ true }, { conn:dohandshake() })
    assert.same({ nil, 1024, 64, n = 3 }, heard)
    assert(conn:send "hello\n")
    assert.equal("olleh", conn:receive())
    assert.equal("TLSv1.3", conn:info "protocol")
    assert.is_nil(conn:getpeercertificate())
    conn:close()
  end)

  it("fails where the key is another", function()
    local conn = connect(server.port, client(function() return "lamp", ("x"):rep(32) end))
    local ok, err = conn:dohandshake()
    assert.is_false(ok)
    assert.truthy(err == "sslv3 alert illegal parameter" or err == "tlsv1 alert decrypt error"
      or err:find "alert", err)
  end)

  it("that gives nothing is none: a certificate is wanted then", function()
    local conn = connect(server.port, client(function() end))
    local ok, err = conn:dohandshake()
    assert.same({ false, "sslv3 alert handshake failure" }, { ok, err })
  end)

  it("of too few bytes is refused", function()
    local conn = connect(server.port, client(function() return "lamp", "short" end))
    local ok, err = conn:dohandshake()
    assert.is_false(ok)
    assert.truthy(tostring(err):find("16 to 64", 1, true), err)
  end)

  it("that raises raises from dohandshake", function()
    local conn = connect(server.port, client(function() error("no key here", 0) end))
    assert.has_error(function() conn:dohandshake() end, "no key here")
    conn:close()
    assert.equal(-1, conn:getfd())
  end)

  it("is asked of a server's function by the identity", function()
    local heard
    local tcp <close> = peer.listen()
    local ctx = assert(ssl.newcontext {
      mode = "server", protocol = "tlsv1_3", psk = { hint = "unheard", callback = function(identity, most)
        heard = { identity, most }
        return identity == "lamp" and KEY or nil
      end },
    })
    local openssl <close> = peer.openssl_client(tcp.port, "-tls1_3 -psk_identity lamp -psk " .. HEX)
    local conn = assert(ssl.wrap(tcp:accept(), ctx))
    conn:settimeout(60)
    assert.same({ true }, { conn:dohandshake() })
    assert.same({ "lamp", 64 }, heard)
    openssl:send "hello\n"
    assert.equal("hello", conn:receive())
    conn:close()
  end)

  it("of a server stands beside its certificate", function()
    local tcp <close> = peer.listen()
    local pair = pki.server.p256
    local ctx = assert(ssl.newcontext {
      mode = "server", protocol = "any", certificate = pair.certificate, key = pair.key, psk = function() end,
    })
    local openssl <close> = peer.openssl_client(tcp.port, "-CAfile " .. pki.root.p256)
    local conn = assert(ssl.wrap(tcp:accept(), ctx))
    conn:settimeout(60)
    assert.same({ true }, { conn:dohandshake() })
    openssl:wait_for "Verification: OK"
    conn:close()
  end)

  it("is refused where nobody would be asked", function()
    local ctx, err = ssl.newcontext { mode = "client", protocol = "tlsv1_2", psk = print }
    assert.same({ nil, "psk needs TLS 1.3" }, { ctx, err })
    ctx, err = ssl.newcontext {
      mode = "server", protocol = "any", psk = print, verify = { "peer", "fail_if_no_peer_cert" },
    }
    assert.same({ nil, "psk cannot stand beside fail_if_no_peer_cert" }, { ctx, err })
  end)

  it("in a wrong form is told", function()
    for mode, value in pairs { client = { callback = print }, server = { hint = "x" } } do
      local ctx, err = ssl.newcontext { mode = mode, protocol = "any", psk = value }
      assert.same({ nil, "invalid PSK configuration" }, { ctx, err })
    end
  end)
end)
