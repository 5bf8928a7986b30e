-- Debian's Prosody as it is installed, on LuaSec and then on bearssl.luasec in its place: what clients see is the same.
-- In each of its three event loops; prosody-modules adds the login by certificate.
local bearssl = require "bearssl"
local foreign = require "spec.support.foreign"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local prosody = require "spec.support.prosody"
local xmpp = require "spec.support.xmpp"

local XMPP_ADDRESS = "otherName:1.3.6.1.5.5.7.8.5;UTF8:"

local ca, stranger

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

setup(function()
  ca, stranger = foreign.authority(), foreign.authority "Stranger"
  ca:issue("a.example", { names = "DNS:a.example" })
  ca:issue("b.example", { names = "DNS:b.example", kind = "rsa2048" })
  ca:issue("localhost", { names = "DNS:localhost" })
  ca:issue("certs.example", { names = "DNS:certs.example" })
  ca:issue("client", { names = XMPP_ADDRESS .. "me@certs.example" })
  ca:issue("elsewhere", { names = XMPP_ADDRESS .. "me@a.example" })
  stranger:issue("client", { names = XMPP_ADDRESS .. "me@certs.example" })
  assert(os.execute(("mkdir %s/served && cd %s && cp *.example.* localhost.* served"):format(ca.dir, ca.dir)))
end)

teardown(function()
  ca:__close()
  stranger:__close()
end)

-- Our own client, by its native interface.
local function config(options)
  local all = { trust = ca.dir .. "/ca.pem" }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(bearssl.client(all))
end

local function wrapper(host, options)
  return xmpp.wrapper(config(options), host)
end

local function with_starttls(server, host, options)
  return xmpp.stream(peer.connect(server.c2s), host):starttls(wrapper(host, options))
end

local function direct(server, host, options)
  return xmpp.stream(wrapper(host, options)(peer.connect(server.direct)), host)
end

-- The common name that openssl is shown, and how it ends.
local function shown(port, options)
  local client <close> = peer.start(("openssl s_client -connect 127.0.0.1:%d -CAfile %s/ca.pem -verify_return_error %s")
    :format(port, ca.dir, options or ""), "")
  local _, out = client:finish()
  return out:match "subject=CN = (%S+)", out
end

