-- bearssl mkcert and bearssl renew as commands.
local acme = require "bearssl.acme"
local bearssl = require "bearssl"
local command = require "spec.support.command"
local dkjson = require "dkjson"
local pebble = require "spec.support.pebble"
local peer = require "spec.support.peer"

local function shell(line)
  local pipe = assert(io.popen(line .. " 2>&1 </dev/null"))
  local out = pipe:read "a"
  return pipe:close() ~= nil, out
end

describe("bearssl mkcert", function()
  local dir

  before_each(function() dir = select(2, shell "mktemp -d"):match "%C+" end)
  after_each(function() shell("rm -r " .. dir) end)

  local function mkcert(...)
    local args = { "mkcert", ... }
    args.dir = dir
    return command(args)
  end

  local function made(...)
    local status, out, err = mkcert(...)
    assert.equal(0, status, out .. err)
    return out
  end

  local function listing()
    return (select(2, shell(("cd %s && find . -type f | LC_ALL=C sort | tr '\n' ' '"):format(dir))))
  end

  it("makes an authority, one under it, and chains that openssl verifies, keys for their owner alone", function()
    made("ca", "--name", "Root", "--kind", "P-384")
    made("ca", "--dir", "int", "--under", "ca", "--name", "Middle", "--permit", "example.com")
    made("server", "www.example.com", "-d", "int", "-o", "www")
    made("client", "me@example.com", "--kind", "ed25519")
    local ok, out = shell(("cd %s && openssl verify -x509_strict -purpose sslserver -verify_hostname www.example.com "
      .. "-CAfile ca/ca.pem -untrusted www.pem www.pem && openssl verify -purpose sslclient -CAfile ca/ca.pem "
      .. "me@example.com.pem"):format(dir))
    assert(ok, out)
    local _, modes = shell(("cd %s && stat -c '%%a %%n' ca ca/ca.key int/ca.key www.key www.pem"):format(dir))
    assert.equal("700 ca\n600 ca/ca.key\n600 int/ca.key\n600 www.key\n644 www.pem\n", modes)
    assert(bearssl.server { certificate = dir .. "/www.pem", key = dir .. "/www.key" })
  end)

  it("replaces nothing unless told to, and leaves no half", function()
    made "ca"
    local before = listing()
    local status, _, err = mkcert "ca"
    assert.equal(6, status)
    assert.matches("file_write: ca/ca.pem: File exists\n.*%-%-replace", err)
    assert.equal(before, listing())
    made("server", "a.example")
    os.remove(dir .. "/a.example.key")
    before = listing()
    status, _, err = mkcert("server", "a.example")
    assert.same({ 6, true }, { status, err:find("--replace", 1, true) ~= nil }, err)
    assert.equal(before, listing())
    made("server", "a.example", "--replace")
  end)

  it("signs a request without any name", function()
    assert(shell(("cd %s && openssl req -new -newkey ed25519 -nodes -keyout n.key -subj / -out n.csr"):format(dir)))
    made "ca"
    assert.matches("^no name, until ", made("sign", "n.csr"))
  end)

  it("signs requests, revokes, and tells so by CRL and OCSP", function()
    made "ca"
    made("request", "b.example", "-o", "b")
    made("sign", "b.csr", "-o", "b")
    made("revoke", "b.pem", "--reason", "superseded")
    assert.matches("number 1", (made "crl"))
    assert.matches("number 2", (made "crl"))
    made("staple", "b.pem")
    local _, crl = shell(("cd %s && openssl crl -in ca.crl -CAfile ca/ca.pem -noout -text"):format(dir))
    assert.matches("verify OK", crl)
    assert.matches("Superseded", crl)
    local _, ocsp = shell(("cd %s && openssl ocsp -no_nonce -respin b.ocsp -issuer ca/ca.pem -cert b.pem "
      .. "-CAfile ca/ca.pem"):format(dir))
    assert.matches("b.pem: revoked", ocsp)
  end)

  it("writes where CRL, responder and issuer are, and a responder of its own signs", function()
    made "ca"
    made("server", "d.example", "--crl", "http://c.example/1", "--crl", "http://c.example/2", "--ocsp",
      "http://o.example/", "--ca-issuers", "http://i.example/")
    local _, text = shell(("cd %s && openssl x509 -in d.example.pem -noout -text"):format(dir))
    for _, part in ipairs { "OCSP %- URI:http://o.example/", "CA Issuers %- URI:http://i.example/",
      "URI:http://c.example/1.*URI:http://c.example/2" } do
      assert.matches(part, text)
    end
    made("ocsp", "-o", "responder")
    made("staple", "d.example.pem", "--responder", "responder", "-o", "d.ocsp")
    local verify = "cd %s && openssl ocsp -no_nonce -respin d.ocsp -issuer ca/ca.pem -cert d.example.pem "
      .. "-CAfile ca/ca.pem -resp_text"
    local _, ocsp = shell(verify:format(dir))
    for _, part in ipairs { "Response verify OK", "d.example.pem: good", "CN ?= ?OCSP responder" } do
      assert.matches(part, ocsp)
    end
    local status, _, err = mkcert("staple", "d.example.pem", "--responder", "none")
    assert.same({ 6, true }, { status, err:find "none.pem" ~= nil })
  end)

  it("signs nothing that nobody would take", function()
    made "ca"
    made("server", "a.example")
    made("ca", "--dir", "bound", "--permit", "example.com", "--under", "ca", "--name", "Bound")
    local before = listing()
    for _, case in ipairs {
      { 5, "ocsp makes one", "staple", "a.example.pem", "--responder", "a.example" },
      { 5, "foo.test is not permitted", "server", "foo.test", "--dir", "bound" },
      { 5, "no authority below", "ca", "--dir", "low", "--under", "bound" },
      { 2, "without a port", "server", "localhost:8443" }, { 2, "without a port", "server", "https.example/x" },
    } do
      local status, _, err = mkcert(table.unpack(case, 3))
      assert.same({ case[1], true }, { status, err:find(case[2]) ~= nil }, err)
    end
    assert.equal(before, (listing():gsub("./bound/ca.lock ", "")))
    made("server", "www.example.com", "--dir", "bound")
  end)

  it("tells of nothing that another authority of the same name has issued", function()
    made "ca"
    made("server", "a.example")
    made("ca", "--replace")
    for _, verb in ipairs { "revoke", "staple" } do
      local status, _, err = mkcert(verb, "a.example.pem")
      assert.same({ 5, true }, { status, err:find("another authority of the name CN=Authority", 1, true) ~= nil }, err)
    end
  end)

  it("revokes nothing where one of the files is no certificate", function()
    made "ca"
    made("server", "a.example")
    assert.equal(6, (mkcert("revoke", "a.example.pem", "a.example.key", "--json")))
    made "crl"
    assert.matches("No Revoked Certificates", (select(2, shell("openssl crl -noout -text -in " .. dir .. "/ca.crl"))))
  end)

  it("takes back what is on hold alone", function()
    made "ca"
    made("server", "a.example")
    made("revoke", "a.example.pem", "--reason", "certificate_hold")
    assert.matches("^good again: CN=a.example, ", (made("revoke", "a.example.pem", "--reason", "remove_from_crl")))
    made("revoke", "a.example.pem", "--reason", "key_compromise")
    assert.equal(2, (mkcert("revoke", "a.example.pem", "--reason", "remove_from_crl")))
  end)

  it("puts what a request gets beside it, and reads requests of Java's keytool", function()
    made "ca"
    assert(shell(("mkdir %s/their.d"):format(dir)))
    made("request", "b.example", "-o", "their.d/b")
    assert(shell(("sed -i 's/ CERTIFICATE REQ/ NEW CERTIFICATE REQ/' %s/their.d/b.csr"):format(dir)))
    assert.matches("\n  their.d/b.pem\n$", (made("sign", "their.d/b.csr")))
    local status, _, err = mkcert("sign", "their.d/b.csr")
    assert.same({ 6, true }, { status, err:find("--replace", 1, true) ~= nil }, err)
  end)

  it("makes nothing of a state that it has not written", function()
    made "ca"
    local states = { '-5,"revoked":[]' }
    for _, revoked in ipairs { "[1]", '[{"serial":"zz","time":0}]', '[{"serial":"","time":0}]', '[{"serial":"01"}]',
      '[{"serial":"01","time":"x"}]', '{"a":1}', '[{"serial":"01","time":0,"reason":99}]' } do
      states[#states + 1] = '0,"revoked":' .. revoked
    end
    for _, state in ipairs(states) do
      local text = '{"version":1,"crl_number":' .. state .. "}"
      local file = assert(io.open(dir .. "/ca/ca.json", "w"))
      file:write(text)
      file:close()
      local status, _, err = mkcert "crl"
      assert.same({ 6, true }, { status, err:find("restore it", 1, true) ~= nil }, text .. err)
    end
  end)

  it("shows what a request asks for", function()
    made("request", "e.example", "IP:192.0.2.1", "-o", "e")
    local shown = made("show", "e.csr")
    assert.matches("^Certificate Request:\n.*DNS:e.example, IP Address:192.0.2.1\n.*Signature Value:", shown)
    local told = dkjson.decode((made("show", "e.csr", "--json")))
    assert.same({ { "e.example", "192.0.2.1" }, "EC secp256r1", false }, { told.names, told.key, told.must_staple })
    assert.equal(bearssl.key.load(dir .. "/e.key").pin, told.pin)
    local status, _, err = mkcert("show", "e.key")
    assert.same({ 5, true }, { status, err:find("der", 1, true) ~= nil }, err)
    local _, _, hint = command { "cert", dir .. "/e.csr" }
    assert.matches("bearssl mkcert show", hint)
  end)

  it("says as JSON what it made", function()
    made "ca"
    local told = dkjson.decode((made("server", "c.example", "--json")))
    assert.same({ "bearssl.mkcert", 1, "CN=c.example" }, { told.schema, told.schema_version, told.subject })
    assert.same({ "c.example.pem", "c.example.key" }, told.files)
    assert.equal(bearssl.key.load(dir .. "/c.example.key").pin, told.pin)
  end)

  it("names what is wrong", function()
    made "ca"
    for _, case in ipairs {
      { 2, "is no DNS name", "server", "a b" }, { 2, "number of days", "server", "a", "--days", "0" },
      { 2, "^bearssl: option 'key': .*\"rsa%-512\"", "server", "a", "--kind", "rsa-512" },
      { 6, "No such file", "server", "a", "-d", "none" },
      { 6, "No such file", "sign", "none.csr" }, { 5, "issued by", "revoke", "/etc/ssl/certs/ca-certificates.crt" },
      { 2, "command", }, { 2, "unknown", "servr", "a" },
    } do
      local status, _, err = mkcert(table.unpack(case, 3))
      assert.same({ case[1], true }, { status, err:find(case[2]) ~= nil }, err)
    end
    local file <close> = assert(io.open(dir .. "/ca/ca.json", "w"))
    file:write "{"
    file:close()
    local status, _, err = mkcert("crl")
    assert.equal(6, status)
    assert.matches("what was revoked", err)
  end)

  it("lets one process at a time have the folder", function()
    made "ca"
    local lock = assert(require "bearssl.core".lock_file(dir .. "/ca/ca.lock"))
    local status, _, err = mkcert("server", "a")
    lock:close()
    assert.equal(6, status)
    assert.matches("locked", err)
  end)
end)

describe("bearssl renew", function()
  local dir, server, port

  setup(function()
    dir = select(2, shell "mktemp -d"):match "%C+"
    port = peer.free_port()
    server = pebble.start { http_port = port, environment = "PEBBLE_WFE_NONCEREJECT=30" }
  end)
  teardown(function()
    server.stop()
    shell("rm -r " .. dir)
  end)

  local function renew(...)
    local args = { "renew", "r.pem", "r.example", "--directory", server.directory, "--ca", server.trust, "--bind",
      "127.0.0.1", ... }
    args.dir = dir
    return command(args)
  end

  it("wants the terms agreed to", function()
    local status, _, err = renew("--http", port)
    assert.equal(1, status)
    assert.matches("terms", err)
  end)

  it("orders, keeps what is fresh, renews by force, and runs a program after it", function()
    local hook <close> = assert(io.open(dir .. "/after", "w"))
    hook:write "#!/bin/sh\necho \"$1\" >>ran\n"
    hook:close()
    shell(("chmod 755 %s/after"):format(dir))
    local status, out, err = renew("--http", port, "--agree", "--after", "./after")
    assert.equal(0, status, err)
    assert.matches("r.pem: renewed", out)
    status, out = renew("--http", port, "--agree", "--after", "./after", "--json")
    assert.equal(0, status)
    assert.equal("fresh", dkjson.decode(out).outcome)
    status, out = renew("--http", port, "--force", "--after", "./after")
    assert.equal(0, status)
    assert.matches("renewed", out)
    local ran <close> = assert(io.open(dir .. "/ran"))
    assert.equal("r.pem\nr.pem\n", ran:read "a")
    assert(bearssl.server { certificate = dir .. "/r.pem" })
  end)

  it("proves by a DNS hook, which is no shell's affair", function()
    local hook <close> = assert(io.open(dir .. "/hook", "w"))
    hook:write "#!/bin/sh\nprintf '%s|' \"$@\" >>hooked\nexit 3\n"
    hook:close()
    shell(("chmod 755 %s/hook"):format(dir))
    local args = { "renew", "w.pem", "*.w.example", "--directory", server.directory, "--ca", server.trust, "--agree",
      "--dns-hook", "./hook", "--account", "account.key", dir = dir }
    local status, _, err = command(args)
    assert.equal(1, status)
    assert.matches("exit status 3", err)
    local hooked <close> = assert(io.open(dir .. "/hooked"))
    assert.matches("^add|_acme%-challenge%.w%.example|[%w_-]+|remove|_acme%-challenge%.w%.example|[%w_-]+|$",
      hooked:read "a")
  end)

  it("says which server is not there, and which is none of ACME", function()
    local function renew_at(url)
      return command { "renew", "x.pem", "x.example", "--directory", url, "--ca", server.trust, "--webroot", dir,
        dir = dir }
    end
    assert.equal(3, (renew_at "https://127.0.0.1:1/dir"))
    local status, _, err = renew_at((server.directory:gsub("/dir$", "/none")))
    assert.equal(1, status)
    assert.matches("404", err)
  end)
end)

describe("acme.http", function()
  it("answers nothing but what was added", function()
    local responder = assert(acme.http { host = "127.0.0.1", port = 0 })
    responder.add("a.example", "token-1", "token-1.print")
    local function ask(request)
      local tcp = assert(require "socket".connect("127.0.0.1", responder.port))
      tcp:send(request)
      responder.serve(0.2)
      return tcp:receive "*a"
    end
    local there = ask "GET /.well-known/acme-challenge/token-1 HTTP/1.1\r\nHost: a\r\n\r\n"
    assert.matches("200 OK.*token%-1%.print$", there)
    for _, target in ipairs { "/.well-known/acme-challenge/token-2", "/.well-known/acme-challenge/../x", "/", "x" } do
      assert.matches("404 Not Found", ask(("GET %s HTTP/1.1\r\n\r\n"):format(target)))
    end
    assert.matches("404", ask "nonsense\r\n\r\n")
    responder.remove("a.example", "token-1")
    assert.matches("404", ask "GET /.well-known/acme-challenge/token-1 HTTP/1.1\r\n\r\n")
    responder.close()
  end)
end)
