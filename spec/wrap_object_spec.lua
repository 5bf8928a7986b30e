-- config:wrap on what has LuaSocket's methods and no descriptor: all that holds of a socket over a descriptor, and TLS
-- within TLS, doubles that give and take as they like, and what was read too far.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local ends = require "spec.support.ends"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local socket = require "socket"

-- LuaSocket's object, but that nobody can have its descriptor.
local Carrier = {}
Carrier.__index = Carrier
for _, name in ipairs {
  "send", "receive", "settimeout", "gettimeout", "close", "getfd", "dirty", "getpeername", "getsockname", "shutdown",
} do
  Carrier[name] = function(self, ...) return self.tcp[name](self.tcp, ...) end
end

local function carrier(tcp) return setmetatable({ tcp = tcp }, Carrier) end

describe("over an object,", function()
  setup(function() ends.carrier = carrier end)
  teardown(function() ends.carrier = nil end)
  assert(loadfile("spec/socket_spec.lua", "t", _ENV))()
end)

-- A stream in memory: `give` cuts what the other end has sent, `take` how much a send takes.
local Double = {}
Double.__index = Double

local function doubles(give, take)
  local a, b = {}, {}
  for one, other in pairs { [a] = b, [b] = a } do
    one.out, one.other, one.give, one.take, one.calls = "", other, give, take, 0
    setmetatable(one, Double)
  end
  return a, b
end

function Double:settimeout(seconds) self.seconds = seconds end

