-- SPDX-License-Identifier: MIT
-- A server's answer to a ClientHello: which context (conn:sni's map) and which protocol (the ALPN callback).
local build = require "bearssl.luasec.build"
local context = require "bearssl.luasec.context"
local verify = require "bearssl.luasec.verify"

local hello = {}

-- The context for a name; false: the map is strict and has none. The map is looked at now: names that were added
-- since sni() was called count.
local function by_name(state, name)
  if not state.sni_map or not name then return state.ctx end
  local ctx = state.sni_map[name]
  if context.settings(ctx) then return ctx end
  return not state.sni_strict and state.ctx
end

-- Of what the server's callback gave, the first that the client offers too; nil: none, and then ALPN stays out.
local function choose(callback, offered)
  local there = {}
  for _, name in ipairs(offered) do there[name] = not name:find "%z" end -- no config has such a name
  for _, name in ipairs(callback(offered) or {}) do
    if there[name] then return name end
  end
end

-- on_client_hello of configs: a config, nil for the connection's own, false for no such name here.
function hello.answer(offer, sock)
  local state = verify.state(sock)
  local ctx = by_name(state, offer.server_name)
  if not ctx then return false end
  local s = context.settings(ctx)
  local alpn = s.alpn_callback and offer.alpn[1] and choose(s.alpn_callback, offer.alpn)
  if ctx == state.ctx and not alpn then return nil end
  local made, wrong = build.config(ctx, alpn)
  if not made then error(wrong, 0) end
  state.settings = s
  state.answered_by = ctx
  return made.config
end

return hello
