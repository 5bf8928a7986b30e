-- bearssl.cosocket: TLS, its sessions and refusals, pools that know what TLS a connection has, and what goes wrong.
-- What is received is in cosocket_receive_spec; what sockets do without TLS is compared with nginx in peers/resty_spec.
local bearssl = require "bearssl"
local cosocket = require "bearssl.cosocket"
local ends = require "spec.support.ends"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local resty = require "spec.support.resty"
local scheduler = require "bearssl.scheduler"
local schedulers = require "spec.support.schedulers"

local pair, mine = pki.server.p256, pki.client.p256

local both = schedulers.plain_and_loop(it)

local function server(options)
  return peer.openssl_server(pair, "-rev " .. (options or ""))
end

local function connected(api, port)
  local sock = api.tcp()
  sock:settimeout(20000)
  assert(sock:connect("127.0.0.1", port))
  return sock
end

-- nil, why: what a failed call gave, but for the details.
local function refusal(ok, err) return { ok, err } end

local function speaks(sock, text)
  assert.equal(#text + 1, sock:send { text, "\n" })
  assert.equal(text:reverse(), sock:receive())
end

describe("sslhandshake", function()
  for _, version in ipairs { "-tls1_2", "-tls1_3" } do
    both("verifies, and speaks, with " .. version, function()
      local openssl <close> = server(version)
      local api = cosocket.new { trust = pki.root.p256 }
      for _, verify in ipairs { true, "nothing said" } do
        local sock <close> = connected(api, openssl.port)
        local session = assert(sock:sslhandshake(nil, "localhost", verify == true or nil))
        assert.equal("table", type(session))
        speaks(sock, "hello")
        assert.equal(session, sock:getsslsession())
        assert.equal(version == "-tls1_2" and "TLSv1.2" or "TLSv1.3", sock:tls():info().version)
        assert.equal(1, sock:close())
      end
    end)

    both("resumes with the session that it returned, with " .. version, function()
      local openssl <close> = server(version)
      local api = cosocket.new { trust = pki.root.p256 }
      local session
      for round = 1, 3 do
        local sock = connected(api, openssl.port)
        session = assert(sock:sslhandshake(session, "localhost", true))
        speaks(sock, "round " .. round)
        assert.equal(round > 1, sock:tls():info().resumed)
        sock:close()
      end
      local sock <close> = connected(api, openssl.port)
      assert(sock:sslhandshake(session, "127.0.0.1", true))
      assert.is_false(sock:tls():info().resumed) -- a session is of one name
      speaks(sock, "another name")
    end)
  end

  it("returns true where no session is wanted", function()
    local openssl <close> = server()
    local sock <close> = connected(cosocket.new { trust = pki.root.p256 }, openssl.port)
    assert.is_true(sock:sslhandshake(false, "localhost", true))
    assert.is_true(sock:sslhandshake(false, "localhost", true)) -- it is done
    assert.equal("x", sock:sslhandshake("x", "localhost", true)) -- as OpenResty gives it back
  end)

  it("does without verification when told so, and only then", function()
    local openssl <close> = peer.openssl_server(pki.bad.self_signed, "-rev")
    local sock = connected(cosocket, openssl.port)
    assert.is_true(sock:sslhandshake(false, nil, false))
    speaks(sock, "unverified")
    sock:close()
    for _, arguments in ipairs { { n = 0 }, { n = 2, false, "localhost" }, { n = 3, nil, "localhost", true } } do
      local other <close> = connected(cosocket, openssl.port)
      local ok, err = other:sslhandshake(table.unpack(arguments, 1, arguments.n))
      assert.is_nil(ok)
      assert.equal("18: self-signed certificate", err)
    end
    local lax = connected(cosocket.new { ssl_verify = false }, openssl.port)
    assert.is_true(lax:sslhandshake(false, "localhost"))
    lax:close()
    local asked <close> = connected(cosocket.new { ssl_verify = false }, openssl.port)
    assert.is_nil((asked:sslhandshake(false, "localhost", true)))
  end)

  it("verifies the host where no name is said", function()
    local openssl <close> = server()
    local other <close> = peer.openssl_server(pki.bad.other_name, "-rev")
    local api = cosocket.new { trust = pki.root.p256 }
    local sock <close> = connected(api, openssl.port)
    assert(sock:sslhandshake()) -- 127.0.0.1 is in the certificate
    local refused = connected(api, other.port)
    assert.same({ nil, "certificate host mismatch" }, refusal(refused:sslhandshake()))
  end)

  -- Numbers and words of OpenSSL 3.0's X509_verify_cert_error_string, as lua-nginx-module passes them on.
  for name, words in pairs {
    expired = "10: certificate has expired", not_yet_valid = "9: certificate is not yet valid",
    self_signed = "18: self-signed certificate", unknown_ca = "19: self-signed certificate in certificate chain",
    other_name = "certificate host mismatch", cn_only = "certificate host mismatch",
    client_eku = "26: unsuitable certificate purpose", path_length = "25: path length constraint exceeded",
    critical_extension = "34: unhandled critical extension", name_constraint = "47: permitted subtree violation",
    tampered = "7: certificate signature failure", sha1 = "68: CA signature digest algorithm too weak",
  } do
    it("says OpenSSL's words of a certificate: " .. name, function()
      local openssl <close> = peer.openssl_server(pki.bad[name], "-rev -cipher DEFAULT@SECLEVEL=0")
      local sock = connected(cosocket.new { trust = pki.root.p256 }, openssl.port)
      local ok, err, detail = sock:sslhandshake(nil, "localhost", true)
      assert.is_nil(ok)
      assert.equal(words, err)
      assert.is_string(detail.code)
      assert.same({ nil, "closed" }, { sock:close() })
    end)
  end

  it("tells a chain that lacks its root from one that brings it", function()
    local openssl <close> = server()
    local sock = connected(cosocket.new { trust = pki.stranger }, openssl.port)
    assert.same({ nil, "20: unable to get local issuer certificate" }, refusal(sock:sslhandshake(nil, "localhost")))
  end)

  it("shows a client's certificate: paths, texts, and what ngx.ssl has parsed", function()
    local openssl <close> = server("-tls1_2 -Verify 3 -verify_return_error -CAfile " .. pki.root.p256)
    local api = cosocket.new { trust = pki.root.p256 }
    local ssl = require "bearssl.ngx.helpers".makers["ngx.ssl"]()
    for _, identity in ipairs {
      { mine.certificate, mine.key }, { pki.read(mine.certificate), pki.read(mine.key) },
      { assert(ssl.parse_pem_cert(pki.read(mine.certificate))), assert(ssl.parse_pem_priv_key(pki.read(mine.key))) },
      { mine.certificate, assert(bearssl.key.load(mine.key)) },
    } do
      local sock <close> = connected(api, openssl.port)
      assert.is_true(sock:setclientcert(identity[1], identity[2]))
      assert(sock:sslhandshake(nil, "localhost", true))
      speaks(sock, "it is me")
    end
    local sock = connected(api, openssl.port)
    assert.same({ nil, "handshake failed" }, refusal(sock:sslhandshake(nil, "localhost", true)))
  end)

  it("says what is wrong with a client's certificate before it is used", function()
    local sock = cosocket.tcp()
    assert.is_nil((sock:setclientcert(mine.certificate)))
    local ok, err = sock:setclientcert("/nowhere/x.pem", mine.key)
    assert.is_nil(ok)
    assert.matches("No such file", err)
    ok, err = sock:setclientcert(mine.certificate, "/nowhere/x.key")
    assert.is_nil(ok)
    assert.matches("^file: ", err)
    assert.is_nil((sock:setclientcert(12, mine.key)))
    assert.is_true(sock:setclientcert(nil, nil))
  end)

  it("fails as OpenResty's where the peer speaks no TLS, hangs or leaves", function()
    local actor <close> = resty.actor()
    for steps, words in pairs {
      ["send:220 mail.example ESMTP ready and waiting%0D%0A|sleep:5"] = "handshake failed",
      ["sleep:5"] = "timeout", ["close"] = "handshake failed",
    } do
      local sock = connected(cosocket, actor.port)
      sock:settimeout(words == "timeout" and 200 or 20000)
      sock:send(steps .. "\n")
      local ok, err = sock:sslhandshake(nil, "localhost")
      assert.is_nil(ok)
      assert.equal(words, err)
      assert.is_nil(sock.stream)
    end
  end)

  it("fails in order wherever the server's flight is cut", function()
    local config = ends.server { max_version = "1.3" }
    local listener <close> = peer.listen()
    local api = cosocket.new { trust = pki.root.p256 }
    local function attempt(cut) -- what the client says, and how long the whole flight was
      local size, ok, err
      local loop = scheduler.loop()
      loop:spawn(function()
        local sock <close> = connected(api, listener.port)
        ok, err = sock:sslhandshake(nil, "localhost", true)
      end)
      loop:spawn(function()
        local tcp <close> = cosocket.wrap(listener:accept())
        local conn = assert(config:connection())
        conn:feed(tcp:receiveany(16384))
        local flight = conn:pull()
        size = #flight
        tcp:send(flight:sub(1, cut))
        if cut >= size then tcp:receiveany(1) end
      end)
      loop:run()
      return ok, err, size
    end
    local _, _, size = attempt(0)
    local before = ends.descriptors()
    for cut = 0, size - 8, 61 do -- an ECDSA signature is a few bytes longer or shorter
      assert.same({ nil, "handshake failed" }, refusal(attempt(cut)))
    end
    assert.equal(before, ends.descriptors())
    assert.truthy((attempt(size + 8)))
  end)

  it("does not begin TLS on top of bytes that came before it", function()
    local actor <close> = resty.actor()
    local sock <close> = connected(cosocket, actor.port)
    sock:send "send:ready%0Ainjected|sleep:5\n"
    assert.equal("ready", sock:receive())
    assert.same({ nil, "unread data in buffer" }, { sock:sslhandshake(nil, "localhost") })
  end)

  it("gives what a callback raised to its caller, and closes", function()
    local openssl <close> = server("-tls1_2 -verify 3 -CAfile " .. pki.root.p256)
    local api = cosocket.new { trust = pki.root.p256, on_certificate_request = function() error("no card", 0) end }
    local before = ends.descriptors()
    local sock = connected(api, openssl.port)
    local ok, err = pcall(sock.sslhandshake, sock, nil, "localhost", true)
    assert.is_false(ok)
    assert.equal("no card", err)
    assert.same({ nil, "closed" }, { sock:close() })
    assert.equal(before, ends.descriptors())
    assert.equal(1, sock:connect("127.0.0.1", openssl.port)) -- and the object is free again
    sock:close()
  end)

  it("lets a callback wait", function()
    local openssl <close> = server("-tls1_2 -Verify 3 -verify_return_error -CAfile " .. pki.root.p256)
    local others = 0
    local api = cosocket.new {
      trust = pki.root.p256,
      on_certificate_request = function()
        scheduler.current().sleep(0.05)
        return mine.certificate, mine.key
      end,
    }
    local loop = scheduler.loop()
    loop:spawn(function()
      local sock <close> = connected(api, openssl.port)
      assert(sock:sslhandshake(nil, "localhost", true))
      assert.is_true(others > 1)
    end)
    loop:spawn(function()
      for _ = 1, 3 do
        scheduler.current().sleep(0.005)
        others = others + 1
      end
    end)
    loop:run()
  end)
end)

describe("a pool with TLS", function()
  both("gives the connection back with its session, and TLS 1.3's tickets do not disturb it", function()
    local openssl <close> = server "-tls1_3"
    local api = cosocket.new { trust = pki.root.p256 }
    for round = 0, 2 do
      local sock = connected(api, openssl.port)
      local session = assert(sock:sslhandshake(nil, "localhost", true))
      assert.equal(round, sock:getreusedtimes())
      assert.equal("table", type(session))
      speaks(sock, "round " .. round)
      assert.same({ 1 }, { sock:setkeepalive(60000, 5) })
    end
    api.close_idle()
  end)

  -- OpenResty hands these out as they are.
  it("gives no connection to who wants another name, verification, or certificate", function()
    local openssl <close> = server "-tls1_2"
    local api = cosocket.new { trust = pki.root.p256 }
    local function reused(name, verify, certificate)
      local sock = connected(api, openssl.port)
      if certificate then assert(sock:setclientcert(certificate, mine.key)) end
      assert(sock:sslhandshake(false, name, verify))
      local times = sock:getreusedtimes()
      speaks(sock, "x")
      sock:setkeepalive()
      return times
    end
    assert.equal(0, reused("localhost", false))
    assert.equal(1, reused("localhost", false))
    assert.equal(0, reused("localhost", true))
    assert.equal(1, reused("localhost", true))
    assert.equal(0, reused("127.0.0.1", true))
    assert.equal(0, reused("127.0.0.1", true, mine.certificate))
    assert.equal(1, reused("127.0.0.1", true, mine.certificate))
    api.close_idle()
  end)

  it("takes no plain connection for one with TLS", function()
    local actor <close> = resty.actor()
    local sock = connected(cosocket, actor.port)
    sock:send "line\n"
    sock:setkeepalive()
    sock = connected(cosocket, actor.port)
    assert.equal(1, sock:getreusedtimes())
    assert.same({ nil, "handshake failed" }, refusal(sock:sslhandshake(nil, "localhost"))) -- on a new connection
    sock = connected(cosocket, actor.port)
    assert.equal(0, sock:getreusedtimes()) -- the other one is gone
    sock:close()
    cosocket.close_idle()
  end)

  it("loses no session to who keeps it longer than the connection, and no connection either", function()
    local openssl <close> = server "-tls1_3"
    local api = cosocket.new { trust = pki.root.p256 }
    local before = ends.descriptors()
    local session
    do
      local sock = connected(api, openssl.port)
      session = assert(sock:sslhandshake(nil, "localhost", true))
      speaks(sock, "x")
    end
    assert.equal(before, ends.descriptors()) -- the socket was forgotten, the session was not
    for _ = 1, 2 do -- first with what a forgotten one has left, which is nothing
      local sock = connected(api, openssl.port)
      session = assert(sock:sslhandshake(session, "localhost", true))
      speaks(sock, "y")
      sock:setkeepalive()
      api.close_idle()
    end
    local sock <close> = connected(api, openssl.port)
    assert(sock:sslhandshake(session, "localhost", true))
    assert.is_true(sock:tls():info().resumed)
    assert.matches("^bearssl.cosocket.session: localhost, %d to resume from$", tostring(session))
    assert.matches("^bearssl.cosocket: 127.0.0.1:%d+ %(TLS%)$", tostring(sock))
  end)

  it("is not shared by those with other options", function()
    local openssl <close> = server "-tls1_2"
    local one, other = cosocket.new { trust = pki.root.p256 }, cosocket.new { trust = pki.stranger }
    local sock = connected(one, openssl.port)
    assert(sock:sslhandshake(nil, "localhost", true))
    assert.equal(1, sock:setkeepalive())
    sock = connected(other, openssl.port)
    assert.equal(0, sock:getreusedtimes())
    sock:close()
    one.close_idle()
  end)

  it("gives a place back when a socket is closed, forgotten, or its coroutine ends", function()
    local actor <close> = resty.actor()
    local limits = { pool = "places", pool_size = 1, backlog = 0 }
    local api = cosocket.new()
    local function place() return api.connect("127.0.0.1", actor.port, limits) end
    for _ = 1, 3 do assert(place()):close() end
    do
      local kept = assert(place())
      assert.same({ nil, "too many waiting connect operations" }, { place() })
      kept:close()
    end
    assert(place())
    collectgarbage()
    collectgarbage()
    assert(place()):close()
    for _ = 1, 2 do assert.same({ nil, "connection refused" }, { api.connect("127.0.0.1", 1, limits) }) end
    local loop = scheduler.loop()
    local stuck = loop:spawn(function()
      local sock = assert(place())
      sock:receive()
    end)
    loop:spawn(function()
      scheduler.current().sleep(0.05)
      coroutine.close(stuck)
      assert(place()):close()
    end)
    loop:run()
  end)

  it("gives on a place whose next owner has ended", function()
    local actor <close> = resty.actor()
    local limits = { pool = "places", pool_size = 1, backlog = 2 }
    local api, loop, served = cosocket.new(), scheduler.loop(), false
    local function place() return api.connect("127.0.0.1", actor.port, limits) end
    local before = ends.descriptors()
    loop:spawn(function()
      local first = assert(place())
      local second = loop:spawn(function() assert(place()) end)
      loop:spawn(function()
        assert(place()):close()
        served = true
      end)
      scheduler.current().sleep(0.05)
      assert.equal(1, first:setkeepalive())
      coroutine.close(second)
    end)
    loop:run()
    assert.is_true(served)
    assert.equal(before, ends.descriptors())
  end)
end)

describe("a cosocket", function()
  it("speaks over a unix socket", function()
    local path = os.tmpname()
    os.remove(path)
    local listener = assert(require "socket.unix".stream())
    assert(listener:bind(path))
    assert(listener:listen())
    local sock = cosocket.tcp()
    assert.equal(1, sock:connect("unix:" .. path, { pool = "u" }))
    local peer_end = assert(listener:accept())
    assert.equal(2, sock:send "a\n")
    assert.equal("a", peer_end:receive())
    peer_end:send "b\n"
    assert.equal("b", sock:receive())
    assert.equal(1, sock:setkeepalive())
    assert.equal(1, sock:connect("unix:" .. path, { pool = "u" }))
    assert.equal(1, sock:getreusedtimes())
    assert.same({ nil, "no server name to verify the certificate against" }, { sock:sslhandshake() })
    sock:close()
    peer_end:close()
    listener:close()
    os.remove(path)
  end)

  it("does not resolve what is no name", function()
    local sock = cosocket.tcp()
    assert.same({ nil, "nosuch.invalid could not be resolved (3: Host not found)" },
      { sock:connect("nosuch.invalid", 80) })
    assert.is_nil((sock:connect("a b", 80)))
    assert.is_nil((sock:connect("", 80)))
  end)

  it("gathers no more than max_receive bytes", function()
    local actor <close> = resty.actor()
    local api = cosocket.new { max_receive = 1000 }
    for _, call in ipairs {
      function(sock) return sock:receive() end, function(sock) return sock:receive "*a" end,
      function(sock) return sock:receiveuntil "never" () end,
    } do
      local sock = connected(api, actor.port)
      sock:send("send:" .. ("x"):rep(100000) .. "|sleep:5\n")
      local data, err = call(sock)
      assert.is_nil(data)
      assert.equal("buffer too small", err)
      sock:close()
    end
  end)

  it("is not busy while it waits", function()
    local actor <close> = resty.actor()
    local loop, calls = scheduler.loop(), 0
    local real = require "bearssl.scheduler.coroutine"
    local wait = real.wait
    local counting = setmetatable({ wait = function(...)
      calls = calls + 1
      return wait(...)
    end }, { __index = real })
    loop:spawn(function()
      local sock <close> = connected(cosocket.new { scheduler = counting }, actor.port)
      sock:send "sleep:0.5|send:x%0A\n"
      assert.equal("x", sock:receive())
    end)
    loop:run()
    assert.is_true(calls <= 4, tostring(calls))
  end)

  it("keeps many connections at a time", function()
    local actor <close> = resty.actor()
    local loop, answers = scheduler.loop(), 0
    for i = 1, 200 do
      loop:spawn(function()
        local sock <close> = connected(cosocket, actor.port)
        sock:send(("line\n%d\n"):format(i))
        if sock:receive() == "1 " .. i then answers = answers + 1 end
      end)
    end
    loop:run()
    assert.equal(200, answers)
  end)

  it("names an option that is wrong", function()
    for text, options in pairs {
      ["option 'timeout'"] = { timeout = "x" }, ["option 'pool_size'"] = { pool_size = 0 },
      ["option 'ssl_verify'"] = { ssl_verify = 1 },
    } do
      local ok, err = pcall(cosocket.new, options)
      assert.is_false(ok)
      assert.matches(text, err, 1, true)
    end
    local openssl <close> = server()
    local sock <close> = connected(cosocket.new { trsut = "x" }, openssl.port)
    local ok, err = pcall(sock.sslhandshake, sock)
    assert.is_false(ok)
    assert.matches("trsut", err, 1, true)
  end)
end)
