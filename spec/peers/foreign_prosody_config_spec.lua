-- Debian's Prosody with configurations that its users have: what each lets in, on LuaSec and on bearssl.luasec.
local bearssl = require "bearssl"
local foreign = require "spec.support.foreign"
local peer = require "spec.support.peer"
local prosody = require "spec.support.prosody"
local xmpp = require "spec.support.xmpp"

local rows = { -- the lines; what comes of a login by TLS 1.2, and by TLS 1.3; what is in the log
  { 'tls_profile = "modern"', "protocol_version", "result" },
  { 'tls_profile = "intermediate"', "result", "result" },
  { 'tls_profile = "old"', "result", "result" },
  { 'tls_profile = "legacy"', "result", "result" },
  { 'ssl = { protocol = "tlsv1_2" }', "result", "protocol_version" },
  { 'ssl = { options = { "no_tlsv1_2", "single_dh_use" } }', "protocol_version", "result" },
  { 'ssl = { protocol = "tlsv1_2", ciphers = "ECDHE+CHACHA20" }', "result", "protocol_version" },
  { 'ssl = { ciphers = "NONESUCH" }', "no TLS", "no TLS", "error setting cipher list (no cipher match)" },
  { 'ssl = { curve = "secp384r1", dhparam = "@/dh.pem" }', "result", "result" },
  { 'ssl = { key = "@/encrypted.key", certificate = "@/a.example.crt", password = "secret" }', "result", "result" },
  { 'ssl = { key = "@/encrypted.key", certificate = "@/a.example.crt" }', "no TLS", "no TLS", "bad decrypt" },
  { 'ssl = { key = "@/sec1.key", certificate = "@/a.example.crt" }', "result", "result" },
  { 'ssl = { key = "@/ca.key", certificate = "@/a.example.crt" }', "no TLS", "no TLS",
    "private key does not match public key" },
  { 'certificates = "@/folders"', "result", "result" },
}

local setup_files = [[cd %s && openssl ec -aes128 -passout pass:secret -in a.example.key -out encrypted.key &&
  openssl ec -in a.example.key -out sec1.key && mkdir -p folders/a.example && echo none >dh.pem &&
  cp a.example.crt folders/a.example/fullchain.pem && cp a.example.key folders/a.example/privkey.pem]]

describe("Prosody", function()
  local ca

  lazy_setup(function()
    ca = foreign.authority()
    ca:issue("a.example", { names = "DNS:a.example" })
    assert(os.execute("( " .. setup_files:format(ca.dir) .. " ) 2>/dev/null"))
  end)
  lazy_teardown(function()
    ca:__close()
  end)

  -- "result" of a ping after a login, the alert that came, or that there was no STARTTLS.
  local function login(server, version)
    local config = assert(bearssl.client { trust = ca.dir .. "/ca.pem", min_version = version, max_version = version })
    local sock = peer.connect(server.c2s)
    local offered, stream = pcall(xmpp.stream, sock, "a.example")
    if not offered then return "no TLS" end
    local done, answer = pcall(function()
      stream:starttls(xmpp.wrapper(config, "a.example"))
      return stream:login("me", "secret"):ping()
    end)
    stream:close()
    return done and answer or answer.alert or tostring(answer)
  end

  for _, side in ipairs(foreign.sides) do
    for _, row in ipairs(rows) do
      it(("on %s with %s"):format(side, row[1]), function()
        local server <close> = prosody.start(side, { certificates = ca.dir, hosts = { ["a.example"] = "" },
          users = { ["me@a.example"] = "secret" }, config = row[1]:gsub("@", ca.dir) })
        assert.same({ row[2], row[3] }, { login(server, "1.2"), login(server, "1.3") })
        assert.truthy(server:log():find(row[4] or "", 1, true), server:log())
      end)
    end
  end
end)
