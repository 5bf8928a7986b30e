-- bearssl.https through proxies: tinyproxy, microsocks, and some that are not to be trusted.
local child = require "spec.support.child"
local https = require "bearssl.https"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local proxies = require "spec.support.proxies"
local proxy = require "bearssl.https.proxy"
local reader = require "spec.support.reader"
local scheduler = require "bearssl.scheduler"
local web = require "spec.support.web"

local nginx, tinyproxy, guarded, microsocks, guarded_socks, secure

setup(function()
  nginx = peer.nginx(web.pair, nil, "TLSv1.2 TLSv1.3")
  tinyproxy, microsocks = proxies.tinyproxy(), proxies.microsocks()
  guarded = proxies.tinyproxy "BasicAuth me s3cret"
  guarded_socks = proxies.microsocks "-u me -P s3cret"
  secure = proxies.with_tls(guarded, web.pair)
end)
teardown(function()
  for _, process in ipairs { nginx, tinyproxy, secure, guarded, microsocks, guarded_socks } do process:stop() end
end)

local function facts() return ("https://localhost:%d/facts"):format(nginx.port) end

local function at(kind, process, user)
  return ("%s://%s127.0.0.1:%d"):format(kind, user and user .. "@" or "", process.port)
end

-- The connections that tinyproxy was asked for.
local function asked_of(process)
  return select(2, process:output "messages":gsub("CONNECT localhost:" .. nginx.port, ""))
end

local function get(through, options)
  local all = { trust = web.ca, proxy = through, timeout = 60 }
  for name, value in pairs(options or {}) do all[name] = value end
  return https.get(all.url or facts(), all)
end

local fails = web.fails

describe("a proxy", function()
  for _, case in ipairs {
    { "http", function() return at("http", tinyproxy) end },
    { "without a scheme", function() return "127.0.0.1:" .. tinyproxy.port end },
    { "http with user and password", function() return at("http", guarded, "me:s3cret") end },
    { "socks5", function() return at("socks5", microsocks) end },
    { "socks5h", function() return at("socks5h", microsocks) end },
    { "socks5 with user and password", function() return at("socks5", guarded_socks, "me:s3cret") end },
    { "socks5h with user and password", function() return at("SOCKS5H", guarded_socks, "m%65:s3cret") end },
  } do
    it("leads to nginx, whose certificate is verified: " .. case[1], function()
      local response = assert(get(case[2]()))
      assert.same({ 200, "localhost" }, { response.status, response.body:match "^%S+ %S+ (%S+)" })
      fails("name_mismatch", get(case[2](), { name = "other.example" }))
    end)
  end

  it("is asked once for many requests of a client", function()
    local before = asked_of(tinyproxy)
    local client <close> = assert(https.new { trust = web.ca, proxy = at("http", tinyproxy) })
    for i = 1, 3 do assert.equal(i > 1, assert(client:get(facts())).reused) end
    assert.is_false(assert(client:get(facts(), { proxy = at("socks5h", microsocks) })).reused)
    assert.is_false(assert(client:get(facts(), { proxy = false })).reused)
    assert.equal(before + 1, asked_of(tinyproxy))
  end)

  it("is LuaSocket's for https.request, too", function()
    local http = require "socket.http"
    http.PROXY = at("http", tinyproxy)
    local before = asked_of(tinyproxy)
    local body, code = https.request { url = facts(), trust = web.ca }
    http.PROXY = nil
    assert.equal(200, code, body)
    assert.equal(before + 1, asked_of(tinyproxy))
  end)

  it("is asked for the whole URL where that is http://", function()
    web.run(function(request) return web.answer(request.line) end, function(server)
      local response = assert(get(at("http", tinyproxy), { url = server.url "a?b", http = true }))
      assert.equal("GET /a?b HTTP/1.", response.body:sub(1, 16))
      assert.truthy(response.headers.via:find "tinyproxy")
      response = assert(get(at("socks5h", microsocks), { url = server.url "a", http = true }))
      assert.equal("GET /a HTTP/1.1", response.body)
    end, { tls = false })
  end)
end)