local BOSH = [[<body content='text/xml; charset=utf-8' hold='1' rid='1573741820' to='a.example' wait='60' ver='1.6'
  xml:lang='en' xmpp:version='1.0' xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'/>]]

local WEBSOCKET = table.concat({ "GET /xmpp-websocket HTTP/1.1", "Host: a.example", "Connection: Upgrade",
  "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: xmpp",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "\r\n" }, "\r\n")

-- A text frame of less than 126 bytes, masked with zeros (RFC 6455 section 5.2).
local function frame(text)
  return string.char(0x81, 0x80 | #text) .. ("\0"):rep(4) .. text
end

for _, side in ipairs(foreign.sides) do
  for _, network in ipairs { "epoll", "select", "event" } do
    describe(("Prosody on %s, %s:"):format(side, network), function()
      local server

      lazy_setup(function()
        server = prosody.start(side, {
          network = network, certificates = ca.dir .. "/served", modules = { "bosh", "websocket" },
          config = ([[https_ssl = { certificate = "%s/served/a.example.crt", key = "%s/served/a.example.key" }
            %s = { certificate = "%s/served/a.example.crt", key = "%s/served/a.example.key" }]]):format(ca.dir, ca.dir,
            network == "select" and "c2s_direct_tls_ssl" or "none", ca.dir, ca.dir),
          hosts = {
            ["a.example"] = "", ["b.example"] = "", localhost = "",
            ["certs.example"] = ([[authentication = "ccert"
              c2s_ssl = { cafile = "%s/ca.pem"; verify = { "peer", "client_once" } }]]):format(ca.dir),
          },
          users = { ["me@a.example"] = "secret", ["me@b.example"] = "other" },
        })
      end)
      lazy_teardown(function()
        if server then server:__close() end
      end)

      for _, version in ipairs { "1.2", "1.3" } do
        it("a login after STARTTLS, TLS " .. version, function()
          local stream <close> = with_starttls(server, "a.example", { min_version = version, max_version = version })
          assert.equal("TLSv" .. version, (stream.sock:info().version:gsub("TLS ", "TLSv"):gsub("^1", "TLSv1")))
          stream:login("me", "secret")
          assert.truthy(stream.jid:find "^me@a%.example/", stream.jid)
          assert.equal("result", stream:ping())
        end)
      end

      it("a wrong password is refused", function()
        local stream <close> = with_starttls(server, "a.example")
        assert.error_matches(function() stream:login("me", "wrong") end, "refused: .*not%-authorized")
      end)

      it("a message of 200 kB to oneself", function()
        local stream <close> = with_starttls(server, "b.example")
        stream:login("me", "other")
        local body = ("0123456789abcdef"):rep(12500)
        stream:send "<presence/>"
        stream:send(("<message type='chat' to='%s'><body>%s</body></message>"):format(stream.jid, body))
        assert.is_true(body == stream:expect "<body>(.-)</body>")
      end)

      it("STARTTLS from openssl and gnutls, with the certificate of the host in the stream", function()
        for _, host in ipairs { "a.example", "b.example" } do
          assert.equal(host, (shown(server.c2s, "-starttls xmpp -xmpphost " .. host)))
        end
        local client <close> = peer.start(("gnutls-cli --starttls-proto xmpp --x509cafile %s/ca.pem --port %d "
          .. "localhost"):format(ca.dir, server.c2s), "")
        local _, out = client:finish()
        assert.truthy(out:find("Handshake was completed", 1, true), out)
      end)

      if network == "select" then
        it("direct TLS, with one certificate, for that loop asks for no name", function()
          for _, host in ipairs { "a.example", "b.example" } do
            assert.equal("a.example", (shown(server.direct, "-servername " .. host)))
          end
        end)
      else
        it("direct TLS, with the certificate of the name in the ClientHello", function()
          for host, password in pairs { ["a.example"] = "secret", ["b.example"] = "other" } do
            assert.equal(host, (shown(server.direct, "-servername " .. host)))
            local stream <close> = direct(server, host)
            assert.equal("result", stream:login("me", password):ping())
          end
        end)

        it("direct TLS to a name that it does not have ends with an alert", function()
          local name, out = shown(server.direct, "-servername none.example")
          assert.is_nil(name)
          assert.truthy(out:find "unrecognized name", out)
        end)
      end

      it("direct TLS without a name gets a certificate all the same", function()
        assert.truthy(shown(server.direct, "-noservername"))
      end)

      it("what is no TLS, and what ends in the middle, harm nobody", function()
        for _, text in ipairs { "GET / HTTP/1.0\r\n\r\n", "\22\3\1\0\200\1\0\0\196", "" } do
          local tcp = peer.connect(server.direct)
          assert(tcp:send(text))
          tcp:close()
        end
        local stream <close> = direct(server, "a.example")
        assert.equal("result", stream:login("me", "secret"):ping())
      end)

      it("SASL EXTERNAL by client certificate", function()
        local stream <close> = with_starttls(server, "certs.example",
          { certificate = ca.dir .. "/client.crt", key = ca.dir .. "/client.key" })
        assert.truthy(stream.features:find("EXTERNAL", 1, true), stream.features)
        assert.truthy(stream:external().jid:find "^me@certs%.example/")
        assert.equal("result", stream:ping())
      end)

      for what, from in pairs {
        ["another authority's"] = function() return stranger.dir .. "/client" end,
        ["another host's"] = function() return ca.dir .. "/elsewhere" end,
        ["no"] = function() return nil end,
      } do
        it("SASL EXTERNAL with " .. what .. " certificate is refused", function()
          local path = from()
          local done, err = pcall(function() -- Prosody 13 refuses strangers in the handshake already
            local stream <close> = with_starttls(server, "certs.example",
              path and { certificate = path .. ".crt", key = path .. ".key" })
            stream:external()
          end)
          assert.is_false(done)
          assert.truthy(err:find "refused: " or err:find "unknown_ca", err)
        end)
      end

      it("SCRAM-SHA-1-PLUS, bound by tls-unique", function()
        for _, client_side in ipairs(foreign.sides) do
          for wrong, answer in pairs { [""] = "^bound .*me@a%.example/", wrong = "^refused" } do
            local command = "lua5.4 %s/spec/support/xmpp_scram.lua %d a.example me secret %s/ca.pem tlsv1_2 %s"
            command = command:format(foreign.top, server.c2s, ca.dir, wrong)
            local out = foreign.run(client_side, command, { modules = foreign.top })
            assert.truthy(out:find(answer), client_side .. ": " .. out)
          end
        end
      end)

      it("BOSH by https, from curl", function()
        local curl <close> = peer.start(("curl -sS -i --max-time 90 --noproxy '*' --cacert %s/ca.pem --resolve "
          .. "a.example:%d:127.0.0.1 -H 'Content-Type: text/xml' --data-binary @@/body https://a.example:%d/http-bind")
          :format(ca.dir, server.https, server.https), "", { body = BOSH })
        local _, out = curl:finish()
        assert.truthy(out:find("200 OK", 1, true) and out:find("<mechanism>PLAIN", 1, true), out)
      end)

      it("WebSocket by https", function()
        local sock <close> = wrapper("a.example", { alpn = { "http/1.1" } })(peer.connect(server.https))
        sock:send(WEBSOCKET)
        assert.equal("HTTP/1.1 101 Switching Protocols", (sock:receive "*l"))
        repeat until assert(sock:receive "*l") == ""
        sock:send(frame "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a.example' version='1.0'/>")
        local _, size = assert(sock:receive(2)):byte(1, 2)
        if size == 126 then size = string.unpack(">I2", assert(sock:receive(2))) end
        assert.truthy(sock:receive(size):find "<open [^>]*from='a%.example'")
      end)

      it("new certificates after a reload, and open connections go on", function()
        local before <close> = with_starttls(server, "a.example")
        before:login("me", "secret")
        local old = pki.read(ca.dir .. "/served/a.example.crt")
        ca:issue("a.example", { names = { "DNS:a.example", "DNS:renewed.a.example" }, dir = ca.dir .. "/served" })
        local new = pki.read(ca.dir .. "/served/a.example.crt")
        server:reload()
        local function first(stream) return stream.sock:peer_certificates()[1]:pem() end
        assert.equal(bearssl.x509.parse(old)[1]:pem(), first(before))
        assert.equal("result", before:ping())
        for _, open in ipairs { with_starttls, network == "epoll" and direct or nil } do
          local stream <close> = open(server, "a.example")
          assert.equal(bearssl.x509.parse(new)[1]:pem(), first(stream))
        end
        assert.equal("result", before:ping())
      end)

      if network == "epoll" then -- the others do nothing in order after a reload: see support/prosody.lua
        it("six megabytes to one who reads late", function()
          local tcp = peer.connect(server.c2s)
          tcp:setoption("recv-buffer-size", 65536)
          local stream <close> = xmpp.stream(tcp, "b.example"):starttls(wrapper "b.example")
          stream:login("me", "other"):send "<presence/>"
          local body = ("0123456789abcdef"):rep(6250)
          for i = 1, 60 do
            stream:send(("<message type='chat' id='m%d' to='%s'><body>%s</body></message>"):format(i, stream.jid, body))
          end
          for i = 1, 60 do
            local id, text = stream:expect "<message [^>]-id='m(%d+)'.-<body>(.-)</body>"
            assert.equal(tostring(i), id)
            assert.is_true(text == body)
          end
        end)

        it("a key that does not fit after a reload is refused, and other hosts are served", function()
          local path = ca.dir .. "/served/b.example.key"
          local good = pki.read(path)
          write(path, pki.read(ca.dir .. "/client.key"))
          server:reload()
          write(path, good)
          assert.truthy(server:log():find "Error creating contexts? for c2s")
          local stream <close> = with_starttls(server, "a.example")
          assert.equal("result", stream:login("me", "secret"):ping())
          server:reload()
          assert.equal("b.example", (shown(server.c2s, "-starttls xmpp -xmpphost b.example")))
        end)

        it("ends in order", function()
          local status, out = server:stop()
          assert.equal(0, status, out)
          assert.falsy(out:find "[Tt]raceback", out)
        end)
      end
    end)
  end
end

describe("Prosody", function()
  local function start(side, options)
    local all = { certificates = ca.dir .. "/served", hosts = { ["a.example"] = "" },
      users = { ["me@a.example"] = "secret" } }
    for name, value in pairs(options) do all[name] = value end
    return prosody.start(side, all)
  end

  it("runs with a folder of `make install-luasec` in its path", function()
    local dir = ca.dir .. "/luasec"
    assert(os.execute(("make -s install-luasec LUASEC_DIR=%s >%s/installed"):format(dir, ca.dir)))
    local server <close> = start("bearssl", { environment = "LUA_INIT=", lua = dir })
    local stream <close> = with_starttls(server, "a.example")
    assert.equal("result", stream:login("me", "secret"):ping())
  end)

  for _, side in ipairs(foreign.sides) do
    it("fetches by https, where the server is who it is, on " .. side, function()
      local good, bad = pki.server.p256, pki.bad.other_name
      for trusted, answer in pairs {
        [pki.root.p256] = "200 hello", [pki.stranger] = "0 certificate[- ][cv]",
        [pki.roots] = "0 certificate%-verify%-failed",
      } do
        local nginx <close> = peer.nginx(trusted == pki.roots and bad or good, "location = / { return 200 hello; }")
        local server <close> = start(side, { modules = { "test_names", "test_fetch" },
          config = ([[test_names = "/dev/null"
            test_fetch = "https://localhost:%d/"
            client_https_ssl = { cafile = "%s" }]]):format(nginx.port, trusted) })
        server:wait_for("fetched: " .. answer)
      end
    end)
  end
end)

describe("prosodyctl", function()
  -- Its lines sorted, for hosts come in any order.
  local function check(side)
    local lines = {}
    local command = ("prosodyctl --config %s/prosody.cfg.lua check certs"):format(ca.dir)
    for line in foreign.run(side, command):gmatch "[^\n]+" do
      lines[#lines + 1] = line
    end
    table.sort(lines)
    return table.concat(lines, "\n")
  end

  it("checks certificates with the same result on both", function()
    write(ca.dir .. "/prosody.cfg.lua", ([[run_as_root = true
      data_path = %q
      certificates = %q
      VirtualHost "a.example"
      VirtualHost "b.example"
      VirtualHost "none.example"]]):format(ca.dir, ca.dir .. "/served"))
    local theirs = check "LuaSec"
    assert.truthy(theirs:find("Checking certificate for b.example", 1, true), theirs)
    assert.equal(theirs, check "bearssl")
  end)
end)
