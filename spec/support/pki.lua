-- A test PKI, made by the openssl command: once for each content of this file, and kept under build/. Several
-- processes may ask for it at once: each builds in a folder of its own, and the first rename wins.
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

local generate = { -- PKCS#8 all
  rsa1024 = "-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
  rsa2048 = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
  rsa4096 = "-algorithm RSA -pkeyopt rsa_keygen_bits:4096",
  p256 = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
  p384 = "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
  p521 = "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
  ed25519 = "-algorithm ED25519",
  rsapss2048 = "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
}
local digest = {
  rsa1024 = "sha256", rsa2048 = "sha256", rsa4096 = "sha512", p256 = "sha256", p384 = "sha384", p521 = "sha512",
  ed25519 = "sha512", rsapss2048 = "sha256",
}

local from, to = "20200101000000Z", "20491231235959Z"

local names = "DNS:localhost,DNS:*.w.example,IP:127.0.0.1,IP:::1"
local server = [[
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth
authorityKeyIdentifier=keyid
]]
local ec_server = server:gsub(",keyEncipherment", "")
local client = [[
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
subjectAltName=email:client@w.example
authorityKeyIdentifier=keyid
]]
local authority = [[
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
]]
local for_names = "subjectAltName=" .. names .. "\n"

-- What is wrong with each, as changes to a good P-256 leaf under a good P-256 intermediate. `issuer`: another
-- certificate of the list below. All but `cn_only` have the names asked for.
local bad = {
  self_signed = { issuer = "self" },
  other_name = { extensions = ec_server .. "subjectAltName=DNS:other.example,IP:192.0.2.1\n" },
  cn_only = { extensions = ec_server },
  expired = { to = "20210101000000Z" },
  not_yet_valid = { from = "20480101000000Z" },
  unknown_ca = { issuer = "stranger" },
  client_eku = { extensions = client:gsub("subjectAltName=[^\n]*", "subjectAltName=" .. names) },
  key_usage = { extensions = (ec_server:gsub("digitalSignature", "keyAgreement") .. for_names) },
  sha1 = { digest = "sha1" },
  rsa1024 = { kind = "rsa1024" },
  critical_extension = { extensions = ec_server .. for_names .. "1.2.3.4.5=critical,DER:0500\n" },
  not_ca = { issuer = "end_entity" },
  path_length = { issuer = "too_deep", between = { "too_deep", "no_more_ca" } },
  name_constraint = { issuer = "constrained" },
  expired_ca = { issuer = "expired_ca_certificate" },
  weak_ca = { issuer = "weak_ca_certificate" },
}

-- Authorities that only those are under.
local authorities = {
  { name = "stranger" },
  { name = "end_entity", issuer = "p256-root", extensions = ec_server .. for_names },
  { name = "no_more_ca", issuer = "p256-root", extensions = authority:gsub("CA:TRUE", "CA:TRUE,pathlen:0") },
  { name = "too_deep", issuer = "no_more_ca" },
  { name = "constrained", issuer = "p256-root",
    extensions = authority .. "nameConstraints=critical,permitted;DNS:allowed.example,"
      .. "permitted;IP:192.0.2.0/255.255.255.0\n" },
  { name = "expired_ca_certificate", issuer = "p256-root", to = "20210101000000Z" },
  { name = "weak_ca_certificate", issuer = "p256-root", kind = "rsa1024" },
}

local bad_client = {
  unknown_ca = { issuer = "stranger", extensions = client },
  server_eku = { extensions = ec_server .. "subjectAltName=email:client@w.example\n" },
  expired = { extensions = client, to = "20210101000000Z" },
  not_yet_valid = { extensions = client, from = "20480101000000Z" },
  self_signed = { issuer = "self", extensions = client },
  rsa1024 = { kind = "rsa1024", extensions = client },
  sha1 = { digest = "sha1", extensions = client },
}

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

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

local function generate_key(dir, name, kind)
  run(("openssl genpkey %s -out %s/%s.key"):format(generate[kind], dir, name))
end

-- `openssl ca`, for OpenSSL 3.0's `x509` takes no dates.
local function configuration(dir)
  write(dir .. "/ca.cnf", ([[
[ca]
default_ca = test
[test]
database = %s/index
unique_subject = no
policy = anything
rand_serial = yes
email_in_dn = no
[anything]
organizationName = optional
commonName = supplied
[req]
distinguished_name = none
[none]
]]):format(dir))
end

