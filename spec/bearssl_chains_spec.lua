-- BearSSL's own chains (its test/x509), and each row of what was found by experiment that its validator does wrong.
-- Where the right answer is not BearSSL's, the table below says so, and why.
local authority = require "spec.support.authority"
local der = require "spec.support.der"
local store = require "bearssl.store"
local validation = require "spec.support.validation"
local verify_chain = require("bearssl.core").store_parts.verify_chain

local accepts, refuses, trust = validation.accepts, validation.refuses, validation.trust

local folder = "spec/vectors/bearssl-x509/"

local function read(path)
  local file <close> = assert(io.open(folder .. path, "rb"))
  return file:read "a"
end

-- { key = { name = {...} }, anchor = ..., chain = {...} in order }
local function parse(text)
  local all, section = { key = {}, anchor = {}, chain = {} }, nil
  for line in text:gmatch "[^\r\n]+" do
    local kind = line:match "^%[(%l+)%]"
    local name, value = line:match "^([%w_]+) = (.-)%s*$"
    if kind then
      section = {}
      table.insert(all[kind], section)
    elseif name then
      section[name] = value
      if name == "name" and section ~= all.chain[#all.chain] then
        for _, list in ipairs { all.key, all.anchor } do
          if list[#list] == section then list[value] = section end
        end
      end
    end
  end
  return all
end

local function bytes(hex)
  return (hex:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end))
end

local function unsigned(hex)
  local magnitude = bytes(hex):gsub("^\0+", "")
  return der.element(2, magnitude:find "^[\x80-\xff]" and "\0" .. magnitude or magnitude)
end

-- The times that the tests name, in seconds since the epoch; without one, BearSSL's tests run in 2016.
local times = {
  ["2010-02-17 11:40:34Z"] = 1266406834, ["2010-02-17 11:40:36Z"] = 1266406836,
  ["2098-07-20 15:11:07Z"] = 4056707467, ["2098-07-20 15:11:09Z"] = 4056707469,
}
local in_2016 = 1472580000 -- 2016-08-30T18:00:00Z

local curves = { ["P-256"] = "1.2.840.10045.3.1.7", ["P-384"] = "1.3.132.0.34", ["P-521"] = "1.3.132.0.35" }

local function spki(key)
  if key.type == "RSA" then
    return der.sequence(der.sequence(der.oid "1.2.840.113549.1.1.1", der.null),
      der.bits(der.sequence(unsigned(key.n), unsigned(key.e))))
  end
  return der.sequence(der.sequence(der.oid "1.2.840.10045.2.1", der.oid(curves[key.curve])), der.bits(bytes(key.q)))
end

local basic_constraints = der.extension("2.5.29.19", der.sequence(der.boolean(true)), true)

-- BearSSL's anchors are a name and a key; ours are certificates, whose signature nobody asks.
local function anchor(all, name)
  local a = all.anchor[name]
  local dn = read(a.DN_file)
  return der.certificate { subject = dn, issuer = dn, spki = spki(all.key[a.key]), extensions = { basic_constraints },
    validity = der.sequence(der.element(0x17, "700101000000Z"), der.element(0x18, "99991231235959Z")) }
end

local codes = { -- of BearSSL's status
  ["0"] = "ok", ["40"] = "bad_certificate", ["49"] = "weak_signature", ["52"] = "bad_certificate_signature",
  ["54"] = "not_yet_valid", ["56"] = "name_mismatch", ["57"] = "critical_extension", ["58"] = "not_ca",
  ["60"] = "weak_key", ["62"] = "unknown_issuer",
}

local different = {
  goodName3 = "name_mismatch", -- the common name is no host name (RFC 9525 section 2)
  wildcard2 = "name_mismatch", -- *.com: no wildcard directly under one label
  wildcard7 = "option", -- what is asked for is no host name
  hashSHA1 = "weak_signature", ["secp256r1-sha1"] = "weak_signature",
  rsa1017 = "weak_key", -- 2048 bits are asked for
  date4 = "expired", -- BearSSL has one code for both ends
}

local hash_numbers = { sha1 = 2, sha224 = 3, sha256 = 4, sha384 = 5, sha512 = 6 }

local all = parse(read "alltests.txt")

describe("BearSSL's chain", function()
  it("s are all there", function() assert.equal(52, #all.chain) end)

  for _, test in ipairs(all.chain) do
    local expected = different[test.name] or codes[test.status]
    it(("%s: %s"):format(test.name, expected), function()
      local sources, leaves = {}, false
      for name in test.anchors:gmatch "%S+" do
        leaves = leaves or name == "ee"
        sources[#sources + 1] = name == "ee" and read(test.chain:match "^%S+") or anchor(all, name)
      end
      sources.partial_chain = leaves
      local chain = {}
      for file in test.chain:gmatch "%S+" do chain[#chain + 1] = read(file) end
      local hashes
      for hash in (test.hashes or ""):gmatch "sha%d+" do hashes = (hashes or 0) | 1 << hash_numbers[hash] end
      local time = test.time and assert(times[test.time]) or in_2016
      local path, err = verify_chain(assert(store(sources)), chain, -- as it came: some is no certificate
        { purpose = "server", time = time, name = test.servername, hashes = hashes })
      if expected == "ok" then
        assert(path, err)
      else
        assert.is_nil(path)
        assert.equal(expected, err.code, tostring(err))
      end
    end)
  end
end)

-- What BearSSL's validator was seen to do wrong, row by row: the right answer.
describe("in a row of the table of BearSSL's gaps", function()
  local root = authority.root()
  local ca = authority.ca("ca", root)

  local function leaf(p) return { root }, { authority.leaf("leaf", ca, p), ca } end
  local function below(p)
    local own = authority.ca("own", root, p)
    return { root }, { authority.leaf("leaf", own), own }
  end

  local function answers(expected, anchors, chain, options)
    if expected == "ok" then accepts(anchors, chain, options) else refuses(expected, anchors, chain, options) end
  end

  local function name(expected, names, asked, p)
    p = p or {}
    p.names = #names > 0 and names or false
    local anchors, chain = leaf(p)
    answers(expected, anchors, chain, { name = asked })
  end

  it("iPAddress is read, for IPv4 and IPv6", function()
    name("ok", { "IP:127.0.0.1" }, "127.0.0.1")
    name("ok", { { 0x87, ("\0"):rep(15) .. "\1" } }, "::1")
    name("name_mismatch", { "IP:127.0.0.1" }, "127.0.0.2")
  end)

  it("an address is no dNSName and no common name", function()
    name("name_mismatch", { "DNS:127.0.0.1" }, "127.0.0.1")
    name("name_mismatch", {}, "127.0.0.1", { subject = "127.0.0.1" })
  end)

  it("the common name is no name, whether subjectAltName is there or not", function()
    name("name_mismatch", {}, "leaf.example", { subject = "leaf.example" })
    name("name_mismatch", { "IP:127.0.0.1" }, "leaf.example", { subject = "leaf.example" })
    name("name_mismatch", { "email:a@leaf.example" }, "leaf.example", { subject = "leaf.example" })
  end)

  it("a wildcard is one whole label, the leftmost, under two at least", function()
    for asked, expected in pairs { ["x.w.example"] = "ok", ["w.example"] = "name_mismatch",
      ["a.b.w.example"] = "name_mismatch" } do
      name(expected, { "DNS:*.w.example" }, asked)
    end
    name("name_mismatch", { "DNS:f*.w.example" }, "foo.w.example")
    name("name_mismatch", { "DNS:a.*.w.example" }, "a.b.w.example")
    name("name_mismatch", { "DNS:*.example" }, "a.example")
  end)

  it("what is asked for is a name", function()
    name("option", { "DNS:*.w.example" }, "*.w.example")
    name("option", { "DNS:*.w.example" }, ".w.example")
  end)

  it("a dot at the end of what is asked for is no part of the name", function()
    name("ok", { "DNS:leaf.example" }, "leaf.example.")
  end)

  it("301 names, an empty subject with a critical subjectAltName, no common name, notAfter 2060: all well", function()
    local names = {}
    for i = 1, 301 do names[i] = ("DNS:n%d.example"):format(i) end
    name("ok", names, "n301.example")
    name("ok", { "DNS:leaf.example" }, "leaf.example", { subject = der.sequence(), names_critical = true })
    name("ok", { "DNS:leaf.example" }, "leaf.example", { subject = der.name { { "2.5.4.10", der.utf8 "O" } } })
    answers("ok", leaf { to = "20600101000000Z" })
  end)

  it("extended key usage binds, critical or not, on leaf and CA", function()
    for _, critical in ipairs { true, false } do
      answers("ok", leaf { purposes = { "serverAuth" }, purposes_critical = critical })
      answers("ok", below { purposes = { "serverAuth" }, purposes_critical = critical })
      for _, purpose in ipairs { "clientAuth", "codeSigning" } do
        answers("extended_key_usage", leaf { purposes = { purpose }, purposes_critical = critical })
        answers("extended_key_usage", below { purposes = { purpose }, purposes_critical = critical })
      end
    end
  end)

  it("name constraints are honoured, critical or not", function()
    for _, critical in ipairs { true, false } do
      answers("ok", below { permitted = { "DNS:example" }, constraints_critical = critical })
      answers("name_constraint", below { permitted = { "DNS:org" }, constraints_critical = critical })
      answers("name_constraint", below { excluded = { "DNS:leaf.example" }, constraints_critical = critical })
    end
  end)

  it("policyConstraints and inhibitAnyPolicy are understood", function()
    answers("ok", below { inhibit_mapping = 0, inhibit_any = 0 })
    answers("certificate_policy", below { explicit_policy = 0 })
    local own = authority.ca("own", root, { explicit_policy = 0, policies = { "1.2.3" } })
    answers("ok", { root }, { authority.leaf("leaf", own, { policies = { "1.2.3" } }), own })
    answers("ok", leaf { policies = { "1.2.3" }, policies_critical = true })
  end)

  it("unknown extensions are refused where they are critical", function()
    answers("critical_extension", leaf { extensions = { der.extension("1.2.3.4", der.null, true) } })
    answers("ok", leaf { extensions = { der.extension("1.2.3.4", der.null) } })
  end)

  it("keyAgreement alone leaves the question to the engine; a CA's usage is no server's", function()
    answers("ok", leaf { usage = { "keyAgreement" } })
    answers("key_usage", leaf { ca = true, usage = { "keyCertSign", "cRLSign" } })
  end)

  it("an intermediate is a CA, by basicConstraints and by key usage, and within the path length", function()
    answers("not_ca", below { basic = false })
    answers("not_ca", below { ca = false })
    answers("key_usage", below { usage = { "cRLSign" } })
    answers("ok", below { usage = false })
    local own = authority.ca("own", root, { pathlen = 0 })
    local deep = authority.ca("deep", own)
    answers("path_length", { root }, { authority.leaf("leaf", deep), deep, own })
  end)

  it("expired, not yet valid and untrusted are different things", function()
    local old, young = { to = "20240101000000Z" }, { from = "20260101000000Z" }
    answers("expired", leaf(old))
    answers("not_yet_valid", leaf(young))
    answers("expired", below(old))
    local _, chain = leaf(old)
    answers("unknown_issuer", { authority.root { name = "other" } }, chain)
  end)

  it("an anchor that has expired is none any more", function()
    local old = authority.root { to = "20240101000000Z" }
    answers("expired", { old }, { authority.leaf("leaf", old) })
  end)

  it("an anchor is a root, an intermediate, or, said aloud, the leaf itself", function()
    local own = authority.leaf("leaf", ca)
    answers("ok", { ca }, { own })
    answers("ok", trust({ own }, { partial_chain = true }), { own })
    answers("unknown_issuer", { own }, { own })
  end)

  it("a missing intermediate, an unordered chain, duplicates, strays, cross-signs", function()
    local deep = authority.ca("deep", ca)
    local own, stray = authority.leaf("leaf", deep), authority.leaf("stray", ca)
    answers("unknown_issuer", { root }, { own, ca })
    answers("ok", { root }, { own, ca, deep })
    answers("ok", { root }, { own, own, deep, ca })
    answers("ok", { root }, { own, deep, stray, ca })
    answers("ok", { root }, { own, deep, ca, root, stray })
    local other = authority.root { name = "other" }
    local cross = authority.ca("other", root)
    local crossed = authority.leaf("leaf", other)
    answers("ok", { root }, { crossed, cross })
    answers("ok", { other }, { crossed, cross })
  end)

  it("RSA of 1016 and 1024 bits is weak, 4096 and 8192 are not", function()
    local function rsa(bits)
      local modulus = der.element(2, "\0\x80" .. ("\1"):rep(bits // 8 - 1))
      return { spki = der.sequence(der.sequence(der.oid "1.2.840.113549.1.1.1", der.null),
        der.bits(der.sequence(modulus, der.integer(65537)))) }
    end
    answers("weak_key", leaf(rsa(1016)))
    answers("weak_key", leaf(rsa(1024)))
    answers("ok", leaf(rsa(4096)))
    answers("ok", leaf(rsa(8192)))
  end)
end)
