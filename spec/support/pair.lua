-- Two of our connections joined in memory, with all that went over the wire.
--
--   local p = pair.new(client_config, server_config, { name = "localhost", session = s })
--   p:run(split)             moves bytes until none are left; split(bytes) gives the pieces, one by default
--   p.client, p.server       connections; p.client_err, p.server_err: what feed returned when it failed
--   p.to_server, p.to_client lists of what was pulled, in order
local pair = {}
pair.__index = pair

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

-- Takes what `from` has for the peer, without giving it: for a spec that changes it first.
function pair:take(from)
  return self[from]:pull()
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
