-- bearssl.luasec where it goes beyond a comparison with LuaSec (luasec_table_spec.lua): lives and ends of connections,
-- callbacks that raise, names, what is handed over, schedulers.
local ends = require "spec.support.ends"
local luasec = require "bearssl.luasec"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"
local socket = require "socket"
local x509 = require "bearssl.x509"

local ssl, core, context = luasec.module "ssl", luasec.module "ssl.core", luasec.module "ssl.context"
local pair, mine = pki.server.p256, pki.client.p256

local function with(defaults, more)
  local all = {}
  for name, value in pairs(defaults) do all[name] = value end
  for name, value in pairs(more or {}) do all[name] = value or nil end
  return all
end

local function client(more)
  return with({ mode = "client", protocol = "any", verify = "peer", cafile = pki.root.p256 }, more)
end

local function server(more)
  return with({ mode = "server", protocol = "any", certificate = pair.certificate, key = pair.key }, more)
end

-- Both ends before the handshake, without waiting.
local function wrapped(near_config, far_config)
  local near, far = peer.tcp_pair()
  local c, s = assert(ssl.wrap(near, near_config or client())), assert(ssl.wrap(far, far_config or server()))
  c:settimeout(0)
  s:settimeout(0)
  return c, s
end

local function waits(err)
  return err == "wantread" or err == "wantwrite"
end

-- The handshakes by turns: what the client's ended with, and the server's.
local function shake(c, s)
  return ends.both(function() return c:dohandshake() end, function() return s:dohandshake() end)
end

local function connected(near_config, far_config, before)
  local c, s = wrapped(near_config, far_config)
  if before then before(c, s) end
  local near, far = shake(c, s)
  assert(near[1], near[2])
  assert(far[1], far[2])
  c:settimeout(60)
  s:settimeout(60)
  return c, s
end

