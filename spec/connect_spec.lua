-- bearssl.connect: TCP and TLS to a host in one call.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local pki = require "spec.support.pki"
local socket = require "socket"

local elapsed, descriptors = ends.elapsed, ends.descriptors

describe("bearssl.connect", function()
  -- A server in another process that greets each client with a line.
  local function serving(body)
    local script = ([[
      local bearssl, socket, pki = require "bearssl", require "socket", require "spec.support.pki"
      local listener = socket.bind("127.0.0.1", 0)
      io.stdout:setvbuf "no"
      print((select(2, listener:getsockname())))
      listener:settimeout(60)
      local tcp = listener:accept()
      if not tcp then os.exit(1) end
      %s
    ]]):format(body)
    local path = os.tmpname()
    local file = io.open(path, "w")
    file:write(script)
    file:close()
    local pipe = io.popen((os.getenv "LUA" or "lua5.4") .. " " .. path)
    return setmetatable({ port = pipe:read("n", "l") }, {
      __close = function()
        pipe:close()
        os.remove(path)
      end,
    })
  end
  local greet = [[
    local sock = bearssl.server { certificate = pki.server.p256.certificate, key = pki.server.p256.key }:wrap(tcp)
    sock:settimeout(60)
    sock:send "hello\n"
    sock:receive()
    sock:close()
  ]]

  it("gives a socket with the handshake done", function()
    local server <close> = serving(greet)
    local sock <close> = assert(bearssl.connect("127.0.0.1", server.port, { trust = pki.root.p256, timeout = 60 }))
    assert.equal("connected", sock:state())
    assert.same({ 60, -1 }, { sock:gettimeout() })
    assert.equal("hello", sock:receive())
  end)

  it("takes a config, and another name to verify", function()
    local server <close> = serving(greet)
    local config = ends.client()
    local sock, err = bearssl.connect("localhost", server.port, { trust = pki.root.p256, name = "wrong.example" })
    assert.is_nil(sock)
    assert.equal("name_mismatch", err.code)
    local again <close> = serving(greet)
    local good <close> = assert(bearssl.connect("localhost", again.port, config))
    assert.equal("localhost", good:info().server_name)
  end)

  it("bounds connect and handshake together", function()
    local listener = assert(socket.bind("127.0.0.1", 0))
    local _, port = listener:getsockname()
    local before = descriptors()
    local seconds, sock, err = elapsed(function()
      return bearssl.connect("127.0.0.1", port, { trust = pki.root.p256, timeout = 0.2 })
    end)
    assert.same({ nil, "timeout" }, { sock, err })
    assert.truthy(seconds >= 0.19 and seconds < 10)
    assert.equal(before, descriptors())
    listener:close()
  end)

  it("says what failed", function()
    local listener = assert(socket.bind("127.0.0.1", 0))
    local _, port = listener:getsockname()
    listener:close()
    local sock, err = bearssl.connect("127.0.0.1", port, ends.client())
    assert.is_nil(sock)
    assert.equal(("refused: 127.0.0.1 port %d: connection refused (connect)"):format(port), tostring(err))
    sock, err = bearssl.connect("no.such.host.invalid", 443, ends.client())
    assert.same({ nil, "dns" }, { sock, err.code })
  end)

  it("raises for what is no host, port or option", function()
    assert.has_error(function() bearssl.connect(nil, 1) end, "host: a name or an IP address is wanted")
    assert.has_error(function() bearssl.connect("", 1) end)
    for _, port in ipairs { 0, 65536, 1.5, "x" } do
      assert.has_error(function() bearssl.connect("localhost", port) end, "port: an integer from 1 to 65535 is wanted")
    end
    assert.has_error(function() bearssl.connect("localhost", 1, 5) end)
    assert.has_error(function() bearssl.connect("localhost", 1, { timeout = 0 }) end,
      "option 'timeout': seconds are wanted")
    assert.has_error(function() bearssl.connect("localhost", 1, { trsut = "x" }) end)
  end)
end)
