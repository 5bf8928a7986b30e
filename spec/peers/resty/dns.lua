-- lua-nginx-dns: by UDP, and by TCP where the answer is too long for that.
local port = ...
local resolver = require "nginx.dns.resolver"

local r = assert(resolver:new { nameservers = { { "127.0.0.1", port } }, retrans = 3, timeout = 5000 })
local answers = assert(r:query "one.example")
assert(answers[1].address == "192.0.2.1" and answers[1].name == "one.example", answers[1] and answers[1].address)
answers = assert(r:query("one.example", { qtype = r.TYPE_AAAA }))
assert(answers[1].address == "2001:db8:0:0:0:0:0:1", answers[1].address)
answers = assert(r:query("long.example", { qtype = r.TYPE_TXT }))
assert(#answers == 10 and #answers[1].txt == 200, #answers)
answers = assert(r:query "nothing.example")
assert(answers.errcode == 3 and answers.errstr == "name error", answers.errstr)
assert(assert(r:tcp_query "one.example")[1].address == "192.0.2.1")
