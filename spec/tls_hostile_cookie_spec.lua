-- HelloRetryRequest without state (RFC 8446 section 4.2.2): a server that remembers nothing of the first ClientHello
-- but what its cookie brings back. With a peer that breaks the rules, and with clients that keep them.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local hostile = require "spec.support.hostile"
local messages = require "spec.support.hostile.messages"
local pair = require "spec.support.pair"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local spoil, flows = hostile.spoil, hostile.client_flows
local set, drop, add, field, before = spoil.set, spoil.drop, spoil.add, spoil.field, spoil.before
local shares = spoil.shares

local own = pki.server.p256
local keys = { ("k"):rep(32) }

local function server(options)
  return assert(bearssl.server(hostile.with({ certificate = own.certificate, key = own.key, max_version = "1.3",
    time = hostile.time, retry_cookie = true, groups = "secp256r1", ticket_keys = keys }, options)))
end

local config = server()

local function second(change)
  return function(m, p)
    if p.retry then change(m, p) end
  end
end

local function with_cookie(change)
  return second(function(m)
    local cookie = (">s2"):unpack(messages.get(m.extensions, 44))
    set(44, (">s2"):pack(change(cookie)))(m)
  end)
end

local function flipped(at)
  return with_cookie(function(cookie)
    local i = at < 0 and #cookie + 1 + at or at
    return cookie:sub(1, i - 1) .. string.char(cookie:byte(i) ~ 1) .. cookie:sub(i + 1)
  end)
end

-- The cookie of a first hello to another server.
local function from(other)
  return second(function(m, p)
    local q = hostile.client { config = other, steps = { "client_hello", "hello_retry_request" } }:run()
    assert(p.retry.group == q.retry.group)
    set(44, messages.get(q.retry.extensions, 44))(m)
  end)
end

