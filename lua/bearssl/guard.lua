-- SPDX-License-Identifier: MIT
-- What has to be undone where a block ends before its time: by an error, or because its coroutine is closed.
local meta = { __close = function(guard)
  if not guard.keep then guard.undo() end
end }

-- `local guard <close> = new_guard(fn)` calls fn at the end of the block, unless `guard.keep` is true then.
return function(undo)
  return setmetatable({ undo = undo, keep = false }, meta)
end
