-- foreign_http.lua BASE NGINX SILENT CAFILE STRANGER - LuaSocket's socket.http with https URLs, on whatever
-- require "ssl.https" gives: one line for each request, of what came back. BASE is https_peer.lua's URL, NGINX an
-- nginx's, and at SILENT nobody says anything.
local http = require "socket.http"
local ltn12 = require "ltn12"
local mime = require "mime"

local base, nginx, silent, cafile, stranger = table.unpack(arg)

local stored = ("stored-%x"):format(math.random(0)) -- a name of its own in each run

local function shown(value)
  if type(value) ~= "string" then return tostring(value) end
  if #value > 60 then return ("%d bytes, %s"):format(#value, mime.b64(value:sub(1, 9))) end
  return ("%q"):format(value):gsub("\n", "n")
end

local function show(name, body, code, headers, status)
  local kind = type(headers) == "table" and headers["content-type"]
  print(("%s: %s %s %s %s"):format(name, shown(body), shown(code), shown(kind), shown(status)))
end

local function by_table(name, url, fields)
  local parts = {}
  local request = { url = url, sink = ltn12.sink.table(parts) }
  for key, value in pairs(fields or {}) do request[key] = value end
  local done, code, headers, status = http.request(request)
  show(name, done and table.concat(parts), code, headers, status)
end

for _, path in ipairs { "hello", "big", "empty", "missing", "chunked", "closed", "short", "nothing", "malformed",
  "cutchunk", "badstatus" } do
  show(path, http.request(base .. path))
end
show("post", http.request(base .. "echo", "a=b&c=d"))
by_table("head", base .. "hello", { method = "HEAD" })
by_table("put", nginx .. stored, { method = "PUT", source = ltn12.source.string(("x"):rep(100000)),
  headers = { ["content-length"] = 100000 } })
by_table("got", nginx .. stored)
by_table("facts", nginx .. "facts")
by_table("chunks out", base .. "echo", { method = "POST", source = ltn12.source.string "in chunks" })
by_table("redirect", base .. "redirect?302," .. base .. "hello")
by_table("no redirect", base .. "redirect?302," .. base .. "hello", { redirect = false })
by_table("down", base .. "redirect?302,http://127.0.0.1:1/")
by_table("round", base .. "redirect?302,redirect?302,x")
by_table("verified", nginx .. "facts", { verify = "peer", cafile = cafile })
by_table("stranger", nginx .. "facts", { verify = "peer", cafile = stranger })
by_table("unverified", nginx .. "facts", { verify = "none" })
by_table("1.2", nginx .. "facts", { protocol = "tlsv1_2" })
by_table("suite", nginx .. "facts", { protocol = "tlsv1_2", ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384" })
by_table("bad suite", nginx .. "facts", { ciphers = "NONE-SUCH" })
by_table("bad option", nginx .. "facts", { options = { "none_such" } })
by_table("bad protocol", nginx .. "facts", { protocol = "none_such" })
by_table("refused", "https://127.0.0.1:1/")
by_table("plain", (nginx:gsub("^https", "http")))
by_table("moved to TLS", (nginx:gsub("^https", "http")), { redirect = false })
require "ssl.https".TIMEOUT = 0.1
by_table("silent", silent)
print("library: " .. require "spec.support.library"())
