-- lua-nginx-memcached, over TCP and over TLS.
local port, tls_port = ...
local memcached = require "nginx.memcached"

for _, to in ipairs { port, tls_port } do
  local client = assert(memcached:new())
  client:set_timeout(10000)
  for round = 0, 1 do
    assert(client:connect("127.0.0.1", to))
    if to == tls_port then assert(client.sock:sslhandshake(nil, "localhost", true)) end
    assert(client:get_reused_times() == round, "not reused")
    assert(client:flush_all())
    assert(client:set("a dog", 32))
    local value, flags = client:get "a dog"
    assert(value == "32" and flags == "0")
    local ok, err = client:add("a dog", 1)
    assert(not ok and err == "NOT_STORED")
    assert(client:incr("a dog", 2) == "34")
    local _, _, unique = client:gets "a dog"
    assert(client:cas("a dog", { "a", { "b", "c" } } and "abc", unique))
    assert(client:set("big", ("x"):rep(500000)))
    local many = assert(client:get { "a dog", "big", "none" })
    assert(many["a dog"][1] == "abc" and #many.big[1] == 500000 and not many.none)
    assert(client:delete "a dog" and client:version() and #client:stats() > 5)
    assert(client:set_keepalive(10000, 2))
  end
end
