-- SPDX-License-Identifier: MIT
-- pki.lua FOLDER - certificates for the benchmarks: "p256" and "rsa2048", each root, intermediate and leaf (localhost).
-- FOLDER/KIND-chain.pem (leaf, intermediate), KIND-leaf.key; roots.pem; bundle.pem (the system's roots and ours); and
-- big.crl, DER, in which the intermediate of p256 has revoked 50,000.
local core = require "bearssl.core"
local mkcert = require "bearssl.mkcert"

local kinds = { "p256", "rsa2048" }
local in_its_words = { p256 = "P-256", rsa2048 = "rsa-2048" }
local REVOKED <const>, IN_2025 <const> = 50000, 1735732800

local dir = arg[1]

local function write(name, text)
  local file <close> = assert(io.open(dir .. "/" .. name, "wb"))
  assert(file:write(text))
end

local function subject(name)
  return ("CN=%s,O=Benchmarks"):format(name)
end

local function authority(kind, role, issuer)
  local name = kind .. "-" .. role
  local made = assert(mkcert.authority { name = subject(kind .. " " .. role), key = in_its_words[kind], days = 365,
    issuer = issuer })
  assert(made:save(("%s/%s.pem"):format(dir, name), ("%s/%s.key"):format(dir, name)))
  return made
end

local function hierarchy(kind)
  local root = authority(kind, "root")
  local intermediate = authority(kind, "intermediate", root)
  local leaf = assert(intermediate:issue { names = { "localhost", "127.0.0.1", "::1" }, subject = subject "localhost",
    key = in_its_words[kind], key_usage = "digital_signature" })
  assert(leaf.key:save(("%s/%s-leaf.key"):format(dir, kind)))
  write(kind .. "-chain.pem", leaf.pem)
  return root, intermediate
end

local function big_list(issuer)
  for i = 1, REVOKED do -- in no order
    issuer:revoke((">I4I4"):pack(i * 7919 % 50021 + 1, i), { reason = "key_compromise", time = IN_2025 })
  end
  return assert(issuer:crl()).der
end

assert(core.run("mkdir", "-p", "--", dir) == 0)
local roots, intermediates = {}, {}
for i, kind in ipairs(kinds) do
  local root
  root, intermediates[i] = hierarchy(kind)
  roots[i] = root.certificate:pem()
end
roots = table.concat(roots)
write("roots.pem", roots)
local system = io.open "/etc/ssl/certs/ca-certificates.crt"
write("bundle.pem", (system and system:read "a" or "") .. roots)
write("big.crl", big_list(intermediates[1]))
