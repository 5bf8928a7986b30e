-- SPDX-License-Identifier: MIT
-- A client's PSK callback (LuaSec's psk, ssl.context.setclientpskcb), for TLS 1.3's external PSKs (RFC 8446 section
-- 4.2.11), the only ones here. OpenSSL gives such a callback no hint there, and SHA-256 is its hash.
local core = require "bearssl.core"
local psk = require "bearssl.psk"

local IDENTITY_MAX, KEY_MAX = 1024, 64 -- bytes

local client = {}

-- The session that stands for what the callback gives; nil where it gives nothing, and nil and the reason where its
-- answer is wrong.
function client.session(config, s)
  local identity, key = s.client_psk(nil, IDENTITY_MAX, KEY_MAX)
  if identity == nil or key == nil then return nil end
  local ok, wrong = pcall(psk.read, { identity = identity, key = key })
  if not ok then return nil, wrong end
  local session, err = core.psk(config, identity, key, false)
  if not session then return nil, tostring(err) end
  return session
end

return client
