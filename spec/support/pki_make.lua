-- Makes the test PKI of spec/support/pki.lua in a folder: make(pki, dir), with pki's `native_kinds`, `read` and `run`.
local core = require "bearssl.core"
local mkcert = require "bearssl.mkcert"
local x509 = require "bearssl.x509"

-- In mkcert's words.
local kinds = {
  rsa2048 = "rsa-2048", rsa4096 = "rsa-4096", p256 = "P-256", p384 = "P-384", p521 = "P-521", ed25519 = "ed25519",
  rsapss2048 = "rsa-pss-2048",
}
local hashes = { rsa4096 = "sha512" } -- where it is not the key's own

local from, to = 1577836800, 2524607999 -- 2020-01-01T00:00:00Z, 2049-12-31T23:59:59Z
local in_2021, in_2048 = 1609459200, 2461449600

local names = { "localhost", "*.w.example", "127.0.0.1", "::1" }
local mail = { "client@w.example" }

-- What is wrong with each, as changes to a good P-256 leaf under a good P-256 intermediate. `issuer`: another
-- certificate of the list below. All but `cn_only` have the names asked for.
local bad = {
  self_signed = { issuer = "self" },
  other_name = { names = { "other.example", "192.0.2.1" } },
  cn_only = { names = false },
  expired = { not_after = in_2021 },
  not_yet_valid = { not_before = in_2048 },
  unknown_ca = { issuer = "stranger" },
  client_eku = { purpose = "client" },
  key_usage = { key_usage = "key_agreement" },
  sha1 = { hash = "sha1" },
  rsa1024 = { kind = "rsa1024" },
  critical_extension = { extensions = { { oid = "1.2.3.4.5", critical = true, value = "\5\0" } } },
  not_ca = { issuer = "end_entity" },
  path_length = { issuer = "too_deep", between = { "too_deep", "no_more_ca" } },
  name_constraint = { issuer = "constrained" },
  expired_ca = { issuer = "expired_ca_certificate" },
}

-- Authorities that only those are under.
local authorities = {
  { name = "stranger" },
  { name = "no_more_ca", issuer = "p256-root", path_length = 0 },
  { name = "too_deep", issuer = "no_more_ca" },
  { name = "constrained", issuer = "p256-root", permitted = { "allowed.example", "IP:192.0.2.0/24" } },
  { name = "expired_ca_certificate", issuer = "p256-root", not_after = in_2021 },
}

local bad_client = {
  unknown_ca = { issuer = "stranger" },
  server_eku = { purpose = "server" },
  expired = { not_after = in_2021 },
  not_yet_valid = { not_before = in_2048 },
  self_signed = { issuer = "self" },
  rsa1024 = { kind = "rsa1024" },
  sha1 = { hash = "sha1" },
}

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

local run, read -- pki's

local function must(value, err)
  if value == nil then error(tostring(err), 2) end
  return value
end

local function generate_key(dir, name, kind)
  local key = must(mkcert.key(kinds[kind]))
  must(key:save(("%s/%s.key"):format(dir, name)))
  return key
end

-- SubjectPublicKeyInfo of a new key that is too short to be made here.
local function weak_key(dir, name)
  run(("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out %s/%s.key"):format(dir, name))
  return run(("openssl pkey -in %s/%s.key -pubout"):format(dir, name))
end

local function copy(options)
  local fields = {}
  for name, value in pairs(options) do fields[name] = value end
  return fields
end

local function subject(name)
  return "CN=" .. name:gsub("-", " ") .. ",O=Test PKI"
end

local made = {} -- authorities, by name

-- An authority with a key of its own. who: name, kind, issuer (nil: itself), path_length, permitted, not_after
local function authority(dir, who)
  local issuer = made[who.issuer]
  made[who.name] = must(mkcert.authority {
    name = subject(who.name), key = generate_key(dir, who.name, who.kind or "p256"), issuer = issuer,
    path_length = who.path_length, permitted = who.permitted, not_before = from, not_after = who.not_after or to,
    hash = hashes[who.kind],
  })
  write(("%s/%s.pem"):format(dir, who.name), made[who.name].certificate:pem())
end

-- What is not signed by another, but by itself, and is no authority all the same.
local function self_signed(options)
  local own = must(mkcert.authority { name = options.subject, key = options.key, not_before = from, not_after = to })
  options.names = options.names or nil
  return own:issue(options)
end

