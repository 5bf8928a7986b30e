-- SPDX-License-Identifier: MIT
-- The words that LuaSec's callers match on: a bearssl.error as OpenSSL 3 names its reason, and why a chain was refused
-- as X509_verify_cert_error_string says it.
local errors = {}

-- What a bearssl.error's code is called; the peer's alerts and refused certificates come below.
local reasons = {
  truncated = "unexpected eof while reading",
  reset = "closed",
  closed = "closed",
  cancelled = "callback failed",
  not_tls = "wrong version number",
  bad_record_version = "wrong version number",
  protocol_version = "unsupported protocol",
  no_cipher_suite = "no shared cipher",
  no_signature_scheme = "no suitable signature algorithm",
  no_group = "no suitable key share",
  no_alpn = "no application protocol",
  unknown_name = "callback failed",
  unexpected = "unexpected message",
  record_overflow = "data length too long",
  decode = "length mismatch",
  bad_record = "decryption failed or bad record mac",
  bad_signature = "bad signature",
  bad_finished = "digest check failed",
  bad_key_exchange = "bad ecpoint",
  bad_binder = "binder does not verify",
  illegal_parameter = "bad extension",
  unsupported_extension = "unsolicited extension",
  missing_extension = "missing sigalgs extension",
  renegotiation = "no renegotiation",
  insecure_renegotiation = "unsafe legacy renegotiation disabled",
  no_extended_master_secret = "inconsistent extms",
  fallback = "inappropriate fallback",
  certificate_required = "peer did not return a certificate",
  no_peer_certificate = "peer did not return a certificate",
  psk_refused = "psk identity not found",
  memory = "malloc failure",
}

-- RFC 8446 section 6.2's names, with the prefixes that OpenSSL's have from their history.
local alert_prefixes = {
  close_notify = "sslv3", unexpected_message = "sslv3", bad_record_mac = "sslv3", handshake_failure = "sslv3",
  bad_certificate = "sslv3", unsupported_certificate = "sslv3", certificate_revoked = "sslv3",
  certificate_expired = "sslv3", certificate_unknown = "sslv3", illegal_parameter = "sslv3",
  missing_extension = "tlsv13", certificate_required = "tlsv13",
}
local alert_words = {
  unknown_ca = "unknown ca", unrecognized_name = "unrecognized name", bad_record_mac = "bad record mac",
  no_application_protocol = "no application protocol", user_canceled = "user cancelled",
}
local without_alert = { -- these two read "tlsv1 unrecognized name"
  unrecognized_name = true, unsupported_extension = true, bad_certificate_status_response = true,
}

local function alert_reason(alert)
  if alert:find "^alert " then return "tlsv1 " .. alert end -- a number without a name
  local words = alert_words[alert] or alert:gsub("_", " ")
  return ("%s %s%s"):format(alert_prefixes[alert] or "tlsv1", without_alert[alert] and "" or "alert ", words)
end

-- Codes of refused certificates, with OpenSSL's words.
local verification = {
  expired = "certificate has expired",
  not_yet_valid = "certificate is not yet valid",
  unknown_issuer = "unable to get local issuer certificate",
  self_signed = "self-signed certificate",
  distrusted = "certificate rejected",
  not_ca = "invalid CA certificate",
  path_length = "path length constraint exceeded",
  key_usage = "key usage does not include digital signature",
  extended_key_usage = "unsuitable certificate purpose",
  name_constraint = "permitted subtree violation",
  name_mismatch = "hostname mismatch",
  weak_signature = "CA signature digest algorithm too weak",
  weak_key = "EE certificate key too weak",
  bad_certificate_signature = "certificate signature failure",
  unsupported_certificate = "unsupported or invalid name syntax",
  critical_extension = "unhandled critical extension",
  certificate_policy = "no explicit policy",
  lifetime = "certificate rejected",
  revoked = "certificate revoked",
  revocation_unknown = "unable to get certificate CRL",
  bad_crl = "CRL signature failure",
  must_staple = "OCSP verification needed",
  bad_ocsp = "OCSP verification failed",
  bad_certificate = "certificate rejected",
  der = "certificate rejected",
  limit = "certificate chain too long",
  no_peer_certificate = "peer did not return a certificate",
  pin_mismatch = "certificate rejected",
  unwelcome = "application verification failure",
  no_tlsa = "no matching DANE TLSA records",
}

-- Is this why a certificate was refused?
function errors.is_verification(err)
  return type(err) == "table" and err.side ~= "peer" and verification[err.code] ~= nil
    and err.code ~= "no_peer_certificate" and err.code ~= "limit"
end

-- What X509_verify_cert_error_string would say.
function errors.verification(err)
  return verification[err.code] or tostring(err)
end

-- What LuaSec's functions return for an error of ours; strings are the same in both.
function errors.reason(err)
  if type(err) ~= "table" then return err end
  if err.code == "peer_alert" then return err.alert and alert_reason(err.alert) or "tlsv1 alert" end
  if errors.is_verification(err) then return "certificate verify failed" end
  if err.code == "io" then return err.message and err.message:match "([^:]+)$":gsub("^ ", "") or "System error" end
  return reasons[err.code] or tostring(err)
end

-- Why a file could not be used, in the words that stand in LuaSec's parentheses.
function errors.of_file(err)
  if err.code == "file" then return tostring(err.message):match "([^:]+)$":gsub("^ ", "") end
  if err.code == "bad_password" or err.code == "encrypted_key" then return "bad decrypt" end
  if err.code == "no_key" or err.code == "no_certificates" or err.code == "pem" then return "no start line" end
  return tostring(err)
end

return errors
