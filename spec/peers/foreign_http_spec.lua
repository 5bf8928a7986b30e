-- LuaSocket's socket.http, Debian's, with https URLs: it asks for ssl.https itself. The same requests on LuaSec and on
-- bearssl.luasec have the same answers, except for what is safer here. Which suite is best they see in different ways.
local foreign = require "spec.support.foreign"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local function lines(text)
  local list = {}
  for name, rest in text:gmatch "([^\n:]+): ([^\n]*)" do
    list[name] = name == "suite" and rest or rest:gsub("%s[%u%d]+[_-][%u%d_-]+%s", " SUITE ")
  end
  return list
end

describe("socket.http with https URLs", function()
  local server, nginx

  lazy_setup(function()
    local pair = pki.server.p256
    server = peer.start(("lua5.4 %s/spec/support/https_peer.lua %s %s"):format(foreign.top, pair.certificate, pair.key))
    server.port = math.tointeger(tonumber(server:wait_for "(%d+)"))
    nginx = peer.nginx(pair, nil, "TLSv1.2 TLSv1.3")
  end)
  lazy_teardown(function()
    server:stop()
    nginx:stop()
  end)

  local function run(side, trusted)
    local silent <close> = peer.listen()
    local command = "lua5.4 %s/spec/support/foreign_http.lua https://localhost:%d/ https://localhost:%d/ "
      .. "https://127.0.0.1:%d/ %s %s"
    local list = lines((foreign.run(side, command:format(foreign.top, server.port, nginx.port, silent.port,
      pki.root.p256, pki.stranger), { environment = "SSL_CERT_FILE=" .. trusted, modules = foreign.top })))
    assert.equal(side, list.library)
    list.library = nil
    return list
  end

  it("gives what it gives on LuaSec", function()
    local theirs, ours = run("LuaSec", pki.root.p256), run("bearssl", pki.root.p256)
    assert.equal('"hello" 200 "text/plain" "HTTP/1.1 200 OK"', theirs.hello)
    assert.equal('nil "wantread" false nil', theirs.silent)
    assert.same(theirs, ours)
  end)

  it("verifies where LuaSec does not", function()
    local theirs, ours = run("LuaSec", pki.stranger), run("bearssl", pki.stranger)
    assert.equal('"hello" 200 "text/plain" "HTTP/1.1 200 OK"', theirs.hello)
    assert.equal('nil "certificate verify failed" false nil', ours.hello)
    assert.equal(theirs.unverified, ours.unverified)
    assert.equal(theirs.verified, ours.verified)
  end)
end)
