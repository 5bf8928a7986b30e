-- bearssl.https against servers that lie, stall, leave or go on for ever, and callbacks that raise: an error with a
-- code, in bounded memory and time, and nothing left open.
local ends = require "spec.support.ends"
local https = require "bearssl.https"
local peer = require "spec.support.peer"
local scheduler = require "bearssl.scheduler"
local web = require "spec.support.web"

local get, fails = web.get, web.fails

-- What a request gives where the server answers these bytes and closes; its descriptors are gone then.
local function against(bytes, options)
  local before
  local response, err = web.run(nil, function(server)
    before = ends.descriptors()
    return get(server.url "", options)
  end, { accept = function(sock)
    web.request(sock)
    sock:send(bytes)
  end })
  assert.truthy(ends.descriptors() <= before)
  return response, err
end

describe("a server that lies", function()
  local line = "HTTP/1.1 200 OK\r\n"
  for _, case in ipairs {
    { "a length that is no number", line .. "Content-Length: five\r\n\r\nhello", "decode" },
    { "a length with a sign", line .. "Content-Length: +5\r\n\r\nhello", "decode" },
    { "a length in hexadecimal", line .. "Content-Length: 0x5\r\n\r\nhello", "decode" },
    { "a length that nobody has room for", line .. "Content-Length: 99999999999999999999\r\n\r\nhello", "decode" },
    { "two lengths", line .. "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "decode" },
    { "a list of lengths", line .. "Content-Length: 5, 6\r\n\r\nhello!", "decode" },
    { "a list with nothing", line .. "Content-Length: 5,\r\n\r\nhello", "decode" },
    { "an empty length", line .. "Content-Length:\r\n\r\nhello", "decode" },
    { "a space before the colon", line .. "Content-Length : 5\r\n\r\nhello", "decode" },
    { "a coding that is none", line .. "Transfer-Encoding: chunkedd\r\n\r\n", "decode" },
    { "chunked twice", line .. "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "decode" },
    { "a negative chunk", line .. "Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n", "decode" },
    { "a chunk with 0x", line .. "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n", "decode" },
    { "a chunk of 2^64", line .. "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\nx\r\n0\r\n\r\n", "decode" },
    { "a chunk that is longer", line .. "Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n", "decode" },
    { "a chunk line without end", line .. "Transfer-Encoding: chunked\r\n\r\n1;" .. ("x"):rep(5000), "limit" },
    { "trailers without end", line .. "Transfer-Encoding: chunked\r\n\r\n0\r\n" .. ("A: b\r\n"):rep(50000), "limit" },
    { "no version", "200 OK\r\n\r\n", "decode" }, { "HTTP/2", "HTTP/2 200 OK\r\n\r\n", "decode" },
    { "HTTP/2's frames", "\0\0\18\4\0\0\0\0\0\0\3\0\0\0\128\0\4\0\1\0\0\0\5\0\255\255\255\n", "decode" },
    { "a status of 99", "HTTP/1.1 099 OK\r\n\r\n", "decode" },
    { "a status of 2000", "HTTP/1.1 2000 OK\r\n\r\n", "decode" },
    { "a zero byte in a header", line .. "A: \0\r\n\r\n", "decode" },
    { "a bare CR in a header", line .. "A: b\rC: d\r\n\r\n", "decode" },
    { "a header without a name", line .. ": b\r\n\r\n", "decode" },
    { "a folded first header", line .. " b\r\n\r\n", "decode" },
  } do
    it(("fails with %s: %s"):format(case[3], case[1]), function() fails(case[3], against(case[2])) end)
  end

  for _, case in ipairs {
    { "one header of 1 MB", line .. "A: " .. ("x"):rep(1 << 20) .. "\r\n\r\n" },
    { "1 MB of headers", line .. ("A: b\r\n"):rep(1 << 18) .. "\r\n" },
    { "2001 headers", line .. ("A: b\r\n"):rep(2001) .. "\r\n" },
    { "2001 folds of one", line .. "A: b\r\n" .. (" b\r\n"):rep(2001) .. "\r\n" },
    { "1 MB without a line end", ("x"):rep(1 << 20) },
    { "1 MB of line ends", ("\r\n"):rep(1 << 19) },
    { "1 MB of interim responses", ("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"):rep(1 << 14) },
  } do
    it("is given up: " .. case[1], function()
      collectgarbage()
      local before = collectgarbage "count"
      local response, err = against(case[2])
      assert.is_nil(response)
      assert.truthy(err.code == "limit" or err.code == "decode", tostring(err))
      collectgarbage()
      assert.truthy(collectgarbage "count" - before < 512)
    end)
  end

  it("has us look at each byte of a header once", function() -- or this takes minutes
    local blanks = (" "):rep(200 * 1024)
    local rest = "\r\nContent-Length: 0\r\n\r\n"
    local response = assert(against(line .. "A: b" .. blanks .. "c" .. blanks:sub(1, 9) .. rest))
    assert.equal("b" .. blanks .. "c", response.headers.a)
    response = assert(against(line .. "A:" .. blanks .. "\r\nB: b\r\n c" .. blanks:sub(1, 9999) .. "d" .. rest))
    assert.equal("", response.headers.a)
    assert.equal("b c" .. blanks:sub(1, 9999) .. "d", response.headers.b)
    fails("decode", against(line .. "Content-Length: 1" .. blanks .. "1\r\n\r\n1"))
  end)

  it("sends us to a URL without end", function()
    local answer = web.answer("", "302 Found", ("Location: %s\r\n"):format(("x"):rep(200 * 1024)))
    local err = fails("limit", against(answer))
    assert.equal(302, err.response.status)
  end)

  it("gives no more of a body than fits", function()
    local body = ("x"):rep(100000)
    local err = fails("limit", against(web.answer(body), { max_body = 65536 }))
    assert.truthy(#err.body <= 65536)
    assert.equal(body, assert(against(web.answer(body), { max_body = 100000 })).body)
    local received = 0
    fails("limit", against("HTTP/1.1 200 OK\r\n\r\n" .. body, { max_body = 65536, sink = function(data)
      received = received + #(data or "")
      return 1
    end }))
    assert.truthy(received <= 65536)
  end)

  it("answers what was not asked, before it was asked", function()
    web.run(nil, function(server)
      local client <close> = assert(https.new { trust = web.ca })
      assert.equal("one", assert(client:get(server.url "1")).body)
      scheduler.current().sleep(0.05)
      assert.equal("one", assert(client:get(server.url "2")).body)
      assert.equal(2, server.count)
    end, { accept = function(sock)
      web.request(sock)
      sock:send(web.answer "one" .. web.answer "another's")
    end })
  end)
end)

describe("a server that leaves", function()
  for name, bytes in pairs {
    length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n c\r\n\r\nhello",
    chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n",
    redirect = "HTTP/1.1 302 Found\r\nLocation: ftp://a/\r\nContent-Length: 5\r\n\r\nmoved",
  } do
    it("fails at every byte: " .. name, function()
      local cut
      web.run(nil, function(server)
        local client <close> = assert(https.new { trust = web.ca, timeout = 60 })
        for i = 0, #bytes - 1 do
          cut = i
          local response, err = client:get(server.url "")
          assert.is_nil(response)
          assert.truthy(({ closed = true, truncated = true, redirect = true })[err.code], tostring(err))
          if err.code == "truncated" then assert.equal(("hello"):sub(1, #err.body), err.body) end
        end
        assert.equal(0, client:idle())
      end, { accept = function(sock)
        web.request(sock)
        sock:send(bytes:sub(1, cut))
      end })
    end)
  end
end)

describe("a timeout", function()
  -- Each server does what it does with a connection that has no TLS yet.
  local function silent(sock) sock:receive "*a" end
  local function dripping(bytes)
    return function(sock)
      web.request(sock)
      for byte in bytes:gmatch "." do
        if not sock:send(byte) then return end
        scheduler.current().sleep(0.02)
      end
    end
  end

  local function timed_out(step, accept, options, tls)
    web.run(nil, function(server)
      local err = fails("timeout", get(server.url "":gsub("^http:", "https:"), options))
      assert.truthy(err.message:find(step .. "_timeout", 1, true), err.message)
    end, { accept = accept, tls = tls })
  end

  it("of the handshake", function() timed_out("handshake", silent, { handshake_timeout = 0.1 }, false) end)

  it("of a read", function()
    timed_out("read", function(sock)
      web.request(sock)
      silent(sock)
    end, { read_timeout = 0.1 })
  end)

  it("of a read within a body keeps what came", function()
    web.run(nil, function(server)
      local err = fails("timeout", get(server.url "", { read_timeout = 3 }))
      assert.equal("hel", err.body)
    end, { accept = function(sock)
      web.request(sock)
      sock:send "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"
      silent(sock)
    end })
  end)

  it("of a send, to a server that does not read", function()
    timed_out("read", function(sock)
      web.request(sock, true)
      scheduler.current().sleep(0.5)
    end, { read_timeout = 0.1, method = "PUT", source = function() return ("x"):rep(65536) end })
  end)

  it("of all of it, however regularly something comes", function()
    local bytes = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" .. ("x"):rep(500)
    timed_out("total", dripping(bytes), { total_timeout = 0.2, read_timeout = 60 })
    timed_out("total", dripping(("A"):rep(500)), { total_timeout = 0.2 })
    timed_out("total", silent, { total_timeout = 0.1 }, false)
  end)

  it("of all of it, over redirects", function()
    web.run(function()
      scheduler.current().sleep(0.03)
      return web.answer("", "302 Found", "Location: /\r\n")
    end, function(server)
      local err = fails("timeout", get(server.url "", { total_timeout = 0.2, maxredirects = false }))
      assert.truthy(err.message:find("total_timeout", 1, true))
    end)
  end)

  it("of the way there", function()
    -- A listener whose queue is full takes no further connection.
    local socket = require "socket"
    local listener = assert(socket.bind("127.0.0.1", 0, 0))
    local _, port = listener:getsockname()
    local held = {}
    for i = 1, 4 do
      held[i] = socket.tcp()
      held[i]:settimeout(0)
      held[i]:connect("127.0.0.1", port)
    end
    local err = fails("timeout", get(("https://127.0.0.1:%d/"):format(port), { connect_timeout = 0.2 }))
    assert.truthy(err.message:find("connect_timeout", 1, true))
    for _, tcp in ipairs(held) do tcp:close() end
    listener:close()
  end)

  it("does not hurt who is only slow", function()
    web.run(nil, function(server)
      assert.equal("hello", assert(get(server.url "", { read_timeout = 60 })).body)
    end, { accept = dripping(web.answer "hello") })
  end)
end)

describe("a coroutine that is closed", function()
  -- While it waits in each of these places.
  local places = {
    handshake = { false, function(sock) sock:receive "*a" end },
    head = { nil, function(sock)
      web.request(sock)
      sock:receive "*a"
    end },
    body = { nil, function(sock)
      web.request(sock)
      sock:send "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"
      sock:receive "*a"
    end },
    send = { nil, function(sock)
      web.request(sock, true)
      scheduler.current().sleep(0.2)
    end },
  }

  for name, place in pairs(places) do
    it("leaves neither connection nor file: in the " .. name, function()
      local path = os.tmpname()
      os.remove(path)
      web.run(nil, function(server)
        collectgarbage()
        collectgarbage "stop"
        local before = peer.descriptors()
        local co = server.loop:spawn(function()
          local options = { trust = web.ca }
          if name == "send" then
            options.method, options.source = "PUT", function() return ("x"):rep(65536) end
          end
          https.download(server.url "":gsub("^http:", "https:"), path, options)
        end)
        while server.open == 0 do scheduler.current().sleep(0.01) end
        scheduler.current().sleep(0.05)
        assert.equal("suspended", coroutine.status(co))
        assert.is_true(coroutine.close(co))
        while server.open > 0 do scheduler.current().sleep(0.01) end
        assert.equal(before, peer.descriptors())
        collectgarbage "restart"
      end, { tls = place[1], accept = place[2] })
      assert.equal("", io.popen(("ls %s* 2>/dev/null"):format(path)):read "a")
    end)
  end
end)

describe("a callback that raises", function()
  local big = ("x"):rep(100000)
  local function mine() error("mine", 0) end

  -- The error reaches us, and no descriptor is left, not even for the collector.
  local function raises(options, tls_options)
    web.run(function() return web.answer(big) end, function(server)
      local all = { trust = web.ca }
      for name, value in pairs(tls_options or {}) do all[name] = value end
      local client <close> = assert(https.new(all))
      collectgarbage()
      collectgarbage "stop"
      local before = peer.descriptors()
      options.url = server.url ""
      assert.has_error(function() client:request(options) end, "mine")
      assert.equal(0, client:idle())
      while server.open > 0 do scheduler.current().sleep(0.01) end
      assert.equal(before, peer.descriptors())
      collectgarbage "restart"
    end)
  end

  it("in the body's way: source, sink, step, progress", function()
    raises { source = mine }
    raises { sink = mine }
    raises { step = mine }
    raises { progress = mine }
  end)

  it("later on", function()
    local pieces = 0
    raises { sink = function()
      pieces = pieces + 1
      if pieces == 3 then mine() end
      return 1
    end }
  end)

  it("in the handshake", function()
    raises({}, { on_message = mine })
    local pins = { "sha256//" .. ("A"):rep(43) .. "=", "sha256//" .. ("B"):rep(42) .. "A=" }
    pins.report_only, pins.on_mismatch = true, mine
    raises({}, { pins = pins })
  end)

  it("where TCP sockets are made", function()
    raises { create = mine }
  end)
end)
