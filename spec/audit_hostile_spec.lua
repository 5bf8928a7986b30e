-- Servers that do not play along: bearssl.audit ends with an error or with what is known, within its bounds.
local audit = require "bearssl.audit"
local audit_peer = require "spec.support.audit_peer"
local core = require "bearssl.core"
local messages = require "spec.support.hostile.messages"
local peer = require "spec.support.peer"

local AES, ECDHE = 0x002f, 0xc013

local function run(handler, options)
  local all = { timeout = 0.5, total_timeout = 20 }
  for name, value in pairs(options or {}) do all[name] = value end
  return audit_peer.audit(handler, all)
end

local function wait_for_end(p)
  repeat local data = p.sock:receive(1) until not data
end

local silent = { -- what it does; the handler; code and text of the error
  { "says nothing", wait_for_end, "timeout", "does not answer" },
  { "closes at once", function() end, "handshake", "closes the connection" },
  { "closes after the ClientHello", function(p) p:read() end, "handshake", "closes the connection" },
  { "speaks HTTP in clear", function(p)
    p:read()
    p:send "HTTP/1.1 400 Bad Request\r\n\r\n"
    wait_for_end(p)
  end, "handshake", "does not speak TLS" },
  { "greets as SMTP does", function(p)
    p:send "220 mail.example ESMTP\r\n"
    wait_for_end(p)
  end, "handshake", "does not speak TLS" },
  { "sends three octets that are no TLS", function(p) p:send "no\n" end, "handshake", "does not speak TLS" },
  { "sends noise", function(p)
    p:read()
    p:send(core.random(256):rep(16))
  end, "handshake", "." },
  { "sends zeros without end", function(p)
    for _ = 1, 4096 do
      if not p:send(("\0"):rep(4096)) then return end
    end
  end, "handshake", "does not speak TLS" },
  { "sends empty records without end", function(p)
    for _ = 1, 100000 do
      if not p:send(("\23\3\3\0\0"):rep(100)) then return end
    end
  end, "handshake", "." },
  { "sends records of a handshake message that never ends", function(p)
    p:record(22, "\2\xff\xff\xff" .. ("x"):rep(1000))
    for _ = 1, 10000 do
      if not p:record(22, ("x"):rep(16000)) then return end
    end
  end, "handshake", "." },
  { "sends a record that is longer than any", function(p)
    p:read()
    p:send("\22\3\3\xff\xff" .. ("x"):rep(70000))
  end, "handshake", "sends without end" },
  { "sends one octet in a second", function(p)
    p:read()
    local scheduler = require "bearssl.scheduler".current()
    for octet in ("\22\3\3\0\50"):gmatch "." do
      scheduler.sleep(1)
      if not p:send(octet) then return end
    end
    wait_for_end(p)
  end, "timeout", "does not answer" },
  { "answers with alerts alone", function(p)
    p:read()
    p:alert(40)
  end, "handshake", "no version and no suite is accepted %(handshake_failure%)" },
  { "answers with a suite that was not offered", function(p)
    local hello = p:hello()
    if not hello then return end
    p:message(2, messages.body("server_hello", { legacy_version = 0x0303, random = ("r"):rep(32), session_id = "",
      cipher_suite = 0x1234, compression_method = 0 }))
  end, "handshake", "does not decode" },
}

-- A good server until the n-th connection.
local function until_then(n, afterwards, config)
  local good = audit_peer.scripted(config or { versions = { 0x0303 }, suites = { AES, ECDHE } })
  return function(p, count) return (count <= n and good or afterwards)(p) end
end

