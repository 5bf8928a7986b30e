-- Pinned keys: of curl's form, in store:verify, in a config, and the rotation of keys.
local bearssl = require "bearssl"
local pins = require "bearssl.pins"
local store = require "bearssl.store"
local x509 = require "bearssl.x509"
local pair = require "spec.support.pair"
local pki = require "spec.support.pki"

local path = assert(x509.load(pki.server.p256.certificate))
path[3] = assert(x509.load(pki.root.p256))[1]
local backup = "sha256//" .. ("B"):rep(42) .. "A="
local other = "sha256//" .. ("C"):rep(42) .. "A="

local function openssl_pin(certificate)
  local pipe = assert(io.popen(("openssl x509 -in %s -noout -pubkey | openssl pkey -pubin -outform DER "
    .. "| openssl dgst -sha256 -binary | base64"):format(certificate)))
  return "sha256//" .. pipe:read "l"
end

describe("a pin", function()
  it("is what openssl makes of the key", function()
    for _, kind in ipairs(pki.kinds) do
      local leaf = assert(x509.load(pki.server[kind].leaf))[1]
      assert.equal(openssl_pin(pki.server[kind].leaf), pins.of(leaf))
    end
  end)

  for _, wrong in ipairs { "", "sha256//", "sha1//" .. ("A"):rep(43) .. "=", "sha256//" .. ("A"):rep(44),
    "sha256//" .. ("A"):rep(42) .. "B=", "sha256//" .. ("A"):rep(42) .. "==", "sha256//" .. ("-"):rep(43) .. "=",
    "sha256//" .. ("A"):rep(42) .. "\0=", "sha256//" .. ("A"):rep(43) .. "= ", ("A"):rep(43) .. "=" } do
    it(("is not %q"):format(wrong), function()
      local ok, err = pcall(pins.check, { wrong, backup }, path)
      assert.is_false(ok)
      assert.truthy(err:find("sha256//", 1, true))
    end)
  end
end)

describe("a set of pins", function()
  it("has a key of the path, whichever, and one that is not", function()
    for i = 1, 3 do assert.is_true(pins.check({ pins.of(path[i]), backup }, path)) end
  end)

  it("that has none of them fails, and the pins seen are told", function()
    local ok, err = pins.check({ backup, other }, path)
    assert.is_nil(ok)
    assert.equal("pin_mismatch", err.code)
    for i = 1, 3 do assert.truthy(err.message:find(pins.of(path[i]), 1, true)) end
  end)

  it("without a backup fails, unless that is said aloud", function()
    local ok, err = pins.check({ pins.of(path[1]), pins.of(path[2]) }, path)
    assert.is_nil(ok)
    assert.equal("pin_mismatch", err.code)
    assert.truthy(err.message:find("backup", 1, true))
    assert.is_true(pins.check({ pins.of(path[1]), pins.of(path[2]), backup = false }, path))
    assert.is_true(pins.check({ pins.of(path[1]), backup = false }, path))
  end)

  it("binds until it expires", function()
    assert.is_nil((pins.check({ backup, other, expires = 1000 }, path, 1000)))
    assert.is_true(pins.check({ backup, other, expires = 1000 }, path, 1001))
  end)

  for what, set in pairs {
    ["a list of pins is wanted"] = 1, ["the list is empty"] = {}, ["backup pin is missing"] = { backup },
    ["did you mean 'backup'"] = { backup, other, bakup = false }, ["there twice"] = { backup, backup },
    ["without report_only"] = { backup, other, on_mismatch = print },
    ["'expires'"] = { backup, other, expires = "tomorrow" },
  } do
    it("is refused where it is wrong: " .. what, function()
      local ok, err = pcall(bearssl.client, { trust = pki.roots, pins = set })
      assert.is_false(ok)
      assert.truthy(err:find(what, 1, true), err)
      assert.truthy(err:find("option 'pins'", 1, true), err)
    end)
  end

  it("has at most 64", function()
    local set = { backup = false }
    for i = 1, 65 do set[i] = ("sha256//A%02d%sA="):format(i, ("D"):rep(39)) end
    local ok, err = pcall(pins.check, set, path)
    assert.is_false(ok)
    assert.truthy(err:find("more than 64", 1, true))
  end)

  it("is asked by store:verify", function()
    local roots = assert(store(pki.root.p256))
    local function verify(set)
      return roots:verify(path, { name = "localhost", pins = set })
    end
    local _, checked = assert(verify { pins.of(path[3]), backup })
    assert.is_false(checked.pins_differ)
    local chain, err = verify { other, backup }
    assert.same({ nil, "pin_mismatch" }, { chain, err.code })
    _, checked = assert(verify { other, backup, report_only = true })
    assert.is_true(checked.pins_differ)
  end)
end)

