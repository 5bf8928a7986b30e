-- goals.lua - what docs/performance.md's tables of goals hold: what is to be how much cheaper than what. A value is the
-- key of a row ("name metric"), or two with a minus between them; rates count as time for one. `most`: at most so many
-- times the other's; `least`: the other takes at least so many times ours.

local function primitive(name, text, goal, other)
  local function of(stack) return ("primitive/%s/%s cpu"):format(stack, name) end
  other = other or "openssl"
  return {
    text = text, ours = of "bearssl", other = of(other), whose = other, more = of "bearssl-none",
    most = goal.most, least = goal.least,
  }
end

local primitives = {
  primitive("x25519-generate", "X25519, key made", { most = 1.2 }),
  primitive("x25519-agree", "X25519, agreement", { most = 1.2 }),
  primitive("p256-generate", "P-256, key made", { most = 1.5 }),
  primitive("p256-sign", "P-256, signature made", { most = 1.5 }),
  primitive("p256-agree", "P-256, agreement", { most = 1.5 }),
  primitive("p256-verify", "P-256, signature verified", { most = 1.5 }),
  primitive("p384-verify", "P-384, signature verified", { most = 2 }),
  primitive("p521-verify", "P-521, signature verified", { most = 2 }),
  primitive("ed25519-sign", "Ed25519, signature made", { most = 1.5 }, "libsodium"),
  primitive("ed25519-verify", "Ed25519, signature verified", { most = 1.5 }, "libsodium"),
  primitive("rsa2048-public", "RSA-2048, signature verified", { most = 1.3 }),
  primitive("rsa3072-public", "RSA-3072, signature verified", { most = 1.3 }),
  primitive("rsa4096-public", "RSA-4096, signature verified", { most = 1.3 }),
  primitive("rsa2048-private", "RSA-2048, signature made", { most = 1.5 }),
  primitive("aes128gcm-16k", "AES-128-GCM, 16 KiB", { least = 1.5 }),
  primitive("aes256gcm-16k", "AES-256-GCM, 16 KiB", { least = 1.5 }),
  primitive("aes128gcm-64", "AES-128-GCM, 64 bytes", { least = 2.5 }),
  primitive("aes256gcm-64", "AES-256-GCM, 64 bytes", { least = 2.5 }),
  primitive("chacha20poly1305-16k", "ChaCha20-Poly1305, 16 KiB", { least = 0.9 }),
  primitive("sha256-16k", "SHA-256, 16 KiB", { least = 1 }),
  primitive("sha384-16k", "SHA-384, 16 KiB", { least = 0.9 }),
}

local module = {}

-- `key` has STACK in it.
local function beside(text, key, most, stack, other_key)
  local ours, whose = key:gsub("STACK", "bearssl"), stack or "luasec"
  module[#module + 1] = {
    text = text, ours = ours, other = ((other_key or key):gsub("STACK", whose)), whose = whose, most = most,
  }
end

beside("`require` and a config with an empty store, over LuaSocket's own start",
  "cold/STACK/empty cpu - cold/luasocket cpu", 0.2)
beside("system's roots ready for the first handshake", "trust/STACK first", 0.05)
beside("memory of each further config with these roots", "trust/STACK config", 0.05)
beside("one HTTPS call as a process, system's roots", "oneshot/STACK/bundle cpu", 0.15)
beside("the same, beside curl", "oneshot/STACK/bundle cpu", 0.2, "curl")
beside("the same, beside Python", "oneshot/STACK/bundle cpu", 0.2, "python")

local function handshakes(version, goals)
  local function full(text, kind, side, most)
    beside(("full handshake %s, %s"):format(version, text),
      ("handshake/STACK/%s/full/%s %s_cpu"):format(kind, version, side), most)
  end
  full("client, EC chain of 3", "p256", "client", goals.client)
  if goals.seen then
    local key = ("handshake/STACK/p256/%s/%s client_cpu"):format("%s", version)
    beside("the same, chain seen before", key:format "known", goals.seen, nil, key:format "full")
  end
  full("client, RSA chain of 3", "rsa2048", "client", goals.rsa_client)
  full("server, EC", "p256", "server", goals.server)
  full("server, RSA-2048", "rsa2048", "server", goals.rsa_server)
  beside(("resumed handshake %s, client"):format(version),
    ("handshake/STACK/p256/resumed/%s client_cpu"):format(version), goals.resumed_client, "libssl")
  beside(("resumed handshake %s, server"):format(version),
    ("handshake/STACK/p256/resumed/%s server_cpu"):format(version), goals.resumed_server)
end

handshakes("1.3", {
  client = 0.5, seen = 0.3, rsa_client = 0.4, server = 0.5, rsa_server = 0.7,
  resumed_client = 0.4, resumed_server = 0.35,
})
handshakes("1.2", {
  client = 0.6, rsa_client = 0.6, server = 0.6, rsa_server = 0.6, resumed_client = 0.6, resumed_server = 0.6,
})

for _, cipher in ipairs { "aes128gcm", "chacha20" } do
  for _, direction in ipairs { "receive", "send" } do
    for _, chunk in ipairs { "16k", "64k" } do
      local key = ("bulk/STACK/%s/%s/%s/1.3 client_cpu"):format(cipher, direction, chunk)
      local name = cipher == "aes128gcm" and "AES-128-GCM" or "ChaCha20-Poly1305"
      beside(("%s, %s, %s"):format(name, direction, chunk), key, cipher == "aes128gcm" and 0.7 or 0.8)
      if cipher == "aes128gcm" and chunk == "16k" then
        beside("the same, beside LuaSocket's plain TCP", key, 1, "plain",
          ("bulk/STACK/tcp/%s/16k client_cpu"):format(direction))
      end
    end
  end
end
beside("64 bytes there and back, client", "pingpong/STACK/64/1.3 client_cpu", 0.8)
beside("idle connection, client: memory", "idle/STACK/client/1.3 private", 0.15)
beside("idle connection, server: memory", "idle/STACK/server/1.3 private", 0.25)
beside("a certificate parsed and read field by field", "certificates/STACK read", 0.08)
beside("EC chain of 3 validated, nothing cached", "validate/STACK/p256 fresh", 0.6, "openssl")
beside("RSA chain of 3 validated, nothing cached", "validate/STACK/rsa2048 fresh", 0.5, "openssl")

return { primitives = primitives, module = module }
