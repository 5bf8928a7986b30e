-- The cache of chains that a config has: when it answers, and each way in which what it holds could outlive its truth.
-- First the validator alone, at any time (spec/unit/chain_cache.c), with certificates made here; then connections.
local authority = require "spec.support.authority"
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"
local unit = require "bearssl.unit"
local x509 = require "bearssl.x509"

local NOW <const> = 1735689600 -- 2025-01-01
local DAY <const> = 86400

local root = authority.root()
local ca = authority.ca("ca", root, { from = "20240101000000Z", to = "20260101000000Z" })
local leaf = authority.leaf("leaf", ca, { from = "20241201000000Z", to = "20250201000000Z",
  names = { "DNS:leaf.example", "DNS:other.example" }, purposes = { "serverAuth", "clientAuth" } })

local function ders(list)
  local out = {}
  for i, each in ipairs(list) do out[i] = each.der or each end
  return out
end

local chain = ders { leaf, ca }

local function validator(size, anchors)
  local v = unit.validator(size or 4)
  for _, anchor in ipairs(anchors or { root }) do assert.equal("ok", v:add_text(anchor.der)) end
  return v
end

local function ask(v, list, options)
  local all = { time = NOW, name = "leaf.example" }
  for name, value in pairs(options or {}) do all[name] = value end
  return v:verify(list or chain, all)
end

-- A validator that has the chain in its cache.
local function with_chain(size, anchors)
  local v = validator(size, anchors)
  assert.same({ "ok", false, 2 }, { table.unpack({ ask(v) }, 1, 3) })
  return v
end

local function known(v, list, options)
  local code, is_known = ask(v, list, options)
  assert.equal("ok", code)
  return is_known
end

-- entries, hits, misses, dropped; blocks, bytes
local function counts(v) return { table.unpack({ v:counts() }, 1, 4) } end
local function kept(v) return { select(5, v:counts()) } end
local function entries(v) return (v:counts()) end

