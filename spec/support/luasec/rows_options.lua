-- LuaSec's table: the options of contexts, by the names of ssl.config.options.
local rows = { title = "Options" }

-- Those that do something here, or say something that is worth a word.
local notes = {
  no_tlsv1 = "", no_tlsv1_1 = "", no_tlsv1_2 = "TLS 1.3 alone", no_tlsv1_3 = "up to TLS 1.2",
  no_ticket = "a server gives no tickets: nothing is resumed",
  ignore_unexpected_eof = "an end without close_notify reads \"closed\"",
  no_compression = "always so", no_renegotiation = "always so", no_sslv2 = "always so", no_sslv3 = "always so",
  single_dh_use = "always so", single_ecdh_use = "always so", cipher_server_preference = "always so",
  enable_middlebox_compat = "always so", all = "there is nothing that it works around",
  no_encrypt_then_mac = "there is no encrypt_then_mac here",
    no_ssl_mask = "no version is left: refused with the reason",
  prioritize_chacha = "always so", enable_ktls = "without effect", cleanse_plaintext = "without effect",
  cookie_exchange = "DTLS's, without effect", tlsext_padding = "without effect",
}

local refused = {
  allow_client_renegotiation = "a client cannot renegotiate", allow_no_dhe_kex = "TLS 1.3 is always with (EC)DHE",
  allow_unsafe_legacy_renegotiation = "RFC 5746 always", legacy_server_connect = "RFC 5746 always",
  no_anti_replay = "early data is never taken without a guard",
  no_extended_master_secret = "RFC 7627 is offered always",
}

local names = {
  "all", "no_sslv2", "no_sslv3", "no_ssl_mask", "no_tlsv1", "no_tlsv1_1", "no_tlsv1_2", "no_tlsv1_3", "no_ticket",
  "ignore_unexpected_eof", "no_compression", "no_renegotiation", "no_session_resumption_on_renegotiation",
  "cipher_server_preference", "prioritize_chacha", "single_dh_use", "single_ecdh_use", "enable_middlebox_compat",
  "no_encrypt_then_mac", "no_extended_master_secret", "cleanse_plaintext", "enable_ktls", "no_query_mtu",
  "cookie_exchange", "cisco_anyconnect", "disable_tlsext_ca_names", "dont_insert_empty_fragments", "ephemeral_rsa",
  "allow_client_renegotiation", "allow_no_dhe_kex", "allow_unsafe_legacy_renegotiation", "legacy_server_connect",
  "no_anti_replay", "no_dtls_mask", "no_dtlsv1", "no_dtlsv1_2", "cryptopro_tlsext_bug", "microsoft_big_sslv3_buffer",
  "microsoft_sess_id_bug", "msie_sslv2_rsa_padding", "netscape_ca_dn_bug", "netscape_challenge_bug",
  "netscape_demo_cipher_change_bug", "netscape_reuse_cipher_change_bug", "pkcs1_check_1", "pkcs1_check_2",
  "safari_ecdhe_ecdsa_bug", "ssleay_080_client_dh_bug", "sslref2_reuse_cert_type_bug", "tls_block_padding_bug",
  "tls_d5_bug", "tls_rollback_bug", "tlsext_padding",
}

for _, name in ipairs(names) do
  rows[#rows + 1] = {
    name = name, verdict = refused[name] and "refused" or name == "no_ssl_mask" and "fixed" or "same",
    note = refused[name] or notes[name] or "without effect",
    probe = function(env) return env.new { options = { name } } end,
  }
end

local function case(name, what, verdict, probe, note)
  rows[#rows + 1] = { name = name, case = what, verdict = verdict, probe = probe, note = note }
end

case("unknown options", nil, "same", function(env) return env.new { options = "zzz" } end)
case("no_tlsv1_3", "what is negotiated", "same", function(env)
  return (env.connected({ options = { "no_tlsv1_3" } })):info "protocol"
end)
case("no_tlsv1_2", "what is negotiated", "same", function(env)
  return (env.connected({}, { options = { "no_tlsv1_2" } })):info "protocol"
end)
case("ignore_unexpected_eof", "with it", "same", function(env)
  local c, s = env.connected({ options = { "ignore_unexpected_eof" } }, {})
  env.cut(s)
  local data, err = c:receive "*l"
  return data, err
end)
case("ignore_unexpected_eof", "without", "same", function(env)
  local c, s = env.connected()
  env.cut(s)
  local data, err = c:receive "*l"
  return data, err
end)

return rows