-- One certificate, with a key of its own. who: name, kind, issuer (nil: by itself), extensions, digest, from, to, cn
local function issue(dir, who)
  local kind = who.kind or "p256"
  local path = dir .. "/" .. who.name
  generate_key(dir, who.name, kind)
  write(path .. ".ext", who.extensions)
  write(dir .. "/index", "")
  run(("openssl req -new -config %s/ca.cnf -key %s.key -subj '/O=Test PKI/CN=%s' -out %s.csr")
    :format(dir, path, who.cn or who.name:gsub("-", " "), path))
  local by = who.issuer and ("-cert %s/%s.pem -keyfile %s/%s.key"):format(dir, who.issuer, dir, who.issuer)
    or ("-selfsign -keyfile %s.key"):format(path)
  local signer_digest = who.digest or digest[who.issuer_kind or kind]
  run(("openssl ca -batch -notext -config %s/ca.cnf -outdir %s %s -md %s -startdate %s -enddate %s -extfile %s.ext "
    .. "-in %s.csr -out %s.pem"):format(dir, dir, by, signer_digest, who.from or from, who.to or to, path, path, path))
end

local function chain(dir, name, ...)
  local issuers = {}
  for _, other in ipairs { ... } do issuers[#issuers + 1] = read(dir .. "/" .. other .. ".pem") end
  write(dir .. "/" .. name .. ".issuers.pem", table.concat(issuers))
  write(dir .. "/" .. name .. ".chain.pem", read(dir .. "/" .. name .. ".pem") .. table.concat(issuers))
end

local function hierarchy(dir, kind)
  local root, intermediate = kind .. "-root", kind .. "-intermediate"
  issue(dir, { name = root, kind = kind, extensions = authority })
  issue(dir, { name = intermediate, kind = kind, issuer = root,
    extensions = authority:gsub("CA:TRUE", "CA:TRUE,pathlen:0") .. "authorityKeyIdentifier=keyid\n" })
  local rsa = kind:find "^rsa"
  issue(dir, { name = kind .. "-server", kind = kind, issuer = intermediate, cn = "localhost",
    extensions = (rsa and server or ec_server) .. for_names })
  issue(dir, { name = kind .. "-client", kind = kind, issuer = intermediate, extensions = client })
  chain(dir, kind .. "-server", intermediate)
  chain(dir, kind .. "-client", intermediate)
  generate_key(dir, kind .. "-other", kind)
end

local function refused(dir, prefix, list, default_extensions)
  for name, change in pairs(list) do
    local issuer = change.issuer or "p256-intermediate"
    if issuer == "self" then issuer = nil end
    local full = prefix .. name
    issue(dir, { name = full, kind = change.kind, issuer = issuer, digest = change.digest, cn = "localhost",
      issuer_kind = issuer and (issuer == "weak_ca_certificate" and "rsa1024" or "p256"),
      extensions = change.extensions or default_extensions, from = change.from, to = change.to })
    chain(dir, full, table.unpack(change.between or { issuer }))
  end
end

-- The good P-256 leaf, with the last byte of its signature changed.
local function tampered(dir)
  local good, path = dir .. "/p256-server", dir .. "/bad-tampered"
  run(("openssl x509 -in %s.pem -outform DER -out %s.der"):format(good, path))
  local der = read(path .. ".der")
  write(path .. ".der", der:sub(1, -2) .. string.char(der:byte(-1) ~ 1))
  run(("openssl x509 -inform DER -in %s.der -out %s.pem && cp %s.key %s.key"):format(path, path, good, path))
  chain(dir, "bad-tampered", "p256-intermediate")
end

local function build(dir)
  configuration(dir)
  for _, kind in ipairs(pki.native_kinds) do hierarchy(dir, kind) end
  for _, ca in ipairs(authorities) do
    issue(dir, { name = ca.name, kind = ca.kind, issuer = ca.issuer, issuer_kind = "p256",
      extensions = ca.extensions or authority, to = ca.to })
  end
  refused(dir, "bad-", bad, ec_server .. for_names)
  refused(dir, "bad-client-", bad_client, client)
  tampered(dir)
  local roots = {}
  for _, kind in ipairs(pki.native_kinds) do roots[#roots + 1] = read(dir .. "/" .. kind .. "-root.pem") end
  write(dir .. "/roots.pem", table.concat(roots))
end

local function exists(path)
  local file = io.open(path)
  return file ~= nil and file:close()
end

-- The folder, built if it is not there.
local function folder()
  local source = debug.getinfo(1, "S").source:match "^@(.*)$"
  local top = run("cd " .. (source:match "^(.*)/spec/support/" or ".") .. " && pwd"):match "%C+"
  local sum = run("openssl dgst -sha256 -r " .. source):sub(1, 16)
  local dir = ("%s/build/pki/%s"):format(top, sum)
  if not exists(dir .. "/roots.pem") then
    run("mkdir -p " .. top .. "/build/pki")
    local temporary = run(("mktemp -d %s.XXXXXX"):format(dir)):match "%C+"
    build(temporary)
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
for name in pairs(bad) do pki.bad[name] = pair("bad-" .. name) end
pki.bad.tampered = pair "bad-tampered"
for name in pairs(bad_client) do pki.bad_client[name] = pair("bad-client-" .. name) end

-- A key of that kind which no certificate has.
function pki.key(kind)
  return ("%s/%s-other.key"):format(pki.dir, kind)
end

return pki
