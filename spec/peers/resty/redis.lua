-- lua-nginx-redis over TLS, with a client's certificate.
local port, certificate, key = ...
local redis = require "nginx.redis"

local function connect()
  local client = redis:new()
  client:set_timeout(10000)
  assert(client:connect("127.0.0.1", port))
  assert(client._sock:setclientcert(certificate, key)) -- the library has no method for these two
  assert(client._sock:sslhandshake(nil, "localhost", true))
  return client
end

local client = connect()
assert(client:set("dog", "an animal") == "OK")
assert(client:get "dog" == "an animal")
assert(client:get "cat" == ngx.null)
assert(client:set("big", ("\0\1\2\r\n"):rep(100000)) == "OK")
assert(client:get "big" == ("\0\1\2\r\n"):rep(100000))
assert(client:hmset("h", { a = 1, b = 2 }) == "OK")
local h = client:array_to_hash(client:hgetall "h")
assert(h.a == "1" and h.b == "2")
client:init_pipeline()
client:incr "n"
client:incr "n"
client:lpush("n", 1)
local replies = assert(client:commit_pipeline())
assert(replies[1] == 1 and replies[2] == 2 and replies[3][1] == false and replies[3][2]:find "WRONGTYPE")
local ok, err = client:evil "x"
assert(ok == false and err:find "unknown command")
assert(client:del "n" == 1)
assert(client:set_keepalive(10000, 10) == 1)

client = connect()
assert(client:get_reused_times() == 1, "not reused")
assert(client:subscribe "news")
local other = connect()
assert(other:publish("news", "today") == 1)
local message = assert(client:read_reply())
assert(message[1] == "message" and message[3] == "today")
client:set_timeout(50)
ok, err = client:read_reply()
assert(not ok and err == "timeout")
assert(client:close() and other:close())

local stranger = redis:new()
assert(stranger:connect("127.0.0.1", port))
assert(stranger._sock:sslhandshake(nil, "localhost", true)) -- TLS 1.3: the server has not looked for a certificate yet
ok, err = stranger:get "dog"
assert(not ok and err, "without a certificate it must not answer")
