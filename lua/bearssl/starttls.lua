-- SPDX-License-Identifier: MIT

--- From clear to TLS in the protocols that begin in clear: SMTP, IMAP, POP3, FTP, XMPP, LDAP, PostgreSQL and MySQL,
-- both sides. The role is the config's: with one of `bearssl.client` a function is the client's half of the talk, with
-- one of `bearssl.server` the server's.
--
-- Every function takes a connected socket (LuaSocket's, or any object that `config:wrap` takes), a config and a table
-- of options, and gives a bearssl.socket whose handshake is done, and a table of what was said before it, which nobody
-- has vouched for: forget it, and ask again (RFC 3207 section 4.2). Options of all: `name`, `session` and `psk` as of
-- `config:wrap`; `received`, bytes that were read from the socket already; `greeted`: the caller has said and heard all
-- up to the command - as a client the function sends it, as a server it was just read; `timeout`, seconds for the talk
-- and the handshake together, beside the socket's own; `scheduler`, where it is not to be found.
--
-- Bytes in clear after the command or the go-ahead are an error (`injection`): they are not part of what TLS protects,
-- and are never given to the caller. A peer that will not have TLS is one too (`no_starttls`, with its answer): nobody
-- goes on in clear without having decided to. Lines, replies and the whole talk are bounded (`limit`), what the
-- protocol does not allow is `decode`, and a socket's `"timeout"` and `"closed"` stay what they are. The socket stays
-- open then, for its owner to close; once the handshake has begun, a failure closes it.
-- @module bearssl.starttls
local carrier = require "bearssl.carrier"
local core = require "bearssl.core"
local new_guard = require "bearssl.guard"
local scheduler = require "bearssl.scheduler"
local talk = require "bearssl.starttls.talk"

local starttls = {}

local common = {
  name = "string", session = "userdata", psk = "table", received = "string", greeted = "boolean", timeout = "number",
  scheduler = "table",
}

local function check(protocol, tcp, config, options, own)
  if not carrier.fits(tcp) then
    error(("starttls.%s: a connected socket is wanted, not %s"):format(protocol, type(tcp)), 3)
  end
  local ok = pcall(core.config_is_server, config)
  if not ok then error(("starttls.%s: a config is wanted, not %s"):format(protocol, type(config)), 3) end
  if options ~= nil and type(options) ~= "table" then
    error(("starttls.%s: a table of options is wanted, not %s"):format(protocol, type(options)), 3)
  end
  local copy = {}
  for key, value in pairs(options or {}) do
    local wanted = common[key] or own[key]
    if not wanted then error(("starttls.%s: unknown option '%s'"):format(protocol, tostring(key)), 3) end
    if type(value) ~= wanted then
      error(("starttls.%s: option '%s': a %s is wanted, not %s"):format(protocol, key, wanted, type(value)), 3)
    end
    copy[key] = value
  end
  return copy
end

-- Under a scheduler, a socket whose waits hold up the calling coroutine alone: one that has a descriptor, that is; any
-- other waits in its own way.
local function scheduled(sock, options)
  local fd = sock.getfd and sock:getfd()
  return fd and fd >= 0 and scheduler.socket(sock, options.scheduler) or sock
end

local function now(options)
  return scheduler.of(options.scheduler).now()
end

local function handshake(io, config, options, deadline)
  local sock, err = config:wrap(io, {
    name = options.name, session = options.session, psk = options.psk, received = options.received,
  })
  if not sock then return nil, err end
  if type(sock) == "userdata" then sock = scheduler.socket(sock, options.scheduler) end
  local guard <close> = new_guard(function() sock:close() end)
  local block, total = sock:gettimeout()
  if deadline then sock:settimeout(math.max(0.001, deadline - now(options)), "t") end
  guard.keep, err = sock:handshake()
  if not guard.keep then return nil, err end
  sock:settimeout(block, "b")
  sock:settimeout(total, "t")
  return sock
end

-- The talk, then the handshake. What it waits for is given back as it was where the talk fails.
local function run(protocol, tcp, config, options, speak)
  local deadline = options.timeout and now(options) + options.timeout
  local io = scheduled(tcp, options)
  local facts, err = talk.run(protocol, io, options, deadline, speak)
  if not facts then
    if io ~= tcp and tcp.gettimeout then
      local block, total = io:gettimeout()
      tcp:settimeout(block, "b")
      tcp:settimeout(total, "t")
    end
    return nil, err
  end
  local sock
  sock, err = handshake(io, config, options, deadline)
  if not sock then return nil, err end
  return sock, facts
end

local function needs_name(protocol, config, options)
  if core.config_verifies_name(config) and not options.name and not options.psk then
    error(("starttls.%s: option 'name' is missing: the host name to verify the server's certificate against")
      :format(protocol), 3)
  end
end

-- One protocol: the module of that name, and the options that it has beside those of all.
local function protocol(name, own)
  local loaded
  return function(tcp, config, options)
    options = check(name, tcp, config, options, own)
    needs_name(name, config, options)
    loaded = loaded or require("bearssl.starttls." .. name)
    local role = core.config_is_server(config) and "server" or "client"
    return run(name, tcp, config, options, function(t, given)
      local facts = loaded[role](t, given)
      if role == "client" then t:expect_silence() end
      given.received = t.early
      return facts
    end)
  end
end

--- SMTP and LMTP's STARTTLS (RFC 3207). The client reads the greeting, says EHLO and asks for STARTTLS where it is
-- offered; it has to say EHLO again on the socket that comes back.
-- @function smtp
-- @param tcp a connected socket
-- @tparam bearssl.config config
-- @tparam[opt] table options those of all, `helo`: the client's name (its address by default), `host`: the server's
-- @treturn[1] bearssl.socket
-- @treturn[1] table `greeting`
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error `"timeout"`, `"closed"`, `no_starttls`, `injection`, `limit`, `decode`, or what the
-- handshake failed with
-- @raise if an argument or an option is wrong
starttls.smtp = protocol("smtp", { helo = "string", host = "string" })

--- IMAP's STARTTLS (RFC 9051 section 6.2.1).
-- @function imap
-- @param tcp a connected socket
-- @tparam bearssl.config config
-- @tparam[opt] table options those of all, and `tag` of the client's command, for a server with `greeted`
-- @treturn bearssl.socket|nil,string|bearssl.error as of @{smtp}
starttls.imap = protocol("imap", { tag = "string" })

--- POP3's STLS (RFC 2595 section 4).
-- @function pop3
-- @param tcp a connected socket
-- @tparam bearssl.config config
-- @tparam[opt] table options those of all
-- @treturn bearssl.socket|nil,string|bearssl.error as of @{smtp}
starttls.pop3 = protocol("pop3", {})

--- FTP's AUTH TLS (RFC 4217), on the control connection.
-- @function ftp
-- @param tcp a connected socket
-- @tparam bearssl.config config
-- @tparam[opt] table options those of all
-- @treturn bearssl.socket|nil,string|bearssl.error as of @{smtp}
starttls.ftp = protocol("ftp", {})

--- Has an FTP server protect the data connections: PBSZ 0 and PROT P (RFC 4217 sections 8 and 9).
-- @function ftp_protect
-- @tparam bearssl.socket control what @{ftp} gave
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error as of @{smtp}
function starttls.ftp_protect(control)
  return talk.run("ftp", control, {}, nil, require "bearssl.starttls.ftp".protect)
end

-- Tickets of TLS 1.3 are for one use each, so that connections cannot be told to be the same client's (RFC 8446 section
-- C.4), and a server gives a few. Here that is what is wanted: the last one is used again.
local sessions = setmetatable({}, { __mode = "k" })

