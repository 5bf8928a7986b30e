-- Each script of examples/ as a user starts it, against peers that we did not write, and `make demo`'s tour.
local bearssl = require "bearssl"
local child = require "spec.support.child"
local mkcert = require "bearssl.mkcert"
local pebble = require "spec.support.pebble"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local pair, ca, mine = pki.server.p256, pki.root.p256, pki.client.p256

local function quoted(list)
  local words = {}
  for i, word in ipairs(list) do words[i] = "'" .. tostring(word) .. "'" end
  return table.concat(words, " ")
end

-- Runs examples/NAME with arguments under the interpreter and paths of this process: status, all that it printed.
local function example(name, ...)
  local line = "%s SSL_CERT_FILE=%s lua5.4 examples/%s %s 2>&1; echo \"status $?\""
  local pipe <close> = assert(io.popen(line:format(child, ca, name, quoted { ... })))
  local out, status = pipe:read("a"):match "^(.*)status (%d+)\n$"
  return tonumber(status), out
end

-- An example that serves, held until the block ends; peer.start would take our interpreter from it.
local function server(name, ...)
  local line = ("echo $$; %s exec timeout 60 lua5.4 examples/%s 0 %s 2>&1"):format(child, name, quoted { ... })
  local pipe = assert(io.popen(line))
  local pid = pipe:read("n", "l")
  local first = pipe:read "l" or ""
  local port = assert(tonumber(first:match "localhost:(%d+)"), first)
  return setmetatable({ port = port, lines = pipe }, {
    __close = function()
      os.execute(("kill %d"):format(pid))
      pipe:close()
    end,
  })
end

-- A folder that goes with the block.
local function folder()
  local path = io.popen "mktemp -d":read "l"
  return setmetatable({}, {
    __tostring = function() return path end, __concat = function(_, rest) return path .. rest end,
    __close = function() os.execute("rm -r " .. path) end,
  })
end

local function has(text, part)
  assert.truthy(text:find(part, 1, true), ("%q in:\n%s"):format(part, text))
end

describe("https_get.lua", function()
  it("fetches from nginx", function()
    local nginx <close> = peer.nginx(pair, nil, "TLSv1.2 TLSv1.3")
    local status, out = example("https_get.lua", ("https://localhost:%d/facts"):format(nginx.port), ca)
    assert.equal(0, status, out)
    has(out, "HTTP/1.1 200 OK\nTLSv1.3 TLS_")
    has(out, " localhost ")
    assert.equal(1, (example("https_get.lua", ("https://localhost:%d/none"):format(nginx.port), ca)))
  end)

  it("refuses a CA that is not trusted, and says so", function()
    local nginx <close> = peer.nginx(pair)
    local status, out = example("https_get.lua", ("https://localhost:%d/facts"):format(nginx.port), pki.stranger)
    assert.equal(1, status)
    has(out, "unknown_issuer")
  end)
end)

describe("audit_hosts.lua", function()
  it("audits nginx, and says where it is under a grade and where nobody is", function()
    local nginx <close> = peer.nginx(pair, 'add_header Strict-Transport-Security "max-age=63072000" always;', "TLSv1.3")
    local target = "localhost:" .. nginx.port
    local status, out = example("audit_hosts.lua", "A", target, target)
    assert.equal(0, status, out)
    has(out, target)
    assert.equal(2, select(2, out:gsub(" A%+", "")))
    local old <close> = peer.nginx(pair, nil, "TLSv1.2")
    status, out = example("audit_hosts.lua", "A+", target, "localhost:" .. old.port)
    assert.equal(1, status, out)
    has(out, "no TLS 1.3")
    status, out = example("audit_hosts.lua", "A", "localhost:" .. peer.free_port())
    assert.equal(2, status, out)
    has(out, "refused")
  end)
end)

describe("https_client.lua", function()
  it("asks nginx three times on one connection", function()
    local nginx <close> = peer.nginx(pair,
      [=[location = /list { default_type application/json; return 200 '{"page":"$arg_page"}'; }]=], "TLSv1.3")
    local status, out = example("https_client.lua", ("https://localhost:%d/list"):format(nginx.port), ca)
    assert.equal(0, status, out)
    has(out, "200 OK, 12 bytes, a new connection\nJSON: a table\n")
    assert.equal(2, select(2, out:gsub("200 OK, 12 bytes, the same connection\nJSON: a table\n", "")))
  end)
end)

