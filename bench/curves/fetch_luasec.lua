-- fetch_luasec.lua - how many bytes LuaSec's ssl.https gets of a URL; a connection for each.
local https = require "ssl.https"
local ltn12 = require "ltn12"
return function(url, trust)
  local body = {}
  assert(https.request {
    url = url, cafile = trust, protocol = "any", verify = { "peer", "fail_if_no_peer_cert" },
    sink = ltn12.sink.table(body),
  })
  return #table.concat(body)
end
