-- bearssl.fetch against `openssl ocsp` as the responder.
local bearssl = require "bearssl"
local fetch = require "bearssl.fetch"
local ocsp = require "bearssl.x509.ocsp"
local peer = require "spec.support.peer"
local pki = require "spec.support.pki"
local revoke = require "spec.support.revoke"

local ca = { certificate = pki.dir .. "/p256-intermediate.pem", key = pki.dir .. "/p256-intermediate.key" }
local issuer = bearssl.x509.load(ca.certificate)[1]

-- A responder that knows one certificate, and that certificate, which names it.
local function responder_for(entry, options)
  entry.serial = "7B"
  local responder = peer.ocsp_responder(ca, revoke.index { entry }, options)
  local pair = revoke.issue("leaf", {
    extensions = ("authorityInfoAccess=OCSP;URI:http://127.0.0.1:%d\n"):format(responder.port), serial = entry.serial,
  })
  return responder, bearssl.x509.load(pair.certificate)[1]
end

describe("fetch.ocsp, asking `openssl ocsp`,", function()
  for _, method in ipairs { "auto", "get", "post" } do
    it("gives a verified response, by the method " .. method, function()
      local responder <close>, leaf = responder_for { good = true }
      local der, answer = fetch.ocsp(leaf, issuer, { method = method })
      assert.equal("good", answer.status)
      assert.is_true(answer.next_update > os.time())
      assert.equal("good", assert(ocsp.verify(der, leaf, issuer)).status)
      assert.truthy(responder:output():find(method == "post" and "POST / HTTP" or "GET /M", 1))
    end)
  end

  it("asks for the nonce that the responder repeats", function()
    local responder <close>, leaf = responder_for { good = true }
    local der, answer = fetch.ocsp(leaf, issuer, { nonce = true })
    assert.equal("good", answer.status)
    assert.truthy(ocsp.parse(der).nonce)
    assert.truthy(responder:output():find("POST /", 1, true))
  end)

  it("tells of a revoked certificate", function()
    local responder <close>, leaf = responder_for { reason = "keyCompromise" }
    local _, answer = fetch.ocsp(leaf, issuer)
    assert.equal("revoked", answer.status)
    assert.truthy(responder:running())
  end)

  it("asks once, until nextUpdate", function()
    local responder <close>, leaf = responder_for { good = true }
    local first = assert(fetch.ocsp(leaf, issuer))
    responder:stop()
    assert.equal(first, fetch.ocsp(leaf, issuer))
    local der, err = fetch.ocsp(leaf, issuer, { time = os.time() + 3601 })
    assert.is_nil(der)
    assert.equal("refused", err.code)
  end)
end)
