-- SPDX-License-Identifier: MIT

--- TLS and X.509.
--
-- `_VERSION` is `"bearssl "` and the version.
-- @module bearssl

require "bearssl.core" -- first: it has the other files compiled
local config = require "bearssl.config"
require "bearssl.connection"
require "bearssl.socket"

local bearssl = {
  _VERSION = "bearssl " .. require "bearssl.version",
  client = config.client,
  server = config.server,
  store = require "bearssl.store",
}

-- What not every program needs is loaded when it is first asked for, or by pairs.
local modules = {
  connect = "bearssl.connect", key = "bearssl.key", listen = "bearssl.listen", pins = "bearssl.pins",
  session_cache = "bearssl.session_cache", x509 = "bearssl.x509",
}

local function load(self, name)
  if not modules[name] then return nil end
  local module = require(modules[name])
  if name == "session_cache" then module = module.new end
  rawset(self, name, module)
  return module
end

return setmetatable(bearssl, {
  __index = load,
  __pairs = function(self)
    for name in next, modules do load(self, name) end
    return next, self
  end,
})
