-- Random walks: from every state of a connection of ours messages and records that nobody expects, spoiled ones, and
-- those of another conversation. It never crashes, never is connected without the peer's Finished, and once it has
-- failed it stays so. And whole conversations in pieces of any size, which come to the same.
local hostile = require "spec.support.hostile"
local pki = require "spec.support.pki"

local server_flows, client_flows, messages = hostile.server_flows, hostile.client_flows, hostile.messages

local server_12 = hostile.server_config { min_version = "1.2" }
local mutual = hostile.server_config { min_version = "1.2", client_auth = "require", client_trust = pki.roots }
local function old(m)
  messages.drop(m.extensions, 43)
end

-- What is under test, and how its peer speaks; `ends` is the step after which it is connected.
local kinds = {
  { name = "client, TLS 1.3", make = hostile.server, ends = "finished" },
  { name = "client, TLS 1.3, HelloRetryRequest", make = function()
    return hostile.server { group = 23, steps = { "client_hello", "hello_retry_request", "client_hello",
      table.unpack(server_flows.flow_13, 2) } }
  end, ends = "finished" },
  { name = "client, TLS 1.2", make = hostile.server_12, ends = "finished_12" },
  { name = "server, TLS 1.3", make = hostile.client, ends = "finished" },
  { name = "server, TLS 1.3, mutual", make = function()
    return hostile.client { config = mutual, steps = client_flows.flow_authenticated }
  end, ends = "finished" },
  { name = "server, TLS 1.2", make = function() return hostile.client_12 { config = server_12 } end,
    ends = "finished_12", changes = { client_hello = old } },
}

-- A generator of its own for each walk: the same in each run and on each machine.
local function generator(seed)
  local state = seed * 2654435761 % 2147483647 + 1
  return function(n)
    state = state * 48271 % 2147483647
    return state % n + 1
  end
end

local function noise(random, n)
  local bytes = {}
  for i = 1, n do bytes[i] = string.char(random(256) - 1) end
  return table.concat(bytes)
end

-- The messages of the peer in a conversation of each kind, with other randoms than the walks have.
local recorded = {}

