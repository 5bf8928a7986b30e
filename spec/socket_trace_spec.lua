-- The trace and on_message on sockets: steps come as they happen, in the middle of a receive too.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local function described(step)
  return ("%s %s"):format(step.direction, step.name)
end

-- Names of the messages among the steps, in order.
local function messages(steps)
  local list = {}
  for _, step in ipairs(steps) do
    if step.kind == "message" then list[#list + 1] = described(step) end
  end
  return list
end

local handshake = { -- RFC 8446 section 2, figure 1
  "sent ClientHello", "received ServerHello", "received EncryptedExtensions", "received Certificate",
  "received CertificateVerify", "received Finished", "sent Finished",
}

local function connected(client_options, server_options)
  local defaults = ends.defaults
  ends.defaults = { max_version = "1.3" }
  local client, server = ends.client(client_options), ends.server(server_options)
  ends.defaults = defaults
  return ends.connected_sockets(client, server)
end

describe("the trace of a socket", function()
  it("has the messages of a handshake in their order", function()
    local c <close> = connected { trace = true }
    assert.same(handshake, messages(c:trace()))
  end)

  it("is told as it happens, before the handshake is done", function()
    local steps, states, sock = {}, {}, nil
    local config = tls.client { max_version = "1.3", on_message = function(step)
      steps[#steps + 1] = step
      states[#states + 1] = sock:state()
    end }
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_3")
    sock = assert(config:wrap(peer.connect(server.port), { name = "localhost" }))
    sock:settimeout(10)
    assert(sock:handshake())
    assert.same(handshake, messages(steps))
    assert.equal("handshake", states[1])
    assert.same(messages(steps), messages(sock:trace()))
    assert(sock:send "hello\n")
    assert.equal("olleh", (assert(sock:receive "*l")))
    local last = steps[#steps]
    assert.same({ "received NewSessionTicket", true }, { described(last), last.encrypted })
    sock:close()
  end)

  it("is told in the middle of a receive, which loses nothing", function()
    local names = {}
    local c, s = connected { on_message = function(step) names[#names + 1] = described(step) end }
    names = {}
    for i = 1, 3 do
      assert(s:send(("part %d, "):format(i)))
      assert(s:update_keys())
    end
    assert(s:send "end\n")
    assert.equal("part 1, part 2, part 3, end", (assert(c:receive "*l")))
    local updates = 0
    for _, name in ipairs(names) do updates = updates + (name == "received KeyUpdate" and 1 or 0) end
    assert.equal(3, updates)
    s:send "12345"
    assert(s:update_keys())
    s:send "67890"
    assert.equal("1234567890", (assert(c:receive(10))))
    c:close()
    s:close()
  end)

  it("may have a callback that yields, in a receive too", function()
    local yields = 0
    local c, s = connected { on_message = function()
      if not coroutine.isyieldable() then return end
      yields = yields + 1
      coroutine.yield()
    end }
    s:send "one, "
    s:update_keys()
    s:send "two\n"
    local line
    local thread = coroutine.wrap(function()
      line = c:receive "*l"
      return "done"
    end)
    repeat local state = thread() until state == "done"
    assert.equal("one, two", line)
    assert.is_true(yields >= 1)
    c:close()
    s:close()
  end)

  it("ends the connection where the callback raises, and raises that", function()
    local function raise() error("seen enough", 0) end
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_3")
    local config = tls.client { max_version = "1.3", on_message = raise }
    local sock <close> = assert(config:wrap(peer.connect(server.port), { name = "localhost" }))
    sock:settimeout(10)
    assert.same({ false, "seen enough" }, { pcall(sock.handshake, sock) })
    assert.equal("failed", sock:state())
  end)

  it("shows the alert that a peer sent, and the decision that ours came from", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_3")
    local config = assert(bearssl.client { trust = pki.stranger, max_version = "1.3", trace = true })
    local sock <close> = assert(config:wrap(peer.connect(server.port), { name = "localhost" }))
    sock:settimeout(10)
    local ok, err = sock:handshake()
    assert.is_nil(ok)
    assert.equal("unknown_issuer", err.code)
    local steps = sock:trace()
    local last = steps[#steps]
    assert.same({ "sent alert", "fatal", "unknown_ca" },
      { described(last), last.fields.level, last.fields.description })
  end)

  it("costs nothing where nobody asked: no step is kept", function()
    local c <close> = connected()
    assert.same({}, c:trace())
  end)
end)
