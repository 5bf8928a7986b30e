-- demo.lua - what `make demo` shows: HTTPS, a certificate, and mutual TLS, against servers on this machine that are
-- examples of their own (https_server.lua, mtls_server.lua). The certificates are made by bearssl.mkcert, in a folder
-- that is removed at the end.
local bearssl = require "bearssl"
local https = require "bearssl.https"
local mkcert = require "bearssl.mkcert"

local here = arg[0]:match "^(.*)/" or "."
local lua = 0
while arg[lua - 1] do lua = lua - 1 end -- arg[lua] is the interpreter that runs this

local function say(text, ...)
  print(("\n== " .. text):format(...))
end

local function run(command)
  local pipe <close> = assert(io.popen(command .. " 2>&1"))
  local out = pipe:read "a"
  if not pipe:close() then error(command .. "\n" .. out, 2) end
  return out
end

-- A folder with a CA, a server certificate for localhost and a client certificate; gone when the scope ends.

local function temporary_folder()
  local path = run "mktemp -d":match "[^\n]+"
  return setmetatable({ path = path }, { __close = function() run("rm -rf '" .. path .. "'") end })
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
end

local function issue(ca, dir, name, options)
  local issued = assert(ca:issue(options))
  assert(issued.key:save(("%s/%s.key"):format(dir, name))) -- mode 0600
  write(("%s/%s.pem"):format(dir, name), issued.pem)
end

local function make_certificates(dir)
  local ca = assert(mkcert.authority { name = "CN=Demo CA,O=Demo", days = 30 })
  assert(ca:save(dir .. "/ca.pem", dir .. "/ca.key"))
  issue(ca, dir, "server", { subject = "CN=localhost,O=Demo", names = { "localhost", "127.0.0.1" } })
  issue(ca, dir, "client", { subject = "CN=alice,O=Demo", names = "alice@example.test", purpose = "client" })
end

-- A server in a process of its own, which ends with the scope, and after a minute whatever happens.

local function server(script, ...)
  local arguments = table.concat({ ... }, "' '")
  local pipe = assert(io.popen(("echo $$; exec timeout 60 %s '%s/%s' 0 '%s' 2>&1")
    :format(arg[lua], here, script, arguments)))
  local pid = pipe:read("n", "l")
  local line = pipe:read "l" or ""
  local url = line:match "https://%S+"
  if not url then error(script .. " did not start: " .. line .. (pipe:read "a"), 2) end
  return setmetatable({ url = url, port = tonumber(url:match ":(%d+)"), pipe = pipe }, {
    __close = function()
      os.execute(("kill %d 2>/dev/null"):format(pid))
      pipe:close()
    end,
  })
end

local function show(label, value)
  print(("   %-20s %s"):format(label, value))
end

local function https_request(dir)
  local peer <close> = server("https_server.lua", dir .. "/server.pem", dir .. "/server.key")
  say("A verified HTTPS request to %s (trusting the demo's CA)", peer.url)
  local body, code = assert(https.request { url = peer.url, trust = dir .. "/ca.pem", timeout = 10 })
  show("status", code)
  show("body", (body:gsub("\n$", "")))

  say "The same without trusting the demo's CA: refused, with the reason"
  local nothing, err = https.request { url = peer.url, timeout = 10 }
  assert(nothing == nil, "a server of an unknown CA was accepted")
  show("error", err)

  say "What the handshake agreed on"
  local client = assert(bearssl.client { trust = dir .. "/ca.pem" })
  local sock <close> = assert(bearssl.connect("localhost", peer.port, client))
  local info = sock:info()
  for _, field in ipairs { "version", "cipher_suite", "group", "signature_scheme" } do
    show(field, info[field] or "-")
  end
  for i, certificate in ipairs(sock:verified_chain()) do show("chain, " .. i, certificate.subject) end
end

local function print_certificate(dir)
  say "The server's certificate, as read by bearssl.x509"
  print((assert(bearssl.x509.load(dir .. "/server.pem"))[1]:text()))
end

local function mutual_tls(dir)
  local peer <close> = server("mtls_server.lua", dir .. "/server.pem", dir .. "/server.key", dir .. "/ca.pem")
  say("Mutual TLS: %s answers only clients with a certificate of the demo's CA", peer.url)
  local body = assert(https.request {
    url = peer.url, trust = dir .. "/ca.pem", timeout = 10,
    certificate = dir .. "/client.pem", key = dir .. "/client.key",
  })
  show("with certificate", (body:gsub("\n$", "")))
  show("the server says", peer.pipe:read "l")

  local nothing, err = https.request { url = peer.url, trust = dir .. "/ca.pem", timeout = 10 }
  assert(nothing == nil, "a client without a certificate was accepted")
  show("without certificate", err)
  show("the server says", peer.pipe:read "l")
end

do
  local folder <close> = temporary_folder()
  say "A fresh test PKI, in a temporary folder"
  make_certificates(folder.path)
  print((run(("cd '%s' && ls *.pem *.key"):format(folder.path)):gsub("%s+", " ")))
  https_request(folder.path)
  print_certificate(folder.path)
  mutual_tls(folder.path)
  say "Done: the servers have ended, the folder is removed"
end
