-- LuaSec as a peer, in a process of its own (Debian's lua5.4, not the one of the specs).
--   lua5.4 luasec.lua server|client [port=N] [certificate= key= cafile=] [protocol=tlsv1_2] [verify=require]
--     [ciphers=] [alpn=a,b] [name=SNI] [times=connections] [mode=echo|hold]
-- Prints "port N" (server), for each connection "handshake VERSION SUITE ALPN", "peer CN" and "finished OURS THEIRS",
-- or "failed ERROR", and how it ended.
-- echo: the client sends "LENGTH\n" and as many bytes, the server sends them back; hold: neither sends anything.
local socket = require "socket"
local ssl = require "ssl"
io.stdout:setvbuf "line"

local role, options = arg[1], { protocol = "tlsv1_2", mode = "echo", times = "1" }
for i = 2, #arg do
  local name, value = arg[i]:match "^(%w+)=(.*)$"
  options[name] = value
end

local function context()
  local alpn
  if options.alpn then
    alpn = {}
    for name in options.alpn:gmatch "[^,]+" do alpn[#alpn + 1] = name end
  end
  return assert(ssl.newcontext {
    mode = role, protocol = options.protocol, certificate = options.certificate, key = options.key,
    cafile = options.cafile, ciphers = options.ciphers, options = "all",
    verify = options.verify == "require" and { "peer", "fail_if_no_peer_cert" } or options.verify or "none",
    alpn = role == "client" and alpn or alpn and function(offered)
      for _, mine in ipairs(alpn) do
        for _, name in ipairs(offered) do
          if name == mine then return { mine } end
        end
      end
    end,
  })
end

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function handshake(tcp, ctx)
  tcp:settimeout(30)
  local tls = assert(ssl.wrap(tcp, ctx))
  if options.name then tls:sni(options.name) end
  local done, err = tls:dohandshake()
  if not done then
    print("failed " .. tostring(err))
    tls:close()
    return nil
  end
  local info = tls:info()
  local certificate = tls:getpeercertificate()
  print(("handshake %s %s %s"):format(info.protocol, info.cipher, tls:getalpn() or "-"))
  print("peer " .. (certificate and certificate:subject()[2].value or "-"))
  print(("finished %s %s"):format(hex(tls:getfinished()), hex(tls:getpeerfinished())))
  return tls
end

local function echo_server(tls)
  local length = tls:receive "*l"
  if not length then return print "ended" end
  local data, err = tls:receive(tonumber(length))
  if not data then return print("failed " .. err) end
  assert(tls:send(data))
  print("echoed " .. #data)
end

local function echo_client(tls)
  local data = io.read "a"
  assert(tls:send(#data .. "\n" .. data))
  local back, err = tls:receive(#data)
  print(back == data and "same " .. #data or "different " .. tostring(err))
end

-- Until the other end says or does something: what that was.
local function hold(tls)
  local data, err, part = tls:receive "*a"
  print(("end %s %s"):format(data or part, err or "orderly"))
end

local function one(tcp, ctx)
  local tls = handshake(tcp, ctx)
  if not tls then return end
  if options.mode == "hold" then hold(tls) elseif role == "server" then echo_server(tls) else echo_client(tls) end
  tls:close()
end

local ctx = context()
if role == "server" then
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  print("port " .. math.tointeger(tonumber(port)))
  for _ = 1, tonumber(options.times) do one(assert(listener:accept()), ctx) end
else
  one(assert(socket.connect("127.0.0.1", tonumber(options.port))), ctx)
end
