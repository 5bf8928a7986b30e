-- External PSKs (RFC 8446 section 4.2.11) with a peer that breaks the rules.
local hostile = require "spec.support.hostile"

local spoil, server_flows = hostile.spoil, hostile.server_flows
local key = ("k"):rep(32)

describe("a server with external PSKs", function()
  local config = assert(require "bearssl".server { max_version = "1.3", time = hostile.time,
    on_psk = function(identity) return identity == "sensor 17" and key or nil end })
  local function make(options)
    return hostile.client(hostile.with({ config = config, offer = { ticket = "sensor 17", age = 0, secret = key,
      external = true } }, options))
  end

  it("meets a client that keeps the rules", function()
    local p = make {}:run()
    assert.truthy(p:connected(), tostring(p.err))
    assert.is_true(p.resumed)
    assert.equal(0, #p.tickets)
    assert.is_nil(p.flight[11])
  end)

  hostile.rows(it, make, {
    { "4.2.11.2", "a binder of another key", "decrypt_error", nil, { code = "bad_binder",
      offer = { ticket = "sensor 17", age = 0, secret = ("x"):rep(32), external = true } } },
    { "4.2.11.2", "a binder as those of tickets are", "decrypt_error", nil, { code = "bad_binder",
      offer = { ticket = "sensor 17", age = 0, secret = key } } },
    { "9.2", "a PSK without supported_groups", "missing_extension", { client_hello = spoil.drop(10) } },
    { "4.2.9", "an external PSK without psk_key_exchange_modes", "missing_extension",
      { client_hello = spoil.drop(45) } },
    { "4.1.1", "an identity that it does not know, where it has no certificate", "handshake_failure", nil,
      { offer = { ticket = "sensor 18", age = 0, secret = key, external = true } } },
    { "4.1.1", "no PSK, where it has no certificate", "handshake_failure", nil, { offer = false } },
  })

  it("says that it has no certificate", function()
    local err = make { offer = false }:run().err
    assert.truthy(tostring(err):find("this config has no certificate", 1, true), tostring(err))
  end)
end)

describe("a client with an external PSK", function()
  local config = assert(require "bearssl".client { max_version = "1.3", time = hostile.time })
  local function make(options)
    return hostile.server(hostile.with({ config = config, psk = key, steps = server_flows.flow_psk,
      connection_options = { psk = { identity = "sensor 17", key = key } } }, options))
  end

  it("meets a server that keeps the rules", function()
    local p = make {}:run()
    assert.truthy(p:connected(), tostring(p.err))
    assert.equal("sensor 17", p.conn:info().psk)
  end)

  hostile.rows(it, make, {
    { "4.2.11", "a selected_identity beyond the one that was offered", "illegal_parameter",
      { server_hello = spoil.set(41, "\0\1") } },
    { "4.2.11", "a cipher suite of another hash than the PSK's", "illegal_parameter",
      { server_hello = spoil.field("cipher_suite", 0x1302) } },
    { "4.2.9", "a PSK alone, without key_share", "missing_extension", { server_hello = spoil.drop(51) } },
    { "4.2.10", "early_data with an external PSK", "unsupported_extension",
      { encrypted_extensions = spoil.add(42, "") } },
    { "2.2", "Certificate where an external PSK authenticates", "unexpected_message", nil,
      { steps = { "client_hello", "server_hello", "encrypted_extensions", "certificate" } } },
  })
end)
