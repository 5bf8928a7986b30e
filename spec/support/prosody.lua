-- Debian's Prosody, as it is installed, with a folder, a configuration and ports of its own on loopback addresses.
--
--   local server <close> = prosody.start(side, { hosts = { ["a.example"] = "host's lines" }, certificates = folder,
--     config = "global lines", modules = { "bosh" }, users = { ["me@a.example"] = "password" }, network = "epoll",
--     s2s = true })
--   server.c2s, server.direct, server.https, server.s2s, server.s2s_direct: ports
--   server:log(): what it logged, at level debug
--   server:reload(): SIGHUP, and waits until it has reloaded
local foreign = require "spec.support.foreign"
local socket = require "socket"

local prosody = {}

local global = [[
run_as_root = true
daemonize = false
pidfile = "@/prosody.pid"
data_path = "@/data"
certificates = %q
network_backend = %q
interfaces = { "127.0.0.1" }
c2s_ports = { %d }
c2s_direct_tls_ports = { %d }
http_ports = {}
https_ports = { %d }
s2s_ports = { %d }
s2s_direct_tls_ports = { %d }
modules_enabled = { "roster", "saslauth", "tls", "disco", "ping", %s }
modules_disabled = { %s }
authentication = "internal_hashed"
log = { debug = "*console" }
plugin_paths = { %q }
%s
]]

local function listed(names)
  local list = {}
  for i, name in ipairs(names or {}) do list[i] = ("%q"):format(name) end
  return table.concat(list, ", ")
end

local function configuration(options, ports)
  local text = { global:format(options.certificates, options.network or "epoll", ports[1], ports[2], ports[3], ports[4],
    ports[5], listed(options.modules), options.s2s and "" or '"s2s"', foreign.top .. "/spec/support/prosody",
    options.config or "") }
  for host, lines in pairs(options.hosts) do text[#text + 1] = ("VirtualHost %q\n%s\n"):format(host, lines) end
  return table.concat(text)
end

-- Files of accounts, in the folder where mod_storage_internal keeps them.
local function encoded(name)
  return (name:gsub("[^%w]", function(c) return ("%%%02x"):format(c:byte()) end))
end

-- Accounts as mod_auth_internal_plain writes them; internal_hashed makes of them what it wants at the first login.
local function account_commands(users)
  local list = {}
  for jid, password in pairs(users or {}) do
    local user, host = jid:match "^([^@]+)@(.+)$"
    local dir = "@/data/" .. encoded(host) .. "/accounts"
    list[#list + 1] = ("mkdir -p %s && echo 'return { password = \"%s\" };' >%s/%s.dat"):format(dir, password, dir,
      encoded(user))
  end
  return table.concat(list, " && ")
end

local server = {}
server.__index = server

function server:log()
  return self.process:output()
end

function server:wait_for(pattern)
  return self.process:wait_for(pattern)
end

-- The last thing that is done for each host when it starts and when it is reloaded; with debug logging alone. The older
-- loops do not come that far in a reload, and hear no signal after it: Prosody 0.12.3 calls a set_sslctx there that
-- their servers have not.
local DONE = "Gathering certificates for SNI for host %S+, default service"
local RELOADED = { epoll = DONE, select = "Certificates reloaded", event = "Certificates reloaded" }
local LIMIT = 120 -- seconds

local function times_done(self, pattern)
  return select(2, self:log():gsub(pattern, ""))
end

local function wait_until_done(self, times, pattern)
  local deadline = socket.gettime() + LIMIT
  while self.process:running() and times_done(self, pattern) < times do
    if socket.gettime() > deadline then error("Prosody is not done:\n" .. self:log(), 3) end
    socket.sleep(0.02)
  end
end

-- The select loop looks at signals when something happens: a connection.
function server:nudge()
  local tcp = socket.connect("127.0.0.1", self.c2s)
  if tcp then tcp:close() end
end

function server:reload()
  local pattern = RELOADED[self.network]
  local before = times_done(self, pattern)
  os.execute(("kill -HUP %d"):format(foreign.pid(self.process)))
  self:nudge()
  wait_until_done(self, before + self.hosts, pattern)
end

-- The status, and all that it logged.
function server:stop()
  local deadline = socket.gettime() + LIMIT
  if self.process:running() then os.execute(("kill %d"):format(foreign.pid(self.process))) end
  while self.process:running() and socket.gettime() < deadline do
    self:nudge()
    socket.sleep(0.02)
  end
  if self.process:running() then self.process:stop() end
  return self.process:finish()
end

function server:__close()
  self.process:stop()
end

local function launch(side, options)
  local ports = { foreign.ports(5) }
  local accounts = account_commands(options.users)
  local command = ("sh -c 'mkdir -p @/data && %s exec prosody -F --config @/prosody.cfg.lua'"):format(
    accounts ~= "" and accounts:gsub("'", [['\'']]) .. " &&" or "")
  local process = foreign.start(side, command, { environment = options.environment, modules = options.lua, life = 600,
    files = { ["prosody.cfg.lua"] = configuration(options, ports) } })
  local hosts = 0
  for _ in pairs(options.hosts) do hosts = hosts + 1 end
  return setmetatable({ process = process, c2s = ports[1], direct = ports[2], https = ports[3], s2s = ports[4],
    s2s_direct = ports[5], hosts = hosts, network = options.network or "epoll" }, server)
end

-- Modules come in any order, also after their hosts are done.
local function wait_until_ready(self, options)
  local services = { "c2s", "c2s_direct_tls", options.s2s and "s2s", options.s2s and "s2s_direct_tls",
    options.modules and table.concat(options.modules, " "):find "bosh" and "https" }
  for _, service in pairs(services) do
    if service then wait_until_done(self, 1, ("Activated service '%s'"):format(service)) end
  end
  wait_until_done(self, self.hosts, "Certificates loaded")
  wait_until_done(self, self.hosts, DONE)
end

-- Started again where another process took a port in the meantime.
function prosody.start(side, options)
  for _ = 1, 10 do
    local self = launch(side, options)
    wait_until_ready(self, options)
    local log = self:log()
    if not self.process:running() then error(log, 2) end
    if not log:find "Failed to open server port" then
      local ok, wrong = pcall(foreign.loaded, self.process, side)
      if ok then return self end
      self.process:stop()
      error(wrong, 2)
    end
    self.process:stop()
  end
  error("no ports for Prosody", 2)
end

return prosody
