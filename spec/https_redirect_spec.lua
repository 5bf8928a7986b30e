-- bearssl.https and redirects: which are followed, as what, where to, and with what credentials.
local https = require "bearssl.https"
local ltn12 = require "ltn12"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local web = require "spec.support.web"

local get, fails, response_to = web.get, web.fails, web.response_to

describe("redirects by RFC 9110", function()
  -- What the server was asked in the end, after one redirect of this status.
  local function after(status, method, options)
    local all = { trust = web.ca, body = "content", method = method, headers = { ["X-Kept"] = "1",
      ["Content-Type"] = "text/plain" } }
    for name, value in pairs(options or {}) do all[name] = value end
    return web.run(function(request)
      if request.path == "/to" then
        return web.answer(("%s %s\n%s"):format(request.method, request.body, request.headers))
      end
      return web.answer("moved", status .. " Moved", "Location: /to\r\n")
    end, function(server)
      local client <close> = assert(https.new { trust = web.ca })
      all.trust, all.url = nil, server.url ""
      local response, err = client:request(all)
      return response and response.body or err, response
    end)
  end

  for _, case in ipairs {
    { 301, "POST", "GET " }, { 302, "POST", "GET " }, { 303, "POST", "GET " }, { 307, "POST", "POST content" },
    { 308, "POST", "POST content" }, { 301, "PUT", "PUT content" }, { 303, "PUT", "GET " },
    { 307, "PUT", "PUT content" }, { 303, "DELETE", "GET " }, { 302, "DELETE", "DELETE content" },
  } do
    it(("go on from %d as %s after %s"):format(case[1], case[3], case[2]), function()
      local asked, response = after(case[1], case[2])
      assert.equal(case[3], asked:match "^[^\n]*")
      assert.truthy(asked:find("X-Kept: 1", 1, true))
      assert.equal(case[3] ~= "GET ", asked:find("Content-Type: text/plain", 1, true) ~= nil)
      assert.equal(case[1], response.redirects[1].status)
    end)
  end

  it("make of a POST what curl makes of it", function()
    local asked
    for _, status in ipairs { 301, 302, 303, 307, 308 } do
      web.run(function(request)
        if request.path == "/to" then
          asked = { request.method, request.body }
          return web.answer "there"
        end
        return web.answer("moved", status .. " Moved", "Location: /to\r\n")
      end, function(server)
        assert(https.post(server.url "", "content", { trust = web.ca }))
        local ours = asked
        asked = nil
        local curl <close> = peer.curl(server.port, "/", ("-L -d content --cacert %s"):format(web.ca))
        while curl:running() do scheduler.current().sleep(0.01) end
        assert.same(asked, ours)
      end)
    end
  end)

  it("are the result where a source would be needed twice, and where redirect is false", function()
    local source = ltn12.source.string "content"
    assert.equal("moved", (after(307, "POST", { body = false or nil, source = nil, redirect = false })))
    web.run(function() return web.answer("moved", "307 Moved", "Location: /to\r\n") end, function(server)
      local response = assert(https.post(server.url "", nil, { trust = web.ca, source = source }))
      assert.equal(307, response.status)
    end)
  end)

  it("end", function()
    web.run(function(request)
      local n = tonumber(request.path:match "%d+") or 0
      return web.answer("", "302 Found", ("Location: /%d\r\n"):format(n + 1))
    end, function(server)
      local client <close> = assert(https.new { trust = web.ca })
      local err = fails("redirect", client:get(server.url ""))
      assert.same({ 302, 10, 1 }, { err.response.status, #err.response.redirects, server.count })
      err = fails("redirect", client:get(server.url "", { maxredirects = 2 }))
      assert.equal("/3", err.response.headers.location)
      local _, code, headers = https.request { url = server.url "", trust = web.ca }
      assert.same({ 302, "/6" }, { code, headers.location })
    end)
  end)

  it("lead to http:// only where that is said aloud", function()
    local plain
    web.run(function() return web.answer("", "302 Found", ("Location: %s\r\n"):format(plain.url "x")) end,
      function(server)
        plain = server.another(function(request) return web.answer("plain " .. request.headers) end, { tls = false })
        local err = fails("redirect", get(server.url ""))
        assert.truthy(err.hint:find("unsafe", 1, true))
        fails("redirect", get(server.url "", { http = true }))
        local response = assert(get(server.url "", { redirect = "unsafe", headers = { Cookie = "c" } }))
        assert.truthy(response.body:find "^plain ")
        assert.falsy(response.body:find "Cookie")
        assert.is_nil(response.tls)
      end)
  end)

  it("lead to no other scheme", function()
    for _, location in ipairs {
      "ftp://localhost/", "file:///etc/passwd", "javascript:1", "https://", "https://a b/",
    } do
      local err = fails("redirect", response_to(web.answer("", "302 Found", ("Location: %s\r\n"):format(location)),
        { redirect = "unsafe" }))
      assert.equal(302, err.response.status)
    end
  end)

  it("take no credentials to another origin, and do not bring them back", function()
    local other
    web.run(function(request)
      local to = request.path == "/" and other.url "" or nil
      return web.answer("back " .. request.headers, to and "307 Moved", to and ("Location: %s\r\n"):format(to))
    end, function(server)
      other = server.another(function(request)
        return web.answer(request.headers, "302 Found", ("Location: %s\r\n"):format(server.url "back"))
      end, {})
      local headers = { Authorization = "Bearer x", Cookie = "c", ["X-Kept"] = "k" }
      local response = assert(get(server.url "", { headers = headers, user = "u", password = "p" }))
      assert.truthy(response.body:find "^back " and response.body:find("X-Kept: k", 1, true))
      assert.falsy(response.body:find "Authorization" or response.body:find "Cookie")
      local err = fails("redirect", get(server.url "", { headers = headers, maxredirects = 1 }))
      assert.equal(other.url "", err.response.url)
    end)
  end)

  it("to a server with another's certificate fail", function()
    local other <close> = peer.openssl_server(pki.bad.other_name, "-www")
    local location = ("Location: https://localhost:%d/\r\n"):format(other.port)
    fails("name_mismatch", response_to(web.answer("", "302 Found", location)))
  end)
end)
