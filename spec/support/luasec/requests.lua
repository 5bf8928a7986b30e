-- What ssl.https makes of good and bad answers, with whichever `ssl` this process has: lua5.4 requests.lua PORT
-- (of https_peer.lua). One line for each answer: its name, and what the request gave.
local env = require "spec.support.luasec.env"
local https = require "ssl.https"
local ltn12 = require "ltn12"

https.TIMEOUT = 10

local paths = {
  "hello", "big", "empty", "missing", "chunked", "closed", "interim", "short", "nothing", "status", "header",
  "badstatus", "malformed", "chunk", "cutchunk", "manychunk", "ssh", "headers", "redirect?302,/hello",
  "redirect?301,/chunked", "redirect?302,http://localhost:1/", "redirect?307,/missing",
  "redirect?302,/redirect?302,/hello",
}

io.stdout:setvbuf "line"

for _, path in ipairs(paths) do
  print(path .. ": " .. env.run(function()
    local parts = {}
    local done, code, headers, status = https.request {
      url = ("https://localhost:%d/%s"):format(arg[1], path), verify = "peer", cafile = env.pki.root.p256,
      sink = ltn12.sink.table(parts),
    }
    local body = table.concat(parts)
    local length = type(headers) == "table" and headers["content-length"]
    return done, code, length, status, #body < 500 and body or #body
  end))
end
