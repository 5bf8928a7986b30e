-- SPDX-License-Identifier: MIT
-- bearssl.scheduler.resolve: the addresses of a host, by the scheduler where it has a resolver, else by the system.

local function is_address(host)
  return host:find "^%d+%.%d+%.%d+%.%d+$" or host:find(":", 1, true)
end

-- host, seconds, scheduler -> a list of IP addresses | nil, err
return function(host, timeout, scheduler)
  if is_address(host) then return { host } end
  if scheduler.resolve then return scheduler.resolve(host, timeout) end
  local socket = package.loaded.socket or require "socket.core"
  local found, err = socket.dns.getaddrinfo(host)
  if not found then return nil, err end
  local list = {}
  for i, entry in ipairs(found) do list[i] = entry.addr end
  return list
end
