-- private_ca.lua FOLDER server|client NAME... - a certificate from a CA of one's own, which is made at the first call:
-- for processes that speak mutual TLS with one another. FOLDER gets ca.pem, which all of them trust, and of the first
-- NAME the files NAME.pem and NAME.key (mode 0600). Neither is replaced.
--   lua5.4 private_ca.lua tls server localhost 127.0.0.1; lua5.4 private_ca.lua tls client app
--   lua5.4 mtls_server.lua 8443 tls/localhost.pem tls/localhost.key tls/ca.pem
--   lua5.4 mtls_client.lua https://localhost:8443/ tls/app.pem tls/app.key tls/ca.pem
local mkcert = require "bearssl.mkcert"

local folder, purpose, first = table.unpack(arg)
local names = table.move(arg, 3, #arg, 1, {})
if not first or purpose ~= "server" and purpose ~= "client" then
  error("usage: private_ca.lua FOLDER server|client NAME...", 0)
end

local function authority()
  local made = io.open(folder .. "/ca.pem")
  if not made then return mkcert.create(folder, { name = "CN=Private CA" }) end
  made:close()
  return mkcert.open(folder)
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

local ca, err = authority()
if not ca then error(tostring(err), 0) end
local issued = assert(ca:issue { names = names, purpose = purpose, days = 90 })
local path = ("%s/%s"):format(folder, (first:gsub("[^%w._-]", "_")))
local before = io.open(path .. ".pem")
if before then error(path .. ".pem is there already", 0) end
local saved
saved, err = issued.key:save(path .. ".key") -- fails where there is one
if not saved then error(tostring(err), 0) end
write(path .. ".pem", issued.pem)
print(("%s.pem, %s.key: %s for %s, until %s"):format(path, path, purpose, table.concat(names, ", "),
  issued.certificate.not_after_text))
