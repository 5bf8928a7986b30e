-- SPDX-License-Identifier: MIT

--- TLS and X.509.
--
-- `_VERSION` is `"bearssl "` and the version.
-- @module bearssl

--- What went wrong with the network, the peer or a file: the second result beside nil. `tostring` gives all of it in
-- one line.
-- @table error
-- @tfield string code a word to compare: `"unknown_issuer"`, `"timeout"`, …; all of them stand in docs/errors.md
-- @tfield string message what it means, with values
-- @tfield string alert the TLS alert that was sent or received, by IANA's name (RFC 8446 section 6); nil: none
-- @tfield string side `"local"`: this side found the fault; `"peer"`: the peer did
-- @tfield string where the RFC's name of the message or field, or of the option
-- @tfield string cause why, where that is known, else nil
-- @tfield string hint what cures it, where that is known, else nil
-- @tfield table paths of a chain that was refused: each path that was tried, as `{ chain = …, error = … }`
-- @tfield integer paths_more how many more there were
-- @tfield bearssl.https.response response of `bearssl.https`: what had come of it by then
-- @tfield string body of `bearssl.https`: the part of the body that had come
-- @tfield integer status of `bearssl.https`: what an HTTP proxy answered
require "bearssl.core" -- first: it has the other files compiled
local config = require "bearssl.config"
require "bearssl.connection"
require "bearssl.socket"

local bearssl = {
  _VERSION = "bearssl " .. require "bearssl.version",
  client = config.client,
  server = config.server,
  store = require "bearssl.store",
  x509 = require "bearssl.x509", -- certificates of connections have its methods
}

-- What not every program needs is loaded when it is first asked for, or by pairs.
local modules = {
  connect = "bearssl.connect", key = "bearssl.key", listen = "bearssl.listen", pins = "bearssl.pins",
  session_cache = "bearssl.session_cache",
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
