-- SPDX-License-Identifier: MIT
-- What bearssl.fetch gets its files with where the caller has no function for that: one HTTP/1.0 exchange (so that
-- nothing comes in chunks, RFC 9112 section 7.1), bounded in size and in time as LuaSocket's HTTP is not. Follows no
-- redirect, knows no proxy and no cookies.
local failure = require "bearssl.fetch.failure"
local header = require "bearssl.https.header"
local new_guard = require "bearssl.guard"
local resolve = require "bearssl.scheduler.resolve"
local scheduler = require "bearssl.scheduler"

local MAX_HEAD = 16 * 1024 -- bytes of status line and headers
local PIECE = 16 * 1024 -- bytes asked for at a time
local LAST = 0.001 -- seconds: as good as none

local words = {
  timeout = { "timeout", "no answer in time" },
  closed = { "closed", "the server closed the connection" },
  ["connection refused"] = { "refused", "connection refused" },
}

local function as_error(err, url)
  local word = words[err]
  if word then return failure(word[1], url, word[2]) end
  if type(err) == "table" then return failure(err.code, url, "%s", err.message) end
  return failure("io", url, "%s", tostring(err))
end

local function remaining(request)
  return math.max(LAST, request.deadline - request.scheduler.now())
end

-- Addresses of the host, those that `allow` has refused left out; or nil, error.
local function addresses_of(request)
  local found, err = resolve(request.host, remaining(request), request.scheduler)
  if not found or not found[1] then
    return nil, failure("dns", request.url, "%s: %s", request.host, tostring(err or "no address"))
  end
  local list, why = {}, nil
  for _, address in ipairs(found) do
    local yes, reason = true, nil
    if request.allow then yes, reason = request.allow(address) end
    if yes then list[#list + 1] = address else why = reason end
  end
  if #list == 0 then return nil, why end
  return list
end

local function secure(tcp, request)
  local config, err = require "bearssl".client {}
  local tls
  if config then tls, err = config:wrap(tcp, { name = request.host }) end
  if tls then return tls end
  tcp:close()
  return nil, err
end

-- A connection to the first address that answers: closed by whoever got it.
local function connect(request)
  local list, err = addresses_of(request)
  if not list then return nil, err end
  local tcp
  for _, address in ipairs(list) do
    tcp, err = scheduler.connect(address, request.port,
      { timeout = remaining(request), scheduler = request.scheduler })
    if tcp or remaining(request) <= LAST then break end
  end
  if not tcp then return nil, as_error(err, request.url) end
  if request.scheme == "https" then tcp, err = secure(tcp, request) end
  if not tcp then return nil, err end
  return scheduler.socket(tcp, request.scheduler)
end

local function request_text(request)
  local standard = request.port == (request.scheme == "https" and 443 or 80)
  local host = request.host:find(":", 1, true) and "[" .. request.host .. "]" or request.host
  local lines = {
    ("%s %s HTTP/1.0"):format(request.method, request.target),
    "Host: " .. host .. (standard and "" or ":" .. request.port),
    "User-Agent: lua-bearssl",
    "Connection: close",
  }
  for name, value in pairs(request.headers) do lines[#lines + 1] = name .. ": " .. value end
  if request.body then lines[#lines + 1] = "Content-Length: " .. #request.body end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (request.body or "")
end

-- Up to `n` bytes, fewer where the end comes first, which then gives true too; or nil, error.
local function read(sock, request, n)
  local got, size = {}, 0
  while size < n do
    sock:settimeout(remaining(request), "t")
    local data, err, partial = sock:receive(math.min(PIECE, n - size))
    got[#got + 1] = data or partial
    size = size + #got[#got]
    if err == "closed" then return table.concat(got), true end
    if err and (err ~= "timeout" or remaining(request) <= LAST) then
      return nil, as_error(err, request.url)
    end
  end
  return table.concat(got)
end

-- What the reader of headers takes lines from: a byte at a time, which the socket has in its buffer, so that
-- nothing behind the empty line is taken, and nothing that is endless is kept.
local function line_reader(sock, request)
  return { line = function(_, most)
    local bytes = {}
    while true do
      local byte, err = read(sock, request, 1)
      if not byte then return nil, err end
      if byte == "" then
        return nil, failure("decode", request.url, "the answer is no HTTP: %q", table.concat(bytes):sub(1, 40))
      end
      if byte == "\n" then return (table.concat(bytes):gsub("\r$", "")) end
      bytes[#bytes + 1] = byte
      if #bytes > most then return nil, failure("limit", request.url, "more than %d bytes of headers", MAX_HEAD) end
    end
  end }
end

local once = { ["content-length"] = true, location = true }

-- Status code and headers; or nil, error.
local function read_head(sock, request)
  local head, err = header.receive(line_reader(sock, request), nil, MAX_HEAD)
  if not head then return nil, as_error(err, request.url) end
  local seen = {}
  for _, field in ipairs(head.fields) do
    local name = field[1]:lower()
    if seen[name] and once[name] then return nil, failure("decode", request.url, "two headers '%s'", name) end
    seen[name] = true
  end
  if seen["transfer-encoding"] then
    return nil, failure("decode", request.url, "a Transfer-Encoding, which HTTP/1.0 has not")
  end
  return head.status, head.headers
end

local function size_of(request, headers)
  local text = headers["content-length"]
  if not text then return request.max_size + 1 end
  local size = text:find "^%d+%s*$" and #text < 16 and math.tointeger(tonumber(text))
  if not size then return nil, failure("decode", request.url, "Content-Length: %q", text:sub(1, 40)) end
  return size, nil, true
end

local function receive(sock, request)
  local code, headers = read_head(sock, request)
  if not code then return nil, headers end
  local size, wrong, announced = size_of(request, headers)
  if not size then return nil, wrong end
  if announced and size > request.max_size then
    return nil, failure("limit", request.url, "%d bytes announced; at most %d", size, request.max_size)
  end
  local body, err = read(sock, request, size)
  if not body then return nil, err end
  if #body > request.max_size then
    return nil, failure("limit", request.url, "more than %d bytes", request.max_size)
  end
  if announced and #body < size then
    return nil, failure("truncated", request.url, "%d bytes of %d, then the end", #body, size)
  end
  return body, code, headers
end

-- One exchange. Gives body, status code, headers (names in lower case), or nil, error.
return function(request)
  local sock, err = connect(request)
  if not sock then return nil, err end
  local _ <close> = new_guard(function() sock:close() end)
  sock:settimeout(remaining(request), "t")
  local ok
  ok, err = sock:send(request_text(request))
  if not ok then return nil, as_error(err, request.url) end
  local body, code, headers = receive(sock, request)
  return body, code, headers
end
