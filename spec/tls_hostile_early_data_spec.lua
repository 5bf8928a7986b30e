-- 0-RTT (RFC 8446 sections 2.3, 4.2.10, 4.5, 8) and authentication after the handshake (section 4.6.2) with a peer that
-- breaks their rules.
local hostile = require "spec.support.hostile"
local pki = require "spec.support.pki"

local messages, spoil = hostile.messages, hostile.spoil
local server_flows, client_flows = hostile.server_flows, hostile.client_flows
local set, drop, add, field, tail = spoil.set, spoil.drop, spoil.add, spoil.field, spoil.tail
local skip, before, record = spoil.skip, spoil.before, spoil.record

local verdict = true
local config = hostile.server_config { max_early_data = 100, early_data_guard = function() return verdict end }

-- A client with a ticket that allows early data, which sends some.
local function early(options)
  options = hostile.with({ config = config, steps = client_flows.flow_early }, options)
  verdict = options.verdict ~= false
  local first = hostile.client { config = options.config }:run()
  local offer = hostile.with(first.tickets[1], { early_data = true })
  return hostile.client(hostile.with({ offer = offer }, options))
end

local function data(bytes)
  return function(p) p:data(bytes) end
end

local function with_data(bytes)
  return { steps = { "client_hello", data(bytes), "server_hello", "server_flight", "end_of_early_data", "finished" } }
end

local rejected_flow = { "client_hello", data(("x"):rep(50)), "server_hello", "server_flight", "finished" }

