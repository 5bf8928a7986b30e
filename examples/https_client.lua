-- https_client.lua URL [CA] - a client for many requests: one connection, one set of options, JSON out and in. URL is
-- something that answers a GET; CA a file to trust instead of the system's store.
local https = require "bearssl.https"

local url, ca = arg[1], arg[2]
if not url then
  io.stderr:write "usage: lua5.4 https_client.lua URL [CA]\n"
  os.exit(2)
end

local client <close> = assert(https.new {
  trust = ca,
  headers = { accept = "application/json, */*" },
  connect_timeout = 5,
  read_timeout = 20,
  total_timeout = 60,
})

for i = 1, 3 do
  local response, err = client:get(url, { query = { page = i } })
  if not response then
    io.stderr:write(("failed: %s\n"):format(err))
    os.exit(1)
  end
  print(("%d %s, %d bytes, %s connection"):format(response.status, response.reason, #response.body,
    response.reused and "the same" or "a new"))
  local value = (response.headers["content-type"] or ""):find "json" and response:json()
  if value then print(("JSON: a %s"):format(type(value))) end
end
