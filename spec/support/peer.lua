-- Software that we did not write, as the other end: held processes that end with the block they are held in.
--
--   local server <close> = peer.openssl_server(pki.server.p256, "-tls1_2 -rev")
--   server.port; server:output(); server:wait_for "pattern"; server:send "text"; server:finish(); server:stop()
--
-- Each listens on 127.0.0.1 alone, on a port of its own choice, has a folder of its own, and lives for LIFE seconds
-- at most. None sees the sanitizers: they run with the environment that a shell has.
local socket = require "socket"

local peer = {}

local LIFE = tonumber(os.getenv "PEER_LIFE") or 240 -- seconds that a peer may live
local LIMIT = 60 -- seconds that we wait for anything

local top = require "lfs".currentdir()
local source = debug.getinfo(1, "S").source:match "^@(.*)/peer%.lua$"
if source:sub(1, 1) ~= "/" then source = top .. "/" .. source end

local function quoted(s)
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

-- Without the build's interpreter (build/asan/bin), modules and options.
local environment = ("env -u LUA_PATH -u LUA_CPATH -u LUA_INIT -u ASAN_OPTIONS -u UBSAN_OPTIONS PATH=%s"):format(
  quoted((os.getenv "PATH":gsub("[^:]*/build/%w+/bin:", ""))))

-- What connections we hold is not passed on: a peer would keep them open.
local no_descriptors = "exec 2>/dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-"

-- Process ---------------------------------------------------------------------------------------------------------

local process = {}
process.__index = process

-- Starts a command line; "@/" in it and in `files` (name = text) stands for the folder of its own, where "out" has
-- what it prints. Its standard input is `input`, or without it what send() gives, without end. It may live for `life`
-- seconds, or LIFE.
function peer.start(command, input, files, life)
  local dir = os.tmpname() .. ".d"
  local self = setmetatable({ dir = dir, command = command }, process)
  assert(os.execute(("rm %s; mkdir -m 700 %s && : >%s/out %s"):format(dir:sub(1, -3), dir, dir,
    input and "" or ("&& mkfifo %s/in"):format(dir))))
  if input then write(dir .. "/in", input) end
  for name, text in pairs(files or {}) do write(dir .. "/" .. name, (text:gsub("@/", dir .. "/"))) end
  command = quoted("exec " .. command:gsub("@/", dir .. "/"))
  local shell = ("cd %s; %s; %s timeout -k 2 %d sh -c %s <%sin >out 2>&1 & echo $!; wait $!; echo $?"):format(
    dir, no_descriptors, environment, life or LIFE, command, input and "" or ">")
  self.pipe = assert(io.popen(shell))
  self.pid = assert(self.pipe:read("n", "l"), "no shell")
  return self
end

-- All that it printed so far; or another file of its folder, "" where there is none yet.
function process:output(name)
  name = name or "out"
  if self.status then return self.kept[name] or "" end
  local file <close> = io.open(self.dir .. "/" .. name, "rb")
  return file and file:read "a" or ""
end

function process:running()
  local stat = not self.status and io.open("/proc/" .. self.pid .. "/stat")
  if not stat then return false end
  local state = (stat:read "a" or ""):match "^%d+ %(.*%) (%a)"
  stat:close()
  return state ~= nil and state ~= "Z"
end

-- Waits until what it printed, or the file, matches, and gives the captures. It is an error if it ends without.
function process:wait_for(pattern, name)
  local deadline = socket.gettime() + LIMIT
  while true do
    local running = self:running()
    local text = self:output(name)
    local found = table.pack(text:find(pattern))
    if found[1] then return table.unpack(found, 3, found.n) end
    if not running or socket.gettime() > deadline then
      error(("%s\n%s without %q:\n%s"):format(self.command, running and "runs" or "ended", pattern, text), 2)
    end
    socket.sleep(0.01)
  end
end

-- Its standard input, by a process that waits where a pipe is full.
function process:send(text)
  self.sent = (self.sent or 0) + 1
  write(self.dir .. "/sent" .. self.sent, text)
  assert(os.execute(("cd %s; %s; cat sent%d >in &"):format(self.dir, no_descriptors, self.sent)))
end

-- The files that can still be read when it has ended.
local kept = { "out", "messages", "body", "to_client", "to_server" }

-- Waits until it ends by itself: its status, and all that it printed.
function process:finish()
  if not self.status then
    local status, texts = self.pipe:read "n" or -1, {}
    self.pipe:close()
    for _, name in ipairs(kept) do texts[name] = self:output(name) end
    self.status, self.kept = status, texts
    os.execute("rm -r " .. self.dir)
  end
  return self.status, self:output()
