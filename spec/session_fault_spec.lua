-- External PSKs, a session store and a session cache with each allocation failing in turn. `make fault` runs this.
local bearssl = require "bearssl"
local fault = require "spec.support.fault"
local pair = require "spec.support.pair"

local key = ("k"):rep(32)

-- A handshake: true; or nil and the error of the end that was without memory.
local function meet(client, server, options)
  local one, err = client:connection(options)
  if not one then return nil, err end
  local other, why = server:connection()
  if not other then return nil, why end
  local p = setmetatable({ client = one, server = other, to_client = {}, to_server = {} }, pair):run()
  for _, name in ipairs { "client_err", "server_err" } do
    if p[name] and p[name].code == "memory" then return nil, p[name] end
  end
  return p.client:state() == "connected" or nil, p.client_err or p.server_err
end

describe("without memory", function()
  it("a config with schemes, groups and a store is refused", function()
    assert.is_true(fault.each(function()
      return bearssl.client { verify = "none", groups = { "secp256r1", "x25519" }, signature_schemes = "ed25519" }
    end) > 0)
  end)

  it("no PSK is agreed on", function()
    local client = pair.client_config { max_version = "1.3" }
    local server = pair.server_config { max_version = "1.3", on_psk = function() return key end }
    local n = 0
    repeat -- config:connection raises what is wrong with the option psk, memory included
      n = n + 1
      local reached, ok, done, err = fault.at(n, meet, client, server, { psk = { identity = "me", key = key } })
      if reached and not done then
        assert.truthy(ok and err.code == "memory" or tostring(done or err):find "memory", tostring(err))
      end
    until not reached
    assert.is_true(n > 10)
  end)

  it("no session is put into a store, nor taken", function()
    local kept = {}
    local client = pair.client_config { max_version = "1.3" }
    local server = pair.server_config { max_version = "1.3", entropy = false, session_store = { -- identifiers differ
      put = function(id, bytes) kept[id] = bytes end,
      take = function(id) return kept[id] end,
    } }
    assert.is_true(fault.each(function() return meet(client, server, { name = "localhost" }) end) > 10)
    local p = pair.new(client, server):run()
    local session, n = assert(p.client:session()), 0
    repeat -- a full handshake may be what is left
      n = n + 1
      local reached, ok, done, err = fault.at(n, meet, client, server, { name = "localhost", session = session })
      assert.is_true(ok, tostring(done))
      if not done then assert.equal("memory", err.code) end
    until not reached
    assert.is_true(n > 10)
  end)

  it("a cache may lose a session, and nothing else", function()
    local client = pair.client_config { max_version = "1.3", session_cache = bearssl.session_cache() }
    local server = pair.server_config { max_version = "1.3" }
    local n = 0
    repeat
      n = n + 1
      assert(meet(client, server, { name = "localhost" }))
      local reached, ok, done, err = fault.at(n, meet, client, server, { name = "localhost" })
      assert.is_true(ok, tostring(done))
      if not done then assert.equal("memory", err.code) end
    until not reached
    assert.is_true(n > 10)
  end)
end)
