-- SPDX-License-Identifier: MIT

--- The options that verbs of the command `bearssl` share, and connections made by them.
-- @module bearssl.command.options
local bearssl = require "bearssl"
local check = require "bearssl.check"
local core = require "bearssl.core"
local status = require "bearssl.command.status"
local targets = require "bearssl.command.target"

local options = {}

local protocols = { smtp = 1, imap = 1, pop3 = 1, ftp = 1, xmpp = 1, ldap = 1, postgres = 1, mysql = 1 }

local function protocol(text)
  if protocols[text] then return text end
  return nil, ("--starttls: '%s' is unknown%s: smtp, imap, pop3, ftp, xmpp, ldap, postgres, mysql"):format(text,
    check.hint(text, protocols))
end

local function seconds(text)
  local n = tonumber(text)
  if n and n > 0 and n <= 86400 then return n end
  return nil, ("a number of seconds up to 86400 is wanted, not '%s'"):format(text)
end

--- For argparse's convert: a whole number.
-- @function options.number
-- @tparam integer low
-- @tparam integer high
-- @treturn function of the text, which gives the number; or nil and what is wrong
function options.number(low, high)
  return function(text)
    local n = text:find "^%d+$" and math.tointeger(tonumber(text))
    if n and n >= low and n <= high then return n end
    return nil, ("a number from %d to %d is wanted, not '%s'"):format(low, high, core.printable(text))
  end
end

--- For argparse's convert: an address to connect to.
-- @function options.address
-- @tparam string text `host`, `host:port`, `[v6]:port`
-- @treturn[1] table as of @{target.parse}
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function options.address(text)
  local found, err = targets.server(text)
  if found then return found end
  return nil, "address: " .. err
end

local function version(text)
  local number = text:match "^[Tt][Ll][Ss]v?([%d.]+)$" or text
  if require "bearssl.suites".versions[number] then return number end
  return nil, ("TLS versions are 1.0, 1.1, 1.2 and 1.3, not '%s'"):format(text)
end

