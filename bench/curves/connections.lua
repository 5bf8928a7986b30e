-- connections.lua FIGURE certificate= key= trust= [port=] - the curves of bench/growth that are about connections. Both
-- sides are in this process, but for what is written, which a process of its own takes, and for bodies.
local here = arg[0]:match "^(.*)/" or "."
package.path = ("%s/?.lua;%s/../?.lua;"):format(here, here) .. package.path
local time = require "time"
local bench = require "bench"
local bearssl = require "bearssl"
local figure = table.remove(arg, 1)
local o = bench.arguments {}
local figures = {}

local suites = { aes128gcm = "TLS_AES_128_GCM_SHA256", chacha20 = "TLS_CHACHA20_POLY1305_SHA256" }

local function configs(cipher)
  local suite = cipher and { suites[cipher] }
  return assert(bearssl.client { trust = o.trust, cipher_suites = suite }),
    assert(bearssl.server { certificate = o.certificate, key = o.key, cipher_suites = suite })
end

local function join(a, b)
  repeat
    local there, back = a:pull(), b:pull()
    if there ~= "" then assert(b:feed(there)) end
    if back ~= "" then assert(a:feed(back)) end
  until there == "" and back == ""
end

local function connected(client, server)
  local c, s = assert(client:connection { name = "localhost" }), assert(server:connection())
  join(c, s)
  assert(c:write "x" and s:write "y")
  join(c, s)
  assert(c:read() == "y" and s:read() == "x")
  return c, s
end

function figures.record()
  for cipher in pairs(suites) do
    local client, server = connected(configs(cipher))
    local function carry(data)
      assert(server:write(data))
      assert(client:feed(server:pull()))
      local left = #data
      repeat left = left - #assert(client:read(left)) until left == 0
    end
    for _ = 1, 8 do carry(("x"):rep(16384)) end -- the first records of a connection are small ones
    for _, size in ipairs(time.steps { 1, 16, 64, 256, 1024, 4096, 16384 }) do
      local data = ("x"):rep(size)
      time.curve("record", cipher, size, function() carry(data) end)
    end
  end
end

function figures.memory()
  local client, server = configs()
  local held = {}
  connected(client, server)
  local steps = time.steps { 30, 100, 300, 1000, 3000 }
  for i = 1, 2 * steps[#steps] do held[i] = false end
  local _, before = bench.memory()
  local made = 0
  for _, count in ipairs(steps) do
    while made < count do
      made = made + 1
      held[2 * made - 1], held[2 * made] = connected(client, server)
    end
    local _, now = bench.memory()
    time.row("memory", "idle", count, math.max(now - before, 1) / 1024, nil, "KiB")
    assert(held[2 * made]:state() == "connected")
  end
end

function figures.connections()
  local client, server = configs()
  local held = {}
  for _, count in ipairs(time.steps { 1, 10, 100, 300, 1000, 3000 }) do
    while #held < 2 * count do held[#held + 1], held[#held + 2] = connected(client, server) end
    time.curve("connections", "handshake", count, function() connected(client, server) end)
  end
  assert(held[1]:state() == "connected")
end

-- A pair of TCP's, without TLS: what the loop waits for.
local function pairs_of_tcp()
  local socket = require "socket"
  local listener = assert(socket.bind("127.0.0.1", 0, 1024))
  local _, port = listener:getsockname()
  return function() return assert(socket.connect("127.0.0.1", port)), assert(listener:accept()) end
end

-- What the scheduler's loop does where one of all that wait can go on: it comes out of the poller, and back.
function figures.turn()
  local core = require "bearssl.core"
  local pair, held, poller = pairs_of_tcp(), {}, core.poller()
  local near, far = pair()
  far:send "x"
  assert(poller:add(near:getfd(), "r"))
  for _, count in ipairs(time.steps { 1, 10, 100, 300, 1000, 3000 }) do
    while #held < 2 * (count - 1) do
      held[#held + 1], held[#held + 2] = pair()
      assert(poller:add(held[#held - 1]:getfd(), "r"))
    end
    time.curve("turn", "one", count, function()
      poller:remove(poller:wait(0)[1])
      poller:add(near:getfd(), "r")
    end)
  end
end

-- A process that reads all there is, until the other end closes; gives the port, and the pipe that ends it.
local function sink(stack)
  local command = ("exec %s %s/sink.lua stack=%s certificate=%s key=%s 2>&1")
    :format(os.getenv "LUA" or "lua5.4", here, stack, o.certificate, o.key)
  local pipe = assert(io.popen(command))
  return tonumber(pipe:read "l":match "^ready (%d+)$"), pipe
end

function figures.write()
  for _, name in ipairs { "bearssl", "luasec", "plain" } do
    local stack = bench.stack(name)
    local port, pipe = sink(name)
    local options = { trust = o.trust, cipher = name ~= "plain" and "aes128gcm" or nil, version = "1.3" }
    local connection = stack.open(stack.client(options), bench.connect(port), "localhost")
    for _, size in ipairs(time.steps { 1, 64, 1024, 4096, 16384, 65536, 262144, 1048576 }) do
      local data = ("x"):rep(size)
      time.curve("write", name, size, function() assert(connection:send(data)) end)
    end
    connection:close()
    pipe:close()
  end
end

-- Of responses of a server that sends as many bytes as the path says.
function figures.body()
  local fetch = require("curves.fetch_" .. o.stack)
  for _, size in ipairs(time.steps { 1, 1024, 16384, 65536, 1048576, 16777216 }) do
    local url = ("https://localhost:%s/%d"):format(o.port, size)
    time.curve("body", o.stack, size, function() assert(fetch(url, o.trust) == size) end)
  end
end

return figures[figure]()
