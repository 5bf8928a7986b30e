-- bearssl.shared.redis: two server processes and one Redis, which may go away in every way.
local bearssl = require "bearssl"
local child = require "spec.support.child"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local redis = require "spec.support.redis"
local scheduler = require "bearssl.scheduler"
local schedulers = require "spec.support.schedulers"
local shared_redis = require "bearssl.shared.redis"
local socket = require "socket"

local own = pki.server.p256
local SECRET = ("s"):rep(32)

-- A server process under the interpreter of this one.
local function start_server(port, options)
  local words = {}
  for name, value in pairs(options or {}) do words[#words + 1] = ("%s=%s"):format(name, value) end
  local server = peer.start(("env PATH='%s' ASAN_OPTIONS='%s' UBSAN_OPTIONS='%s' %s lua5.4 %s/shared_server.lua %s %s "
    .. "port=%d clock_slack=0 retry=0.2 timeout=60 secret=%s %s"):format(os.getenv "PATH",
    os.getenv "ASAN_OPTIONS" or "",
    os.getenv "UBSAN_OPTIONS" or "", child, io.popen "pwd":read "l" .. "/spec/support", own.certificate, own.key, port,
    SECRET, table.concat(words, " ")), nil, nil, 300)
  server.port = math.tointeger(tonumber(server:wait_for "port (%d+)"))
  return server
end

local function client_config(options)
  local all = { trust = pki.roots, session_cache = bearssl.session_cache(), early_data = true }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(bearssl.client(all))
end

-- "hello" to a server of start_server: resumed, as it says.
local function resumed(server, client)
  local sock = assert(bearssl.connect("localhost", server.port, client))
  sock:settimeout(60)
  assert(sock:send "hello\n")
  local answer = assert(sock:receive "*l")
  sock:close()
  return answer:match "^hello (%a+)" == "true"
end

-- A line as early data: its fate, and the flight that carried it.
local function send_early(server, client, line)
  local conn = assert(client:connection { name = "localhost", early_data = line .. "\n" })
  local tcp = peer.connect(server.port)
  local flight = conn:pull()
  assert(tcp:send(flight))
  tcp:settimeout(0)
  local deadline = socket.gettime() + 60
  while conn:state() == "handshake" or conn:info().early_data == "offered" do
    local data, err, part = tcp:receive(4096)
    assert(conn:feed(data or part))
    assert(err ~= "closed" and socket.gettime() < deadline)
    socket.select({ tcp }, nil, 0.1)
    tcp:send(conn:pull())
  end
  tcp:close()
  return conn:info().early_data, flight
end

-- To the process itself: peer.start knows the `timeout` that it has put before it.
local function signal(server, name)
  assert(os.execute(("kill -%s %d"):format(name, server:output():match "pid=(%d+)")))
end

describe("two server processes with one Redis", function()
  local server, one, two

  lazy_setup(function()
    server = redis.start()
    one = start_server(server.port, { timeout = 5 }) -- which waits for a Redis that hangs
    two = start_server(server.port, { timeout = 5 })
  end)
  lazy_teardown(function()
    for _, process in ipairs { one, two, server } do process:stop() end
  end)

  it("resume each other's sessions", function()
    local client = client_config()
    assert.is_false(resumed(one, client))
    for _ = 1, 3 do
      assert.is_true(resumed(two, client))
      assert.is_true(resumed(one, client))
    end
  end)

  it("resume each other's sessions of TLS 1.2", function()
    local client = client_config { max_version = "1.2", engine = "native", early_data = false }
    assert.is_false(resumed(two, client))
    assert.is_true(resumed(one, client))
    assert.is_true(resumed(two, client))
  end)

  it("have openssl s_client resume", function()
    local path = os.tmpname()
    for i, each in ipairs { one, two } do
      local openssl <close> = peer.openssl_client(each.port, ("-quiet -servername localhost -CAfile %s %s %s"):format(
        pki.roots, i == 1 and "-sess_out" or "-sess_in", path))
      openssl:send "hello\n"
      assert.equal(tostring(i == 2), (openssl:wait_for "hello (%a+)"))
    end
    os.remove(path)
  end)

  it("leave nothing in the Redis that does not end, and no secret", function()
    local look = redis.client(server.port)
    local names = look:keys "*"
    assert.truthy(#names >= 2)
    for _, name in ipairs(names) do
      assert.matches("^bearssl:", name)
      if name:find "^bearssl:ticket:" then
        assert.equal(32, #look:get(name))
        assert.truthy(look:ttl(name) > 3600)
      end
    end
  end)

  it("refuse early data while the Redis is young", function()
    local young <close> = redis.start()
    local fresh <close> = start_server(young.port)
    local client = client_config()
    resumed(fresh, client)
    assert.equal("rejected", (send_early(fresh, client, "too soon")))
    assert.is_nil(fresh:output():find("early: too soon", 1, true))
  end)

  it("accept early data once, whoever gets it", function()
    local client = client_config()
    resumed(one, client)
    local look = redis.client(server.port)
    local deadline = socket.gettime() + 60
    repeat -- until what may have been before the Redis was started is over
      local fate = send_early(one, client, "warming up")
      resumed(one, client)
      socket.sleep(0.5)
      assert(socket.gettime() < deadline, "never accepted")
    until fate == "accepted"
    local fate, flight = send_early(two, client, "the first of two")
    assert.equal("accepted", fate)
    two:wait_for "early: the first of two"
    for _ = 1, 2 do
      local replay = peer.connect(one.port)
      assert(replay:send(flight))
      assert(replay:receive(5)) -- the server goes on, with a full handshake or a resumed one
      replay:close()
    end
    resumed(one, client)
    assert.equal("accepted", (send_early(one, client, "the second")))
    one:wait_for "early: the second"
    assert.is_nil(one:output():find("early: the first of two", 1, true))
    assert.truthy(#look:keys "bearssl:hello:*" >= 2)
    for _, name in ipairs(look:keys "*") do assert.truthy(look:ttl(name) > 0, name) end

    look:flushall() -- what it knew is gone: nothing is accepted any more
    resumed(one, client)
    assert.equal("rejected", (send_early(one, client, "forgotten")))
  end)

  it("go on without it, and see that it is back", function()
    local port, client = server.port, client_config()
    assert.is_false(resumed(one, client))
    assert.is_true(resumed(two, client))

    signal(server, "STOP") -- it hangs
    assert.equal("rejected", (send_early(one, client, "hung")))
    one:wait_for "redis: io: Redis: connection error: timeout"
    assert.is_true(resumed(two, client)) -- the keys are known
    signal(server, "CONT")
    assert.is_true(resumed(one, client))

    client = client_config() -- send_early takes a ticket, and does not wait for the next
    assert.is_false(resumed(one, client))
    server:stop() -- it ends
    assert.equal("rejected", (send_early(one, client, "away")))
    assert.is_true(resumed(two, client))
    local fresh <close> = start_server(port) -- has never seen it
    local other = client_config()
    assert.is_false(resumed(fresh, other))
    assert.is_true(resumed(fresh, other)) -- by a key of its own
    assert.is_false(resumed(one, other))

    server = redis.start(port)
    local deadline = socket.gettime() + 60
    repeat -- the keys of those that had them are in the Redis again, and the newcomer takes them
      socket.sleep(0.3)
      other = client_config()
      resumed(one, other)
      assert(socket.gettime() < deadline, "it is never seen")
    until resumed(fresh, other)
  end)
end)

describe("sessions in a Redis", function()
  it("are used once, by whoever comes first", function()
    local server <close> = redis.start()
    local one <close> = start_server(server.port, { store = true })
    local two <close> = start_server(server.port, { store = true })
    local client = client_config { session_cache = bearssl.session_cache() }
    assert.is_false(resumed(one, client))
    assert.is_true(resumed(two, client))
    assert.is_true(resumed(one, client))
    local look = redis.client(server.port)
    local names = look:keys "bearssl:session:*"
    assert.truthy(#names >= 2)
    for _, name in ipairs(names) do
      assert.truthy(look:ttl(name) > 0)
      assert.is_nil(look:get(name):find("localhost", 1, true))
    end
    server:stop()
    assert.is_false(resumed(one, client)) -- no outage
    assert.is_false(resumed(two, client))
  end)
end)

describe("a Redis under each scheduler", function()
  local server

  lazy_setup(function() server = redis.start() end)
  lazy_teardown(function() server:stop() end)

  for _, name in ipairs { "plain", "coroutine", "cqueues", "luv", "copas" } do -- the last cannot tell of another
    it("is asked by many at a time under " .. name, function()
      local shared = assert(shared_redis.new {
        port = server.port, secret = SECRET, store = true, timeout = 60, connections = 4, prefix = name .. ":",
      })
      local store, got = shared.session_store, 0
      local function one(i)
        local id = ("%032d"):format(i)
        store.put(id, "\0\r\n" .. ("x"):rep(i * 500), 60)
        local bytes = store.take(id)
        if bytes == "\0\r\n" .. ("x"):rep(i * 500) and store.take(id) == nil then got = got + 1 end
      end
      if name == "plain" then
        for i = 1, 4 do one(i) end
      else
        schedulers.run(name, function(go)
          for i = 1, 4 do go(one, i) end
        end)
      end
      assert.equal(4, got)
      assert.equal(2, #shared:ticket_keys())
      shared:close()
    end)
  end
end)

-- With a Redis of ours in the same loop: reply(request) gives what it answers.
local function with_fake(reply, options, act)
  local listener = assert(socket.bind("127.0.0.1", 0))
  listener:settimeout(0)
  local _, port = listener:getsockname()
  local loop, done = scheduler.loop(), false
  local fd = math.tointeger(listener:getfd())
  loop:spawn(function()
    local run = scheduler.current()
    while not done do
      if run.wait(fd, "r", 0.1) then
        local tcp = scheduler.socket(assert(listener:accept()))
        run.spawn(function()
          while true do
            local data, err, part = tcp:receive "*l"
            if not data and (err ~= "timeout" or not part) then break end
            if (data or ""):find "^%*" then
              local answer = reply(data, tcp)
              if not answer or not tcp:send(answer) then break end
            end
          end
          tcp:close()
        end)
      end
    end
    listener:close()
  end)
  local ok, err
  loop:spawn(function()
    local all = { port = math.tointeger(tonumber(port)), secret = SECRET, timeout = 0.3, retry = 0.05, clock_slack = 0 }
    for name, value in pairs(options) do all[name] = value end
    local shared = assert(shared_redis.new(all))
    ok, err = xpcall(act, debug.traceback, shared)
    shared:close()
    done = true
  end)
  loop:run()
  assert(ok, err)
end

local OLD = "$%d\r\n# Server\r\nuptime_in_seconds:1000\r\n\r\n"
local INFO = OLD:format(#OLD - #"$%d\r\n" - 2)
local BULK = "$32\r\n" .. ("k"):rep(32) .. "\r\n"

describe("a Redis that answers", function()
  for _, row in ipairs {
    { "nothing", function() return nil end },
    { "garbage", function() return ("\xA5\x5A\r\n"):rep(100) end },
    { "HTTP", function() return "HTTP/1.1 400 Bad Request\r\n\r\n" end },
    { "an error", function() return "-NOAUTH Authentication required.\r\n" end },
    { "an empty line", function() return "\r\n" end },
    { "a length that is none", function() return "$abc\r\n" end },
    { "a negative length", function() return "$-7\r\n" end },
    { "a huge length", function() return "$9223372036854775807\r\n" end },
    { "a length of 1 GiB", function() return "$1073741824\r\n" .. ("x"):rep(1000) end },
    { "a list without end", function() return "*2147483647\r\n" .. ("*1\r\n"):rep(1000) end },
    { "a line without end", function(_, tcp)
      while tcp:send(("x"):rep(65536)) do end
    end },
    { "half of an answer", function() return INFO:sub(1, 20) end },
    { "keys that are too short", function() return INFO .. "*3\r\n$2\r\nkk\r\n$2\r\nkk\r\n$0\r\n\r\n" end },
    { "a number in the place of keys", function() return INFO .. ":1\r\n" end },
    { "a list that ends too soon", function() return INFO .. "*1\r\n" .. BULK end },
  } do
    it(row[1] .. " is away: no early data, keys of one's own, no session, and all in time", function()
      local errors = {}
      with_fake(row[2], { store = true, on_error = function(err) errors[#errors + 1] = err end }, function(shared)
        local list, seconds, err = shared:ticket_keys()
        assert.equal(1, #list)
        assert.equal(64, #list[1])
        assert.truthy(seconds > 0)
        assert.equal("io", err.code)
        assert.is_false(shared.early_data_guard(("i"):rep(32), os.time() + 20))
        assert.is_nil(shared.session_store.take(("i"):rep(32)))
        shared.session_store.put(("i"):rep(32), "bytes", 10)
        shared:close()
      end)
      assert.truthy(#errors >= 1)
      assert.matches("Redis: ", tostring(errors[1]), 1, true)
    end)
  end

  it("is heard where it is in order", function()
    with_fake(function(request)
      if request == "*2" then return INFO end
      return "*3\r\n" .. BULK .. BULK:gsub("k", "n") .. "$0\r\n\r\n"
    end, { timeout = 60 }, function(shared)
      local list, seconds, err = shared:ticket_keys()
      assert.same({ SECRET .. ("k"):rep(32), SECRET .. ("n"):rep(32) }, list)
      assert.truthy(seconds <= 60)
      assert.is_nil(err)
    end)
  end)

  it("is not asked again at once", function()
    local asked = 0
    with_fake(function()
      asked = asked + 1
      return "-ERR\r\n"
    end, { retry = 60 }, function(shared)
      for _ = 1, 10 do assert.is_false(shared.early_data_guard(("i"):rep(32), os.time() + 20)) end
    end)
    assert.equal(1, asked)
  end)

  it("is asked by several at a time, each on a connection of its own, up to a bound", function()
    local now, most = 0, 0
    with_fake(function(request)
      if request == "*2" then return INFO end
      now = now + 1
      most = math.max(most, now)
      scheduler.current().sleep(0.1)
      now = now - 1
      return ":1\r\n"
    end, { connections = 3, timeout = 60 }, function(shared)
      local yes, no, run = 0, 0, scheduler.current()
      for i = 1, 8 do
        run.spawn(function()
          if shared.early_data_guard(("%032d"):format(i), os.time() + 20) then yes = yes + 1 else no = no + 1 end
        end)
      end
      while yes + no < 8 do run.sleep(0.02) end
      assert.same({ 3, 5 }, { yes, no })
      assert.is_true(shared.early_data_guard(("x"):rep(32), os.time() + 20)) -- those that were too many were no failure
    end)
    assert.equal(3, most)
  end)
end)

-- What keys a sequence of moments gives: redis-lua's place is taken by a table that is a Redis, or away.
describe("ticket keys", function()
  local function fake()
    local kept, self = {}, { away = false }
    local client = {
      info = function() return { server = { uptime_in_seconds = "1000" } } end,
      eval = function(_, _, count, ...)
        if self.away then error("away", 0) end
        local arguments, found = { ... }, {}
        for i = 1, count do
          local salt = kept[arguments[i]]
          if not salt and i <= 2 then
            salt = arguments[count + i]
            kept[arguments[i]] = salt
          end
          found[i] = salt or ""
        end
        return found
      end,
    }
    self.kept, self.module = kept, { connect = function() return client end }
    return self
  end

  local real_time, listener = os.time, nil
  local now = 1000000 * 3600
  setup(function()
    listener = peer.listen()
    os.time = function() return now end -- luacheck: ignore
  end)
  teardown(function()
    os.time = real_time -- luacheck: ignore
    listener.tcp:close()
  end)

  local function new(store, options)
    local all = { port = listener.port, secret = SECRET, redis = store.module, retry = 1e-9 }
    for name, value in pairs(options or {}) do all[name] = value end
    return assert(shared_redis.new(all))
  end

  it("change with each period, are there a period ahead, and open for as long as sessions live", function()
    local store = fake()
    local one, two = new(store), new(store)
    local first = one:ticket_keys()
    assert.equal(2, #first)
    assert.same(first, (two:ticket_keys()))
    now = now + 3600
    local second = two:ticket_keys()
    assert.equal(3, #second)
    assert.equal(first[2], second[1])
    assert.equal(first[1], second[3])
    assert.same(second, (one:ticket_keys()))
    now = now + 2 * 3600
    local third = one:ticket_keys()
    for _, old in ipairs(first) do
      for _, key in ipairs(third) do assert.not_equal(old, key) end
    end
  end)

  it("are put back into a Redis that has lost them", function()
    local store = fake()
    local one, two = new(store), new(store)
    local before = one:ticket_keys()
    for name in pairs(store.kept) do store.kept[name] = nil end
    assert.same(before, (one:ticket_keys()))
    assert.same(before, (two:ticket_keys()))
  end)

  it("are one's own where it is away, and open still when it is back", function()
    local store = fake()
    local one, two = new(store), new(store)
    local shared = one:ticket_keys()
    store.away = true
    now = now + 3600
    local later, _, err = one:ticket_keys()
    assert.truthy(err)
    assert.equal(shared[2], later[1]) -- it was known ahead
    now = now + 3600
    local alone = one:ticket_keys()
    assert.not_equal(later[1], alone[1])
    store.away = false
    local others = two:ticket_keys() -- comes first
    local both = one:ticket_keys()
    assert.equal(others[1], both[1])
    assert.equal(alone[1], both[#both])
  end)

  it("are at most eight", function()
    local store = fake()
    local one = new(store, { lifetime = 18000 })
    for _ = 1, 12 do
      now = now + 3600
      assert.truthy(#one:ticket_keys() <= 8)
    end
    assert.equal(7, #one:ticket_keys())
  end)

  it("take the secret and what is in the Redis", function()
    local store = fake()
    local with, other, without = new(store), new(store, { secret = ("o"):rep(40) }), new(store, { secret = false })
    local salt = without:ticket_keys()[1]
    assert.equal(32, #salt)
    assert.equal(SECRET .. salt, with:ticket_keys()[1])
    assert.equal(("o"):rep(40) .. salt, other:ticket_keys()[1])
  end)
end)

describe("bearssl.shared.redis", function()
  for _, row in ipairs {
    { {}, "option 'secret' is missing" },
    { { secret = "short" }, "option 'secret': at least 32 random bytes are wanted" },
    { { secret = false, hots = "x" }, "unknown option 'hots', did you mean 'host'?" },
    { { secret = false, port = 0 }, "option 'port'" },
    { { secret = false, username = "x" }, "option 'username' needs 'password'" },
    { { secret = false, rotation = 60 }, "option 'rotation'" },
    { { secret = false, redis = {} }, "option 'redis': redis-lua's module is wanted" },
    { { secret = false, tls = "yes" }, "option 'tls'" },
  } do
    it("refuses: " .. row[2], function()
      local ok, err = pcall(shared_redis.new, row[1])
      assert.is_false(ok)
      assert.truthy(err:find("bearssl.shared.redis: " .. row[2], 1, true), err)
    end)
  end

  it("speaks TLS to a Redis, with a password, to a database", function()
    local tls = "--tls-port %d --port 0 --tls-cert-file %s --tls-key-file %s --tls-ca-cert-file %s "
      .. "--tls-auth-clients no --requirepass open --databases 4"
    local port
    do
      local listener <close> = peer.listen()
      port = listener.port
    end
    local _ <close> = redis.start(nil, tls:format(port, own.certificate, own.key, pki.roots))
    local shared = assert(shared_redis.new { host = "localhost", port = port, secret = false, password = "open", db = 3,
      tls = { trust = pki.roots }, timeout = 60 })
    local list, _, err = shared:ticket_keys()
    assert.is_nil(err)
    assert.equal(2, #list)
    for option, value in pairs { password = "wrong", tls = { trust = pki.stranger } } do
      local all = { host = "localhost", port = port, secret = false, password = "open", tls = { trust = pki.roots },
        timeout = 60, redis = redis.lua }
      all[option] = value
      list, _, err = assert(shared_redis.new(all)):ticket_keys()
      assert.equal(1, #list)
      assert.matches(option == "tls" and "trusted anchor" or "WRONGPASS", tostring(err))
    end
  end)

  it("needs no more rights than the manual says, and without INFO takes no early data", function()
    local server <close> = redis.start()
    local rights = pki.read "docs/shared.md":match "`(~shop:%*[^`]+)`"
    local admin = redis.client(server.port)
    assert.is_true(admin:raw_cmd("ACL SETUSER app on >open " .. rights))
    assert.is_true(admin:raw_cmd("ACL SETUSER less on >open " .. rights:gsub(" %+info", "")))
    for name, accepted in pairs { app = true, less = false } do
      local errors = {}
      local shared = assert(shared_redis.new { port = server.port, username = name, password = "open", secret = false,
        prefix = "shop:", store = true, timeout = 60, on_error = function(err) errors[#errors + 1] = err end })
      local list, _, err = shared:ticket_keys()
      assert.is_nil(err)
      assert.equal(2, #list)
      shared.session_store.put(("i"):rep(32), "bytes", 60)
      assert.equal("bytes", shared.session_store.take(("i"):rep(32)))
      admin:set("shop:hellos", "1") -- as it is when the first minutes are over
      local open = shared.pool.idle[1]
      assert.equal(accepted, open.since < math.huge)
      open.since = accepted and open.since - 1000 or open.since
      assert.equal(accepted, shared.early_data_guard(("i"):rep(32), os.time() + 20))
      assert.is_false(shared.early_data_guard(("i"):rep(32), os.time() + 20))
      assert.same({}, errors)
      shared:close()
    end
  end)

  it("takes a Unix socket", function()
    local server <close> = redis.start(nil, "--unixsocket @/redis.sock")
    local shared = assert(shared_redis.new { path = server.dir .. "/redis.sock", secret = false, timeout = 60 })
    local list, _, err = shared:ticket_keys()
    assert.is_nil(err)
    assert.equal(2, #list)
    shared:close()
    list, _, err = assert(shared_redis.new { path = server.dir .. "/none", secret = false }):ticket_keys()
    assert.equal(1, #list)
    assert.equal("io", err.code)
  end)
end)
