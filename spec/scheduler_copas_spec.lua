-- TLS in the coroutines of copas, in a process that has loaded nothing else.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local pki = require "spec.support.pki"
local run = require "spec.support.schedulers".run
local scheduler = require "bearssl.scheduler"
local socket = require "socket"

require "spec.support.scheduler_rows"("copas", describe, it)

describe("a server of copas' own", function()
  it("speaks TLS on the sockets that it hands to its handler", function()
    local server, ended, lines = ends.server(), 0, {}
    run("copas", function(go)
      local listener = assert(socket.bind("127.0.0.1", 0))
      local _, port = listener:getsockname()
      require "copas".addserver(listener, function(tcp) -- its timeout is 0
        local tls <close> = scheduler.socket(assert(server:wrap(tcp)))
        for line in function() return tls:receive() end do assert(tls:send(line:upper() .. "\n")) end
        ended = ended + 1
      end)
      for i = 1, 3 do
        go(function()
          local tls <close> = assert(bearssl.connect("localhost", port, { trust = pki.root.p256, timeout = 60 }))
          assert(tls:send("line " .. i .. "\n"))
          lines[i] = tls:receive()
        end)
      end
      while ended < 3 do scheduler.current().sleep(0.01) end
    end)
    assert.same({ "LINE 1", "LINE 2", "LINE 3" }, lines)
  end)
end)
