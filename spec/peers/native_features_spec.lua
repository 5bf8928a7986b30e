-- What TLS 1.3 and our TLS 1.2 have beyond a plain connection, with openssl and gnutls: early data, client
-- authentication then and later, staples, new keys, small records, HelloRetryRequest, every kind of key.
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"
local tls = require "spec.support.tls"
local x509 = require "bearssl.x509"

local trusting = " -verify_return_error -verify_hostname localhost -CAfile " .. pki.roots
local gnutls_trusting = "--verify-hostname localhost --logfile @/messages --x509cafile " .. pki.roots

local function options(version, more)
  local all = { engine = "native", min_version = version, max_version = version }
  for key, value in pairs(more or {}) do all[key] = value end
  return all
end

local function openssl_version(version)
  return " -tls" .. version:gsub("%.", "_")
end

local function gnutls_priority(version, more)
  return (" --priority NORMAL:-VERS-ALL:+VERS-TLS%s%s"):format(version, more or "")
end

local function identity(pair)
  return (" -cert %s -cert_chain %s -key %s"):format(pair.leaf, pair.issuers, pair.key)
end

-- With s_server -rev.
local function reverses(sock)
  assert(sock:send "hello\n")
  assert.equal("olleh", (assert(sock:receive "*l")))
end

-- With s_client.
local function talks(process, sock)
  assert(sock:send "good day\n")
  process:wait_for "good day"
  process:send "hello\n"
  assert.equal("hello", (assert(sock:receive "*l")))
end

local function in_file(text)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
  return path
end

-- An OCSP response for the leaf of a P-256 server, by its issuer.
local function staple()
  local response = revoke.ocsp(assert(x509.load(pki.server.p256.leaf))[1])
  return revoke.file(response), response
end

local others = { "p521", "ed25519", "rsapss2048" } -- the kinds that only the native engine has

