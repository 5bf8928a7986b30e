-- bearssl watch as a command: lists, formats, exit statuses, hooks.
local command = require "spec.support.command"
local dkjson = require "dkjson"
local mkcert = require "bearssl.mkcert"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

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

  it("reads lists of other systems, each target once, and says in which line it stumbles", function()
    write("list.txt", "\xEF\xBB\xBF# Ä\r\nlong.pem\r\n\r\nlong.pem # again\r\n./with space.pem\rshort.pem")
    write("with space.pem", pki.read(dir .. "/long.pem"))
    local status, out = watch("./list.txt", "long.pem", "./list.txt")
    assert.equal(1, status)
    assert.matches("2 well, 1 to be renewed", out)
    for text, words in pairs {
      ["long.pem\n\nlocalhost localhost"] = "line 3: target 'localhost localhost'", ["localhost:99999\n"] = "line 1",
      ["-"] = "standard input is no list", ["a\n-rf\n"] = "line 2", ["\n# nothing\n"] = "no target", [""] = "no target",
      ["münchen.example"] = "xn%-%-", ["-x.example"] = "line 1", ["a\0b"] = "zero byte",
      ["long.pem sha256//x"] = "line 1: bad option",
      ["long.pem\nlong.pem sha256//" .. ("A"):rep(43) .. "="] = "other pins",
    } do
      write("bad.txt", text)
      local err
      status, out, err = watch "./bad.txt"
      assert.same({ 2, "" }, { status, out })
      assert.matches("bad.txt.*" .. words, err)
    end
    write("huge.txt", ("localhost\n"):rep(500000))
    status, out = watch "./huge.txt"
    assert.same({ 2, "" }, { status, out })
    status = watch("-", "-", "-x.example")
    assert.equal(2, status)
  end)

  it("takes certificates from pipes, as from files", function()
    local status, out = command { "watch", "-", "--state", "state", dir = dir, input = pki.read(dir .. "/long.pem") }
    assert.equal(0, status)
    assert.matches("ok +90 days +%-  changed: first_seen", out)
    os.execute(("cd %s; mkfifo fifo; timeout 60 cat long.pem >fifo &"):format(dir))
    status, out = watch "./fifo"
    assert.equal(0, status)
    assert.matches("ok +90 days +./fifo", out)
    status, out = watch "./"
    assert.equal(1, status)
    assert.matches("error.*is a directory", out)
  end)

  it("holds pins that stand behind a target", function()
    local own = require "bearssl".x509.load(dir .. "/long.pem")[1].pin
    local other = "sha256//" .. ("B"):rep(42) .. "A="
    write("list.txt", ("long.pem %s %s # ours\n"):format(own, other))
    assert.equal(0, (watch("./list.txt", "--state", "state")))
    write("list.txt", ("long.pem  \t %s\n"):format(other))
    local status, out = watch("./list.txt", "--state", "state")
    assert.equal(1, status)
    assert.matches("error +90 days +long.pem  pin_mismatch.*changed: pin_broken, failed", out)
  end)

  it("runs hooks that fail, hang, write much, or die, and tells the change again", function()
    local function hook(text)
      write("hook", "#!/bin/sh\necho \"$@\" >>told\n" .. text)
      run(("chmod 755 %s/hook"):format(dir))
    end
    local function told()
      local text = run(("cd %s; touch told; cat told; rm told"):format(dir))
      return text
    end
    local args = { "long.pem", "short.pem", "--fail-on", "never", "--state", "state", "--on-change", "./hook",
      "--hook-timeout", "1" }
    local both = "short.pem first_seen\nlong.pem first_seen\n"
    for text, case in pairs {
      ["exit 3"] = { both, "exit status 3 for short.pem" }, ["kill -9 $$"] = { both, "exit status 137" },
      ["sleep 100"] = { "short.pem first_seen\n", "did not end within 1 seconds" },
    } do
      hook(text)
      local status, out, err = watch(table.unpack(args))
      assert.same({ 1, case[1] }, { status, told() })
      assert.truthy(err:find(case[2], 1, true), err)
      assert.matches("1 well, 1 to be renewed", out)
    end
    hook "yes | head -c 3000000; yes | head -c 3000000 >&2"
    local status, out, err = watch("--json", table.unpack(args))
    assert.same({ 0, both }, { status, told() })
    assert.equal(2, #dkjson.decode(out).results)
    assert.truthy(#err >= 6000000)
    assert.equal(0, (watch(table.unpack(args))))
    assert.equal("", told())
    status, out, err = watch("urgent.pem", "--state", "new", "--on-change", "./none", "--fail-on", "never")
    assert.same({ 1, 1 }, { status, select(2, err:gsub("No such file", "")) })
    assert.matches("1 critical", out)
    status, out, err = watch("long.pem", "--on-change", "./hook")
    assert.same({ 2, "" }, { status, out })
    assert.matches("%-%-state", err)
  end)

  it("is alone with its state, and tells again what a run that was killed had told", function()
    write("hook", "#!/bin/sh\necho \"$@\" >>told; [ -e fast ] || sleep 30\n")
    run(("chmod 755 %s/hook"):format(dir))
    local args = { "watch", "long.pem", "--state", "state", "--on-change", "./hook", dir = dir }
    local killed <close> = command.start(args)
    local deadline = os.time() + 60
    repeat local told = io.open(dir .. "/told") until told and told:read "l" or os.time() > deadline
    local status, _, err = watch("long.pem", "--state", "state")
    assert.equal(6, status)
    assert.matches("locked", err)
    killed:signal "KILL"
    killed:finish()
    write("fast", "")
    assert.equal(0, (command(args)))
    assert.equal("long.pem first_seen\nlong.pem first_seen\n", pki.read(dir .. "/told"))
    assert.equal(0, (command(args)))
    assert.equal("long.pem first_seen\nlong.pem first_seen\n", pki.read(dir .. "/told"))
  end)

  it("tells the outcome also where state or output cannot be written", function()
    local status, out, err = watch("long.pem", "--state", "state", "-o", "none/metrics")
    assert.same({ 6, "" }, { status, out })
    assert.matches("file_write", err)
    write("told", "")
    write("hook", "#!/bin/sh\nrm -f state; mkdir -p state/x\n")
    run(("chmod 755 %s/hook"):format(dir))
    status, out, err = watch("urgent.pem", "--state", "state", "--on-change", "./hook", "--json")
    assert.equal(6, status)
    assert.equal("file_write", dkjson.decode(out).state_error.code)
    assert.equal("critical", dkjson.decode(out).results[1].status)
    assert.matches("file_write", err)
  end)

  it("writes where it is told, JSON too, and puts no file in the place of a device or a link", function()
    assert.equal(0, (watch("long.pem", "--json", "-o", "told.json")))
    assert.equal("long.pem", dkjson.decode(pki.read(dir .. "/told.json")).results[1].target)
    os.execute(("cd %s; ln -s told.json link; mkfifo fifo; timeout 60 cat fifo >read &"):format(dir))
    local status, out = watch("long.pem", "-o", "fifo")
    assert.same({ 0, "" }, { status, out })
    assert.matches("^p", (run("ls -l " .. dir .. "/fifo")))
    status = watch("long.pem", "-o", "link")
    assert.equal(6, status)
    assert.matches("^l", (run("ls -l " .. dir .. "/link")))
    status, out = watch("long.pem", "-o", "-")
    assert.equal(0, status)
    assert.matches("ok +90 days", out)
    assert.equal(2, (watch("long.pem", "--json", "--prometheus")))
  end)

  it("gives metrics that Prometheus' own library reads, of names that nobody expects", function()
    local names = { 'a"b.pem', "a\\b.pem", "a\nb.pem", "a\\0Ab.pem", "\xff.pem", "é {}.pem", "a\tb.pem" }
    local args = { "--prometheus" }
    for i, name in ipairs(names) do
      write(name, pki.read(dir .. "/long.pem"))
      args[i + 1] = "./" .. name
    end
    args[#args + 1] = args[2]
    local status, out = watch(table.unpack(args))
    assert.equal(0, status)
    assert.truthy(utf8.len(out))
    write("metrics", out)
    local script = [[import sys
from prometheus_client.parser import text_string_to_metric_families as read
for family in read(open(sys.argv[1]).read()):
    for sample in family.samples: print(sample.name, repr(sample.labels["target"]), sample.value)]]
    write("read.py", script)
    local parsed = run(("/usr/bin/python3 %s/read.py %s/metrics"):format(dir, dir))
    local seen, count = {}, 0
    for name, value in parsed:gmatch "([^\n]+) ([%d.e+]+)\n" do
      assert.is_nil(seen[name], name)
      assert.truthy(tonumber(value))
      seen[name], count = true, count + 1
    end
    assert.equal(3 * (#names - 1), count, parsed) -- a line's end is shown as the fourth name has it
    assert.truthy(seen[ [[bearssl_certificate_valid './a"b.pem']] ], parsed)
    assert.truthy(seen["bearssl_certificate_valid './é {}.pem'"], parsed)
    status, out = watch("--json", table.unpack(args, 2))
    assert.equal(0, status)
    assert.equal(#names, #dkjson.decode(out).results)
  end)

  it("takes thresholds that fit one another", function()
    assert.equal(0, (watch("urgent.pem", "--warn", "2")))
    assert.equal(0, (watch("urgent.pem", "--warn", "3", "--fail-on", "error")))
    assert.equal(2, (watch("long.pem", "--warn", "5", "--critical", "6")))
    assert.equal(1, (watch("long.pem", "short.pem", "none.pem", "--fail-on", "error")))
    assert.equal(0, (watch("long.pem", "short.pem", "none.pem", "--fail-on", "never")))
  end)

  it("hears a staple that says revoked", function()
    local own = revoke.issue("watched", { serial = "7D", days = 90, names = "localhost" })
    local der = revoke.file(revoke.ocsp("7D", { issuer = "p256-intermediate", revoked = true }))
    local server <close> = peer.start(("openssl s_server -accept 127.0.0.1:0 -cert %s -cert_chain %s -key %s -rev"
      .. " -status_file %s"):format(own.certificate, pki.server.p256.issuers, own.key, der))
    local port = server:wait_for "ACCEPT 127%.0%.0%.1:(%d+)"
    local status, out = watch("localhost:" .. port, "--ca", pki.roots)
    assert.equal(1, status)
    assert.matches("error +%d+ days +localhost:%d+  revoked", out)
  end)

  it("does not lose the state to a run that cannot read it", function()
    write("state", "{")
    local status, _, err = watch("long.pem", "--state", "state")
    assert.equal(6, status)
    assert.matches("does not decode", err)
    assert.equal("{", pki.read(dir .. "/state"))
  end)
end)
