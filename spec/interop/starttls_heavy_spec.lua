-- bearssl.starttls as a client of Debian's servers that are too heavy for `make test`, or want root: exim4,
-- postgresql, mariadb-server. docs/starttls.md has what came of it.
local bearssl = require "bearssl"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local services = require "spec.support.services"
local starttls = require "bearssl.starttls"

local pair = pki.server.rsa2048
local config = assert(bearssl.client { trust = pki.root.rsa2048 })

local function upgrade(protocol, port)
  local sock, facts = assert(starttls[protocol](peer.connect(port), config, { name = "localhost", timeout = 30 }))
  sock:settimeout(30)
  return sock, facts
end

describe("starttls", function()
  it("reaches exim4 by SMTP", function()
    local server <close> = services.exim(pair)
    local sock <close> = upgrade("smtp", server.port)
    assert(sock:send "EHLO localhost\r\n")
    local lines = {}
    repeat lines[#lines + 1] = sock:receive() until lines[#lines]:find "^250 "
    assert.is_nil(table.concat(lines, "\n"):find "STARTTLS")
  end)

  it("reaches PostgreSQL", function()
    local server <close> = services.postgres(pair)
    server:wait_for "ready to accept connections"
    local sock <close> = upgrade("postgres", server.port)
    local startup = "user\0postgres\0database\0postgres\0\0"
    assert(sock:send((">I4I4"):pack(8 + #startup, 3 << 16) .. startup))
    local kind, size = (">c1I4"):unpack(sock:receive(5))
    assert.same({ "R", "\0\0\0\0" }, { kind, sock:receive(size - 4) }) -- AuthenticationOk
  end)

  it("reaches MariaDB", function()
    local server <close> = services.mariadb(pair)
    local tls, facts = upgrade("mysql", server.port)
    local sock <close> = tls
    local response = ("<I4I4B"):pack(facts.capabilities, 1 << 24, 45) .. ("\0"):rep(23)
      .. "nobody\0\0mysql_native_password\0"
    assert(sock:send(("<I3B"):pack(#response, facts.sequence) .. response))
    local size, sequence = ("<I3B"):unpack(sock:receive(4))
    assert.equal(facts.sequence + 1, sequence)
    assert.truthy(sock:receive(size):find("Access denied for user 'nobody'", 1, true))
  end)
end)
