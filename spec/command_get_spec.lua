-- bearssl get against nginx, an HTTPS server of ours, and ones that break off.
local command = require "spec.support.command"
local json = require "dkjson"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local socket = require "socket"

local pair, roots = pki.server.p256, pki.roots

local function has(text, part)
  assert.truthy(text:find(part, 1, true), ("%q in:\n%s"):format(part, text))
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function get(...)
  return command { "get", "--ca", roots, ... }
end

-- The names in a folder.
local function names(folder)
  local list = {}
  for name in io.popen("ls -A " .. folder):lines() do list[#list + 1] = name end
  return table.concat(list, " ")
end

describe("bearssl get", function()
  local folder, nginx, url

  lazy_setup(function()
    folder = os.tmpname() .. ".d"
    assert(os.execute(("rm %s; mkdir %s"):format(folder:sub(1, -3), folder)))
    nginx = peer.nginx(pair, [[
      location /moved { return 302 https://localhost:$server_port/facts; }
      location /none { return 404 "no such thing\n"; }
      location /slow { limit_rate 20k; }
      add_header X-Odd "a]] .. "\27" .. [[b";
    ]], "TLSv1.2 TLSv1.3")
    url = "https://localhost:" .. nginx.port
    local file <close> = assert(io.open(nginx.dir .. "/root/slow", "wb"))
    file:write(("x"):rep(1 << 20))
  end)
  lazy_teardown(function()
    nginx:stop()
    os.execute("rm -r " .. folder)
  end)

  it("prints a body", function()
    local status, out, err = get(url .. "/facts")
    assert.same({ 0, "" }, { status, err })
    assert.truthy(out:find "^TLSv1.3 TLS_AES_128_GCM_SHA256 localhost")
    assert.equal(0, (get("localhost:" .. nginx.port .. "/facts")))
  end)

  it("prints heads where it is told to, with nothing that acts on a terminal", function()
    local _, out = get("-i", url .. "/facts")
    has(out, "HTTP/1.1 200 OK\n")
    has(out, "\nX-Odd: a\\1Bb\n")
    has(out, "\n\nTLSv1.3 ")
    local status, head = get("-I", url .. "/facts")
    assert.equal(0, status)
    assert.truthy(head:find "^HTTP/1.1 200 OK\n.*\n\n$")
    local _, body, err = get("-v", url .. "/facts")
    assert.truthy(body:find "^TLSv1.3")
    has(err, "* TLSv1.3, TLS_AES_128_GCM_SHA256, x25519\n")
    has(err, "* verified up to: CN=p256 root,O=Test PKI\n")
    has(err, "< HTTP/1.1 200 OK\n")
  end)

  it("sends headers, methods and bodies", function()
    assert.equal(0, (get("-X", "PUT", "-d", "hello", "-H", "Content-Type: text/plain", url .. "/stored")))
    assert.equal("hello", read(nginx.dir .. "/root/stored"))
    local source = folder .. "/source"
    local file <close> = assert(io.open(source, "wb"))
    file:write "out of a file"
    file:flush()
    assert.equal(0, (get("-X", "PUT", "-d", "@" .. source, url .. "/stored")))
    assert.equal("out of a file", read(nginx.dir .. "/root/stored"))
    assert.equal(0, (command { "get", "--ca", roots, "-X", "PUT", "-d", "@-", url .. "/stored", input = "\0\1\2" }))
    assert.equal("\0\1\2", read(nginx.dir .. "/root/stored"))
    local status, out, err = get("-d", "@/nosuch", url .. "/stored")
    assert.same({ 6, "" }, { status, out })
    has(err, "No such file")
    assert.equal(2, (get("-H", "no header", url)))
    assert.equal(2, (get("-H", "a: b\r\nc: d", url)))
  end)

  it("follows redirects where it is told to", function()
    local _, out = get("-i", url .. "/moved")
    has(out, "HTTP/1.1 302")
    _, out = get("-L", url .. "/moved")
    has(out, "TLSv1.3 ")
  end)

  it("gives 1 for a status from 400 on with -f, and nothing else", function()
    local status, out = get(url .. "/none")
    assert.same({ 0, "no such thing\n" }, { status, out })
    local err
    status, out, err = get("-f", url .. "/none")
    assert.same({ 1, "" }, { status, out })
    has(err, "404")
  end)

  it("gives JSON", function()
    local status, out = get("--json", url .. "/facts")
    local value = assert(json.decode(out))
    assert.same({ 0, "bearssl.get", 200, "TLSv1.3", "native" },
      { status, value.schema, value.status, value.tls.version, value.tls.engine })
    assert.truthy(value.body:find "^TLSv1.3")
    local _, refused = get("--json", "https://localhost:1/")
    assert.equal("refused", json.decode(refused).error.code)
  end)

  it("writes a file, whole or not at all", function()
    local path = folder .. "/page"
    local status, out, err = get("-o", path, url .. "/facts")
    assert.same({ 0, "", "" }, { status, out, err })
    assert.truthy(read(path):find "^TLSv1.3")
    status, out, err = get("-o", path, url .. "/none")
    assert.same({ 1, "" }, { status, out })
    has(err, "404")
    assert.truthy(read(path):find "^TLSv1.3")
    assert.equal(6, (get("-o", "/nosuch/x", url .. "/facts")))
    local relay <close> = peer.relay(nginx.port, { after = 12, act = "close" })
    status = get("-o", folder .. "/torn", ("https://localhost:%d/slow"):format(relay.port))
    assert.equal(3, status)
    assert.equal("page source", names(folder))
  end)

  for _, name in ipairs { "INT", "TERM", "HUP" } do
    it("leaves nothing behind when SIG" .. name .. " comes", function()
      local path = folder .. "/slow"
      local run <close> = command.start { "get", "--ca", roots, "-o", path, url .. "/slow" }
      local deadline = socket.gettime() + 60
      repeat socket.sleep(0.02) until names(folder):find "slow%.%x+%.part" or socket.gettime() > deadline
      run:signal(name)
      local status, out = run:finish()
      assert.same({ ({ INT = 130, TERM = 143, HUP = 129 })[name], "" }, { status, out })
      assert.is_nil(names(folder):find "slow")
    end)
  end

  it("shows how much has come, on a terminal", function()
    local line = command.line { "get", "--ca", roots, "-o", folder .. "/bar", url .. "/facts" }
    local pipe <close> = io.popen(("script -qec %s /dev/null </dev/null"):format(command.quoted(line)))
    has(pipe:read "a", "100 %")
    os.remove(folder .. "/bar")
  end)

  it("connects elsewhere, and verifies the name that was asked for", function()
    local status, out = get("--connect", "127.0.0.1:" .. nginx.port, "https://x.w.example/facts")
    assert.equal(0, status)
    has(out, " x.w.example ")
    local err
    status, out, err = get("--connect", "127.0.0.1:" .. nginx.port, "https://other.example/facts")
    assert.same({ 5, "" }, { status, out })
    has(err, "name_mismatch")
    assert.equal(2, (get("--connect", "localhost", "-L", url)))
  end)

  it("refuses what is not trusted, and keys that are not pinned", function()
    local status, out, err = command { "get", url .. "/facts" }
    assert.same({ 5, "" }, { status, out })
    has(err, "unknown_issuer")
    assert.equal(0, (command { "get", "-k", url .. "/facts" }))
    local pin = require "bearssl".x509.load(pair.leaf)[1].pin
    assert.equal(0, (get("--pin", pin, url .. "/facts")))
    status, out, err = get("--pin", "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", url .. "/facts")
    assert.same({ 5, "" }, { status, out })
    has(err, "pin_mismatch")
    assert.equal(2, (get("--pin", "x", url)))
  end)

  it("tells each message of the handshake", function()
    local status, out, err = get("--trace", url .. "/facts")
    assert.equal(0, status)
    assert.truthy(out:find "^TLSv1.3")
    for _, part in ipairs { "ClientHello", "ServerHello", "EncryptedExtensions", "CertificateVerify", "Finished" } do
      has(err, part)
    end
  end)

  it("speaks TLS 1.2 where it is told to", function()
    has(select(2, get("--max-version", "1.2", url .. "/facts")), "TLSv1.2 ")
    has(select(2, get("--cipher-suites", "TLS_CHACHA20_POLY1305_SHA256", url .. "/facts")),
      "TLS_CHACHA20_POLY1305_SHA256")
  end)

  it("resumes from a file of sessions, which is its owner's alone", function()
    local path = folder .. "/sessions"
    has(select(2, get("--session", path, url .. "/facts")), " . ")
    has(select(2, get("--session", path, url .. "/facts")), " r ")
    assert.equal("600\n", io.popen("stat -c %a " .. path):read "a")
    assert.is_nil(names(folder):find "part")
    local file <close> = assert(io.open(path, "wb"))
    file:write "no sessions\n"
    file:flush()
    local status, _, err = get("--session", path, url .. "/facts")
    assert.equal(6, status)
    has(err, "no file of sessions")
    os.remove(path)
    assert.equal(2, (get("--early-data", url)))
  end)

  it("sends a request early", function()
    local server <close> = command.start { "serve", "--echo", "--cert", pair.certificate, "--key", pair.key, "-p", "0",
      "--early-data", "8192" }
    local here = "https://localhost:" .. server:wait_for "localhost:(%d+)"
    local path, deadline = folder .. "/early", socket.gettime() + 60
    assert.equal(0, (get("--session", path, "--early-data", here)))
    repeat -- the server accepts none in its first seconds
      local _, _, err = get("--session", path, "--early-data", "-v", here)
      local fate = err:match "early data (%a+)"
      assert(socket.gettime() < deadline, err)
    until fate == "accepted"
    has(server:output(), " early ")
    os.remove(path)
  end)
end)
