-- Each allocation failing in turn while stores are made, added to, read again and asked: a clear error, nothing leaked,
-- and a store that works as before.
local authority = require "spec.support.authority"
local fault = require "spec.support.fault"
local store = require "bearssl.store"
local validation = require "spec.support.validation"

local root, other = authority.root(), authority.root { name = "other" }
local ca = authority.ca("ca", root, { permitted = { "DNS:example" }, policies = { "1.2.3" },
  mappings = { { "1.2.3", "1.2.4" } } })
local cross = authority.ca("ca", other)
local leaf = authority.leaf("leaf", ca, { policies = { "1.2.4" } })
local chain = { leaf.der, cross.der, ca.der }

local function some(act)
  assert.truthy(fault.each(act) > 0, "it allocates nothing")
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

describe("without memory", function()
  local folder

  lazy_setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    write(folder .. "/a.pem", root.pem)
    write(folder .. "/b.pem", other.der)
    write(folder .. "/README", "nothing")
  end)
  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  it("no store is made of a folder, a file, a text, the system's bundle", function()
    some(function() return store(folder) end)
    some(function() return store(folder .. "/a.pem") end)
    some(function() return store { root.pem, other.der, distrusted = { ("0"):rep(64) } } end)
    some(function() return store "system" end)
  end)

  it("nothing is added, and what was there stays", function()
    local made = assert(store(other.pem))
    for n = 1, 100 do
      local reached, _, count, err = fault.at(n, function() return made:add(root.pem) end)
      if count then break end
      assert.is_true(reached)
      assert.equal("memory", err.code)
      assert.equal(1, #made)
    end
    assert.equal(2, #made)
    validation.accepts(made, { leaf, ca }, { purpose = "any" })
  end)

  it("nothing is read again, and what was there stays", function()
    local made = assert(store { folder, leaf.pem })
    made:subjects()
    some(function() return made:reload() end)
    for n = 1, 40 do
      fault.at(n, function() return made:reload() end)
      assert.equal(3, #made)
      validation.accepts(made, { leaf, ca }, { purpose = "any" })
    end
  end)

  it("no chain is verified", function()
    local made = assert(store { root.pem, partial_chain = true })
    local options = { time = validation.now, name = "leaf.example", policies = { "1.2.3" } }
    options.require_explicit_policy = true
    some(function() return made:verify(chain, options) end)
    local own = assert(store { leaf.pem, partial_chain = true })
    some(function() return own:verify(leaf.der, { time = validation.now }) end)
  end)

  it("no chain is refused for another reason than that", function()
    local made = assert(store(authority.root { name = "third" }.pem))
    for n = 1, 100 do
      local reached, ok, path, err = fault.at(n, function() return made:verify(chain, { time = validation.now }) end)
      assert.is_true(ok)
      assert.is_nil(path)
      if not reached then
        assert.equal("unknown_issuer", err.code)
        return
      end
      assert.equal("memory", err.code)
    end
    error "allocations without end"
  end)

  it("is not what a store needs more of, however often it is read again and asked for its subjects", function()
    local made = assert(store(folder))
    local function turn()
      assert.equal(2, #made:subjects())
      assert(require "bearssl".server { certificate = require "spec.support.pki".server.p256.certificate,
        key = require "spec.support.pki".server.p256.key, client_auth = "require", client_trust = made })
      assert(made:reload())
      collectgarbage()
      collectgarbage()
    end
    turn()
    local before = fault.bytes()
    for _ = 1, 20 do turn() end
    assert.equal(before, (fault.bytes()))
  end)
end)