describe("an https:// proxy", function()
  local function through(options, user)
    local all = { proxy_tls = { trust = web.ca } }
    for name, value in pairs(options or {}) do all[name] = value end
    return get(("https://%s@localhost:%d"):format(user or "me:s3cret", secure.port), all)
  end

  it("leads to nginx: TLS within TLS, both verified", function()
    local response = assert(through())
    assert.same({ 200, "localhost" }, { response.status, response.body:match "^%S+ %S+ (%S+)" })
    fails("unknown_issuer", through { proxy_tls = {} })
    fails("unknown_issuer", through { trust = pki.stranger })
    fails("name_mismatch", through { name = "other.example" })
    fails("proxy", through(nil, "me:wrong"))
  end)

  it("carries a megabyte there and back, and many requests", function()
    local client <close> = assert(https.new { trust = web.ca, proxy_tls = { trust = web.ca }, timeout = 60,
      proxy = ("https://me:s3cret@localhost:%d"):format(secure.port) })
    local text = ("0123456789abcdef"):rep(1 << 16)
    local url = ("https://localhost:%d/file"):format(nginx.port)
    assert(assert(client:put(url, text)):check())
    local response = assert(client:get(url))
    assert.is_true(response.body == text and response.reused)
  end)

  it("is waited for under a scheduler", function()
    web.run(function() return web.answer "hello" end, function(server)
      assert.equal("hello", assert(through { url = server.url "" }).body)
    end)
  end)
end)

describe("a proxy that will not", function()
  it("says so: user and password", function()
    local err = fails("proxy", get(at("http", guarded)))
    assert.equal(407, err.status)
    assert.truthy(err.hint:find "password")
    err = fails("proxy", get(at("http", guarded, "me:wrong")))
    assert.falsy(tostring(err):find "wrong" or err.hint)
    err = fails("proxy", get(at("socks5", guarded_socks)))
    assert.truthy(err.hint:find "password")
    fails("proxy", get(at("socks5", guarded_socks, "me:wrong")))
  end)

  it("says so: nobody listens at the other end", function()
    local port
    do
      local listener <close> = peer.listen()
      port = listener.port
    end
    local url = ("https://127.0.0.1:%d/"):format(port)
    assert.truthy(fails("proxy", get(at("http", tinyproxy), { url = url })).status >= 400)
    assert.truthy(fails("proxy", get(at("socks5", microsocks), { url = url })).message:find("refused", 1, true))
    fails("refused", get("http://127.0.0.1:" .. port))
    fails("refused", get("socks5://127.0.0.1:" .. port))
  end)

  it("says so: a name that does not resolve", function()
    local url = "https://no-such-host.invalid/"
    fails("proxy", get(at("socks5h", microsocks), { url = url }))
    fails("dns", get(at("socks5", microsocks), { url = url }))
  end)
end)

