-- SPDX-License-Identifier: MIT

--- LuaSec's module `ssl`.
-- @module ssl

-- ssl.core, too. Each connection is a shell around a socket of bearssl, which is made when the handshake begins: by
-- then sni(), sethost() and the rest have said what it is to be.
local build = require "bearssl.luasec.build"
local ciphers = require "bearssl.luasec.ciphers"
local context = require "bearssl.luasec.context"
local core = require "bearssl.core"
local dane = require "bearssl.luasec.dane"
local hosts = require "bearssl.luasec.host"
local errors = require "bearssl.luasec.errors"
local verify = require "bearssl.luasec.verify"
local x509 = require "bearssl.luasec.x509"

local public = { SOCKET_INVALID = -1 }
local methods = {}
local meta = { __name = "SSL:Connection", __index = methods }
local state_of = setmetatable({}, { __mode = "k" })

local function check(conn, name)
  local state = state_of[conn]
  if not state then error(("bad argument #1 to '%s' (SSL:Connection expected, got %s)"):format(name, type(conn)), 3) end
  return state
end

local function bad_argument(n, name, what)
  error(("bad argument #%d to '%s' (%s)"):format(n, name, what), 3)
end

-- The beginning and the end ---------------------------------------------------------------------------------------

function public.create(ctx)
  local s = context.settings(ctx)
  if not s then bad_argument(1, "create", "invalid context") end
  local made, wrong = build.config(ctx)
  if not made then return nil, wrong end
  local conn = core.box(meta)
  state_of[conn] = { ctx = ctx, settings = s, server = s.mode == "server", phase = "new", fd = -1 }
  return conn
end

function public.setfd(conn, fd, early)
  local state = check(conn, "setfd")
  if state.phase ~= "new" or state.sock then bad_argument(1, "setfd", "invalid SSL object state") end
  fd = math.tointeger(tonumber(fd))
  if not fd then bad_argument(2, "setfd", "number expected") end
  state.fd, state.early = fd, early
end

-- The socket of bearssl, with the descriptor handed over.
local function open(state)
  local made, wrong = build.config(state.ctx)
  if not made then return nil, wrong end
  local psk, err
  if state.settings.client_psk and not state.server then
    psk, err = require "bearssl.luasec.psk".session(made.config, state.settings)
    if err then return nil, err end
  end
  local sock
  sock, err = core.socket(made.config, state.name, psk)
  if not sock then return nil, err end
  sock:settimeout(state.block, "b")
  sock:settimeout(state.total, "t")
  core.attach(sock, state.fd, state.early, true) -- loops of LuaSec's programs look at the descriptor alone
  verify.register(sock, state)
  state.sock, state.early = sock, nil
  -- The collector finishes what was made later first: this, and close_notify with it, before the socket.
  state.at_end = setmetatable({}, { __gc = function() if state.phase == "connected" then sock:close() end end })
  return sock
end

-- Closes a descriptor that no handshake was begun on, without a word.
local function drop(state)
  if state.fd < 0 then return end
  local made = build.config(state.ctx)
  local sock = made and core.socket(made.config)
  if not sock then return end
  core.attach(sock, state.fd)
  core.socket_meta.__gc(sock)
end

--- Says close_notify, for which it waits a second at most, and closes the descriptor. Twice is fine; done by
-- `<close>` and the collector, too.
-- @function conn:close
function methods.close(conn)
  local state = check(conn, "close")
  if state.phase == "closed" then return end
  if state.sock then state.sock:close() else drop(state) end
  state.phase, state.fd = "closed", -1
end

meta.__close = methods.close

function meta.__gc(conn)
  local state = state_of[conn]
  if state and state.phase == "new" and not state.sock then drop(state) end
end

function meta.__tostring(conn)
  return ("SSL connection: %p%s"):format(conn, check(conn, "tostring").phase == "closed" and " (closed)" or "")
end

-- What a call ended with, as LuaSec says it: the reason, and what there is to say beyond that ("timeout", or the
-- error).
local function told(state, err)
  if err == "timeout" then return "want" .. (state.sock:want() == "write" and "write" or "read"), "timeout" end
  if type(err) == "table" and err.code == "truncated" and state.settings.options.ignore_unexpected_eof then
    return "closed", err
  end
  if type(err) == "table" then return errors.reason(err), err end
  return err
