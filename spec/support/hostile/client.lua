-- The hostile peer as client, TLS 1.3 and 1.2.
local messages = require "spec.support.hostile.messages"
local unit = require "bearssl.unit"

local steps = {}

local SCHEMES = messages.vector(">I2", { 0x0403, 0x0503, 0x0804, 0x0805, 0x0401 })

-- OfferedPsks, the binder still zeros: of self.offer = { ticket, age, secret }
local function offered_psks(self, offer)
  local size = #unit.hash(self:hash(), "")
  return (">s2s2"):pack((">s2I4"):pack(offer.ticket, offer.age), (">s1"):pack(("\0"):rep(size)))
end

-- Fills the last bytes of the ClientHello's body in (RFC 8446 section 4.2.11.2); self.binders: bytes of the list, where
-- there is more than one.
local function bind(self, offer, body)
  local hash = self:hash()
  local size = #unit.hash(hash, "")
  local early = unit.early_secret(hash, offer.secret)
  local key = unit.derive_secret(hash, early, offer.external and "ext binder" or "res binder", unit.hash(hash, ""))
  local partial = messages.frame(1, body):sub(1, -(self.binders or size + 1) - 3)
  return body:sub(1, -size - 1)
    .. unit.finished_mac(hash, key, unit.hash(hash, table.concat(self.transcript) .. partial))
end

local function default_hello(self)
  local share = (">I2s2"):pack(self.group, self.own.public)
  return { legacy_version = 0x0303, random = ("C"):rep(32), session_id = ("I"):rep(32), cipher_suites = { self.suite },
    compression_methods = "\0", extensions = {
      { 0, (">s2"):pack("\0" .. (">s2"):pack "localhost") },
      { 10, (">s2"):pack(messages.vector(">I2", { 29, 23 })) },
      { 13, (">s2"):pack(SCHEMES) },
      { 43, (">s1"):pack(messages.vector(">I2", { 0x0304 })) },
      { 45, "\1\1" },
      { 51, (">s2"):pack(share) },
    } }
end

