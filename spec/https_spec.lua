-- bearssl.https against a LuaSec server (spec/support/https_peer.lua) and nginx; what a request may hold, and what a
-- response.
local https = require "bearssl.https"
local bearssl = require "bearssl"
local child = require "spec.support.child"
local http = require "socket.http"
local ltn12 = require "ltn12"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local reader = require "spec.support.reader"
local socket = require "socket"

local pair, ca = pki.server.p256, pki.root.p256
local config, server, other

local function start()
  local top = io.popen "pwd":read "l"
  local self = peer.start(("lua5.4 %s/spec/support/https_peer.lua %s %s"):format(top, pair.certificate, pair.key))
  self.port = math.tointeger(tonumber(self:wait_for "(%d+)\n"))
  return self
end

setup(function()
  config = assert(bearssl.client { trust = ca })
  server, other = start(), start()
end)
teardown(function()
  server:stop()
  other:stop()
end)

local function at(path, host, port)
  return ("https://%s:%d/%s"):format(host or "localhost", port or server.port, path)
end

-- A request with the test's root: body, code, headers, status.
local function get(path, options)
  local request = { url = at(path), config = config }
  for key, value in pairs(options or {}) do request[key] = value end
  return https.request(request)
end

local fails = require "spec.support.web".fails

-- Not even until the collector comes.
local function keeps_no_descriptor(act)
  collectgarbage()
  collectgarbage "stop"
  local before = peer.descriptors()
  act()
  assert.equal(before, peer.descriptors())
  collectgarbage "restart"
end

describe("https.request with a table", function()
  it("gives body, code, headers and status line", function()
    local body, code, headers, status = get "hello"
    assert.same({ "hello", 200, "5", "HTTP/1.1 200 OK" }, { body, code, headers["content-length"], status })
  end)

  it("fills a sink and gives 1", function()
    local pieces = {}
    local result, code = get("big", { sink = ltn12.sink.table(pieces) })
    assert.same({ 1, 200 }, { result, code })
    assert.equal(("0123456789abcdef"):rep(1 << 16), table.concat(pieces))
  end)

  it("leaves the caller's table as it was, so that it serves twice", function()
    local headers = { ["X-A"] = "b" }
    local request = { url = at "hello", trust = ca, headers = headers, timeout = 5 }
    for _ = 1, 2 do
      assert.equal("hello", (https.request(request)))
      assert.same({ url = at "hello", trust = ca, headers = { ["X-A"] = "b" }, timeout = 5 }, request)
      assert.equal(headers, request.headers)
    end
  end)

  it("sends method, headers and the URL's path and query", function()
    local body = get("echo?a=b%20c#part", { method = "DELETE", headers = { ["X-One"] = "1", ["User-Agent"] = "me" } })
    assert.truthy(body:find "^DELETE /echo%?a=b%%20c HTTP/1%.1\n")
    assert.truthy(body:lower():find("\nx-one: 1\n", 1, true))
    assert.truthy(body:find("\nUser-Agent: me\n", 1, true))
    assert.truthy(body:find(("\nHost: localhost:%d\n"):format(server.port), 1, true))
  end)

  it("sends a source, chunked or by its length", function()
    for _, headers in ipairs { {}, { ["content-length"] = 10 } } do
      local body = get("echo", { method = "PUT", headers = headers, source = ltn12.source.string "0123456789" })
      assert.truthy(body:find("^PUT .*\n\n0123456789\n"))
    end
  end)

  it("sends a body as POST", function()
    local body = get("echo", { body = "[1]", headers = { ["content-type"] = "application/json" } })
    assert.truthy(body:find("^POST .*\nContent%-Type: application/json\n"))
    assert.truthy(body:find("\n\n[1]\n", 1, true))
  end)

  it("makes the TCP socket by `create`", function()
    local made = 0
    local create = function()
      made = made + 1
      return socket.tcp()
    end
    assert.equal("hello", (get("hello", { create = create })))
    assert.equal(1, made)
  end)

  it("sends user and password of the URL, decoded", function()
    local body = https.request { url = ("https://me:a%%20b@localhost:%d/echo"):format(server.port), config = config }
    assert.truthy(body:find("\nAuthorization: Basic bWU6YSBi\n", 1, true))
  end)

  for _, case in ipairs {
    { "chunked", "hello", 200 }, { "closed", "until the end", 200 }, { "interim", "hello", 200 },
    { "empty", "", 204 }, { "missing", "none", 404 },
  } do
    it("reads the response of /" .. case[1], function()
      local body, code = get(case[1])
      assert.same({ case[2], case[3] }, { body, code })
    end)
  end

  it("reads no body after HEAD", function()
    local body, code = get("hello", { method = "HEAD" })
    assert.same({ "", 200 }, { body, code })
  end)
end)

