-- file_server.lua PORT CERTIFICATE KEY FOLDER - serves the files of a folder over HTTPS, and POST /echo. Port 0 takes a
-- free one. Many connections at a time, kept alive; when the certificate is renewed it goes on with the new one.
-- `bearssl serve` is the same as a command; what speaks HTTP here is a part of it.
local bearssl = require "bearssl"
local http = require "bearssl.command.serve.http"
local scheduler = require "bearssl.scheduler"

local port, certificate, key, folder = table.unpack(arg)
if not folder then error("usage: file_server.lua PORT CERTIFICATE KEY FOLDER", 0) end

local server = assert(bearssl.listen {
  host = "127.0.0.1", port = tonumber(port), certificate = certificate, key = key, alpn = { "http/1.1" },
  max_early_data = 8192, watch = 1,
  on_reload = function() print "renewed" end,
  on_error = function(err, what)
    if what ~= "handshake" then io.stderr:write(what, ": ", tostring(err), "\n") end
  end,
})
io.stdout:setvbuf "line"
print(("listening on https://localhost:%d/"):format(select(2, server:getsockname())))
local loop = scheduler.loop()
loop:spawn(server.run, server, http.handler { folder = folder, echo = "/echo" })
loop:run()
