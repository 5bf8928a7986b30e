-- One connection without a socket: bytes in, bytes out.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local ends = require "spec.support.ends"
local pki = require "spec.support.pki"

local fixed = { time = 1700000000, entropy = ("e"):rep(32) }
local fixed_server = { time = 1700000000, entropy = ("f"):rep(32) }

local function every_byte(bytes)
  local pieces = {}
  for i = 1, #bytes do pieces[i] = bytes:sub(i, i) end
  return pieces
end

local function read_all(conn)
  local parts = {}
  while true do
    local data, err = conn:read()
    if not data then return table.concat(parts), err end
    parts[#parts + 1] = data
  end
end

for kind, defaults in pairs {
  ["of BearSSL's engine"] = { max_version = "1.2" },
  ["of our engine, TLS 1.2,"] = { max_version = "1.2", engine = "native" },
  ["of our engine, TLS 1.3,"] = { max_version = "1.3" },
} do describe("a connection " .. kind, function()
  local plain = ends.defaults
  before_each(function() ends.defaults = defaults end)
  after_each(function() ends.defaults = plain end)

  it("completes a handshake and carries data both ways", function()
    local c, s = ends.connections()
    assert.same({ "handshake", "handshake" }, { c:state(), s:state() })
    ends.join(c, s)
    assert.same({ "connected", "connected" }, { c:state(), s:state() })
    assert.equal(5, c:write "hello")
    assert.equal(3, s:write "abc")
    ends.join(c, s)
    assert.equal("hello", s:read())
    assert.equal("abc", c:read())
    assert.same({ nil, "wantread" }, { c:read() })
  end)

  it("tells what was agreed on, the same at both ends", function()
    local c, s = ends.connected(ends.client { alpn = { "h2", "http/1.1" } }, ends.server { alpn = "http/1.1" })
    local info = c:info()
    assert.same({ "TLSv" .. defaults.max_version, "http/1.1", "localhost", "x25519", "ecdsa_secp256r1_sha256", false },
      { info.version, info.alpn, info.server_name, info.group, info.signature_scheme, info.resumed })
    assert.truthy(core.cipher_suites[info.cipher_suite])
    assert.same(info, s:info())
  end)

  it("asks for a name in lower case, without the final dot, as A-labels", function()
    for name, expected in pairs { ["LocalHost."] = "localhost", ["Bücher.Example"] = "xn--bcher-kva.example" } do
      local c = assert(ends.client():connection { name = name })
      assert.equal(expected, c:info().server_name)
      assert.truthy(c:pull():find(expected, 1, true))
    end
  end)

  it("refuses to ask for what is no host name", function()
    for _, name in ipairs { "*.w.example", "a..example", "127.1", ("a"):rep(64) } do
      local c, err = ends.client():connection { name = name }
      assert.is_nil(c)
      assert.equal("option", err.code)
      assert.truthy(err.message:find(name, 1, true))
    end
  end)

  it("shows the chain as sent and as verified", function()
    local c, s = ends.connected()
    local sent, verified = c:peer_certificates(), c:verified_chain()
    local leaf = bearssl.x509.load(pki.server.p256.certificate)
    local root = bearssl.x509.load(pki.root.p256)[1]
    assert.equal(#leaf, #sent)
    assert.equal(leaf[1]:der(), sent[1]:der())
    assert.equal(leaf[1]:der(), verified[1]:der())
    assert.equal(root:der(), verified[#verified]:der())
    assert.is_nil(s:peer_certificates())
  end)

  describe("gives the same whatever pieces its bytes come in:", function()
    local function run(cut)
      local client, server = ends.client(fixed), ends.server(fixed_server)
      local c, s = ends.connections(client, server)
      local log = {}
      local function keep(bytes)
        log[#log + 1] = bytes
        return cut and cut(bytes) or { bytes }
      end
      ends.join(c, s, keep)
      assert.same({ "connected", "connected" }, { c:state(), s:state() })
      assert.equal(1000, c:write(("a"):rep(1000)))
      s:write "b"
      ends.join(c, s, keep)
      local there, back, key = read_all(s), read_all(c), c:exporter("EXPORTER-spec", nil, 32)
      c:close()
      ends.join(c, s, keep)
      assert.same({ "", "closed" }, { read_all(s) })
      return table.concat(log), there, back, key
    end

    local whole
    before_each(function() whole = whole or table.pack(run()) end)
    it("whole, twice", function() assert.same(whole, table.pack(run())) end)
    it("byte by byte", function()
      local pieces = table.pack(run(every_byte))
      assert.equal(("a"):rep(1000), pieces[2])
      assert.same(whole, pieces)
    end)
    for seed = 1, 20 do
      it("in random pieces, seed " .. seed, function()
        math.randomseed(seed)
        assert.same(whole, table.pack(run(function(bytes)
          local pieces, i = {}, 1
          while i <= #bytes do
            local n = math.random(1, math.random(1, 700))
            pieces[#pieces + 1] = bytes:sub(i, i + n - 1)
            i = i + n
          end
          return pieces
        end)))
      end)
    end
  end)

  it("gives its output in pieces as small as asked for", function()
    local c, s = ends.connections()
    for _ = 1, 3 do
      while true do
        local byte = c:pull(1)
        if byte == "" then break end
        assert.equal(1, #byte)
        s:feed(byte)
      end
      c:feed(s:pull())
    end
    assert.equal("connected", s:state())
    assert.has_error(function() c:pull(0) end)
  end)

  it("takes data until its output is full, and goes on after a pull", function()
    local c, s = ends.connected()
    local data = ("0123456789abcdef"):rep(40000)
    local sent, got = 0, {}
    repeat
      local last, err, part = c:write(data, sent + 1)
      if not last then assert.equal("wantwrite", err) end
      assert.truthy((last or part) > sent)
      sent = last or part
      local bytes = c:pull()
      assert.truthy(#bytes < 100000)
      s:feed(bytes)
      got[#got + 1] = read_all(s)
    until sent == #data
    assert.equal(data, table.concat(got))
  end)

  it("counts i and j as string.sub does", function()
    local c, s = ends.connected()
    for _, case in ipairs {
      { 2, 3, 3, "bc" }, { -2, -1, 5, "de" }, { 1, -4, 2, "ab" }, { 0, 99, 5, "abcde" }, { 4, 2, 3, "" },
      { 6, nil, 5, "" },
    } do
      assert.equal(case[3], (c:write("abcde", case[1], case[2])))
      ends.join(c, s)
      assert.equal(case[4], (read_all(s)))
    end
  end)

  it("reads as little as asked for", function()
    local c, s = ends.connected()
    c:write "abcde"
    ends.join(c, s)
    assert.equal("ab", s:read(2))
    assert.equal("cde", s:read(100))
    assert.has_error(function() s:read(0) end)
  end)

  it("does not write before the handshake or after the end", function()
    local c, s = ends.connections()
    assert.same({ nil, "wantread", 0 }, { c:write "x" })
    ends.join(c, s)
    c:close()
    assert.same({ nil, "closed", 0 }, { c:write "x" })
    ends.join(c, s)
    if s:state() == "half_closed" then -- RFC 8446 section 6.1: the other direction stays open
      assert.equal(1, s:write "x")
      s:close()
      ends.join(s, c)
      assert.equal("x", c:read())
    end
    assert.same({ nil, "closed", 0 }, { s:write "x" })
  end)

  it("still reads what was on its way when it closed", function()
    local c, s = ends.connected()
    s:write "last words"
    c:close()
    assert.equal("closing", c:state())
    c:feed(s:pull())
    assert.equal("last words", c:read())
    s:feed(c:pull())
    assert.same({ nil, "closed" }, { s:read() })
    s:close()
    ends.join(c, s)
    assert.same({ "closed", nil, "closed" }, { c:state(), c:read() })
    assert.equal("closed", s:state())
  end)

  it("closes twice, and at any time", function()
    local c, s = ends.connections()
    assert.is_true(c:close())
    assert.is_true(c:close())
    s:close()
    assert.not_equal("handshake", s:state())
  end)

  it("tells an end without close_notify from an orderly one", function()
    local c, s = ends.connected()
    s:write "half"
    c:feed(s:pull())
    assert.is_true(c:feed_eof())
    assert.equal("half", c:read())
    local ok, err = c:read()
    assert.is_nil(ok)
    assert.same({ "truncated", "failed" }, { err.code, c:state() })
    s:close()
  end)

  it("fails where its transport ends in the handshake", function()
    local c = ends.connections()
    local ok, err = c:feed_eof()
    assert.is_nil(ok)
    assert.equal("closed", err.code)
    assert.equal("failed", c:state())
    ok, err = c:feed "x"
    assert.same({ nil, "closed" }, { ok, err.code })
  end)

  for flight = 0, 3 do
    it("fails at a close_notify in the handshake, after " .. flight .. " flights", function()
      local client = ends.client()
      local server = ends.server { client_auth = "require", client_trust = pki.root.p256 }
      local c, s = ends.connections(client, server)
      local from, to = c, s
      for _ = 1, flight do
        to:feed(from:pull())
        from, to = to, from
      end
      if to:state() == "handshake" then
        local hidden = to:info().version == "TLSv1.3" -- it is encrypted by now
        local ok, err = to:feed("\x15\x03\x03\x00\x02\x01\x00")
        assert.is_nil(ok)
        if not hidden then assert.equal("closed", err.code) end
        assert.equal("failed", to:state())
      end
    end)
  end

  it("sends an alert when it fails, and hears the other's", function()
    local c, s = ends.connections(ends.client(), ends.server(), { name = "other.example" })
    ends.join(c, s)
    local _, here = c:feed ""
    local _, there = s:feed ""
    assert.same({ "name_mismatch", "local", "bad_certificate" }, { here.code, here.side, here.alert })
    assert.same({ "peer_alert", "peer", "bad_certificate" }, { there.code, there.side, there.alert })
    assert.truthy(tostring(here):find("localhost", 1, true))
  end)

  it("refuses a feed that is too much, and is as before", function()
    local c, s = ends.connected()
    c:write "first"
    s:feed(c:pull())
    local ok, err = s:feed(("x"):rep(1 << 20))
    assert.same({ nil, "limit" }, { ok, err.code })
    c:write "second"
    s:feed(c:pull())
    assert.equal("firstsecond", (read_all(s)))
  end)

  for at = 1, 4 do
    it("fails, with a text, when byte " .. at .. " of the first record is wrong", function()
      local c, s = ends.connections()
      local hello = c:pull()
      local ok, err = s:feed(hello:sub(1, at - 1) .. "\xFF" .. hello:sub(at + 1))
      if at == 4 then assert.is_nil(ok) end
      if not ok then
        assert.equal("failed", s:state())
        assert.truthy(#tostring(err) > 10)
      end
    end)
  end

  it("resumes a session of the same config, and of no other", function()
    local c, s, client, server = ends.connected()
    local session = assert(c:session())
    s:close()
    local again = ends.connected(client, server, { session = session })
    assert.is_true(again:info().resumed)
    assert.equal(#c:verified_chain(), #again:verified_chain())
    local other, err = ends.client():connection { name = "localhost", session = session }
    assert.is_nil(other)
    assert.equal("option: bad option: it was made with another config (session)", tostring(err))
    session:close()
    session:close()
    assert.has_error(function() client:connection { name = "localhost", session = session } end)
  end)

  it("has no session before the handshake", function()
    local c = ends.connections()
    local session, err = c:session()
    assert.same({ nil, "state" }, { session, err.code })
  end)

  it("exports the same keying material at both ends (RFC 5705)", function()
    local c, s = ends.connected()
    for _, context in ipairs { "", "context" } do
      local key = c:exporter("EXPORTER-spec", context, 42)
      assert.equal(42, #key)
      assert.equal(key, s:exporter("EXPORTER-spec", context, 42))
      if context ~= "" or defaults.max_version == "1.2" then -- TLS 1.3 makes no difference (RFC 8446 section 7.5)
        assert.are_not.equal(key, c:exporter("EXPORTER-spec", nil, 42))
      end
      assert.are_not.equal(key, c:exporter("EXPORTER-other", context, 42))
    end
    assert.has_error(function() c:exporter("EXPORTER-spec", nil, 0) end)
    assert.has_error(function() c:exporter("EXPORTER-spec", nil, 1025) end)
  end)

  it("is freed by <close>, and raises then", function()
    local kept
    do
      local c <close> = ends.connections()
      kept = c
    end
    assert.truthy(tostring(kept):find "^bearssl%.connection: .* %(closed%)$")
    assert.has_error(function() kept:feed "x" end, "connection is closed")
    assert.has_error(function() kept:read() end, "connection is closed")
    assert.same({ nil, "closed" }, { kept:info() })
    assert.equal("closed", kept:state())
    assert.is_true(kept:close())
  end)

  it("lets only its own kind in", function()
    local c = ends.connections()
    assert.has_error(function() c.feed({}, "x") end)
    assert.has_error(function() c.info(io.stdout) end)
    assert.has_error(function() c.feed(c, {}) end)
    assert.is_nil(c.__gc)
    assert.equal("protected", getmetatable(c))
  end)
end) end

describe("on_certificate_request", function()
  local function mutual(answer)
    local client = ends.client { on_certificate_request = answer }
    local server = ends.server { client_auth = "request", client_trust = pki.root.p256 }
    return ends.connections(client, server)
  end

  it("sees the request and answers with a certificate", function()
    local seen
    local c, s = mutual(function(request)
      seen = request
      return pki.client.p256.certificate, pki.client.p256.key
    end)
    ends.join(c, s)
    assert.equal("connected", s:state())
    local leaf = bearssl.x509.load(pki.client.p256.certificate)[1]
    assert.equal(leaf:der(), s:peer_certificates()[1]:der())
    assert.same({ "rsa_sign", "ecdsa_sign" }, { table.unpack(seen.certificate_types, 1, 2) })
    assert.equal(1, #seen.authorities)
    assert.equal(tostring(bearssl.x509.load(pki.root.p256)[1].subject), tostring(seen.authorities[1]))
    local schemes = {}
    for _, name in ipairs(seen.signature_schemes) do schemes[name] = true end
    assert.is_true(schemes.ecdsa_secp256r1_sha256)
  end)

  it("may answer with none", function()
    local c, s = mutual(function() return nil end)
    ends.join(c, s)
    assert.same({ "connected", "connected" }, { c:state(), s:state() })
    assert.is_nil(s:peer_certificates())
  end)

  it("may yield", function()
    local c, s = mutual(function() return coroutine.yield "asked" end)
    local run = coroutine.wrap(function()
      ends.join(c, s)
      return "joined"
    end)
    assert.equal("asked", run())
    assert.equal("question", c:state())
    assert.equal("joined", run(pki.client.p256.certificate, pki.client.p256.key))
    assert.same({ "connected", "connected" }, { c:state(), s:state() })
  end)

  for what, answer in pairs {
    ["what it raises"] = function() error({ "mine" }) end,
    ["a file that is not there"] = function() return "/nonexistent/x.pem" end,
    ["a wrong type"] = function() return 5 end,
    ["a key of another certificate"] = function() return pki.client.p256.certificate, pki.key "p256" end,
  } do
    it("fails the handshake, and raises, with " .. what, function()
      local c, s = mutual(answer)
      local ok, err = pcall(ends.join, c, s)
      assert.is_false(ok)
      if what == "what it raises" then assert.same({ "mine" }, err) else assert.truthy(#tostring(err) > 10) end
      assert.equal("failed", c:state())
      ends.join(c, s)
      local _, there = s:feed ""
      assert.same({ "peer_alert", "internal_error" }, { there.code, there.alert })
    end)
  end
end)

describe("key_log", function()
  local LINE = "^CLIENT_RANDOM " .. ("%x"):rep(64) .. " " .. ("%x"):rep(96) .. "\n$"

  it("gives a function the same line at both ends, once", function()
    local lines = {}
    local log = { key_log = function(line) lines[#lines + 1] = line end }
    local c, s = ends.connected(ends.client(log), ends.server(log))
    c:write "x"
    ends.join(c, s)
    assert.equal(2, #lines)
    assert.equal(lines[1], lines[2])
    assert.truthy(lines[1]:find(LINE))
  end)

  it("appends to a file that only its owner may read", function()
    local path = os.tmpname()
    os.remove(path)
    ends.connected(ends.client { key_log = path }, ends.server { key_log = path })
    local first, second
    for line in io.lines(path, "L") do first, second = second or line, line end
    local mode = io.popen("stat -c %a " .. path):read "l"
    os.remove(path)
    assert.equal(first, second)
    assert.truthy(first:find(LINE))
    assert.equal("600", mode)
  end)

  it("fails the connection where the function raises", function()
    local c, s = ends.connections(ends.client { key_log = function() error("full", 0) end })
    assert.has_error(function() ends.join(c, s) end, "full")
    assert.equal("failed", c:state())
  end)
end)
