-- The command against servers that are none, or that break off at each step: it ends, says what was wrong, and nothing
-- of theirs acts on a terminal.
local command = require "spec.support.command"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local pair, roots = pki.server.p256, pki.roots

-- Ends with one of these statuses, and tells in order.
local function fails(args, ...)
  local status, out, err = command(args)
  local fits = false
  for _, each in ipairs { ... } do fits = fits or each == status end
  assert.truthy(fits, ("%s gives %s:\n%s%s"):format(table.concat(args, " "), status, out, err))
  assert.is_nil((out .. err):find "traceback", err)
  assert.is_nil((out .. err):find "[%z\1-\9\11-\31\127]")
  assert.truthy(err:find "^bearssl: ", err)
  return err
end

local function has(text, part)
  assert.truthy(text:find(part, 1, true), ("%q in:\n%s"):format(part, text))
end

for _, verb in ipairs { "cert", "get" } do
  describe("bearssl " .. verb, function()
    it("tells of names that do not resolve, and of ports where nobody listens", function()
      has(fails({ verb, "nosuch.invalid" }, 3), "dns")
      has(fails({ verb, "localhost:" .. peer.free_port() }, 3), "refused")
    end)

    for act, codes in pairs { http = "not_tls", greet = "not_tls", garbage = "", close = "closed", reset = "reset" } do
      it("tells of a server that speaks no TLS: " .. act, function()
        local rude <close> = peer.start(("lua5.4 %s/spec/support/rude.lua %s"):format(require "lfs".currentdir(), act))
        local err = fails({ verb, "localhost:" .. rude:wait_for "port (%d+)", "--timeout", "20" }, 3, 4)
        has(err, codes)
      end)
    end

    it("does not wait for ever for one that says nothing", function()
      local rude <close> = peer.start(("lua5.4 %s/spec/support/rude.lua hang"):format(require "lfs".currentdir()))
      has(fails({ verb, "localhost:" .. rude:wait_for "port (%d+)", "--timeout", "0.5" }, 3, 4), "timeout")
    end)

    it("ends at once where it is interrupted while it waits", function()
      local listener <close> = peer.listen()
      local run <close> = command.start { verb, "localhost:" .. listener.port, "--timeout", "600" }
      local tcp = listener:accept()
      assert(tcp:receive(5)) -- of the ClientHello
      run:signal "INT"
      assert.same({ 130, "" }, { run:finish() })
      tcp:close()
    end)

    for _, act in ipairs { "close", "reset", "garbage", "truncate", "flip" } do
      it(("ends where the server does at each record: %s"):format(act), function()
        local server <close> = peer.openssl_server(pair)
        for after = 0, 4 do
          local relay <close> = peer.relay(server.port, { after = after, act = act })
          local status, out, err = command { verb, "--ca", roots, "--timeout", "20", "localhost:" .. relay.port }
          assert.truthy(math.type(status) and status < 70 and status >= 0, err)
          assert.is_nil((out .. err):find "traceback", err)
          assert.is_nil((out .. err):find "[%z\1-\9\11-\31\127]")
        end
      end)
    end
  end)
end

describe("bearssl cert --starttls", function()
  it("asks a mail server, and tells of what is none", function()
    local pipe = assert(io.popen(("echo $$; %s exec timeout 300 lua5.4 spec/support/smtp_server.lua %s %s"):format(
      require "spec.support.child", pair.certificate, pair.key)))
    local pid, _, first = pipe:read("n", "l", "l")
    local status, out = command { "cert", "smtp://localhost:" .. first:match "port (%d+)", "--ca", roots }
    assert.equal(0, status)
    has(out, "verified, up to")
    os.execute("kill " .. pid)
    pipe:close()
    local rude <close> = peer.start(("lua5.4 %s/spec/support/rude.lua greet"):format(require "lfs".currentdir()))
    local target = "localhost:" .. rude:wait_for "port (%d+)"
    for _, protocol in ipairs { "smtp", "imap", "pop3", "ftp", "xmpp", "ldap", "postgres", "mysql" } do
      fails({ "cert", target, "--starttls", protocol, "--timeout", "5" }, 3, 4)
    end
  end)
end)
