-- Sockets, callbacks and key logs with each allocation failing in turn; run by `make fault`.
local ends = require "spec.support.ends"
local fault = require "spec.support.fault"
local pki = require "spec.support.pki"

local function some(act)
  assert.truthy(fault.each(act) > 0, "it allocates nothing")
end

-- Like fault.each, for what may do without some of its memory: a smaller block for the bytes of an idle connection.
local function some_or_none(act)
  for n = 1, 100000 do
    local reached, ok, value, err = fault.at(n, act)
    assert.is_true(ok, value)
    if not value then assert.equal("memory", err.code, tostring(err)) end
    if not reached then return assert.truthy(n > 1) end
  end
end

describe("without memory", function()
  local client, server
  lazy_setup(function()
    client = ends.client {
      key_log = function() end, chain_cache = 0,
      on_certificate_request = function() return pki.client.p256.certificate, pki.client.p256.key end,
    }
    server = ends.server { client_auth = "require", client_trust = pki.root.p256 }
  end)

  -- Calls both by turns until one fails for want of memory, or both are done.
  local function both(f, g)
    local done = {}
    for _ = 1, 10000 do
      for i, call in ipairs { f, g } do
        if not done[i] then
          local result, err = call()
          done[i] = result
          if not result and err ~= "wantread" and err ~= "wantwrite" then return nil, err end
        end
      end
      if done[1] and done[2] then return true end
    end
    return nil, "no end"
  end

  local function sockets()
    local near, far = ends.tcp()
    local c, err = client:wrap(near, { name = "localhost" })
    if not c then
      near:close()
      far:close()
      return nil, err
    end
    local s
    s, err = server:wrap(far)
    if not s then
      c:close()
      far:close()
      return nil, err
    end
    c:settimeout(0)
    s:settimeout(0)
    return c, s
  end

  -- What act(c, s) gives; both sockets are closed then. An error that the callback's answer raised counts too.
  local function with_sockets(act)
    return function()
      local c, s = sockets()
      if not c then return nil, s end
      local ok, result, err = pcall(act, c, s)
      local there, here = c:close(), s:close()
      assert(there and here and c:getfd() == -1 and s:getfd() == -1)
      if not ok then return nil, result end
      return result, err
    end
  end

  it("a handshake over sockets fails, client certificate and key log included", function()
    some(with_sockets(function(c, s)
      return both(function() return c:handshake() end, function() return s:handshake() end)
    end))
  end)

  it("data goes through, or does not", function()
    local data = ("x"):rep(100000)
    some_or_none(with_sockets(function(c, s)
      local sent, got = 0, {}
      return both(function()
        local last, err, part = c:send(data, sent + 1)
        sent = last or part
        return last, err
      end, function()
        local piece, err, part = s:receive(#data - #table.concat(got))
        got[#got + 1] = piece or part
        return piece, err
      end)
    end))
  end)
end)
