-- SPDX-License-Identifier: MIT
-- The client/server protocol of MySQL and MariaDB, connection phase: the server's handshake packet, then SSLRequest.
local mysql = {}

local MAX_PACKET = 4096
local PROTOCOL_41, SSL, SECURE_CONNECTION, PLUGIN_AUTH = 0x200, 0x800, 0x8000, 0x80000
local LONG_PASSWORD, LONG_FLAG, TRANSACTIONS = 0x1, 0x4, 0x2000
local DEFAULT = LONG_PASSWORD | LONG_FLAG | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | PLUGIN_AUTH
local CHARSET = 45 -- utf8mb4_general_ci

local function packet(t, sequence)
  local size, number = ("<I3B"):unpack(t:read(4))
  if size > MAX_PACKET then t:fail("limit", "a packet of %d bytes; at most %d", size, MAX_PACKET) end
  if number ~= sequence then t:fail("decode", "packet %d instead of %d", number, sequence) end
  return t:read(size)
end

local function send(t, sequence, payload)
  t:send(("<I3B"):pack(#payload, sequence) .. payload)
end

-- Capabilities, and where it is no handshake packet of version 10 the end.
local function capabilities_of(t, greeting)
  if greeting:byte(1) == 0xff then
    local code = #greeting >= 3 and ("<I2"):unpack(greeting, 2) or 0
    t:refused(("%d %s"):format(code, greeting:sub(4)), "the server does not greet")
  end
  local stop = greeting:byte(1) == 10 and greeting:find("\0", 2, true)
  local at = stop and stop + 1 + 4 + 8 + 1 -- thread, the first half of the salt, filler
  if not at or #greeting < at + 1 then t:garbage(greeting, "a handshake packet of version 10") end
  local low = ("<I2"):unpack(greeting, at)
  local high = #greeting >= at + 6 and ("<I2"):unpack(greeting, at + 5) or 0
  return low | high << 16, greeting:sub(2, stop - 1)
end

function mysql.client(t, options)
  local greeting = options.greeting or packet(t, 0)
  local theirs, version = capabilities_of(t, greeting)
  if theirs & SSL == 0 then t:refused(version, "the server does not offer TLS, it is") end
  local ours = (options.capabilities or DEFAULT & theirs) | SSL | PROTOCOL_41
  send(t, 1, ("<I4I4B"):pack(ours, 1 << 24, options.charset or CHARSET) .. ("\0"):rep(23))
  return { greeting = greeting, version = version, capabilities = ours, sequence = 2 }
end

-- The ClientHello follows SSLRequest at once: nothing is said in between, by either side.

-- A handshake packet with what a client needs in order to ask for TLS; its salt is `salt`, 20 bytes without zeros.
local function greeting_of(options)
  local salt, caps = options.salt or ("lua-bearssl's salt.."):sub(1, 20), (options.capabilities or DEFAULT) | SSL
  return ("<BzI4c8BI2BI2I2B"):pack(10, options.version or "8.0.0-lua-bearssl", options.thread or 1, salt:sub(1, 8), 0,
    caps & 0xffff, options.charset or CHARSET, 2, caps >> 16, 21)
    .. ("\0"):rep(10) .. ("<c12B"):pack(salt:sub(9, 20), 0) .. "mysql_native_password\0"
end

function mysql.server(t, options)
  if not options.greeted then send(t, 0, options.greeting or greeting_of(options)) end
  local request = packet(t, 1)
  if #request < 32 then t:refused(request, "the client begins without TLS") end
  local capabilities, _, charset = ("<I4I4B"):unpack(request)
  if capabilities & SSL == 0 or #request > 32 then t:refused(request, "the client begins without TLS") end
  return { capabilities = capabilities, charset = charset, sequence = 2 }
end

return mysql
