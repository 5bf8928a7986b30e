-- pebble, an ACME server for tests (Debian's package), with its server of DNS: pebble.start{ http_port, tls_port,
-- environment } → { port, directory = URL, management = URL, trust = path, set_txt(name, value), clear_txt(name),
-- stop() }. pebble.program is what is started.
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local http = require "socket.http"
local socket = require "socket"

local pebble = { program = "pebble" }

local function up(port)
  for _ = 1, 600 do
    local tcp = socket.connect("127.0.0.1", port)
    if tcp then
      tcp:close()
      return true
    end
    socket.sleep(0.1)
  end
  error(("nothing listens on port %d"):format(port))
end

local function dns()
  local port, management = peer.free_port(), peer.free_port()
  local process = peer.start(("pebble-challtestsrv -http01 '' -https01 '' -tlsalpn01 '' -dns01 127.0.0.1:%d "
    .. "-management 127.0.0.1:%d -defaultIPv6 ''"):format(port, management))
  up(management)
  local function post(path, ...)
    local body = ("{%s}"):format(table.concat({ ... }, ","))
    assert(http.request(("http://127.0.0.1:%d/%s"):format(management, path), body))
  end
  return process, port, {
    set_txt = function(name, value)
      post("set-txt", ('"host":"%s."'):format(name), ('"value":"%s"'):format(value))
    end,
    clear_txt = function(name) post("clear-txt", ('"host":"%s."'):format(name)) end,
  }
end

local configuration = [[{"pebble":{"listenAddress":"127.0.0.1:%d","managementListenAddress":"127.0.0.1:%d",
"certificate":"%s","privateKey":"%s","httpPort":%d,"tlsPort":%d,"ocspResponderURL":"",
"externalAccountBindingRequired":%s%s,
"profiles":{"default":{"description":"usual","validityPeriod":157680000}}}}]]

function pebble.start(options)
  local resolver, dns_port, self = dns()
  local port, management = peer.free_port(), peer.free_port()
  local mac_keys = options.mac_key and (',"externalAccountMACKeys":{"kid-1":"%s"}'):format(options.mac_key) or ""
  local text = configuration:format(port, management, pki.server.p256.certificate, pki.server.p256.key,
    options.http_port or peer.free_port(), options.tls_port or peer.free_port(), options.mac_key and "true" or "false",
    mac_keys)
  local server = peer.start(("env PEBBLE_VA_NOSLEEP=1 %s %s -config @/config -dnsserver 127.0.0.1:%d"):format(
    options.environment or "", pebble.program, dns_port), nil, { config = text })
  up(port)
  self.port = port
  self.directory, self.trust = ("https://127.0.0.1:%d/dir"):format(port), pki.roots
  self.management = ("https://127.0.0.1:%d/"):format(management)
  self.output = function() return server:output() end
  self.stop = function()
    server:stop()
    resolver:stop()
  end
  return self
end

return pebble
