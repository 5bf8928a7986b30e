-- SPDX-License-Identifier: MIT
-- Which of a server's units a ClientHello is for: by server_name (RFC 6066 section 3), the exact name before the
-- wildcard, which stands for one label (RFC 9525 section 6.3).
local names = {}

local function find(hosts, name)
  name = name:lower()
  return hosts[name] or hosts[name:gsub("^[^.]+", "*", 1)]
end
names.find = find

-- on_client_hello of all configs of a server: the caller's word first, then the map. A name that is not in the map is
-- shown the default certificate, or refused. A client without a name is refused only where there is no default.
function names.chooser(server, asked)
  local strict = server.options.unknown_host == "refuse"
  return function(hello)
    local config = asked and asked(hello)
    if config ~= nil then return config end
    local found = hello.server_name and find(server.hosts, hello.server_name)
    if found then return found.config end
    if not server.default or strict and hello.server_name then return false end
    return server.default.config
  end
end

return names
