-- bearssl.guard, and those who hold a connection by it: where a callback raises in the handshake, or the coroutine is
-- closed that waits for it, no descriptor is left, not even for the collector.
local bearssl = require "bearssl"
local fetch = require "bearssl.fetch"
local https = require "bearssl.https"
local new_guard = require "bearssl.guard"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local starttls = require "bearssl.starttls"

local identity = pki.server.p256

describe("a guard", function()
  it("undoes at the end of its block, unless it is told to keep", function()
    local undone = 0
    local function undo() undone = undone + 1 end
    do local _ <close> = new_guard(undo) end
    assert.equal(1, undone)
    pcall(function()
      local _ <close> = new_guard(undo)
      error "x"
    end)
    assert.equal(2, undone)
    do
      local guard <close> = new_guard(undo)
      guard.keep = true
    end
    assert.equal(2, undone)
  end)
end)

local function mine() error("mine", 0) end
local function stay() scheduler.current().sleep(600) end

local function client(on_peer)
  return assert(bearssl.client { trust = pki.root.p256, on_peer = on_peer })
end

local starts = {
  ["bearssl.connect"] = function(port, config)
    return bearssl.connect("127.0.0.1", port, config)
  end,
  ["starttls.upgrade"] = function(port, config)
    return starttls.upgrade(assert(scheduler.connect("127.0.0.1", port)), config, { name = "127.0.0.1" })
  end,
  ["https.tcp"] = function(port, config)
    return https.tcp { config = config }():connect("127.0.0.1", port)
  end,
}

-- Runs body(port, loop) against a server that is told of each connection; no descriptor is left then.
local function leaves_nothing(body)
  local loop, open = scheduler.loop(), 0
  local server <close> = assert(bearssl.listen {
    host = "127.0.0.1", port = 0, certificate = identity.certificate, key = identity.key, on_error = function() end,
  })
  loop:spawn(server.run, server, function(sock)
    open = open + 1
    sock:receive(1)
    open = open - 1
  end)
  loop:spawn(function()
    collectgarbage()
    collectgarbage "stop"
    local before = peer.descriptors()
    body(select(2, server:getsockname()), loop)
    while server.count > 0 do scheduler.current().sleep(0.01) end
    assert.equal(before, peer.descriptors())
    collectgarbage "restart"
    server:close(0)
  end)
  loop:run()
  assert.equal(0, open)
end

for name, start in pairs(starts) do
  describe(name, function()
    it("leaves nothing where a callback raises", function()
      leaves_nothing(function(port)
        local config = client(mine)
        assert.has_error(function() start(port, config) end, "mine")
      end)
    end)

    it("leaves nothing where its coroutine is closed", function()
      leaves_nothing(function(port, loop)
        local config = client(stay)
        local co = loop:spawn(start, port, config)
        scheduler.current().sleep(0.2)
        assert.equal("suspended", coroutine.status(co))
        assert.is_true(coroutine.close(co))
      end)
    end)
  end)
end

-- Closes a coroutine that is in the middle of body().
local function closed_in(body)
  local loop = scheduler.loop()
  loop:spawn(function()
    local co = loop:spawn(body)
    scheduler.current().sleep(0.2)
    assert.equal("suspended", coroutine.status(co))
    assert.is_true(coroutine.close(co))
  end)
  collectgarbage()
  collectgarbage "stop"
  local before = peer.descriptors()
  loop:run()
  assert.equal(before, peer.descriptors())
  collectgarbage "restart"
end

describe("a coroutine that is closed", function()
  it("leaves nothing of a connection that it accepts", function()
    local server <close> = assert(bearssl.listen {
      host = "127.0.0.1", port = 0, certificate = identity.certificate, key = identity.key,
    })
    local port = select(2, server:getsockname())
    closed_in(function()
      local tcp <close> = scheduler.socket(assert(scheduler.connect("127.0.0.1", port)))
      server:accept()
      tcp:close()
    end)
    assert.is_nil(next(server.open))
  end)

  it("leaves nothing of what it fetches", function()
    local listener <close> = peer.listen()
    closed_in(function() fetch.crl(("http://127.0.0.1:%d/crl"):format(listener.port)) end)
  end)
end)