describe("download.lua", function()
  it("makes a file of what nginx gives, and none of what it has not", function()
    local nginx <close> = peer.nginx(pair, "location = /text { return 200 text; }", "TLSv1.3")
    local path = os.tmpname()
    os.remove(path)
    assert.equal(1, (example("download.lua", ("https://localhost:%d/none"):format(nginx.port), path, ca)))
    assert.is_nil(io.open(path))
    local status, out = example("download.lua", ("https://localhost:%d/text"):format(nginx.port), path, ca)
    assert.equal(0, status, out)
    has(out, "4 bytes 100 %")
    assert.equal("text", pki.read(path))
    os.remove(path)
  end)
end)

describe("many_gets.lua", function()
  it("fetches many pages at a time", function()
    local nginx <close> = peer.nginx(pair, "location = /page { return 200 hello; }")
    local status, out = example("many_gets.lua", 60, 20, ("https://localhost:%d/page"):format(nginx.port), ca)
    assert.equal(0, status, out)
    has(out, "60 requests, 20 at a time, 300 bytes, 0 failed")
    status, out = example("many_gets.lua", 2, 2, "https://localhost:1/page", ca)
    assert.equal(1, status)
    has(out, "2 requests, 2 at a time, 0 bytes, 2 failed")
  end)
end)

describe("https_server.lua", function()
  it("serves curl", function()
    local ours <close> = server("https_server.lua", pair.certificate, pair.key)
    local curl <close> = peer.curl(ours.port, "/path", "--cacert " .. ca)
    local status, out = curl:finish()
    assert.equal(0, status, out)
    has(out, "You asked: GET /path HTTP/1.1")
  end)
end)

describe("mtls_server.lua", function()
  it("serves curl with a certificate, and refuses it without", function()
    local ours <close> = server("mtls_server.lua", pair.certificate, pair.key, ca)
    local with <close> = peer.curl(ours.port, "/",
      ("--cacert %s --cert %s --key %s"):format(ca, mine.certificate, mine.key))
    local status, out = with:finish()
    assert.equal(0, status, out)
    has(out, "Hello, CN=p256 client,O=Test PKI.")
    has(ours.lines:read "l", "accepted: CN=p256 client")
    local without <close> = peer.curl(ours.port, "/", "--cacert " .. ca)
    assert.not_equal(0, (without:finish()))
    has(ours.lines:read "l", "refused: certificate_required")
  end)
end)

describe("mtls_client.lua", function()
  it("is let in by nginx with its certificate alone", function()
    local nginx <close> = peer.nginx(pair, ("ssl_client_certificate %s; ssl_verify_client on;"):format(ca))
    local url = ("https://localhost:%d/facts"):format(nginx.port)
    local status, out = example("mtls_client.lua", url, mine.certificate, mine.key, ca)
    assert.equal(0, status, out)
    has(out, "SUCCESS")
    status, out = example("mtls_client.lua", url, "", "", ca)
    assert.equal(1, status)
    has(out, "400 No required SSL certificate")
  end)
end)

describe("chain_check.lua", function()
  it("says what is wrong with the certificates of servers, and what cures it", function()
    local good <close> = peer.openssl_server(pair)
    local bad <close> = peer.openssl_server(pki.bad.expired)
    local status, out = example("chain_check.lua", "-ca", ca, "localhost:" .. good.port)
    assert.equal(0, status, out)
    has(out, ": verified, ")
    status, out = example("chain_check.lua", "-ca", ca, "localhost:" .. good.port, "localhost:" .. bad.port,
      "localhost:1")
    assert.equal(1, status)
    has(out, "error expired: renew it")
    has(out, "localhost:1: refused")
  end)
end)

describe("inspect_certificate.lua", function()
  it("prints the certificates of a file", function()
    local status, out = example("inspect_certificate.lua", pair.certificate)
    assert.equal(0, status, out)
    has(out, "localhost")
    assert.equal(2, select(2, out:gsub("BEGIN CERTIFICATE", "")) + select(2, out:gsub("Certificate:\n", "")))
  end)

  it("prints those of a server, trusted or not", function()
    local openssl <close> = peer.openssl_server(pki.bad.self_signed)
    local status, out = example("inspect_certificate.lua", "localhost:" .. openssl.port)
    assert.equal(0, status, out)
    has(out, "localhost")
  end)

  it("says what is wrong with a file", function()
    local status, out = example("inspect_certificate.lua", pair.key)
    assert.equal(1, status)
    has(out, "no_certificates: no certificate found")
    has(out, "in " .. pair.key)
    status, out = example("inspect_certificate.lua", "no/such/file.pem")
    assert.equal(1, status)
    has(out, "no/such/file.pem")
  end)
end)

