-- SPDX-License-Identifier: MIT
-- bearssl.https: the header of a message, to be sent (RFC 9112 section 3) and received (sections 4 and 5).
local failure = require "bearssl.https.failure"

local header = {
  MAX = 256 * 1024, -- bytes of one response's header, and of its trailer section
  MAX_LINES = 2000, -- of each of them
}

local TOKEN = "^[%w!#$%%&'*+.^_`|~-]+$" -- RFC 9110 section 5.6.2

function header.is_token(text)
  return text:find(TOKEN) ~= nil
end

-- RFC 9110 sections 5.1 and 5.5: nothing in a name or value may begin another line.
function header.check(name, value)
  if type(name) ~= "string" or not name:find(TOKEN) then
    return nil, failure.option("headers", ("'%s' is not a header name"):format(tostring(name)))
  end
  if type(value) ~= "string" and type(value) ~= "number" then
    return nil, failure.option("headers", ("%s: a string or a number is needed, not a %s"):format(name, type(value)))
  end
  value = tostring(value)
  if value:find "[%z\r\n]" then
    return nil, failure.option("headers", name .. ": the value holds a line end or a zero byte")
  end
  return value
end

-- Start line and fields (name = value) as bytes; Host stands first (RFC 9110 section 7.2).
function header.format(start, fields)
  local lines = {}
  for name, value in pairs(fields) do
    if name ~= "host" then lines[#lines + 1] = ("%s: %s\r\n"):format(name:gsub("%f[%w]%l", string.upper), value) end
  end
  table.sort(lines)
  return ("%s\r\nHost: %s\r\n%s\r\n"):format(start, fields.host, table.concat(lines))
end

local function undecoded(where, what, line)
  return nil, failure.new("decode", where, ("%s: %q"):format(what, line:sub(1, 80)))
end

-- What a header may take: so many bytes, header.MAX where nobody says otherwise.
function header.budget(most)
  most = most or header.MAX
  return { left = most, most = most }
end

-- A line that leaves the header's bounds is one that never comes.
local function next_line(reader, budget)
  local line, err = reader:line(budget.left)
  if not line then return nil, err end
  budget.left, budget.lines = budget.left - #line - 2, (budget.lines or 0) + 1
  if budget.left < 1 or budget.lines > header.MAX_LINES then
    return nil, failure.new("limit", "HTTP header", ("more than %d bytes or %d lines of header"):format(budget.most,
      header.MAX_LINES))
  end
  return line
end

-- What stands in the line from `at` on, without the blanks around it. In one pass: with "(.-)[ \t]*$" a server could
-- have us look for the end of the value at every blank of 256 KB.
local function trimmed(line, at)
  local from = line:find("[^ \t]", at)
  return from and line:match("^.*[^ \t]", from) or ""
end

-- Fields up to the empty line: a list of { name, value }, and a table with names in lower case, in which values of one
-- name stand with commas between them.
function header.fields(reader, budget)
  local list, map = {}, {}
  while true do
    local line, err = next_line(reader, budget)
    if not line then return nil, err end
    if line == "" then break end
    if line:find "[%z\r]" then return undecoded("HTTP header", "the server's header does not decode", line) end
    if line:find "^[ \t]" and list[1] then -- folded (RFC 9112 section 5.2)
      list[#list][2] = list[#list][2] .. " " .. trimmed(line, 1)
    else
      local name, at = line:match "^([!-9;-~]+):()"
      if not name then return undecoded("HTTP header", "the server's header does not decode", line) end
      list[#list + 1] = { name, trimmed(line, at) }
    end
  end
  for _, field in ipairs(list) do
    local name = field[1]:lower()
    map[name] = map[name] and map[name] .. ", " .. field[2] or field[2]
  end
  return list, map
end

-- One message's status line and fields.
local function message(reader, budget)
  local line, err = next_line(reader, budget)
  if not line then return nil, err end
  local minor, code, reason = line:match "^HTTP/1%.(%d) ([1-9]%d%d)(.*)$"
  if not code or not reason:find "^ " and reason ~= "" then
    return undecoded("HTTP status line", "the server's status line does not decode", line)
  end
  local list, map = header.fields(reader, budget)
  if not list then return nil, map end
  return {
    status = math.tointeger(tonumber(code)), reason = reason:match "^ *(.*)$", status_line = line,
    minor = tonumber(minor), headers = map, fields = list,
  }
end

local MAX_INTERIM = 16 -- 1xx responses before the final one (RFC 9110 section 15.2)

-- The head of the final response, of `most` bytes; interim ones are handed to `interim`, which may end it by returning
-- true.
function header.receive(reader, interim, most)
  local budget = header.budget(most)
  for _ = 1, MAX_INTERIM do
    local head, err = message(reader, budget)
    if not head then return nil, err end
    if head.status >= 200 or head.status == 101 then return head end
    if interim and interim(head) then return head end
  end
  return nil, failure.new("limit", "HTTP status line", ("more than %d interim responses"):format(MAX_INTERIM))
end

return header
