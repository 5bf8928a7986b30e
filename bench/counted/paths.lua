-- paths.lua PKI N [PART-OF-A-NAME...] - fixed paths of bench/instructions, N times each, under Callgrind. Both sides
-- of a connection talk once, with entropy and time that never change; then each side alone hears again what it heard.
local bearssl = require "bearssl"
local callgrind = require "callgrind"
local pki, count = arg[1], tonumber(arg[2])
local TIME = 1800000000 -- within the certificates' validity
local entropy = { client = ("c"):rep(32), server = ("s"):rep(32) }

local function wanted(name)
  for i = 3, #arg do
    if name:find(arg[i], 1, true) then return true end
  end
  return #arg < 3
end

-- Once to have all at hand that is kept, then counted without the collector's turns, which come when they come. What is
-- short is taken so many times more often: one turn of the allocator's would be seen in it.
local SHORT = 20
local function counted(name, act, times)
  if not wanted(name) then return end
  act()
  collectgarbage()
  collectgarbage "stop"
  local n = count * (times or 1)
  callgrind.count(("%s %d"):format(name, n), function()
    for _ = 1, n do act() end
  end)
  collectgarbage "restart"
end

local suites = { aes128gcm = "AES_128_GCM_SHA256", chacha20 = "CHACHA20_POLY1305_SHA256" }

local function configs(o)
  local function config(side, own)
    own.engine, own.min_version, own.max_version = o.engine or "native", o.version, o.version
    own.time, own.entropy = TIME, entropy[side]
    if o.cipher then own.cipher_suites = { "TLS_" .. suites[o.cipher] } end
    return assert(bearssl[side](own))
  end
  local chain_cache = o.mode == "full" and 0 or nil
  return config("client", { trust = pki .. "/roots.pem", chain_cache = chain_cache }), config("server", {
    certificate = ("%s/%s-chain.pem"):format(pki, o.kind), key = ("%s/%s-leaf.key"):format(pki, o.kind),
  })
end

-- Joins them until both are quiet; gives what each side heard, piece by piece.
local function talk(client, server, heard)
  repeat
    local there, back = client:pull(), server:pull()
    if there ~= "" then
      heard.server[#heard.server + 1] = there
      assert(server:feed(there))
    end
    if back ~= "" then
      heard.client[#heard.client + 1] = back
      assert(client:feed(back))
    end
  until there == "" and back == ""
end

local function hear(connection, pieces)
  connection:pull()
  for _, piece in ipairs(pieces) do
    assert(connection:feed(piece))
    connection:pull()
  end
  return connection
end

local function handshake(o)
  local client_config, server_config = configs(o)
  local session
  local function client() return assert(client_config:connection { name = "localhost", session = session }) end
  local function server() return assert(server_config:connection()) end
  local heard = { client = {}, server = {} }
  local function meet()
    local c, s = client(), server()
    heard = { client = {}, server = {} }
    talk(c, s, heard)
    assert(c:state() == "connected" and s:state() == "connected")
    return c
  end
  session = o.mode == "resumed" and assert(meet():session()) or nil
  assert(meet():info().resumed == (o.mode == "resumed"))
  local function name(side)
    return ("handshake/%s/%s/%s/%s%s"):format(side, o.kind, o.mode, o.version, o.engine and "/" .. o.engine or "")
  end
  counted(name "client", function() assert(hear(client(), heard.client):state() == "connected") end)
  if o.mode == "known" then return end -- to the server it is a full one
  counted(name "server", function() assert(hear(server(), heard.server):state() == "connected") end)
end

-- One way: the server writes, the client reads.
local function record(cipher, size)
  local client_config, server_config = configs { kind = "p256", version = "1.3", cipher = cipher }
  local client, server = client_config:connection { name = "localhost" }, server_config:connection()
  talk(client, server, { client = {}, server = {} })
  local function read(left)
    repeat left = left - #assert(client:read(left)) until left == 0
  end
  for _ = 1, 8 do -- the first records of a connection are small ones
    assert(server:write(("x"):rep(16384)))
    assert(client:feed(server:pull()))
    read(16384)
  end
  local data, sealed, opened = ("x"):rep(size), {}, 0
  for i = 1, SHORT * count + 1 do sealed[i] = false end
  local next_one = 0
  local function seal()
    next_one = next_one + 1
    assert(server:write(data))
    sealed[next_one] = server:pull()
  end
  local function open()
    opened = opened + 1
    assert(client:feed(sealed[opened]))
    read(size)
  end
  local name = ("record/%%s/%s/%d"):format(cipher, size)
  counted(name:format "seal", seal, SHORT)
  while next_one <= SHORT * count do seal() end
  counted(name:format "open", open, SHORT)
end

for _, o in ipairs {
  { kind = "p256", mode = "full", version = "1.3" }, { kind = "rsa2048", mode = "full", version = "1.3" },
  { kind = "p256", mode = "known", version = "1.3" }, { kind = "p256", mode = "resumed", version = "1.3" },
  { kind = "p256", mode = "full", version = "1.2" }, { kind = "p256", mode = "resumed", version = "1.2" },
  { kind = "p256", mode = "full", version = "1.2", engine = "bear" },
} do
  handshake(o)
end
for _, cipher in ipairs { "aes128gcm", "chacha20" } do
  for _, size in ipairs { 16384, 64 } do record(cipher, size) end
end

for _, kind in ipairs { "p256", "rsa2048" } do
  local chain = assert(bearssl.x509.load(("%s/%s-chain.pem"):format(pki, kind)))
  local ders, store = {}, assert(bearssl.store(pki .. "/roots.pem"))
  for i, certificate in ipairs(chain) do ders[i] = certificate:der() end
  counted("certificate/parse/" .. kind, function() assert(bearssl.x509.parse(ders[1])) end, SHORT)
  counted("certificate/read/" .. kind, function()
    local c = bearssl.x509.parse(ders[1])[1]
    return c.subject, c.issuer, c.extensions.subject_alt_name, c.not_before, c.not_after, c.fingerprints.sha256
  end)
  counted("chain/" .. kind, function()
    local certificates = {}
    for i, der in ipairs(ders) do certificates[i] = bearssl.x509.parse(der)[1] end
    assert(store:verify(certificates, { name = "localhost", time = TIME }))
  end)
end

counted("store/load", function() assert(bearssl.store(pki .. "/roots.pem")) end)
counted("config/client", function() assert(bearssl.client { trust = bearssl.store {} }) end)
counted("config/server", function()
  assert(bearssl.server { certificate = pki .. "/p256-chain.pem", key = pki .. "/p256-leaf.key" })
end)
