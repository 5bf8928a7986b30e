-- SPDX-License-Identifier: MIT
-- RFC 2595 section 4: POP3.
local pop3 = {}

local function positive(t)
  local line = t:line()
  if line:find "^%-ERR" then t:refused(line) end
  if not line:find "^%+OK" then t:garbage(line, "+OK or -ERR") end
  return line
end

function pop3.client(t, options)
  local facts = {}
  if not options.greeted then facts.greeting = positive(t) end
  t:send "STLS\r\n"
  positive(t)
  return facts
end

function pop3.server(t, options)
  if not options.greeted then
    t:send "+OK ready\r\n"
    local count = t:counter("commands before STLS", 32)
    while true do
      count()
      local line = t:line()
      local command = line:upper():match "^(%a+)%s*$"
      if command == "STLS" then break end
      if command == "QUIT" then
        t:send "+OK bye\r\n"
        t:refused(line, "the client left")
      end
      t:send(command == "CAPA" and "+OK\r\nSTLS\r\n.\r\n" or "-ERR STLS first\r\n")
    end
  end
  t:expect_silence()
  t:send "+OK begin TLS\r\n"
  return {}
end

return pop3
