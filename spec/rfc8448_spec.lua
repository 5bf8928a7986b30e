-- The five traces of RFC 8448: every secret, every record, and both sides of the native engine in each of them. What
-- is random, or written another way by us (hellos, EncryptedExtensions, CertificateRequest), is put in as recorded; the
-- rest must come out to the byte.
local json = require "dkjson"
local unit = require "bearssl.unit"

local SUITE, HASH = "TLS_AES_128_GCM_SHA256", "sha256"
local X25519, SECP256R1, PSS, ECDSA = 29, 23, 0x0804, 0x0403
local CONTENT = { change_cipher_spec = 20, alert = 21, handshake = 22, application_data = 23 }
local CCS = "\20\3\3\0\1\1"

local function bytes(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function hex(s)
  return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function load()
  local file <close> = assert(io.open "spec/vectors/rfc8448/rfc8448.json")
  return assert(json.decode((file:read "a")))
end

local data = load()

-- Primes, exponents and coefficient of server_rsa_key.
local server_key = {
  p = "e435fb7cc83737756dacea96ab7f59a2cc1069db7deb190e17e33a532b273f30"
    .. "a327aa0aaabc58cd67466af9845fadc675fe094af92c4bd1f2c1bc33dd2e0515",
  q = "cabd3bc0e0438664c8d4cc9f99977a94d9bbfead8e43870abae3f7eb8b4e0eee"
    .. "8af1d9b4719ba6196cf2cbbaeeebf8b3490afe9e9ffa74a88aa51fc645629303",
  dp = "3f57345c27fe1b687e6e761627b78b1b826433dd760fa0bea6a6acf39490aa1b"
    .. "47cda4869d68f584dd5b5029bd32093b8258661fe715025e5d70a45a08d3d319",
  dq = "183da01363bd2f2885cacbdc9964bf4764f1517636f86401286f71893c52ccfe"
    .. "40a6c23d0d086b47c6fb10d8fd1041e04def7e9a40ce957c417794e10412d139",
  iq = "839ca9a085e4286b2c90e466997a2c681f21339aa3477814e4dec11833050ed5"
    .. "0dd13cc038048a43c59b2acc416889c037665fe5afa605969f8c01dfa5ca969d",
}
for name, digits in pairs(server_key) do server_key[name] = bytes(digits) end

-- --- what was recorded ------------------------------------------------------------------------------------------

local function messages_of(text)
  local list, at = {}, 1
  while at <= #text do
    local body = string.unpack(">s3", text, at + 1)
    list[#list + 1] = text:sub(at, at + 3 + #body)
    at = at + 4 + #body
  end
  return list
end

-- A trace: its records as bytes, and its handshake messages in order, each once.
local function trace(section)
  local t = { records = {}, messages = {}, secrets = {}, keys = {} }
  for name, digits in pairs(data.sections[section].secrets) do t.secrets[name] = bytes(digits) end
  for i, r in ipairs(data.sections[section].records) do
    local record = { from = r.from, type = CONTENT[r.content], bytes = bytes(r.bytes) }
    record.plaintext = r.plaintext and bytes(r.plaintext)
    t.records[i] = record
    if r.content == "handshake" then
      record.messages = messages_of(record.plaintext or record.bytes:sub(6))
      table.move(record.messages, 1, #record.messages, #t.messages + 1, t.messages)
    end
  end
  for i, key in ipairs(data.sections[section].keys) do
    local public = bytes(key.public)
    t.keys[i] = { #public == 32 and X25519 or SECP256R1, bytes(key.private), public, role = key.role }
  end
  return t
end

local traces = {}
for section = 3, 7 do traces[section] = trace(tostring(section)) end
traces[4].secrets.psk = traces[3].secrets.resumption
traces[5].retried = true

local TYPES = { client_hello = 1, server_hello = 2, encrypted_extensions = 8, certificate = 11,
  certificate_request = 13, certificate_verify = 15, finished = 20 }

-- The n-th message of a type, and its place among all.
local function find(t, name, n)
  for i, message in ipairs(t.messages) do
    if message:byte() == TYPES[name] then
      if (n or 1) == 1 then return message, i end
      n = n - 1
    end
  end
end

-- The hash of the messages up to the given place.
local function transcript(t, last)
  local digest, with = unit.transcript_hash(HASH, t.retried, table.unpack(t.messages, 1, last))
  if not (t.retried and last == 1) then assert.equal(hex(digest), hex(with)) end
  return digest
end

local function server_hello_at(t)
  return select(2, find(t, "server_hello", t.retried and 2))
end

-- The private key of a side that was used in the end.
local function key_of(t, role)
  local found
  for _, key in ipairs(t.keys) do
    if key.role == role then found = key end
  end
  return found
end

-- --- sections, by what they have --------------------------------------------------------------------------------

local EMPTY_HASH = unit.hash(HASH, "")

-- Every secret of a trace, by our own functions.
local function secrets_of(t)
  local s, keys, client = {}, {}, key_of(t, "client")
  s.shared_secret = unit.agree(client[1], client[2], client[3], key_of(t, "server")[3])
  s.empty_hash = EMPTY_HASH
  s.early_secret = unit.early_secret(HASH, t.secrets.psk or "")
  s.handshake_derived = unit.derive_secret(HASH, s.early_secret, "derived", EMPTY_HASH)
  s.handshake = unit.next_secret(HASH, s.early_secret, s.shared_secret)
  local hellos = transcript(t, server_hello_at(t))
  s.transcript_hash = hellos
  s.c_hs_traffic = unit.derive_secret(HASH, s.handshake, "c hs traffic", hellos)
  s.s_hs_traffic = unit.derive_secret(HASH, s.handshake, "s hs traffic", hellos)
  s.application_derived = unit.derive_secret(HASH, s.handshake, "derived", EMPTY_HASH)
  s.application = unit.next_secret(HASH, s.handshake, "")
  local server_finished = transcript(t, select(2, find(t, "finished")))
  s.c_ap_traffic = unit.derive_secret(HASH, s.application, "c ap traffic", server_finished)
  s.s_ap_traffic = unit.derive_secret(HASH, s.application, "s ap traffic", server_finished)
  s.exp_master = unit.derive_secret(HASH, s.application, "exp master", server_finished)
  s.res_master = unit.derive_secret(HASH, s.application, "res master", transcript(t, select(2, find(t, "finished", 2))))
  s.resumption = unit.expand_label(HASH, s.res_master, "resumption", "\0\0", 32)
  if t.secrets.psk then
    local hello = find(t, "client_hello")
    s.psk, s.resumption_early = t.secrets.psk, s.early_secret
    s.c_e_traffic = unit.derive_secret(HASH, s.early_secret, "c e traffic", unit.hash(HASH, hello))
    s.e_exp_master = unit.derive_secret(HASH, s.early_secret, "e exp master", unit.hash(HASH, hello))
    s.resumption_binder_key = unit.derive_secret(HASH, s.early_secret, "res binder", EMPTY_HASH)
    s.resumption_finished_key = unit.expand_label(HASH, s.resumption_binder_key, "finished", "", 32)
    s.resumption_binder_hash = unit.transcript_hash(HASH, false, hello:sub(1, -36))
    s.resumption_finished = unit.finished_mac(HASH, s.resumption_binder_key, s.resumption_binder_hash)
  end
  for name, secret in pairs { c_e_traffic = "c_e_traffic", c_hs_traffic = "handshake_client",
    s_hs_traffic = "handshake_server", c_ap_traffic = "application_client", s_ap_traffic = "application_server" } do
    if s[name] then
      keys[secret .. "_key"] = unit.expand_label(HASH, s[name], "key", "", 16)
      keys[secret .. "_iv"] = unit.expand_label(HASH, s[name], "iv", "", 12)
    end
  end
  for name, key in pairs(keys) do s[name] = key end
  return s
end

-- Calls f(record, traffic secret, sequence number) for each protected record.
local function each_protected(t, f)
  local s, count, finished = secrets_of(t), { client = 0, server = 0 }, {}
  local secret = { client = s.c_e_traffic or s.c_hs_traffic, server = s.s_hs_traffic }
  for _, r in ipairs(t.records) do
    if r.plaintext then
      f(r, secret[r.from], count[r.from])
      count[r.from] = count[r.from] + 1
      local last = r.messages and r.messages[#r.messages]:byte()
      if last == 5 then -- EndOfEarlyData
        secret.client, count.client = s.c_hs_traffic, 0
      elseif last == TYPES.finished and not finished[r.from] then
        finished[r.from], count[r.from] = true, 0
        secret[r.from] = r.from == "client" and s.c_ap_traffic or s.s_ap_traffic
      end
    end
  end
end

for section, t in pairs(traces) do
  describe(("RFC 8448 section %d, %s,"):format(section, data.sections[tostring(section)].title), function()
    it("has our secrets", function()
      local ours, count = secrets_of(t), 0
      for name, secret in pairs(t.secrets) do
        assert.equal(hex(secret), hex(assert(ours[name], name)), name)
        count = count + 1
      end
      assert.is_true(count >= 18)
    end)

    it("agrees on its secret from either side", function()
      local client, server = key_of(t, "client"), key_of(t, "server")
      local one = unit.agree(client[1], client[2], client[3], server[3])
      assert.equal(hex(one), hex(unit.agree(server[1], server[2], server[3], client[3])))
    end)

    it("has the verify_data that we compute", function()
      local s = secrets_of(t)
      for n, base in ipairs { s.s_hs_traffic, s.c_hs_traffic } do
        local message, at = find(t, "finished", n)
        assert.equal(hex(message:sub(5)), hex(unit.finished_mac(HASH, base, transcript(t, at - 1))))
      end
    end)

    it("has records that open, and that we seal to the same bytes", function()
      local count = 0
      each_protected(t, function(r, secret, number)
        local type, plaintext = unit.record_open(SUITE, secret, number, r.bytes)
        assert.equal(r.type, type)
        assert.equal(hex(r.plaintext), hex(plaintext))
        assert.equal(hex(r.bytes), hex(unit.record_seal(SUITE, secret, number, r.type, r.plaintext)))
        count = count + 1
      end)
      assert.is_true(count >= 4)
    end)

    it("has records of which no changed byte and no other number opens", function()
      each_protected(t, function(r, secret, number)
        for i = 1, #r.bytes do
          local changed = r.bytes:sub(1, i - 1) .. string.char(r.bytes:byte(i) ~ 1) .. r.bytes:sub(i + 1)
          assert.same({ nil, "bad_record" }, { unit.record_open(SUITE, secret, number, changed) })
        end
        assert.same({ nil, "bad_record" }, { unit.record_open(SUITE, secret, number + 1, r.bytes) })
      end)
    end)
  end)
end

describe("RFC 8448 section 4, the ClientHello,", function()
  it("ends in the binder that we compute", function()
    local t = traces[4]
    assert.equal(hex(t.secrets.resumption_finished), hex(find(t, "client_hello"):sub(-32)))
    assert.equal(hex(secrets_of(t).resumption_finished), hex(find(t, "client_hello"):sub(-32)))
  end)
end)

-- --- the engine -------------------------------------------------------------------------------------------------

local n, e = bytes(data.server_rsa_key.n), bytes(data.server_rsa_key.e)

local function mgf1(seed, size)
  local out, i = "", 0
  while #out < size do
    out = out .. unit.hash(HASH, seed .. string.pack(">I4", i))
    i = i + 1
  end
  return out:sub(1, size)
end

-- EMSA-PSS (RFC 8017 section 9.1.2), undone: the salt is the end of the data block.
local function salt_of(signature)
  local encoded = unit.rsa_public(n, e, signature)
  local masked, digest = encoded:sub(1, -34), encoded:sub(-33, -2)
  local mask, salt = mgf1(digest, #masked), {}
  for i = #masked - 31, #masked do salt[#salt + 1] = string.char(masked:byte(i) ~ mask:byte(i)) end
  return table.concat(salt)
end

local function signature_in(message) -- of a CertificateVerify
  local scheme, signature = string.unpack(">I2s2", message, 5)
  return signature, scheme
end

local function certificate_in(message) -- the only one of a Certificate
  return (string.unpack(">s3", message, 9))
end

local function numbers_in(certificate) -- n and e of an RSA key of 1024 bits
  local _, last = certificate:find("\2\129\129\0", 1, true) -- INTEGER of 129 bytes
  return certificate:sub(last + 1, last + 128), certificate:sub(last + 131, last + 133)
end

local function records(t, from, first)
  local list = {}
  for i = first or 1, #t.records do
    if t.records[i].from == from then list[#list + 1] = t.records[i] end
  end
  return list
end

local function same(record, out)
  assert.equal(hex(record.bytes), hex(out))
end

local function client_of(t)
  local own = find(t, "certificate", 2)
  local r = unit.replay("client", own and certificate_in(own) or nil)
  return r:key_pair(table.unpack(key_of(t, "client"), 1, 3))
end

local function server_of(t)
  local own = find(t, "certificate")
  return unit.replay("server", own and certificate_in(own) or nil):key_pair(table.unpack(key_of(t, "server"), 1, 3))
end

-- The recorded signature, made anew with the recorded salt; where we lack the key (ECDSA), checked.
local function signature_of(t, content)
  local recorded, scheme = signature_in((find(t, "certificate_verify")))
  if scheme == PSS then return unit.rsa_pss_sign_1024(server_key, HASH, salt_of(recorded), content), scheme end
  assert.equal(ECDSA, scheme)
  local point = certificate_in((find(t, "certificate"))):match "\3\66\0(\4.*)":sub(1, 65)
  assert.is_true(unit.ecdsa_verify("secp256r1", point, HASH, content, recorded))
  return recorded, scheme
end

-- The server's messages from EncryptedExtensions to Finished.
local function server_flight(r, t, next_state)
  r:message((find(t, "encrypted_extensions")))
  if find(t, "certificate_request") then r:message((find(t, "certificate_request"))) end
  if find(t, "certificate") then
    local signature, scheme = signature_of(t, r:certificate():to_sign())
    r:certificate_verify(scheme, signature)
  end
  return r:finished(next_state)
end

local function check_secrets(r, t)
  for _, name in ipairs { "exp_master", "res_master", "c_ap_traffic", "s_ap_traffic" } do
    if t.secrets[name] then assert.equal(hex(t.secrets[name]), hex(r:secret(name)), name) end
  end
end

local PING = bytes(data.sections["3"].records[6].plaintext)

describe("RFC 8448 section 3, the engine", function()
  local t = traces[3]

  it("is the client", function()
    local r <close> = client_of(t)
    r:client_hello((find(t, "client_hello"))):feed(t.records[2].bytes):feed_signed(t.records[3].bytes)
    same(t.records[4], r:pull())
    assert.equal("connected", r:state())
    check_secrets(r, t)
    r:feed(t.records[5].bytes)
    local secret, ticket, max_early_data = r:session()
    assert.equal(hex(t.secrets.resumption), hex(secret))
    assert.equal(0xb2, #ticket)
    assert.equal(1024, max_early_data)
    same(t.records[6], r:write(PING):pull())
    assert.equal(PING, r:feed(t.records[7].bytes):read())
    same(t.records[8], r:close_notify():pull())
    r:feed(t.records[9].bytes)
  end)

  it("is the server", function()
    local r <close> = server_of(t)
    r:client_hello((find(t, "client_hello"))):server_hello((find(t, "server_hello")))
    same(t.records[2], r:pull())
    same(t.records[3], server_flight(r, t, "wait_client_finished"):pull())
    r:feed(t.records[4].bytes)
    assert.equal("connected", r:state())
    check_secrets(r, t)
    local lifetime, age_add, nonce, ticket, extensions = string.unpack(">I4I4s1s2s2", t.records[5].plaintext, 5)
    same(t.records[5], r:new_session_ticket(lifetime, age_add, nonce, ticket, extensions):pull())
    assert.equal(PING, r:feed(t.records[6].bytes):read())
    same(t.records[7], r:write(PING):pull())
    r:feed(t.records[8].bytes)
    same(t.records[9], r:close_notify():pull())
  end)
end)

describe("RFC 8448 section 4, the engine", function()
  local t = traces[4]
  local hello = find(t, "client_hello")
  local ticket = select(4, string.unpack(">I4I4s1s2", traces[3].records[5].plaintext, 5))

  it("is the client, with early data", function()
    local r <close> = client_of(t)
    assert.is_truthy(hello:find(ticket, 1, true))
    r:psk(t.secrets.psk, ticket, 1024):client_hello(hello):begin_early_data()
    same(t.records[2], r:write "ABCDEF":pull())
    r:feed(t.records[3].bytes):feed(t.records[4].bytes)
    assert.equal(hex(t.records[5].bytes .. t.records[6].bytes), hex(r:pull()))
    assert.equal("connected", r:state())
    check_secrets(r, t)
    same(t.records[7], r:write(PING):pull())
    assert.equal(PING, r:feed(t.records[8].bytes):read())
    same(t.records[9], r:close_notify():pull())
    r:feed(t.records[10].bytes)
  end)

  it("is the server, with early data", function()
    local r <close> = server_of(t)
    r:psk(t.secrets.psk, ticket, 1024):client_hello(hello):begin_early_data()
    r:server_hello((find(t, "server_hello")))
    same(t.records[3], r:pull())
    same(t.records[4], server_flight(r, t, "wait_end_of_early_data"):pull())
    assert.equal("ABCDEF", r:feed(t.records[2].bytes):read())
    r:feed(t.records[5].bytes):feed(t.records[6].bytes)
    assert.equal("connected", r:state())
    check_secrets(r, t)
    assert.equal(PING, r:feed(t.records[7].bytes):read())
    same(t.records[8], r:write(PING):pull())
    r:feed(t.records[9].bytes)
    same(t.records[10], r:close_notify():pull())
  end)
end)

describe("RFC 8448 section 5, the engine", function()
  local t = traces[5]
  local hellos = { (find(t, "client_hello")), (find(t, "server_hello")), (find(t, "client_hello", 2)) }

  it("is the client, asked for another group and with a cookie", function()
    local r <close> = unit.replay("client"):key_pair(table.unpack(t.keys[1], 1, 3))
    r:client_hello(hellos[1]):feed(t.records[2].bytes)
    local second = r:pull() -- ours; the cookie is in it, and a share of the group that was asked for
    local cookie = string.unpack(">s2", hellos[2], hellos[2]:find("\0\44\0\116", 1, true) + 4)
    assert.is_truthy(second:find(cookie, 1, true))
    r:key_pair(table.unpack(t.keys[2], 1, 3)):client_hello(table.unpack(hellos))
    r:feed(t.records[4].bytes):feed_signed(t.records[5].bytes)
    same(t.records[6], r:pull())
    check_secrets(r, t)
    same(t.records[7], r:close_notify():pull())
    r:feed(t.records[8].bytes)
  end)

  it("is the server", function()
    local r <close> = server_of(t)
    r:client_hello(table.unpack(hellos)):server_hello((find(t, "server_hello", 2)))
    same(t.records[4], r:pull())
    same(t.records[5], server_flight(r, t, "wait_client_finished"):pull())
    r:feed(t.records[6].bytes)
    check_secrets(r, t)
    r:feed(t.records[7].bytes)
    same(t.records[8], r:close_notify():pull())
  end)
end)

describe("RFC 8448 section 6, the engine", function()
  local t = traces[6]

  it("is the client, with a certificate", function()
    local r <close> = client_of(t)
    local signature = signature_in((find(t, "certificate_verify", 2)))
    r:client_hello((find(t, "client_hello"))):feed(t.records[2].bytes):feed(t.records[3].bytes)
    local modulus, exponent = numbers_in(certificate_in((find(t, "certificate", 2))))
    assert.is_true(unit.rsa_pss_verify(modulus, exponent, HASH, HASH, 32, r:to_sign(), signature))
    same(t.records[4], r:answer(signature):pull())
    assert.equal("connected", r:state())
    check_secrets(r, t)
    same(t.records[5], r:close_notify():pull())
    r:feed(t.records[6].bytes)
  end)

  it("is the server", function()
    local r <close> = server_of(t)
    r:client_hello((find(t, "client_hello"))):server_hello((find(t, "server_hello")))
    same(t.records[2], r:pull())
    same(t.records[3], server_flight(r, t, "wait_client_certificate"):pull())
    r:feed_signed(t.records[4].bytes)
    assert.equal("connected", r:state())
    check_secrets(r, t)
    r:feed(t.records[5].bytes)
    same(t.records[6], r:close_notify():pull())
  end)
end)

describe("RFC 8448 section 7, the engine", function()
  local t = traces[7]

  it("is the client, in middlebox compatibility mode", function()
    local r <close> = client_of(t)
    r:client_hello((find(t, "client_hello"))):feed(t.records[2].bytes .. t.records[3].bytes)
    r:feed_signed(t.records[4].bytes)
    assert.equal(hex(CCS .. t.records[6].bytes), hex(r:pull()))
    check_secrets(r, t)
    same(records(t, "client")[4], r:close_notify():pull())
    r:feed(records(t, "server")[4].bytes)
  end)

  it("is the server, in middlebox compatibility mode", function()
    local r <close> = server_of(t)
    r:client_hello((find(t, "client_hello"))):server_hello((find(t, "server_hello")))
    assert.equal(hex(t.records[2].bytes .. CCS), hex(r:pull()))
    same(t.records[4], server_flight(r, t, "wait_client_finished"):pull())
    r:feed(CCS .. t.records[6].bytes)
    check_secrets(r, t)
    r:feed(records(t, "client")[4].bytes)
    same(records(t, "server")[4], r:close_notify():pull())
  end)
end)

-- What is the same in all handshakes without a PSK is not computed in each (section 7.1).
describe("the key schedule without a PSK", function()
  for _, hash in ipairs { "sha256", "sha384" } do
    it("is the one with a PSK of zeros: " .. hash, function()
      local empty = unit.hash(hash, "")
      local zeros, shared = ("\0"):rep(#empty), ("s"):rep(32)
      local early = unit.hmac(hash, zeros, zeros)
      assert.equal(hex(early), hex(unit.early_secret(hash, "")))
      assert.equal(hex(unit.early_secret(hash, zeros)), hex(early))
      local handshake = unit.hmac(hash, unit.derive_secret(hash, early, "derived", empty), shared)
      assert.equal(hex(handshake), hex(unit.handshake_secret(hash, "", shared)))
      assert.equal(hex(handshake), hex(unit.handshake_secret(hash, zeros, shared)))
    end)
  end
end)
