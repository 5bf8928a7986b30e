-- The peers of libraries written for OpenResty, and OpenResty's own module in nginx, which runs the same scripts as we.
local child = require "spec.support.child"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local socket = require "socket"

local resty = { scripts = "spec/peers/resty" }

local LIMIT = 60 -- seconds that we wait for a peer to listen

local function listens(server, port)
  local deadline = socket.gettime() + LIMIT
  while server:running() and socket.gettime() < deadline do
    local tcp = socket.connect("127.0.0.1", port)
    if tcp then
      tcp:close()
      return true
    end
    socket.sleep(0.02)
  end
end

-- start(...) makes a server on ports that were free a moment ago: as many as it has parameters.
local function on_free_ports(count, start)
  for _ = 1, 10 do
    local ports = {}
    for i = 1, count do ports[i] = peer.free_port() end
    local server = start(table.unpack(ports))
    local ready = true
    for _, port in ipairs(ports) do ready = ready and listens(server, port) end
    server.port, server.tls_port = table.unpack(ports)
    if ready then return server end
    if not server:output():lower():find "in use" then error(server:output(), 3) end
    server:stop()
  end
  error("no port", 2)
end

-- spec/support/actor.lua
function resty.actor()
  local server = peer.start("lua5.4 " .. require "lfs".currentdir() .. "/spec/support/actor.lua")
  server.port = math.tointeger(tonumber(server:wait_for "port (%d+)"))
  return server
end

-- TLS on its only port, for clients with a certificate of the same root alone.
function resty.redis(pair)
  return on_free_ports(1, function(port)
    local files = ("--tls-cert-file %s --tls-key-file %s --tls-ca-cert-file %s"):format(pair.certificate, pair.key,
      pki.root.p256)
    return peer.start(("redis-server --port 0 --tls-port %d --bind 127.0.0.1 %s --tls-auth-clients yes --save ''")
      :format(port, files))
  end)
end

-- port: plain, tls_port: TLS. It gives up root's rights, and reads the files before.
function resty.memcached(pair)
  local files = { ["chain.pem"] = pki.read(pair.certificate), ["key.pem"] = pki.read(pair.key) }
  return on_free_ports(2, function(port, tls_port)
    return peer.start(("memcached -u nobody -U 0 -l notls:127.0.0.1:%d,127.0.0.1:%d -Z "
      .. "-o ssl_chain_cert=@/chain.pem,ssl_key=@/key.pem"):format(port, tls_port), nil, files)
  end)
end

-- wss: what comes in a message goes to `cat`, and each line of that comes back.
function resty.websocketd(pair)
  return on_free_ports(1, function(port)
    return peer.start(("websocketd --address=127.0.0.1 --port=%d --ssl --sslcert=%s --sslkey=%s cat"):format(
      port, pair.certificate, pair.key))
  end)
end

-- A name server, which knows one.example and long.example, by UDP and TCP.
function resty.dnsmasq()
  return on_free_ports(1, function(port)
    local long = {}
    for i = 1, 10 do long[i] = ("--txt-record=long.example,%s"):format(("%d"):format(i % 10):rep(200)) end
    return peer.start(("dnsmasq -k -C /dev/null -x @/pid -u root -p %d -R -h --bind-interfaces "
      .. "--listen-address=127.0.0.1 --local=/example/ --host-record=one.example,192.0.2.1,2001:db8::1 %s")
      :format(port, table.concat(long, " ")))
  end)
end

local nginx_conf = [[
load_module modules/ndk_http_module.so; load_module modules/ngx_http_lua_module.so;
daemon off; master_process off; pid @/pid; error_log stderr crit; events { worker_connections 64; }
http {
  access_log off; lua_package_path "/usr/share/lua/5.1/?.lua;;"; lua_shared_dict d 1m; lua_socket_log_errors off;
  client_body_temp_path @/tmp; proxy_temp_path @/tmp; fastcgi_temp_path @/tmp; uwsgi_temp_path @/tmp;
  scgi_temp_path @/tmp;
  server {
    listen 127.0.0.1:%d;
    location / {
      content_by_lua_block { assert(loadfile("%s/run.lua"))("%s/" .. ngx.var.arg_script, tonumber(ngx.var.arg_port)) }
    }
  }
}
]]

-- nginx with lua-nginx-module; its run(script, port) gives what a script says.
function resty.nginx()
  local scripts = require "lfs".currentdir() .. "/" .. resty.scripts
  local server = on_free_ports(1, function(port)
    return peer.start("nginx -e stderr -c @/nginx.conf", nil,
      { ["nginx.conf"] = nginx_conf:format(port, scripts, scripts) })
  end)
  function server:run(script, port)
    local curl <close> = peer.start(("curl -sS --noproxy '*' --max-time 50 'http://127.0.0.1:%d/?script=%s&port=%d'")
      :format(self.port, script, port))
    local status, out = curl:finish()
    return status == 0 and out or out .. self:output()
  end
  return server
end

-- Runs Lua code on our side, in a process of its own: what it prints.
local function run(code, environment)
  local line = "%s %s SSL_CERT_FILE=%s timeout 60 lua5.4 -e '%s' 2>&1"
  local pipe = assert(io.popen(line:format(child, environment or "", pki.root.p256, code)))
  local out = pipe:read "a"
  pipe:close()
  return (out:gsub("EBADF: bad file descriptor\n", "")) -- luv prints that of its own where a peer resets
end

-- What a script's main function does under each scheduler.
local under = {
  plain = "main()",
  coroutine = "ngx.run(main)",
  copas = [[local copas, ended = require "copas", false -- the loop of an older one has no end
    copas.addthread(function() main() ended = true end)
    while not ended do copas.step(1) end]],
  cqueues = 'local cq = require "cqueues".new() cq:wrap(main) assert(cq:loop())',
  luv = 'local uv = require "luv" coroutine.wrap(main)() uv.run()',
}

local code = [[
package.path = package.path .. ";/usr/share/lua/5.1/?.lua"
local ngx = require "bearssl.ngx".install { shared = { d = 1048576 }, log_level = 0 }
local function main() %s end
%s]]

-- A script of the folder on our side, as nginx's run does it.
function resty.run(script, port, scheduler)
  local main = ([[assert(loadfile("%s/run.lua"))("%s/%s", %d)]]):format(resty.scripts, resty.scripts, script, port)
  local leaks = script == "re.lua" and "ASAN_OPTIONS=detect_leaks=0" -- lrexlib's, where a pattern does not compile
  return run(code:format(main, under[scheduler]), leaks)
end

-- A script of the folder that uses a library; it is given the values, and says what is wrong.
function resty.use(script, scheduler, ...)
  local values = {}
  for i, value in ipairs { ... } do values[i] = ("%q"):format(value) end
  local main = [[assert(loadfile("%s/%s"))(%s) print "done"]]
  main = main:format(resty.scripts, script, table.concat(values, ", "))
  return run(code:format(main, under[scheduler]))
end

return resty
