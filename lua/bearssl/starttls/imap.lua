-- SPDX-License-Identifier: MIT
-- RFC 9051 sections 6.2.1 and 7.1.4: IMAP.
local imap = {}

-- A server that says that we are authenticated already leaves no way to STARTTLS: whoever sits in between would love
-- us to go on in clear.
local function greet(t, facts)
  local line = t:line()
  local status = line:match "^%* (%a+)"
  if not status then t:garbage(line, "a greeting") end
  if status:upper() ~= "OK" then t:refused(line, "the greeting leaves no way to STARTTLS") end
  facts.greeting = line
end

function imap.client(t, options)
  local facts = {}
  if not options.greeted then greet(t, facts) end
  t:send "tls1 STARTTLS\r\n"
  local count = t:counter "lines in one reply"
  while true do
    count()
    local line = t:line()
    local tag, status = line:upper():match "^(%S+) (%S+)"
    if tag == "TLS1" then
      if status ~= "OK" then t:refused(line) end
      return facts
    end
    if tag ~= "*" then t:garbage(line, "an answer to STARTTLS") end
    if status == "BYE" then t:refused(line, "the server left") end
  end
end

local answers = {
  NOOP = "%s OK\r\n", LOGIN = "%s NO [PRIVACYREQUIRED] STARTTLS first\r\n",
  CAPABILITY = "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n%s OK\r\n",
}

function imap.server(t, options)
  local tag = options.tag
  if not options.greeted then
    t:send "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n"
    local count = t:counter("commands before STARTTLS", 32)
    while true do
      count()
      local line = t:line()
      local its, command = line:match "^([%w.]+) (%a+)"
      if not its or #its > 64 then t:garbage(line, "a command") end
      tag, command = its, command:upper()
      if command == "STARTTLS" and line:find "^%S+ %a+$" then break end
      if command == "LOGOUT" then
        t:send(("* BYE\r\n%s OK\r\n"):format(tag))
        t:refused(line, "the client left")
      end
      t:send((answers[command] or "%s BAD STARTTLS first\r\n"):format(tag))
    end
  elseif type(tag) ~= "string" or not tag:find "^[%w.]+$" then
    error("option 'tag': the tag of the client's STARTTLS is wanted", 0)
  end
  t:expect_silence()
  t:send(tag .. " OK begin TLS\r\n")
  return {}
end

return imap