describe("bearssl.audit", function()
  for _, row in ipairs(silent) do
    it("gives an error where a server " .. row[1], function()
      local report, err = run(row[2])
      assert.is_nil(report)
      assert.equal(row[3], err.code)
      assert.truthy(err.message:find(row[4]), tostring(err))
    end)
  end

  it("says that STARTTLS may be missing", function()
    local _, err = run(silent[5][2])
    assert.truthy(err.hint:find "starttls")
  end)

  it("gives an error where nobody listens, and where the name does not resolve", function()
    local report, err = audit.run("127.0.0.1", peer.free_port(), { timeout = 2 })
    assert.is_nil(report)
    assert.equal("refused", err.code)
    report, err = audit.run("nobody.invalid", 443, { timeout = 2 })
    assert.is_nil(report)
    assert.equal("dns", err.code)
  end)

  it("gives what is known of a server that stops answering, and names the gaps", function()
    for _, n in ipairs { 12, 20, 30 } do
      local report = assert(run(until_then(n, function() end)))
      local two
      for _, protocol in ipairs(report.protocols) do
        if protocol.name == "TLSv1.2" then two = protocol end
      end
      assert.is_true(two.offered)
      local named
      for _, gap in ipairs(report.gaps) do named = named or gap.why:find "no longer answers" and gap.what end
      assert.truthy(named)
      assert.truthy(report.grade)
    end
  end)

  it("ends in its time where a server hangs in the middle", function()
    local now = core.now()
    local report = assert(run(until_then(15, wait_for_end), { total_timeout = 6 }))
    assert.truthy(#report.gaps > 0)
    assert.truthy(core.now() - now < 60)
  end)

  it("bears a ServerHello and a Certificate that are cut at any place", function()
    local whole = messages.body("server_hello", { legacy_version = 0x0303, random = ("r"):rep(32), session_id = "",
      cipher_suite = AES, compression_method = 0, extensions = { { 0xff01, "\0" } } })
    local cut = 0
    local report, err = run(function(p)
      if not p:hello() then return end
      cut = (cut + 1) % #whole
      p.version = 0x0303
      p:message(2, whole:sub(1, cut))
    end)
    assert.is_nil(report)
    assert.truthy(err.message:find "does not decode")
    local certificate = 0
    local base = { versions = { 0x0303 }, suites = { AES } }
    local good = audit_peer.scripted(base)
    report = assert(run(function(p)
      local message = p.message
      function p:message(kind, body)
        certificate = certificate + 7
        return message(self, kind, kind == 11 and body:sub(1, certificate % #body) or body)
      end
      return good(p)
    end))
    assert.same({}, report.certificates)
  end)

  it("bears each message of the first flight in place of each other", function()
    for kind = 0, 24, 3 do
      local good = audit_peer.scripted { versions = { 0x0303 }, suites = { ECDHE } }
      local report = assert(run(function(p)
        local message = p.message
        function p:message(own, body) return message(self, own == 12 and kind or own, body) end
        return good(p)
      end))
      assert.equal(kind == 12 and 1 or 0, #report.groups["TLSv1.2"])
    end
  end)

  it("is not led on by a server that always takes the first suite it is offered", function()
    local report = assert(run(function(p)
      local hello = p:hello()
      if not hello then return end
      p.version = 0x0303
      p:message(2, messages.body("server_hello", { legacy_version = 0x0303, random = ("r"):rep(32), session_id = "",
        cipher_suite = hello.cipher_suites[1], compression_method = 0 }))
    end, { total_timeout = 10 }))
    assert.truthy(report.connections < 1000)
  end)

  it("has bounds for HTTP, too", function()
    local http = require "bearssl.audit.http"
    assert.is_true(http.has_head(("x"):rep(40000)))
    assert.is_nil(http.read "SSH-2.0-OpenSSH_9\r\n\r\n")
    local many = {}
    for i = 1, 5000 do many[i] = ("X-%d: y\r\n"):format(i) end
    local answer = http.read("HTTP/1.1 200 OK\r\n" .. table.concat(many) .. "\r\n")
    local count = 0
    for _ in pairs(answer.headers) do count = count + 1 end
    assert.truthy(count <= 201)
    for _, value in ipairs { "", "max-age", "max-age=", "max-age=x", "max-age=-1", "includeSubDomains", ";;;",
      "max-age=99999999999999999999" } do
      assert.is_nil(http.hsts(value))
    end
    assert.same({ max_age = 5, include_subdomains = true, preload = true },
      http.hsts 'MAX-AGE="5" ; includeSubDomains; preload')
  end)

  it("raises for what is wrong in the call, and names it", function()
    local function wrong(pattern, ...)
      local ok, err = pcall(audit.run, ...)
      assert.is_false(ok)
      assert.truthy(err:find(pattern, 1, true), err)
    end
    wrong("host", "", 443)
    wrong("port", "localhost", 0)
    wrong("port", "localhost", "x")
    wrong("unknown option 'timeot', did you mean 'timeout'?", "localhost", 443, { timeot = 1 })
    wrong("option 'starttls'", "localhost", 443, { starttls = "telnet" })
    wrong("option 'concurrency'", "localhost", 443, { concurrency = 0 })
    wrong("a table of options", "localhost", 443, "x")
    assert.is_false(pcall(audit.worse, "A", "Z"))
    assert.is_true(audit.worse("B", "A"))
    assert.is_false(audit.worse("A+", "A"))
    assert.is_true(audit.worse("T", "F"))
  end)

  it("escapes what a server says before a terminal sees it", function()
    local output = require "bearssl.command.output"
    local screen = require "bearssl.command.audit.screen"
    local report = assert(run(audit_peer.scripted { versions = { 0x0303 }, suites = { AES } }))
    local evil = "\27[2Jevil\r\n\226\128\174name\155"
    for _, c in ipairs(report.certificates) do
      c.subject, c.names, c.signature = evil, { evil }, evil
      c.chain = { { subject = evil, key = { type = evil } } }
    end
    report.http = { status = 200, server = evil }
    report.features.alpn = { evil }
    report.gaps = { { what = evil, why = evil } }
    report.target.host = evil
    report.client_certificate = { requested = true, authorities = { evil } }
    local path = os.tmpname()
    local file = assert(io.open(path, "w+b"))
    screen.show(output.new { stdout = file, colour = false, width = 80 }, report, "none")
    file:seek "set"
    local text = file:read "a"
    file:close()
    os.remove(path)
    assert.truthy(text:find("evil", 1, true))
    assert.is_nil(text:find "[\27\r\155]")
    assert.is_nil(text:find("\226\128\174", 1, true))
    assert.truthy(utf8.len(text))
    assert.is_nil(output.encode(screen.for_json(report)):find "[\27\155]")
  end)
end)