describe("expiry_check.lua", function()
  it("tells the days that are left, of files and servers", function()
    local openssl <close> = peer.openssl_server(pair)
    local address = "localhost:" .. openssl.port
    local status, out = example("expiry_check.lua", 30, pair.certificate, address)
    assert.equal(0, status, out)
    has(out, "ok      " .. pair.certificate .. ": ")
    has(out, "ok      " .. address .. ": ")
    has(out, " days left (2049-12-31)")
  end)

  it("fails where one ends too soon, or cannot be trusted", function()
    local openssl <close> = peer.openssl_server(pki.bad.expired)
    local address = "localhost:" .. openssl.port
    local status, out = example("expiry_check.lua", 100000, pair.certificate, address)
    assert.equal(1, status)
    has(out, "RENEW   " .. pair.certificate)
    has(out, "FAILED  " .. address .. ": expired")
  end)
end)

describe("trace_handshake.lua", function()
  it("shows what went over the wire, and why", function()
    local openssl <close> = peer.openssl_server(pair, "-rev -tls1_3")
    local status, out = example("trace_handshake.lua", "localhost:" .. openssl.port, ca)
    assert.equal(0, status, out)
    for _, part in ipairs {
      "--> ClientHello, ", "+ server_name: localhost", "+ key_share: GREASE x25519", "<-- ServerHello, ",
      "<-- Certificate (encrypted), ", "(RFC 8446 section 4.1.3)", "--> Finished (encrypted), ",
      "connected: TLSv1.3, TLS_",
    } do
      has(out, part)
    end
  end)

  it("shows how one fails", function()
    local openssl <close> = peer.openssl_server(pki.bad.expired)
    local status, out = example("trace_handshake.lua", "localhost:" .. openssl.port, ca)
    assert.equal(1, status)
    has(out, "--> alert")
    has(out, "description: certificate_expired")
    has(out, "failed: expired")
  end)
end)

describe("handshake_page.lua", function()
  it("writes a page of three handshakes", function()
    local openssl <close> = peer.openssl_server(pair, "-rev")
    local page = os.tmpname()
    local status, out = example("handshake_page.lua", "localhost:" .. openssl.port, page, ca)
    assert.equal(0, status, out)
    has(out, "TLS 1.3\t1 round trips, ")
    has(out, "TLS 1.2\t2 round trips, ")
    has(out, "resumed\t1 round trips, ")
    has(pki.read(page), "<title>TLS handshake with localhost port ")
    os.remove(page)
  end)

  it("says what is wrong with a host that has neither", function()
    local plain <close> = peer.rude "http"
    local page = os.tmpname()
    local status, out = example("handshake_page.lua", "localhost:" .. plain.port, page, ca)
    assert.equal(1, status, out)
    has(out, "is this the port for HTTPS?")
    os.remove(page)
  end)
end)

describe("machine_check.lua", function()
  it("tells of each check, and by its status whether all are well", function()
    local status, out = example "machine_check.lua"
    for _, name in ipairs { "LuaSocket", "trust store", "clock", "entropy", "engine" } do has(out, name) end
    local amiss = ("\n" .. out):find "\nwarning" or ("\n" .. out):find "\nerror"
    assert.equal(amiss and 1 or 0, status, out)
  end)
end)

describe("redis_tls.lua", function()
  it("counts in a Redis with TLS and client certificates", function()
    local redis <close> = require "spec.support.resty".redis(pair)
    for round = 1, 2 do
      local status, out = example("redis_tls.lua", "localhost", redis.port, ca, mine.certificate, mine.key)
      assert.equal(0, status, out)
      assert.equal(("visits: %d, last seen: %d, reused: 1\n"):format(3 * round, 3 * round), out)
    end
  end)
end)

