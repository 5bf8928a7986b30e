-- What a bearssl.error is called by bearssl.luasec, held against OpenSSL's own words.
local core = require "bearssl.core"
local errors = require "bearssl.luasec.errors"

-- OpenSSL's reason for a code of its SSL library (20); alerts of the peer are 1000 and their number.
local function openssl(reason)
  local out = io.popen(("openssl errstr %X"):format(20 << 23 | reason)):read "l"
  return out:match "::(.*)$"
end

local alerts = {
  [10] = "unexpected_message", [20] = "bad_record_mac", [22] = "record_overflow", [40] = "handshake_failure",
  [42] = "bad_certificate", [43] = "unsupported_certificate", [44] = "certificate_revoked",
  [45] = "certificate_expired", [46] = "certificate_unknown", [47] = "illegal_parameter", [48] = "unknown_ca",
  [49] = "access_denied", [50] = "decode_error", [51] = "decrypt_error", [70] = "protocol_version",
  [71] = "insufficient_security", [80] = "internal_error", [86] = "inappropriate_fallback", [90] = "user_canceled",
  [100] = "no_renegotiation", [109] = "missing_extension", [110] = "unsupported_extension",
  [112] = "unrecognized_name", [113] = "bad_certificate_status_response", [115] = "unknown_psk_identity",
  [116] = "certificate_required", [120] = "no_application_protocol",
}

describe("an alert of the peer", function()
  for number, name in pairs(alerts) do
    it("is called what OpenSSL calls it: " .. name, function()
      assert.equal(name, core.alert_name(number))
      local words = openssl(1000 + number)
      assert.equal(words, errors.reason(core.error { code = "peer_alert", alert = name, side = "peer" }))
    end)
  end

  it("that has no name is told by its number", function()
    assert.equal("tlsv1 alert 200", errors.reason(core.error { code = "peer_alert", alert = "alert 200" }))
  end)
end)

describe("an error", function()
  it("that is a string stays one", function()
    for _, word in ipairs { "closed", "wantread", "wantwrite" } do assert.equal(word, errors.reason(word)) end
  end)

  -- numbers of SSL_R_..., from openssl/sslerr.h
  local named = {
    truncated = 294, not_tls = 267, protocol_version = 258, no_cipher_suite = 193, unexpected = 244,
    bad_record = 281, bad_signature = 123, bad_finished = 149, no_signature_scheme = 118, no_group = 101,
    certificate_required = 199, renegotiation = 339, insecure_renegotiation = 338, fallback = 373, decode = 159,
    record_overflow = 146, bad_key_exchange = 306, unsupported_extension = 217, missing_extension = 112,
    psk_refused = 223, name_mismatch = 134, no_alpn = 235, bad_binder = 253, no_extended_master_secret = 104,
    illegal_parameter = 110,
  }
  for code, number in pairs(named) do
    it("of ours has OpenSSL's word: " .. code, function()
      assert.equal(openssl(number), errors.reason(core.error { code = code, side = "local" }))
    end)
  end

  it("of a refused certificate is one word in the handshake, and told in full beside it", function()
    for _, code in ipairs { "expired", "unknown_issuer", "self_signed", "revoked", "weak_key" } do
      local err = core.error { code = code, side = "local" }
      assert.equal("certificate verify failed", errors.reason(err))
      assert.are_not.equal(tostring(err), errors.verification(err))
    end
  end)

  it("of the operating system is its word", function()
    assert.equal("Broken pipe", errors.reason(core.error { code = "io", message = "input/output error: Broken pipe" }))
    assert.equal("closed", errors.reason(core.error { code = "reset" }))
  end)

  it("that OpenSSL has no word for is told as it is", function()
    local err = core.error { code = "entropy", message = "no entropy from the operating system" }
    assert.equal(tostring(err), errors.reason(err))
  end)
end)

-- X509_V_ERR_..., as `openssl verify` prints them
describe("why a certificate is refused", function()
  local function known(text)
    return io.popen(("strings -n 8 $(ldd $(command -v openssl) | sed -n 's/.*libcrypto.* => \\([^ ]*\\).*/\\1/p') "
      .. "| grep -cFx '%s'"):format(text)):read "n" > 0
  end
  for _, code in ipairs {
    "expired", "not_yet_valid", "unknown_issuer", "self_signed", "not_ca", "path_length", "extended_key_usage",
    "name_constraint", "name_mismatch", "weak_signature", "weak_key", "bad_certificate_signature",
    "critical_extension", "certificate_policy", "revoked", "revocation_unknown", "bad_crl", "unwelcome", "no_tlsa",
    "distrusted", "limit", "bad_certificate", "must_staple",
  } do
    it("is said in OpenSSL's words: " .. code, function()
      assert.is_true(known(errors.verification { code = code }))
    end)
  end
end)
