-- What no server of today has, by servers that keep to a script: old versions, weak suites, and the faults that
-- bearssl.audit.weaknesses asks about. Each has its twin without the fault, that is not to be accused of it.
local audit_peer = require "spec.support.audit_peer"
local messages = require "spec.support.hostile.messages"
local pki = require "spec.support.pki"

local AES, RC4, DHE, ECDHE, EXPORT = 0x002f, 0x0005, 0x0033, 0xc013, 0x0003
local VERSIONS = { 0x0301, 0x0302, 0x0303 }

local function with(defaults, more)
  local all = {}
  for name, value in pairs(defaults) do all[name] = value end
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

local function audit(config, options)
  return assert(audit_peer.audit(audit_peer.scripted(with({ versions = VERSIONS, suites = { AES },
    extensions = { [0xff01] = "\0" } }, config)), options))
end

-- "finding", "ok" or "unknown"
local function status(report, id)
  for _, check in ipairs(report.checks) do
    if check.id == id then return check.status end
  end
end

local function protocol(report, name)
  for _, each in ipairs(report.protocols) do
    if each.name == name then return each end
  end
end

-- The name of an alert as the server's answer; nil lets it go on.
local function answers(with_alert)
  return function(kind, _, p)
    if kind == 20 then p:alert(with_alert) return true end
  end
end

-- Decrypts a ClientKeyExchange without a look at its padding.
local function decrypt(payload)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(payload:sub(7))
  file:close()
  local pipe = assert(io.popen(("openssl pkeyutl -decrypt -inkey %s -pkeyopt rsa_padding_mode:none -in %s"):format(
    pki.server.rsa2048.key, path)))
  local block = pipe:read "a"
  pipe:close()
  os.remove(path)
  return block
end

-- A server of TLS with key transport that tells by its alert whether the padding was good, or does not.
local function robot(tells)
  local good
  return function(kind, payload, p)
    if kind == 22 and payload:byte() == 16 then
      local block = decrypt(payload)
      good = block:sub(1, 2) == "\0\2" and block:find("\0", 3, true) == 256 - 48 and block:sub(-48, -47) == "\3\3"
    elseif kind == 22 then
      p:alert(tells and not good and 51 or 20)
      return true
    end
  end
end

local rows = { -- id of the check; the config that has it; the one that has not; options
  { "sslv2", { ssl_2 = "\1\0\x80\7\0\xc0" }, {} },
  { "sslv3", { versions = { 0x0300, 0x0301 } }, {} },
  { "poodle", { versions = { 0x0300 } }, { versions = { 0x0300 }, suites = { RC4 } } },
  { "no_modern_version", { versions = { 0x0301 } }, {} },
  { "rc4", { suites = { RC4 } }, {} },
  { "export", { suites = { EXPORT, AES } }, {} },
  { "null", { suites = { 0x0002, AES } }, {} },
  { "anonymous", { suites = { 0x0034, AES } }, {} },
  { "low_bits", { suites = { 0x0009, AES } }, {} },
  { "sweet32", { suites = { 0x000a, AES } }, {} },
  { "beast", {}, { versions = { 0x0303 } } },
  { "no_forward_secrecy", {}, { suites = { ECDHE, AES } } },
  { "logjam", { suites = { DHE }, dh = 512 }, { suites = { DHE } } },
  { "logjam", { suites = { 0x0014, AES } }, { suites = { DHE } } },
  { "dh_1024", { suites = { DHE }, dh = 1024 }, { suites = { DHE } } },
  { "key_reuse", { suites = { DHE } }, { suites = { DHE }, fresh = true } },
  { "crime", { compression = true }, {} },
  { "insecure_renegotiation", { extensions = {} }, {} },
  { "no_ems", {}, { extensions = { [23] = "", [0xff01] = "\0" } } },
  { "no_fallback_scsv", {}, { scsv = true } },
  { "heartbeat", { extensions = { [15] = "\1", [0xff01] = "\0" } }, {} },
  { "heartbleed", { extensions = { [15] = "\1", [0xff01] = "\0" }, on = function(kind, payload, p)
    if kind == 24 and payload == "\1\x40\0" then p:record(24, "\2\x40\0" .. ("secret"):rep(1000)) return true end
  end }, { extensions = { [15] = "\1", [0xff01] = "\0" }, on = function(kind) return kind == 24 or nil end } },
  { "ccs_injection", { on = (function()
    local seen = setmetatable({}, { __mode = "k" })
    return function(kind, _, p)
      if kind ~= 20 then return nil end
      if seen[p] then p:alert(20) return true end
      seen[p] = true
    end
  end)() }, { on = answers(10) } },
  { "robot", { on = robot(true), versions = { 0x0303 } }, { on = robot(false), versions = { 0x0303 } },
    { timeout = 20 } },
  { "key_2048", { pair = pki.bad.rsa1024 }, {} },
  { "expired", { pair = pki.bad.expired }, {} },
  { "untrusted", { pair = pki.bad.unknown_ca }, {} },
}

