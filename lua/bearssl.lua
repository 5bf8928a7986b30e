-- SPDX-License-Identifier: MIT

--- TLS and X.509.
-- @module bearssl
local core = require "bearssl.core"
local config = require "bearssl.config"
require "bearssl.connection"
require "bearssl.socket"

local bearssl = {
  _VERSION = "bearssl " .. require "bearssl.version",
  client = config.client,
  server = config.server,
  connect = require "bearssl.connect",
  store = require "bearssl.store",
  x509 = require "bearssl.x509", -- certificates of connections have its methods
}

-- What few programs need is loaded when first asked for.
local modules = { key = "bearssl.key" }

-- A peer's certificate has the methods of bearssl.x509 too, which replaces these when it is loaded.
for _, name in ipairs { "days_left", "text", "to_table" } do
  core.certificate_methods[name] = function(certificate, ...)
    require "bearssl.x509"
    return core.certificate_methods[name](certificate, ...)
  end
end

return setmetatable(bearssl, {
  __index = function(self, name)
    if not modules[name] then return nil end
    local module = require(modules[name])
    rawset(self, name, module)
    return module
  end,
})
