-- Records of TLS 1.3 that no peer may send (RFC 8446 section 5), to a client and to a server of ours, in the handshake
-- and after it; what comes after the handshake (section 4.6); and the bounds on what brings nothing.
local hostile = require "spec.support.hostile"

local messages, server_flows, client_flows = hostile.messages, hostile.server_flows, hostile.client_flows

-- The peer of a connection that has shaken hands, and one whose next message is the last of its flight.
local roles = {
  client = {
    connected = function(options) return hostile.server(options):run() end,
    handshaking = function()
      return hostile.server():run(nil, { "client_hello", "server_hello" })
    end,
    before = function() return hostile.server():run(nil, { "client_hello" }) end,
    message = function() return messages.frame(8, "\0\0") end,
    rest = { "encrypted_extensions", "certificate", "certificate_verify", "finished", "client_finished" },
  },
  server = {
    connected = function(options) return hostile.client(options):run() end,
    handshaking = function()
      return hostile.client():run(nil, { "client_hello", "server_hello", "server_flight" })
    end,
    before = function() return hostile.client() end,
    message = function(p) return messages.frame(20, p:finished_data(p.client_handshake)) end,
    rest = { "finished" },
  },
}

local ticket = messages.bytes("new_session_ticket", { lifetime = 7200, age_add = 0, nonce = "n", ticket = "t",
  extensions = {} })

