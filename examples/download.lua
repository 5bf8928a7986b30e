-- download.lua URL FILE [CA] - a file over HTTPS, with its progress; it is there whole or not at all. A proxy of the
-- environment (https_proxy, no_proxy) is honoured. CA: a file to trust instead of the system's store.
local https = require "bearssl.https"

local url, path, ca = arg[1], arg[2], arg[3]
if not path then
  io.stderr:write "usage: lua5.4 download.lua URL FILE [CA]\n"
  os.exit(2)
end

local function show(received, total)
  local part = total and ("%3d %%"):format(received * 100 // total) or ""
  io.stderr:write(("\r%d bytes %s"):format(received, part))
end

local response, err = https.download(url, path, { trust = ca, progress = show, read_timeout = 20 })
io.stderr:write "\n"
if not response then
  io.stderr:write(("failed: %s\n"):format(err))
  os.exit(1)
end
print(("%s: %s by %s"):format(path, response.url, response.tls.version))
