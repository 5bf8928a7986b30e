-- bearssl.https's clients: connections that are kept and given up, and what is asked again.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local https = require "bearssl.https"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local web = require "spec.support.web"

local function hello(request) return web.answer("hello " .. request.path) end

local function new(options)
  local all = { trust = web.ca, timeout = 60 }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(https.new(all))
end

describe("a client's connections", function()
  it("serve request after request", function()
    web.run(hello, function(server)
      local client <close> = new()
      for i = 1, 5 do
        local response = assert(client:get(server.url(i)))
        assert.same({ "hello /" .. i, i > 1 }, { response.body, response.reused })
      end
      assert.same({ 1, 1 }, { server.count, client:idle() })
    end)
  end)

  it("are kept by host, port, name and proxy", function()
    web.run(hello, function(server)
      local client <close> = new()
      assert(client:get(server.url "a"))
      assert(client:get(server.url("a", "127.0.0.1")))
      assert(client:get(server.url "a", { name = "127.0.0.1" }))
      assert.same({ 3, 3 }, { server.count, client:idle() })
      assert(client:get(server.url "a"))
      assert(client:get(server.url("a", "LOCALHOST")))
      assert(client:get(server.url("a", "localhost.")))
      assert.equal(3, server.count)
    end)
  end)

  it("are bounded per host and in all, the oldest going first", function()
    web.run(hello, function(server)
      local client <close> = new { max_idle = 2, max_idle_per_host = 1 }
      for _, host in ipairs { "localhost", "127.0.0.1", "localhost" } do assert(client:get(server.url("", host))) end
      assert.same({ 2, 2 }, { server.count, client:idle() })
      assert(client:get(server.url("", "localhost"), { name = "localhost" })) -- drives out 127.0.0.1's
      assert.equal(2, client:idle())
      assert.is_false(assert(client:get(server.url("", "127.0.0.1"))).reused)
      local none <close> = new { max_idle = 0 }
      assert(none:get(server.url ""))
      assert.equal(0, none:idle())
    end)
  end)

  it("serve coroutines side by side, one each", function()
    local waiting = {}
    local serve = function(request)
      waiting[#waiting + 1] = request
      while #waiting < 3 do scheduler.current().sleep(0.01) end
      return web.answer(request.path)
    end
    web.run(serve, function(server)
      local client <close>, bodies, done = new(), {}, 0
      for i = 1, 3 do
        server.loop:spawn(function()
          bodies[i] = assert(client:get(server.url(i))).body
          done = done + 1
        end)
      end
      while done < 3 do scheduler.current().sleep(0.01) end
      assert.same({ "/1", "/2", "/3" }, bodies)
      assert.same({ 3, 3 }, { server.count, client:idle() })
    end)
  end)

  it("end with their idle time", function()
    web.run(hello, function(server)
      local client <close> = new { idle_timeout = 2 }
      assert(client:get(server.url ""))
      assert.equal(1, client:idle())
      scheduler.current().sleep(2.1)
      assert.is_false(assert(client:get(server.url "")).reused)
      assert.same({ 2, 1 }, { server.count, client:idle() })
    end)
  end)

  for _, case in ipairs {
    { "says close", "Connection: close\r\n" }, { "speaks HTTP/1.0", nil, "HTTP/1.0" },
    { "keeps them for no time", "Keep-Alive: timeout=1\r\n" },
  } do
    it("are not kept where the server " .. case[1], function()
      local serve = function() return (web.answer("x", nil, case[2]):gsub("^HTTP/1.1", case[3] or "HTTP/1.1")) end
      web.run(serve, function(server)
        local client <close> = new()
        for i = 1, 2 do
          assert.equal("x", assert(client:get(server.url "")).body)
          assert.same({ i, 0 }, { server.count, client:idle() })
        end
      end)
    end)
  end

  it("are not kept where more came than the response, or its end is told in two ways", function()
    for _, response in ipairs {
      web.answer "x" .. "HTTP/1.1 200 OK\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    } do
      web.run(function() return response end, function(server)
        local client <close> = new()
        for _ = 1, 2 do assert.equal("x", assert(client:get(server.url "")).body) end
        assert.same({ 2, 0 }, { server.count, client:idle() })
      end)
    end
  end)

  it("are kept after every kind of body, and after a redirect", function()
    local responses = {
      ["/length"] = web.answer "12345", ["/none"] = "HTTP/1.1 204 No Content\r\n\r\n",
      ["/chunked"] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nab\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n",
      ["/old"] = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
      ["/moved"] = web.answer("moved", "302 Found", "Location: /length\r\n"),
    }
    web.run(function(request) return responses[request.path] end, function(server)
      local client <close> = new()
      for path, body in pairs { length = "12345", none = "", chunked = "abc", old = "x", moved = "12345" } do
        local response = assert(client:get(server.url(path)))
        assert.same({ body, path == "moved" and 1 or 0 }, { response.body, #response.redirects })
        if path == "chunked" then assert.same({ x = "y" }, response.trailers) end
      end
      assert.equal("", assert(client:head(server.url "length")).body)
      assert.same({ 1, 1 }, { server.count, client:idle() })
    end)
  end)

  it("are closed with the client, which then takes no request", function()
    web.run(hello, function(server)
      local before = ends.descriptors()
      local client = new()
      assert(client:get(server.url ""))
      client:close()
      client:close()
      assert.equal(0, client:idle())
      while server.open > 0 do scheduler.current().sleep(0.01) end
      assert.equal(before, ends.descriptors())
      assert.error_matches(function() client:get(server.url "") end, "client is closed")
    end)
  end)
end)

describe("a connection that the server has closed", function()
  -- Answers `before` requests of each connection.
  local function closing(before)
    return function(sock, number)
      for _ = 1, before do
        local request = web.request(sock)
        if not request then return end
        sock:send(web.answer(("%d %s"):format(number, request.body)))
      end
    end
  end

  it("is noticed before it is used, even for a POST", function()
    web.run(nil, function(server)
      local client <close> = new()
      for i = 1, 3 do
        assert.equal(i .. " x", assert(client:post(server.url "", "x")).body)
        while server.open > 0 do scheduler.current().sleep(0.01) end
      end
    end, { accept = closing(1) })
  end)

  -- Reads the second request, and closes without a word.
  local function silent(sock, number)
    closing(1)(sock, number)
    if number == 1 then web.request(sock) else closing(1)(sock, number) end
  end

  for _, method in ipairs { "get", "head", "put", "delete" } do
    it("has a request that does no harm asked again: " .. method, function()
      web.run(nil, function(server)
        local client <close> = new()
        assert(client:get(server.url ""))
        assert.equal(1, client:idle())
        local response = assert(client[method](client, server.url "", method == "put" and "body" or nil))
        assert.same({ 2, 200 }, { server.count, response.status })
      end, { accept = silent })
    end)
  end

  it("fails a POST, and a body that is gone", function()
    for _, request in ipairs { { method = "POST", body = "x" }, { method = "PUT", source = function() end } } do
      web.run(nil, function(server)
        local client <close> = new()
        assert(client:get(server.url ""))
        request.url = server.url ""
        local response, err = client:request(request)
        assert.is_nil(response)
        assert.equal("closed", err.code)
        assert.equal(1, server.count)
      end, { accept = silent })
    end
  end)

  it("is asked once more, not for ever", function()
    web.run(nil, function(server)
      local client <close> = new()
      assert(client:get(server.url ""))
      local response, err = client:get(server.url "")
      assert.same({ nil, "closed", 2 }, { response, err.code, server.count })
    end, { accept = function(sock, number)
      if number == 1 then closing(1)(sock, number) end
      web.request(sock)
    end })
  end)

  it("is not asked again where the answer had begun", function()
    web.run(nil, function(server)
      local client <close> = new()
      assert(client:get(server.url ""))
      local response, err = client:get(server.url "")
      assert.same({ nil, "closed", 1 }, { response, err.code, server.count })
    end, { accept = function(sock, number)
      closing(1)(sock, number)
      web.request(sock)
      sock:send "HTTP/1.1 2"
    end })
  end)
end)

describe("sessions", function()
  it("are resumed from one connection to the next, by the client alone", function()
    web.run(hello, function(server)
      local client <close> = new { max_idle = 0 }
      for i = 1, 3 do assert.equal(i > 1, assert(client:get(server.url "")).tls.resumed) end
      assert.equal(3, server.count)
      local other <close> = new()
      assert.is_false(assert(other:get(server.url "")).tls.resumed)
    end)
  end)

  it("are resumed by nginx", function()
    local nginx <close> = peer.nginx(web.pair, nil, "TLSv1.2 TLSv1.3")
    local client <close> = new { max_idle = 0 }
    local url = ("https://localhost:%d/facts"):format(nginx.port)
    assert.truthy(assert(client:get(url)).body:find " %. ")
    assert.truthy(assert(client:get(url)).body:find " r ")
  end)
end)

describe("nginx", function()
  it("keeps a connection for many requests, and has it closed when it likes", function()
    local nginx <close> = peer.nginx(web.pair, "keepalive_requests 3;", "TLSv1.3")
    local client <close> = new()
    local fresh = 0
    for _ = 1, 7 do
      local response = assert(client:get(("https://localhost:%d/facts"):format(nginx.port)))
      assert.equal(200, response.status)
      if not response.reused then fresh = fresh + 1 end
    end
    assert.equal(3, fresh)
  end)

  it("takes a PUT with Expect: 100-continue, chunked and by length, and gives it back", function()
    local nginx <close> = peer.nginx(web.pair, nil, "TLSv1.3")
    local client <close> = new()
    local text = ("0123456789abcdef"):rep(1 << 14)
    local url = ("https://localhost:%d/file"):format(nginx.port)
    for _, length in ipairs { false, #text } do
      local at = 0
      local response = assert(client:put(url, nil, {
        headers = { expect = "100-continue", ["content-length"] = length or nil },
        source = function()
          at = at + 10000
          local piece = text:sub(at - 9999, at)
          return piece ~= "" and piece or nil
        end,
      }))
      assert.truthy(response.ok, tostring(response))
      assert.equal(text, assert(client:get(url)).body)
    end
    assert.equal(1, client:idle())
  end)
end)

describe("early data (RFC 8470)", function()
  local function early_client() return new { early_data = true, max_idle = 0 } end
  local server_options = { max_early_data = 16384 }
  -- The guard's table takes nothing in the first ten seconds of a server: what came before is not known.
  local function guard() return true end
  server_options.early_data_guard = guard

  it("takes GET and HEAD along, and nothing that has an effect", function()
    local early = {}
    web.run(function(request)
      early[#early + 1] = request.method .. " " .. tostring(request.early)
      return web.answer "x"
    end, function(server)
      local client <close> = early_client()
      for _, method in ipairs { "get", "get", "head", "delete" } do assert(client[method](client, server.url "")) end
      assert(client:post(server.url "", "x"))
      assert.same({ "GET false", "GET true", "HEAD true", "DELETE false", "POST false" }, early)
    end, { server = server_options })
  end)

  it("is not sent unless the client wants it", function()
    web.run(function(request) return web.answer(tostring(request.early)) end, function(server)
      local client <close> = new { max_idle = 0 }
      for _ = 1, 3 do assert.equal("false", assert(client:get(server.url "")).body) end
    end, { server = server_options })
  end)

  it("is asked again after 425 Too Early, on the connection that is there, once", function()
    local asked = 0
    web.run(function(request)
      asked = asked + 1
      if request.early then return web.answer("early", "425 Too Early") end
      return web.answer("late " .. asked)
    end, function(server)
      local client <close> = new { early_data = true, idle_timeout = 0.01 }
      assert.equal("late 1", assert(client:get(server.url "")).body)
      scheduler.current().sleep(0.05)
      local response = assert(client:get(server.url ""))
      assert.same({ "late 3", 2 }, { response.body, server.count })
    end, { server = server_options })
  end)

  it("is taken by nginx, and asked again after its 425", function()
    local nginx <close> = peer.nginx(web.pair, "ssl_early_data on; location = /early { return 200 $ssl_early_data; }"
      .. " location = /late { access_log @/messages; if ($ssl_early_data) { return 425; } return 200 late; }",
      "TLSv1.3")
    local client <close> = early_client()
    local function get(path)
      return assert(client:get(("https://localhost:%d/%s"):format(nginx.port, path)))
    end
    assert.is_nil(get("early").tls.early_data)
    assert.equal("accepted", get("early").tls.early_data)
    -- nginx takes for early what it reads before our Finished, which may be there by then.
    local told = false
    for _ = 1, 50 do
      assert.equal("late", get("late").body)
      told = told or nginx:output "messages":find '"GET /late HTTP/1.1" 425 ' ~= nil
      if told then break end
    end
    assert.is_true(told)
  end)

  it("is not half a request: what is more than the server allows goes later", function()
    web.run(function(request) return web.answer(tostring(request.early) .. #web.header(request, "cookie")) end,
      function(server)
        local client <close> = early_client()
        for size, early in pairs { [10] = "true10", [20000] = "false20000" } do
          assert(client:get(server.url "", { headers = { Cookie = "c" } }))
          local response = assert(client:get(server.url "", { headers = { Cookie = ("c"):rep(size) } }))
          assert.equal(early, response.body)
        end
      end, { server = server_options })
  end)

  it("leaves a 425 alone that answers no early data", function()
    local asked = 0
    web.run(function()
      asked = asked + 1
      return web.answer("", "425 Too Early")
    end, function(server)
      local client <close> = early_client()
      assert.same({ 425, 1 }, { assert(client:get(server.url "")).status, asked })
    end)
  end)

  it("is sent again by itself where the server passed it over", function()
    web.run(function(_, sock) return web.answer(tostring(sock:info().early_data)) end, function(server)
      local client <close> = early_client()
      for _, told in ipairs { "nil", "rejected" } do
        assert.equal(told, assert(client:get(server.url "")).body)
      end
    end, { server = { max_early_data = 16384, early_data_guard = function() return false end } })
  end)
end)

describe("options of TLS", function()
  local mine = pki.client.p256

  it("are a client's: its certificate, pins, versions, and what it hears of the handshake", function()
    local nginx <close> = peer.nginx(web.pair, ("ssl_client_certificate %s; ssl_verify_client on;"):format(web.ca),
      "TLSv1.2 TLSv1.3")
    local url = ("https://localhost:%d/facts"):format(nginx.port)
    local steps = {}
    local client <close> = new { certificate = mine.certificate, key = mine.key, max_version = "1.2", engine = "native",
      on_message = function(step) steps[#steps + 1] = step.name end }
    local response = assert(client:get(url))
    assert.truthy(response.body:find "^TLSv1.2 .* SUCCESS ")
    assert.equal("TLSv1.2", response.tls.version)
    assert.truthy(#steps > 5)
    local without <close> = new()
    assert.equal(400, assert(without:get(url)).status)
    local pinned <close> = new { certificate = mine.certificate, key = mine.key,
      pins = { "sha256//" .. ("A"):rep(43) .. "=", backup = false } }
    local none, err = pinned:get(url)
    assert.is_nil(none)
    assert.equal("pin_mismatch", err.code)
  end)

  it("may stand in a config that is there already", function()
    web.run(hello, function(server)
      local config = assert(bearssl.client { trust = web.ca })
      local client <close> = assert(https.new { config = config })
      assert.equal("hello /", assert(client:get(server.url "")).body)
    end)
  end)
end)

describe("another protocol that the server chooses", function()
  it("is refused", function()
    web.run(hello, function(server)
      local client <close> = new { alpn = { "h2", "http/1.1" } }
      local response, err = client:get(server.url "")
      assert.same({ nil, "no_alpn" }, { response, err.code })
    end, { server = { alpn = "h2" } })
  end)
end)

describe("a client's options", function()
  it("are those of every request, which may say otherwise", function()
    web.run(function(request) return web.answer(request.headers) end, function(server)
      local client <close> = new { headers = { ["X-One"] = "1", ["X-Two"] = "2" }, user_agent = "mine" }
      local body = assert(client:get(server.url "", { headers = { ["x-two"] = "two" } })).body
      assert.truthy(body:find "X%-One: 1\n" and body:find "X%-Two: two\n" and body:find "User%-Agent: mine\n")
      assert.falsy(body:find "X%-Two: 2\n" or body:lower():find "connection:")
    end)
  end)

  it("are checked, with a request's, and told at the place of the call", function()
    local here = debug.getinfo(1, "l").currentline
    for line, call in ipairs {
      function() https.new { tiemout = 1 } end,
      function() https.new { timeout = "1" } end,
      function() assert(https.get("https://a/", { tiemout = 1 })) end,
      function() assert(https.request { url = "https://a/", tiemout = 1 }) end,
      function() assert(https.post("https://a/", "b", { method = 1, json = 2 })) end,
    } do
      local _, message = pcall(call)
      assert.truthy(message:find(("https_client_spec.lua:%d: "):format(here + 1 + line), 1, true), message)
    end
    local _, err = https.get("https://localhost:1/", { user_agent = "a\r\nb: c" })
    assert.equal("option", err.code)
    assert.error_matches(function() https.new { max_idel = 1 } end, "'max_idel', did you mean 'max_idle'")
    assert.error_matches(function() https.new { timeout = -1 } end, "timeout")
    assert.error_matches(function() https.new { url = "https://a/" } end, "url")
    assert.error_matches(function() https.new { trust = web.ca, config = bearssl.client() } end, "trust")
    assert.error_matches(function() https.new(1) end, "table")
    assert.is_nil((https.new { trust = "/no/such/file" }))
    local client <close> = new()
    assert.error_matches(function() client:get("https://a/", { trust = web.ca }) end, "https.new")
    assert.error_matches(function() client:get("https://a/", { read_timeout = 0 }) end, "read_timeout")
    assert.error_matches(function() client:get() end, "url")
    assert.error_matches(function() client:post("https://a/", "x", { json = 1 }) end, "already")
    assert.error_matches(function() client:request() end, "URL")
  end)

  it("leave the caller's tables alone", function()
    web.run(hello, function(server)
      local given = { trust = web.ca, headers = { a = "b" } }
      local client <close> = assert(https.new(given))
      local request = { url = server.url "", headers = { c = "d" }, json = { 1 } }
      assert(client:request(request))
      assert.same({ trust = web.ca, headers = { a = "b" } }, given)
      assert.same({ url = server.url "", headers = { c = "d" }, json = { 1 } }, request)
    end)
  end)
end)
