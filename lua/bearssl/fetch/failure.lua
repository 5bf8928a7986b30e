-- SPDX-License-Identifier: MIT
-- What goes wrong where something is fetched, as a bearssl.error: code, the URL or field, message and its values.
local core = require "bearssl.core"

return function(code, where, message, ...)
  return core.error { code = code, message = message:format(...), where = where, side = "local" }
end