describe("a server of 0-RTT", function()
  it("reads what is within the bound, and tells it apart", function()
    local p = early(with_data(("x"):rep(100))):run(nil, { "client_hello", data(("x"):rep(100)) })
    assert.equal("early", p.conn:state())
    assert.equal(("x"):rep(100), p.conn:read())
    p:run(nil, { "server_hello", "server_flight", "end_of_early_data", "finished" })
    assert.truthy(p:connected(), tostring(p.err))
    assert.is_true(p.early_accepted)
    assert.equal("accepted", p.conn:info().early_data)
    p:data "later"
    assert.equal("later", p.conn:read())
  end)

  hostile.rows(it, early, {
    { "4.2.10", "a byte more than max_early_data_size", "unexpected_message", nil, with_data(("x"):rep(101)) },
    { "4.2.10", "more than max_early_data_size in two records", "unexpected_message", nil,
      { steps = { "client_hello", data(("x"):rep(60)), function(p) p.conn:read() end, data(("x"):rep(60)),
        "server_hello", "server_flight" } } },
    { "4.5", "EndOfEarlyData with a body", "decode_error", { end_of_early_data = tail } },
    { "4.5", "more in the record of EndOfEarlyData", "unexpected_message",
      { end_of_early_data = field("append", messages.frame(20, ("x"):rep(32))) } },
    { "4.5", "Finished under the early keys", "unexpected_message",
      { end_of_early_data = before(20, ("x"):rep(32)) } },
    { "4.6.3", "KeyUpdate in early data", "unexpected_message", { end_of_early_data = before(24, "\0") } },
    { "4.1.2", "ClientHello in early data", "unexpected_message", { end_of_early_data = before(1, "") } },
    { "4.5", "EndOfEarlyData twice", "unexpected_message", { finished = before(5, "") } },
    { "2.3", "application data between EndOfEarlyData and Finished", "unexpected_message",
      { finished = record(23, "x") } },
    { "4.5", "Finished under the handshake's keys without EndOfEarlyData", "bad_record_mac",
      { end_of_early_data = function(m, p)
        m.skip = true
        p.write = p:keys(p.client_handshake)
        p:inject(20, ("x"):rep(32))
      end } },
  })

  it("passes over what it rejects, and goes on (section 4.2.10)", function()
    local p = early { verdict = false, steps = rejected_flow }:run()
    assert.truthy(p:connected(), tostring(p.err))
    assert.is_false(p.early_accepted)
    assert.equal("rejected", p.conn:info().early_data)
    p:data "now"
    assert.equal("now", p.conn:read())
  end)

  it("passes over early data without a PSK that it takes", function()
    local p = early { steps = rejected_flow }:run { client_hello = function(m, p)
      m.unbound = true
      local offer = hostile.with(p.offer, { ticket = ("t"):rep(#p.offer.ticket) })
      local identities, binders = (">s2s2"):unpack(messages.get(m.extensions, 41))
      set(41, (">s2s2"):pack((identities:gsub("^..(.*)(....)$", function(ticket, age)
        return (">s2"):pack(offer.ticket:sub(1, #ticket)) .. age
      end)), binders))(m)
    end }
    assert.truthy(p:connected(), tostring(p.err))
    assert.is_false(p.resumed)
    assert.is_false(p.early_accepted)
  end)

  it("passes over early data before a second hello, but takes none behind it (section 4.1.2)", function()
    local only_p256 = hostile.server_config { max_early_data = 100, early_data_guard = function() return true end,
      groups = "secp256r1" }
    local first = hostile.client { config = only_p256, steps = client_flows.flow_retry }:run()
    local p = hostile.client { config = only_p256, offer = hostile.with(first.tickets[1], { early_data = true }) }
    p:run(nil, { "client_hello", data "early", "hello_retry_request", function()
      p.write, p.offer = nil, nil
    end, "client_hello", "server_hello", "server_flight", "finished" })
    assert.truthy(p:connected(), tostring(p.err))
    assert.same({ nil, "wantread" }, { p.conn:read() })
  end)

  it("does not pass over early data without end (section 4.2.10)", function()
    local p = early { verdict = false }:run(nil, { "client_hello" })
    for _ = 1, 20 do
      if not p.err then p:data(("x"):rep(16000)) end
    end
    p.write = nil
    p:run(nil, { "server_hello", "server_flight" })
    hostile.assert_refused(p, "unexpected_message")
  end)

  it("refuses a broken record behind what it passed over", function()
    local p = early { verdict = false, steps = rejected_flow }:run()
    p:record(23, ("x"):rep(40), { clear = true })
    hostile.assert_refused(p, "bad_record_mac")
  end)

  it("accepts a ClientHello once (section 8.2)", function()
    local unit = require "bearssl.unit"
    local own = hostile.server_config { max_early_data = 100 }
    local first = hostile.client { config = own }:run()
    unit.config_time(own, hostile.time + 100) -- the window after the start has passed
    local offer = hostile.with(first.tickets[1], { early_data = true })
    offer.age = (offer.age + 100000) & 0xffffffff
    local accepted = {}
    for i = 1, 2 do
      local p = hostile.client { config = own, offer = offer, steps = { "client_hello", data "x", "server_hello",
        "server_flight" } }:run()
      assert.is_nil(p.err)
      accepted[i] = p.early_accepted
    end
    assert.same({ true, false }, accepted)
  end)
end)

describe("a client of 0-RTT", function()
  local plain = hostile.client_config { early_data = 100 }
  local alpn = hostile.client_config { early_data = 100, alpn = { "h2", "http/1.1" } }
  local function make(options)
    local own = options.with_alpn and alpn or plain
    local first = hostile.server { config = own }
    first:run { encrypted_extensions = options.with_alpn and add(16, "\0\9\8http/1.1") or nil }
    first:run({ new_session_ticket = add(42, "\0\0\0\100") }, { "new_session_ticket" })
    return hostile.server(hostile.with({ config = own, psk = first.next_psk, steps = server_flows.flow_psk,
      connection_options = { name = "localhost", session = assert(first.conn:session()) } }, options))
  end

  it("offers it, and is told of its fate", function()
    local p = make { steps = { "client_hello" } }:run()
    assert.truthy(messages.get(p.hello.extensions, 42))
    assert.equal("offered", p.conn:info().early_data)
    p = make {}:run()
    assert.truthy(p:connected(), tostring(p.err))
    assert.equal("rejected", p.conn:info().early_data)
  end)

  hostile.rows(it, make, {
    { "4.2.10", "early_data accepted without the PSK", "illegal_parameter",
      { server_hello = function(m, p)
        drop(41)(m)
        p.psk = nil
      end, encrypted_extensions = add(42, "") } },
    { "4.2.10", "early_data accepted with another cipher suite", "illegal_parameter",
      { server_hello = function(m, p) m.cipher_suite, p.suite = 0x1303, 0x1303 end,
        encrypted_extensions = add(42, "") } },
    { "4.2.10", "early_data accepted with a protocol that the session had not", "illegal_parameter",
      { encrypted_extensions = function(m) m.extensions = { { 16, "\0\3\2h2" }, { 42, "" } } end },
      { with_alpn = true } },
    { "4.2.10", "early_data with a value", "decode_error", { encrypted_extensions = add(42, "\0") } },
    { "4.2.10", "early_data in ServerHello", "illegal_parameter", { server_hello = add(42, "") } },
  })
end)

describe("a client that offers post_handshake_auth", function()
  local own = hostile.client_config { post_handshake_auth = true, certificate = pki.client.p256.certificate,
    key = pki.client.p256.key }
  local function make(options)
    local p = hostile.server { config = own }:run()
    p.steps = options.steps or { "certificate_request" }
    return p
  end
  local function later(change)
    return function(m, p)
      m.context = "later"
      if change then change(m, p) end
    end
  end

  it("proves who it is", function()
    local p = make {}:run { certificate_request = later() }
    assert.same({ 11, 15, 20 }, { p:receive().type, p:receive().type, p:receive().type })
    assert.truthy(p:connected(), tostring(p.err))
  end)

  hostile.rows(it, make, {
    { "4.3.2", "an empty context after the handshake", "illegal_parameter", {} },
    { "4.3.2", "a request without signature_algorithms after the handshake", "missing_extension",
      { certificate_request = later(drop(13)) } },
    { "4", "a request with trailing bytes after the handshake", "decode_error",
      { certificate_request = later(tail) } },
  })
end)

describe("a server that asks for a certificate after the handshake", function()
  local own = hostile.server_config { post_handshake_auth = true, client_auth = "request", client_trust = pki.roots }
  local function make(options)
    local p = hostile.client { config = own, steps = { "client_hello", "server_hello", "server_flight", "certificate",
      "finished", "tickets" } }:run { client_hello = add(49, ""), certificate = field("entries", {}) }
    assert(p:connected(), p.err)
    assert(p.conn:request_certificate())
    local m = p:receive()
    p.context = (">s1"):unpack(m.body)
    p.steps = { "certificate", "certificate_verify", "finished_later" }
    if options.steps then p.steps = options.steps end
    return p
  end

  it("takes a proof", function()
    local p = make {}:run()
    assert.truthy(p:connected(), tostring(p.err))
    assert.equal(2, #p.conn:peer_certificates())
    p:data "on"
    assert.equal("on", p.conn:read())
  end)

  hostile.rows(it, make, {
    { "4.4.2", "another context", "illegal_parameter", { certificate = field("context", "another") } },
    { "4.4.2", "an empty context", "illegal_parameter", { certificate = field("context", "") } },
    { "4.4.3", "no CertificateVerify after the handshake", "unexpected_message", { certificate_verify = skip } },
    { "4.4.3", "a signature that does not verify after the handshake", "decrypt_error",
      { certificate_verify = field("signature", "0") } },
    { "4.4.4", "a Finished that is wrong after the handshake", "decrypt_error",
      { finished_later = field("verify_data", ("x"):rep(32)) } },
    { "4.6.2", "data between Certificate and CertificateVerify", "unexpected_message",
      { certificate_verify = record(23, "x") } },
    { "4.6.2", "KeyUpdate between Certificate and CertificateVerify", "unexpected_message",
      { certificate_verify = before(24, "\0") } },
    { "4.6.2", "an answer to a request that was answered", "unexpected_message", {},
      { steps = { "certificate", "certificate_verify", "finished_later", "certificate" } } },
  })
end)
