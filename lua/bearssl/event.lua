-- SPDX-License-Identifier: MIT
-- What C has to tell or to ask: it stops, we call the callback, it goes on. A callback may yield. If it raises, the
-- connection fails with its alert and the error goes to whoever called.
local core = require "bearssl.core"

local handlers = {}

function handlers.key_log(_, keep, line)
  keep.key_log(line)
end

-- certificate, key[, password]; nothing: no certificate
function handlers.certificate_request(conn, keep, request)
  local certificate, key, password = keep.on_certificate_request(request)
  if certificate == nil then return core.answer(conn, nil) end
  for name, value in pairs { certificate = certificate, key = key, password = password } do
    if type(value) ~= "string" and not (name == "key" and core.is_key(value)) then
      error(("on_certificate_request: the %s is no string but a %s"):format(name, type(value)), 0)
    end
  end
  local identity, err = core.identity { certificate = certificate, key = key or certificate, password = password }
  if not identity then error(err, 0) end
  core.answer(conn, identity)
end

function handlers.pins_differ(conn, keep)
  local _, err = core.pins_check(keep.pins, conn:verified_chain(), os.time())
  if err then keep.on_pin_mismatch(err) end
end

-- Answers all that waits; raises what a callback raised.
return function(conn)
  local keep = core.keep(conn)
  for _ = 1, 64 do -- bounded: an engine has a handful of events at most
    local event, what = core.event(conn)
    if not event then return end
    local ok, err = pcall(handlers[event], conn, keep, what)
    if not ok then
      core.abort(conn)
      error(err, 0)
    end
  end
end
