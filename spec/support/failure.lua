-- What specs of failing handshakes share.
local assert = require "luassert"
local peer = require "spec.support.peer"

local failure = {}

failure.engines = { -- what each is asked for by
  ["BearSSL's engine, TLS 1.2"] = { engine = "bear", max_version = "1.2" },
  ["native engine, TLS 1.2"] = { engine = "native", max_version = "1.2" },
  ["native engine, TLS 1.3"] = { engine = "native", min_version = "1.3", max_version = "1.3" },
}

-- before_each and after_each: what a failure leaves open.
local descriptors
function failure.count() descriptors = peer.descriptors() end
function failure.recount() assert.equal(descriptors, peer.descriptors()) end

local function holds(text, parts)
  for _, part in ipairs(parts) do assert.truthy(text:find(part, 1, true), text) end
end

-- err is our side's: its code, the alert that we sent, and texts that it must hold.
function failure.found(err, code, alert, ...)
  assert.equal(code, err.code, tostring(err))
  assert.equal(alert, err.alert, tostring(err))
  assert.equal("local", err.side)
  local text = tostring(err)
  assert.equal(code .. ": " .. err.message, text:sub(1, #code + 2 + #err.message))
  if alert then assert.truthy(text:find("alert " .. alert, 1, true), text) end
  holds(text, { ... })
end

-- The other side's fault that its alert told us.
function failure.told(err, alert, ...)
  assert.equal("peer_alert", err.code, tostring(err))
  assert.equal(alert, err.alert)
  assert.equal("peer", err.side)
  holds(tostring(err), { "alert received: " .. alert, ... })
end

-- TLS records of a byte string: { type, version, payload }, ...
function failure.records(bytes)
  local list, at = {}, 1
  while at <= #bytes do
    local kind, version, payload, next_one = string.unpack(">BI2s2", bytes, at)
    list[#list + 1] = { kind, version, payload }
    at = next_one
  end
  return list
end

return failure
