-- foreign_smtp.lua server CERTIFICATE KEY, or client PORT CAFILE - LuaSocket's socket.smtp over TLS from the first byte
-- (RFC 8314 section 3.3), by a `create` as its users write it on require "ssl"; and a server that takes one mail.
local smtp = require "socket.smtp"
local socket = require "socket"
local ssl = require "ssl"
io.stdout:setvbuf "line"

local function serve(certificate, key)
  local listener = assert(socket.bind("127.0.0.1", 0))
  print("port " .. math.tointeger(tonumber((select(2, listener:getsockname())))))
  local conn = assert(ssl.wrap(listener:accept(), { mode = "server", protocol = "any", certificate = certificate,
    key = key }))
  assert(conn:dohandshake())
  conn:send "220 here\r\n"
  local in_data
  for line in function() return conn:receive "*l" end do
    print("C: " .. line)
    if in_data then
      in_data = line ~= "."
      if not in_data then conn:send "250 taken\r\n" end
    elseif line:find "^EHLO" then
      conn:send "250-here\r\n250 AUTH PLAIN\r\n"
    elseif line:find "^DATA" then
      in_data = true
      conn:send "354 go on\r\n"
    else
      conn:send(line:find "^AUTH" and "235 known\r\n" or line:find "^QUIT" and "221 bye\r\n" or "250 fine\r\n")
    end
  end
end

-- A TCP object that is a TLS one as soon as it is connected.
local function create(cafile)
  return function()
    local sock = assert(socket.tcp())
    return setmetatable({
      connect = function(_, host, port)
        local done, err = sock:connect(host, port)
        if not done then return nil, err end
        sock = assert(ssl.wrap(sock, { mode = "client", protocol = "any", verify = "peer", cafile = cafile }))
        return sock:dohandshake()
      end,
    }, { __index = function(_, name)
      return function(_, ...) return sock[name](sock, ...) end
    end })
  end
end

local function deliver(port, cafile)
  print(smtp.send {
    from = "<me@a.example>", rcpt = { "<you@b.example>", "<they@b.example>" }, user = "me", password = "secret",
    server = "127.0.0.1", port = tonumber(port), create = create(cafile),
    source = smtp.message { headers = { subject = "of size", date = "then", ["message-id"] = "<1@a.example>" },
      body = ("a line\r\n.\r\n"):rep(2000) },
  })
  print("library: " .. require "spec.support.library"())
end

if arg[1] == "server" then serve(arg[2], arg[3]) else deliver(arg[2], arg[3]) end