for side, role in pairs(roles) do
  describe("a " .. side .. " of TLS 1.3, in the handshake,", function()
    local function sends(...)
      local list = table.pack(...)
      return { steps = { function(p) p:record(table.unpack(list, 1, list.n)) end } }
    end
    local function make(options)
      local p = role.handshaking()
      p.steps = options.steps
      return p
    end
    local overflow = ("x"):rep(16385)
    hostile.rows(it, make, {
      { "5.1", "an empty fragment of Handshake", "unexpected_message", nil, sends(22, "") },
      { "5.1", "application data", "unexpected_message", nil, sends(23, "x") },
      { "5.1", "a content type that nobody knows, sealed", "unexpected_message", nil, sends(24, "x") },
      { "5", "a sealed change_cipher_spec", "unexpected_message", nil, sends(20, "\1") },
      { "5", "a change_cipher_spec of another value", "unexpected_message", nil, sends(20, "\2", { clear = true }) },
      { "5", "a change_cipher_spec of two bytes", "unexpected_message", nil, sends(20, "\1\1", { clear = true }) },
      { "5", "an empty change_cipher_spec", "unexpected_message", nil, sends(20, "", { clear = true }) },
      { "5.1", "a handshake record in clear", "unexpected_message", nil, sends(22, "\8\0\0\2\0\0", { clear = true }) },
      { "5.2", "an opaque_type that is not application_data", "unexpected_message", nil,
        sends(22, "\8\0\0\2\0\0", { outer = 22 }) },
      { "5.1", "an opaque_type that nobody knows", "unexpected_message", nil, sends(22, "x", { outer = 99 }) },
      { "5.4", "padding alone", "unexpected_message", nil, sends(22, "", { inner = ("\0"):rep(32) }) },
      { "5.4", "an empty TLSInnerPlaintext", "unexpected_message", nil, sends(22, "", { inner = "" }) },
      { "5.1", "a TLSInnerPlaintext of 2^14 + 2 bytes", "record_overflow", nil, sends(22, overflow) },
      { "5.4", "padding beyond 2^14 + 1 bytes", "record_overflow",
        nil, sends(22, "\8\0\0\2\0\0", { padding = 16400 }) },
      { "5.2", "a record of more than 2^14 + 256 bytes", "record_overflow", nil,
        sends(23, ("x"):rep(16641), { clear = true }) },
      { "5.2", "a record that does not decrypt", "bad_record_mac", nil, sends(23, ("x"):rep(50), { clear = true }) },
      { "5.2", "a record shorter than a tag", "bad_record_mac", nil, sends(23, "x", { clear = true }) },
      { "5.2", "an empty record", "bad_record_mac", nil, sends(23, "", { clear = true }) },
      { "6", "an Alert of one byte", "decode_error", nil, sends(21, "\2") },
      { "5.1", "two alerts in a record", "decode_error", nil, sends(21, "\1\90\2\40") },
      { "5.1", "an empty Alert", "decode_error", nil, sends(21, "") },
    })

    local function interleaved(between)
      return { steps = { function(p)
        local message = role.message(p)
        p:record(22, message:sub(1, 3))
        between(p)
      end } }
    end
    hostile.rows(it, make, {
      { "5.1", "an alert inside a handshake message", "unexpected_message", nil,
        interleaved(function(p) p:record(21, "\1\90") end) },
      { "5.1", "application data inside a handshake message", "unexpected_message", nil,
        interleaved(function(p) p:record(23, "x") end) },
      { "5", "a change_cipher_spec inside a handshake message", "unexpected_message", nil,
        interleaved(function(p) p:change_cipher_spec() end) },
    })

    it("takes padding, pieces, any legacy_record_version of TLS and a change_cipher_spec", function()
      local p = role.handshaking()
      p:change_cipher_spec()
      p:change_cipher_spec()
      p:run({ encrypted_extensions = function(m) m.record, m.cut = { padding = 1000, version = 0x0301 }, 1 end,
        finished = function(m) m.record, m.cut = { padding = 3 }, 5 end }, role.rest)
      assert.truthy(p:connected(), tostring(p.err))
    end)

    it("is told by an alert in clear of a client that had no keys yet, and of nobody else", function()
      local p = role.handshaking()
      p:record(21, "\2\40", { clear = true })
      if side == "client" then return hostile.assert_refused(p, "unexpected_message") end
      assert.equal("peer_alert", p.err.code)
      assert.equal("handshake_failure", p.err.alert)
      p:drain()
      assert.is_nil(p.alert)
    end)

    for _, level in ipairs { 1, 2, 99 } do
      it("ends at any alert but user_canceled, whatever its level says: " .. level .. " (section 6.2)", function()
        local p = role.handshaking()
        p:record(21, string.char(level, 80))
        assert.same({ "peer_alert", "internal_error", "peer" }, { p.err.code, p.err.alert, p.err.side })
        p:drain()
        assert.is_nil(p.alert) -- none in answer
      end)
    end

    it("ends at an alert that nobody knows (section 6)", function()
      local p = role.handshaking()
      p:record(21, "\2\255")
      assert.same({ "peer_alert", "peer" }, { p.err.code, p.err.side })
      assert.is_nil(p.err.alert)
      assert.truthy(p.err.message:find("number 255", 1, true))
    end)

    it("bears with one user_canceled, not with many (section 6.1)", function()
      local p = role.handshaking()
      assert(p:record(21, "\1\90"))
      for _ = 1, 40 do p:record(21, "\1\90") end
      hostile.assert_refused(p, "internal_error", "limit")
    end)

    it("does not bear with change_cipher_spec without end", function()
      local p = role.handshaking()
      for _ = 1, 40 do p:change_cipher_spec() end
      hostile.assert_refused(p, "unexpected_message", "unexpected")
    end)

    it("does not take a message that is too long", function()
      local p = role.handshaking()
      p:record(22, "\11\2\0\1")
      hostile.assert_refused(p, "internal_error", "limit")
    end)

    it("does not take one that is too long for its type", function()
      local p = role.handshaking()
      p:record(22, "\8\0\64\1")
      for _ = 1, 5 do p:record(22, ("\0"):rep(4000)) end
      hostile.assert_refused(p, "internal_error", "limit")
    end)
  end)

  describe("a " .. side .. " of TLS 1.3, before any keys,", function()
    local function make(options)
      local p = role.before()
      p.steps = options.steps
      return p
    end
    local function sends(...)
      local list = table.pack(...)
      return { steps = { function(p) p:record(table.unpack(list, 1, list.n)) end } }
    end
    hostile.rows(it, make, {
      { "5.1", "a record of more than 2^14 bytes", "record_overflow", nil, sends(22, ("x"):rep(16385)) },
      { "5.1", "an empty fragment of Handshake in clear", "unexpected_message", nil, sends(22, "") },
      { "5.1", "application data in clear", "unexpected_message", nil, sends(23, "x") },
      { "5.1", "an alert in clear of one byte", "decode_error", nil, sends(21, "\2") },
      { "5", "a change_cipher_spec in clear of another value", "unexpected_message", nil, sends(20, "\2") },
    })
  end)

  describe("a " .. side .. " of TLS 1.3, connected,", function()
    local function make(options)
      local p = role.connected()
      p.steps = options.steps
      return p
    end
    local function sends(...)
      local list = table.pack(...)
      return { steps = { function(p) p:record(table.unpack(list, 1, list.n)) end } }
    end
    hostile.rows(it, make, {
      { "5", "a change_cipher_spec after the handshake", "unexpected_message", nil, sends(20, "\1", { clear = true }) },
      { "4.6.3", "a request_update of 2", "illegal_parameter", nil, sends(22, "\24\0\0\1\2") },
      { "4.6.3", "a KeyUpdate of no byte", "decode_error", nil, sends(22, "\24\0\0\0") },
      { "4.6.3", "a KeyUpdate of two bytes", "decode_error", nil, sends(22, "\24\0\0\2\0\0") },
      { "5.1", "more in the record of KeyUpdate, though keys change", "unexpected_message", nil,
        sends(22, "\24\0\0\1\0\24\0\0\1\0") },
      { "4.6.3", "data under the old keys after a KeyUpdate", "bad_record_mac", nil, { steps = {
        function(p) p:inject(24, "\0") end, function(p) p:data "x" end } } },
      { "5.1", "an empty fragment of Handshake after the handshake", "unexpected_message", nil, sends(22, "") },
      { "5.1", "data inside a message after the handshake", "unexpected_message", nil, { steps = {
        function(p) p:record(22, "\24\0") end, function(p) p:data "x" end } } },
      { "4", "an unknown message after the handshake", "unexpected_message", nil, sends(22, "\99\0\0\0") },
      { "4", "message_hash after the handshake", "unexpected_message", nil, sends(22, "\254\0\0\0") },
      { "4.1.2", "ClientHello after the handshake", "unexpected_message", nil, sends(22, "\1\0\0\0") },
      { "4.1.3", "ServerHello after the handshake", "unexpected_message", nil, sends(22, "\2\0\0\0") },
      { "4.4.4", "Finished after the handshake", "unexpected_message",
        nil, sends(22, messages.frame(20, ("x"):rep(32))) },
      { "4.4.2", "Certificate after the handshake", "unexpected_message", nil, sends(22, "\11\0\0\4\0\0\0\0") },
      { "4.5", "EndOfEarlyData after the handshake", "unexpected_message", nil, sends(22, "\5\0\0\0") },
      { "4.6.2", "CertificateRequest where post_handshake_auth was not offered", "unexpected_message", nil,
        sends(22, messages.frame(13, "\1x\0\8\0\13\0\4\0\2\4\3")) },
      { "4", "HelloRequest, which is one of TLS 1.2", "unexpected_message", nil, sends(22, "\0\0\0\0") },
      { "5.2", "data of 2^14 + 1 bytes", "record_overflow", nil, sends(23, ("x"):rep(16385)) },
      { "5.4", "data that is padding alone", "unexpected_message", nil, sends(23, "", { inner = ("\0"):rep(100) }) },
      { "5.2", "a replayed record", "bad_record_mac", nil, { steps = { function(p)
        local record = p:seal(23, "once")
        p:feed(record)
        assert.equal("once", p.conn:read())
        p:feed(record)
      end } } },
      { "5.2", "records in another order", "bad_record_mac", nil, { steps = { function(p)
        local one, two = p:seal(23, "one"), p:seal(23, "two")
        p:feed(two .. one)
      end } } },
      { "5.2", "data in clear", "bad_record_mac", nil, sends(23, "in clear, quite long enough", { clear = true }) },
    })

    it("takes data of 2^14 bytes, padded as far as it goes, and empty data (section 5.4)", function()
      local p = role.connected()
      p:drain()
      assert(p:data(("x"):rep(16384)))
      assert.equal(16384, #p.conn:read())
      assert(p:data("y", { padding = 16383 }))
      assert.equal("y", p.conn:read())
      assert(p:data "")
      assert.same({ nil, "wantread" }, { p.conn:read() })
    end)

    it("follows KeyUpdates, and answers those that ask (section 4.6.3)", function()
      local p = role.connected()
      p:drain()
      for request = 0, 1 do
        assert(p:inject(24, string.char(request)))
        p:update "write"
        assert(p:data "after")
        assert.equal("after", p.conn:read())
      end
      local answer = p:event()
      assert.same({ 24, "\0" }, { answer.type, answer.body })
      p:update "read"
      assert(p.conn:write "mine")
      assert.equal("mine", p:event().data)
      assert.is_nil(p:event())
    end)

    for what, send in pairs {
      ["KeyUpdates"] = function(p)
        p:inject(24, "\0")
        p:update "write"
      end,
      ["KeyUpdates that ask"] = function(p)
        p:inject(24, "\1")
        p:update "write"
        for _, e in ipairs(p:drain()) do
          if e.kind == "message" then p:update "read" end
        end
      end,
      ["empty records"] = function(p) p:data "" end,
      ["user_canceled"] = function(p) p:record(21, "\1\90") end,
    } do
      it("does not bear with " .. what .. " without end", function()
        local p = role.connected()
        p:drain()
        for _ = 1, 100 do
          if not p.err then send(p) end
        end
        hostile.assert_refused(p, "internal_error", "limit")
      end)
      it("bears with " .. what .. " between data", function()
        local p = role.connected()
        p:drain()
        for _ = 1, 100 do
          send(p)
          assert(p:data "x", p.err)
          p.conn:read()
        end
        assert.truthy(p:connected())
      end)
    end
  end)
end

describe("a client of TLS 1.3, of NewSessionTicket,", function()
  local function make(options)
    local p = hostile.server():run()
    p.steps = options.steps or { "new_session_ticket" }
    return p
  end
  hostile.rows(it, make, {
    { "4.6.1", "a ticket of no bytes", "decode_error", { new_session_ticket = hostile.spoil.field("ticket", "") } },
    { "4.2", "an extension twice", "illegal_parameter", { new_session_ticket = function(m)
      m.extensions = { { 0x1234, "" }, { 0x1234, "" } }
    end } },
    { "4.2", "an extension of another message", "illegal_parameter",
      { new_session_ticket = hostile.spoil.add(43, "\3\4") } },
    { "4.2.10", "early_data of three bytes", "decode_error", { new_session_ticket = hostile.spoil.add(42, "\0\0\0") } },
    { "4", "trailing bytes", "decode_error", { new_session_ticket = hostile.spoil.tail } },
    { "4", "a message cut short", "decode_error", { new_session_ticket = hostile.spoil.cut } },
  })

  it("keeps none that lives for no time, or for more than seven days (section 4.6.1)", function()
    for _, lifetime in ipairs { 0, 604801, 0xffffffff } do
      local p = hostile.server():run()
      p:run({ new_session_ticket = hostile.spoil.field("lifetime", lifetime) }, { "new_session_ticket" })
      assert.truthy(p:connected())
      assert.is_nil((p.conn:session()))
    end
  end)

  it("passes over extensions that it does not know (section 4.6.1)", function()
    local p = hostile.server():run()
    p:run({ new_session_ticket = hostile.spoil.add(0x1234, "x") }, { "new_session_ticket" })
    assert.truthy(p.conn:session())
  end)

  it("does not bear with tickets without end", function()
    local p = hostile.server():run()
    for _ = 1, 40 do p:record(22, ticket) end
    hostile.assert_refused(p, "internal_error", "limit")
  end)
end)

describe("a server of TLS 1.3, of NewSessionTicket,", function()
  hostile.rows(it, function(options)
    local p = hostile.client():run()
    p.steps = options.steps
    return p
  end, {
    { "4.6.1", "one from a client", "unexpected_message", nil, { steps = { function(p) p:record(22, ticket) end } } },
  })
end)

describe("what ends a connection of TLS 1.3", function()
  it("is close_notify, each way by itself (section 6.1)", function()
    local p = hostile.server():run()
    p:data "last"
    p:record(21, "\1\0")
    assert.equal("last", p.conn:read())
    assert.same({ nil, "closed" }, { p.conn:read() })
    assert(p.conn:write "still")
    assert.equal("still", p:event().data)
    p.conn:close()
  end)

  it("is not what comes after close_notify", function()
    local p = hostile.client():run()
    p:record(21, "\1\0")
    p:data "too late"
    assert.same({ nil, "closed" }, { p.conn:read() })
  end)

  for name, flow in pairs { client = server_flows.flow_13, server = client_flows.flow_13 } do
    it("is no orderly end for a " .. name .. " without close_notify (section 6.1)", function()
      local p = roles[name].connected { steps = flow }
      p.conn:feed_eof()
      assert.equal("truncated", select(2, p.conn:read()).code)
    end)
  end
end)
