-- bearssl.lua URL CA.pem - one verified GET
local https = require "bearssl.https"
local body, code = https.request { url = arg[1], trust = arg[2] }
assert(body, code)
assert(code == 200)
io.write(body)
