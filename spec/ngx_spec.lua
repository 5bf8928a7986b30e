-- bearssl.ngx: what is ours alone: making a table, installing it, and what stands in for LuaJIT's and OpenResty's
-- modules. What its functions do is compared with nginx in spec/peers/resty_spec.lua.
local child = require "spec.support.child"
local ngx = require "bearssl.ngx"

local function run(code)
  local pipe = assert(io.popen(("%s timeout 60 lua5.4 -e '%s' 2>&1"):format(child, code)))
  local out = pipe:read "a"
  pipe:close()
  return out
end

describe("bearssl.ngx", function()
  it("changes nothing until it is installed", function()
    assert.equal("true\n", run [[local resume = coroutine.resume
      require "bearssl.ngx".new()
      print(coroutine.resume == resume and not rawget(_G, "ngx") and not unpack and not package.preload["resty.string"])
    ]])
  end)

  it("is the global ngx once it is", function()
    assert.equal("true\n", run [[local installed = require "bearssl.ngx".install()
      print(installed == ngx and ngx == require "bearssl.ngx" and unpack == table.unpack and loadstring == load)]])
    assert.equal("true\n", run [[require "bearssl.ngx".install { shared = { cache = 1024 } }
      print(ngx.shared.cache:capacity() == 1024 and not require "bearssl.ngx".shared.cache)]])
  end)

  it("raises by name what only nginx has, when it is called", function()
    for _, name in ipairs { "exit", "redirect", "flush", "req.get_headers", "req.socket", "location.capture",
      "resp.get_headers", "worker.pids" } do
      local group, field = name:match "^(%a+)%.([%a_]+)$"
      local fn = group and ngx[group][field] or ngx[name]
      local ok, err = pcall(fn)
      assert.is_false(ok)
      assert.matches("ngx." .. name .. ": only nginx has it", err, 1, true)
    end
    for _, name in ipairs { "var", "header", "arg" } do
      local ok, err = pcall(function() return ngx[name].uri end)
      assert.is_false(ok)
      assert.matches(("ngx.%s.uri: no request found"):format(name), err, 1, true)
      assert.is_false(pcall(function() ngx[name].uri = 1 end))
    end
    assert.is_nil(ngx.nothing_of_the_sort) -- libraries look whether something newer is there
  end)

  it("logs to a function, up to a level, with the place", function()
    local lines = {}
    local function log(level, text) lines[#lines + 1] = level .. " " .. text end
    local own = ngx.new { log_level = ngx.WARN, log = log }
    own.log(own.WARN, "a", 1, 2.5, nil, true, own.null)
    own.log(own.INFO, "not this")
    assert.equal(1, #lines)
    assert.matches("^5 spec/ngx_spec.lua:%d+: a12.5niltrueuserdata: ", lines[1])
    local out = run [[local ngx = require "bearssl.ngx" ngx.log(ngx.ERR, "to stderr")]]
    assert.matches("%[error%] .*: to stderr\n$", out)
  end)

  it("names an option that is wrong", function()
    for name, value in pairs { log = 1, shared = true, log_level = "warn", timeout = "x" } do
      local ok, err = pcall(ngx.new, { [name] = value })
      assert.is_false(ok)
      assert.matches(("option '%s'"):format(name), err, 1, true)
    end
  end)

  it("has the null of cjson", function()
    assert.equal(require "cjson".null, ngx.null)
  end)

  it("knows its process", function()
    assert.equal(io.open("/proc/self/stat"):read "n", ngx.worker.pid())
    assert.is_true(math.abs(os.time() - ngx.now()) < 5)
  end)
end)

describe("ngx.run", function()
  it("gives what the function returns, after its threads and timers have ended", function()
    local fired = false
    local a, b = ngx.run(function(x)
      ngx.timer.at(0.02, function() fired = true end)
      local _, value = ngx.thread.wait(ngx.thread.spawn(function() return x + 1 end))
      return value, "b"
    end, 1)
    assert.same({ 2, "b", true }, { a, b, fired })
  end)

  it("raises what it raises", function()
    local ok, err = pcall(ngx.run, function() error "oops" end)
    assert.is_false(ok)
    assert.matches("oops", err, 1, true)
  end)

  it("logs what a thread or a timer raises, and goes on", function()
    local lines = {}
    local own = ngx.new { log = function(_, text) lines[#lines + 1] = text end }
    local ok, err
    ngx.run(function()
      own.timer.at(0, function() error "in a timer" end)
      ok, err = own.thread.wait(own.thread.spawn(function()
        own.sleep(0.01)
        error("in a thread", 0)
      end))
    end)
    assert.same({ false, "in a thread" }, { ok, err })
    table.sort(lines)
    assert.equal(2, #lines)
    assert.matches("failed to run timer: .*in a timer", lines[1])
    assert.matches("lua user thread aborted: runtime error: in a thread", lines[2])
  end)

  it("repeats a timer until it is told to end", function()
    local count = 0
    local ok = pcall(ngx.run, function()
      ngx.timer.every(0.001, function() count = count + 1 end)
      while count < 3 do ngx.sleep(0.005) end
      error "enough"
    end)
    assert.is_false(ok)
    assert.is_true(count >= 3)
  end)
end)

describe("a coroutine inside a thread", function()
  it("may wait, raise, and be closed with the thread", function()
    assert.equal("2 false oops true nil closed\n", (run [[
      local ngx = require "bearssl.ngx".install()
      local listener = assert(require "socket".bind("127.0.0.1", 0))
      local _, port = listener:getsockname()
      ngx.run(function()
        local sock = assert(ngx.socket.connect("127.0.0.1", port))
        local peer = listener:accept()
        local beside = 0
        ngx.thread.spawn(function()
          for _ = 1, 2 do ngx.sleep(0.001) beside = beside + 1 end
          peer:send "x\n"
        end)
        coroutine.wrap(function() assert(sock:receive() == "x") end)()
        local ok, err = pcall(coroutine.wrap(function() ngx.sleep(0) error("oops", 0) end))
        local stuck = ngx.thread.spawn(function()
          coroutine.wrap(function() coroutine.wrap(function() sock:receive() end)() end)()
        end)
        local busy = select(2, sock:close()) == "socket busy reading"
        ngx.thread.kill(stuck)
        print(beside, ok, err, busy, sock:close())
      end)]]:gsub("\t", " ")))
  end)
end)

describe("a stand-in", function()
  local makers = require "bearssl.ngx.helpers".makers

  local function made(name) return makers[name]() end

  it("bit: gives what LuaBitOp gives", function()
    local theirs, ours = require "bit", made "bit"
    local numbers = { 0, 1, -1, 255, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x12345678, -2147483648, 0xDEADBEEF }
    for _, a in ipairs(numbers) do
      for _, name in ipairs { "tobit", "bnot", "bswap", "tohex" } do
        assert.equal(theirs[name](a), ours[name](a), name)
      end
      for _, b in ipairs(numbers) do
        for _, name in ipairs { "band", "bor", "bxor" } do
          assert.equal(theirs[name](a, b, 0xFF00), ours[name](a, b, 0xFF00), name)
        end
      end
      for _, n in ipairs { 0, 1, 8, 31, 32, 33 } do
        for _, name in ipairs { "lshift", "rshift", "arshift", "rol", "ror" } do
          assert.equal(theirs[name](a, n), ours[name](a, n), ("%s %d %d"):format(name, a, n))
        end
      end
      for _, n in ipairs { 4, -4, 8 } do assert.equal(theirs.tohex(a, n), ours.tohex(a, n)) end
    end
  end)

  it("ffi: has arrays of bytes, and says what it has not", function()
    local ffi = made "ffi"
    local array = ffi.new(ffi.typeof "char[?]", 10000)
    for i = 0, 9999 do array[i] = i % 256 end
    assert.equal(10000, #ffi.string(array, 10000))
    assert.equal("\0\1\2", ffi.string(array, 3))
    assert.equal("abc", ffi.string(ffi.new("uint8_t[8]", "abc")))
    assert.has_error(function() ffi.new "SHA_CTX" end, nil)
    local ok, err = pcall(function() return ffi.C.SHA1_Init end)
    assert.is_false(ok)
    assert.matches("ffi.C.SHA1_Init", err, 1, true)
  end)

  it("table.*: is LuaJIT's", function()
    local t = made "table.new"(10, 0)
    t[1], t.x = 1, 2
    assert.equal(2, made "table.nkeys"(t))
    assert.is_false(made "table.isarray"(t))
    assert.same(t, made "table.clone"(t))
    made "table.clear"(t)
    assert.is_true(made "table.isempty"(t))
  end)

  it("resty.*: hashes, and has random bytes", function()
    for name, hash in pairs {
      md5 = "900150983cd24fb0d6963f7d28e17f72", sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d",
      sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      sha224 = "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
    } do
      for _, prefix in ipairs { "resty.", "nginx." } do
        local object = made(prefix .. name):new()
        assert.is_true(object:update "a")
        assert.is_true(object:update("bcd", 2))
        assert.equal(hash, made(prefix .. "string").to_hex(object:final()))
        assert.is_true(object:reset())
      end
    end
    local random = made "resty.random"
    assert.equal(32, #random.bytes(32, true))
    assert.not_equal(random.bytes(16), random.bytes(16))
  end)

  it("ngx.base64: has the alphabet of URLs (RFC 4648 section 5)", function()
    local base64 = made "ngx.base64"
    assert.equal("-_-_YQ", base64.encode_base64url "\xfb\xff\xbf\x61")
    assert.equal("\xfb\xff\xbf\x61", base64.decode_base64url "-_-_YQ")
    assert.is_nil((base64.decode_base64url "-_+_"))
  end)

  it("ngx.ssl: parses certificates and keys, and says what it has not", function()
    local ssl = made "ngx.ssl"
    local ok, err = ssl.parse_pem_cert "nonsense"
    assert.is_nil(ok)
    assert.is_string(err)
    assert.is_nil((ssl.parse_pem_priv_key "nonsense"))
    ok, err = pcall(ssl.set_cert, "x")
    assert.is_false(ok)
    assert.matches("ngx.ssl.set_cert", err, 1, true)
  end)
end)
