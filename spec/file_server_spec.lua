-- examples/file_server.lua as a user starts it: curl, wrk, paths that lead elsewhere, renewals under load, replays.
local bearssl = require "bearssl"
local child = require "spec.support.child"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local socket = require "socket"

local old, new, ca = pki.server.p256, pki.server.p384, pki.roots

local dir = os.tmpname() .. ".d"
assert(os.execute(("rm %s; mkdir -p -m 700 %s/www/sub"):format(dir:sub(1, -3), dir)))

local function write(name, text)
  local file <close> = assert(io.open(dir .. "/" .. name, "wb"))
  assert(file:write(text))
end

local function put(pair)
  for name, source in pairs { ["cert.pem"] = pair.certificate, ["key.pem"] = pair.key } do
    write(name .. ".new", pki.read(source))
    assert(os.rename(dir .. "/" .. name .. ".new", dir .. "/" .. name))
  end
end

describe("file_server.lua", function()
  local server, big = nil, ("0123456789abcdef"):rep(1 << 16)

  lazy_setup(function()
    write("www/hello.txt", "hello\n")
    write("www/big.bin", big)
    write("www/index.html", "<p>start</p>")
    write("www/sub/index.html", "<p>sub</p>")
    write("www/.hidden", "hidden")
    write("www/%2e", "strange")
    write("secret", "secret")
    put(old)
    server = peer.start(("env PATH='%s' ASAN_OPTIONS='%s' UBSAN_OPTIONS='%s' %s lua5.4 %s/examples/file_server.lua 0 "
      .. "%s/cert.pem %s/key.pem %s/www"):format(os.getenv "PATH", os.getenv "ASAN_OPTIONS" or "",
      os.getenv "UBSAN_OPTIONS" or "", child, io.popen "pwd":read "l", dir, dir, dir), nil, nil, 300)
    server.port = math.tointeger(tonumber(server:wait_for "localhost:(%d+)"))
  end)
  lazy_teardown(function()
    server:stop()
    os.execute("rm -r " .. dir)
  end)

  local function connect()
    local sock = assert(bearssl.connect("localhost", server.port, { trust = ca, timeout = 60 }))
    return setmetatable({}, { __index = function(_, name)
      return function(_, ...) return sock[name](sock, ...) end
    end, __close = function() sock:close() end })
  end

  -- What is sent as it is, and all that comes back.
  local function say(text)
    local sock <close> = connect()
    assert(sock:send(text))
    local answer, _, part = sock:receive "*a"
    return answer or part
  end

  local function get(target)
    local answer = say(("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):format(target))
    return answer:match "^HTTP/1.1 (%d+)", answer:match "\r\n\r\n(.*)$"
  end

  it("serves files, and what a folder begins with", function()
    for target, body in pairs {
      ["/hello.txt"] = "hello\n", ["/hello.txt?a=b"] = "hello\n", ["/hell%6f.txt"] = "hello\n", ["/big.bin"] = big,
      ["/"] = "<p>start</p>", ["/sub/"] = "<p>sub</p>", ["//hello.txt"] = "hello\n", ["/%252e"] = "strange",
    } do
      local status, got = get(target)
      assert.equal("200", status, target)
      assert.truthy(body == got, target)
    end
  end)

  it("serves nothing else", function()
    for _, target in ipairs {
      "/../secret", "/%2e%2e/secret", "/..%2fsecret", "/%2E%2E%2Fsecret", "//../secret", "/sub/../../secret",
      "/sub/..", "/..", "/.", "/.hidden", "/%2ehidden", "/sub%2findex.html",
      "/hello.txt%00", "/hello.txt%00.html", "/none", "/sub",
      "/%2e%2e%5csecret", "/..\\secret", "secret", "http://localhost/../secret", "*", "/hello.txt/", "/hello.txt/x",
    } do
      local status, body = get(target)
      assert.equal("404", status, target)
      assert.is_nil(body:find "secret" or body:find "hidden", target)
    end
  end)

  it("keeps connections, answers HEAD, POST and others, and survives what is no HTTP", function()
    do
      local sock <close> = connect()
      for _ = 1, 3 do
        assert(sock:send "HEAD /big.bin HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
        assert.equal("HTTP/1.1 200 OK", sock:receive "*l")
        local length
        repeat
          local line = sock:receive "*l"
          length = line:match "^Content%-Length: (%d+)" or length
        until line == ""
        assert.equal(tostring(#big), length)
        assert.equal("HTTP/1.1 200 OK", sock:receive "*l")
        repeat until sock:receive "*l" == ""
        assert.equal("abc", sock:receive(3))
      end
    end
    for text, status in pairs {
      ["DELETE / HTTP/1.1\r\n\r\n"] = "405", ["POST /hello.txt HTTP/1.1\r\nContent-Length: 0\r\n\r\n"] = "405",
      ["POST /echo HTTP/1.1\r\n\r\n"] = "411", ["POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n"] = "400",
      ["POST /echo HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"] = "411",
      ["POST /echo HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"] = "400",
      ["POST /echo HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"] = "413",
      ["GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /"] = "200", ["GET / HTTP/2.0\r\n\r\n"] = "400",
      ["\r\n\r\n"] = "400", ["GET / HTTP/1.1\r\nno header\r\n\r\n"] = "400", ["GET / HTTP/1.0\r\n\r\n"] = "200",
      ["GET / HTTP/1.1\r\n" .. ("a: b\r\n"):rep(101) .. "\r\n"] = "400",
      ["GET / HTTP/1.1\r\na: " .. ("b"):rep(9000) .. "\r\n\r\n"] = "400",
    } do
      assert.equal(status, say(text):match "^HTTP/1.1 (%d+)", text:sub(1, 60))
    end
    assert.equal("", say(("x"):rep(10000)):match "^HTTP/1.1 2" or "")
    assert.equal("200", (get "/hello.txt"))
  end)

  it("answers curl, with Expect", function()
    write("upload", big:sub(1, 1 << 20))
    local curl <close> = peer.curl(server.port, "/echo", ("--cacert %s --data-binary @''%s/upload -o @/body "
      .. "-H 'Expect: 100-continue'"):format(ca, dir))
    local status, out = curl:finish()
    assert.equal(0, status, out)
    assert.truthy(curl:output "body" == big)
  end)

  it("fails no request of wrk while its certificate is renewed", function()
    for _, options in ipairs { "", "-H 'Connection: close'" } do
      local url = ("https://localhost:%d/hello.txt"):format(server.port)
      local wrk <close> = peer.start(("wrk -t1 -c8 -d3s --timeout 30s %s %s"):format(options, url))
      local turn, before = 0, select(2, server:output():gsub("renewed", ""))
      while wrk:running() do
        turn = turn + 1
        put(turn % 2 == 1 and new or old)
        socket.sleep(0.5)
      end
      local status, out = wrk:finish()
      assert.equal(0, status, out)
      assert.truthy(tonumber(out:match "(%d+) requests in") > 0, out)
      assert.is_nil(out:find "Non%-2xx" or out:find "Socket errors", out)
      local deadline = socket.gettime() + 60
      while select(2, server:output():gsub("renewed", "")) == before do
        assert(socket.gettime() < deadline, "it was never renewed")
        socket.sleep(0.05)
      end
    end
  end)

  it("answers a request that came early, once, and not POST", function()
    local client = assert(bearssl.client { trust = ca, early_data = true, session_cache = bearssl.session_cache() })
    local function early(request)
      local conn = assert(client:connection { name = "localhost", early_data = request })
      local tcp = peer.connect(server.port)
      local flight, answer = conn:pull(), ""
      tcp:send(flight)
      tcp:settimeout(0)
      local deadline = socket.gettime() + 60
      repeat
        socket.select({ tcp }, nil, 1)
        local data, err, part = tcp:receive(16384)
        conn:feed(data or part)
        tcp:send(conn:pull())
        answer = answer .. (conn:read() or "")
        if answer == "" and conn:info().early_data == "rejected" then break end
      until answer:find "\r\n\r\n" or err == "closed" or socket.gettime() > deadline
      tcp:close()
      return conn:info().early_data, answer:match "^HTTP/1.1 (%d+)"
    end
    local function warm()
      local sock = assert(bearssl.connect("localhost", server.port, client))
      sock:send "GET / HTTP/1.0\r\n\r\n"
      sock:receive "*a"
      sock:close()
    end
    local deadline = socket.gettime() + 60
    local fate, status
    repeat -- the server accepts none in its first seconds
      warm()
      fate, status = early "GET /hello.txt HTTP/1.0\r\n\r\n"
      assert(socket.gettime() < deadline, "never accepted")
      if fate ~= "accepted" then socket.sleep(0.5) end
    until fate == "accepted"
    assert.equal("200", status)
    warm()
    assert.same({ "accepted", "425" }, { early "POST /echo HTTP/1.0\r\nContent-Length: 1\r\n\r\nx" })
  end)
end)
