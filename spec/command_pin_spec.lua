-- bearssl pin as a command, and a rotation played through with a moved clock.
local bearssl = require "bearssl"
local command = require "spec.support.command"
local dkjson = require "dkjson"
local ends = require "spec.support.ends"
local mkcert = require "bearssl.mkcert"
local peer = require "spec.support.peer"
local pins = require "bearssl.pins"
local pki = require "spec.support.pki"

local DAY = 86400

local function run(line)
  local pipe = assert(io.popen(line .. " 2>&1 </dev/null"))
  return pipe:read "a", pipe:close()
end

local function in_days(n) return os.date("!%Y-%m-%d", os.time() + n * DAY) end

describe("bearssl pin", function()
  local dir, server, name

  setup(function()
    dir = run "mktemp -d":match "%C+"
    server = peer.openssl_server(pki.server.p256, "-rev")
    name = "localhost:" .. server.port
  end)
  teardown(function()
    server:stop()
    run("rm -r " .. dir)
  end)

  local function pin(...)
    local args = { "pin", ... }
    args.dir = dir
    return command(args)
  end

  local own = bearssl.x509.load(pki.server.p256.certificate)
  local other = assert(bearssl.key.load(pki.key "p256")).pin

  it("shows the pins of a verified path, and of a file, as a table that Lua reads", function()
    local status, out = pin("show", name, "--ca", pki.roots)
    assert.equal(0, status)
    for _, certificate in ipairs(own) do assert.truthy(out:find(certificate.pin, 1, true)) end
    local set = assert(load(out:match "\n(pins = {.-})" .. " return pins", "set", "t", {}))()
    assert.same({ own[1].pin, own[2].pin }, set)
    local told = dkjson.decode((select(2, pin("show", pki.server.p256.certificate, "--json"))))
    assert.same({ own[1].pin, "leaf" }, { told.certificates[1].pin, told.certificates[1].role })
  end)

  it("plans a rotation, and makes the next key where it is missing", function()
    local status, out = pin("plan", name, "--ca", pki.roots, "--backup", "next.key", "--change", in_days(100))
    assert.equal(0, status)
    local key = assert(bearssl.key.load(dir .. "/next.key"))
    assert.equal("600", run(("stat -c %%a %s/next.key"):format(dir)):match "%d+")
    for _, part in ipairs { in_days(40), in_days(100), in_days(160), key.pin, own[1].pin, "was made" } do
      assert.truthy(out:find(part, 1, true), part)
    end
    status, out = pin("plan", name, "--ca", pki.roots, "--backup", "next.key", "--change", in_days(100), "--json")
    assert.equal(0, status)
    local told = dkjson.decode(out)
    assert.same({ "before", { own[1].pin, key.pin }, 3 }, { told.phase, told.pins, #told.steps })
    assert.equal(key.pin, assert(bearssl.key.load(dir .. "/next.key")).pin)
  end)

  it("says that it is late", function()
    local status, out = pin("plan", name, "--ca", pki.roots, "--backup", "late.key", "--change", in_days(5))
    assert.equal(1, status)
    assert.matches("locked out at the change; the change is safe from " .. in_days(60):gsub("%-", "%%-"), out)
  end)

  it("checks a set, and says what breaks when", function()
    local status, out = pin("check", name, "--ca", pki.roots, "--pin", own[1].pin, "--pin", other)
    assert.equal(0, status)
    assert.matches("holds by the leaf, CN=localhost,O=Test PKI, until 2049%-12%-31; it breaks with the next key", out)
    status, out = pin("check", name, "--ca", pki.roots, "--pin", own[2].pin)
    assert.equal(1, status)
    assert.matches("by the intermediate.*no backup", out)
    status, out = pin("check", name, pki.server.p256.certificate, "--ca", pki.roots, "--pin", other)
    assert.equal(1, status)
    assert.equal(2, select(2, out:gsub("broken", "")))
    status = pin("check", "localhost:1", "--pin", other)
    assert.equal(3, status)
    local told = dkjson.decode((select(2, pin("check", name, "--ca", pki.roots, "--pin", other, "--json"))))
    assert.same({ false, 1 }, { told.results[1].holds, told.results[1].backups })
  end)

  it("names what is wrong", function()
    for _, case in ipairs {
      { 2, "2027%-02%-30", "plan", name, "--backup", "x", "--change", "2027-02-30" },
      { 2, "the key in use", "plan", pki.server.p256.leaf, "--backup", pki.server.p256.key, "--change", in_days(90) },
      { 2, "a pin is wanted", "check", name, "--pin", "sha256//short=" }, { 2, "rsa%-1", "plan", pki.server.p256.leaf,
        "--backup", "y", "--kind", "rsa-1", "--change", in_days(90) },
      { 6, "No such file", "show", "./none.pem" }, { 5, "unknown_issuer", "show", name },
    } do
      local status, _, err = pin(table.unpack(case, 3))
      assert.same({ case[1], true }, { status, err:find(case[2]) ~= nil }, err)
    end
  end)
end)

describe("a rotation of pins", function()
  local START = 1800000000
  local CHANGE, MAX_AGE = START + 40 * DAY, 10 * DAY

  -- From the plan to the old pin's end, day by day: clients that have a set of today, of some days ago, or the oldest
  -- that they may have, at the server of that day.
  it("refuses no connection from the plan to the old key's retirement", function()
    local root = assert(mkcert.authority { name = "Root", not_before = START - DAY, not_after = START + 400 * DAY })
    local function server_of(key)
      local issued = assert(root:issue { names = "localhost", key = key, not_before = START - DAY,
        not_after = START + 300 * DAY })
      return { certificate = issued.pem, key = key }
    end
    local old, new = assert(mkcert.key()), assert(mkcert.key())
    local before, after = server_of(old), server_of(new)
    local function plan_of(day)
      return pins.rotation { current = old.pin, next = new.pin, change = CHANGE, max_age = MAX_AGE, now = day,
        backup = { assert(bearssl.key.load(pki.key "p256")).pin } }
    end
    local connections, phases = 0, {}
    for day = START, START + 70 * DAY, DAY do
      for _, age in ipairs { 0, 4 * DAY, MAX_AGE } do
        local identity = day < CHANGE and before or after
        local config = assert(bearssl.client { trust = root.certificate:pem(), pins = plan_of(day - age).pins,
          time = day })
        local client = config:connection { name = "localhost" }
        local server = assert(bearssl.server { certificate = identity.certificate, key = identity.key, time = day })
          :connection()
        ends.join(client, server)
        assert.equal("connected", client:state(), os.date("!%F", day))
        connections = connections + 1
      end
      phases[plan_of(day).phase] = true
    end
    assert.equal(71 * 3, connections)
    assert.same({ before = true, prepare = true, overlap = true, done = true }, phases)
  end)

  it("would refuse those with too old a set, had nobody planned", function()
    local old, new = assert(mkcert.key()).pin, assert(mkcert.key())
    local root = assert(mkcert.authority { name = "Root" })
    local issued = assert(root:issue { names = "localhost", key = new })
    local ok, err = pins.check({ old, backup = false }, issued.chain)
    assert.is_nil(ok)
    assert.equal("pin_mismatch", err.code)
  end)
end)
