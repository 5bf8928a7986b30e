-- What holds under every scheduler: rows(name, describe, it) describes it, in a process that has loaded one framework.
local assert = require "luassert"
local bearssl = require "bearssl"
local callbacks = require "spec.support.scheduler_callbacks"
local ends = require "spec.support.ends"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local schedulers = require "spec.support.schedulers"
local socket = require "socket"

local LONG, run, pair = schedulers.LONG, schedulers.run, schedulers.pair
local both, connected = schedulers.both, schedulers.connected

-- The scheduler, but that it counts the waits.
local function counting()
  local own, count = scheduler.current(), { waits = 0 }
  function count.wait(...)
    count.waits = count.waits + 1
    return own.wait(...)
  end
  return setmetatable(count, { __index = own })
end

-- A listener whose queue is full, so that nobody who connects hears anything.
local function deaf()
  local listener = assert(socket.tcp4())
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(0))
  local _, port = listener:getsockname()
  local queue = { listener }
  for i = 2, 4 do
    queue[i] = socket.tcp4()
    queue[i]:settimeout(0)
    queue[i]:connect("127.0.0.1", port)
  end
  socket.sleep(0.1)
  return setmetatable({ port = math.tointeger(tonumber(port)) }, { __close = function()
    for _, tcp in ipairs(queue) do tcp:close() end
  end })
end

