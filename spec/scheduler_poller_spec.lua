-- The loop's poller with many that wait: after some turns the kernel has most of them, and nothing may change by that.
local core = require "bearssl.core"
local ends = require "spec.support.ends"
local fork = require "spec.support.fork"
local lfs = require "lfs"
local scheduler = require "bearssl.scheduler"

local MANY, TURNS = 100, 40 -- so that all but a few go to the kernel

local function fd_of(sock) return math.tointeger(sock:getfd()) end

-- A poller with MANY pairs that were waited for in vain; pairs[number] is { near, far }.
local function idle()
  local poller, pairs_of = core.poller(), {}
  for _ = 1, MANY do
    local near, far = ends.tcp()
    pairs_of[poller:add(fd_of(near), "r")] = { near, far }
  end
  for _ = 1, TURNS do assert.same({}, poller:wait(0)) end
  return poller, pairs_of
end

local function close_all(pairs_of)
  for _, pair in pairs(pairs_of) do
    pair[1]:close()
    pair[2]:close()
  end
end

-- All that the poller tells of until it tells of nothing; each is removed.
local function drain(poller)
  local found = {}
  repeat
    local list = poller:wait(0)
    for _, number in ipairs(list) do
      assert.is_nil(found[number])
      found[number] = true
      poller:remove(number)
    end
  until not list[1]
  return found
end

describe("core.poller with many that wait", function()
  it("tells of each that can go on, once all are with the kernel", function()
    local poller, all = idle()
    local count = 0
    for _, pair in pairs(all) do pair[2]:send "x" end
    for number in pairs(drain(poller)) do
      assert.equal("x", all[number][1]:receive(1))
      count = count + 1
    end
    assert.equal(MANY, count)
    close_all(all)
  end)

  it("tells again of what was left as it is, and of nothing that was removed", function()
    local poller, all = idle()
    for _, pair in pairs(all) do pair[2]:send "x" end
    local one, two = poller:wait(0), poller:wait(0)
    table.sort(one)
    table.sort(two)
    assert.same(one, two)
    assert.equal(MANY, #one)
    for number in pairs(all) do poller:remove(number) end
    assert.same({}, poller:wait(0))
    close_all(all)
  end)

  it("knows reading and writing of one descriptor apart", function()
    local poller, all = idle()
    local number, pair = next(all)
    local same = poller:add(fd_of(pair[1]), "r")
    local write = poller:add(fd_of(pair[1]), "w")
    for _ = 1, TURNS do assert.same({ write }, poller:wait(0)) end
    poller:remove(write)
    for _ = 1, TURNS do assert.same({}, poller:wait(0)) end
    pair[2]:send "x"
    local found = poller:wait(0)
    table.sort(found)
    local want = { number, same }
    table.sort(want)
    assert.same(want, found)
    close_all(all)
  end)

  it("takes what no kernel can watch", function()
    local poller, all = idle()
    local file = assert(io.open("/dev/null"))
    local fds = {}
    for entry in lfs.dir "/proc/self/fd" do
      if lfs.symlinkattributes("/proc/self/fd/" .. entry, "target") == "/dev/null" then fds[#fds + 1] = entry end
    end
    local number = poller:add(math.tointeger(fds[1]), "r")
    for _ = 1, TURNS do assert.same({ number }, poller:wait(0)) end
    file:close()
    close_all(all)
  end)

  it("tells of descriptors that were closed meanwhile, and of one that is another file by then", function()
    local poller, all = idle()
    local closed, again = nil, nil
    for number, pair in pairs(all) do
      if not closed then
        closed = number
      elseif not again then
        again = number
        local fd = fd_of(pair[1])
        all[closed][1]:close()
        pair[1]:close()
        local near, far = ends.tcp() -- with the lowest numbers that are free
        assert.truthy(fd_of(near) == fd or fd_of(far) == fd)
        near:send "x"
        far:send "x"
        all[0] = { near, far }
      end
    end
    local found, turns = {}, 0
    repeat
      for _, number in ipairs(poller:wait(20)) do
        found[number] = true
        poller:remove(number)
      end
      turns = turns + 1
    until found[closed] and found[again] or turns == 20
    assert.same({ [closed] = true, [again] = true }, found)
    close_all(all)
  end)

  it("forgets one that is closed here, and open in another process", function()
    local poller, all = idle()
    local number, pair = next(all)
    local child = assert(io.popen("exec cat >&2", "w")) -- has all that this process has
    pair[1]:close()
    poller:remove(number)
    local new_near, new_far = ends.tcp()
    assert.equal(number, poller:add(fd_of(new_near), "r"))
    for _ = 1, TURNS do assert.same({}, poller:wait(0)) end
    pair[2]:send "x"
    for _ = 1, TURNS do assert.same({}, poller:wait(0)) end
    new_far:send "x"
    assert.same({ number }, poller:wait(20))
    child:close()
    new_near:close()
    new_far:close()
    close_all(all)
  end)

  it("is another one in a process that was forked", function()
    local poller, all = idle()
    local number, pair = next(all)
    assert.equal(7, fork(function()
      for each in pairs(all) do poller:remove(each) end
      assert(not poller:wait(0)[1])
      local anew = poller:add(fd_of(pair[1]), "r")
      pair[2]:send "x"
      return poller:wait(20)[1] == anew and 7 or 8
    end))
    assert.same({ number }, poller:wait(20))
    for _, each in pairs(all) do each[2]:send "x" end
    assert.equal(MANY, #poller:wait(20))
    close_all(all)
  end)

  it("leaves no descriptor", function()
    local before = ends.descriptors()
    local poller, all = idle()
    assert.equal(before + 2 * MANY + 1, ends.descriptors())
    close_all(all)
    assert.truthy(poller:wait(0))
    poller, all = nil, nil -- luacheck: ignore 311
    assert.equal(before, ends.descriptors())
  end)

  it("waits as long as it was told", function()
    local poller, all = idle()
    local seconds, list = ends.elapsed(function() return poller:wait(1.2) end)
    assert.same({}, list)
    assert.truthy(seconds >= 1.2)
    close_all(all)
  end)
end)

describe("a loop with many that wait", function()
  it("goes on with each, and with one whose descriptor is closed under it", function()
    local loop, all, got = scheduler.loop(), {}, 0
    for i = 1, MANY do
      local near, far = ends.tcp()
      near:settimeout(0)
      all[i] = { near, far }
      loop:spawn(function()
        assert(scheduler.current().wait(fd_of(near), "r"))
        got = got + 1
      end)
    end
    loop:spawn(function()
      local sleep = scheduler.current().sleep
      for _ = 1, TURNS do sleep(0.001) end
      all[1][1]:close()
      for i = 2, MANY do
        all[i][2]:send "x"
        if i % 10 == 0 then sleep(0.001) end
      end
    end)
    loop:run()
    assert.equal(MANY, got)
    assert.same({ {}, {} }, { loop.polled, loop.waiting })
    close_all(all)
  end)
end)
