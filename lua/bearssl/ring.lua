-- SPDX-License-Identifier: MIT
-- Nodes in an order, of a bounded cache for example: `ring.next` came last, `ring.before` is next to go, and the ring
-- itself stands where both ends meet.
local ring = {}

function ring.new()
  local self = {}
  self.before, self.next = self, self
  return self
end

function ring.link(self, node)
  node.before, node.next = self, self.next
  self.next.before, self.next = node, node
end

function ring.unlink(node)
  node.before.next, node.next.before = node.next, node.before
  node.before, node.next = nil, nil
end

return ring