describe("a connection of LuaSec's", function()
  it("closes its descriptor, whether or not a handshake was begun", function()
    collectgarbage()
    local before = peer.descriptors()
    for _, begin in ipairs { false, true } do
      local c, s = wrapped()
      if begin then c:dohandshake() end
      c:close()
      s:close()
      assert.equal(before, peer.descriptors())
    end
  end)

  it("closes its descriptor when it is collected, or at the end of its scope", function()
    collectgarbage()
    local before = peer.descriptors()
    do
      local joined = table.pack(wrapped())
      local c <close> = joined[1]
      local s <close> = joined[2]
      assert.truthy(c:getfd() >= 0 and s:getfd() >= 0)
    end
    assert.equal(before, peer.descriptors())
    wrapped()
    collectgarbage()
    collectgarbage()
    assert.equal(before, peer.descriptors())
  end)

  it("says close_notify when it is collected", function()
    local c, s = connected()
    c:send "last"
    c = nil -- luacheck: ignore 311
    collectgarbage()
    collectgarbage()
    assert.same({ "last" }, { s:receive "*a" })
    local data, err = s:receive "*a"
    assert.same({ nil, "closed" }, { data, err })
    assert.is_nil(c)
  end)

  it("outlives its context", function()
    local ctx = assert(ssl.newcontext(client()))
    local c, s = wrapped(ctx)
    ctx = nil -- luacheck: ignore 311
    collectgarbage()
    assert.truthy((shake(c, s))[1])
    assert.is_nil(ctx)
  end)

  it("takes along what LuaSocket had read already", function()
    -- a client that does not wait for the answer to its STARTTLS
    local near, far = peer.tcp_pair()
    local conn = assert(require "bearssl".client { trust = pki.root.p256 }):connection { name = "localhost" }
    near:send("STARTTLS\r\n" .. conn:pull())
    assert.equal("STARTTLS", far:receive())
    local s = assert(ssl.wrap(far, server()))
    s:settimeout(0)
    local deadline = socket.gettime() + 60
    near:settimeout(0)
    repeat
      local done = s:dohandshake()
      local _, _, bytes = near:receive(1 << 20)
      conn:feed(bytes)
      near:send(conn:pull())
      assert(socket.gettime() < deadline)
    until done
    conn:write "hello\n"
    near:send(conn:pull())
    s:settimeout(60)
    assert.equal("hello", s:receive())
  end)

  it("keeps the timeouts that were set before the handshake", function()
    local c, s = wrapped()
    c:settimeout(0.01)
    assert.same({ false, "wantread", "timeout" }, { c:dohandshake() })
    assert.equal("read", c:want())
    c:close()
    s:close()
  end)

  it("works with select: dirty while something waits inside", function()
    local c, s = connected()
    s:send "abc"
    assert.equal("a", c:receive(1))
    assert.is_true(c:dirty())
    assert.equal(c, (socket.select({ c }, nil, 0))[1])
    assert.equal("bc", c:receive(2))
    assert.is_false(c:dirty())
  end)

  it("carries megabytes both ways without waiting", function()
    local c, s = connected()
    c:settimeout(0)
    s:settimeout(0)
    local data, got = ("0123456789abcdef"):rep(1 << 16), ""
    local sent = 0
    while #got < #data do
      if sent < #data then
        local last, err, partial = c:send(data, sent + 1)
        sent = last or partial
        assert(last or waits(err), err)
      end
      local bytes, err, partial = s:receive(#data, got)
      got = bytes or partial
      assert(bytes or waits(err), err)
    end
    assert.truthy(data == got)
  end)

  it("has its method tables where programs look for them", function()
    local c = wrapped()
    assert.equal("userdata", type(c))
    assert.equal("SSL:Connection", getmetatable(c).__name)
    core.setmethod("greet", function(conn) return "hello from " .. tostring(conn):match "^%S+" end)
    assert.equal("hello from SSL", c:greet())
    assert.has_error(function() c.send(nil, "x") end, "bad argument #1 to 'send' (SSL:Connection expected, got nil)")
  end)
end)

describe("a name", function()
  local cases = {
    { "that the certificate has", "localhost", {}, true },
    { "of its wildcard", "a.w.example", {}, true },
    { "of its wildcard, without wildcards", "a.w.example", { "no_wildcards" }, false },
    { "that stands there, without wildcards", "localhost", { "no_wildcards" }, true },
    { "that is an address", "127.0.0.1", {}, true },
    { "that is another", "other.example", {}, false },
  }
  for _, case in ipairs(cases) do
    it(("%s is verified by sethost, host and checkhost"):format(case[1]), function()
      local c, s = wrapped()
      assert.is_true(c:sethost(case[2], table.unpack(case[3])))
      local near = shake(c, s)
      assert.equal(case[4] or "certificate verify failed", near[1] or near[2])
      c, s = wrapped(client { host = case[2], hostflags = case[3] })
      near = shake(c, s)
      assert.equal(case[4] or "certificate verify failed", near[1] or near[2])
      local cert = ssl.loadcertificate(pki.read(pair.leaf))
      assert.equal(case[4], (cert:checkhost(case[2], table.unpack(case[3]))))
    end)
  end

  it("is verified with verify = none too, where one is given", function()
    local c, s = wrapped(client { verify = "none", cafile = false })
    c:sethost "other.example"
    assert.equal("certificate verify failed", (shake(c, s))[2])
  end)

  it("is told with lsec_continue, not refused", function()
    local c = connected(client { verifyext = "lsec_continue" }, nil, function(conn) conn:sethost "other.example" end)
    assert.same({ false, { { "hostname mismatch" } } }, { c:getpeerverification() })
  end)

  it("is verified by BearSSL's engine as well", function()
    local old = { protocol = "tlsv1_2", ciphers = "ECDHE-ECDSA-AES128-SHA" }
    for name, want in pairs { localhost = true, ["other.example"] = "certificate verify failed" } do
      local c, s = wrapped(client(old), server(old))
      c:sethost(name)
      local near = shake(c, s)
      assert.equal(want, near[1] or near[2])
      local again, err = c:dohandshake()
      assert.equal(want, again or err)
    end
  end)

  it("that is none is told", function()
    local c, s = wrapped()
    for _, name in ipairs { "local\0host", "a b", "a\n", ("x"):rep(254) } do
      assert.has_error(function() c:sni(name) end, "bad argument #1 to 'sni' (a host name is expected)")
    end
    c:sethost "localhost\0.other.example"
    local near, far = shake(c, s)
    assert.same({ "certificate verify failed", "sslv3 alert bad certificate" }, { near[2], far[2] })
  end)

  it("of a flag that weakens is refused", function()
    local c = wrapped()
    assert.same({ false, "host flag always_check_subject is refused (RFC 9525)" },
      { c:sethost("localhost", "always_check_subject") })
    assert.same({ false, "invalid host flag (zz)" }, { c:sethost("localhost", "zz") })
  end)
end)

describe("a callback that raises", function()
  it("raises from dohandshake: ALPN", function()
    local c, s = wrapped(client { alpn = "a" }, server { alpn = function() error("no choice", 0) end })
    c:dohandshake()
    assert.has_error(function() shake(c, s) end, "no choice")
    c:close()
    s:close()
    assert.equal(-1, s:getfd())
  end)

  it("raises from ssl.newcontext: password", function()
    local encrypted = os.tmpname()
    local encrypt = "openssl pkey -in %s -aes128 -passout pass:secret -out %s 2>/dev/null"
    assert(os.execute(encrypt:format(pair.key, encrypted)))
    local raising = server { key = encrypted, password = function() error("no", 0) end }
    assert.has_error(function() ssl.newcontext(raising) end, "no")
    assert.truthy(ssl.newcontext(server { key = encrypted, password = function() return "secret" end }))
    assert.truthy(ssl.newcontext(server { key = encrypted, password = "secret" }))
    assert.same({ nil, "error loading private key (bad decrypt)" },
      { ssl.newcontext(server { key = encrypted, password = "other" }) })
    assert.same({ nil, "error loading private key (bad decrypt)" }, { ssl.newcontext(server { key = encrypted }) })
    os.remove(encrypted)
  end)

  it("may yield", function()
    local c, s = wrapped(client { alpn = { "a", "b" } }, server { alpn = function(list)
      coroutine.yield()
      return list[2]
    end })
    local co = coroutine.wrap(function()
      shake(c, s)
      return "done"
    end)
    local result
    repeat result = co() until result == "done"
    assert.equal("b", c:getalpn())
  end)
end)

describe("a server of LuaSec's", function()
  it("without a certificate of its own serves the names of its map", function()
    local of_name = assert(ssl.newcontext(server()))
    local c = connected(nil, { mode = "server", protocol = "any" }, function(near, far)
      near:sni "localhost"
      far:sni({ localhost = of_name }, true)
    end)
    assert.equal("localhost", c:getsniname())
  end)

  it("turns a name away that a strict map has not", function()
    local of_name = assert(ssl.newcontext(server()))
    local c, s = wrapped()
    c:sni "other.example"
    s:sni({ localhost = of_name }, true)
    local near, far = shake(c, s)
    assert.equal("tlsv1 unrecognized name", near[2])
    assert.equal("unknown_name", far[3].code)
  end)

  it("of BearSSL's engine asks for certificates, too, and goes on with those it does not trust", function()
    local old = { protocol = "tlsv1_2", ciphers = "ECDHE-ECDSA-AES128-SHA" }
    local c, s = connected(client(with(old, { certificate = mine.certificate, key = mine.key })),
      server(with(old, { verify = "peer", verifyext = "lsec_continue", cafile = pki.stranger })))
    assert.equal("ECDHE-ECDSA-AES128-SHA", c:info "cipher")
    assert.equal(c:getlocalcertificate():digest(), s:getpeercertificate():digest())
    assert.same({ false, { [2] = { "unable to get local issuer certificate" } } }, { s:getpeerverification() })
  end)

  it("of BearSSL's engine refuses what it does not trust, however often it is asked", function()
    local old = { protocol = "tlsv1_2", ciphers = "ECDHE-ECDSA-AES128-SHA" }
    for _, more in ipairs { "lsec_ignore_purpose", false } do
      local c, s = wrapped(client(with(old, { certificate = mine.certificate, key = mine.key })),
        server(with(old, { verify = "peer", verifyext = more, cafile = pki.stranger })))
      local _, far = shake(c, s)
      assert.same({ false, "certificate verify failed" }, { far[1], far[2] })
      local again, err = s:dohandshake()
      assert.same({ false, "certificate verify failed" }, { again, err })
      assert.same({ nil, "closed" }, { (s:receive(1)), (select(2, s:receive(1))) })
    end
  end)

  it("that wants a certificate is heard in the client's first read, in TLS 1.3", function()
    local c, s = wrapped(client(), server { verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki.root.p256 })
    local near, far = shake(c, s)
    assert.same({ true, "peer did not return a certificate" }, { near[1], far[2] })
    c:settimeout(60)
    assert.equal("tlsv13 alert certificate required", (select(2, c:receive())))
  end)

  it("resumes sessions, whatever ALPN had chosen", function()
    local ctx = assert(ssl.newcontext(server { alpn = function(list) return list[1] end }))
    for _, name in ipairs { "a", "b" } do
      local listener <close> = peer.listen()
      local dir = os.tmpname()
      for i, more in ipairs { "-sess_out " .. dir, "-sess_in " .. dir } do
        local openssl <close> = peer.openssl_client(listener.port, ("-alpn %s %s"):format(name, more))
        local conn = assert(ssl.wrap(listener:accept(), ctx))
        conn:settimeout(60)
        assert(conn:dohandshake())
        conn:send "hello\n"
        openssl:wait_for(i == 1 and "New, TLSv1.3" or "Reused, TLSv1.3")
        openssl:wait_for "hello"
        openssl:wait_for("NewSessionTicket", "messages")
        conn:close()
        openssl:finish()
      end
      os.remove(dir)
    end
  end)

  it("shows the certificate that fits, and tells which", function()
    local rsa = pki.server.rsa2048
    local both = { mode = "server", protocol = "any", certificates = { { certificate = rsa.certificate, key = rsa.key },
      { certificate = pair.certificate, key = pair.key } } }
    for kind, word in pairs { rsa2048 = "RSA", p256 = "ECDSA" } do
      local suites = ("ECDHE-%s-AES128-GCM-SHA256"):format(word)
      local c, s = connected(client { cafile = pki.roots, protocol = "tlsv1_2", ciphers = suites }, both)
      local want = ssl.loadcertificate(pki.read(pki.server[kind].leaf)):digest()
      assert.same({ want, want }, { c:getpeercertificate():digest(), s:getlocalcertificate():digest() })
      assert.equal(2, #s:getlocalchain())
    end
  end)

  it("tells a client's certificate, and the client its own", function()
    local c, s = connected(client { certificate = mine.certificate, key = mine.key },
      server { verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki.root.p256 })
    assert.equal(c:getlocalcertificate():digest(), s:getpeercertificate():digest())
    assert.equal(2, #s:getpeerchain())
    assert.is_true((s:getpeerverification()))
  end)
end)

describe("certificate revocation lists", function()
  local good, revoked

  lazy_setup(function()
    local root, serial = pki.read(pki.root.p256), x509.load(pair.leaf)[1].serial
    good = revoke.file(root .. revoke.crl { next_update = revoke.late })
    revoked = revoke.file(root .. revoke.crl { next_update = revoke.late, entries = { { serial = serial } } })
  end)

  it("stand in the cafile, as OpenSSL has it, and count with crl_check", function()
    assert(connected(client { cafile = good, verifyext = "crl_check" }))
    local c, s = wrapped(client { cafile = revoked, verifyext = "crl_check" })
    assert.equal("certificate verify failed", (shake(c, s))[2])
    assert(connected(client { cafile = revoked }))
  end)

  it("are told of with lsec_continue", function()
    local c = connected(client { cafile = revoked, verifyext = { "crl_check", "lsec_continue" } })
    assert.same({ false, { { "certificate revoked" } } }, { c:getpeerverification() })
  end)

  it("are missed where there are none", function()
    local c = connected(client { verifyext = { "crl_check", "lsec_continue" } })
    assert.same({ false, { { "unable to get certificate CRL" } } }, { c:getpeerverification() })
  end)
end)

describe("the depth", function()
  it("is OpenSSL's: certificates between the leaf and the anchor", function()
    assert(connected(client { depth = 1 }))
    local c, s = wrapped(client { depth = 0 })
    assert.falsy((shake(c, s))[1])
  end)
end)

describe("the system's anchors", function()
  it("are found, kept, set and switched off", function()
    assert.truthy(ssl.find_system_ca())
    assert.equal(ssl.find_system_ca(), ssl.get_system_ca())
    assert.is_true(ssl.set_system_ca "/elsewhere.pem")
    assert.equal("/elsewhere.pem", ssl.get_system_ca())
    ssl.set_system_ca(false)
    assert.same({ nil, "the system's CA bundle is switched off" }, { ssl.get_system_ca() })
    ssl.set_system_ca(nil)
    assert.equal(ssl.find_system_ca(), ssl.get_system_ca())
  end)
end)

describe("a context", function()
  it("is built anew after a change", function()
    local ctx = assert(ssl.newcontext(client()))
    assert(context.setoptions(ctx, "no_tlsv1_3"))
    local c = connected(ctx)
    assert.equal("TLSv1.2", c:info "protocol")
  end)

  it("that leaves no version is refused", function()
    local ctx, err = ssl.newcontext(client { options = { "no_tlsv1_2", "no_tlsv1_3" } })
    assert.same({ nil, "no protocols available" }, { ctx, err })
  end)

  it("with a name of ALPN that C would cut is refused", function()
    assert.same({ nil, "invalid ALPN name (zero byte)" }, { ssl.newcontext(client { alpn = "a\0b" }) })
  end)

  it("takes certificates and keys as text", function()
    local ctx = assert(ssl.newcontext(server { certificate = pki.read(pair.certificate), key = pki.read(pair.key) }))
    assert(connected(client { cafile = pki.read(pki.root.p256) }, ctx))
  end)
end)