for _, version in ipairs { "1.3", "1.2" } do
  local function client(more) return tls.client(options(version, more)) end
  local function server(pair, more) return tls.server(pair, options(version, more)) end

  local function openssl_server(pair, more)
    return peer.openssl_server(pair, (more or "-rev") .. openssl_version(version))
  end
  local function meet(config, more, input)
    return tls.meet(config, peer.openssl_client, trusting .. openssl_version(version) .. (more or ""), input)
  end

  describe(("in TLS %s, our client and openssl s_server"):format(version), function()
    for _, kind in ipairs(others) do
      it("agree with keys of kind " .. kind .. " on both sides", function()
        local process <close> = openssl_server(pki.server[kind],
          "-rev -Verify 3 -verify_return_error -CAfile " .. pki.roots)
        local config = tls.client_with(pki.client[kind], options(version))
        local sock <close> = assert(tls.connect(config, process.port))
        reverses(sock)
        process:wait_for("Peer certificate: O = Test PKI, CN = " .. kind .. " client")
        assert.equal(3, #sock:verified_chain())
      end)
    end

    it("take its staple", function()
      local path, response = staple()
      local process <close> = openssl_server(pki.server.p256, "-rev -status_file " .. path)
      local config = client { revocation = { mode = "hard", leaf_only = true } }
      local sock <close> = assert(tls.connect(config, process.port))
      reverses(sock)
      assert.equal(response, sock:ocsp_staple())
      local _, checked = sock:verified_chain()
      assert.same({ "good", "staple" }, { checked.revocation[1].status, checked.revocation[1].source })
    end)

    it("read small records", function()
      local process <close> = openssl_server(pki.server.rsa4096, "-rev -max_send_frag 512")
      local sock <close> = assert(tls.connect(client(), process.port))
      local text = tls.bytes(10000):gsub("[\r\n]", ".") -- its buffer has room for so much
      assert(sock:send(text .. "\n"))
      assert.is_true(text:reverse() == assert(sock:receive "*l"))
    end)

    it("end in order: the server's close_notify", function()
      local process <close> = openssl_server(pki.server.p256)
      local sock <close> = assert(tls.connect(client(), process.port))
      assert(sock:send "CLOSE\n")
      assert.same({ nil, "closed", "" }, { sock:receive "*l" })
    end)

    for what, row in pairs {
      ["none"] = { nil, version == "1.3" and "certificate_required" or "handshake_failure" },
      ["a stranger's"] = { pki.bad_client.unknown_ca, "unknown_ca" },
      ["an expired one"] = { pki.bad_client.expired, "certificate_expired" },
    } do
      it("learn that a client certificate was wanted, ours being " .. what, function()
        local named = row[1] == pki.bad_client.unknown_ca and pki.stranger or pki.roots -- or it would not be sent
        local process <close> = openssl_server(pki.server.p256,
          ("-rev -Verify 3 -verify_return_error -CAfile %s -verifyCAfile %s"):format(named, pki.roots))
        local config = row[1] and tls.client_with(row[1], options(version)) or client()
        local sock <close>, err = tls.connect(config, process.port)
        if sock then -- in 1.3 it is judged when our handshake is done, mostly
          assert.equal("1.3", version)
          err = select(2, sock:receive "*l")
        end
        assert.same({ "peer_alert", row[2] }, { err.code, err.alert })
      end)
    end
  end)

  describe(("in TLS %s, our server and openssl s_client"):format(version), function()
    for _, kind in ipairs(others) do
      it("agree with keys of kind " .. kind .. " on both sides", function()
        local config = tls.mutual_server(pki.server[kind], options(version))
        local _ <close>, process, sock, err = meet(config, identity(pki.client[kind]))
        talks(process, assert(sock, err))
        assert.equal("CN=" .. kind .. " client,O=Test PKI", tostring(sock:verified_chain()[1].subject))
      end)
    end

    for suite, words in pairs(version == "1.3" and {
      TLS_AES_128_GCM_SHA256 = "-ciphersuites TLS_AES_128_GCM_SHA256",
      TLS_AES_256_GCM_SHA384 = "-ciphersuites TLS_AES_256_GCM_SHA384",
      TLS_CHACHA20_POLY1305_SHA256 = "-ciphersuites TLS_CHACHA20_POLY1305_SHA256",
    } or {
      TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = "-cipher ECDHE-ECDSA-AES128-GCM-SHA256",
      TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 = "-cipher ECDHE-ECDSA-AES256-GCM-SHA384",
      TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = "-cipher ECDHE-ECDSA-CHACHA20-POLY1305",
    }) do
      it("agree on " .. suite, function()
        local _ <close>, process, sock, err = meet(server(pki.server.p256), " " .. words)
        talks(process, assert(sock, err))
        assert.equal(suite, sock:info().cipher_suite)
      end)
    end

    it("show a staple", function()
      local path = staple()
      local _ <close>, process, sock, err = meet(server(pki.server.p256, { ocsp_staple = path }), " -status")
      talks(process, assert(sock, err))
      assert.truthy(process:output():find("OCSP Response Status: successful", 1, true))
      os.remove(path)
    end)

    it("read small records, and write them where it asks for them", function()
      local _ <close>, process, sock, err = meet(server(pki.server.p256), " -max_send_frag 512 -quiet -no_ign_eof",
        tls.bytes(20000))
      assert.is_true(tls.bytes(20000) == assert(assert(sock, err):receive "*a"))
      assert.equal(0, (process:finish()))
    end)

    for what, row in pairs {
      ["none"] = { "", "certificate_required", version == "1.3" and "certificate_required" or "handshake_failure" },
      ["a stranger's"] = { identity(pki.bad_client.unknown_ca), "unknown_issuer", "unknown_ca" },
      ["an expired one"] = { identity(pki.bad_client.expired), "expired", "certificate_expired" },
    } do
      it("part where we want a client certificate and get " .. what, function()
        local config = tls.mutual_server(pki.server.p256, options(version))
        local _ <close>, process, sock, err = meet(config, row[1])
        assert.is_nil(sock)
        assert.same({ row[2], row[3] }, { err.code, err.alert })
        assert.equal("fatal " .. row[3], process:alert_received())
      end)
    end

    it("part where it refuses our certificate", function()
      local _ <close>, _, sock, err = meet(server(pki.bad.expired))
      assert.is_nil(sock)
      assert.same({ "peer_alert", "certificate_expired" }, { err.code, err.alert })
    end)
  end)

  describe(("in TLS %s, openssl that names no CA"):format(version), function()
    it("gets the client's certificate all the same", function() -- an empty list, in TLS 1.3 too
      local process <close> = peer.openssl_server(pki.server.p256,
        "-rev -Verify 2 -verify_return_error -no_ca_names -CAfile " .. pki.roots .. openssl_version(version))
      local sock <close> = assert(tls.connect(tls.client_with(pki.client.p256, options(version)), process.port))
      reverses(sock)
    end)
  end)

  describe(("in TLS %s, gnutls and we"):format(version), function()
    for _, kind in ipairs { "p521", "ed25519" } do
      it("agree with keys of kind " .. kind .. " on both sides, we the client", function()
        local process <close> = peer.gnutls_server(pki.server[kind], "--echo --require-client-cert "
          .. "--verify-client-cert --x509cafile " .. pki.roots .. gnutls_priority(version))
        local sock <close> = assert(tls.connect(tls.client_with(pki.client[kind], options(version)), process.port))
        assert(sock:send "hello\n")
        assert.equal("hello", (assert(sock:receive "*l")))
      end)

      it("agree with keys of kind " .. kind .. " on both sides, we the server", function()
        local other, config = pki.client[kind], tls.mutual_server(pki.server[kind], options(version))
        local _ <close>, process, sock, err = tls.meet(config, peer.gnutls_client, ("%s%s --x509certfile %s "
          .. "--x509keyfile %s"):format(gnutls_trusting, gnutls_priority(version), other.certificate, other.key))
        talks(process, assert(sock, err))
      end)
    end

    it("keep to its record_size_limit and it to ours", function()
      local text = tls.bytes(50000):gsub("%z", "0"):gsub("[\r\n]", ".") .. "\n"
      local process <close> = peer.gnutls_server(pki.server.p256,
        "--echo --crlf --quiet --recordsize 1024" .. gnutls_priority(version))
      local sock <close> = assert(tls.connect(client { record_size_limit = 512, trace = true }, process.port))
      assert(sock:send(text))
      assert.is_true(text == assert(sock:receive(#text)))
    end)

    it("keep to its record_size_limit as a server", function()
      local _ <close>, process, sock, err = tls.meet(server(pki.server.p256), peer.gnutls_client,
        gnutls_trusting .. gnutls_priority(version) .. " --recordsize 600")
      local text = tls.bytes(50000)
      assert(assert(sock, err):send(text))
      sock:close()
      local _, output = process:finish()
      assert.truthy(output:find(text, 1, true))
    end)
  end)
end

describe("TLS 1.3, our client and openssl s_server", function()
  local function client(more) return tls.client(options("1.3", more)) end

  local function openssl_server(pair, more)
    return peer.openssl_server(pair, (more or "-rev") .. " -tls1_3")
  end

  it("agree on TLS_AES_128_CCM_SHA256", function()
    local process <close> = openssl_server(pki.server.p256, "-rev -ciphersuites TLS_AES_128_CCM_SHA256")
    local sock <close> = assert(tls.connect(client { cipher_suites = { "TLS_AES_128_CCM_SHA256" } }, process.port))
    reverses(sock)
    assert.equal("TLS_AES_128_CCM_SHA256", sock:info().cipher_suite)
  end)

  it("take one round trip, and two after a HelloRetryRequest", function()
    for curves, round_trips in pairs { ["X25519:P-256"] = 1, ["P-384"] = 2 } do
      local process <close> = openssl_server(pki.server.p256, "-rev -curves " .. curves)
      local sock <close> = assert(tls.connect(client(), process.port))
      reverses(sock)
      assert.equal(round_trips, sock:info().round_trips)
    end
  end)

  it("resume after a HelloRetryRequest", function()
    local process <close> = openssl_server(pki.server.p256, "-rev -curves P-384")
    local config, session = client(), nil
    for turn = 1, 2 do
      local sock <close> = assert(tls.connect(config, process.port, { session = session }))
      reverses(sock)
      assert.same({ turn == 2, 2 }, { sock:info().resumed, sock:info().round_trips })
      session = assert(sock:session())
    end
  end)

  it("carry early data", function()
    local process <close> = openssl_server(pki.server.p256, "-early_data -no_anti_replay")
    local config = client { early_data = true }
    local first <close> = assert(tls.connect(config, process.port))
    process:send "a line\n"
    assert.equal("a line", (assert(first:receive "*l")))
    local session = assert(first:session())
    first:close()
    local second <close> = assert(tls.connect(config, process.port, { session = session, early_data = "early bird\n" }))
    process:wait_for "early bird.*End of early data" -- in no order: its two ways to print
    assert.equal("accepted", second:info().early_data)
    assert(second:send "later\n")
    process:wait_for "later\n"
  end)

  it("learn that early data was not taken", function()
    local process <close> = openssl_server(pki.server.p256, "-early_data -no_anti_replay")
    local config = client { early_data = true }
    local first <close> = assert(tls.connect(config, process.port))
    process:send "a line\n"
    assert.equal("a line", (assert(first:receive "*l")))
    local session = assert(first:session())
    first:close()
    process:stop()
    local other <close> = openssl_server(pki.server.p256)
    local second <close> = assert(tls.connect(config, other.port, { session = session, early_data = "early bird\n" }))
    assert.equal("rejected", second:info().early_data)
    reverses(second)
  end)

  it("go on after our KeyUpdates", function()
    local process <close> = openssl_server(pki.server.p256)
    local sock <close> = assert(tls.connect(client(), process.port))
    for turn = 1, 3 do
      assert(sock:update_keys(turn > 1))
      reverses(sock)
    end
    process:wait_for("<<< [^\n]*KeyUpdate.*>>> [^\n]*KeyUpdate", "messages")
  end)

  it("authenticate the client later", function()
    local process <close> = openssl_server(pki.server.p256, "-verify 3 -verify_return_error -CAfile " .. pki.roots)
    local config = tls.client_with(pki.client.ed25519, options("1.3", { post_handshake_auth = true }))
    local sock <close> = assert(tls.connect(config, process.port))
    process:send "c\n"
    process:wait_for("CertificateRequest.*CertificateRequest", "messages")
    process:send "asked\n"
    assert.equal("asked", (assert(sock:receive "*l")))
    assert(sock:send "after\n")
    process:wait_for "after"
    process:wait_for("<<< [^\n]*CertificateVerify.*<<< [^\n]*CertificateVerify", "messages")
  end)

  it("decline to authenticate later without a certificate", function()
    local process <close> = openssl_server(pki.server.p256, "-verify 3 -CAfile " .. pki.roots)
    local sock <close> = assert(tls.connect(client { post_handshake_auth = true }, process.port))
    process:send "c\n"
    process:wait_for("CertificateRequest.*CertificateRequest", "messages")
    process:send "asked\n"
    assert.equal("asked", (assert(sock:receive "*l")))
    assert(sock:send "after\n")
    process:wait_for "after"
  end)
end)

describe("TLS 1.3, our server and openssl s_client", function()
  local function meet(config, more, input)
    return tls.meet(config, peer.openssl_client, trusting .. " -tls1_3" .. (more or ""), input)
  end

  -- With its commands at the start of a line.
  local function meet_commands(config, more)
    return tls.meet(config, function(port)
      return peer.start(("openssl s_client -msg -msgfile @/messages -connect 127.0.0.1:%d -tls1_3 %s"):format(port,
        more or ""))
    end)
  end

  it("agree on TLS_AES_128_CCM_SHA256", function()
    local config = tls.server(pki.server.p256, options("1.3", { cipher_suites = { "TLS_AES_128_CCM_SHA256" } }))
    local _ <close>, process, sock, err = meet(config, " -ciphersuites TLS_AES_128_CCM_SHA256")
    talks(process, assert(sock, err))
    assert.equal("TLS_AES_128_CCM_SHA256", sock:info().cipher_suite)
  end)

  it("take one round trip, and two after a HelloRetryRequest", function()
    local config = tls.server(pki.server.p256, options("1.3", { groups = { "secp384r1" } }))
    local _ <close>, process, sock, err = meet(config)
    talks(process, assert(sock, err))
    assert.same({ "secp384r1", 2 }, { sock:info().group, sock:info().round_trips })
    assert.equal(2, select(2, process:output "messages":gsub(">>> [^\n]*ClientHello", "")))
  end)

  it("resume after a HelloRetryRequest", function()
    local config = tls.server(pki.server.p256, options("1.3", { groups = { "secp384r1" } }))
    local file = os.tmpname()
    for turn, way in ipairs { " -sess_out ", " -sess_in " } do
      local _ <close>, process, sock, err = meet(config, way .. file)
      talks(process, assert(sock, err))
      assert.equal(turn == 2, sock:info().resumed)
      sock:close()
      process:finish()
    end
    os.remove(file)
  end)

  it("carry early data, unless the guard has seen it", function()
    local fresh = true
    local config = tls.server(pki.server.p256, options("1.3", {
      max_early_data = 1000, early_data_guard = function() return fresh end,
    }))
    local session, early = os.tmpname(), in_file "early bird\n"
    local _ <close>, process, sock, err = meet(config, " -sess_out " .. session)
    talks(process, assert(sock, err))
    sock:close()
    process:finish()
    for turn = 1, 2 do
      local _ <close>, again, second, why = meet(config, (" -sess_in %s -early_data %s"):format(session, early))
      assert(second, why)
      assert.equal(turn == 1 and "accepted" or "rejected", second:info().early_data)
      fresh = false
      if turn == 1 then
        assert.is_true(second:is_early())
        assert.equal("early bird", (assert(second:receive "*l")))
      end
      talks(again, second)
      assert.is_false(second:is_early())
    end
    os.remove(session)
    os.remove(early)
  end)

  it("go on after its KeyUpdates", function()
    local _ <close>, process, sock, err = meet_commands(tls.server(pki.server.p256, options "1.3"))
    assert(sock, err)
    for turn, command in ipairs { "k", "K", "k" } do -- k: of its own keys; K: and of ours
      process:send(command .. "\n")
      process:wait_for(("KEYUPDATE.*"):rep(turn))
      process:send "hello\n"
      assert.equal("hello", (assert(sock:receive "*l")))
      assert(sock:send("after " .. command .. "\n"))
      process:wait_for("after " .. command)
    end
    process:wait_for("<<< [^\n]*KeyUpdate", "messages")
  end)

  it("go on after our KeyUpdates", function()
    local _ <close>, process, sock, err = meet(tls.server(pki.server.p256, options "1.3"))
    assert(sock, err)
    for turn = 1, 3 do
      assert(sock:update_keys(turn > 1))
      talks(process, sock)
    end
  end)

  it("authenticate the client later", function()
    local config = tls.server(pki.server.p256, options("1.3", {
      client_auth = "request", client_trust = pki.roots, post_handshake_auth = true,
    }))
    local _ <close>, process, sock, err = meet(config, " -enable_pha")
    talks(process, assert(sock, err))
    assert.is_nil(sock:peer_certificates())
    assert(sock:request_certificate())
    talks(process, sock)
    assert.is_nil(sock:verified_chain())
    local _ <close>, another, with = meet(config, " -enable_pha" .. identity(pki.client.p384))
    talks(another, assert(with))
    assert.equal("CN=p384 client,O=Test PKI", tostring(with:verified_chain()[1].subject))
  end)
end)

describe("TLS 1.3, gnutls and we", function()
  it("carry our early data", function()
    local process <close> = peer.gnutls_server(pki.server.p256, "--echo --earlydata --maxearlydata 1000")
    local config = tls.client(options("1.3", { early_data = true }))
    local first <close> = assert(tls.connect(config, process.port))
    assert(first:send "hello\n")
    assert.equal("hello", (assert(first:receive "*l")))
    local session = assert(first:session())
    first:close()
    local second <close> = assert(tls.connect(config, process.port, { session = session, early_data = "early bird\n" }))
    assert(second:send "later\n")
    assert(second:receive "*l")
    assert.equal("accepted", second:info().early_data)
  end)

  it("carry its early data", function()
    local config = tls.server(pki.server.p256, options("1.3", {
      max_early_data = 1000, early_data_guard = function() return true end,
    }))
    local early, listener <close> = in_file "early bird\n", peer.listen()
    local process <close> = peer.gnutls_client(listener.port, gnutls_trusting .. " --resume --earlydata " .. early)
    local first <close> = assert(tls.accept(config, listener))
    first:receive "*l" -- it leaves at once
    first:close()
    local second <close> = assert(tls.accept(config, listener))
    assert.equal("early bird", (assert(second:receive "*l")))
    assert.equal("accepted", second:info().early_data)
    talks(process, second)
    os.remove(early)
  end)

  it("agree on TLS_AES_128_CCM_SHA256, each way", function()
    local only = ":-CIPHER-ALL:+AES-128-CCM"
    local ccm = options("1.3", { cipher_suites = { "TLS_AES_128_CCM_SHA256" } })
    local process <close> = peer.gnutls_server(pki.server.p256, "--echo" .. gnutls_priority("1.3", only))
    local sock <close> = assert(tls.connect(tls.client(ccm), process.port))
    assert(sock:send "hello\n")
    assert.equal("hello", (assert(sock:receive "*l")))
    local _ <close>, other, back, err = tls.meet(tls.server(pki.server.p256, ccm), peer.gnutls_client,
      gnutls_trusting .. gnutls_priority("1.3", only))
    talks(other, assert(back, err))
  end)

  it("authenticate the client later, we the server", function()
    local config = tls.server(pki.server.p256, options("1.3", {
      client_auth = "request", client_trust = pki.roots, post_handshake_auth = true,
    }))
    local _ <close>, process, sock, err = tls.meet(config, peer.gnutls_client,
      gnutls_trusting .. " --post-handshake-auth")
    talks(process, assert(sock, err))
    assert(sock:request_certificate())
    talks(process, sock)
  end)
end)

describe("bearssl.https.request", function()
  local https = require "bearssl.https"

  for protocols, version in pairs {
    ["TLSv1.2 TLSv1.3"] = "TLSv1.3", ["TLSv1.2"] = "TLSv1.2", ["TLSv1.3"] = "TLSv1.3",
  } do
    it(("speaks %s with an nginx that has %s"):format(version, protocols), function()
      local server <close> = peer.nginx(pki.server.p256, nil, protocols)
      local body = assert(https.request { url = ("https://localhost:%d/facts"):format(server.port), trust = pki.roots })
      assert.equal(version, body:match "^%S+")
    end)
  end
end)
