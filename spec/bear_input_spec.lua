-- What a peer may send instead of TLS: garbage, pieces, changes, at each step of the handshake. Every time there is an
-- error that names it, an alert where one is due, and never a connection.
local bearssl = require "bearssl"
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"

local own, mine = pki.server.p256, pki.client.p256
local time = 1893456000
local client = assert(bearssl.client {
  verify = "none", engine = "bear", time = time, entropy = ("c"):rep(32), certificate = mine.certificate,
  key = mine.key })
local server = assert(bearssl.server {
  certificate = own.certificate, key = own.key, time = time, entropy = ("s"):rep(32), session_cache = false,
  client_auth = "require", client_trust = pki.roots, engine = "bear" })

-- The whole handshake with client authentication, as it goes every time.
local good = pair.new(client, server):run()
assert(good.client:state() == "connected" and good.server:state() == "connected", tostring(good.client_err))

local function fresh(role)
  if role == "client" then return assert(client:connection { name = "localhost" }), good.to_client end
  return assert(server:connection()), good.to_server
end

-- Feeds the flights with `change` done to the nth of them; what went wrong, and the last that was pulled.
local function replay(role, n, change)
  local conn, flights = fresh(role)
  local last = conn:pull()
  for i, flight in ipairs(flights) do
    local bytes = i == n and change(flight) or flight
    local ok, err = conn:feed(bytes)
    local out = conn:pull()
    if out ~= "" then last = out end
    if not ok then return err, last, conn end
  end
  return nil, last, conn
end

