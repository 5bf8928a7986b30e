-- A server of many names, in a process of its own: lua5.4 many_hosts.lua FOLDER COUNT; h1.example to hCOUNT.example,
-- each with FOLDER/hN.pem, chain and key. Prints its port.
local bearssl = require "bearssl"
local scheduler = require "bearssl.scheduler"

local hosts = {}
for i = 1, tonumber(arg[2]) do
  hosts[("h%d.example"):format(i)] = { certificate = ("%s/h%d.pem"):format(arg[1], i) }
end
local server = assert(bearssl.listen { host = "127.0.0.1", port = 0, hosts = hosts, fetch_staple = false, watch = 1 })
print("port " .. select(2, server:getsockname()))
io.stdout:flush()
local loop = scheduler.loop()
loop:spawn(server.run, server, function(sock) sock:receive(1) end)
loop:run()
