-- Debian's Prosodys among each other, with certificates on both ends and SASL EXTERNAL (RFC 6120 section 13.8), after
-- STARTTLS and with direct TLS (XEP-0368): on LuaSec, on bearssl.luasec, and one of each.
local bearssl = require "bearssl"
local foreign = require "spec.support.foreign"
local peer = require "spec.support.peer"
local prosody = require "spec.support.prosody"
local xmpp = require "spec.support.xmpp"

describe("Prosody and Prosody", function()
  local ca, stranger
  local servers = {}

  -- A server for NAME.example. Others find it where it does direct TLS, or not.
  local function start(name, side, authority, direct)
    local host = name:lower() .. ".example"
    authority:issue(host, { names = { "DNS:" .. host, "otherName:1.3.6.1.5.5.7.8.5;UTF8:" .. host } })
    local server = prosody.start(side, {
      s2s = true, certificates = authority.dir, users = { ["me@" .. host] = "secret" }, hosts = { [host] = "" },
      modules = { "test_names" },
      config = ([[test_names = "%s/names"
        s2s_secure_auth = true
        ssl = { cafile = "%s/ca.pem" }]]):format(ca.dir, ca.dir),
    })
    local line = direct and ("_xmpps-server._tcp.%s %d\n"):format(host, server.s2s_direct)
      or ("_xmpp-server._tcp.%s %d\n"):format(host, server.s2s)
    local names <close> = assert(io.open(ca.dir .. "/names", "a"))
    names:write(line)
    server.host, servers[name] = host, server
  end

  lazy_setup(function()
    ca, stranger = foreign.authority(), foreign.authority "Stranger"
    for _, side in ipairs(foreign.sides) do
      start(side, side, ca)
      start("direct-" .. side, side, ca, true)
      start("stranger-" .. side, side, stranger)
    end
  end)
  lazy_teardown(function()
    for _, server in pairs(servers) do server:__close() end
    ca:__close()
    stranger:__close()
  end)

  local function login(server)
    local wrap = xmpp.wrapper(assert(bearssl.client { verify = "none" }))
    return xmpp.stream(peer.connect(server.c2s), server.host):starttls(wrap):login("me", "secret")
  end

  local function has(server, text)
    assert.truthy(server:log():find(text, 1, true), server:log())
  end

  for _, side in ipairs(foreign.sides) do
    for _, other in ipairs(foreign.sides) do
      it(("federate: STARTTLS on %s, direct TLS on %s"):format(side, other), function()
        local from, to = servers[side], servers["direct-" .. other]
        local stream <close> = login(from)
        assert.equal("result", stream:ping(to.host))
        for _, ends in ipairs { { from, to }, { to, from } } do
          has(ends[1], ("SASL EXTERNAL with %s succeeded"):format(ends[2].host))
          has(ends[1], "certificate identity validation result: valid")
        end
      end)

      it(("part: %s and a stranger on %s"):format(side, other), function()
        local from, to = servers["stranger-" .. other], servers[side]
        local stream <close> = login(to)
        assert.equal("error", stream:ping(from.host))
        local back <close> = login(from)
        assert.equal("error", back:ping(to.host))
        assert.falsy(from:log():find(("SASL EXTERNAL with %s succeeded"):format(to.host), 1, true))
        has(to, "certificate chain validation result: invalid")
        has(to, "certificate error(s) at depth 0: unable to get local issuer certificate")
      end)
    end
  end

  it("see TLS 1.3 on both ends", function()
    for _, server in pairs(servers) do
      assert.truthy(server:log():find "s2s%l+%x+%s+info%s+Stream encrypted %(TLSv1%.3 with TLS_", server.host)
    end
  end)
end)
