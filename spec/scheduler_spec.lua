-- Schedulers in general, the plain one, and our own loop; what holds under each of them is in support/scheduler_rows.
local bearssl = require "bearssl"
local core = require "bearssl.core"
local ends = require "spec.support.ends"
local new_timers = require "bearssl.scheduler.timers"
local scheduler = require "bearssl.scheduler"
local socket = require "socket"

describe("scheduler.get", function()
  it("gives the plain one and our own by name", function()
    assert.equal("plain", scheduler.get "plain".name)
    assert.equal("coroutine", scheduler.get "coroutine".name)
  end)

  it("raises for a name that there is not", function()
    for _, name in ipairs { "asyncio", "", 1, {} } do
      assert.error_matches(function() scheduler.get(name) end, "plain, coroutine, copas, cqueues and luv are known")
    end
  end)
end)

describe("scheduler.of", function()
  it("gives the current one, one by name, or the one that it is given", function()
    local own = { now = core.now, wait = function() end, sleep = function() end }
    assert.equal("plain", scheduler.of().name)
    assert.equal("coroutine", scheduler.of "coroutine".name)
    assert.equal(own, scheduler.of(own))
    for _, wrong in ipairs { 1, true, {}, print, { wait = print } } do
      assert.error_matches(function() scheduler.of(wrong) end, "a name, or a table of now, wait and sleep is wanted")
    end
  end)
end)

describe("the plain scheduler", function()
  local plain = scheduler.get "plain"

  it("is the current one outside of coroutines, and in those that nobody runs", function()
    assert.equal(plain, coroutine.wrap(scheduler.current)())
  end)

  it("waits for one descriptor", function()
    local near, far = ends.tcp()
    local fd = math.tointeger(near:getfd())
    assert.is_true(plain.wait(fd, "w"))
    assert.same({ nil, "timeout" }, { plain.wait(fd, "r", 0) })
    assert.same({ nil, "timeout" }, { plain.wait(fd, "r", 0.01) })
    far:send "x"
    assert.is_true(plain.wait(fd, "r", 20))
    far:close()
    near:receive(1)
    assert.is_true(plain.wait(fd, "r"))
    near:close()
    assert.has_error(function() plain.wait(-1, "r") end)
    assert.has_error(function() plain.wait(fd, "x") end)
    assert.has_error(function() plain.wait(fd, "r", 0 / 0) end)
  end)

  it("has a clock that goes on, and nobody to run beside", function()
    local before = plain.now()
    plain.sleep(0.01)
    assert.truthy(plain.now() > before)
    assert.is_nil(plain.spawn)
    assert.error_matches(function() scheduler.condition():wait() end, "no scheduler runs")
  end)

  it("leaves a socket as it is", function()
    local near, far = ends.tcp()
    assert.equal(near, scheduler.socket(near))
    local c = ends.client():wrap(near, { name = "localhost" })
    assert.equal(c, scheduler.socket(c, "plain"))
    c:close()
    far:close()
  end)
end)

