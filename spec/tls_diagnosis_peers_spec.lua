-- What err.cause says of OpenSSL's refusals, at once or, as TLS 1.3 does it, after our side of the handshake.
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local tls = require "spec.support.tls"

local asks = "-rev -Verify 1 -verify_return_error -CAfile " .. pki.root.p256
local stranger = pki.bad_client.unknown_ca

local rows = { -- arguments of s_server, options of our client, alert, cause
  { "-rev -tls1_2", { min_version = "1.3", max_version = "1.3" }, "protocol_version", "the server speaks no TLS 1.3" },
  { "-rev -tls1_3", { max_version = "1.2", engine = "native" }, "protocol_version", "speaks TLS 1.3 only" },
  { "-rev -tls1_3", { max_version = "1.2", engine = "bear" }, "protocol_version", "speaks TLS 1.3 only" },
  { "-rev -tls1_1 -cipher ALL:@SECLEVEL=0", { max_version = "1.3" }, "protocol_version",
    "the server speaks no TLS from TLSv1.2 to TLSv1.3" },
  { "-rev -tls1_3 -ciphersuites TLS_AES_128_CCM_SHA256", { min_version = "1.3", max_version = "1.3" },
    "handshake_failure", "we offered TLS_AES_128_GCM_SHA256, TLS_" },
  { "-rev -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256", { max_version = "1.3" }, "handshake_failure", ", ..." },
  { "-rev -alpn h2", { max_version = "1.3", alpn = "h3" }, "no_application_protocol",
    "none of our application protocols" },
  { asks, { max_version = "1.3" }, "certificate_required", "got none; it takes those by CN=p256 root,O=Test PKI" },
  { asks .. " -tls1_2", { max_version = "1.3" }, "handshake_failure",
    "got none; it takes those by CN=p256 root,O=Test PKI" },
  { asks, { max_version = "1.3", certificate = stranger.certificate, key = stranger.key }, "certificate_required",
    "none of ours fits" },
  { ("-rev -servername other.example -servername_fatal -cert2 %s -key2 %s"):format(pki.server.p256.leaf,
    pki.server.p256.key), { max_version = "1.3" }, "unrecognized_name", "the server knows no host localhost" },
}

describe("the diagnosis of an OpenSSL server", function()
  for _, row in ipairs(rows) do
    local arguments, options, alert, cause = table.unpack(row)
    it(("%s (%s)"):format(arguments:gsub("/%S+/", ""), options.engine or "native"), function()
      local server <close> = peer.openssl_server(pki.server.p256, arguments)
      local sock, err = tls.connect(tls.client(options), server.port)
      if sock then
        sock:settimeout(10)
        err = select(2, sock:receive "*l")
        sock:close()
      end
      assert.same({ "peer_alert", alert }, { err.code, err.alert }, tostring(err))
      assert.truthy(err.cause:find(cause, 1, true), tostring(err))
    end)
  end
end)
