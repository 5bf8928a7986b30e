-- foreign_copas.lua CERTIFICATE KEY CAFILE STRANGER NGINX SILENT - clients and servers with TLS in copas, on whatever
-- require "ssl" gives; one line for each thing done, of what came of it. Debian's copas, 1.1.7, knows nothing of TLS:
-- there the handshake blocks. Newer ones have it all. NGINX is an https URL; at the port SILENT nobody says anything.
local copas = require "copas"
local socket = require "socket"
local ssl = require "ssl"

local certificate, key, cafile, stranger, nginx, silent = table.unpack(arg)

local client = { mode = "client", protocol = "any", verify = "peer", cafile = cafile, options = "all" }
local server = { mode = "server", protocol = "any", certificate = certificate, key = key, options = "all",
  alpn = function(offered) return offered[#offered] end }
local results = {}

local function show(name, ...)
  local words = {}
  for i = 1, select("#", ...) do words[i] = tostring((select(i, ...))):gsub("0x%x+", "0x"):gsub("^/.-: ", "") end
  results[#results + 1] = name .. ": " .. table.concat(words, " ")
end

local function listen(handler)
  local listener = assert(socket.bind("127.0.0.1", 0))
  copas.addserver(listener, handler)
  return listener, math.tointeger(tonumber((select(2, listener:getsockname()))))
end

-- Sends back each line; "N" asks for as many bytes.
local function echo(sock)
  while true do
    local line = sock:receive "*l"
    if not line then return end
    sock:send(tonumber(line) and ("x"):rep(tonumber(line)) or line .. "\n")
  end
end

local body = {}

-- All up to the end, without blocking. Debian's copas waits after "timeout" alone: LuaSec's "wantread" it hands on.
local function rest(tls)
  local parts = {}
  repeat
    if parts[1] then socket.select({ tls }, nil, 20) end
    local all, err, part = copas.receive(tls, "*a")
    parts[#parts + 1] = all or part
  until err ~= "wantread"
  return table.concat(parts)
end

-- Old: LuaSec's own calls, on a client in blocking mode; LuaSocket's http in a thread of copas.
function body.old()
  local https = require "ssl.https"
  copas.addthread(function()
    show("https", https.request { url = nginx, cafile = cafile, verify = "peer" })
    show("http", require "socket.http".request { url = nginx, cafile = cafile, verify = "peer" })
    show("refused", https.request "https://127.0.0.1:1/")
    local tcp = assert(socket.connect("127.0.0.1", tonumber(nginx:match ":(%d+)")))
    local tls = assert(ssl.wrap(tcp, client))
    show("handshake", tls:dohandshake())
    show("object", tostring(tls):match "^SSL connection", tostring(copas.wrap(tls)):match "^table")
    tls:settimeout(0)
    show("nothing yet", copas.receive(tls))
    tls:settimeout(nil)
    copas.send(tls, "GET /facts HTTP/1.0\r\n\r\n")
    show("line", copas.receive(tls))
    tls:settimeout(0)
    show("rest", rest(tls):match "\r\n\r\n(%S+) ")
    show("end", copas.receive(tls))
    tls:close()
  end)
end

local function connected(port, params)
  local sock = copas.wrap(socket.tcp(), params)
  sock:settimeout(60)
  assert(sock:connect("127.0.0.1", port))
  return sock
end

local function in_turn(list)
  local finished = 0
  for _, each in ipairs(list) do
    copas.addthread(function()
      local ok, err = pcall(each)
      if not ok then show("failed", err) end
      finished = finished + 1
    end)
  end
  return function() return finished == #list end
end

local function when(done, what)
  copas.addthread(function()
    while not done() do copas.sleep(0.01) end
    what()
  end)
end

-- Twenty clients at a time, each with lines and a large answer, by their own server.
local function many(port)
  local list, good = {}, 0
  for i = 1, 20 do
    list[i] = function()
      local sock = connected(port, { wrap = client, sni = { names = "localhost" } })
      for n = 1, 5 do
        sock:send(("line %d of %d\n"):format(n, i))
        assert(sock:receive "*l" == ("line %d of %d"):format(n, i))
      end
      sock:send "100000\n"
      assert(#sock:receive(100000) == 100000)
      sock:close()
      good = good + 1
    end
  end
  return in_turn(list), function() show("many", good) end
end

local rows = {}

function rows.facts(port)
  local params = { wrap = { mode = "client", protocol = "any", verify = "peer", cafile = cafile, alpn = { "a", "b" } },
    sni = { names = "localhost" } }
  local sock = connected(port, params)
  show("tostring", tostring(sock))
  show("alpn", sock:getalpn())
  show("name", sock:getpeername())
  show("subject", sock.socket:getpeercertificate():subject()[2].value)
  sock:send "what\n"
  show("echo", sock:receive "*l")
  sock:send "100\n"
  show("part", #(select(3, sock:receivepartial(1000))))
  sock:close()
  show("closed", sock:receive "*l")
end

function rows.context(port)
  local sock = connected(port)
  sock:dohandshake(assert(ssl.newcontext(client)))
  sock:send "by context\n"
  show("context", sock:receive "*l")
  sock:close()
end

function rows.names(_, port)
  local sock = connected(port, { wrap = client, sni = { names = "localhost" } })
  sock:send "known\n"
  show("known", sock:receive "*l")
  sock:close()
  show("unknown", pcall(connected, port, { wrap = client, sni = { names = "none.example" } }))
end

function rows.timeouts()
  local sock = copas.wrap(socket.tcp())
  assert(sock:connect("127.0.0.1", tonumber(silent)))
  sock:settimeouts(0.2, 0.2, 0.2)
  show("silent", sock:dohandshake(client))
end

function rows.slow(port)
  local sock = connected(port, { wrap = client, sni = { names = "localhost" } })
  sock:settimeouts(60, 60, 0.2)
  show("slow", sock:receive "*l")
  copas.useSocketTimeoutErrors(true)
  show("slow by LuaSec's word", sock:receive "*l")
  copas.useSocketTimeoutErrors(false)
  sock:close()
end

function rows.stranger(port)
  show("stranger", pcall(connected, port, { wrap = { mode = "client", protocol = "any", verify = "peer",
    cafile = stranger }, sni = { names = "localhost" } }))
end

function rows.http()
  local http = require "copas.http"
  local parts = {}
  local sslparams = { wrap = { protocol = "any", verify = "peer", cafile = cafile } }
  local done, code = http.request { url = nginx, sink = require "ltn12".sink.table(parts), sslparams = sslparams }
  show("http", done, code, table.concat(parts):match "^%S+")
  show("http refused", http.request "https://127.0.0.1:1/")
  show("http unverified", (select(2, http.request(nginx))))
end

function body.new()
  local listeners, ports = {}, {}
  listeners[1], ports[1] = listen(copas.handler(echo, server))
  local map = { localhost = assert(ssl.newcontext(server)) }
  listeners[2], ports[2] = listen(copas.handler(echo, { wrap = server, sni = { names = map, strict = true } }))
  copas.setErrorHandler(function(err) show("server", (tostring(err):gsub("^.-: ", ""))) end, true)
  copas.addthread(function()
    local done, shown = many(ports[1])
    when(done, shown)
    local list = {}
    for _, name in ipairs { "facts", "context", "names", "timeouts", "slow", "stranger", "http" } do
      list[#list + 1] = function() rows[name](ports[1], ports[2]) end
    end
    local all = in_turn(list)
    when(function() return all() and done() end, function()
      for _, listener in ipairs(listeners) do copas.removeserver(listener) end
    end)
  end)
end

if copas.dohandshake then body.new() else body.old() end
print("version: " .. copas._VERSION)
if copas.dohandshake then
  copas.loop()
else
  for _ = 1, 100 do copas.step(0.01) end
end
table.sort(results)
print(table.concat(results, "\n"))
print("library: " .. require "spec.support.library"())
