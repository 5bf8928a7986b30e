-- SPDX-License-Identifier: MIT

--- Connections without a socket: bytes in, bytes out.
-- @module bearssl.connection

-- bearssl.connection: what C's methods (csrc/lua/connection.c) leave to Lua, the callbacks.
local core = require "bearssl.core"
local later = require "bearssl.later"
local answer_events, session_cache = later "bearssl.event", later "bearssl.session_cache"

local methods = core.connection_methods
local feed, pull = methods.feed, methods.pull

--- Takes bytes that arrived from the peer. An incomplete record waits inside (RFC 5246 section 6.2). Callbacks of the
-- config are called from here and from @{conn:pull}; they may yield.
-- @function conn:feed
-- @tparam string bytes what the transport delivered
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error the connection has failed, its alert waits in @{conn:pull}; or, with the code `limit` and
-- nothing taken, over 1 MiB waits to be read: read, then feed again
-- @raise if the connection was freed by `<close>`, and what a callback raised
function methods.feed(conn, bytes)
  local ok, err = feed(conn, bytes)
  if core.event_waits(conn) then
    answer_events(conn)
    if conn:state() == "failed" then return feed(conn, "") end
  end
  return ok, err
end

-- conn:trace is loaded with what it needs when it is first called.
local function trace(conn)
  return require "bearssl.trace".steps(conn)
end
methods.trace, core.socket_methods.trace = trace, trace

function methods.pull(conn, max)
  if core.event_waits(conn) then answer_events(conn) end
  return pull(conn, max)
end

local meta = core.connection_meta
local free = meta.__close

function meta.__close(conn)
  if package.loaded["bearssl.session_cache"] then session_cache.release(conn) end
  free(conn)
end

--- Says that the transport has ended. Data that came before can still be read; after it, unless the peer had sent its
-- close_notify, the connection fails with the code `truncated`.
-- @function conn:feed_eof
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] bearssl.error what the connection has failed with
-- @raise if the connection was freed by `<close>`
