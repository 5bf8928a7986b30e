-- bearssl.https under every scheduler: who waits for nginx or a proxy lets the others run.
local https = require "bearssl.https"
local peer = require "spec.support.peer"
local proxies = require "spec.support.proxies"
local scheduler = require "bearssl.scheduler"
local schedulers = require "spec.support.schedulers"
local web = require "spec.support.web"

local nginx, tinyproxy, microsocks, text

setup(function()
  nginx = peer.nginx(web.pair, nil, "TLSv1.3")
  tinyproxy, microsocks = proxies.tinyproxy(), proxies.microsocks()
  text = ("0123456789abcdef"):rep(1 << 16)
  assert(https.put(("https://localhost:%d/file"):format(nginx.port), text, { trust = web.ca }))
end)
teardown(function()
  for _, process in ipairs { nginx, tinyproxy, microsocks } do process:stop() end
end)

local function url(path) return ("https://localhost:%d/%s"):format(nginx.port, path) end

-- Coroutines that each do `work(i)`, and how often another one ran meanwhile.
local function side_by_side(name, count, work)
  local results, ticks = {}, 0
  schedulers.run(name, function(go)
    local done = 0
    for i = 1, count do
      go(function()
        results[i] = work(i)
        done = done + 1
      end)
    end
    while done < count do
      scheduler.current().sleep(0.001)
      ticks = ticks + 1
    end
  end)
  return results, ticks
end

-- First, as copas is last: with it there, a coroutine of anybody's looks like one of its.
describe("without a scheduler", function()
  it("a coroutine of the program's own is none", function()
    local result = coroutine.wrap(function() return assert(https.get(url "facts", { trust = web.ca })).status end)()
    assert.equal(200, result)
  end)

  it("a callback may yield, to whoever resumes", function()
    local pieces, yields = 0, 0
    local co = coroutine.create(function()
      return assert(https.get(url "file", { trust = web.ca, sink = function(data)
        pieces = pieces + #(data or "")
        coroutine.yield "mine"
        return 1
      end })).status
    end)
    local ok, what = coroutine.resume(co)
    while what == "mine" do
      yields = yields + 1
      ok, what = coroutine.resume(co)
    end
    assert.same({ true, 200, #text }, { ok, what, pieces })
    assert.truthy(yields > 10)
  end)
end)

for _, name in ipairs { "coroutine", "cqueues", "luv", "copas" } do
  describe("under " .. name, function()
    it("coroutines share a client, and run side by side", function()
      local client <close> = assert(https.new { trust = web.ca, timeout = 60 })
      local results, ticks = side_by_side(name, 8, function()
        local bodies = {}
        for i = 1, 3 do bodies[i] = assert(client:get(url "file")).body == text end
        return bodies
      end)
      for i = 1, 8 do assert.same({ true, true, true }, results[i]) end
      assert.truthy(ticks > 1)
      assert.truthy(client:idle() >= 1 and client:idle() <= 8)
    end)

    it("a connection of one coroutine serves another, and no coroutine at all", function()
      local client <close> = assert(https.new { trust = web.ca, timeout = 60 })
      side_by_side(name, 1, function() assert(client:get(url "facts")) end)
      side_by_side(name, 1, function() assert.is_true(assert(client:get(url "facts")).reused) end)
      assert.is_true(assert(client:get(url "facts")).reused)
      assert.equal(1, client:idle())
    end)

    it("callbacks may wait, too", function()
      local calls = {}
      local function wait(what)
        calls[what] = true
        scheduler.current().sleep(0.001)
        return 1
      end
      local results = side_by_side(name, 2, function()
        local client <close> = assert(https.new { trust = web.ca, timeout = 60,
          on_message = function() wait "on_message" end })
        local i, got = 0, 0
        assert(assert(client:put(url "small", nil, { source = function()
          i = i + 1
          return wait "source" and i < 4 and "piece" or nil
        end })):check())
        assert(client:get(url "small", { progress = function() wait "progress" end, sink = function(data)
          got = got + #(data or "")
          return wait "sink"
        end }))
        return got
      end)
      assert.same({ 15, 15 }, results)
      assert.same({ on_message = true, source = true, progress = true, sink = true }, calls)
    end)

    it("proxies are waited for in the same way", function()
      local ways = { "http://127.0.0.1:" .. tinyproxy.port, "socks5h://127.0.0.1:" .. microsocks.port,
        "socks5://127.0.0.1:" .. microsocks.port }
      local results = side_by_side(name, 3, function(i)
        return assert(https.get(url "facts", { trust = web.ca, proxy = ways[i], timeout = 60 })).status
      end)
      assert.same({ 200, 200, 200 }, results)
    end)

    it("a server that is silent costs its own coroutine alone, until the timeout", function()
      local listener <close> = peer.listen()
      local results, ticks = side_by_side(name, 4, function(i)
        if i < 4 then return assert(https.get(url "facts", { trust = web.ca, timeout = 60 })).status end
        local _, err = https.get(("https://127.0.0.1:%d/"):format(listener.port), { trust = web.ca, timeout = 1 })
        return err.code
      end)
      assert.same({ 200, 200, 200, "timeout" }, results)
      assert.truthy(ticks > 10)
    end)
  end)
end

-- copas wants to be loaded before socket.http.
describe("LuaSocket's own requests, by https.tcp", function()
  for _, name in ipairs { "copas", "coroutine", "cqueues" } do
    it("are waited for under " .. name, function()
      local http, ltn12 = require "socket.http", require "ltn12"
      local results = side_by_side(name, 3, function()
        local pieces = {}
        local _, code = http.request { url = url "file", create = https.tcp { trust = web.ca },
          sink = ltn12.sink.table(pieces) }
        return code == 200 and table.concat(pieces) == text
      end)
      assert.same({ true, true, true }, results)
    end)
  end
end)
