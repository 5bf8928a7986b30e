-- A thousand TLS connections, all open at a time, under each scheduler. Copas selects, which ends at 1024 descriptors,
-- so there the server is a process of its own. With the sanitizers there are as many: only slower.
local child = require "spec.support.child"

local COUNT = 1000
local PROGRAM = "ulimit -n 4200 && exec env %s timeout 300 lua5.4 spec/support/thousand.lua %s %d %s 2>&1"

local function start(name, role)
  return assert(io.popen(PROGRAM:format(child, name, COUNT, role)))
end

local function number(pattern, text)
  return assert(tonumber(text:match(pattern)), text)
end

describe("a thousand connections", function()
  for _, name in ipairs { "coroutine", "cqueues", "luv" } do
    it("in one process under " .. name, function()
      local pipe = start(name, "both")
      local out = pipe:read "a"
      assert.truthy(pipe:close(), out)
      assert.equal(COUNT, number("client: (%d+) answers", out))
      assert.equal(COUNT, number("server: %d+ connections, (%d+) at a time", out))
      -- each end: connect or accept, two for the handshake, one for a line and one for the end; some more for luck
      assert.truthy(number("waits: (%d+)", out) <= 15 * COUNT, out)
      assert.truthy(number("turns: (%d+)", out) <= 15 * COUNT, out)
    end)
  end

  it("of two processes under copas", function()
    local server = start("copas", "server")
    local port = server:read "l":match "^port (%d+)"
    local client = start("copas", "client " .. port)
    local theirs, ours = server:read "a", client:read "a"
    assert.truthy(server:close(), theirs)
    assert.truthy(client:close(), ours)
    assert.equal(COUNT, number("client: (%d+) answers", ours))
    assert.equal(COUNT, number("server: %d+ connections, (%d+) at a time", theirs))
    assert.truthy(number("waits: (%d+)", theirs) <= 15 * COUNT, theirs)
    assert.truthy(number("waits: (%d+)", ours) <= 15 * COUNT, ours)
  end)
end)