function steps.client_hello(self, change)
  self.own = self.own or self.ephemeral(self.group)
  self.hello = default_hello(self)
  local m = self.hello
  local cookie = self.retry and messages.get(self.retry.extensions, 44)
  if cookie then table.insert(m.extensions, { 44, cookie }) end
  local offer = self.offer
  if offer then
    if offer.early_data then m.extensions[#m.extensions + 1] = { 42, "" } end
    m.extensions[#m.extensions + 1] = { 41, offered_psks(self, offer) }
    function m.lazy()
      if not m.unbound then m.raw = bind(self, offer, messages.body("client_hello", m)) end
    end
  end
  self:send("client_hello", m, change)
  if offer and offer.early_data and not self.err then self.write = self:early_keys(offer.secret) end
end

-- --- TLS 1.3 ----------------------------------------------------------------------------------------

function steps.hello_retry_request(self)
  local m = self:receive()
  if not m then return end
  self.retry = messages.read_server_hello(m.body)
  self.retry.group = (">I2"):unpack(messages.get(self.retry.extensions, 51))
  self.transcript[#self.transcript] = nil
  self:retry_transcript()
  self.transcript[#self.transcript + 1] = m.raw
  self.group = self.retry.group
  self.own = self.ephemeral(self.group)
end

function steps.server_hello(self)
  local m = self:receive()
  if not m then return end
  local hello = messages.read_server_hello(m.body)
  self.server = hello
  local group, share = (">I2s2"):unpack(messages.get(hello.extensions, 51))
  assert(group == self.group)
  self.resumed = messages.get(hello.extensions, 41) ~= nil
  self.psk = self.resumed and self.offer.secret or nil
  self:handshake_secrets(self.agree(self.own, share))
  self.read = self:keys(self.server_handshake)
  if not (self.offer and self.offer.early_data) then self.write = self:keys(self.client_handshake) end
end

-- EncryptedExtensions to Finished; each in self.flight by its number.
function steps.server_flight(self)
  self.flight = {}
  repeat
    local before = self.transcript[#self.transcript] and self:transcript_hash()
    local m = self:receive()
    if not m then return end
    self.flight[m.type] = m
    if m.type == 20 then
      assert(m.body == unit.finished_mac(self:hash(), self.server_handshake, before), "the server's Finished is wrong")
    end
  until m.type == 20
  self:application_secrets()
  self.read = self:keys(self.server_traffic)
  local encrypted = messages.read_encrypted_extensions(self.flight[8].body)
  self.early_accepted = messages.get(encrypted.extensions, 42) ~= nil
  if self.offer and self.offer.early_data and not self.early_accepted then
    self.write = self:keys(self.client_handshake)
  end
end

function steps.end_of_early_data(self, change)
  self:send("end_of_early_data", {}, change)
  if not self.err then self.write = self:keys(self.client_handshake) end
end

function steps.finished(self, change)
  self:send("finished", { verify_data = self:finished_data(self.client_handshake) }, change)
  if self.err then return end
  self.resumption_secret = self:derive(self.master_secret, "res master")
  self.write = self:keys(self.client_traffic)
end

-- That of an authentication after the handshake.
function steps.finished_later(self, change)
  self:send("finished", { verify_data = self:finished_data(self.write.secret) }, change)
end

-- Tickets of the server, ready to be offered.
function steps.tickets(self)
  self.tickets = {}
  for _, e in ipairs(self:drain()) do
    if e.kind == "message" and e.type == 4 then
      local ticket = messages.read_new_session_ticket(e.body)
      self.tickets[#self.tickets + 1] = { ticket = ticket.ticket, age = ticket.age_add, extensions = ticket.extensions,
        secret = unit.expand_label(self:hash(), self.resumption_secret, "resumption", ticket.nonce,
          #self.resumption_secret) }
    end
  end
end

-- --- TLS 1.2 ----------------------------------------------------------------------------------------

-- ServerHello to ServerHelloDone, or to Finished where a session is resumed.
function steps.server_flight_12(self)
  self.flight = {}
  repeat
    local m = self:receive()
    if not m then return end
    self.flight[m.type] = m
    if m.type == 2 then
      self.server = messages.read_server_hello(m.body)
      self.version, self.server_random = 0x0303, self.server.random
      self.suite = self.server.cipher_suite
      self.without_ems = messages.get(self.server.extensions, 23) == nil
    end
  until m.type == 14
end

function steps.client_key_exchange(self, change)
  local group, point = (">I2s1"):unpack(self.flight[12].body, 2)
  self.own = self.ephemeral(group)
  self:send("client_key_exchange", { point = self.own.public }, change)
  if not self.err then self:master_secret_12(self.agree(self.own, point)) end
end

function steps.change_cipher_spec_12(self, change)
  local m = {}
  if change then change(m, self) end
  if not m.skip and not self.err then self:change_cipher_spec() end
  if not self.err then self.write = self:keys_12 "client" end
end

function steps.finished_12(self, change)
  self.next_read = self:keys_12 "server"
  self:send("finished", { verify_data = self:finished_data_12 "client" }, change)
end

-- NewSessionTicket, if any, and Finished.
function steps.server_finished_12(self)
  repeat
    local m = self:receive()
    if m and m.type == 4 then self.ticket_12 = select(2, (">I4s2"):unpack(m.body)) end
  until not m or m.type == 20
end

-- The server's side of an abbreviated handshake, with the session in self.session_12 = { master }.
function steps.resumed_flight_12(self)
  local m = self:receive()
  if not m then return end
  self.server = messages.read_server_hello(m.body)
  self.version, self.server_random, self.suite = 0x0303, self.server.random, self.server.cipher_suite
  self.master = self.session_12.master
  self.next_read = self:keys_12 "server"
  self.own_steps.server_finished_12(self)
end

function steps.resumed_finished_12(self, change)
  self:send("finished", { verify_data = self:finished_data_12 "client" }, change)
end

local client = { steps = steps }

client.flow_13 = { "client_hello", "server_hello", "server_flight", "finished", "tickets" }
client.flow_retry = { "client_hello", "hello_retry_request", "client_hello", "server_hello", "server_flight",
  "finished", "tickets" }
client.flow_authenticated = { "client_hello", "server_hello", "server_flight", "certificate", "certificate_verify",
  "finished", "tickets" }
client.flow_early = { "client_hello", "server_hello", "server_flight", "end_of_early_data", "finished" }
client.flow_12 = { "client_hello", "server_flight_12", "client_key_exchange", "change_cipher_spec_12", "finished_12",
  "server_finished_12" }
client.flow_authenticated_12 = { "client_hello", "server_flight_12", "certificate", "client_key_exchange",
  "certificate_verify", "change_cipher_spec_12", "finished_12", "server_finished_12" }
client.flow_resumed_12 = { "client_hello", "resumed_flight_12", "change_cipher_spec_12", "resumed_finished_12" }

return client