end

--- Completes the handshake. Callbacks are called from here; they may yield, and what they raise is raised.
-- @function conn:dohandshake
-- @treturn[1] boolean true; again after success, too
-- @treturn[2] boolean false
-- @treturn[2] string `"wantread"`, `"wantwrite"`: call again; `"closed"`; or the reason, in OpenSSL's words
-- @treturn[2] ?string|bearssl.error `"timeout"`, where that was it; what is known of the reason
function methods.dohandshake(conn)
  local state = check(conn, "dohandshake")
  if state.phase == "closed" or state.fd < 0 then return false, "closed" end
  local ok, err = state.sock, nil
  if not ok then ok, err = open(state) end
  if ok then ok, err = state.sock:handshake() end
  if ok then ok, err = verify.after(state) end
  if not ok then return false, told(state, err) end
  state.phase = "connected"
  return true
end

-- Data ------------------------------------------------------------------------------------------------------------

--- Sends.
-- @function conn:send
-- @tparam string data
-- @tparam[opt=1] integer i first byte, as in string.sub
-- @tparam[opt=-1] integer j last byte
-- @treturn[1] integer index of the last byte sent
-- @treturn[2] nil
-- @treturn[2] string as for @{conn:dohandshake}
-- @treturn[2] integer index of the last byte that is on its way
-- @treturn[2] nil
-- @treturn[2] ?string|bearssl.error as for @{conn:dohandshake}
function methods.send(conn, data, i, j)
  local state = check(conn, "send")
  if type(data) ~= "string" and type(data) ~= "number" then
    bad_argument(1, "send", ("string expected, got %s"):format(data == nil and "no value" or type(data)))
  end
  if state.phase ~= "connected" then return nil, "closed", (i or 1) - 1 end
  local last, err, partial = state.sock:send(data, i, j)
  if last then return last, nil, nil end
  local reason, more = told(state, err)
  return nil, reason, partial, nil, more
end

local patterns = { ["*l"] = true, ["*a"] = true }

--- Receives.
-- @function conn:receive
-- @tparam[opt="*l"] string|integer pattern `"*l"`, `"*a"` or a number of bytes
-- @tparam[opt=""] string prefix put before what is received
-- @tparam[opt] integer max bytes of a line at most, which LuaSec has not
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string as for @{conn:dohandshake}; `"unexpected eof while reading"`: an end without close_notify
-- @treturn[2] string what came before that
-- @treturn[2] nil
-- @treturn[2] ?string|bearssl.error as for @{conn:dohandshake}
-- @raise for another pattern
function methods.receive(conn, pattern, prefix, max)
  local state = check(conn, "receive")
  local number = type(pattern) ~= "nil" and not patterns[pattern] and tonumber(pattern)
  if pattern ~= nil and not patterns[pattern] and not (number and number >= 0) then
    bad_argument(1, "receive", "invalid receive pattern")
  end
  if state.phase ~= "connected" then return nil, "closed", prefix or "" end
  local data, err, partial = state.sock:receive(number and math.floor(number) or pattern, prefix, max)
  if data then return data, nil, nil end
  local reason, more = told(state, err)
  if reason == "closed" and pattern == "*a" and #partial > #(prefix or "") then return partial, nil, nil end
  return nil, reason, partial, nil, more
end

--- Bounds how long calls may wait.
-- @function conn:settimeout
-- @tparam ?number seconds nil or negative: for ever; 0: not at all
-- @tparam[opt="b"] string mode `"b"`: each wait; `"t"`, `"r"`: the call
-- @treturn integer 1
function methods.settimeout(conn, seconds, mode)
  local state = check(conn, "settimeout")
  local n = seconds == nil and -1 or tonumber(seconds)
  if not n then bad_argument(1, "settimeout", ("number expected, got %s"):format(type(seconds))) end
  local kind = mode == nil and "b" or type(mode) == "string" and mode:sub(1, 1)
  if kind == "b" then state.block = n elseif kind == "t" or kind == "r" then state.total = n else
    bad_argument(2, "settimeout", "invalid timeout mode")
  end
  if state.sock then state.sock:settimeout(n, kind) end
  return 1
