-- SPDX-License-Identifier: MIT
-- RFC 3207: SMTP.
local talk = require "bearssl.starttls.talk"

local smtp = {}

local function offers(lines)
  for i = 2, #lines do -- the first is the server's name
    if lines[i]:upper():find "^STARTTLS%s*$" then return true end
  end
end

local function literal(tcp)
  local host, _, family = nil, nil, nil
  if tcp.getsockname then host, _, family = tcp:getsockname() end
  if not host then return "localhost" end
  return ("[%s%s]"):format(family == "inet6" and "IPv6:" or "", host)
end

local function greet(t, options, facts)
  local code, lines, text = t:reply()
  if code ~= "220" then t:refused(text, "the server does not greet") end
  facts.greeting = lines[1]
  t:send("EHLO " .. talk.word("helo", options.helo or literal(t.tcp)) .. "\r\n")
  code, lines, text = t:reply()
  if code ~= "250" then t:refused(text, "the server takes no EHLO") end
  if not offers(lines) then t:refused(text, "the server does not offer STARTTLS") end
end

function smtp.client(t, options)
  local facts = {}
  if not options.greeted then greet(t, options, facts) end
  t:send "STARTTLS\r\n"
  local code, _, text = t:reply()
  if code ~= "220" then t:refused(text) end
  return facts
end

function smtp.server(t, options)
  local name = talk.word("host", options.host or "localhost")
  if not options.greeted then
    t:send(("220 %s ESMTP\r\n"):format(name))
    local count = t:counter("commands before STARTTLS", 32)
    while true do
      count()
      local line = t:line()
      local command = line:upper():match "^(%a+)%s*" or ""
      if command == "STARTTLS" and line:find "^%a+%s*$" then break end
      if command == "EHLO" then
        t:send(("250-%s\r\n250 STARTTLS\r\n"):format(name))
      elseif command == "HELO" or command == "NOOP" or command == "RSET" then
        t:send(("250 %s\r\n"):format(name))
      elseif command == "QUIT" then
        t:send "221 bye\r\n"
        t:refused(line, "the client left")
      else
        t:send "530 5.7.0 Must issue a STARTTLS command first\r\n" -- RFC 3207 section 4
      end
    end
  end
  t:expect_silence()
  t:send "220 2.0.0 ready to start TLS\r\n"
  return {}
end

return smtp
