-- bearssl pin as a command, and a rotation played through with a moved clock.
local bearssl = require "bearssl"
local command = require "spec.support.command"
local core = require "bearssl.core"
local dkjson = require "dkjson"
local ends = require "spec.support.ends"
local main = require "bearssl.command".main
local mkcert = require "bearssl.mkcert"
local output = require "bearssl.command.output"
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
    for _, part in ipairs { in_days(40), in_days(100), in_days(161), key.pin, own[1].pin, "was made" } do
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
    assert.matches("locked out at the change; the change is safe from " .. in_days(61):gsub("%-", "%%-"), out)
  end)

  it("is not late where the set has had the pin for long enough", function()
    local args = { "plan", name, "--ca", pki.roots, "--backup", other, "--change", in_days(5), "--added" }
    assert.equal(1, (pin(table.unpack(args, 1, #args - 1))))
    args[#args + 1] = in_days(-56)
    local status, out = pin(table.unpack(args))
    assert.equal(0, status, out)
    assert.is_nil(out:find "must have")
    args[#args] = in_days(-55)
    status, out = pin(table.unpack(args))
    assert.equal(1, status)
    assert.matches("safe from " .. in_days(6):gsub("%-", "%%-"), out)
    args[#args] = in_days(1)
    assert.equal(2, (pin(table.unpack(args))))
  end)

  it("does not take the pin of the key in use out of the set, whatever the day", function()
    local args = { "plan", name, "--ca", pki.roots, "--backup", "next.key", "--change", in_days(-400) }
    local status, out = pin(table.unpack(args))
    assert.equal(1, status)
    assert.matches("was to change on .* and has not", out)
    assert.truthy(out:find(own[1].pin .. '", -- the key in use', 1, true))
    args[#args + 1] = "--json"
    local told = dkjson.decode((select(2, pin(table.unpack(args)))))
    assert.equal(own[1].pin, told.pins[1])
    assert.equal(2, #told.pins)
  end)

  it("says what is left to do when the key has changed", function()
    local args = { "plan", pki.server.p256.leaf, "--backup", pki.server.p256.key, "--change", in_days(-10) }
    local status, out = pin(table.unpack(args))
    assert.equal(0, status, out)
    assert.truthy(out:find(in_days(51) .. "  the old key's pin may go", 1, true), out)
    assert.matches("the old key's pin, and a new backup\n}", out)
    args[#args] = in_days(-70)
    status, out = pin(table.unpack(args))
    assert.equal(1, status)
    assert.matches("now +the old key's pin may go.*plan the next rotation", out)
  end)

  it("keeps a backup that is there as it is, also one it cannot read, and tells whom it is open to", function()
    local function plan(path, ...)
      return pin("plan", pki.server.p256.leaf, "--backup", path, "--change", in_days(100), ...)
    end
    for text, expected in pairs { ["garbled"] = 6, [""] = 6, ["-----BEGIN PRIVATE KEY-----\nAAAA\n"] = 6 } do
      local file <close> = assert(io.open(dir .. "/there.key", "wb"))
      file:write(text)
      file:close()
      assert.equal(expected, (plan "there.key"))
      assert.equal(text, pki.read(dir .. "/there.key"))
    end
    assert.equal(0, (plan "open.key"))
    run(("chmod 644 %s/open.key"):format(dir))
    local status, out = plan "open.key"
    assert.equal(1, status)
    assert.matches("open.key can be read by others", out)
    run(("ln -s nowhere %s/dangling; mkdir %s/folder"):format(dir, dir))
    for _, path in ipairs { "dangling", "folder", "none/at/all" } do assert.equal(6, (plan(path))) end
    for _, kind in ipairs { "ed25519", "rsa-2048", "P-384" } do
      status = plan(kind .. ".key", "--kind", kind)
      assert.equal(0, status)
      assert.truthy(bearssl.key.load(("%s/%s.key"):format(dir, kind)))
      assert.equal("600", run(("stat -c %%a %s/%s.key"):format(dir, kind)):match "%d+")
    end
  end)

  it("shows a target without the word, and a host of any name with it", function()
    local status, out = pin(name, "--ca", pki.roots)
    assert.equal(0, status)
    assert.truthy(out:find(own[1].pin, 1, true))
    status, out = pin("--json", pki.server.p256.leaf)
    assert.equal(0, status)
    assert.equal(own[1].pin, dkjson.decode(out).certificates[1].pin)
    local _, _, err = pin("show", "plan", "--connect", "localhost:1")
    assert.matches("plan: refused", err)
    assert.equal(2, (pin()))
    assert.matches("plan", (select(2, pin "--help")))
  end)

  it("checks a set, and says what breaks when", function()
    local status, out = pin("check", name, "--ca", pki.roots, "--pin", own[1].pin, "--pin", other)
    assert.equal(0, status)
    assert.matches("holds by the leaf, CN=localhost,O=Test PKI, until 2049%-12%-31; it breaks with the next key", out)
    status, out = pin("check", name, "--ca", pki.roots, "--pin", own[2].pin)
    assert.equal(1, status)
    assert.matches("by the intermediate.*another intermediate.*no backup", out)
    status, out = pin("check", name, "--ca", pki.roots, "--pin", own[2].pin, "--pin", own[1].pin, "--pin", other)
    assert.equal(0, status)
    assert.matches("by the leaf.*, and by the intermediate.*; it breaks when the CA goes on", out)
    status, out = pin("check", pki.bad.expired.leaf, "--pin", other, "--pin",
      bearssl.x509.load(pki.bad.expired.leaf)[1].pin)
    assert.equal(1, status)
    assert.matches("has expired", out)
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
      { 2, "a pin is wanted", "check", name, "--pin", "sha256//short=" },
      { 2, "twice", "check", name, "--pin", other, "--pin", other }, { 2, "rsa%-1", "plan", pki.server.p256.leaf,
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

  -- Who has published which set since when: { time, set }, the oldest first. A client that fetched it then.
  local function published(sets, when)
    local found
    for _, each in ipairs(sets) do
      if each[1] <= when then found = each[2] end
    end
    return found
  end

  local old, new, spare = assert(mkcert.key()), assert(mkcert.key()), assert(bearssl.key.load(pki.key "p256")).pin
  local root = assert(mkcert.authority { name = "Root", not_before = START - DAY, not_after = START + 400 * DAY })
  local function issued_for(key)
    return assert(root:issue { names = "localhost", key = key, not_before = START - DAY,
      not_after = START + 300 * DAY })
  end
  local before, after = issued_for(old), issued_for(new)

  -- Day by day from the plan to well after the retirement: clients with a set of today, of some days ago, or the oldest
  -- that they may have; at the server of that day, and, up to the retirement, at one that went back to the old key.
  local function play(sets, remove_after, connect)
    local refused, count = 0, 0
    for day = START, START + 70 * DAY, DAY do
      for _, age in ipairs { 0, 4 * DAY, MAX_AGE } do
        local servers = { day < CHANGE and before or after }
        if day >= CHANGE and day <= remove_after then servers[2] = before end
        for _, server in ipairs(servers) do
          count = count + 1
          if not connect(server, published(sets, day - age), day) then refused = refused + 1 end
        end
      end
    end
    return refused, count
  end

  local function by_check(server, set, day)
    return (pins.check(set, { server.certificate, root.certificate }, day))
  end

  local function by_handshake(server, set, day)
    local config = assert(bearssl.client { trust = root.certificate:pem(), pins = set, time = day })
    local client = config:connection { name = "localhost" }
    local identity = assert(bearssl.server { certificate = server.pem, key = server.key, time = day }):connection()
    ends.join(client, identity)
    return client:state() == "connected"
  end

  local function sets_by(add_by, remove_after)
    return { { 0, { old.pin, spare } }, { add_by, { old.pin, new.pin, spare } },
      { remove_after + 1, { new.pin, spare } } }
  end
  local plan = pins.rotation { current = old.pin, next = new.pin, change = CHANGE, max_age = MAX_AGE, now = START }

  it("refuses no connection from the plan to the old key's retirement", function()
    local refused, count = play(sets_by(plan.add_by, plan.remove_after), plan.remove_after, by_handshake)
    assert.same({ 0, 71 * 3 + 11 * 3 }, { refused, count })
  end)

  it("would refuse some, were the next pin added a day later, or the old one taken out a day sooner", function()
    assert.equal(0, (play(sets_by(plan.add_by, plan.remove_after), plan.remove_after, by_check)))
    assert.equal(1, (play(sets_by(plan.add_by + DAY, plan.remove_after), plan.remove_after, by_check)))
    assert.equal(1, (play(sets_by(plan.add_by, plan.remove_after - 1), plan.remove_after, by_check)))
  end)

  -- The command on each day, by a clock of ours; its owner does what it says and publishes the set that it prints.
  it("goes well for who follows the command day by day", function()
    local dir = run "mktemp -d":match "%C+"
    local time, now = os.time, nil
    local function asked(...)
      local lines = assert(io.tmpfile())
      os.time = function(t) return t and time(t) or now end -- luacheck: ignore
      local code = main({ "pin", "plan", dir .. "/live.pem", "--backup", dir .. "/next.key", "--max-age", "10",
        "--change", os.date("!%Y-%m-%d", CHANGE), "--json", ... }, output.new { stdout = lines, stderr = lines })
      os.time = time -- luacheck: ignore
      lines:seek "set"
      local told = dkjson.decode(lines:read "a")
      return code, told
    end
    assert(new:save(dir .. "/next.key"))
    local sets, phases, gone = { { 0, { old.pin, spare } } }, {}, nil
    local noon = DAY // 2 -- what the owner does is done in the middle of the day
    for day = START // DAY * DAY, START + 70 * DAY, DAY do
      now = day + noon
      local identity = now < CHANGE + noon and before or after
      assert(core.write_file(dir .. "/live.pem", identity.pem, 384, true))
      local code, told = asked()
      phases[told.phase] = true
      for _, step in ipairs(told.steps) do gone = step.text:find "^the old key's pin may go" and step.date or gone end
      local set = told.pins
      if day >= CHANGE and os.date("!%Y-%m-%d", day) < gone then set[#set + 1] = old.pin end
      set[#set + 1] = spare
      sets[#sets + 1] = { now, set }
      assert.truthy(code == 0 or told.phase == "done" or told.late, day)
    end
    run("rm -r " .. dir)
    local refused = play(sets, CHANGE + MAX_AGE, by_check)
    assert.same({ 0, { before = true, prepare = true, overlap = true, done = true } }, { refused, phases })
  end)

  it("would refuse those with too old a set, had nobody planned", function()
    local ok, err = pins.check({ old.pin, backup = false }, after.chain)
    assert.is_nil(ok)
    assert.equal("pin_mismatch", err.code)
  end)
end)