describe("private_ca.lua", function()
  it("issues what two processes speak mutual TLS with", function()
    local dir <close> = folder()
    local status, out = example("private_ca.lua", dir .. "/tls", "server", "localhost", "127.0.0.1")
    assert.equal(0, status, out)
    has(out, "server for localhost, 127.0.0.1, until 20")
    assert.equal(0, (example("private_ca.lua", dir .. "/tls", "client", "app")))
    status, out = example("private_ca.lua", dir .. "/tls", "client", "app")
    assert.equal(1, status)
    has(out, "app.pem is there already")
    assert.equal(1, (example("private_ca.lua", dir .. "/tls", "neither", "app")))
    assert(os.rename(dir .. "/tls/app.key", dir .. "/app.key"))
    status, out = example("private_ca.lua", dir .. "/tls", "client", "app")
    assert.equal(1, status)
    has(out, "app.pem is there already")
    assert.is_nil(io.open(dir .. "/tls/app.key")) -- of another one's certificate
    assert(os.rename(dir .. "/app.key", dir .. "/tls/app.key"))
    local function path(name) return ("%s/tls/%s"):format(dir, name) end
    for _, name in ipairs { "ca.key", "localhost.key", "app.key" } do
      assert.equal("600", io.popen("stat -c %a " .. path(name)):read "l")
    end
    local ours <close> = server("mtls_server.lua", path "localhost.pem", path "localhost.key", path "ca.pem")
    local url = ("https://localhost:%d/"):format(ours.port)
    status, out = example("mtls_client.lua", url, path "app.pem", path "app.key", path "ca.pem")
    assert.equal(0, status, out)
    has(out, "Hello, CN=app")
    status, out = example("mtls_client.lua", url, mine.certificate, mine.key, path "ca.pem")
    assert.equal(1, status)
    has(out, "certificate_required")
    local curl <close> = peer.curl(ours.port, "/", ("--cacert %s --cert %s --key %s"):format(path "ca.pem",
      path "app.pem", path "app.key"))
    status, out = curl:finish()
    assert.equal(0, status, out)
  end)
end)

describe("self_renewing_server.lua", function()
  it("begins without a certificate, gets one, and takes the next without restart", function()
    local dir <close> = folder()
    local port = peer.free_port()
    local acme = pebble.start { tls_port = port }
    local _ <close> = setmetatable({}, { __close = function() acme.stop() end })
    local line = ("echo $$; %s exec timeout 200 lua5.4 examples/self_renewing_server.lua %d %s %s localhost %s 1 2>&1")
    local pipe = assert(io.popen(line:format(child, port, acme.directory, dir, acme.trust)))
    local pid = pipe:read("n", "l")
    local function serial()
      local shown = io.popen(("openssl s_client -connect 127.0.0.1:%d -servername localhost </dev/null 2>/dev/null "
        .. "| openssl x509 -noout -serial -issuer"):format(port)):read "a"
      return shown:match "serial=(%x+)", shown:match "issuer=([^\n]*)"
    end
    local function wait_for(word)
      repeat local said = assert(pipe:read "l") until said == word
    end
    has(pipe:read "l", "listening on https://localhost:" .. port)
    wait_for "renewed"
    local first, issuer = serial()
    has(issuer, "Pebble")
    wait_for "fresh"
    os.remove(dir .. "/certificate.pem") -- as if it were time
    wait_for "renewed"
    local second = serial()
    assert.not_equal(first, second)
    local curl <close> = peer.curl(port, "/", "--insecure")
    local status, out = curl:finish()
    assert.equal(0, status, out)
    has(out, "Served.")
    os.execute(("kill %d"):format(pid))
    pipe:close()
  end)
end)

