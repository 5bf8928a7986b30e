-- A bearssl.listen server in this process, under a loop of ours, with clients beside it: ours as coroutines, other
-- people's as processes.
--
--   serve({ options of listen }, handler or nil, function(server, port) ... end)
--   serve.finish(process)     waits for a peer while the server runs: its status, and all that it printed
--   serve.ask(port, options)  one request by a connection of ours: its answer, the connection's info
-- The server is closed when the function returns; what it raises is raised.
local bearssl = require "bearssl"
local pki = require "spec.support.pki"
local scheduler = require "bearssl.scheduler"

local serve = { none = {} } -- none: an option that is not there

local function with(defaults, options)
  local all = {}
  for name, value in pairs(defaults) do all[name] = value end
  for name, value in pairs(options or {}) do all[name] = value end
  for name, value in pairs(all) do
    if value == serve.none then all[name] = nil end
  end
  return all
end
serve.with = with

-- One line, answered by itself, as often as it comes.
function serve.echo(sock)
  while true do
    local line = sock:receive "*l"
    if not line or not sock:send(line .. "\n") then return end
  end
end

-- HTTP/1.1 with keep-alive: the request line is the answer.
function serve.http(sock)
  while true do
    local line = sock:receive "*l"
    repeat local header = sock:receive "*l" until not header or header == ""
    if not line then return end
    if not sock:send(("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#line, line)) then return end
  end
end

function serve.listen(options)
  local own = pki.server.p256
  return assert(bearssl.listen(with({
    host = "127.0.0.1", port = 0, certificate = own.certificate, key = own.key,
    on_error = function(err, what, name) error(("%s %s: %s"):format(what, name, err)) end,
  }, options)))
end

function serve.run(options, handler, act)
  local server = serve.listen(options)
  local _, port = server:getsockname()
  local loop = scheduler.loop()
  loop:spawn(server.run, server, handler or serve.echo)
  local ok, err
  loop:spawn(function()
    ok, err = xpcall(act, debug.traceback, server, port)
    server:close(ok and 10 or 0)
  end)
  loop:run()
  if not ok then error(err, 0) end
  return server
end

-- Waits, for a bounded time, until the condition holds.
function serve.eventually(condition)
  for _ = 1, 6000 do
    if condition() then return end
    scheduler.current().sleep(0.01)
  end
  error("it never comes", 2)
end

function serve.finish(process)
  while process:running() do scheduler.current().sleep(0.02) end
  return process:finish()
end

function serve.client(options)
  return assert(bearssl.client(with({ trust = pki.roots }, options)))
end

-- A connection of ours, handshake done; or nil and why not.
function serve.connect(port, config, options)
  local tcp = assert(scheduler.connect("127.0.0.1", port, { timeout = 60 }))
  local sock = scheduler.socket(assert(config:wrap(tcp, with({ name = "localhost" }, options))))
  sock:settimeout(60)
  local ok, err = sock:handshake()
  if ok then return sock end
  sock:close()
  return nil, err
end

-- "hello" to the echo, and what came back; info() and the serial number of the server's certificate.
function serve.ask(port, config, options)
  local sock, err = serve.connect(port, config, options)
  if not sock then return nil, err end
  assert(sock:send "hello\n")
  local answer = assert(sock:receive "*l")
  local info, certificate = sock:info(), sock:peer_certificates()[1]
  sock:close()
  return answer, info, certificate and certificate.serial
end

return setmetatable(serve, { __call = function(_, ...) return serve.run(...) end })
