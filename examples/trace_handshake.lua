-- trace_handshake.lua HOST[:PORT] [CA.pem] - shows a TLS handshake, message by message: when, how large, what it
-- carried in the standard's names, and what was decided because of it. Also where it fails, and why.
local bearssl = require "bearssl"

local host, port = (arg[1] or ""):match "^%[?([^%]]-)%]?:?(%d*)$"
if not host or host == "" then error("usage: trace_handshake.lua HOST[:PORT] [CA.pem]", 0) end

-- A value of a message as one line: lists of names, numbers, text; what is longer than a line is its size.
local function shown(value)
  if type(value) == "string" then return #value <= 60 and not value:find "[^ -~]" and value or #value .. " bytes" end
  if type(value) ~= "table" then return tostring(value) end
  if value.bytes then return value.bytes .. " bytes" end
  local parts = {}
  for i, item in ipairs(value) do
    parts[i] = type(item) == "table" and (item.name or item.group or shown(item)) or tostring(item)
  end
  return table.concat(parts, " ")
end

local function print_fields(fields)
  local names = {}
  for name in pairs(fields) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    if name ~= "extensions" then print(("          %s: %s"):format(name, shown(fields[name]))) end
  end
  for _, extension in ipairs(fields.extensions or {}) do
    print(("          + %s: %s"):format(extension.name, shown(extension.value or extension.bytes .. " bytes")))
  end
end

local function print_step(step)
  if step.kind == "record" and step.name ~= "alert" then return end -- the messages are what is inside
  local arrow = step.direction == "sent" and "-->" or "<--"
  print(("%6.1f ms %s %s%s, %d bytes"):format(step.seconds * 1000, arrow, step.name,
    step.encrypted and " (encrypted)" or "", step.bytes))
  print_fields(step.fields or {})
  for _, decision in ipairs(step.decisions or {}) do
    print(("          = %s (%s)"):format(decision.text, decision.section))
  end
end

local socket = require "socket"
local config = assert(bearssl.client { trust = arg[2], max_version = "1.3", trace = true })
local tcp = assert(socket.tcp())
tcp:settimeout(10)
assert(tcp:connect(host, tonumber(port) or 443))
local sock <close> = assert(config:wrap(tcp, { name = host }))
local ok, err = sock:handshake()
for _, step in ipairs(sock:trace()) do print_step(step) end
local info = sock:info()
print(ok and ("connected: %s, %s, %s, round trips: %d"):format(info.version, info.cipher_suite, info.group or "-",
  info.round_trips) or "failed: " .. tostring(err))
os.exit(ok and 0 or 1, true)
