-- A socket of a scheduler beside the socket itself: the same calls on the same bytes, however these come in pieces.
local ends = require "spec.support.ends"
local scheduler = require "bearssl.scheduler"

local SEED, ROUNDS = 1, 60

local function random_text()
  local list = {}
  for i = 1, math.random(0, 60) do
    list[i] = ({ "a", "b", "\n", "\r\n", "\r", "0", "xyz", ("long"):rep(math.random(30)) })[math.random(8)]
  end
  return table.concat(list)
end

local function random_calls()
  local list = {}
  for i = 1, math.random(1, 8) do
    local pattern = ({ "*l", 0, 1, 7, "12", 100, "*a" })[math.random(i > 5 and 7 or 6)]
    list[i] = { pattern, math.random(3) == 1 and ("p"):rep(math.random(0, 9)) or nil }
  end
  return list
end

local function call(sock, one)
  local data, err, part = sock:receive(one[1], one[2])
  return { data or false, err or false, part or false }
end

-- What the calls give on a socket that all of it has come to.
local function plainly(sock, calls)
  local results = {}
  for i, one in ipairs(calls) do results[i] = call(sock, one) end
  return results
end

-- The same on a socket that it comes to a few bytes at a time.
local function in_pieces(sock, sender, text, calls)
  local loop, results = scheduler.loop(), {}
  local own = scheduler.socket(sock, "coroutine")
  own:settimeout(60)
  loop:spawn(function()
    for i, one in ipairs(calls) do results[i] = call(own, one) end
  end)
  loop:spawn(function()
    local i = 1
    while i <= #text do
      local n = math.random(1, 12)
      sender:send(text, i, math.min(#text, i + n - 1))
      i = i + n
      scheduler.current().sleep(0)
    end
    sender:close()
  end)
  loop:run()
  return results
end

describe("a socket of a scheduler receives what the socket itself does", function()
  for kind, make in pairs {
    TCP = ends.tcp,
    TLS = function() return ends.connected_sockets(ends.client { max_version = "1.3" }, ends.server()) end,
  } do
    it("over " .. kind, function()
      math.randomseed(SEED)
      for round = 1, ROUNDS do
        local text, calls = random_text(), random_calls()
        local c, s = make()
        c:send(text)
        c:close()
        local want = plainly(s, calls)
        s:close()
        c, s = make()
        local got = in_pieces(s, c, text, calls)
        s:close()
        assert.same(want, got, ("round %d: %q"):format(round, text))
      end
    end)
  end
end)

it("a socket of a scheduler bounds a line, in however many pieces it comes", function()
  for _, case in ipairs { { 9, "limit" }, { 10 }, { 11 } } do
    local c, s = ends.connected_sockets()
    local loop, reader = scheduler.loop(), scheduler.socket(s, "coroutine")
    local line, err
    reader:settimeout(60)
    loop:spawn(function() line, err = reader:receive("*l", "> ", case[1]) end)
    loop:spawn(function()
      for byte in ("0123456789\n"):gmatch "." do
        c:send(byte)
        scheduler.current().sleep(0.005)
      end
    end)
    loop:run()
    assert.equal(case[2], err and err.code)
    if not case[2] then assert.equal("> 0123456789", line) end
    c:close()
    reader:close()
  end
end)

describe("a socket of a scheduler sends what the socket itself does", function()
  it("of each range, through full buffers", function()
    local data = ("0123456789abcdef"):rep(1 << 16)
    for _, range in ipairs { {}, { 2 }, { -5 }, { 3, 10 }, { 10, 3 }, { 1, -2 }, { 0, 1 << 30 } } do
      local c, s = ends.connected_sockets()
      local loop, got, sent = scheduler.loop(), nil, nil
      local writer, reader = scheduler.socket(c, "coroutine"), scheduler.socket(s, "coroutine")
      writer:settimeout(60)
      reader:settimeout(60)
      loop:spawn(function()
        sent = table.pack(writer:send(data, table.unpack(range)))
        writer:close()
      end)
      loop:spawn(function() got = reader:receive "*a" or "" end)
      loop:run()
      reader:close()
      local want = data:sub(range[1] or 1, range[2] or -1)
      assert.equal(#want, #got)
      assert.truthy(want == got)
      local first = range[1] or 1
      if first < 0 then first = #data + first + 1 end
      assert.equal(want == "" and first - 1 or math.max(first, 1) - 1 + #want, sent[1])
    end
  end)

  it("with a timeout, and goes on where it was", function()
    local c, s = ends.connected_sockets()
    local data = ("0123456789abcdef"):rep(1 << 18)
    local loop, got, timeouts = scheduler.loop(), nil, 0
    local writer, reader = scheduler.socket(c, "coroutine"), scheduler.socket(s, "coroutine")
    writer:settimeout(0.02)
    reader:settimeout(60)
    loop:spawn(function()
      local i, last = 1
      repeat
        local err, part
        last, err, part = writer:send(data, i)
        if not last then
          assert.equal("timeout", err)
          timeouts, i = timeouts + 1, part + 1
        end
        if timeouts == 2 then
          timeouts = timeouts + 1
          loop:spawn(function() got = reader:receive "*a" end)
        end
      until last
      assert.equal(#data, last)
      writer:settimeout(60)
      writer:close()
    end)
    loop:run()
    reader:close()
    assert.truthy(data == got)
    assert.truthy(timeouts >= 3)
  end)
end)