describe("a server without state", function()
  local function make(options)
    return hostile.client(hostile.with({ config = config, steps = flows.flow_retry }, options))
  end

  it("meets a client that keeps the rules", function()
    local p = make():run()
    assert.truthy(p:connected(), tostring(p.err))
    assert.equal(2, p.conn:info().round_trips)
  end)

  hostile.rows(it, make, {
    { "4.2.2", "a second hello without the cookie", "missing_extension", { client_hello = second(drop(44)) } },
    { "4.2.2", "an empty cookie", "decode_error", { client_hello = second(set(44, "\0\0")) } },
    { "4.2.2", "a cookie with trailing bytes", "decode_error", { client_hello = second(set(44, "\0\1xy")) } },
    { "4.2.2", "a cookie that it never made", "illegal_parameter",
      { client_hello = second(set(44, (">s2"):pack(("c"):rep(124)))) } },
    { "4.2.2", "a cookie of one byte", "illegal_parameter", { client_hello = second(set(44, "\0\1x")) } },
    { "4.2.2", "a cookie cut short", "illegal_parameter",
      { client_hello = with_cookie(function(cookie) return cookie:sub(1, -2) end) } },
    { "4.2.2", "a cookie with something behind it", "illegal_parameter",
      { client_hello = with_cookie(function(cookie) return cookie .. "x" end) } },
    { "4.2.2", "a cookie under another key", "illegal_parameter",
      { client_hello = from(server { ticket_keys = { ("j"):rep(32) } }) } },
    { "4.2.2", "a cookie that has expired", "illegal_parameter",
      { client_hello = from(server { time = hostile.time - 61 }) } },
    { "4.2.2", "a cookie of the future", "illegal_parameter",
      { client_hello = from(server { time = hostile.time + 11 }) } },
    { "4.2.2", "a cookie with the name of another key", "illegal_parameter", { client_hello = flipped(1) } },
    { "4.2.2", "a cookie with another time", "illegal_parameter", { client_hello = flipped(24) } },
    { "4.2.2", "a cookie with another suite", "illegal_parameter", { client_hello = flipped(26) } },
    { "4.2.2", "a cookie with another group", "illegal_parameter", { client_hello = flipped(28) } },
    { "4.2.2", "a cookie with another first hello", "illegal_parameter", { client_hello = flipped(61) } },
    { "4.2.2", "a cookie whose MAC is wrong", "illegal_parameter", { client_hello = flipped(-1) } },
    { "4.1.4", "a hello with the cookie but another share", "illegal_parameter",
      { client_hello = second(shares { 29, ("x"):rep(32) }) } },
    { "4.1.2", "a hello with the cookie and no share", "illegal_parameter", { client_hello = second(shares()) } },
    { "4.1.2", "a hello with the cookie and another share beside the right one", "illegal_parameter",
      { client_hello = second(function(m, p) shares({ 23, p.own.public }, { 29, ("x"):rep(32) })(m) end) } },
    { "4.1.2", "a hello with the cookie and other suites", "illegal_parameter",
      { client_hello = second(field("cipher_suites", { 0x1301, 0x1302 })) } },
    { "4.1.2", "a hello with the cookie and another random", "illegal_parameter",
      { client_hello = second(field("random", ("D"):rep(32))) } },
    { "4.1.2", "a hello with the cookie and another session_id", "illegal_parameter",
      { client_hello = second(field("session_id", ("J"):rep(32))) } },
    { "4.1.2", "a hello with the cookie and another name", "illegal_parameter",
      { client_hello = second(set(0, (">s2"):pack("\0" .. (">s2"):pack "other.example"))) } },
    { "4.1.2", "a hello with the cookie and other signature schemes", "illegal_parameter",
      { client_hello = second(set(13, "\0\2\4\3")) } },
    { "4.2.10", "a hello with the cookie and early_data", "illegal_parameter", { client_hello = second(add(42, "")) } },
    { "4.1.2", "a third hello after the cookie", "unexpected_message", { finished = before(1, "") } },
  })

  it("takes a cookie of up to a minute, and of a clock that is a little ahead", function()
    for _, age in ipairs { -10, 0, 60 } do
      local p = hostile.client { config = config, steps = { "client_hello", "hello_retry_request", "client_hello" } }
      p:run { client_hello = from(server { time = hostile.time - age }) }
      assert.is_nil(p.err, tostring(p.err))
    end
  end)

  it("keeps nothing of the first hello: another process goes on, under the same ticket keys", function()
    for _, suite in ipairs { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384" } do
      local client = assert(bearssl.client { trust = pki.roots, time = hostile.time, max_version = "1.3",
        cipher_suites = { suite }, min_version = "1.3" })
      local c = assert(client:connection { name = "localhost" })
      local one, two = assert(server():connection()), assert(server { time = hostile.time + 5 }:connection())
      one:feed(c:pull())
      assert(c:feed(one:pull()))
      ends.join(c, two)
      assert.same({ "connected", "connected" }, { c:state(), two:state() })
      assert.same({ 2, 2 }, { c:info().round_trips, two:info().round_trips })
      assert(c:write "hello")
      two:feed(c:pull())
      assert.equal("hello", two:read())
      assert.equal("handshake", one:state())
    end
  end)

  it("chooses the config again where another process goes on", function()
    local names = {}
    local function front()
      return server { groups = { "x25519", "secp256r1" }, on_client_hello = function(hello)
        names[#names + 1] = hello.server_name
        return config
      end }
    end
    local client = assert(bearssl.client { trust = pki.roots, time = hostile.time, max_version = "1.3" })
    local c = assert(client:connection { name = "localhost" })
    local one, two = assert(front():connection()), assert(front():connection())
    one:feed(c:pull())
    assert(c:feed(one:pull()))
    ends.join(c, two)
    assert.same({ "connected", "connected" }, { c:state(), two:state() })
    assert.same({ "localhost", "localhost" }, names)
  end)

  it("resumes behind its cookie, and passes over early data before it", function()
    local early = server { max_early_data = 1000 }
    local client = assert(bearssl.client { trust = pki.roots, time = hostile.time, max_version = "1.3",
      early_data = 1000 })
    local session = assert((ends.connected(client, early)):session())
    local c = assert(client:connection { name = "localhost", session = session, early_data = "early" })
    local s = assert(early:connection())
    ends.join(c, s)
    assert.same({ "connected", "connected" }, { c:state(), s:state() })
    assert.same({ true, "rejected", 2 }, { s:info().resumed, c:info().early_data, s:info().round_trips })
  end)

  it("takes no byte of the first hello for granted, however it is cut", function()
    local p = pair.new(assert(bearssl.client { trust = pki.roots, time = hostile.time, max_version = "1.3" }), config,
      { name = "localhost" })
    p:run(pair.bytewise)
    assert.equal("connected", p.client:state(), tostring(p.client_err or p.server_err))
  end)

  -- A change_cipher_spec may come before a hello there, as that may be a second one (section 5); not to others.
  it("bears with a change_cipher_spec before the hello, where others do not", function()
    for options, state in pairs { [{}] = "handshake", [{ retry_cookie = false }] = "failed" } do
      local s = assert(server(options):connection())
      s:feed "\20\3\3\0\1\1"
      assert.equal(state, s:state())
    end
  end)

  it("goes on in TLS 1.2 with a client that knows no other", function()
    local both = server { min_version = "1.2" }
    local c, s = ends.connected(assert(bearssl.client { trust = pki.roots, max_version = "1.2", engine = "native",
      time = hostile.time }), both)
    assert.same({ "TLSv1.2", "TLSv1.2" }, { c:info().version, s:info().version })
  end)

  it("meets openssl, curl and GnuTLS", function()
    local live = assert(bearssl.server { certificate = own.certificate, key = own.key, max_version = "1.3",
      retry_cookie = true, groups = "secp384r1" })
    for _, start in ipairs {
      function(port) return peer.openssl_client(port, "-groups X25519:P-384 -CAfile " .. pki.roots) end,
      function(port) return peer.start(("curl -sS --cacert %s https://localhost:%d/"):format(pki.roots, port)) end,
      function(port)
        return peer.start(("gnutls-cli --x509cafile %s --priority "
          .. "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1 -p %d localhost")
          :format(pki.roots, port))
      end,
    } do
      local _ <close>, _, sock, err = tls.meet(live, start)
      assert(sock, err)
      assert.same({ "TLSv1.3", "secp384r1", 2 }, { sock:info().version, sock:info().group, sock:info().round_trips })
    end
  end)
end)

describe("retry_cookie", function()
  it("needs tickets and TLS 1.3", function()
    for _, row in ipairs { { { session_cache = false, ticket_keys = false }, "without a 'session_cache'" },
      { { max_version = "1.2", engine = "native" }, "needs TLS 1.3" } } do
      local options = hostile.with({ certificate = own.certificate, key = own.key, retry_cookie = true }, row[1])
      if options.ticket_keys == false then options.ticket_keys = nil end
      local ok, err = pcall(bearssl.server, options)
      assert.is_false(ok)
      assert.truthy(err:find("'retry_cookie'", 1, true) and err:find(row[2], 1, true), err)
    end
  end)
end)
