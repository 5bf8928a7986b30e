-- A server's tickets of TLS 1.3 over a socket: they wait for what it says next, whatever that is, and are not lost.
local ends = require "spec.support.ends"
local socket = require "socket"

local opened = {}

local function sockets(...)
  local c, s = ends.connected_sockets(...)
  opened[#opened + 1], opened[#opened + 2] = c, s
  return c, s
end

-- The sessions that the client has, once it has received what is there.
local function sessions(c)
  local list = {}
  c:settimeout(0)
  c:receive "*a"
  for session in function() return (c:session()) end do list[#list + 1] = session end
  return list
end

describe("a server's tickets", function()
  local plain = ends.defaults
  before_each(function() ends.defaults = { max_version = "1.3" } end)
  after_each(function()
    ends.defaults = plain
    for _, sock in ipairs(opened) do sock:close() end
    opened = {}
  end)

  for what, act in pairs {
    ["its first data"] = function(s) assert.equal(1, s:send "x") end,
    ["data of no bytes"] = function(s) assert.equal(0, s:send "") end,
    ["its close_notify"] = function(s) s:close() end,
    ["its close_notify, where it goes on receiving"] = function(s) s:shutdown "send" end,
    ["a receive, whatever it finds"] = function(s)
      s:settimeout(0)
      assert.same({ nil, "wantread", "" }, { s:receive(1) })
    end,
    ["a second call of handshake"] = function(s) assert.is_true(s:handshake()) end,
    ["its close_notify, as answer to the client's"] = function(s, c)
      c:shutdown "send"
      s:close()
    end,
    ["an answer, where the question was there before"] = function(s, c)
      c:send "question"
      assert.equal("question", s:receive(8))
      s:send "answer"
    end,
    ["a KeyUpdate"] = function(s, c)
      c:update_keys()
      c:send "x"
      assert.equal("x", s:receive(1))
      s:send "y"
    end,
  } do
    it("wait for " .. what, function()
      local client, server = ends.client(), ends.server()
      local c, s = sockets(client, server)
      assert.same({}, { next((socket.select({ c }, nil, 0))) })
      act(s, c)
      local list = sessions(c)
      assert.equal(2, #list)
      c, s = sockets(client, server, { session = list[1] })
      assert.is_true(s:info().resumed)
      assert.same({}, { next((socket.select({ c }, nil, 0))) })
      act(s, c)
      assert.equal(1, #sessions(c)) -- RFC 8446 section C.4
    end)
  end
end)
