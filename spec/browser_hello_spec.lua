-- The ClientHello that a browser sends, as recorded: GREASE (RFC 8701) in five lists, a key share of X25519MLKEM768,
-- extensions that we do not have. `make interop` meets the browser itself.
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"
local wire = require "bearssl.wire"

local first = pki.read "spec/vectors/client_hello/chromium-156.bin"
local second = pki.read "spec/vectors/client_hello/chromium-156-second.bin"

-- In records of `size` bytes at most (RFC 8446 section 5.1).
local function records(body, size)
  local message, list = "\1" .. (">s3"):pack(body), {}
  for i = 1, #message, size or #message do
    list[#list + 1] = "\22\3\1" .. (">s2"):pack(message:sub(i, i + (size or #message) - 1))
  end
  return table.concat(list)
end

local function server(options)
  return pair.server_config(pair.with({ max_version = "1.3", engine = "native", alpn = { "http/1.1" }, trace = true },
    options)):connection()
end

local function sent(conn)
  local names = {}
  for _, step in ipairs(conn:trace()) do
    if step.kind == "message" and step.direction == "sent" then names[#names + 1] = step.name end
  end
  return names
end

local flight_13 = { "ServerHello", "EncryptedExtensions", "Certificate", "CertificateVerify", "Finished" }

local function answers(version, suite, group, conn)
  local info = conn:info()
  assert.same({ version, suite, group, "http/1.1", "localhost" },
    { info.version, info.cipher_suite, info.group, info.alpn, info.server_name })
end

describe("a browser's ClientHello", function()
  it("has what a server must pass over", function()
    local hello = assert(wire.parse("ClientHello", first))
    assert.equal("GREASE", hello.cipher_suites[1])
    assert.equal("GREASE", wire.extension(hello, "supported_versions")[1])
    local names = {}
    for _, x in ipairs(hello.extensions) do names[x.name] = true end
    for _, name in ipairs { "GREASE", "compress_certificate", "encrypted_client_hello", "signed_certificate_timestamp",
      "0x44CD" --[[ALPS]], "0xCA34" --[[trust_anchors]] } do
      assert.is_true(names[name], name)
    end
    assert.truthy(first:find(("\x11\xec" .. (">I2"):pack(1184 + 32)), 1, true), "a share of X25519MLKEM768")
  end)

  it("is answered in TLS 1.3, with the share that we know", function()
    local conn = server()
    assert(conn:feed(records(first)))
    answers("TLSv1.3", "TLS_AES_128_GCM_SHA256", "x25519", conn)
    assert.same(flight_13, sent(conn))
  end)

  it("is answered in pieces", function()
    for _, size in ipairs { 1, 7, 512, 1400 } do
      local conn = server()
      for _, piece in ipairs(pair.bytewise(records(first, size))) do assert(conn:feed(piece)) end
      assert.same(flight_13, sent(conn))
    end
  end)

  it("is answered in TLS 1.2", function()
    local conn = server { max_version = "1.2" }
    assert(conn:feed(records(first)))
    answers("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "x25519", conn)
    assert.same({ "ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone" }, sent(conn))
  end)

  it("is answered by HelloRetryRequest, and the second by the flight", function()
    local conn = server { groups = { "secp384r1" } }
    assert(conn:feed(records(first)))
    assert.same({ "HelloRetryRequest" }, sent(conn))
    assert(conn:feed("\20\3\3\0\1\1" .. records(second)))
    answers("TLSv1.3", "TLS_AES_128_GCM_SHA256", "secp384r1", conn)
    assert.equal(2, conn:info().round_trips)
    assert.same({ "HelloRetryRequest", table.unpack(flight_13) }, sent(conn))
  end)

  it("is refused where it is cut short", function()
    local before_extensions = 2 + 32 + 33 + (2 + 32) + 2 -- all that a ClientHello of RFC 5246 needs
    for n = 0, #first - 1 do
      local ok, err = server():feed(records(first:sub(1, n)))
      assert.is_nil(ok)
      if n ~= before_extensions then assert.equal("decode", err.code, n) end
    end
  end)

  it("is seen by on_client_hello", function()
    local seen
    local conn = server { on_client_hello = function(hello) seen = hello end }
    conn:feed(records(first))
    conn:pull()
    assert.same({ "h2", "http/1.1" }, seen.alpn)
    assert.same({ "GREASE", "TLSv1.3", "TLSv1.2" }, seen.versions)
  end)
end)