local function list(text)
  local names = {}
  for name in text:gmatch "[^,%s]+" do names[#names + 1] = name end
  return names
end

--- Adds what every verb has that makes connections.
-- @function options.common
-- @param parser argparse's parser of the verb
-- @tparam[opt] table without `starttls`, `connect` = true: none of that
function options.common(parser, without)
  without = without or {}
  options.json(parser)
  if not without.starttls then
    parser:option "--starttls":argname "PROTO":convert(protocol)
      :description "Ask for TLS first: smtp, imap, pop3, ftp, xmpp, ldap, postgres, mysql."
  end
  if not without.connect then
    parser:option "--connect":argname "ADDR":convert(options.address)
      :description "Connect to this address (host, host:port, [v6]:port) instead of the target's."
  end
  parser:option "--name":argname "NAME":description "The name to ask for (SNI) and to verify, instead of the target's."
  parser:option "--ca":argname "FILE":count "*"
    :description "Trust these certificates: a file or a folder; instead of the system's. May be repeated."
  parser:option "--cert":argname "FILE":description "A client's certificate, its chain behind it."
  parser:option "--key":argname "FILE":description "Its private key, where it is not in the same file."
  parser:option "--timeout":argname "SECONDS":convert(seconds):default "10":show_default(true)
    :description "What one connection with its handshake may take."
end

--- Adds the option for JSON.
-- @function options.json
-- @param parser argparse's parser of the verb
-- @return the flag
function options.json(parser)
  return parser:flag "--json":description "Give one JSON document (docs/command.md)."
end

--- Adds what changes the offer: versions, suites, groups, signature schemes, ALPN; and the one that turns verification
-- off.
-- @function options.protocol
-- @param parser argparse's parser of the verb
-- @tparam[opt] table without `insecure` = true: not that
function options.protocol(parser, without)
  parser:option "--min-version":argname "VERSION":convert(version):description "1.0, 1.1, 1.2 or 1.3."
  parser:option "--max-version":argname "VERSION":convert(version):description "1.0, 1.1, 1.2 or 1.3."
  parser:option "--cipher-suites":argname "LIST":convert(list):description "IANA's names, with commas between."
  parser:option "--groups":argname "LIST":convert(list):description "x25519, secp256r1, ..."
  parser:option "--signature-schemes":argname "LIST":convert(list):description "ecdsa_secp256r1_sha256, ..."
  parser:option "--alpn":argname "LIST":convert(list):description "Protocols to offer: h2, http/1.1, ..."
  if without and without.insecure then return end
  parser:flag "-k --insecure":description "Do not verify the certificates."
end

local of_protocol = { "min_version", "max_version", "cipher_suites", "groups", "signature_schemes", "alpn" }

--- What the options ask of a client's config.
-- @function options.config
-- @tparam table args what argparse has read
-- @tparam[opt] table more options of `bearssl.client` that win
-- @treturn table for `bearssl.client`
function options.config(args, more)
  local given = { certificate = args.cert, key = args.key }
  if args.ca and args.ca[1] then given.trust = args.ca end
  for _, name in ipairs(of_protocol) do given[name] = args[name] end
  if args.insecure then given.verify = "none" end
  for name, value in pairs(more or {}) do given[name] = value end
  if given.verify == "none" then given.trust = nil end
  return given
end

--- A config of a client by the options.
-- @function options.client
-- @tparam table args
-- @tparam[opt] table more as of @{options.config}
-- @treturn[1] bearssl.config
-- @treturn[2] nil
-- @treturn[2] bearssl.error what is wrong with a file, or (code `option`) with an option
-- @treturn[2] integer the exit status
function options.client(args, more)
  local ok, config, err = pcall(bearssl.client, options.config(args, more))
  if ok and config then return config end
  if ok then return nil, err, status.of(err, status.file) end
  if type(config) ~= "string" then error(config, 0) end
  local message = config:gsub("^.-bearssl%.client: ", "")
  return nil, core.error { code = "option", message = message, side = "local" }, status.usage
end

--- Where the options say to connect to.
-- @function options.place
-- @tparam table args
-- @tparam table target of `bearssl.command.target`
-- @treturn string host
-- @treturn integer port
-- @treturn string|nil the protocol of STARTTLS that is to be spoken first
function options.place(args, target)
  local starttls = args.starttls or target.starttls
  local port = target.port
  if args.starttls and not target.explicit_port and not target.scheme then port = targets.port(args.starttls) end
  local other = args.connect
  if not other then return target.host, port, starttls end
  return other.host, other.explicit_port and other.port or port, starttls
end

--- Connects by TCP, no byte said.
-- @function options.dial
-- @tparam table args
-- @tparam table target of `bearssl.command.target`
-- @treturn[1] userdata a TCP object of LuaSocket
-- @treturn[1] string|nil the protocol of STARTTLS that is to be spoken first
-- @treturn[2] nil
-- @treturn[2] bearssl.error
-- @treturn[2] integer the exit status
function options.dial(args, target)
  local host, port, starttls = options.place(args, target)
  local tcp, err = require "bearssl.scheduler".connect(host, port, { timeout = args.timeout })
  if tcp then return tcp, starttls end
  if err == "timeout" then
    err = core.error { code = "timeout", where = "connect", side = "local", message =
      ("%s port %d: no connection in %g seconds"):format(host, port, args.timeout) }
  end
  return nil, err, status.connect
end

-- An error that is a word, as one that says at which step.
local function told(err, starttls)
  if type(err) == "table" then return err end
  local where = starttls and "starttls " .. starttls or "handshake"
  local message = err == "closed" and "the peer closed the connection before the handshake was done"
    or err == "timeout" and "the peer did not answer in time" or err
  return core.error { code = err == "timeout" and "timeout" or err == "closed" and "closed" or "io",
    message = message, where = where, side = "peer" }
end

--- Makes a handshake on a TCP connection.
-- @function options.handshake
-- @tparam table args
-- @tparam table target
-- @tparam bearssl.config config
-- @param tcp of @{options.dial}; closed where it fails
-- @tparam string|nil starttls of @{options.dial}
-- @tparam[opt] table more options of `config:wrap`
-- @treturn[1] bearssl.socket
-- @treturn[2] nil
-- @treturn[2] bearssl.error
-- @treturn[2] integer the exit status
-- @treturn[2] bearssl.socket|nil the connection as it has failed, closed: for its trace
-- @treturn[2] {bearssl.certificate,...}|nil what the peer had sent by then
function options.handshake(args, target, config, tcp, starttls, more)
  local given = { name = args.name or target.name }
  local sock, err
  if starttls then
    given.timeout = args.timeout
    sock, err = require "bearssl.starttls"[starttls](tcp, config, given)
    if sock then return sock end
    tcp:close()
    return nil, told(err, starttls), status.of(err, status.handshake)
  end
  for name, value in pairs(more or {}) do given[name] = value end
  sock, err = config:wrap(tcp, given)
  if not sock then
    tcp:close()
    return nil, told(err), status.handshake
  end
  sock:settimeout(args.timeout, "t")
  local ok
  ok, err = sock:handshake()
  if not ok then
    local sent = sock:peer_certificates()
    sock:close()
    return nil, told(err), status.of(err, status.handshake), sock, sent
  end
  sock:settimeout(nil, "t")
  sock:settimeout(args.timeout, "b")
  return sock
end

--- Connects as the options say, and makes the handshake.
-- @function options.connect
-- @tparam table args
-- @tparam table target
-- @tparam[opt] table more options of `bearssl.client` that win
-- @treturn[1] bearssl.socket
-- @treturn[2] nil
-- @treturn[2] bearssl.error
-- @treturn[2] integer the exit status
-- @treturn[2] bearssl.socket|nil as of @{options.handshake}
-- @treturn[2] {bearssl.certificate,...}|nil likewise
function options.connect(args, target, more)
  local config, err, code = options.client(args, more)
  if not config then return nil, err, code end
  local tcp, starttls
  tcp, starttls, code = options.dial(args, target)
  if not tcp then return nil, starttls, code end
  return options.handshake(args, target, config, tcp, starttls)
end

return options
