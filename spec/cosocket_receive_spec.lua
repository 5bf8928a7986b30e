-- bearssl.cosocket: what is received, over TLS and however it is cut, by all patterns.
local cosocket = require "bearssl.cosocket"
local ends = require "spec.support.ends"
local scheduler = require "bearssl.scheduler"
local schedulers = require "spec.support.schedulers"

local both = schedulers.plain_and_loop(it)

describe("receiving over TLS", function()
  local function wrapped()
    local c, s = ends.connected_sockets(ends.client { max_version = "1.3" }, ends.server { max_version = "1.3" })
    return cosocket.wrap(c), cosocket.wrap(s)
  end

  both("has all patterns, whatever the records", function()
    local c, s = wrapped()
    local text = "line one\r\nline two\nabcabcabd" .. ("0123456789"):rep(10000) .. "--END--tail"
    for i = 1, #text, 7919 do assert.equal(#text:sub(i, i + 7918), s:send(text:sub(i, i + 7918))) end
    assert.equal("line one", c:receive())
    assert.equal("line two", c:receive "*l")
    assert.equal("abc", c:receiveuntil("abcabd")())
    assert.equal("01234", c:receive(5))
    local some = c:receiveany(100)
    assert.is_true(#some > 0 and #some <= 100)
    local rest = c:receiveuntil "--END--"()
    assert.equal(100000, 5 + #some + #rest)
    assert.equal(1, s:close())
    assert.equal("tail", c:receive "*a")
    assert.equal("", c:receive "*a")
    assert.equal(1, c:close())
    assert.matches("closed", tostring(c))
  end)

  it("does not take a cut connection for an end", function()
    local c
    do
      local s
      c, s = wrapped()
      s:send "half of it"
    end
    collectgarbage() -- closes without close_notify
    collectgarbage()
    local data, err, partial, fault = c:receive "*a"
    assert.is_nil(data)
    assert.equal("closed", err)
    assert.equal("half of it", partial)
    assert.equal("truncated", fault.code)
    assert.same({ nil, "closed" }, { c:receive() })
    assert.equal(1, c:close())
  end)

  it("waits by the scheduler, in both directions at once", function()
    local c, s = wrapped()
    assert.same({ nil, "key not found" }, { c:setkeepalive() })
    local big = ("x"):rep(3000000)
    local loop, got = scheduler.loop(), {}
    loop:spawn(function() assert.equal(#big, c:send(big)) end)
    loop:spawn(function() got.c = c:receive(#big) end)
    loop:spawn(function() got.s = s:receive(#big) end)
    loop:spawn(function() assert.equal(#big, s:send(big)) end)
    loop:run()
    assert.is_true(got.c == big and got.s == big)
    c:close()
    s:close()
  end)
end)

describe("what is received", function()
  local streams = require "bearssl.cosocket.stream"
  local receive = require "bearssl.cosocket.receive"

  -- A socket that has these pieces to give, one at a time, and ends.
  local function source(pieces)
    local next_piece = 0
    return { settimeout = function() end, receive = function(_, size)
      next_piece = next_piece + 1
      local piece = pieces[next_piece]
      if not piece then return nil, "closed", "" end
      assert(#piece <= size)
      return nil, "timeout", piece
    end }
  end

  local function pieces_of(text, cuts)
    local pieces, from = {}, 1
    for _, cut in ipairs(cuts) do
      if cut >= from and cut < #text then
        pieces[#pieces + 1] = text:sub(from, cut)
        from = cut + 1
      end
    end
    pieces[#pieces + 1] = text:sub(from)
    return pieces
  end

  local function all_of(stream, how, argument)
    local list = {}
    repeat
      local data, err, partial = how(stream, 1, argument)
      list[#list + 1] = ("%s|%s|%s"):format(data, err, partial)
    until err or #list == 100
    return list
  end

  local text = "aaab--aab\r\naabaabaac\n\n--abcabcabd--\rx\nabcab"
  local ways = {
    line = function() return receive.line, 1000 end,
    all = function() return receive.all, 1000 end,
    bytes = function() return receive.bytes, 5 end,
  }
  for _, pattern in ipairs { "aab", "--", "abcabd", "\n", "aabaac", "zz", "abcab" } do
    for _, size in ipairs { 0, 1, 2, 3, 7 } do
      ways[("up to %q by %d"):format(pattern, size)] = function() return receive.up_to(pattern, false, 1000), size end
    end
  end

  for name, way in pairs(ways) do
    it("is the same however it comes: " .. name, function()
      local function got(cuts)
        local how, argument = way()
        return all_of(streams.new(source(pieces_of(text, cuts))), how, argument)
      end
      local whole = got {}
      for i = 1, #text - 1 do
        assert.same(whole, got { i })
        for j = i + 1, #text - 1, 5 do assert.same(whole, got { i, j }) end
      end
      local every = {}
      for i = 1, #text do every[i] = i end
      assert.same(whole, got(every))
    end)
  end

  it("is what comes between the pattern, by a search of the whole", function()
    for _, pattern in ipairs { "aab", "--", "abcabd", "\n", "aabaac", "abcab" } do
      local how = receive.up_to(pattern, false, 1000)
      local list, from = {}, 1
      for at in text:gmatch("()" .. pattern:gsub("%-", "%%-")) do
        list[#list + 1] = ("%s|nil|nil"):format(text:sub(from, at - 1))
        from = at + #pattern
      end
      list[#list + 1] = "nil|closed|" .. text:sub(from)
      assert.same(list, all_of(streams.new(source { text }), how, 0))
    end
  end)
end)
