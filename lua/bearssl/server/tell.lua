-- SPDX-License-Identifier: MIT
-- What a server tells its owner: by on_error and on_reload, or on standard error.
local tell = {}

-- A callback that raises is the last to hear of it.
function tell.call(server, name, ...)
  local ok, err = pcall(server.options[name], ...)
  if not ok then io.stderr:write(("bearssl.listen: %s: %s\n"):format(name, tostring(err))) end
end

-- `what` it is about, `name` of the host.
function tell.error(server, err, what, name)
  if server.options.on_error then return tell.call(server, "on_error", err, what, name) end
  if what == "handshake" then return end -- whoever connects can make these
  local place = name and ("%s (%s)"):format(what, name) or what
  io.stderr:write(("bearssl.listen: %s: %s\n"):format(place, tostring(err)))
end

return tell
