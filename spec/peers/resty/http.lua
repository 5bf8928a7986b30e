-- lua-resty-http's client over https, from the checkout that RESTY_HTTP_DIR names.
local port, folder = ...
package.path = folder .. "/lib/?.lua;" .. package.path
local http = require "resty.http"
local base = ("https://localhost:%d"):format(port)

local function get(path, options)
  local client = http.new()
  client:set_timeout(10000)
  local response, err = client:request_uri(base .. path, options or {})
  return response, err, client
end

local response = assert(get "/hello")
assert(response.status == 200 and response.body == "hello\n", response.body)
assert(response.headers["Content-Type"] == "text/plain" and response.headers.content_type == "text/plain")
assert(get("/none").status == 404)
assert(get("/facts").body:match "^TLSv1.3 TLS_%S+ localhost ")

local text = ("0123456789"):rep(20000)
response = assert(get("/file", { method = "PUT", body = text }))
assert(response.status == 201, response.status)
assert(get("/file").body == text)
assert(get("/file", { method = "HEAD" }).status == 200)
assert(get("/chunked").body == text, "chunked")

local client = http.new()
client:set_timeout(10000)
if http._VERSION < "0.16" then
  assert(client:connect("localhost", port))
  assert(client:ssl_handshake(nil, "localhost", true))
else
  assert(client:connect { scheme = "https", host = "localhost", port = port, ssl_verify = true })
end
for _, path in ipairs { "/file", "/chunked" } do -- piece by piece, on one connection
  response = assert(client:request { path = path })
  local reader, pieces = response.body_reader, {}
  while true do
    local piece, err = reader(3000)
    assert(not err, err)
    if not piece then break end
    pieces[#pieces + 1] = piece
  end
  assert(#pieces > 50 and table.concat(pieces) == text, path)
end
local responses = assert(client:request_pipeline { { path = "/hello" }, { path = "/file" } })
for i, body in ipairs { "hello\n", text } do assert(responses[i]:read_body() == body) end
assert(client:set_keepalive())

local refused, err = get("/", { ssl_verify = true, ssl_server_name = "other.example" })
assert(refused or err:find "host mismatch", err) -- old ones do not know that option
