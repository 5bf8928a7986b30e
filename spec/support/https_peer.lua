-- https_peer.lua CERTIFICATE KEY - an HTTPS server on LuaSec for spec/https_spec.lua, one connection at a time, on a
-- free port of 127.0.0.1 and ::1, which it prints. The path says what it answers; /redirect?301,URL redirects.
local ssl = require "ssl"
local socket = require "socket"

local function receive_request(sock)
  local lines, length = {}, 0
  for _ = 1, 100 do
    local line = sock:receive "*l"
    if not line or line == "" then break end
    lines[#lines + 1] = line
    length = tonumber(line:lower():match "^content%-length: (%d+)") or length
    if line:lower():find "^transfer%-encoding: chunked" then length = nil end
  end
  local body = {}
  if length and length > 0 then body[1] = sock:receive(length) end
  while not length do
    local size = tonumber(sock:receive "*l", 16)
    body[#body + 1] = sock:receive(size)
    sock:receive "*l"
    if size == 0 then break end
  end
  return table.concat(lines, "\n") .. "\n\n" .. table.concat(body), lines[1] or ""
end

local function with_length(body)
  return ("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body)
end

local answers = {
  hello = function() return with_length "hello" end,
  echo = with_length,
  big = function() return with_length(("0123456789abcdef"):rep(1 << 16)) end,
  empty = function() return "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n" end,
  missing = function() return "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone" end,
  chunked = function()
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n"
  end,
  closed = function() return "HTTP/1.0 200 OK\r\n\r\nuntil the end" end,
  interim = function()
    return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" .. with_length "hello"
  end,
  short = function() return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello" end,
  nothing = function() return "" end,
  status = function() return "HTTP/1.1 2" end,
  header = function() return "HTTP/1.1 200 OK\r\nContent-Le" end,
  folded = function() return "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n" end,
  badstatus = function() return "HTTP/1.1 abc\r\n\r\n" end,
  fraction = function() return "HTTP/1.1 200 OK\r\nContent-Length: 1.5\r\n\r\nhello" end,
  negative = function() return "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello" end,
  malformed = function() return "HTTP/1.1 200 OK\r\nno colon\r\n\r\n" end,
  chunk = function() return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n" end,
  hugechunk = function() return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\nhello\r\n" end,
  cutchunk = function() return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel" end,
  manychunk = function() return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" end,
  ssh = function() return "SSH-2.0-x\r\n" end,
  interims = function() return ("HTTP/1.1 102 Processing\r\n\r\n"):rep(100) end,
  headers = function() return "HTTP/1.1 200 OK\r\n" .. ("X: " .. ("x"):rep(1000) .. "\r\n"):rep(400) .. "\r\n" end,
  endless = function() return "HTTP/1.1 200 OK\r\nA: " .. ("x"):rep(1 << 21) end,
  many = function() return "HTTP/1.1 200 OK\r\n" .. ("A: b\r\n"):rep(1 << 18) end,
  redirect = function(_, query)
    local code, to = query:match "^(%d+),(.*)$"
    return ("HTTP/1.1 %s Found\r\nLocation: %s\r\nContent-Length: 5\r\n\r\nmoved"):format(code, to)
  end,
}

local context = assert(ssl.newcontext {
  mode = "server", protocol = "tlsv1_2", certificate = arg[1], key = arg[2], verify = "none",
  alpn = function(offered) return offered end,
})
local listeners = { assert(socket.bind("127.0.0.1", 0)) }
local _, port = listeners[1]:getsockname()
listeners[2] = socket.bind("::1", port)
print(math.tointeger(tonumber(port)))
io.stdout:flush()

local function serve(tcp)
  tcp:settimeout(60)
  local sock = assert(ssl.wrap(tcp, context))
  sock:settimeout(60)
  if sock:dohandshake() then
    local request, line = receive_request(sock)
    local path, query = line:match "^%u+ /(%w*)%??(%S*)"
    if path == "silent" then
      sock:receive(1) -- until the peer gives up
    elseif answers[path] then
      sock:send(answers[path](request .. "\nSNI: " .. tostring(sock:getsniname()), query))
    end
  end
  sock:close()
end

while true do
  for _, listener in ipairs((socket.select(listeners))) do serve(assert(listener:accept())) end
end
