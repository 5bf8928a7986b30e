-- bearssl serve with curl and `openssl s_client`. What its HTTP does is in file_server_spec.lua.
local command = require "spec.support.command"
local json = require "dkjson"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local socket = require "socket"

local pair, roots, mine = pki.server.p256, pki.roots, pki.client.p256

local function has(text, part)
  assert.truthy(text:find(part, 1, true), ("%q in:\n%s"):format(part, text))
end

local function serve(...)
  local server = command.start { "serve", "-p", "0", "--cert", pair.certificate, "--key", pair.key, ... }
  server.port = math.tointeger(tonumber(server:wait_for "listening on https://localhost:(%d+)/"))
  return server
end

local function curl(port, path, options)
  local run <close> = peer.curl(port, path, ("--cacert %s %s"):format(roots, options or ""))
  local status, out = run:finish()
  return status, out
end

describe("bearssl serve", function()
  local folder

  lazy_setup(function()
    folder = os.tmpname() .. ".d"
    assert(os.execute(("rm %s; mkdir -p %s/www; echo hello >%s/www/index.html"):format(folder:sub(1, -3), folder,
      folder)))
  end)
  lazy_teardown(function() os.execute("rm -r " .. folder) end)

  it("serves a folder to curl, and prints a line for each request", function()
    local server <close> = serve(folder .. "/www")
    local status, out = curl(server.port, "/")
    assert.equal(0, status, out)
    has(out, "hello\n")
    assert.equal(0, (curl(server.port, "/none%1b%5B31m")))
    server:wait_for '127%.0%.0%.1:%d+ TLSv1%.3 TLS_%S+ "GET / HTTP/1%.1" 200 6\n'
    server:wait_for "/none[^\n]+ 404"
    assert.is_nil(server:output():find "\27")
  end)

  for name, status in pairs { INT = 0, TERM = 0 } do
    it("ends in order with SIG" .. name, function()
      local server <close> = serve(folder .. "/www")
      local client <close> = peer.openssl_client(server.port, "-CAfile " .. roots)
      client:wait_for "Verify return code"
      server:signal(name)
      server:signal(name) -- does not wait for who stays
      assert.equal(status, (server:finish()))
      client:finish()
      assert.is_nil(client:output():find "unexpected eof")
    end)
  end

  it("echoes", function()
    local server <close> = serve "--echo"
    local _, out = curl(server.port, "/a/b?c", "-H 'X-One: two'")
    has(out, "GET /a/b?c HTTP/1.1\n")
    has(out, "X-One: two\n")
    _, out = curl(server.port, "/x", "--data hello")
    has(out, "\nhello")
  end)

  it("makes a certificate where it is given none", function()
    local ca = folder .. "/ca.pem"
    local server <close> = command.start { "serve", folder .. "/www", "-p", "0", "--ca-out", ca, "--name", "a.example" }
    local port = server:wait_for "localhost:(%d+)"
    local run <close> = peer.curl(tonumber(port), "/", "--cacert " .. ca)
    local status, out = run:finish()
    assert.equal(0, status, out)
    local _, names = command { "cert", "localhost:" .. port, "--ca", ca, "--field", "names", "--field", "verified" }
    assert.equal("localhost\n127.0.0.1\n::1\na.example\nyes\n", names)
    local quick <close> = command.start { "serve", "--echo", "-p", "0" }
    port = quick:wait_for "localhost:(%d+)"
    assert.equal(0, (command { "get", "-k", "localhost:" .. port }))
    assert.equal(5, (command { "get", "localhost:" .. port }))
    quick:wait_for "its certificate is made for this run"
  end)

  it("wants certificates of its clients", function()
    local server <close> = serve("--echo", "--client-ca", roots)
    assert.truthy(curl(server.port, "/") ~= 0)
    server:wait_for "certificate_required"
    local status, out = curl(server.port, "/", ("--cert %s --key %s"):format(mine.certificate, mine.key))
    assert.equal(0, status, out)
    server:wait_for "<CN=p256 client,O=Test PKI>"
    local optional <close> = serve("--echo", "--client-ca", roots, "--client-optional")
    assert.equal(0, (curl(optional.port, "/")))
  end)

  it("resumes by tickets", function()
    local server <close> = serve "--echo"
    local sessions = folder .. "/sessions"
    for _ = 1, 2 do
      assert.equal(0, (command { "get", "--ca", roots, "--session", sessions, "localhost:" .. server.port }))
    end
    server:wait_for "TLSv1.3 TLS_%S+ resumed "
  end)

  it("goes on with a renewed certificate, by itself and at SIGHUP", function()
    local function put(what)
      os.execute(("cd %s; cp %s cert.new; cp %s key.new; mv cert.new cert.pem; mv key.new key.pem"):format(folder,
        what.certificate, what.key))
    end
    put(pair)
    local server <close> = command.start { "serve", "-p", "0", "--echo", "--cert", folder .. "/cert.pem", "--key",
      folder .. "/key.pem" }
    local port = server:wait_for "localhost:(%d+)"
    local function key() return (select(2, command { "cert", "localhost:" .. port, "--field", "key" })) end
    assert.equal("EC secp256r1\n", key())
    put(pki.server.p384)
    server:wait_for "renewed"
    assert.equal("EC secp384r1\n", key())
    server:signal "HUP"
    local deadline = socket.gettime() + 60
    repeat socket.sleep(0.02) until select(2, server:output():gsub("renewed", "")) >= 2 or socket.gettime() > deadline
    assert.equal("EC secp384r1\n", key())
  end)

  it("keeps a key log", function()
    local log = folder .. "/keys.log"
    local server <close> = serve("--echo", "--key-log", log)
    assert.equal(0, (curl(server.port, "/")))
    local file <close> = assert(io.open(log))
    has(file:read "a", "SERVER_TRAFFIC_SECRET_0 ")
    has(server:output(), "the keys of all connections go to")
  end)

  it("prints lines of JSON", function()
    local server <close> = command.start { "serve", "-p", "0", "--echo", "--cert", pair.certificate, "--key", pair.key,
      "--json" }
    local port = server:wait_for '"port":(%d+)'
    assert.equal(0, (curl(tonumber(port), "/")))
    server:wait_for '"request"'
    local events = {}
    for line in server:output():gmatch "[^\n]+" do
      local value = assert(json.decode(line), line)
      assert.same({ "bearssl.serve", 1 }, { value.schema, value.schema_version })
      events[#events + 1] = value.event
    end
    assert.same({ "listening", "request" }, events)
  end)

  it("survives clients that speak no TLS, and tells of them", function()
    local server <close> = serve "--echo"
    for _, text in ipairs { "GET / HTTP/1.1\r\n\r\n", "\22\3\1\0\5\1\0\0\1\0", ("\xff"):rep(100), "" } do
      local tcp = peer.connect(server.port)
      tcp:send(text)
      tcp:shutdown "send"
      tcp:receive "*a"
      tcp:close()
    end
    assert.equal(0, (curl(server.port, "/")))
    assert.is_nil(server:output():find "traceback")
  end)

  it("says what is wrong", function()
    for _, row in ipairs {
      { { "serve", "--key", pair.key }, 2, "--key wants --cert" },
      { { "serve", "--cert", pair.certificate, "--ca-out", "x" }, 2, "without --cert" },
      { { "serve", "--ca-out", "/nosuch/x" }, 6, "No such file" }, { { "serve", "--name", "a b" }, 2, "a b" },
      { { "serve", "/nosuch", "--cert", pair.certificate, "--key", pair.key }, 6, "no folder" },
      { { "serve", "--cert", "/nosuch.pem" }, 6, "No such file" },
      { { "serve", "--cert", pair.certificate }, 6, "no_key" },
      { { "serve", "--cert", pair.certificate, "--key", mine.key }, 6, "key_mismatch" },
      { { "serve", "--cert", pair.certificate, "--key", pair.key, "-p", "70000" }, 2, "0 to 65535" },
      { { "serve", "--cert", pair.certificate, "--key", pair.key, "--bind", "192.0.2.1", "-p", "0" }, 3, "assign" },
      { { "serve", "--cert", pair.certificate, "--key", pair.key, "--client-optional" }, 2, "--client-ca" },
      { { "serve", "--cert", pair.certificate, "--key", pair.key, "--cipher-suites", "X" }, 2, "X" },
      { { "serve", "--cert", pair.certificate, "--key", pair.key, "--ocsp-staple", "/nosuch" }, 6, "No such file" },
    } do
      local status, out, err = command(row[1])
      assert.same({ row[2], "" }, { status, out }, err)
      has(err, row[3])
      assert.is_nil(err:find "traceback")
    end
  end)
end)
