-- bearssl.listen: the port, the loop, what becomes of connections that go wrong, hosts by name.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local schedulers = require "spec.support.schedulers"
local serve = require "spec.support.serve"
local socket = require "socket"

local ca = pki.roots
local eventually = serve.eventually

local function sleep(seconds) scheduler.current().sleep(seconds) end

-- What on_error is told, as lines.
local function log()
  local list = {}
  return list, function(err, what, name)
    list[#list + 1] = ("%s %s: %s"):format(what, name or "-", type(err) == "table" and err.code or err)
  end
end

describe("listen", function()
  it("takes a free port, and says which", function()
    local server <close> = serve.listen()
    local host, port = server:getsockname()
    assert.equal("127.0.0.1", host)
    assert.truthy(port > 0)
    assert.truthy(server:getfd() >= 0)
    assert.matches("127.0.0.1 port " .. port, tostring(server), 1, true)
    assert.equal(1, server:close())
    assert.equal(1, server:close())
    assert.equal(-1, server:getfd())
    assert.same({ nil, "closed" }, { server:getsockname() })
    assert.equal("bearssl.listener (closed)", tostring(server))
  end)

  it("listens on all addresses, of both families, without a host", function()
    local own = pki.server.p256
    local server <close> = assert(bearssl.listen { port = 0, certificate = own.certificate, key = own.key })
    local _, port = server:getsockname()
    for _, address in ipairs { "127.0.0.1", "::1" } do
      local tcp = (address == "::1" and socket.tcp6 or socket.tcp4)()
      if address == "127.0.0.1" or server:getsockname() == "::" then assert(tcp:connect(address, port)) end
      tcp:close()
    end
  end)

  it("says why it cannot listen", function()
    local server <close> = serve.listen()
    local _, port = server:getsockname()
    local own = pki.server.p256
    local ok, err = bearssl.listen { host = "127.0.0.1", port = port, certificate = own.certificate, key = own.key }
    assert.same({ nil, "io" }, { ok, err.code })
    assert.matches("127.0.0.1 port " .. port .. ": address already in use", tostring(err), 1, true)
    ok, err = bearssl.listen { port = 0, certificate = "no/such.pem", key = own.key }
    assert.same({ nil, "file" }, { ok, err.code })
    ok, err = bearssl.listen { port = 0, certificate = own.certificate, key = pki.key "p256" }
    assert.same({ nil, "key_mismatch" }, { ok, err.code })
  end)

  it("shares a port with another process where that is asked for", function()
    local one <close> = serve.listen { reuse_port = true }
    local _, port = one:getsockname()
    local two <close> = serve.listen { reuse_port = true, port = port }
    assert.equal(port, select(2, two:getsockname()))
  end)

  it("takes a listener that is there", function()
    local tcp = assert(socket.bind("127.0.0.1", 0))
    local server <close> = serve.listen { listener = tcp }
    assert.equal(math.tointeger(tcp:getfd()), server:getfd())
  end)

  local own = { certificate = pki.server.p256.certificate, key = pki.server.p256.key }
  for _, row in ipairs {
    { { prot = 1 }, "unknown option 'prot', did you mean 'port'?" },
    { { port = -1 }, "option 'port': an integer from 0 to 65535 is wanted, not -1" },
    { { port = false }, "option 'port': an integer" },
    { { max_connections = 0 }, "option 'max_connections'" },
    { { handshake_timeout = 0 }, "option 'handshake_timeout': a positive number of seconds is wanted" },
    { { watch = true }, "option 'watch'" },
    { { listener = {} }, "option 'listener': a listening TCP object of LuaSocket is wanted" },
    { { hosts = {} }, "option 'hosts' is empty" },
    { { hosts = { ["a b"] = {} } }, "option 'hosts': \"a b\" is no host name" },
    { { hosts = { ["x.*.y"] = {} } }, "is no host name" },
    { { hosts = { ["a.example"] = own, ["A.example."] = own } }, "stands there twice" },
    { { hosts = { ["a.example"] = {} } }, "option 'hosts': \"a.example\": option 'certificate' is missing" },
    { { hosts = { ["a.example"] = { certificate = own.certificate, port = 1 } } }, "'port' is for the whole server" },
    { { hosts = { ["a.example"] = { certificate = own.certificate, kee = "" } } }, "unknown option 'kee'" },
    { { hosts = { ["a.example"] = { certificate = own.certificate } }, max_version = "1.2" },
      "option 'hosts' needs the native engine" },
    { { unknown_host = "refuse" }, "option 'unknown_host' means nothing without 'hosts'" },
    { { shared = {} }, "option 'shared': an object with ticket_keys" },
    { { shared = { ticket_keys = print }, max_version = "1.2" }, "option 'shared' needs the native engine" },
    { { shared = { ticket_keys = print }, ticket_keys = ("k"):rep(32) }, "option 'ticket_keys': 'shared' has it" },
    { { shared = { ticket_keys = print, options = { lifetime = 60 } } }, "its lifetime is shorter" },
    { { certificat = "x" }, "unknown option 'certificat', did you mean 'certificate'?" },
  } do
    it("is a mistake of the programmer: " .. row[2], function()
      local all = serve.with({ port = 0, certificate = own.certificate, key = own.key }, row[1])
      local ok, err = pcall(bearssl.listen, all)
      assert.is_false(ok)
      assert.truthy(err:find(row[2], 1, true), err)
      assert.truthy(err:find("bearssl.listen: ", 1, true), err)
    end)
  end

  it("wants a table, a port and a handler", function()
    assert.error_matches(function() bearssl.listen(443) end, "a table of options is wanted")
    assert.error_matches(function() bearssl.listen { certificate = "x" } end, "option 'port' is missing")
    local server <close> = serve.listen()
    assert.error_matches(function() server:run() end, "a handler is wanted")
    server:close()
    assert.error_matches(function() server:run(print) end, "the server is closed")
  end)
end)

describe("server:run", function()
  it("serves curl, openssl and gnutls beside each other", function()
    serve({ alpn = "http/1.1" }, serve.http, function(_, port)
      local curl <close> = peer.curl(port, "/one", "--cacert " .. ca)
      local openssl <close> = peer.openssl_client(port, "-quiet -CAfile " .. ca, "GET /two HTTP/1.1\r\n\r\n")
      local gnutls <close> = peer.gnutls_client(port, "--x509cafile " .. ca .. " --sni-hostname localhost "
        .. "--verify-hostname localhost", "GET /three HTTP/1.1\r\n\r\n")
      local status, out = serve.finish(curl)
      assert.equal(0, status, out)
      assert.matches("GET /one HTTP/1.1", out, 1, true)
      eventually(function() return openssl:output():find("GET /two", 1, true) end)
      eventually(function() return gnutls:output():find("GET /three", 1, true) end)
    end)
  end)

  it("has each connection in a coroutine of its own", function()
    serve(nil, nil, function(_, port)
      local client = serve.client()
      local idle = assert(serve.connect(port, client))
      assert.equal("hello", (serve.ask(port, client)))
      assert(idle:send "late\n")
      assert.equal("late", idle:receive "*l")
      idle:close()
    end)
  end)

  it("goes on when a handshake fails, a handler raises, a client says nothing or nonsense", function()
    local told, on_error = log()
    local function handler(sock)
      local line = sock:receive "*l"
      if line == "raise" then error("mine", 0) end
      if line == "table" then error({ code = "a table" }) end
      if line == "yield" then coroutine.yield() end
      sock:send "fine\n"
    end
    serve({ on_error = on_error, handshake_timeout = 5 }, handler, function(_, port)
      local client = serve.client()
      local stranger = serve.client { trust = pki.stranger }
      local silent = assert(scheduler.connect("127.0.0.1", port))
      local gone = assert(scheduler.connect("127.0.0.1", port))
      gone:close()
      local nonsense = assert(scheduler.connect("127.0.0.1", port))
      nonsense:send "GET / HTTP/1.0\r\n\r\n"
      assert.is_nil((serve.connect(port, stranger)))
      for _, word in ipairs { "raise", "table", "yield", "hello" } do
        local sock = assert(serve.connect(port, client))
        assert(sock:send(word .. "\n"))
        local line, err = sock:receive "*l"
        if word == "raise" or word == "table" then
          assert.same({ nil, "closed" }, { line, err })
        else
          assert.equal("fine", line)
        end
        sock:close()
      end
      eventually(function() return #told == 6 end)
      silent:close()
      nonsense:close()
    end)
    table.sort(told)
    assert.matches("^handler %-: mine", told[2] or "")
    assert.equal("handler -: a table", told[1])
    assert.same({ "handshake -: closed", "handshake -: not_tls", "handshake -: peer_alert", "handshake -: timeout" },
      { told[3]:gsub("truncated", "closed"), told[4], told[5], told[6] })
  end)

  it("has a slow client cost nobody but itself", function()
    local told, on_error = log()
    serve({ on_error = on_error, handshake_timeout = 5 }, nil, function(_, port)
      local client = serve.client()
      local hello = assert(client:connection { name = "localhost" }):pull()
      local slow = assert(scheduler.connect("127.0.0.1", port))
      local served = 0
      for i = 1, 20 do
        slow:send(hello:sub(i, i))
        if serve.ask(port, client) == "hello" then served = served + 1 end
      end
      assert.equal(20, served)
      eventually(function() return #told == 1 end)
      assert.equal("handshake -: timeout", told[1])
      slow:close()
    end)
  end)

  it("serves one after another without a scheduler, until it is closed", function()
    local server = serve.listen()
    local _, port = server:getsockname()
    local first = peer.openssl_client(port, "-quiet -CAfile " .. ca, "one\n")
    local second = peer.openssl_client(port, "-quiet -CAfile " .. ca, "two\n")
    local lines = {}
    assert.is_true(server:run(function(sock, itself)
      assert.equal(server, itself)
      lines[#lines + 1] = sock:receive "*l"
      if #lines == 2 then itself:close() end
    end))
    table.sort(lines)
    assert.same({ "one", "two" }, lines)
    first:stop()
    second:stop()
  end)

  it("looks at its files meanwhile, and sleeps between", function()
    local plain, waits = scheduler.get "plain", 0
    local server = serve.listen { watch = 0.05 }
    server.options.scheduler = setmetatable({ wait = function(...)
      waits = waits + 1
      return plain.wait(...)
    end }, { __index = plain })
    local _, port = server:getsockname()
    local command = "sh -c 'sleep 0.5; exec openssl s_client -quiet -connect 127.0.0.1:%d'"
    local late <close> = peer.start(command:format(port), "hello\n")
    local start = plain.now()
    server:run(function(sock, itself)
      sock:receive "*l"
      itself:close()
    end)
    local turns = (plain.now() - start) / 0.05
    assert.truthy(waits >= 5 and waits <= turns + 5, waits)
    late:stop()
  end)

  it("holds max_connections at a time, and takes the next when one has ended", function()
    local now, most = 0, 0
    local function handler(sock)
      now = now + 1
      most = math.max(most, now)
      serve.echo(sock)
      now = now - 1
    end
    serve({ max_connections = 3 }, handler, function(_, port)
      local client, held, done = serve.client(), {}, 0
      for i = 1, 3 do held[i] = assert(serve.connect(port, client)) end
      for _ = 1, 5 do
        scheduler.current().spawn(function()
          assert.equal("hello", (serve.ask(port, client)))
          done = done + 1
        end)
      end
      eventually(function() return now == 3 end)
      sleep(0.1)
      assert.same({ 3, 0 }, { now, done })
      for _, sock in ipairs(held) do sock:close() end
      eventually(function() return done == 5 end)
    end)
    assert.equal(3, most)
  end)

  it("leaves no descriptor open", function()
    local before = ends.descriptors()
    local _, on_error = log()
    serve({ on_error = on_error }, nil, function(_, port)
      local client = serve.client()
      for i = 1, 10 do
        assert.equal("hello", (serve.ask(port, client)))
        local tcp = assert(scheduler.connect("127.0.0.1", port))
        tcp:send(("x"):rep(i))
        tcp:close()
      end
    end)
    assert.equal(before, ends.descriptors())
  end)

  it("waits without waking up", function()
    local loop = scheduler.loop()
    local server = serve.listen { watch = false }
    local real, waits = scheduler.get "coroutine", 0
    local counted = setmetatable({ wait = function(...)
      waits = waits + 1
      return real.wait(...)
    end }, { __index = real })
    server.options.scheduler = counted
    loop:spawn(server.run, server, serve.echo)
    loop:spawn(function()
      sleep(0.5)
      server:close()
    end)
    loop:run()
    assert.truthy(waits <= 3, waits)
  end)

  it("ends when the listener that it was given is closed", function()
    local tcp = assert(socket.bind("127.0.0.1", 0))
    local server, loop = serve.listen { listener = tcp, watch = 0.05 }, scheduler.loop()
    loop:spawn(server.run, server, serve.echo)
    loop:spawn(function()
      sleep(0.01)
      local stays = assert(serve.connect(select(2, server:getsockname()), serve.client()))
      scheduler.current().cancel(server:getfd())
      tcp:close()
      sleep(0.1)
      assert(stays:send "still\n")
      assert.equal("still", stays:receive "*l")
      stays:close()
    end)
    loop:run()
    assert.equal(-1, server:getfd())
  end)

  it("is not run twice at a time", function()
    serve(nil, nil, function(server)
      assert.error_matches(function() server:run(print) end, "the server runs already")
    end)
  end)
end)

for _, name in ipairs { "coroutine", "cqueues", "luv", "copas" } do -- the last cannot tell that another one runs
  describe("server:run under " .. name, function()
    it("serves many at a time, within max_connections, and ends when it is closed", function()
      local server = serve.listen { max_connections = 4 }
      local _, port = server:getsockname()
      local client, done, now, most, over = serve.client(), 0, 0, 0, false
      schedulers.run(name, function(go)
        go(function()
          server:run(function(sock)
            now = now + 1
            most = math.max(most, now)
            serve.echo(sock)
            now = now - 1
          end)
          over = true
        end)
        for _ = 1, 12 do
          go(function()
            local sock = assert(serve.connect(port, client))
            for i = 1, 3 do
              assert(sock:send(i .. "\n"))
              assert.equal(tostring(i), sock:receive "*l")
            end
            sock:close()
            done = done + 1
            if done == 12 then server:close() end
          end)
        end
      end)
      assert.same({ 12, true, -1 }, { done, over, server:getfd() })
      assert.truthy(most > 1 and most <= 4, most)
    end)

    it("goes on without those who fail, and closes those who stay", function()
      local told, on_error = log()
      local server = serve.listen { on_error = on_error, handshake_timeout = 5 }
      local _, port = server:getsockname()
      schedulers.run(name, function(go)
        go(server.run, server, function(sock)
          if sock:receive "*l" == "raise" then error("mine", 0) end
          sock:receive "*l"
        end)
        go(function()
          local silent = assert(scheduler.connect("127.0.0.1", port))
          local sock = assert(serve.connect(port, serve.client()))
          assert(sock:send "raise\n")
          assert.is_nil((sock:receive "*l"))
          sock:close()
          local stays = assert(serve.connect(port, serve.client()))
          assert(stays:send "stay\n")
          eventually(function() return #told == 2 end)
          server:close(0)
          assert.is_nil((stays:receive "*l"))
          stays:close()
          silent:close()
        end)
      end)
      table.sort(told)
      assert.matches("^handler %-: mine", told[1])
      assert.equal("handshake -: timeout", told[2])
    end)
  end)
end

describe("server:close", function()
  it("lets connections end, and takes no more", function()
    local client, late, sock = serve.client(), nil, nil
    serve(nil, nil, function(server, port)
      sock = assert(serve.connect(port, client))
      server:close(20)
      scheduler.current().spawn(function()
        eventually(function() return server:getfd() == -1 end)
        late = table.pack(scheduler.connect("127.0.0.1", port))
        assert(sock:send "still here\n")
        assert.equal("still here", sock:receive "*l")
        sock:close()
      end)
    end)
    assert.is_nil(late[1])
    assert.equal("refused", late[2].code)
  end)

  it("closes those that do not end in time", function()
    local said
    serve(nil, function(sock)
      said = table.pack(sock:receive "*l")
    end, function(server, port)
      local sock = assert(serve.connect(port, serve.client()))
      server:close(0.1)
      local line, err = sock:receive "*l"
      assert.same({ nil, "closed" }, { line, err })
      sock:close()
    end)
    assert.same({ nil, "closed" }, { said[1], said[2] })
  end)
end)

describe("a coroutine that is closed", function()
  it("leaves its connection closed, and its place to the next", function()
    local co
    serve({ max_connections = 1 }, function(sock)
      co = coroutine.running()
      serve.echo(sock)
    end, function(_, port)
      local first = assert(serve.connect(port, serve.client()))
      eventually(function() return co end)
      coroutine.close(co)
      local line, err = first:receive "*l"
      assert.same({ nil, "closed" }, { line, err })
      first:close()
      assert.equal("hello", (serve.ask(port, serve.client())))
    end)
  end)
end)

describe("server:accept", function()
  it("gives sockets, the errors of those that failed, timeout and closed", function()
    local server <close> = serve.listen()
    local _, port = server:getsockname()
    assert.same({ nil, "timeout" }, { server:accept(0.01) })
    local openssl <close> = peer.openssl_client(port, "-quiet -CAfile " .. ca, "good day\n")
    local sock = assert(server:accept(20))
    assert.equal("good day", sock:receive "*l")
    sock:close()
    local stranger <close> = peer.openssl_client(port, "-verify_return_error -CAfile " .. pki.stranger, "")
    local ok, err = server:accept(20)
    assert.same({ nil, "peer_alert" }, { ok, err.code })
    server:close()
    assert.same({ nil, "closed" }, { server:accept() })
    openssl:stop()
    stranger:stop()
  end)

  it("is woken by close", function()
    local server, loop, got = serve.listen(), scheduler.loop(), nil
    loop:spawn(function() got = table.pack(server:accept()) end)
    loop:spawn(function() server:close() end)
    loop:run()
    assert.same({ nil, "closed" }, { got[1], got[2] })
  end)
end)

describe("hosts", function()
  local rsa, p384, p521 = pki.server.rsa2048, pki.server.p384, pki.server.p521
  local hosts = {
    ["one.w.example"] = { certificate = rsa.certificate, key = rsa.key },
    ["*.W.example."] = { certificate = p384.certificate, key = p384.key, alpn = "h2" },
    ["*.x.w.example"] = { certificate = p521.certificate, key = p521.key },
  }

  local function subject(port, name, options)
    local client = serve.client { verify = "none", trust = serve.none, alpn = options and options.alpn }
    local sock, err = serve.connect(port, client, { name = name })
    if not sock then return nil, err end
    local key = sock:peer_certificates()[1].public_key
    local protocol = sock:info().alpn
    sock:close()
    return key.curve or key.type, protocol
  end

  it("are chosen by server_name, the exact one before the wildcard of one label", function()
    serve({ hosts = hosts, alpn = "http/1.1" }, nil, function(server, port)
      assert.equal("rsa", (subject(port, "one.w.example")))
      assert.equal("rsa", (subject(port, "ONE.w.EXAMPLE")))
      assert.equal("secp384r1", (subject(port, "two.w.example")))
      assert.equal("secp521r1", (subject(port, "a.x.w.example")))
      assert.equal("secp256r1", (subject(port, "a.b.x.w.example")))
      assert.equal("secp256r1", (subject(port, "w.example")))
      assert.equal("secp256r1", (subject(port, "localhost")))
      assert.equal("secp256r1", (subject(port, "127.0.0.1")))
      assert.same({ "secp384r1", "h2" }, { subject(port, "two.w.example", { alpn = { "http/1.1", "h2" } }) })
      assert.same({ "rsa", "http/1.1" }, { subject(port, "one.w.example", { alpn = { "h2", "http/1.1" } }) })
      assert.equal(server:config "two.w.example", server:config "TWO.w.example")
      assert.equal(server:config(), server:config "other.example")
    end)
  end)

  it("are chosen for openssl and curl too", function()
    serve({ hosts = hosts }, serve.http, function(_, port)
      local shown <close> = peer.start(("sh -c 'openssl s_client -connect 127.0.0.1:%d -servername two.w.example "
        .. "</dev/null | openssl x509 -noout -text'"):format(port), "")
      assert.matches("NIST CURVE: P%-384", select(2, serve.finish(shown)))
      local curl <close> = peer.curl(port, "/", ("--cacert %s --connect-to ::127.0.0.1:%d https://one.w.example:%d/")
        :format(ca, port, port))
      local status, out = serve.finish(curl)
      assert.equal(0, status, out)
    end)
  end)

  it("are refused with unrecognized_name where that is asked for", function()
    local told, on_error = log()
    serve({ hosts = hosts, unknown_host = "refuse", on_error = on_error }, nil, function(_, port)
      local ok, err = subject(port, "other.example")
      assert.same({ nil, "unrecognized_name" }, { ok, err.alert })
      assert.equal("secp256r1", (subject(port, "127.0.0.1"))) -- an address is no server_name
      local curl <close> = peer.curl(port, "/", "--cacert " .. ca)
      local status, out = serve.finish(curl)
      assert.not_equal(0, status)
      assert.matches("unrecognized name", out)
    end)
    assert.equal("handshake -: unknown_name", told[1])
  end)

  it("are all that there is without a default certificate", function()
    local _, on_error = log()
    local options = { certificate = serve.none, key = serve.none, hosts = hosts, on_error = on_error }
    serve(options, nil, function(server, port)
      assert.equal("secp384r1", (subject(port, "two.w.example")))
      assert.equal("unrecognized_name", select(2, subject(port, "localhost")).alert)
      assert.equal("unrecognized_name", select(2, subject(port, "127.0.0.1")).alert)
      assert.is_nil(server:config "localhost")
    end)
  end)

  it("come after on_client_hello", function()
    local own = assert(bearssl.server { certificate = rsa.certificate, key = rsa.key })
    local _, on_error = log()
    local function choose(hello)
      if hello.server_name == "never.w.example" then return false end
      if hello.server_name == "mine.w.example" then return own end
    end
    serve({ hosts = hosts, on_client_hello = choose, on_error = on_error }, nil, function(_, port)
      assert.equal("rsa", (subject(port, "mine.w.example")))
      assert.equal("secp384r1", (subject(port, "two.w.example")))
      assert.equal("unrecognized_name", select(2, subject(port, "never.w.example")).alert)
    end)
  end)

  it("resume their own sessions alone", function()
    local cache = bearssl.session_cache()
    local client = serve.client { session_cache = cache }
    serve({ hosts = hosts }, nil, function(_, port)
      local function resumed(name) return select(2, serve.ask(port, client, { name = name })).resumed end
      assert.same({ false, true }, { resumed "one.w.example", resumed "one.w.example" })
      assert.same({ false, true }, { resumed "two.w.example", resumed "two.w.example" })
      assert.same({ false, true }, { resumed "localhost", resumed "localhost" })
    end)
  end)
end)
