-- SPDX-License-Identifier: MIT
-- ssl.config: what there is. Programs look here before they ask for it (Prosody, for one), so it names what is done,
-- and what is accepted because it changes nothing here.
local config = {}

-- LuaSec's names of curves, to IANA's; OpenSSL has several for the same.
config.groups = {
  X25519 = "x25519", x25519 = "x25519",
  ["P-256"] = "secp256r1", prime256v1 = "secp256r1", secp256r1 = "secp256r1",
  ["P-384"] = "secp384r1", secp384r1 = "secp384r1", ["P-521"] = "secp521r1", secp521r1 = "secp521r1",
}

-- Curves that OpenSSL has and we have not: a list may name them beside ours.
config.foreign_groups = {
  X448 = true, secp256k1 = true, secp224r1 = true, ["P-224"] = true, brainpoolP256r1 = true, brainpoolP384r1 = true,
  brainpoolP512r1 = true, ffdhe2048 = true, ffdhe3072 = true, ffdhe4096 = true, ffdhe6144 = true, ffdhe8192 = true,
}

-- The options: what each is to us. true: it is so already, or cannot matter; a string: see bearssl.luasec.settings.
config.known_options = {
  all = true, no_sslv2 = true, no_sslv3 = true, no_ssl_mask = "no_ssl_mask", no_dtls_mask = true, no_dtlsv1 = true,
  no_dtlsv1_2 = true, no_tlsv1 = "no_tlsv1", no_tlsv1_1 = "no_tlsv1_1", no_tlsv1_2 = "no_tlsv1_2",
  no_tlsv1_3 = "no_tlsv1_3",
  no_ticket = "no_ticket", ignore_unexpected_eof = "ignore_unexpected_eof",
  no_compression = true, no_renegotiation = true, no_session_resumption_on_renegotiation = true,
  cipher_server_preference = true, prioritize_chacha = true, single_dh_use = true, single_ecdh_use = true,
  enable_middlebox_compat = true, no_encrypt_then_mac = true, cleanse_plaintext = true, enable_ktls = true,
  no_query_mtu = true, cookie_exchange = true, cisco_anyconnect = true, disable_tlsext_ca_names = true,
  dont_insert_empty_fragments = true, ephemeral_rsa = true, microsoft_big_sslv3_buffer = true,
  microsoft_sess_id_bug = true, msie_sslv2_rsa_padding = true, netscape_ca_dn_bug = true,
  netscape_challenge_bug = true, netscape_demo_cipher_change_bug = true, netscape_reuse_cipher_change_bug = true,
  pkcs1_check_1 = true, pkcs1_check_2 = true, safari_ecdhe_ecdsa_bug = true, ssleay_080_client_dh_bug = true,
  sslref2_reuse_cert_type_bug = true, tls_block_padding_bug = true, tls_d5_bug = true, tls_rollback_bug = true,
  tlsext_padding = true, cryptopro_tlsext_bug = true,
}

-- Options that would make a connection weaker, and are refused.
config.refused_options = {
  allow_client_renegotiation = "a client cannot renegotiate here",
  allow_unsafe_legacy_renegotiation = "renegotiation without RFC 5746 is not done",
  legacy_server_connect = "renegotiation without RFC 5746 is not done",
  allow_no_dhe_kex = "TLS 1.3 without (EC)DHE is not done",
  no_anti_replay = "early data is never taken without a guard",
  no_extended_master_secret = "extended_master_secret (RFC 7627) is not left out",
}

local function names(of)
  local set = {}
  for name in pairs(of) do set[name] = true end
  return set
end

config.public = {
  protocols = { tlsv1 = true, tlsv1_1 = true, tlsv1_2 = true, tlsv1_3 = true },
  algorithms = { ec = true },
  capabilities = {
    alpn = true, psk = true, curves_list = true, ecdh_auto = true, dane = { no_ee_namechecks = true },
  },
  curves = names(config.groups),
  options = names(config.known_options),
}

return config
