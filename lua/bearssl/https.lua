-- SPDX-License-Identifier: MIT

--- HTTPS requests, certificate and name verified against the system's trust store.
--
-- `TIMEOUT`, seconds, and `USERAGENT` of the module are what a request or client has that says nothing of them.
-- @module bearssl.https

-- Lua compiles this file, which it finds by itself; bearssl.core has all others compiled.
require "bearssl.core"
return require "bearssl.https.calls"
