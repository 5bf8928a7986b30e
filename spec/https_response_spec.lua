-- bearssl.https's responses: bodies and their codings, JSON, downloads, Expect; redirects are in https_redirect_spec.
local decode = require "bearssl.https.decode"
local ends = require "spec.support.ends"
local https = require "bearssl.https"
local ltn12 = require "ltn12"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local web = require "spec.support.web"
local zlib = require "zlib"

local get, fails, response_to = web.get, web.fails, web.response_to

local function chunks(body, size)
  local pieces = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" }
  for i = 1, #body, size do
    local piece = body:sub(i, i + size - 1)
    pieces[#pieces + 1] = ("%x\r\n%s\r\n"):format(#piece, piece)
  end
  return table.concat(pieces) .. "0\r\n\r\n"
end

describe("a response", function()
  it("is told of when its head has come and its body has not, once, after redirects", function()
    web.run(function(request)
      if request.target == "/from" then return web.answer("", "302 Found", "Location: /to\r\n") end
      return web.answer(("x"):rep(100000), "200 OK", "X-A: 1\r\n")
    end, function(server)
      local order = {}
      local response = assert(get(server.url "from", {
        on_head = function(head)
          order[#order + 1] = ("%d %s %s"):format(head.status, head.headers["x-a"], head.body)
        end,
        sink = function(data)
          if data and order[#order] ~= "body" then order[#order + 1] = "body" end
          return 1
        end,
      }))
      assert.same({ "200 1 nil", "body" }, order)
      assert.equal(200, response.status)
      assert.error_matches(function() get(server.url "to", { on_head = function() error "mine" end }) end, "mine")
    end)
  end)

  it("has status, reason, headers in any case, all values, url and the facts of TLS", function()
    web.run(function()
      return web.answer("body", "201 Very Created", "Set-Cookie: a=b, c\r\nX-A: 1\r\nset-cookie: d=e\r\nx-a:  2 \r\n")
    end, function(server)
      local response = assert(get(server.url "path?query#fragment"))
      assert.same({ 201, "Very Created", "body", server.url "path?query", true },
        { response.status, response.reason, response.body, response.url, response.ok })
      assert.same({ "1, 2", "1, 2" }, { response.headers["x-a"], response.headers["X-A"] })
      assert.is_nil(response.headers["none"] or response.headers[1])
      assert.same({ "a=b, c", "d=e" }, response:values "Set-Cookie")
      assert.equal("TLSv1.3", response.tls.version)
      assert.equal("localhost", response.tls.server_name)
      assert.truthy(response.tls.peer_certificates[1].not_after)
      assert.equal(3, #response.tls.verified_chain)
      local told = ("bearssl.https.response: 201 Very Created (%s)"):format(server.url "path?query")
      assert.equal(told, tostring(response))
    end)
  end)

  it("may have a folded header and no reason", function()
    local response = assert(response_to "HTTP/1.1 404\r\nA: b\r\n  c\r\nContent-Length: 0\r\n\r\n")
    assert.same({ 404, "", "b c" }, { response.status, response.reason, response.headers.a })
    local err = fails("status", response:check())
    assert.equal(response, err.response)
  end)

  it("may tell its length twice, if it is the same", function()
    local bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"
    assert.equal("hello", assert(response_to(bytes)).body)
    assert.equal("hello", assert(response_to((bytes:gsub("5\r\nContent%-Length: ", "5 , ")))).body)
  end)

  it("is followed by its trailers, which are no headers", function()
    local response = assert(response_to(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nDigest: d\r\nContent-Length: 5\r\n\r\n"))
    assert.same({ digest = "d", ["content-length"] = "5" }, response.trailers)
    assert.is_nil(response.headers.digest)
  end)

  it("comes to a sink as it arrives", function()
    local seen = {}
    web.run(nil, function(server)
      local response = assert(get(server.url "", { sink = function(data)
        if data then seen[#seen + 1] = data end
        return 1
      end }))
      assert.is_nil(response.body)
      assert.error_matches(function() response:json() end, "sink")
    end, { accept = function(sock)
      web.request(sock)
      sock:send "HTTP/1.1 200 OK\r\n\r\n"
      for i = 1, 3 do
        sock:send("piece " .. i)
        while #seen < i do scheduler.current().sleep(0.01) end
      end
    end })
    assert.same({ "piece 1", "piece 2", "piece 3" }, seen)
  end)
end)

describe("JSON", function()
  it("goes out and comes in", function()
    web.run(function(request)
      assert.equal("application/json", web.header(request, "content-type"))
      return web.answer(request.body)
    end, function(server)
      local response = assert(https.post(server.url "", nil, { trust = web.ca, json = { list = { 1, 2.5, "x" } } }))
      assert.same({ list = { 1, 2.5, "x" } }, response:json())
    end)
  end)

  it("is decode where it is none", function()
    for _, text in ipairs { "", "{", "nonsense", "[1,2", "[1]x" } do
      fails("decode", assert(response_to(web.answer(text))):json())
    end
  end)

  it("is read by dkjson where there is no cjson, and raises where there is neither", function()
    local names = { "cjson", "dkjson", "bearssl.https.json" }
    local loaded = {}
    for _, name in ipairs(names) do loaded[name], package.loaded[name] = package.loaded[name], nil end
    package.preload.cjson = function() error "not here" end
    local json = require "bearssl.https.json"
    assert.same({ a = 1 }, json.decode '{"a":1}')
    for _, text in ipairs { "{", "{}x", "{}{}", "" } do
      assert.equal("decode", select(2, json.decode(text)).code)
    end
    assert.same({ 1 }, json.decode "[1] \n")
    assert.equal("[1]", json.encode { 1 })
    package.preload.dkjson, package.loaded.dkjson = package.preload.cjson, nil
    package.loaded["bearssl.https.json"] = nil
    assert.error_matches(function() require "bearssl.https.json".encode {} end, "lua%-cjson or dkjson")
    package.preload.cjson, package.preload.dkjson = nil, nil
    for _, name in ipairs(names) do package.loaded[name] = loaded[name] end
  end)
end)

describe("a form and a query", function()
  it("are encoded", function()
    web.run(function(request)
      return web.answer(request.line .. "\n" .. (web.header(request, "content-type") or "") .. "\n" .. request.body)
    end, function(server)
      local fields = { a = "b c", ["\195\169"] = "&=", list = { 1, 2 } }
      local response = assert(https.post(server.url "", nil, { trust = web.ca, form = fields }))
      local encoded = "%C3%A9=%26%3D&a=b%20c&list=1&list=2"
      assert.equal("POST / HTTP/1.1\napplication/x-www-form-urlencoded\n" .. encoded, response.body)
      response = assert(get(server.url "path", { query = fields }))
      assert.equal(("GET /path?%s HTTP/1.1\n\n"):format(encoded), response.body)
    end)
  end)
end)

describe("content codings", function()
  local text = ("All of it, again. "):rep(5000)
  local gzip, deflate = zlib.deflate(6, 31)(text, "finish"), zlib.deflate(6, 15)(text, "finish")
  local bare = zlib.deflate(6, -15)(text, "finish")

  local function coded(name, body)
    return web.answer(body, nil, ("Content-Encoding: %s\r\n"):format(name))
  end

  for _, case in ipairs {
    { "gzip", gzip }, { "x-gzip", gzip }, { "GZip", gzip }, { "deflate", deflate }, { "deflate", bare },
    { "identity", text }, { "gzip, identity", gzip },
    { "deflate, gzip", zlib.deflate(6, 31)(deflate, "finish") },
  } do
    it("are undone: " .. case[1], function()
      local response = assert(response_to(coded(case[1], case[2])))
      assert.equal(text, response.body)
      if case[2] ~= text then
        assert.is_nil(response.headers["content-encoding"] or response.headers["content-length"])
      end
    end)
  end

  it("are undone however the bytes are cut, members of gzip one after the other", function()
    for _, size in ipairs { 1, 7, 1000 } do
      local two = zlib.deflate(6, 31)("one ", "finish") .. zlib.deflate(6, 31)("two", "finish")
      local bytes = chunks(two, size):gsub("\r\n", "\r\nContent-Encoding: gzip\r\n", 1)
      assert.equal("one two", assert(response_to(bytes)).body)
    end
  end)

  it("are left alone where there are more than three, however many", function()
    for _, count in ipairs { 4, 30000 } do
      local name = ("gzip, "):rep(count - 1) .. "gzip"
      local response = assert(response_to(coded(name, "as it is")))
      assert.same({ "as it is", name }, { response.body, response.headers["content-encoding"] })
    end
  end)

  it("are undone as nginx makes them, and not where nobody asked", function()
    local nginx <close> = peer.nginx(web.pair,
      ("gzip on; gzip_types text/plain; location = /text { default_type text/plain; return 200 '%s'; }"):format(
        ("again "):rep(500)), "TLSv1.3")
    local url = ("https://localhost:%d/text"):format(nginx.port)
    local response = assert(get(url))
    assert.same({ ("again "):rep(500), true }, { response.body, response.decoded })
    response = assert(get(url, { decode = false }))
    assert.is_nil(response.headers["content-encoding"])
    response = assert(get(url, { headers = { ["Accept-Encoding"] = "gzip" } })) -- whoever asks gets what comes
    assert.equal("gzip", response.headers["content-encoding"])
    assert.equal(("again "):rep(500), (zlib.inflate()(response.body)))
  end)

  it("are not asked for, and left alone, where there is no zlib of that kind", function()
    local function none() error "none" end
    local function another() return { inflate = function() return {} end } end
    for _, other in ipairs { none, another } do
      package.loaded.zlib, package.preload.zlib, package.loaded["bearssl.https.decode"] = nil, other, nil
      local without = require "bearssl.https.decode"
      assert.is_nil(without.accepted() or without.codings "gzip")
    end
    package.preload.zlib, package.loaded.zlib, package.loaded["bearssl.https.decode"] = nil, zlib, decode
    assert.equal("gzip, deflate", decode.accepted())
  end)

  -- Another bearssl.https, which finds what stands in `module` as its zlib.
  local function with_zlib(module, act)
    local path, cpath, held = package.path, package.cpath, {}
    local folder = os.tmpname()
    os.remove(folder)
    assert(os.execute(("mkdir '%s' && printf '%%s' '%s' > '%s/zlib.lua'"):format(folder, module, folder)))
    for name, loaded in pairs(package.loaded) do
      if name == "zlib" or name:find "^bearssl%.https" then held[name], package.loaded[name] = loaded, nil end
    end
    package.path, package.cpath = folder .. "/?.lua;" .. path, ""
    local ok, err = pcall(act, require "bearssl.https")
    for name in pairs(package.loaded) do
      if name:find "^bearssl%.https" then package.loaded[name] = nil end
    end
    for name, loaded in pairs(held) do package.loaded[name] = loaded end
    package.path, package.cpath = path, cpath
    os.execute(("rm -r '%s'"):format(folder))
    assert(ok, err)
  end

  it("are asked for where a file is named like a zlib, and once more without where it is none after all", function()
    local asked = {}
    local function serve(request)
      local codings = web.header(request, "accept-encoding")
      asked[#asked + 1] = request.method .. " " .. tostring(codings)
      return codings and coded("gzip", gzip) or web.answer(text)
    end
    web.run(serve, function(server)
      with_zlib("return { inflate = function() return {} end }", function(own)
        for _, method in ipairs { "GET", "GET", "POST" } do
          local response = assert(own.get(server.url "", { method = method, trust = web.ca }))
          assert.same({ 200, text, 0 }, { response.status, response.body, #response.redirects })
        end
      end)
      assert.same({ "GET gzip, deflate", "GET nil", "GET nil", "GET nil" }, asked)
    end)
  end)

  it("are asked for by what cannot be asked again only where there is a zlib", function()
    web.run(function(request)
      return web.answer(tostring(web.header(request, "accept-encoding")))
    end, function(server)
      with_zlib("error \"none\"", function(own)
        assert.equal("nil", assert(own.post(server.url "", "x", { trust = web.ca })).body)
      end)
    end)
  end)

  it("are left alone where one of them is not known", function()
    for _, name in ipairs { "br", "gzip, br", "gzip,gzip,gzip,gzip" } do
      local response = assert(response_to(coded(name, gzip)))
      assert.same({ gzip, name }, { response.body, response.headers["content-encoding"] })
    end
  end)

  it("are an error where they do not decode, with what did", function()
    fails("decode", response_to(coded("gzip", "this is no gzip at all")))
    fails("decode", response_to(coded("deflate", deflate .. "more")))
    fails("decode", response_to(coded("gzip", gzip .. "more")))
    local err = fails("truncated", response_to(coded("gzip", gzip:sub(1, -20))))
    assert.equal(text:sub(1, #err.body), err.body)
    fails("truncated", response_to(coded("gzip", "\31")))
    assert.equal("", assert(response_to(coded("gzip", ""))).body)
  end)

  it("never raise, whatever byte of them is another", function()
    local short = { gzip = zlib.deflate(6, 31)("hello", "finish"), deflate = zlib.deflate(6, 15)("hello", "finish") }
    for name, whole in pairs(short) do
      for position = 1, #whole do
        for byte = 0, 255 do
          local damaged = whole:sub(1, position - 1) .. string.char(byte) .. whole:sub(position + 1)
          local source = decode.source(ltn12.source.string(damaged), { name })
          local data, err
          repeat data, err = source() until not data
          assert.truthy(err == nil or err.code == "decode" or err.code == "truncated", tostring(err))
        end
      end
    end
  end)

  it("may not make more than max_body of a bomb", function()
    local bomb = zlib.deflate(9, 31)(("\0"):rep(1 << 24), "finish")
    local err = fails("limit", response_to(coded("gzip", bomb), { max_body = 1 << 20 }))
    assert.truthy(#err.body <= 1 << 20)
    local total, largest = 0, 0
    assert(response_to(coded("gzip", bomb), { sink = function(data)
      total, largest = total + #(data or ""), math.max(largest, #(data or ""))
      return 1
    end }))
    assert.equal(1 << 24, total)
    assert.truthy(largest <= 1032 * 4096)
  end)
end)

describe("a body that ends too soon", function()
  for _, case in ipairs {
    { "its length", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nwhat came" },
    { "its chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhat \r\n9\r\ncame" },
    { "its chunk's end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nwhat came" },
    { "the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nwhat came\r\n" },
    { "its trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nwhat came\r\n0\r\nA: b\r\n" },
  } do
    it("is an error that keeps what came: before " .. case[1], function()
      local accept = function(sock)
        web.request(sock)
        sock:send(case[2])
      end
      web.run(nil, function(server)
        local err = fails("truncated", get(server.url ""))
        assert.same({ "what came", 200 }, { err.body, err.response.status })
        local _
        _, err = https.request { url = server.url "", trust = web.ca }
        assert.equal("what came", err.body)
      end, { accept = accept })
    end)
  end

  it("by the connection's end needs close_notify", function()
    for _, orderly in ipairs { true, false } do
      web.run(nil, function(server)
        local response, err = get((server.url "":gsub("^http:", "https:")))
        if orderly then return assert.equal("what came", response.body) end
        assert.same({ "truncated", "what came" }, { err.code, err.body })
      end, { tls = false, accept = function(tcp)
        local conn = assert(ends.server { max_version = "1.3" }:connection())
        local request = ""
        repeat
          conn:feed(assert(tcp:receive(1)))
          tcp:send(conn:pull())
          request = request .. (conn:read() or "")
        until request:find "\r\n\r\n"
        conn:write "HTTP/1.1 200 OK\r\n\r\nwhat came"
        if orderly then conn:close() end
        tcp:send(conn:pull())
      end })
    end
  end)
end)

describe("Expect: 100-continue", function()
  local function expecting(accept, options)
    return web.run(nil, function(server)
      local all = { trust = web.ca, headers = { Expect = "100-continue" }, expect_timeout = 60 }
      for name, value in pairs(options or {}) do all[name] = value end
      return https.put(server.url "", all.source == nil and "content" or nil, all)
    end, { accept = accept })
  end

  it("has the body wait for the word", function()
    local response = assert(expecting(function(sock)
      local request = web.request(sock, true)
      sock:settimeout(0.05)
      assert.is_nil((sock:receive(1)))
      sock:settimeout(60)
      sock:send "HTTP/1.1 100 Continue\r\n\r\n"
      sock:send(web.answer(sock:receive(request.length)))
    end))
    assert.equal("content", response.body)
  end)

  it("keeps the body here where the answer is no", function()
    local rest
    local response = assert(expecting(function(sock)
      web.request(sock, true)
      sock:send(web.answer("no", "403 Forbidden"))
      rest = { sock:receive "*a" }
    end))
    assert.same({ 403, "no" }, { response.status, response.body })
    assert.equal("closed", rest[2])
  end)

  it("does not wait for ever", function()
    local response = assert(expecting(function(sock) sock:send(web.answer(web.request(sock).body)) end,
      { expect_timeout = 0.05 }))
    assert.equal("content", response.body)
  end)

  it("is left out after 417", function()
    local asked = 0
    local response = assert(expecting(function(sock)
      asked = asked + 1
      if asked == 1 then
        web.request(sock, true)
        return sock:send(web.answer("", "417 Expectation Failed"))
      end
      local request = web.request(sock)
      sock:send(web.answer(request.body .. tostring(web.header(request, "expect"))))
    end))
    assert.equal("contentnil", response.body)
  end)
end)

describe("a body that goes out", function()
  it("must have the length that was promised", function()
    for _, text in ipairs { "short", "far too long" } do
      web.run(nil, function(server)
        local response, err = https.put(server.url "", nil, { trust = web.ca, source = ltn12.source.string(text),
          headers = { ["content-length"] = 8 } })
        assert.is_nil(response)
        assert.same({ "option", "source" }, { err.code, err.where })
      end, { accept = function(sock) web.request(sock) end })
    end
    for _, headers in ipairs {
      { ["Content-Length"] = 3 }, { ["Content-Length"] = "x" }, { ["Transfer-Encoding"] = "gzip" },
    } do
      fails("option", https.put("https://localhost:1/", "four", { headers = headers }))
    end
  end)

  it("is chunked where the headers say so, and may be empty", function()
    web.run(function(request) return web.answer(request.method .. " " .. request.body) end, function(server)
      for _, body in ipairs { "", "content" } do
        local headers = { ["Transfer-Encoding"] = "chunked" }
        local response = assert(https.put(server.url "", body, { trust = web.ca, headers = headers }))
        assert.equal("PUT " .. body, response.body)
      end
    end)
  end)

  it("is cut short by an answer, which is the result", function()
    local pieces = 0
    web.run(nil, function(server)
      local response = assert(https.put(server.url "", nil, { trust = web.ca, source = function()
        pieces = pieces + 1
        return pieces < 100000 and ("x"):rep(16384) or nil
      end }))
      assert.same({ 413, "too much" }, { response.status, response.body })
      assert.truthy(pieces < 100000)
    end, { accept = function(sock)
      web.request(sock, true)
      sock:send "HTTP/1.1 102 Processing\r\n\r\n"
      sock:receive(1 << 20)
      sock:send(web.answer("too much", "413 Content Too Large"))
      while sock:receive(16384) do end
    end })
  end)

  it("may fail at its source, with the source's own words", function()
    web.run(nil, function(server)
      local source = function() return nil, "no more" end
      local response, err = https.put(server.url "", nil, { trust = web.ca, source = source })
      assert.same({ nil, "no more" }, { response, err })
    end, { accept = function(sock) web.request(sock) end })
  end)
end)

describe("https.download", function()
  local dir

  before_each(function()
    dir = os.tmpname()
    os.remove(dir)
    assert(os.execute("mkdir " .. dir))
  end)
  after_each(function() os.execute("rm -r " .. dir) end)

  local function files()
    local list = {}
    for name in require "lfs".dir(dir) do
      if not name:find "^%.+$" then list[#list + 1] = name end
    end
    return list
  end

  local function download(url, options)
    local all = { trust = web.ca, timeout = 60 }
    for name, value in pairs(options or {}) do all[name] = value end
    return https.download(url, dir .. "/file", all)
  end

  it("goes into a FIFO or a device as it is, and takes the place of none", function()
    local nginx <close> = peer.nginx(web.pair, nil, "TLSv1.3")
    local url = ("https://localhost:%d/file"):format(nginx.port)
    assert(assert(https.put(url, "through", { trust = web.ca })):check())
    local reader = assert(io.popen(("cd %s; mkfifo fifo; ln -s fifo file; echo; timeout 60 cat fifo"):format(dir)))
    assert(reader:read "l")
    assert(download(url))
    assert.equal("through", reader:read "a")
    reader:close()
    local core = require "bearssl.core"
    assert.same({ "link", "other" }, { (core.file_kind(dir .. "/file")), (core.file_kind(dir .. "/fifo")) })
    assert.equal(2, #files())
  end)

  it("makes the file, and tells how far it is", function()
    local text = ("0123456789abcdef"):rep(1 << 16)
    local nginx <close> = peer.nginx(web.pair, nil, "TLSv1.3")
    local url = ("https://localhost:%d/file"):format(nginx.port)
    assert(assert(https.put(url, text, { trust = web.ca })):check())
    local last, calls = 0, 0
    local response = assert(download(url, { progress = function(received, total)
      assert.truthy(received > last and total == #text)
      assert.is_nil(require "lfs".attributes(dir .. "/file"))
      last, calls = received, calls + 1
    end }))
    assert.same({ 200, #text, nil, { "file" } }, { response.status, last, response.body, files() })
    assert.truthy(calls > 10)
    assert.equal(text, pki.read(dir .. "/file"))
  end)

  for _, case in ipairs {
    { "a status", web.answer("not here", "404 Not Found"), "status" },
    { "an end that comes too soon", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "truncated" },
  } do
    it("leaves what was there, and nothing else, after " .. case[1], function()
      local file <close> = assert(io.open(dir .. "/file", "w"))
      file:write "old"
      file:flush()
      web.run(nil, function(server) fails(case[3], download(server.url "")) end, { accept = function(sock)
        web.request(sock)
        sock:send(case[2])
      end })
      assert.same({ "file" }, files())
      assert.equal("old", pki.read(dir .. "/file"))
    end)
  end

  it("leaves nothing where progress raises, and raises that", function()
    local before
    web.run(function() return web.answer "x" end, function(server)
      before = ends.descriptors()
      assert.error_matches(function() download(server.url "", { progress = function() error "mine" end }) end, "mine")
      while server.open > 0 do scheduler.current().sleep(0.01) end
      assert.equal(before, ends.descriptors())
    end)
    assert.same({}, files())
  end)

  it("is a file error where there is no folder", function()
    fails("file", https.download("https://localhost:1/", dir .. "/none/file"))
    assert.error(function() https.download("https://localhost:1/") end)
  end)

  it("follows redirects, whose bodies are not the file's", function()
    web.run(function(request)
      if request.path == "/to" then return web.answer "the file" end
      return web.answer("moved", "302 Found", "Location: /to\r\n")
    end, function(server)
      local client <close> = assert(https.new { trust = web.ca })
      assert(client:download(server.url "", dir .. "/file"))
    end)
    assert.equal("the file", pki.read(dir .. "/file"))
  end)
end)
