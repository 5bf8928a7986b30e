-- A reset of the transport can overtake the alert of a peer that refuses us: what err.cause says then is what is known.
-- The peer is a connection of ours, whose bytes a TCP socket of LuaSocket carries as far as the row says.
local ends = require "spec.support.ends"
local failure = require "spec.support.failure"
local pki = require "spec.support.pki"

local own = { certificate = pki.client.p256.certificate, key = pki.client.p256.key }
local mutual = { client_auth = "require", client_trust = pki.roots }

local function with(options, more)
  local all = {}
  for name, value in pairs(options) do all[name] = value end
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

-- Carries between sock, ours, and the peer, over far, until ours is connected or has failed or nothing moves; what the
-- peer says after `last` of its flights is lost. Then far is reset.
local function reset_after(sock, peer, far, flights)
  sock:settimeout(0)
  far:settimeout(0.02)
  for turn = 1, 6 do
    local done = sock:handshake()
    local _, err, partial = far:receive(1 << 16)
    if partial and partial ~= "" then peer:feed(partial) end
    local out = peer:pull()
    if turn <= flights and out ~= "" then far:send(out) end
    if done or err == "closed" then break end
  end
  far:setoption("linger", { on = true, timeout = 0 })
  far:close()
end

local function client_hears(options, server_options, client_options, flights)
  local near, far = ends.tcp()
  local sock = ends.client(with(options, client_options)):wrap(near, { name = "localhost" })
  local server = assert(ends.server(with(options, server_options)):connection())
  reset_after(sock, server, far, flights)
  sock:settimeout(10)
  local ok, err = sock:handshake()
  if ok then err = select(2, sock:receive "*l") end
  sock:close()
  return err
end

for engine, options in pairs(failure.engines) do
  describe(("a reset (%s)"):format(engine), function()
    local plain = ends.defaults
    before_each(function() ends.defaults = options end)
    after_each(function() ends.defaults = plain end)

    local function says(err, cause, hint)
      assert.equal("reset", err.code, tostring(err))
      assert.truthy(err.cause and err.cause:find(cause, 1, true), tostring(err))
      if hint then assert.truthy(err.hint:find(hint, 1, true), tostring(err)) end
    end

    it("before a word of the server", function()
      says(client_hears(options, {}, {}, 0), "before it said anything", "the right port")
    end)

    it("after the server asked for a certificate and got none", function()
      says(client_hears(options, mutual, {}, 1), "asked for a certificate, got none and reset",
        "give the config a certificate")
    end)

    it("after our certificate", function()
      says(client_hears(options, mutual, own, 1), "the server reset the connection after our certificate",
        "the server's log")
    end)

    it("of a client after the server's certificate", function()
      local near, far = ends.tcp()
      local sock = ends.server():wrap(near)
      local client = assert(ends.client():connection { name = "localhost" })
      sock:settimeout(0)
      far:send(client:pull())
      sock:handshake()
      far:setoption("linger", { on = true, timeout = 0 })
      far:close()
      sock:settimeout(10)
      local ok, err = sock:handshake()
      assert.is_nil(ok)
      says(err, "the client reset the connection after our certificate", "trust the CA")
      sock:close()
    end)

    it("once data has come says no more than that", function()
      local near, far = ends.tcp()
      local sock = ends.client():wrap(near, { name = "localhost" })
      local server = assert(ends.server():connection())
      sock:settimeout(0)
      far:settimeout(0.02)
      for _ = 1, 6 do
        sock:handshake()
        local _, _, partial = far:receive(1 << 16)
        if partial and partial ~= "" then server:feed(partial) end
        far:send(server:pull())
      end
      assert(server:write "x\n")
      far:send(server:pull())
      sock:settimeout(10)
      assert.equal("x", sock:receive "*l")
      far:setoption("linger", { on = true, timeout = 0 })
      far:close()
      local _, err = sock:receive "*l"
      assert.equal("reset: connection reset by peer (socket)", tostring(err))
      sock:close()
    end)
  end)
end