describe("scheduler.connect", function()
  local listener, port
  before_each(function()
    listener = assert(socket.bind("127.0.0.1", 0))
    local _, number = listener:getsockname()
    port = math.tointeger(tonumber(number))
  end)
  after_each(function() listener:close() end)

  it("gives LuaSocket's object, which waits as one that LuaSocket connected", function()
    local tcp = assert(scheduler.connect("localhost", port))
    assert.equal("127.0.0.1", (tcp:getpeername()))
    local theirs = listener:accept()
    theirs:send "line\n"
    assert.equal("line", tcp:receive())
    tcp:settimeout(0.01)
    assert.equal("timeout", select(2, tcp:receive()))
    tcp:close()
    theirs:close()
  end)

  it("takes the local address that it is given", function()
    local tcp = assert(scheduler.connect("127.0.0.1", port, { local_address = "127.0.0.2", timeout = 60 }))
    assert.equal("127.0.0.2", (tcp:getsockname()))
    tcp:close()
    assert.equal("io", select(2, scheduler.connect("127.0.0.1", port, { local_address = "192.0.2.1" })).code)
  end)

  it("tries each address of a name, and waits for each no longer than its share", function()
    local asked, waits = {}, {}
    local two = setmetatable({
      resolve = function(host, timeout)
        asked = { host, timeout }
        return { "127.0.0.1", "::1", "127.0.0.1" }
      end,
      wait = function(_, _, timeout)
        waits[#waits + 1] = timeout
        return nil, "timeout"
      end,
    }, { __index = scheduler.get "plain" })
    local before = ends.descriptors()
    assert.same({ nil, "timeout" }, { scheduler.connect("host.example", port, { scheduler = two, timeout = 30 }) })
    assert.same({ "host.example", 30 }, asked)
    assert.truthy(#waits >= 2 and waits[1] <= 10 and waits[#waits] > 20)
    assert.equal(before, ends.descriptors())
  end)

  it("raises for what is no host, port or option", function()
    local connect = scheduler.connect
    for what, arguments in pairs {
      ["^host: a name"] = { nil, 1 }, ["host: a"] = { "", 1 }, ["a name or an IP address"] = { "a\0b", 1 },
      ["^port: an integer"] = { "a", 0 }, ["port"] = { "a", "x" }, ["from 1 to 65535"] = { "a", 65536 },
      ["^unknown option 'tmeout': timeout, scheduler and local_address are known"] = { "a", 1, { tmeout = 1 } },
      ["option 'timeout': a number is wanted, not string"] = { "a", 1, { timeout = "1" } },
      ["option 'local_address': a string"] = { "a", 1, { local_address = 1 } },
    } do
      assert.error_matches(function()
        connect(table.unpack(arguments, 1, 3))
        return nil
      end, what)
    end
  end)

  it("says what is wrong", function()
    local unused = port
    listener:close()
    local tcp, err = scheduler.connect("127.0.0.1", unused, { timeout = 60 })
    assert.same({ nil, "refused" }, { tcp, err.code })
    tcp, err = scheduler.connect("no-such-host.invalid", unused)
    assert.same({ nil, "dns" }, { tcp, err.code })
    assert.same({ nil, "dns" }, { tcp, select(2, scheduler.connect("none.example", 1, { scheduler =
      setmetatable({ resolve = function() return {} end }, { __index = scheduler.get "plain" }) })).code })
  end)
end)

-- LuaSocket's select: an object with getfd, and dirty for what was read already.
describe("socket.select", function()
  local opened
  before_each(function() opened = {} end)
  after_each(function()
    for _, sock in ipairs(opened) do sock:close() end
  end)

  local function keep(...)
    for _, sock in ipairs { ... } do opened[#opened + 1] = sock end
    return ...
  end

  local function ready(list, timeout)
    local found = socket.select(list, nil, timeout)
    local names = {}
    for i, sock in ipairs(list) do names[i] = found[sock] and true or false end
    return names
  end

  it("looks at TLS sockets, TCP sockets and listeners at a time", function()
    local c, s = keep(ends.connected_sockets(ends.client { max_version = "1.3" }, ends.server { max_version = "1.3" }))
    local near, far = keep(ends.tcp())
    local listener = keep(assert(socket.bind("127.0.0.1", 0)))
    while ready({ c }, 0)[1] do -- the server's tickets
      c:settimeout(0)
      assert.equal("wantread", select(2, c:receive(1)))
    end
    local list = { c, near, listener }
    assert.same({ false, false, false }, ready(list, 0))
    far:send "x"
    assert.same({ false, true, false }, ready(list, 20))
    near:receive(1)
    s:send "x"
    assert.same({ true, false, false }, ready(list, 20))
    keep(assert(socket.connect("127.0.0.1", (select(2, listener:getsockname())))))
    assert.same({ true, false, true }, ready(list, 20))
    local _, writable = socket.select(nil, { c, near }, 20)
    assert.same({ 1, 2 }, { writable[c], writable[near] })
  end)

  it("is told of data that a TLS socket has read already, whatever its descriptor says", function()
    local c, s = keep(ends.connected_sockets())
    c:settimeout(60)
    s:send "0123456789" -- one record
    assert.equal("0", c:receive(1))
    assert.same({ nil, "timeout" }, { scheduler.get "plain".wait(c:getfd(), "r", 0) })
    assert.is_true(c:dirty())
    assert.same({ true }, ready({ c }, 20))
    assert.equal("123456789", c:receive(9))
    assert.is_false(c:dirty())
    assert.same({ false }, ready({ c }, 0))
    s:close()
    assert.same({ true }, ready({ c }, 20))
    assert.equal("closed", select(2, c:receive(1)))
    assert.is_true(c:dirty())
    c:close()
    assert.same({ false }, ready({ c }, 0)) -- no descriptor
  end)

  it("takes the sockets of a scheduler", function()
    local c, s = keep(ends.connected_sockets())
    local own = scheduler.socket(c, "coroutine")
    assert.same({ c:getfd(), c:dirty() }, { own:getfd(), own:dirty() })
    s:send "line\nline\n"
    assert.same({ true }, ready({ own }, 20))
    assert.equal("line", own:receive()) -- outside of a loop it waits as the plain one does
    assert.same({ true }, ready({ own }, 20))
  end)
end)

describe("a socket of a scheduler", function()
  it("has what the one inside has, and nothing else", function()
    local near, far = ends.tcp()
    local tcp = scheduler.socket(near, "coroutine")
    assert.equal(tcp, scheduler.socket(tcp, "coroutine"))
    assert.equal(near:getsockname(), (tcp:getsockname()))
    assert.is_nil(tcp.handshake)
    assert.is_nil(tcp.no_such_method)
    assert.equal(1, tcp:setoption("tcp-nodelay", true))
    local tls = scheduler.socket(ends.client():wrap(tcp, { name = "localhost" }), "coroutine")
    assert.equal("handshake", tls:state())
    assert.truthy(tostring(tls):find("bearssl.scheduler.socket: bearssl.socket: ", 1, true))
    assert.equal(1, tls:close())
    assert.equal(1, tls:close())
    far:close()
  end)

  it("is closed at the end of its scope", function()
    local near, far = ends.tcp()
    do
      local _ <close> = scheduler.socket(near, "coroutine")
    end
    assert.same({ nil, "closed", "" }, { far:receive() })
    far:close()
  end)

  it("waits by a scheduler of the program's own", function()
    local near, far = ends.tcp()
    local asked = {}
    local tcp = scheduler.socket(near, { name = "own", now = core.now, sleep = function() end,
      wait = function(fd, mode, timeout)
        asked[#asked + 1] = { fd, mode, timeout }
        far:send "line\n"
        return true
      end })
    tcp:settimeout(7, "t")
    assert.equal("line", tcp:receive())
    assert.same({ near:getfd(), "r" }, { asked[1][1], asked[1][2] })
    assert.truthy(asked[1][3] > 6 and asked[1][3] <= 7)
    tcp:close()
    far:close()
  end)
end)

describe("a loop", function()
  it("ends when its coroutines have, and can run again", function()
    local loop, order = scheduler.loop(), {}
    loop:run()
    for i = 1, 3 do
      loop:spawn(function(...)
        scheduler.current().sleep(0.01 * (4 - i))
        order[#order + 1] = { ... }
      end, i, nil, i)
    end
    loop:run()
    assert.same({ { 3, nil, 3 }, { 2, nil, 2 }, { 1, nil, 1 } }, order)
    loop:run()
  end)

  it("lets the others have their turn where a coroutine yields", function()
    local loop, order = scheduler.loop(), {}
    for i = 1, 2 do
      loop:spawn(function()
        for _ = 1, 2 do
          order[#order + 1] = i
          coroutine.yield()
        end
      end)
    end
    loop:run()
    assert.same({ 1, 2, 1, 2 }, order)
  end)

  it("raises what a coroutine raises, and the others go on", function()
    local loop, ended, closed = scheduler.loop(), 0, false
    loop:spawn(function()
      local _ <close> = setmetatable({}, { __close = function() closed = true end })
      error "first"
    end)
    loop:spawn(function() ended = ended + 1 end)
    loop:spawn(function() error { code = "second" } end)
    assert.error_matches(function() loop:run() end, "first\nstack traceback:")
    assert.is_true(closed)
    assert.same({ code = "second" }, select(2, pcall(loop.run, loop)))
    loop:run()
    assert.equal(1, ended)
  end)

  it("tells on_error instead", function()
    local errors = {}
    local loop = scheduler.loop { on_error = function(err, co) errors[#errors + 1] = { err, coroutine.status(co) } end }
    for i = 1, 2 do loop:spawn(error, { i }) end
    loop:run()
    assert.same({ { { 1 }, "dead" }, { { 2 }, "dead" } }, errors)
  end)

  it("does not run in itself", function()
    local loop = scheduler.loop()
    loop:spawn(function() loop:run() end)
    assert.error_matches(function() loop:run() end, "it runs already")
    loop:run()
  end)

  it("stops when told to", function()
    local loop, count = scheduler.loop(), 0
    loop:spawn(function()
      while true do
        count = count + 1
        if count % 10 == 0 then loop:stop() end
        scheduler.current().sleep(0)
      end
    end)
    loop:run()
    assert.equal(10, count)
    loop:run()
    assert.equal(20, count)
  end)

  it("does not know other loops' coroutines, nor those inside its own", function()
    local loop, seen = scheduler.loop(), {}
    loop:spawn(function()
      seen[1] = scheduler.current().name
      seen[2] = coroutine.wrap(function() return scheduler.current().name end)()
    end)
    loop:run()
    assert.same({ "coroutine", "plain" }, seen)
    for _, name in ipairs { "wait", "sleep", "spawn" } do
      assert.error_matches(function() scheduler.get "coroutine"[name]() end, "no loop")
    end
  end)

  it("keeps nothing of a coroutine that was closed, whatever it waited for", function()
    local loop, near, far = scheduler.loop(), ends.tcp()
    local condition, closed = scheduler.condition(), {}
    for i, wait in ipairs {
      function(own) own.wait(math.tointeger(near:getfd()), "r", 60) end,
      function(own) own.wait(math.tointeger(near:getfd()), "r") end,
      function(own) own.sleep(60) end,
      function() condition:wait(60) end,
      function() bearssl.connect("127.0.0.1", select(2, near:getpeername()), { timeout = 60 }) end,
    } do
      local co = loop:spawn(function() wait(scheduler.current()) end)
      loop:spawn(function()
        scheduler.current().sleep(0.01)
        closed[i] = coroutine.close(co)
      end)
    end
    loop:run()
    assert.same({ true, true, true, true, true }, closed)
    assert.same({ {}, {} }, { loop.polled, loop.waiting })
    assert.is_nil(loop.timers:first())
    near:close()
    far:close()
  end)

  it("forgets what was closed before it ran, or while it was ready", function()
    local loop, reached = scheduler.loop(), {}
    local first = loop:spawn(function() reached[#reached + 1] = 1 end)
    assert.is_true(coroutine.close(first))
    local second
    loop:spawn(function() coroutine.close(second) end)
    second = loop:spawn(function() reached[#reached + 1] = 2 end)
    loop:run()
    assert.same({}, reached)
  end)
end)

describe("timers", function()
  local function drain(timers)
    local order = {}
    for entry in timers.first, timers do
      order[#order + 1] = entry.at
      timers:remove(entry)
    end
    return order
  end

  it("come in the order of their times, whatever is taken out", function()
    math.randomseed(20)
    for _ = 1, 200 do
      local timers, all, want = new_timers(), {}, {}
      for i = 1, math.random(0, 40) do
        all[i] = { at = math.random(20) }
        timers:add(all[i])
      end
      for _, entry in ipairs(all) do
        if math.random() < 0.4 then
          timers:remove(entry)
          timers:remove(entry)
        else
          want[#want + 1] = entry.at
        end
      end
      table.sort(want)
      assert.same(want, drain(timers))
    end
  end)
end)

describe("core.poller", function()
  it("refuses what it is not for", function()
    local poller = core.poller()
    for _, arguments in ipairs { { -1, "r" }, { 1 << 40, "r" }, { 1, "rw" }, { 1 }, { "x", "r" } } do
      assert.has_error(function() poller:add(table.unpack(arguments)) end)
    end
    assert.equal(1, poller:add(0, "w"))
    for _, index in ipairs { 0, 2, -1 } do
      assert.has_error(function() poller:remove(index) end)
    end
    assert.has_error(function() poller.wait({}) end)
    assert.has_error(function() poller:wait(0 / 0) end)
  end)

  it("tells of a descriptor that is closed, too", function()
    local near, far = ends.tcp()
    local poller = core.poller()
    poller:add(math.tointeger(near:getfd()), "r")
    assert.same({}, poller:wait(0))
    near:close()
    assert.same({ 1 }, poller:wait(20))
    far:close()
  end)

  it("keeps numbers, and gives those that were left anew", function()
    local near, far = ends.tcp()
    local poller, fd = core.poller(), math.tointeger(near:getfd())
    for i = 1, 40 do assert.equal(i, poller:add(fd, i % 2 == 0 and "w" or "r")) end
    local list = poller:wait(20)
    assert.equal(20, #list)
    for _, number in ipairs(list) do
      assert.equal(0, number % 2)
      poller:remove(number)
      assert.has_error(function() poller:remove(number) end)
    end
    assert.same({}, poller:wait(0))
    local again = {}
    for i = 1, 20 do again[i] = poller:add(fd, "r") end
    table.sort(again)
    for i, number in ipairs(again) do assert.equal(2 * i, number) end
    far:send "x"
    assert.equal(40, #poller:wait(20))
    near:close()
    far:close()
  end)
end)
