-- SPDX-License-Identifier: MIT
-- bearssl.ngx.missing: what lua-nginx-module has and we have not, because it belongs to nginx's requests or processes.
-- A client library may pick these up when it is loaded; whoever calls one is told which it was.
local names = [[
  eof exec exit flush get_raw_phase location.capture location.capture_multi on_abort redirect
  run_worker_thread send_headers req.append_body req.clear_header req.discard_body req.finish_body req.get_body_data
  req.get_body_file req.get_headers req.get_method req.get_post_args req.get_uri_args req.http_version req.init_body
  req.is_internal req.raw_header req.read_body req.set_body_data req.set_body_file req.set_header req.set_method
  req.set_uri req.set_uri_args req.socket req.start_time req.add_header resp.get_headers resp.add_header
  worker.pids
]]

local function refuse(name)
  return function() error(("ngx.%s: only nginx has it; bearssl.ngx has no requests and no workers"):format(name), 2) end
end

-- A table whose every field raises with its name, as it does in nginx where there is no request.
local function no_request(name)
  local function raise(_, key) error(("ngx.%s.%s: no request found"):format(name, tostring(key)), 2) end
  return setmetatable({}, { __index = raise, __newindex = raise })
end

-- Adds them to an ngx table, where it has nothing of that name.
return function(ngx)
  for name in names:gmatch "%S+" do
    local group, field = name:match "^(%w+)%.([%w_]+)$"
    local place = ngx
    if group then
      ngx[group] = ngx[group] or {}
      place = ngx[group]
    end
    field = field or name
    if rawget(place, field) == nil then place[field] = refuse(name) end
  end
  for _, name in ipairs { "var", "header", "arg" } do ngx[name] = no_request(name) end
end