end

--- @function conn:getfd
-- @treturn integer the descriptor; -1: closed
function methods.getfd(conn)
  local state = check(conn, "getfd")
  return state.sock and state.phase ~= "closed" and state.sock:getfd() or state.fd
end

--- Would receive end at once, whether or not the descriptor is readable? `socket.select` asks this.
-- @function conn:dirty
-- @treturn boolean
function methods.dirty(conn)
  local state = check(conn, "dirty")
  return state.phase == "connected" and state.sock:dirty()
end

--- @function conn:want
-- @treturn string `"read"`, `"write"` or `"nothing"`: what the last call waits for
function methods.want(conn)
  local state = check(conn, "want")
  return state.phase ~= "closed" and state.sock and state.sock:want() or "nothing"
end

--- @function conn:getstats
-- @treturn integer bytes of application data received
-- @treturn integer bytes sent
-- @treturn number age in seconds
function methods.getstats(conn)
  local state = check(conn, "getstats")
  local received, sent, age = 0, 0, 0
  if state.sock then received, sent, age = state.sock:getstats() end
  local base = state.stats or { 0, 0, 0 }
  return received + base[1], sent + base[2], age + base[3]
end

--- Sets what @{conn:getstats} gives; it goes on from there.
-- @function conn:setstats
-- @tparam ?integer received
-- @tparam ?integer sent
-- @tparam ?number age
-- @treturn integer 1
function methods.setstats(conn, received, sent, age)
  local state = check(conn, "setstats")
  local now = { 0, 0, 0 }
  if state.sock then now = { state.sock:getstats() } end
  local set = state.stats or { 0, 0, 0 }
  for i, value in pairs { received or false, sent or false, age or false } do
    if value then set[i] = value - now[i] end
  end
  state.stats = set
  return 1
end

-- What was negotiated ---------------------------------------------------------------------------------------------

local function connected(state)
  return state.phase == "connected"
end

--- Before the handshake: the name that a client asks for, or the contexts that a server has by name (RFC 6066 section
-- 3).
-- @function conn:sni
-- @tparam string|table what a client's name; a server's contexts by name, kept by reference: what is added later counts
-- @tparam[opt] boolean strict a name that is not in the table is refused; else the connection's own context serves
function methods.sni(conn, what, strict)
  local state = check(conn, "sni")
  if not state.server then
    if type(what) ~= "string" then bad_argument(1, "sni", ("string expected, got %s"):format(type(what))) end
    if #what > 253 or what:find "[%z\1-\32\127]" then bad_argument(1, "sni", "a host name is expected") end
    state.name = what
    return
  end
  if type(what) ~= "table" then bad_argument(1, "sni", ("table expected, got %s"):format(type(what))) end
  for name, ctx in pairs(what) do
    if type(name) ~= "string" or not context.settings(ctx) then
      bad_argument(1, "sni", "names and their contexts are expected in it")
    end
  end
  state.sni_map, state.sni_strict = what, strict
end

--- @function conn:getsniname
-- @treturn ?string the name that was asked for
function methods.getsniname(conn)
  local state = check(conn, "getsniname")
  if not state.sock or state.phase == "closed" then return state.name end
  return (state.sock:info() or {}).server_name
end

--- @function conn:getalpn
-- @treturn ?string the protocol that was agreed on (RFC 7301)
function methods.getalpn(conn)
  local state = check(conn, "getalpn")
  return state.sock and state.phase ~= "closed" and (state.sock:info() or {}).alpn or nil
end

local function description(info)
  local suite = ciphers.of(info.cipher_suite)
  return {
    cipher = suite.name, protocol = info.version, key = suite.key, authentication = suite.authentication,
    encryption = suite.encryption, mac = suite.mac, export = false,
    bits = suite.bits + 0.0, algbits = suite.algbits + 0.0, -- floats, as LuaSec's
  }
end

