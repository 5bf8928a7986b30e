-- bearssl.watch on many servers, on files, and over changes.
local bearssl = require "bearssl"
local child = require "spec.support.child"
local core = require "bearssl.core"
local mkcert = require "bearssl.mkcert"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local watch = require "bearssl.watch"

local COUNT = 200
local NOW, DAY = os.time(), 86400

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1 </dev/null"))
  return pipe:read "a", pipe:close()
end

describe("bearssl.watch", function()
  local dir, root, server, port

  -- Chain and key in one file, as acme.renew writes it.
  local function issue(i, options)
    options = options or {}
    local key = assert(mkcert.key())
    local issued = assert((options.by or root):issue { names = ("h%d.example"):format(i), key = key,
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
    for text, words in pairs {
      ["{"] = "does not decode", ['{"version":2,"seen":{}}'] = "version 2", [""] = "decode",
    } do
      local file <close> = assert(io.open(state, "w"))
      file:write(text)
      file:close()
      local results, err = watch.look(targets, { state = state })
      assert.is_nil(results)
      assert.equal("file", err.code)
      assert.matches(words, err.message)
      assert.equal(text, pki.read(state))
    end
    os.remove(state)
    local lock = assert(core.lock_file(state .. ".lock"))
    local results, err = watch.look(targets, { state = state })
    lock:close()
    assert.same({ nil, "locked" }, { results, err.code })
    results, err = watch.look(targets, { state = dir .. "/none/state" })
    assert.same({ nil, "file_write" }, { results, err.code })
  end)

  it("names the option that is wrong", function()
    assert.error_matches(function() watch.look({}, { concurency = 5 }) end, "did you mean 'concurrency'")
    assert.error_matches(function() watch.look({ { text = "x" } }) end, "target 1")
    assert.error_matches(function() watch.look "x" end, "a list of targets")
  end)
end)