-- An end entity. who: name, kind, issuer ("self": itself), and what mkcert's issue takes
local function issue(dir, who)
  local options, kind = copy(who), who.kind or "p256"
  options.name, options.kind, options.issuer, options.between = nil, nil, nil, nil
  options.names = options.names or nil
  options.subject = options.subject or subject(who.name)
  options.not_before, options.not_after = options.not_before or from, options.not_after or to
  if kind == "rsa1024" then
    options.public_key = weak_key(dir, who.name)
  else
    options.key = generate_key(dir, who.name, kind)
  end
  local issued = must(who.issuer == "self" and self_signed(options) or made[who.issuer]:issue(options))
  write(("%s/%s.pem"):format(dir, who.name), issued.certificate:pem())
  return issued
end

local function chain(dir, name, ...)
  local issuers = {}
  for _, other in ipairs { ... } do issuers[#issuers + 1] = read(dir .. "/" .. other .. ".pem") end
  write(dir .. "/" .. name .. ".issuers.pem", table.concat(issuers))
  write(dir .. "/" .. name .. ".chain.pem", read(dir .. "/" .. name .. ".pem") .. table.concat(issuers))
end

local function hierarchy(dir, kind)
  local root, intermediate = kind .. "-root", kind .. "-intermediate"
  authority(dir, { name = root, kind = kind })
  authority(dir, { name = intermediate, kind = kind, issuer = root })
  issue(dir, { name = kind .. "-server", kind = kind, issuer = intermediate, subject = "CN=localhost,O=Test PKI",
    names = names, hash = hashes[kind] })
  issue(dir, { name = kind .. "-client", kind = kind, issuer = intermediate, purpose = "client", names = mail,
    hash = hashes[kind] })
  chain(dir, kind .. "-server", intermediate)
  chain(dir, kind .. "-client", intermediate)
  generate_key(dir, kind .. "-other", kind)
end

local function refused(dir, prefix, list, defaults)
  for name, change in pairs(list) do
    local who = copy(defaults)
    for field, value in pairs(change) do who[field] = value end
    who.name, who.issuer = prefix .. name, change.issuer or "p256-intermediate"
    issue(dir, who)
    chain(dir, who.name, table.unpack(change.between or { who.issuer ~= "self" and who.issuer or nil }))
  end
end

-- An end entity that issues all the same.
local function end_entity(dir)
  local issued = issue(dir, { name = "end_entity", issuer = "p256-root", names = names })
  made.end_entity = must(mkcert.authority { certificate = issued.certificate, key = issued.key })
end

-- An authority whose key is too short, and a leaf that it signed.
local function weak_authority(dir)
  local path = dir .. "/weak_ca_certificate"
  local certificate = must(made["p256-root"]:issue {
    subject = subject "weak_ca_certificate", public_key = weak_key(dir, "weak_ca_certificate"), not_before = from,
    not_after = to, key_usage = { "key_cert_sign", "crl_sign" }, basic_constraints = false,
    extensions = { { oid = "2.5.29.19", critical = true, value = "\x30\3\1\1\xff" } },
  }).certificate
  write(path .. ".pem", certificate:pem())
  local leaf = dir .. "/bad-weak_ca"
  local request = must(mkcert.request { subject = "CN=localhost,O=Test PKI", key = generate_key(dir, "bad-weak_ca",
    "p256") })
  write(leaf .. ".csr", request.pem)
  write(leaf .. ".ext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\nextendedKeyUsage=serverAuth\n")
  run(("openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial -sha256 -days 8000 -extfile %s.ext "
    .. "-out %s.pem"):format(leaf, path, path, leaf, leaf))
  chain(dir, "bad-weak_ca", "weak_ca_certificate")
end

-- The good P-256 leaf, with the last byte of its signature changed.
local function tampered(dir)
  local der = must(x509.load(dir .. "/p256-server.pem"))[1]:der()
  write(dir .. "/bad-tampered.pem", core.pem("CERTIFICATE", der:sub(1, -2) .. string.char(der:byte(-1) ~ 1)))
  write(dir .. "/bad-tampered.key", read(dir .. "/p256-server.key"))
  chain(dir, "bad-tampered", "p256-intermediate")
end

return function(pki, dir)
  run, read = pki.run, pki.read
  for _, kind in ipairs(pki.native_kinds) do hierarchy(dir, kind) end
  for _, ca in ipairs(authorities) do authority(dir, ca) end
  end_entity(dir)
  weak_authority(dir)
  refused(dir, "bad-", bad, { subject = "CN=localhost,O=Test PKI", names = names })
  refused(dir, "bad-client-", bad_client, { subject = "CN=localhost,O=Test PKI", purpose = "client", names = mail })
  tampered(dir)
  local roots = {}
  for _, kind in ipairs(pki.native_kinds) do roots[#roots + 1] = read(dir .. "/" .. kind .. "-root.pem") end
  write(dir .. "/roots.pem", table.concat(roots))
end

