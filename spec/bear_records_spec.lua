-- Records of BearSSL's engine after the handshake: the end of a connection, changes on the way, buffers and limits.
local pair = require "spec.support.pair"
local unit = require "bearssl.unit"

local client, server, connected, text, last_alert =
  pair.client_config, pair.server_config, pair.connected, pair.text, pair.last_alert

describe("closing", function()
  it("is seen by the other side, after all data", function()
    local p = connected()
    assert(p.client:write "last words")
    p.client:close()
    assert.equal("closing", p.client:state())
    p:run()
    local data, why = pair.read(p.server)
    assert.equal("last words", data)
    assert.equal("closed", why)
    p:run()
    assert.equal("closed", p.client:state())
  end)

  it("leaves what the peer still sends to be read, then waits for its close_notify", function()
    local p = connected()
    p.server:write(text(40000))
    assert(p.client:feed(p.server:pull()))
    p.client:close()
    p.server:write "more"
    assert(p.client:feed(p.server:pull()))
    local data, why = pair.read(p.client)
    assert.equal(40004, #data)
    assert.equal("wantread", why)
    assert.equal("closing", p.client:state())
    p:run()
    assert.equal("closed", p.client:state())
    assert.equal("closed", p.server:state())
  end)

  it("ends what may be written", function()
    local p = connected()
    p.client:close()
    local last, why = p.client:write "x"
    assert.is_nil(last)
    assert.equal("closed", why)
    p.client:close() -- twice is fine
    assert.equal(1, #pair.records(p.client:pull()))
  end)

  it("by the peer in the handshake is no connection", function()
    local p = pair.new(client(), server())
    p.server:feed(p.client:pull())
    p.client:close()
    local ok, err = p.server:feed(p.client:pull())
    assert.is_nil(ok)
    assert.equal("closed", err.code)
    assert.matches("close_notify by the client after ClientHello", tostring(err))
  end)

  it("in the handshake leaves no connection, whatever still comes", function()
    local p = pair.new(client(), server())
    p.server:feed(p.client:pull())
    p.client:close()
    assert.equal("closed", p.client:state())
    assert.is_true((p.client:feed(p.server:pull())))
    assert.is_true((p.client:feed_eof()))
    assert.equal("closed", p.client:state())
    assert.equal(1, #pair.records(p.client:pull()))
  end)

  it("of the transport alone is truncation", function()
    for _, whole in ipairs { true, false } do
      local p = connected()
      p.server:write "some data"
      local record = p.server:pull()
      assert(p.client:feed(whole and record or record:sub(1, -2)))
      local ok, err = p.client:feed_eof()
      if whole then -- the data first
        assert.is_true(ok)
        assert.equal("some data", (p.client:read()))
        ok, err = p.client:read()
      end
      assert.is_nil(ok)
      assert.equal("truncated", err.code)
      assert.matches(whole and "between two records" or "in the middle of a record", tostring(err))
    end
  end)

  it("after close_notify is no error of the transport", function()
    local p = connected()
    p.server:close()
    assert(p.client:feed(p.server:pull()))
    assert.is_true((p.client:feed_eof()))
    assert.equal("closed", p.client:state())
  end)
end)

describe("records that change on the way", function()
  for _, suite in ipairs {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA",
  } do
    it("are refused with an alert, in " .. suite, function()
      local options = { cipher_suites = { suite } }
      local size = 60
      local i = 0
      while i < size do
        i = i + 1
        local p = connected(options, options)
        p.client:write "attack at dawn"
        local record = p.client:pull()
        size = #record
        local changed = record:sub(1, i - 1) .. string.char(record:byte(i) ~ 1) .. record:sub(i + 1)
        local ok, err = p.server:feed(changed)
        if i == 4 or (i == 5 and ok) then -- a longer record: its end is still to come
          ok, err = p.server:feed(("\0"):rep(400))
        end
        assert.is_nil(ok)
        local data = p.server:read()
        assert.is_nil(data)
        local alert = p.server:pull()
        local peer_ok, peer_err = p.client:feed(alert)
        assert.is_nil(peer_ok)
        assert.equal("peer_alert", peer_err.code)
        assert.equal(err.alert, peer_err.alert)
        if i > 5 then assert.equal("bad_record_mac", err.alert) end
      end
      assert.is_true(size > 30)
    end)
  end

  it("may not come twice, nor in another order", function()
    local p = connected()
    p.client:write "one"
    local one = p.client:pull()
    p.client:write "two"
    local two = p.client:pull()
    assert(p.server:feed(one))
    assert.equal("one", p.server:read())
    local ok, err = p.server:feed(one)
    assert.is_nil(ok)
    assert.equal("bad_record", err.code)
    p = connected()
    ok, err = p.server:feed(two)
    assert.is_nil(ok)
    assert.equal("bad_record", err.code)
  end)

  it("do not hurt the data that came before, nor what was written", function()
    local p = connected()
    p.client:write "good"
    assert(p.server:feed(p.client:pull()))
    p.server:write "answer" -- still inside when the bad record comes
    assert(p.server:feed(pair.record(23, ("x"):rep(40))))
    assert.equal("good", p.server:read())
    assert.equal("failed", p.server:state())
    assert(p.client:feed(p.server:pull()))
    assert.equal("answer", p.client:read())
    local none, err = p.client:read()
    assert.is_nil(none)
    assert.equal("bad_record_mac", err.alert)
  end)
end)

describe("after the handshake", function()
  -- role that gets it, type and payload of a record, code, alert, the first that the peer hears if it is another
  for _, row in ipairs {
    { "client", 20, "\1", "unexpected", "unexpected_message" },
    { "server", 20, "\1", "unexpected", "unexpected_message" },
    { "client", 24, "\1\0\0", "unexpected", "unexpected_message" }, -- heartbeat
    { "client", 22, "\0", "renegotiation", "no_renegotiation" },
    { "client", 22, "\0\0\0\1x", "decode", "decode_error" },
    { "client", 22, "\20\0\0\12" .. ("x"):rep(12), "unexpected", "unexpected_message" },
    { "server", 22, "\0\0\0\0", "unexpected", "unexpected_message" },
    { "server", 22, "\16\0\0\0", "unexpected", "unexpected_message" },
    { "client", 22, ("\0"):rep(8), "unexpected", "unexpected_message", "no_renegotiation" }, -- two HelloRequests
  } do
    it(("a %s refuses a record of type %d: %q"):format(row[1], row[2], row[3]:sub(1, 8)), function()
      local p = connected()
      local from = row[1] == "client" and p.server or p.client
      local ok, err = p[row[1]]:feed(unit.bear_record(from, row[2], row[3]))
      assert.is_nil(ok)
      assert.equal(row[4], err.code)
      assert.equal(row[5], err.alert)
      local peer_ok, peer_err = from:feed(p[row[1]]:pull())
      assert.is_nil(peer_ok)
      assert.equal(row[6] or row[5], peer_err.alert)
    end)
  end

  it("a ClientHello that never ends disturbs no data", function()
    local p = connected()
    assert(p.server:feed(unit.bear_record(p.client, 22, "\1\0\0\100" .. ("x"):rep(99))))
    p:exchange()
    p.client:close()
    p:run()
    assert.equal("closed", p.server:state())
  end)

  it("a few requests for another handshake are answered with a warning, then no more", function()
    local p = connected()
    for _ = 1, 4 do
      assert(p.client:feed(unit.bear_record(p.server, 22, "\0\0\0\0")))
      local records = pair.records(p.client:pull())
      assert.equal(1, #records)
      assert.equal(21, records[1].kind)
    end
    p.client:write "still here"
    assert.equal("connected", p.client:state())
    local ok, err = p.client:feed(unit.bear_record(p.server, 22, "\0\0\0\0"))
    assert.is_nil(ok)
    assert.equal("renegotiation", err.code)
  end)

  it("records without data are borne, but not for ever", function()
    for _, row in ipairs { { 23, "" }, { 21, "\1\90" } } do
      local p = connected()
      for _ = 1, 3 do
        for _ = 1, 31 do assert(p.client:feed(unit.bear_record(p.server, row[1], row[2]))) end
        if row[1] == 21 then break end
        p.server:write "data"
        assert(p.client:feed(p.server:pull()))
        assert.equal("data", p.client:read())
      end
      local ok, err
      for _ = 1, 33 do
        if ok == nil and err then break end
        ok, err = p.client:feed(unit.bear_record(p.server, row[1], row[2]))
      end
      assert.is_nil(ok)
      assert.equal("limit", err.code)
    end
  end)

  it("an alert may come in two pieces", function()
    local p = connected()
    assert(p.client:feed(unit.bear_record(p.server, 21, "\2")))
    local ok, err = p.client:feed(unit.bear_record(p.server, 21, "\80"))
    assert.is_nil(ok)
    assert.equal("internal_error", err.alert)
    assert.equal("peer", err.side)
    assert.equal("", p.client:pull())
  end)

  it("data after a close_notify counts no more", function()
    local p = connected()
    p.server:close()
    assert(p.client:feed(p.server:pull() .. pair.record(23, ("x"):rep(50))))
    assert.equal("closed", p.client:state())
    assert.same({ nil, "closed" }, { p.client:read() })
  end)
end)

describe("buffers", function()

  it("go when there is nothing in them", function()
    local p = connected()
    for _ = 1, 2 do
      p:exchange()
      assert.equal("", p.client:pull())
      assert.is_nil((p.client:read()))
      assert.same({ 0, 0 }, { unit.bear_buffers(p.client) })
    end
  end)

  it("are small while a record has only begun", function()
    local p = connected()
    p.server:write(text(16384))
    local record = p.server:pull()
    assert(p.client:feed(record))
    assert.equal(16384, #p.client:read())
    p.server:write(text(16384))
    record = p.server:pull()
    assert(p.client:feed(record:sub(1, 100)))
    assert.is_nil((p.client:read()))
    assert.is_true(unit.bear_buffers(p.client) < 1024)
    assert(p.client:feed(record:sub(101)))
    assert.equal(text(16384), p.client:read())
  end)

  it("of a failed connection hold the alert alone", function()
    local p = connected()
    assert.is_nil((p.client:feed(pair.record(23, ("x"):rep(16000)))))
    assert.is_true(unit.bear_buffers(p.client) <= 1024)
    p.client:pull()
    assert.equal(0, (unit.bear_buffers(p.client)))
  end)
end)

describe("limits", function()
  local function refused(conn, bytes, code, pattern)
    local ok, err = conn:feed(bytes)
    assert.is_nil(ok)
    assert.equal(code, err.code)
    assert.matches(pattern, tostring(err))
    assert.equal(2, (last_alert { conn:pull() }))
  end

  it("stand for empty records", function()
    refused(server():connection(), pair.record(22, ""):rep(40), "limit", "32 in a row")
  end)

  it("stand for warnings", function()
    refused(server():connection(), pair.record(21, "\1\90"):rep(40), "limit", "32 in a row")
  end)

  it("stand for a record in clear", function()
    refused(server():connection(), "\22\3\1\64\1", "record_overflow", "16385 bytes")
  end)

  it("stand for a handshake message", function()
    refused(server():connection(), pair.record(22, "\1\2\0\1" .. ("x"):rep(100)), "limit", "131073 bytes")
  end)

  it("stand for all of the handshake", function()
    local conn = server():connection()
    local ok, err = true, nil
    local message = pair.record(22, "\1\2\0\0" .. ("\3"):rep(16000))
    for _ = 1, 9 do
      ok, err = conn:feed(message)
      if not ok then break end
    end
    assert.is_nil(ok)
    assert.is_true(err.code == "limit" or err.code == "decode")
  end)

  it("stand for an encrypted record", function()
    local p = connected()
    local ok, err = p.server:feed("\23\3\3\72\1")
    assert.is_nil(ok)
    assert.equal("record_overflow", err.code)
    local _, peer_err = p.client:feed(p.server:pull())
    assert.equal("record_overflow", peer_err.alert)
  end)
end)
