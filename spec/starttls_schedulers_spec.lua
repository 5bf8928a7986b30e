-- bearssl.starttls, sockets on objects, and handshakes that fetch, under every scheduler: both ends are coroutines of
-- one program, so that whoever held it up would wait for ever.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local fetch = require "bearssl.fetch"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"
local scheduler = require "bearssl.scheduler"
local schedulers = require "spec.support.schedulers"
local socket = require "socket"
local starttls = require "bearssl.starttls"

local identity = pki.server.p256

-- An HTTP server within the program: gives `body` to the first who asks.
local function serve_once(listener, body)
  local sock = scheduler.socket(assert(scheduler.socket(listener):accept()))
  repeat until sock:receive() == ""
  sock:send(("HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body))
  sock:close()
end

for _, name in ipairs { "coroutine", "cqueues", "luv", "copas" } do
  describe("under " .. name, function()
    local server = assert(bearssl.server { certificate = identity.certificate, key = identity.key })
    local client = assert(bearssl.client { trust = pki.root.p256 })

    for _, protocol in ipairs { "smtp", "xmpp", "mysql" } do
      it("both halves of " .. protocol .. " talk, and TLS within that TLS", function()
        local near, far = ends.tcp()
        local heard
        schedulers.run(name, function(go)
          go(function()
            local outer = assert(starttls[protocol](far, server, { timeout = 60 }))
            local inner = assert(server:wrap(outer))
            heard = assert(inner:receive())
            inner:close()
          end)
          local outer = assert(starttls[protocol](near, client, { name = "localhost", timeout = 60 }))
          local inner = assert(client:wrap(outer, { name = "localhost" }))
          assert(inner:send "hello\n")
          assert.same({ nil, "closed", "" }, { inner:receive() })
          inner:close()
        end)
        assert.equal("hello", heard)
      end)
    end

    it("a handshake waits for what it fetches, and nobody else does", function()
      local listener = assert(socket.bind("127.0.0.1", 0))
      local _, port = listener:getsockname()
      local pair = revoke.issue("leaf", { names = "localhost", ca_issuers = ("http://127.0.0.1:%d/ca"):format(port) })
      local lone = assert(bearssl.server { certificate = pair.certificate, key = pair.key })
      local fetching = assert(bearssl.client { trust = pki.root.p256, aia = fetch.new() })
      local near, far = ends.tcp()
      local chain
      schedulers.run(name, function(go)
        go(function()
          local sock = scheduler.socket(assert(lone:wrap(far)))
          assert(sock:handshake())
          sock:receive()
          sock:close()
        end)
        go(function()
          scheduler.current().sleep(0.05)
          serve_once(listener, pki.read(pki.dir .. "/p256-intermediate.pem"))
        end)
        local sock = scheduler.socket(assert(fetching:wrap(near, { name = "localhost" })))
        assert(sock:handshake())
        chain = sock:verified_chain()
        sock:close()
      end)
      listener:close()
      assert.equal(3, #chain)
    end)
  end)
end
