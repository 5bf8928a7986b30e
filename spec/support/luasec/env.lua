-- What the rows of LuaSec's table work with: values as text, and connected pairs.
local pki = require "spec.support.pki"
local socket = require "socket"
local ssl = require "ssl"

local env = { pki = pki, socket = socket, ssl = ssl, context = require "ssl.context", core = require "ssl.core" }

-- Values as text ---------------------------------------------------------------------------------------------------

local function text(value, depth)
  local kind = type(value)
  if kind == "number" then return ("%.14g"):format(value) end -- LuaSec's are floats
  if kind == "string" then return ("%q"):format(value):gsub("\\\n", "\\n") end
  if kind == "userdata" then return (tostring(value):gsub(": 0x%x+", "")) end
  if kind ~= "table" then return kind == "function" and "function" or tostring(value) end
  if depth > 4 then return "{...}" end
  local parts = {}
  for k, v in pairs(value) do
    local key = math.type(k) == "integer" and ("[%d]"):format(k) or tostring(k)
    parts[#parts + 1] = ("%s = %s"):format(key, (text(v, depth + 1)))
  end
  table.sort(parts)
  return "{ " .. table.concat(parts, ", ") .. " }"
end

-- "raises: ..." without the place; or the values, with commas between.
function env.run(probe)
  local results = table.pack(pcall(probe, env))
  if not results[1] then
    local message = tostring(results[2]):gsub("^[^ ]-:%d+: ", "")
    return "raises " .. message:gsub("%s+", " ")
  end
  local list = {}
  for i = 2, results.n do list[#list + 1] = (text(results[i], 0)) end
  return #list == 0 and "(nothing)" or table.concat(list, ", ")
end

-- Contexts and connections -----------------------------------------------------------------------------------------

local pair = pki.server.p256
local mine = pki.client.p256

local function with(defaults, more)
  local all = {}
  for k, v in pairs(defaults) do all[k] = v end
  for k, v in pairs(more or {}) do all[k] = v or nil end -- false: not even the default
  return all
end

function env.client_config(more)
  return with({ mode = "client", protocol = "any", cafile = pki.root.p256, verify = "peer" }, more)
end

function env.server_config(more)
  return with({ mode = "server", protocol = "any", certificate = pair.certificate, key = pair.key }, more)
end

env.identity = { certificate = mine.certificate, key = mine.key }

-- ssl.newcontext with these keys beside what is needed.
function env.new(more, mode)
  local config = (mode == "server" and env.server_config or env.client_config)(more)
  return ssl.newcontext(config)
end

-- Two ends of a TCP connection.
function env.tcp()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  local near = assert(socket.connect("127.0.0.1", port))
  local far = assert(listener:accept())
  listener:close()
  return near, far
end

local emptied = setmetatable({}, { __mode = "k" }) -- the objects that connections took the descriptors of

-- Ends a connection's TCP without a close_notify.
function env.cut(conn)
  local tcp = emptied[conn]
  tcp:setfd(conn:getfd())
  tcp:shutdown "both"
  tcp:setfd(-1)
end

-- Both ends before the handshake, without waiting; configs may be contexts.
function env.wrapped(client, server)
  local near, far = env.tcp()
  local c = assert(ssl.wrap(near, type(client) == "userdata" and client or env.client_config(client)))
  local s = assert(ssl.wrap(far, type(server) == "userdata" and server or env.server_config(server)))
  emptied[c], emptied[s] = near, far
  c:settimeout(0)
  s:settimeout(0)
  return c, s
end

local function waits(err)
  return err == "wantread" or err == "wantwrite"
end

-- Handshakes by turns until both have ended: what the client's gave, and the server's.
function env.shake(c, s)
  local deadline = socket.gettime() + 60
  local results = {}
  repeat
    for i, conn in ipairs { c, s } do
      if not results[i] then
        local ok, err = conn:dohandshake()
        if ok or not waits(err) then results[i] = { ok, err } end
      end
    end
    assert(socket.gettime() < deadline, "the handshakes do not end")
  until results[1] and results[2]
  return results[1], results[2]
end

-- Both ends after it, waiting for 10 seconds at most; before(c, s) is called before it.
function env.connected(client, server, before)
  local c, s = env.wrapped(client, server)
  if before then before(c, s) end
  local near, far = env.shake(c, s)
  assert(near[1] and far[1], tostring(near[2] or far[2]))
  c:settimeout(10)
  s:settimeout(10)
  return c, s
end

-- Where HTTPS servers listen, one with a certificate for another name.
env.https_url, env.other_url = os.getenv "HTTPS_URL", os.getenv "OTHER_URL"

-- What either end's handshake gave, as two booleans or errors.
function env.outcome(client, server, before)
  local c, s = env.wrapped(client, server)
  if before then before(c, s) end
  local near, far = env.shake(c, s)
  c:close()
  s:close()
  return near[1] or near[2], far[1] or far[2]
end

return env
