-- pinned_client.lua URL PINS [CA] - asks a service whose key is pinned, over HTTPS. PINS is a file with a pin on each
-- line, of the key in use and of the backup at least. The service publishes its set at /pins: over a connection that
-- the old set has let through, a new one is learned, so that the client goes along when the key changes. A set by which
-- this very connection would fail is not taken.
local https = require "bearssl.https"
local pins = require "bearssl.pins"

local url, path, ca = table.unpack(arg)
if not path then error("usage: pinned_client.lua URL PINS [CA]", 0) end

local function set_of(text)
  local set = {}
  for pin in text:gmatch "%S+" do set[#set + 1] = pin end
  return set
end

local function read()
  local file <close> = assert(io.open(path))
  return set_of(file:read "a")
end

local function write(set)
  local file <close> = assert(io.open(path .. ".new", "w"))
  assert(file:write(table.concat(set, "\n"), "\n"))
  assert(file:close())
  assert(os.rename(path .. ".new", path)) -- whole or not at all
end

-- The set that the service publishes, where it lets the path through that the service has.
local function learn(text, chain)
  local set = set_of(text)
  local fine, ok, err = pcall(pins.check, set, chain)
  if not fine or not ok then return print("not taken: " .. tostring(fine and err or ok)) end
  if table.concat(set, "\n") == table.concat(read(), "\n") then return end
  write(set)
  print(("learned %d pins"):format(#set))
end

local client <close> = assert(https.new { trust = ca, pins = read(), total_timeout = 30 })
local response, err = client:get(url)
if not response then error(tostring(err), 0) end
io.write(response.body)
local published = client:get(url:match "^https://[^/?#]+" .. "/pins")
if published and published.status == 200 then learn(published.body, published.tls.verified_chain) end
