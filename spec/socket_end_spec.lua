-- How a connection over a descriptor ends: reset, cut off, closed in order, or taken away from below.
local core = require "bearssl.core"
local ends = require "spec.support.ends"
local socket = require "socket"

local opened = {}

local function keep(a, b)
  opened[#opened + 1], opened[#opened + 2] = a, b
  return a, b
end

local function sockets(...) return keep(ends.connected_sockets(...)) end

-- call(tcp) with LuaSocket's object on the descriptor below a socket.
local function below(sock, call)
  local tcp = socket.tcp()
  tcp:connect("127.0.0.1", 1) -- any object that can carry a descriptor
  tcp:setfd(sock:getfd())
  tcp:settimeout(10)
  local result = table.pack(call(tcp))
  tcp:setfd(-1)
  return table.unpack(result, 1, result.n)
end

for kind, defaults in pairs {
  ["of BearSSL's engine"] = { max_version = "1.2" }, ["of our engine, TLS 1.3,"] = { max_version = "1.3" },
} do describe("the end of a socket " .. kind, function()
  local plain = ends.defaults
  before_each(function() ends.defaults = defaults end)
  after_each(function()
    ends.defaults = plain
    for _, sock in ipairs(opened) do sock:close() end
    opened = {}
  end)

  it("is a reset", function()
    local near, far = ends.tcp()
    local c = keep(ends.client():wrap(near, { name = "localhost" }))
    far:setoption("linger", { on = true, timeout = 0 })
    far:close()
    c:settimeout(10)
    local ok, err = c:handshake()
    assert.is_nil(ok)
    assert.equal("reset: connection reset by peer (socket); the server reset the connection before it said anything; "
      .. "is this the right port, and does nothing between the two cut TLS off?", tostring(err))
    assert.same({ nil, "reset" }, { c:receive() and 0, select(2, c:receive()).code })
    assert.same({ nil, "reset" }, { c:send "x" and 0, select(2, c:send "x").code })
  end)

  it("comes in the handshake", function()
    local near, far = ends.tcp()
    local c = keep(ends.client():wrap(near, { name = "localhost" }))
    c:settimeout(0)
    c:handshake()
    far:shutdown "send"
    c:settimeout(10)
    local ok, err = c:handshake()
    assert.same({ nil, "closed" }, { ok, err.code })
    assert.equal("failed", c:state())
    far:close()
  end)

  it("comes without close_notify", function()
    local c, s = sockets()
    c:send "half"
    below(c, function(tcp) return tcp:shutdown "send" end)
    local data, err, partial = s:receive "*a"
    assert.same({ nil, "truncated", "half" }, { data, err.code, partial })
  end)

  it("comes so where a socket is left to the collector", function()
    local s
    do
      local c
      c, s = ends.connected_sockets()
      keep(s)
      c:send "x"
      c = nil -- luacheck: ignore
    end
    collectgarbage()
    collectgarbage()
    local data, err, partial = s:receive "*a"
    if err.code ~= "reset" then assert.equal("truncated", err.code) end -- as it left something unread, or not
    assert.same({ nil, "x" }, { data, partial })
  end)

  it("is in order with <close>", function()
    local c, s = ends.connected_sockets()
    keep(s)
    do
      local held <close> = c
      held:send "x"
    end
    assert.equal("x", s:receive "*a")
    assert.equal(-1, c:getfd())
    assert.truthy(tostring(c):find "%(closed%)$")
  end)

  it("is in order where something follows the close_notify that came first", function()
    local c, s = sockets()
    c:send "x"
    assert.equal("x", s:receive(1)) -- and the tickets have gone
    c:shutdown "send"
    assert.same({ nil, "closed", "" }, { s:receive "*a" })
    below(c, function(tcp) return tcp:send "what is no TLS any more" end)
    s:close()
    assert.same({ nil, "closed", "" }, { c:receive "*a" })
  end)

  it("comes though another process has the descriptor, too", function()
    for _, who_is_first in ipairs { "server", "client" } do
      local c, s = sockets()
      local holder = io.popen("cat", "w") -- it inherits both
      if who_is_first == "client" then
        c:shutdown "send"
        assert.same({ nil, "closed", "" }, { s:receive "*a" })
      end
      s:close()
      assert.same({ nil, "closed", "" }, { c:receive "*a" })
      assert.same({ nil, "closed", "" }, { below(c, function(tcp) return tcp:receive(1) end) }, who_is_first)
      holder:close()
    end
  end)

  it("is told of a descriptor that someone else closed", function()
    local c = sockets()
    local tcp = socket.tcp()
    tcp:connect("127.0.0.1", 1)
    tcp:setfd(c:getfd())
    tcp:close()
    local data, err = c:receive()
    assert.is_nil(data)
    assert.equal("io: input/output error: Bad file descriptor (socket)", tostring(err))
    assert.equal(-1, c:getfd())
    assert.same({ nil, "io" }, { c:send "x" and 0, select(2, c:send "x").code })
    assert.equal(1, c:close())
  end)

  it("is told of a descriptor that is no socket", function()
    local file = io.popen "true"
    local c = ends.client():wrap(0, { name = "localhost" })
    local ok, err = c:handshake()
    core.attach(c, 1 << 30) -- not to close the descriptor of this process
    c:close()
    file:close()
    assert.is_nil(ok)
    assert.equal("io", err.code)
  end)
end) end
