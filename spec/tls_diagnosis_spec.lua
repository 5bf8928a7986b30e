-- What err.cause and err.hint say of a handshake that failed: the table of docs/errors.md. The peer is a hostile one
-- (spec/support/hostile.lua), or sends an alert or bytes that are no TLS.
local hostile = require "spec.support.hostile"
local pki = require "spec.support.pki"

local spoil = hostile.spoil
local asked = { "client_hello", "server_hello", "encrypted_extensions", "certificate_request", "certificate",
  "certificate_verify", "finished", "client_finished" }

local function client(options, name)
  return hostile.server { config = hostile.client_config(options), connection_options = { name = name } }
end

-- A client of ours whose hello is answered by an alert in clear.
local function refused_hello(number, options, name)
  local p = client(options, name or "localhost")
  p:run(nil, { "client_hello" })
  p:record(21, string.char(2, number))
  return p.err
end

local function attribute(number, value)
  return ("\x31%s"):format(("s1"):pack(("\x30%s"):format(("s1"):pack("\6\3\x55\4" .. string.char(number) .. "\12"
    .. ("s1"):pack(value)))))
end
local root_name = "\x30" .. ("s1"):pack(attribute(10, "Test PKI") .. attribute(3, "p256 root"))

-- One that was asked for a certificate, and then refused: at once, or as TLS 1.3 does it, after the handshake.
local function refused_certificate(number, options)
  local p = client(options, "localhost")
  p:run({ certificate_request = spoil.add(47, (">s2"):pack((">s2"):pack(root_name))) }, asked)
  assert(p:connected(), p.err)
  p:record(21, string.char(2, number))
  return p.err
end

local own = { certificate = pki.client.p256.certificate, key = pki.client.p256.key }

local function server_says(change, options)
  local p = hostile.client { config = hostile.server_config(options) }
  p:run { client_hello = change }
  return p.err
end

local function not_tls(p, bytes)
  p:feed(bytes)
  return p.err
end