--- What was agreed on, in OpenSSL's words.
-- @function conn:info
-- @tparam[opt] string field that alone
-- @treturn[1] table `cipher`, `protocol`, `key`, `authentication`, `encryption`, `mac`, `bits`, `algbits`, `export`
-- @treturn[2] nil
-- @treturn[2] string `"closed"`
function methods.info(conn, field)
  local state = check(conn, "info")
  if not connected(state) then return nil, "closed" end
  local all = description(state.sock:info())
  if field then return all[field] end
  return all
end

--- This side's Finished.verify_data: tls-unique of a client's full handshake before TLS 1.3 (RFC 5929 section 3).
-- @function conn:getfinished
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string `"closed"`
function methods.getfinished(conn)
  local state = check(conn, "getfinished")
  if not connected(state) then return nil, "closed" end
  return (state.sock:finished())
end

--- The peer's Finished.verify_data.
-- @function conn:getpeerfinished
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string `"closed"`
function methods.getpeerfinished(conn)
  local state = check(conn, "getpeerfinished")
  if not connected(state) then return nil, "closed" end
  return select(2, state.sock:finished())
end

--- Keying material for a protocol on top (RFC 5705, RFC 8446 section 7.5).
-- @function conn:exportkeyingmaterial
-- @tparam string label
-- @tparam integer length bytes, 1 to 1024
-- @tparam[opt] string ctx context
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string `"closed"`, `"error exporting keying material"`
function methods.exportkeyingmaterial(conn, label, length, ctx)
  local state = check(conn, "exportkeyingmaterial")
  if type(label) ~= "string" then bad_argument(1, "exportkeyingmaterial", "string expected, got " .. type(label)) end
  local n = math.tointeger(tonumber(length))
  if not n or n < 1 then bad_argument(2, "exportkeyingmaterial", "invalid number") end
  if not connected(state) then return nil, "closed" end
  if n > 1024 then return nil, "error exporting keying material" end
  local bytes, err = state.sock:exporter(label, ctx, n)
  if bytes then return bytes end
  return nil, err == "closed" and err or "error exporting keying material"
end

-- Certificates ----------------------------------------------------------------------------------------------------

local function peers(state)
  if not state.certificates then
    local list = {}
    for i, certificate in ipairs(state.sock:peer_certificates() or {}) do list[i] = x509.wrap(certificate) end
    state.certificates = list
  end
  return state.certificates
end

-- What this side has shown; where it had no reason to, what it would show.
local function own(state)
  if not state.own then
    local pair, list = context.settings(state.answered_by or state.ctx).pairs[1], {}
    local chain = state.sock:own_certificates() or pair and pair.chain or {}
    for i, certificate in ipairs(chain) do list[i] = x509.wrap(certificate) end
    state.own = list
  end
  return state.own
end

local function nth(name, of)
  return function(conn, n)
    local state = check(conn, name)
    if not connected(state) then return nil, "closed" end
    n = n == nil and 1 or math.tointeger(tonumber(n))
    if not n then bad_argument(1, name, "number expected") end
    if n < 1 then return nil, "invalid certificate index" end
    return of(state)[n]
  end
end