describe("nightly_watch.lua", function()
  it("tells what is not well and what has changed, and writes metrics", function()
    local dir <close> = folder()
    local good <close> = peer.openssl_server(pair)
    local bad <close> = peer.openssl_server(pki.bad.expired)
    local function run(...)
      local lines = {}
      for i, each in ipairs { ... } do lines[i] = ("localhost:%d\n"):format(each.port) end
      local file <close> = assert(io.open(dir .. "/list", "w"))
      file:write(table.concat(lines))
      file:close()
      return example("nightly_watch.lua", dir .. "/list", dir .. "/state", dir .. "/metrics", ca)
    end
    local status, out = run(good)
    assert.equal(0, status, out)
    has(out, "first_seen")
    status, out = run(good)
    assert.same({ 0, "" }, { status, out })
    status, out = run(good, bad)
    assert.equal(1, status)
    has(out, ("error    localhost:%d: expired"):format(bad.port))
    local metrics = pki.read(dir .. "/metrics")
    has(metrics, ('certificate_verified{target="localhost:%d"} 0\n'):format(bad.port))
    has(metrics, ('certificate_verified{target="localhost:%d"} 1\n'):format(good.port))
    has(metrics, ('certificate_days_left{target="localhost:%d"} 8'):format(good.port))
    local function run_with(more) -- its lines as another system's editor ends them
      local lines = pki.read(dir .. "/list"):gsub("\r?\n", " \r\n")
      local file <close> = assert(io.open(dir .. "/list", "w"))
      file:write(lines, more)
      file:close()
      return example("nightly_watch.lua", dir .. "/list", dir .. "/state", dir .. "/metrics", ca)
    end
    status, out = run_with ""
    assert.same({ 1, metrics }, { status, pki.read(dir .. "/metrics") }, out)
    status, out = run_with "smtp://localhost\n"
    assert.equal(1, status)
    has(out, "'smtp://localhost' is no host")
    assert(io.open(dir .. "/state", "w")):close()
    status, out = run(good)
    assert.equal(1, status)
    has(out, "does not decode")
  end)
end)

describe("pinned_client.lua", function()
  it("goes along when the key changes, and with no other key", function()
    local dir <close> = folder()
    local path = dir .. "/pins"
    local function pin(of) return bearssl.x509.load(of.certificate)[1].pin end
    local first, second, third = pki.server.p256, pki.server.p384, pki.server.rsa2048
    local spare = assert(mkcert.key()).pin
    local function write(...)
      local file <close> = assert(io.open(path, "w"))
      file:write(table.concat({ ... }, "\n"), "\n")
    end
    local function ask(of, ...)
      local published = table.concat({ ... }, "\\n")
      local pages = 'location = /pins { return 200 "%s\\n"; } location = / { return 200 "hello\\n"; }'
      local nginx <close> = peer.nginx(of, pages:format(published), "TLSv1.3")
      return example("pinned_client.lua", ("https://localhost:%d/"):format(nginx.port), path, pki.roots)
    end
    write(pin(first), pin(second))
    local status, out = ask(first, pin(first), pin(second))
    assert.same({ 0, "hello\n" }, { status, out })
    status, out = ask(second, pin(second), spare) -- the key has changed: the backup holds
    assert.same({ 0, "hello\nlearned 2 pins\n" }, { status, out })
    assert.equal(pin(second) .. "\n" .. spare .. "\n", pki.read(path))
    status, out = ask(first, pin(first), spare) -- the old key is of the set no longer
    assert.equal(1, status)
    has(out, "pin_mismatch")
    status, out = ask(second, pin(third), spare) -- would lock us out
    assert.equal(0, status)
    has(out, "not taken: pin_mismatch")
    status, out = ask(second, "nonsense")
    assert.equal(0, status)
    has(out, "not taken")
    assert.equal(pin(second) .. "\n" .. spare .. "\n", pki.read(path))
  end)
end)

describe("demo.lua", function()
  it("shows HTTPS, a certificate and mutual TLS, and leaves nothing behind", function()
    local dir = os.tmpname()
    os.remove(dir)
    assert(os.execute("mkdir " .. dir))
    local line = "%s TMPDIR=%s lua5.4 examples/demo.lua 2>&1; echo \"status $?\""
    local pipe <close> = assert(io.popen(line:format(child, dir)))
    local out = pipe:read "a"
    has(out, "status 0\n")
    for _, part in ipairs {
      "You asked: GET / HTTP/1.1", "unknown_issuer", "version", "TLSv1.3", "cipher_suite", "TLS_",
      "group", "chain, 2", "Hello, CN=alice,O=Demo.", "certificate_required",
    } do
      has(out, part)
    end
    assert(os.execute("rmdir " .. dir)) -- only an empty folder goes
  end)
end)

describe("every example", function()
  it("is run here, or by a spec of its name", function()
    local here, missing = pki.read "spec/examples_spec.lua", {}
    for name in io.popen "ls examples":lines() do
      local own = io.open(("spec/%s_spec.lua"):format((name:gsub("%.lua$", ""))))
      if own then own:close() end
      if not own and not here:find(('describe("%s"'):format(name), 1, true) then missing[#missing + 1] = name end
    end
    assert.same({}, missing)
  end)
end)
