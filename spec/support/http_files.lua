-- http_files.lua FOLDER - an HTTP server on a free port of 127.0.0.1, which it prints: the files of the folder, what
-- hostile ones do by the names below, and /redirect/CODE/URL. What it is asked for it prints.
local socket = require "socket"

local folder = arg[1]
local listener = assert(socket.bind("127.0.0.1", 0))
local _, port = listener:getsockname()
io.stdout:setvbuf "line"
print("port " .. math.tointeger(tonumber(port)))

local held = {} -- connections that nobody answers

local function answer(body, headers, code)
  return ("HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s"):format(code or "200 OK", #body,
    headers or "", body)
end

local special = {
  ["/hang"] = function(sock) held[#held + 1] = sock end,
  ["/garbage"] = function() return answer "no such thing" end,
  ["/nothing"] = function() return "" end,
  ["/ssh"] = function() return "SSH-2.0-x\r\n\r\n" end,
  ["/huge"] = function(sock)
    sock:send "HTTP/1.0 200 OK\r\n\r\n"
    sock:settimeout(10)
    repeat until not sock:send(("x"):rep(1 << 16))
    return ""
  end,
  ["/announced"] = function() return "HTTP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\nx" end,
  ["/short"] = function() return "HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nx" end,
  ["/negative"] = function() return "HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\nx" end,
  ["/two"] = function() return "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx" end,
  ["/chunked"] = function() return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" end,
  ["/headers"] = function() return "HTTP/1.0 200 OK\r\n" .. ("X: y\r\n"):rep(1 << 15) .. "\r\n" end,
  ["/line"] = function() return "HTTP/1.0 200 OK\r\nX: " .. ("y"):rep(1 << 17) end,
  ["/loop"] = function() return answer("", "Location: /loop\r\n", "302 Found") end,
  ["/nowhere"] = function() return answer("", nil, "302 Found") end,
  ["/missing"] = function() return answer("none", nil, "404 Not Found") end,
  ["/file"] = function() return answer("", "Location: file:///etc/passwd\r\n", "302 Found") end,
}

local function respond(sock, path)
  if special[path] then return special[path](sock) end
  local code, to = path:match "^/redirect/(%d+)/(.*)$"
  if code then return answer("", ("Location: %s\r\n"):format(to), code .. " Moved") end
  local file = io.open(folder .. path, "rb")
  if not file then return answer("", nil, "404 Not Found") end
  local body = file:read "a"
  file:close()
  local headers = io.open(folder .. path .. ".headers", "rb")
  return answer(body, headers and headers:read "a" or nil)
end

while true do
  local sock = assert(listener:accept())
  sock:settimeout(10)
  local line = sock:receive() or ""
  local length = 0
  for _ = 1, 100 do
    local header = sock:receive()
    if not header or header == "" then break end
    length = tonumber(header:lower():match "^content%-length: (%d+)") or length
  end
  if length > 0 then sock:receive(length) end
  print(line)
  local text = respond(sock, line:match "^%u+ (%S+)" or "")
  if text then
    sock:send(text)
    sock:close()
  end
end
