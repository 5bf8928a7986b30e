-- bearssl.watch on many servers, on files, and over changes.
local bearssl = require "bearssl"
local child = require "spec.support.child"
local command = require "spec.support.command"
local core = require "bearssl.core"
local dkjson = require "dkjson"
local mkcert = require "bearssl.mkcert"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local schedulers = require "spec.support.schedulers"
local watch = require "bearssl.watch"

local COUNT = 200
local NOW, DAY = os.time(), 86400

local function run(line)
  local pipe = assert(io.popen(line .. " 2>&1 </dev/null"))
  return pipe:read "a", pipe:close()
end

describe("bearssl.watch", function()
  local dir, root, server, port

  -- Chain and key in one file, as acme.renew writes it.
  local function issue(i, options)
    options = options or {}
    local key = assert(mkcert.key())
    local issued = assert((options.by or root):issue { names = { ("h%d.example"):format(i), "localhost" }, key = key,
      not_before = NOW - DAY, not_after = NOW + (options.days or i) * DAY + 3600 })
    local path = ("%s/h%d.pem"):format(dir, i)
    os.remove(path .. ".key")
    assert(key:save(path .. ".key"))
    assert(core.write_file(path, issued.pem, 384, true, path .. ".key"))
    return issued
  end

  setup(function()
    dir = run "mktemp -d":match "%C+"
    root = assert(mkcert.authority { name = "Root", not_before = NOW - 10 * DAY })
    for i = 1, COUNT do issue(i) end
    server = peer.start(("env PATH='%s' %s lua5.4 %s/spec/support/many_hosts.lua %s %d"):format(os.getenv "PATH", child,
      require "lfs".currentdir(), dir, COUNT), nil, nil, 600)
    port = tonumber(server:wait_for "port (%d+)")
  end)
  teardown(function()
    server:stop()
    run("rm -r " .. dir)
  end)

  local function hosts(first, last)
    local list = {}
    for i = first, last do
      local name = ("h%d.example"):format(i)
      list[#list + 1] = { text = name, host = "127.0.0.1", port = port, name = name }
    end
    return list
  end

  local function look(targets, options)
    options = options or {}
    options.trust = options.trust or root.certificate:pem()
    options.time = options.time or NOW
    return assert(watch.look(targets, options))
  end

  it("looks at two hundred servers, some at a time, and puts the most urgent first", function()
    local seen = 0
    local results = look(hosts(1, COUNT), { on_result = function() seen = seen + 1 end, concurrency = 20 })
    assert.same({ COUNT, COUNT }, { #results, seen })
    for i, result in ipairs(results) do
      assert.equal(("h%d.example"):format(i), result.target)
      assert.equal(i, result.days_left)
      assert.equal(i <= 7 and "critical" or i <= 30 and "warning" or "ok", result.status)
      assert.same({}, result.changes)
    end
  end)

  it("is a command for two hundred servers, each on a port of its own", function()
    local many <close> = peer.start(("env PATH='%s' %s lua5.4 %s/spec/support/many_hosts.lua %s %d ports"):format(
      os.getenv "PATH", child, require "lfs".currentdir(), dir, COUNT), nil, nil, 600)
    many:wait_for "ready"
    local list, lines = dir .. "/list", {}
    for one in many:output():gmatch "port (%d+)" do lines[#lines + 1] = ("localhost:%s\n"):format(one) end
    assert(core.write_file(list, table.concat(lines), 384, true))
    assert(core.write_file(dir .. "/root.pem", root.certificate:pem(), 384, true))
    local function ask(...) return command { "watch", list, "--ca", dir .. "/root.pem", ... } end
    local status, out = ask "--json"
    local told = dkjson.decode(out)
    assert.same({ 1, COUNT, { ok = COUNT - 30, warning = 23, critical = 7, error = 0 } },
      { status, #told.results, told.summary })
    status, out = ask("--prometheus", "--fail-on", "error")
    assert.same({ 0, 3 * COUNT + 6 }, { status, select(2, out:gsub("\n", "")) })
    assert.equal(COUNT, select(2, out:gsub("bearssl_certificate_valid{[^}]*} 1\n", "")))
    assert.equal(0, (ask("--warn", "0")))
  end)

  it("tells who fails, and why, before all others", function()
    local refused = peer.free_port()
    local plain <close> = peer.start "openssl s_server -accept 127.0.0.1:0 -nocert -psk 00 -tls1_2"
    plain.port = plain:wait_for "ACCEPT 127%.0%.0%.1:(%d+)"
    local targets = hosts(100, 101)
    for text, each in pairs {
      refused = { port = refused }, unresolved = { host = "none.invalid", port = port },
      other_name = { port = port, name = "h1.example.org" }, no_certificate = { port = tonumber(plain.port) },
    } do
      each.text, each.host = text, each.host or "127.0.0.1"
      targets[#targets + 1] = each
    end
    local codes = {}
    for i, result in ipairs(look(targets)) do
      assert.equal(i <= 4 and "error" or "ok", result.status)
      codes[result.target] = result.error and result.error.code or "none"
    end
    assert.same({ refused = "refused", unresolved = "dns" }, { refused = codes.refused, unresolved = codes.unresolved })
    assert.truthy(codes.other_name ~= "none" and codes.no_certificate ~= "none")
  end)

  it("shows what does not verify, with its dates", function()
    local results = look(hosts(50, 50), { trust = pki.roots })
    assert.same({ "error", "unknown_issuer", 50 }, { results[1].status, results[1].error.code, results[1].days_left })
  end)

  it("looks at files, and at what they are not", function()
    local results = look { { text = "leaf", file = dir .. "/h9.pem" }, { text = "none", file = dir .. "/none" },
      { text = "ours", file = "README.md" } }
    local codes = {}
    for _, result in ipairs(results) do codes[result.target] = result.error and result.error.code or result.status end
    assert.same({ leaf = "warning", none = "file", ours = "no_certificates" }, codes)
    local expired = look({ { text = "leaf", file = dir .. "/h9.pem" } }, { time = NOW + 10 * DAY })
    assert.equal("expired", expired[1].error.code)
  end)

  it("tells what has changed since the last look, and forgets nobody who was not asked", function()
    local state = dir .. "/state"
    local function changes(targets, options)
      options = options or {}
      options.state = state
      local all = {}
      for _, result in ipairs(look(targets, options)) do all[result.target] = table.concat(result.changes, " ") end
      return all
    end
    local one = { { text = "a", file = dir .. "/h150.pem" } }
    local both = { one[1], { text = "b", file = dir .. "/h151.pem" } }
    assert.same({ a = "first_seen", b = "first_seen" }, changes(both))
    assert.same({ a = "", b = "" }, changes(both))
    assert.equal("600", run("stat -c %a " .. state):match "%d+")
    issue(150)
    assert.same({ a = "new_key renewed" }, changes(one))
    local other = assert(mkcert.authority { name = "Another", not_before = NOW - 10 * DAY })
    issue(150, { by = other })
    assert.same({ a = "new_key new_issuer renewed", b = "" }, changes(both))
    os.rename(dir .. "/h150.pem", dir .. "/away")
    assert.same({ a = "failed" }, changes(one))
    assert.same({ a = "" }, changes(one))
    os.rename(dir .. "/away", dir .. "/h150.pem")
    assert.same({ a = "recovered", b = "" }, changes(both))
  end)

  it("tells that what stands behind the leaf has other keys, or is gone", function()
    local key = assert(mkcert.key())
    local function between(own)
      return assert(mkcert.authority { name = "Between", issuer = root, key = own, not_before = NOW - 2 * DAY })
    end
    local first, second = between(key), between()
    local leaf = assert(first:issue { names = "chain.example", not_before = NOW - DAY }).certificate:pem()
    local state = dir .. "/chains"
    local function changes(text)
      return table.concat(look({ { text = "c", content = text } }, { state = state })[1].changes, " ")
    end
    assert.equal("first_seen", changes(leaf .. first.certificate:pem()))
    assert.equal("", changes(leaf .. between(key).certificate:pem())) -- the same key, anew
    assert.equal("new_chain", changes(leaf .. second.certificate:pem()))
    assert.equal("new_chain", changes(leaf))
    assert.equal("", changes(leaf))
  end)

  it("tells a pin that breaks, by the verified path and not by what is sent beside it", function()
    local state = dir .. "/pinned"
    local strange = assert(mkcert.authority { name = "Strange" })
    local own = bearssl.x509.load(dir .. "/h30.pem")[1]
    assert(core.write_file(dir .. "/mixed.pem", own:pem() .. strange.certificate:pem(), 384, true))
    local line = "openssl s_server -accept 127.0.0.1:0 -cert @h30.pem -cert_chain @mixed.pem -key @h30.pem.key -rev"
    local server_of_both <close> = peer.start((line:gsub("@", dir .. "/")))
    local both = tonumber(server_of_both:wait_for "ACCEPT 127%.0%.0%.1:(%d+)")
    local function seen(set)
      local result = look({ { text = "p", host = "127.0.0.1", port = both, name = "h30.example", pins = set } },
        { state = state })[1]
      return { result.error and result.error.code or result.status, table.concat(result.changes, " ") }
    end
    assert.same({ "warning", "first_seen" }, seen { own.pin, backup = false })
    assert.same({ "warning", "" }, seen { root.certificate.pin, strange.certificate.pin })
    assert.same({ "pin_mismatch", "pin_broken failed" }, seen { strange.certificate.pin, backup = false })
    assert.same({ "pin_mismatch", "" }, seen { strange.certificate.pin, backup = false })
    assert.same({ "pin_mismatch", "" }, seen { own.pin, root.certificate.pin }) -- no backup, as a client has it
    assert.same({ "warning", "recovered" }, seen { own.pin, strange.certificate.pin })
  end)

  it("keeps what its listener would not have, for the next time", function()
    local state = dir .. "/kept"
    local targets = { { text = "a", file = dir .. "/h40.pem" }, { text = "b", file = dir .. "/h41.pem" } }
    local told = {}
    local function listen(answer)
      told = {}
      return look(targets, { state = state, on_change = function(result)
        told[#told + 1] = result.target
        return answer ~= result.target
      end })
    end
    listen "a"
    assert.same({ "a", "b" }, told)
    listen()
    assert.same({ "a" }, told)
    listen()
    assert.same({}, told)
    assert.error_matches(function() watch.look(targets, { on_change = print }) end, "without 'state'")
  end)

  it("says that the clock went back, and goes on", function()
    local state, targets = dir .. "/clock", { { text = "a", file = dir .. "/h42.pem" } }
    assert.is_nil(look(targets, { state = state }).behind)
    local results = look(targets, { state = state, time = NOW - 100 })
    assert.equal(100, results.behind)
    assert.same({}, results[1].changes)
    results = look(targets, { state = state, time = NOW - 100 })
    assert.is_nil(results.behind) -- that is the last look now
  end)

  it("forgets who is asked no more, after more than a year", function()
    local state = dir .. "/old"
    look({ { text = "a", file = dir .. "/h42.pem" } }, { state = state })
    look({ { text = "b", file = dir .. "/h43.pem" } }, { state = state, time = NOW + 399 * DAY })
    assert.truthy(pki.read(state):find('"a"', 1, true))
    look({ { text = "b", file = dir .. "/h43.pem" } }, { state = state, time = NOW + 401 * DAY })
    assert.is_nil(pki.read(state):find('"a"', 1, true))
  end)

  it("gives what it has seen also where the state cannot be written", function()
    local state = dir .. "/full"
    local targets = { { text = "a", file = dir .. "/h43.pem" } }
    local results, err = watch.look(targets, { state = state, on_result = function()
      run(("mkdir %s %s/x"):format(state, state)) -- nobody renames a file onto that
    end })
    assert.same({ 1, "file_write" }, { #results, err.code })
    run("rm -r " .. state)
    assert.equal("", run(("find %s -name 'full.??????'"):format(dir)))
    results, err = watch.look(targets, { state = state })
    assert.same({ { "first_seen" } }, { results[1].changes, err })
  end)

  it("tells of a pin that holds no longer", function()
    local leaf = bearssl.x509.load(dir .. "/h160.pem")[1]
    local targets = { { text = "p", file = dir .. "/h160.pem" } }
    local good = { leaf.pin, backup = false }
    assert.equal("ok", look(targets, { pins = { p = good } })[1].status)
    issue(160)
    local broken = look(targets, { pins = { p = good } })[1]
    assert.same({ "error", "pin_mismatch" }, { broken.status, broken.error.code })
  end)

  it("does not take a state that is cut, of another version, or held by another run, for none", function()
    local state = dir .. "/broken"
    local targets = { { text = "leaf", file = dir .. "/h9.pem" } }
    local function refused(text, words)
      local file <close> = assert(io.open(state, "wb"))
      file:write(text)
      file:close()
      local results, err = watch.look(targets, { state = state })
      assert.same({ nil, "file" }, { results, err and err.code }, text)
      assert.matches(words, err.message)
      assert.equal(text, pki.read(state))
    end
    for text, words in pairs {
      ['{"version":2,"seen":{}}'] = "version 2", ['{"version":2}'] = "version 2", ['{"seen":{}}'] = "version nil",
      ['{"version":"\\u001b[2J"}'] = "version \\1B%[2J", ['{"version":1}'] = "no targets", ["null"] = "decode",
      ['{"version":1,"seen":[{}]}'] = "target '1'", ['{"version":1,"seen":{"a":1}}'] = "target 'a'",
      ['{"version":1,"seen":{"a":{"pin":{}}}}'] = "target 'a'",
      ['{"version":1,"seen":{"a":{"at":"1"}}}'] = "target 'a'",
      ["\0\xff\xfe"] = "decode", [("["):rep(100000)] = "decode", [('{"a":'):rep(5000)] = "decode",
    } do refused(text, words) end
    os.remove(state)
    look({ targets[1], { text = "\xff\n\"\\", file = dir .. "/h10.pem" } }, { state = state })
    local whole = pki.read(state)
    assert.same({}, look({ { text = "\xff\n\"\\", file = dir .. "/h10.pem" } }, { state = state })[1].changes)
    for i = 0, #whole - 2 do refused(whole:sub(1, i), "decode") end -- but for the line's end
    os.remove(state)
    local lock = assert(core.lock_file(state .. ".lock"))
    local results, err = watch.look(targets, { state = state })
    lock:close()
    assert.same({ nil, "locked" }, { results, err.code })
    results, err = watch.look(targets, { state = dir .. "/none/state" })
    assert.same({ nil, "file_write" }, { results, err.code })
    for kind, line in pairs { link = "ln -s h9.pem.state %s", folder = "mkdir %s", device = "mkfifo %s" } do
      state = dir .. "/" .. kind
      run(line:format(state))
      results, err = watch.look(targets, { state = state })
      assert.same({ nil, "file" }, { results, err.code })
      assert.truthy(err.message:find("a file is wanted for the state, not a .*" .. kind), err.message)
    end
  end)

  -- Thirty that hang, that stop in the middle of the handshake, or say a byte now and then, among others.
  it("keeps to so many at a time, and to its time, where hosts hang", function()
    for act, argument in pairs { hang = "", half = port, dribble = "" } do
      local slow <close> = peer.start(("env PATH='%s' %s lua5.4 %s/spec/support/slow_hosts.lua %s %s"):format(
        os.getenv "PATH", child, require "lfs".currentdir(), act, argument), nil, nil, 600)
      local slow_port = tonumber(slow:wait_for "port (%d+)")
      local targets = hosts(31, 100)
      for i = 1, 30 do
        local text = ("slow%d"):format(i)
        table.insert(targets, i * 3, { text = text, host = "127.0.0.1", port = slow_port, name = "h1.example" })
      end
      local codes = { ok = 0 }
      for _, result in ipairs(look(targets, { concurrency = 12, timeout = 2 })) do
        local code = result.error and result.error.code or result.status
        codes[code] = (codes[code] or 0) + 1
      end
      assert.same({ ok = 70, timeout = 30 }, codes)
      local most = 0
      for n in slow:output():gmatch "most (%d+)" do most = tonumber(n) end
      assert.truthy(most >= 2 and most <= 24, most) -- who has gone is seen a moment later
    end
  end)

  it("says in words why there was no handshake", function()
    for act, expected in pairs { close = "closed", reset = "reset", http = "not_tls", garbage = false } do
      local rude <close> = peer.rude(act)
      local result = look { { text = act, host = "127.0.0.1", port = rude.port, name = "x.example" } }[1]
      assert.equal("error", result.status)
      assert.truthy(#result.error.message > 15, result.error.message)
      if expected then assert.equal(expected, result.error.code) end
    end
  end)

  it("asks in the coroutines of whichever scheduler runs it, and lets others run", function()
    local turns, results = 0, nil
    local loop = require "bearssl.scheduler".loop()
    loop:spawn(function() results = look(hosts(1, 40), { concurrency = 5 }) end)
    loop:spawn(function()
      while not results do
        turns = turns + 1
        require "bearssl.scheduler".current().sleep(0.001)
      end
    end)
    loop:run()
    assert.equal(40, #results)
    assert.truthy(turns > 2)
    for _, name in ipairs { "cqueues", "luv", "copas" } do
      results = nil
      schedulers.run(name, function() results = look(hosts(1, 10), { concurrency = 3 }) end)
      assert.equal(10, #results, name)
    end
  end)

  it("raises what a listener raises, and holds the state no longer", function()
    local state = dir .. "/raising"
    local function fail() error "by the listener" end
    assert.error_matches(function() look(hosts(1, 9), { on_result = fail, state = state }) end, "by the listener")
    local raised
    local loop = require "bearssl.scheduler".loop()
    loop:spawn(function() raised = select(2, pcall(look, hosts(1, 9), { on_result = fail, state = state })) end)
    loop:run()
    assert.matches("by the listener", raised)
    assert.error_matches(function() look(hosts(1, 9), { on_change = fail, state = state }) end, "by the listener")
    assert.same({ "first_seen" }, look(hosts(1, 1), { state = state })[1].changes)
  end)

  it("begins TLS as mail servers do, where a target says so", function()
    local line = "echo $$; %s exec timeout 300 lua5.4 spec/support/smtp_server.lua %s %s"
    local pipe = assert(io.popen(line:format(child, pki.server.p256.certificate, pki.server.p256.key)))
    local pid = pipe:read("n", "l")
    local smtp_port = tonumber(pipe:read "l":match "port (%d+)")
    local target = { text = "mail", host = "127.0.0.1", port = smtp_port, name = "localhost", starttls = "smtp" }
    local result = look({ target }, { trust = pki.roots })[1]
    assert.equal("ok", result.status, tostring(result.error))
    assert.equal("CN=localhost,O=Test PKI", result.subject)
    target.starttls = nil
    assert.equal("error", look({ target }, { trust = pki.roots, timeout = 2 })[1].status)
    os.execute(("kill %d"):format(pid))
    pipe:close()
  end)

  it("tells what a file's dates say, and the intermediate that ends first", function()
    local key = assert(mkcert.key())
    local function between(days)
      return assert(mkcert.authority { name = "Between", issuer = root, key = key, not_before = NOW - 2 * DAY,
        not_after = NOW + days * DAY + 60 })
    end
    local leaf = assert(between(200):issue { names = "early.example", not_before = NOW - DAY,
      not_after = NOW + 90 * DAY + 60 })
    local function targets(ca) return { { text = "c", content = leaf.certificate:pem() .. ca.certificate:pem() } } end
    local whole, early = targets(between(200)), targets(between(5))
    local result = look(whole)[1]
    assert.same({ "ok", 90 }, { result.status, result.days_left, result.ends_first })
    result = look(early)[1]
    assert.same({ "critical", 5, "CN=Between" }, { result.status, result.days_left, result.ends_first })
    assert.equal("not_yet_valid", look(whole, { time = NOW - DAY - 1 })[1].error.code)
    assert.equal("expired", look(early, { time = NOW + 6 * DAY })[1].error.code)
    local stray = { { text = "c", content = leaf.certificate:pem() .. early[1].content } } -- twice the leaf
    assert.same({ "ok", 90 }, { look(stray)[1].status, look(stray)[1].days_left })
  end)

  it("tells the anchor that ends first, as a handshake will", function()
    local now = os.time()
    local anchor = assert(mkcert.authority { name = "Anchor", not_before = now - DAY, not_after = now + 5 * DAY + 60 })
    local leaf = assert(anchor:issue { names = "localhost", not_before = now - DAY, not_after = now + 90 * DAY })
    local listener = assert(bearssl.listen { host = "127.0.0.1", port = 0, certificate = leaf.pem, key = leaf.key,
      watch = false, fetch_staple = false })
    local own_port = select(2, listener:getsockname())
    local loop, result, failed = scheduler.loop(), nil, nil
    loop:spawn(listener.run, listener, function(sock) sock:receive "*l" end)
    loop:spawn(function()
      local targets = { { text = "s", host = "127.0.0.1", port = own_port, name = "localhost" } }
      result = watch.look(targets, { trust = anchor.certificate:pem() })[1]
      failed = watch.look(targets, { trust = anchor.certificate:pem(), time = now + 6 * DAY })[1]
      listener:close(0)
    end)
    loop:run()
    assert.same({ "critical", 5, "CN=Anchor" }, { result.status, result.days_left, result.ends_first })
    assert.same({ "error", "expired" }, { failed.status, failed.error.code })
  end)

  it("names the option that is wrong", function()
    assert.error_matches(function() watch.look({}, { concurency = 5 }) end, "did you mean 'concurrency'")
    assert.error_matches(function() watch.look({ { text = "x" } }) end, "target 1")
    assert.error_matches(function() watch.look "x" end, "a list of targets")
    local one = { text = "x", host = "localhost", port = 1 }
    assert.error_matches(function() watch.look { one, one } end, "target 2: 'x' is there twice")
    assert.error_matches(function() watch.look({ one }, { pins = { x = { "short" } } }) end, "'pins': 'x'")
    local days = { warn_days = 3, critical_days = 4 }
    assert.error_matches(function() watch.look({ one }, days) end, "'critical_days'")
    one.pins = {}
    assert.error_matches(function() watch.look { one } end, "target 1: the list is empty")
  end)
end)