describe("a config with pins", function()
  local server = assert(bearssl.server { certificate = pki.server.p256.certificate, key = pki.server.p256.key })

  local function connect(set)
    local client = assert(bearssl.client { trust = pki.roots, pins = set })
    return pair.new(client, server):run()
  end

  it("connects where they fit", function()
    assert.equal("connected", connect({ pins.of(path[2]), backup }).client:state())
  end)

  it("fails the handshake where they do not", function()
    local joined = connect { other, backup }
    assert.equal("failed", joined.client:state())
    assert.equal("pin_mismatch", joined.client_err.code)
    assert.equal("certificate_unknown", joined.client_err.alert)
    assert.equal("failed", joined.server:state())
    assert.equal("peer_alert", joined.server_err.code)
  end)

  it("rehearses with report_only", function()
    local told = {}
    local joined = connect { other, backup, report_only = true, on_mismatch = function(err) told[#told + 1] = err end }
    assert.equal("connected", joined.client:state())
    assert.equal(1, #told)
    assert.equal("pin_mismatch", told[1].code)
    local _, checked = joined.client:verified_chain()
    assert.is_true(checked.pins_differ)
    joined = connect { other, backup, report_only = true }
    assert.equal("connected", joined.client:state())
  end)
end)

describe("the rotation of a key", function()
  local day <const> = 86400
  local change <const> = 1800000000
  local plan = { current = backup, next = other, change = change, max_age = 30 * day }

  local function at(now, more)
    local asked = { now = now }
    for name, value in pairs(plan) do asked[name] = value end
    for name, value in pairs(more or {}) do asked[name] = value end
    return pins.rotation(asked)
  end

  it("says when the next pin is added and the current one goes", function()
    local said = at(change - 100 * day)
    assert.equal("before", said.phase)
    assert.same({ backup, other }, said.pins)
    assert.same({ { other }, change - 30 * day }, { said.add, said.add_by })
    assert.same({ { backup }, change + 30 * day }, { said.remove, said.remove_after })
    assert.is_false(said.late)
  end)

  it("goes through its phases", function()
    assert.same({ "prepare", true, change - 10 * day + 30 * day },
      { at(change - 10 * day).phase, at(change - 10 * day).late, at(change - 10 * day).safe_change })
    assert.equal("prepare", at(change - 30 * day).phase)
    assert.is_false(at(change - 30 * day).late)
    assert.equal("overlap", at(change).phase)
    assert.equal("overlap", at(change + 30 * day).phase)
    assert.same({ "done", { other } }, { at(change + 30 * day + 1).phase, at(change + 30 * day + 1).pins })
  end)

  it("keeps what lies aside", function()
    local spare = "sha256//" .. ("E"):rep(42) .. "A="
    assert.same({ other, spare }, at(change + 31 * day, { backup = spare }).pins)
    assert.same({ backup, other, spare }, at(change, { backup = { spare } }).pins)
  end)

  it("is not late where the next pin was added in time, and has no pin twice", function()
    local added = at(change - 10 * day, { added = change - 30 * day })
    assert.same({ false, change }, { added.late, added.safe_change })
    assert.is_true(at(change - 10 * day, { added = change - 30 * day + 1 }).late)
    assert.same({ backup, other }, at(change, { backup = { other, backup } }).pins)
  end)

  it("wants its fields", function()
    for _, wrong in ipairs { { current = 1 }, { change = "soon" }, { max_age = 1.5 }, { maxage = 1 }, { max_age = -1 },
      { current = "sha256//short" }, { next = backup }, { backup = 5 }, { backup = { "x" } }, { added = "then" },
      { now = 1.5 } } do
      assert.has_error(function() at(change, wrong) end)
    end
    assert.has_error(function() pins.rotation() end)
  end)
end)
