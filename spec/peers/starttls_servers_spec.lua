-- bearssl.starttls as a client of Debian's servers: Dovecot (IMAP, POP3), OpenLDAP, vsftpd with its data connections,
-- Prosody. SMTP, PostgreSQL and MariaDB: spec/interop/starttls_heavy_spec.lua.
local bearssl = require "bearssl"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local prosody = require "spec.support.prosody"
local revoke = require "spec.support.revoke"
local services = require "spec.support.services"
local starttls = require "bearssl.starttls"

local pair = pki.server.rsa2048

local function upgrade(protocol, port, config, options)
  local all = { name = "localhost", timeout = 30 }
  for key, value in pairs(options or {}) do all[key] = value end
  local sock = assert(starttls[protocol](peer.connect(port), config, all))
  sock:settimeout(30)
  return sock
end

for _, version in ipairs { "1.2", "1.3" } do
  describe("starttls, TLS " .. version .. ",", function()
    local config = assert(bearssl.client { trust = pki.root.rsa2048, max_version = version, engine = "native" })

    it("reaches Dovecot by IMAP", function()
      local server <close> = services.dovecot(pair)
      local sock <close> = upgrade("imap", server.imap, config)
      assert(sock:send "a CAPABILITY\r\n")
      assert.truthy(sock:receive():find "^%* CAPABILITY IMAP4rev1")
      assert.equal("TLSv" .. version, sock:info().version)
    end)

    it("reaches Dovecot by POP3", function()
      local server <close> = services.dovecot(pair)
      local sock <close> = upgrade("pop3", server.pop3, config)
      assert(sock:send "CAPA\r\n")
      assert.equal("+OK", sock:receive())
    end)

    it("reaches OpenLDAP", function()
      local server <close> = services.slapd(pair)
      local sock <close> = upgrade("ldap", server.port, config)
      assert(sock:send "\x30\x0c\x02\x01\x02\x60\x07\x02\x01\x03\x04\x00\x80\x00") -- an anonymous bind
      assert.equal("\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00", sock:receive(14))
    end)

    it("reaches vsftpd, and its data connections, which must resume the session", function()
      local server <close> = services.vsftpd(pair)
      local control <close> = upgrade("ftp", server.port, config)
      local function command(line)
        assert(control:send(line .. "\r\n"))
        return control:receive()
      end
      assert.truthy(command "USER anonymous":find "^230 ")
      assert(starttls.ftp_protect(control))
      for _ = 1, 3 do
        local high, low = command "PASV":match "(%d+),(%d+)%)"
        local tcp = peer.connect(high * 256 + low)
        assert.truthy(command "RETR hello":find "^150 ")
        local data <close> = assert(starttls.ftp_data(control, tcp, config, { name = "localhost", timeout = 30,
          require_resumption = true }))
        assert.equal("hello over two connections\n", data:receive "*a")
        data:close()
        assert.truthy(control:receive():find "^226 ")
      end
    end)
  end)
end

describe("starttls", function()
  it("reaches Prosody", function()
    local folder = revoke.file "":match "^(.*)/"
    local server <close> = prosody.start("LuaSec", {
      certificates = folder, hosts = {
        localhost = ("ssl = { certificate = %q, key = %q }\nc2s_require_encryption = true\n"):format(pair.certificate,
          pair.key),
      },
    })
    local config = assert(bearssl.client { trust = pki.root.rsa2048 })
    local sock <close> = upgrade("xmpp", server.c2s, config)
    assert(sock:send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='localhost' version='1.0' "
      .. "xmlns:stream='http://etherx.jabber.org/streams'>"))
    local text = ""
    repeat text = text .. sock:receive(1) until text:find "</stream:features>"
    assert.truthy(text:find("<mechanisms", 1, true))
    assert.is_nil(text:find("<starttls", 1, true))
  end)

  it("names the certificate's fault, and closes", function()
    local server <close> = services.slapd(pair)
    local tcp = peer.connect(server.port)
    local config = assert(bearssl.client { trust = pki.root.p256 })
    local sock, err = starttls.ldap(tcp, config, { name = "localhost" })
    assert.is_nil(sock)
    assert.equal("unknown_issuer", err.code)
    assert.equal(-1, tcp:getfd())
  end)
end)
