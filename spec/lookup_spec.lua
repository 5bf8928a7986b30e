-- Names looked up in a thread, while other coroutines run.
local command = require "spec.support.command"
local core = require "bearssl.core"
local lookup = require "bearssl.scheduler.lookup"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local socket = require "socket"

local function descriptors()
  collectgarbage()
  collectgarbage()
  local stat <close> = assert(io.open "/proc/self/stat")
  local pipe <close> = assert(io.popen(("ls /proc/%d/fd | wc -l"):format(stat:read "n")))
  return pipe:read "n"
end

describe("a lookup", function()
  it("gives the addresses that the system gives", function()
    for _, host in ipairs { "localhost", "127.0.0.1", "::1" } do
      local expected = {}
      for i, entry in ipairs(socket.dns.getaddrinfo(host)) do expected[i] = entry.addr end
      assert.same(expected, lookup.resolve(host, 60))
    end
  end)

  it("tells of a name that there is not", function()
    local list, err = lookup.resolve("none.invalid", 60)
    assert.same({ nil, "dns" }, { list, err.code })
    assert.matches("none.invalid: ", err.message)
  end)

  it("is of a coroutine, with others beside it, and leaves no descriptor", function()
    local before, done = descriptors(), 0
    for _ = 1, 3 do
      local loop = scheduler.loop()
      for _ = 1, 40 do
        loop:spawn(function()
          assert(lookup.resolve("localhost", 60))
          done = done + 1
        end)
      end
      loop:run()
    end
    assert.equal(120, done)
    local thrown = core.lookup "localhost"
    thrown:close()
    thrown:close()
    assert.error_matches(function() thrown:answer() end, "closed")
    assert.truthy(descriptors() <= before)
    for _, wrong in ipairs { "", "a\0b", ("a"):rep(256) } do
      assert.error_matches(function() core.lookup(wrong) end, "not a host")
    end
  end)

  it("is asked where a scheduler has no resolver of its own", function()
    local own = { resolve = print }
    assert.equal(own, lookup.with(own))
    local other = lookup.with { name = "x" }
    assert.same({ lookup.resolve, "x" }, { other.resolve, other.name })
  end)
end)

describe("bearssl watch, where the resolver does not answer", function()
  it("gives up after its time, and the others have theirs", function()
    local library = os.tmpname()
    assert(os.execute(("cc -shared -fPIC -O1 -o %s spec/support/slow_names.c -ldl"):format(library)))
    local server <close> = peer.openssl_server(pki.server.p256, "-rev")
    local good = "localhost:" .. server.port
    local args = { "watch", "--ca", pki.roots, "--timeout", "2", "--concurrency", "8",
      env = ("LD_PRELOAD=%s ASAN_OPTIONS=verify_asan_link_order=0"):format(library) }
    for i = 1, 12 do args[#args + 1] = ("slow%d.example"):format(i) end
    args[#args + 1] = good
    local status, out = command(args)
    os.remove(library)
    assert.equal(1, status)
    assert.matches("\nok +%d+ days +" .. good, out)
    assert.equal(12, select(2, out:gsub("error +%- +slow%d+.example  timeout", "")))
  end)
end)
