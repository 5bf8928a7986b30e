-- A test PKI, made by bearssl.mkcert: once for each content of this file, and kept under build/. Several processes
-- may ask for it at once: each builds in a folder of its own, and the first rename wins. Keys of RSA-1024, which mkcert
-- makes for nobody, are the openssl command's. What makes it is spec/support/pki_make.lua: this file is for processes
-- without bearssl, too.
--
--   pki.kinds                  "rsa2048", "rsa4096", "p256", "p384": a hierarchy of keys of that kind alone
--   pki.native_kinds           those, and "p521", "ed25519", "rsapss2048" (id-RSASSA-PSS): what the native engine has
--   pki.root[kind]             path of the root certificate; pki.roots: a file of them all
--   pki.server[kind]           { certificate = path of leaf and intermediate, key = path, leaf, issuers = these apart }
--                              for localhost, 127.0.0.1, ::1 and *.w.example
--   pki.client[kind]           likewise, for clients
--   pki.bad[name]              a server's chain that must be refused, and why: see `bad` below
--   pki.bad_client[name]       a client's chain that must be refused
--   pki.key(kind)              path of a key that belongs to no certificate
-- All dates are fixed, 2020 to 2049, so that nothing kept here grows too old.
local pki = {
  kinds = { "rsa2048", "rsa4096", "p256", "p384" },
  native_kinds = { "rsa2048", "rsa4096", "p256", "p384", "p521", "ed25519", "rsapss2048" },
}

local bad = {
  "self_signed", "other_name", "cn_only", "expired", "not_yet_valid", "unknown_ca", "client_eku", "key_usage", "sha1",
  "rsa1024", "critical_extension", "not_ca", "path_length", "name_constraint", "expired_ca", "weak_ca", "tampered",
}
local bad_client = {
  "unknown_ca", "server_eku", "expired", "not_yet_valid", "self_signed", "rsa1024", "sha1",
}

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end
pki.read = read

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1 </dev/null"))
  local out = pipe:read "a"
  if not pipe:close() then error(command .. "\n" .. out, 2) end
  return out
end
pki.run = run

local function exists(path)
  local file = io.open(path)
  return file ~= nil and file:close()
end

-- The folder, built if it is not there.
local function folder()
  local source = debug.getinfo(1, "S").source:match "^@(.*)$"
  local top = run("cd " .. (source:match "^(.*)/spec/support/" or ".") .. " && pwd"):match "%C+"
  local maker = source:gsub("pki.lua$", "pki_make.lua")
  local first, second = run(("openssl dgst -sha256 -r %s %s"):format(source, maker)):match "^(%x+).-\n(%x+)"
  local sum = first:sub(1, 8) .. second:sub(1, 8)
  local dir = ("%s/build/pki/%s"):format(top, sum)
  if not exists(dir .. "/roots.pem") then
    run("mkdir -p " .. top .. "/build/pki")
    local temporary = run(("mktemp -d %s.XXXXXX"):format(dir)):match "%C+"
    require "spec.support.pki_make" (pki, temporary)
    run(("mv -T %s %s || { test -e %s/roots.pem && rm -r %s; }"):format(temporary, dir, dir, temporary))
  end
  return dir
end

pki.dir = folder()

local function pair(name)
  local path = pki.dir .. "/" .. name
  return { certificate = path .. ".chain.pem", leaf = path .. ".pem", issuers = path .. ".issuers.pem",
    key = path .. ".key" }
end

pki.roots = pki.dir .. "/roots.pem"
pki.stranger = pki.dir .. "/stranger.pem" -- a root that issued nothing but what is refused
pki.root, pki.server, pki.client, pki.bad, pki.bad_client = {}, {}, {}, {}, {}
for _, kind in ipairs(pki.native_kinds) do
  pki.root[kind] = ("%s/%s-root.pem"):format(pki.dir, kind)
  pki.server[kind] = pair(kind .. "-server")
  pki.client[kind] = pair(kind .. "-client")
end
for _, name in ipairs(bad) do pki.bad[name] = pair("bad-" .. name) end
for _, name in ipairs(bad_client) do pki.bad_client[name] = pair("bad-client-" .. name) end

-- A key of that kind which no certificate has.
function pki.key(kind)
  return ("%s/%s-other.key"):format(pki.dir, kind)
end

return pki
