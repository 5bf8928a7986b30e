-- An HTTPS server of this process, beside the client that it is for: both in coroutines of one loop.
--
--   web.run(function(request, sock, number) return web.answer "hello" end, function(server)
--     client:get(server.url "path")
--   end)
--
-- `serve` is called for each request of each connection (`number`: which) and gives the bytes of the response; nil
-- ends the connection. Options: `accept(sock, number)` has a connection as a whole instead, after its handshake; `tls =
-- false`: none; `server`: options of bearssl.server.
local bearssl = require "bearssl"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"
local socket = require "socket"

local web = { ca = pki.root.p256, pair = pki.server.p256 }

local LIMIT = 60 -- seconds that a run may take

local function chunked(sock)
  local pieces = {}
  while true do
    local size = tonumber(sock:receive "*l" or "", 16)
    if not size then return nil end
    pieces[#pieces + 1] = sock:receive(size)
    sock:receive "*l"
    if size == 0 then return table.concat(pieces) end
  end
end

-- The request's line, method, path, headers (one string, with the names as they came) and, unless `head_only`, body; of
-- one that `serve` is given, whether it came `early`.
function web.request(sock, head_only)
  local line = sock:receive "*l"
  if not line then return nil end
  local request = { line = line, headers = "", method = line:match "^%S+", path = line:match "^%S+ (%S+)" }
  for field in function() return sock:receive "*l" end do
    if field == "" then break end
    request.headers = request.headers .. field .. "\n"
  end
  local lower = "\n" .. request.headers:lower()
  request.length = tonumber(lower:match "\ncontent%-length: (%d+)")
  if head_only then return request end
  if lower:find "\ntransfer%-encoding: chunked" then
    request.body = chunked(sock)
  else
    request.body = (request.length or 0) > 0 and sock:receive(request.length) or ""
  end
  return request
end

-- A value of a request's header, the name in lower case.
function web.header(request, name)
  return ("\n" .. request.headers):match("\n" .. name:gsub("%-", "%%-"):gsub("%a", function(c)
    return "[" .. c .. c:upper() .. "]"
  end) .. ": ([^\n]*)")
end

-- The bytes of a response with a length.
function web.answer(body, status, headers)
  return ("HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s"):format(status or "200 OK", #body, headers or "", body)
end

local function connection(tcp, config, number, serve, accept)
  local sock <close> = scheduler.socket(config and assert(config:wrap(tcp)) or tcp)
  sock:settimeout(LIMIT)
  if config and not sock:handshake() then return end
  if accept then return accept(sock, number) end
  local early = config and sock:is_early()
  for request in function() return web.request(sock) end do
    request.early, early = early, false
    local response = serve(request, sock, number)
    if response and request.method == "HEAD" then response = response:match "^.-\r\n\r\n" end
    if not response or not sock:send(response) then return end
  end
end

local function listen(server, config, serve, options)
  local tcp = assert(socket.bind("127.0.0.1", 0))
  local listener = scheduler.socket(tcp, "coroutine")
  server.port = math.tointeger(tonumber((select(2, tcp:getsockname()))))
  server.listener = listener
  return function()
    while true do
      local accepted = listener:accept()
      if not accepted then return end
      server.count = server.count + 1
      scheduler.current().spawn(connection, accepted, config, server.count, serve, options.accept)
    end
  end
end

-- Gives what `client` gives. Whatever any of the coroutines raises is raised here.
function web.run(serve, client, options)
  options = options or {}
  local given = { certificate = web.pair.certificate, key = web.pair.key, alpn = "http/1.1" }
  for name, value in pairs(options.server or {}) do given[name] = value end
  local config = options.tls ~= false and assert(bearssl.server(given)) or nil
  local failure, result
  local loop
  loop = scheduler.loop { on_error = function(err)
    failure = failure or { err }
    loop:stop()
  end }
  local server = { count = 0, loop = loop }
  function server.url(path, host)
    return ("%s://%s:%d/%s"):format(config and "https" or "http", host or "localhost", server.port, path or "")
  end
  loop:spawn(listen(server, config, serve, options))
  loop:spawn(function()
    result = table.pack(client(server))
    loop:stop()
  end)
  loop:spawn(function()
    scheduler.current().sleep(LIMIT)
    error "the run does not come to an end"
  end)
  loop:run()
  server.listener:close()
  collectgarbage()
  if failure then error(failure[1], 0) end
  return table.unpack(result, 1, result.n)
end

return web
