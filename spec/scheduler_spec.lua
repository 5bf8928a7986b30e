-- The schedulers: TLS and TCP whose waits hold up one coroutine alone.
local ends = require "spec.support.ends"
local scheduler = require "bearssl.scheduler"
local socket = require "socket"

describe("scheduler.loop", function()
  it("runs a TLS server and its clients in one process", function()
    local client, server = ends.client(), ends.server()
    local loop, lines = scheduler.loop(), {}
    local listener = scheduler.socket(assert(socket.bind("127.0.0.1", 0)), "coroutine")
    local _, port = listener:getsockname()
    loop:spawn(function()
      for _ = 1, 5 do
        local tcp = assert(listener:accept())
        loop:spawn(function()
          local tls <close> = scheduler.socket(assert(server:wrap(tcp)))
          for line in tls.receive, tls do assert(tls:send(line:upper() .. "\n")) end
        end)
      end
      listener:close()
    end)
    for i = 1, 5 do
      loop:spawn(function()
        local tcp = assert(scheduler.connect("localhost", tonumber(port), { timeout = 20 }))
        local tls <close> = scheduler.socket(assert(client:wrap(tcp, { name = "localhost" })))
        tls:settimeout(20)
        assert(tls:send("line " .. i .. "\n"))
        lines[i] = tls:receive()
      end)
    end
    loop:run()
    assert.same({ "LINE 1", "LINE 2", "LINE 3", "LINE 4", "LINE 5" }, lines)
  end)
end)
