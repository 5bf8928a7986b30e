-- SPDX-License-Identifier: MIT
-- RFC 4511 section 4.14: LDAP's StartTLS, an extended operation in BER of section 5.1: lengths are definite.
local ldap = {}

local START_TLS = "1.3.6.1.4.1.1466.20037"
local MAX_MESSAGE = 16 * 1024

local results = { -- appendix A.1, those that StartTLS may give (section 4.14.2) and their like
  [1] = "operationsError", [2] = "protocolError", [8] = "strongerAuthRequired", [10] = "referral",
  [51] = "busy", [52] = "unavailable", [53] = "unwillingToPerform", [80] = "other",
}

-- One element out of `text` from `at`: tag, content, where it ends; nil: there is none.
local function element(text, at)
  local tag, first = text:byte(at, at + 1)
  if not first then return nil end
  local size, from = first, at + 2
  if first >= 0x80 then
    local width = first - 0x80
    if width < 1 or width > 4 or #text < from + width - 1 then return nil end
    size, from = (">I" .. width):unpack(text, from), from + width
  end
  if #text < from + size - 1 then return nil end
  return tag, text:sub(from, from + size - 1), from + size
end

local function encoded(tag, content)
  local size = #content < 128 and string.char(#content) or ("\x82" .. (">I2"):pack(#content))
  return string.char(tag) .. size .. content
end

local function integer(n) -- as short as it goes (X.690 section 8.3.2)
  local text = (">i8"):pack(n)
  return encoded(2, (text:gsub("^\0+(.)", function(c) return c < "\x80" and c or "\0" .. c end, 1)))
end

local function number(content)
  return content and #content > 0 and #content <= 4 and (">i" .. #content):unpack(content)
end

-- An LDAPMessage: its number, and tag and content of its operation.
local function message(t)
  local head = t:read(2)
  local first = head:byte(2)
  if head:byte(1) ~= 0x30 or first == 0x80 or first > 0x84 then t:garbage(head, "an LDAPMessage") end
  local long = first > 0x80 and t:read(first - 0x80) or ""
  local size = first > 0x80 and (">I" .. #long):unpack(long) or first
  if size > MAX_MESSAGE then t:fail("limit", "a message of %d bytes; at most %d", size, MAX_MESSAGE) end
  local body = t:read(size)
  local tag, id, after = element(body, 1)
  local operation, content
  if tag == 2 then operation, content = element(body, after) end
  if not content or not number(id) then t:garbage(body, "an LDAPMessage") end
  return number(id), operation, content
end

function ldap.client(t, options)
  local id = options.message_id or 1
  local request = encoded(0x77, encoded(0x80, START_TLS))
  t:send(encoded(0x30, integer(id) .. request))
  local its, operation, content = message(t)
  if operation ~= 0x78 then t:garbage(content, "an ExtendedResponse") end
  local tag, code, after = element(content, 1)
  local _, _, next_one = element(content, after or 1)
  local _, diagnosis = element(content, next_one or 1)
  code = tag == 10 and number(code)
  if not code or not diagnosis then t:garbage(content, "an ExtendedResponse") end
  if its == 0 then t:refused(diagnosis, "the server disconnects") end -- section 4.4.1
  if its ~= id then t:garbage("message " .. its, "message " .. id) end
  if code ~= 0 then t:refused(("%d %s %s"):format(code, results[code] or "", diagnosis)) end
  return {}
end

local function answer(t, id, code, diagnosis)
  local result = encoded(10, string.char(code)) .. encoded(4, "") .. encoded(4, diagnosis)
  t:send(encoded(0x30, integer(id) .. encoded(0x78, result .. encoded(0x8a, START_TLS))))
end

function ldap.server(t, options)
  local id = options.message_id
  if not options.greeted then
    local operation, content
    id, operation, content = message(t)
    local tag, oid = element(content, 1)
    if operation ~= 0x77 or tag ~= 0x80 or oid ~= START_TLS then
      answer(t, id, 8, "StartTLS first")
      t:refused(content, "the client does not ask for StartTLS")
    end
  elseif math.type(id) ~= "integer" then
    error("option 'message_id': the number of the client's StartTLS is wanted", 0)
  end
  t:expect_silence()
  answer(t, id, 0, "")
  return {}
end

return ldap
