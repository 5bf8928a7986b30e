-- self_renewing_server.lua PORT DIRECTORY FOLDER NAME [TRUST [SECONDS]] - an HTTPS server that gets its certificate
-- from an ACME server (DIRECTORY: its URL), begins without one, and goes on with a new one without restart and without
-- a refused connection. It answers the challenges itself, by tls-alpn-01, so that port 443 is all it needs. FOLDER
-- keeps certificate and account; TRUST is for an ACME server of one's own; every SECONDS (a day) it looks whether it is
-- time.
local acme = require "bearssl.acme"
local bearssl = require "bearssl"
local mkcert = require "bearssl.mkcert"
local scheduler = require "bearssl.scheduler"

local port, directory, folder, name, trust, seconds = table.unpack(arg)
if not name then error("usage: self_renewing_server.lua PORT DIRECTORY FOLDER NAME [TRUST [SECONDS]]", 0) end
local file = folder .. "/certificate.pem" -- chain and key

-- Until there is a certificate, one of our own, which no client believes; connections that are open keep theirs.
local own = assert(assert(mkcert.authority { name = "CN=not yet" }):issue { names = name, days = 1 })
local config = assert(bearssl.server { certificate = own.pem, key = own.key })
local responder = acme.tls_alpn()

local server = assert(bearssl.listen {
  host = "127.0.0.1", port = tonumber(port), certificate = own.pem, key = own.key,
  on_client_hello = function(hello)
    local challenge = responder.on_client_hello(hello) -- nil: this is no ACME server
    if challenge ~= nil then return challenge end
    return config
  end,
})

local function take()
  local found, err = bearssl.server { certificate = file, key = file }
  config = found or config
  return found and true, err
end

local function keep_alive()
  take() -- of an earlier run
  while true do
    local what, info = acme.renew {
      directory = directory, trust = trust, terms_agreed = true, account = folder .. "/account.key", names = { name },
      file = file, responder = responder, after = take,
    }
    print(what or tostring(info))
    scheduler.current().sleep(tonumber(seconds) or 86400)
  end
end

io.stdout:setvbuf "line"
print(("listening on https://localhost:%d/"):format(select(2, server:getsockname())))
local loop = scheduler.loop()
loop:spawn(keep_alive)
loop:spawn(server.run, server, function(sock)
  repeat local line = sock:receive "*l" until not line or line == ""
  local body = "Served.\n"
  sock:send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body)
end)
loop:run()
