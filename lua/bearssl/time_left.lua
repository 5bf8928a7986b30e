-- SPDX-License-Identifier: MIT
-- What a wait may take by LuaSocket's two timeouts, in seconds, of a call that began `gone` seconds ago. One of them
-- alone bounds the whole call; of both, `block` bounds each wait and `total` the call. nil: for ever.
return function(block, total, gone)
  if total then return math.max(0, math.min(block or math.huge, total - gone)) end
  return block and math.max(0, block - gone) or nil
end