describe("bearssl.audit, of a server by a script", function()
  for i, row in ipairs(rows) do
    local id, faulty, sound, options = table.unpack(row, 1, 4)
    it(("says %s where it is so, and not where it is not (row %d)"):format(id, i), function()
      local report = audit(faulty, options)
      assert.equal("finding", status(report, id))
      local found
      for _, each in ipairs(report.findings) do found = found or each.id == id and each end
      assert.truthy(found.evidence ~= "" and found.sources ~= "" and found.title ~= "")
      assert.truthy(found.remedy.nginx and found.remedy.apache and found.remedy.haproxy)
      assert.equal("ok", status(audit(sound, options), id))
    end)
  end

  it("lists SSL 2.0's kinds of ciphers, and SSL 3.0's suites", function()
    local report = audit { ssl_2 = "\1\0\x80\7\0\xc0", versions = { 0x0300, 0x0301 } }
    local two = protocol(report, "SSLv2")
    assert.same({ "SSL_CK_RC4_128_WITH_MD5", "SSL_CK_DES_192_EDE3_CBC_WITH_MD5" },
      { two.suites[1].name, two.suites[2].name })
    assert.equal("TLS_RSA_WITH_AES_128_CBC_SHA", protocol(report, "SSLv3").suites[1].name)
    assert.is_false(protocol(report, "TLSv1.2").offered)
  end)

  it("knows groups that nobody here can compute by their numbers, and which are drafts", function()
    local retry = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
      .. "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"
    local function server(groups) -- TLS 1.3 by HelloRetryRequests, the client's order
      return function(p)
        local hello = p:hello()
        local versions = hello and messages.get(hello.extensions, 43)
        p.version = 0x0303
        if not versions or not versions:find("\3\4", 1, true) then return p:alert(70) end
        local offered, chosen = messages.get(hello.extensions, 10), nil
        for at = #offered - 1, 3, -2 do
          local group = (">I2"):unpack(offered, at)
          for _, own in ipairs(groups) do chosen = own == group and own or chosen end
        end
        local suite
        for _, id in ipairs(hello.cipher_suites) do suite = suite or id == 0x1301 and id end
        if not chosen or not suite then return p:alert(40) end
        p:message(2, messages.body("server_hello", { legacy_version = 0x0303, random = retry,
          session_id = hello.session_id, cipher_suite = suite, compression_method = 0,
          extensions = { { 43, "\3\4" }, { 51, (">I2"):pack(chosen) } } }))
      end
    end
    local report = assert(audit_peer.audit(server { 0x11ec, 0x11eb, 0x11ed, 0x6399, 512, 256, 29 }))
    assert.same({ "X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024", "X25519Kyber768Draft00", "MLKEM512",
      "x25519", "ffdhe2048" }, report.groups["TLSv1.3"])
    assert.equal("client", report.features.group_preference["TLSv1.3"])
    assert.equal("ok", status(report, "no_hybrid"))
    assert.equal("finding", status(report, "draft_hybrid"))
    local gap = report.gaps[1]
    assert.truthy(gap == nil or gap.what ~= "")
    report = assert(audit_peer.audit(server { 29 }))
    assert.equal("finding", status(report, "no_hybrid"))
    assert.equal("ok", status(report, "draft_hybrid"))
    report = assert(audit_peer.audit(server { 0x11ec })) -- no group that an engine has: its handshakes are a gap
    assert.truthy(report.gaps[1].what:find("whole handshakes of TLSv1.3", 1, true))
  end)

  it("knows Ticketbleed by the length of a session ID", function()
    local weaknesses = require "bearssl.audit.weaknesses"
    local function bleeds(session_id)
      local facts = { protocols = { { id = 0x0303, name = "TLSv1.2", offered = true, suites = { AES } } },
        features = {}, presented = {}, tickets = { ["TLSv1.2"] = { octets = ("t"):rep(100) } } }
      local p = { ask = function() return { kind = "hello", session_id = session_id } end }
      for _, task in ipairs(weaknesses.tasks(facts)) do
        if task[1] == "Ticketbleed" then task[2](p) end
      end
      return facts.ticketbleed
    end
    assert.is_true(bleeds("\x42" .. ("x"):rep(31)))
    assert.is_false(bleeds "\x42")
    assert.is_false(bleeds "")
  end)

  it("sends nothing that a client would not, where it is asked not to", function()
    local beats = { [false] = 0, [true] = 0 }
    for asked, extensions in pairs { [false] = { [15] = "\1" }, [true] = { [15] = "\1" } } do
      audit({ extensions = extensions, on = function(kind)
        if kind == 24 then beats[asked] = beats[asked] + 1 end
        return true
      end }, { weaknesses = asked })
    end
    assert.same({ [false] = 0, [true] = 1 }, beats)
  end)

  it("gives the worst grade that a finding allows, and says why", function()
    local report = audit { versions = { 0x0300, 0x0303 }, suites = { RC4, AES, EXPORT } }
    assert.equal("F", report.grade)
    assert.same({ "export suites, and FREAK (CVE-2015-0204)" }, report.reasons)
    local expired = audit { pair = pki.bad.expired, suites = { ECDHE } }
    assert.equal("T", expired.grade)
    assert.equal("B", expired.grade_if_trusted)
  end)
end)
