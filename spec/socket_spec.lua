-- TLS over a descriptor: LuaSocket's methods, patterns and timeouts, and what a network does to them.
local core = require "bearssl.core"
local ends = require "spec.support.ends"
local pki = require "spec.support.pki"
local socket = require "socket"

local opened = {}

local function keep(a, b)
  opened[#opened + 1], opened[#opened + 2] = a, b
  return a, b
end

local function sockets(...) return keep(ends.connected_sockets(...)) end

local elapsed, descriptors = ends.elapsed, ends.descriptors

for kind, defaults in pairs {
  ["of BearSSL's engine"] = { max_version = "1.2" }, ["of our engine, TLS 1.3,"] = { max_version = "1.3" },
} do describe("a socket " .. kind, function()
  local plain = ends.defaults
  before_each(function() ends.defaults = defaults end)
  after_each(function() ends.defaults = plain end)

  after_each(function()
    for _, sock in ipairs(opened) do sock:close() end
    opened = {}
  end)

  it("takes the descriptor over, and gives it back to the system when closed", function()
    local near, far = ends.tcp()
    local fd = near:getfd()
    local c = keep(ends.client():wrap(near, { name = "localhost" }))
    assert.equal(-1, near:getfd())
    assert.equal(fd, c:getfd())
    assert.equal(1, c:close())
    assert.equal(1, c:close())
    assert.equal(-1, c:getfd())
    far:close()
  end)

  it("takes an integer descriptor", function()
    local near, far = ends.tcp()
    local fd = math.tointeger(near:getfd())
    near:setfd(-1)
    local c, s = keep(ends.client():wrap(fd, { name = "localhost" }), ends.server():wrap(far))
    c:settimeout(0)
    s:settimeout(0)
    ends.both(function() return c:handshake() end, function() return s:handshake() end)
    assert.equal("connected", c:state())
  end)

  it("takes the bytes along that LuaSocket has read already", function()
    local near, far = ends.tcp()
    local client, server = ends.client(), ends.server()
    local c = keep(client:wrap(near, { name = "localhost" }))
    c:settimeout(0)
    assert.same({ nil, "wantread" }, { c:handshake() })
    assert.same({}, (select(2, far:receive(0))) and {} or {})
    assert.is_true(far:dirty()) -- the ClientHello is in its buffer
    local s = keep(server:wrap(far))
    s:settimeout(0)
    ends.both(function() return c:handshake() end, function() return s:handshake() end)
    assert.equal("connected", s:state())
  end)

  it("takes the timeouts along", function()
    local near, far = ends.tcp()
    near:settimeout(0.1)
    near:settimeout(7, "t")
    local c = keep(ends.client():wrap(near, { name = "localhost" }))
    assert.same({ 0.1, 7 }, { c:gettimeout() })
    far:close()
  end)

  it("does not take what is closed, or no socket", function()
    local near, far = ends.tcp()
    far:close()
    near:close()
    assert.same({ nil, "closed" }, { ends.client():wrap(near, { name = "localhost" }) })
    local client = ends.client()
    for _, wrong in ipairs { "x", {}, -1, 1.5, io.stdout } do
      assert.has_error(function() client:wrap(wrong, { name = "localhost" }) end)
    end
  end)

  it("makes the handshake by itself, at the first send or receive", function()
    local c, s = keep(ends.sockets())
    local sent, received = ends.both(function() return c:send "hello\n" end, function() return s:receive() end)
    assert.same({ 6, "hello" }, { sent[1], received[1] })
    assert.is_true(c:handshake())
    assert.is_true(c:handshake())
  end)

  describe("receive", function()
    local c, s
    before_each(function() c, s = sockets() end)

    it("gives lines, without LF and CR", function()
      c:send "one\r\ntwo\n\r\n\nt\rhree\n"
      for _, pattern in ipairs { "*l", "l", "*l", "*l" } do
        local line = s:receive(pattern)
        assert.equal(({ "one", "two", "", "" })[_], line)
      end
      assert.equal("three", s:receive())
    end)

    it("gives as many bytes as asked for, out of many records or of one", function()
      for _ = 1, 10 do c:send "0123456789" end
      assert.equal("01234567890123456789", s:receive(20))
      assert.equal("012", s:receive(3))
      assert.equal("345", s:receive "3")
      assert.equal(74, #s:receive(74))
      assert.is_false(s:dirty())
    end)

    it("counts the prefix in", function()
      c:send "cdefgh\n"
      assert.equal("abcd", s:receive(4, "ab"))
      assert.equal("xxxx", s:receive(2, "xxxx"))
      assert.equal("ab_efgh", s:receive("*l", "ab_"))
    end)

    it("of 0 bytes waits until there is something to read", function()
      s:settimeout(0.05)
      assert.same({ nil, "timeout", "" }, { s:receive(0) })
      c:send "x"
      assert.equal("", s:receive(0))
      assert.equal("x", s:receive(1))
    end)

    it("gives all up to close_notify, then says closed", function()
      c:send(("x"):rep(50000))
      c:send "y"
      c:close()
      assert.equal(("x"):rep(50000) .. "y", s:receive "*a")
      assert.same({ nil, "closed", "" }, { s:receive "*a" })
      assert.same({ nil, "closed", "" }, { s:receive(1) })
      if s:state() == "closed" then assert.same({ nil, "closed", 0 }, { s:send "z" }) end -- else half_closed
    end)

    it("gives what there was of a line before the end", function()
      c:send "no line end"
      c:close()
      assert.same({ nil, "closed", "> no line end" }, { s:receive("*l", "> ") })
    end)

    it("bounds a line where told to", function()
      c:send "0123456789\n"
      local line, err = s:receive("*l", "", 5)
      assert.same({ nil, "limit" }, { line, err.code })
      assert.equal("0123456789", s:receive())
    end)

    it("raises for a pattern that there is not", function()
      for _, pattern in ipairs { "*x", "", "n", -1, 1.5 } do
        assert.has_error(function() s:receive(pattern) end)
      end
      assert.has_error(function() s:receive({}) end)
      assert.has_error(function() s.receive({}) end)
    end)
  end)

  describe("send", function()
    it("counts i and j as LuaSocket does", function()
      local c, s = sockets()
      for _, case in ipairs {
        { 1, -1, 5, "abcde" }, { 2, 3, 3, "bc" }, { -2, -1, 5, "de" }, { 0, 99, 5, "abcde" }, { 4, 4, 4, "d" },
      } do
        assert.equal(case[3], (c:send("abcde", case[1], case[2])))
        assert.equal(case[4], s:receive(#case[4]))
      end
      assert.equal(5, (c:send("abcde", 6)))
      assert.equal(0, (c:send ""))
    end)

    it("goes on where it was, through full buffers and short writes", function()
      local near, far = ends.tcp()
      local c, s = keep(ends.client():wrap(near, { name = "localhost" }), ends.server():wrap(far))
      c:settimeout(0)
      s:settimeout(0)
      ends.both(function() return c:handshake() end, function() return s:handshake() end)
      local data, sent, got, waits = ("0123456789abcdef"):rep(1 << 18), 0, {}, 0 -- 4 MiB
      local done
      repeat
        if not done then
          local last, err, part = c:send(data, sent + 1)
          if not last then
            assert.equal("wantwrite", err)
            assert.equal("write", c:want())
            waits = waits + 1
          end
          assert.truthy((last or part) >= sent)
          done, sent = last, last or part
        end
        local piece, err, part = s:receive(100000)
        if not piece then assert.equal("wantread", err) end
        got[#got + 1] = piece or part
      until done and not piece and part == ""
      assert.equal(#data, sent)
      assert.truthy(waits > 0)
      assert.is_true(data == table.concat(got))
      local received, written, age = c:getstats()
      assert.same({ 0, #data }, { received, written })
      assert.truthy(age > 0)
      received, written = s:getstats()
      assert.same({ #data, 0 }, { received, written })
    end)

    it("carries bulk both ways, waiting, with another process at the other end", function()
      local listener = assert(socket.bind("127.0.0.1", 0))
      local _, port = listener:getsockname()
      local script = ([[
        local bearssl, socket, pki = require "bearssl", require "socket", require "spec.support.pki"
        local sock = assert(bearssl.connect("127.0.0.1", %d, { trust = pki.root.p256, timeout = 60 }))
        while true do
          local size = sock:receive()
          if not size then break end
          assert(sock:send(assert(sock:receive(tonumber(size)))))
        end
        sock:close()
      ]]):format(port)
      local path = os.tmpname()
      local file = io.open(path, "w")
      file:write(script)
      file:close()
      local child = io.popen((os.getenv "LUA" or "lua5.4") .. " " .. path .. " 2>&1")
      listener:settimeout(60)
      local s = keep(ends.server():wrap(assert(listener:accept())))
      listener:close()
      s:settimeout(60)
      for size = 1, 1000000, 99999 do
        local data = ("z"):rep(size)
        assert.truthy(s:send(size .. "\n" .. data))
        assert.is_true(data == s:receive(size))
      end
      s:close()
      assert.equal("", child:read "a")
      child:close()
      os.remove(path)
    end)
  end)

  describe("settimeout", function()
    for _, case in ipairs { { "b", 0.15 }, { "t", 0.15 }, { "r", 0.15 }, { nil, 0.15 } } do
      it(("bounds receive, mode %s"):format(case[1]), function()
        local _, s = sockets()
        s:settimeout(nil)
        assert.equal(1, s:settimeout(case[2], case[1]))
        local seconds, data, err, partial = elapsed(function() return s:receive(5, "ab") end)
        assert.same({ nil, "timeout", "ab" }, { data, err, partial })
        assert.truthy(seconds >= 0.149 and seconds < 5)
      end)
    end

    it("bounds the whole call although something comes all the time", function()
      local c, s = sockets()
      s:settimeout(0.2)
      c:send "abc"
      local seconds, data, err, partial = elapsed(function() return s:receive(1000) end)
      assert.same({ nil, "timeout", "abc" }, { data, err, partial })
      assert.truthy(seconds >= 0.199 and seconds < 5)
    end)

    it("takes the smaller of both", function()
      local _, s = sockets()
      s:settimeout(30, "t")
      s:settimeout(0.1, "b")
      assert.truthy(elapsed(function() return s:receive() end) < 5)
      s:settimeout(30, "b")
      s:settimeout(0.1, "t")
      assert.truthy(elapsed(function() return s:receive() end) < 5)
    end)

    it("bounds the handshake, which can go on later", function()
      local c, s = keep(ends.sockets())
      c:settimeout(0.1)
      local seconds, ok, err = elapsed(function() return c:handshake() end)
      assert.same({ nil, "timeout" }, { ok, err })
      assert.truthy(seconds >= 0.099 and seconds < 5)
      c:settimeout(0)
      ends.both(function() return c:handshake() end, function() return s:handshake() end)
      assert.equal("connected", c:state())
    end)

    it("bounds send, which can go on later", function()
      local c, s = sockets()
      c:settimeout(0.1)
      local data = ("x"):rep(1 << 24)
      local last, err, part = c:send(data)
      assert.same({ nil, "timeout" }, { last, err })
      assert.truthy(part > 0 and part < #data)
      s:settimeout(0)
      c:settimeout(0)
      local got, wanted = 0, part + 3
      repeat
        local piece, _, partial = s:receive(1 << 20)
        got = got + #(piece or partial)
        if part < wanted then
          last, err, part = c:send(data, part + 1, wanted)
          part = last or part
        end
      until got == wanted
      assert.same({ wanted, nil }, { last, err })
    end)

    it("of 0 never waits", function()
      local c, s = keep(ends.sockets())
      assert.same({ nil, "wantread" }, { s:handshake() })
      assert.equal("read", s:want())
      assert.same({ nil, "wantread", "p" }, { s:receive("*l", "p") })
      assert.same({ nil, "wantread", 0 }, { s:send "x" })
      ends.both(function() return c:handshake() end, function() return s:handshake() end)
      assert.equal("nothing", s:want())
      assert.same({ nil, "wantread", "" }, { s:receive() })
      s:settimeout(nil)
      s:settimeout(0, "t")
      assert.same({ nil, "wantread", "" }, { s:receive() })
    end)

    it("raises for what is no timeout", function()
      local _, s = sockets()
      assert.has_error(function() s:settimeout("x") end)
      assert.has_error(function() s:settimeout(0 / 0) end)
      assert.has_error(function() s:settimeout(1, "x") end)
    end)
  end)

  it("hears the alert of a peer that refuses it", function()
    local server = ends.server { client_auth = "require", client_trust = pki.root.p256 }
    local c, s = keep(ends.sockets(ends.client(), server))
    local there, back = ends.both(function()
      local ok, err = c:handshake()
      if not ok then return ok, err end
      return c:receive()
    end, function() return s:handshake() end)
    assert.same({ nil, "certificate_required" }, { back[1], back[2].code })
    local alert = defaults.max_version == "1.3" and "certificate_required" or "handshake_failure"
    assert.same({ nil, "peer_alert", alert }, { there[1], there[2].code, there[2].alert })
  end)

  it("hears an alert that came before the reset, when it sends", function()
    local c, s = sockets()
    s:settimeout(0)
    core.abort(s.conn or s)
    s:receive() -- sends the alert
    s:close()
    local last, err
    for _ = 1, 100 do
      last, err = c:send "x"
      if not last then break end
      socket.sleep(0.01)
    end
    assert.is_nil(last)
    assert.same({ "peer_alert", "internal_error" }, { err.code, err.alert })
  end)

  it("sends no SIGPIPE to its process", function()
    local c, s = sockets()
    local tcp = socket.tcp()
    tcp:connect("127.0.0.1", 1)
    tcp:setfd(s:getfd())
    tcp:setoption("linger", { on = true, timeout = 0 })
    tcp:setfd(-1)
    s:close()
    local err
    for _ = 1, 100 do
      local ok
      ok, err = c:send "x"
      if not ok then break end
      socket.sleep(0.01)
    end
    assert.truthy(err)
  end)

  it("keeps socket.select's contract", function()
    local c, s = sockets()
    local function readable(seconds)
      local list = socket.select({ s }, nil, seconds)
      return list[s] ~= nil
    end
    assert.is_false(readable(0))
    c:send "abc\ndef"
    assert.is_true(readable(5))
    assert.equal("abc", s:receive())
    assert.is_true(s:dirty()) -- the descriptor has nothing left, the record has
    assert.is_true(readable(0))
    assert.equal("def", s:receive(3))
    assert.is_false(readable(0))
    c:close()
    assert.is_true(readable(5))
    assert.same({ nil, "closed", "" }, { s:receive() })
    assert.is_true(s:dirty())
  end)

  it("goes on after signals, with the time that was left", function()
    local near, far = ends.tcp()
    local c = keep(ends.client():wrap(near, { name = "localhost" }))
    c:settimeout(0.6)
    local pid = io.open("/proc/self/stat"):read "n"
    -- SIGCONT interrupts poll and does nothing else; several, spread over the wait
    local signals = "(for i in 1 2 3 4 5; do sleep 0.07; kill -STOP %d; kill -CONT %d; done) >/dev/null 2>&1 &"
    os.execute(signals:format(pid, pid))
    local seconds, ok, err = elapsed(function() return c:handshake() end)
    assert.same({ nil, "timeout" }, { ok, err })
    assert.truthy(seconds >= 0.599 and seconds < 10)
    far:close()
  end)

  it("tells its addresses", function()
    local c, s = sockets()
    local host, port, family = c:getpeername()
    assert.same({ "127.0.0.1", "inet" }, { host, family })
    assert.same({ "127.0.0.1", port, "inet" }, { s:getsockname() })
    c:close()
    assert.same({ nil, "closed" }, { c:getpeername() })
  end)

  it("is at home in coroutines", function()
    local c, s = ends.sockets()
    keep(c, s)
    local function task(sock, work)
      return coroutine.wrap(function()
        local function call(name, ...)
          while true do
            local a, err, partial = sock[name](sock, ...)
            if a or (err ~= "wantread" and err ~= "wantwrite") then return a, err, partial end
            coroutine.yield(err)
          end
        end
        return "done", work(call)
      end)
    end
    local one = task(c, function(call)
      call("send", "question\n")
      return call "receive"
    end)
    local two = task(s, function(call)
      local question = call "receive"
      call("send", question .. " answered\n")
      return question
    end)
    local a, b
    repeat
      if not a then
        local state, result = one()
        a = state == "done" and result
      end
      if not b then
        local state, result = two()
        b = state == "done" and result
      end
    until a and b
    assert.same({ "question answered", "question" }, { a, b })
  end)

  it("asks on_certificate_request, which may yield, from send", function()
    local client = ends.client {
      on_certificate_request = function()
        coroutine.yield "asked"
        return pki.client.p256.certificate, pki.client.p256.key
      end,
    }
    local server = ends.server { client_auth = "require", client_trust = pki.root.p256 }
    local c, s = keep(ends.sockets(client, server))
    local asked
    local send = coroutine.wrap(function()
      while true do
        local last, err = c:send("hello\n", 2)
        if last or (err ~= "wantread" and err ~= "wantwrite") then return "sent", last, err end
        coroutine.yield "waits"
      end
    end)
    local sent, received
    repeat
      if not sent then
        local state, last = send()
        asked = asked or state == "asked"
        sent = state == "sent" and last
      end
      received = received or s:receive()
    until sent and received
    assert.same({ true, 6, "ello" }, { asked, sent, received })
    assert.equal(2, #s:peer_certificates())
  end)

  it("passes on what a callback raises, and fails", function()
    local c, s = keep(ends.sockets(ends.client { key_log = function() error("disk full", 0) end }))
    local failed = false
    local deadline = socket.gettime() + 60
    repeat
      local ok, err = pcall(c.handshake, c)
      if not ok then
        assert.equal("disk full", err)
        failed = true
      end
      s:handshake()
    until failed or socket.gettime() > deadline
    assert.is_true(failed)
    local _, err = c:receive()
    assert.equal("cancelled", err.code)
    assert.equal("failed", c:state())
  end)

  it("leaves no descriptor open, whatever happens", function()
    local before = descriptors()
    for _ = 1, 5 do
      local c, s = ends.connected_sockets()
      c:close()
      s:close()
      local near, far = ends.tcp()
      local lost = ends.client():wrap(near, { name = "localhost" })
      lost:settimeout(0)
      lost:handshake()
      far:close()
    end
    assert.equal(before, descriptors())
  end)
end) end