return function(name, describe, it)
  local function it_runs(what, body)
    it(what, function() run(name, body) end)
  end

  describe("under " .. name, function()
    it_runs("the scheduler is found", function()
      assert.equal(name, scheduler.current().name)
      assert.equal(scheduler.get(name), scheduler.current())
    end)

    it("nothing is found outside of its coroutines", function()
      assert.equal("plain", coroutine.isyieldable() and "plain" or scheduler.current().name)
    end)

    it_runs("a server and its clients run side by side", function(go)
      local client, server = ends.client(), ends.server()
      local listener = scheduler.socket(assert(socket.bind("127.0.0.1", 0)))
      listener:settimeout(LONG)
      local _, port = listener:getsockname()
      local lines, ended = {}, 0
      for i = 1, 5 do
        go(function()
          local tcp = assert(scheduler.connect("localhost", math.tointeger(tonumber(port)), { timeout = LONG }))
          local tls <close> = scheduler.socket(assert(client:wrap(tcp, { name = "localhost" })))
          tls:settimeout(LONG)
          assert(tls:send("line " .. i .. "\n"))
          lines[i] = tls:receive()
          ended = ended + 1
        end)
      end
      for _ = 1, 5 do
        local tcp = assert(listener:accept())
        go(function()
          local tls <close> = scheduler.socket(assert(server:wrap(tcp)))
          for line in function() return tls:receive() end do assert(tls:send(line:upper() .. "\n")) end
          ended = ended + 1
        end)
      end
      listener:close()
      while ended < 10 do scheduler.current().sleep(0.01) end
      assert.same({ "LINE 1", "LINE 2", "LINE 3", "LINE 4", "LINE 5" }, lines)
    end)

    it_runs("bearssl.connect waits by it, and gives such a socket", function(go)
      local server = ends.server()
      local listener = scheduler.socket(assert(socket.bind("127.0.0.1", 0)))
      local _, port = listener:getsockname()
      local theirs, ours = both(go, function()
        local tls <close> = scheduler.socket(assert(server:wrap(listener:accept())))
        return tls:send "hello\n"
      end, function()
        local options = { trust = pki.root.p256, timeout = LONG }
        local tls <close> = assert(bearssl.connect("localhost", port, options))
        return tls:receive()
      end)
      listener:close()
      assert.same({ 6, "hello" }, { theirs[1], ours[1] })
    end)

    describe("timeouts:", function()
      it_runs("a call of one of them ends with what came, and the next one goes on", function(go)
        local c, s = connected(go)
        for _, mode in ipairs { "b", "t" } do
          c:settimeout(nil)
          c:settimeout(nil, "t")
          c:settimeout(0.05, mode)
          s:send "half"
          assert.same({ nil, "timeout", "half" }, { c:receive() })
          s:send " line\n"
          assert.equal("half line", c:receive("*l", "half"))
        end
        c:close()
        s:close()
      end)

      it_runs("with both, each wait takes at most the one, and the call at most the other", function(go)
        local c, s = connected(go)
        c:settimeout(LONG, "b")
        c:settimeout(0.2, "t")
        local stop = false
        go(function()
          repeat
            s:send "x"
            scheduler.current().sleep(0.02)
          until stop
        end)
        local data, err, part = c:receive(100000)
        stop = true
        assert.same({ nil, "timeout" }, { data, err })
        assert.truthy(#part > 0)
        c:settimeout(0.05, "b")
        c:settimeout(LONG, "t")
        repeat data, err = c:receive(100000) until err ~= "timeout" or data == nil
        assert.same({ nil, "timeout" }, { data, err })
        c:close()
        s:close()
      end)

      it_runs("of 0 nothing waits", function(go)
        local c, s = connected(go)
        c:settimeout(0)
        assert.same({ nil, "wantread", "" }, { c:receive(1) })
        assert.equal("read", c:want())
        c:settimeout(LONG)
        c:settimeout(0, "t")
        assert.same({ nil, "wantread", "" }, { c:receive(1) })
        c:close()
        s:close()
      end)

      it_runs("what is over waits no more, and what is endless for ever", function(go)
        local own, c, s = scheduler.current(), connected(go)
        assert.same({ nil, "timeout" }, { own.wait(c:getfd(), "r", -1) })
        own.sleep(-1)
        s:send "x"
        assert.is_true(own.wait(c:getfd(), "r", math.huge))
        c:close()
        s:close()
      end)

      it_runs("the handshake has one, too", function()
        local c, s = pair()
        c:settimeout(0.05)
        assert.same({ nil, "timeout" }, { c:handshake() })
        c:close()
        s:close()
      end)

      it_runs("and a connect that nobody answers", function(go)
        local listener <close> = deaf()
        local turns, ended = 0, false
        go(function()
          repeat
            turns = turns + 1
            scheduler.current().sleep(0.01)
          until ended
        end)
        local tcp, err = scheduler.connect("127.0.0.1", listener.port, { timeout = 1 })
        ended = true
        assert.same({ nil, "timeout" }, { tcp, err })
        assert.truthy(turns > 2) -- others ran meanwhile
      end)

      it_runs("those of a LuaSocket object, or of a TLS socket, are taken over", function()
        local near, far = ends.tcp()
        near:settimeout(7)
        near:settimeout(9, "t")
        local tcp = scheduler.socket(near)
        assert.same({ 7, 9 }, { tcp:gettimeout() })
        local tls = scheduler.socket(assert(ends.client():wrap(tcp, { name = "localhost" })))
        assert.same({ 7, 9 }, { tls:gettimeout() })
        tls:settimeout(-1)
        assert.same({ -1, 9 }, { tls:gettimeout() })
        assert.has_error(function() tls:settimeout(1, "x") end)
        assert.has_error(function() tls:settimeout "soon" end)
        assert.has_error(function() tls:settimeout(0 / 0) end)
        tls:close()
        far:settimeout(0) -- as event loops do
        assert.same({ -1, -1 }, { scheduler.socket(far):gettimeout() })
        far:close()
      end)
    end)

    describe("the end:", function()
      it_runs("who waits for a socket that is closed goes on with closed", function(go)
        local c, s = connected(go)
        local result
        go(function() result = table.pack(c:receive()) end)
        scheduler.current().sleep(0.02)
        assert.is_nil(result)
        c:close()
        while not result do scheduler.current().sleep(0.01) end
        assert.same({ nil, "closed", "" }, { result[1], result[2], result[3] })
        assert.same({ nil, "closed", "" }, { s:receive() })
        s:close()
        assert.same({ nil, "closed" }, { c:receive() , (select(2, c:receive())) })
      end)

      it_runs("so does who waits for a connection", function(go)
        local listener, result = scheduler.socket(assert(socket.bind("127.0.0.1", 0))), nil
        go(function() result = table.pack(listener:accept()) end)
        scheduler.current().sleep(0.02)
        assert.is_nil(result)
        listener:close()
        while not result do scheduler.current().sleep(0.01) end
        assert.same({ nil, "closed" }, { result[1], result[2] })
      end)

      it_runs("a descriptor that gets the number of a closed one is waited for by itself", function(go)
        local c, s = connected(go)
        local fd, result = c:getfd(), nil
        go(function() result = table.pack(c:receive()) end)
        scheduler.current().sleep(0.02)
        c:close()
        local near, far = ends.tcp()
        assert.equal(fd, math.tointeger(near:getfd()))
        far = scheduler.socket(far)
        near = scheduler.socket(near)
        near:settimeout(LONG)
        go(function()
          scheduler.current().sleep(0.05)
          far:send "new\n"
        end)
        assert.equal("new", near:receive())
        assert.equal("closed", result[2])
        near:close()
        far:close()
        s:close()
      end)

      it_runs("a coroutine that is closed while it waits leaves nothing behind", function(go)
        local c, s = connected(go)
        local fd = c:getfd()
        local co, reached
        go(function()
          co = coroutine.running()
          local guard <close> = setmetatable({}, { __close = function() reached = true end })
          c:receive()
          error(guard)
        end)
        scheduler.current().sleep(0.02)
        assert.is_true(coroutine.close(co))
        assert.is_true(reached)
        s:send "still there\n"
        assert.equal("still there", c:receive())
        c:close()
        s:close()
        assert.equal(-1, c:getfd())
        assert.truthy(fd >= 0)
      end)

      it_runs("what was sent arrives before it, however slowly the other end reads", function(go)
        local c, s = connected(go)
        local data = ("0123456789abcdef"):rep(1 << 16) -- 1 MiB, more than the system's buffers take
        go(function()
          assert(s:send(data))
          s:close()
        end)
        local got = {}
        repeat
          local piece, err, part = c:receive(50000)
          got[#got + 1] = piece or part
          scheduler.current().sleep(0.001)
        until not piece and assert(err == "closed", err)
        assert.equal(#data, #table.concat(got))
        c:close()
      end)

      it_runs("a close that waits for the peer to read is ended by another one", function(go)
        local c, s = connected(go)
        s:settimeout(0.05)
        local last, err, sent
        repeat last, err, sent = s:send(("x"):rep(1 << 16)) until sent == 0
        assert.same({ nil, "timeout" }, { last, err })
        s:settimeout(LONG)
        local fd, closed, co = s:getfd(), 0, nil
        go(function()
          co = coroutine.running()
          local _ <close> = setmetatable({}, { __close = function() closed = closed + 1 end })
          s:close()
        end)
        scheduler.current().sleep(0.01)
        assert.same({ fd, 0 }, { s:getfd(), closed })
        assert.truthy(co)
        s:close()
        assert.equal(-1, s:getfd())
        while closed == 0 do scheduler.current().sleep(0.01) end
        c:close()
      end)

      it_runs("no descriptor stays open", function(go)
        local before = ends.descriptors()
        for _ = 1, 3 do
          local c, s = connected(go)
          c:close()
          s:close()
        end
        assert.is_nil((scheduler.connect("127.0.0.1", 1, { timeout = LONG })))
        assert.equal(before, ends.descriptors())
      end)
    end)

    describe("no busy waiting:", function()
      it("a wait is one turn, however long", function()
        local waits
        local turns = run(name, function(go)
          local c, s = connected(go)
          local count = counting()
          local near, far = ends.tcp()
          local tcp = scheduler.socket(near, count)
          tcp:settimeout(LONG)
          go(function()
            for _ = 1, 10 do
              scheduler.current().sleep(0.02)
              far:send "x"
            end
          end)
          assert.equal("xxxxxxxxxx", tcp:receive(10))
          waits = count.waits
          tcp:close()
          far:close()
          c:close()
          s:close()
        end)
        assert.truthy(waits >= 1 and waits <= 10, waits) -- one for each byte at most
        assert.truthy(turns < 100, turns)
      end)

      it_runs("reads that find data do not keep the others waiting", function(go)
        local c, s = connected(go)
        local others, ended = 0, false
        go(function() assert(s:send(("line\n"):rep(2000))) end)
        go(function()
          repeat
            others = others + 1
            scheduler.current().sleep(0)
          until ended
        end)
        for _ = 1, 2000 do assert.equal("line", c:receive()) end
        ended = true
        assert.truthy(others > 10, others)
        c:close()
        s:close()
      end)
    end)

    callbacks(describe, it_runs)

    it_runs("coroutines wait for what another one says", function(go)
      local condition, said = scheduler.condition(), {}
      assert.same({ nil, "timeout" }, { condition:wait(0.01) })
      for i = 1, 3 do
        go(function() said[i] = condition:wait(i < 3 and LONG or nil) end)
      end
      scheduler.current().sleep(0.02)
      assert.same({}, said)
      condition:signal()
      while #said < 3 do scheduler.current().sleep(0.01) end
      assert.same({ true, true, true }, said)
      assert.same({ nil, "timeout" }, { condition:wait(0.01) })
    end)

    it_runs("one coroutine reads while another one writes", function(go)
      local c, s = connected(go)
      local data = ("0123456789abcdef"):rep(1 << 16)
      local got, sent = {}, 0
      local function talk(sock, i)
        go(function()
          assert(sock:send(data))
          sent = sent + 1
        end)
        got[i] = assert(sock:receive(#data))
      end
      go(talk, c, 1)
      talk(s, 2)
      while sent < 2 or not got[1] do scheduler.current().sleep(0.01) end
      assert.truthy(data == got[1] and data == got[2])
      c:close()
      s:close()
    end)

    it_runs("what two coroutines send does not mix", function(go)
      for _, make in ipairs { function() return connected(go) end, function()
        local near, far = ends.tcp()
        return scheduler.socket(near), scheduler.socket(far)
      end } do
        local c, s = make()
        local sent = 0
        local letters = { "a", "b", "c" }
        for _, letter in ipairs(letters) do
          go(function()
            assert.equal(1 << 20, (c:send(letter:rep(1 << 20))))
            sent = sent + 1
          end)
        end
        local got = {}
        for i in ipairs(letters) do got[i] = assert(s:receive(1 << 20)) end
        table.sort(got)
        for i, letter in ipairs(letters) do assert.truthy(got[i] == letter:rep(1 << 20), letter) end
        while sent < 3 do scheduler.current().sleep(0.01) end
        c:close()
        s:close()
      end
    end)

    it_runs("who waits for another one's send has its timeout, and its end", function(go)
      local c, s = connected(go)
      local results = {}
      go(function() results[1] = table.pack(c:send(("a"):rep(1 << 24))) end)
      scheduler.current().sleep(0.05)
      c:settimeout(0.02)
      assert.same({ nil, "timeout", 2 }, { c:send("xyz", 3) })
      assert.same({ nil, "timeout", 1 }, { c:send("xyz", -2) })
      c:settimeout(0)
      assert.same({ nil, "timeout", 0 }, { c:send "xyz" })
      c:settimeout(LONG)
      go(function() results[2] = table.pack(c:send "xyz") end)
      scheduler.current().sleep(0.01)
      assert.same({}, results)
      c:settimeout(0.01) -- of the farewell, which nobody reads
      c:close()
      while not (results[1] and results[2]) do scheduler.current().sleep(0.01) end
      assert.same({ "closed", "closed" }, { results[1][2], results[2][2] })
      s:close()
    end)

    it_runs("TLS begins in the middle of a connection", function(go)
      local near, far = ends.tcp()
      local a, b = scheduler.socket(near), scheduler.socket(far)
      a:settimeout(LONG)
      b:settimeout(LONG)
      local there, back = both(go, function()
        assert(a:send "STARTTLS\r\n")
        assert.equal("go ahead", a:receive())
        local tls <close> = scheduler.socket(assert(ends.client():wrap(a, { name = "localhost" })))
        return tls:send "secret\n"
      end, function()
        assert.equal("STARTTLS", b:receive())
        assert(b:send "go ahead\r\n")
        local tls <close> = assert(ends.server():wrap(b)) -- under the scheduler, as b was
        return tls:receive()
      end)
      assert.same({ 7, "secret" }, { there[1], back[1] })
      assert.same({ -1, -1 }, { a:getfd(), b:getfd() })
    end)

    it_runs("a LuaSocket object connects by its own method", function(go)
      local listener = scheduler.socket(assert(socket.bind("127.0.0.1", 0)))
      local _, port = listener:getsockname()
      local tcp = scheduler.socket(socket.tcp())
      tcp:settimeout(LONG)
      local there, back = both(go, function() return tcp:connect("127.0.0.1", port) end, function()
        return listener:accept()
      end)
      assert.equal(1, there[1])
      assert(back[1]:send "hello\n")
      assert.equal("hello", tcp:receive())
      tcp:close()
      back[1]:close()
      listener:close()
      tcp = scheduler.socket(socket.tcp())
      assert.same({ nil, "connection refused" }, { tcp:connect("127.0.0.1", port) })
      tcp:close()
    end)

    it_runs("a name is resolved", function()
      local listener = assert(socket.bind("127.0.0.1", 0))
      local _, port = listener:getsockname()
      local tcp = assert(scheduler.connect("localhost", math.tointeger(tonumber(port)), { timeout = LONG }))
      tcp:close()
      listener:close()
      local none, err = scheduler.connect("no-such-host.invalid", 1, { timeout = LONG })
      assert.is_nil(none)
      assert.truthy(err == "timeout" or err.code == "dns", tostring(err))
    end)
  end)
end