describe("a proxy that is none", function()
  -- Reads what it is sent and answers with these bytes, then closes, or waits for the client.
  local function answering(pieces, waits)
    return function(sock)
      for _, piece in ipairs(pieces) do
        sock:receive(1)
        sock:send(piece)
        if pieces[2] then scheduler.current().sleep(0.01) end
      end
      if waits then sock:receive "*a" end
    end
  end

  local function through(kind, accept, check, options)
    web.run(nil, function(server)
      local given = { trust = web.ca, timeout = 60, proxy = ("%s://127.0.0.1:%d"):format(kind, server.port) }
      for name, value in pairs(options or {}) do given[name] = value end
      check(https.get("https://localhost:1/", given))
    end, { tls = false, accept = accept })
  end

  for _, case in ipairs {
    { "closes", {}, "closed" }, { "speaks SSH", { "SSH-2.0-x\r\n" }, "decode" },
    { "closes within its answer", { "HTTP/1.1 200 OK\r\nA: b\r\n" }, "closed" },
    { "has an endless line", { ("x"):rep(300000) }, "limit" },
    { "has an endless header", { "HTTP/1.1 200 OK\r\n" .. ("A: b\r\n"):rep(50000) }, "limit" },
    { "goes on after its answer", { "HTTP/1.1 200 OK\r\n\r\n\22\3\3" }, "unexpected" },
    { "has no TLS behind it", { "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n" }, "not_tls" },
    { "sends us elsewhere", { "HTTP/1.1 302 Found\r\nLocation: https://other.example/\r\n\r\n" }, "proxy" },
  } do
    it(("fails with %s: %s"):format(case[3], case[1]), function()
      through("http", answering(case[2], case[3] == "limit"), function(...) fails(case[3], ...) end)
    end)
  end

  for _, case in ipairs {
    { "closes", {}, "closed" }, { "speaks HTTP", { "HTTP/1.1 400 Bad Request\r\n\r\n" }, "proxy" },
    { "wants what we have not", { "\5\1" }, "proxy" }, { "takes nothing", { "\5\xff" }, "proxy" },
    { "has no such reply", { "\5\0", "\5\99\0\1\0\0\0\0\0\0" }, "proxy" },
    { "has no such address", { "\5\0", "\5\0\0\9\0\0\0\0\0\0" }, "proxy" },
    { "is cut", { "\5\0", "\5\0\0\3\200abc" }, "closed" },
  } do
    it(("fails with %s by SOCKS: %s"):format(case[3], case[1]), function()
      through("socks5h", answering(case[2]), function(...) fails(case[3], ...) end)
    end)
  end

  it("fails in time where it hangs", function()
    for _, kind in ipairs { "http", "socks5", "socks5h" } do
      through(kind, answering({}, true), function(...) fails("timeout", ...) end, { read_timeout = 0.1 })
      through(kind, answering({}, true), function(...) fails("timeout", ...) end, { total_timeout = 0.1 })
    end
  end)

  it("fails wherever it is cut, and leaves nothing open", function()
    for kind, answer in pairs { http = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", socks5h = "\5\0\5\0\0\1\127\0\0\1\0\80" } do
      for cut = 0, #answer do
        through(kind, answering { answer:sub(1, cut) }, function(response, err)
          assert.is_nil(response)
          assert.truthy(({ closed = true, reset = true, decode = true, truncated = true })[err.code], tostring(err))
        end)
      end
    end
  end)
end)

-- Without TLS: what stands in for a config hands out the rest of what the proxy's socket reads.
describe("a damaged answer", function()
  local answers = {
    http = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", socks5h = "\5\0\5\0\0\1\127\0\0\1\0\80",
    ["socks5h by name"] = "\5\2\1\0\5\0\0\3\2ab\0\80",
  }

  local function request(kind, text)
    local sock = reader(text)
    local stand_in = { wrap = function() return sock end }
    return https.get("https://a/", { proxy = kind:match "%w+" .. "://u:p@a:1", config = stand_in,
      create = function() return sock end })
  end

  for kind, answer in pairs(answers) do
    it("never raises, cut at any byte, with any byte changed: " .. kind, function()
      for cut = 0, #answer do
        local response, err = request(kind, answer:sub(1, cut))
        assert.is_nil(response)
        assert.equal("table", type(err), err)
      end
      for position = 1, #answer do
        for byte = 0, 255 do
          local damaged = answer:sub(1, position - 1) .. string.char(byte) .. answer:sub(position + 1)
          local response, err = request(kind, damaged)
          assert.is_nil(response)
          assert.equal("table", type(err), err)
        end
      end
    end)
  end
end)

describe("the proxy's URL", function()
  for _, text in ipairs {
    "ftp://a", "socks4://a", "http://", "http://:80", "http://a b", "http://a:0", "http://a:99999", "socks5://a:x", "",
    "socks5://" .. ("u"):rep(256) .. ":p@a",
  } do
    it(("is checked: %q"):format(text:sub(1, 30)), function()
      assert.error_matches(function() https.get("https://a/", { proxy = text }) end, "bad option 'proxy'")
    end)
  end

  it("is told without its password", function()
    local ok, message = pcall(https.get, "https://a/", { proxy = "ftp://me:s3cret@a" })
    assert.is_false(ok)
    assert.falsy(message:find("s3cret", 1, true))
    local _, err = https.get "https://me:s3cret@a b/"
    assert.falsy(tostring(err):find("s3cret", 1, true))
  end)
end)

describe("the environment", function()
  -- In a process of its own: status of a request for nginx's facts, by which way.
  local function run(variables)
    local script = [[
      local response, err = require "bearssl.https".get(arg[1], { trust = arg[2] })
      print(response and response.status or err)]]
    local line = ("printf %%s '%s' | env %s %s lua5.4 - %s %s 2>&1"):format(script, variables, child, facts(), web.ca)
    local before = asked_of(tinyproxy)
    local pipe <close> = assert(io.popen(line))
    local out = pipe:read "l"
    return out, asked_of(tinyproxy) - before
  end

  for _, name in ipairs { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } do
    it("has a proxy in " .. name, function()
      assert.same({ "200", 1 }, { run(("%s=%s"):format(name, at("http", tinyproxy))) })
    end)
  end

  it("has exceptions in no_proxy and NO_PROXY", function()
    local set = "https_proxy=" .. at("http", tinyproxy)
    assert.same({ "200", 0 }, { run(set .. " no_proxy=example.com,localhost") })
    assert.same({ "200", 0 }, { run(set .. " NO_PROXY='*'") })
    assert.same({ "200", 1 }, { run(set .. " no_proxy=example.com,local") })
  end)

  it("says nothing for https in http_proxy, nor anywhere in HTTP_PROXY", function()
    assert.same({ "200", 0 }, { run("HTTP_PROXY=http://127.0.0.1:1 http_proxy=http://127.0.0.1:1") })
  end)

  it("has a wrong proxy told, not passed over", function()
    assert.truthy((run "https_proxy=ftp://a"):find "^option: ")
  end)
end)

describe("no_proxy", function()
  for _, case in ipairs {
    -- list, host, port, exempt; curl 7.88 says the same, but knows no ports, no brackets, no *. and no /0
    { "example.com", "example.com", 443, true }, { "example.com", "www.example.com", 443, true },
    { ".example.com", "www.example.com", 443, true }, { "*.example.com", "www.example.com", 443, true },
    { "example.com", "badexample.com", 443, false }, { "example.com", "example.com.evil", 443, false },
    { "a, b ,c", "b", 443, true }, { "*", "anything", 1, true }, { "", "a", 443, false }, { ",,", "a", 443, false },
    { "example.com:8443", "example.com", 8443, true }, { "example.com:8443", "example.com", 443, false },
    { "10.0.0.0/8", "10.1.2.3", 443, true }, { "10.0.0.0/8", "11.1.2.3", 443, false },
    { "10.0.0.0/33", "10.0.0.0", 443, false }, { "0.0.0.0/0", "10.0.0.0", 443, true },
    { "10.0.0.0/8", "10.evil.example", 443, false }, { "127.0.0.1", "127.0.0.1", 443, true },
    { "::1", "::1", 443, true }, { "[::1]:8443", "::1", 8443, true }, { "[::1]:8443", "::1", 443, false },
    { "EXAMPLE.com", "example.com", 443, true }, { "0.0.1", "127.0.0.1", 443, false },
    { "example.com.", "example.com", 443, true },
  } do
    it(("%q %s %s port %d"):format(case[1], case[4] and "names" or "does not name", case[2], case[3]), function()
      assert.equal(case[4], proxy.is_exempt(case[1], case[2], case[3]))
    end)
  end
end)