describe("https.request with a URL", function()
  -- In a process of its own, for what the environment says.
  local function run(script, path)
    local line = "printf %%s '%s' | %s SSL_CERT_FILE=%s lua5.4 - %s 2>&1"
    local pipe <close> = assert(io.popen(line:format(script, child, ca, at(path))))
    return pipe:read "a"
  end

  it("verifies against the system's store, SSL_CERT_FILE among it", function()
    assert.equal("hello\t200\t", run('print(require "bearssl.https".request((...)))', "hello"):sub(1, 10))
  end)

  it("posts a second argument", function()
    local out = run('print((require "bearssl.https".request((...), "a=b")))', "echo")
    assert.truthy(out:find "^POST ")
    assert.truthy(out:find("Content-Type: application/x-www-form-urlencoded\n", 1, true))
    assert.truthy(out:find("\n\na=b\n", 1, true))
  end)

  it("refuses a server that the system's store does not know", function()
    fails("unknown_issuer", https.request(at "hello"))
  end)
end)

describe("the name", function()
  it("goes out as SNI and is verified", function()
    assert.truthy(get "echo":find("\nSNI: localhost", 1, true))
    local err = fails("name_mismatch", get("hello", { name = "other.example" }))
    assert.truthy(tostring(err):find("other.example", 1, true))
  end)

  it("may be an address, which is no SNI (RFC 6066 section 3)", function()
    assert.truthy(get("echo", { url = at("echo", "127.0.0.1") }):find("\nSNI: nil", 1, true))
    local body = get("echo", { url = at("echo", "[::1]") })
    assert.truthy(body:find("\nSNI: nil", 1, true))
    assert.truthy(body:find(("\nHost: [::1]:%d\n"):format(server.port), 1, true))
  end)
end)

describe("redirects", function()
  local function to(code, location)
    return ("redirect?%d,%s"):format(code, location)
  end

  for _, code in ipairs { 301, 302, 303, 307, 308 } do
    it(("of %d are followed"):format(code), function()
      local body, status, headers = get(to(code, at "hello"))
      assert.same({ "hello", 200, at "hello" }, { body, status, headers.location })
    end)
  end

  it("may be relative", function()
    assert.equal("hello", (get(to(302, "/hello"))))
    assert.equal("hello", (get(to(302, "hello"))))
  end)

  it("are relative to what was asked, where `host` and `port` say otherwise than the URL", function()
    local url = "https://localhost:1/redirect?302,/hello"
    local body, code, headers = get("", { url = url, port = server.port })
    assert.same({ "hello", 200, at "hello" }, { body, code, headers.location })
  end)

  it("go no further than maxredirects", function()
    local loop = to(302, "/redirect?302,/redirect?302,/hello")
    assert.equal("hello", (get(loop)))
    local body, code = get(loop, { maxredirects = 1 })
    assert.same({ "moved", 302 }, { body, code })
    assert.equal("hello", (get(loop, { maxredirects = false })))
  end)

  it("are not followed where redirect is false, nor after a body", function()
    assert.equal(302, (select(2, get(to(302, "/hello"), { redirect = false }))))
    assert.equal(302, (select(2, get(to(302, "/hello"), { body = "x" }))))
    assert.equal(302, (select(2, get(to(302, "/hello"), { method = "DELETE" }))))
  end)

  for _, location in ipairs { "http://localhost:1/hello", "HTTP://localhost:1/", "ftp://localhost/", "file:///etc" } do
    it("never lead to " .. location, function()
      local body, code, headers = get(to(302, location))
      assert.same({ "moved", 302, location }, { body, code, headers.location })
    end)
  end

  it("take no credentials to another port", function()
    local headers = { Authorization = "Basic x", Cookie = "c", ["X-Kept"] = "k" }
    local own = get(to(302, at "echo"), { headers = headers })
    assert.truthy(own:find("\nAuthorization: Basic x\n", 1, true) and own:find("\nCookie: c\n", 1, true))
    local strange = get(to(302, at("echo", nil, other.port)), { headers = headers, user = "u", password = "p" })
    assert.falsy(strange:find "Authorization" or strange:find "Cookie")
    assert.truthy(strange:lower():find("\nx-kept: k\n", 1, true))
    assert.truthy(strange:find(("\nHost: localhost:%d\n"):format(other.port), 1, true))
  end)
end)

