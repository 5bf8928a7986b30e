-- The numbers of ngx.*, and what kind of thing the rest is.
local run = ...

local numbers = {}
for name, value in pairs(ngx) do
  if type(value) == "number" then numbers[name] = value end
end
run.say("numbers", numbers)
for _, name in ipairs { "now", "time", "say", "log", "sleep", "md5", "crc32_long", "encode_args", "get_phase" } do
  run.say(name, type(ngx[name]))
end
for _, name in ipairs { "req.get_headers", "req.socket", "location.capture", "exit", "redirect", "resp.get_headers",
  "socket.udp", "socket.stream", "timer.every", "thread.kill", "worker.pid", "worker.id", "worker.exiting" } do
  local group, field = name:match "^(%a+)%.([%a_]+)$"
  run.say(name, type(group and ngx[group][field] or ngx[name]))
end
run.say("no such", ngx.nothing_of_the_sort)
run.say("config", ngx.config.subsystem, type(ngx.config.ngx_lua_version), type(ngx.config.nginx_version))
