-- Two of our connections joined in memory, with all that went over the wire.
--
--   local p = pair.new(client_config, server_config, { name = "localhost", session = s })
--   p:run(split)             moves bytes until none are left; split(bytes) gives the pieces, one by default
--   p.client, p.server       connections; p.client_err, p.server_err: what feed returned when it failed
--   p.to_server, p.to_client lists of what was pulled, in order
local bearssl = require "bearssl"
local pki = require "spec.support.pki"

local pair = { time = 1893456000 } -- 2030-01-01, within the dates of the test PKI
pair.__index = pair

function pair.with(defaults, options)
  local all = {}
  for name, value in pairs(defaults) do all[name] = value end
  for name, value in pairs(options or {}) do all[name] = value end
  if all.entropy == false then all.entropy = nil end -- the system's
  return all
end

-- Configs with the same time and the same entropy in each run; of BearSSL's engine, unless the options say another.
function pair.client_config(options)
  return assert(bearssl.client(pair.with({
    verify = "none", max_version = "1.2", time = pair.time, entropy = ("c"):rep(32),
  }, options)))
end

function pair.server_config(options, kind)
  local own = pki.server[kind or "p256"]
  return assert(bearssl.server(pair.with({
    certificate = own.certificate, key = own.key, max_version = "1.2", time = pair.time, entropy = ("s"):rep(32),
  }, options)))
end

function pair.new(client_config, server_config, options)
  return setmetatable({
    client = assert(client_config:connection(options or { name = "localhost" })),
    server = assert(server_config:connection()), to_server = {}, to_client = {},
  }, pair)
end

local function whole(bytes)
  return { bytes }
end

function pair.bytewise(bytes)
  local pieces = {}
  for i = 1, #bytes do pieces[i] = bytes:sub(i, i) end
  return pieces
end

-- Pieces of 1 to `max` bytes, the same for the same seed.
function pair.pieces(seed, max)
  return function(bytes)
    local pieces, i = {}, 1
    while i <= #bytes do
      seed = (seed * 1103515245 + 12345) & 0x7fffffff
      local n = (seed >> 8) % max + 1
      pieces[#pieces + 1] = bytes:sub(i, i + n - 1)
      i = i + n
    end
    return pieces
  end
end

-- All that `from` has to say, to `to`; true if there was something.
local function move(self, from, to, log, split)
  local bytes = self[from]:pull()
  if bytes == "" then return false end
  log[#log + 1] = bytes
  for _, piece in ipairs(split(bytes)) do
    local ok, err = self[to]:feed(piece)
    if not ok then self[to .. "_err"] = err end
  end
  return true
end

function pair:run(split)
  split = split or whole
  repeat
    local there = move(self, "client", "server", self.to_server, split)
    local back = move(self, "server", "client", self.to_client, split)
  until not there and not back
  return self
end

-- Two that have shaken hands.
function pair.connected(client_options, server_options, kind)
  local p = pair.new(pair.client_config(client_options), pair.server_config(server_options, kind)):run()
  assert(p.client:state() == "connected", tostring(p.client_err))
  assert(p.server:state() == "connected", tostring(p.server_err))
  return p
end

-- The same text for the same size.
function pair.text(n)
  return ("0123456789abcdef"):rep(n // 16 + 1):sub(1, n)
end

-- Several records each way.
function pair:exchange()
  local there, back = pair.text(40000), pair.text(20001):reverse()
  for _, way in ipairs { { self.client, self.server, there }, { self.server, self.client, back } } do
    local from, to, data, done, got = way[1], way[2], way[3], 0, {}
    while done < #data do
      local last, why, partial = from:write(data, done + 1)
      done = last or partial
      assert(last or why == "wantwrite", why)
      assert(to:feed(from:pull()))
      got[#got + 1] = pair.read(to)
    end
    assert(data == table.concat(got), "not what was written")
  end
end

-- Level and description of the last record of a list of flights, which must be an alert in clear.
function pair.last_alert(flights)
  local records = pair.records(flights[#flights])
  local last = records[#records]
  assert(last.kind == 21, "no alert")
  return last.payload:byte(1, 2)
end

-- Reads all that is there.
function pair.read(conn)
  local parts = {}
  repeat
    local data = conn:read()
    parts[#parts + 1] = data
  until not data
  return table.concat(parts), select(2, conn:read())
end

-- The records in some bytes: { type, version, payload } each, and what is left over.
function pair.records(bytes)
  local list, i = {}, 1
  while #bytes - i + 1 >= 5 do
    local kind, version, size = (">B I2 I2"):unpack(bytes, i)
    if #bytes - i - 4 < size then break end
    list[#list + 1] = { kind = kind, version = version, payload = bytes:sub(i + 5, i + 4 + size) }
    i = i + 5 + size
  end
  return list, bytes:sub(i)
end

function pair.record(kind, payload, version)
  return (">B I2 s2"):pack(kind, version or 0x0303, payload)
end

return pair
