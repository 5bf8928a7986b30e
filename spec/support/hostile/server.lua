-- The hostile peer as server, TLS 1.3 and 1.2.
local messages = require "spec.support.hostile.messages"
local peer = require "spec.support.hostile.peer"
local unit = require "bearssl.unit"

local steps = {}

function steps.client_hello(self)
  local m = self:receive()
  self.hello = messages.read_client_hello(m.body)
  self.hellos = self.hellos or {}
  self.hellos[#self.hellos + 1] = self.hello
  self.early = self.psk and messages.get(self.hello.extensions, 42) ~= nil
  if self.early then self.read = self:early_keys(self.psk) end
end

-- --- TLS 1.3 ----------------------------------------------------------------------------------------

function steps.hello_retry_request(self, change)
  self:retry_transcript()
  self:send("hello_retry_request", {
    legacy_version = 0x0303, random = peer.retry_random, session_id = self.hello.session_id,
    cipher_suite = self.suite, compression_method = 0,
    extensions = { { 43, "\3\4" }, { 51, (">I2"):pack(self.group) } },
  }, change)
end

function steps.server_hello(self, change)
  local own = self.ephemeral(self.group)
  local extensions = { { 43, "\3\4" }, { 51, (">I2s2"):pack(self.group, own.public) } }
  if self.psk then extensions[3] = { 41, "\0\0" } end
  self:send("server_hello", {
    legacy_version = 0x0303, random = ("S"):rep(32), session_id = self.hello.session_id, cipher_suite = self.suite,
    compression_method = 0, extensions = extensions,
  }, change)
  if self.err then return end
  self:handshake_secrets(self.agree(own, self.hello.shares[self.group]))
  self.write = self:keys(self.server_handshake)
  self.early = self.early and self.psk ~= nil
  if not self.early then self.read = self:keys(self.client_handshake) end
end

function steps.encrypted_extensions(self, change)
  self:send("encrypted_extensions", { extensions = {} }, change)
  if self.early and not self.err then self.read = self:keys(self.client_handshake) end -- which rejects it
end

function steps.certificate_request(self, change)
  self:send("certificate_request", { context = "", extensions = { { 13, "\0\4\4\3\8\4" } } }, change)
end

function steps.finished(self, change)
  self:send("finished", { verify_data = self:finished_data(self.server_handshake) }, change)
  if self.err then return end
  self:application_secrets()
  self.write = self:keys(self.server_traffic)
end

-- What the client answers: its Finished checked, and Certificate and CertificateVerify kept where there are some.
function steps.client_finished(self)
  self.client_messages = {}
  repeat
    local before = self:transcript_hash()
    local m = self:receive()
    if not m then return end
    self.client_messages[#self.client_messages + 1] = m
    if m.type == 20 then
      assert(m.body == unit.finished_mac(self:hash(), self.client_handshake, before), "the client's Finished is wrong")
    end
  until m.type == 20
  self.resumption_secret = self:derive(self.master_secret, "res master")
  self.read = self:keys(self.client_traffic)
end

function steps.new_session_ticket(self, change)
  local m = { lifetime = 7200, age_add = 0, nonce = "n", ticket = "a ticket", extensions = {} }
  self:send("new_session_ticket", m, change)
  self.next_psk = unit.expand_label(self:hash(), self.resumption_secret, "resumption", m.nonce,
    #self.resumption_secret)
end

-- --- TLS 1.2 (suite and scheme: those of an ECDSA certificate, where not said otherwise) --------------

function steps.server_hello_12(self, change)
  self.version = 0x0303
  local extensions = { { 0xff01, "\0" } }
  if not self.without_ems then extensions[2] = { 23, "" } end
  if self.ticket_12 then extensions[#extensions + 1] = { 35, "" } end
  self:send("server_hello", {
    legacy_version = 0x0303, random = ("S"):rep(32), session_id = self.session_id or "", cipher_suite = self.suite,
    compression_method = 0, extensions = extensions,
  }, change)
  self.server_random = ("S"):rep(32)
end

function steps.server_key_exchange(self, change)
  self.own = self.ephemeral(self.group)
  local m = { curve_type = 3, named_curve = self.group, point = self.own.public, scheme = self.scheme }
  function m.lazy()
    m.parameters = m.parameters or (">BI2s1"):pack(m.curve_type, m.named_curve, m.point)
    m.signature = m.signature or self:sign(m.scheme, self.hello.random .. self.server_random .. m.parameters)
  end
  self:send("server_key_exchange", m, change)
end

function steps.certificate_request_12(self, change)
  self:send("certificate_request_12", { certificate_types = "\64\1", schemes = { 0x0403, 0x0804 }, authorities = "" },
    change)
end

function steps.certificate_status(self, change)
  self:send("certificate_status", { status_type = 1, response = "an OCSP response" }, change)
end

function steps.server_hello_done(self, change)
  self:send("server_hello_done", {}, change)
end

-- ClientKeyExchange and Finished; Certificate and CertificateVerify may stand between.
function steps.client_flight_12(self)
  repeat
    local m = self:receive()
    if not m then return end
    if m.type == 16 then
      self:master_secret_12(self.agree(self.own, (">s1"):unpack(m.body)))
      self.next_read = self:keys_12 "client"
    end
  until m.type == 20
end

function steps.new_session_ticket_12(self, change)
  self:send("new_session_ticket_12", { lifetime = 7200, ticket = "a ticket of TLS 1.2" }, change)
end

function steps.change_cipher_spec_12(self, change)
  local m = {}
  if change then change(m, self) end
  if not m.skip and not self.err then self:change_cipher_spec() end
  self.write = not self.err and self:keys_12 "server" or self.write
end

function steps.finished_12(self, change)
  self:send("finished", { verify_data = self:finished_data_12 "server" }, change)
end

-- An abbreviated handshake (RFC 5246 section 7.3): the client's end comes after ours.
function steps.resume_12(self)
  self.master = assert(self.resume_master)
end

function steps.client_finished_12(self)
  self.next_read = self:keys_12 "client"
  self:receive()
end

local server = { steps = steps }

server.flow_13 = { "client_hello", "server_hello", "encrypted_extensions", "certificate", "certificate_verify",
  "finished", "client_finished" }
server.flow_psk = { "client_hello", "server_hello", "encrypted_extensions", "finished", "client_finished" }
server.flow_12 = { "client_hello", "server_hello_12", "certificate", "server_key_exchange", "server_hello_done",
  "client_flight_12", "change_cipher_spec_12", "finished_12" }
server.flow_resumed_12 = { "client_hello", "server_hello_12", "resume_12", "change_cipher_spec_12", "finished_12",
  "client_finished_12" }

return server
