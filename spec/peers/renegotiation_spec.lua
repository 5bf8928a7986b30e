-- OpenSSL asks for another handshake on a connection; we refuse, on either side (RFC 5246 section 7.2.2).
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

describe("renegotiation", function()
  it("asked for by a server is refused, and the connection goes on", function()
    local own = pki.server.p256
    local identity = ("-cert %s -cert_chain %s -key %s"):format(own.leaf, own.issuers, own.key)
    local server <close> = peer.start(
      "openssl s_server -tls1_2 -msg -msgfile @/messages -accept 127.0.0.1:0 " .. identity)
    server.port = math.tointeger(tonumber(server:wait_for "ACCEPT 127%.0%.0%.1:(%d+)"))
    local sock <close> = assert(tls.connect(tls.client(), server.port))
    assert(sock:send "before\n")
    server:wait_for "before"
    server:send "r\nafter\n"
    local line, err = sock:receive "*l"
    assert.equal("warning no_renegotiation", server:alert_received())
    -- OpenSSL takes the refusal for the end
    assert.is_true(line == "after" or err ~= nil)
  end)

  it("asked for by a client is refused", function()
    local _ <close>, client, sock = tls.meet(tls.server(pki.server.p256), function(port)
      return peer.start(("openssl s_client -tls1_2 -msg -msgfile @/messages -connect 127.0.0.1:%d"):format(port))
    end)
    assert(sock)
    client:send "before\n"
    assert.equal("before", (assert(sock:receive "*l")))
    client:send "R\n"
    sock:receive "*l"
    assert.equal("warning no_renegotiation", client:alert_received())
    client:wait_for "[Nn]o.?renegotiation"
  end)
end)
