-- SPDX-License-Identifier: MIT
-- RFC 4217: FTP.
local ftp = {}

function ftp.client(t, options)
  local facts = {}
  if not options.greeted then
    local code, lines, text = t:reply()
    if code == "120" then code, lines, text = t:reply() end -- in a few minutes (RFC 959 section 5.4)
    if code ~= "220" then t:refused(text, "the server does not greet") end
    facts.greeting = lines[1]
  end
  t:send "AUTH TLS\r\n"
  local code, _, text = t:reply()
  if code ~= "234" then t:refused(text) end
  return facts
end

local features = "211-Features:\r\n AUTH TLS\r\n PBSZ\r\n PROT\r\n211 End\r\n"

function ftp.server(t, options)
  if not options.greeted then
    t:send "220 ready\r\n"
    local count = t:counter("commands before AUTH TLS", 32)
    while true do
      count()
      local line = t:line()
      local command, argument = line:upper():match "^(%a+)%s*(%S*)"
      if command == "AUTH" and (argument == "TLS" or argument == "TLS-C") then break end
      if command == "QUIT" then
        t:send "221 bye\r\n"
        t:refused(line, "the client left")
      end
      t:send(command == "FEAT" and features or command == "AUTH" and "504 AUTH TLS is known\r\n"
        or "530 AUTH TLS first\r\n")
    end
  end
  t:expect_silence()
  t:send "234 begin TLS\r\n"
  return {}
end

-- Sections 8 and 9: PBSZ 0, then PROT P, after which data connections have TLS.
function ftp.protect(t)
  for _, command in ipairs { "PBSZ 0", "PROT P" } do
    t:send(command .. "\r\n")
    local code, _, text = t:reply()
    if code:sub(1, 1) ~= "2" then t:refused(text, "the server refuses " .. command) end
  end
  return true
end

return ftp
