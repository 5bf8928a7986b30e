-- SPDX-License-Identifier: MIT

--- TLS and X.509.
-- @module bearssl
local config = require "bearssl.config"
require "bearssl.connection"
require "bearssl.socket"

local bearssl = {
  _VERSION = "bearssl " .. require "bearssl.version",
  client = config.client,
  server = config.server,
  connect = require "bearssl.connect",
  store = require "bearssl.store",
}

-- What few programs need is loaded when first asked for.
local modules = { x509 = "bearssl.x509", key = "bearssl.key" }

return setmetatable(bearssl, {
  __index = function(self, name)
    if not modules[name] then return nil end
    local module = require(modules[name])
    rawset(self, name, module)
    return module
  end,
})
