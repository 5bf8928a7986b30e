-- Path building: which path is found among strays, cross-signs and circles, what is said where there is none, and the
-- limits of the search.
local authority = require "spec.support.authority"
local der = require "spec.support.der"
local validation = require "spec.support.validation"
local verify_chain = require("bearssl.core").store_parts.verify_chain

local trust, verify, accepts, refuses = validation.trust, validation.verify, validation.accepts, validation.refuses
local is_path = validation.is_path
describe("path building", function()
  local root = authority.root()
  local ca = authority.ca("ca", root)
  local ca2 = authority.ca("ca2", ca)
  local leaf = authority.leaf("leaf", ca2)
  local other_root = authority.root { name = "other root" }
  local stray = authority.ca("stray", other_root)

  it("gives the path from the leaf to the anchor", function()
    is_path({ leaf, ca2, ca, root }, accepts({ root }, { leaf, ca2, ca }))
  end)

  it("takes the rest in any order, with duplicates and strays", function()
    is_path({ leaf, ca2, ca, root }, accepts({ root }, { leaf, stray, ca, leaf, root, ca2, ca, other_root }))
  end)

  it("stops at the first anchor, root or intermediate", function()
    is_path({ leaf, ca2 }, accepts({ ca2 }, { leaf, ca2, ca, root }))
    is_path({ leaf, ca2, ca }, accepts({ ca, root }, { leaf, ca2, ca, root }))
    is_path({ leaf, ca2 }, accepts({ ca2 }, { leaf }))
  end)

  it("takes a self-signed leaf that is in the store", function()
    local own = authority.certificate("own", nil, { names = { "DNS:own.example" } })
    is_path({ own }, accepts({ own }, { own }, { name = "own.example" }))
    refuses("name_mismatch", { own }, { own }, { name = "other.example" })
    refuses("expired", { own }, { own }, { time = 1 << 32 })
  end)

  it("takes another leaf that is in the store only where that is said", function()
    local err = refuses("unknown_issuer", { leaf }, { leaf })
    assert.truthy(err.hint:find("partial_chain", 1, true))
    is_path({ leaf }, accepts(trust({ leaf }, { partial_chain = true }), { leaf }))
    refuses("extended_key_usage", trust({ leaf }, { partial_chain = true }), { leaf }, { purpose = "client" })
  end)

  it("does not take a leaf for another with its name and key", function()
    local twin = authority.leaf("leaf", ca2)
    refuses("unknown_issuer", trust({ twin }, { partial_chain = true }), { leaf })
  end)

  it("names the issuer that is missing, and where it may be had", function()
    local url = "http://ca.example/ca2.der"
    local access = der.extension("1.3.6.1.5.5.7.1.1",
      der.sequence(der.sequence(der.oid "1.3.6.1.5.5.7.48.2", der.implicit(6, url))))
    local err = refuses("unknown_issuer", { root }, { authority.leaf("leaf", ca2, { extensions = { access } }), ca })
    assert.truthy(err.message:find("CN=ca2", 1, true))
    assert.truthy(err.cause:find(url, 1, true))
    assert.equal("unknown_ca", err.alert)
  end)

  it("says that the root is not in the store", function()
    local err = refuses("unknown_issuer", { other_root }, { leaf, ca2, ca, root })
    assert.truthy(err.message:find("root CN=root is not in the store", 1, true))
    err = refuses("self_signed", { root }, { authority.certificate("own") })
    assert.truthy(err.hint:find("put it into the store", 1, true))
    refuses("unknown_issuer", {}, { leaf, ca2, ca })
  end)

  it("says that a self-signed leaf is not in the store, where another of its name is", function()
    local own = authority.certificate("localhost", nil, { names = { "DNS:localhost" } })
    local err = refuses("self_signed", { authority.root { name = "localhost", key = "another" }, root }, { own })
    assert.truthy(err.hint:find("put it into the store", 1, true))
    err = refuses("unknown_issuer", { authority.root { key = "another" } }, { leaf, ca2, ca, root })
    assert.truthy(err.message:find("root CN=root is not in the store", 1, true))
  end)

  it("says that a certificate of the chain does not decode", function()
    local path, err = verify_chain(trust { root }, { leaf.der, ca2.der, ca.der:sub(1, -2) },
      { time = validation.now, purpose = "server" })
    assert.is_nil(path)
    assert.equal("unknown_issuer", err.code)
    assert.truthy(err.cause:find("does not decode", 1, true))
  end)

  it("goes in no circle", function()
    local a = authority.ca("a", authority.ca("b", root))
    local b = authority.ca("b", a)
    local c = authority.leaf("c", b)
    refuses("unknown_issuer", { root }, { c, a, b })
    refuses("unknown_issuer", { root }, { c, b, a })
    local way_out = authority.ca("b", root)
    is_path({ c, way_out, root }, accepts({ root }, { c, a, b, way_out }))
  end)

  it("finds its way through cross-signed certificates", function()
    local new_root = authority.root { name = "new" }
    local cross = authority.ca("new", root) -- the new root's key, certified by the old root
    local issuing = authority.ca("issuing", new_root)
    local server = authority.leaf("server", issuing)
    is_path({ server, issuing, new_root }, accepts({ new_root }, { server, issuing, cross }))
    is_path({ server, issuing, cross, root }, accepts({ root }, { server, issuing, cross }))
    is_path({ server, issuing, new_root }, accepts({ root, new_root }, { server, issuing, cross }))
    refuses("unknown_issuer", { other_root }, { server, issuing, cross, new_root })
  end)

  it("goes around what has expired", function()
    local old_root = authority.root { name = "old", to = "20240101000000Z" }
    local new_root = authority.root { name = "new" }
    local cross = authority.ca("new", old_root)
    local server = authority.leaf("server", new_root)
    is_path({ server, new_root }, accepts({ old_root, new_root }, { server, cross, old_root }))
    refuses("expired", { old_root }, { server, cross })
    local renewed = authority.root { name = "old" }
    is_path({ server, cross, renewed }, accepts({ old_root, renewed }, { server, cross }))
    local expired = authority.ca("new", renewed, { to = "20240101000000Z" })
    is_path({ server, cross, renewed }, accepts({ renewed }, { server, expired, cross }))
    refuses("expired", { renewed }, { server, expired })
  end)

  it("finds the right one of several keys under one name", function()
    local keys, chain = {}, { false }
    for i = 1, 6 do
      keys[i] = authority.ca("many", root, { key = "key" .. i })
      chain[#chain + 1] = keys[i]
    end
    for i = 1, 6 do
      chain[1] = authority.leaf("server", keys[i])
      is_path({ chain[1], keys[i], root }, accepts({ root }, chain))
      chain[1] = authority.leaf("server", keys[i], { akid = false })
      is_path({ chain[1], keys[i], root }, accepts({ root }, chain))
      chain[1] = authority.leaf("server", keys[i], { akid = "misleading" })
      is_path({ chain[1], keys[i], root }, accepts({ root }, chain))
    end
    local lost = authority.leaf("server", authority.ca("many", root, { key = "key7" }))
    local err = refuses("unknown_issuer", { root }, table.move(chain, 2, 7, 2, { lost }))
    assert.equal("authorityKeyIdentifier", err.where)
    lost = authority.leaf("server", authority.ca("many", root, { key = "key7" }), { akid = false })
    refuses("bad_certificate_signature", { root }, table.move(chain, 2, 7, 2, { lost }))
  end)

  it("asks the key identifier first: no signature is checked in vain", function()
    local wrong, right = authority.ca("many", root, { key = "one" }), authority.ca("many", root, { key = "two" })
    local server = authority.leaf("server", right)
    local _, checked = accepts({ root }, { server, wrong, right })
    assert.equal(2, checked.signatures)
    assert.equal(0, checked.paths_refused)
  end)

  it("remembers the signatures of CAs that hold, of no leaf, and of none that does not hold", function()
    local trusted = trust { root }
    local function checks(chain)
      local _, checked = accepts(trusted, chain)
      return checked.signatures
    end
    assert.equal(3, checks { leaf, ca2, ca })
    assert.equal(1, checks { leaf, ca2, ca })
    assert.equal(1, checks { authority.leaf("another", ca2), ca, ca2 })
    local ca3 = authority.ca("ca3", ca)
    assert.equal(2, checks { authority.leaf("x", ca3), ca, ca3 })
    local forged = authority.ca("ca2", ca, { flip = true })
    for _ = 1, 2 do refuses("bad_certificate_signature", trusted, { leaf, forged, ca }) end
    for i = 1, 200 do -- more than are remembered
      local many = authority.ca("many" .. i, root)
      assert.equal(2, checks { authority.leaf("leaf", many), many })
    end
    assert.equal(3, checks { leaf, ca2, ca })
    local _, checked = accepts({ root }, { leaf, ca2, ca })
    assert.equal(3, checked.signatures)
  end)

  it("takes a self-issued certificate between an old and a new key of a CA", function()
    local old = authority.root { name = "roll", key = "old key" }
    local new = authority.root { name = "roll", key = "new key" }
    local new_with_old = authority.ca("roll", old, { key = "new key" })
    local server = authority.leaf("server", new)
    is_path({ server, new_with_old, old }, accepts({ old }, { server, new_with_old }))
    is_path({ server, new }, accepts({ new }, { server, new_with_old }))
  end)

  it("compares names by RFC 5280 section 7.1", function()
    local upper = authority.ca("x", root, { subject = { { "2.5.4.10", der.printable "SOME  Name " } } })
    local lower = authority.leaf("leaf", upper, { issuer_name = der.name { { "2.5.4.10", der.utf8 "some name" } } })
    is_path({ lower, upper, root }, accepts({ root }, { lower, upper }))
    is_path({ lower, upper }, accepts({ upper }, { lower }))
    local other = authority.leaf("leaf", upper, { issuer_name = der.name { { "2.5.4.10", der.utf8 "somename" } } })
    refuses("unknown_issuer", { root }, { other, upper })
  end)

  it("says what is wrong with the path that got furthest", function()
    local no_ca = authority.ca("ca", root, { ca = false })
    local for_clients = authority.leaf("leaf", ca, { purposes = { "clientAuth" } })
    local elsewhere = authority.leaf("leaf", ca)
    local bound = authority.ca("ca", root, { permitted = { "DNS:org" } })
    for _, cas in ipairs { { no_ca, ca }, { ca, no_ca }, { no_ca, bound }, { bound, no_ca } } do
      refuses("extended_key_usage", { root }, { for_clients, cas[1], cas[2] })
      if cas[1] ~= ca and cas[2] ~= ca then refuses("name_constraint", { root }, { elsewhere, cas[1], cas[2] }) end
    end
    refuses("not_ca", { root }, { elsewhere, no_ca })
  end)

  it("says no name where a signature is wrong", function()
    local forged = authority.leaf("leaf", ca2, { flip = true })
    local err = refuses("bad_certificate_signature", { root }, { forged, ca2, ca })
    assert.truthy(err.cause:find("CN=leaf by CN=ca2", 1, true), err.cause)
    refuses("bad_certificate_signature", { root }, { leaf, authority.ca("ca2", ca, { flip = true }), ca })
    refuses("bad_certificate_signature", { root }, { leaf, ca2, authority.ca("ca", root, { signer = other_root }) })
  end)

  it("refuses each changed byte and each truncation of the leaf and of its CA", function()
    local trusted = trust { root }
    local request = { time = validation.now, purpose = "server" }
    local own = authority.leaf("leaf", ca)
    for place = 1, 2 do
      local whole = ({ own.der, ca.der })[place]
      for i = 1, #whole do
        for _, changed in ipairs { whole:sub(1, i - 1) .. string.char(whole:byte(i) ~ 1) .. whole:sub(i + 1),
          whole:sub(1, i - 1) } do
          local chain = { own.der, ca.der }
          chain[place] = changed
          assert.is_nil((verify_chain(trusted, chain, request)), i)
        end
      end
    end
  end)

  it("lists every path that was tried", function()
    local expired = authority.ca("ca2", ca, { to = "20240101000000Z" })
    local no_ca = authority.certificate("ca2", ca, { ca = false })
    local forged = authority.ca("ca2", ca, { flip = true })
    local lonely = authority.ca("ca2", other_root)
    local err = refuses("not_ca", { root }, { leaf, expired, no_ca, forged, lonely, ca })
    local seen = {}
    for _, tried in ipairs(err.paths) do
      assert.equal(leaf.der, tried.chain[1]:der())
      seen[tried.chain[2]:der()] = tried.error.code
    end
    assert.equal(4, #err.paths)
    assert.same({ [expired.der] = "expired", [no_ca.der] = "not_ca", [forged.der] = "bad_certificate_signature",
      [lonely.der] = "unknown_issuer" }, seen)
  end)

  it("reports the path that got furthest", function()
    local chain = { leaf, authority.ca("ca2", other_root), authority.ca("ca2", ca, { flip = true }), ca }
    refuses("bad_certificate_signature", { root }, chain)
    chain[5] = authority.ca("ca2", ca, { ca = false })
    local err = refuses("not_ca", { root }, chain)
    assert.truthy(err.message:find("CN=ca2", 1, true))
  end)
end)

describe("the limits of a search", function()
  local root = authority.root()

  local function line(n) -- the leaf, then n CAs, the last under the root
    local chain, issuer = {}, root
    for i = n, 1, -1 do
      issuer = authority.ca("ca" .. i, issuer)
      table.insert(chain, 1, issuer)
    end
    table.insert(chain, 1, authority.leaf("leaf", issuer))
    return chain
  end

  it("are ten certificates in a path, or as many as were asked for", function()
    assert.equal(10, #accepts({ root }, line(8)))
    local err = refuses("limit", { root }, line(9))
    assert.truthy(err.message:find("more than 10 certificates", 1, true))
    assert.equal(11, #accepts({ root }, line(9), { max_depth = 11 }))
    assert.equal(16, #accepts({ root }, line(14), { max_depth = 16 }))
    refuses("limit", { root }, line(15), { max_depth = 16 })
    assert.equal(2, #accepts({ root }, line(0), { max_depth = 2 }))
    refuses("limit", { root }, line(1), { max_depth = 2 })
  end)

  it("are 100 signature checks, or as many as were asked for", function()
    local chain = line(3)
    local _, checked = accepts({ root }, chain)
    assert.equal(4, checked.signatures)
    accepts({ root }, chain, { max_signatures = 4 })
    local err = refuses("limit", { root }, chain, { max_signatures = 3 })
    assert.truthy(err.message:find("more than 3 signature checks", 1, true))
  end)

  it("are 64 certificates that come with the leaf", function()
    local chain = line(1)
    for i = 3, 64 do chain[i] = authority.ca("stray" .. i, root) end
    accepts({ root }, chain)
    chain[65] = authority.ca("stray", root)
    refuses("limit", { root }, chain)
  end)

  -- Each of n CAs is certified by all the others: n! ways lead nowhere, or to the one that has an anchor.
  local function tangle(n, last)
    local cas, chain = {}, { false }
    for i = 1, n do cas[i] = authority.ca("tangle" .. i, root, { key = "tangle" .. i }) end
    for i = 1, n do
      for k = 1, n do
        if i ~= k and #chain < 63 then
          chain[#chain + 1] = authority.ca("tangle" .. i, cas[k], { key = "tangle" .. i })
        end
      end
    end
    chain[1] = authority.leaf("leaf", cas[1])
    if last then chain[#chain + 1] = cas[n] end
    return chain
  end

  it("hold in a tangle that leads nowhere", function()
    for n = 2, 8 do
      local _, err = verify({ authority.root { name = "other" } }, tangle(n))
      assert.truthy(err.code == "unknown_issuer" or err.code == "limit", tostring(err))
      assert.is_true(#err.paths <= 16)
    end
    local err = refuses("limit", { authority.root { name = "other" } }, tangle(8))
    assert.truthy(err.paths_more > 100)
  end)

  -- Three certificates for each of five CAs: 3^5 paths, all of them signed by the root, none with a policy.
  it("are 100 paths whose signatures are good", function()
    local chain, above = { false }, root
    for i = 1, 5 do
      for _ = 1, 3 do chain[#chain + 1] = authority.ca("many" .. i, above, { key = "many" .. i }) end
      above = chain[#chain]
    end
    chain[1] = authority.leaf("leaf", above)
    accepts({ root }, chain)
    local err = refuses("limit", { root }, chain, { require_explicit_policy = true })
    assert.truthy(err.message:find("more than 100 paths", 1, true), err.message)
    assert.equal(100, #err.paths + err.paths_more)
  end)

  it("are as many comparisons with name constraints as one path may have", function()
    local names, subtrees, chain, above = {}, {}, { false }, root
    for i = 1, 100 do names[i], subtrees[i] = "DNS:a" .. i .. ".example", "DNS:b" .. i .. ".example" end
    for i = 1, 3 do
      for _ = 1, 3 do
        chain[#chain + 1] = authority.ca("bound" .. i, above, { key = "bound" .. i, excluded = i == 1 and subtrees })
      end
      above = chain[#chain]
    end
    chain[1] = authority.leaf("leaf", above, { names = names })
    accepts({ root }, chain)
    local err = refuses("limit", { root }, chain, { require_explicit_policy = true }) -- 27 paths, some 10,000 for each
    assert.equal("nameConstraints", err.where)
  end)

  it("leave room for the way out of a tangle", function()
    for n = 2, 8 do accepts({ root }, tangle(n, true)) end
  end)

  it("hold where all share a name and no key is right", function()
    local stranger = authority.ca("stranger", root, { key = "not sent" })
    local chain = { authority.leaf("leaf", stranger, { akid = false }) }
    for i = 2, 64 do
      chain[i] = authority.ca("stranger", stranger, { key = "same name " .. i, akid = false, skid = false })
    end
    refuses("limit", { root }, chain)
    for i = 2, 64 do
      chain[i] = authority.ca("stranger", root, { key = "same name " .. i, akid = false, skid = false })
    end
    refuses("limit", { root }, chain) -- the links to the root hold, none to the leaf does: two checks for each
    for i = 51, 64 do chain[i] = nil end
    local err = refuses("bad_certificate_signature", { root }, chain)
    assert.equal(49, #err.paths + err.paths_more)
  end)
end)
