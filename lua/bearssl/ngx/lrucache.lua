-- SPDX-License-Identifier: MIT
-- bearssl.ngx.lrucache: what stands for resty.lrucache, which needs LuaJIT's ffi: a bounded cache of Lua values, from
-- which the one that was used longest ago goes first.
local core = require "bearssl.core"
local ring = require "bearssl.ring"

local Cache = { __name = "resty.lrucache" }
Cache.__index = Cache

-- `ring` has the nodes in the order of their use.
local function clear(self)
  self.nodes, self.used, self.ring = {}, 0, ring.new()
end

local function new(size)
  if size < 1 then return nil, "size too small" end
  local self = setmetatable({ size = math.floor(size) }, Cache)
  clear(self)
  return self
end

function Cache:count() return self.used end
function Cache:capacity() return self.size end

-- Value, nil, flags; or of what has expired nil, value, flags.
function Cache:get(key)
  local node = self.nodes[key]
  if not node then return nil end
  ring.unlink(node)
  ring.link(self.ring, node)
  if node.expires and node.expires < core.now() then return nil, node.value, node.flags end
  return node.value, nil, node.flags
end

function Cache:delete(key)
  local node = self.nodes[key]
  if not node then return false end
  ring.unlink(node)
  self.nodes[key], self.used = nil, self.used - 1
  return true
end

function Cache:set(key, value, ttl, flags)
  self:delete(key)
  if self.used >= self.size then self:delete(self.ring.before.key) end
  local node = { key = key, value = value, expires = ttl and core.now() + ttl, flags = flags or 0 }
  self.nodes[key], self.used = node, self.used + 1
  ring.link(self.ring, node)
end

-- The keys that were used last first.
function Cache:get_keys(most, result)
  local keys, n, node = result or {}, 0, self.ring.next
  while node ~= self.ring and (not most or most == 0 or n < most) do
    n = n + 1
    keys[n], node = node.key, node.next
  end
  if result then keys[n + 1] = nil end
  return keys
end

function Cache:flush_all() clear(self) end

return { new = new, _VERSION = "0.13" }
