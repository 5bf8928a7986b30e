-- The path of bytes: how many records a write makes and how large they are, what a call leaves to Lua's collector, and
-- how many system calls there are to a connection and to a MiB, by bench/syscalls, beside LuaSec's.
local child = require "spec.support.child"
local ends = require "spec.support.ends"
local pair = require "spec.support.pair"

local HEADER, TAG = 5, 16

-- Plaintext in each record that `from` has to send.
local function sizes(from, version)
  local list, bytes, at = {}, from:pull(), 1
  local around = version == "1.3" and 1 + TAG or 8 + TAG -- the type; the explicit nonce
  while at <= #bytes do
    local n = (">I2"):unpack(bytes, at + 3)
    list[#list + 1] = n - around
    at = at + HEADER + n
  end
  return list
end

-- Writes `size` bytes and gives the plaintext of the records.
local function written(from, size, version)
  local all, done, data = {}, 0, ("x"):rep(size)
  while done < size do
    local last, _, partial = from:write(data, done + 1)
    done = last or partial
    table.move(sizes(from, version), 1, 1000, #all + 1, all)
  end
  return all
end

describe("records", function()
  for _, version in ipairs { "1.2", "1.3" } do
    local function connected(client, server)
      local of_version = { engine = "native", min_version = version, max_version = version }
      return pair.connected(pair.with(of_version, client), pair.with(of_version, server))
    end

    describe("of TLS " .. version, function()
      it("are small at a server's start, each a segment more than the one before, and full ones later", function()
        local p = connected()
        local list, sent = written(p.server, 1 << 18, version), 0
        for i, size in ipairs(list) do
          local wanted = sent < 1 << 17 and math.min(1208 * i, 16384) or 16384
          assert.equal(i < #list and wanted or (1 << 18) - sent, size)
          sent = sent + size
        end
        assert.equal(1 << 18, sent)
        assert.same({ 16384, 16384 }, written(p.server, 32768, version))
      end)

      it("are full ones of a client", function()
        local p = connected()
        assert.same({ 16384, 16384, 16384, 848 }, written(p.client, 50000, version))
      end)

      it("keep to the peer's record_size_limit", function()
        local p = connected({ record_size_limit = 1000 })
        assert.same({ 1000, 1000, 1000, 1000, 1000 }, written(p.server, 5000, version))
      end)

      it("go out together: what one call writes, 64 KiB, is one piece of output", function()
        local p = connected()
        assert.equal(65536, p.client:write(("x"):rep(65536)))
        assert.same({ 16384, 16384, 16384, 16384 }, sizes(p.client, version))
      end)
    end)
  end
end)

-- Bytes that each of many calls leaves to the collector.
local function left_by(call)
  for _ = 1, 10 do call() end
  collectgarbage()
  collectgarbage()
  collectgarbage "stop"
  call() -- a collection takes from the interpreter's stack what it will need again
  local before = collectgarbage "count"
  for _ = 1, 10 do call() end
  local after = collectgarbage "count"
  collectgarbage "restart"
  return math.floor((after - before) * 1024 / 10)
end

local STRING, BOX = 25, 48 -- bytes that Lua needs for a long string beside its own, and for a buffer that grew

describe("Lua's garbage", function()
  for _, o in ipairs {
    { max_version = "1.3" }, { engine = "native", max_version = "1.2" }, { engine = "bear", max_version = "1.2" },
  } do
    describe(("with TLS %s, engine %s"):format(o.max_version, o.engine or "native"), function()
      local c, s
      before_each(function() c, s = ends.connected_sockets(ends.client(o), ends.server(o)) end)
      after_each(function()
        c:close()
        s:close()
      end)

      it("is what receive has given, and nothing of send", function()
        for _, size in ipairs { 64, 1000, 16384, 65536, 300000 } do
          local data = ("x"):rep(size)
          local bytes = left_by(function()
            assert(c:send(data))
            assert(s:receive(size))
          end)
          local most = size + STRING + (size > 16384 and BOX or 0)
          assert.truthy(bytes >= size and bytes <= most, ("%d bytes for %d"):format(bytes, size))
        end
      end)

      it("is a line", function()
        local line = ("y"):rep(100) .. "\n"
        assert.truthy(left_by(function()
          assert(c:send(line))
          assert(s:receive "*l")
        end) <= 100 + STRING)
      end)

      it("is nothing of a call that had to wait", function()
        s:settimeout(0)
        assert.equal(0, left_by(function() assert(select(2, s:receive(1)) == "wantread") end))
      end)
    end)
  end
end)

describe("system calls", function()
  local calls = {}

  lazy_setup(function() -- (leaks cannot be looked for under strace)
    local pipe <close> = assert(io.popen(child .. " ASAN_OPTIONS=detect_leaks=0 bench/syscalls 2>/dev/null"))
    for row in pipe:lines() do
      if not row:find "^#" then
        local name, metric, count = row:match "^syscalls/([^\t]+)\t([%w_]+)\t([%d.e+-]+)\tcalls\t"
        calls[name .. " " .. metric] = assert(tonumber(count), row)
      end
    end
  end)

  local function at_most(most, name)
    local count = assert(calls[name], name)
    assert.truthy(count <= most, ("%s: %g, at most %g"):format(name, count, most))
  end

  -- Of a connection on which the server sends a byte: each side's flights, that byte, close_notify. What is received
  -- may come in more pieces than it was sent in.
  for _, version in ipairs { "1.3", "1.2" } do
    for _, kind in ipairs { "full", "resumed" } do
      local function name(stack, metric) return ("%s/%s/%s %s"):format(stack, kind, version, metric) end

      it(("of a connection with TLS %s, %s: one send for each flight"):format(version, kind), function()
        at_most(3, name("bearssl", "client_send"))
        at_most(kind == "resumed" and version == "1.2" and 3 or 4, name("bearssl", "server_send"))
        for _, side in ipairs { "client", "server" } do
          at_most(6, name("bearssl", side .. "_receive"))
          at_most(5, name("bearssl", side .. "_wait"))
        end
      end)

      it(("of a connection with TLS %s, %s: fewer than LuaSec's"):format(version, kind), function()
        for _, side in ipairs(kind == "full" and { "client", "server" } or { "server" }) do
          at_most(calls[name("luasec", side .. "_send")], name("bearssl", side .. "_send"))
          at_most(calls[name("luasec", side .. "_receive")], name("bearssl", side .. "_receive"))
          at_most(calls[name("luasec", side .. "_other")], name("bearssl", side .. "_other"))
        end
      end)
    end

    it("of a MiB with TLS " .. version .. ": half of LuaSec's at most", function()
      for _, metric in ipairs { "send/%s client_send", "receive/%s client_receive" } do
        local kind = metric:format(version)
        at_most(calls["luasec/" .. kind] / 2, "bearssl/" .. kind)
      end
    end)
  end
end)
