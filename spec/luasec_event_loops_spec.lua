-- bearssl.luasec in event loops that know nothing but descriptors, as Prosody's: application data that comes together
-- with the last of the handshake stays in the descriptor, where the loop sees it.
local bearssl = require "bearssl"
local luasec = require "bearssl.luasec"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local socket = require "socket"

local ssl = luasec.module "ssl"

-- What select makes of a descriptor without asking whether anything is buffered.
local function readable(conn)
  local raw = { getfd = function() return conn:getfd() end, dirty = function() return false end }
  return #socket.select({ raw }, nil, 5) == 1
end

local function server(tcp, version)
  local conn = assert(ssl.wrap(tcp, { mode = "server", protocol = version, certificate = pki.server.p256.certificate,
    key = pki.server.p256.key }))
  conn:settimeout(0)
  return conn
end

-- The client's last flight and its first words, in one piece: all that the server reads last.
local function meet(version, pieces)
  local near, far = peer.tcp_pair()
  local conn = server(far, version == "1.3" and "tlsv1_3" or "tlsv1_2")
  local client = assert(bearssl.client { trust = pki.root.p256, min_version = version, max_version = version })
    :connection { name = "localhost" }
  local out = ""
  repeat
    out = out .. client:pull()
    if client:state() ~= "handshake" then
      assert(client:write "first words")
      out = out .. client:pull()
    end
    for i = 1, #out, pieces do
      assert(near:send(out:sub(i, i + pieces - 1)))
      conn:dohandshake()
    end
    out = ""
    near:settimeout(0)
    local _, _, part = near:receive "*a"
    if part and part ~= "" then assert(client:feed(part)) end
  until conn:dohandshake()
  return conn, near
end

describe("a loop over descriptors", function()
  for _, pieces in ipairs { 1 << 20, 1000, 1 } do
    it(("sees what came with the handshake's last message, in pieces of %d"):format(pieces), function()
      local conn, tcp = meet("1.3", pieces)
      assert.is_true(readable(conn))
      assert.is_false(conn:dirty())
      assert.equal("first words", (conn:receive(11)))
      conn:close()
      tcp:close()
    end)
  end

  it("sees it where LuaSocket had read a part of the hello", function()
    local near, far = peer.tcp_pair()
    local client = assert(bearssl.client { trust = pki.root.p256 }):connection { name = "localhost" }
    local hello = client:pull()
    assert(near:send("x\n" .. hello:sub(1, 7)))
    assert.equal("x", (far:receive "*l"))
    local conn = server(far, "any")
    assert(near:send(hello:sub(8)))
    repeat
      conn:dohandshake()
      near:settimeout(0.1)
      local _, _, part = near:receive "*a"
      if part ~= "" then assert(client:feed(part)) end
    until client:state() ~= "handshake"
    assert(client:write "first words")
    assert(near:send(client:pull()))
    conn:settimeout(10)
    assert(conn:dohandshake())
    assert.is_true(readable(conn))
    assert.equal("first words", (conn:receive(11)))
    conn:close()
    near:close()
  end)
end)
