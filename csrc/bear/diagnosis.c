/* SPDX-License-Identifier: MIT
 * diagnosis.c - what went wrong, in our words: BearSSL's error numbers, the peer's alerts, bytes
 * that are no TLS, and a peer that leaves. Where the cause is known, it is told with a remedy. */
#include "bear/bear.h"

#include "base/diagnosis.h"
#include "base/iana.h"

/* --- BearSSL's numbers ------------------------------------------------------------------------ */

static const struct {
    int number;
    lt_code code;
    const char *where; /* NULL: the last message that came */
} meanings[] = {
    { BR_ERR_BAD_PARAM, LT_decode, NULL },
    { BR_ERR_BAD_STATE, LT_internal, "engine state" },
    { BR_ERR_UNSUPPORTED_VERSION, LT_protocol_version, "ServerHello.server_version" },
    { BR_ERR_BAD_VERSION, LT_bad_record_version, "TLSPlaintext.version" },
    { BR_ERR_BAD_LENGTH, LT_bad_record, "TLSCiphertext.length" },
    { BR_ERR_TOO_LARGE, LT_record_overflow, "TLSCiphertext.length" },
    { BR_ERR_BAD_MAC, LT_bad_record, "TLSCiphertext.fragment" },
    { BR_ERR_NO_RANDOM, LT_entropy, "seeder" },
    { BR_ERR_UNKNOWN_TYPE, LT_unexpected, "TLSPlaintext.type" },
    { BR_ERR_UNEXPECTED, LT_unexpected, NULL },
    { BR_ERR_BAD_CCS, LT_unexpected, "ChangeCipherSpec" },
    { BR_ERR_BAD_ALERT, LT_decode, "Alert" },
    { BR_ERR_BAD_HANDSHAKE, LT_decode, NULL },
    { BR_ERR_OVERSIZED_ID, LT_decode, "session_id" },
    { BR_ERR_BAD_CIPHER_SUITE, LT_illegal_parameter, "ServerHello.cipher_suite" },
    { BR_ERR_BAD_COMPRESSION, LT_illegal_parameter, "ServerHello.compression_method" },
    { BR_ERR_BAD_FRAGLEN, LT_illegal_parameter, "max_fragment_length" },
    { BR_ERR_BAD_SECRENEG, LT_insecure_renegotiation, "renegotiation_info" },
    { BR_ERR_EXTRA_EXTENSION, LT_unsupported_extension, "ServerHello.extensions" },
    { BR_ERR_BAD_SNI, LT_decode, "ServerHello.server_name" },
    { BR_ERR_BAD_HELLO_DONE, LT_decode, "ServerHelloDone" },
    { BR_ERR_LIMIT_EXCEEDED, LT_limit, NULL },
    { BR_ERR_BAD_FINISHED, LT_bad_finished, "Finished.verify_data" },
    { BR_ERR_RESUME_MISMATCH, LT_illegal_parameter, "ServerHello of a resumed session" },
    { BR_ERR_NO_CLIENT_AUTH, LT_certificate_required, "Certificate" },
    { BR_ERR_X509_WEAK_PUBLIC_KEY, LT_weak_key, "Certificate" },
};

static const char *last_message(const lt_bear *b)
{
    if (b->tap.last_in)
        return b->tap.last_in;
    return b->config->server ? "ClientHello" : "ServerHello";
}

/* BR_ERR_INVALID_ALGORITHM: one number for all that can be wrong in a key exchange. */
static void invalid_algorithm(lt_bear *b)
{
    const lt_tap *t = &b->tap;
    uint32_t hash = t->signature_scheme >> 8;
    const lt_cipher_suite *suite = lt_cipher_suite_by_id(b->eng->session.cipher_suite);
    if (b->config->server && !t->has_request)
        lt_fail(&b->error, LT_internal, "our signature");
    else if (b->config->server)
        lt_fail(&b->error, LT_illegal_parameter, "CertificateVerify.algorithm");
    else if (suite && (suite->traits & LT_SUITE_static_ecdh))
        lt_fail_detail(&b->error, LT_no_group, "Certificate",
                       "the curve of the server's key is not among our groups");
    else if (!t->has_key_exchange)
        lt_fail(&b->error, LT_bad_key_exchange, "ServerKeyExchange.params");
    else if (t->named_curve >= 32 || (b->config->groups >> t->named_curve & 1) == 0)
        lt_fail_detail(&b->error, LT_illegal_parameter,
                       "ServerKeyExchange.params.curve_params.namedcurve",
                       "group %u was not offered", (unsigned)t->named_curve);
    else if (t->tls_1_2 && (hash < 2 || hash > 6))
        lt_fail_detail(&b->error, LT_illegal_parameter, "ServerKeyExchange.algorithm",
                       "signature scheme 0x%04x was not offered",
                       (unsigned)t->signature_scheme);
    else
        lt_fail(&b->error, LT_bad_key_exchange, "ServerKeyExchange.params.public");
}

/* The type of the key, or what the certificate lets it do. */
static void wrong_key(lt_bear *b)
{
    const lt_cipher_suite *suite = lt_cipher_suite_by_id(b->eng->session.cipher_suite);
    lt_fail_detail(&b->error, LT_key_usage, "Certificate", "the %s key is not one for %s",
                   b->peer.public_key.key_type == BR_KEYTYPE_RSA ? "RSA" : "EC",
                   b->config->server ? "signatures"
                   : suite           ? suite->name
                                     : "the cipher suite");
}

static void unexpected(lt_bear *b)
{
    if (!b->config->server && b->tap.no_certificate_in && b->tap.server_version != 0)
        lt_fail(&b->error, LT_no_peer_certificate, "Certificate.certificate_list");
    else
        lt_fail_detail(&b->error, LT_unexpected, last_message(b), "%s",
                       b->connected ? "after the handshake" : "at this point of the handshake");
}

