-- file_server.lua PORT CERTIFICATE KEY FOLDER - serves the files of a folder over HTTPS, and POST /echo. Port 0 takes a
-- free one. Many connections at a time, kept alive; when the certificate is renewed it goes on with the new one.
local bearssl = require "bearssl"
local scheduler = require "bearssl.scheduler"

local port, certificate, key, folder = table.unpack(arg)
if not folder then error("usage: file_server.lua PORT CERTIFICATE KEY FOLDER", 0) end

local LINE, HEADERS, BODY, CHUNK = 8192, 100, 1 << 20, 1 << 16 -- bounds: bytes of a line, lines, bytes

local types = {
  html = "text/html; charset=utf-8", css = "text/css", js = "text/javascript", json = "application/json",
  txt = "text/plain; charset=utf-8", md = "text/plain; charset=utf-8", svg = "image/svg+xml", png = "image/png",
  jpg = "image/jpeg", gif = "image/gif", ico = "image/x-icon", pdf = "application/pdf",
}
local reasons = {
  [200] = "OK", [400] = "Bad Request", [404] = "Not Found", [405] = "Method Not Allowed", [411] = "Length Required",
  [413] = "Content Too Large", [425] = "Too Early",
}

-- The file that a request's path names, or nil. Each segment must be a name of its own: no "..", nothing hidden, no
-- "/" or zero byte that was written as "%2F" or "%00".
local function path_of(target)
  local path = target:match "^(/[^?#]*)"
  if not path then return nil end
  if path:find "/$" then path = path .. "index.html" end
  local names = {}
  for segment in path:gmatch "[^/]+" do
    local name = segment:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end)
    if name:find "^%." or name:find "[/\\%z]" then return nil end
    names[#names + 1] = name
  end
  return folder .. "/" .. table.concat(names, "/")
end

local function read_headers(sock)
  local headers = {}
  for _ = 1, HEADERS do
    local line = sock:receive("*l", "", LINE)
    if not line then return nil end
    if line == "" then return headers end
    local name, rest = line:match "^([%w!#$%%&'*+.^_`|~-]+):[ \t]*(.*)$"
    if not name then return nil end
    name = name:lower()
    local value = rest:match "^.*[^ \t]" or ""
    headers[name] = headers[name] and headers[name] .. ", " .. value or value
  end
end

local function send_head(sock, status, headers)
  local lines = { ("HTTP/1.1 %d %s"):format(status, reasons[status]), os.date "!Date: %a, %d %b %Y %H:%M:%S GMT" }
  for name, value in pairs(headers) do lines[#lines + 1] = name .. ": " .. value end
  return sock:send(table.concat(lines, "\r\n") .. "\r\n\r\n")
end

local function answer(sock, request, status, body, more)
  local headers = { ["Content-Type"] = types.txt, ["Content-Length"] = #body }
  for name, value in pairs(more or {}) do headers[name] = value end
  if not request.keep then headers.Connection = "close" end
  return send_head(sock, status, headers) and (request.method == "HEAD" or sock:send(body))
end

local function refuse(sock, request, status, more)
  return answer(sock, request, status, reasons[status] .. "\n", more)
end

local function send_file(sock, request)
  local path = path_of(request.target)
  local file <close> = path and io.open(path, "rb")
  if not file or not file:read(0) and file:seek "end" ~= 0 then return refuse(sock, request, 404) end -- or a folder
  local left = file:seek "end"
  file:seek "set"
  local headers = { ["Content-Type"] = types[path:match "%.(%w+)$"] or "application/octet-stream",
    ["Content-Length"] = left }
  if not request.keep then headers.Connection = "close" end
  local ok = send_head(sock, 200, headers)
  while ok and left > 0 and request.method == "GET" do
    local chunk = file:read(math.min(CHUNK, left)) -- no more than was said, should it grow meanwhile
    if not chunk then return nil end -- nor less: the connection ends
    left = left - #chunk
    ok = sock:send(chunk)
  end
  return ok
end

local function echo(sock, request)
  local length = request.headers["content-length"]
  request.keep = request.keep and length ~= nil
  if not length or request.headers["transfer-encoding"] then return refuse(sock, request, 411) end
  length = length:find "^%d+$" and tonumber(length)
  request.keep = request.keep and length and length <= BODY
  if not length then return refuse(sock, request, 400) end
  if length > BODY then return refuse(sock, request, 413) end
  if request.headers.expect then sock:send "HTTP/1.1 100 Continue\r\n\r\n" end
  local body = sock:receive(length)
  return body and answer(sock, request, 200, body, { ["Content-Type"] = request.headers["content-type"] })
end

local function respond(sock, request)
  local method = request.method
  if method == "POST" and request.target == "/echo" then
    if request.early then return refuse(sock, request, 425) end -- somebody may have sent it again (RFC 8470)
    return echo(sock, request)
  end
  if method == "GET" or method == "HEAD" then return send_file(sock, request) end
  request.keep = false -- a body may follow
  return refuse(sock, request, 405, { Allow = "GET, HEAD" })
end

-- Is the connection kept after this one? HTTP/1.1: unless somebody says otherwise.
local function is_kept(version, headers)
  local connection = (headers.connection or ""):lower()
  if version == "1.1" then return not connection:find("close", 1, true) end
  return connection:find("keep-alive", 1, true) ~= nil
end

local function serve(sock)
  sock:settimeout(30)
  while true do
    local early = sock:is_early()
    local line = sock:receive("*l", "", LINE)
    if not line then return end
    local request = { early = early }
    local version
    request.method, request.target, version = line:match "^(%u+) (%S+) HTTP/(1%.[01])$"
    request.headers = request.method and read_headers(sock)
    if not request.headers then return refuse(sock, request, 400) end
    request.keep = is_kept(version, request.headers)
    if request.method ~= "POST" and (request.headers["content-length"] or request.headers["transfer-encoding"]) then
      request.keep = false -- a body that nobody reads
    end
    if not respond(sock, request) or not request.keep then return end
  end
end

local server = assert(bearssl.listen {
  host = "127.0.0.1", port = tonumber(port), certificate = certificate, key = key, alpn = { "http/1.1" },
  max_early_data = 8192, watch = 1,
  on_reload = function() print "renewed" end,
  on_error = function(err, what)
    if what ~= "handshake" then io.stderr:write(what, ": ", tostring(err), "\n") end
  end,
})
io.stdout:setvbuf "line"
print(("listening on https://localhost:%d/"):format(select(2, server:getsockname())))
local loop = scheduler.loop()
loop:spawn(server.run, server, serve)
loop:run()
