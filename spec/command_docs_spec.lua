-- The transcripts of docs/command*.md, as they stand there; see support/transcripts.lua.
local command = require "spec.support.command"
local peer = require "spec.support.peer"
local pebble = require "spec.support.pebble"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"
local transcripts = require "spec.support.transcripts"
local x509 = require "bearssl.x509"

local pair, expired = pki.server.p256, pki.bad.expired

local function openssl(certificate, issuers, key)
  local chain = issuers and "-cert_chain " .. issuers or ""
  local server = peer.start(("openssl s_server -accept 127.0.0.1:0 -cert %s %s -key %s -no-CAfile -no-CApath -rev")
    :format(certificate, chain, key))
  server.port = server:wait_for "ACCEPT 127%.0%.0%.1:(%d+)"
  return server
end

local function printed_by(line)
  local pipe <close> = assert(io.popen(line))
  return (pipe:read "a")
end

describe("the page for man", function()
  it("says what the command has: make man", function()
    assert.equal(pki.read "docs/bearssl.1", printed_by(require "spec.support.child" .. " lua5.4 .ci/man.lua 2>&1"))
  end)

  it("is one, to groff", function()
    assert.equal("", printed_by "groff -man -ww -z docs/bearssl.1 2>&1")
  end)
end)

describe("the pages of the command", function()
  local servers, place, folder = {}, nil, nil

  lazy_setup(function()
    folder = os.tmpname() .. ".d"
    assert(os.execute(("rm %s; mkdir %s; cp %s %s"):format(folder:sub(1, -3), folder, revoke.file(
      assert(x509.load(pair.issuers))[1]:der()), folder .. "/issuer.der")))
    servers.files = peer.start(("lua5.4 %s/spec/support/http_files.lua %s"):format(require "lfs".currentdir(), folder))
    local url = ("http://127.0.0.1:%s/issuer.der"):format(servers.files:wait_for "port (%d+)")
    local lonely = revoke.issue("localhost", { names = "localhost", days = 90, ca_issuers = url })
    local http_port = peer.free_port()
    servers.pebble = pebble.start { http_port = http_port }
    servers.nginx = peer.nginx(pair, [[location = / { return 200 "hello\n"; }]], "TLSv1.2 TLSv1.3")
    servers.lonely = openssl(lonely.certificate, nil, lonely.key)
    servers.expired = openssl(expired.leaf, expired.issuers, expired.key)
    place = transcripts.place {
      ["8443"] = servers.nginx.port, ["8444"] = servers.lonely.port, ["8445"] = servers.expired.port,
      ["8446"] = peer.free_port(), ["8447"] = servers.pebble.port, ["8448"] = http_port,
    }
  end)
  lazy_teardown(function()
    for _, server in pairs(servers) do server:stop() end
    place:__close()
    os.execute("rm -r " .. folder)
  end)

  local pages = "command command-cert command-get command-doctor command-mkcert command-renew command-watch "
    .. "command-pin"
  for name in pages:gmatch "%S+" do
    it("show what is printed: " .. name, function() transcripts.check(("docs/%s.md"):format(name), place) end)
  end

  -- The first block is the server's, which runs as long as the clients of the second do.
  it("show what is printed: command-serve", function()
    local path = "docs/command-serve.md"
    local own, clients = table.unpack(transcripts.blocks(path))
    local words = { dir = place.dir }
    for word in own.commands[1].command:gsub("8446", place.ports["8446"]):gmatch "%S+" do words[#words + 1] = word end
    table.remove(words, 1)
    local server <close> = command.start(words)
    server:wait_for "listening"
    local printed = {}
    for i, each in ipairs(clients.commands) do printed[i] = place:run(each.command) end
    server:wait_for "index.html[^\n]*\n"
    server:signal "INT"
    local status, out = server:finish()
    assert.equal(0, status)
    out = out:gsub(tostring(place.ports["8446"]), "8446")
    for i, each in ipairs(clients.commands) do transcripts.compare(path, clients.line, each, printed[i]) end
    transcripts.compare(path, own.line, own.commands[1], out)
  end)
end)