describe("a response that is not one", function()
  for _, case in ipairs {
    { "short", "truncated" }, { "nothing", "closed" }, { "status", "closed" }, { "header", "closed" },
    { "folded", "closed" }, { "malformed", "decode" }, { "chunk", "decode" }, { "hugechunk", "truncated" },
    { "cutchunk", "truncated" }, { "manychunk", "truncated" }, { "ssh", "decode" }, { "interims", "limit" },
    { "headers", "limit" }, { "badstatus", "decode" }, { "fraction", "decode" }, { "negative", "decode" },
  } do
    it(("gives %s for /%s, and leaves no descriptor"):format(case[2], case[1]), function()
      keeps_no_descriptor(function() fails(case[2], get(case[1])) end)
    end)
  end
end)

-- Without TLS: what stands in for a config hands out a socket that reads from a string, and then is closed.
describe("a damaged response", function()
  local responses = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n c\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 301 Moved\r\nLocation: http://a/\r\n\r\nmoved",
  }

  local function request(text)
    local sock = reader(text)
    local pieces = {}
    local stand_in = { wrap = function() return sock end }
    return https.request { url = "https://a/", config = stand_in, create = function() return sock end,
      sink = ltn12.sink.table(pieces) }
  end

  for i, whole in ipairs(responses) do
    it(("never raises, cut at any byte, with any byte changed (%d)"):format(i), function()
      assert.equal(1, (request(whole)))
      for cut = 0, #whole - 1 do
        local result, err = request(whole:sub(1, cut))
        if not result then assert.equal("table", type(err), err) end
      end
      for position = 1, #whole do
        for byte = 0, 255 do
          local damaged = whole:sub(1, position - 1) .. string.char(byte) .. whole:sub(position + 1)
          local result, err = request(damaged)
          if not result then assert.equal("table", type(err), err) end
        end
      end
    end)
  end
end)

describe("a timeout", function()
  it("ends the wait for a response", function()
    fails("timeout", get("silent", { timeout = 0.2 }))
  end)

  it("ends a handshake with a peer that says nothing", function()
    local listener <close> = peer.listen()
    fails("timeout", https.request { url = at("", "127.0.0.1", listener.port), config = config, timeout = 0.2 })
  end)
end)

describe("a failure to connect", function()
  it("is refused where nothing listens", function()
    local port
    do
      local listener <close> = peer.listen()
      port = listener.port
    end
    fails("refused", https.request { url = at("", "127.0.0.1", port), config = config })
  end)

  it("is dns where the name does not resolve", function()
    fails("dns", https.request { url = "https://no-such-host.invalid/", config = config })
  end)

  it("is not_tls where the server speaks plain HTTP", function()
    local plain <close> = peer.start("lua5.4 @/plain.lua", nil, { ["plain.lua"] = [[
      local socket = require "socket"
      local listener = socket.bind("127.0.0.1", 0)
      print((select(2, listener:getsockname())))
      io.stdout:flush()
      local tcp = listener:accept()
      tcp:receive(5)
      tcp:send "HTTP/1.1 400 Bad Request\r\n\r\n"
      tcp:receive "*a"]] })
    local port = tonumber((plain:wait_for "(%d+)\n"))
    fails("not_tls", https.request { url = at("", "127.0.0.1", port), config = config })
  end)
end)

describe("a wrong request", function()
  for url, where in pairs {
    ["http://localhost/"] = "https://", ["localhost"] = "https://", [""] = "https://", ["https://"] = "host",
    ["https:///path"] = "host", ["https://a b/"] = "host", ["https://a\r\nb/"] = "host", ["https://a\\@b/"] = "host",
    ["https://localhost:0/"] = "port", ["https://localhost:99999/"] = "port", ["https://localhost:1x/"] = "port",
    ["https://localhost:0x1bb/"] = "port", ["https://localhost:4e2/"] = "port", ["https://localhost:+443/"] = "port",
  } do
    it(("names what is wrong in %q"):format(url), function()
      local err = fails("option", https.request { url = url, config = config })
      assert.equal("url", err.where)
      assert.truthy(err.message:find(where, 1, true), err.message)
    end)
  end

  it("takes the host to end at '?' and '#', whatever follows", function()
    for _, sign in ipairs { "?", "#" } do
      local url = ("https://localhost:%d%s@other.example/hello"):format(server.port, sign)
      fails("closed", get("", { url = url })) -- the server was asked for "/", which it does not know
    end
  end)

  for name, headers in pairs {
    ["a line end in a value"] = { ["X-A"] = "b\r\nX-C: d" }, ["a zero byte"] = { ["X-A"] = "b\0" },
    ["a line end in a name"] = { ["X-A: b\r\nX-C"] = "d" }, ["an empty name"] = { [""] = "d" },
    ["a list"] = { ["X-A"] = { "b" } }, ["a value without name"] = { "b" },
  } do
    it("refuses headers with " .. name, function()
      local err = fails("option", get("hello", { headers = headers }))
      assert.equal("headers", err.where)
    end)
  end

  it("encodes what would end the request line", function()
    local body = get("", { url = at "echo?a b\r\nX: y\xC3\xA9" })
    assert.truthy(body:find("^GET /echo%?a%%20b%%0D%%0AX:%%20y%%C3%%A9 HTTP"))
  end)

  it("refuses a method that is none", function()
    local err = fails("option", get("hello", { method = "GET / HTTP/1.1\r\nX:" }))
    assert.equal("method", err.where)
  end)


  for option, value in pairs { url = 1, headers = "x", timeout = "5", method = 1, create = true, body = {} } do
    it("raises for a wrong type of " .. option, function()
      assert.error_matches(function() get("hello", { [option] = value }) end, option)
    end)
  end

  it("raises for an unknown option, and for options beside a config", function()
    assert.error_matches(function() https.request { url = at "hello", trsut = ca } end, "trsut")
    assert.error_matches(function() get("hello", { trust = ca }) end, "trust")
    assert.error(function() https.request() end)
    assert.error_matches(function() https.request {} end, "url")
  end)

  it("gives a sink's failure as it is, and lets its errors through", function()
    local result, err = get("hello", { sink = function() return nil, "disk full" end })
    assert.same({ nil, "disk full" }, { result, err })
    keeps_no_descriptor(function()
      assert.error_matches(function() get("hello", { sink = function() error "mine" end }) end, "mine")
    end)
  end)
end)

