-- Callbacks of TLS under every scheduler: rows of support/scheduler_rows, whose `it_runs` runs them by one of them.
local assert = require "luassert"
local ends = require "spec.support.ends"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local schedulers = require "spec.support.schedulers"

local pair, both, connected = schedulers.pair, schedulers.both, schedulers.connected

-- ecdsa_secp256r1_sha256, by openssl
local function sign(key, message)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(message)
  file:close()
  local pipe <close> = assert(io.popen(("openssl dgst -sha256 -sign %s %s; rm %s"):format(key, path, path)))
  return pipe:read "a"
end

return function(describe, it_runs)
  describe("callbacks that wait:", function()
    local function sleep(...)
      scheduler.current().sleep(0.01)
      return ...
    end

    for _, version in ipairs { "1.2", "1.3" } do
      it_runs("each of them, in TLS " .. version, function(go)
        local mine, asked = pki.client.p256, {}
        local function on(event, answer)
          return function(...)
            asked[event] = sleep(true)
            if answer then return answer(...) end
          end
        end
        local inner = ends.server { engine = "native", max_version = version, client_auth = "require",
          client_trust = pki.root.p256, on_peer = on("peer", function() return true end) }
        local server = ends.server { engine = "native", max_version = version,
          on_client_hello = on("hello", function() return inner end) }
        local signature = on("signature", function(_, message) return sign(mine.key, message) end)
        local client = ends.client { engine = "native", max_version = version, key_log = on "key_log",
          on_certificate_request = on("request", function() return mine.certificate, signature end) }
        local c, s = connected(go, client, server)
        assert(s:send "done\n")
        assert.equal("done", c:receive())
        assert.same({ peer = true, hello = true, request = true, signature = true, key_log = true }, asked)
        c:close()
        s:close()
      end)
    end

    it_runs("what one raises reaches who called, and the peer hears of it", function(go)
      local server = ends.server { engine = "native", on_client_hello = function()
        sleep()
        error("no such host", 0)
      end }
      local c, s = pair(nil, server)
      local there, back = both(go, function() return c:handshake() end, function()
        local _ <close> = s
        return pcall(s.handshake, s)
      end)
      assert.same({ false, "no such host" }, { back[1], back[2] })
      assert.equal("peer_alert", there[2].code)
      assert.truthy(tostring(there[2]):find("internal_error", 1, true))
      c:close()
    end)
  end)

  it_runs("a callback is asked once, where two coroutines use the socket", function(go)
    local asked = 0
    local inner = ends.server { engine = "native" }
    local c, s = pair(nil, ends.server { engine = "native", on_client_hello = function()
      asked = asked + 1
      scheduler.current().sleep(0.05)
      return inner
    end })
    local got = {}
    go(function()
      assert(c:send "to server\n")
      got.c = c:receive()
    end)
    go(function() got.s = s:receive() end)
    scheduler.current().sleep(0.02)
    assert(s:send "to client\n")
    while not (got.c and got.s) do scheduler.current().sleep(0.01) end
    assert.same({ c = "to client", s = "to server" }, got)
    assert.equal(1, asked)
    c:close()
    s:close()
  end)

  it_runs("a callback that uses its own connection is told so, and waits for itself no longer", function(go)
    local c, s
    c, s = pair(nil, ends.server { engine = "native", on_client_hello = function()
      scheduler.current().sleep(0.01)
      s:send "too early"
    end })
    local there, back = both(go, function() return c:handshake() end, function()
      local _ <close> = s
      return pcall(s.handshake, s)
    end)
    assert.same({ false, "a callback of this connection has not answered yet" }, { back[1], back[2] })
    assert.equal("peer_alert", there[2].code)
    c:close()
  end)
end
