-- sock:shutdown "send": close_notify goes out, and receiving goes on.
local ends = require "spec.support.ends"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

for kind, defaults in pairs {
  ["of BearSSL's engine"] = { max_version = "1.2", engine = "bear" },
  ["of our engine, TLS 1.2,"] = { max_version = "1.2", engine = "native" },
  ["of our engine, TLS 1.3,"] = { max_version = "1.3" },
} do describe("a socket " .. kind, function()
  local plain = ends.defaults
  before_each(function() ends.defaults = defaults end)
  after_each(function() ends.defaults = plain end)

  it("says that it will send no more, and receives", function()
    local c, s = ends.connected_sockets()
    assert(c:send "question\n")
    assert.equal(1, c:shutdown "send")
    assert.equal(1, c:shutdown "send")
    assert.same({ nil, "closed", 0 }, { c:send "more" })
    assert.equal("question", (s:receive "*l"))
    if defaults.max_version == "1.3" then -- RFC 8446 section 6.1: each direction ends by itself
      assert.same({ nil, "closed", "" }, { s:receive "*l" })
      assert.equal("half_closed", s:state())
      assert(s:send(("a"):rep(100000) .. "\n"))
      assert.equal(100000, #c:receive "*l")
    end
    s:close()
    assert.same({ nil, "closed", "" }, { c:receive "*l" })
    c:close()
  end)

  it("has one mode to shut down", function()
    local c = ends.connected_sockets()
    for _, mode in ipairs { "both", "receive" } do
      assert.has_error(function() c:shutdown(mode) end,
        'sock:shutdown: "send" is the only mode; sock:close ends both directions')
    end
    c:close()
    assert.same({ nil, "closed" }, { c:shutdown "send" })
  end)
end) end

describe("a socket of TLS 1.3", function()
  it("has openssl answer what was its last line", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_3")
    local sock <close> = assert(tls.connect(tls.client { max_version = "1.3" }, server.port))
    assert(sock:send "hello\n")
    assert.equal(1, sock:shutdown "send")
    assert.equal("olleh", (assert(sock:receive "*l")))
    assert.same({ nil, "closed", "" }, { sock:receive "*l" })
  end)

  it("completes the handshake first, and without waiting says for what it waits", function()
    local near, far = ends.tcp()
    ends.defaults = { max_version = "1.3" }
    local c, s = ends.client():wrap(near, { name = "localhost" }), ends.server():wrap(far)
    ends.defaults = { max_version = "1.2" }
    c:settimeout(0)
    s:settimeout(0)
    assert.same({ nil, "wantread" }, { c:shutdown "send" })
    ends.both(function() return c:shutdown "send" end, function() return s:handshake() end)
    s:settimeout(5)
    assert.same({ nil, "closed", "" }, { s:receive "*l" })
    c:close()
    s:close()
  end)
end)