local function chain(name, of)
  return function(conn)
    local state = check(conn, name)
    if not connected(state) then return nil, "closed" end
    local list = of(state)
    return table.move(list, 1, #list, 1, {})
  end
end

--- @function conn:getpeercertificate
-- @tparam[opt=1] integer n 1: the peer's own
-- @treturn[1] ?certificate nil: it sent fewer
-- @treturn[2] nil
-- @treturn[2] string `"closed"`, `"invalid certificate index"`
methods.getpeercertificate = nth("getpeercertificate", peers)

--- @function conn:getpeerchain
-- @treturn[1] {certificate,...} as the peer sent them, its own first
-- @treturn[2] nil
-- @treturn[2] string `"closed"`
methods.getpeerchain = chain("getpeerchain", peers)

--- @function conn:getlocalcertificate
-- @tparam[opt=1] integer n as for @{conn:getpeercertificate}, of this side's
-- @treturn[1] ?certificate
-- @treturn[2] nil
-- @treturn[2] string
methods.getlocalcertificate = nth("getlocalcertificate", own)

--- @function conn:getlocalchain
-- @treturn[1] {certificate,...} this side's, as for @{conn:getpeerchain}
-- @treturn[2] nil
-- @treturn[2] string `"closed"`
methods.getlocalchain = chain("getlocalchain", own)

--- What there is to say against the peer's certificate, where the handshake went on: `verify = "none"`,
-- `lsec_continue`.
-- @function conn:getpeerverification
-- @treturn[1] boolean true
-- @treturn[2] boolean false
-- @treturn[2] string|table the reason; with `lsec_continue` lists of reasons by the depth of the certificate and 1
function methods.getpeerverification(conn)
  local state = check(conn, "getpeerverification")
  if not connected(state) then return false, "closed" end
  return verify.result(state)
end

--- Before the handshake: the name that the peer's certificate must have, by its subjectAltName (RFC 9525).
-- @function conn:sethost
-- @tparam ?string name a host name or an address; nil: none
-- @tparam[opt] string ... flags: `no_wildcards`; `never_check_subject`, `no_partial_wildcards` and
-- `single_label_subdomains` are always so
-- @treturn[1] boolean true
-- @treturn[2] boolean false
-- @treturn[2] string what is wrong
function methods.sethost(conn, name, ...)
  local state = check(conn, "sethost")
  if name ~= nil and (type(name) ~= "string" or name == "") then
    bad_argument(1, "sethost", "a host name is expected")
  end
  if state.sock then return false, "the handshake has begun" end
  local wrong = hosts.objection { ... }
  if wrong then return false, wrong end
  state.host, state.hostflags = name, { ... }
  return true
end

--- Before the handshake: DANE (RFC 6698, RFC 7671) for a name, which is asked for and verified, too. The context must
-- have it: `dane` of @{newcontext}.
-- @function conn:setdane
-- @tparam string name the base domain of the TLSA records
-- @treturn boolean false: it cannot be had here
function methods.setdane(conn, name)
  local state = check(conn, "setdane")
  if type(name) ~= "string" then bad_argument(1, "setdane", "string expected, got " .. type(name)) end
  if not state.settings.dane or state.server or state.sock or state.tlsa then return false end
  state.tlsa, state.host, state.name = {}, name, state.name or name
  return true
end

--- Adds a TLSA record, which must have come by DNSSEC.
-- @function conn:settlsa
-- @tparam integer usage 0 to 3
-- @tparam integer selector 0: the certificate, 1: its key
-- @tparam integer matching 0: as it is, 1: SHA-256, 2: SHA-512
-- @tparam string data octets
-- @treturn boolean false: it is none that can be used
function methods.settlsa(conn, usage, selector, matching, data)
  local state = check(conn, "settlsa")
  local numbers = { usage or false, selector or false, matching or false }
  for i, value in ipairs(numbers) do
    numbers[i] = math.tointeger(tonumber(value) or "")
    if not numbers[i] then bad_argument(i, "settlsa", "number expected, got " .. type(value)) end
  end
  if type(data) ~= "string" then bad_argument(4, "settlsa", "string expected, got " .. type(data)) end
  if not state.tlsa then return false end
  return dane.add(state.tlsa, numbers[1], numbers[2], numbers[3], data)
end

-- The module ------------------------------------------------------------------------------------------------------

--- ssl.core.info: the cipher as OpenSSL describes it, bits, bits of the algorithm and the version.
function public.info(conn)
  local state = check(conn, "info")
  if not connected(state) then return nil end
  local d = description(state.sock:info())
  local line = ("%s %s Kx=%s Au=%s Enc=%s Mac=%s\n"):format(d.cipher, d.protocol, d.key, d.authentication,
    d.encryption, d.mac)
  return line, d.bits, d.algbits, d.protocol
end

-- There is no compression (RFC 7525 section 3.3): nil, always.
function public.compression(conn)
  local state = check(conn, "compression")
  if not connected(state) then return nil, "closed" end
  return nil
end

function public.setmethod(name, method)
  methods[name] = method
end

function public.copyright()
  return "lua-bearssl, in LuaSec's place; MIT license"
end

return public