local function session_of(control)
  sessions[control] = control:session() or sessions[control]
  return sessions[control]
end

--- TLS on an FTP data connection, which resumes the session of the control connection: servers demand it, since it
-- shows that both are the same peer's (RFC 4217 section 10.2, RFC 8446 section 4.6.1).
-- @function ftp_data
-- @tparam bearssl.socket control the control connection, after @{ftp_protect}
-- @param tcp the data connection
-- @tparam bearssl.config config that of the control connection
-- @tparam[opt] table options `name`, `timeout`; `require_resumption`: whether a connection that did not resume is
-- refused, true by default on the server's side
-- @treturn[1] bearssl.socket
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error as of @{smtp}; `not_resumed`
function starttls.ftp_data(control, tcp, config, options)
  options = check("ftp_data", tcp, config, options, { require_resumption = "boolean" })
  local server = core.config_is_server(config)
  if not server then
    needs_name("ftp_data", config, options)
    options.session = options.session or session_of(control)
  end
  local deadline = options.timeout and now(options) + options.timeout
  local sock, err = handshake(scheduled(tcp, options), config, options, deadline)
  if not sock then return nil, err end
  local wanted = options.require_resumption
  if wanted == nil then wanted = server end
  if wanted and not sock:info().resumed then
    sock:close()
    return nil, core.error { code = "not_resumed", side = "local", where = "ftp",
      message = "the data connection does not resume the session of the control connection" }
  end
  return sock