describe("the cache of chains", function()
  it("answers without a signature, with the path that was found", function()
    local v = validator()
    local code, is_known, signatures, path = ask(v)
    assert.same({ "ok", false, 2 }, { code, is_known, signatures })
    local again = table.pack(ask(v))
    assert.same({ "ok", true, 0, path, n = 4 }, again)
    assert.same(ders { leaf, ca, root }, path)
    assert.same({ 1, 1, 1, 0 }, counts(v))
  end)

  it("holds what came along, once", function()
    local v = with_chain()
    assert.same({ 2, #leaf.der + #ca.der }, kept(v))
    known(v, nil, { name = "other.example" })
    assert.equal(2, entries(v))
    assert.same({ 2, #leaf.der + #ca.der }, kept(v))
  end)

  it("answers for these bytes in this order alone", function()
    local v = with_chain()
    local stranger = authority.ca("stranger", root)
    assert.is_false(known(v, ders { leaf, ca, stranger }))
    assert.is_false(known(v, ders { leaf, stranger, ca }))
    assert.is_false(known(v, ders { leaf, ca, ca }))
    assert.is_true(known(v, ders { leaf, ca, ca }))
    for at = 1, #leaf.der, 7 do
      local changed = leaf.der:sub(1, at - 1) .. string.char(leaf.der:byte(at) ~ 1) .. leaf.der:sub(at + 1)
      assert.not_equal("ok", (ask(v, { changed, ca.der })))
    end
    for at = 1, #ca.der, 7 do
      local changed = ca.der:sub(1, at - 1) .. string.char(ca.der:byte(at) ~ 1) .. ca.der:sub(at + 1)
      local code, is_known = ask(v, { leaf.der, changed })
      assert.is_true(code ~= "ok" or not is_known)
    end
  end)

  it("answers for this name and this purpose alone", function()
    local v = with_chain()
    assert.is_false(known(v, nil, { name = "other.example" }))
    assert.is_false(known(v, nil, { purpose = "client" }))
    assert.equal("name_mismatch", (ask(v, nil, { name = "leaf.exampl" })))
    assert.equal("name_mismatch", (ask(v, nil, { name = "leaf.example.org" })))
    local v2 = validator()
    assert.equal("ok", (v2:verify(chain, { time = NOW }))) -- no name is asked for
    assert.equal("name_mismatch", (ask(v2, nil, { name = "stranger.example" })))
    assert.equal("option", (ask(v2, nil, { name = "" })))
  end)

  it("keeps nothing that was refused", function()
    local v = validator()
    assert.equal("expired", (ask(v, nil, { time = NOW + 40 * DAY })))
    assert.equal("name_mismatch", (ask(v, nil, { name = "no.example" })))
    assert.equal("unknown_issuer", (ask(v, { leaf.der })))
    assert.equal(0, entries(v))
  end)

  describe("lets go of an entry", function()
    for _, row in ipairs {
      { "the second after the leaf's last", 1738368001, "expired" },
      { "the second before the leaf's first", 1733011199, "not_yet_valid" },
      { "long after", NOW + 3650 * DAY, "expired" },
      { "long before", 0, "not_yet_valid" },
    } do
      it(row[1], function()
        local v = with_chain()
        assert.equal(row[3], (ask(v, nil, { time = row[2] })))
        assert.same({ 0, 1 }, { counts(v)[1], counts(v)[4] })
        assert.is_false(known(v)) -- the time came back: it is asked anew
      end)
    end

    it("with the shortest validity in its path, whoever has it", function()
      for _, short in ipairs { { "root" }, { "ca" }, { "leaf" } } do
        local function dates(name)
          return name == short[1] and { from = "20241231000000Z", to = "20250102000000Z" } or {}
        end
        local r = authority.root(dates "root")
        local c = authority.ca("ca", r, dates "ca")
        local l = authority.leaf("leaf", c, dates "leaf")
        local v, list = validator(4, { r }), ders { l, c }
        assert.is_false(known(v, list))
        assert.is_true(known(v, list, { time = NOW + DAY }))
        assert.equal("expired", (ask(v, list, { time = NOW + DAY + 1 })))
        assert.is_false(known(v, list))
        assert.is_true(known(v, list, { time = NOW - DAY }))
        assert.equal("not_yet_valid", (ask(v, list, { time = NOW - DAY - 1 })))
      end
    end)

    it("whose anchor is read away", function()
      local path = revoke.file(root.pem)
      local v = unit.validator(4)
      v:add_path(path)
      assert.is_false(known(v))
      assert.is_true(known(v))
      local file <close> = assert(io.open(path, "wb"))
      file:write(authority.root { name = "another" }.pem)
      file:close()
      assert.is_true(known(v)) -- nobody has looked
      assert.equal("ok", v:reload())
      assert.equal("unknown_issuer", (ask(v)))
    end)

    it("whose anchor is gone from a file that is watched", function()
      local path = revoke.file(root.pem)
      local v = unit.validator(4)
      v:add_path(path)
      v:watch()
      assert.is_false(known(v))
      local file <close> = assert(io.open(path, "wb"))
      file:write(authority.root { name = "another one" }.pem)
      file:close()
      assert.equal("unknown_issuer", (ask(v, nil, { time = NOW + 1 })))
    end)

    it("when the store is added to", function()
      local v = with_chain()
      v:add_text(authority.root { name = "another" }.der)
      assert.is_false(known(v))
      assert.is_true(known(v))
    end)

    it("when a key is distrusted", function()
      for i, each in ipairs { leaf, ca, root } do
        local v = with_chain()
        assert.equal("ok", v:distrust(unit.hash("sha256", x509.parse(each.der)[1].public_key.spki)))
        assert.equal("distrusted", (ask(v)), i)
      end
    end)

    it("when a leaf in the store is taken no more", function()
      local v = validator(4, { leaf })
      v:take_leaves(true)
      assert.is_false(known(v, { leaf.der }))
      assert.is_true(known(v, { leaf.der }))
      v:take_leaves(false)
      assert.equal("unknown_issuer", (ask(v, { leaf.der })))
    end)

    it("that was used longest ago, where there is no room", function()
      local v = validator(2)
      local names = { "leaf.example", "other.example" }
      for _, name in ipairs(names) do assert.is_false(known(v, nil, { name = name })) end
      assert.is_true(known(v))
      assert.is_false(known(v, ders { leaf, ca, ca })) -- pushes other.example out
      assert.is_true(known(v))
      assert.is_false(known(v, nil, { name = "other.example" }))
      assert.same({ 2, 0 }, { counts(v)[1], counts(v)[4] })
    end)
  end)

  it("asks for revocation and pins each time", function()
    local own = pki.server.p256
    local certificates = assert(x509.load(own.certificate))
    local list = { certificates[1]:der(), certificates[2]:der() }
    local v = unit.validator(4)
    v:add_path(pki.root.p256)
    local function check(more)
      more.name = "localhost"
      local code, is_known, signatures = ask(v, list, more)
      return { code, is_known, signatures }
    end
    assert.same({ "ok", false, 2 }, check {})
    assert.same({ "ok", true, 0 }, check {})
    local function crl(...) return revoke.crl { issuer = "p256-intermediate", entries = { ... } } end
    local clean = crl()
    assert.same({ "ok", true, 1 }, check { crl = clean })
    assert.equal("revoked", check { crl = crl { serial = certificates[1].serial } }[1])
    assert.same({ "ok", false }, { table.unpack(check { crl = clean }, 1, 2) }) -- an update that takes it back
    local good, bad = revoke.ocsp(certificates[1]), revoke.ocsp(certificates[1], { revoked = true })
    local today = os.time() -- no earlier than their thisUpdate
    assert.same({ "ok", true, 1 }, check { staple = good, time = today })
    assert.equal("revoked", check { staple = bad, time = today }[1])
    assert.same({ "ok", false }, { table.unpack(check { time = today }, 1, 2) })
    assert.same({ "ok", true, 0 }, check { pin = certificates[1].pin })
    assert.equal("pin_mismatch", check { pin = assert(x509.load(pki.root.rsa2048))[1].pin }[1])
    assert.same({ "ok", false }, { table.unpack(check {}, 1, 2) })
  end)

  it("takes no chain that is long, and no more than 16 certificates", function()
    local v = validator()
    local padded = authority.leaf("leaf", ca, { extensions = {
      require "spec.support.der".extension("1.2.3.4", ("x"):rep(40000)) } })
    assert.is_false(known(v, ders { padded, ca }))
    assert.is_false(known(v, ders { padded, ca }))
    local many = ders { leaf, ca }
    for i = 3, 17 do many[i] = authority.ca("stray " .. i, root).der end
    assert.is_false(known(v, many))
    assert.is_false(known(v, many))
    assert.equal(0, entries(v))
    table.remove(many)
    assert.is_false(known(v, many))
    assert.is_true(known(v, many))
  end)

  it("goes on with paths in which an anchor was sent, or a stray that does not decode", function()
    local v = validator()
    local list = { leaf.der, "\x30\x03\x02\x01\x00", ca.der, root.der }
    assert.is_false(known(v, list))
    local code, is_known, signatures, path = ask(v, list)
    assert.same({ "ok", true, 0 }, { code, is_known, signatures })
    assert.same(ders { leaf, ca, root }, path)
  end)
end)

-- What a stranger can make a validator do: nothing is verified until a path has reached an anchor, then from there
-- down, and no further than the first signature that does not hold. Those of CAs that hold the store remembers.
describe("signatures are checked", function()
  local function checked(list, options, anchors)
    local v = validator(4, anchors)
    local code, _, first = ask(v, list, options)
    local _, _, again = ask(v, list, options)
    return { code, first, again }
  end
  local mine = authority.root { name = "mine" }
  local forged_ca = authority.ca("ca", root, { signer = mine, key = "forged" })
  local strays = {}
  for i = 1, 15 do strays[i] = authority.ca("stray " .. i, mine) end

  for _, row in ipairs {
    { "never on the way to no anchor", { "unknown_issuer", 0, 0 }, { leaf, table.unpack(strays) } },
    { "never where the root is a stranger's", { "unknown_issuer", 0, 0 }, { authority.leaf("leaf", mine), mine } },
    { "never where one that is self-signed is not in the store", { "self_signed", 0, 0 }, { authority.root {
      name = "leaf", ca = false, names = { "DNS:leaf.example" } } } },
    { "once where a CA is forged, whatever is below it", { "bad_certificate_signature", 1, 1 },
      { authority.leaf("leaf", forged_ca), forged_ca } },
    { "once where a leaf under the root is forged", { "bad_certificate_signature", 1, 1 },
      { authority.leaf("leaf", root, { signer = mine }) } },
    { "once more for the CA above a forged leaf, the first time", { "bad_certificate_signature", 2, 1 },
      { authority.leaf("leaf", ca, { signer = mine }), ca } },
    { "so that who is expired is told that, and not a forger", { "expired", 2, 1 },
      { authority.leaf("leaf", ca, { to = "20240601000000Z" }), ca } },
    { "once each where all is well, and then never", { "ok", 2, 0 }, { leaf, ca } },
  } do
    it(row[1], function()
      assert.same(row[2], checked(ders(row[3])))
    end)
  end

  it("by a second name of a chain for the leaf alone", function()
    local v = with_chain()
    assert.same({ "ok", false, 1 }, { table.unpack({ ask(v, nil, { name = "other.example" }) }, 1, 3) })
  end)
end)

describe("bytes that are kept once", function()
  it("are what was given, and go with their last holder", function()
    local list, size = {}, 0
    for i = 1, 3000 do
      list[i] = ("%d "):format(i):rep(i % 40 + 1)
      size = size + #list[i]
    end
    list[#list + 1] = ""
    assert.same({ 3000, size, 6000, 3000, 3000, true }, { unit.intern(list) })
  end)
end)

for _, way in ipairs { { "bear", "1.2" }, { "native", "1.2" }, { "native", "1.3" } } do
  local engine, version = way[1], way[2]

  local function with(options)
    options.engine, options.min_version, options.max_version = engine, version, version
    return options
  end

  local function meet(client, server)
    local c, s = ends.connections(client, server)
    ends.join(c, s)
    assert.same({ "connected", "connected" }, { c:state(), s:state() })
    return c, s
  end

  describe(("connections of TLS %s, engine %s,"):format(version, engine), function()
    it("know a chain that their config has seen", function()
      local client, server = ends.client(with {}), ends.server(with {})
      local first = meet(client, server)
      local second = meet(client, server)
      assert.is_false(select(2, first:verified_chain()).known)
      assert.is_true(select(2, second:verified_chain()).known)
      local paths = {}
      for i, c in ipairs { first, second } do
        paths[i] = {}
        for j, certificate in ipairs(c:verified_chain()) do paths[i][j] = certificate:der() end
      end
      assert.same(paths[1], paths[2])
      local told = client:chains()
      assert.same({ 64, 1, 1, 1, 0 }, { told.size, told.entries, told.hits, told.misses, told.dropped })
    end)

    it("keep their certificates when the config has dropped its entries, and is gone", function()
      local client, server = ends.client(with { chain_cache = 1 }), ends.server(with {})
      local c = meet(client, server)
      local c2 = meet(client, server)
      local expected = c:peer_certificates()[1]:der()
      meet(client, ends.server(with { certificate = pki.server.rsa2048.certificate, key = pki.server.rsa2048.key,
        cipher_suites = version == "1.2" and "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" or nil }) and server)
      client = nil -- luacheck: ignore
      collectgarbage()
      collectgarbage()
      assert.equal(expected, c:peer_certificates()[1]:der())
      c = nil -- luacheck: ignore
      collectgarbage()
      assert.equal(expected, c2:verified_chain()[1]:der())
    end)

    if engine == "native" then it("verify by a key that is known as by one that is not", function()
      local identity, wrong = pki.server.p256, false
      local function sign(_, message)
        local path = os.tmpname()
        local file <close> = assert(io.open(path, "wb"))
        file:write(message)
        file:close()
        local command = ("openssl dgst -sha256 -sign %s %s; rm %s"):format(identity.key, path, path)
        local pipe <close> = assert(io.popen(command))
        local signature = pipe:read "a"
        if not wrong then return signature end
        return signature:sub(1, -2) .. string.char(signature:byte(-1) ~ 1)
      end
      local client, server = ends.client(with {}), ends.server(with { certificate = identity.certificate, key = sign })
      for i = 1, 12 do
        wrong = i % 4 == 0
        local c, s = ends.connections(client, server)
        ends.join(c, s)
        assert.equal(wrong and "failed" or "connected", c:state())
        local _, err = c:read()
        assert.equal(wrong and "bad_signature" or nil, wrong and err.code or nil)
      end
    end) end

    it("know none where there is no cache, and servers none by themselves", function()
      for _, off in ipairs { 0, false } do
        local client = ends.client(with { chain_cache = off })
        local server = ends.server(with { client_auth = "request", client_trust = pki.root.p256 })
        for _ = 1, 2 do assert.is_false(select(2, meet(client, server):verified_chain()).known) end
        assert.same({ 0, 0 }, { client:chains().size, server:chains().size })
      end
    end)

    it("know a client's chain where the server wants that", function()
      local mine = pki.client.p256
      local client = ends.client(with { certificate = mine.certificate, key = mine.key })
      local server = ends.server(with { client_auth = "require", client_trust = pki.root.p256, chain_cache = 8 })
      for i = 1, 2 do
        local _, s = meet(client, server)
        assert.equal(i == 2, select(2, s:verified_chain()).known)
      end
    end)

    it("still refuse a chain that a list of the config's revokes", function()
      local certificate = assert(x509.load(pki.server.p256.leaf))[1]
      local path = revoke.file(revoke.crl { issuer = "p256-intermediate", next_update = revoke.late })
      local function client() return ends.client(with { revocation = { crl = path, leaf_only = true } }) end
      local before, server = client(), ends.server(with {})
      for i = 1, 2 do assert.equal(i == 2, select(2, meet(before, server):verified_chain()).known) end
      local file <close> = assert(io.open(path, "wb"))
      file:write(revoke.crl { issuer = "p256-intermediate", next_update = revoke.late, number = 2,
        entries = { { serial = certificate.serial } } })
      file:close()
      local c, s = ends.connections(client(), server)
      ends.join(c, s)
      assert.equal("failed", c:state())
    end)

    it("are judged by the store as it is", function()
      local path = revoke.file(pki.read(pki.root.p256))
      local store = assert(bearssl.store(path))
      local client, server = ends.client(with { trust = store }), ends.server(with {})
      for i = 1, 2 do assert.equal(i == 2, select(2, meet(client, server):verified_chain()).known) end
      local file <close> = assert(io.open(path, "wb"))
      file:write(pki.read(pki.root.rsa2048))
      file:close()
      assert(store:reload())
      local c, s = ends.connections(client, server)
      ends.join(c, s)
      assert.equal("failed", c:state())
      assert.equal(1, client:chains().dropped)
    end)
  end)
end

describe("the option chain_cache", function()
  it("is a number of entries, or false", function()
    for _, wrong in ipairs { -1, 4097, 1.5, true, "many" } do
      assert.error_matches(function() bearssl.client { chain_cache = wrong } end, "option 'chain_cache'")
    end
    assert.error_matches(function() bearssl.client { verify = "none", chain_cache = 1 } end, "means nothing")
    assert.equal(4096, assert(bearssl.client { trust = pki.root.p256, chain_cache = 4096 }):chains().size)
  end)
end)
