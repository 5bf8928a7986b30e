-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.resume: goes on with a coroutine. Of one that raises, what its blocks hold is closed, and a string
-- gets the traceback.

-- co, ... -> true, what it yields | false, what it raised
return function(co, ...)
  local ok, what = coroutine.resume(co, ...)
  if not ok then
    if type(what) == "string" then what = debug.traceback(co, what) end
    coroutine.close(co)
  end
  return ok, what
end
