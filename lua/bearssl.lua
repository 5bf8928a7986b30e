-- SPDX-License-Identifier: MIT

--- TLS and X.509.
--
-- `_VERSION` is `"bearssl "` and the version.
-- @module bearssl
local config = require "bearssl.config"
require "bearssl.connection"
require "bearssl.socket"

local bearssl = {
  _VERSION = "bearssl " .. require "bearssl.version",
  client = config.client,
  server = config.server,
  connect = require "bearssl.connect",
  session_cache = require "bearssl.session_cache".new,
  store = require "bearssl.store",
  x509 = require "bearssl.x509", -- certificates of connections have its methods
}

-- What few programs need is loaded when first asked for.
local modules = { key = "bearssl.key", listen = "bearssl.listen", pins = "bearssl.pins" }

return setmetatable(bearssl, {
  __index = function(self, name)
    if not modules[name] then return nil end
    local module = require(modules[name])
    rawset(self, name, module)
    return module
  end,
})
