-- bearssl trace as a user starts it; and docs/command-trace.md, whose transcripts are made again here.
local command = require "spec.support.command"
local dkjson = require "dkjson"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local ca, pair = pki.root.p256, pki.server.p256

local function has(text, part)
  assert.truthy(text:find(part, 1, true), ("%q in:\n%s"):format(part, text))
end

local function folder()
  local dir = os.tmpname()
  assert(os.execute(("rm %s; mkdir -m 700 %s"):format(dir, dir)))
  return setmetatable({ path = dir }, { __close = function() os.execute("rm -r " .. dir) end })
end

local function files_of(dir)
  local pipe <close> = io.popen("ls -A " .. dir)
  return (pipe:read "a":gsub("\n", " "))
end

describe("bearssl trace", function()
  it("shows a handshake, in the characters that the locale has", function()
    local server <close> = peer.openssl_server(pair, "-rev")
    local target = "localhost:" .. server.port
    local status, out, err = command { "trace", target, "--ca", ca, env = "LC_ALL=C.UTF-8" }
    assert.same({ 0, "" }, { status, err })
    for _, part in ipairs { "Round trip 1", " │ ClientHello ──", "◀━━", "connected: TLS 1.3, ", "1 round trip; " } do
      has(out, part)
    end
    for line in out:gmatch "[^\n]+" do assert.truthy(utf8.len(line) <= 80, line) end
    local ascii
    status, ascii = command { "trace", target, "--ca", ca, env = "LC_ALL=C COLUMNS=60" }
    assert.equal(0, status)
    assert.is_nil(ascii:find "[\x80-\xff]")
    has(ascii, "--> ClientHello, ")
    for line in ascii:gmatch "[^\n]+" do assert.truthy(#line <= 60, line) end
  end)

  it("shows every field and byte where that is asked for", function()
    local server <close> = peer.openssl_server(pair, "-rev")
    local status, out = command { "trace", "localhost:" .. server.port, "--ca", ca, "--all", "--bytes" }
    assert.equal(0, status)
    for _, part in ipairs { "random: ", "serialNumber: ", "0000: 01 00 " } do has(out, part) end
  end)

  it("gives JSON with a schema and its version", function()
    local server <close> = peer.openssl_server(pair, "-rev")
    local status, out = command { "trace", "localhost:" .. server.port, "--ca", ca, "--json" }
    assert.equal(0, status)
    local document = assert(dkjson.decode(out))
    assert.same({ "bearssl.trace", 1, "TLSv1.3", "ClientHello", true }, { document.schema, document.schema_version,
      document.reports[1].version, document.reports[1].items[1].name, document.reports[1].connected })
    local octets = document.reports[1].items[1].octets
    assert.equal(document.reports[1].items[1].bytes, #octets // 2)
  end)

  it("writes a page and a drawing, and nothing else", function()
    local server <close> = peer.openssl_server(pair, "-rev")
    local dir <close> = folder()
    local status, out, err = command { "trace", "localhost:" .. server.port, "--ca", ca, "--compare",
      "--html", "a.html", "--svg", "a.svg", dir = dir.path }
    assert.equal(0, status, err)
    has(out, "TLS 1.3: Connected with TLS 1.3: 1 round trip, ")
    has(out, "TLS 1.2: Connected with TLS 1.2: 2 round trips, ")
    assert.equal("a.html a.svg ", files_of(dir.path))
    has(pki.read(dir.path .. "/a.html"), "</html>")
    has(pki.read(dir.path .. "/a.svg"), "</svg>")
  end)

  it("leaves what was there where a page cannot be written, and no part of one", function()
    local server <close> = peer.openssl_server(pair, "-rev")
    local dir <close> = folder()
    assert(os.execute(("mkdir -p %s/a.html/x"):format(dir.path)))
    local status, _, err = command { "trace", "localhost:" .. server.port, "--ca", ca, "--html", "a.html",
      dir = dir.path }
    assert.equal(6, status)
    has(err, "a.html: ")
    assert.equal("a.html ", files_of(dir.path))
    status, _, err = command { "trace", "localhost:" .. server.port, "--ca", ca, "--html", "none/a.html",
      dir = dir.path }
    assert.equal(6, status)
    has(err, "none/a.html: No such file or directory")
    local out
    status, out = command { "trace", "localhost:" .. server.port, "--ca", ca, "--svg", "-", dir = dir.path }
    assert.equal(0, status)
    assert.matches("^<svg.*</svg>\n$", out)
  end)

  it("resumes, and sends early data", function()
    local server <close> = peer.openssl_server(pair, "-early_data -no_anti_replay")
    local status, out = command { "trace", "localhost:" .. server.port, "--ca", ca, "--early-data" }
    assert.equal(0, status)
    for _, part in ipairs { "early data (encrypted)", "client_early_traffic_secret", "early data accepted",
      "no round trip before the first data" } do
      has(out, part)
    end
    local none <close> = peer.openssl_server(pair, "-num_tickets 0 -rev")
    local err
    status, out, err = command { "trace", "localhost:" .. none.port, "--ca", ca, "--resume" }
    assert.equal(1, status, out)
    has(err, "left no session")
  end)

  it("goes through STARTTLS", function()
    local child = require "spec.support.child"
    local server <close> = peer.start(("env PATH='%s' %s lua5.4 %s/spec/support/smtp_server.lua %s %s"):format(
      os.getenv "PATH", child, require "lfs".currentdir(), pair.certificate, pair.key)) -- ours, so in our build
    local port = server:wait_for "port (%d+)"
    local status, out = command { "trace", "localhost:" .. port, "--ca", ca, "--starttls", "smtp" }
    assert.equal(0, status, out)
    has(out:gsub("%s+", " "), "after STARTTLS in smtp")
  end)

  it("connects elsewhere, under another name", function()
    local server <close> = peer.openssl_server(pair, "-rev")
    local status, out = command { "trace", "a.w.example", "--connect", "127.0.0.1:" .. server.port, "--ca", ca }
    assert.equal(0, status, out)
    has(out, "server_name: a.w.example")
    status, out = command { "trace", "other.example", "--connect", "127.0.0.1:" .. server.port, "--ca", ca }
    assert.equal(5, status)
    has(out, "failed: name_mismatch")
    assert.equal(0, (command { "trace", "other.example", "--connect", "127.0.0.1:" .. server.port, "--ca", ca,
      "--name", "localhost" }))
  end)

  it("shows BearSSL's engine", function()
    local server <close> = peer.openssl_server(pair, "-rev")
    local status, out = command { "trace", "localhost:" .. server.port, "--ca", ca, "--engine", "bear" }
    assert.equal(0, status, out)
    has(out, "by the bear engine")
    has(out, "2 round trips; ")
  end)

  for _, version in ipairs { "1.3", "1.2" } do
    it("is the server of one connection of TLS " .. version, function()
      local traced <close> = command.start { "trace", "--from-server", "--cert", pair.certificate, "--key", pair.key,
        "--max-version", version, "--timeout", "60" }
      local port = traced:wait_for "listening on 127%.0%.0%.1 port (%d+)"
      local client <close> = peer.curl(math.tointeger(tonumber(port)), "/", "--cacert " .. ca)
      has(select(2, client:finish()), "This handshake was traced.")
      local status, out = traced:finish()
      assert.equal(0, status, out)
      for _, part in ipairs { "seen from the server", "server_name: localhost", "connected: TLS " .. version } do
        has(out:gsub("%s+", " "), part)
      end
    end)
  end

  it("wants a client's certificate as a server that is told whose", function()
    local traced <close> = command.start { "trace", "--from-server", "--cert", pair.certificate, "--key", pair.key,
      "--ca", pki.roots, "--timeout", "60" }
    local port = traced:wait_for "listening on 127%.0%.0%.1 port (%d+)"
    local client <close> = peer.curl(math.tointeger(tonumber(port)), "/", "--cacert " .. ca)
    client:finish()
    local status, out = traced:finish()
    assert.equal(4, status, out)
    has(out, "failed: certificate_required")
    has(out, "CertificateRequest")
  end)

  it("says by its status what went wrong", function()
    local expired <close> = peer.openssl_server(pki.bad.expired, "-rev")
    local http <close> = peer.rude "http"
    for _, case in ipairs {
      { 5, { "localhost:" .. expired.port, "--ca", ca }, "failed: expired" },
      { 0, { "localhost:" .. expired.port, "--insecure" }, "connected" },
      { 4, { "localhost:" .. http.port }, "failed: not_tls" },
      { 3, { "localhost:" .. peer.free_port() }, "failed: refused" },
      { 3, { "nowhere.invalid" }, "failed: dns" },
    } do
      local status, out = command { "trace", table.unpack(case[2]) }
      assert.equal(case[1], status, out)
      has(out, case[3])
    end
    for _, args in ipairs {
      {}, { "--from-server" }, { "localhost", "--compare", "--engine", "bear" },
      { "localhost", "--compare", "--resume" },
      { "--from-server", "--cert", pair.certificate, "--key", pair.key, "--min-version", "1.3",
        "--max-version", "1.2" },
      { "localhost", "--early-data", "--max-version", "1.2" }, { "x.pem" }, { "localhost:99999" },
      { "localhost", "--min-version", "1.3", "--max-version", "1.2" }, { "localhost", "--groups", "x" },
      { "--from-server", "--cert", pair.certificate, "--name", "x" },
    } do
      local status, out, err = command { "trace", table.unpack(args) }
      assert.same({ 2, "" }, { status, out }, table.concat(args, " "))
      assert.is_nil(err:find("internal error", 1, true), err)
    end
    assert.equal(6, (command { "trace", "localhost", "--ca", "/nonexistent.pem" }))
    assert.equal(6, (command { "trace", "--from-server", "--cert", "/nonexistent.pem" }))
  end)
end)

-- Times, sizes and days are those of one run: they are not compared, nor how wide an arrow is, nor where a line ends.
local function masked(text)
  for _, mask in ipairs {
    { "%d+%.%d ms", "T ms" }, { "%d+ bytes?", "N bytes" }, { "N bytes sent, %d+ received", "N bytes" },
    { "%d%d%d%d%-%d%d%-%d%d [%d:]+ UTC", "DAY" }, { "the time is %S+", "DAY" }, { "port %d+", "port P" },
    { "─", "" }, { "━", "" }, { "%s+", " " },
  } do
    text = text:gsub(mask[1], mask[2])
  end
  return text
end

local function transcripts(path)
  local list = {}
  for block in pki.read(path):gmatch "```\n(%$ .-)```" do
    for line, rest in ("\n" .. block):gmatch "\n%$ bearssl ([^\n]*)\n([^$]*)" do
      list[#list + 1] = { line = line, output = rest }
    end
  end
  return list
end

describe("docs/command-trace.md", function()
  local dir
  setup(function()
    dir = folder()
    for name, path in pairs { ["ca.pem"] = ca, ["server.pem"] = pair.certificate, ["server.key"] = pair.key } do
      local file <close> = assert(io.open(dir.path .. "/" .. name, "w"))
      file:write(pki.read(path))
    end
  end)
  teardown(function() getmetatable(dir).__close() end)

  local list = transcripts "docs/command-trace.md"
  for _, transcript in ipairs(list) do
    it("tells what happens: bearssl " .. transcript.line, function()
      local good <close> = peer.openssl_server(pair, "-early_data -no_anti_replay")
      local expired <close> = peer.openssl_server(pki.bad.expired, "-rev")
      local http <close> = peer.rude "http"
      local ports = { ["8443"] = good.port, ["8444"] = expired.port, ["8080"] = http.port }
      local words, rest = {}, transcript.line:match "|.*$" or ""
      for word in transcript.line:gsub("|.*$", ""):gmatch "%S+" do
        words[#words + 1] = word:gsub("^(localhost:)(%d+)$", function(host, port) return host .. ports[port] end)
      end
      words.env, words.dir = "LC_ALL=C.UTF-8", dir.path
      local pipe <close> = assert(io.popen("{ " .. command.line(words) .. " 2>&1; } " .. rest))
      assert.equal(masked(transcript.output), masked(pipe:read "a"))
    end)
  end

  it("has some, and its pictures are small", function()
    assert.truthy(#list >= 4)
    for name in pki.read "docs/command-trace.md":gmatch "%]%((images/[%w-]+%.png)%)" do
      local png = pki.read("docs/" .. name)
      assert.equal("\x89PNG", png:sub(1, 4))
      assert.truthy(#png < 100000, name)
    end
  end)
end)
