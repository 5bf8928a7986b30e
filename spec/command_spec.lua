-- The frame of the command: targets, usage, help, completions, output, exit statuses.
local command = require "spec.support.command"
local output = require "bearssl.command.output"
local pki = require "spec.support.pki"
local status = require "bearssl.command.status"
local target = require "bearssl.command.target"

local verbs = require "bearssl.command".verbs()

local function has(text, part)
  assert.truthy(text:find(part, 1, true), ("%q in:\n%s"):format(part, text))
end

describe("target.parse", function()
  for _, row in ipairs {
    { "example.com", "example.com", 443 }, { "Example.COM.", "example.com", 443 },
    { "example.com:8443", "example.com", 8443 },
    { "[::1]:8443", "::1", 8443 }, { "[::1]", "::1", 443 }, { "::1", "::1", 443 },
    { "2001:db8::a", "2001:db8::a", 443 },
    { "[fe80::1%eth0]:1", "fe80::1%eth0", 1 }, { "127.0.0.1", "127.0.0.1", 443 }, { "localhost:1", "localhost", 1 },
    { "https://a.example/x?y", "a.example", 443 }, { "HTTPS://a.example:1/", "a.example", 1 },
    { "https://u:p@a.example", "a.example", 443 }, { "https://[::1]:2/", "::1", 2 },
    { "imaps://m.example", "m.example", 993 },
    { "smtp://m.example", "m.example", 25, "smtp" }, { "postgresql://db.example/x", "db.example", 5432, "postgres" },
    { "localhost:65535", "localhost", 65535 },
  } do
    it("reads " .. row[1], function()
      local found = assert(target.parse(row[1]))
      assert.same({ row[2], row[3], row[4] }, { found.host, found.port, found.starttls })
      assert.equal(row[1], found.text)
      assert.equal(row[2], found.name)
    end)
  end

  it("tells files and standard input", function()
    for _, path in ipairs { "a.pem", "./a", "/etc/x", "b.CRT", "c.der", "Makefile", "../x/y" } do
      assert.equal(path, assert(target.parse(path)).file, path)
    end
    assert.equal("/x/y.pem", target.parse "file:///x/y.pem".file)
    assert.is_true(target.parse "-".stdin)
    assert.equal("makefile", target.parse "Makefile:443".host)
  end)

  for _, text in ipairs {
    "", ":443", "a:0", "a:65536", "a:x", "a:", "a:-1", "a:1e3", "[::1", "[::1]x", "[::1]:", "gopher://a",
      "https://", "a b",
    "a\0b", "a\27[31m", "\xc3\xa4.example", ("a"):rep(300), "https://:1/", "a:443:1", "[zz]:1",
  } do
    it(("refuses %q"):format(text:sub(1, 40)), function()
      local found, err = target.parse(text)
      assert.is_nil(found)
      assert.equal("string", type(err))
      assert.is_nil(err:find "[%z\1-\31\127]")
      assert.truthy(#err < 400)
    end)
  end

  it("says which scheme was meant", function()
    has(select(2, target.parse "htttps://a"), "did you mean 'https'?")
  end)

  it("wants a server where there must be one", function()
    assert.is_nil((target.server "-"))
    has(select(2, target.server "a.pem"), "this is a file")
    assert.equal(443, target.server "a.example".port)
  end)
end)

describe("output", function()
  it("makes visible what would act on a terminal", function()
    for text, shown in pairs {
      ["a\27[31mb\7"] = "a\\1B[31mb\\07", ["a\nb\r"] = "a\\0Ab\\0D", ["\u{202E}x"] = "\\E2\\80\\AEx", ["\xff"] = "\\FF",
      ["\u{9b}31m"] = "\\C2\\9B31m", ["\u{200B}"] = "\\E2\\80\\8B", ["h\u{e4}"] = "h\u{e4}",
        ["\u{2066}"] = "\\E2\\81\\A6",
    } do
      assert.equal(shown, output.clean(text))
    end
  end)

  it("gives JSON in one order, with nothing in it that acts on a terminal", function()
    local value = { b = 1, a = { "x\27\u{202e}\u{9b}y", "\xff" }, c = output.list(), d = {},
      ["\u{202e}"] = "\u{1F600}" }
    local text = output.encode(value, { "c" })
    assert.is_nil(text:find "[%z\1-\9\11-\31\127]")
    assert.is_nil(text:find("\u{202e}", 1, true) or text:find("\u{9b}", 1, true))
    assert.equal(text, output.encode(value, { "c" }))
    assert.truthy(text:find '"c".*"a".*"b".*"d"')
    local back = require "dkjson".decode(text)
    assert.same({ "x\27\u{202e}\u{9b}y", "\\FF" }, back.a)
    assert.equal("\u{1F600}", back["\u{202e}"])
    assert.truthy(text:find('"c":[]', 1, true) and text:find '"d":{%s*}')
    assert.is_nil(output.encode(value, nil, true):find "\n")
  end)

  it("wraps words", function()
    assert.equal("a b\n  ccccc\n  d", output.wrap("a b ccccc d", 4, "  "))
  end)
end)

describe("status.of", function()
  for code, name in pairs {
    dns = "connect", refused = "connect", not_tls = "handshake", peer_alert = "handshake", expired = "certificate",
    file = "file", option = "usage", name_mismatch = "certificate", no_key = "file", decode = "handshake",
  } do
    it(("is %s for %s"):format(name, code), function()
      assert.equal(status[name], status.of { code = code })
      assert.equal(status[name], status.of { code = code }, status.handshake)
    end)
  end

  it("is what the step says where the error does not", function()
    assert.equal(status.handshake, status.of("timeout", status.handshake))
    assert.equal(status.connect, status.of({ code = "reset" }, nil))
  end)
end)

describe("bearssl", function()
  it("says its version", function()
    local code, out = command { "--version" }
    assert.equal(0, code)
    assert.equal(("bearssl %s\n"):format(require "bearssl.version"), out)
  end)

  it("shows what it does, to who asks nothing too", function()
    local code, out = command { "help" }
    assert.equal(0, code)
    for _, verb in ipairs(verbs) do has(out, "   " .. verb) end
    local bare, nothing, err = command {}
    assert.same({ 2, "", out }, { bare, nothing, err })
    assert.equal(out, select(2, command { "-h" }))
    assert.equal(out, select(2, command { "--help" }))
  end)

  for _, verb in ipairs(verbs) do
    it("shows help for " .. verb, function()
      local code, out, err = command { "help", verb }
      assert.same({ 0, "" }, { code, err })
      has(out, "Usage: bearssl " .. verb)
      assert.equal(out, select(2, command { verb, "-h" }))
      assert.equal(out, select(2, command { verb, "--help" }))
      for line in out:gmatch "[^\n]+" do assert.truthy(#line <= 80, line) end
    end)
  end

  for _, row in ipairs {
    { { "crt", "a" }, "Did you mean" }, { { "cert" }, "missing argument" }, { { "cert", "a", "--jsn" }, "--json" },
    { { "cert", "a:99999" }, "a port is a number" }, { { "help", "trce" }, "did you mean 'trace'?" },
    { { "cert", "a", "--timeout", "x" }, "seconds" }, { { "cert", "a", "--timeout=-1" }, "seconds" },
    { { "cert", "a", "--starttls", "smpt" }, "did you mean 'smtp'?" }, { { "completion", "csh" }, "bash" },
    { { "\27[31m" }, "\\1B[31m" }, { { "cert", "a\27[2J" }, "\\1B[2J" }, { { "--nosuch" }, "unknown option" },
    { { "cert", "--text", "--pem", "a" }, "can not be used together" }, { { "get", "ftp://a/" }, "https:// is wanted" },
    { { "cert", "a", "--field", "subjet" }, "did you mean 'subject'?" },
  } do
    it("refuses with the status 2: " .. table.concat(row[1], " "):gsub("\27", "ESC"), function()
      local code, out, err = command(row[1])
      assert.same({ 2, "" }, { code, out })
      has(err, row[2])
      assert.is_nil(err:find "\27")
      assert.is_nil(err:find "traceback")
    end)
  end

  for shell, check in pairs { bash = "bash -n", zsh = false, fish = false } do
    it("completes in " .. shell, function()
      local code, out = command { "completion", shell }
      assert.equal(0, code)
      for _, verb in ipairs(verbs) do has(out, verb) end
      has(out, "starttls")
      if not check then return end
      local pipe = assert(io.popen(check, "w"))
      pipe:write(out)
      assert.truthy(pipe:close())
    end)
  end

  it("completes verbs and options in bash", function()
    local code, out = command { "completion", "bash" }
    assert.equal(0, code)
    local script = os.tmpname()
    local file <close> = assert(io.open(script, "w"))
    file:write(out, "\nCOMP_WORDS=(bearssl ser); COMP_CWORD=1; _bearssl; echo \"${COMPREPLY[@]}\"",
      "\nCOMP_WORDS=(bearssl cert --starttl); COMP_CWORD=2; _bearssl; echo \"${COMPREPLY[@]}\"\n")
    file:flush()
    local pipe <close> = io.popen("bash " .. script)
    assert.equal("serve", (pipe:read "l" or ""):match "%S+")
    assert.equal("--starttls", (pipe:read "l" or ""):match "%S+")
    os.remove(script)
  end)

  it("tells where standard output cannot be written", function()
    local code, _, err = command { "help", to = "/dev/full" }
    assert.equal(6, code)
    has(err, "No space left on device")
    local pipe <close> = io.popen(command.line { "help" } .. " 2>&1 | true")
    assert.equal("", pipe:read "a")
  end)

  it("loads nothing from the folder that it is called in", function()
    local dir = os.tmpname()
    assert(os.execute(("rm %s; mkdir %s; cd %s; echo 'error \"loaded\"' | tee argparse.lua dkjson.lua >zlib.lua")
      :format(dir, dir, dir)))
    local code, out, err = command { "cert", pki.root.p256, "--json", dir = dir,
      env = "LUA_PATH='./?.lua;'\"$LUA_PATH\"" }
    os.execute("rm -r " .. dir)
    assert.same({ 0, "" }, { code, err })
    has(out, '"schema":"bearssl.cert"')
  end)

  local function on_terminal(env)
    local line = command.line { "cert", pki.root.p256, env = env }
    local pipe <close> = io.popen(("script -qec %s /dev/null </dev/null"):format(command.quoted(line)))
    return pipe:read "a"
  end

  it("has colours on a terminal alone, and not with NO_COLOR", function()
    local _, plain = command { "cert", pki.root.p256 }
    assert.is_nil(plain:find "\27")
    has(on_terminal "TERM=xterm", "\27[1m")
    assert.is_nil(on_terminal "TERM=xterm NO_COLOR=1":find "\27")
    assert.is_nil(on_terminal "TERM=dumb":find "\27")
    has(on_terminal "TERM=xterm NO_COLOR=", "\27[1m")
  end)
end)
