-- SPDX-License-Identifier: MIT
-- A port to listen on: bind{ host = address or "*", port, backlog, reuse_port } → LuaSocket's TCP object | nil, why.
local function bind_to(address, v6_too, own)
  local socket = require "socket"
  local v6 = address:find(":", 1, true)
  local tcp, err = (v6 and socket.tcp6 or socket.tcp4)()
  if not tcp then return nil, err end
  tcp:setoption("reuseaddr", true)
  if own.reuse_port then tcp:setoption("reuseport", true) end
  if v6 then tcp:setoption("ipv6-v6only", not v6_too) end
  local ok
  ok, err = tcp:bind(address, own.port)
  if ok then ok, err = tcp:listen(own.backlog) end
  if ok then return tcp end
  tcp:close()
  return nil, err
end

-- With reuse_port several processes may have it, and the kernel shares connections out among them. "*" is every address
-- of IPv6 and IPv4.
return function(own)
  local any = own.host == "*"
  local tcp, err = bind_to(any and "::" or own.host:match "^%[(.*)%]$" or own.host, any, own)
  if not tcp and any then tcp, err = bind_to("0.0.0.0", false, own) end -- a machine without IPv6
  return tcp, err
end
