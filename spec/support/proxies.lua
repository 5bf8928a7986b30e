-- Proxies that we did not write: tinyproxy for CONNECT, microsocks for SOCKS 5. They listen on 127.0.0.1.
local peer = require "spec.support.peer"
local socket = require "socket"

local proxies = {}

local function listens(port)
  local tcp = socket.connect("127.0.0.1", port)
  if tcp then tcp:close() end
  return tcp ~= nil
end

-- start(port) gives a process; again with another port where it did not come to listen.
local function on_free_port(start)
  for _ = 1, 20 do
    local port = peer.free_port()
    local proxy = start(port)
    proxy.port = port
    while proxy:running() do
      if listens(port) then return proxy end
      socket.sleep(0.01)
    end
    proxy:stop()
  end
  error("no port for a proxy", 2)
end

local tinyproxy_conf = [[
Port %d
Listen 127.0.0.1
Timeout 30
LogFile "@/messages"
LogLevel Connect
MaxClients 20
Allow 127.0.0.1
%s
]]

-- Its log is the file "messages".
function proxies.tinyproxy(settings)
  return on_free_port(function(port)
    return peer.start("tinyproxy -d -c @/tinyproxy.conf", "", {
      ["tinyproxy.conf"] = tinyproxy_conf:format(port, settings or ""),
    })
  end)
end

function proxies.microsocks(options)
  return on_free_port(function(port)
    return peer.start(("microsocks -i 127.0.0.1 -p %d %s"):format(port, options or ""), "")
  end)
end

local nginx_conf = [=[
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; master_process off; pid @/pid; error_log stderr info;
events { worker_connections 64; }
stream {
  server {
    listen 127.0.0.1:%d ssl; ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate %s; ssl_certificate_key %s;
    proxy_pass 127.0.0.1:%d;
  }
}
]=]

-- TLS in front of another proxy, by nginx: what an https:// proxy is.
function proxies.with_tls(inner, pair)
  return on_free_port(function(port)
    return peer.start("nginx -e stderr -c @/nginx.conf", "", {
      ["nginx.conf"] = nginx_conf:format(port, pair.certificate, pair.key, inner.port),
    })
  end)
end

return proxies
