-- What both roles of the hostile peer have: records, keys, transcript, events, the steps' machinery. See
-- spec/support/hostile.lua.
local assert = require "luassert"
local messages = require "spec.support.hostile.messages"
local pki = require "spec.support.pki"
local unit = require "bearssl.unit"

local Peer = {}
Peer.__index = Peer

local hostile = { messages = messages, Peer = Peer }

hostile.alerts = {
  close_notify = 0, unexpected_message = 10, bad_record_mac = 20, record_overflow = 22, handshake_failure = 40,
  bad_certificate = 42, unsupported_certificate = 43, illegal_parameter = 47, unknown_ca = 48, decode_error = 50,
  decrypt_error = 51, protocol_version = 70, insufficient_security = 71, internal_error = 80,
  inappropriate_fallback = 86, user_canceled = 90, no_renegotiation = 100, missing_extension = 109,
  unsupported_extension = 110, certificate_required = 116, no_application_protocol = 120,
}

local CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
hostile.retry_random = unit.hash("sha256", "HelloRetryRequest")

-- --- records --------------------------------------------------------------------------------------

local function xor_sequence(iv, sequence)
  return iv:sub(1, 4) .. (">I8"):pack((">I8"):unpack(iv, 5) ~ sequence)
end

-- Keys of TLS 1.3 from a traffic secret.
function Peer:keys(secret)
  local hash, size = unit.suite_parts(self.suite)
  return { suite = self.suite, secret = secret, sequence = 0, key = unit.expand_label(hash, secret, "key", "", size),
    iv = unit.expand_label(hash, secret, "iv", "", 12) }
end

