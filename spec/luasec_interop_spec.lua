-- LuaSec's programs on either side: the script that specs use as a LuaSec peer, run on LuaSec and on bearssl.luasec,
-- against each other.
local child = require "spec.support.child"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local interpreter = os.getenv "LUA" or "lua5.4" -- of this build, which peers do not see
local script = io.popen "pwd":read "l" .. "/spec/support/luasec.lua"

local function command(ours, role, options)
  local words = {}
  for name, value in pairs(options) do words[#words + 1] = ("'%s=%s'"):format(name, value) end
  table.sort(words)
  local lua = ours and ("env %s %s -lbearssl.luasec"):format(child, interpreter) or "lua5.4"
  return ("%s %s %s %s"):format(lua, script, role, table.concat(words, " "))
end

-- What both ends printed, after an echo of `data`.
local function exchange(server_ours, client_ours, server_options, client_options, data)
  local pair = pki.server[server_options.kind or "p256"]
  local of_server = { certificate = pair.certificate, key = pair.key }
  for name, value in pairs(server_options) do of_server[name] = name ~= "kind" and value or nil end
  local server <close> = peer.start(command(server_ours, "server", of_server))
  local port = server:wait_for "port (%d+)"
  local of_client = { port = port, name = "localhost", cafile = pki.roots, verify = "peer" }
  for name, value in pairs(client_options) do of_client[name] = value end
  local client <close> = peer.start(command(client_ours, "client", of_client), data)
  local status, out = client:finish()
  assert.equal(0, status, out)
  local server_status, server_out = server:finish()
  assert.equal(0, server_status, server_out)
  return out, server_out
end

local sides = {
  { "LuaSec's server, our client", false, true }, { "our server, LuaSec's client", true, false },
  { "both of ours", true, true },
}

local mine = pki.client.p256
local exchanges = {
  { "TLS 1.2", { protocol = "tlsv1_2" }, { protocol = "tlsv1_2" }, "handshake TLSv1%.2" },
  { "TLS 1.3", { protocol = "any" }, { protocol = "any" }, "handshake TLSv1%.3" },
  { "a server that stops at 1.2", { protocol = "tlsv1_2" }, { protocol = "any" }, "handshake TLSv1%.2" },
  { "a client that stops at 1.2", { protocol = "any" }, { protocol = "tlsv1_2" }, "handshake TLSv1%.2" },
  { "an RSA key", { protocol = "any", kind = "rsa2048" }, { protocol = "any" }, "handshake TLSv1%.3" },
  { "P-384", { protocol = "any", kind = "p384" }, { protocol = "any" }, "handshake TLSv1%.3" },
  { "Ed25519", { protocol = "any", kind = "ed25519" }, { protocol = "any" }, "handshake TLSv1%.3" },
  { "ALPN", { protocol = "any", alpn = "x,b" }, { protocol = "any", alpn = "a,b" }, "handshake TLSv1%.3 %S+ b\n" },
  { "one suite", { ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305" }, {}, "ECDHE%-ECDSA%-CHACHA20%-POLY1305" },
  { "RSA key exchange with CBC", { kind = "rsa2048", ciphers = "AES128-SHA" }, { ciphers = "AES128-SHA" },
    "handshake TLSv1%.2 AES128%-SHA" },
  { "client certificates, TLS 1.3", { protocol = "any", verify = "require", cafile = pki.root.p256 },
    { protocol = "any", certificate = mine.certificate, key = mine.key }, "handshake TLSv1%.3" },
  { "client certificates, TLS 1.2", { verify = "require", cafile = pki.root.p256 },
    { certificate = mine.certificate, key = mine.key }, "handshake TLSv1%.2" },
}

for _, side in ipairs(sides) do
  describe(side[1], function()
    for _, row in ipairs(exchanges) do
      it("speak " .. row[1], function()
        local data = ("0123456789abcdef"):rep(20000)
        local client, server = exchange(side[2], side[3], row[2], row[3], data)
        assert.truthy((client .. "\n"):find(row[4]), client)
        assert.truthy((server .. "\n"):find(row[4]), server)
        assert.truthy(client:find("same " .. #data, 1, true), client)
        assert.truthy(client:find("peer localhost", 1, true), client)
        local of_client, of_server = client:match "finished (%x+) (%x+)"
        assert.same({ of_client, of_server }, { server:match "finished %x+ (%x+)", server:match "finished (%x+) %x+" })
        local named = row[3].certificate and "peer p256 client" or "peer -"
        assert.truthy(server:find(named, 1, true), server)
      end)
    end
  end)
end
