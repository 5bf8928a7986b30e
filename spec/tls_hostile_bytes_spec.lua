-- Every message of a peer cut at each length, and with each of its bytes changed, by a peer who goes on with the
-- transcript of what it sent; and whole conversations of two of ours with bytes changed on the way.
local ends = require "spec.support.ends"
local hostile = require "spec.support.hostile"
local pki = require "spec.support.pki"

local client_flows, messages = hostile.client_flows, hostile.messages
local mutual = hostile.server_config { min_version = "1.2", client_auth = "require", client_trust = pki.roots }

local function old(m)
  messages.drop(m.extensions, 43)
end

local kinds = {
  { name = "client, TLS 1.3", make = function()
    return hostile.server { group = 23, steps = { "client_hello", "hello_retry_request", "client_hello", "server_hello",
      "encrypted_extensions", "certificate_request", "certificate", "certificate_verify", "finished",
      "client_finished", "new_session_ticket" } }
  end },
  { name = "client, TLS 1.2", make = function()
    return hostile.server_12 { ticket_12 = true, steps = { "client_hello", "server_hello_12", "certificate",
      "server_key_exchange", "certificate_request_12", "server_hello_done", "client_flight_12",
      "new_session_ticket_12", "change_cipher_spec_12", "finished_12" } }
  end, legal = { server_hello_12 = 38 } }, -- a hello without extensions
  { name = "server, TLS 1.3, mutual", make = function()
    return hostile.client { config = mutual, steps = client_flows.flow_authenticated }
  end },
  { name = "server, TLS 1.2, mutual", make = function()
    return hostile.client_12 { config = mutual, steps = client_flows.flow_authenticated_12 }
  end, client_hello = old },
}

-- The conversation, with the body of one message changed by change(body); true: it was sent.
local function run(kind, step, change)
  local p, sent, before = kind.make(), false, kind[step]
  local changes = { client_hello = kind.client_hello }
  changes[step] = function(m, peer)
    if before then before(m, peer) end
    local lazy = m.lazy
    function m.lazy()
      if lazy then lazy(m) end
      m.raw, sent = change(messages.body(m.name, m)), true
    end
  end
  p:run(changes)
  return p, sent
end

-- Steps that send a message, and the size of its body.
local function sizes(kind)
  local list = {}
  for _, step in ipairs(kind.make().steps) do
    if not step:find "^change_cipher_spec" then
      local size
      local _, sent = run(kind, step, function(body)
        size = #body
        return body
      end)
      if sent then list[#list + 1] = { step = step, size = size } end
    end
  end
  return list
end

for _, kind in ipairs(kinds) do
  describe("a " .. kind.name .. ",", function()
    for _, what in ipairs(sizes(kind)) do
      local stride = math.max(1, what.size // 25)

      it("refuses " .. what.step .. " cut at any length", function()
        for n = 0, what.size - 1, stride do
          if n ~= (kind.legal or {})[what.step] then
            local p = run(kind, what.step, function(body) return body:sub(1, n) end)
            assert.truthy(p.err, ("%d of %d bytes were taken"):format(n, what.size))
            hostile.assert_refused(p, p.err.alert)
          end
        end
      end)

      it("survives " .. what.step .. " with any byte changed", function()
        for i = 1, what.size, stride do
          local ok, p = pcall(run, kind, what.step, function(body)
            return body:sub(1, i - 1) .. string.char(body:byte(i) ~ 1) .. body:sub(i + 1)
          end)
          if not ok then -- it chose what the peer did not mean
            local text = tostring(type(p) == "table" and p.message or p)
            assert.truthy(text:find "does not decrypt" or text:find "Finished is wrong", text)
          elseif p.err then
            assert.same({ "local", "failed" }, { p.err.side, p.conn:state() })
            assert.truthy(p.err.alert, tostring(p.err))
          end
        end
      end)
    end
  end)
end

-- Two of ours, with one byte of what `from` says changed. Gives whether both were connected, and all that it said.
local function tampered(client, server, from, at)
  local c, s = ends.connections(client, server)
  local said, seen = {}, 0
  local function carry(who, sender, receiver)
    local bytes = sender:pull()
    if who == from then
      local i = at - seen
      seen = seen + #bytes
      said[#said + 1] = bytes
      if i >= 1 and i <= #bytes then
        bytes = bytes:sub(1, i - 1) .. string.char(bytes:byte(i) ~ 4) .. bytes:sub(i + 1)
      end
    end
    if bytes ~= "" then receiver:feed(bytes) end
    return bytes ~= ""
  end
  repeat
    local there, back = carry("client", c, s), carry("server", s, c)
  until not there and not back
  return c:state() == "connected" and s:state() == "connected", table.concat(said)
end

-- The low bytes of the versions of clear records, which are ignored (RFC 8446 section 5.1).
local function ignored(bytes)
  local list, at = {}, 1
  while at <= #bytes do
    list[at + 2] = bytes:byte(at) ~= 23
    at = at + 5 + (">I2"):unpack(bytes, at + 3)
  end
  return list
end

describe("a byte changed on the way", function()
  for _, version in ipairs { "1.2", "1.3" } do
    local options = { engine = "native", min_version = version, max_version = version, time = hostile.time }
    local client = ends.client(hostile.with(options, { entropy = ("c"):rep(32) }))
    local server = ends.server(hostile.with(options, { entropy = ("s"):rep(32), session_cache = 0 }))

    for _, from in ipairs { "client", "server" } do
      it(("by the %s of TLS %s ends the handshake"):format(from, version), function()
        local both, said = tampered(client, server, from, 0)
        assert.is_true(both)
        local harmless = ignored(said)
        for at = 1, #said, 7 do
          if not harmless[at] then assert.is_false((tampered(client, server, from, at)), "byte " .. at) end
        end
      end)
    end
  end
end)
