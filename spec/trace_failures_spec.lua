-- bearssl.trace where the handshake comes to nothing: the ladder goes as far as it went, and the report says why, and
-- what cures it.
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local trace = require "bearssl.trace"

local function connect(port, more)
  local options = { trust = pki.root.p256, name = "localhost", timeout = 60 }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(trace.connect("127.0.0.1", port, options))
end

local function has(report, name, from)
  for _, item in ipairs(report.items) do
    if item.name == name and item.from == (from or item.from) then return true end
  end
  return false
end

-- Every way of showing it tells the code and the remedy.
local function shown(report)
  assert.is_false(report.connected)
  local failure = report.failure
  assert.is_string(failure.remedy)
  for _, width in ipairs { 50, 100 } do
    local text = trace.text(report, { width = width }):gsub("%s+", " ")
    assert.truthy(text:find(failure.code, 1, true))
    assert.truthy(text:find(failure.remedy:gsub("%s+", " "), 1, true), text)
  end
  local html = trace.html(report)
  assert.truthy(html:find("Failed: " .. failure.code, 1, true))
  assert.truthy(html:find("<b>Remedy:</b>", 1, true))
  assert.truthy(trace.svg(report):find(failure.code, 1, true))
end

local rude = { -- what it does, the code of the error, what the remedy is about
  { "http", "not_tls", "HTTPS" },
  { "greet", "not_tls", "STARTTLS" },
  { "garbage", "record_overflow not_tls" },
  { "close", "closed", "port" },
  { "reset", "reset", "port" },
}

local wrong = { -- a server's chain, the code, the alert that it gets
  { "expired", "expired", "certificate_expired" },
  { "not_yet_valid", "not_yet_valid", "certificate_expired" },
  { "unknown_ca", "unknown_issuer", "unknown_ca" },
  { "self_signed", "self_signed", "unknown_ca" },
  { "other_name", "name_mismatch", "bad_certificate" },
}

for _, engine in ipairs { "native", "bear" } do
  local own = engine == "bear" and { engine = "bear", max_version = "1.2" } or {}

  describe(("a trace that fails (%s)"):format(engine), function()
    for _, case in ipairs(rude) do
      it("tells of a server that does this: " .. case[1], function()
        local server <close> = peer.rude(case[1])
        local report = connect(server.port, own)
        assert.truthy(case[2]:find(report.failure.code, 1, true), tostring(report.error))
        if case[3] then
          assert.truthy((report.failure.remedy):find(case[3], 1, true), report.failure.remedy)
        end
        assert.is_true(has(report, "ClientHello", "client"))
        shown(report)
      end)
    end

    for _, case in ipairs(wrong) do
      it("tells of a certificate that is wrong: " .. case[1], function()
        local server <close> = peer.openssl_server(pki.bad[case[1]], "-rev")
        local report = connect(server.port, own)
        assert.equal(case[2], report.failure.code, tostring(report.error))
        local last = report.items[#report.items]
        assert.same({ "alert", "client", "fatal", case[3] },
          { last.name, last.from, last.fields.level, last.fields.description })
        assert.is_true(has(report, "Certificate", "server"))
        shown(report)
      end)
    end

    it("tells of a server that hangs", function()
      local server <close> = peer.rude "hang"
      local report = connect(server.port, { timeout = 1, engine = own.engine, max_version = own.max_version })
      assert.equal("timeout", report.failure.code)
      assert.matches("before any message of the server", report.failure.message)
      shown(report)
    end)

    it("tells of a server of TLS 1.0 alone", function()
      local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1 -cipher ALL:@SECLEVEL=0")
      local report = connect(server.port, own)
      assert.equal(engine == "native" and "protocol_version" or "handshake_failure", report.failure.alert)
      shown(report)
    end)

    it("tells of a server that wants a certificate", function()
      local server <close> = peer.openssl_server(pki.server.p256,
        "-rev -Verify 3 -verify_return_error -CAfile " .. pki.roots)
      local report = connect(server.port, own)
      assert.is_true(has(report, "CertificateRequest", "server"))
      assert.truthy(report.failure, "no failure")
      assert.truthy(report.failure.remedy:find("certificate", 1, true))
      shown(report)
    end)

    for after = 0, 4 do
      it(("tells of a reset after %d records of the server"):format(after), function()
        local server <close> = peer.openssl_server(pki.server.p256, "-rev -tls1_2")
        local relay <close> = peer.relay(server.port, { from = "server", after = after, act = "reset" })
        local report = connect(relay.port, own)
        if report.handshake_done then return assert.equal(4, after) end
        assert.equal("reset", report.failure.code, tostring(report.error))
        assert.equal(after > 0, has(report, "ServerHello"))
        shown(report)
      end)
    end
  end)
end

describe("a trace without a connection", function()
  it("tells that nobody listens", function()
    local report = connect(peer.free_port())
    assert.same({ "refused", true, 0 }, { report.failure.code, report.connect_failed, #report.items })
    shown(report)
  end)

  it("tells that a name does not resolve", function()
    local report = assert(trace.connect("nowhere.invalid", 443, { trust = pki.root.p256, timeout = 60 }))
    assert.equal("dns", report.failure.code)
    shown(report)
  end)

  it("raises where an option is wrong, and gives an error where a file is", function()
    assert.has_error(function() trace.connect("127.0.0.1", 1, { tiemout = 3 }) end)
    assert.has_error(function() trace.connect("127.0.0.1", 1, { timeout = -1 }) end)
    assert.has_error(function() trace.connect("127.0.0.1", 1, { starttls = "gopher" }) end)
    local report, err = trace.connect("127.0.0.1", 1, { trust = "/nonexistent.pem" })
    assert.is_nil(report)
    assert.equal("file", err.code)
  end)
end)
