-- A server of many names, in a process of its own: lua5.4 many_hosts.lua FOLDER COUNT [ports]; h1.example to
-- hCOUNT.example, each with FOLDER/hN.pem, chain and key. Prints "port N"; or, of `ports`, that of each host, in order,
-- each on a line; then "ready".
local bearssl = require "bearssl"
local scheduler = require "bearssl.scheduler"

local folder, count, ports = arg[1], tonumber(arg[2]), arg[3] == "ports"
local loop = scheduler.loop()

local function listen(options)
  options.host, options.port, options.fetch_staple = "127.0.0.1", 0, false
  local server = assert(bearssl.listen(options))
  print("port " .. select(2, server:getsockname()))
  loop:spawn(server.run, server, function(sock) sock:receive(1) end)
end

local hosts = {}
for i = 1, count do
  local one = { certificate = ("%s/h%d.pem"):format(folder, i) }
  hosts[("h%d.example"):format(i)] = one
  if ports then listen { certificate = one.certificate, watch = false } end
end
if not ports then listen { hosts = hosts, watch = 1 } end
print "ready"
io.stdout:flush()
loop:run()
