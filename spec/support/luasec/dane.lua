-- What a client with TLSA records makes of a server, with whichever `ssl` this process has: every usage, selector and
-- matching type, for each certificate of the chain and for another one, with anchors of its own and without.
-- One line for each: what it was, and "true" or the reason.
local env = require "spec.support.luasec.env"

local pki = env.pki

local function first(path)
  return assert(env.ssl.loadcertificate(pki.read(path)))
end

local about = {
  leaf = first(pki.server.p256.leaf), issuer = first(pki.server.p256.issuers), root = first(pki.root.p256),
  other = first(pki.server.p384.leaf),
}

local function octets(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function der(pem)
  return (require "mime".unb64((pem:gsub("%-%-%-%-%-[^\n]*\n", ""))))
end

local function hash(name, bytes)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "wb"))
  file:write(bytes)
  file:flush()
  local out = assert(io.popen(("openssl dgst -%s -r %s"):format(name, path))):read "l"
  os.remove(path)
  return octets(out:match "^%x+")
end

local kept = {}

-- The association data of a record (RFC 6698 section 2.1).
local function data(name, selector, matching)
  local key = ("%s %d %d"):format(name, selector, matching)
  if not kept[key] then
    local cert = about[name]
    local bytes = der(selector == 0 and cert:pem() or (cert:pubkey()))
    kept[key] = matching == 0 and bytes or hash(matching == 1 and "sha256" or "sha512", bytes)
  end
  return kept[key]
end

local function outcome(config, records)
  return tostring((env.outcome(config, {}, function(c)
    assert(c:setdane "localhost")
    for _, r in ipairs(records) do assert(c:settlsa(table.unpack(r))) end
  end)))
end

for usage = 0, 3 do
  for selector = 0, 1 do
    for matching = 0, 2 do
      for _, name in ipairs { "leaf", "issuer", "root", "other" } do
        for _, anchors in ipairs { "with", "without" } do
          local config = { dane = true, cafile = anchors == "with" and pki.root.p256 }
          local record = { usage, selector, matching, data(name, selector, matching) }
          print(("%d %d %d %s, %s anchors: %s"):format(usage, selector, matching, name, anchors,
            outcome(config, { record })))
        end
      end
    end
  end
end

local plain = { dane = true, cafile = false }
local wrong, right = ("x"):rep(64), { 3, 0, 1, data("leaf", 0, 1) }
print("the weaker of two digests does not count: " .. outcome(plain, { { 3, 0, 2, wrong }, right }))
print("the stronger does: " .. outcome(plain, { { 3, 0, 1, wrong:sub(1, 32) }, { 3, 0, 2, data("leaf", 0, 2) } }))
print("one of several: " .. outcome(plain, { { 2, 0, 1, wrong:sub(1, 32) }, right }))
print("no records: " .. outcome(plain, {}))
print("no records, anchors: " .. outcome({ dane = true }, {}))

-- The name is verified, and for DANE-EE need not be (RFC 7671 section 5.1).
local function named(config, usage, of)
  return tostring((env.outcome(config, {}, function(c)
    assert(c:setdane "other.example")
    assert(c:settlsa(usage, 0, 1, data(of, 0, 1)))
  end)))
end
print("another name: " .. named(plain, 3, "leaf"))
print("another name, no_ee_namechecks: " .. named({ dane = { "no_ee_namechecks" }, cafile = false }, 3, "leaf"))
print("another name, DANE-TA: " .. named({ dane = { "no_ee_namechecks" }, cafile = false }, 2, "issuer"))
