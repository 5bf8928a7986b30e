-- SPDX-License-Identifier: MIT
-- bearssl serve: HTTP/1.1 (RFC 9112) on a connection of a server: the files of a folder, or what was asked, as an echo.
-- Requests are bounded, connections are kept; what a folder hides (names that begin with ".") stays hidden.
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

-- A connection is { sock, folder, echo, tell }; a request has what its head says, then `status` and `bytes`.

-- The file that a request's path names, or nil. Each segment must be a name of its own: no "..", nothing hidden, no
-- "/" or zero byte that was written as "%2F" or "%00".
local function path_of(folder, target)
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

local function read_headers(sock, request)
  local headers, lines = {}, { request.line }
  for _ = 1, HEADERS do
    local line = sock:receive("*l", "", LINE)
    if not line then return nil end
    if line == "" then
      request.head = table.concat(lines, "\n")
      return headers
    end
    lines[#lines + 1] = line
    local name, rest = line:match "^([%w!#$%%&'*+.^_`|~-]+):[ \t]*(.*)$"
    if not name then return nil end
    name = name:lower()
    local value = rest:match "^.*[^ \t]" or ""
    headers[name] = headers[name] and headers[name] .. ", " .. value or value
  end
end

local function send_head(connection, request, status, headers)
  request.status, request.bytes = status, headers["Content-Length"]
  local lines = { ("HTTP/1.1 %d %s"):format(status, reasons[status]), os.date "!Date: %a, %d %b %Y %H:%M:%S GMT" }
  for name, value in pairs(headers) do lines[#lines + 1] = name .. ": " .. value end
  return connection.sock:send(table.concat(lines, "\r\n") .. "\r\n\r\n")
end

local function answer(connection, request, status, body, more)
  local headers = { ["Content-Type"] = types.txt, ["Content-Length"] = #body }
  for name, value in pairs(more or {}) do headers[name] = value end
  if not request.keep then headers.Connection = "close" end
  return send_head(connection, request, status, headers) and (request.method == "HEAD" or connection.sock:send(body))
end

local function refuse(connection, request, status, more)
  return answer(connection, request, status, reasons[status] .. "\n", more)
end

local function send_file(connection, request)
  local path = path_of(connection.folder, request.target)
  local file <close> = path and io.open(path, "rb")
  if not file or not file:read(0) and file:seek "end" ~= 0 then -- or a folder
    return refuse(connection, request, 404)
  end
  local left = file:seek "end"
  file:seek "set"
  local headers = { ["Content-Type"] = types[path:match "%.(%w+)$"] or "application/octet-stream",
    ["Content-Length"] = left }
  if not request.keep then headers.Connection = "close" end
  local ok = send_head(connection, request, 200, headers)
  while ok and left > 0 and request.method == "GET" do
    local chunk = file:read(math.min(CHUNK, left)) -- no more than was said, should it grow meanwhile
    if not chunk then return nil end -- nor less: the connection ends
    left = left - #chunk
    ok = connection.sock:send(chunk)
  end
  return ok
end

local function echo(connection, request)
  local sock, length = connection.sock, request.headers["content-length"]
  request.keep = request.keep and length ~= nil
  if not length or request.headers["transfer-encoding"] then return refuse(connection, request, 411) end
  length = length:find "^%d+$" and tonumber(length)
  request.keep = request.keep and length and length <= BODY
  if not length then return refuse(connection, request, 400) end
  if length > BODY then return refuse(connection, request, 413) end
  if request.headers.expect then sock:send "HTTP/1.1 100 Continue\r\n\r\n" end
  local body = sock:receive(length)
  return body and answer(connection, request, 200, body, { ["Content-Type"] = request.headers["content-type"] })
end

-- The head of a request without a body, as it came.
local function echo_head(connection, request)
  return answer(connection, request, 200, request.head .. "\n")
end

local function may_echo(connection, target)
  return connection.echo == true or connection.echo == target
end

local function respond(connection, request)
  local method = request.method
  local plain = method == "GET" or method == "HEAD"
  if not plain and may_echo(connection, request.target) then
    if request.early then return refuse(connection, request, 425) end -- somebody may have sent it again (RFC 8470)
    return echo(connection, request)
  end
  if plain and connection.echo == true then return echo_head(connection, request) end
  if plain then return send_file(connection, request) end
  request.keep = false -- a body may follow
  return refuse(connection, request, 405, { Allow = "GET, HEAD" })
end

-- Is the connection kept after this one? HTTP/1.1: unless somebody says otherwise.
local function is_kept(version, headers)
  local connection = (headers.connection or ""):lower()
  if version == "1.1" then return not connection:find("close", 1, true) end
  return connection:find("keep-alive", 1, true) ~= nil
end

-- The next request; nil where none comes.
local function receive(connection)
  local sock = connection.sock
  local early = sock:is_early()
  local line = sock:receive("*l", "", LINE)
  if not line then return nil end
  local request = { early = early, line = line, head = line }
  local version
  request.method, request.target, version = line:match "^(%u+) (%S+) HTTP/(1%.[01])$"
  request.headers = request.method and read_headers(sock, request)
  if not request.headers then return request end
  request.keep = is_kept(version, request.headers)
  if (request.method == "GET" or request.method == "HEAD")
    and (request.headers["content-length"] or request.headers["transfer-encoding"]) then
    request.keep = false -- a body that nobody reads
  end
  return request
end

local http = {}

-- A handler for bearssl.listen. options: `folder`: whose files are served; `echo`: the path of what sends a body back,
-- or true: every request is answered with itself; `tell(sock, request)`: called for each request that was answered.
function http.handler(options)
  return function(sock)
    local connection = { sock = sock, folder = options.folder, echo = options.echo }
    sock:settimeout(30)
    repeat
      local request, going = receive(connection), false
      if not request then return end
      if request.headers then
        going = respond(connection, request) and request.keep
      else
        refuse(connection, request, 400)
      end
      if options.tell then options.tell(sock, request) end
    until not going
  end
end

return http
