-- The native engine with each allocation failing in turn, on either side, where fault_spec does not come: both
-- versions, HelloRetryRequest, early data, what may follow a handshake. And the bytes that C holds for a connection.
local bearssl = require "bearssl"
local ends = require "spec.support.ends"
local fault = require "spec.support.fault"
local pki = require "spec.support.pki"

local MOST = 24576 -- bytes in a handshake, the search for a path to a root and the chains of both sides included

local function options(version, more)
  local all = { engine = "native", min_version = version, max_version = version, time = 1893456000 }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

local function client_of(version, more)
  return ends.client(options(version, more))
end

local function server_of(version, more)
  return ends.server(options(version, more))
end

local mine = { certificate = pki.client.p256.certificate, key = pki.client.p256.key }

-- Carries bytes both ways until there are none; nil and an error where an end has failed, that for want of memory
-- before the alert that tells the other.
local function carry(c, s)
  local errors = {}
  repeat
    local there, back = c:pull(), s:pull()
    for _, step in ipairs { { s, there }, { c, back } } do
      local done, err = step[1]:feed(step[2])
      if not done then errors[#errors + 1] = err end
    end
  until there == "" and back == "" or #errors > 2
  for _, err in ipairs(errors) do
    if type(err) == "table" and err.code == "memory" then return nil, err end
  end
  if errors[1] then return nil, errors[1] end
  return true
end

local function meet(client, server, more)
  local all = { name = "localhost" }
  for name, value in pairs(more or {}) do all[name] = value end
  local c, c_err = client:connection(all)
  if not c then return nil, c_err end
  local s, s_err = server:connection()
  if not s then return nil, s_err end
  local done, err = carry(c, s)
  if not done then return nil, err end
  return c, s
end

for _, version in ipairs { "1.3", "1.2" } do
  describe(("without memory, the native engine in TLS %s"):format(version), function()
    local client, server
    lazy_setup(function()
      client, server = client_of(version, { chain_cache = 0 }), server_of(version)
    end)

    it("does not agree, or does without a place for the chain in the cache", function()
      assert.is_true(fault.each_or_none(function(fresh) return meet(fresh, server) end, function()
        return client_of(version)
      end) > 20)
    end)

    it("does not agree", function()
      assert.is_true(fault.each(function() return meet(client, server) end) > 20)
    end)

    it("does not prove who the client is", function()
      local who = client_of(version, { certificate = mine.certificate, key = mine.key, chain_cache = 0 })
      local asks = server_of(version, { client_auth = "require", client_trust = pki.roots })
      assert.is_true(fault.each(function() return meet(who, asks) end) > 20)
    end)

    it("does not resume, or does without the session", function()
      fault.each_or_none(function(session) return meet(client, server, { session = session }) end, function()
        return assert(assert(meet(client, server)):session())
      end)
    end)

    it("does not end without saying so", function()
      fault.each_or_none(function(c)
        c:close()
        if c:state() == "failed" then return nil, select(2, c:feed "") end
        return c:pull() ~= ""
      end, function() return (assert(meet(client, server))) end)
    end)
  end)
end

describe("without memory, the native engine in TLS 1.3", function()
  it("does not agree after a HelloRetryRequest", function()
    local client = client_of("1.3", { groups = { "x25519", "secp256r1" }, chain_cache = 0 })
    local server = server_of("1.3", { groups = { "secp256r1" } })
    assert.equal(2, assert(meet(client, server)):info().round_trips)
    assert.is_true(fault.each(function() return meet(client, server) end) > 20)
  end)

  it("does not agree after one that leaves no state", function()
    local client = client_of("1.3", { groups = { "x25519", "secp256r1" }, chain_cache = 0 })
    local server = server_of("1.3", { groups = { "secp256r1" }, retry_cookie = true })
    assert.equal(2, assert(meet(client, server)):info().round_trips)
    assert.is_true(fault.each(function() return meet(client, server) end) > 20)
  end)

  it("does not take early data, or takes it as data of a full handshake", function()
    local client = client_of("1.3", { early_data = true })
    local server = server_of("1.3", { max_early_data = 1000, early_data_guard = function() return true end })
    local function early(session)
      local c, s = meet(client, server, { session = session, early_data = "early" })
      if not c then return nil, s end
      local data, err = s:read()
      if data == "early" or c:info().early_data == "rejected" or not c:info().resumed then return c:info() end
      return nil, err
    end
    local function session() return assert(assert(meet(client, server)):session()) end
    assert.equal("accepted", assert(early(session())).early_data)
    assert.is_true(fault.each_or_none(early, session) > 20)
  end)

  it("does not authenticate after the handshake, nor change keys", function()
    local client = client_of("1.3", { certificate = mine.certificate, key = mine.key, post_handshake_auth = true })
    local server = server_of("1.3", { client_auth = "request", client_trust = pki.roots, post_handshake_auth = true })
    fault.each_or_none(function(both)
      local c, s = both[1], both[2]
      local asked, err = s:request_certificate()
      if not asked then return nil, err end
      local updated, why = c:update_keys(true)
      if not updated then return nil, why end
      return carry(c, s)
    end, function() return table.pack(assert(meet(client, server))) end)
  end)
end)

-- --- bytes ------------------------------------------------------------------------------------------------------

-- Calls f and counts what it takes or gives back as the bytes of `side`.
local function on(side, f, ...)
  local before = fault.bytes()
  fault.mark()
  local result = table.pack(f(...))
  local now, most = fault.bytes()
  side.most = math.max(side.most or 0, (side.held or 0) + most - before)
  side.held = (side.held or 0) + now - before
  return table.unpack(result, 1, result.n)
end

local function measured(client, server)
  local client_bytes, server_bytes = {}, {}
  assert(meet(client, server)) -- what the configs' stores remember is theirs
  collectgarbage()
  collectgarbage "stop"
  local c = on(client_bytes, client.connection, client, { name = "localhost" })
  local s = on(server_bytes, server.connection, server)
  repeat
    local there = on(client_bytes, c.pull, c)
    on(server_bytes, s.feed, s, there)
    local back = on(server_bytes, s.pull, s)
    on(client_bytes, c.feed, c, back)
  until there == "" and back == ""
  on(client_bytes, c.read, c)
  on(server_bytes, s.read, s)
  collectgarbage "restart"
  assert(c:state() == "connected" and s:state() == "connected")
  return c, s, client_bytes, server_bytes
end

-- Both ways, so much that all buffers were needed; then nothing is left.
local function bulk(c, s, c_bytes, s_bytes)
  local data = ("x"):rep(200000)
  for _, way in ipairs { { c, s, c_bytes, s_bytes }, { s, c, s_bytes, c_bytes } } do
    local from, to, from_bytes, to_bytes = table.unpack(way)
    local at, got = 1, 0
    repeat
      local last, _, partial = on(from_bytes, from.write, from, data, at)
      at = (last or partial) + 1
      on(to_bytes, to.feed, to, on(from_bytes, from.pull, from))
      local piece = on(to_bytes, to.read, to)
      while piece do
        got = got + #piece
        piece = on(to_bytes, to.read, to)
      end
    until at > #data and got == #data
    on(from_bytes, from.read, from)
  end
end

local function size_of_chain(conn)
  local size = 0
  for _, certificate in ipairs(conn:peer_certificates() or {}) do size = size + #certificate:der() end
  return size
end

for _, version in ipairs { "1.3", "1.2" } do
  describe(("a connection of the native engine, TLS %s, holds in C"):format(version), function()
    for _, row in ipairs { { "a server's certificate" }, { "both sides' certificates", true } } do
      it("less than 24 KiB in a handshake with " .. row[1] .. ", less than 4 KiB when idle", function()
        local own = row[2] and mine or {}
        local client_options = options(version, { certificate = own.certificate, key = own.key, verify = "none" })
        local server_options = { client_auth = row[2] and "require", client_trust = row[2] and pki.roots or nil }
        local _, _, client_bytes = measured(assert(bearssl.client(client_options)), server_of(version, server_options))
        assert.is_true(client_bytes.most < MOST, client_bytes.most)
        local c, _, with_paths, server_bytes = measured(client_of(version, own), server_of(version, server_options))
        assert.is_true(with_paths.most < MOST, with_paths.most)
        assert.is_true(server_bytes.most < MOST + 1024, server_bytes.most)
        local ticket = version == "1.2" and 1280 or 0 -- it stays, with our certificate in it; those of 1.3 are taken
        on(with_paths, function()
          while c:session() and version == "1.3" do end
          collectgarbage()
        end)
        local own_chain = row[2] and size_of_chain(c) or 0 -- of who shows it, in what it has kept of it
        assert.is_true(with_paths.held - own_chain - ticket < 4096, with_paths.held)
        assert.is_true(server_bytes.held < 4096, server_bytes.held)
      end)
    end
  end)
end

-- What several connections of a config have in common is not counted for those that follow the first.
describe("the native engine in C,", function()
  for _, kind in ipairs { "p256", "rsa2048", "rsa4096" } do
    for _, version in ipairs { "1.3", "1.2" } do
      for _, mutual in ipairs { false, true } do
        local what = ("with chains of %s%s, TLS %s,"):format(kind, mutual and " on both sides" or "", version)
        it(what .. " holds less than 40 KiB, less than 4 KiB when idle, and no more after bulk", function()
          local own, other = mutual and pki.client[kind] or {}, pki.server[kind]
          local client = client_of(version, { certificate = own.certificate, key = own.key, trust = pki.roots })
          local server = server_of(version, { certificate = other.certificate, key = other.key,
            client_auth = mutual and "require" or nil, client_trust = mutual and pki.roots or nil })
          local open = {} -- none goes while there are others
          for i = 1, 3 do
            local c, s, c_bytes, s_bytes = measured(client, server)
            open[#open + 1] = { c, s }
            on(c_bytes, function()
              while c:session() and version == "1.3" do end
              collectgarbage()
            end)
            assert.is_true(c_bytes.most < 40960, c_bytes.most)
            assert.is_true(s_bytes.most < 40960, s_bytes.most)
            local ticket = mutual and version == "1.2" and size_of_chain(s) or 0 -- in it is what the client has shown
            if i > 1 then
              assert.is_true(c_bytes.held - ticket < 4096, c_bytes.held)
              assert.is_true(s_bytes.held < 4096, s_bytes.held)
            end
            local c_before, s_before = c_bytes.held, s_bytes.held
            bulk(c, s, c_bytes, s_bytes)
            assert.is_true(c_bytes.held <= c_before, c_bytes.held - c_before)
            assert.is_true(s_bytes.held <= s_before, s_bytes.held - s_before)
          end
          assert.equal(3, #open)
        end)
      end
    end
  end
end)
