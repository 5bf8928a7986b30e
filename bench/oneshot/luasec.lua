-- luasec.lua URL CA.pem - one GET; the chain is verified
local https = require "ssl.https"
local body = {}
local ok, code = https.request {
  url = arg[1], cafile = arg[2], protocol = "any", verify = { "peer", "fail_if_no_peer_cert" },
  sink = require "ltn12".sink.table(body),
}
assert(ok, code)
assert(code == 200)
io.write(table.concat(body))
