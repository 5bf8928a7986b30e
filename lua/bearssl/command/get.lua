-- SPDX-License-Identifier: MIT
-- bearssl get URL: a request over HTTPS, in the manner of curl.
local core = require "bearssl.core"
local https = require "bearssl.https"
local options = require "bearssl.command.options"
local output = require "bearssl.command.output"
local progress = require "bearssl.command.get.progress"
local sessions = require "bearssl.command.get.sessions"
local status = require "bearssl.command.status"
local supervise = require "bearssl.command.supervise"
local targets = require "bearssl.command.target"
local told = require "bearssl.command.get.told"

local get = {
  summary = "Make a request over HTTPS.",
  description = "Makes a request over HTTPS and prints the body of the response, or writes it to a file.",
}

local MAX_JSON = 16 << 20 -- bytes of a body in a JSON document

local function url(text)
  if not text:find "^%a[%w+.-]*://" then text = "https://" .. text end
  local scheme = text:match "^(%a+)://":lower()
  if scheme ~= "https" and scheme ~= "http" then
    return nil, ("URL '%s': https:// is wanted"):format(output.clean(text))
  end
  local found, err = targets.parse((text:gsub("^http:", "https:")))
  if not found then return nil, err end
  return { text = text, target = found, plain = scheme == "http" }
end

local function header(text)
  local name, value = text:match "^([%w!#$%%&'*+.^_`|~-]+):[ \t]*(.-)[ \t]*$"
  if name and not value:find "%c" then return { name, value } end
  return nil, ("a header is 'Name: value', not '%s'"):format(output.clean(text))
end

function get.setup(parser)
  parser:argument "URL":target "url":convert(url):description "Where to; https:// may be left out."
  parser:option "-X --request":target "method":argname "METHOD":description "Instead of GET, or POST with -d."
  parser:option "-H --header":target "headers":argname "HEADER":count "*":convert(header)
    :description "'Name: value'. May be repeated."
  parser:option "-d --data":target "data":argname "DATA":count "*"
    :description "A body; @FILE: out of a file, @-: of standard input. Several are joined with &."
  parser:mutex(
    parser:flag "-i --include":description "Print the head of the response, too.",
    parser:flag "-I --head":description "Ask for the head alone, and print it.")
  parser:option "-o --output":target "file":argname "FILE"
    :description "Write the body into a file, which is there whole or not at all."
  parser:mutex(
    parser:flag "-L --location":description "Follow redirects, ten at most.",
    parser:option "--connect":argname "ADDR":convert(options.address)
      :description "Connect to this address (host, host:port, [v6]:port) instead of the URL's.")
  parser:flag "-f --fail":description "A status from 400 on is an error (status 1), its body not printed."
  parser:option "-u --user":argname "USER:PASSWORD":description "Basic credentials."
  parser:option "-x --proxy":argname "URL":description "http, https, socks5 or socks5h; none: no proxy."
  parser:flag "--compressed":description "Ask for the body compressed, and decompress it."
  parser:flag "-v --verbose":description "Tell of the connection and the heads on standard error."
  parser:flag "--trace":description "Tell each message of the handshake on standard error."
  parser:option "--pin":target "pins":argname "PIN":count "*"
    :description "sha256//...: one certificate of the path must have this key. May be repeated."
  parser:option "--session":argname "FILE":description "Resume from this file, and keep the new session there."
  parser:flag "--early-data":description "With --session: send the request with the ClientHello (RFC 8470)."
  options.common(parser, { starttls = true, connect = true })
  options.protocol(parser)
end

-- The texts of -d; or nil and an error.
local function body_of(args)
  if not args.data[1] then return nil end
  local parts = {}
  for i, text in ipairs(args.data) do
    local path = text:match "^@(.*)$"
    if path == "-" then
      text = io.stdin:read "a"
    elseif path then
      local file <close>, err = io.open(path, "rb")
      text = file and file:read "a"
      if not text then
        return nil, core.error { code = "file", side = "local", message = err or path .. ": no file" }
      end
    end
    parts[i] = text
  end
  return table.concat(parts, "&")
end

local function headers_of(args, body)
  local headers, has_type = { ["user-agent"] = "bearssl/" .. require "bearssl.version", accept = "*/*" }, false
  for _, each in ipairs(args.headers) do
    local name = each[1]:lower()
    headers[name] = each[2]
    has_type = has_type or name == "content-type"
  end
  if body and not has_type then headers["content-type"] = "application/x-www-form-urlencoded" end
  return headers
end