end

--- XMPP's STARTTLS (RFC 6120 section 5). The client opens its stream anew on the socket that comes back.
-- @function xmpp
-- @param tcp a connected socket
-- @tparam bearssl.config config
-- @tparam[opt] table options those of all; `domain` (`name` by default), `from`, `namespace` (`"jabber:client"`, or
-- `"jabber:server"`), `host`: the server's name, by default the one that the client asks for
-- @treturn bearssl.socket|nil,string|bearssl.error as of @{smtp}
starttls.xmpp = protocol("xmpp", { domain = "string", from = "string", namespace = "string", host = "string" })

--- LDAP's StartTLS (RFC 4511 section 4.14).
-- @function ldap
-- @param tcp a connected socket
-- @tparam bearssl.config config
-- @tparam[opt] table options those of all, and `message_id`: the number of the request (1), or of the one that a server
-- with `greeted` has read
-- @treturn bearssl.socket|nil,string|bearssl.error as of @{smtp}
starttls.ldap = protocol("ldap", { message_id = "number" })

--- PostgreSQL's SSLRequest.
-- @function postgres
-- @param tcp a connected socket
-- @tparam bearssl.config config
-- @tparam[opt] table options those of all
-- @treturn bearssl.socket|nil,string|bearssl.error as of @{smtp}
starttls.postgres = protocol("postgres", {})

--- MySQL's and MariaDB's SSLRequest. A client goes on with its HandshakeResponse, `sequence` in its header, and needs
-- the salt that stands in the `greeting`.
-- @function mysql
-- @param tcp a connected socket
-- @tparam bearssl.config config
-- @tparam[opt] table options those of all; `capabilities` and `charset` of this side; `greeting`: the server's
-- handshake packet without its header - as a client, one that was read already; as a server, the one to send, else it
-- is made of `version`, `thread` and `salt` (20 bytes)
-- @treturn[1] bearssl.socket
-- @treturn[1] table `greeting`, `version`, `capabilities`, `charset`, `sequence`
-- @treturn[2] nil
-- @treturn[2] string|bearssl.error as of @{smtp}
starttls.mysql = protocol("mysql", {
  capabilities = "number", charset = "number", greeting = "string", version = "string", thread = "number",
  salt = "string",
})

--- For any other protocol, once the go-ahead was given: nothing may have come in clear since, then the handshake.
-- @function upgrade
-- @param tcp a connected socket
-- @tparam bearssl.config config
-- @tparam[opt] table options those of all
-- @treturn bearssl.socket|nil,string|bearssl.error as of @{smtp}
function starttls.upgrade(tcp, config, options)
  options = check("upgrade", tcp, config, options, {})
  needs_name("upgrade", config, options)
  return run("upgrade", tcp, config, options, function(t)
    t:expect_silence()
    return {}
  end)
end

return starttls