describe("https.tcp", function()
  it("serves LuaSocket's http.request", function()
    local pieces = {}
    local result, code = http.request { url = at "hello", create = https.tcp { config = config },
      sink = ltn12.sink.table(pieces) }
    assert.same({ 1, 200, "hello" }, { result, code, table.concat(pieces) })
  end)
end)

describe("client certificates", function()
  it("are shown to nginx, by options of the request", function()
    local nginx <close> = peer.nginx(pair, ("ssl_client_certificate %s; ssl_verify_client on;"):format(ca))
    local mine = pki.client.p256
    local request = { url = at("facts", nil, nginx.port), trust = ca, certificate = mine.certificate, key = mine.key }
    local body, code = https.request(request)
    assert.equal(200, code)
    assert.truthy(body:find("SUCCESS", 1, true), body)
    request.certificate, request.key = nil, nil
    assert.equal(400, (select(2, https.request(request))))
  end)
end)

describe("bearssl.https.target", function()
  local target = require "bearssl.https.target"
  local url = require "socket.url"

  -- What LuaSocket's parser alone would make of a URL.
  local function by_luasocket(text)
    local parts = url.parse((text:gsub("^(%a[%w+.-]*://[^/?#]*)([?#])", "%1/%2")), { path = "/" }) or {}
    local host = not (parts.authority or ""):find("\\", 1, true) and target.host(parts.host or "")
    local port = target.port((parts.port == nil or parts.port == "") and 443 or parts.port)
    if (parts.scheme or ""):lower() ~= "https" or not host or not port then return false end
    local uri = url.build { path = parts.path, params = parts.params, query = parts.query }
    uri = uri:gsub("[^!-~]", function(c) return ("%%%02X"):format(c:byte()) end)
    return { host, port, uri:find "^/" and uri or "/" .. uri, parts.user, parts.password }
  end

  it("reads every URL as LuaSocket's parser does, which it loads for few", function()
    local pieces = {
      "https:", "https:", "HTTPS:", "http:", "//", "//", "/", "?", "#", ";", ":", "@", "a.example", "localhost",
      "[::1]", "192.0.2.1", ":443", ":8443", ":0", ":x", ":", ".", "..", "%41", "%", "user", "user:pass@", "a=b", "&",
      " ", "\n", "\xc3\xa4", "\\", "_", "-", "1", "[", "]",
    }
    local valid = 0
    for i = 1, 40000 do
      local text = i % 2 == 0 and "https://a.example" or ""
      for _ = 1, math.random(1, 7) do text = text .. pieces[math.random(#pieces)] end
      local expected, found = by_luasocket(text), target.new(text, {}) or false
      if found then
        valid = valid + 1
        found = { found.host, found.port, found.uri, found.user, found.password }
      end
      assert.same(expected, found, ("%q"):format(text))
    end
    assert.truthy(valid > 1000)
  end)

  it("is enough for most, without that parser", function()
    local code = [[
      local target = require "bearssl.https.target"
      assert(target.new("https://a.example:8443/b/c?d=e@f", {}))
      io.write(tostring(package.loaded["socket.url"]))
      assert(target.new("https://user:password@a.example/", {}))
      io.write(" ", type(package.loaded["socket.url"]))
    ]]
    local pipe <close> = assert(io.popen(("%s lua5.4 -e '%s'"):format(child, code)))
    assert.equal("nil table", pipe:read "a")
  end)
end)