/* --- alerts, both ways ------------------------------------------------------------------------- */

/* Why a server found nothing in common (handshake_failure, which BearSSL sent). */
static void nothing_in_common(lt_bear *b)
{
    const lt_client_hello *hello = &b->tap.hello;
    const lt_config *c = b->config;
    bool suite = false, null_compression = false;
    for (size_t i = 0; i < c->cipher_suite_count; i++)
        suite = suite || lt_list_has(hello->cipher_suites, c->cipher_suites[i]);
    for (size_t i = 0; i < hello->compression_methods.n; i++)
        null_compression = null_compression || hello->compression_methods.p[i] == 0;
    if (!null_compression) {
        lt_fail_detail(&b->error, LT_illegal_parameter, "ClientHello.compression_methods",
                       "null is not among them");
        return;
    }
    lt_fail_detail(&b->error, LT_no_cipher_suite, "ClientHello.cipher_suites", "%zu offered",
                   hello->cipher_suites.n / 2);
    if (suite)
        lt_error_cause(&b->error, NULL,
                       "the suites in common do not go with the version, the certificate's "
                       "key (%s), or the client's groups and signature schemes",
                       c->identities[0].key.type == LT_KEY_rsa ? "RSA" : "EC");
}

static void sent_alert(lt_bear *b, int alert)
{
    const lt_tap *t = &b->tap;
    const char *version = lt_version_name(t->hello.legacy_version);
    switch (alert) {
    case LT_ALERT_protocol_version:
        lt_fail_detail(&b->error, LT_protocol_version, "ClientHello.client_version",
                       "the client offers %s at most",
                       version ? version : "an unknown version");
        break;
    case LT_ALERT_inappropriate_fallback:
        lt_fail_detail(&b->error, LT_fallback, "TLS_FALLBACK_SCSV", "down to %s",
                       version ? version : "an unknown version");
        break;
    case LT_ALERT_no_application_protocol:
        lt_fail(&b->error, LT_no_alpn, "ClientHello.application_layer_protocol_negotiation");
        break;
    default:
        nothing_in_common(b);
    }
    b->error.alert = (lt_alert)alert;
}

static void received_alert(lt_bear *b, int alert)
{
    bool wanted = !b->config->server && b->request_seen;
    lt_fail_peer(&b->error, (uint8_t)alert);
    lt_diagnose_alert(&b->error, &(lt_circumstances){
                                     .server = b->config->server,
                                     .min_version = b->config->min_version,
                                     .max_version = b->config->max_version,
                                     .hello_read = b->tap.server_version != 0,
                                     .certificate_wanted = wanted,
                                     .certificate_sent = wanted && b->br.client.hash_id != 0,
                                     .none_fits = b->no_fitting_identity,
                                     .authorities = "",
                                     .name = b->name,
                                     .name_sent = b->name[0] != 0 && !b->name_is_ip,
                                     .offered = "",
                                 });
}

void lt_bear_diagnose(lt_bear *b, int br_error)
{
    if (b->error.code != LT_OK)
        return;
    if (br_error >= BR_ERR_SEND_FATAL_ALERT)
        sent_alert(b, br_error - BR_ERR_SEND_FATAL_ALERT);
    else if (br_error >= BR_ERR_RECV_FATAL_ALERT)
        received_alert(b, br_error - BR_ERR_RECV_FATAL_ALERT);
    else if (br_error == BR_ERR_INVALID_ALGORITHM)
        invalid_algorithm(b);
    else if (br_error == BR_ERR_UNEXPECTED)
        unexpected(b);
    else if (br_error == BR_ERR_WRONG_KEY_USAGE)
        wrong_key(b);
    else if (br_error == BR_ERR_BAD_SIGNATURE)
        lt_fail(&b->error, LT_bad_signature,
                b->config->server ? "CertificateVerify.signature"
                                  : "ServerKeyExchange.signature");
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].number == br_error)
            lt_fail(&b->error, meanings[i].code,
                    meanings[i].where ? meanings[i].where : last_message(b));
    if (b->error.code == LT_OK)
        lt_fail_detail(&b->error, LT_internal, "engine", "number %d", br_error);
}

/* --- no TLS at all ----------------------------------------------------------------------------- */

/* The first record of the peer: handshake or alert, version 3.x. */
lt_code lt_bear_not_tls(lt_bear *b, lt_bytes s)
{
    if ((s.p[0] == LT_CONTENT_handshake || s.p[0] == LT_CONTENT_alert) && s.p[1] == 3)
        return LT_OK;
    return lt_diagnose_not_tls(&b->error, b->config->server, s);
}

void lt_bear_peer_left(lt_bear *b, const char *how)
{
    size_t n = lt_buffer_size(&b->in);
    lt_diagnose_left(&b->error, b->config->server, how, b->tap.last_in, n > 0);
    if (n > 0 && b->handshake_bytes == 0 && b->in.data[b->in.start] != LT_CONTENT_handshake
        && b->in.data[b->in.start] != LT_CONTENT_alert)
        lt_error_cause(&b->error, NULL, "what came is no TLS");
}

void lt_bear_was_reset(lt_bear *b)
{
    bool server = b->config->server, wanted = !server && b->request_seen;
    lt_diagnose_reset(&b->error,
                      &(lt_circumstances){
                          .server = server,
                          .certificate_wanted = wanted,
                          .certificate_sent = server ? b->tap.server_version != 0 && !b->resumed
                                                     : wanted && b->br.client.hash_id != 0,
                          .authorities = "",
                      },
                      b->tap.last_in, b->connected);
}