-- The request for bearssl.https, without its sink.
local function request_of(args, body)
  local user, password = (args.user or ""):match "^([^:]*):?(.*)$"
  local target = args.url.target
  local request = {
    method = args.method or args.head and "HEAD" or body and "POST" or "GET", body = body,
    headers = headers_of(args, body), redirect = args.location == true, timeout = args.timeout,
    decode = args.compressed == true, name = args.name,
  }
  if args.user then request.user, request.password = user, password end
  if args.proxy then request.proxy = args.proxy ~= "none" and args.proxy end
  local other = args.connect
  if other then
    local v6 = target.host:find(":", 1, true)
    local authority = v6 and "[" .. target.host .. "]" or target.host
    request.headers.host = request.headers.host or target.explicit_port and ("%s:%d"):format(authority, target.port)
      or authority
    request.host, request.port = other.host, other.explicit_port and other.port or target.port
    request.name = args.name or target.name
  end
  return request
end

local function config_of(args, cache, out)
  local pins = args.pins[1] and { backup = false, table.unpack(args.pins) } or nil
  return options.client(args, {
    alpn = args.alpn or "http/1.1", pins = pins, session_cache = cache, early_data = args.early_data or nil,
    on_message = args.trace and told.step(out) or nil,
  })
end

-- Where the body goes: to standard output, or for JSON into a table.
local function sink_of(args, out, state)
  local kept = state.kept
  return function(data)
    if not data or data == "" then return 1 end
    if kept then
      kept.size = kept.size + #data
      if kept.size <= MAX_JSON then kept[#kept + 1] = data end
    elseif not (args.fail and state.response.status >= 400) then
      out:write(data)
    end
    if not out.failed then return 1 end
    return nil, core.error { code = "file", message = "standard output: " .. out.failed, side = "local" }
  end
end

local function print_json(args, response, kept, out)
  local text = kept and kept.size <= MAX_JSON and table.concat(kept) or nil
  local fields = output.list()
  for i, each in ipairs(response.fields) do fields[i] = { name = each[1], value = each[2] } end
  local tls = {}
  for _, name in ipairs { "version", "cipher_suite", "group", "signature_scheme", "alpn", "resumed", "early_data",
    "engine", "round_trips" } do
    tls[name] = response.tls and response.tls[name]
  end
  out:json {
    url = response.url, method = response.method, status = response.status, reason = response.reason, headers = fields,
    body = text and utf8.len(text) and text or nil, bytes = kept and kept.size, file = args.file, tls = tls,
    redirects = output.list(response.redirects),
  }
end

-- What is printed of the head.
local function on_head(args, out, state)
  return function(response)
    state.response = response
    if args.verbose then told.response(out, response) end
    if (args.include or args.head) and not out.wants_json then told.head(out, response) end
  end
end

local function fetch(args, config, request, out, state)
  local client <close>, err = https.new { config = config, http = args.url.plain or nil, max_idle = 0 }
  if not client then return nil, err end
  request.on_head = on_head(args, out, state)
  if args.file then
    local bar <close> = progress.new(out, core.terminal(2))
    request.progress = bar and function(...) bar:update(...) end
    return client:download(args.url.text, args.file, request)
  end
  state.kept = out.wants_json and { size = 0 } or nil
  request.url, request.sink = args.url.text, sink_of(args, out, state)
  return client:request(request)
end

local function failed(err, args, out)
  out:fail(err, args.url.text)
  if type(err) == "table" and err.code == "status" then return status.finding end
  return status.of(err, status.connect)
end

local function finish(args, response, state, out)
  if out.wants_json then print_json(args, response, state.kept, out) end
  if not args.fail or response.status < 400 then return status.ok end
  if not out.wants_json then out:note("bearssl: " .. output.clean(response.status_line)) end
  return status.finding
end

local function perform(args, out)
  local body, err = body_of(args)
  if err then return failed(err, args, out) end
  local cache = args.session and require "bearssl".session_cache() or nil
  local config, wrong, code = config_of(args, cache, out)
  if not config then
    out:fail(wrong)
    return code
  end
  local name, ok = args.name or args.url.target.name, true
  if cache then ok, err = sessions.load(args.session, config, cache, name) end
  if not ok then return failed(err, args, out) end
  local state = {}
  local response, problem = fetch(args, config, request_of(args, body), out, state)
  if not response then return failed(problem, args, out) end
  if cache then sessions.save(args.session, config, cache, name, out) end
  return finish(args, response, state, out)
end

function get.run(args, out)
  if args.early_data and not args.session then
    out:note "bearssl: --early-data wants --session FILE, where the session is that allows it"
    return status.usage
  end
  if not args.file then return perform(args, out) end
  return supervise(function() return perform(args, out) end) -- what is not whole is removed
end

return get
