-- What a client hears of a server's chain, with whichever `ssl` this process has: lua5.4 verify.lua PORT
-- For each way to ask, with the root of the test PKI and without: the handshake's outcome, and getpeerverification's.
local pki = require "spec.support.pki"
local socket = require "socket"
local ssl = require "ssl"

local modes = {
  none = { verify = "none" }, peer = { verify = "peer" }, continue = { verify = "peer", verifyext = "lsec_continue" },
  purpose = { verify = "peer", verifyext = "lsec_ignore_purpose" },
  both = { verify = "peer", verifyext = { "lsec_continue", "lsec_ignore_purpose" } },
}

local function faults(value)
  if type(value) ~= "table" then return tostring(value) end
  local depths, parts = {}, {}
  for depth in pairs(value) do depths[#depths + 1] = depth end
  table.sort(depths)
  for i, depth in ipairs(depths) do parts[i] = ("[%d]=%s"):format(depth, table.concat(value[depth], ";")) end
  return table.concat(parts, " ")
end

local function ask(options, cafile)
  local tcp = assert(socket.connect("127.0.0.1", tonumber(arg[1])))
  local config = { mode = "client", protocol = "any", cafile = cafile }
  for name, value in pairs(options) do config[name] = value end
  local conn = assert(ssl.wrap(tcp, config))
  conn:settimeout(60)
  conn:sni "localhost"
  local ok, err = conn:dohandshake()
  local said = ("%s, %s"):format(ok, err)
  if ok then
    local verified, wrong = conn:getpeerverification()
    said = ("%s, %s, %s"):format(said, verified, faults(wrong))
  end
  conn:close()
  return said
end

for name, options in pairs(modes) do
  print(name .. " with the root\t" .. ask(options, pki.root.p256))
  print(name .. " without\t" .. ask(options))
end
