-- Programs that are run without a shell: what they are given, what they inherit, and when they are ended.
local core = require "bearssl.core"
local socket = require "socket" -- which has SIGPIPE ignored

local function text_of(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

describe("core.run", function()
  local dir

  before_each(function() dir = io.popen "mktemp -d":read "l" end)
  after_each(function() os.execute("rm -r " .. dir) end)

  local function script(text)
    local path = dir .. "/script"
    local file <close> = assert(io.open(path, "w"))
    file:write("#!/bin/sh\n" .. text)
    file:close()
    os.execute("chmod 755 " .. path)
    return path
  end

  it("hands over each argument as it is", function()
    local words = { "", " a  b ", "$(touch x)", "'\"\\", "new\nline", "\xff\xfe", "*", "-n", "é" }
    assert.equal(0, core.run(script(('for w; do printf "%%s|" "$w"; done >%s/told'):format(dir)), table.unpack(words)))
    assert.equal(table.concat(words, "|") .. "|", text_of(dir .. "/told"))
  end)

  it("tells the exit status, and 128 and the signal", function()
    assert.equal(0, core.run "true")
    assert.equal(3, core.run(script "exit 3"))
    assert.equal(128 + 9, core.run(script "kill -9 $$"))
    for _, program in ipairs { "/none/at all", dir } do
      local status, err = core.run(program)
      assert.same({ nil, "run" }, { status, err.code })
      assert.truthy(err.message:find(program, 1, true))
    end
  end)

  it("gives it no input, no descriptor of ours, and signals as a program expects them", function()
    local held <close> = assert(io.open("README.md"))
    local lock <close> = assert(core.lock_file(dir .. "/lock"))
    local tcp = assert(socket.tcp4())
    local signals = core.signals and core.signals()
    assert.equal(0, core.run(script(([[
      cat >%s/input
      readlink /proc/self/fd/* >%s/descriptors
      grep -E '^Sig(Blk|Ign)' /proc/self/status >%s/signals]]):format(dir, dir, dir))))
    tcp:close()
    assert.truthy(held and lock and (signals or true))
    assert.equal("", text_of(dir .. "/input"))
    assert.is_nil(text_of(dir .. "/descriptors"):find("/lock", 1, true))
    local blocked, ignored = text_of(dir .. "/signals"):match "SigBlk:%s*(%x+)\nSigIgn:%s*(%x+)"
    assert.same({ 0, 0 }, { tonumber(blocked, 16), tonumber(ignored, 16) & 1 << 12 }) -- SIGPIPE is 13
  end)

  it("tells the exit status where SIGCHLD is ignored, which its own children hear of", function()
    local path = script(([[trap '' CHLD; exec env %s lua5.4 -e '
      local core = require "bearssl.core"
      print(core.run("sh", "-c", "exit 3"), core.run_timed(60, "sh", "-c", "exit 4"))
      print(core.run("sh", "-c", "grep ^SigIgn /proc/self/status >%s/ignored"))
      for line in io.lines "/proc/self/status" do print(line:match "^SigIgn:%%s*(%%x+)") end']]):format(
      require "spec.support.child", dir))
    local pipe <close> = assert(io.popen("bash " .. path)) -- dash does not ignore it
    assert.same({ "3\t4", "0" }, { pipe:read "l", pipe:read "l" })
    local ours = pipe:read("a"):match "%x+"
    local theirs = text_of(dir .. "/ignored"):match "SigIgn:%s*(%x+)"
    local CHLD <const> = 1 << 16
    assert.same({ CHLD, 0 }, { tonumber(ours, 16) & CHLD, tonumber(theirs, 16) & CHLD })
  end)

  it("has its output on our standard error, so that ours stays what we say", function()
    local line = [[%s lua5.4 -e 'print "ours" io.stdout:flush() require "bearssl.core".run("echo", "theirs")' 2>%s/err]]
    local pipe <close> = assert(io.popen(line:format(require "spec.support.child", dir)))
    assert.equal("ours\n", pipe:read "a")
    assert.equal("theirs\n", text_of(dir .. "/err"))
  end)

  it("ends what takes too long, and all that it has started", function()
    local path = script(("sleep 300 & echo $! >%s/pid; wait"):format(dir))
    local status, err = core.run_timed(0.3, path)
    assert.same({ nil, "run" }, { status, err.code })
    assert.truthy(err.message:find("did not end within 0.3 seconds", 1, true))
    local state = io.open(("/proc/%d/stat"):format(tonumber(text_of(dir .. "/pid"))))
    assert.truthy(not state or state:read "a":find "%) Z")
    status = core.run_timed(0.3, script "trap '' TERM; while :; do sleep 1; done")
    assert.is_nil(status)
    assert.equal(7, core.run_timed(60, script "exit 7"))
    assert.error_matches(function() core.run_timed(0, "true") end, "seconds")
    assert.error_matches(function() core.run_timed(1) end, "argument")
  end)
end)

describe("core.lock_file", function()
  it("holds the file that has the name, also where another has just removed it", function()
    local dir = io.popen "mktemp -d":read "l"
    assert(os.execute(("cc -shared -fPIC -O1 -o %s/lost.so spec/support/lost_lock.c -ldl"):format(dir)))
    local line = ([[LOST_LOCK=%s/lock LD_PRELOAD=%s/lost.so \
      ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 %s lua5.4 -e '
      local core = require "bearssl.core"
      local one = assert(core.lock_file "%s/lock")
      local other, err = core.lock_file "%s/lock"
      print(one ~= nil, other, err.code)']]):format(dir, dir, require "spec.support.child", dir, dir)
    local pipe <close> = assert(io.popen(line))
    assert.equal("true\tnil\tlocked\n", pipe:read "a")
    os.execute("rm -r " .. dir)
  end)
end)