end

function process:stop()
  if not self.status then
    os.execute(("kill %d 2>/dev/null"):format(self.pid))
    self:finish()
  end
end
process.__close = process.stop
process.__gc = process.stop

local ALERT_RECEIVED = "<<< [^\n]-, Alert %[length 0002%], (%a+) (%S+)%s+%x+ (%x+)"

-- "fatal unknown_ca"; its number where openssl knows no name.
local function alert_name(level, name, number)
  return level .. " " .. (name == "???" and tonumber(number, 16) or name)
end

-- The alerts that an openssl has received from us, with commas between.
function process:alerts_received()
  local list = {}
  for level, name, number in self:output "messages":gmatch(ALERT_RECEIVED) do
    list[#list + 1] = alert_name(level, name, number)
  end
  return table.concat(list, ", ")
end

-- Waits for the first of them.
function process:alert_received()
  return alert_name(self:wait_for(ALERT_RECEIVED, "messages"))
end

-- OpenSSL ---------------------------------------------------------------------------------------------------------

-- `openssl s_server` with a chain and key of pki (nil: none).
function peer.openssl_server(pair, options)
  local identity = pair and ("-cert %s -key %s"):format(pair.leaf, pair.key)
  if pair and read(pair.issuers) ~= "" then identity = identity .. " -cert_chain " .. pair.issuers end
  local server = peer.start(("openssl s_server -msg -msgfile @/messages -accept 127.0.0.1:0 %s %s")
    :format(identity or "-nocert", options or "-rev"))
  server.port = math.tointeger(tonumber(server:wait_for "ACCEPT 127%.0%.0%.1:(%d+)"))
  return server
end

-- `openssl s_client`. Where `input` is given, it closes the connection when that is sent.
function peer.openssl_client(port, options, input)
  return peer.start(("openssl s_client -msg -msgfile @/messages -nocommands -connect 127.0.0.1:%d %s")
    :format(port, options or ""), input)
end

-- Some would listen everywhere, and not say on which port.
local function loopback()
  local library, text = top .. "/build/loopback.so", source .. "/loopback.c"
  local make = ("[ %s -nt %s ] || { mkdir -p %s && cc -shared -fPIC -O1 -o %s.$$ %s -ldl && mv %s.$$ %s; }"):format(
    library, text, top .. "/build", library, text, library, library)
  assert(os.execute(environment .. " sh -c " .. quoted(make)))
  return library
end

-- `openssl ocsp` as a responder for a pair of a CA (certificate, key), by an index as revoke.index makes it.
function peer.ocsp_responder(ca, index, options)
  local command = "env LOOPBACK_MAPPED=1 LD_PRELOAD=%s openssl ocsp -port 0 -index %s -CA %s -rsigner %s -rkey %s %s"
  local server = peer.start(command:format(loopback(), index, ca.certificate, ca.certificate, ca.key,
    options or "-nmin 60"))
  server.port = math.tointeger(tonumber(server:wait_for "loopback port (%d+)"))
  return server
end

-- GnuTLS ----------------------------------------------------------------------------------------------------------

function peer.gnutls_server(pair, options)
  local server = peer.start(("env LD_PRELOAD=%s gnutls-serv --port 0 --x509certfile %s --x509keyfile %s %s"):format(
    loopback(), pair.certificate, pair.key, options or "--echo"))
  server.port = math.tointeger(tonumber(server:wait_for "loopback port (%d+)"))
  return server
end

function peer.gnutls_client(port, options, input)
  return peer.start(("gnutls-cli --port %d %s 127.0.0.1"):format(port, options or ""), input)
end

-- nginx -----------------------------------------------------------------------------------------------------------

local nginx_conf = [[
daemon off; master_process off;
pid @/pid; error_log stderr info;
events { worker_connections 64; }
http {
  access_log off; client_max_body_size 8m; default_type application/octet-stream;
  root @/root; client_body_temp_path @/root/tmp; proxy_temp_path @/root/tmp; fastcgi_temp_path @/root/tmp;
  uwsgi_temp_path @/root/tmp; scgi_temp_path @/root/tmp;
  server {
    listen 127.0.0.1:%d %s
  }
}
]]

local nginx_server = [[ssl; server_name localhost; ssl_protocols %s;
    ssl_certificate %s; ssl_certificate_key %s;
    %s
    location / { dav_methods PUT; }
    location /facts {
      return 200 "$ssl_protocol $ssl_cipher $ssl_server_name $ssl_session_reused $ssl_client_verify $ssl_client_s_dn\n";
    }]]

local nginx_proxy = [[; location / {
      proxy_pass https://127.0.0.1:%d; proxy_ssl_protocols TLSv1.2; proxy_ssl_trusted_certificate %s;
      proxy_ssl_verify on; proxy_ssl_verify_depth 3; proxy_ssl_server_name on; proxy_ssl_name localhost;
      %s
    }]]

-- A port that was free a moment ago.
function peer.free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return math.tointeger(tonumber(port))
end

-- By its own word, which it says when it listens. On a port that was taken in the meantime somebody else would answer,
-- while nginx tries again and gives up.
local function listens(server)
  return (pcall(server.wait_for, server, 'using the "%l+" event method'))
end

local function start_nginx(server_block)
  for _ = 1, 20 do
    local port = peer.free_port()
    local server = peer.start("sh -c 'mkdir @/root && exec nginx -e stderr -c @/nginx.conf'", nil,
      { ["nginx.conf"] = nginx_conf:format(port, server_block) })
    server.port = port
    if listens(server) then return server end
    if not server:output():find("Address already in use", 1, true) then error(server:output(), 3) end
    server:stop()
  end
  error "no port for nginx"
end

-- nginx with TLS 1.2, or other protocols, and more settings of its server block. GET /facts tells what it knows of a
-- connection; PUT stores a file in its folder under root/.
function peer.nginx(pair, settings, protocols)
  return start_nginx(nginx_server:format(protocols or "TLSv1.2", pair.certificate, pair.key, settings or ""))
end

-- nginx as the client of a server on `port`, to which it carries what it is asked in plain HTTP.
function peer.nginx_client(port, roots, settings)
  return start_nginx(nginx_proxy:format(port, roots, settings or ""))
end

-- curl ------------------------------------------------------------------------------------------------------------

function peer.curl(port, path, options)
  return peer.start(("curl -sS -v --http1.1 --noproxy '*' --max-time %d %s https://localhost:%d%s"):format(LIMIT,
    options or "", port, path), "")
end

-- LuaSec: see luasec.lua ------------------------------------------------------------------------------------------

local function words(options)
  local list = {}
  for name, value in pairs(options) do list[#list + 1] = quoted(name .. "=" .. tostring(value)) end
  table.sort(list)
  return table.concat(list, " ")
end

function peer.luasec_server(pair, options)
  local all = { certificate = pair.certificate, key = pair.key }
  for name, value in pairs(options or {}) do all[name] = value end
  local server = peer.start(("lua5.4 %s/luasec.lua server %s"):format(source, words(all)))
  server.port = math.tointeger(tonumber(server:wait_for "port (%d+)"))
  return server
end

function peer.luasec_client(port, options, input)
  local all = { port = port }
  for name, value in pairs(options or {}) do all[name] = value end
  return peer.start(("lua5.4 %s/luasec.lua client %s"):format(source, words(all)), input or "")
end

-- A relay between two ends: see relay.lua -------------------------------------------------------------------------

function peer.relay(port, options)
  local all = { port = port }
  for name, value in pairs(options or {}) do all[name] = value end
  local relay = peer.start(("lua5.4 %s/relay.lua %s"):format(source, words(all)))
  relay.port = math.tointeger(tonumber(relay:wait_for "port (%d+)"))
  return relay
end

-- A server that speaks no TLS: see rude.lua
function peer.rude(act)
  local server = peer.start(("lua5.4 %s/rude.lua %s"):format(source, act))
  server.port = math.tointeger(tonumber(server:wait_for "port (%d+)"))
  return server
end

-- Plain TCP -------------------------------------------------------------------------------------------------------

local function limited(tcp)
  tcp:settimeout(LIMIT)
  return tcp
end

local listener = {}
listener.__index = listener

function listener:accept()
  return limited(assert(self.tcp:accept()))
end

function listener:__close()
  self.tcp:close()
end

-- A listener of ours, for a client among the peers; it waits for a bounded time.
function peer.listen()
  local tcp = limited(assert(socket.bind("127.0.0.1", 0)))
  local _, port = tcp:getsockname()
  return setmetatable({ tcp = tcp, port = math.tointeger(tonumber(port)) }, listener)
end

function peer.connect(port)
  return limited(assert(socket.connect("127.0.0.1", port)))
end

-- Two ends of one connection.
function peer.tcp_pair()
  local middle <close> = peer.listen()
  local one = peer.connect(middle.port)
  return one, middle:accept()
end

-- How many descriptors this process has open, and a few more that are always the same.
function peer.descriptors()
  local count = 0
  for _ in require "lfs".dir "/proc/self/fd" do count = count + 1 end
  return count
end

return peer