local function record_all()
  for _, kind in ipairs(kinds) do
    local p = kind.make()
    local changes = hostile.with({}, kind.changes)
    for _, name in ipairs { "client_hello", "server_hello", "server_hello_12" } do
      local change = changes[name]
      changes[name] = function(m, peer)
        if change then change(m, peer) end
        m.random = ("R"):rep(32)
        if peer.server_random then peer.server_random = m.random end
      end
    end
    p:run(changes)
    for _, raw in ipairs(p.transcript) do recorded[#recorded + 1] = raw end
  end
  assert(#recorded > 30)
end

local types = { 0, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 22, 24, 99, 254 }

local actions = {
  function(p, random) p:inject(types[random(#types)], noise(random, random(40) - 1)) end,
  function(p, random) p:inject(types[random(#types)], "") end,
  function(p, random) p:record(22, recorded[random(#recorded)]) end,
  function(p, random) -- with one bit changed
    local raw = recorded[random(#recorded)]
    local i = random(#raw)
    p:record(22, raw:sub(1, i - 1) .. string.char(raw:byte(i) ~ 1 << random(8) - 1) .. raw:sub(i + 1))
  end,
  function(p, random) -- cut short
    local raw = recorded[random(#recorded)]
    p:record(22, raw:sub(1, random(#raw)))
  end,
  function(p) p:change_cipher_spec() end,
  function(p, random) p:record(21, string.char(random(2), random(120))) end,
  function(p, random) p:record(23, noise(random, random(50))) end,
  function(p, random) p:record(19 + random(6), noise(random, random(50) - 1), { clear = random(2) == 1 }) end,
  function(p, random) p:feed(noise(random, random(60))) end,
  function(p, random) p:inject(20, ("\0"):rep(random(2) == 1 and 12 or 32)) end,
}

local function walk(kind, from, seed)
  local random = generator(seed)
  local p = kind.make()
  p:run(kind.changes, { table.unpack(p.steps, 1, from) })
  assert(not p.err, p.err)
  for _ = 1, 4 do
    p.err = nil
    actions[random(#actions)](p, random)
    local state = p.conn:state()
    assert(state == "handshake" or state == "failed" or state == "closed", state)
    p.conn:pull()
    if p.err then -- the first failure stands
      local code = p.err.code
      assert(select(2, p.conn:feed "x").code == code)
      assert(p.conn:state() == state)
    end
    assert(not p.conn:read())
    assert(not p.conn:write "x")
  end
end

describe("a random walk", function()
  setup(record_all)
  for _, kind in ipairs(kinds) do
    local steps = kind.make().steps
    for from = 0, #steps do
      if steps[from] == kind.ends then break end
      it(("of a %s from before %s never ends connected"):format(kind.name, steps[from + 1]), function()
        for seed = 1, 20 do
          local ok, err = pcall(walk, kind, from, seed + 1000 * from)
          assert(ok, ("seed %d: %s"):format(seed, tostring(err)))
        end
      end)
    end
  end
end)

-- Connections that have shaken hands, one of them in the middle of an authentication after the handshake.
local later = { certificate = pki.client.p256.certificate, key = pki.client.p256.key, post_handshake_auth = true }
local connected = {
  ["client, TLS 1.3"] = function() return hostile.server() end,
  ["client, TLS 1.3, with post_handshake_auth"] = function()
    return hostile.server { config = hostile.client_config(later) }
  end,
  ["client, TLS 1.2"] = function() return hostile.server_12() end,
  ["server, TLS 1.3"] = function() return hostile.client() end,
  ["server, TLS 1.2"] = function() return hostile.client_12 { config = server_12 } end,
}
local after = { connected = true, failed = true, closed = true, half_closed = true }

describe("a random walk", function()
  setup(function()
    if #recorded == 0 then record_all() end
  end)
  for name, make in pairs(connected) do
    it(("of a %s that is connected reads nothing that was not sealed"):format(name), function()
      for seed = 1, 60 do
        local random = generator(seed + 7777)
        local p = make():run(name:find "server, TLS 1.2" and { client_hello = old } or nil)
        assert(p:connected(), p.err)
        p:drain()
        for _ = 1, 5 do
          local sealed = p.write.sequence
          actions[random(#actions)](p, random)
          assert(after[p.conn:state()], p.conn:state())
          p.conn:pull()
          if p.conn:read() then assert(p.write.sequence > sealed) end
          if p.err then break end
        end
      end
    end)
  end
end)

-- All that a connection said in a conversation whose peer's bytes came in pieces.
local function conversation(kind, split, cut_at)
  local p = kind.make()
  p.split = split
  local feed, said, fed = p.feed, {}, 0
  function p:feed(bytes)
    local at = cut_at and cut_at - fed
    fed = fed + #bytes
    if at and at > 0 and at < #bytes then return feed(self, bytes:sub(1, at)) and feed(self, bytes:sub(at + 1)) end
    return feed(self, bytes)
  end
  local event = p.event
  function p:event()
    local e = event(self)
    if e then said[#said + 1] = ("%s %s"):format(e.kind, e.raw or e.data or "") end
    return e
  end
  p:run(kind.changes)
  assert(p:connected(), p.err)
  p:data "some data"
  assert(p.conn:read() == "some data")
  p:drain()
  return table.concat(said), fed
end

describe("a conversation", function()
  for _, kind in ipairs(kinds) do
    it(("of a %s is the same in pieces of any size"):format(kind.name), function()
      local whole, size = conversation(kind)
      for _, split in ipairs { 1, 2, 3, 7, 100 } do assert.equal(whole, (conversation(kind, split))) end
      for at = 1, size, 41 do assert.equal(whole, (conversation(kind, nil, at))) end
    end)
  end

  it("that resumes is the same at every third split", function()
    local first = hostile.client():run()
    local kind = { make = function() return hostile.client { offer = first.tickets[1] } end }
    local whole, size = conversation(kind)
    for at = 1, size, 3 do assert.equal(whole, (conversation(kind, nil, at))) end
  end)
end)
