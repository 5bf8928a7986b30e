-- bearssl watch as a command: lists, formats, exit statuses, hooks.
local command = require "spec.support.command"
local dkjson = require "dkjson"
local mkcert = require "bearssl.mkcert"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"

local NOW, DAY = os.time(), 86400

local function run(line)
  local pipe = assert(io.popen(line .. " 2>&1 </dev/null"))
  return pipe:read "a", pipe:close()
end

describe("bearssl watch", function()
  local dir, root

  local function write(name, text)
    local file <close> = assert(io.open(dir .. "/" .. name, "wb"))
    file:write(text)
  end

  local function certificate(name, days)
    local issued = assert(root:issue { names = name .. ".example", not_before = NOW - DAY,
      not_after = NOW + days * DAY + 60 })
    write(name .. ".pem", issued.pem)
  end

  before_each(function()
    dir = run "mktemp -d":match "%C+"
    root = assert(mkcert.authority { name = "Root", not_before = NOW - 2 * DAY })
    for name, days in pairs { long = 90, short = 20, urgent = 3 } do certificate(name, days) end
  end)
  after_each(function() run("rm -r " .. dir) end)

  local function watch(...)
    local args = { "watch", ... }
    args.dir = dir
    return command(args)
  end

  it("prints the most urgent first, and how many there are", function()
    local status, out = watch("long.pem", "short.pem", "urgent.pem")
    assert.equal(1, status)
    assert.matches("^critical +3 days +urgent.pem\nwarning +20 days +short.pem\nok +90 days +long.pem\n", out)
    assert.matches("1 well, 1 to be renewed, 1 critical, 0 failed\n$", out)
  end)

  it("fails on what it is told to fail on", function()
    for level, expected in pairs { warning = 1, critical = 0, error = 0, never = 0 } do
      assert.equal(expected, (watch("short.pem", "--fail-on", level)))
    end
    assert.equal(0, (watch "long.pem"))
    assert.equal(1, (watch("long.pem", "--warn", "100")))
    assert.equal(0, (watch("urgent.pem", "--warn", "2", "--critical", "1")))
    assert.equal(1, (watch("none.pem", "--fail-on", "error")))
  end)

  it("reads lists, with remarks, from files and standard input", function()
    write("list.txt", "# ours\nlong.pem\n\n  short.pem   # soon\n")
    local _, out = watch "./list.txt"
    assert.matches("1 well, 1 to be renewed, 0 critical, 0 failed", out)
    local status
    status, out = command { "watch", "-", dir = dir, input = "long.pem\nurgent.pem\n" }
    assert.equal(1, status)
    assert.matches("1 well, 0 to be renewed, 1 critical", out)
    status = watch("bad host!")
    assert.equal(2, status)
  end)

  it("asks servers", function()
    local server <close> = peer.openssl_server(pki.server.p256, "-rev")
    local name = "localhost:" .. server.port
    local status, out, err = watch(name, "--ca", pki.roots)
    assert.equal(0, status, out .. err)
    status, out = watch(name, "localhost:1")
    assert.equal(1, status)
    assert.matches("error +%- +localhost:1  refused", out)
    assert.matches("unknown_issuer", out)
  end)

  it("gives JSON, and Prometheus' text, whole or not at all", function()
    local _, out = watch("long.pem", "none.pem", "--json")
    local told = dkjson.decode(out)
    assert.same({ "bearssl.watch", 1, 2 }, { told.schema, told.schema_version, #told.results })
    assert.same({ "none.pem", "error", "file" },
      { told.results[1].target, told.results[1].status, told.results[1].error.code })
    assert.same({ critical = 0, error = 1, ok = 1, warning = 0 }, told.summary)
    write("quoted\".pem", pki.read(dir .. "/long.pem"))
    local status = watch("long.pem", "quoted\".pem", "--prometheus", "-o", "metrics.prom")
    assert.equal(0, status)
    local text = pki.read(dir .. "/metrics.prom")
    assert.matches('bearssl_certificate_not_after_timestamp_seconds{target="long.pem"} %d+\n', text)
    assert.truthy(text:find('bearssl_certificate_valid{target="quoted\\".pem"} 1\n', 1, true))
    for line in text:gmatch "[^\n]+" do
      assert.truthy(line:find "^# " or line:find '^[%l_]+{target="[^\n]+"} %-?%d+$', line)
    end
    assert.equal(6, (watch("long.pem", "-o", "none/metrics")))
    assert.equal("", run(("find %s -name '*.??????'"):format(dir)))
  end)

  it("remembers, and runs a program for what has changed, which is no shell's affair", function()
    write("hook", "#!/bin/sh\nprintf '%s|' \"$@\" >>told\necho >>told\n")
    run(("chmod 755 %s/hook"):format(dir))
    local name = "a;touch x.pem"
    write(name, pki.read(dir .. "/long.pem"))
    local args = { "./" .. name, "--state", "state", "--on-change", "./hook" }
    assert.equal(0, (watch(table.unpack(args))))
    assert.equal(0, (watch(table.unpack(args))))
    certificate("other", 60)
    os.rename(dir .. "/other.pem", dir .. "/" .. name)
    local status, out = watch(table.unpack(args))
    assert.equal(0, status)
    assert.matches("changed: new_key, renewed", out)
    assert.equal("./a;touch x.pem|first_seen|\n./a;touch x.pem|new_key|renewed|\n", pki.read(dir .. "/told"))
    status, out = watch("long.pem", "--state", "state", "--changes")
    assert.equal(0, status)
    assert.matches("first_seen", out)
    status, out = watch("long.pem", "--state", "state", "--changes")
    assert.same({ 0, "0 well, 0 to be renewed, 0 critical, 0 failed\n" }, { status, out })
    status = watch("short.pem", "--state", "state", "--on-change", "./none")
    assert.equal(1, status)
  end)

  it("does not lose the state to a run that cannot read it", function()
    write("state", "{")
    local status, _, err = watch("long.pem", "--state", "state")
    assert.equal(6, status)
    assert.matches("does not decode", err)
    assert.equal("{", pki.read(dir .. "/state"))
  end)
end)
