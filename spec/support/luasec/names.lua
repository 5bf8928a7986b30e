-- What LuaSec has: the names of its options, of what its modules export, and of the methods of its objects.
local ssl = require "ssl"
local socket = require "socket"

for name in pairs(ssl.config.options) do print(name) end
for _, module in ipairs { "ssl", "ssl.context", "ssl.core", "ssl.x509", "ssl.https" } do
  for name in pairs(require(module)) do
    if name ~= "_COPYRIGHT" and name ~= "_VERSION" then print(module .. "." .. name) end
  end
end
local conn = ssl.wrap(socket.tcp(), assert(ssl.newcontext { mode = "client", protocol = "any" }))
for name in pairs(getmetatable(conn).__index) do print(name) end
local pki = require "spec.support.pki"
for name in pairs(getmetatable(ssl.loadcertificate(pki.read(pki.root.p256))).__index) do print(name) end
