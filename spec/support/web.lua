-- An HTTPS server of this process, beside the client that it is for: both in coroutines of one loop.
--
--   web.run(function(request, sock, number) return web.answer "hello" end, function(server)
--     client:get(server.url "path")
--   end)
--
-- `serve` is called for each request of each connection (`number`: which) and gives the bytes of the response; nil
-- ends the connection. Options: `accept(sock, number)` has a connection as a whole instead, after its handshake; `tls =
-- false`: none; `server`: options of bearssl.server.
local assert = require "luassert"
local bearssl = require "bearssl"
local https = require "bearssl.https"
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

local function requests(sock, config, number, serve)
  local early = config and sock:is_early()
  for request in function() return web.request(sock) end do
    request.early, early = early, false
    local response = serve(request, sock, number)
    if response and request.method == "HEAD" then response = response:match "^.-\r\n\r\n" end
    if not response or not sock:send(response) then return end
  end
end

local function connection(server, config, tcp, number)
  local sock <close> = scheduler.socket(config and assert(config:wrap(tcp)) or tcp)
  sock:settimeout(LIMIT)
  if not config or sock:handshake() then
    if server.accept then server.accept(sock, number) else requests(sock, config, number, server.serve) end
  end
  server.open = server.open - 1
end

local function accept_loop(server, config)
  local tcp = assert(socket.bind("127.0.0.1", 0))
  server.listener = scheduler.socket(tcp, "coroutine")
  server.port = math.tointeger(tonumber((select(2, tcp:getsockname()))))
  server.loop:spawn(function()
    for accepted in function() return (server.listener:accept()) end do
      server.count, server.open = server.count + 1, server.open + 1
      server.loop:spawn(connection, server, config, accepted, server.count)
    end
  end)
end

local function new_server(loop, serve, options)
  local given = { certificate = web.pair.certificate, key = web.pair.key, alpn = "http/1.1" }
  for name, value in pairs(options.server or {}) do given[name] = value end
  local config = options.tls ~= false and assert(bearssl.server(given)) or nil
  local server = { count = 0, open = 0, loop = loop, serve = serve, accept = options.accept }
  function server.url(path, host)
    return ("%s://%s:%d/%s"):format(config and "https" or "http", host or "localhost", server.port, path or "")
  end
  accept_loop(server, config)
  return server
end

-- Gives what `client` gives, when all connections have ended. Whatever any of the coroutines raises is raised here.
-- server.another(serve, options) is one more server.
function web.run(serve, client, options)
  local failure, result, loop
  loop = scheduler.loop { on_error = function(err)
    failure = failure or { err }
    loop:stop()
  end }
  local servers = { new_server(loop, serve, options or {}) }
  servers[1].another = function(...)
    servers[#servers + 1] = new_server(loop, ...)
    return servers[#servers]
  end
  loop:spawn(function()
    result = table.pack(client(servers[1]))
    for _, server in ipairs(servers) do
      while server.open > 0 do scheduler.current().sleep(0.005) end
    end
    loop:stop()
  end)
  loop:spawn(function()
    scheduler.current().sleep(LIMIT)
    error "the run does not come to an end"
  end)
  loop:run()
  for _, server in ipairs(servers) do server.listener:close() end
  if failure then error(failure[1], 0) end
  return table.unpack(result, 1, result.n)
end

-- A GET that trusts the server above, for a minute at most.
function web.get(url, options)
  local all = { trust = web.ca, timeout = LIMIT }
  for name, value in pairs(options or {}) do all[name] = value end
  return https.get(url, all)
end

-- The error of a request, which has this code.
function web.fails(code, ...)
  local response, err = ...
  assert.is_nil(response)
  assert.equal(code, err.code, tostring(err))
  return err
end

-- One response to a GET, whatever it is.
function web.response_to(bytes, options, path)
  return web.run(function(request)
    if request.path == "/" .. (path or "") then return bytes end
    return web.answer("at " .. request.path)
  end, function(server) return web.get(server.url(path), options) end)
end

return web