function Double:send(data, i)
  i = i or 1
  self.calls = self.calls + 1
  if self.broken then return nil, self.broken, i - 1 end
  local n = math.min(#data - i + 1, self.take and self.take(self.calls) or math.maxinteger)
  self.out = self.out .. data:sub(i, i + n - 1)
  if i + n - 1 == #data then return #data end
  return nil, "timeout", i + n - 1
end

function Double:receive(n)
  self.asked = n
  local other = self.other
  local piece = other.out:sub(1, math.min(n, self.give and self.give() or n))
  other.out = other.out:sub(#piece + 1)
  if #piece == n then return piece end
  if piece == "" and (other.closed or self.broken) then return nil, self.broken or "closed", "" end
  return nil, "timeout", piece
end

function Double:close()
  self.closed = true
  return 1
end

local function pair_of(give, take, client, server)
  local a, b = doubles(give, take)
  local c = assert((client or ends.client()):wrap(a, { name = "localhost" }))
  local s = assert((server or ends.server()):wrap(b))
  c:settimeout(0)
  s:settimeout(0)
  return c, s, a, b
end

local function shake(c, s)
  return ends.both(function() return c:handshake() end, function() return s:handshake() end)
end

for _, version in ipairs { "1.2", "1.3" } do
  describe("over a double, TLS " .. version .. ",", function()
    local plain = ends.defaults
    setup(function() ends.defaults = { max_version = version } end)
    teardown(function() ends.defaults = plain end)

    local function one() return 1 end
    for what, cut in pairs {
      ["that gives all"] = {}, ["that gives a byte at a time"] = { one },
      ["that takes a byte at a time"] = { nil, one },
      ["that takes nothing every other time"] = { nil, function(call) return call % 2 * 7 end },
    } do
      it("the data comes through " .. what, function()
        local c, s = pair_of(cut[1], cut[2])
        local there, back = shake(c, s)
        assert.same({ true, true }, { there[1], back[1] })
        local text = ("0123456789"):rep(5000)
        local sent, from = 0, 1
        local received = ""
        repeat
          local last, err, partial = c:send(text, from)
          assert.truthy(last or err == "wantwrite")
          from, sent = (last or partial) + 1, last or sent
          local data, why, part = s:receive(#text, received)
          assert.truthy(data or why == "wantread")
          received = data or part
        until sent == #text and #received == #text
        assert.equal(text, received)
      end)
    end

    it("never asks for more than the record has", function()
      local c, s, a, b = pair_of()
      shake(c, s)
      c:send "hello"
      b.other.out = b.other.out .. "in clear, behind the record"
      assert.equal("hello", s:receive(5))
      assert.equal("in clear, behind the record", a.out)
    end)

    it("gives an error of the object as its own, again and again", function()
      local c, s, a = pair_of()
      shake(c, s)
      local err = setmetatable({}, { __tostring = function() return "strange" end })
      a.broken = err
      assert.same({ nil, err, "" }, { c:receive(1) })
      assert.same({ nil, err, 0 }, { c:send "x" })
      a.broken = "No route to host"
      local d, t, e = pair_of()
      shake(d, t)
      e.broken = "No route to host"
      local _, why = d:receive(1)
      assert.equal("io", why.code)
      assert.truthy(why.message:find("No route to host", 1, true))
    end)

    it("says that an end without close_notify is none", function()
      local c, s, _, b = pair_of()
      shake(c, s)
      b:close()
      local _, err, partial = c:receive "*a"
      assert.equal("truncated", err.code)
      assert.equal("", partial)
    end)

    it("closes the object, once", function()
      local c, s, a = pair_of()
      shake(c, s)
      assert.equal(1, c:close())
      assert.is_true(a.closed)
      assert.equal(1, c:close())
      assert.same({ nil, "closed", "" }, { c:receive(1) })
      assert.same({ nil, "closed", 0 }, { c:send "x" })
      assert.same({ nil, "closed" }, { c:info() })
      assert.equal(-1, c:getfd())
      assert.same({ nil, "closed", "" }, { s:receive(1) })
    end)

    it("refuses an object that gives nothing and no error", function()
      local object = { send = function(_, data) return #data end, settimeout = function() end, close = function() end }
      function object.receive() return "" end
      local c = ends.client():wrap(object, { name = "localhost" })
      local _, err = c:handshake()
      assert.equal("io", err.code)
    end)

    it("takes what was read too far", function()
      local a, b = doubles()
      local c = assert(ends.client():wrap(a, { name = "localhost" }))
      c:settimeout(0)
      c:handshake()
      local hello = a.out
      for n = 0, #hello do
        local s = assert(ends.server():wrap(b, { received = hello:sub(1, n) }))
        s:settimeout(0)
        a.out = hello:sub(n + 1)
        assert.same({ nil, "wantread" }, { s:handshake() })
        assert.truthy(b.out ~= "", n) -- its flight
        b.out = ""
      end
    end)

    it("passes on what a callback raised, and the connection has failed", function()
      local server = ends.server { on_client_hello = function() error("no", 0) end, engine = "native",
        max_version = version }
      local a, b = doubles()
      local c = ends.client():wrap(a, { name = "localhost" })
      local s = server:wrap(b)
      c:settimeout(0)
      s:settimeout(0)
      c:handshake()
      assert.has_error(function() s:handshake() end, "no")
      assert.equal("failed", s:state())
      local _, err = s:handshake()
      assert.equal("cancelled", err.code)
    end)
  end)
end

describe("TLS within TLS", function()
  it("reaches openssl through a relay of LuaSec", function()
    local inner <close> = peer.openssl_server(pki.server.rsa2048, "-rev")
    local relay <close> = peer.start(("lua5.4 %s/spec/support/tls_relay.lua %s %s %d"):format(
      require "lfs".currentdir(), pki.server.p256.certificate, pki.server.p256.key, inner.port))
    local port = math.tointeger(tonumber(relay:wait_for "port (%d+)"))
    local outer = assert(bearssl.connect("127.0.0.1", port, { trust = pki.root.p256, timeout = 60 }))
    local sock <close> = assert(bearssl.client { trust = pki.root.rsa2048 }:wrap(outer, { name = "localhost" }))
    assert(sock:handshake())
    assert.equal("TLSv1.3", sock:info().version)
    for size = 1, 16000, 5000 do -- that one reads lines of 16 KiB
      local text = ("x"):rep(size)
      assert(sock:send(text .. "y\n"))
      assert.equal("y" .. text, sock:receive())
    end
    local stats = table.pack(outer:getstats())
    assert.is_true(stats[2] > (select(2, sock:getstats())))
  end)

  it("takes a socket of LuaSec for what it is: a stream, not a descriptor", function()
    local inner <close> = peer.openssl_server(pki.server.p256, "-rev")
    local relay <close> = peer.start(("lua5.4 %s/spec/support/tls_relay.lua %s %s %d"):format(
      require "lfs".currentdir(), pki.server.p256.certificate, pki.server.p256.key, inner.port))
    local tcp = peer.connect(math.tointeger(tonumber(relay:wait_for "port (%d+)")))
    local outer = assert(require "ssl".wrap(tcp, { mode = "client", protocol = "any", cafile = pki.root.p256 }))
    outer:settimeout(60)
    assert(outer:dohandshake())
    local sock <close> = assert(bearssl.client { trust = pki.root.p256 }:wrap(outer, { name = "localhost" }))
    assert(sock:send "abc\n")
    assert.equal("cba", sock:receive())
  end)

  it("waits for its descriptor in socket.select", function()
    local near, far = ends.connected_sockets()
    local c = ends.client():wrap(near, { name = "localhost" })
    local s = ends.server():wrap(far)
    c:settimeout(0)
    s:settimeout(0)
    shake(c, s)
    c:send "one\ntwo\n"
    assert.same({ s }, { (socket.select({ s }, nil, 10))[1] })
    assert.equal("one", s:receive())
    assert.is_true(s:dirty())
    assert.same({ s }, { (socket.select({ s }, nil, 10))[1] })
    assert.equal("two", s:receive())
    assert.is_false(s:dirty())
    assert.equal("read", (s:receive() == nil) and s:want())
    c:close()
    s:close()
  end)
end)

describe("config:wrap", function()
  it("takes nothing that lacks one of the methods", function()
    for _, name in ipairs { "send", "receive", "settimeout", "close" } do
      local object = { send = print, receive = print, settimeout = print, close = print }
      object[name] = nil
      assert.has_error(function() ends.client():wrap(object, { name = "localhost" }) end)
    end
  end)

  it("leaves 'received' to sockets", function()
    assert.has_error(function() ends.client():connection { name = "localhost", received = "" } end,
      "option 'received' is for config:wrap; feed the bytes")
  end)

  it("counts its time though the clock on the wall is stopped", function()
    local calls, wall = 0, socket.gettime
    local object = { send = function(_, data) return #data end, close = function() end }
    function object:settimeout(seconds) self.seconds = seconds end
    function object:receive() -- a record's header, then a byte of it now and then
      calls = calls + 1
      if calls > 500 then return nil, "closed", "" end
      if self.seconds == 0 then return nil, "timeout", "" end
      socket.sleep(0.01)
      return nil, "timeout", ("\22\3\3\64\0\2\0\63\255"):sub(calls, calls) .. (calls > 9 and "\0" or "")
    end
    local c = ends.client():wrap(object, { name = "localhost" })
    c:settimeout(0.1, "t")
    socket.gettime = function() return 1 end
    local ok, err = c:handshake()
    socket.gettime = wall
    assert.same({ nil, "timeout" }, { ok, err })
    c:close()
  end)

  it("hands bytes that were read too far to a socket over a descriptor", function()
    local near, far = ends.tcp()
    local c = ends.client():wrap(near, { name = "localhost" })
    c:settimeout(0)
    c:handshake()
    local bytes = far:receive(10)
    local s = ends.server():wrap(far, { received = bytes })
    s:settimeout(0)
    local there, back = shake(c, s)
    assert.same({ true, true }, { there[1], back[1] })
    c:close()
    s:close()
  end)
end)

describe("close", function()
  it("loses nothing of what was sent, though the peer's tickets are unread and the object has no shutdown", function()
    local plain = ends.defaults
    ends.defaults = { max_version = "1.3" }
    local near, far = ends.tcp()
    local loop, text, received = scheduler.loop(), ("0123456789abcdef"):rep(1 << 18), nil
    local object = carrier(scheduler.socket(near, "coroutine"))
    object.shutdown = false
    loop:spawn(function()
      local c = ends.client():wrap(object, { name = "localhost" })
      assert(c:send(text))
      c:close()
    end)
    loop:spawn(function()
      local s = scheduler.socket(ends.server():wrap(far))
      received = assert(s:receive "*a")
      s:close()
    end)
    loop:run()
    ends.defaults = plain
    assert.equal(#text, #received)
  end)
end)

describe("the methods of both", function()
  it("are the same", function()
    local a = doubles()
    local c = ends.client():wrap(a, { name = "localhost" })
    for name in pairs(core.socket_methods) do assert.is_function(c[name], name) end
    assert.truthy(tostring(c):find "^bearssl%.socket: ")
  end)
end)
