-- Two of our connections, joined in memory or by a TCP connection of this process.
local bearssl = require "bearssl"
local pki = require "spec.support.pki"
local socket = require "socket"

local ends = {
  defaults = { max_version = "1.2" }, -- options of both sides' configs
  carrier = nil, -- function that gives what is to be wrapped instead of LuaSocket's object
}

local function with(defaults, options)
  local all = {}
  for name, value in pairs(defaults) do all[name] = value end
  for name, value in pairs(options or {}) do all[name] = value end
  return all
end

function ends.client(options)
  return assert(bearssl.client(with(with(ends.defaults, { trust = pki.root.p256 }), options)))
end

function ends.server(options)
  local identity = pki.server.p256
  local own = with(ends.defaults, { certificate = identity.certificate, key = identity.key })
  return assert(bearssl.server(with(own, options)))
end

-- Two connections of these configs (or of plain ones) before their handshake; options: of the client's.
function ends.connections(client, server, options)
  client, server = client or ends.client(), server or ends.server()
  local c = assert(client:connection(with({ name = "localhost" }, options)))
  return c, assert(server:connection()), client, server
end

-- Carries what `a` and `b` have for each other until both are quiet. cut(bytes), if given, gives the pieces to feed.
-- Gives how many bytes went from a to b, and from b to a.
function ends.join(a, b, cut)
  local counts = { 0, 0 }
  local function carry(from, to, i)
    local bytes = from:pull()
    counts[i] = counts[i] + #bytes
    for _, piece in ipairs(cut and cut(bytes) or { bytes }) do to:feed(piece) end
    return bytes ~= ""
  end
  repeat
    local there, back = carry(a, b, 1), carry(b, a, 2)
  until not there and not back
  return counts[1], counts[2]
end

-- Both handshakes done.
function ends.connected(client, server, options)
  local c, s
  c, s, client, server = ends.connections(client, server, options)
  ends.join(c, s)
  assert(c:state() == "connected" and s:state() == "connected")
  return c, s, client, server
end

-- The two ends of a TCP connection, as LuaSocket's objects.
function ends.tcp()
  local listener <close> = setmetatable({ tcp = assert(socket.bind("127.0.0.1", 0)) }, {
    __close = function(self) self.tcp:close() end,
  })
  local _, port = listener.tcp:getsockname()
  local near = assert(socket.connect("127.0.0.1", port))
  return near, assert(listener.tcp:accept())
end

-- Calls both functions by turns until each has given something that is not "wantread" or "wantwrite"; gives the two
-- lists of what they gave.
function ends.both(f, g)
  local results = {}
  local deadline = socket.gettime() + 60
  repeat
    for i, call in ipairs { f, g } do
      if not results[i] then
        local result = table.pack(call())
        if result[2] ~= "wantread" and result[2] ~= "wantwrite" then results[i] = result end
      end
    end
    assert(socket.gettime() < deadline, "neither comes to an end")
  until results[1] and results[2]
  return results[1], results[2]
end

-- Two sockets before their handshake, and without waiting.
function ends.sockets(client, server, options)
  local near, far = ends.tcp()
  if ends.carrier then near, far = ends.carrier(near), ends.carrier(far) end
  local c = assert((client or ends.client()):wrap(near, with({ name = "localhost" }, options)))
  local s = assert((server or ends.server()):wrap(far))
  c:settimeout(0)
  s:settimeout(0)
  return c, s
end

-- The same with the handshake done, and waiting for 10 seconds at most.
function ends.connected_sockets(client, server, options)
  local c, s = ends.sockets(client, server, options)
  local there, back = ends.both(function() return c:handshake() end, function() return s:handshake() end)
  assert(there[1], there[2])
  assert(back[1], back[2])
  c:settimeout(10)
  s:settimeout(10)
  return c, s
end

function ends.elapsed(call)
  local start = socket.gettime()
  local result = table.pack(call())
  return socket.gettime() - start, table.unpack(result, 1, result.n)
end

-- How many descriptors this process has, but for those that wait for the collector.
function ends.descriptors()
  collectgarbage()
  collectgarbage()
  local count = 0
  for _ in require "lfs".dir "/proc/self/fd" do count = count + 1 end
  return count
end

return ends