local rows = { -- what, error, cause, hint
  { "a server that speaks TLS 1.3 only, to a client of 1.2",
    function() return refused_hello(70, { max_version = "1.2", engine = "native" }) end,
    "the server probably speaks TLS 1.3 only; this config stops at TLSv1.2", "raise max_version to 1.3" },
  { "a server that speaks TLS 1.2 only, to a client of 1.3",
    function() return refused_hello(70, { min_version = "1.3" }) end,
    "the server speaks no TLS 1.3; this config takes nothing else", "lower min_version to 1.2" },
  { "a server that speaks TLS 1.1 only, and says so",
    function() return refused_hello(70) end,
    "the server speaks no TLS from TLSv1.2 to TLSv1.3", "the server may be older than TLS 1.2" },
  { "a server that chooses TLS 1.2, with a client of 1.3",
    function()
      local p = client({ min_version = "1.3" }, "localhost")
      return p:run(nil, { "client_hello", function() p.suite = 0xc02b end, "server_hello_12" }).err
    end, "the server chose TLSv1.2", "a config with a lower min_version would accept it" },
  { "a server that chooses TLS 1.0",
    function()
      local p = client(nil, "localhost")
      local old = { server_hello_12 = spoil.field("legacy_version", 0x0301) }
      return p:run(old, { "client_hello", "server_hello_12" }).err
    end, "the server chose TLSv1.0", "engine = \"bear\"" },
  { "a server that finds no cipher suite",
    function() return refused_hello(40, { cipher_suites = { "TLS_AES_128_GCM_SHA256" } }) end,
    "no cipher suite, group or signature scheme in common; we offered TLS_AES_128_GCM_SHA256",
    "compare cipher_suites and groups" },
  { "a server that has none of the application protocols",
    function() return refused_hello(120, { alpn = "h3" }) end,
    "the server speaks none of our application protocols", "compare alpn" },
  { "a server that does not know the name",
    function() return refused_hello(112, nil, "nobody.example") end,
    "the server knows no host nobody.example" },
  { "a server that was told no name",
    function() return refused_hello(112, nil, "127.0.0.1") end,
    "the server was not told a name, and may need one", "connect by name" },
  { "a server that was told no name and finds nothing in common",
    function() return refused_hello(40, nil, "127.0.0.1") end,
    "the server was not told a name, and may need one; or nothing is in common", "connect by name" },
  { "a server that wanted a certificate and got none, told after the handshake",
    function() return refused_certificate(116) end,
    "the server asked for a certificate and got none; it takes those by CN=p256 root,O=Test PKI",
    "give the config a certificate and its key" },
  { "a server that wanted another certificate",
    function() return refused_certificate(48, own) end,
    "the server does not take our certificate; it asked for one by CN=p256 root,O=Test PKI" },
  { "a server that wanted a certificate, and none of ours fits",
    function()
      return refused_certificate(116, { certificate = pki.bad_client.unknown_ca.certificate,
        key = pki.bad_client.unknown_ca.key })
    end, "none of ours fits its types, signature schemes and authorities: CN=p256 root,O=Test PKI",
    "use a key and a CA that the server asks for" },
  { "a server that wanted a certificate, got none and left without a word",
    function()
      local p = client(nil, "localhost"):run(nil, asked)
      p.conn:feed_eof()
      return select(2, p.conn:read())
    end, "asked for a certificate and got none, ended the connection", "give the config a certificate and its key" },
  { "a server that answers in plain HTTP",
    function() return not_tls(client(nil, "localhost"), "HTTP/1.1 400 Bad Request\r\n") end,
    "the server speaks plain HTTP on this port", "is this the port for HTTPS?" },
  { "a server that greets in clear",
    function() return not_tls(client(nil, "localhost"), "220 mail.example ESMTP\r\n") end,
    "the server greets in clear, as for mail or FTP", "ask for STARTTLS first" },
  { "a server that speaks SSH",
    function() return not_tls(client(nil, "localhost"), "SSH-2.0-OpenSSH_9.2\r\n") end,
    "the peer speaks SSH", "is this the right port?" },
  { "somebody who takes TLS 1.3 out of the offer",
    function()
      local p = client(nil, "localhost")
      p.suite = 0xc02b
      return p:run({ server_hello_12 = spoil.field("random", ("S"):rep(24) .. "DOWNGRD\1") },
        { "client_hello", "server_hello_12" }).err
    end, "somebody between the two took TLS 1.3 out of the offer" },
  { "our clock, which is far behind",
    function() return client({ time = 1000000000 }, "localhost"):run().err end,
    "the time is 2001-09-09", "the clock may be wrong" },
  { "our clock, which is far ahead",
    function() return client({ time = 2600000000 }, "localhost"):run().err end,
    "by that 3 of the 3 certificates of the path have expired", "clock may be ahead" },
  { "a client that speaks plain HTTP",
    function() return not_tls(hostile.client(), "GET / HTTP/1.1\r\n") end,
    "the client speaks plain HTTP on this port", "the client must use https://" },
  { "a client of TLS 1.2, to a server of 1.3",
    function()
      return server_says(function(m) hostile.messages.set(m.extensions, 43, "\4\3\3\3\2") end, { min_version = "1.3" })
    end, "this config takes TLSv1.3 to TLSv1.3", "lower min_version", "the client offers TLSv1.2, TLSv1.1" },
  { "a client of TLS 1.0",
    function()
      return server_says(function(m)
        hostile.messages.drop(m.extensions, 43)
        m.legacy_version = 0x0301
      end)
    end, "this config takes TLSv1.2 to TLSv1.3", nil, "the client offers nothing newer than TLSv1.0" },
  { "a client without a cipher suite of ours",
    function() return server_says(spoil.field("cipher_suites", { 0x0a0a, 0x1304, 0xc013 })) end,
    "this config has TLS_", "compare cipher_suites",
    "the client offers TLS_AES_128_CCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" },
  { "a client without a group of ours",
    function()
      return server_says(function(m)
        hostile.messages.set(m.extensions, 10, "\0\2\0\24")
        hostile.messages.set(m.extensions, 51, "\0\0")
      end, { groups = { "x25519", "secp256r1" } })
    end, "this config has x25519, secp256r1", "compare groups", "the client supports secp384r1" },
  { "a client that cannot verify what our key signs",
    function() return server_says(spoil.set(13, "\0\4\8\4\8\7")) end,
    "this config has a key of kind secp256r1", "a key of another kind too",
    "the client verifies rsa_pss_rsae_sha256, ed25519" },
  { "a client with other application protocols",
    function() return server_says(spoil.add(16, "\0\6\2h3\2h4"), { alpn = { "h2", "http/1.1" } }) end,
    "this config has h2, http/1.1", "compare alpn", "the client offers h3, h4" },
  { "a client that does not take our certificate",
    function()
      local p = hostile.client():run(nil, { "client_hello", "server_hello", "server_flight" })
      p:record(21, "\2\48")
      return p.err
    end, "the client does not take our certificate", "let the client trust the CA of our certificate" },
}

