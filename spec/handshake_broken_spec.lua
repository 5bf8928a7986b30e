-- A handshake on a wire that breaks it: after each record of either side it ends, in order or by a reset, in the middle
-- of the next one, or goes on with garbage; or a bit changes on the way.
local failure = require "spec.support.failure"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local found = failure.found

-- Our client and s_server with a relay between, which does `act`: our error, and what we sent. `alert`: what the other
-- end must hear.
local function client_fails(options, act, alert)
  local server <close> = peer.openssl_server(pki.server.p256, "-rev -no_ticket")
  local relay <close> = peer.relay(server.port, act)
  local sock, err = tls.connect(tls.client(options), relay.port)
  assert.is_nil(sock, "the handshake succeeded")
  if alert then assert.equal("fatal " .. alert, server:alert_received()) end
  relay:stop()
  return err, relay:output "to_server"
end

-- The same with our server and s_client; `identity`: the options for its certificate.
local function server_fails(options, act, alert, identity)
  local listener <close> = peer.listen()
  act.from = "client"
  local relay <close> = peer.relay(listener.port, act)
  local client <close> = peer.openssl_client(relay.port, identity)
  local sock, err = tls.accept((identity and tls.mutual_server or tls.server)(pki.server.p256, options), listener)
  assert.is_nil(sock, "the handshake succeeded")
  if alert then assert.equal("fatal " .. alert, client:alert_received()) end
  return err
end

local function no_alert(bytes)
  for _, record in ipairs(failure.records(bytes)) do assert.not_equal(21, record[1]) end
end

for engine, options in pairs(failure.engines) do
  local is_1_3 = options.min_version == "1.3"
  -- 1.2: ServerHello, Certificate, ServerKeyExchange, ServerHelloDone, ChangeCipherSpec, Finished
  -- 1.3: ServerHello, ChangeCipherSpec, EncryptedExtensions, Certificate, CertificateVerify, Finished
  local server_records = 6
  -- 1.2: ClientHello, ClientKeyExchange, ChangeCipherSpec, Finished; 1.3: without ClientKeyExchange
  local client_records = is_1_3 and 3 or 4

  describe(("a handshake on a bad wire (%s):"):format(engine), function()
    before_each(failure.count)
    after_each(failure.recount)

    for _, side in ipairs {
      { "server", server_records, client_fails },
      { "client", client_records, server_fails },
    } do
      local name, records, fails = table.unpack(side)
      for after = 0, records - 1 do
        it(("the %s leaves after its record %d"):format(name, after), function()
          local err, sent = fails(options, { after = after, act = "close" })
          found(err, "closed", nil, "connection is closed", "by the " .. name,
            after == 0 and "before any message" or "after ")
          if sent then no_alert(sent) end
        end)

        it(("the %s leaves in the middle of its record %d"):format(name, after + 1), function()
          local err = fails(options, { after = after, act = "truncate" })
          found(err, "closed", nil, "connection is closed", "by the " .. name)
          if options.engine == "bear" then assert.truthy(tostring(err):find "in the middle of a record") end
        end)

        it(("the connection is reset after the %s's record %d"):format(name, after), function()
          found(fails(options, { after = after, act = "reset" }), "reset", nil, "connection reset by peer")
        end)

        it(("garbage for the %s's record %d"):format(name, after + 1), function()
          local err = fails(options, { after = after, act = "garbage" }, after > 0 and "unexpected_message")
          if after == 0 then
            found(err, "not_tls", nil, "the peer does not speak TLS")
          else
            found(err, "unexpected", "unexpected_message", "TLSPlaintext.type")
          end
        end)
      end
    end

    it("another bit in the server's signature", function()
      if is_1_3 then
        found(client_fails(options, { after = 4, act = "flip" }, "bad_record_mac"), "bad_record", "bad_record_mac")
      else
        found(client_fails(options, { after = 2, act = "flip" }, "decrypt_error"), "bad_signature", "decrypt_error",
          "signature does not verify")
      end
    end)

    it("another bit in the server's Finished", function()
      found(client_fails(options, { after = 5, act = "flip" }, "bad_record_mac"), "bad_record", "bad_record_mac",
        "record does not decrypt")
    end)

    it("another bit in the client's Finished", function()
      found(server_fails(options, { after = client_records - 1, act = "flip" }, "bad_record_mac"), "bad_record",
        "bad_record_mac", "record does not decrypt")
    end)

    if not is_1_3 then -- where it is not encrypted
      it("another bit in the signature of CertificateVerify: a client with the wrong key", function()
        local pair = pki.client.p256
        local err = server_fails(options, { after = 3, act = "flip" }, "decrypt_error",
          ("-cert %s -cert_chain %s -key %s"):format(pair.leaf, pair.issuers, pair.key))
        found(err, "bad_signature", "decrypt_error", "signature does not verify")
      end)
    end
  end)
end
