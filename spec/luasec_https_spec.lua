-- ssl.https of bearssl.luasec: what it makes of good and bad answers, held against LuaSec; timeouts, names, tables.
local child = require "spec.support.child"
local luasec = require "bearssl.luasec"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local https, ssl = luasec.module "ssl.https", luasec.module "ssl"
local top = io.popen "pwd":read "l"
local path = (os.getenv "PATH":gsub("[^:]*/build/%w+/bin:", ""))
local theirs = ("env -u LUA_PATH -u LUA_CPATH -u LUA_INIT PATH=%s LUA_PATH='%s/?.lua;;' lua5.4"):format(path, top)
local ours = "env " .. child .. " lua5.4 -lbearssl.luasec"

local function server_of(pair)
  local server = peer.start(("lua5.4 %s/spec/support/https_peer.lua %s %s"):format(top, pair.certificate, pair.key))
  server.port = tonumber(server:wait_for "(%d+)")
  return server
end

local function lines(command, port)
  local pipe = assert(io.popen(("%s %s/spec/support/luasec/requests.lua %d 2>&1"):format(command, top, port)))
  local results, order = {}, {}
  for line in pipe:lines() do
    local what, said = line:match "^(%S+): (.*)$"
    if what then
      order[#order + 1], results[what] = what, said
    else
      order.wrong = line
    end
  end
  assert(pipe:close(), order.wrong)
  return results, order
end

describe("ssl.https", function()
  local server

  lazy_setup(function() server = server_of(pki.server.p256) end)
  lazy_teardown(function() server:stop() end)

  local function url(of)
    return ("https://localhost:%d/%s"):format(server.port, of)
  end

  it("makes of every answer what LuaSec makes of it", function()
    local there, order = lines(theirs, server.port)
    local here = lines(ours, server.port)
    assert.equal(23, #order)
    for _, what in ipairs(order) do assert.equal(what .. " " .. there[what], what .. " " .. tostring(here[what])) end
  end)

  it("ends what LuaSocket's HTTP would raise for, or never end", function()
    for name, why in pairs { fraction = "invalid content-length", folded = "closed" } do
      assert.same({ nil, why }, { https.request { url = url(name), cafile = pki.root.p256 } })
    end
  end)

  it("keeps no header without end", function()
    for _, name in ipairs { "endless", "many" } do
      assert.same({ nil, "more than 1048576 bytes of header" },
        { https.request { url = url(name), cafile = pki.root.p256 } })
    end
  end)

  it("leaves the caller's table as it is, which serves again", function()
    local request = { url = url "hello", cafile = pki.root.p256, headers = { ["x-a"] = "b" } }
    for _ = 1, 2 do assert.equal(1, (https.request(request))) end
    assert.same({ url = url "hello", cafile = pki.root.p256, headers = { ["x-a"] = "b" } }, request)
  end)

  it("verifies against the system's anchors, and against those that are set", function()
    assert.same({ nil, "certificate verify failed" }, { https.request(url "hello") })
    ssl.set_system_ca(pki.root.p256)
    assert.equal("hello", (https.request(url "hello")))
    assert.equal(200, (select(2, https.request(url "echo", "a=b"))))
    ssl.set_system_ca(false)
    assert.same({ nil, "the system's CA bundle is switched off" }, { https.request { url = url "hello" } })
    ssl.set_system_ca(nil)
  end)

  it("verifies the name, of an address, too", function()
    local by_address = ("https://127.0.0.1:%d/hello"):format(server.port)
    assert.equal(1, (https.request { url = by_address, cafile = pki.root.p256 }))
    local other <close> = server_of(pki.bad.other_name)
    local elsewhere = ("https://localhost:%d/hello"):format(other.port)
    assert.same({ nil, "certificate verify failed" }, { https.request { url = elsewhere, cafile = pki.root.p256 } })
    assert.equal(1, (https.request { url = elsewhere, verify = "none" }))
    local redirect = { url = url("redirect?302," .. elsewhere), cafile = pki.root.p256 }
    assert.same({ nil, "certificate verify failed" }, { https.request(redirect) })
  end)

  it("takes the options along with a redirect", function()
    local there = url("redirect?302," .. url "hello")
    assert.same({ 1, 200 }, { (https.request { url = there, cafile = pki.root.p256 }), (select(2,
      https.request { url = there, cafile = pki.root.p256 })) })
  end)

  it("waits as long as it is told, for the handshake and for the answer", function()
    local _, err = https.request { url = url "silent", cafile = pki.root.p256, timeout = 0.1 }
    assert.equal("wantread", err)
    local dumb <close> = peer.listen()
    _, err = https.request { url = ("https://localhost:%d/"):format(dumb.port), timeout = 0.1 }
    assert.equal("wantread", err)
  end)

  it("shows a client's certificate", function()
    local mine = pki.client.p256
    local nginx <close> = peer.nginx(pki.server.p256, ("ssl_client_certificate %s; ssl_verify_client on;")
      :format(pki.root.p256))
    local facts = ("https://localhost:%d/facts"):format(nginx.port)
    local parts = {}
    local request = { url = facts, cafile = pki.root.p256, sink = require "ltn12".sink.table(parts) }
    assert.equal(400, (select(2, https.request(request))))
    request.certificate, request.key, request.sink = mine.certificate, mine.key, require "ltn12".sink.table(parts)
    assert.equal(200, (select(2, https.request(request))))
    assert.truthy(table.concat(parts):find("SUCCESS CN=p256 client", 1, true))
  end)

  it("serves socket.http, which is told of it by require", function()
    local script = "print((require \"socket.http\".request { url = \"%s\", cafile = \"%s\" }))"
    local out = io.popen(("%s -e '%s'"):format(ours, script:format(url "hello", pki.root.p256))):read "a"
    assert.equal("1\n", out)
  end)

  it("leaves nothing open, whatever happened", function()
    collectgarbage()
    collectgarbage()
    local before = peer.descriptors()
    for _, name in ipairs { "hello", "short", "nothing", "cutchunk" } do
      https.request { url = url(name), cafile = pki.root.p256 }
    end
    https.request { url = url "hello", cafile = pki.stranger }
    https.request { url = "https://localhost:1/" }
    https.request { url = url "hello", cafile = "/nowhere" }
    collectgarbage()
    collectgarbage()
    assert.equal(before, peer.descriptors())
  end)
end)