describe("the diagnosis of", function()
  for _, row in ipairs(rows) do
    local what, fails, cause, hint, message = table.unpack(row, 1, 5)
    it(what, function()
      local err = fails()
      assert.truthy(err, "the handshake went on")
      assert.truthy(err.cause and err.cause:find(cause, 1, true), tostring(err))
      if hint then
        assert.truthy(err.hint and err.hint:find(hint, 1, true), tostring(err))
      else
        assert.is_nil(err.hint)
      end
      if message then assert.truthy(err.message:find(message, 1, true), tostring(err)) end
    end)
  end

  it("long lists is cut, and says so", function()
    local suites = {}
    for _, suite in pairs(require "bearssl.core".cipher_suites) do
      if suite.id >> 8 ~= 0x13 then suites[#suites + 1] = suite.id end
    end
    table.sort(suites, function(a, b) return a > b end)
    local err = server_says(spoil.field("cipher_suites", suites), { cipher_suites = { "TLS_AES_128_CCM_SHA256" },
      min_version = "1.3" })
    assert.truthy(err.message:find(", ...", 1, true), err.message)
    assert.truthy(#err.message < 300)
  end)

  local function left(p, steps)
    p:run(nil, steps)
    p.conn:feed_eof()
    return select(2, p.conn:read())
  end

  it("a peer that leaves: after which message", function()
    assert.truthy(left(hostile.server(), {}).message:find("by the server before any message", 1, true))
    assert.truthy(left(hostile.server(), { "client_hello", "server_hello" }).message
      :find("by the server after ServerHello", 1, true))
    assert.truthy(left(hostile.server(), { "client_hello", "server_hello", "encrypted_extensions", "certificate" })
      .message:find("by the server after Certificate", 1, true))
    assert.truthy(left(hostile.client(), {}).message:find("by the client before any message", 1, true))
    assert.truthy(left(hostile.client(), { "client_hello" }).message:find("by the client after ClientHello", 1, true))
    local p = hostile.client()
    p.conn:feed "\22\3\3\1\0half"
    assert.truthy(left(p, {}).message:find("in the middle of a record", 1, true))
    p = hostile.server():run(nil, { "client_hello", "server_hello" })
    p:record(21, "\1\0")
    assert.equal("closed", p.err.code)
    assert.truthy(p.err.message:find("close_notify by the server after ServerHello", 1, true))
  end)
end)

describe("docs/errors.md", function()
  it("has these causes", function()
    local file <close> = assert(io.open "docs/errors.md")
    local text = file:read "a"
    for _, row in ipairs(rows) do assert.truthy(text:find("| " .. row[1] .. " |", 1, true), row[1]) end
  end)
end)