local function ends_with_alert(bytes)
  local records = pair.records(bytes)
  local last = records[#records]
  return last ~= nil and last.kind == 21
end

for _, role in ipairs { "client", "server" } do
  local other = role == "client" and "server" or "client"
  local _, flights = fresh(role)

  describe("a recorded handshake, given to the " .. role, function()
    it("connects", function()
      local err, _, conn = replay(role, 0)
      assert.is_nil(err)
      assert.equal("connected", conn:state())
    end)

    for n, flight in ipairs(flights) do
      it(("is refused with any byte of flight %d changed"):format(n), function()
        for i = 1, #flight do
          local bit = 1 << i % 8
          local err, last, conn = replay(role, n, function(bytes)
            return bytes:sub(1, i - 1) .. string.char(bytes:byte(i) ~ bit) .. bytes:sub(i + 1)
          end)
          local where = ("byte %d of flight %d, bit %d"):format(i, n, bit)
          -- the first record's minor version may be any (RFC 5246 appendix E.1)
          if role == "server" and n == 1 and i == 3 then goto continue end
          if not err then -- a length that waits for more
            local ok
            ok, err = conn:feed_eof()
            assert.is_nil(ok, where)
            assert.equal("closed", err.code, where)
          elseif err.alert and err.side == "local" then
            assert.is_true(ends_with_alert(last), where)
          end
          assert.equal("failed", conn:state(), where)
          assert.is_not_nil(err.where, where)
          ::continue::
        end
      end)

      it(("is incomplete with flight %d cut anywhere"):format(n), function()
        for i = 0, #flight - 1 do
          local conn = fresh(role)
          for k = 1, n - 1 do assert(conn:feed(flights[k])) end
          local ok, err = conn:feed(flight:sub(1, i))
          local where = ("%d bytes of flight %d"):format(i, n)
          assert.is_true(ok, where .. ": " .. tostring(err))
          assert.are_not.equal("connected", conn:state(), where)
          ok, err = conn:feed_eof()
          assert.is_nil(ok, where)
          assert.equal("closed", err.code, where)
          assert.matches("by the " .. other, tostring(err))
          assert.is_nil(err.alert, where)
        end
      end)

      it(("is refused with garbage in place of flight %d"):format(n), function()
        for seed = 1, 40 do
          local bytes = table.concat(pair.pieces(seed, 1)(("x"):rep(200)))
          bytes = bytes:gsub(".", function()
            seed = (seed * 1103515245 + 12345) & 0x7fffffff
            return string.char(seed >> 16 & 255)
          end)
          local err, _, conn = replay(role, n, function() return bytes end)
          if not err then _, err = conn:feed_eof() end
          assert.is_not_nil(err)
          assert.equal("failed", conn:state())
        end
      end)

      it(("is refused with a record put before flight %d"):format(n), function()
        for _, record in ipairs {
          pair.record(20, "\1"), pair.record(20, "\2"), pair.record(23, "data"), pair.record(24, "\1\0\0"),
          pair.record(22, "\0\0\0\0" .. "\20\0\0\12" .. ("\0"):rep(12)), pair.record(22, "\4\0\0\6\0\0\0\0\0\0"),
          pair.record(22, "\99\0\0\0"), pair.record(21, "\2\40"), pair.record(21, "\1\0"), pair.record(21, "\1\100"),
        } do
          local err, _, conn = replay(role, n, function(bytes) return record .. bytes end)
          assert.is_not_nil(err)
          assert.equal("failed", conn:state())
        end
      end)
    end

    it("is refused with any record twice, left out, or changed with the next", function()
      for n, flight in ipairs(flights) do
        local records = pair.records(flight)
        local function put(list)
          local out = {}
          for i, r in ipairs(list) do out[i] = pair.record(r.kind, r.payload, r.version) end
          return table.concat(out)
        end
        for i = 1, #records do
          local twice, without, swapped = table.move(records, 1, i, 1, {}), table.move(records, 1, i - 1, 1, {}), nil
          table.move(records, i, #records, i + 1, twice)
          table.move(records, i + 1, #records, i, without)
          if i < #records then
            swapped = table.move(records, 1, #records, 1, {})
            swapped[i], swapped[i + 1] = swapped[i + 1], swapped[i]
          end
          for _, list in ipairs { twice, without, swapped } do
            local err, _, conn = replay(role, n, function() return put(list) end)
            if not err and conn:state() == "connected" then
              -- what is too much comes after the handshake: an old record
              assert.equal(twice, list)
            else
              if not err then _, err = conn:feed_eof() end
              assert.is_not_nil(err)
              assert.equal("failed", conn:state())
            end
          end
        end
      end
    end)

    it("connects with the handshake's messages in records of any size", function()
      for _, size in ipairs { 1, 2, 3, 7, 100 } do
        local encrypted = false
        local conn = fresh(role)
        for _, flight in ipairs(flights) do
          for _, r in ipairs(pair.records(flight)) do
            local step = r.kind == 22 and not encrypted and size or #r.payload
            for i = 1, #r.payload, step do
              local ok, err = conn:feed(pair.record(r.kind, r.payload:sub(i, i + step - 1), r.version))
              assert.is_true(ok, tostring(err))
            end
            encrypted = encrypted or r.kind == 20
          end
        end
        assert.equal("connected", conn:state())
      end
    end)
  end)
end

describe("a peer that does not speak TLS", function()
  for _, row in ipairs { -- role, bytes, code, cause
    { "client", "HTTP/1.1 400 Bad Request\r\n\r\n", "not_tls", "the server speaks plain HTTP" },
    { "client", "<html><head>", "not_tls", "the server speaks plain HTTP" },
    { "client", "SSH-2.0-OpenSSH_9.2\r\n", "not_tls", "SSH" },
    { "client", "220 mail.example ESMTP\r\n", "not_tls", "greets in clear" },
    { "client", "* OK IMAP4rev1 ready\r\n", "not_tls", "greets in clear" },
    { "client", "\0\0\0\0\0\0", "not_tls", "" },
    { "client", "\23\3\3\0\1x", "not_tls", "" },
    { "server", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "not_tls", "the client speaks plain HTTP" },
    { "server", "POST /x HTTP/1.1\r\n", "not_tls", "the client speaks plain HTTP" },
    { "server", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "not_tls", "the client speaks plain HTTP" },
    { "server", "\128\46\1\0\2\0\21\0\0\0\16", "protocol_version", "SSLv2" },
  } do
    it(("is recognised by the %s: %q"):format(row[1], row[2]:sub(1, 12)), function()
      local conn = fresh(row[1])
      conn:pull()
      local ok, err = conn:feed(row[2])
      assert.is_nil(ok)
      assert.equal(row[3], err.code)
      assert.matches(row[4], tostring(err), 1, true)
      assert.equal(row[3] == "protocol_version", conn:pull() == "\21\3\1\0\2\2\70")
    end)
  end
end)

describe("a ClientHello", function()
  -- lists: of numbers; extensions: number = data
  local function u16_list(list)
    local out = {}
    for i, v in ipairs(list) do out[i] = (">I2"):pack(v) end
    return table.concat(out)
  end
  local function hello(o)
    local extensions = o.raw or ""
    for kind, data in pairs(o.extensions or {}) do extensions = extensions .. (">I2 s2"):pack(kind, data) end
    local body = (">I2"):pack(o.version or 0x0303) .. ("r"):rep(32) .. ("s1"):pack(o.session_id or "")
      .. (">s2"):pack(u16_list(o.suites or { 0xC02B })) .. ("s1"):pack(o.compression or "\0")
    if extensions ~= "" then body = body .. (">s2"):pack(extensions) end
    return pair.record(22, "\1" .. (">s3"):pack(body), 0x0301)
  end
  local groups = { [10] = (">s2"):pack(u16_list { 29, 23 }), [13] = (">s2"):pack(u16_list { 0x0403, 0x0401 }) }
  local function extended(more)
    local all = {}
    for k, v in pairs(groups) do all[k] = v end
    for k, v in pairs(more or {}) do all[k] = v end
    return all
  end

  it("is taken as it is meant", function()
    local conn = fresh "server"
    assert(conn:feed(hello { extensions = extended() }))
    assert.equal("handshake", conn:state())
    assert.equal(22, pair.records(conn:pull())[1].kind)
  end)

  for _, row in ipairs { -- what, hello, code, alert, pattern
    { "of TLS 1.1", { version = 0x0302, extensions = extended() }, "protocol_version", 70, "TLSv1.1" },
    { "of SSL 3", { version = 0x0300 }, "protocol_version", 70, "SSLv3" },
    { "of TLS 1.3 alone", { extensions = extended { [43] = "\2\3\4" } }, "protocol_version", 70,
      "the client speaks TLS 1.3 only; this config stops at TLSv1.2" },
    { "without a suite of ours", { suites = { 0x1301, 0x002F }, extensions = extended() }, "no_cipher_suite", 40,
      "2 offered" },
    { "with RSA suites for an EC key", { suites = { 0xC02F }, extensions = extended() }, "no_cipher_suite", 40,
      "the certificate's key %(EC%)" },
    { "without a scheme of ours", { extensions = extended { [13] = (">s2"):pack "\8\4" } }, "no_cipher_suite", 40,
      "signature schemes" },
    { "without the group of our key", { extensions = extended { [10] = (">s2"):pack "\0\29" } }, "no_group", 40,
      "secp256r1" },
    { "without null compression", { compression = "\1", extensions = extended() }, "illegal_parameter", 40,
      "compression_methods" },
    { "with TLS_FALLBACK_SCSV and TLS 1.1", { version = 0x0302, suites = { 0xC009, 0x5600 } },
      "protocol_version", 70, "TLSv1.1" },
    { "with a zero byte in the name", { extensions = extended { [0] = (">s2"):pack("\0" .. (">s2"):pack "a\0b") } },
      "illegal_parameter", 47, "server_name" },
    { "without uncompressed points", { extensions = extended { [11] = "\1\1" } }, "illegal_parameter", 47,
      "ec_point_formats" },
    { "with an extension twice", { raw = "\0\35\0\0\0\35\0\0" }, "decode", 50, "ClientHello" },
    { "with bytes too many", { extensions = { [10] = (">s2"):pack "\0\29" .. "x" } }, "decode", 50, "ClientHello" },
    { "with a session ID of 33 bytes", { session_id = ("i"):rep(33) }, "decode", 50, "ClientHello" },
    { "with half a suite", { raw = "" , suites = {} }, "decode", 50, "ClientHello" },
  } do
    it(row[1] .. " is refused", function()
      local conn = fresh "server"
      local ok, err = conn:feed(hello(row[2]))
      assert.is_nil(ok)
      assert.equal(row[3], err.code)
      assert.matches(row[5], tostring(err))
      local records = pair.records(conn:pull())
      assert.equal(21, records[#records].kind)
      assert.same({ 2, row[4] }, { records[#records].payload:byte(1, 2) })
    end)
  end

  it("with TLS_FALLBACK_SCSV is refused where we could do better (RFC 7507)", function()
    local config = assert(bearssl.server {
      certificate = own.certificate, key = own.key, min_version = "1.0", max_version = "1.2", time = time })
    for _, row in ipairs { { 0x0301, true }, { 0x0302, true }, { 0x0303, false } } do
      local conn = assert(config:connection())
      local suites = { 0xC009, 0xC02B, 0x5600 }
      local ok, err = conn:feed(hello { version = row[1], suites = suites, extensions = extended() })
      assert.equal(row[2], ok == nil)
      if row[2] then
        assert.equal("fallback", err.code)
        assert.equal("\2\86", pair.records(conn:pull())[1].payload)
      end
    end
  end)

  it("whose only hash is SHA-1 is refused in TLS 1.2, even with the suites that need it (RFC 9155)", function()
    local config = assert(bearssl.server {
      certificate = own.certificate, key = own.key, min_version = "1.0", max_version = "1.2", time = time })
    for _, row in ipairs { { 0x0303, "no_signature_scheme" }, { 0x0302, nil } } do
      local conn = assert(config:connection())
      local extensions = extended { [13] = (">s2"):pack "\2\3" }
      local ok, err = conn:feed(hello { version = row[1], suites = { 0xC009 }, extensions = extensions })
      assert.equal(row[2] == nil, ok == true)
      if not ok then
        assert.equal(row[2], err.code)
        assert.equal("\2\40", pair.records(conn:pull())[1].payload)
      end
    end
  end)

  it("to a client is unexpected, and a ServerHello to a server", function()
    for role, bytes in pairs { client = hello { extensions = extended() }, server = good.to_client[1] } do
      local conn = fresh(role)
      conn:pull()
      local ok, err = conn:feed(bytes)
      assert.is_nil(ok)
      assert.equal("unexpected", err.code)
      assert.equal(21, pair.records(conn:pull())[1].kind)
    end
  end)
end)

describe("a ServerHello", function()
  it("of an older version that says it could do better is refused (RFC 8446 section 4.1.3)", function()
    for _, max in ipairs { "1.2", "1.1" } do
      local p = pair.new(pair.client_config { min_version = "1.0", max_version = max },
        pair.server_config { min_version = "1.1", max_version = "1.1" })
      p.server:feed(p.client:pull())
      local bytes = p.server:pull()
      local random = 5 + 4 + 2 -- record and handshake headers, server_version
      local ok, err = p.client:feed(bytes:sub(1, random + 24) .. "DOWNGRD\0" .. bytes:sub(random + 33))
      assert.is_nil(ok)
      if max == "1.2" then
        assert.equal("illegal_parameter", err.code)
        assert.equal("ServerHello.random", err.where)
      else -- that much is fine, but the signature is over another random
        assert.equal("bad_signature", err.code)
      end
    end
  end)

  it("with a static ECDH suite needs the curve of the key among our groups", function()
    local suites = { cipher_suites = { "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256",
      "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" } }
    local agreeing = pki.bad.key_usage -- it may only agree
    local p = pair.new(pair.client_config(pair.with(suites, { groups = { "x25519" } })),
      pair.server_config(pair.with(suites, { certificate = agreeing.certificate, key = agreeing.key }))):run()
    assert.equal("no_group", p.server_err.code) -- the server sees it first
    assert.equal("handshake_failure", p.client_err.alert)
  end)
end)

describe("an alert of the peer", function()
  for _, row in ipairs { -- description, name, cause
    { 40, "handshake_failure", "no cipher suite, group or signature scheme in common" },
    { 70, "protocol_version", "the server probably speaks TLS 1.3 only" },
    { 112, "unrecognized_name", "the server knows no host localhost" },
    { 80, "internal_error", "" },
    { 200, nil, "" },
  } do
    it(("%d is told by its name, with the cause"):format(row[1]), function()
      local conn = fresh "client"
      conn:pull()
      local ok, err = conn:feed(pair.record(21, string.char(2, row[1])))
      assert.is_nil(ok)
      assert.equal("peer_alert", err.code)
      assert.equal(row[2], err.alert)
      assert.equal("peer", err.side)
      assert.matches(row[3], tostring(err), 1, true)
      assert.equal("", conn:pull())
    end)
  end

  it("about certificates tells a server that its own is not taken", function()
    local conn = fresh "server"
    assert(conn:feed(good.to_server[1]))
    conn:pull()
    local ok, err = conn:feed(pair.record(21, "\2\48"))
    assert.is_nil(ok)
    assert.equal("unknown_ca", err.alert)
    assert.matches("does not take our certificate", tostring(err))
  end)
end)