local function seal_12(keys, content_type, plain)
  local explicit = #keys.iv == 4 and (">I8"):pack(keys.sequence) or ""
  local nonce = explicit ~= "" and keys.iv .. explicit or xor_sequence(keys.iv, keys.sequence)
  local aad = (">I8BI2I2"):pack(keys.sequence, content_type, 0x0303, #plain)
  return explicit .. unit.suite_seal(keys.suite, keys.key, nonce, aad, plain)
end

-- One record under the present keys. options: clear, padding (bytes), outer (type), version, inner (all of it)
function Peer:seal(content_type, plain, options)
  options = options or {}
  local keys, outer, version = self.write, options.outer or content_type, options.version or 0x0303
  if not keys or options.clear then return (">BI2s2"):pack(outer, version, plain) end
  local sealed
  if keys.version == 0x0303 then
    sealed = seal_12(keys, content_type, plain)
  else
    outer = options.outer or DATA
    local inner = options.inner or plain .. string.char(content_type) .. ("\0"):rep(options.padding or 0)
    local header = (">BI2I2"):pack(outer, version, #inner + 16)
    sealed = unit.suite_seal(keys.suite, keys.key, xor_sequence(keys.iv, keys.sequence), header, inner)
  end
  keys.sequence = keys.sequence + 1
  return (">BI2s2"):pack(outer, version, sealed)
end

function Peer:feed(bytes)
  local ok, err
  if self.split then
    for piece in bytes:gmatch("." .. (".?"):rep(self.split - 1)) do
      if not self.err then
        ok, err = self.conn:feed(piece)
        if not ok then self.err = err end
      end
    end
  else
    ok, err = self.conn:feed(bytes)
    if not ok then self.err = self.err or err end
  end
  return self.err == nil
end

function Peer:record(content_type, plain, options)
  return self:feed(self:seal(content_type, plain, options))
end

function Peer:change_cipher_spec()
  return self:record(CCS, "\1", { clear = self.version ~= 0x0303 or not self.write })
end

local function open_12(keys, content_type, payload)
  local explicit, n = "", #keys.iv == 4 and 8 or 0
  if n > 0 then explicit, payload = payload:sub(1, 8), payload:sub(9) end
  local nonce = n > 0 and keys.iv .. explicit or xor_sequence(keys.iv, keys.sequence)
  local aad = (">I8BI2I2"):pack(keys.sequence, content_type, 0x0303, #payload - 16)
  return content_type, unit.suite_open(keys.suite, keys.key, nonce, aad, payload)
end

local function open_13(keys, header, payload)
  local plain = unit.suite_open(keys.suite, keys.key, xor_sequence(keys.iv, keys.sequence), header, payload)
  if not plain then return nil, false end
  plain = plain:gsub("\0+$", "")
  return plain:byte(-1), plain:sub(1, -2)
end

function Peer:open(header, payload)
  local content_type, keys = header:byte(), self.read
  local is_12 = keys and keys.version == 0x0303
  if not keys or (not is_12 and content_type ~= DATA) then return content_type, payload, false end
  local plain
  if is_12 then
    content_type, plain = open_12(keys, content_type, payload)
  else
    content_type, plain = open_13(keys, header, payload)
  end
  assert(plain, "a record of the connection does not decrypt")
  keys.sequence = keys.sequence + 1
  return content_type, plain, true
end

-- --- what the connection says ----------------------------------------------------------------------

local function take_message(self)
  if #self.pending < 4 then return nil end
  local n = (">I3"):unpack(self.pending, 2)
  if #self.pending < 4 + n then return nil end
  local raw = self.pending:sub(1, 4 + n)
  self.pending = self.pending:sub(5 + n)
  return { kind = "message", type = raw:byte(), body = raw:sub(5), raw = raw }
end

-- The next thing the connection said: { kind = "message" | "alert" | "change_cipher_spec" | "data" }, or nil.
function Peer:event()
  local message = take_message(self)
  if message then return message end
  self.buffer = self.buffer .. self.conn:pull()
  if #self.buffer < 5 then return nil end
  local n = (">I2"):unpack(self.buffer, 4)
  if #self.buffer < 5 + n then return nil end
  local header, payload = self.buffer:sub(1, 5), self.buffer:sub(6, 5 + n)
  self.buffer = self.buffer:sub(6 + n)
  local content_type, plain, encrypted = self:open(header, payload)
  if content_type == HANDSHAKE then
    self.pending = self.pending .. plain
    return self:event()
  elseif content_type == ALERT then
    self.alert = { kind = "alert", level = plain:byte(), description = plain:byte(2), encrypted = encrypted }
    return self.alert
  elseif content_type == CCS then
    self.changes = (self.changes or 0) + 1
    if self.next_read then self.read, self.next_read = self.next_read, nil end
    return { kind = "change_cipher_spec" }
  end
  return { kind = "data", data = plain, encrypted = encrypted }
end

-- The next message, into the transcript; nil: an alert came, or nothing.
function Peer:receive()
  for e in self.event, self do
    if e.kind == "message" then
      self.transcript[#self.transcript + 1] = e.raw
      return e
    elseif e.kind == "alert" then
      return nil
    end
  end
end

-- All that it still has to say.
function Peer:drain()
  local events = {}
  for e in self.event, self do events[#events + 1] = e end
  return events
end

-- --- handshake -------------------------------------------------------------------------------------

function Peer:hash()
  return (unit.suite_parts(self.suite))
end

function Peer:transcript_hash()
  return unit.hash(self:hash(), table.concat(self.transcript))
end

-- The transcript's first message becomes its hash (RFC 8446 section 4.4.1).
function Peer:retry_transcript()
  self.transcript = { messages.frame(254, unit.hash(self:hash(), table.concat(self.transcript))) }
end

-- Sends a message that a table describes; changes: see run.
function Peer:send(name, m, change)
  m.name = name
  if change then change(m, self) end
  if m.skip or self.err then return end
  if m.lazy then m.lazy(m) end
  local raw = messages.bytes(name, m)
  self.transcript[#self.transcript + 1] = raw
  local bytes = (self.held or "") .. raw
  self.held = nil
  if m.more then -- goes on in the record of the next message
    self.held = bytes
  elseif m.cut then -- in two records
    self:record(HANDSHAKE, bytes:sub(1, m.cut), m.record)
    if m.between then m.between(self) end
    if not self.err then self:record(HANDSHAKE, bytes:sub(m.cut + 1), m.record) end
  else
    self:record(HANDSHAKE, bytes .. (m.append or ""), m.record)
  end
end

-- Anything, as a message, behind the back of the transcript.
function Peer:inject(type, body)
  return self:record(HANDSHAKE, messages.frame(type, body))
end

function Peer:derive(secret, label)
  return unit.derive_secret(self:hash(), secret, label, self:transcript_hash())
end

function Peer:handshake_secrets(shared)
  local hash = self:hash()
  self.handshake_secret = unit.next_secret(hash, unit.early_secret(hash, self.psk or ""), shared)
  self.client_handshake = self:derive(self.handshake_secret, "c hs traffic")
  self.server_handshake = self:derive(self.handshake_secret, "s hs traffic")
end

function Peer:application_secrets() -- after the server's Finished
  self.master_secret = unit.next_secret(self:hash(), self.handshake_secret, "")
  self.client_traffic = self:derive(self.master_secret, "c ap traffic")
  self.server_traffic = self:derive(self.master_secret, "s ap traffic")
end

function Peer:early_keys(psk) -- after ClientHello
  return self:keys(self:derive(unit.early_secret(self:hash(), psk), "c e traffic"))
end

function Peer:finished_data(base)
  return unit.finished_mac(self:hash(), base, self:transcript_hash())
end

-- The key of our certificate signs what a CertificateVerify of this side signs.
function Peer:signed_content()
  return (" "):rep(64) .. ("TLS 1.3, %s CertificateVerify\0"):format(self.role) .. self:transcript_hash()
end

function Peer:sign(scheme, content)
  return unit.sign(pki.read(self.identity.key), scheme, content, ("k"):rep(32))
end

function Peer:certificates()
  local list = {}
  for _, c in ipairs(require "bearssl".x509.load(self.identity.certificate)) do list[#list + 1] = { c:der(), {} } end
  return list
end

function Peer.ephemeral(group, seed)
  local private, public = unit.ephemeral(group, (seed or "e"):rep(32))
  return { group = group, private = private, public = public }
end

function Peer.agree(pair, share)
  return assert(unit.agree(pair.group, pair.private, pair.public, share))
end

-- --- TLS 1.2 ---------------------------------------------------------------------------------------

function Peer:master_secret_12(premaster)
  local client_random, server_random = self.hello.random, self.server_random
  if self.without_ems then
    self.master = unit.prf_12(self:hash(), premaster, "master secret", client_random .. server_random, 48)
  else
    self.master = unit.prf_12(self:hash(), premaster, "extended master secret", self:transcript_hash(), 48)
  end
end

-- Keys of what `who` writes (RFC 5246 section 6.3).
function Peer:keys_12(who)
  local client_random, server_random = self.hello.random, self.server_random
  local hash, size = unit.suite_parts(self.suite)
  local iv = (self.suite == 0xcca8 or self.suite == 0xcca9) and 12 or 4
  local block = unit.prf_12(hash, self.master, "key expansion", server_random .. client_random, 2 * (size + iv))
  local second = who == "server" and 1 or 0
  return { version = 0x0303, suite = self.suite, sequence = 0, key = block:sub(1 + second * size, size + second * size),
    iv = block:sub(1 + 2 * size + second * iv, 2 * size + iv + second * iv) }
end

function Peer:finished_data_12(who)
  return unit.prf_12(self:hash(), self.master, who .. " finished", self:transcript_hash(), 12)
end

-- --- steps that both roles have ----------------------------------------------------------------------

local steps = {}

function steps.certificate(self, change)
  self:send("certificate", { context = self.version == 0x0304 and (self.context or "") or nil,
    entries = self:certificates() }, change)
end

function steps.certificate_verify(self, change)
  local content = self.version == 0x0304 and self:signed_content() or table.concat(self.transcript)
  self:send("certificate_verify", { scheme = self.scheme, lazy = function(m)
    m.signature = m.signature or self:sign(m.scheme, content)
  end }, change)
end

function steps.key_update(self, change)
  self:send("key_update", { request_update = 0 }, change)
end

-- Runs the steps; changes: by message name, functions that spoil it. Gives itself.
function Peer:run(changes, list)
  changes = changes or {}
  for _, step in ipairs(list or self.steps) do
    -- what it said before it failed still has the keys for its alert
    if self.alert or (self.err and not self.receiving[step]) then break end
    if type(step) == "function" then
      step(self)
    else
      local act = self.own_steps[step] or steps[step]
      act(self, changes[step])
    end
  end
  return self
end

-- Is it connected, by its own word and by ours?
function Peer:connected()
  return self.err == nil and self.conn:state() == "connected"
end

function Peer:data(plain, options)
  return self:record(DATA, plain, options)
end

-- The next keys for "read" or "write" (RFC 8446 section 7.2).
function Peer:update(which)
  local keys = self[which]
  self[which] = self:keys(unit.expand_label(self:hash(), keys.secret, "traffic upd", "", #keys.secret))
end

local receiving = { client = { server_hello = true, server_flight = true }, server = {} }

-- role: "client" or "server"; own_steps: its steps by name; options: fields to set, `config` or `conn` among them.
function hostile.new(role, own_steps, list, options)
  local self = setmetatable({ role = role, receiving = receiving[role],
    own_steps = own_steps, steps = list, buffer = "", pending = "", transcript = {},
    version = 0x0304, suite = 0x1301, group = 29, scheme = 0x0403,
    identity = pki[role].p256 }, Peer)
  for name, value in pairs(options) do self[name] = value end
  self.conn = self.conn or assert(self.config:connection(self.connection_options))
  return self
end

-- Alert, code and state that a broken rule must end in; and nothing is half-open afterwards.
function hostile.assert_refused(p, alert, code)
  assert(p.err, "nothing was refused; the state is " .. p.conn:state())
  assert.equal(code or p.err.code, p.err.code, tostring(p.err))
  assert.equal("local", p.err.side)
  p:drain()
  if alert then
    assert.equal(alert, p.err.alert, tostring(p.err))
    assert.truthy(p.alert, "no alert came")
    assert.same({ 2, hostile.alerts[alert] }, { p.alert.level, p.alert.description }, tostring(p.err))
    assert.equal(p.read ~= nil, p.alert.encrypted)
  end
  assert.equal("failed", p.conn:state())
  assert.equal("", p.buffer .. p.pending .. p.conn:pull())
  assert.is_nil(p.conn:read())
  assert.is_nil((p.conn:write "x"))
  assert.is_nil((p.conn:feed "\23\3\3\0\1x"))
  assert.equal("", p.conn:pull())
  assert.is_nil((p.conn:exporter("EXPORTER-spec", nil, 16)))
  assert.is_nil((p.conn:update_keys()))
  assert.same({ p.err.code, p.err.where }, { select(2, p.conn:feed "x").code, select(2, p.conn:feed "x").where })
  p.conn:close()
  assert.same({ "", "failed" }, { p.conn:pull(), p.conn:state() })
end

return hostile
